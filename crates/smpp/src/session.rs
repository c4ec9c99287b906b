//! An open session, the same for clients and servers once it is bound.
//!
//! Three activities run beside each other and none waits for another: reading,
//! writing, and keeping time. What they share is one small locked state.

mod keeper;
mod reader;
mod shared;
mod writer;

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Body, CommandStatus, Pdu, Warning};
pub use shared::NotQueued;
pub(crate) use shared::{Role, Shared};

/// Numbers and times of a session.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests without an answer at once, 1 or more.
    pub window: usize,
    /// Our requests a second; 0 for no limit.
    pub max_tps: u32,
    /// A quiet peer is asked whether it is there after this long.
    pub enquire_link_every: Duration,
    /// A peer that does not answer that within this long is gone.
    pub enquire_link_timeout: Duration,
    /// A request without an answer for this long has an uncertain fate.
    pub answer_timeout: Duration,
    /// An answer that comes later than that is still told for this long.
    pub late_answer_for: Duration,
    /// Requests of the peer that wait for our answer; beyond it they are told that the queue is full.
    pub incoming_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: 10,
            max_tps: 0,
            enquire_link_every: Duration::from_secs(30),
            enquire_link_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(30),
            late_answer_for: Duration::from_secs(300),
            incoming_max: 1_000,
        }
    }
}

/// What a session tells its user.
///
/// Every accepted request of ours ends in exactly one `Answer`, `NotWritten` or
/// `NoAnswer`; after `NoAnswer`, one late `Answer` may follow.
#[derive(Debug)]
pub enum Event {
    /// Bound and ready.
    Up {
        /// Differs from connection to connection.
        session: u64,
    },
    /// The connection is gone; every open request was reported before.
    Down {
        /// As in `Up`; 0 where there was no session yet.
        session: u64,
        /// For a person to read.
        reason: String,
    },
    /// The peer answered a request of ours.
    Answer {
        /// As given with the request.
        token: u64,
        /// Of the answer, or of a `generic_nack`.
        status: CommandStatus,
        /// Empty where the peer gave none.
        message_id: String,
        /// It came after `NoAnswer`.
        late: bool,
    },
    /// No byte of the request was written; it may be sent again.
    NotWritten {
        /// As given with the request.
        token: u64,
    },
    /// The request was written and is not answered: its fate is uncertain.
    NoAnswer {
        /// As given with the request.
        token: u64,
    },
    /// The peer asks something.
    Incoming(Incoming),
    /// Something was read although it is not as it should be.
    Warning {
        /// What was odd.
        warning: Warning,
        /// In which operation.
        command_id: u32,
    },
}

/// A request of the peer, to be answered when its content is safe.
#[derive(Debug)]
pub struct Incoming {
    /// `deliver_sm`, `data_sm`, `alert_notification`; for servers `submit_sm` and its like.
    pub body: Body,
    /// The connection it came on.
    pub session: u64,
    /// The peer's number for it.
    pub sequence: u32,
    /// The way back.
    pub responder: Responder,
}

/// Answers one request of the peer. Dropped unused, the request stays unanswered.
#[derive(Debug)]
pub struct Responder {
    shared: Arc<Shared>,
    command_id: u32,
    sequence: u32,
}

impl Responder {
    /// It is safe with us.
    pub fn accept(self) {
        self.answer(CommandStatus::ME_ROK, "");
    }

    /// It is not, and this is why.
    pub fn reject(self, status: CommandStatus) {
        self.answer(status, "");
    }

    /// It is safe with us, under this id: for `submit_sm`.
    pub fn accept_as(self, message_id: &str) {
        self.answer(CommandStatus::ME_ROK, message_id);
    }

    /// Any other answer, such as `query_sm_resp`.
    pub fn answer_with(self, status: CommandStatus, body: Body) {
        self.shared.control(&Pdu::answer(self.sequence, status, body));
    }

    fn answer(self, status: CommandStatus, message_id: &str) {
        if let Some(body) = Body::answer_to(self.command_id, message_id) {
            self.shared.control(&Pdu::answer(self.sequence, status, body));
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.shared.responder_gone();
    }
}

/// Runs a bound session until it ends; answers why it did.
pub(crate) async fn run<S>(stream: S, buffered: BytesMut, shared: Arc<Shared>) -> String
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let (input, output) = tokio::io::split(stream);
    let reason = tokio::select! {
        reason = reader::read(input, buffered, &shared) => reason,
        reason = writer::write(output, &shared) => reason,
        reason = keeper::keep(&shared) => reason,
    };
    shared.close();
    reason
}
