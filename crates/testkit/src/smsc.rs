//! A carrier's SMSC: a server on a socket that can be told to do everything that carriers do.

mod log;
mod wire;

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use smpp::{
    Address, Body, CommandStatus, DeliverSm, Event, Limits, Responder, ShortMessage,
    server::{self, Events, ServerSession},
    tlv::tag,
    udh,
};
use tokio::net::{TcpListener, TcpStream};

pub use log::Submit;
use wire::{Faults, Wire};

/// What the SMSC does with a submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Takes it under the next id.
    Accept,
    AcceptAs(String),
    Refuse(CommandStatus),
    /// Takes it and says so when [`Smsc::answer_held`] is called, or never.
    Hold,
    /// Does not take it, and never answers.
    Ignore,
    /// Takes it and loses the connection before the answer.
    AcceptAndDrop,
    /// Loses the connection without having taken it.
    Drop,
}

/// A running SMSC; clones are the same one.
#[derive(Debug, Clone)]
pub struct Smsc(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    port: u16,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Reply>,
    usual: Option<Reply>,
    refuse_binds: Option<CommandStatus>,
    log: Vec<Submit>,
    held: Vec<(usize, Responder)>,
    links: BTreeMap<u64, Link>,
    binds: u64,
    steps: u64,
    tokens: u64,
    waiting: HashSet<u64>,
    answers: BTreeMap<u64, CommandStatus>,
}

#[derive(Debug)]
struct Link {
    session: ServerSession,
    faults: Faults,
    /// Whether messages that were under way at the cut were taken.
    cut_after_taking: Option<bool>,
}

impl Smsc {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let smsc = Self(Arc::new(Inner { port, state: Mutex::default() }));
        let accepting = smsc.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(socket));
            }
        });
        smsc
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// What it does with the next submit that has no reply yet.
    pub fn next(&self, reply: Reply) {
        self.state().script.push_back(reply);
    }

    /// What it does with submits when the script is at its end; at first it accepts.
    pub fn always(&self, reply: Reply) {
        self.state().usual = Some(reply);
    }

    /// Drops the replies that were not used.
    pub fn forget_script(&self) {
        self.state().script.clear();
    }

    /// Refuses binds with this status, or takes them again.
    pub fn refuse_binds(&self, status: Option<CommandStatus>) {
        self.state().refuse_binds = status;
    }

    /// Every submit so far, in the order in which they were read.
    pub fn submits(&self) -> Vec<Submit> {
        self.state().log.clone()
    }

    /// Binds so far.
    pub fn binds(&self) -> u64 {
        self.state().binds
    }

    /// Connections that are bound now.
    pub fn links(&self) -> usize {
        self.state().links.values().filter(|link| !link.faults.is_cut()).count()
    }

    /// Answers, in their order, the submits that it took and held.
    pub fn answer_held(&self) {
        let mut state = self.state();
        for (index, responder) in std::mem::take(&mut state.held) {
            state.steps += 1;
            let at = state.steps;
            let submit = &mut state.log[index];
            submit.answered_at = Some(at);
            responder.accept_as(submit.id());
        }
    }

    /// Answers the submits that it held as refused after all.
    pub fn refuse_held(&self, status: CommandStatus) {
        let mut state = self.state();
        for (index, responder) in std::mem::take(&mut state.held) {
            let submit = &mut state.log[index];
            submit.taken = None;
            submit.refused = Some(status);
            responder.reject(status);
        }
    }

    /// Delivers something to the client on its newest connection; answers a token.
    pub fn deliver(&self, message: ShortMessage) -> u64 {
        let mut state = self.state();
        state.tokens += 1;
        let token = state.tokens;
        state.waiting.insert(token);
        let (_, link) = state.links.last_key_value().expect("a client is bound");
        link.session.deliver(token, DeliverSm(message)).expect("the window is wide");
        token
    }

    /// Deliveries that the client has not answered.
    pub fn unanswered(&self) -> usize {
        self.state().waiting.len()
    }

    /// How the client answered a delivery; `None` where the connection was lost before.
    pub fn answer_to(&self, token: u64) -> Option<CommandStatus> {
        self.state().answers.get(&token).copied()
    }

    /// Loses every connection, as a crash would.
    pub fn cut(&self) {
        let mut state = self.state();
        for link in state.links.values_mut() {
            link.cut_after_taking = Some(false);
            link.faults.cut();
        }
    }

    /// Reads nothing any more, or reads again.
    pub fn stall(&self, stalled: bool) {
        self.state().links.values().for_each(|link| link.faults.stall(stalled));
    }

    /// Writes octets as they are.
    pub fn pollute(&self, octets: &[u8]) {
        self.state().links.values().for_each(|link| link.faults.pollute(octets));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self, socket: TcpStream) {
        let faults = Faults::default();
        let Ok(pending) = server::accept(Wire::new(socket, faults.clone())).await else { return };
        let refusal = self.state().refuse_binds;
        if let Some(status) = refusal {
            return drop(pending.reject(status).await);
        }
        let number = {
            let mut state = self.state();
            state.binds += 1;
            state.binds
        };
        // A test moves the client's time only: this side asks for no life.
        let limits = Limits {
            window: 10_000,
            incoming_max: 100_000,
            enquire_link_every: Duration::from_secs(86_400),
            ..Limits::default()
        };
        let Ok((session, events)) = pending.accept("SMSC", limits, number).await else { return };
        let link = Link { session, faults, cut_after_taking: None };
        self.state().links.insert(number, link);
        self.follow(number, events).await;
    }

    async fn follow(self, number: u64, mut events: Events) {
        while let Some(event) = events.recv().await {
            let mut state = self.state();
            match event {
                Event::Incoming(incoming) => {
                    if let Body::SubmitSm(submit) = &incoming.body {
                        let read = Submit::read(number, incoming.sequence, &submit.0);
                        state.submit(read, incoming.responder);
                    }
                }
                Event::Answer { token, status, .. } => {
                    state.waiting.remove(&token);
                    state.answers.insert(token, status);
                }
                Event::NotWritten { token } | Event::NoAnswer { token } => {
                    state.waiting.remove(&token);
                }
                Event::Down { .. } => {
                    state.links.remove(&number);
                    return;
                }
                Event::Up { .. } | Event::Warning { .. } => {}
            }
        }
    }
}

impl State {
    fn submit(&mut self, mut submit: Submit, responder: Responder) {
        self.steps += 1;
        submit.read_at = self.steps;
        submit.index = self.log.len();
        let number = submit.session;
        let lost = self.links.get(&number).and_then(|link| link.cut_after_taking);
        let reply = match lost {
            Some(true) => Reply::AcceptAndDrop,
            Some(false) => Reply::Drop,
            None => self.script.pop_front().or_else(|| self.usual.clone()).unwrap_or(Reply::Accept),
        };
        let id = format!("{:08}", 10_000_000 + submit.index);
        let mut cut = None;
        match reply {
            Reply::Accept => {
                responder.accept_as(&id);
                self.steps += 1;
                submit.answered_at = Some(self.steps);
                submit.taken = Some(id);
            }
            Reply::AcceptAs(id) => {
                responder.accept_as(&id);
                self.steps += 1;
                submit.answered_at = Some(self.steps);
                submit.taken = Some(id);
            }
            Reply::Refuse(status) => {
                responder.reject(status);
                submit.refused = Some(status);
            }
            Reply::Hold => {
                submit.taken = Some(id);
                self.held.push((submit.index, responder));
            }
            Reply::Ignore => {}
            Reply::AcceptAndDrop => {
                submit.taken = Some(id);
                cut = Some(true);
            }
            Reply::Drop => cut = Some(false),
        }
        if let Some(taking) = cut
            && let Some(link) = self.links.get_mut(&number)
        {
            link.cut_after_taking = Some(taking);
            link.faults.cut();
        }
        self.log.push(submit);
    }
}

/// The receipt for a submit, in the usual text.
pub fn receipt(submit: &Submit, stat: &str) -> ShortMessage {
    receipt_of(submit.id(), &submit.recipient, stat)
}

/// A receipt under any id, for a message to `recipient`.
pub fn receipt_of(id: &str, recipient: &str, stat: &str) -> ShortMessage {
    let text = smpp::receipt::compose(id, stat, "000", "2604031000", "2604031001");
    ShortMessage {
        source: Address::new(1, 1, recipient),
        destination: Address::new(1, 1, "442079460000"),
        esm_class: 0x04,
        short_message: Bytes::from(text.into_bytes()),
        ..ShortMessage::default()
    }
}

/// A text from a handset, to the number `to` (with `+`).
pub fn inbound(from: &str, to: &str, text: &str) -> ShortMessage {
    let octets = domain::text::gsm7::encode(text).expect("a text in GSM-7");
    ShortMessage {
        source: Address::new(1, 1, from.trim_start_matches('+')),
        destination: Address::new(1, 1, to.trim_start_matches('+')),
        short_message: Bytes::from(octets),
        ..ShortMessage::default()
    }
}

/// A part of a long text from a handset; `reference` is the same in all its parts.
pub fn part_of(whole: ShortMessage, reference: u16, total: u8, part: u8) -> ShortMessage {
    let mut message = whole;
    if let Ok(reference) = u8::try_from(reference) {
        let header = udh::header_8_bit(reference, total, part);
        message.esm_class |= udh::ESM_CLASS_UDHI;
        message.short_message = [&header[..], &message.short_message].concat().into();
    } else {
        message.tlvs.push_u16(tag::SAR_MSG_REF_NUM, reference);
        message.tlvs.push_u8(tag::SAR_TOTAL_SEGMENTS, total);
        message.tlvs.push_u8(tag::SAR_SEGMENT_SEQNUM, part);
    }
    message
}
