//! What the three activities of a session share.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::{Event, Limits};
use crate::{BindMode, Body, EncodeError, Pdu};

/// Which side of the session we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    /// With what the client bound as.
    Server(BindMode),
}

/// Why a request was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotQueued {
    /// The window is full, or the session is not open.
    #[error("no request can be taken now")]
    NoSlot,
    /// The client bound as a transmitter, which receives nothing.
    #[error("a transmitter receives nothing")]
    Transmitter,
    /// It cannot be put on the wire, now or later.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Largest sequence number; then it starts again at 1.
const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

pub(crate) struct Shared {
    pub(super) role: Role,
    pub(super) limits: Limits,
    pub(crate) session: u64,
    pub(super) events: mpsc::UnboundedSender<Event>,
    state: Mutex<State>,
    /// There is something to write, or the session is to end.
    pub(super) to_write: Notify,
    /// A slot became free.
    pub(crate) slot_free: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("session", &self.session).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct State {
    open: bool,
    /// No more requests are taken; the session ends when the last is answered.
    pub(super) draining: bool,
    /// The writer ends the session once everything was written.
    pub(super) ending: Option<String>,
    sequence: u32,
    /// Encoded requests that were not given to the writer yet.
    queued: VecDeque<(u64, BytesMut)>,
    /// Encoded answers and link PDUs, which go first.
    pub(super) control: BytesMut,
    in_flight: HashMap<u32, u64>,
    /// Requests by the time at which they become uncertain, in that order.
    deadlines: VecDeque<(Instant, u32)>,
    late: HashMap<u32, u64>,
    late_until: VecDeque<(Instant, u32)>,
    /// Requests of the peer that wait for our answer.
    incoming: usize,
    pub(super) paused_until: Option<Instant>,
    max_tps: u32,
    /// When the next request may leave at the rate.
    next_at: Option<Instant>,
    pub(super) heard_at: Instant,
    pub(super) enquired_at: Option<Instant>,
}

impl Shared {
    pub(crate) fn new(
        role: Role,
        limits: Limits,
        session: u64,
        events: mpsc::UnboundedSender<Event>,
    ) -> Arc<Self> {
        let max_tps = limits.max_tps;
        Arc::new(Self {
            role,
            limits,
            session,
            events,
            state: Mutex::new(State {
                open: true,
                draining: false,
                ending: None,
                sequence: 1,
                queued: VecDeque::new(),
                control: BytesMut::new(),
                in_flight: HashMap::new(),
                deadlines: VecDeque::new(),
                late: HashMap::new(),
                late_until: VecDeque::new(),
                incoming: 0,
                paused_until: None,
                max_tps,
                next_at: None,
                heard_at: Instant::now(),
                enquired_at: None,
            }),
            to_write: Notify::new(),
            slot_free: Notify::new(),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the user, who may have gone away.
    pub(super) fn tell(&self, event: Event) {
        drop(self.events.send(event));
    }

    pub(crate) fn free_slots(&self) -> usize {
        let state = self.state();
        if !state.open || state.draining || state.is_paused() {
            return 0;
        }
        self.limits.window.saturating_sub(state.in_flight.len() + state.queued.len())
    }

    pub(crate) fn in_flight(&self) -> usize {
        let state = self.state();
        state.in_flight.len() + state.queued.len()
    }

    /// Takes a request if there is a slot. Encodes it now, so that an error has its caller.
    pub(crate) fn submit(&self, token: u64, body: Body) -> Result<(), NotQueued> {
        let mut encoded = BytesMut::with_capacity(256);
        Pdu::request(0, body).encode(&mut encoded)?;
        let mut state = self.state();
        let used = state.in_flight.len() + state.queued.len();
        if !state.open || state.draining || used >= self.limits.window {
            return Err(NotQueued::NoSlot);
        }
        state.queued.push_back((token, encoded));
        drop(state);
        self.to_write.notify_one();
        Ok(())
    }

    /// Puts a PDU in front of all requests.
    pub(super) fn control(&self, pdu: &Pdu) {
        let encoded = pdu.encode(&mut self.state().control);
        match encoded {
            Ok(()) => self.to_write.notify_one(),
            Err(error) => tracing::error!(%error, "an answer cannot be encoded"),
        }
    }

    /// Puts a request that has no answer in front of those that have one.
    pub(crate) fn notify(&self, body: Body) -> Result<(), NotQueued> {
        let mut state = self.state();
        if !state.open || state.draining {
            return Err(NotQueued::NoSlot);
        }
        let sequence = state.take_sequence();
        Pdu::request(sequence, body).encode(&mut state.control)?;
        drop(state);
        self.to_write.notify_one();
        Ok(())
    }

    /// Counts a request of the peer; false where too many wait already.
    pub(super) fn admit_incoming(&self) -> bool {
        let mut state = self.state();
        let admitted = state.incoming < self.limits.incoming_max;
        if admitted {
            state.incoming += 1;
        }
        admitted
    }

    pub(super) fn responder_gone(&self) {
        let mut state = self.state();
        state.incoming = state.incoming.saturating_sub(1);
    }

    /// Stops sending requests for a while; answers go on.
    pub(crate) fn pause(&self, span: Duration) {
        let mut state = self.state();
        let until = Instant::now() + span;
        state.paused_until = Some(state.paused_until.map_or(until, |set| set.max(until)));
    }

    pub(crate) fn set_max_tps(&self, max_tps: u32) {
        self.state().max_tps = max_tps;
    }

    /// Takes no more requests and ends the session, by `unbind`, once all are answered.
    pub(crate) fn drain(&self) {
        self.state().draining = true;
        self.to_write.notify_one();
    }

    pub(crate) fn is_idle(&self) -> bool {
        let state = self.state();
        state.in_flight.is_empty() && state.queued.is_empty()
    }

    /// Ends the session once what is queued was written.
    pub(crate) fn end(&self, reason: &str) {
        let mut state = self.state();
        state.ending.get_or_insert_with(|| reason.to_owned());
        drop(state);
        self.to_write.notify_one();
    }

    /// Says goodbye; the peer's answer, or its silence, ends the session.
    pub(crate) fn unbind(&self) {
        let mut state = self.state();
        let sequence = state.take_sequence();
        drop(state);
        self.control(&Pdu::request(sequence, Body::Unbind));
    }

    /// Reports every open request: the session is over.
    pub(super) fn close(&self) {
        let (queued, in_flight) = {
            let mut state = self.state();
            state.open = false;
            (std::mem::take(&mut state.queued), std::mem::take(&mut state.in_flight))
        };
        for (token, _) in queued {
            self.tell(Event::NotWritten { token });
        }
        for token in in_flight.into_values() {
            self.tell(Event::NoAnswer { token });
        }
        self.slot_free.notify_waiters();
    }

    /// The token of an answered request, and whether it was given up on before.
    pub(super) fn answered(&self, sequence: u32) -> Option<(u64, bool)> {
        let mut state = self.state();
        if let Some(token) = state.in_flight.remove(&sequence) {
            drop(state);
            self.slot_free.notify_waiters();
            return Some((token, false));
        }
        state.late.remove(&sequence).map(|token| (token, true))
    }

    /// Moves requests whose time is up from the window to the late ones; answers their tokens.
    pub(super) fn give_up(&self, now: Instant) -> Vec<u64> {
        let mut state = self.state();
        let mut given_up = Vec::new();
        while let Some((deadline, sequence)) = state.deadlines.front().copied() {
            if deadline > now {
                break;
            }
            state.deadlines.pop_front();
            if let Some(token) = state.in_flight.remove(&sequence) {
                state.late.insert(sequence, token);
                state.late_until.push_back((now + self.limits.late_answer_for, sequence));
                given_up.push(token);
            }
        }
        while let Some((until, sequence)) = state.late_until.front().copied() {
            if until > now {
                break;
            }
            state.late_until.pop_front();
            state.late.remove(&sequence);
        }
        drop(state);
        if !given_up.is_empty() {
            self.slot_free.notify_waiters();
        }
        given_up
    }
}

/// What the writer does next.
pub(super) enum Turn {
    Write,
    /// Nothing to write before then.
    Wait(Option<Instant>),
    /// Everything was written and the session is to end.
    End(String),
}

impl State {
    pub(super) fn take_sequence(&mut self) -> u32 {
        let sequence = self.sequence;
        self.sequence = if sequence == SEQUENCE_MAX { 1 } else { sequence + 1 };
        sequence
    }

    fn is_paused(&self) -> bool {
        self.paused_until.is_some_and(|until| until > Instant::now())
    }

    /// Fills `out` with answers first, then with requests as far as pause and rate allow.
    pub(super) fn fill(&mut self, out: &mut BytesMut, answer_timeout: Duration) -> Turn {
        /// Octets after which a write is large enough.
        const WRITE_OCTETS: usize = 64 * 1024;

        std::mem::swap(out, &mut self.control);
        let now = Instant::now();
        let mut wait = None;
        while out.len() < WRITE_OCTETS && !self.queued.is_empty() {
            let blocked = [self.paused_until, self.next_at].into_iter().flatten().max();
            if let Some(until) = blocked.filter(|until| *until > now) {
                wait = Some(until);
                break;
            }
            let Some((token, mut encoded)) = self.queued.pop_front() else { break };
            let sequence = self.take_sequence();
            encoded[12..16].copy_from_slice(&sequence.to_be_bytes());
            out.extend_from_slice(&encoded);
            self.in_flight.insert(sequence, token);
            self.deadlines.push_back((now + answer_timeout, sequence));
            self.next_at = (self.max_tps > 0).then(|| {
                self.next_at.map_or(now, |at| at.max(now)) + Duration::from_secs(1) / self.max_tps
            });
        }
        if !out.is_empty() {
            return Turn::Write;
        }
        match self.ending.take() {
            Some(reason) => Turn::End(reason),
            None => Turn::Wait(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_start_again_after_the_largest() {
        let (events, _reports) = mpsc::unbounded_channel();
        let shared = Shared::new(Role::Client, Limits::default(), 1, events);
        let mut state = shared.state();
        state.sequence = SEQUENCE_MAX;
        assert_eq!((state.take_sequence(), state.take_sequence()), (SEQUENCE_MAX, 1));
    }
}
