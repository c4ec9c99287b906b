//! A carrier without a network: delivers within a second, and every other outcome on request.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{FailureCode, Timestamp, receipts::ReceiptState, routing::mix};
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use crate::{
    Ack, Awaiting, Carrier, CarrierEvent, EVENTS_MAX, Grouping, Link, NotTaken, Outcome, Receipt,
    Started, Submission, settings::SimulatorSettings,
};

/// From the submission to the answer.
const ANSWER_AFTER: Duration = Duration::from_millis(40);

/// From acceptance to the receipt of [`Behaviour::DeliveredSlowly`].
const SLOWLY: Duration = Duration::from_secs(30);

/// A restarted simulator recalls what it accepted within this time.
const RECALLED: Duration = Duration::from_secs(3_600);

/// What a destination does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Delivered,
    DeliveredSlowly,
    /// Accepted, then a receipt of failure.
    Undeliverable,
    /// Refused at once.
    Refused,
    /// Asked to wait at the first try, delivered at the second.
    ThrottledFirst,
    NoReceipt,
    ReceiptTwice,
}

/// The destinations with a behaviour of their own, all from Ofcom's range for drama.
pub const MAGIC: &[(&str, Behaviour)] = &[
    ("+447700900900", Behaviour::Delivered),
    ("+447700900901", Behaviour::DeliveredSlowly),
    ("+447700900902", Behaviour::Undeliverable),
    ("+447700900903", Behaviour::Refused),
    ("+447700900904", Behaviour::ThrottledFirst),
    ("+447700900905", Behaviour::NoReceipt),
    ("+447700900906", Behaviour::ReceiptTwice),
];

fn behaviour(recipient: &str) -> Behaviour {
    MAGIC
        .iter()
        .find(|(number, _)| *number == recipient)
        .map_or(Behaviour::Delivered, |(_, behaviour)| *behaviour)
}

/// See the module.
pub struct Simulator {
    settings: SimulatorSettings,
    events: mpsc::Sender<CarrierEvent>,
    agenda: Mutex<Agenda>,
    next_id: AtomicU64,
}

/// What will be reported, by when.
#[derive(Default)]
struct Agenda {
    now: Timestamp,
    entries: BTreeMap<(Timestamp, u64), Entry>,
    unanswered: usize,
    stopped: bool,
}

enum Entry {
    Answer { token: u64, outcome: Outcome },
    Receipt(Receipt),
}

impl Simulator {
    pub fn start(settings: SimulatorSettings, now: Timestamp) -> Started {
        let (events, reports) = mpsc::channel(EVENTS_MAX);
        let simulator = Self {
            settings,
            events,
            agenda: Mutex::new(Agenda { now, ..Agenda::default() }),
            next_id: AtomicU64::new(1),
        };
        (std::sync::Arc::new(simulator), reports)
    }

    fn agenda(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn plan(&self, agenda: &mut Agenda, submission: &Submission) {
        let answered_at = agenda.now.plus(ANSWER_AFTER);
        let behaviour = behaviour(&submission.recipient);
        let outcome = match behaviour {
            Behaviour::Refused => Outcome::Refused {
                failure: FailureCode::InvalidDestination,
                error: "the simulator refuses this destination".to_owned(),
            },
            Behaviour::ThrottledFirst if submission.attempt == 1 => {
                Outcome::Throttled { error: "the simulator throttles a first try".to_owned() }
            }
            _ => {
                let due = answered_at.plus(self.receipt_after(behaviour, submission.token));
                let id = format!("{:016x}{:08x}", due.micros(), self.next());
                self.plan_receipts(agenda, &id, due, &submission.recipient);
                Outcome::Accepted { carrier_message_id: id }
            }
        };
        agenda.unanswered += 1;
        let entry = Entry::Answer { token: submission.token, outcome };
        agenda.entries.insert((answered_at, self.next()), entry);
    }

    /// About as long as is set, give or take a quarter.
    fn receipt_after(&self, behaviour: Behaviour, token: u64) -> Duration {
        if behaviour == Behaviour::DeliveredSlowly {
            return SLOWLY;
        }
        let set = self.settings.receipt_after_ms;
        Duration::from_millis(set * 3 / 4 + mix(token) % (set / 2 + 1))
    }

    fn plan_receipts(&self, agenda: &mut Agenda, id: &str, due: Timestamp, recipient: &str) {
        let copies = match behaviour(recipient) {
            Behaviour::NoReceipt => 0,
            Behaviour::ReceiptTwice => 2,
            _ => 1,
        };
        let failed = behaviour(recipient) == Behaviour::Undeliverable;
        let receipt = Receipt {
            marked: true,
            carrier_message_id: Some(id.to_owned()),
            state: if failed { ReceiptState::Failed } else { ReceiptState::Delivered },
            failure: failed.then_some(FailureCode::Undeliverable),
            error: failed.then(|| "the simulator cannot deliver to this destination".to_owned()),
            user_reference: None,
            recipient: Some(recipient.trim_start_matches('+').to_owned()),
        };
        for _ in 0..copies {
            agenda.entries.insert((due, self.next()), Entry::Receipt(receipt.clone()));
        }
    }

    fn report(&self, entry: Entry) -> Result<(), Entry> {
        let event = match entry {
            Entry::Answer { token, outcome } => CarrierEvent::Answer { token, outcome },
            Entry::Receipt(receipt) => CarrierEvent::Receipt { receipt, ack: Ack::none() },
        };
        self.events.try_send(event).map_err(|error| match error.into_inner() {
            CarrierEvent::Answer { token, outcome } => Entry::Answer { token, outcome },
            CarrierEvent::Receipt { receipt, .. } => Entry::Receipt(receipt),
            _ => unreachable!("the simulator reports answers and receipts only"),
        })
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Carrier for Simulator {
    fn link(&self) -> Link {
        let agenda = self.agenda();
        Link {
            up: !agenda.stopped,
            state: if agenda.stopped { "down" } else { "bound" },
            sessions_bound: usize::from(!agenda.stopped),
            sessions: 1,
            window: self.settings.window,
            in_flight: agenda.unanswered,
            rate: 0,
            last_error: None,
        }
    }

    fn free_slots(&self) -> usize {
        let agenda = self.agenda();
        if agenda.stopped { 0 } else { self.settings.window.saturating_sub(agenda.unanswered) }
    }

    fn submit(&self, submission: Submission) -> Result<(), NotTaken> {
        let mut agenda = self.agenda();
        if agenda.stopped || agenda.unanswered >= self.settings.window {
            return Err(NotTaken(submission));
        }
        self.plan(&mut agenda, &submission);
        Ok(())
    }

    fn grouping(&self) -> Grouping {
        Grouping::PerPart
    }

    fn tick(&self, now: Timestamp) {
        let mut agenda = self.agenda();
        agenda.now = agenda.now.max(now);
        while let Some(first) = agenda.entries.first_entry() {
            if first.key().0 > now {
                break;
            }
            let (at, order) = *first.key();
            let entry = first.remove();
            let answers = matches!(entry, Entry::Answer { .. });
            if let Err(entry) = self.report(entry) {
                // The reader is behind: this one comes first next time.
                agenda.entries.insert((at, order), entry);
                break;
            }
            if answers {
                agenda.unanswered -= 1;
            }
        }
    }

    fn resume(&self, awaiting: &[Awaiting]) {
        let mut agenda = self.agenda();
        let soon = agenda.now.plus(ANSWER_AFTER);
        for part in awaiting {
            self.plan_receipts(&mut agenda, &part.carrier_message_id, soon, &part.recipient);
        }
    }

    /// Ids begin with the time of their receipt.
    fn resumes_from(&self, now: Timestamp) -> Option<String> {
        let id = format!("{:016x}", now.minus(RECALLED).micros());
        Some(domain::receipts::normalised(&id))
    }

    fn shutdown(&self, _drain: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let due = self.agenda().now.plus(ANSWER_AFTER);
            self.tick(due);
            self.agenda().stopped = true;
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::text::Encoding;

    use super::*;

    fn submission(token: u64, recipient: &str, attempt: i64) -> Submission {
        Submission {
            token,
            sender: "+447700900001".to_owned(),
            recipient: recipient.to_owned(),
            text: "hello".to_owned(),
            encoding: Encoding::Gsm7,
            part: 1,
            total: 1,
            reference: 1,
            user_reference: 1,
            attempt,
            validity: Duration::from_secs(60),
        }
    }

    /// What a destination's events are, in order.
    fn life(recipient: &str, attempt: i64, for_ms: u64) -> Vec<&'static str> {
        let start = Timestamp::from_micros(1_000_000_000);
        let (carrier, mut events) = Simulator::start(SimulatorSettings::default(), start);
        carrier.submit(submission(1, recipient, attempt)).unwrap();
        carrier.tick(start.plus(Duration::from_millis(for_ms)));
        let mut seen = Vec::new();
        while let Ok(event) = events.try_recv() {
            seen.push(match event {
                CarrierEvent::Answer { outcome: Outcome::Accepted { .. }, .. } => "accepted",
                CarrierEvent::Answer { outcome: Outcome::Refused { .. }, .. } => "refused",
                CarrierEvent::Answer { outcome: Outcome::Throttled { .. }, .. } => "throttled",
                CarrierEvent::Receipt { receipt, .. } => receipt.state.as_str(),
                _ => "other",
            });
        }
        seen
    }

    #[test]
    fn each_magic_destination_has_its_outcome() {
        for (recipient, attempt, for_ms, expected) in [
            ("+447700900123", 1, 1_000, vec!["accepted", "delivered"]),
            ("+447700900123", 1, 10, vec![]),
            ("+447700900901", 1, 29_000, vec!["accepted"]),
            ("+447700900901", 1, 31_000, vec!["accepted", "delivered"]),
            ("+447700900902", 1, 1_000, vec!["accepted", "failed"]),
            ("+447700900903", 1, 1_000, vec!["refused"]),
            ("+447700900904", 1, 1_000, vec!["throttled"]),
            ("+447700900904", 2, 1_000, vec!["accepted", "delivered"]),
            ("+447700900905", 1, 90_000, vec!["accepted"]),
            ("+447700900906", 1, 1_000, vec!["accepted", "delivered", "delivered"]),
        ] {
            assert_eq!(life(recipient, attempt, for_ms), expected, "{recipient} try {attempt}");
        }
    }

    #[test]
    fn a_full_window_gives_the_submission_back() {
        let settings = SimulatorSettings { window: 1, ..SimulatorSettings::default() };
        let (carrier, _events) = Simulator::start(settings, Timestamp::from_micros(0));
        carrier.submit(submission(1, "+447700900123", 1)).unwrap();
        assert_eq!(carrier.free_slots(), 0);
        let NotTaken(back) = carrier.submit(submission(2, "+447700900123", 1)).unwrap_err();
        assert_eq!(back.token, 2);
    }

    #[test]
    fn a_restarted_simulator_still_delivers() {
        let start = Timestamp::from_micros(1_000_000_000);
        let (carrier, mut events) = Simulator::start(SimulatorSettings::default(), start);
        carrier.resume(&[Awaiting {
            carrier_message_id: "00ab".to_owned(),
            recipient: "+447700900123".to_owned(),
        }]);
        carrier.tick(start.plus(Duration::from_secs(1)));
        assert!(matches!(events.try_recv(), Ok(CarrierEvent::Receipt { .. })));
    }
}
