//! Where Stripe posts its events: raw, as they are signed as they came.

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
};
use engine::PaymentEventError;
use serde_json::{Value, json};

use crate::{Api, error::ApiError};

/// The longest event.
const EVENT_OCTETS_MAX: usize = 1024 * 1024;

/// 2xx says that it is stored; after anything else Stripe posts it again, for three days.
pub(crate) async fn receive(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = to_bytes(body, EVENT_OCTETS_MAX).await.map_err(|_| {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        ApiError::new(status, "body_too_large", "An event has at most 1 MiB.")
    })?;
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    api.engine.payment_event(signature.unwrap_or_default(), &body).await?;
    Ok(Json(json!({"success": true})))
}

impl From<PaymentEventError> for ApiError {
    fn from(error: PaymentEventError) -> Self {
        match error {
            PaymentEventError::NotSetUp => Self::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "Payments by Stripe are not set up: set stripe.secret_key and stripe.webhook_secret.",
            ),
            PaymentEventError::Forged => Self::new(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "Stripe-Signature does not fit: check stripe.webhook_secret and this server's clock.",
            ),
            PaymentEventError::Malformed(why) => {
                Self::new(StatusCode::BAD_REQUEST, "invalid_json", format!("{why}."))
            }
            PaymentEventError::Use(error) => error.into(),
        }
    }
}
