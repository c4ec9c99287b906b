//! The catalogue as operators keep it: prices of numbers and of segments, each from a date on.

use axum::{Json, extract::State};
use domain::{
    Currency, Micros, NumberType, Prefix, Timestamp,
    catalogue::{Activation, Offer},
};
use engine::{Changed, NumberPriceWanted, OutboundPriceWanted};
use serde::{Deserialize, Serialize};
use store::prices::{NumberPrice, OutboundPrice};
use utoipa::ToSchema;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{JsonBody, Operator, amount, parsed, parsed_opt, present, required, word},
    views::{Money, Time},
};

/// What numbers of one country and type cost.
#[derive(Debug, Serialize, ToSchema)]
struct NumberPriceView {
    currency: String,
    #[schema(example = "NL")]
    country: String,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    number_type: &'static str,
    /// Once, with the order; null where such numbers are not sold.
    setup: Option<Money>,
    /// Null where such numbers are not sold.
    month: Option<Money>,
    /// Of a month of SMS; null where such numbers have none.
    sms: Option<Money>,
    /// What happens to an ordered number: `instant`, `provisioning` or `verification`.
    activation: Option<&'static str>,
    /// Null where it is in force.
    effective_from: Option<Time>,
    /// Nobody has set it yet.
    example: bool,
}

fn number_view(price: &NumberPrice, scheduled: bool, example: bool) -> NumberPriceView {
    let money = |amount| Money::new(amount, price.currency);
    NumberPriceView {
        currency: price.currency.to_string(),
        country: price.country.to_string(),
        number_type: price.number_type.as_str(),
        setup: price.offer.map(|offer| money(offer.setup)),
        month: price.offer.map(|offer| money(offer.number)),
        sms: price.offer.and_then(|offer| offer.sms).map(money),
        activation: price.offer.map(|offer| offer.activation.as_str()),
        effective_from: scheduled.then_some(Time(price.from)),
        example,
    }
}

/// What a segment to a prefix costs.
#[derive(Debug, Serialize, ToSchema)]
struct OutboundPriceView {
    currency: String,
    #[schema(example = "+31")]
    prefix: String,
    /// Null where the next shorter prefix counts from then on.
    price: Option<Money>,
    /// Null where it is in force.
    effective_from: Option<Time>,
}

fn outbound_view(price: &OutboundPrice, scheduled: bool) -> OutboundPriceView {
    OutboundPriceView {
        currency: price.currency.to_string(),
        prefix: price.prefix.as_str().to_owned(),
        price: price.price.map(|amount| Money::new(amount, price.currency)),
        effective_from: scheduled.then_some(Time(price.from)),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberPriceList {
    success: bool,
    /// In force first, then what is to come.
    prices: Vec<NumberPriceView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OutboundPriceList {
    success: bool,
    /// In force first, then what is to come.
    prices: Vec<OutboundPriceView>,
}

/// Each price of numbers with whether it is to come and whether it is an example.
pub(super) fn number_prices(api: &Api) -> Vec<(NumberPrice, bool, bool)> {
    let (book, now) = (api.engine.prices(), api.engine.clock().now());
    let (mut all, mut later) = (Vec::new(), Vec::new());
    for (currency, tariff) in book.tariffs() {
        for line in tariff.coverage(now) {
            for number_type in NumberType::ALL {
                let (country, number_type) = (line.country, *number_type);
                if let Some(offer) = line.offer(number_type) {
                    let example = !tariff.is_set(country, number_type, now);
                    let offer = Some(offer);
                    let price = NumberPrice { currency, country, number_type, from: now, offer };
                    all.push((price, false, example));
                }
            }
        }
        all.extend(tariff.ended(now).into_iter().map(|(country, number_type)| {
            (NumberPrice { currency, country, number_type, from: now, offer: None }, false, false)
        }));
        later.extend(tariff.scheduled(currency, now).into_iter().map(|price| (price, true, false)));
    }
    all.extend(later);
    all
}

pub(super) fn outbound_prices(api: &Api) -> Vec<(OutboundPrice, bool)> {
    let (book, now) = (api.engine.prices(), api.engine.clock().now());
    let (mut all, mut later) = (Vec::new(), Vec::new());
    for (currency, tariff) in book.tariffs() {
        let (current, coming) = tariff.outbound(currency, now);
        all.extend(current.into_iter().map(|(prefix, price)| {
            (OutboundPrice { currency, prefix, from: now, price: Some(price) }, false)
        }));
        later.extend(coming.into_iter().map(|price| (price, true)));
    }
    all.extend(later);
    all
}

/// What numbers cost.
#[utoipa::path(
    get, path = "/operator/prices/numbers", tag = "Operator: prices",
    responses(
        (status = 200, description = "Every price", body = NumberPriceList),
        (status = "4XX", description = "Not an operator", body = Failure),
    ),
)]
pub(super) async fn numbers(
    State(api): State<Api>,
    _: Operator,
) -> Result<Json<NumberPriceList>, ApiError> {
    let prices = number_prices(&api)
        .iter()
        .map(|(price, scheduled, example)| number_view(price, *scheduled, *example))
        .collect();
    Ok(Json(NumberPriceList { success: true, prices }))
}

/// What segments cost, by destination.
#[utoipa::path(
    get, path = "/operator/prices/outbound", tag = "Operator: prices",
    responses(
        (status = 200, description = "Every price", body = OutboundPriceList),
        (status = "4XX", description = "Not an operator", body = Failure),
    ),
)]
pub(super) async fn outbound(
    State(api): State<Api>,
    _: Operator,
) -> Result<Json<OutboundPriceList>, ApiError> {
    let prices = outbound_prices(&api)
        .iter()
        .map(|(price, scheduled)| outbound_view(price, *scheduled))
        .collect();
    Ok(Json(OutboundPriceList { success: true, prices }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NumberPriceBody {
    /// ISO 4217; the platform's, where it is missing. The first price of such numbers in any other
    /// names `setup` and `month`, and `sms` where they can have SMS.
    #[schema(example = "EUR")]
    currency: Option<String>,
    #[schema(required, nullable = false, example = "NL")]
    country: Option<String>,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    #[schema(required, nullable = false, example = "mobile")]
    number_type: Option<String>,
    #[schema(example = "0.00")]
    setup: Option<String>,
    /// Null: such numbers are not sold from then on; those who have one keep it, at what it cost last.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "1.00")]
    month: Option<Option<String>>,
    /// Of a month; null where such numbers have no SMS.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "0.75")]
    sms: Option<Option<String>>,
    /// `instant`, `provisioning` or `verification`.
    activation: Option<String>,
    /// Now, where it is missing. Months that have begun keep their price.
    effective_from: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct OutboundPriceBody {
    /// ISO 4217; the platform's, where it is missing.
    #[schema(example = "EUR")]
    currency: Option<String>,
    #[schema(required, nullable = false, example = "+31")]
    prefix: Option<String>,
    /// Null lets the next shorter prefix count.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "0.008")]
    price: Option<Option<String>>,
    /// Now, where it is missing. Messages that were accepted keep their price.
    effective_from: Option<String>,
}

fn price(param: &str, text: &str) -> Result<Micros, ApiError> {
    let price = amount(param, text)?;
    if price < Micros::ZERO {
        return Err(ApiError::invalid(param, format!("{param} is not negative.")));
    }
    Ok(price)
}

/// The platform's, where none is named.
fn named_currency(api: &Api, text: Option<&str>) -> Result<Currency, ApiError> {
    Ok(parsed_opt("currency", text)?.unwrap_or(api.engine.config().prices.currency))
}

pub(super) fn price_opt(param: &str, text: Option<String>) -> Result<Option<Micros>, ApiError> {
    text.map(|text| price(param, &text)).transpose()
}

pub(super) fn from_date(api: &Api, text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |message: String| ApiError::invalid("effective_from", message);
    let from = Timestamp::parse(text)
        .map_err(|error| wrong(format!("effective_from cannot be read: {error}.")))?;
    if from < api.engine.clock().now() {
        let message = "effective_from has passed; leave it out to begin now.".to_owned();
        return Err(wrong(message));
    }
    Ok(Some(from))
}

/// Sets what numbers of one country and type cost, from a date on.
#[utoipa::path(
    patch, path = "/operator/prices/numbers", tag = "Operator: prices", request_body = NumberPriceBody,
    responses(
        (status = 200, description = "What changes", body = NumberChanges),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn set_numbers(
    State(api): State<Api>,
    _: Operator,
    body: JsonBody<NumberPriceBody>,
) -> Result<Json<NumberChanges>, ApiError> {
    let given = body.value;
    let kind = required("type", given.number_type)?;
    let wanted = NumberPriceWanted {
        currency: named_currency(&api, given.currency.as_deref())?,
        country: parsed("country", &required("country", given.country)?)?,
        number_type: word("type", &kind, &["local", "mobile", "toll_free"])?,
        setup: price_opt("setup", given.setup)?,
        month: given.month.map(|month| price_opt("month", month)).transpose()?,
        sms: given.sms.map(|sms| price_opt("sms", sms)).transpose()?,
        activation: given
            .activation
            .map(|text| {
                let words: Vec<&str> = Activation::ALL.iter().map(|word| word.as_str()).collect();
                word("activation", &text, &words)
            })
            .transpose()?,
        from: from_date(&api, given.effective_from.as_deref())?,
    };
    let changes = api.engine.set_number_prices(vec![(1, wanted)], false).await?;
    Ok(Json(number_changes(changes, false)))
}

/// Sets what a segment to a prefix costs, from a date on.
#[utoipa::path(
    patch, path = "/operator/prices/outbound", tag = "Operator: prices", request_body = OutboundPriceBody,
    responses(
        (status = 200, description = "What changes", body = OutboundChanges),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn set_outbound(
    State(api): State<Api>,
    _: Operator,
    body: JsonBody<OutboundPriceBody>,
) -> Result<Json<OutboundChanges>, ApiError> {
    let given = body.value;
    let wanted = OutboundPriceWanted {
        currency: named_currency(&api, given.currency.as_deref())?,
        prefix: parsed::<Prefix>("prefix", &required("prefix", given.prefix)?)?,
        price: price_opt("price", required("price", given.price)?)?,
        from: from_date(&api, given.effective_from.as_deref())?,
    };
    let changes = api.engine.set_outbound_prices(vec![(1, wanted)], false).await?;
    Ok(Json(outbound_changes(changes, false)))
}

/// What a row of a file, or a call, changes.
#[derive(Debug, Serialize, ToSchema)]
struct NumberChange {
    /// Of the file, from 1.
    line: u64,
    before: Option<NumberPriceView>,
    after: NumberPriceView,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberChanges {
    success: bool,
    /// Nothing was stored: it was only a look.
    preview: bool,
    changes: Vec<NumberChange>,
}

pub(super) fn number_changes(
    changes: Vec<Changed<NumberPrice, Offer>>,
    preview: bool,
) -> NumberChanges {
    let changes = changes
        .into_iter()
        .map(|change| {
            let before =
                change.before.map(|offer| NumberPrice { offer: Some(offer), ..change.after });
            NumberChange {
                line: change.line,
                before: before.map(|price| number_view(&price, false, false)),
                after: number_view(&change.after, true, false),
            }
        })
        .collect();
    NumberChanges { success: true, preview, changes }
}

#[derive(Debug, Serialize, ToSchema)]
struct OutboundChange {
    /// Of the file, from 1.
    line: u64,
    /// Null where the prefix had no price of its own.
    before: Option<Money>,
    after: OutboundPriceView,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OutboundChanges {
    success: bool,
    /// Nothing was stored: it was only a look.
    preview: bool,
    changes: Vec<OutboundChange>,
}

pub(super) fn outbound_changes(
    changes: Vec<Changed<OutboundPrice, Micros>>,
    preview: bool,
) -> OutboundChanges {
    let changes = changes
        .into_iter()
        .map(|change| OutboundChange {
            line: change.line,
            before: change.before.map(|amount| Money::new(amount, change.after.currency)),
            after: outbound_view(&change.after, true),
        })
        .collect();
    OutboundChanges { success: true, preview, changes }
}
