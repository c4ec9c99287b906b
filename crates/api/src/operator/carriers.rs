//! Carriers as operators see and set them.

use axum::{Json, extract::State};
use carrier::settings::{CarrierKind, Settings};
use domain::CarrierId;
use engine::{CarrierPatch, NewCarrier};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    StoreError,
    carriers::{self, CarrierRecord},
    queue,
};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Id, JsonBody, Operator, Params, required, word},
    page::PageQuery,
    views::Time,
};

/// A carrier with its settings; a password is never shown.
#[derive(Debug, Serialize, ToSchema)]
struct CarrierView {
    id: i64,
    name: String,
    /// `smpp` or `simulator`.
    kind: String,
    enabled: bool,
    settings: Value,
    created_at: Time,
    /// How its connection is on this node; null where another node holds it.
    link: Option<LinkView>,
    /// Messages that wait for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    queued: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LinkView {
    /// `bound`, `connecting`, `down` or `disabled`.
    state: &'static str,
    sessions_bound: usize,
    sessions: usize,
    window: usize,
    in_flight: usize,
    /// Submissions a second that are allowed now; 0 for no limit.
    rate: u32,
    last_error: Option<String>,
}

fn view(api: &Api, record: &CarrierRecord, queued: Option<i64>) -> CarrierView {
    let link = if record.enabled {
        api.engine.link(record.id).map(|link| LinkView {
            state: link.state,
            sessions_bound: link.sessions_bound,
            sessions: link.sessions,
            window: link.window,
            in_flight: link.in_flight,
            rate: link.rate,
            last_error: link.last_error,
        })
    } else {
        Some(LinkView {
            state: "disabled",
            sessions_bound: 0,
            sessions: 0,
            window: 0,
            in_flight: 0,
            rate: 0,
            last_error: None,
        })
    };
    CarrierView {
        id: record.id.get(),
        name: record.name.clone(),
        kind: record.kind.clone(),
        enabled: record.enabled,
        settings: public_settings(record),
        created_at: Time(record.created_at),
        link,
        queued,
    }
}

fn public_settings(record: &CarrierRecord) -> Value {
    let stored: Value = serde_json::from_str(&record.settings).unwrap_or_else(|_| json!({}));
    record
        .kind
        .parse::<CarrierKind>()
        .ok()
        .and_then(|kind| Settings::parse(kind, &stored).ok())
        .map_or_else(|| json!({}), |settings| settings.to_public_json())
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CarrierList {
    success: bool,
    carriers: Vec<CarrierView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneCarrier {
    success: bool,
    carrier: CarrierView,
}

/// All carriers with the state of their links.
#[utoipa::path(
    get, path = "/operator/carriers", tag = "Operator: carriers", params(PageQuery),
    responses(
        (status = 200, description = "A page of carriers", body = CarrierList),
        (status = "4XX", description = "No operator's key, or a query that cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<PageQuery>,
) -> Result<Json<CarrierList>, ApiError> {
    let page = query.page()?;
    let mut records = api.engine.store().read(carriers::all).await?;
    let next_cursor = page.of_all(&mut records, |record| record.id.get());
    let carriers = records.iter().map(|record| view(&api, record, None)).collect();
    Ok(Json(CarrierList { success: true, carriers, next_cursor }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewCarrierBody {
    #[schema(required, nullable = false, example = "Example Telecom")]
    name: Option<String>,
    /// `smpp` or `simulator`.
    #[schema(required, nullable = false, example = "smpp")]
    kind: Option<String>,
    /// True by default.
    enabled: Option<bool>,
    /// See the guide for operators.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

/// Connects a carrier.
#[utoipa::path(
    post, path = "/operator/carriers", tag = "Operator: carriers", request_body = NewCarrierBody,
    responses(
        (status = 201, description = "The carrier, connecting", body = OneCarrier),
        (status = "4XX", description = "Nothing was made", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    _: Operator,
    body: JsonBody<NewCarrierBody>,
) -> Result<Created, ApiError> {
    let NewCarrierBody { name, kind, enabled, settings } = body.value;
    let kind = required("kind", kind)?;
    let new = NewCarrier {
        name: name_of(&required("name", name)?)?,
        kind: word("kind", &kind, &["smpp", "simulator"])?,
        enabled: enabled.unwrap_or(true),
        settings: settings.unwrap_or_else(|| json!({})),
    };
    let viewer = api.clone();
    let render = move |record: &CarrierRecord| named("carrier", view(&viewer, record, None));
    Ok(Created(api.engine.create_carrier(new, body.idempotency, render).await?))
}

fn name_of(name: &str) -> Result<String, ApiError> {
    let length = name.trim().chars().count();
    if (1..=100).contains(&length) {
        Ok(name.trim().to_owned())
    } else {
        Err(ApiError::invalid("name", "name has 1 to 100 characters."))
    }
}

/// One carrier with its link and its queue.
#[utoipa::path(
    get, path = "/operator/carriers/{id}", tag = "Operator: carriers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The carrier", body = OneCarrier),
        (status = "4XX", description = "There is no such carrier", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<OneCarrier>, ApiError> {
    let id = CarrierId::new(id);
    let found = api
        .engine
        .store()
        .read(move |tx| Ok::<_, StoreError>((carriers::find(tx, id)?, queue::depth(tx, id)?)))
        .await?;
    let record = found.0.ok_or_else(|| ApiError::not_found("carrier"))?;
    Ok(Json(OneCarrier { success: true, carrier: view(&api, &record, Some(found.1)) }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CarrierPatchBody {
    name: Option<String>,
    enabled: Option<bool>,
    /// Only the keys that change.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

/// Changes a carrier; its connection starts anew.
#[utoipa::path(
    patch, path = "/operator/carriers/{id}", tag = "Operator: carriers", params(("id" = i64, Path)),
    request_body = CarrierPatchBody,
    responses(
        (status = 200, description = "The carrier", body = OneCarrier),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    body: JsonBody<CarrierPatchBody>,
) -> Result<Json<OneCarrier>, ApiError> {
    let CarrierPatchBody { name, enabled, settings } = body.value;
    let patch = CarrierPatch { name: name.as_deref().map(name_of).transpose()?, enabled, settings };
    let record = api.engine.update_carrier(CarrierId::new(id), patch).await?;
    Ok(Json(OneCarrier { success: true, carrier: view(&api, &record, None) }))
}

/// Takes a carrier out of use, with its routes.
#[utoipa::path(
    delete, path = "/operator/carriers/{id}", tag = "Operator: carriers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "It is out of use", body = Object),
        (status = "4XX", description = "There is no such carrier", body = Failure),
    ),
)]
pub(super) async fn delete(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<Value>, ApiError> {
    api.engine.delete_carrier(CarrierId::new(id)).await?;
    Ok(Json(json!({"success": true})))
}
