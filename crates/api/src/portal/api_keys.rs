//! A customer's API keys.

use std::time::Duration;

use axum::{Json, extract::State};
use domain::{
    ApiKeyId, Timestamp,
    api_keys::{self as rules, Grant, Scope},
};
use engine::{ApiKeyCreated, OVERLAP_MAX};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::api_keys::{self as keys, ApiKey};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Caller, Id, JsonBody, Params, required, word},
    page::PageQuery,
    views::Time,
};

const NAME_CHARACTERS_MAX: usize = 100;

/// Entries of a key's list of addresses.
const ADDRESSES_MAX: usize = 50;

/// How long a rotated key goes on working where nobody says.
const OVERLAP_DEFAULT: Duration = Duration::from_secs(86_400);

/// A key without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct ApiKeyView {
    id: i64,
    #[schema(example = "Production")]
    name: String,
    /// How the secret begins.
    #[schema(example = "df_live_Ab3x")]
    prefix: String,
    /// `live` or `test`.
    #[schema(example = "live")]
    mode: &'static str,
    /// What it may do: `read` whatever only looks, `send` messages, `admin` everything.
    #[schema(example = json!(["send"]))]
    scopes: Vec<&'static str>,
    /// Where requests may come from; anywhere where it is empty.
    #[schema(example = json!(["192.0.2.0/24"]))]
    allowed_ips: Vec<String>,
    expires_at: Option<Time>,
    created_at: Time,
    last_used_at: Option<Time>,
    /// Shown in the answer to its creation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

fn view(key: ApiKey, secret: Option<String>) -> ApiKeyView {
    ApiKeyView {
        id: key.id.get(),
        name: key.name,
        prefix: key.prefix,
        mode: if key.grant.test { "test" } else { "live" },
        scopes: key.grant.scopes.iter().map(|scope| scope.as_str()).collect(),
        allowed_ips: key.grant.networks.iter().map(ToString::to_string).collect(),
        expires_at: key.grant.expires_at.map(Time),
        created_at: Time(key.created_at),
        last_used_at: key.last_used_at.map(Time),
        secret,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKeyList {
    success: bool,
    api_keys: Vec<ApiKeyView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// My API keys.
#[utoipa::path(
    get, path = "/portal/api-keys", tag = "API keys", params(PageQuery),
    responses(
        (status = 200, description = "A page of keys", body = ApiKeyList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<ApiKeyList>, ApiError> {
    let page = query.page()?;
    let account = caller.account;
    let mut found = api
        .engine
        .store()
        .read(move |tx| keys::list(tx, account, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |key| key.id.get());
    let api_keys = found.into_iter().map(|key| view(key, None)).collect();
    Ok(Json(ApiKeyList { success: true, api_keys, next_cursor }))
}

/// A limit that is misspelt must not be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApiKey {
    /// 1 to 100 characters, to tell keys apart.
    #[schema(required, nullable = false, example = "Production")]
    name: Option<String>,
    /// `live`, the default, or `test`: what a test key sends goes to the simulator and costs nothing.
    #[schema(example = "live")]
    mode: Option<String>,
    /// `read`, `send` or `admin`, one or several; `admin`, which is everything, if not given. A test
    /// key has `read` and `send` at most.
    #[schema(example = json!(["send"]))]
    scopes: Option<Vec<String>>,
    /// Addresses and networks from which it may be used, at most 50; from anywhere if not given.
    #[schema(example = json!(["192.0.2.0/24", "2001:db8::1"]))]
    allowed_ips: Option<Vec<String>>,
    /// When it ends, in UTC; never if not given.
    #[schema(example = "2027-01-01T00:00:00Z")]
    expires_at: Option<String>,
}

impl NewApiKey {
    fn grant(&self, now: Timestamp) -> Result<Grant, ApiError> {
        let test = match self.mode.as_deref() {
            None | Some("live") => false,
            Some("test") => true,
            Some(_) => return Err(ApiError::invalid("mode", "mode is live or test.")),
        };
        let mut scopes = match &self.scopes {
            None if test => vec![Scope::Read, Scope::Send],
            None => vec![Scope::Admin],
            Some(words) => words
                .iter()
                .map(|text| word("scopes", text, &["read", "send", "admin"]))
                .collect::<Result<Vec<Scope>, ApiError>>()?,
        };
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(ApiError::invalid(
                "scopes",
                "A key without a scope is good for nothing; name one.",
            ));
        }
        if test && scopes.contains(&Scope::Admin) {
            let message = "A test key sends test messages and reads; name send, read or both.";
            return Err(ApiError::invalid("scopes", message));
        }
        let addresses = self.allowed_ips.as_deref().unwrap_or_default();
        if addresses.len() > ADDRESSES_MAX {
            let message = format!("allowed_ips has at most {ADDRESSES_MAX} entries.");
            return Err(ApiError::invalid("allowed_ips", message));
        }
        let networks = addresses
            .iter()
            .map(|text| {
                rules::network(text).ok_or_else(|| {
                    let message =
                        format!("{text:?} is no address; write 192.0.2.1 or 192.0.2.0/24.");
                    ApiError::invalid("allowed_ips", message)
                })
            })
            .collect::<Result<Vec<_>, ApiError>>()?;
        let expires_at =
            self.expires_at.as_deref().map(Timestamp::parse).transpose().map_err(|error| {
                ApiError::invalid("expires_at", format!("expires_at is {error}."))
            })?;
        if expires_at.is_some_and(|at| at <= now) {
            return Err(ApiError::invalid(
                "expires_at",
                "expires_at has passed; name a later time.",
            ));
        }
        Ok(Grant { test, scopes, expires_at, networks })
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneApiKey {
    success: bool,
    api_key: ApiKeyView,
}

/// Makes a key; its secret is in this answer only.
#[utoipa::path(
    post, path = "/portal/api-keys", tag = "API keys", request_body = NewApiKey,
    responses(
        (status = 201, description = "The key with its secret", body = OneApiKey),
        (status = "4XX", description = "Nothing was made", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<NewApiKey>,
) -> Result<Created, ApiError> {
    may_make_keys(&caller)?;
    let name = required("name", body.value.name.as_deref())?.trim().to_owned();
    let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
    if !fits || name.chars().any(char::is_control) {
        let message =
            format!("name has 1 to {NAME_CHARACTERS_MAX} characters, no control characters.");
        return Err(ApiError::invalid("name", message));
    }
    let grant = body.value.grant(api.engine.clock().now())?;
    let done =
        api.engine.create_api_key(caller.account, name, grant, body.idempotency, render).await?;
    Ok(Created(done))
}

/// What a limited key made would outlive its limits.
fn may_make_keys(caller: &Caller) -> Result<(), ApiError> {
    if caller.is_limited {
        let message = "An API key that ends, or that is bound to addresses, makes no keys. Use another, or sign in.";
        return Err(ApiError::forbidden(message));
    }
    Ok(())
}

fn render(made: &ApiKeyCreated) -> Value {
    named("api_key", view(made.key.clone(), Some(made.secret.secret.clone())))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// How long the old secret goes on working, 0 to 2,592,000 (30 days); a day if not given.
    #[schema(example = 86400)]
    overlap_seconds: Option<i64>,
}

/// A new secret for a key, with the same name and rights; the old one ends after the overlap.
#[utoipa::path(
    post, path = "/portal/api-keys/{id}/rotate", tag = "API keys", params(("id" = i64, Path)),
    request_body = Rotation,
    responses(
        (status = 201, description = "The new key with its secret", body = OneApiKey),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn rotate(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    body: JsonBody<Rotation>,
) -> Result<Created, ApiError> {
    may_make_keys(&caller)?;
    let overlap = match body.value.overlap_seconds {
        None => OVERLAP_DEFAULT,
        Some(seconds) => u64::try_from(seconds)
            .ok()
            .map(Duration::from_secs)
            .filter(|overlap| *overlap <= OVERLAP_MAX)
            .ok_or_else(|| {
                let message = format!("overlap_seconds is 0 to {}.", OVERLAP_MAX.as_secs());
                ApiError::invalid("overlap_seconds", message)
            })?,
    };
    let id = ApiKeyId::new(id);
    let done =
        api.engine.rotate_api_key(caller.account, id, overlap, body.idempotency, render).await?;
    Ok(Created(done))
}

/// Revokes a key at once and for good.
#[utoipa::path(
    delete, path = "/portal/api-keys/{id}", tag = "API keys", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "It is revoked", body = Object),
        (status = "4XX", description = "There is no such key", body = Failure),
    ),
)]
pub(super) async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, ApiError> {
    api.engine.revoke_api_key(caller.account, ApiKeyId::new(id)).await?;
    Ok(Json(json!({"success": true})))
}
