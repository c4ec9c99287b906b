//! Carriers: how parts of messages leave, and how answers, receipts and texts come in.
//!
//! A [`Carrier`] takes parts without ever blocking and reports everything else
//! as [`CarrierEvent`]s. It stores nothing: what must not be lost is stored by
//! whoever reads the events, before it acknowledges them.
//!
//! Not here: which carrier is chosen, what a message costs, what a receipt changes.

mod event;
pub mod settings;
pub mod simulator;
pub mod smpp_driver;
mod submission;

use std::{fmt, sync::Arc, time::Duration};

use domain::Timestamp;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

pub use event::{Ack, CarrierEvent, Concatenation, Inbound, Outcome, Receipt, Verdict};
pub use submission::{Grouping, NotTaken, Submission};

/// Events that wait for their reader; beyond it a carrier is asked to come again.
pub const EVENTS_MAX: usize = 4_096;

/// A connection to somebody who delivers messages.
pub trait Carrier: Send + Sync + fmt::Debug {
    /// How the connection is, for operators and for routing.
    fn link(&self) -> Link;

    /// Parts that may be submitted now: 0 while it is down, paused or its window is full.
    fn free_slots(&self) -> usize;

    /// Takes a submission, or gives it back when there is no free slot. Never blocks.
    ///
    /// Every submission that was taken ends in exactly one [`CarrierEvent::Answer`],
    /// and after [`Outcome::Unanswered`] perhaps in one more.
    fn submit(&self, submission: Submission) -> Result<(), NotTaken>;

    /// How a long message is handed over.
    fn grouping(&self) -> Grouping;

    /// Lets time pass; only a carrier without a network of its own needs it.
    fn tick(&self, _now: Timestamp) {}

    /// Learns of accepted parts whose receipt has not come, after a restart.
    fn resume(&self, _awaiting: &[Awaiting]) {}

    /// The first id, in their own order, that [`Carrier::resume`] wants to hear of; `None` for none.
    fn resumes_from(&self, _now: Timestamp) -> Option<String> {
        None
    }

    /// Takes no more, waits up to `drain` for answers, and says goodbye.
    fn shutdown(&self, drain: Duration) -> BoxFuture<'_, ()>;
}

/// An accepted part without a receipt.
#[derive(Debug, Clone)]
pub struct Awaiting {
    pub carrier_message_id: String,
    pub recipient: String,
}

/// How a carrier's connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Whether it can take messages.
    pub up: bool,
    /// `bound`, `connecting`, `down`, `disabled`: the operator's word.
    pub state: &'static str,
    /// Connections that are bound, of those that are wanted.
    pub sessions_bound: usize,
    pub sessions: usize,
    /// Unanswered submissions that may be under way at once.
    pub window: usize,
    pub in_flight: usize,
    /// Submissions a second that are allowed now; 0 for no limit.
    pub rate: u32,
    pub last_error: Option<String>,
}

/// A running carrier and what it reports.
pub type Started = (Arc<dyn Carrier>, mpsc::Receiver<CarrierEvent>);
