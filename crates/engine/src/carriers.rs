//! The carriers that run in this process, and the leases that make them this node's.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use carrier::{
    Awaiting, Carrier, CarrierEvent, Link, Started, Submission,
    settings::{CarrierKind, Settings},
    simulator::Simulator,
    smpp_driver::SmppCarrier,
};
use domain::{CarrierId, Timestamp, receipts::MessageIdFormat};
use store::{
    StoreError, attempts,
    attempts::AttemptKey,
    carriers::CarrierRecord,
    leases::{self, Lease},
};
use tokio::sync::{Notify, mpsc};

use crate::{Engine, outcomes::InFlight, receipts::Matching, routing::Table, secrets};

/// A lease is renewed three times within its life.
pub(crate) const LEASE_LIFE: Duration = Duration::from_secs(15);

/// How long an unanswered submission is remembered for a late answer.
const LATE_ANSWERS: Duration = Duration::from_secs(900);

/// Accepted parts that a carrier is reminded of after a restart.
const AWAITING_MAX: i64 = 10_000;

/// A carrier that this node holds.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) id: CarrierId,
    pub(crate) driver: Arc<dyn Carrier>,
    pub(crate) matching: Matching,
    pub(crate) lease: Lease,
    pub(crate) validity: Duration,
    /// What it was started from: a change restarts it.
    record: CarrierRecord,
    /// There may be something to send.
    pub(crate) work: Notify,
    /// Held from the claim to the hand-over, so that a stop finds nothing in between.
    pub(crate) dispatching: tokio::sync::Mutex<()>,
    in_flight: Mutex<InFlight>,
    /// Submissions whose attempts are stored and for which no slot was free yet.
    pub(crate) pending: Mutex<std::collections::VecDeque<Submission>>,
    next_token: AtomicU64,
    resends_looked_at: AtomicI64,
}

impl Running {
    /// Whether it is time to look for parts that must be sent again: once a second is enough.
    pub(crate) fn take_resend_turn(&self, now: Timestamp) -> bool {
        let due = now.minus(Duration::from_secs(1)).micros();
        self.resends_looked_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                (last <= due).then_some(now.micros())
            })
            .is_ok()
    }

    /// Lets the next look at resends come at once: this one found some, and there may be more.
    pub(crate) fn look_at_resends_again(&self) {
        self.resends_looked_at.store(i64::MIN, Ordering::Relaxed);
    }

    /// Queues a submission whose attempts are stored.
    pub(crate) fn push(&self, submission: Submission) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push_back(submission);
    }

    /// The submissions that wait for a slot, taken back: they certainly were not written.
    pub(crate) fn take_pending(&self) -> Vec<Submission> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    /// Remembers which parts a submission carries; answers its token.
    pub(crate) fn track(&self, keys: Vec<AttemptKey>, now: Timestamp) -> u64 {
        let token = self.next_token.fetch_add(1, Ordering::Relaxed);
        self.in_flight().insert(token, (keys, now));
        token
    }

    /// The parts of a submission that was answered; forgotten where this was its `last` answer.
    pub(crate) fn answered(&self, token: u64, last: bool) -> Option<Vec<AttemptKey>> {
        let mut in_flight = self.in_flight();
        if last {
            in_flight.remove(&token).map(|(keys, _)| keys)
        } else {
            in_flight.get(&token).map(|(keys, _)| keys.clone())
        }
    }

    /// Forgets submissions whose late answer is not to be expected any more.
    pub(crate) fn forget_late(&self, now: Timestamp) {
        let oldest = now.minus(LATE_ANSWERS);
        self.in_flight().retain(|_, (_, since)| *since > oldest);
    }

    fn in_flight(&self) -> std::sync::MutexGuard<'_, InFlight> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over what waits for a slot.
    pub(crate) fn pump(&self) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(submission) = pending.pop_front() {
            if let Err(carrier::NotTaken(back)) = self.driver.submit(submission) {
                pending.push_front(back);
                return;
            }
        }
    }

    /// Slots for parts that are not claimed yet.
    pub(crate) fn slots(&self) -> usize {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.driver.free_slots().saturating_sub(pending)
    }
}

/// The running carriers by id.
#[derive(Debug, Default)]
pub(crate) struct Carriers(Mutex<HashMap<CarrierId, Arc<Running>>>);

impl Carriers {
    pub(crate) fn get(&self, id: CarrierId) -> Option<Arc<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn put(&self, running: Arc<Running>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(running.id, running);
    }

    fn take(&self, id: CarrierId) -> Option<Arc<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}

impl Engine {
    /// Makes what runs agree with what operators set up and with the leases. Called
    /// often; also renews the leases.
    pub async fn sync_carriers(self: &Arc<Self>) -> Result<(), StoreError> {
        let _one_at_a_time = self.syncing.lock().await;
        let now = self.clock.now();
        let (records, table) = self
            .store
            .read(|tx| Ok::<_, StoreError>((store::carriers::all(tx)?, Table::load(tx)?)))
            .await?;
        self.routing.replace(table);
        self.sync_prices().await?;
        for running in self.carriers.all() {
            let unchanged = records.iter().any(|record| *record == running.record);
            if !unchanged {
                self.stop_carrier(running.id, Duration::from_secs(2)).await;
            }
        }
        for record in records.into_iter().filter(|record| record.enabled) {
            let name = format!("carrier:{}", record.id);
            let node = self.node.clone();
            let until = now.plus(LEASE_LIFE);
            let lease =
                self.store.write(move |tx| leases::acquire(tx, &name, &node, now, until)).await?;
            match (lease, self.carriers.get(record.id)) {
                (Some(lease), Some(running)) if running.lease == lease => {}
                (Some(lease), running) => {
                    if running.is_some() {
                        self.stop_carrier(record.id, Duration::ZERO).await;
                    }
                    self.start_carrier(record, lease, now).await?;
                }
                // Another node has it.
                (None, Some(_)) => self.stop_carrier(record.id, Duration::ZERO).await,
                (None, None) => {}
            }
        }
        Ok(())
    }

    async fn start_carrier(
        self: &Arc<Self>,
        record: CarrierRecord,
        lease: Lease,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = record.id;
        let settings = settings_of(&record)?;
        let (matching, validity) = match &settings {
            Settings::Smpp(smpp) => {
                (smpp.message_id_format, Duration::from_secs(smpp.validity_seconds))
            }
            Settings::Simulator(_) => (MessageIdFormat::AsIs, crate::VALIDITY),
        };
        // What an earlier holder left unanswered may or may not have been taken.
        self.store.write(move |tx| attempts::abandon(tx, id, now)).await?;
        let (driver, events) = start_driver(settings, now);
        if let Some(from) = driver.resumes_from(now) {
            let awaiting = self
                .store
                .read(move |tx| attempts::awaiting_receipt(tx, id, &from, AWAITING_MAX))
                .await?;
            let awaiting: Vec<Awaiting> = awaiting
                .into_iter()
                .map(|(carrier_message_id, recipient)| Awaiting { carrier_message_id, recipient })
                .collect();
            driver.resume(&awaiting);
        }
        self.routing.set_up(id, driver.link().up);
        let running = Arc::new(Running {
            id,
            driver,
            matching,
            lease,
            validity,
            record,
            work: Notify::new(),
            dispatching: tokio::sync::Mutex::default(),
            in_flight: Mutex::default(),
            pending: Mutex::default(),
            next_token: AtomicU64::new(1),
            resends_looked_at: AtomicI64::new(0),
        });
        self.carriers.put(Arc::clone(&running));
        self.spawn_carrier(running, events);
        Ok(())
    }

    fn spawn_carrier(
        self: &Arc<Self>,
        running: Arc<Running>,
        events: mpsc::Receiver<CarrierEvent>,
    ) {
        if self.config.by_hand {
            self.reports.lock().unwrap_or_else(PoisonError::into_inner).push((running, events));
            return;
        }
        let engine = Arc::clone(self);
        tokio::spawn(engine.record_reports(Arc::clone(&running), events));
        let engine = Arc::clone(self);
        tokio::spawn(engine.dispatch_for(running));
    }

    /// Stops a carrier politely: its answers are still recorded.
    pub(crate) async fn stop_carrier(&self, id: CarrierId, drain: Duration) {
        let Some(running) = self.carriers.take(id) else { return };
        let _idle = running.dispatching.lock().await;
        let pending = running.take_pending();
        running.driver.shutdown(drain).await;
        running.work.notify_one();
        let unsent = pending
            .into_iter()
            .map(|submission| CarrierEvent::Answer {
                token: submission.token,
                outcome: carrier::Outcome::NotWritten,
            })
            .collect();
        self.record(&running, unsent).await;
    }

    /// Stops every carrier and gives the leases up.
    pub(crate) async fn stop_carriers(&self, drain: Duration) {
        let all = self.carriers.all();
        let stopping = all.iter().map(|running| self.stop_carrier(running.id, drain));
        futures::future::join_all(stopping).await;
        for running in all {
            let lease = running.lease.clone();
            let released = self.store.write(move |tx| leases::release(tx, &lease)).await;
            if let Err(error) = released {
                tracing::warn!(%error, carrier = %running.id, "the carrier's lease runs out by itself");
            }
        }
    }

    /// What the link of a carrier is like; `None` where this node does not hold it.
    pub fn link(&self, id: CarrierId) -> Option<Link> {
        self.carriers.get(id).map(|running| running.driver.link())
    }

    pub(crate) fn link_changed(&self, id: CarrierId, up: bool) {
        self.routing.set_up(id, up);
        self.wake(self.carriers.all().iter().map(|running| running.id).collect::<Vec<_>>());
    }

    /// Wakes the dispatchers of the carriers.
    pub(crate) fn wake(&self, carriers: impl IntoIterator<Item = CarrierId>) {
        for id in carriers {
            if let Some(running) = self.carriers.get(id) {
                running.work.notify_one();
            }
        }
    }
}

/// The checked settings of a stored carrier.
pub(crate) fn settings_of(record: &CarrierRecord) -> Result<Settings, StoreError> {
    let kind: CarrierKind = record
        .kind
        .parse()
        .map_err(|_| StoreError::Corrupt(format!("carrier {} has an unknown kind", record.id)))?;
    let json = serde_json::from_str(&record.settings).map_err(|error| {
        StoreError::Corrupt(format!("settings of carrier {}: {error}", record.id))
    })?;
    Settings::parse(kind, &json)
        .map_err(|error| StoreError::Corrupt(format!("settings of carrier {}: {error}", record.id)))
}

fn start_driver(settings: Settings, now: Timestamp) -> Started {
    match settings {
        Settings::Smpp(settings) => SmppCarrier::start(&settings, secrets::random_seed()),
        Settings::Simulator(settings) => Simulator::start(settings, now),
    }
}
