//! What is on offer, for everybody to see.

use axum::{
    Json,
    extract::State,
    http::header::{CACHE_CONTROL, HeaderName, VARY},
    response::IntoResponse,
};
use domain::{
    Currency, Micros, NumberType, Timestamp,
    catalogue::{Coverage, Offer},
};
use engine::Tariff;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Anyone, Params, parsed_opt},
    views::Money,
};

/// The answer depends on who asks: nothing between keeps it for somebody else.
const OF_THE_CALLER: [(HeaderName, &str); 2] =
    [(CACHE_CONTROL, "private, no-cache"), (VARY, "Authorization, Cookie")];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CurrencyQuery {
    /// ISO 4217: the prices in this currency, and only what is sold in it. Without it, your wallet's
    /// currency where a key of yours is sent, else what new accounts pay in.
    #[param(example = "EUR")]
    currency: Option<String>,
}

impl CurrencyQuery {
    async fn wanted(&self, api: &Api, anyone: Anyone) -> Result<Currency, ApiError> {
        let given = self.currency.as_deref().filter(|text| !text.is_empty());
        match (parsed_opt("currency", given)?, anyone.0) {
            (Some(currency), _) => Ok(currency),
            (None, Some(account)) => Ok(api.engine.currency_of(account).await?),
            (None, None) => Ok(api.engine.config().account_currency),
        }
    }
}

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

fn country(
    line: &Coverage,
    tariff: &Tariff,
    (currency, now): (Currency, Timestamp),
) -> CountryView {
    let money = |amount| Money::new(amount, currency);
    let view = |kind, offer: Offer| OfferView {
        sms: offer.sms.is_some(),
        sms_price: offer.sms.map(money),
        number_price: money(offer.number),
        setup_price: money(offer.setup),
        activation: offer.activation.as_str(),
        example: !tariff.is_set(line.country, kind, now),
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
    get, path = "/portal/coverage", tag = "Catalogue", params(CurrencyQuery),
    security((), ("api_key" = []), ("session" = [])),
    responses(
        (status = 200, description = "Every country that is served", body = CoverageAnswer),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn coverage(
    State(api): State<Api>,
    anyone: Anyone,
    Params(query): Params<CurrencyQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let moment = (query.wanted(&api, anyone).await?, api.engine.clock().now());
    let book = api.engine.prices();
    let tariff = book.tariff(moment.0);
    let lines = tariff.coverage(moment.1);
    let countries = lines.iter().map(|line| country(line, tariff, moment)).collect();
    Ok((OF_THE_CALLER, Json(CoverageAnswer { success: true, countries })))
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
    get, path = "/portal/pricing", tag = "Catalogue", params(CurrencyQuery),
    security((), ("api_key" = []), ("session" = [])),
    responses(
        (status = 200, description = "The prices", body = PricingAnswer),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn pricing(
    State(api): State<Api>,
    anyone: Anyone,
    Params(query): Params<CurrencyQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let currency = query.wanted(&api, anyone).await?;
    let money = |amount| Money::new(amount, currency);
    let (book, now) = (api.engine.prices(), api.engine.clock().now());
    let tariff = book.tariff(currency);
    let sms_addon = tariff
        .coverage(now)
        .iter()
        .filter_map(|line| {
            let price = NumberType::ALL.iter().find_map(|kind| line.offer(*kind)?.sms)?;
            Some(AddonView { country: line.country.to_string(), price: money(price) })
        })
        .collect();
    let outbound = tariff
        .outbound(currency, now)
        .0
        .into_iter()
        .map(|(prefix, price)| DestinationView {
            destination: prefix.as_str().to_owned(),
            price: money(price),
        })
        .collect();
    let pricing = PricingView { inbound: money(Micros::ZERO), outbound, sms_addon };
    Ok((OF_THE_CALLER, Json(PricingAnswer { success: true, pricing })))
}
