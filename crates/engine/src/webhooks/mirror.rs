//! What webhooks are told, for a program that asks for it instead: the same bodies, signed alike.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{Timestamp, webhooks::WebhookEvent};
use store::{
    StoreError,
    events::{PlainEvent, StoredEvent},
    webhooks::{Secrets, pushed_as},
};

use super::{payload, signature};

/// The name and the body under which an event is pushed; `None` for one that is not.
pub fn pushed(event: &StoredEvent) -> Result<Option<(WebhookEvent, String)>, StoreError> {
    let Some(name) = pushed_as(event.kind, event.status) else { return Ok(None) };
    let message = event.message.as_ref();
    let plain = PlainEvent {
        seq: event.seq,
        kind: event.kind,
        message: message.map(|message| message.id),
        status: event.status,
        data: event.data.clone(),
        at: event.at,
    };
    payload::body(name, &plain, message).map(|body| Some((name, body)))
}

/// The body of a test.
pub fn sample(event: WebhookEvent, at: Timestamp) -> String {
    payload::sample(event, at)
}

/// A new secret, `whsec_…`.
pub fn new_secret() -> String {
    signature::secret_text(&signature::new_secret())
}

/// The header `webhook-signature` by a secret such as [`new_secret`] makes; `None` where it is none.
pub fn signature_by(secret: &str, id: &str, at: Timestamp, body: &str) -> Option<String> {
    let octets = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    Some(signature::sign(&Secrets(vec![octets]), id, at, body))
}
