//! From the queue to the carrier: claimed, stored as attempts, then handed over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use carrier::{Grouping, Submission};
use domain::{AccountId, CarrierId, MessageId, MessageStatus, Timestamp, text};
use store::{
    StoreError, Tx,
    attempts::{self, Attempt, AttemptKey, AttemptState, NewAttempt},
    events::{self, NewEvent},
    leases::{self, Lease},
    messages::{self, Message},
    queue,
};

use crate::{Engine, carriers::Running, receipts::user_reference};

/// Messages that one claim takes.
const CLAIM_MAX: usize = 256;

/// Without evidence for this long, an uncertain part is sent once more.
const EVIDENCE_AWAITED: Duration = Duration::from_secs(120);

/// A dispatcher looks at the queue this often even when nobody wakes it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Between two looks at what became of a commit.
const RESOLVE_AFTER: Duration = Duration::from_millis(100);

/// A part that is stored as an attempt and may be handed over.
#[derive(Debug)]
struct Ready {
    message: Message,
    /// From 1; all parts where the carrier divides the text itself.
    part: u8,
    keys: Vec<AttemptKey>,
    attempt: i64,
}

impl Engine {
    /// Keeps a carrier busy until it is stopped.
    pub(crate) async fn dispatch_for(self: Arc<Self>, carrier: Arc<Running>) {
        while self.still_runs(&carrier) {
            let dispatched = self.dispatch_due(&carrier, self.clock.now()).await;
            let busy = match dispatched {
                Ok(count) => count > 0,
                Err(error) => {
                    tracing::warn!(%error, carrier = %carrier.id, "dispatch waits for the database");
                    false
                }
            };
            if !busy {
                // A timer too: batches become due by time alone, and slots become free.
                tokio::select! {
                    () = carrier.work.notified() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        }
    }

    fn still_runs(&self, carrier: &Running) -> bool {
        self.carriers.get(carrier.id).is_some_and(|now| std::ptr::eq(Arc::as_ptr(&now), carrier))
    }

    /// Hands over what is due now, as far as the carrier has slots; answers how many parts.
    pub(crate) async fn dispatch_due(
        &self,
        carrier: &Running,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let _one_at_a_time = carrier.dispatching.lock().await;
        if !self.still_runs(carrier) {
            return Ok(0);
        }
        carrier.pump();
        let slots = carrier.slots();
        if slots == 0 {
            return Ok(0);
        }
        let mut ready = self.resend(carrier, now, slots).await?;
        let slots = slots.saturating_sub(ready.len());
        if slots > 0 {
            ready.extend(self.claim(carrier, now, slots).await?);
        }
        let count = ready.len();
        for part in ready {
            self.hand_over(carrier, part, now);
        }
        carrier.pump();
        Ok(count)
    }

    async fn claim(
        &self,
        carrier: &Running,
        now: Timestamp,
        slots: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        let (id, lease) = (carrier.id, carrier.lease.clone());
        let grouping = carrier.driver.grouping();
        let ready = self.decided(move |tx| claim(tx, id, &lease, grouping, slots, now)).await?;
        self.hub.tell(ready.iter().map(|part| part.message.account));
        Ok(ready)
    }

    /// The second and last copy of parts whose fate stayed uncertain.
    async fn resend(
        &self,
        carrier: &Running,
        now: Timestamp,
        slots: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        if !carrier.take_resend_turn(now) {
            return Ok(Vec::new());
        }
        let (id, lease) = (carrier.id, carrier.lease.clone());
        let grouping = carrier.driver.grouping();
        let found = self.decided(move |tx| resend(tx, id, &lease, grouping, slots, now)).await?;
        if !found.is_empty() {
            carrier.look_at_resends_again();
        }
        Ok(found)
    }

    /// Runs a transaction that stores attempts. Where the database is lost while it
    /// commits, looks whether it did: nobody else would ever hand the parts over.
    async fn decided(
        &self,
        mut body: impl FnMut(&mut Tx<'_>) -> Result<Vec<Ready>, StoreError> + Send + 'static,
    ) -> Result<Vec<Ready>, StoreError> {
        let planned = Arc::new(Mutex::new(Vec::new()));
        let plan = Arc::clone(&planned);
        let committed = self
            .store
            .write(move |tx| {
                let ready = body(tx)?;
                *plan.lock().unwrap_or_else(PoisonError::into_inner) = ready;
                Ok::<_, StoreError>(())
            })
            .await;
        let ready = std::mem::take(&mut *planned.lock().unwrap_or_else(PoisonError::into_inner));
        match committed {
            Err(StoreError::CommitUnknown(_)) => {}
            committed => return committed.map(|()| ready),
        }
        let Some(key) = ready.first().and_then(|part| part.keys.first()).copied() else {
            return Ok(ready);
        };
        while !self.stopped_within(RESOLVE_AFTER).await {
            match self.store.write(move |tx| is_stored(tx, key)).await {
                Ok(stored) => return Ok(if stored { ready } else { Vec::new() }),
                Err(error) => tracing::warn!(%error, "an unknown commit waits for the database"),
            }
        }
        // The next start finds the attempts, and takes them for uncertain.
        Ok(Vec::new())
    }

    fn hand_over(&self, carrier: &Running, ready: Ready, now: Timestamp) {
        let Ready { message, part, keys, attempt } = ready;
        let Ok(parts) = text::parts(&message.body) else {
            tracing::error!(message = %message.id, "a stored message cannot be divided");
            return;
        };
        let whole = keys.len() > 1;
        let text = if whole {
            Some(message.body.clone())
        } else {
            parts.get(usize::from(part) - 1).map(|part| part.text.to_owned())
        };
        let Some(text) = text else {
            tracing::error!(message = %message.id, part, "a stored message has no such part");
            return;
        };
        let token = carrier.track(keys, now);
        let submission = Submission {
            token,
            user_reference: user_reference(message.id, i64::from(part)),
            sender: message.sender,
            recipient: message.recipient,
            text,
            encoding: message.encoding,
            part,
            total: u8::try_from(message.segments).unwrap_or(u8::MAX),
            reference: u8::try_from(message.id.get() & 0xFF).unwrap_or(0),
            attempt,
            validity: message.valid_until.since(now).min(carrier.validity),
        };
        carrier.push(submission);
    }
}

/// Whether an attempt was stored; waits for a transaction that may still be storing it.
fn is_stored(tx: &mut Tx<'_>, key: AttemptKey) -> Result<bool, StoreError> {
    let id = [(key.account, key.message)];
    messages::lock_many(tx, &id)?;
    Ok(attempts::of_messages(tx, &id)?.iter().any(|attempt| attempt.key == key))
}

fn claim(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    lease: &Lease,
    grouping: Grouping,
    slots: usize,
    now: Timestamp,
) -> Result<Vec<Ready>, StoreError> {
    let limit = i64::try_from(slots.min(CLAIM_MAX)).unwrap_or(1);
    let mut due = queue::due(tx, carrier, now, limit)?;
    fit(&mut due, slots, grouping);
    if due.is_empty() || !leases::still_held(tx, lease)? {
        return Ok(Vec::new());
    }
    let claimed = queue::claim(tx, &due, now)?;
    if claimed.len() < due.len() {
        let mut place = 0..;
        due.retain(|_| place.next().is_some_and(|place| claimed.contains(&place)));
    }
    let known = tried_before(tx, &due)?;
    let mut ready = Vec::with_capacity(due.len());
    let mut new = Vec::with_capacity(due.len());
    let mut news = Vec::with_capacity(due.len());
    for mut message in due {
        message.status = MessageStatus::Sending;
        message.tries += 1;
        news.push(NewEvent::status(message.account, message.id, message.status, None));
        let attempts = known.get(&(message.account, message.id)).map_or(&[][..], Vec::as_slice);
        let outstanding: Vec<i64> =
            (1..=message.segments).filter(|part| !is_accepted(*part, attempts)).collect();
        for keys in grouped(&message, &outstanding, grouping) {
            new.extend(keys.iter().map(|key| NewAttempt {
                key: *key,
                carrier,
                copy: 1 + copies_possible(key.part, attempts),
            }));
            ready.push(Ready {
                part: u8::try_from(keys[0].part).unwrap_or(1),
                attempt: message.tries,
                keys,
                message: message.clone(),
            });
        }
    }
    attempts::insert(tx, &new, now)?;
    events::append(tx, &news, now)?;
    Ok(ready)
}

/// Keeps as many messages as fit the slots, but at least one: the rest of it waits its turn.
fn fit(due: &mut Vec<Message>, slots: usize, grouping: Grouping) {
    let mut free = i64::try_from(slots).unwrap_or(i64::MAX);
    let mut first = true;
    due.retain(|message| {
        let needs = match grouping {
            Grouping::PerPart => message.segments,
            Grouping::Whole => 1,
        };
        let fits = first || needs <= free;
        if fits {
            free -= needs;
        } else {
            // Order is kept: nothing overtakes a message that must wait.
            free = 0;
        }
        first = false;
        fits
    });
}

/// The attempts of messages that were claimed before.
fn tried_before(
    tx: &mut Tx<'_>,
    due: &[Message],
) -> Result<HashMap<(AccountId, MessageId), Vec<Attempt>>, StoreError> {
    let again: Vec<(AccountId, MessageId)> = due
        .iter()
        .filter(|message| message.tries > 0)
        .map(|message| (message.account, message.id))
        .collect();
    let mut known: HashMap<_, Vec<Attempt>> = HashMap::new();
    for attempt in attempts::of_messages(tx, &again)? {
        known.entry((attempt.key.account, attempt.key.message)).or_default().push(attempt);
    }
    Ok(known)
}

fn is_accepted(part: i64, attempts: &[Attempt]) -> bool {
    attempts
        .iter()
        .any(|attempt| attempt.key.part == part && attempt.state == AttemptState::Accepted)
}

/// Copies of a part that the carrier may have taken.
fn copies_possible(part: i64, attempts: &[Attempt]) -> i64 {
    let possible = attempts.iter().filter(|attempt| {
        attempt.key.part == part
            && matches!(
                attempt.state,
                AttemptState::Submitting | AttemptState::Uncertain | AttemptState::Expired
            )
    });
    i64::try_from(possible.count()).unwrap_or(i64::MAX)
}

/// The attempts of one claim, grouped by submission.
fn grouped(message: &Message, parts: &[i64], grouping: Grouping) -> Vec<Vec<AttemptKey>> {
    let keys = parts.iter().map(|part| AttemptKey {
        account: message.account,
        message: message.id,
        part: *part,
        attempt: message.tries,
    });
    match grouping {
        Grouping::PerPart => keys.map(|key| vec![key]).collect(),
        Grouping::Whole if parts.is_empty() => Vec::new(),
        Grouping::Whole => vec![keys.collect()],
    }
}

/// All uncertain first copies of the messages: what left in one piece is sent again in one piece.
fn all_unproven(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    messages: &[(AccountId, MessageId)],
) -> Result<Vec<AttemptKey>, StoreError> {
    let attempts = attempts::of_messages(tx, messages)?;
    let unproven = attempts.iter().filter(|attempt| {
        attempt.carrier == carrier && attempt.copy == 1 && attempt.state == AttemptState::Uncertain
    });
    Ok(unproven.map(|attempt| attempt.key).collect())
}

fn resend(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    lease: &Lease,
    grouping: Grouping,
    slots: usize,
    now: Timestamp,
) -> Result<Vec<Ready>, StoreError> {
    let limit = i64::try_from(slots.min(CLAIM_MAX)).unwrap_or(1);
    let mut unproven = attempts::unproven(tx, carrier, now.minus(EVIDENCE_AWAITED), now, limit)?;
    if unproven.is_empty() || !leases::still_held(tx, lease)? {
        return Ok(Vec::new());
    }
    let mut ids: Vec<(AccountId, MessageId)> =
        unproven.iter().map(|key| (key.account, key.message)).collect();
    ids.sort_unstable();
    ids.dedup();
    if grouping == Grouping::Whole {
        unproven = all_unproven(tx, carrier, &ids)?;
    }
    // One whose answer is being stored at this moment needs no second copy.
    let mut unproven = attempts::expire(tx, &unproven)?;
    unproven.sort_unstable();
    ids.retain(|id| unproven.iter().any(|key| (key.account, key.message) == *id));
    queue::count_try(tx, &ids)?;
    let mut ready = Vec::new();
    let mut new = Vec::new();
    for message in messages::lock_many(tx, &ids)? {
        let parts: Vec<i64> = unproven
            .iter()
            .filter(|key| (key.account, key.message) == (message.account, message.id))
            .map(|key| key.part)
            .collect();
        for keys in grouped(&message, &parts, grouping) {
            new.extend(keys.iter().map(|key| NewAttempt { key: *key, carrier, copy: 2 }));
            ready.push(Ready {
                part: u8::try_from(keys[0].part).unwrap_or(1),
                attempt: message.tries,
                keys,
                message: message.clone(),
            });
        }
    }
    attempts::insert(tx, &new, now)?;
    Ok(ready)
}
