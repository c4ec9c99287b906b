//! What is on offer, for everybody to see.

use axum::{Json, extract::State};
use domain::{
    Currency, Micros, NumberType, Timestamp,
    catalogue::{Coverage, Offer},
};
use engine::PriceBook;
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
    /// Empty where it is not known.
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
    /// Once, with the order.
    setup_price: Money,
    /// What happens to an ordered number: `instant`, `provisioning` or `verification`.
    #[schema(example = "instant")]
    activation: &'static str,
    /// The operator has not set these prices yet.
    example: bool,
}

fn country(line: &Coverage, book: &PriceBook, now: Timestamp, currency: Currency) -> CountryView {
    let money = |amount| Money::new(amount, currency);
    let view = |kind, offer: Offer| OfferView {
        sms: offer.sms.is_some(),
        sms_price: offer.sms.map(money),
        number_price: money(offer.number),
        setup_price: money(offer.setup),
        activation: offer.activation.as_str(),
        example: book.set_offer(line.country, kind, now).is_none(),
    };
    let offer = |kind| line.offer(kind).map(|offer| view(kind, offer));
    CountryView {
        country: line.country.to_string(),
        calling_code: match line.calling_code {
            0 => String::new(),
            code => code.to_string(),
        },
        local: offer(NumberType::Local),
        mobile: offer(NumberType::Mobile),
        toll_free: offer(NumberType::TollFree),
    }
}

/// Countries and number types, with SMS or without.
#[utoipa::path(
    get, path = "/portal/coverage", tag = "Catalogue", security(()),
    responses((status = 200, description = "Every country that is served", body = CoverageAnswer)),
)]
pub(super) async fn coverage(State(api): State<Api>) -> Json<CoverageAnswer> {
    let currency = api.engine.config().currency;
    let (book, now) = (api.engine.prices(), api.engine.clock().now());
    let countries =
        book.coverage(now).iter().map(|line| country(line, &book, now, currency)).collect();
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
    let (book, now) = (api.engine.prices(), api.engine.clock().now());
    let sms_addon = book
        .coverage(now)
        .iter()
        .filter_map(|line| {
            let price = NumberType::ALL.iter().find_map(|kind| line.offer(*kind)?.sms)?;
            Some(AddonView { country: line.country.to_string(), price: money(price) })
        })
        .collect();
    let outbound = book
        .outbound(now)
        .0
        .into_iter()
        .map(|(prefix, price)| DestinationView {
            destination: prefix.as_str().to_owned(),
            price: money(price),
        })
        .collect();
    let pricing = PricingView { inbound: money(Micros::ZERO), outbound, sms_addon };
    Json(PricingAnswer { success: true, pricing })
}
