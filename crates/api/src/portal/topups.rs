//! Paying into the wallet.

use axum::extract::State;
use domain::Micros;
use engine::TopupBegun;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    Api,
    answer::Created,
    error::{ApiError, Failure},
    extract::{Caller, JsonBody, required},
    views::{Money, Time},
};

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct TopupBody {
    /// A decimal string, 1.00 to 10000.00.
    #[schema(required, nullable = false, example = "20.00")]
    amount: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TopupAnswer {
    success: bool,
    topup: TopupView,
    /// Open it in the browser: the payment is made there.
    checkout_url: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct TopupView {
    id: i64,
    amount: Money,
    /// `pending` or `paid`.
    #[schema(example = "pending")]
    status: &'static str,
    created_at: Time,
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
    let amount = Micros::parse(&required("amount", body.value.amount)?, 2)
        .map_err(|error| ApiError::invalid("amount", format!("amount: {error}.")))?;
    let render = |begun: &TopupBegun| {
        let topup = TopupView {
            id: begun.topup.id.get(),
            amount: Money::new(begun.topup.amount, begun.topup.currency),
            status: if begun.topup.paid_at.is_some() { "paid" } else { "pending" },
            created_at: Time(begun.topup.created_at),
        };
        json!({"success": true, "topup": topup, "checkout_url": begun.checkout_url})
    };
    let done = api.engine.begin_topup(caller.account, amount, body.idempotency, render).await?;
    Ok(Created(done))
}
