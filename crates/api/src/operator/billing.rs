//! Whether months are charged, and the clock they go by.

use axum::{Json, extract::State};
use engine::BillingState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::Operator,
    views::Time,
};

/// Renewals halt where the clock moved by more than 36 hours between two looks.
#[derive(Debug, Serialize, ToSchema)]
struct BillingView {
    /// `running` or `halted`.
    #[schema(example = "running")]
    state: &'static str,
    /// When renewals were last looked at; null before the first time.
    seen_at: Option<Time>,
    /// Since then no month is charged.
    halted_at: Option<Time>,
    /// This server's clock.
    now: Time,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BillingAnswer {
    success: bool,
    billing: BillingView,
}

fn answer(api: &Api, state: BillingState) -> Json<BillingAnswer> {
    let billing = BillingView {
        state: if state.halted_at.is_some() { "halted" } else { "running" },
        seen_at: state.seen_at.map(Time),
        halted_at: state.halted_at.map(Time),
        now: Time(api.engine.clock().now()),
    };
    Json(BillingAnswer { success: true, billing })
}

/// Whether months are charged.
#[utoipa::path(
    get, path = "/operator/billing", tag = "Operator: billing",
    responses(
        (status = 200, description = "The renewals' state", body = BillingAnswer),
        (status = "4XX", description = "Not an operator", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
) -> Result<Json<BillingAnswer>, ApiError> {
    let state = api.engine.billing_state().await?;
    Ok(answer(&api, state))
}

/// Trusts the clock as it is now: what became due meanwhile is charged.
#[utoipa::path(
    post, path = "/operator/billing/resume", tag = "Operator: billing",
    responses(
        (status = 200, description = "Months are charged again", body = BillingAnswer),
        (status = "4XX", description = "Not an operator", body = Failure),
    ),
)]
pub(super) async fn resume(
    State(api): State<Api>,
    _: Operator,
) -> Result<Json<BillingAnswer>, ApiError> {
    let state = api.engine.resume_billing().await?;
    Ok(answer(&api, state))
}
