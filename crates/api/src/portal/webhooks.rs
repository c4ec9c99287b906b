//! A customer's webhooks.

use axum::{Json, extract::State};
use domain::{MessagingProfileId, WebhookId, webhooks::WebhookEvents};
use engine::{NewWebhook, WebhookCreated, WebhookPatch};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::webhooks::{self as hooks, Webhook, WebhookStatus};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Answered, Created, named},
    error::{ApiError, Failure},
    extract::{Caller, Id, JsonBody, Params, Repeats, present, required, word},
    page::PageQuery,
    views::Time,
};

/// An endpoint to which events are pushed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookView {
    id: i64,
    #[schema(example = "https://example.com/hooks/sms")]
    url: String,
    description: String,
    /// Any of `sms.received`, `sms.sent`, `sms.delivered`, `sms.failed`, `number.status`,
    /// `wallet.low_balance`, `wallet.recharge_failed`.
    #[schema(example = json!(["sms.received"]))]
    events: Vec<&'static str>,
    /// It is told of messages of this messaging profile's numbers alone; null: of the whole account.
    messaging_profile_id: Option<i64>,
    /// `enabled` or `disabled`.
    #[schema(example = "enabled")]
    status: &'static str,
    /// `by_customer`, `gone` (it answered 410) or `failing` (nothing succeeded for five days).
    disabled_reason: Option<&'static str>,
    /// Since when nothing succeeded; null while all is well.
    failing_since: Option<Time>,
    created_at: Time,
    /// `whsec_…`, in the answers to creation and rotation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

fn view(webhook: Webhook, secret: Option<String>) -> WebhookView {
    WebhookView {
        id: webhook.id.get(),
        url: webhook.url,
        description: webhook.description,
        events: webhook.events.iter().map(|event| event.as_str()).collect(),
        messaging_profile_id: webhook.profile.map(MessagingProfileId::get),
        status: webhook.status.as_str(),
        disabled_reason: webhook.disabled_reason.map(|reason| reason.as_str()),
        failing_since: webhook.failing_since.map(Time),
        created_at: Time(webhook.created_at),
        secret,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookList {
    success: bool,
    webhooks: Vec<WebhookView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// My webhooks.
#[utoipa::path(
    get, path = "/portal/webhooks", tag = "Webhooks", params(PageQuery),
    responses(
        (status = 200, description = "A page of webhooks", body = WebhookList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<WebhookList>, ApiError> {
    let page = query.page()?;
    let account = caller.account;
    let mut found = api
        .engine
        .store()
        .read(move |tx| hooks::list(tx, account, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |webhook| webhook.id.get());
    let webhooks = found.into_iter().map(|webhook| view(webhook, None)).collect();
    Ok(Json(WebhookList { success: true, webhooks, next_cursor }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneWebhook {
    success: bool,
    webhook: WebhookView,
}

/// One of my webhooks.
#[utoipa::path(
    get, path = "/portal/webhooks/{id}", tag = "Webhooks", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The webhook", body = OneWebhook),
        (status = "4XX", description = "There is no such webhook", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OneWebhook>, ApiError> {
    let (account, id) = (caller.account, WebhookId::new(id));
    let found = api.engine.store().read(move |tx| hooks::find(tx, account, id)).await?;
    let webhook = found.ok_or_else(|| ApiError::not_found("webhook"))?;
    Ok(Json(OneWebhook { success: true, webhook: view(webhook, None) }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewWebhookBody {
    /// Begins with https://, without a user name or a fragment, and leads to a public address.
    #[schema(required, nullable = false, example = "https://example.com/hooks/sms")]
    url: Option<String>,
    /// All of them where it is left out. A webhook of a messaging profile has the `sms.…` ones.
    #[schema(example = json!(["sms.received"]))]
    events: Option<Vec<String>>,
    /// Up to 200 characters, to tell webhooks apart.
    description: Option<String>,
    /// To be told of messages of this messaging profile's numbers alone.
    #[schema(example = 3)]
    messaging_profile_id: Option<i64>,
}

fn named_events(words: &[String]) -> Result<WebhookEvents, ApiError> {
    WebhookEvents::of(words.iter().map(String::as_str))
        .map_err(|error| ApiError::invalid("events", format!("In events, {error}.")))
}

fn with_secret(made: &WebhookCreated) -> Value {
    named("webhook", view(made.webhook.clone(), Some(made.secret.clone())))
}

/// Makes a webhook; its secret is in this answer only.
#[utoipa::path(
    post, path = "/portal/webhooks", tag = "Webhooks", request_body = NewWebhookBody,
    responses(
        (status = 201, description = "The webhook with its secret", body = OneWebhook),
        (status = "4XX", description = "Nothing was made", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<NewWebhookBody>,
) -> Result<Created, ApiError> {
    let events = body.value.events.as_deref().map(named_events).transpose()?;
    let new = NewWebhook {
        url: required("url", body.value.url)?,
        description: body.value.description.unwrap_or_default(),
        events,
        profile: body.value.messaging_profile_id.map(MessagingProfileId::new),
    };
    let done =
        api.engine.create_webhook(caller.account, new, body.idempotency, with_secret).await?;
    Ok(Created(done))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct WebhookPatchBody {
    url: Option<String>,
    events: Option<Vec<String>>,
    description: Option<String>,
    /// Null: it is told of the whole account.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, example = 3)]
    messaging_profile_id: Option<Option<i64>>,
    /// `enabled` or `disabled`. What is missed meanwhile can be recovered.
    #[schema(example = "enabled")]
    status: Option<String>,
}

/// Changes a webhook; what is left out stays as it is.
#[utoipa::path(
    patch, path = "/portal/webhooks/{id}", tag = "Webhooks", params(("id" = i64, Path)),
    request_body = WebhookPatchBody,
    responses(
        (status = 200, description = "The webhook as it is now", body = OneWebhook),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    body: JsonBody<WebhookPatchBody>,
) -> Result<Json<OneWebhook>, ApiError> {
    let WebhookPatchBody { url, events, description, messaging_profile_id, status } = body.value;
    let words = [WebhookStatus::Enabled.as_str(), WebhookStatus::Disabled.as_str()];
    let patch = WebhookPatch {
        url,
        description,
        events: events.as_deref().map(named_events).transpose()?,
        profile: messaging_profile_id.map(|id| id.map(MessagingProfileId::new)),
        status: status.map(|status| word("status", &status, &words)).transpose()?,
    };
    let webhook = api.engine.update_webhook(caller.account, WebhookId::new(id), patch).await?;
    Ok(Json(OneWebhook { success: true, webhook: view(webhook, None) }))
}

/// Deletes a webhook with its deliveries.
#[utoipa::path(
    delete, path = "/portal/webhooks/{id}", tag = "Webhooks", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "It is deleted", body = Object),
        (status = "4XX", description = "There is no such webhook", body = Failure),
    ),
)]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, ApiError> {
    api.engine.delete_webhook(caller.account, WebhookId::new(id)).await?;
    Ok(Json(json!({"success": true})))
}

/// Makes a new secret, in this answer only. The one before signs too for 24 hours.
#[utoipa::path(
    post, path = "/portal/webhooks/{id}/rotate-secret", tag = "Webhooks", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The webhook with its new secret", body = OneWebhook),
        (status = "4XX", description = "There is no such webhook", body = Failure),
    ),
)]
pub(super) async fn rotate_secret(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    Repeats(key): Repeats,
) -> Result<Answered, ApiError> {
    let id = WebhookId::new(id);
    let done = api.engine.rotate_webhook_secret(caller.account, id, key, with_secret).await?;
    Ok(Answered(done))
}
