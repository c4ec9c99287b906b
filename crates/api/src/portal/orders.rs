//! Buying numbers.

use axum::{Json, extract::State};
use domain::NumberId;
use engine::Want;
use serde::{Deserialize, Serialize};
use store::orders::{self, Order};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Caller, JsonBody, Params, objects, required},
    page::PageQuery,
    views::{Money, Time},
};

/// What was bought at once.
#[derive(Debug, Serialize, ToSchema)]
struct OrderView {
    id: i64,
    /// `completed`: paid, and the numbers are yours.
    #[schema(example = "completed")]
    status: &'static str,
    total: Money,
    created_at: Time,
    items: Vec<OrderItemView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OrderItemView {
    number_id: i64,
    #[schema(example = "+31201234567")]
    number: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "NL")]
    country: String,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    number_type: &'static str,
    /// SMS was ordered with it.
    sms: bool,
    /// Of the first month.
    number_price: Money,
    /// Of the first month of SMS; null where it was not ordered.
    sms_price: Option<Money>,
}

fn view(order: &Order) -> OrderView {
    let money = |amount| Money::new(amount, order.currency);
    let items = order
        .items
        .iter()
        .map(|item| OrderItemView {
            number_id: item.number_id.get(),
            number: item.number.to_string(),
            country: item.country.to_string(),
            number_type: item.number_type.as_str(),
            sms: item.sms_price.is_some(),
            number_price: money(item.number_price),
            sms_price: item.sms_price.map(money),
        })
        .collect();
    OrderView {
        id: order.id.get(),
        status: order.status.as_str(),
        total: money(order.total),
        created_at: Time(order.created_at),
        items,
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct OrderBody {
    /// 1 to 50 numbers.
    #[schema(required, nullable = false)]
    #[serde(default, deserialize_with = "objects")]
    items: Option<Vec<OrderItemBody>>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct OrderItemBody {
    /// One that is available.
    #[schema(required, nullable = false, example = 42)]
    number_id: Option<i64>,
    /// With SMS; false by default.
    sms: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneOrder {
    success: bool,
    order: OrderView,
}

/// Buys numbers from the wallet, all of them or none.
#[utoipa::path(
    post, path = "/portal/orders", tag = "Orders", request_body = OrderBody,
    responses(
        (status = 201, description = "The numbers are yours", body = OneOrder),
        (status = "4XX", description = "Nothing was bought or charged", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<OrderBody>,
) -> Result<Created, ApiError> {
    let items = required("items", body.value.items)?;
    let wants = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            let id = required(&format!("items[{index}].number_id"), item.number_id)?;
            Ok(Want { number: NumberId::new(id), sms: item.sms.unwrap_or(false) })
        })
        .collect::<Result<Vec<Want>, ApiError>>()?;
    let render = |order: &Order| named("order", view(order));
    let done = api.engine.order(caller.account, wants, body.idempotency, render).await?;
    Ok(Created(done))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderList {
    success: bool,
    orders: Vec<OrderView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// My orders.
#[utoipa::path(
    get, path = "/portal/orders", tag = "Orders", params(PageQuery),
    responses(
        (status = 200, description = "A page of orders", body = OrderList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<OrderList>, ApiError> {
    let page = query.page()?;
    let account = caller.account;
    let mut found = api
        .engine
        .store()
        .read(move |tx| orders::list(tx, account, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |order| order.id.get());
    let orders = found.iter().map(view).collect();
    Ok(Json(OrderList { success: true, orders, next_cursor }))
}
