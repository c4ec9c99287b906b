//! New customers.

use axum::{extract::State, http::StatusCode, response::Response};
use domain::{Email, Password};
use engine::{SignUp, UseError};
use serde::Deserialize;
use utoipa::ToSchema;

use super::session::{OneSession, signed_in};
use crate::{
    Api,
    client::From,
    error::{ApiError, Failure},
    extract::{JsonBody, parsed, required},
};

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SignUpBody {
    #[schema(required, nullable = false, example = "owner@example.com")]
    email: Option<String>,
    /// 10 to 200 characters.
    #[schema(required, nullable = false, min_length = 10, max_length = 200)]
    password: Option<String>,
    /// 1 to 100 characters; the address's first half where it is missing.
    #[schema(example = "Example Ltd")]
    name: Option<String>,
}

/// Makes an account with an empty wallet, signs its owner in, and sends a link to confirm the address.
#[utoipa::path(
    post, path = "/portal/signup", tag = "Session", request_body = SignUpBody, security(()),
    responses(
        (status = 201, description = "Signed up and in", body = OneSession),
        (status = "4XX", description = "Nothing was made", body = Failure),
    ),
)]
pub(super) async fn sign_up(
    State(api): State<Api>,
    From(client): From,
    body: JsonBody<SignUpBody>,
) -> Result<Response, ApiError> {
    let SignUpBody { email, password, name } = body.value;
    let email: Email = parsed("email", &required("email", email)?)?;
    let password: Password = parsed("password", &required("password", password)?)?;
    let name = name.filter(|name| !name.trim().is_empty());
    let new = SignUp { email, password, name };
    let made = api.engine.sign_up(new, client).await.map_err(|error| match error {
        taken @ UseError::Conflict { .. } => ApiError::from(taken).about("email"),
        other => other.into(),
    });
    let (made, link) = made?;
    let demo_link = api.engine.config().site.demo.then_some(link);
    Ok(signed_in(&api, StatusCode::CREATED, made, demo_link))
}
