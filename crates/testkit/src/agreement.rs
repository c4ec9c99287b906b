//! What the database says that was sent, against what the SMSC says that came.

use std::{collections::BTreeMap, sync::Arc};

use domain::{AccountId, CarrierId, Delivery, Direction, MessageId};
use store::{
    attempts::{self, Attempt, AttemptState},
    messages::{self, Filter, Message},
};

use crate::{Submit, world::Inner};

/// Copies of a part that may have been taken.
const COPIES_MAX: usize = 2;

/// Every submit is of a known message; no part was sent more often than its
/// fate allowed; and what the database holds for accepted was taken.
pub(crate) async fn check(inner: &Arc<Inner>, carrier: CarrierId, log: &[Submit]) {
    let (messages, attempts) = inner
        .read(|tx| {
            let filter = Filter { direction: Some(Direction::Outbound), ..Filter::default() };
            let messages = messages::list_all(tx, None, &filter, i64::MAX, 1_000_000)?;
            let ids: Vec<(AccountId, MessageId)> =
                messages.iter().map(|message| (message.account, message.id)).collect();
            Ok((messages, attempts::of_messages(tx, &ids)?))
        })
        .await;
    let mut parts: BTreeMap<(u32, String), (&Message, i64)> = BTreeMap::new();
    for message in &messages {
        for part in 1..=message.segments {
            let key = (reference(message.id, part), message.recipient.clone());
            parts.insert(key, (message, part));
        }
    }
    let mut copies: BTreeMap<(MessageId, i64), Vec<&Submit>> = BTreeMap::new();
    for submit in log {
        let mark = submit.user_reference.expect("each submit carries our reference");
        let recipient = format!("+{}", submit.recipient);
        let (message, part) = parts
            .get(&(mark, recipient))
            .unwrap_or_else(|| panic!("the SMSC read a submit of no message: {submit:?}"));
        copies.entry((message.id, *part)).or_default().push(submit);
    }
    for message in &messages {
        let of_message = |attempt: &&Attempt| attempt.key.message == message.id;
        for part in 1..=message.segments {
            let sent = copies.get(&(message.id, part)).map_or(&[][..], Vec::as_slice);
            check_copies(message, part, sent);
        }
        let whole = sent_whole(message, &copies);
        for attempt in attempts.iter().filter(of_message) {
            if attempt.carrier != carrier || attempt.state != AttemptState::Accepted {
                continue;
            }
            let part = if whole { 1 } else { attempt.key.part };
            let taken = copies
                .get(&(message.id, part))
                .is_some_and(|sent| sent.iter().any(|submit| submit.taken.is_some()));
            assert!(taken, "part {part} of {} is accepted and the SMSC never took it", message.id);
        }
    }
}

fn check_copies(message: &Message, part: i64, sent: &[&Submit]) {
    let possible: Vec<&&Submit> = sent.iter().filter(|submit| submit.refused.is_none()).collect();
    let most = if message.delivery == Delivery::AtMostOnce { 1 } else { COPIES_MAX };
    assert!(
        possible.len() <= most,
        "part {part} of {} went out {} times: {possible:#?}",
        message.id,
        possible.len()
    );
    for pair in possible.windows(2) {
        // Another connection may be another process: the answer may never have been read.
        let known = pair[0].session == pair[1].session
            && pair[0].answered_at.is_some_and(|at| at < pair[1].read_at);
        assert!(
            !known,
            "part {part} of {} was sent again after it was accepted: {pair:#?}",
            message.id
        );
    }
}

/// Whether one submit carried all parts.
fn sent_whole(message: &Message, copies: &BTreeMap<(MessageId, i64), Vec<&Submit>>) -> bool {
    message.segments > 1
        && copies
            .get(&(message.id, 1))
            .is_some_and(|sent| sent.iter().all(|submit| submit.part.is_none()))
}

/// Our mark on a part, as the engine computes it.
fn reference(message: MessageId, part: i64) -> u32 {
    let mixed = message.get().wrapping_mul(31).wrapping_add(part).rem_euclid(1 << 16);
    u32::try_from(mixed).unwrap()
}
