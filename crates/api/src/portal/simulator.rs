//! The virtual phone: texts that a customer writes to a simulated number.

use axum::extract::State;
use domain::{NumberId, text};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    Api,
    answer::Created,
    error::{ApiError, Failure},
    extract::{Caller, JsonBody, required},
    operator::made_up_sender,
};

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PhoneBody {
    /// A number, a short code or a name.
    #[schema(required, nullable = false, example = "+447700900123")]
    from: Option<String>,
    /// One of your simulated numbers.
    #[schema(required, nullable = false, example = 42)]
    to_number_id: Option<i64>,
    #[schema(required, nullable = false, example = "Thanks, got the tracking!")]
    body: Option<String>,
}

/// Delivers a text to one of my simulated numbers, as if a handset had sent it.
#[utoipa::path(
    post, path = "/portal/simulator/inbound", tag = "Messages", request_body = PhoneBody,
    responses(
        (status = 201, description = "It is in the inbox", body = Object),
        (status = "4XX", description = "Nothing was delivered", body = Failure),
    ),
)]
pub(super) async fn inbound(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<PhoneBody>,
) -> Result<Created, ApiError> {
    let PhoneBody { from, to_number_id, body: text } = body.value;
    let from = made_up_sender(from)?;
    let to = NumberId::new(required("to_number_id", to_number_id)?);
    let text = text::Body::parse(&required("body", text)?)?;
    let render = |(): &()| json!({"success": true});
    let (engine, account) = (&api.engine, caller.account);
    let done = engine.answer_simulated(account, to, from, text, body.idempotency, render).await?;
    Ok(Created(done))
}
