//! Signing in and out, and who is signed in.

use axum::{
    Json,
    extract::State,
    http::{
        HeaderMap,
        header::{CACHE_CONTROL, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use domain::Email;
use engine::{PasswordError, Presence, Token};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::api_keys::Owner;
use utoipa::ToSchema;

use crate::{
    Api,
    client::From,
    cookie,
    error::{ApiError, Failure},
    extract::{JsonBody, Person, parsed, required},
    views::Time,
};

/// Who is signed in, and how they like the portal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    id: i64,
    /// `customer` or `operator`.
    #[schema(example = "customer")]
    role: &'static str,
    /// The customer's account; null for operators.
    account_id: Option<i64>,
    name: String,
    #[schema(example = "owner@example.com")]
    email: String,
    /// The address was shown to be the person's.
    verified: bool,
    /// `en`, `nl`, `de`, `fr`, `es`, `pt`, `ar`, `zh`, `ja` or `hi`; null: as the browser has it.
    language: Option<&'static str>,
    /// `system`, `light` or `dark`.
    theme: &'static str,
    /// Like `Europe/Amsterdam`; null: as the browser has it.
    time_zone: Option<String>,
    /// This server was started to be tried.
    demo: bool,
    /// The wallet can be topped up here.
    payments: bool,
    created_at: Time,
    /// It ends then in any case, and earlier if it is not used.
    expires_at: Time,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneSession {
    success: bool,
    session: SessionView,
    /// In a demo: the link that was sent by e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    demo_link: Option<String>,
}

pub(super) fn one(api: &Api, presence: Presence, demo_link: Option<String>) -> OneSession {
    let Presence { session, person, expires_at } = presence;
    let (role, account_id) = match person.owner {
        Owner::Account(id) => ("customer", Some(id.get())),
        Owner::Operator(_) => ("operator", None),
    };
    let site = &api.engine.config().site;
    let session = SessionView {
        id: session.id.get(),
        role,
        account_id,
        name: person.name,
        email: person.email.to_string(),
        verified: person.verified_at.is_some(),
        language: person.profile.language.map(|language| language.as_str()),
        theme: person.profile.theme.as_str(),
        time_zone: person.profile.time_zone.map(|zone| zone.to_string()),
        demo: site.demo,
        payments: api.engine.payments().is_some(),
        created_at: Time(session.created_at),
        expires_at: Time(expires_at),
    };
    OneSession { success: true, session, demo_link }
}

/// The answer that signs a browser in.
pub(super) fn signed_in(api: &Api, token: &Token, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    headers.insert(SET_COOKIE, cookie::given(token, api.is_secure()));
    headers.insert(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    response
}

/// Too many wrong passwords, by whatever way they came.
pub(super) fn too_many_wrong(retry_after_seconds: i64) -> ApiError {
    let message = "Too many wrong passwords. Wait as long as Retry-After says, or set a new one.";
    ApiError::too_many(message, retry_after_seconds)
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SignInBody {
    #[schema(required, nullable = false, example = "owner@example.com")]
    email: Option<String>,
    #[schema(required, nullable = false)]
    password: Option<String>,
}

/// Signs in: the answer sets the session's cookie.
///
/// After ten wrong passwords within 15 minutes, for one address or from one
/// client, further ones are refused with 429.
#[utoipa::path(
    post, path = "/portal/session", tag = "Session", request_body = SignInBody, security(()),
    responses(
        (status = 200, description = "Signed in", body = OneSession),
        (status = "4XX", description = "Not signed in", body = Failure),
    ),
)]
pub(super) async fn sign_in(
    State(api): State<Api>,
    From(client): From,
    headers: HeaderMap,
    body: JsonBody<SignInBody>,
) -> Result<Response, ApiError> {
    let email: Email = parsed("email", &required("email", body.value.email)?)?;
    let password = required("password", body.value.password)?;
    let replaced = cookie::shown(&headers, api.is_secure());
    let made =
        api.engine.sign_in(email, password, client, replaced).await.map_err(
            |error| match error {
                PasswordError::Store(error) => error.into(),
                PasswordError::Wrong => ApiError {
                    message: "The e-mail address or the password is wrong.".to_owned(),
                    ..ApiError::unauthenticated()
                },
                PasswordError::TooMany { retry_after_seconds } => {
                    too_many_wrong(retry_after_seconds)
                }
            },
        )?;
    Ok(signed_in(&api, &made.token, Json(one(&api, made.presence, None))))
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/portal/session", tag = "Session", security(("session" = [])),
    responses(
        (status = 200, description = "The session", body = OneSession),
        (status = "4XX", description = "Nobody is signed in", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    Person(holder): Person,
) -> Result<Json<OneSession>, ApiError> {
    let presence = api.engine.presence(holder).await?;
    Ok(Json(one(&api, presence, None)))
}

/// Signs out: the session ends, and the answer takes the cookie away.
#[utoipa::path(
    delete, path = "/portal/session", tag = "Session", security(("session" = []), ()),
    responses((status = 200, description = "Nobody is signed in", body = Object)),
)]
pub(super) async fn sign_out(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(hash) = cookie::shown(&headers, api.is_secure()) {
        api.engine.sign_out(hash).await?;
    }
    let taken = [(SET_COOKIE, cookie::taken(api.is_secure()))];
    Ok((taken, Json(json!({"success": true}))).into_response())
}
