//! The balance and its settings.

use axum::{Json, extract::State};
use domain::{Micros, Timestamp};
use engine::{AutoRechargePatch, TopupLimits, WalletPatch, WalletSeen};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Caller, JsonBody, amount, present},
    views::{Money, Time},
};

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Wallet {
    success: bool,
    wallet: WalletView,
}

#[derive(Debug, Serialize, ToSchema)]
struct WalletView {
    /// What can be spent.
    balance: Money,
    /// Set aside for messages that no carrier has accepted yet.
    held: Money,
    /// Of payments that were taken back after they had been spent: until it is settled out of the
    /// next top-up, nothing is sent.
    owed: Money,
    /// In percent, on top of what is paid in.
    #[schema(example = "21.00")]
    vat_rate: String,
    /// What messages may cost on a day in UTC; null: whatever there is.
    daily_spend_cap: Option<Money>,
    /// What the messages of this day cost, those that failed later with them.
    spent_today: Money,
    /// Below it, an event and a letter tell; null: none was chosen.
    low_balance_below: Option<Money>,
    topup: TopupLimitsView,
    /// The card that can be charged by itself.
    card: Option<CardView>,
    auto_recharge: Option<AutoRechargeView>,
}

/// What one top-up may be, net.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TopupLimits)]
struct TopupLimitsView {
    minimum: Money,
    maximum: Money,
    /// Digits after the point that can be paid.
    #[schema(example = 2)]
    decimals: u32,
}

#[derive(Debug, Serialize, ToSchema)]
struct CardView {
    #[schema(example = "visa")]
    brand: String,
    #[schema(example = "4242")]
    last4: String,
    #[schema(example = 12)]
    exp_month: i64,
    #[schema(example = 2034)]
    exp_year: i64,
}

/// Topping up by itself.
#[derive(Debug, Serialize, ToSchema)]
struct AutoRechargeView {
    enabled: bool,
    /// A balance below this is topped up.
    below: Money,
    /// With this much, net.
    amount: Money,
    /// At most this much on a day in UTC, net.
    daily_limit: Money,
    charged_today: Money,
    /// Whether a payment is under way.
    pending: bool,
    /// Why nothing is charged until `enabled` is sent again; null: it goes on.
    paused_reason: Option<String>,
    paused_at: Option<Time>,
}

fn view(seen: WalletSeen, now: Timestamp) -> WalletView {
    let WalletSeen { wallet, card, auto_recharge } = seen;
    let money = |amount| Money::new(amount, wallet.currency);
    let limits = TopupLimits::of(wallet.currency);
    WalletView {
        balance: money(wallet.available),
        held: money(wallet.held),
        owed: money(wallet.owed),
        vat_rate: wallet.vat_rate.to_string(),
        daily_spend_cap: wallet.spend_cap.map(money),
        spent_today: money(wallet.spent_on(now.day())),
        low_balance_below: wallet.low_balance_below.map(money),
        topup: TopupLimitsView {
            minimum: money(limits.minimum),
            maximum: money(limits.maximum),
            decimals: wallet.currency.decimals_paid(),
        },
        card: card.map(|card| CardView {
            brand: card.brand,
            last4: card.last4,
            exp_month: card.exp_month,
            exp_year: card.exp_year,
        }),
        auto_recharge: auto_recharge.map(|recharge| AutoRechargeView {
            enabled: recharge.enabled,
            below: money(recharge.below),
            amount: money(recharge.amount),
            daily_limit: money(recharge.daily_limit),
            charged_today: money(recharge.charged_on(now.day())),
            pending: recharge.topup.is_some(),
            paused_reason: recharge.paused_reason,
            paused_at: recharge.paused_at.map(Time),
        }),
    }
}

/// The balance.
#[utoipa::path(
    get, path = "/portal/wallet", tag = "Wallet",
    responses(
        (status = 200, description = "The wallet", body = Wallet),
        (status = "4XX", description = "No valid key", body = Failure),
    ),
)]
pub(super) async fn get(State(api): State<Api>, caller: Caller) -> Result<Json<Wallet>, ApiError> {
    let wallet = api.engine.wallet(caller.account).await?;
    let wallet = wallet.ok_or_else(|| ApiError::not_found("wallet"))?;
    let wallet = view(wallet, api.engine.clock().now());
    Ok(Json(Wallet { success: true, wallet }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct WalletBody {
    /// What messages may cost on a day in UTC, a decimal string; null lifts the cap.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "10.00")]
    daily_spend_cap: Option<Option<String>>,
    /// Below it, an event and a letter tell, once each time that the balance falls; null: no letter, and
    /// webhooks are told below 5.00.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "10.00")]
    low_balance_below: Option<Option<String>>,
    auto_recharge: Option<AutoRechargeBody>,
}

/// What is missing stays as it is; sending `enabled` ends a pause.
#[derive(Debug, Deserialize, ToSchema)]
struct AutoRechargeBody {
    /// Needs a saved card.
    enabled: Option<bool>,
    #[schema(example = "10.00")]
    below: Option<String>,
    /// Net, 1.00 to 10000.00.
    #[schema(example = "20.00")]
    amount: Option<String>,
    /// Net, on a day in UTC; at least `amount`.
    #[schema(example = "100.00")]
    daily_limit: Option<String>,
}

impl AutoRechargeBody {
    fn patch(self) -> Result<AutoRechargePatch, ApiError> {
        let money = |name: &str, text: Option<String>| {
            text.map(|text| amount(&format!("auto_recharge.{name}"), &text)).transpose()
        };
        Ok(AutoRechargePatch {
            enabled: self.enabled,
            below: money("below", self.below)?,
            amount: money("amount", self.amount)?,
            daily_limit: money("daily_limit", self.daily_limit)?,
        })
    }
}

/// An amount, null, or nothing said.
fn money_or_null(
    param: &str,
    text: Option<Option<String>>,
) -> Result<Option<Option<Micros>>, ApiError> {
    text.map(|text| text.map(|text| amount(param, &text)).transpose()).transpose()
}

/// Changes what is given of the wallet's settings.
#[utoipa::path(
    patch, path = "/portal/wallet", tag = "Wallet", request_body = WalletBody,
    responses(
        (status = 200, description = "The wallet", body = Wallet),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<WalletBody>,
) -> Result<Json<Wallet>, ApiError> {
    let WalletBody { daily_spend_cap, low_balance_below, auto_recharge } = body.value;
    let patch = WalletPatch {
        daily_spend_cap: money_or_null("daily_spend_cap", daily_spend_cap)?,
        low_balance_below: money_or_null("low_balance_below", low_balance_below)?,
        auto_recharge: auto_recharge.map(AutoRechargeBody::patch).transpose()?,
    };
    let wallet = api.engine.update_wallet(caller.account, patch).await?;
    let wallet = view(wallet, api.engine.clock().now());
    Ok(Json(Wallet { success: true, wallet }))
}

/// Forgets the saved card; nothing is charged by itself any more.
#[utoipa::path(
    delete, path = "/portal/wallet/card", tag = "Wallet",
    responses(
        (status = 200, description = "The wallet", body = Wallet),
        (status = "4XX", description = "No card is saved", body = Failure),
    ),
)]
pub(super) async fn forget_card(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Wallet>, ApiError> {
    api.engine.forget_card(caller.account).await?;
    get(State(api), caller).await
}
