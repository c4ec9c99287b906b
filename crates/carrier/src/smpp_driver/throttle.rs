//! The rate after a carrier asked for a pause: halved, then slowly back.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use smpp::Client;
use tokio::time::Instant;

/// How long a connection pauses after it was throttled.
const PAUSE: Duration = Duration::from_secs(1);

/// Between two steps back up.
const RECOVER_EVERY: Duration = Duration::from_secs(5);

/// The lowest rate, in submissions a second.
const RATE_MIN: u32 = 1;

/// Where there is no limit, a rate that grew beyond this is none again.
const UNLIMITED_FROM: u32 = 2_000;

#[derive(Debug)]
pub(super) struct Throttle {
    /// As the operator set it; 0 for no limit.
    max_tps: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// 0 for no limit.
    rate: u32,
    changed: Instant,
    /// Accepted since `counted_from`: what an unlimited link really carries.
    accepted: u32,
    counted_from: Instant,
}

impl Throttle {
    pub(super) fn new(max_tps: u32) -> Self {
        let now = Instant::now();
        let state = State { rate: max_tps, changed: now, accepted: 0, counted_from: now };
        Self { max_tps, state: Mutex::new(state) }
    }

    /// Submissions a second that are allowed now; 0 for no limit.
    pub(super) fn rate(&self) -> u32 {
        self.state().rate
    }

    /// Halves the rate and pauses every connection; a storm of answers counts once.
    pub(super) fn throttled(&self, clients: &[Client]) {
        let mut state = self.state();
        for client in clients {
            client.pause(PAUSE);
        }
        if state.rate != self.max_tps && state.changed.elapsed() < PAUSE {
            return;
        }
        let measured = state.measured();
        let current = if state.rate == 0 { measured } else { state.rate };
        state.rate = (current / 2).max(RATE_MIN);
        state.changed = Instant::now();
        set_rate(clients, state.rate);
    }

    /// Raises the rate again, a quarter at a time.
    pub(super) fn accepted(&self, clients: &[Client]) {
        let mut state = self.state();
        state.accepted = state.accepted.saturating_add(1);
        if state.rate == self.max_tps || state.changed.elapsed() < RECOVER_EVERY {
            return;
        }
        let raised = state.rate.saturating_add((state.rate / 4).max(1));
        state.rate = match self.max_tps {
            0 if raised > UNLIMITED_FROM => 0,
            0 => raised,
            max => raised.min(max),
        };
        state.changed = Instant::now();
        set_rate(clients, state.rate);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Accepted submissions a second, lately.
    fn measured(&mut self) -> u32 {
        let millis = u64::try_from(self.counted_from.elapsed().as_millis()).unwrap_or(u64::MAX);
        let rate = u64::from(self.accepted) * 1_000 / millis.max(1_000);
        self.accepted = 0;
        self.counted_from = Instant::now();
        u32::try_from(rate).unwrap_or(u32::MAX).max(10)
    }
}

fn set_rate(clients: &[Client], rate: u32) {
    let each = rate.div_ceil(u32::try_from(clients.len()).unwrap_or(1).max(1));
    for client in clients {
        client.set_max_tps(each);
    }
}
