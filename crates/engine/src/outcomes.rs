//! Answers, receipts and inbound texts of a carrier, stored together and then acknowledged.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use carrier::{Ack, CarrierEvent, Inbound, Outcome, Receipt, Verdict};
use domain::{AccountId, CarrierId, MessageId, receipts::normalised};
use store::{
    StoreError, Tx,
    attempts::{self, Answer, AttemptKey, AttemptState},
    orphans,
};

use crate::{
    Engine, inbound,
    receipts::{self, Matching},
    rollup::{self, Changed, Concerned, Surroundings},
};

/// What one commit takes.
const EVENTS_PER_COMMIT_MAX: usize = 512;

/// Between two tries to store answers while the database is gone.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// How often a report whose commit has an unknown fate is tried again: 10 s.
const UNKNOWN_TRIES_MAX: u32 = 20;

/// What a carrier reported, sorted for one transaction.
#[derive(Debug, Default, Clone)]
pub(crate) struct Report {
    /// The parts that an answer is about, and the answer.
    answers: Vec<(Vec<AttemptKey>, Outcome)>,
    receipts: Vec<Receipt>,
    inbound: Vec<Inbound>,
}

impl Report {
    fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.receipts.is_empty() && self.inbound.is_empty()
    }

    fn messages(&self) -> usize {
        let answers: usize = self.answers.iter().map(|(keys, _)| keys.len()).sum();
        answers + self.receipts.len()
    }
}

impl Engine {
    /// Stores what a carrier reports until it is gone.
    pub(crate) async fn record_reports(
        self: Arc<Self>,
        carrier: Arc<crate::carriers::Running>,
        mut events: tokio::sync::mpsc::Receiver<CarrierEvent>,
    ) {
        let mut gathered = Vec::new();
        let mut kept = Report::default();
        loop {
            let coming = events.recv_many(&mut gathered, EVENTS_PER_COMMIT_MAX);
            let ended = if kept.is_empty() {
                coming.await == 0
            } else {
                // What comes meanwhile is still answered: that it cannot be stored now.
                tokio::time::timeout(RETRY_AFTER, coming).await == Ok(0)
            };
            if ended {
                break;
            }
            kept = self.try_record(&carrier, std::mem::take(&mut gathered), kept).await;
        }
        self.store_until_done(&carrier, kept).await;
    }

    /// Stores one load of events and acknowledges what came from outside.
    pub(crate) async fn record(
        &self,
        carrier: &crate::carriers::Running,
        events: Vec<CarrierEvent>,
    ) {
        let kept = self.try_record(carrier, events, Report::default()).await;
        self.store_until_done(carrier, kept).await;
    }

    /// Stores events with the answers that were `kept` before, and tells the carrier
    /// which it was; answers what must be kept now. Answers are told once.
    async fn try_record(
        &self,
        carrier: &crate::carriers::Running,
        events: Vec<CarrierEvent>,
        kept: Report,
    ) -> Report {
        let mut report = kept;
        let mut receipt_acks: Vec<Ack> = Vec::new();
        let mut inbound_acks: Vec<Ack> = Vec::new();
        for event in events {
            match event {
                CarrierEvent::Up => self.link_changed(carrier.id, true),
                CarrierEvent::Down { reason } => {
                    tracing::warn!(carrier = %carrier.id, reason, "carrier is down");
                    self.link_changed(carrier.id, false);
                    // Another carrier may take them, and this one may be down for long.
                    for submission in carrier.take_pending() {
                        if let Some(keys) = carrier.answered(submission.token, true) {
                            report.answers.push((keys, Outcome::NotWritten));
                        }
                    }
                }
                CarrierEvent::Answer { token, outcome } => {
                    let last = outcome != Outcome::Unanswered;
                    if let Some(keys) = carrier.answered(token, last) {
                        report.answers.push((keys, outcome));
                    }
                }
                CarrierEvent::Receipt { receipt, ack } => {
                    report.receipts.push(receipt);
                    receipt_acks.push(ack);
                }
                CarrierEvent::Inbound { inbound, ack } => {
                    report.inbound.push(inbound);
                    inbound_acks.push(ack);
                }
            }
        }
        if report.is_empty() {
            return Report::default();
        }
        let kept = match self.store_once_known(carrier, &report).await {
            Ok(()) => {
                let acks = receipt_acks.into_iter().chain(inbound_acks);
                acks.for_each(|ack| ack.tell(Verdict::Stored));
                Report::default()
            }
            Err(error) if !error.may_pass() => {
                tracing::error!(%error, carrier = %carrier.id, "a carrier's report is stored piece by piece");
                self.store_one_by_one(carrier, report, receipt_acks, inbound_acks).await
            }
            Err(error) => {
                tracing::error!(%error, carrier = %carrier.id, "a carrier's report could not be stored");
                let acks = receipt_acks.into_iter().chain(inbound_acks);
                acks.for_each(|ack| ack.tell(Verdict::TryAgain));
                Report { answers: report.answers, ..Report::default() }
            }
        };
        self.wake([carrier.id]);
        kept
    }

    /// Stores each piece of a report by itself, where something in it cannot be stored
    /// at all: one odd text must not hold up what came beside it. Answers as
    /// [`Self::try_record`].
    async fn store_one_by_one(
        &self,
        carrier: &crate::carriers::Running,
        report: Report,
        receipt_acks: Vec<Ack>,
        inbound_acks: Vec<Ack>,
    ) -> Report {
        let receipts = report
            .receipts
            .into_iter()
            .map(|receipt| Report { receipts: vec![receipt], ..Report::default() })
            .zip(receipt_acks);
        let inbound = report
            .inbound
            .into_iter()
            .map(|inbound| Report { inbound: vec![inbound], ..Report::default() })
            .zip(inbound_acks);
        let answers = Report { answers: report.answers, ..Report::default() };
        let kept = match self.store_once_known(carrier, &answers).await {
            Ok(()) => Report::default(),
            Err(error) => {
                tracing::error!(%error, carrier = %carrier.id, "answers wait for the database");
                answers
            }
        };
        for (piece, ack) in receipts.chain(inbound) {
            ack.tell(match self.store_once_known(carrier, &piece).await {
                Ok(()) => Verdict::Stored,
                Err(error) => {
                    tracing::error!(%error, carrier = %carrier.id, "a receipt or text cannot be stored");
                    Verdict::TryAgain
                }
            });
        }
        kept
    }

    /// Stores a report. Where the database was lost while it committed, stores it
    /// again: what is known already changes nothing, and a text that was stored but
    /// refused would come back as a new one.
    async fn store_once_known(
        &self,
        carrier: &crate::carriers::Running,
        report: &Report,
    ) -> Result<(), StoreError> {
        let mut stored = self.store_report(carrier.id, carrier.matching, report.clone()).await;
        if !matches!(stored, Err(StoreError::CommitUnknown(_))) {
            return stored;
        }
        for _ in 0..UNKNOWN_TRIES_MAX {
            let stopped = self.stopped_within(RETRY_AFTER).await;
            stored = self.store_report(carrier.id, carrier.matching, report.clone()).await;
            let open =
                matches!(stored, Err(StoreError::CommitUnknown(_) | StoreError::Unavailable(_)));
            if stopped || !open {
                break;
            }
        }
        stored
    }

    async fn store_until_done(&self, carrier: &crate::carriers::Running, answers: Report) {
        if answers.is_empty() {
            return;
        }
        while let Err(error) =
            self.store_report(carrier.id, carrier.matching, answers.clone()).await
        {
            tracing::error!(%error, carrier = %carrier.id, "answers wait for the database");
            if self.stopped_within(RETRY_AFTER).await {
                return;
            }
        }
    }

    async fn store_report(
        &self,
        carrier: CarrierId,
        matching: Matching,
        report: Report,
    ) -> Result<(), StoreError> {
        // A void for each message, an id for each text and each receipt without a message.
        let ids = self
            .ids
            .take(&self.store, report.messages() * 2 + report.inbound.len() * 2 + 1)
            .await?;
        let around = self.surroundings(ids);
        let (concerned, orphans) = self
            .store
            .write(move |tx| store_report(tx, carrier, matching, &report, &around))
            .await?;
        inbound::count(concerned.received);
        self.hub.tell(concerned.accounts);
        self.wake(concerned.carriers);
        if orphans && let Err(error) = self.adopt_orphans(carrier, matching).await {
            // The report is stored all the same; housekeeping looks at them again.
            tracing::warn!(%error, carrier = %carrier, "orphan receipts wait for the database");
        }
        Ok(())
    }

    /// Matches a carrier's orphan receipts again.
    pub(crate) async fn adopt_orphans(
        &self,
        carrier: CarrierId,
        matching: Matching,
    ) -> Result<(), StoreError> {
        let ids = self.ids.take(&self.store, receipts::ORPHANS_PER_LOOK).await?;
        let around = self.surroundings(ids);
        let concerned = self
            .store
            .write(move |tx| {
                let touched = receipts::adopt(tx, carrier, matching, &around)?;
                rollup::roll_up(tx, &touched, Changed::new(), &mut around.clone())
            })
            .await?;
        self.hub.tell(concerned.accounts);
        Ok(())
    }

    pub(crate) fn surroundings(&self, ids: crate::ids::Range) -> Surroundings {
        Surroundings {
            routing: self.routing.now(),
            prices: self.prices(),
            currencies: Arc::clone(&self.currencies),
            now: self.clock.now(),
            ids,
        }
    }
}

fn store_report(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    matching: Matching,
    report: &Report,
    around: &Surroundings,
) -> Result<(Concerned, bool), StoreError> {
    let mut around = around.clone();
    let rows = answer_rows(&report.answers);
    let mut changed = Changed::new();
    for standing in attempts::answer(tx, carrier, &rows, around.now)? {
        changed.insert((standing.key.account, standing.key.message), standing);
    }
    let mut touched: Vec<(AccountId, MessageId)> =
        rows.iter().map(|row| (row.key.account, row.key.message)).collect();

    touched.extend(receipts::apply(
        tx,
        carrier,
        matching,
        &report.receipts,
        &mut changed,
        &mut around,
    )?);
    let mut concerned = rollup::roll_up(tx, &touched, changed, &mut around)?;
    let received = inbound::receive(tx, carrier, &report.inbound, &mut around)?;
    concerned.received = received.len();
    concerned.accounts.extend(received);
    // A receipt that overtook its answer can be matched from now on.
    let answered = rows.iter().any(|row| row.match_id.is_some());
    let since = around.now.minus(receipts::ORPHANS_KEPT);
    let orphans = answered && !orphans::waiting(tx, carrier, since, 1)?.is_empty();
    Ok((concerned, orphans))
}

/// One for each attempt. Where an answer came late, it stands after the word that there was
/// none: the last one counts.
fn answer_rows(answers: &[(Vec<AttemptKey>, Outcome)]) -> Vec<Answer> {
    let last: BTreeMap<AttemptKey, &Outcome> = answers
        .iter()
        .flat_map(|(keys, outcome)| keys.iter().map(move |key| (*key, outcome)))
        .collect();
    last.into_iter().map(|(key, outcome)| answer_row(key, outcome)).collect()
}

fn answer_row(key: AttemptKey, outcome: &Outcome) -> Answer {
    let row = |state| Answer {
        key,
        state,
        carrier_message_id: None,
        match_id: None,
        failure: None,
        error: None,
    };
    match outcome {
        Outcome::Accepted { carrier_message_id } => {
            let given = !carrier_message_id.is_empty();
            Answer {
                carrier_message_id: given.then(|| carrier_message_id.clone()),
                match_id: given.then(|| normalised(carrier_message_id)),
                ..row(AttemptState::Accepted)
            }
        }
        Outcome::Refused { failure, error } => Answer {
            failure: Some(*failure),
            error: Some(error.clone()),
            ..row(AttemptState::Refused)
        },
        Outcome::Retry { error } => {
            Answer { error: Some(error.clone()), ..row(AttemptState::Retry) }
        }
        Outcome::Throttled { error } => {
            Answer { error: Some(error.clone()), ..row(AttemptState::Deferred) }
        }
        Outcome::NotWritten => {
            Answer { error: Some("not written".to_owned()), ..row(AttemptState::Deferred) }
        }
        Outcome::Unanswered => {
            Answer { error: Some("no answer".to_owned()), ..row(AttemptState::Uncertain) }
        }
    }
}

/// Parts by the token of their submission.
pub(crate) type InFlight = HashMap<u64, (Vec<AttemptKey>, domain::Timestamp)>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_that_is_stored_with_the_word_that_there_was_none_counts() {
        let key = |part| AttemptKey {
            account: AccountId::new(1),
            message: MessageId::new(2),
            part,
            attempt: 1,
        };
        let accepted = || Outcome::Accepted { carrier_message_id: "7".to_owned() };
        let rows = answer_rows(&[
            (vec![key(1), key(2)], Outcome::Unanswered),
            (vec![key(3)], accepted()),
            (vec![key(1)], accepted()),
        ]);
        let states: Vec<_> = rows.iter().map(|row| (row.key.part, row.state)).collect();
        let expected = [
            (1, AttemptState::Accepted),
            (2, AttemptState::Uncertain),
            (3, AttemptState::Accepted),
        ];
        assert_eq!(states, expected);
    }
}
