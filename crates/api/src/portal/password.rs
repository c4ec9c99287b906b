//! New passwords: for who knows the old one, and for who forgot it.

use axum::{Json, extract::State, http::StatusCode};
use domain::{Email, Password};
use engine::PasswordError;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    email::{Confirmed, LetterSent},
    session::too_many_wrong,
};
use crate::{
    Api,
    client::From,
    error::{ApiError, Failure},
    extract::{JsonBody, Person, parsed, required},
};

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ChangeBody {
    #[schema(required, nullable = false)]
    current: Option<String>,
    /// 10 to 200 characters.
    #[schema(required, nullable = false, min_length = 10, max_length = 200)]
    new: Option<String>,
}

/// Changes my password; my other sessions end.
#[utoipa::path(
    post, path = "/portal/password", tag = "Session", request_body = ChangeBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "It is changed", body = Object),
        (status = "4XX", description = "It stays as it was", body = Failure),
    ),
)]
pub(super) async fn change(
    State(api): State<Api>,
    Person(holder): Person,
    From(client): From,
    body: JsonBody<ChangeBody>,
) -> Result<Json<Value>, ApiError> {
    let current = required("current", body.value.current)?;
    let new: Password = parsed("new", &required("new", body.value.new)?)?;
    let presence = api.engine.presence(holder).await?;
    api.engine.change_password(&presence, current, new, &client).await.map_err(
        |error| match error {
            PasswordError::Store(error) => error.into(),
            PasswordError::Wrong => {
                let message = "The current password is wrong.";
                ApiError::new(StatusCode::FORBIDDEN, "forbidden", message).about("current")
            }
            PasswordError::TooMany { retry_after_seconds } => too_many_wrong(retry_after_seconds),
        },
    )?;
    Ok(Json(json!({"success": true})))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ForgottenBody {
    #[schema(required, nullable = false, example = "owner@example.com")]
    email: Option<String>,
}

/// Sends a link to set a new password; the answer is the same for addresses that are nobody's.
///
/// From one network, 20 letters an hour are asked for by signing up or for a link; further ones are
/// refused with 429.
#[utoipa::path(
    post, path = "/portal/password/reset/request", tag = "Session", request_body = ForgottenBody,
    security(()),
    responses(
        (status = 200, description = "If the address is somebody's, a link is on its way", body = LetterSent),
        (status = "4XX", description = "This is no address", body = Failure),
    ),
)]
pub(super) async fn request_reset(
    State(api): State<Api>,
    From(client): From,
    body: JsonBody<ForgottenBody>,
) -> Result<Json<LetterSent>, ApiError> {
    let email: Email = parsed("email", &required("email", body.value.email)?)?;
    let demo_link = api.engine.request_reset(email, &client).await?;
    Ok(Json(LetterSent { success: true, demo_link }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ResetBody {
    /// From the link that was sent.
    #[schema(required, nullable = false)]
    token: Option<String>,
    /// 10 to 200 characters.
    #[schema(required, nullable = false, min_length = 10, max_length = 200)]
    password: Option<String>,
}

/// Sets a new password by the link that was sent; all sessions end.
#[utoipa::path(
    post, path = "/portal/password/reset", tag = "Session", request_body = ResetBody, security(()),
    responses(
        (status = 200, description = "It is set: sign in with it", body = Confirmed),
        (status = "4XX", description = "It stays as it was", body = Failure),
    ),
)]
pub(super) async fn reset(
    State(api): State<Api>,
    body: JsonBody<ResetBody>,
) -> Result<Json<Confirmed>, ApiError> {
    let token = required("token", body.value.token)?;
    let password: Password = parsed("password", &required("password", body.value.password)?)?;
    let email = api.engine.reset_password(&token, password).await?.to_string();
    Ok(Json(Confirmed { success: true, email }))
}
