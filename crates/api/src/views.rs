//! What the API shows, field by field.

use domain::{Currency, Direction, FailureCode, MessageStatus, Micros, Timestamp};
use serde::{Serialize, Serializer};
use store::messages::Message;
use utoipa::ToSchema;

/// An amount and its currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Money {
    /// A decimal string.
    #[schema(example = "0.008")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
}

impl Money {
    pub(crate) fn new(amount: Micros, currency: Currency) -> Self {
        Self { amount: amount.to_string(), currency: currency.to_string() }
    }

    /// As two cells of a file: a decimal, and the currency.
    pub(crate) fn cells(self) -> (String, String) {
        (self.amount, self.currency)
    }
}

/// A point in time, `2026-04-03T10:15:30.000000Z`.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-04-03T10:15:30.000000Z")]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Why a message failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MessageFailure {
    /// A stable word for programs.
    #[schema(example = "undeliverable")]
    code: &'static str,
    /// What to do about it.
    message: &'static str,
    /// Whether the same message would fail again.
    permanent: bool,
}

impl From<FailureCode> for MessageFailure {
    fn from(code: FailureCode) -> Self {
        Self { code: code.as_str(), message: code.message(), permanent: code.permanent() }
    }
}

/// A message as its owner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MessageView {
    #[schema(example = 156)]
    id: i64,
    /// `outbound` or `inbound`.
    #[schema(example = "outbound")]
    direction: &'static str,
    #[schema(example = "+31201234567")]
    from: String,
    #[schema(example = "+31612345678")]
    to: String,
    body: String,
    /// `queued`, `sending`, `sent`, `delivered`, `failed`; inbound `received`.
    #[schema(example = "queued")]
    status: &'static str,
    #[schema(example = 1)]
    segments: i64,
    /// The brand that carries it.
    #[schema(example = "didfarm")]
    carrier: String,
    created_at: Time,
    /// Which of your numbers it went from or came to.
    number_id: i64,
    /// `gsm7` or `ucs2`.
    #[schema(example = "gsm7")]
    encoding: &'static str,
    price: Money,
    /// More than the status tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<MessageFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<Time>,
    /// The carrier should have told the outcome by now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    receipt_overdue: bool,
    /// Sent with a test key: simulated and free. Only there where it is true.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

/// What views need beside the rows.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    pub(crate) brand: String,
    pub(crate) currency: Currency,
    pub(crate) now: Timestamp,
}

/// After its validity, a message's receipt is overdue.
const RECEIPT_GRACE: std::time::Duration = std::time::Duration::from_secs(3_600);

impl Viewer {
    pub(crate) fn message(&self, message: Message) -> MessageView {
        let status = message.status;
        let ended = |wanted| message.finished_at.filter(|_| status == wanted).map(Time);
        let overdue =
            status == MessageStatus::Sent && message.valid_until.plus(RECEIPT_GRACE) < self.now;
        MessageView {
            id: message.id.get(),
            direction: message.direction.as_str(),
            from: message.sender,
            to: message.recipient,
            body: message.body,
            status: status.as_str(),
            segments: message.segments,
            carrier: self.brand.clone(),
            created_at: Time(message.created_at),
            number_id: message.number.get(),
            encoding: message.encoding.as_str(),
            price: Money::new(message.price, self.currency),
            status_detail: message.detail,
            error: message.failure.map(MessageFailure::from),
            sent_at: message.sent_at.map(Time),
            delivered_at: ended(MessageStatus::Delivered),
            failed_at: ended(MessageStatus::Failed),
            received_at: (message.direction == Direction::Inbound)
                .then_some(Time(message.created_at)),
            receipt_overdue: overdue,
            test: message.test,
        }
    }
}
