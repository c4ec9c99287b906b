//! Buying numbers.

use axum::{Json, extract::State};
use domain::{Currency, NumberId};
use engine::Want;
use serde::{Deserialize, Serialize};
use store::orders::{self, Order, OrderItem};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Caller, JsonBody, Params, amount, objects, required},
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
    /// Of setting the number up, once.
    setup_price: Money,
    /// Of the first month.
    number_price: Money,
    /// Of the first month of SMS; null where it was not ordered.
    sms_price: Option<Money>,
}

fn view(order: &Order) -> OrderView {
    OrderView {
        id: order.id.get(),
        status: order.status.as_str(),
        total: Money::new(order.total, order.currency),
        created_at: Time(order.created_at),
        items: order.items.iter().map(|item| item_view(item, order.currency)).collect(),
    }
}

fn item_view(item: &OrderItem, currency: Currency) -> OrderItemView {
    let money = |amount| Money::new(amount, currency);
    OrderItemView {
        number_id: item.number_id.get(),
        number: item.number.to_string(),
        country: item.country.to_string(),
        number_type: item.number_type.as_str(),
        sms: item.sms_price.is_some(),
        setup_price: money(item.setup_price),
        number_price: money(item.number_price),
        sms_price: item.sms_price.map(money),
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct OrderBody {
    /// 1 to 50 numbers.
    #[schema(required, nullable = false)]
    #[serde(default, deserialize_with = "objects")]
    items: Option<Vec<OrderItemBody>>,
    /// What the order may cost, as a quote said: one that costs anything else is not carried out.
    #[schema(example = "1.75")]
    total: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct OrderQuoteBody {
    /// 1 to 50 numbers.
    #[schema(required, nullable = false)]
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
    let wants = wants(body.value.items)?;
    let total = body.value.total.map(|total| amount("total", &total)).transpose()?;
    let render = |order: &Order| named("order", view(order));
    let done = api.engine.order(caller.account, wants, total, body.idempotency, render).await?;
    Ok(Created(done))
}

fn wants(items: Option<Vec<OrderItemBody>>) -> Result<Vec<Want>, ApiError> {
    required("items", items)?
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            let id = required(&format!("items[{index}].number_id"), item.number_id)?;
            Ok(Want { number: NumberId::new(id), sms: item.sms.unwrap_or(false) })
        })
        .collect()
}

/// What an order would cost.
#[derive(Debug, Serialize, ToSchema)]
struct OrderQuoteView {
    total: Money,
    /// The wallet holds as much.
    affordable: bool,
    balance: Money,
    /// Until then nobody else can have these numbers.
    reserved_until: Time,
    items: Vec<OrderItemView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneOrderQuote {
    success: bool,
    quote: OrderQuoteView,
}

/// Says what an order would cost and keeps its numbers for me for ten minutes, all of them or none.
///
/// A further quote lets go of what the earlier one kept.
#[utoipa::path(
    post, path = "/portal/orders/quote", tag = "Orders", request_body = OrderQuoteBody,
    responses(
        (status = 200, description = "The prices; nothing is charged", body = OneOrderQuote),
        (status = "4XX", description = "Nothing was kept", body = Failure),
    ),
)]
pub(super) async fn quote(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<OrderQuoteBody>,
) -> Result<Json<OneOrderQuote>, ApiError> {
    let quote = api.engine.quote_order(caller.account, wants(body.value.items)?).await?;
    let quote = OrderQuoteView {
        total: Money::new(quote.total, quote.currency),
        affordable: quote.available >= quote.total,
        balance: Money::new(quote.available, quote.currency),
        reserved_until: Time(quote.reserved_until),
        items: quote.items.iter().map(|item| item_view(item, quote.currency)).collect(),
    };
    Ok(Json(OneOrderQuote { success: true, quote }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckoutLeft {
    success: bool,
}

/// Lets go of the numbers that a quote keeps for me.
#[utoipa::path(
    delete, path = "/portal/orders/quote", tag = "Orders",
    responses(
        (status = 200, description = "Others can have them", body = CheckoutLeft),
        (status = "4XX", description = "Not signed in", body = Failure),
    ),
)]
pub(super) async fn leave(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<CheckoutLeft>, ApiError> {
    api.engine.leave_checkout(caller.account).await?;
    Ok(Json(CheckoutLeft { success: true }))
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
