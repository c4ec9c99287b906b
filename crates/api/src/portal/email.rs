//! Showing that an address is one's own.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Api,
    client::From,
    error::{ApiError, Failure},
    extract::{JsonBody, Person, required},
};

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct TokenBody {
    /// From the link that was sent.
    #[schema(required, nullable = false)]
    token: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Confirmed {
    pub(super) success: bool,
    /// Whose link it was.
    #[schema(example = "owner@example.com")]
    pub(super) email: String,
}

/// Confirms an address by the link that was sent to it.
#[utoipa::path(
    post, path = "/portal/email/verify", tag = "Session", request_body = TokenBody, security(()),
    responses(
        (status = 200, description = "The address is confirmed", body = Confirmed),
        (status = "4XX", description = "The link was used or has expired", body = Failure),
    ),
)]
pub(super) async fn verify(
    State(api): State<Api>,
    body: JsonBody<TokenBody>,
) -> Result<Json<Confirmed>, ApiError> {
    let token = required("token", body.value.token)?;
    let email = api.engine.verify_email(&token).await?.to_string();
    Ok(Json(Confirmed { success: true, email }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LetterSent {
    pub(super) success: bool,
    /// In a demo: the link that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) demo_link: Option<String>,
}

/// Sends the link to confirm my address once more, at most five letters an hour.
#[utoipa::path(
    post, path = "/portal/email/verify/resend", tag = "Session", security(("session" = [])),
    responses(
        (status = 200, description = "It is on its way", body = LetterSent),
        (status = "4XX", description = "Nothing was sent", body = Failure),
    ),
)]
pub(super) async fn resend(
    State(api): State<Api>,
    Person(holder): Person,
    From(client): From,
) -> Result<Json<LetterSent>, ApiError> {
    let link = api.engine.send_verification(holder.owner, &client).await?;
    let demo_link = api.engine.config().site.demo.then_some(link);
    Ok(Json(LetterSent { success: true, demo_link }))
}
