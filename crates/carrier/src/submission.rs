//! What is handed to a carrier.

use std::time::Duration;

use domain::text::Encoding;

/// How a long message is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// One submission for each part.
    PerPart,
    /// One submission carries the whole text; the carrier divides it.
    Whole,
}

/// One PDU's worth: a part, or a whole message where the carrier divides it.
#[derive(Clone)]
pub struct Submission {
    /// Comes back with the answer.
    pub token: u64,
    /// E.164 with `+`, or an alphanumeric name.
    pub sender: String,
    /// E.164 with `+`.
    pub recipient: String,
    /// The text of this part.
    pub text: String,
    pub encoding: Encoding,
    /// From 1.
    pub part: u8,
    pub total: u8,
    /// The same for all parts and for a resend.
    pub reference: u8,
    /// Comes back in receipts of carriers that support it.
    pub user_reference: u16,
    /// How often the message was tried, this time included.
    pub attempt: i64,
    /// What is left of the message's validity.
    pub validity: Duration,
}

/// Without the text and the full numbers.
impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission")
            .field("token", &self.token)
            .field("part", &self.part)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// No slot was free, or the link is down; nothing was written.
#[derive(Debug)]
pub struct NotTaken(pub Submission);
