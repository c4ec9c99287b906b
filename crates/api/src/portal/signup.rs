//! New customers.

use axum::{extract::State, response::Response};
use domain::{Email, Password};
use engine::{Presence, SignUp, UseError};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::session::{OneSession, one, signed_in};
use crate::{
    Api,
    answer::Created,
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
///
/// From one network, 20 letters an hour are asked for by signing up or for a link; further ones are
/// refused with 429.
#[utoipa::path(
    post, path = "/portal/signup", tag = "Session", request_body = SignUpBody, security(()),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request give the first answer again, for 24 hours")),
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
    let view = api.clone();
    let render = move |presence: &Presence, link: &str| {
        let demo_link = view.engine.config().site.demo.then(|| link.to_owned());
        json!(one(&view, presence.clone(), demo_link))
    };
    let made = api.engine.sign_up(new, client, body.idempotency, render).await.map_err(
        |error| match error {
            taken @ UseError::Conflict { .. } => ApiError::from(taken).about("email"),
            other => other.into(),
        },
    )?;
    Ok(signed_in(&api, &made.token, Created(made.done)))
}
