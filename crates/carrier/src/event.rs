//! What a carrier reports.

use std::fmt;

use domain::{FailureCode, receipts::ReceiptState, text::Encoding};
use serde::{Deserialize, Serialize};

#[derive(Debug)]
pub enum CarrierEvent {
    /// It can take messages (again).
    Up,
    Down {
        reason: String,
    },
    Answer {
        token: u64,
        outcome: Outcome,
    },
    Receipt {
        receipt: Receipt,
        ack: Ack,
    },
    Inbound {
        inbound: Inbound,
        ack: Ack,
    },
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Empty where the carrier gave no id.
    Accepted { carrier_message_id: String },
    /// Refused for good. `error` is the carrier's words, for the operator.
    Refused { failure: FailureCode, error: String },
    /// Refused for now: another carrier, or this one later, may take it.
    Retry { error: String },
    /// The carrier asked for a pause; the driver makes it.
    Throttled { error: String },
    /// No byte of it was written.
    NotWritten,
    /// Written, and no answer came: it may have been taken.
    Unanswered,
}

/// News of a submission that was accepted. Stored as JSON while it matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The carrier marked it as a receipt. Where not, it merely reads like one, and
    /// must come from where its message went.
    #[serde(default)]
    pub marked: bool,
    /// As the carrier writes it in receipts, which may not be as it wrote it in the answer.
    pub carrier_message_id: Option<String>,
    #[serde(with = "word")]
    pub state: ReceiptState,
    pub failure: Option<FailureCode>,
    /// The carrier's words, for the operator.
    pub error: Option<String>,
    pub user_reference: Option<u16>,
    /// Where the message went, in digits.
    pub recipient: Option<String>,
}

/// A text that came in, or a part of one.
#[derive(Clone)]
pub struct Inbound {
    /// `+` and digits, or a name or short code.
    pub sender: String,
    /// `+` and digits.
    pub recipient: String,
    pub body: String,
    pub encoding: Encoding,
    pub concatenation: Option<Concatenation>,
    /// The connection it came on, different after each reconnect.
    pub session: i64,
    pub sequence: i64,
    /// SHA-256 of everything that a redelivery repeats.
    pub digest: [u8; 32],
}

/// Without the text and the full numbers.
impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("session", &self.session)
            .field("sequence", &self.sequence)
            .field("concatenation", &self.concatenation)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concatenation {
    pub reference: u16,
    pub total: u8,
    /// From 1.
    pub part: u8,
}

/// What the carrier is told about something it handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Stored,
    /// It could not be stored: come again.
    TryAgain,
}

/// Tells the carrier, once, after the commit.
pub struct Ack(Option<Box<dyn FnOnce(Verdict) + Send>>);

impl Ack {
    pub fn new(tell: impl FnOnce(Verdict) + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }

    /// For a source that waits for no answer.
    pub fn none() -> Self {
        Self(None)
    }

    pub fn tell(mut self, verdict: Verdict) {
        if let Some(tell) = self.0.take() {
            tell(verdict);
        }
    }
}

/// Dropped untold: nothing was stored.
impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell(Verdict::TryAgain);
        }
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ack")
    }
}

/// A receipt state as its stable word.
mod word {
    use domain::receipts::ReceiptState;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        state: &ReceiptState,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(state.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ReceiptState, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
