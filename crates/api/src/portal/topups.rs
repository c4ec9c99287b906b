//! Paying into the wallet.

use axum::{Json, extract::State};
use domain::TopupId;
use engine::{TopupBegun, TopupWanted};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::topups::{self, Topup};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::Created,
    error::{ApiError, Failure},
    extract::{Caller, Id, JsonBody, amount, parsed_opt, required},
    views::{Money, Time},
};

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct TopupBody {
    /// What the wallet is credited, net of VAT: a decimal string, 1.00 to 10000.00.
    #[schema(required, nullable = false, example = "20.00")]
    amount: Option<String>,
    /// The wallet's, where it is named.
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// Keep the card, to be charged when the balance is low.
    save_card: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TopupAnswer {
    success: bool,
    topup: TopupView,
    /// Open it in the browser: the payment is made there.
    checkout_url: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneTopup {
    success: bool,
    topup: TopupView,
}

/// A payment into the wallet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopupView {
    id: i64,
    /// What the wallet is credited.
    amount: Money,
    /// In percent.
    #[schema(example = "21.00")]
    vat_rate: String,
    vat_amount: Money,
    /// What is paid.
    gross_amount: Money,
    /// `pending`, `paid` or `failed`.
    #[schema(example = "pending")]
    status: &'static str,
    /// Why it was not paid.
    failure: Option<String>,
    created_at: Time,
    paid_at: Option<Time>,
}

pub(crate) fn view(topup: &Topup) -> TopupView {
    let money = |amount| Money::new(amount, topup.currency);
    TopupView {
        id: topup.id.get(),
        amount: money(topup.amount),
        vat_rate: topup.vat_rate.to_string(),
        vat_amount: money(topup.vat_amount),
        gross_amount: money(topup.gross),
        status: topup.status(),
        failure: topup.failure.clone(),
        created_at: Time(topup.created_at),
        paid_at: topup.paid_at.map(Time),
    }
}

/// Begins a payment into my wallet.
#[utoipa::path(
    post, path = "/portal/wallet/topups", tag = "Wallet", request_body = TopupBody,
    responses(
        (status = 201, description = "Where to pay", body = TopupAnswer),
        (status = "4XX", description = "The amount cannot be used", body = Failure),
        (status = 503, description = "Payments are not set up on this server", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<TopupBody>,
) -> Result<Created, ApiError> {
    let net = amount("amount", &required("amount", body.value.amount)?)?;
    let currency = parsed_opt("currency", body.value.currency.as_deref())?;
    let save_card = body.value.save_card.unwrap_or(false);
    let wanted = TopupWanted { amount: net, currency, save_card };
    let render = |begun: &TopupBegun| json!({"success": true, "topup": view(&begun.topup), "checkout_url": begun.checkout_url});
    let done = api.engine.begin_topup(caller.account, wanted, body.idempotency, render).await?;
    Ok(Created(done))
}

/// One payment, and whether it was made.
#[utoipa::path(
    get, path = "/portal/wallet/topups/{id}", tag = "Wallet", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The payment", body = OneTopup),
        (status = "4XX", description = "There is no such payment", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OneTopup>, ApiError> {
    let (account, id) = (caller.account, TopupId::new(id));
    let found = api.engine.store().read(move |tx| topups::find(tx, account, id)).await?;
    let topup = found.ok_or_else(|| ApiError::not_found("payment"))?;
    Ok(Json(OneTopup { success: true, topup: view(&topup) }))
}
