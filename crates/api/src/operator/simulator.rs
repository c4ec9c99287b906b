//! Texts that an operator makes up.

use axum::extract::State;
use domain::text;
use engine::SimulatedInbound;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    Api,
    answer::Created,
    error::{ApiError, Failure},
    extract::{JsonBody, Operator, parsed, required},
};

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct InboundBody {
    /// A number, a short code or a name.
    #[schema(required, nullable = false, example = "+447700900123")]
    from: Option<String>,
    /// A number that an account holds.
    #[schema(required, nullable = false, example = "+447700900001")]
    to: Option<String>,
    #[schema(required, nullable = false, example = "Thanks, got the tracking!")]
    body: Option<String>,
}

/// Delivers a text as if a carrier had handed it over.
#[utoipa::path(
    post, path = "/operator/simulator/inbound", tag = "Operator: simulator", request_body = InboundBody,
    responses(
        (status = 201, description = "It is in the inbox", body = Object),
        (status = "4XX", description = "Nothing was delivered", body = Failure),
    ),
)]
pub(super) async fn inbound(
    State(api): State<Api>,
    _: Operator,
    body: JsonBody<InboundBody>,
) -> Result<Created, ApiError> {
    let InboundBody { from, to, body: text } = body.value;
    let text = SimulatedInbound {
        from: made_up_sender(from)?,
        to: parsed("to", &required("to", to)?)?,
        body: text::Body::parse(&required("body", text)?)?,
    };
    let render = |(): &()| json!({"success": true});
    Ok(Created(api.engine.simulate_inbound(text, body.idempotency, render).await?))
}

/// Whoever a made-up text is from.
pub(crate) fn made_up_sender(from: Option<String>) -> Result<String, ApiError> {
    let from = required("from", from)?;
    if from.trim().is_empty() || from.chars().count() > 20 {
        return Err(ApiError::invalid("from", "from has 1 to 20 characters."));
    }
    Ok(from)
}
