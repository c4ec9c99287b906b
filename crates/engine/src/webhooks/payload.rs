//! What is pushed: `{"event": …, "data": …}`, the same at every attempt.

use domain::{FailureCode, Timestamp, webhooks::WebhookEvent};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{StoreError, events::PlainEvent, messages::Message};

/// The whole body, its fields in the guide's order.
#[derive(Serialize)]
struct Envelope<T> {
    event: &'static str,
    data: T,
}

#[derive(Serialize)]
struct Received<'a> {
    id: i64,
    from: &'a str,
    to: &'a str,
    body: &'a str,
    segments: i64,
    received_at: String,
}

#[derive(Serialize)]
struct Outbound<'a> {
    id: i64,
    from: &'a str,
    to: &'a str,
    body: &'a str,
    status: &'static str,
    segments: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at: Option<String>,
    /// Of a test message only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

#[derive(Serialize)]
struct Failure {
    code: &'static str,
    message: &'static str,
    permanent: bool,
}

impl From<FailureCode> for Failure {
    fn from(code: FailureCode) -> Self {
        Self { code: code.as_str(), message: code.message(), permanent: code.permanent() }
    }
}

/// The body that tells of an event; `message` is the one that the event is about.
pub(crate) fn body(
    name: WebhookEvent,
    event: &PlainEvent,
    message: Option<&Message>,
) -> Result<String, StoreError> {
    match name {
        WebhookEvent::SmsReceived => {
            let message = message.ok_or_else(without_message)?;
            Ok(json(name, received(message, event.at)))
        }
        WebhookEvent::SmsSent | WebhookEvent::SmsDelivered | WebhookEvent::SmsFailed => {
            let message = message.ok_or_else(without_message)?;
            Ok(json(name, outbound(name, message, event.at)))
        }
        WebhookEvent::NumberStatus
        | WebhookEvent::WalletLowBalance
        | WebhookEvent::WalletRechargeFailed => {
            let data = event.data.clone().unwrap_or_else(|| "{}".to_owned());
            let data = RawValue::from_string(data)
                .map_err(|error| StoreError::Corrupt(format!("an event's data: {error}")))?;
            Ok(json(name, data))
        }
    }
}

fn without_message() -> StoreError {
    StoreError::Corrupt("an event without its message".to_owned())
}

fn json(event: WebhookEvent, data: impl Serialize) -> String {
    let envelope = Envelope { event: event.as_str(), data };
    serde_json::to_string(&envelope).expect("payloads have string keys only")
}

fn received(message: &Message, at: Timestamp) -> Received<'_> {
    Received {
        id: message.id.get(),
        from: &message.sender,
        to: &message.recipient,
        body: &message.body,
        segments: message.segments,
        received_at: at.to_string(),
    }
}

fn outbound(name: WebhookEvent, message: &Message, at: Timestamp) -> Outbound<'_> {
    let when = |wanted: WebhookEvent| (name == wanted).then(|| at.to_string());
    Outbound {
        id: message.id.get(),
        from: &message.sender,
        to: &message.recipient,
        body: &message.body,
        status: match name {
            WebhookEvent::SmsDelivered => "delivered",
            WebhookEvent::SmsFailed => "failed",
            _ => "sent",
        },
        segments: message.segments,
        error: message.failure.filter(|_| name == WebhookEvent::SmsFailed).map(Failure::from),
        sent_at: message.sent_at.map(|at| at.to_string()),
        delivered_at: when(WebhookEvent::SmsDelivered),
        failed_at: when(WebhookEvent::SmsFailed),
        test: message.test,
    }
}

/// The body of a test: as the event would look, with numbers reserved for fiction.
pub(crate) fn sample(name: WebhookEvent, at: Timestamp) -> String {
    let (handset, number) = ("+447700900123", "+442079460123");
    let at = at.to_string();
    match name {
        WebhookEvent::SmsReceived => json(
            name,
            Received {
                id: 157,
                from: handset,
                to: number,
                body: "Thanks, got the tracking!",
                segments: 1,
                received_at: at,
            },
        ),
        WebhookEvent::SmsSent | WebhookEvent::SmsDelivered | WebhookEvent::SmsFailed => {
            let failed = name == WebhookEvent::SmsFailed;
            let delivered = name == WebhookEvent::SmsDelivered;
            json(
                name,
                Outbound {
                    id: 156,
                    from: number,
                    to: handset,
                    body: "Your order #1234 has shipped!",
                    status: match name {
                        WebhookEvent::SmsDelivered => "delivered",
                        WebhookEvent::SmsFailed => "failed",
                        _ => "sent",
                    },
                    segments: 1,
                    error: failed.then(|| FailureCode::Undeliverable.into()),
                    sent_at: (!failed).then(|| at.clone()),
                    delivered_at: delivered.then(|| at.clone()),
                    failed_at: failed.then_some(at),
                    test: false,
                },
            )
        }
        WebhookEvent::NumberStatus => json(
            name,
            serde_json::json!({"id": 42, "number": number, "status": "active", "sms_enabled": true}),
        ),
        WebhookEvent::WalletRechargeFailed => {
            json(name, serde_json::json!({"reason": "Your card was declined."}))
        }
        WebhookEvent::WalletLowBalance => json(
            name,
            serde_json::json!({
                "balance": {"amount": "4.992", "currency": "EUR"},
                "threshold": {"amount": "5", "currency": "EUR"},
            }),
        ),
    }
}
