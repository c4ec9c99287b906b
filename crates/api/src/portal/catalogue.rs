//! What is on offer, for everybody to see.

use axum::{Json, extract::State};
use domain::{
    Currency, Micros, NumberType,
    catalogue::{self, Coverage, Offer},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Api, views::Money};

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoverageAnswer {
    success: bool,
    /// The most asked for first.
    countries: Vec<CountryView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CountryView {
    /// ISO 3166-1 alpha-2.
    #[schema(example = "NL")]
    country: String,
    #[schema(example = "31")]
    calling_code: String,
    /// Null where there are none.
    local: Option<OfferView>,
    mobile: Option<OfferView>,
    toll_free: Option<OfferView>,
}

/// Prices are of a month.
#[derive(Debug, Serialize, ToSchema)]
struct OfferView {
    sms: bool,
    /// Null where there is no SMS.
    sms_price: Option<Money>,
    number_price: Money,
}

fn country(line: &Coverage, currency: Currency) -> CountryView {
    let offer = |offer: Offer| OfferView {
        sms: offer.sms.is_some(),
        sms_price: offer.sms.map(|price| Money::new(price, currency)),
        number_price: Money::new(offer.number, currency),
    };
    CountryView {
        country: line.country.to_string(),
        calling_code: line.calling_code.to_string(),
        local: line.local.map(offer),
        mobile: line.mobile.map(offer),
        toll_free: line.toll_free.map(offer),
    }
}

/// Countries and number types, with SMS or without.
#[utoipa::path(
    get, path = "/portal/coverage", tag = "Catalogue", security(()),
    responses((status = 200, description = "Every country that is served", body = CoverageAnswer)),
)]
pub(super) async fn coverage(State(api): State<Api>) -> Json<CoverageAnswer> {
    let currency = api.engine.config().currency;
    let countries = catalogue::coverage().iter().map(|line| country(line, currency)).collect();
    Json(CoverageAnswer { success: true, countries })
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PricingAnswer {
    success: bool,
    pricing: PricingView,
}

#[derive(Debug, Serialize, ToSchema)]
struct PricingView {
    /// Of a message that you receive.
    inbound: Money,
    /// Of a segment that you send; the longest prefix counts.
    outbound: Vec<DestinationView>,
    /// Of a month of SMS on a number.
    sms_addon: Vec<AddonView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DestinationView {
    /// A prefix of numbers; `+` is everywhere.
    #[schema(example = "+")]
    destination: String,
    price: Money,
}

#[derive(Debug, Serialize, ToSchema)]
struct AddonView {
    /// ISO 3166-1 alpha-2.
    #[schema(example = "NL")]
    country: String,
    price: Money,
}

/// What messages and SMS on a number cost.
#[utoipa::path(
    get, path = "/portal/pricing", tag = "Catalogue", security(()),
    responses((status = 200, description = "The prices", body = PricingAnswer)),
)]
pub(super) async fn pricing(State(api): State<Api>) -> Json<PricingAnswer> {
    let config = api.engine.config();
    let money = |amount| Money::new(amount, config.currency);
    let sms_addon = catalogue::coverage()
        .iter()
        .filter_map(|line| {
            let price = NumberType::ALL.iter().find_map(|kind| line.offer(*kind)?.sms)?;
            Some(AddonView { country: line.country.to_string(), price: money(price) })
        })
        .collect();
    let everywhere =
        DestinationView { destination: "+".to_owned(), price: money(config.prices.segment) };
    let pricing =
        PricingView { inbound: money(Micros::ZERO), outbound: vec![everywhere], sms_addon };
    Json(PricingAnswer { success: true, pricing })
}
