//! A client that connects, binds, and does so again whenever the connection is lost.

mod connect;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::{
    BindMode, Body, NotQueued,
    session::{self, Event, Limits, Role, Shared},
    tls::TlsConfig,
};
use connect::{ConnectError, connect};

/// Where and as whom to bind.
#[derive(Clone)]
pub struct ClientConfig {
    /// Name or address.
    pub host: String,
    /// Usually 2775.
    pub port: u16,
    /// `None`: in the clear.
    pub tls: Option<TlsConfig>,
    /// Which way messages go.
    pub mode: BindMode,
    /// At most 15 octets.
    pub system_id: String,
    /// At most 8 octets.
    pub password: String,
    /// At most 12 octets, usually empty.
    pub system_type: String,
    /// 0x33, 0x34 (the default) or 0x50.
    pub interface_version: u8,
    /// Window, rate and times.
    pub limits: Limits,
    /// Spreads reconnects: any number that differs between clients.
    pub jitter_seed: u64,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 2_775,
            tls: None,
            mode: BindMode::Transceiver,
            system_id: String::new(),
            password: String::new(),
            system_type: String::new(),
            interface_version: 0x34,
            limits: Limits::default(),
            jitter_seed: 0,
        }
    }
}

/// Without the password.
impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("mode", &self.mode)
            .field("system_id", &self.system_id)
            .finish_non_exhaustive()
    }
}

/// How the connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// On the way, for the first time or again.
    Connecting,
    /// Ready.
    Bound,
    /// Waiting for the next try.
    Down {
        /// For a person to read.
        reason: String,
    },
    /// Shut down for good.
    Stopped,
}

/// The longest pause between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// The pause before the second try.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);

/// The pause after wrong credentials, which do not get right by themselves.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);

/// A handle to one connection; clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: ClientConfig,
    current: Mutex<Option<Arc<Shared>>>,
    state: watch::Sender<LinkState>,
    events: mpsc::UnboundedSender<Event>,
    stop: watch::Sender<bool>,
    throttle: Mutex<Throttle>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What outlives a connection.
#[derive(Debug, Clone, Copy)]
struct Throttle {
    max_tps: u32,
    paused_until: Option<Instant>,
}

/// What the client reports, in order.
pub type Events = mpsc::UnboundedReceiver<Event>;

impl Client {
    /// Starts connecting, in a task of its own on the current runtime.
    pub fn start(config: ClientConfig) -> (Self, Events) {
        let (events, reports) = mpsc::unbounded_channel();
        let throttle = Throttle { max_tps: config.limits.max_tps, paused_until: None };
        let inner = Arc::new(Inner {
            config,
            current: Mutex::new(None),
            state: watch::channel(LinkState::Connecting).0,
            events,
            stop: watch::channel(false).0,
            throttle: Mutex::new(throttle),
            task: Mutex::new(None),
        });
        let task = tokio::spawn(keep_connected(Arc::clone(&inner)));
        *inner.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        (Self { inner }, reports)
    }

    /// How the connection is now.
    pub fn state(&self) -> LinkState {
        self.inner.state.borrow().clone()
    }

    /// Tells of each change.
    pub fn watch_state(&self) -> watch::Receiver<LinkState> {
        self.inner.state.subscribe()
    }

    /// Requests that [`Client::submit`] would take now; 0 while unbound, paused or a receiver.
    pub fn free_slots(&self) -> usize {
        if self.inner.config.mode == BindMode::Receiver {
            return 0;
        }
        self.inner.current().map_or(0, |shared| shared.free_slots())
    }

    /// Requests without an answer.
    pub fn in_flight(&self) -> usize {
        self.inner.current().map_or(0, |shared| shared.in_flight())
    }

    /// Resolves when a slot is free.
    pub async fn slots_free(&self) {
        let mut state = self.watch_state();
        while self.free_slots() == 0 {
            let shared = self.inner.current();
            let freed = async {
                match &shared {
                    Some(shared) => {
                        let notified = shared.slot_free.notified();
                        if shared.free_slots() == 0 {
                            tokio::select! {
                                () = notified => {}
                                () = tokio::time::sleep(Duration::from_millis(100)) => {}
                            }
                        }
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = freed => {}
                changed = state.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Takes a request, or says at once why not. Its fate comes as an [`Event`] with this token.
    pub fn submit(&self, token: u64, body: Body) -> Result<(), NotQueued> {
        self.inner.current().ok_or(NotQueued::NoSlot)?.submit(token, body)
    }

    /// Sends no request for a while, on this connection and the next: the peer is overloaded.
    pub fn pause(&self, span: Duration) {
        let until = Instant::now() + span;
        let mut throttle = self.inner.throttle();
        throttle.paused_until = Some(throttle.paused_until.map_or(until, |set| set.max(until)));
        drop(throttle);
        if let Some(shared) = self.inner.current() {
            shared.pause(span);
        }
    }

    /// Sets how many requests a second may leave; 0 for no limit.
    pub fn set_max_tps(&self, max_tps: u32) {
        self.inner.throttle().max_tps = max_tps;
        if let Some(shared) = self.inner.current() {
            shared.set_max_tps(max_tps);
        }
    }

    /// Takes no more, waits up to `drain` for answers, unbinds and stops for good.
    pub async fn shutdown(&self, drain: Duration) {
        if let Some(shared) = self.inner.current() {
            shared.drain();
        }
        self.inner.stop.send_replace(true);
        let task = self.inner.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return };
        if timeout(drain, &mut task).await.is_err() {
            if let Some(shared) = self.inner.current() {
                shared.end("stopped before every answer came");
            }
            if timeout(Duration::from_secs(1), &mut task).await.is_err() {
                task.abort();
            }
        }
        self.inner.state.send_replace(LinkState::Stopped);
    }
}

impl Inner {
    fn current(&self) -> Option<Arc<Shared>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_current(&self, shared: Option<Arc<Shared>>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = shared;
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn down(&self, session: u64, reason: String) {
        self.state.send_replace(LinkState::Down { reason: reason.clone() });
        drop(self.events.send(Event::Down { session, reason }));
    }
}

/// Connects and runs sessions until it is stopped.
async fn keep_connected(inner: Arc<Inner>) {
    let mut stop = inner.stop.subscribe();
    let mut jitter = inner.config.jitter_seed;
    let mut backoff = BACKOFF_FIRST;
    let mut session = 0;
    while !*stop.borrow() {
        inner.state.send_replace(LinkState::Connecting);
        let connected = tokio::select! {
            connected = connect(&inner.config) => connected,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let pause = match connected {
            Ok((stream, buffered)) => {
                session += 1;
                let reason = run_session(&inner, stream, buffered, session).await;
                inner.down(session, reason);
                backoff = BACKOFF_FIRST;
                BACKOFF_FIRST
            }
            Err(ConnectError::Refused(reason)) => {
                inner.down(0, reason);
                REFUSED_PAUSE
            }
            Err(ConnectError::Failed(reason)) => {
                inner.down(0, reason);
                let pause = backoff;
                backoff = (backoff * 2).min(BACKOFF_MAX);
                pause
            }
        };
        // Full jitter, so that many clients do not come back at once; wrong
        // credentials wait out their time.
        let pause = if pause == REFUSED_PAUSE { pause } else { jittered(pause, &mut jitter) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn run_session(
    inner: &Inner,
    stream: connect::Stream,
    buffered: bytes::BytesMut,
    session: u64,
) -> String {
    let shared =
        Shared::new(Role::Client, inner.config.limits.clone(), session, inner.events.clone());
    {
        let throttle = *inner.throttle();
        shared.set_max_tps(throttle.max_tps);
        if let Some(until) = throttle.paused_until {
            shared.pause(until.saturating_duration_since(Instant::now()));
        }
    }
    if *inner.stop.borrow() {
        shared.drain();
    }
    inner.set_current(Some(Arc::clone(&shared)));
    drop(inner.events.send(Event::Up { session }));
    inner.state.send_replace(LinkState::Bound);
    let reason = session::run(stream, buffered, shared).await;
    inner.set_current(None);
    reason
}

/// A random share of `pause`.
fn jittered(pause: Duration, seed: &mut u64) -> Duration {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let share = u32::try_from(*seed >> 48).unwrap_or(0);
    pause * share / 0xFFFF
}
