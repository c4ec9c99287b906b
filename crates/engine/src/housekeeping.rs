//! What time alone brings about: expiries, orphans, incomplete texts, forgotten keys, detours.

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{AccountId, CarrierId, E164, MessageId, Timestamp, routing::mix};
use store::{
    StoreError, Tx, attempts, idempotency, inbound as parts, mail_tokens, messages::Message,
    orphans, queue, request_log, sessions, stats::Tally,
};

use crate::{
    Engine, IDEMPOTENCY_KEPT, VALIDITY, inbound,
    people::LINKS_KEPT,
    receipts,
    request_log::REQUESTS_KEPT,
    rollup::{self, Changed, own_carrier},
    routing::{Journey, Table},
    sessions::cutoff,
};

/// Evidence of a part's fate is awaited this long after its message's validity.
const EVIDENCE_AFTER_VALIDITY: Duration = Duration::from_secs(3_600);

/// Rows that one step takes, so that no transaction grows long.
const STEP: i64 = 500;

/// Steps in which a carrier's messages expire before others have their turn.
const EXPIRY_STEPS_MAX: u32 = 20;

/// A carrier does not redeliver an inbound text after this long.
const INBOUND_SEEN_KEPT: Duration = Duration::from_secs(86_400);

impl Engine {
    /// Everything that is due at `now`, once.
    pub async fn keep_house(self: &Arc<Self>, now: Timestamp) -> Result<(), StoreError> {
        for running in self.carriers.all() {
            running.forget_late(now);
            self.expire_queued(running.id, now).await?;
            self.end_waiting(running.id, now).await?;
            self.adopt_if_any(running.id, running.matching, now).await?;
        }
        for carrier in self.stranded_carriers().await? {
            self.expire_queued(carrier, now).await?;
            self.end_waiting(carrier, now).await?;
        }
        self.deliver_incomplete(now).await?;
        self.tell_low_balances(now).await?;
        self.forget_webhooks(now).await?;
        self.forget(now).await
    }

    /// Carriers whose messages nobody works on: disabled ones, and those that are gone.
    async fn stranded_carriers(&self) -> Result<Vec<CarrierId>, StoreError> {
        let mut concerned = self
            .store
            .read(|tx| {
                let mut carriers = queue::carriers(tx)?;
                carriers.extend(attempts::open_carriers(tx)?);
                Ok::<_, StoreError>(carriers)
            })
            .await?;
        concerned.sort_unstable();
        concerned.dedup();
        let table = self.routing.now();
        Ok(concerned.into_iter().filter(|carrier| !table.is_enabled(*carrier)).collect())
    }

    /// Moves messages away from carriers that are down while another could take them.
    pub async fn detour(&self) -> Result<usize, StoreError> {
        let table = self.routing.now();
        let mut moved = 0;
        for carrier in self.store.read(queue::carriers).await? {
            if table.is_up(carrier) {
                continue;
            }
            let looking = Arc::clone(&table);
            let found = self.store.read(move |tx| detours(tx, carrier, &looking)).await?;
            if found.is_empty() {
                continue;
            }
            let table = Arc::clone(&table);
            let (count, to) = self
                .store
                .write(move |tx| {
                    // They may have been claimed since.
                    let moves = detours(tx, carrier, &table)?;
                    let moved: HashSet<(AccountId, MessageId)> =
                        queue::reroute(tx, carrier, &moves)?.into_iter().collect();
                    let mut tally = Tally::default();
                    for (message, to) in &moves {
                        if moved.contains(&(message.account, message.id)) {
                            tally.moved(message, Some(*to));
                        }
                    }
                    tally.store(tx)?;
                    let mut to: Vec<CarrierId> = moves.iter().map(|(_, to)| *to).collect();
                    to.dedup();
                    Ok::<_, StoreError>((moved.len(), to))
                })
                .await?;
            self.wake(to);
            moved += count;
        }
        Ok(moved)
    }

    /// Fails queued messages whose validity has passed, a step at a time.
    async fn expire_queued(&self, carrier: CarrierId, now: Timestamp) -> Result<(), StoreError> {
        let sent_until = now.minus(VALIDITY);
        for _ in 0..EXPIRY_STEPS_MAX {
            let expired = self
                .store
                .read(move |tx| queue::expired(tx, carrier, sent_until, now, STEP))
                .await?;
            if expired.is_empty() || self.stopping.is_cancelled() {
                break;
            }
            let ids = self.ids.take(&self.store, expired.len()).await?;
            let around = self.surroundings(ids);
            let concerned = self
                .store
                .write(move |tx| rollup::expire_queued(tx, &expired, &mut around.clone()))
                .await?;
            self.hub.tell(concerned.accounts);
        }
        Ok(())
    }

    /// Ends the wait for parts that stayed uncertain to the end.
    async fn end_waiting(&self, carrier: CarrierId, now: Timestamp) -> Result<(), StoreError> {
        let ended = now.minus(EVIDENCE_AFTER_VALIDITY);
        let overdue =
            self.store.read(move |tx| attempts::overdue(tx, carrier, ended, STEP)).await?;
        if overdue.is_empty() {
            return Ok(());
        }
        let ids = self.ids.take(&self.store, overdue.len()).await?;
        let around = self.surroundings(ids);
        let concerned = self
            .store
            .write(move |tx| {
                attempts::expire(tx, &overdue)?;
                let touched: Vec<(AccountId, MessageId)> =
                    overdue.iter().map(|key| (key.account, key.message)).collect();
                rollup::roll_up(tx, &touched, Changed::new(), &mut around.clone())
            })
            .await?;
        self.hub.tell(concerned.accounts);
        Ok(())
    }

    async fn adopt_if_any(
        &self,
        carrier: CarrierId,
        matching: receipts::Matching,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let since = now.minus(receipts::ORPHANS_KEPT);
        let waiting = self.store.read(move |tx| orphans::waiting(tx, carrier, since, 1)).await?;
        if waiting.is_empty() { Ok(()) } else { self.adopt_orphans(carrier, matching).await }
    }

    async fn deliver_incomplete(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = now.minus(inbound::PARTS_AWAITED);
        let stale = self.store.read(move |tx| parts::stale(tx, before, STEP)).await?;
        if stale.is_empty() {
            return Ok(());
        }
        let ids = self.ids.take(&self.store, stale.len()).await?;
        let around = self.surroundings(ids);
        let accounts = self
            .store
            .write(move |tx| inbound::deliver_incomplete(tx, &stale, &mut around.clone()))
            .await?;
        inbound::count(accounts.len());
        self.hub.tell(accounts);
        Ok(())
    }

    async fn forget(&self, now: Timestamp) -> Result<(), StoreError> {
        self.store
            .write(move |tx| {
                idempotency::forget(tx, now.minus(IDEMPOTENCY_KEPT), STEP)?;
                parts::forget_seen(tx, now.minus(INBOUND_SEEN_KEPT))?;
                orphans::forget(tx, now.minus(receipts::ORPHANS_KEPT))?;
                sessions::forget(tx, cutoff(now), STEP)?;
                mail_tokens::forget(tx, now.minus(LINKS_KEPT), STEP)?;
                request_log::forget(tx, now.minus(REQUESTS_KEPT), STEP)?;
                Ok(())
            })
            .await
    }
}

/// Messages of a carrier that is down, each with one that is up and may take it.
fn detours(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    table: &Table,
) -> Result<Vec<(Message, CarrierId)>, StoreError> {
    let mut moves = Vec::new();
    for message in queue::movable(tx, carrier, STEP)? {
        let Ok(to) = message.recipient.parse::<E164>() else { continue };
        let journey = Journey {
            to: &to,
            own: own_carrier(tx, message.number)?,
            simulated: message.simulated,
            draw: mix(message.id.get().unsigned_abs()),
        };
        if let Some(better) = table.choose(journey)
            && better != carrier
            && table.is_up(better)
        {
            moves.push((message, better));
        }
    }
    Ok(moves)
}
