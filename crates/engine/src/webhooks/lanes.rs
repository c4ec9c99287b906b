//! A lane for each endpoint: its own queue, its own pace. What one endpoint does slows no other.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{AccountId, WebhookId};
use futures::{StreamExt, future::OptionFuture, stream::FuturesUnordered};
use store::{StoreError, webhooks as hooks};
use tokio::{
    sync::{Notify, Semaphore, mpsc},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

use super::{
    WebhookPolicy,
    client::Poster,
    work::{Done, Job, Taken},
};
use crate::Engine;

/// Between two looks for what is due: retries, and events of other processes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Between two looks for endpoints that other processes made or removed.
const LIST_EVERY: Duration = Duration::from_secs(5);

/// Tries under way for one endpoint: one at first, twice as many after each success, half as many
/// after each failure.
const WINDOW_MAX: usize = 32;

/// Deliveries taken at once, and for how long they last: what waits too long is taken for lost. Each
/// take costs a look and a commit.
const BATCH_MAX: usize = 256;
const TAKE_AHEAD: Duration = Duration::from_secs(1);

/// An endpoint that fails this often on end is left alone between tries, a second longer each time.
const FAILURES_AT_ONCE: u32 = 3;
const PAUSE_MAX: u32 = 5;

/// Tries under way for all endpoints that fare well, and for all that do not: they never
/// wait for each other.
const UNDER_WAY_MAX: usize = 4_096;
const FAILING_UNDER_WAY_MAX: usize = 2_048;

/// What one commit stores.
const TRIES_PER_COMMIT_MAX: usize = 512;

const TRIES_WAITING_MAX: usize = 4_096;

/// Between two tries to store while the database is gone.
const STORE_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What pushing needs in memory.
#[derive(Debug)]
pub(crate) struct Webhooks {
    pub(crate) poster: Poster,
    lanes: Mutex<HashMap<WebhookId, Lane>>,
    /// Endpoints changed: list them anew.
    changed: Notify,
    /// Ends when all that was begun is stored.
    pushing: Mutex<Option<JoinHandle<()>>>,
    faring_well: Semaphore,
    failing: Semaphore,
    /// Whose old deliveries were removed last.
    turn: Mutex<Option<(AccountId, WebhookId)>>,
}

#[derive(Debug)]
struct Lane {
    running: bool,
    /// There is news since the lane looked last.
    news: Arc<Notify>,
    fresh: bool,
    window: usize,
    /// How often its customer changed it, as far as this process knows.
    changes: Arc<AtomicU64>,
}

impl Webhooks {
    pub(crate) fn new(policy: &WebhookPolicy) -> Self {
        Self {
            poster: Poster::new(policy),
            lanes: Mutex::default(),
            changed: Notify::new(),
            pushing: Mutex::default(),
            faring_well: Semaphore::new(UNDER_WAY_MAX),
            failing: Semaphore::new(FAILING_UNDER_WAY_MAX),
            turn: Mutex::default(),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<WebhookId, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn turn(&self) -> Option<(AccountId, WebhookId)> {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_turn(&self, turn: Option<(AccountId, WebhookId)>) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
    }

    /// An endpoint was made, or has something to do.
    pub(crate) fn changed(&self) {
        self.changed.notify_one();
    }

    /// An endpoint is another one now, or none: what was taken for it and not begun is taken anew.
    pub(crate) fn replaced(&self, webhook: WebhookId) {
        if let Some(lane) = self.lanes().get(&webhook) {
            lane.changes.fetch_add(1, Ordering::Release);
            lane.news.notify_one();
        }
        self.changed();
    }
}

type Listed = HashMap<AccountId, Vec<WebhookId>>;

impl Engine {
    /// Starts to push what is due, until the engine stops.
    pub fn start_pushing(self: &Arc<Self>) {
        let pushing = tokio::spawn(Arc::clone(self).push());
        *self.webhooks.pushing.lock().unwrap_or_else(PoisonError::into_inner) = Some(pushing);
    }

    /// Waits until what was begun has ended and is stored, for `patience` at most.
    pub(crate) async fn end_pushing(&self, patience: Duration) {
        let pushing = self.webhooks.pushing.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(pushing) = pushing else { return };
        if timeout(patience, pushing).await.is_err() {
            tracing::info!("webhooks that have not answered are tried again at the next start");
        }
    }

    async fn push(self: Arc<Self>) {
        let (tries, waiting) = mpsc::channel(TRIES_WAITING_MAX);
        let storing = tokio::spawn(Arc::clone(&self).store_done(waiting));
        self.wake_lanes(&tries).await;
        // Lanes have senders too, as long as they run.
        drop(tries);
        if storing.await.is_err() {
            tracing::error!("what webhooks answered was not stored");
        }
    }

    async fn wake_lanes(self: &Arc<Self>, tries: &mpsc::Sender<Done>) {
        let mut listed = Listed::new();
        let (mut look_at, mut list_at) = (Instant::now(), Instant::now());
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.hub.pushed_news() => {
                    for account in self.hub.take_pushed_news() {
                        for webhook in listed.get(&account).into_iter().flatten() {
                            self.wake_lane(account, *webhook, false, tries);
                        }
                    }
                }
                () = self.webhooks.changed.notified() => {
                    (look_at, list_at) = (Instant::now(), Instant::now());
                }
                () = sleep_until(look_at.min(list_at)) => {}
            }
            let now = Instant::now();
            if list_at <= now {
                list_at = now + LIST_EVERY;
                self.list_webhooks(&mut listed).await;
            }
            if look_at <= now {
                look_at = now + LOOK_EVERY;
                let at = self.clock.now();
                match self.store.read(move |tx| hooks::with_work(tx, at)).await {
                    Ok(found) => {
                        for (account, webhook) in found {
                            self.wake_lane(account, webhook, true, tries);
                        }
                    }
                    Err(error) => tracing::warn!(%error, "webhooks wait for the database"),
                }
            }
        }
    }

    /// Learns whose events are to be told of, and forgets lanes of endpoints that are gone.
    async fn list_webhooks(&self, listed: &mut Listed) {
        match self.store.read(hooks::enabled).await {
            Ok(found) => {
                let enabled: HashSet<WebhookId> =
                    found.iter().map(|(_, webhook)| *webhook).collect();
                listed.clear();
                for (account, webhook) in found {
                    listed.entry(account).or_default().push(webhook);
                }
                self.hub.tell_of(listed.keys().copied().collect());
                self.webhooks.lanes().retain(|id, lane| lane.running || enabled.contains(id));
            }
            Err(error) => tracing::warn!(%error, "webhooks wait for the database"),
        }
    }

    fn wake_lane(
        self: &Arc<Self>,
        account: AccountId,
        webhook: WebhookId,
        keep_place: bool,
        tries: &mpsc::Sender<Done>,
    ) {
        let mut lanes = self.webhooks.lanes();
        let lane = lanes.entry(webhook).or_insert_with(|| Lane {
            running: false,
            news: Arc::new(Notify::new()),
            fresh: false,
            window: 1,
            changes: Arc::default(),
        });
        lane.fresh = true;
        if lane.running {
            lane.news.notify_one();
            return;
        }
        lane.running = true;
        let (news, window) = (Arc::clone(&lane.news), lane.window);
        let changes = Arc::clone(&lane.changes);
        let running = Running {
            engine: Arc::clone(self),
            account,
            webhook,
            news,
            changed: changes.load(Ordering::Acquire),
            changes,
            keep_place,
            window,
            failures: 0,
            ready: VecDeque::new(),
            batch: 1,
            took_at: Instant::now(),
            more: true,
        };
        let tries = tries.clone();
        tokio::spawn(running.run(tries));
    }

    /// Stores what lanes tried, many together.
    async fn store_done(self: Arc<Self>, mut waiting: mpsc::Receiver<Done>) {
        let mut done = Vec::new();
        while waiting.recv_many(&mut done, TRIES_PER_COMMIT_MAX).await > 0 {
            // A try that stays unstored is taken for lost after a while, and made again.
            while let Err(error) = self.store_tries(&done).await {
                tracing::warn!(%error, "what webhooks answered waits for the database");
                if !error.may_pass() || self.stopped_within(STORE_AGAIN_AFTER).await {
                    break;
                }
            }
            done.clear();
        }
    }

    /// Pushes once all that is due, where nothing goes on by itself; answers how many were tried.
    pub async fn push_due(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        let now = self.clock.now();
        for (account, webhook) in self.store.read(move |tx| hooks::with_work(tx, now)).await? {
            loop {
                let taken = self.take(account, webhook, WINDOW_MAX, true).await?;
                let trying = taken.jobs.into_iter().map(|job| self.try_job(job));
                let done = futures::future::join_all(trying).await;
                count += done.len();
                if done.is_empty() && !taken.more {
                    break;
                }
                self.store_tries(&done).await?;
            }
        }
        Ok(count)
    }
}

/// A lane at work.
struct Running {
    engine: Arc<Engine>,
    account: AccountId,
    webhook: WebhookId,
    news: Arc<Notify>,
    changes: Arc<AtomicU64>,
    /// `changes` before the last take began.
    changed: u64,
    keep_place: bool,
    window: usize,
    /// Since something succeeded.
    failures: u32,
    /// Taken, and not begun.
    ready: VecDeque<Job>,
    /// How many to take at once.
    batch: usize,
    took_at: Instant,
    /// There may be more to take.
    more: bool,
}

impl Running {
    async fn run(mut self, tries: mpsc::Sender<Done>) {
        let engine = Arc::clone(&self.engine);
        let mut under_way = FuturesUnordered::new();
        // A task of its own: more is taken while what was taken is tried.
        let mut taking: Option<JoinHandle<_>> = None;
        let mut rested_at = Instant::now();
        loop {
            let stopping = engine.stopping.is_cancelled();
            let changes = self.changes.load(Ordering::Acquire);
            if stopping || changes != self.changed {
                self.give_back().await;
            }
            if self.wants_more() && taking.is_none() && !stopping {
                self.changed = changes;
                taking = Some(tokio::spawn(self.take()));
            }
            let rested = rested_at <= Instant::now();
            while rested && !stopping && under_way.len() < self.window {
                let Some(job) = self.ready.pop_front() else { break };
                // One that waited too long is another process's by now.
                if job.can_begin(engine.clock.now()) {
                    under_way.push(try_in_turn(Arc::clone(&engine), job, self.failures > 0));
                } else {
                    (self.more, self.batch) = (true, self.window);
                }
            }
            if self.wants_more() && taking.is_none() && !stopping {
                continue; // and begin to take
            }
            let resting = !rested && !self.ready.is_empty();
            let idle = under_way.is_empty() && taking.is_none();
            if idle && (stopping || !resting && !self.more) {
                if self.end(stopping) {
                    return;
                }
                continue;
            }
            let wake_at = if resting { rested_at } else { Instant::now() + LOOK_EVERY };
            tokio::select! {
                Some(done) = under_way.next() => {
                    if done.answer.is_success() {
                        self.failures = 0;
                        self.window = (self.window * 2).min(WINDOW_MAX);
                    } else {
                        self.failures = (self.failures + 1).min(FAILURES_AT_ONCE + PAUSE_MAX);
                        self.window = (self.window / 2).max(1);
                        self.batch = self.window;
                        let pause = self.failures.saturating_sub(FAILURES_AT_ONCE);
                        rested_at = Instant::now() + Duration::from_secs(u64::from(pause));
                        if self.failures == FAILURES_AT_ONCE {
                            self.give_back().await;
                        }
                    }
                    if tries.send(done).await.is_err() {
                        return;
                    }
                }
                Some(taken) = OptionFuture::from(taking.as_mut()) => {
                    taking = None;
                    match taken {
                        Ok(taken) => self.took(taken),
                        Err(error) => tracing::error!(%error, "what a webhook is owed was not taken"),
                    }
                }
                () = self.news.notified() => self.more = true,
                () = engine.stopping.cancelled(), if !stopping => {}
                () = sleep_until(wake_at), if resting || idle => {}
            }
        }
    }

    fn wants_more(&self) -> bool {
        self.more && self.ready.len() < self.window
    }

    /// Begins to take more to do.
    fn take(&mut self) -> impl Future<Output = Result<Taken, StoreError>> + use<> {
        self.more = false;
        self.engine.webhooks.lanes().entry(self.webhook).and_modify(|lane| lane.fresh = false);
        self.batch = self.batch.clamp(self.window, BATCH_MAX);
        let (engine, keep_place) = (Arc::clone(&self.engine), self.keep_place);
        let (account, webhook, limit) = (self.account, self.webhook, self.batch);
        async move { engine.take(account, webhook, limit, keep_place).await }
    }

    fn took(&mut self, taken: Result<Taken, StoreError>) {
        match taken {
            Ok(taken) => {
                let was_full = taken.jobs.len() >= self.batch;
                self.batch = batch_after(self.batch, was_full, self.took_at.elapsed());
                self.took_at = Instant::now();
                self.more |= taken.more;
                self.ready.extend(taken.jobs);
            }
            Err(error) => tracing::warn!(%error, "a webhook waits for the database"),
        }
    }

    /// Makes due again what was taken and not begun: it would wait until it is taken for lost.
    async fn give_back(&mut self) {
        let jobs: Vec<Job> = self.ready.drain(..).collect();
        match self.engine.give_back(&jobs).await {
            Ok(()) => self.more |= !jobs.is_empty(),
            Err(error) => {
                tracing::warn!(%error, "deliveries of a webhook wait to be taken for lost");
            }
        }
    }

    /// Ends the lane, unless there was news since it looked; answers whether it ended.
    fn end(&mut self, stopping: bool) -> bool {
        let mut lanes = self.engine.webhooks.lanes();
        if let Some(lane) = lanes.get_mut(&self.webhook) {
            if lane.fresh && !stopping {
                self.more = true;
                return false;
            }
            lane.running = false;
            lane.window = self.window;
        }
        true
    }
}

/// How many to take after a batch whose forerunner lasted so long.
fn batch_after(batch: usize, was_full: bool, lasted: Duration) -> usize {
    if lasted > TAKE_AHEAD {
        batch / 2
    } else if was_full && lasted < TAKE_AHEAD / 2 {
        batch * 2
    } else {
        batch
    }
}

/// Waits for its turn among its like, then tries.
async fn try_in_turn(engine: Arc<Engine>, job: Job, failed_lately: bool) -> Done {
    let turns = &engine.webhooks;
    let turns = if job.failing || failed_lately { &turns.failing } else { &turns.faring_well };
    let _turn = turns.acquire().await.expect("the semaphore is never closed");
    engine.try_job(job).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_taken_as_the_endpoint_takes_in_a_second() {
        let quick = Duration::from_millis(5);
        assert_eq!(batch_after(32, true, quick), 64);
        assert_eq!(batch_after(32, false, quick), 32, "what trickles in tells of no pace");
        assert_eq!(batch_after(128, true, Duration::from_millis(700)), 128);
        assert_eq!(batch_after(128, true, Duration::from_secs(5)), 64);
    }
}
