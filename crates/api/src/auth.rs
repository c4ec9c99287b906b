//! Who a request comes from: an API key, or the cookie of a signed-in browser. A key wins.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header::AUTHORIZATION, request::Parts},
};
use domain::{
    AccountId, ApiKeyId, OperatorId,
    api_keys::{Grant, Scope},
};
use engine::{Idempotency, Refusal};
use store::{StoreError, accounts::AccountStatus, api_keys::Owner, sessions::SessionHolder};

use crate::{Api, client, cookie, error::ApiError, serving};

/// A customer who showed a valid key or cookie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    pub(crate) proof: Proof,
    /// A key that ends, or works from some places only.
    pub(crate) is_limited: bool,
    /// A test key: what it sends is simulated.
    pub(crate) is_test: bool,
}

impl Caller {
    /// The request's idempotency key: a test's never answers for a live request.
    pub(crate) fn own(&self, key: Option<Idempotency>) -> Option<Idempotency> {
        if self.is_test { key.map(Idempotency::of_test) } else { key }
    }
}

/// Somebody who looks at what everybody may see: a customer, where a valid key or cookie was shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anyone(pub(crate) Option<AccountId>);

/// An operator who showed a valid key or cookie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator {
    pub(crate) _id: OperatorId,
}

/// Somebody who is signed in: what concerns the person takes a cookie, no key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person(pub(crate) SessionHolder);

/// What was shown, by its hash.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof {
    Key([u8; 32]),
    Cookie([u8; 32]),
}

/// Who showed it, and what it is good for.
#[derive(Debug)]
struct Holder {
    owner: Owner,
    /// The key that was shown.
    key: Option<ApiKeyId>,
    status: Option<AccountStatus>,
    grant: Grant,
}

impl Proof {
    /// Whether it holds, [`Proof::holder`] tells.
    fn shown(headers: &HeaderMap, api: &Api) -> Option<Self> {
        if headers.contains_key(AUTHORIZATION) {
            return key(headers).map(|key| Self::Key(engine::key_hash(key)));
        }
        cookie::shown(headers, api.is_secure()).map(Self::Cookie)
    }

    /// Whether it still holds: it was not revoked and has not ended.
    pub(crate) async fn holds(self, api: &Api) -> Result<bool, StoreError> {
        let now = api.engine.clock().now();
        Ok(self.holder(api).await?.is_some_and(|holder| !holder.grant.has_expired(now)))
    }

    /// Who holds it; `None` once it was revoked or the session has ended.
    async fn holder(self, api: &Api) -> Result<Option<Holder>, StoreError> {
        Ok(match self {
            Self::Key(hash) => api.engine.key_holder(hash).await?.map(|key| Holder {
                owner: key.owner,
                key: Some(key.id),
                status: key.account_status,
                grant: key.grant.clone(),
            }),
            Self::Cookie(hash) => api.engine.session_holder(hash).await?.map(|session| Holder {
                owner: session.owner,
                key: None,
                status: session.account_status,
                grant: Grant::full(),
            }),
        })
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let (proof, holder) = proven(parts, api).await?;
        match (holder.owner, holder.status) {
            // A suspended account may still look, and pay; the rest says that it is suspended.
            (Owner::Account(account), Some(AccountStatus::Active | AccountStatus::Suspended)) => {
                let scope = needed(&parts.method, parts.uri.path());
                if !holder.grant.allows(scope) {
                    return Err(lacks(&holder.grant, scope));
                }
                let suspended = holder.status == Some(AccountStatus::Suspended);
                if suspended && scope == Scope::Admin && !open_to_suspended(parts) {
                    return Err(Refusal::AccountSuspended.into());
                }
                if parts.method == Method::GET {
                    api.reads.take(account, api.engine.clock().now())?;
                }
                let is_limited = holder.grant.is_limited();
                Ok(Self { account, proof, is_limited, is_test: holder.grant.test })
            }
            _ => Err(ApiError::forbidden(
                "This is an operator's key or session; use those of a customer account.",
            )),
        }
    }
}

impl FromRequestParts<Api> for Anyone {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        // A cookie may be of a session that has ended; whoever sends a key means it.
        let has_key = parts.headers.contains_key(AUTHORIZATION);
        if !has_key && Proof::shown(&parts.headers, api).is_none() {
            return Ok(Self(None));
        }
        let owner = match proven(parts, api).await {
            Ok((_, holder)) => holder.owner,
            Err(error) if has_key || error.status.is_server_error() => return Err(error),
            Err(_) => return Ok(Self(None)),
        };
        let Owner::Account(account) = owner else { return Ok(Self(None)) };
        api.reads.take(account, api.engine.clock().now())?;
        Ok(Self(Some(account)))
    }
}

impl FromRequestParts<Api> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let (_, holder) = proven(parts, api).await?;
        match holder.owner {
            Owner::Operator(id) => Ok(Self { _id: id }),
            Owner::Account(_) => {
                Err(ApiError::forbidden("Only operators may do this; use an operator's API key."))
            }
        }
    }
}

impl FromRequestParts<Api> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        if parts.headers.contains_key(AUTHORIZATION) {
            let message = "An API key cannot do this for a person; sign in, and send no key.";
            return Err(ApiError::forbidden(message));
        }
        let shown = cookie::shown(&parts.headers, api.is_secure());
        let hash = shown.ok_or_else(not_signed_in)?;
        api.engine.session_holder(hash).await?.map(Self).ok_or_else(not_signed_in)
    }
}

fn not_signed_in() -> ApiError {
    ApiError { message: "Sign in first.".to_owned(), ..ApiError::unauthenticated() }
}

/// What was shown, where it may be used here and now.
async fn proven(parts: &Parts, api: &Api) -> Result<(Proof, Holder), ApiError> {
    let proof = Proof::shown(&parts.headers, api).ok_or_else(ApiError::unauthenticated)?;
    let holder = proof.holder(api).await?.ok_or_else(ApiError::unauthenticated)?;
    if let (Owner::Account(account), Some(key)) = (holder.owner, holder.key) {
        serving::note_key(account, key);
    }
    if holder.grant.has_expired(api.engine.clock().now()) {
        let message = "This API key has expired; make a new one under API Keys.".to_owned();
        return Err(ApiError { message, ..ApiError::unauthenticated() });
    }
    let from = client::address(parts, api);
    if !holder.grant.admits(from) {
        let message = format!("This API key may not be used from {}.", from.to_canonical());
        return Err(ApiError::forbidden(&message));
    }
    Ok((proof, holder))
}

/// What a request takes.
fn needed(method: &Method, path: &str) -> Scope {
    const SENDS: &[&str] = &["/sms/send", "/sms/batch"];

    if method.is_safe() || path.ends_with("/sms/quote") {
        Scope::Read
    } else if SENDS.iter().any(|send| path.ends_with(send)) {
        Scope::Send
    } else {
        Scope::Admin
    }
}

/// A suspended account may still pay, and take back what it gave to programs.
fn open_to_suspended(parts: &Parts) -> bool {
    parts.method == Method::DELETE || parts.uri.path().ends_with("/wallet/topups")
}

fn lacks(grant: &Grant, scope: Scope) -> ApiError {
    if grant.test && scope == Scope::Admin {
        let message = "A test key sends test messages and reads; use a live key for this call.";
        return ApiError::forbidden(message);
    }
    let held: Vec<&str> = grant.scopes.iter().map(|scope| scope.as_str()).collect();
    let message = format!(
        "This API key has the scope {}; this call takes {scope}. Use another key, or make one under API Keys.",
        held.join(" and ")
    );
    ApiError::forbidden(&message)
}

fn key(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .filter(|key| !key.is_empty())
}
