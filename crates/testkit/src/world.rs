//! An engine on a database, and the time in which both live.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{CarrierId, Timestamp};
use engine::{Clock, Config, Engine, Site, StripeConfig, WebhookPolicy};
use store::{StoreError, Tx, audit};

use crate::{
    AccountBuilder, CarrierBuilder, Database, Hook, Kind, Proxy, Smsc, agreement, node::Node, until,
};

/// What a dead node's leases need to run out.
const LEASES_RUN_OUT: Duration = Duration::from_secs(16);

/// What meets a lost connection is tried again; each connection of a pool may be lost.
const TRIES_MAX: usize = 100;

/// A world in which nothing happens by itself: a test calls each step.
#[derive(Debug)]
pub struct World {
    pub(crate) inner: Arc<Inner>,
}

/// What accounts and builders share with their world.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) clock: Clock,
    node: Mutex<Option<Arc<Node>>>,
    smscs: Mutex<Vec<(CarrierId, Smsc)>>,
    config: Config,
    // The last to go: the node's connections are closed before.
    database: Arc<Database>,
}

/// What Stripe signs with in [`World::paid_through_stripe`].
pub const STRIPE_SECRET: &str = "whsec_world";

/// What the engine warns of is told where a test fails.
fn show_warnings() {
    let warnings = tracing_subscriber::fmt().with_env_filter("warn").with_test_writer();
    // Another test of the process may have been first.
    drop(warnings.try_init());
}

fn config() -> Config {
    // A demo's links and payments need no mail and no bank.
    let site = Site { demo: true, ..Site::default() };
    // Customers' endpoints are on this machine.
    let networks = vec!["127.0.0.0/8".parse().unwrap()];
    let webhooks = WebhookPolicy { allow_networks: networks, ..WebhookPolicy::default() };
    Config { by_hand: true, site, webhooks, ..Config::default() }
}

impl World {
    pub async fn on(kind: Kind) -> Self {
        Self::new(Database::new(kind), config()).await
    }

    /// A world whose customers pay through Stripe, which hears nothing: a test tells what it says.
    pub async fn paid_through_stripe(kind: Kind) -> Self {
        // The discard port: nobody listens.
        Self::paid_at(kind, 9).await
    }

    /// A world whose customers pay through Stripe, which answers as a test says.
    pub async fn paid_through(kind: Kind, stripe: &Hook) -> Self {
        Self::paid_at(kind, stripe.port()).await
    }

    /// A world whose accounts pay in this currency where they name none.
    pub async fn paying_in(kind: Kind, code: &str) -> Self {
        let account_currency = code.parse().unwrap();
        Self::new(Database::new(kind), Config { account_currency, ..config() }).await
    }

    async fn paid_at(kind: Kind, port: u16) -> Self {
        let stripe = StripeConfig {
            secret_key: "sk_test_world".to_owned(),
            webhook_secret: STRIPE_SECRET.to_owned(),
            api_base: format!("http://127.0.0.1:{port}"),
        };
        Self::new(Database::new(kind), Config { stripe: Some(stripe), ..config() }).await
    }

    async fn new(database: Database, config: Config) -> Self {
        show_warnings();
        let clock = Clock::manual(Timestamp::parse("2026-04-03T10:00:00Z").unwrap());
        Self::node_on(Arc::new(database), clock, config).await
    }

    /// A world on PostgreSQL whose connections can be lost inside a commit.
    pub async fn behind_proxy() -> (Self, Proxy) {
        let (database, proxy) = Database::behind_proxy().await;
        (Self::new(database, config()).await, proxy)
    }

    /// A second process on the same database, in the same time.
    pub async fn second_node(&self) -> Self {
        let Inner { database, clock, config, .. } = &*self.inner;
        let other = Self::node_on(Arc::clone(database), clock.clone(), config.clone()).await;
        other.sync().await;
        other
    }

    async fn node_on(database: Arc<Database>, clock: Clock, config: Config) -> Self {
        let node = Node::start(database.location(), clock.clone(), config.clone()).await;
        Self {
            inner: Arc::new(Inner {
                clock,
                node: Mutex::new(Some(Arc::new(node))),
                smscs: Mutex::default(),
                config,
                database,
            }),
        }
    }

    pub fn kind(&self) -> Kind {
        self.inner.database.kind()
    }

    pub fn account(&self) -> AccountBuilder {
        AccountBuilder::new(Arc::clone(&self.inner))
    }

    /// A carrier behind this SMSC.
    pub fn carrier(&self, smsc: &Smsc) -> CarrierBuilder {
        CarrierBuilder::smpp(Arc::clone(&self.inner), smsc)
    }

    pub fn simulator(&self) -> CarrierBuilder {
        CarrierBuilder::simulator(Arc::clone(&self.inner))
    }

    /// Runs `body` with the engine, where its tasks run.
    pub async fn run<T, F>(&self, body: impl FnOnce(Arc<Engine>) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.inner.run(body).await
    }

    /// Reads the database.
    pub async fn read<T: Send + 'static>(
        &self,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.inner.read(body).await
    }

    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Lets time pass, for the database's deadlines and on the wire alike.
    pub async fn pass(&self, span: Duration) {
        self.inner.clock.advance(span);
        self.inner.node().pass(span).await;
    }

    /// Lets much time pass: the wire sees none of it, as on a link with traffic.
    pub fn leap(&self, span: Duration) {
        self.inner.clock.advance(span);
    }

    /// Sets the clock back, as a machine does that finds its time was wrong.
    pub fn set_back(&self, span: Duration) {
        if let Clock::Manual(micros) = &self.inner.clock {
            let span = i64::try_from(span.as_micros()).unwrap();
            micros.fetch_sub(span, std::sync::atomic::Ordering::SeqCst);
        }
    }

    /// Hands over what is due; answers how many submissions. As a worker would, it
    /// leaves it at that while the database is away.
    pub async fn dispatch(&self) -> usize {
        let dispatched = self.run(|engine| async move { engine.dispatch_all().await }).await;
        match dispatched {
            Err(StoreError::Unavailable(_) | StoreError::CommitUnknown(_)) => 0,
            done => done.unwrap(),
        }
    }

    /// Lets time pass on the wire, little by little, until `work` is done.
    pub async fn while_time_passes<T>(&self, work: impl Future<Output = T>) -> T {
        let node = self.inner.node();
        let passing = async {
            loop {
                node.pass(Duration::from_millis(100)).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            done = work => done,
            () = passing => unreachable!("time does not end"),
        }
    }

    /// Stores what carriers reported.
    pub async fn record(&self) {
        self.inner.record().await;
    }

    pub async fn keep_house(&self) {
        let now = self.now();
        for _ in 0..TRIES_MAX {
            let kept = self.run(move |engine| async move { engine.keep_house(now).await }).await;
            match kept {
                Err(StoreError::Unavailable(_)) => {}
                done => return done.unwrap(),
            }
        }
        panic!("the database does not come back");
    }

    /// Pushes to webhooks what is due, and lets time pass on the wire until all is answered or
    /// given up; answers how many tries that took.
    pub async fn push(&self) -> usize {
        let pushing = self.run(|engine| async move { engine.push_due().await.unwrap() });
        self.while_time_passes(pushing).await
    }

    /// Charges the months that are due; answers how many renewals changed.
    pub async fn renew(&self) -> usize {
        self.run(|engine| async move { engine.renew().await.unwrap() }).await
    }

    /// Does what payments left to be done, and tops up who is low.
    pub async fn pursue_payments(&self) {
        self.run(|engine| async move { engine.pursue_payments().await.unwrap() }).await;
    }

    /// Moves messages away from carriers that are down.
    pub async fn detour(&self) -> usize {
        self.run(|engine| async move { engine.detour().await.unwrap() }).await
    }

    /// Starts and stops carriers as leases and operators say.
    pub async fn sync(&self) {
        self.run(|engine| async move { engine.sync_carriers().await.unwrap() }).await;
    }

    /// Lets carriers without a network act.
    pub async fn tick(&self) {
        self.run(|engine| async move { engine.tick() }).await;
    }

    /// Records reports until `condition` holds.
    pub async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        self.inner.until(what, condition).await;
    }

    /// Dispatches and records until the SMSC has read `count` submits in all.
    pub async fn until_submitted(&self, smsc: &Smsc, count: usize) {
        self.until(&format!("the SMSC reads {count} submits"), async || {
            self.dispatch().await;
            smsc.submits().len() >= count
        })
        .await;
    }

    /// Waits until the SMSC has an answer to everything that it delivered.
    pub async fn until_acknowledged(&self, smsc: &Smsc) {
        self.until("what the SMSC delivered is answered", async || smsc.unanswered() == 0).await;
    }

    /// Lets time pass until the carrier is bound.
    pub async fn until_bound(&self, carrier: CarrierId) {
        self.inner.until_bound(carrier).await;
    }

    /// Whether the carrier's link is up.
    pub async fn is_up(&self, carrier: CarrierId) -> bool {
        self.inner.is_up(carrier).await
    }

    /// Ends the process as a kill would: nothing is finished.
    pub fn crash(&self) {
        drop(self.inner.slot().take());
    }

    /// Starts the process again, once the dead one's leases have run out.
    pub async fn start_again(&self) {
        self.leap(LEASES_RUN_OUT);
        let Inner { database, clock, config, .. } = &*self.inner;
        let node = Node::start(database.location(), clock.clone(), config.clone()).await;
        *self.inner.slot() = Some(Arc::new(node));
        self.sync().await;
        let carriers: Vec<CarrierId> = self.inner.smscs().iter().map(|(id, _)| *id).collect();
        for carrier in carriers {
            self.until_bound(carrier).await;
        }
    }

    pub async fn assert_audit_clean(&self) {
        let now = self.now();
        let findings = self.read(move |tx| audit::run(tx, now)).await;
        let broken: Vec<_> = findings.iter().filter(|f| !f.violations.is_empty()).collect();
        assert!(broken.is_empty(), "broken: {broken:#?}");
    }

    /// Compares the database with the log of the SMSC behind `carrier`.
    pub async fn assert_agrees_with_smsc(&self, carrier: CarrierId, smsc: &Smsc) {
        agreement::check(&self.inner, carrier, &smsc.submits()).await;
    }

    /// The audit, and the comparison with every SMSC.
    pub async fn assert_all_is_well(&self) {
        if self.inner.slot().is_none() {
            self.start_again().await;
        }
        self.assert_audit_clean().await;
        let smscs = self.inner.smscs().clone();
        for (carrier, smsc) in smscs {
            self.assert_agrees_with_smsc(carrier, &smsc).await;
        }
    }
}

impl Inner {
    fn slot(&self) -> MutexGuard<'_, Option<Arc<Node>>> {
        self.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn smscs(&self) -> MutexGuard<'_, Vec<(CarrierId, Smsc)>> {
        self.smscs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn remember(&self, carrier: CarrierId, smsc: &Smsc) {
        self.smscs().push((carrier, smsc.clone()));
    }

    pub(crate) fn node(&self) -> Arc<Node> {
        Arc::clone(self.slot().as_ref().expect("the process runs"))
    }

    pub(crate) async fn run<T, F>(&self, body: impl FnOnce(Arc<Engine>) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.run_while_alive(body).await.expect("the process runs")
    }

    /// `None` where the process died before `body` was done.
    pub(crate) async fn run_while_alive<T, F>(
        &self,
        body: impl FnOnce(Arc<Engine>) -> F,
    ) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let node = Arc::clone(self.slot().as_ref()?);
        let running = node.handle().spawn(body(node.engine()));
        drop(node);
        match running.await {
            Ok(done) => Some(done),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => None,
        }
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let body = Arc::new(Mutex::new(body));
        for _ in 0..TRIES_MAX {
            let body = Arc::clone(&body);
            let read = self.run(|engine| async move {
                let read = move |tx: &mut Tx<'_>| {
                    (*body.lock().unwrap_or_else(PoisonError::into_inner))(tx)
                };
                engine.store().read(read).await
            });
            match read.await {
                Err(StoreError::Unavailable(_)) => {}
                done => return done.unwrap(),
            }
        }
        panic!("the database does not come back");
    }

    pub(crate) async fn record(&self) {
        self.run(|engine| async move { engine.record_reported().await }).await;
    }

    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        until(what, async || {
            self.record().await;
            condition().await
        })
        .await;
    }

    pub(crate) async fn is_up(&self, carrier: CarrierId) -> bool {
        self.run(move |engine| async move { engine.link(carrier).is_some_and(|link| link.up) })
            .await
    }

    pub(crate) async fn until_bound(&self, carrier: CarrierId) {
        self.until("the carrier is bound", async || {
            if self.is_up(carrier).await {
                return true;
            }
            // Reconnects wait, and sessions look at their deadlines now and then.
            self.node().pass(Duration::from_millis(250)).await;
            false
        })
        .await;
        self.record().await;
    }
}
