//! What is going to be taken from the wallet.

use axum::{Json, extract::State};
use domain::Currency;
use engine::{Charge, Upcoming};
use serde::Serialize;
use store::months::Service;
use utoipa::ToSchema;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::Caller,
    views::{Money, Time},
};

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpcomingCharges {
    success: bool,
    upcoming: UpcomingView,
}

/// The months that the next 31 days charge. Net, as all that leaves the wallet: VAT is on what is paid in.
#[derive(Debug, Serialize, ToSchema)]
struct UpcomingView {
    /// The soonest first; 200 at most.
    charges: Vec<ChargeView>,
    /// How many there are, those that are not listed with them.
    #[schema(example = 1)]
    count: usize,
    /// Of all of them.
    total: Money,
    /// What can be spent today.
    balance: Money,
    /// When the first charge is due that today's balance does not cover; null: it covers all of them.
    /// In the past where a month is owed.
    covered_until: Option<Time>,
    /// What is due after it is not here.
    until: Time,
}

/// A month that is going to be charged.
#[derive(Debug, Serialize, ToSchema)]
struct ChargeView {
    number_id: i64,
    #[schema(example = "+31201234567")]
    number: String,
    /// `number` or `sms_addon`, as in the transaction that it becomes.
    #[schema(example = "sms_addon")]
    kind: &'static str,
    /// When the month begins; in the past where it is owed.
    due_at: Time,
    /// What the month costs then, with the price changes that are announced.
    amount: Money,
    /// The wallet could not pay it when it was due: it is taken as soon as the money is there. Unpaid,
    /// its service is off seven days after `due_at` and ends 30 days after it.
    owed: bool,
}

fn view(upcoming: &Upcoming) -> UpcomingView {
    let currency = upcoming.wallet.currency;
    let money = |amount| Money::new(amount, currency);
    UpcomingView {
        charges: upcoming.charges.iter().map(|each| charge(each, currency)).collect(),
        count: upcoming.count,
        total: money(upcoming.total),
        balance: money(upcoming.wallet.available),
        covered_until: upcoming.covered_until.map(Time),
        until: Time(upcoming.until),
    }
}

fn charge(charge: &Charge, currency: Currency) -> ChargeView {
    ChargeView {
        number_id: charge.number_id.get(),
        number: charge.number.to_string(),
        kind: match charge.service {
            Service::Number => "number",
            Service::Sms => "sms_addon",
        },
        due_at: Time(charge.due_at),
        amount: Money::new(charge.amount, currency),
        owed: charge.owed,
    }
}

/// What numbers and SMS take from the wallet in the next 31 days.
///
/// If nothing is bought, switched off or given back meanwhile. What messages cost is not foreseen, and a
/// number that waits to become active is not charged until then.
#[utoipa::path(
    get, path = "/portal/wallet/upcoming", tag = "Wallet",
    responses(
        (status = 200, description = "The charges to come", body = UpcomingCharges),
        (status = "4XX", description = "No valid key", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<UpcomingCharges>, ApiError> {
    let upcoming = api.engine.upcoming(caller.account).await?;
    let upcoming = upcoming.ok_or_else(|| ApiError::not_found("wallet"))?;
    Ok(Json(UpcomingCharges { success: true, upcoming: view(&upcoming) }))
}
