//! Who a request comes from: an API key, or the cookie of a signed-in browser. A key wins.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header::AUTHORIZATION, request::Parts},
};
use domain::{AccountId, OperatorId};
use store::{StoreError, accounts::AccountStatus, api_keys::Owner, sessions::SessionHolder};

use crate::{Api, cookie, error::ApiError};

/// A customer who showed a valid key or cookie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    pub(crate) proof: Proof,
}

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

type Holder = (Owner, Option<AccountStatus>);

impl Proof {
    /// Whether it holds, [`Proof::holder`] tells.
    fn shown(headers: &HeaderMap, api: &Api) -> Option<Self> {
        if headers.contains_key(AUTHORIZATION) {
            return key(headers).map(|key| Self::Key(engine::key_hash(key)));
        }
        cookie::shown(headers, api.is_secure()).map(Self::Cookie)
    }

    /// Who holds it; `None` once it was revoked or has ended.
    pub(crate) async fn holder(self, api: &Api) -> Result<Option<Holder>, StoreError> {
        Ok(match self {
            Self::Key(hash) => {
                let holder = api.engine.key_holder(hash).await?;
                holder.map(|holder| (holder.owner, holder.account_status))
            }
            Self::Cookie(hash) => {
                let holder = api.engine.session_holder(hash).await?;
                holder.map(|holder| (holder.owner, holder.account_status))
            }
        })
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let (proof, holder) = proven(&parts.headers, api).await?;
        match holder {
            // A suspended account may still look; a send says that it is suspended.
            (Owner::Account(account), Some(AccountStatus::Active | AccountStatus::Suspended)) => {
                if parts.method == Method::GET {
                    api.reads.take(account, api.engine.clock().now())?;
                }
                Ok(Self { account, proof })
            }
            _ => Err(ApiError::forbidden(
                "This is an operator's key or session; use those of a customer account.",
            )),
        }
    }
}

impl FromRequestParts<Api> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let (_, (owner, _)) = proven(&parts.headers, api).await?;
        match owner {
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

async fn proven(headers: &HeaderMap, api: &Api) -> Result<(Proof, Holder), ApiError> {
    let proof = Proof::shown(headers, api).ok_or_else(ApiError::unauthenticated)?;
    let holder = proof.holder(api).await?.ok_or_else(ApiError::unauthenticated)?;
    Ok((proof, holder))
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
