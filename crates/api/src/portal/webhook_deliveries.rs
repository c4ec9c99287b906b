//! What was pushed to a customer's webhooks, and pushing it again.

use std::collections::HashMap;

use axum::{Json, extract::State};
use domain::{DeliveryId, Timestamp, WebhookId, webhooks::WebhookEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::webhooks::{
    self as hooks,
    attempts::{self, WebhookAttempt},
    deliveries::{self, Delivery, DeliveryStatus},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    answer::{Answered, Created, named},
    error::{ApiError, Failure},
    extract::{Caller, Id, JsonBody, OptionalJson, Params, Repeats, TwoIds, required, word},
    page::Page,
    views::Time,
};

/// An event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryView {
    id: i64,
    #[schema(example = "sms.received")]
    event: &'static str,
    /// The event's number among your account's; null for a test.
    seq: Option<i64>,
    /// Whether it was a test.
    test: bool,
    /// `pending`, `delivered`, or `failed`: given up, can be resent.
    #[schema(example = "delivered")]
    status: &'static str,
    /// Each time that it was tried, oldest first.
    attempts: Vec<WebhookAttemptView>,
    /// Only while it is pending.
    next_attempt_at: Option<Time>,
    created_at: Time,
    finished_at: Option<Time>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WebhookAttemptView {
    /// From 1.
    attempt: i64,
    started_at: Time,
    duration_ms: i64,
    /// Null where nothing answered.
    status_code: Option<i64>,
    /// Why it failed; null where it did not.
    error: Option<String>,
    /// The first 2 KiB of what was answered.
    response: Option<String>,
}

impl From<WebhookAttempt> for WebhookAttemptView {
    fn from(attempt: WebhookAttempt) -> Self {
        Self {
            attempt: attempt.attempt,
            started_at: Time(attempt.started_at),
            duration_ms: attempt.duration_ms,
            status_code: attempt.status_code,
            error: attempt.error,
            response: attempt.response,
        }
    }
}

fn view(delivery: &Delivery, attempts: Vec<WebhookAttemptView>) -> DeliveryView {
    DeliveryView {
        id: delivery.id.get(),
        event: delivery.event.as_str(),
        seq: delivery.seq,
        test: delivery.seq.is_none(),
        status: delivery.status.as_str(),
        attempts,
        next_attempt_at: delivery.next_attempt_at.map(Time),
        created_at: Time(delivery.created_at),
        finished_at: delivery.finished_at.map(Time),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryQuery {
    /// `pending`, `delivered` or `failed`.
    status: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next_cursor` of the last answer.
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryList {
    success: bool,
    deliveries: Vec<DeliveryView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// What was pushed to a webhook in the last 30 days, and what is to be.
#[utoipa::path(
    get, path = "/portal/webhooks/{id}/deliveries", tag = "Webhooks",
    params(("id" = i64, Path), DeliveryQuery),
    responses(
        (status = 200, description = "A page of deliveries", body = DeliveryList),
        (status = "4XX", description = "There is no such webhook, or the query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    Params(query): Params<DeliveryQuery>,
) -> Result<Json<DeliveryList>, ApiError> {
    let page = Page::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let words: Vec<&str> = DeliveryStatus::ALL.iter().map(|status| status.as_str()).collect();
    let status =
        query.status.as_deref().map(|status| word("status", status, &words)).transpose()?;
    let (account, webhook) = (caller.account, WebhookId::new(id));
    let found = api
        .engine
        .store()
        .read(move |tx| {
            if hooks::find(tx, account, webhook)?.is_none() {
                return Ok(None);
            }
            let (before, rows) = (page.before, page.rows());
            let found = deliveries::list(tx, account, webhook, status, before, rows)?;
            let ids: Vec<DeliveryId> = found.iter().map(|delivery| delivery.id).collect();
            let tried = attempts::of_deliveries(tx, account, webhook, &ids)?;
            Ok::<_, store::StoreError>(Some((found, tried)))
        })
        .await?;
    let (mut found, tried) = found.ok_or_else(|| ApiError::not_found("webhook"))?;
    let mut attempts: HashMap<DeliveryId, Vec<WebhookAttemptView>> = HashMap::new();
    for attempt in tried {
        attempts.entry(attempt.delivery).or_default().push(attempt.into());
    }
    let next_cursor = page.cut(&mut found, |delivery| delivery.id.get());
    let deliveries = found
        .iter()
        .map(|delivery| view(delivery, attempts.remove(&delivery.id).unwrap_or_default()))
        .collect();
    Ok(Json(DeliveryList { success: true, deliveries, next_cursor }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneDelivery {
    success: bool,
    delivery: DeliveryView,
}

/// One delivery, with each time that it was tried.
#[utoipa::path(
    get, path = "/portal/webhooks/{id}/deliveries/{delivery_id}", tag = "Webhooks",
    params(("id" = i64, Path), ("delivery_id" = i64, Path)),
    responses(
        (status = 200, description = "The delivery", body = OneDelivery),
        (status = "4XX", description = "There is no such delivery", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    TwoIds(webhook, delivery): TwoIds,
) -> Result<Json<OneDelivery>, ApiError> {
    let account = caller.account;
    let (webhook, delivery) = (WebhookId::new(webhook), DeliveryId::new(delivery));
    let found = api
        .engine
        .store()
        .read(move |tx| {
            if hooks::find(tx, account, webhook)?.is_none() {
                return Ok(None);
            }
            let found = deliveries::find(tx, account, webhook, delivery)?;
            let tried = attempts::of_deliveries(tx, account, webhook, &[delivery])?;
            Ok::<_, store::StoreError>(found.map(|found| (found, tried)))
        })
        .await?;
    let (found, tried) = found.ok_or_else(|| ApiError::not_found("delivery"))?;
    let attempts = tried.into_iter().map(WebhookAttemptView::from).collect();
    Ok(Json(OneDelivery { success: true, delivery: view(&found, attempts) }))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct TestBody {
    /// The first that the webhook is told of, where it is left out.
    #[schema(example = "sms.received")]
    event: Option<String>,
}

/// A delivery that was just begun: it has no attempts yet, or those of before.
fn begun(delivery: &Delivery) -> serde_json::Value {
    named("delivery", view(delivery, Vec::new()))
}

/// Pushes a sample of an event, with the header `webhook-test: true`; it is tried once.
#[utoipa::path(
    post, path = "/portal/webhooks/{id}/test", tag = "Webhooks", params(("id" = i64, Path)),
    request_body = Option<TestBody>,
    responses(
        (status = 201, description = "It is under way; its delivery tells how it went", body = OneDelivery),
        (status = "4XX", description = "Nothing was sent", body = Failure),
    ),
)]
pub(super) async fn test(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    body: OptionalJson<TestBody>,
) -> Result<Created, ApiError> {
    let words: Vec<&str> = WebhookEvent::ALL.iter().map(|event| event.as_str()).collect();
    let event = body.value.event.map(|event| word("event", &event, &words)).transpose()?;
    let id = WebhookId::new(id);
    let done = api.engine.test_webhook(caller.account, id, event, body.idempotency, begun).await?;
    Ok(Created(done))
}

/// Pushes a delivery again, with the same `webhook-id`.
#[utoipa::path(
    post, path = "/portal/webhooks/{id}/deliveries/{delivery_id}/resend", tag = "Webhooks",
    params(("id" = i64, Path), ("delivery_id" = i64, Path)),
    responses(
        (status = 200, description = "It is under way", body = OneDelivery),
        (status = "4XX", description = "Nothing was sent", body = Failure),
    ),
)]
pub(super) async fn resend(
    State(api): State<Api>,
    caller: Caller,
    TwoIds(webhook, delivery): TwoIds,
    Repeats(key): Repeats,
) -> Result<Answered, ApiError> {
    let (webhook, delivery) = (WebhookId::new(webhook), DeliveryId::new(delivery));
    let done = api.engine.resend_delivery(caller.account, webhook, delivery, key, begun).await?;
    Ok(Answered(done))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RecoverBody {
    /// A time of the last 30 days.
    #[schema(required, nullable = false, format = DateTime, example = "2026-04-03T10:15:30Z")]
    since: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Recovered {
    success: bool,
    /// Failed deliveries that are tried again. Events that never became deliveries, as those while
    /// the webhook was disabled, follow.
    recovered: u64,
}

/// Pushes all that failed since a time again, and what was missed while the webhook was disabled.
#[utoipa::path(
    post, path = "/portal/webhooks/{id}/recover", tag = "Webhooks", params(("id" = i64, Path)),
    request_body = RecoverBody,
    responses(
        (status = 200, description = "It is under way", body = Recovered),
        (status = "4XX", description = "Nothing was sent", body = Failure),
    ),
)]
pub(super) async fn recover(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    body: JsonBody<RecoverBody>,
) -> Result<Answered, ApiError> {
    let since = Timestamp::parse(&required("since", body.value.since)?)
        .map_err(|error| ApiError::invalid("since", format!("since cannot be read: {error}.")))?;
    let render = |recovered: &u64| json!({"success": true, "recovered": recovered});
    let id = WebhookId::new(id);
    let done =
        api.engine.recover_webhook(caller.account, id, since, body.idempotency, render).await?;
    Ok(Answered(done))
}
