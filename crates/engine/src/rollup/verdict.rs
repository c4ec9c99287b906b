//! What the attempts of a message say of it.

use std::time::Duration;

use domain::{FailureCode, MessageEvent, MessageStatus, Timestamp, receipts::ReceiptState};
use store::{
    attempts::{AttemptState, Standing},
    messages::Message,
};

/// Pauses before a carrier that refused for now is asked again; then hourly.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
    Duration::from_secs(1_800),
];

const PAUSE_LAST: Duration = Duration::from_secs(3_600);

/// Temporary refusals after which a message fails.
const REFUSALS_MAX: i64 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something is still open, or nothing changed.
    Wait,
    /// Every part was accepted.
    Sent,
    /// Every part has its receipt.
    Delivered,
    /// Every part was accepted and a receipt says that one failed: it stays charged.
    Undelivered { failure: FailureCode },
    /// It goes no further; `accepted` parts are paid for, the others are not.
    Failed { failure: FailureCode, accepted: i64, event: MessageEvent },
    /// Parts that were certainly not taken are tried again.
    Again { not_before: Timestamp, refusals: i64, detail: &'static str, elsewhere: bool },
}

/// What is known of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Accepted { receipt: Option<ReceiptState>, failure: Option<FailureCode> },
    Open,
    NotTaken(AttemptState, Option<FailureCode>),
    Untried,
}

pub(super) fn of(message: &Message, attempts: &[Standing], now: Timestamp) -> Verdict {
    let parts: Vec<Part> = (1..=message.segments).map(|part| state_of(part, attempts)).collect();
    match message.status {
        MessageStatus::Sending => of_sending(message, &parts, now),
        // Settled when it became `sent`: only an end is news.
        MessageStatus::Sent => {
            of_accepted(&parts).filter(|verdict| *verdict != Verdict::Sent).unwrap_or(Verdict::Wait)
        }
        // A terminal status never changes; a queued one waits for its dispatcher.
        MessageStatus::Queued
        | MessageStatus::Delivered
        | MessageStatus::Failed
        | MessageStatus::Received => Verdict::Wait,
    }
}

/// A queued message whose validity has passed.
pub(super) fn expired(message: &Message, attempts: &[Standing]) -> Verdict {
    let accepted = (1..=message.segments)
        .filter(|part| matches!(state_of(*part, attempts), Part::Accepted { .. }))
        .count();
    Verdict::Failed {
        failure: FailureCode::CarrierUnavailable,
        accepted: i64::try_from(accepted).unwrap_or(0),
        event: MessageEvent::Expired,
    }
}

fn state_of(part: i64, attempts: &[Standing]) -> Part {
    let of_part = || attempts.iter().filter(move |attempt| attempt.key.part == part);
    let accepted: Vec<&Standing> =
        of_part().filter(|attempt| attempt.state == AttemptState::Accepted).collect();
    if !accepted.is_empty() {
        // One copy that was delivered is enough.
        let settles = |wanted| accepted.iter().find(|attempt| attempt.receipt == Some(wanted));
        let settled = settles(ReceiptState::Delivered).or_else(|| settles(ReceiptState::Failed));
        return Part::Accepted {
            receipt: settled.and_then(|attempt| attempt.receipt),
            failure: settled.and_then(|attempt| attempt.failure),
        };
    }
    if of_part().any(|attempt| attempt.state.is_open()) {
        return Part::Open;
    }
    of_part()
        .max_by_key(|attempt| attempt.key.attempt)
        .map_or(Part::Untried, |last| Part::NotTaken(last.state, last.failure))
}

fn of_sending(message: &Message, parts: &[Part], now: Timestamp) -> Verdict {
    if let Some(verdict) = of_accepted(parts) {
        return verdict;
    }
    if parts.contains(&Part::Open) {
        return Verdict::Wait;
    }
    let accepted = parts.iter().filter(|part| matches!(part, Part::Accepted { .. })).count();
    let accepted = i64::try_from(accepted).unwrap_or(0);
    let failed = |failure, event| Verdict::Failed { failure, accepted, event };
    let refused = parts.iter().find_map(|part| match part {
        Part::NotTaken(AttemptState::Refused, failure) => {
            Some(failure.unwrap_or(FailureCode::RejectedByCarrier))
        }
        _ => None,
    });
    if let Some(failure) = refused {
        return failed(failure, MessageEvent::Refused);
    }
    let any =
        |state| parts.iter().any(|part| matches!(part, Part::NotTaken(is, _) if *is == state));
    if any(AttemptState::Expired) {
        return failed(FailureCode::Unconfirmed, MessageEvent::Expired);
    }
    if message.valid_until <= now {
        return failed(FailureCode::CarrierUnavailable, MessageEvent::Expired);
    }
    if any(AttemptState::Retry) {
        let refusals = message.refusals + 1;
        if refusals > REFUSALS_MAX {
            return failed(FailureCode::CarrierUnavailable, MessageEvent::Refused);
        }
        let pause = usize::try_from(message.refusals)
            .ok()
            .and_then(|index| PAUSES.get(index).copied())
            .unwrap_or(PAUSE_LAST);
        let detail = "The carrier could not take the message just now; it will be tried again.";
        return Verdict::Again { not_before: now.plus(pause), refusals, detail, elsewhere: true };
    }
    // Throttled or never written: no attempt is consumed, and its place in the queue is kept.
    Verdict::Again {
        not_before: message.not_before,
        refusals: message.refusals,
        detail: "The carrier asked for a pause; the message leaves as soon as it may.",
        elsewhere: false,
    }
}

/// The verdict where every part was accepted.
fn of_accepted(parts: &[Part]) -> Option<Verdict> {
    let mut all_delivered = true;
    let mut failure = None;
    for part in parts {
        let Part::Accepted { receipt, failure: why } = part else { return None };
        match receipt {
            Some(ReceiptState::Delivered) => {}
            Some(ReceiptState::Failed) => {
                failure = failure.or(Some(why.unwrap_or(FailureCode::Undeliverable)));
            }
            Some(ReceiptState::InTransit) | None => all_delivered = false,
        }
    }
    Some(match failure {
        Some(failure) => Verdict::Undelivered { failure },
        None if all_delivered => Verdict::Delivered,
        None => Verdict::Sent,
    })
}
