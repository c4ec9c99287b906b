//! What a message's attempts add up to: its status and its money.
//!
//! Answers, receipts and expiries only touch attempts. Whoever touched them
//! calls [`roll_up`] in the same transaction; it alone moves outbound messages
//! on, posts and voids.

mod verdict;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    AccountId, CarrierId, Currency, E164, MessageEvent, MessageId, MessageStatus, Micros, NumberId,
    Timestamp, routing::mix,
};
use store::{
    StoreError, Tx,
    attempts::{self, AttemptState, Standing},
    events::{self, NewEvent},
    ledger::{self, Book, Listed, Transfer, TransferKind},
    messages::{self, Change, Message},
    numbers,
    stats::{Counts, Tally},
    wallets::{self, Release},
};
use verdict::Verdict;

use crate::{
    PriceBook,
    currencies::Currencies,
    events::balance_data,
    ids::Range,
    routing::{Journey, Table},
};

/// What rolling up needs to know beside the database.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) routing: Arc<Table>,
    pub(crate) prices: Arc<PriceBook>,
    pub(crate) currencies: Arc<Currencies>,
    pub(crate) now: Timestamp,
    /// One for each message that may be settled.
    pub(crate) ids: Range,
}

/// Whom the transaction concerns once it is committed.
#[derive(Debug, Default, Clone)]
pub(crate) struct Concerned {
    pub(crate) accounts: Vec<AccountId>,
    pub(crate) carriers: Vec<CarrierId>,
    /// Texts that came in.
    pub(crate) received: usize,
}

/// Attempts as the transaction left them, the last change last.
pub(crate) type Changed = HashMap<(AccountId, MessageId), Standing>;

/// Brings messages up to date with their attempts.
///
/// `changed` saves a look at the attempts of a message that has only one.
pub(crate) fn roll_up(
    tx: &mut Tx<'_>,
    touched: &[(AccountId, MessageId)],
    mut changed: Changed,
    around: &mut Surroundings,
) -> Result<Concerned, StoreError> {
    let mut touched = touched.to_vec();
    touched.sort_unstable();
    touched.dedup();
    let messages = messages::lock_many(tx, &touched)?;
    let mut attempts: HashMap<(AccountId, MessageId), Vec<Standing>> = HashMap::new();
    let mut unknown = Vec::new();
    for message in &messages {
        let id = (message.account, message.id);
        let only_one = message.segments == 1 && message.tries == 1;
        match changed.remove(&id).filter(|_| only_one) {
            Some(attempt) => {
                attempts.insert(id, vec![attempt]);
            }
            None => unknown.push(id),
        }
    }
    standings(tx, &unknown, &mut attempts)?;
    let mut steps = Steps::default();
    for message in &messages {
        let attempts = attempts.remove(&(message.account, message.id)).unwrap_or_default();
        let verdict = verdict::of(message, &attempts, around.now);
        steps.take(tx, message, &attempts, verdict, around)?;
    }
    steps.store(tx, around)
}

/// Adds how the attempts of the messages stand.
fn standings(
    tx: &mut Tx<'_>,
    messages: &[(AccountId, MessageId)],
    known: &mut HashMap<(AccountId, MessageId), Vec<Standing>>,
) -> Result<(), StoreError> {
    for attempt in attempts::of_messages(tx, messages)? {
        let id = (attempt.key.account, attempt.key.message);
        known.entry(id).or_default().push(Standing::from(&attempt));
    }
    Ok(())
}

/// Fails queued messages that no carrier took in time.
pub(crate) fn expire_queued(
    tx: &mut Tx<'_>,
    expired: &[(AccountId, MessageId)],
    around: &mut Surroundings,
) -> Result<Concerned, StoreError> {
    let messages = messages::lock_many(tx, expired)?;
    let mut attempts: HashMap<(AccountId, MessageId), Vec<Standing>> = HashMap::new();
    standings(tx, expired, &mut attempts)?;
    let mut steps = Steps::default();
    for message in messages.iter().filter(|message| message.status == MessageStatus::Queued) {
        let attempts = attempts.remove(&(message.account, message.id)).unwrap_or_default();
        let verdict = verdict::expired(message, &attempts);
        steps.take(tx, message, &attempts, verdict, around)?;
    }
    steps.store(tx, around)
}

/// The changes that a transaction's verdicts ask for.
#[derive(Default)]
struct Steps {
    changes: Vec<Change>,
    settled: Vec<Settled>,
    news: Vec<NewEvent>,
    tally: Tally,
    woken: Vec<CarrierId>,
}

struct Settled {
    account: AccountId,
    message: MessageId,
    posted: Micros,
    voided: Micros,
}

impl Steps {
    fn take(
        &mut self,
        tx: &mut Tx<'_>,
        message: &Message,
        attempts: &[Standing],
        verdict: Verdict,
        around: &Surroundings,
    ) -> Result<(), StoreError> {
        match verdict {
            Verdict::Wait => {}
            Verdict::Sent => {
                self.settle(message, message.segments, around);
                self.step(message, &[MessageEvent::Accepted], around, |_| {})?;
            }
            Verdict::Delivered => {
                let path = self.through_sent(message, MessageEvent::ReceiptDelivered, around);
                self.count(message, |counts| counts.delivered += 1);
                self.step(message, &path, around, |_| {})?;
            }
            Verdict::Undelivered { failure } => {
                let path = self.through_sent(message, MessageEvent::ReceiptFailed, around);
                self.count(message, |counts| counts.failed += 1);
                self.step(message, &path, around, |change| change.failure = Some(failure))?;
            }
            Verdict::Failed { failure, accepted, event } => {
                self.settle(message, accepted, around);
                self.count(message, |counts| counts.failed += 1);
                self.step(message, &[event], around, |change| change.failure = Some(failure))?;
            }
            Verdict::Again { not_before, refusals, detail, elsewhere } => {
                let carrier = next_carrier(tx, message, attempts, elsewhere, around)?;
                let moved = carrier != message.carrier;
                self.woken.extend(carrier);
                self.tally.moved(message, carrier);
                self.step(message, &[MessageEvent::Deferred], around, |change| {
                    change.carrier = carrier;
                    change.not_before = if moved { around.now } else { not_before };
                    change.refusals = refusals;
                    change.detail = Some(detail.to_owned());
                })?;
            }
        }
        Ok(())
    }

    /// A receipt that overtook the answer: `sent` is recorded on the way.
    fn through_sent(
        &mut self,
        message: &Message,
        last: MessageEvent,
        around: &Surroundings,
    ) -> Vec<MessageEvent> {
        if message.status == MessageStatus::Sending {
            self.settle(message, message.segments, around);
            vec![MessageEvent::Accepted, last]
        } else {
            vec![last]
        }
    }

    fn count(&mut self, message: &Message, add: impl FnOnce(&mut Counts)) {
        if !message.test {
            add(self.tally.of(message));
        }
    }

    fn settle(&mut self, message: &Message, accepted: i64, around: &Surroundings) {
        if message.test {
            return;
        }
        let segment = message.price.get() / message.segments.max(1);
        let posted = Micros::new(segment * accepted);
        self.settled.push(Settled {
            account: message.account,
            message: message.id,
            posted,
            voided: Micros::new(message.price.get() - posted.get()),
        });
        if accepted > 0 {
            // All parts that were accepted were so by one carrier: the first ties the message to it.
            let cost = around.prices.cost(message.carrier, &message.recipient, around.now);
            self.tally.of(message).posted(accepted, posted, cost);
        }
    }

    /// Moves the message along `path`, one event of the customer's for each status.
    fn step(
        &mut self,
        message: &Message,
        path: &[MessageEvent],
        around: &Surroundings,
        with: impl FnOnce(&mut Change),
    ) -> Result<(), StoreError> {
        let mut change = Change {
            account: message.account,
            id: message.id,
            from: message.status,
            to: message.status,
            carrier: message.carrier,
            not_before: message.not_before,
            refusals: message.refusals,
            failure: None,
            detail: None,
            sent_at: message.sent_at,
            finished_at: None,
        };
        with(&mut change);
        for event in path {
            change.to =
                change.to.after(*event).map_err(|error| StoreError::Corrupt(error.to_string()))?;
            if change.to == MessageStatus::Sent {
                change.sent_at = Some(around.now);
            }
            if change.to.is_terminal() {
                change.finished_at = Some(around.now);
            }
            let detail = match change.failure {
                Some(failure) if change.to == MessageStatus::Failed => {
                    Some(failure.as_str().to_owned())
                }
                _ => change.detail.clone(),
            };
            self.news.push(NewEvent::status(message.account, message.id, change.to, detail));
        }
        self.changes.push(change);
        Ok(())
    }

    fn store(
        mut self,
        tx: &mut Tx<'_>,
        around: &mut Surroundings,
    ) -> Result<Concerned, StoreError> {
        if self.changes.is_empty() {
            return Ok(Concerned::default());
        }
        let wanted = u64::try_from(self.changes.len()).unwrap_or(u64::MAX);
        if messages::change(tx, &self.changes)? != wanted {
            return Err(StoreError::Serialization("a message changed meanwhile".to_owned()));
        }
        self.release(tx, around)?;
        events::append(tx, &self.news, around.now)?;
        self.tally.store(tx)?;
        let mut accounts: Vec<AccountId> =
            self.changes.iter().map(|change| change.account).collect();
        accounts.dedup();
        Ok(Concerned { accounts, carriers: self.woken, received: 0 })
    }

    /// Moves the money of settled messages out of `held`.
    fn release(&mut self, tx: &mut Tx<'_>, around: &mut Surroundings) -> Result<(), StoreError> {
        let mut sums: BTreeMap<AccountId, Release> = BTreeMap::new();
        for settled in &self.settled {
            let sum = sums.entry(settled.account).or_insert(Release {
                account: settled.account,
                posted: Micros::ZERO,
                voided: Micros::ZERO,
            });
            let overflow = || StoreError::Corrupt("amounts that do not add up".to_owned());
            sum.posted = sum.posted.checked_add(settled.posted).ok_or_else(overflow)?;
            sum.voided = sum.voided.checked_add(settled.voided).ok_or_else(overflow)?;
        }
        let releases: Vec<Release> = sums.into_values().collect();
        let mut available: HashMap<AccountId, i64> = HashMap::new();
        for (account, after) in wallets::release(tx, &releases)? {
            available.insert(account, after.get());
        }
        for release in releases.iter().filter(|release| !release.voided.is_zero()) {
            let after = Micros::new(available.get(&release.account).copied().unwrap_or(0));
            let currency = around.currencies.of(tx, release.account)?;
            let data = balance_data(after, currency);
            self.news.push(NewEvent::balance(release.account, data));
        }
        let mut transfers = Vec::with_capacity(self.settled.len());
        // From the last to the first, so that each void knows what was available after it.
        for settled in self.settled.iter().rev() {
            let currency = around.currencies.of(tx, settled.account)?;
            if !settled.voided.is_zero() {
                let after = available.entry(settled.account).or_default();
                let listed = Listed { id: 0, available_after: Micros::new(*after) };
                *after -= settled.voided.get();
                transfers.push(settled.transfer(TransferKind::Void, Some(listed), currency));
            }
            if !settled.posted.is_zero() {
                transfers.push(settled.transfer(TransferKind::Post, None, currency));
            }
        }
        transfers.reverse();
        for listed in transfers.iter_mut().filter_map(|transfer| transfer.listed.as_mut()) {
            listed.id = around.ids.next();
        }
        ledger::record(tx, &transfers, around.now)
    }
}

impl Settled {
    fn transfer(&self, kind: TransferKind, listed: Option<Listed>, currency: Currency) -> Transfer {
        let (amount, credit) = match kind {
            TransferKind::Void => (self.voided, Book::Available),
            _ => (self.posted, Book::Revenue),
        };
        Transfer {
            account: self.account,
            source: self.message.get(),
            kind,
            listed,
            currency,
            amount,
            debit: Book::Held,
            credit,
            note: None,
        }
    }
}

/// Where a message goes that has to be tried again.
///
/// A part that was accepted ties the message to its carrier. Otherwise, where
/// `elsewhere` is asked for, the best carrier that did not refuse it yet.
fn next_carrier(
    tx: &mut Tx<'_>,
    message: &Message,
    attempts: &[Standing],
    elsewhere: bool,
    around: &Surroundings,
) -> Result<Option<CarrierId>, StoreError> {
    let tied = attempts.iter().any(|attempt| attempt.state == AttemptState::Accepted);
    if tied || !elsewhere {
        return Ok(message.carrier);
    }
    let Ok(to) = message.recipient.parse::<E164>() else { return Ok(message.carrier) };
    let own = own_carrier(tx, message.number)?;
    let draw = mix(message.id.get().unsigned_abs());
    let journey = Journey { to: &to, own, simulated: message.simulated, draw };
    let refused = |carrier: CarrierId| {
        attempts
            .iter()
            .any(|attempt| attempt.carrier == carrier && attempt.state == AttemptState::Retry)
    };
    let candidates = around.routing.candidates(journey);
    let fresh = candidates.iter().copied().find(|id| around.routing.is_up(*id) && !refused(*id));
    Ok(fresh.or(message.carrier))
}

pub(crate) fn own_carrier(
    tx: &mut Tx<'_>,
    number: NumberId,
) -> Result<Option<CarrierId>, StoreError> {
    Ok(numbers::find(tx, number)?.and_then(|number| number.carrier))
}
