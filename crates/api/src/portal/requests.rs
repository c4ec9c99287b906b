//! What an account's programs asked for.

use axum::{Json, extract::State};
use domain::{ApiKeyId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::request_log::{self, LoggedRequest, RequestFilter, UsedKey};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Caller, Id, Params, parsed_opt},
    page::Page,
    views::Time,
};

/// A request that a program made with one of my keys.
#[derive(Debug, Serialize, ToSchema)]
struct RequestView {
    id: i64,
    /// When it came.
    at: Time,
    #[schema(example = "POST")]
    method: String,
    #[schema(example = "/api/v1/portal/sms/send")]
    path: String,
    /// With numbers and texts covered.
    #[schema(example = "status=failed&to=…")]
    query: Option<String>,
    #[schema(example = 201)]
    status: i64,
    /// Of an answer that was no success.
    #[schema(example = "insufficient_balance")]
    error_code: Option<String>,
    /// From the request's head to the answer's.
    #[schema(example = 3.2)]
    duration_ms: f64,
    /// As in the answer's `X-Request-Id`.
    request_id: String,
    key: UsedKeyView,
    /// Its JSON with numbers and texts covered; null where it had none, and in lists.
    body: Option<Value>,
}

/// The key that it showed; it may be revoked by now.
#[derive(Debug, Serialize, ToSchema)]
struct UsedKeyView {
    id: i64,
    #[schema(example = "Production")]
    name: String,
    #[schema(example = "df_live_Ab3x")]
    prefix: String,
}

fn view((request, key): (LoggedRequest, UsedKey), whole: bool) -> RequestView {
    let body = request.body.filter(|_| whole);
    // One that was cut is JSON no more.
    let body = body.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    RequestView {
        id: request.id,
        at: Time(request.at),
        method: request.method,
        path: request.path,
        query: request.query,
        status: request.status,
        error_code: request.error_code,
        duration_ms: milliseconds(request.duration_us),
        request_id: request.request_id,
        key: UsedKeyView { id: request.key.get(), name: key.name, prefix: key.prefix },
        body,
    }
}

/// To a tenth.
fn milliseconds(micros: i64) -> f64 {
    let tenths = i32::try_from(micros / 100).unwrap_or(i32::MAX);
    f64::from(tenths) / 10.0
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RequestQuery {
    /// `GET`, `POST`, …
    method: Option<String>,
    /// Part of the path.
    path: Option<String>,
    /// A status such as `404`, or all of a kind: `2xx`, `4xx`, `5xx`.
    status: Option<String>,
    /// Made with this key.
    #[param(value_type = Option<i64>)]
    key_id: Option<String>,
    /// From this time on, UTC.
    since: Option<String>,
    /// Before this time, UTC.
    until: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next_cursor` of the last answer.
    cursor: Option<String>,
}

impl RequestQuery {
    fn filter(&self) -> Result<RequestFilter, ApiError> {
        let time = |param: &str, text: &Option<String>| {
            text.as_deref()
                .map(Timestamp::parse)
                .transpose()
                .map_err(|error| ApiError::invalid(param, format!("{param}: {error}.")))
        };
        Ok(RequestFilter {
            method: self.method.as_ref().map(|method| method.to_ascii_uppercase()),
            path: self.path.clone().filter(|path| !path.is_empty()),
            key: parsed_opt("key_id", self.key_id.as_deref())?.map(ApiKeyId::new),
            statuses: self.status.as_deref().map(statuses).transpose()?,
            since: time("since", &self.since)?,
            until: time("until", &self.until)?,
        })
    }
}

/// The statuses that a word means: from one, up to but not including another.
fn statuses(text: &str) -> Result<(i64, i64), ApiError> {
    let kind = text.strip_suffix("xx").and_then(|kind| kind.parse::<i64>().ok());
    let one = text.parse::<i64>().ok();
    match (kind, one) {
        (Some(kind @ 1..=5), _) => Ok((kind * 100, kind * 100 + 100)),
        (_, Some(status @ 100..=599)) => Ok((status, status + 1)),
        _ => Err(ApiError::invalid("status", "status is like 404, or like 4xx.")),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RequestList {
    success: bool,
    requests: Vec<RequestView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// What my programs asked for in the last seven days, newest first.
///
/// A request is here within a second or two. Of each account 100 requests at once are logged, and one
/// a second after that: of a busy program this is a sample. Requests of the portal are not here.
#[utoipa::path(
    get, path = "/portal/requests", tag = "Request log", params(RequestQuery),
    responses(
        (status = 200, description = "A page of requests", body = RequestList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<RequestQuery>,
) -> Result<Json<RequestList>, ApiError> {
    let page = Page::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let (account, filter) = (caller.account, query.filter()?);
    let mut found = api
        .engine
        .store()
        .read(move |tx| request_log::list(tx, account, &filter, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |(request, _)| request.id);
    let requests = found.into_iter().map(|logged| view(logged, false)).collect();
    Ok(Json(RequestList { success: true, requests, next_cursor }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneRequest {
    success: bool,
    request: RequestView,
}

/// One request with its body.
#[utoipa::path(
    get, path = "/portal/requests/{id}", tag = "Request log", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The request", body = OneRequest),
        (status = "4XX", description = "There is no such request", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OneRequest>, ApiError> {
    let account = caller.account;
    let found = api.engine.store().read(move |tx| request_log::find(tx, account, id)).await?;
    let found = found.ok_or_else(|| ApiError::not_found("request"))?;
    Ok(Json(OneRequest { success: true, request: view(found, true) }))
}
