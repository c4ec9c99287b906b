//! What carriers take of segments, each from a date on: reports know the margin by it.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{CarrierId, Micros, Prefix};
use engine::{CarrierCostWanted, Changed};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{carriers, prices::CarrierCost};
use utoipa::ToSchema;

use super::{
    price_files::{PreviewQuery, file},
    prices::{from_date, price_opt},
};
use crate::{
    Api,
    answer::Answered,
    error::{ApiError, Failure},
    extract::{CsvBody, Id, JsonBody, Operator, Params, parsed, present, required},
    views::{Money, Time},
};

/// What a carrier takes of a segment to a prefix.
#[derive(Debug, Serialize, ToSchema)]
struct CarrierCostView {
    #[schema(example = "+31")]
    prefix: String,
    /// Null where the next shorter prefix counts from then on.
    cost: Option<Money>,
    /// Null where it is in force.
    effective_from: Option<Time>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CarrierCostList {
    success: bool,
    /// In force first, then what is to come. Where none covers a destination, its cost is not known.
    costs: Vec<CarrierCostView>,
}

/// Each cost of a carrier with whether it is to come.
async fn costs_of(api: &Api, Id(id): Id) -> Result<Vec<(CarrierCost, bool)>, ApiError> {
    let carrier = CarrierId::new(id);
    let found = api.engine.store().read(move |tx| carriers::find(tx, carrier)).await?;
    found.ok_or_else(|| ApiError::not_found("carrier"))?;
    let now = api.engine.clock().now();
    let (current, later) = api.engine.prices().costs(carrier, now);
    let current = current.into_iter().map(|(prefix, cost)| {
        (CarrierCost { carrier, prefix, from: now, cost: Some(cost) }, false)
    });
    Ok(current.chain(later.into_iter().map(|cost| (cost, true))).collect())
}

fn view(api: &Api, cost: &CarrierCost, scheduled: bool) -> CarrierCostView {
    CarrierCostView {
        prefix: cost.prefix.as_str().to_owned(),
        cost: cost.cost.map(|cost| Money::new(cost, api.engine.config().prices.currency)),
        effective_from: scheduled.then_some(Time(cost.from)),
    }
}

/// What a carrier takes of a segment, by destination.
#[utoipa::path(
    get, path = "/operator/carriers/{id}/costs", tag = "Operator: prices", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "Every cost", body = CarrierCostList),
        (status = "4XX", description = "There is no such carrier", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    id: Id,
) -> Result<Json<CarrierCostList>, ApiError> {
    let costs = costs_of(&api, id).await?;
    let costs = costs.into_iter().map(|(cost, scheduled)| view(&api, &cost, scheduled)).collect();
    Ok(Json(CarrierCostList { success: true, costs }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CarrierCostBody {
    #[schema(required, nullable = false, example = "+31")]
    prefix: Option<String>,
    /// Null lets the next shorter prefix count.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "0.005")]
    cost: Option<Option<String>>,
    /// Now, where it is missing. What was taken before keeps its cost.
    effective_from: Option<String>,
}

/// What a row of a file, or a call, changes.
#[derive(Debug, Serialize, ToSchema)]
struct CarrierCostChange {
    /// Of the file, from 1.
    line: u64,
    /// Null where the prefix had no cost of its own.
    before: Option<Money>,
    after: CarrierCostView,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CarrierCostChanges {
    success: bool,
    /// Nothing was stored: it was only a look.
    preview: bool,
    changes: Vec<CarrierCostChange>,
}

fn changes(
    api: &Api,
    changes: Vec<Changed<CarrierCost, Micros>>,
    preview: bool,
) -> CarrierCostChanges {
    let currency = api.engine.config().prices.currency;
    let changes = changes
        .into_iter()
        .map(|change| CarrierCostChange {
            line: change.line,
            before: change.before.map(|cost| Money::new(cost, currency)),
            after: view(api, &change.after, true),
        })
        .collect();
    CarrierCostChanges { success: true, preview, changes }
}

/// Notes what a carrier takes of a segment to a prefix, from a date on.
#[utoipa::path(
    patch, path = "/operator/carriers/{id}/costs", tag = "Operator: prices",
    params(("id" = i64, Path)), request_body = CarrierCostBody,
    responses(
        (status = 200, description = "What changes", body = CarrierCostChanges),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn set(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    body: JsonBody<CarrierCostBody>,
) -> Result<Json<CarrierCostChanges>, ApiError> {
    let given = body.value;
    let wanted = CarrierCostWanted {
        prefix: parsed::<Prefix>("prefix", &required("prefix", given.prefix)?)?,
        cost: price_opt("cost", required("cost", given.cost)?)?,
        from: from_date(&api, given.effective_from.as_deref())?,
    };
    let changed =
        api.engine.set_carrier_costs(CarrierId::new(id), vec![(1, wanted)], false).await?;
    Ok(Json(changes(&api, changed, false)))
}

/// Notes what a carrier takes of segments by a CSV file, all or nothing.
///
/// The heading names `prefix,cost` (an amount, or `none`) and, if wanted, `effective_from`.
#[utoipa::path(
    post, path = "/operator/carriers/{id}/costs/import", tag = "Operator: prices",
    params(("id" = i64, Path), PreviewQuery),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What changes", body = CarrierCostChanges),
        (status = "4XX", description = "Nothing was changed; `message` names the first bad lines", body = Failure),
    ),
)]
pub(super) async fn import(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    Params(query): Params<PreviewQuery>,
    CsvBody { octets, idempotency }: CsvBody,
) -> Result<Response, ApiError> {
    let carrier = CarrierId::new(id);
    let rows = api.engine.read_carrier_costs(&octets).map_err(|e| ApiError::bad_file(&e))?;
    if query.wanted()? {
        let changed = api.engine.set_carrier_costs(carrier, rows, true).await?;
        return Ok(Json(changes(&api, changed, true)).into_response());
    }
    let seen = api.clone();
    let render = move |changed: &Vec<_>| json!(changes(&seen, changed.clone(), false));
    let done = api.engine.import_carrier_costs(carrier, rows, idempotency, render).await?;
    Ok(Answered(done).into_response())
}

/// What a carrier takes of segments as a file that can be imported again.
#[utoipa::path(
    get, path = "/operator/carriers/{id}/costs/export", tag = "Operator: prices",
    params(("id" = i64, Path)),
    responses(
        (status = 200, description = "A CSV file", body = String, content_type = "text/csv"),
        (status = "4XX", description = "There is no such carrier", body = Failure),
    ),
)]
pub(super) async fn export(
    State(api): State<Api>,
    _: Operator,
    id: Id,
) -> Result<Response, ApiError> {
    let mut csv = "prefix,cost,effective_from\n".to_owned();
    for (cost, scheduled) in costs_of(&api, id).await? {
        let amount = cost.cost.map_or("none".to_owned(), |cost| cost.to_string());
        let from = if scheduled { cost.from.to_string() } else { String::new() };
        csv.push_str(&format!("{},{amount},{from}\n", cost.prefix.as_str()));
    }
    Ok(file("carrier-costs.csv", csv))
}
