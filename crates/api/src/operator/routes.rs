//! The routing table as operators see and set it.

use axum::{Json, extract::State};
use domain::{CarrierId, RouteId};
use engine::{NewRoute, RoutePatch};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::routes::{self, RouteRecord};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Id, JsonBody, Operator, Params, parsed, required},
    page::PageQuery,
};

/// Lower priorities are tried first.
const PRIORITY_DEFAULT: i64 = 100;

const WEIGHT_DEFAULT: i64 = 1;

/// The longest prefix wins, then the lowest priority that is up, then the weight.
#[derive(Debug, Serialize, ToSchema)]
struct RouteView {
    id: i64,
    /// `+` for every destination.
    #[schema(example = "+31")]
    prefix: String,
    carrier_id: i64,
    priority: i64,
    weight: i64,
}

fn view(record: &RouteRecord) -> RouteView {
    RouteView {
        id: record.id.get(),
        prefix: record.route.prefix.as_str().to_owned(),
        carrier_id: record.route.carrier.get(),
        priority: record.route.priority,
        weight: record.route.weight,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RouteList {
    success: bool,
    routes: Vec<RouteView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneRoute {
    success: bool,
    route: RouteView,
}

/// All routes.
#[utoipa::path(
    get, path = "/operator/routes", tag = "Operator: carriers", params(PageQuery),
    responses(
        (status = 200, description = "A page of routes", body = RouteList),
        (status = "4XX", description = "No operator's key, or a query that cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<PageQuery>,
) -> Result<Json<RouteList>, ApiError> {
    let page = query.page()?;
    let mut records = api.engine.store().read(routes::all).await?;
    let next_cursor = page.of_all(&mut records, |record| record.id.get());
    let routes = records.iter().map(view).collect();
    Ok(Json(RouteList { success: true, routes, next_cursor }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RouteBody {
    #[schema(example = "+31")]
    prefix: Option<String>,
    carrier_id: Option<i64>,
    /// 0 to 1,000,000, lower first; 100 by default.
    #[schema(minimum = 0, maximum = 1_000_000)]
    priority: Option<i64>,
    /// 0 to 1,000,000, a share of the traffic; 1 by default.
    #[schema(minimum = 0, maximum = 1_000_000)]
    weight: Option<i64>,
}

/// Adds a route.
#[utoipa::path(
    post, path = "/operator/routes", tag = "Operator: carriers", request_body = RouteBody,
    responses(
        (status = 201, description = "The route", body = OneRoute),
        (status = "4XX", description = "Nothing was made", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    _: Operator,
    body: JsonBody<RouteBody>,
) -> Result<Created, ApiError> {
    let RouteBody { prefix, carrier_id, priority, weight } = body.value;
    let new = NewRoute {
        prefix: parsed("prefix", &required("prefix", prefix)?)?,
        carrier: CarrierId::new(required("carrier_id", carrier_id)?),
        priority: priority.unwrap_or(PRIORITY_DEFAULT),
        weight: weight.unwrap_or(WEIGHT_DEFAULT),
    };
    let render = |record: &RouteRecord| named("route", view(record));
    Ok(Created(api.engine.create_route(new, body.idempotency, render).await?))
}

/// Changes a route.
#[utoipa::path(
    patch, path = "/operator/routes/{id}", tag = "Operator: carriers", params(("id" = i64, Path)),
    request_body = RouteBody,
    responses(
        (status = 200, description = "The route", body = OneRoute),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    body: JsonBody<RouteBody>,
) -> Result<Json<OneRoute>, ApiError> {
    let RouteBody { prefix, carrier_id, priority, weight } = body.value;
    let patch = RoutePatch {
        prefix: prefix.map(|prefix| parsed("prefix", &prefix)).transpose()?,
        carrier: carrier_id.map(CarrierId::new),
        priority,
        weight,
    };
    let record = api.engine.update_route(RouteId::new(id), patch).await?;
    Ok(Json(OneRoute { success: true, route: view(&record) }))
}

/// Removes a route.
#[utoipa::path(
    delete, path = "/operator/routes/{id}", tag = "Operator: carriers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "It is gone", body = Object),
        (status = "4XX", description = "There is no such route", body = Failure),
    ),
)]
pub(super) async fn delete(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<Value>, ApiError> {
    api.engine.delete_route(RouteId::new(id)).await?;
    Ok(Json(json!({"success": true})))
}
