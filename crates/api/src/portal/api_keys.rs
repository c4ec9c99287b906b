//! A customer's API keys.

use axum::{Json, extract::State};
use domain::ApiKeyId;
use engine::ApiKeyCreated;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::api_keys::{self as keys, ApiKey};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Caller, Id, JsonBody, Params, required},
    page::PageQuery,
    views::Time,
};

const NAME_CHARACTERS_MAX: usize = 100;

/// A key without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct ApiKeyView {
    id: i64,
    #[schema(example = "Production")]
    name: String,
    /// How the secret begins.
    #[schema(example = "df_live_Ab3x")]
    prefix: String,
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

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewApiKey {
    /// 1 to 100 characters, to tell keys apart.
    #[schema(required, nullable = false, example = "Production")]
    name: Option<String>,
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
    let name = required("name", body.value.name)?.trim().to_owned();
    let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
    if !fits || name.chars().any(char::is_control) {
        let message =
            format!("name has 1 to {NAME_CHARACTERS_MAX} characters, no control characters.");
        return Err(ApiError::invalid("name", message));
    }
    let render = |made: &ApiKeyCreated| {
        named("api_key", view(made.key.clone(), Some(made.secret.secret.clone())))
    };
    let done = api.engine.create_api_key(caller.account, name, body.idempotency, render).await?;
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
