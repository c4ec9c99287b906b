//! Customers' payments, and paying them back.

use axum::{Json, extract::State};
use domain::{AccountId, Micros, TopupId};
use serde::{Deserialize, Serialize};
use store::{
    reversals::{self, Reversal},
    topups::{self, Topup},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Id, JsonBody, Operator, Params, amount, parsed_opt},
    page::Page,
    portal::{TopupView, topup_view},
    views::{Money, Time},
};

/// A payment with its customer and what Stripe calls it.
#[derive(Debug, Serialize, ToSchema)]
struct OperatorTopupView {
    #[serde(flatten)]
    topup: TopupView,
    account_id: i64,
    /// `stripe` or `demo`.
    #[schema(example = "stripe")]
    provider: &'static str,
    /// `checkout`, or `auto` where a saved card was charged.
    #[schema(example = "checkout")]
    cause: &'static str,
    /// The PaymentIntent.
    payment_ref: Option<String>,
}

fn view(topup: &Topup) -> OperatorTopupView {
    OperatorTopupView {
        topup: topup_view(topup),
        account_id: topup.account.get(),
        provider: topup.provider.as_str(),
        cause: topup.cause.as_str(),
        payment_ref: topup.payment_ref.clone(),
    }
}

/// What was taken back of a payment.
#[derive(Debug, Serialize, ToSchema)]
struct ReversalView {
    id: i64,
    topup_id: i64,
    /// `refund`, or `dispute` where the payer's bank did it.
    #[schema(example = "refund")]
    kind: &'static str,
    /// `pending`, `done`, or `undone` where the wallet has it again.
    #[schema(example = "pending")]
    status: &'static str,
    /// What the wallet lost, net.
    amount: Money,
    /// What the payer has again.
    gross_amount: Money,
    provider_ref: Option<String>,
    created_at: Time,
    finished_at: Option<Time>,
}

fn reversal_view(reversal: &Reversal, topup: &Topup) -> ReversalView {
    ReversalView {
        id: reversal.id,
        topup_id: reversal.topup.get(),
        kind: reversal.kind.as_str(),
        status: reversal.state.as_str(),
        amount: Money::new(reversal.amount, topup.currency),
        gross_amount: Money::new(reversal.gross, topup.currency),
        provider_ref: reversal.provider_ref.clone(),
        created_at: Time(reversal.created_at),
        finished_at: reversal.finished_at.map(Time),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TopupsQuery {
    /// Of this customer alone.
    #[param(value_type = Option<i64>)]
    account_id: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next_cursor` of the last answer.
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OperatorTopups {
    success: bool,
    topups: Vec<OperatorTopupView>,
    next_cursor: Option<String>,
}

/// All payments, newest first.
#[utoipa::path(
    get, path = "/operator/topups", tag = "Operator: payments", params(TopupsQuery),
    responses(
        (status = 200, description = "A page of payments", body = OperatorTopups),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<TopupsQuery>,
) -> Result<Json<OperatorTopups>, ApiError> {
    let page = Page::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let account = parsed_opt("account_id", query.account_id.as_deref())?.map(AccountId::new);
    let mut found = api
        .engine
        .store()
        .read(move |tx| topups::list(tx, account, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |topup| topup.id.get());
    Ok(Json(OperatorTopups {
        success: true,
        topups: found.iter().map(view).collect(),
        next_cursor,
    }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneOperatorTopup {
    success: bool,
    topup: OperatorTopupView,
    /// Oldest first.
    reversals: Vec<ReversalView>,
}

/// One payment, and what was taken back of it.
#[utoipa::path(
    get, path = "/operator/topups/{id}", tag = "Operator: payments", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The payment", body = OneOperatorTopup),
        (status = "4XX", description = "There is no such payment", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<OneOperatorTopup>, ApiError> {
    let found = api.engine.store().read(move |tx| {
        let Some(topup) = topups::find_by_id(tx, TopupId::new(id))? else { return Ok(None) };
        let reversals = reversals::of_topup(tx, topup.account, topup.id)?;
        Ok::<_, store::StoreError>(Some((topup, reversals)))
    });
    let (topup, reversals) = found.await?.ok_or_else(|| ApiError::not_found("payment"))?;
    let reversals = reversals.iter().map(|one| reversal_view(one, &topup)).collect();
    Ok(Json(OneOperatorTopup { success: true, topup: view(&topup), reversals }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RefundBody {
    /// Net, a decimal string; all that is left of the payment where it is missing.
    #[schema(example = "5.00")]
    amount: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RefundAnswer {
    success: bool,
    refund: ReversalView,
}

/// Pays a payment back to its payer, out of the wallet.
///
/// `pending` until Stripe has confirmed it; see it at `/operator/topups/{id}`.
#[utoipa::path(
    post, path = "/operator/topups/{id}/refund", tag = "Operator: payments",
    params(("id" = i64, Path)), request_body = RefundBody,
    responses(
        (status = 201, description = "The refund", body = RefundAnswer),
        (status = "4XX", description = "No money moved", body = Failure),
    ),
)]
pub(super) async fn refund(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    body: JsonBody<RefundBody>,
) -> Result<Created, ApiError> {
    let id = TopupId::new(id);
    let net: Option<Micros> = body.value.amount.map(|text| amount("amount", &text)).transpose()?;
    let found = api.engine.store().read(move |tx| topups::find_by_id(tx, id)).await?;
    let topup = found.ok_or_else(|| ApiError::not_found("payment"))?;
    let render = move |reversal: &Reversal| named("refund", reversal_view(reversal, &topup));
    Ok(Created(api.engine.refund_topup(id, net, body.idempotency, render).await?))
}
