//! The catalogue as operators keep it: prices of numbers and of segments, each from a date on.

use axum::{
    Json,
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use domain::{
    Currency, Micros, NumberType, Prefix, Timestamp,
    catalogue::{Activation, Offer},
};
use engine::{Changed, NumberPriceWanted, OutboundPriceWanted};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::prices::{NumberPrice, OutboundPrice};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    answer::Answered,
    error::{ApiError, Failure},
    extract::{
        CsvBody, JsonBody, Operator, Params, amount, parsed, parsed_opt, present, required, word,
    },
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
fn number_prices(api: &Api) -> Vec<(NumberPrice, bool, bool)> {
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

fn outbound_prices(api: &Api) -> Vec<(OutboundPrice, bool)> {
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

fn number_changes(changes: Vec<Changed<NumberPrice, Offer>>, preview: bool) -> NumberChanges {
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

fn outbound_changes(
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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PreviewQuery {
    /// `true`: only says what would change.
    #[param(value_type = Option<bool>)]
    preview: Option<String>,
}

impl PreviewQuery {
    pub(super) fn wanted(&self) -> Result<bool, ApiError> {
        Ok(parsed_opt::<bool>("preview", self.preview.as_deref())?.unwrap_or(false))
    }
}

/// Sets prices of numbers by a CSV file, all or nothing.
///
/// The heading names `country,type` and, if wanted, `currency`, `setup`, `month` and `sms` (an amount, or
/// `none`), `activation`, `effective_from`; an empty cell leaves things as they are. The first price of such
/// numbers in any currency but the platform's names `setup` and `month`.
#[utoipa::path(
    post, path = "/operator/prices/numbers/import", tag = "Operator: prices", params(PreviewQuery),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What changes", body = NumberChanges),
        (status = "4XX", description = "Nothing was changed; `message` names the first bad lines", body = Failure),
    ),
)]
pub(super) async fn import_numbers(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<PreviewQuery>,
    CsvBody { octets, idempotency }: CsvBody,
) -> Result<Response, ApiError> {
    let rows = api.engine.read_number_prices(&octets).map_err(|e| ApiError::bad_file(&e))?;
    if query.wanted()? {
        let changes = api.engine.set_number_prices(rows, true).await?;
        return Ok(Json(number_changes(changes, true)).into_response());
    }
    let render = move |changes: &Vec<_>| json!(number_changes(changes.clone(), false));
    let done = api.engine.import_number_prices((octets.len(), rows), idempotency, render).await?;
    Ok(Answered(done).into_response())
}

/// Sets prices of segments by a CSV file, all or nothing.
///
/// The heading names `prefix,price` (an amount, or `none`) and, if wanted, `currency`, `effective_from`.
#[utoipa::path(
    post, path = "/operator/prices/outbound/import", tag = "Operator: prices", params(PreviewQuery),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What changes", body = OutboundChanges),
        (status = "4XX", description = "Nothing was changed; `message` names the first bad lines", body = Failure),
    ),
)]
pub(super) async fn import_outbound(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<PreviewQuery>,
    CsvBody { octets, idempotency }: CsvBody,
) -> Result<Response, ApiError> {
    let rows = api.engine.read_outbound_prices(&octets).map_err(|e| ApiError::bad_file(&e))?;
    if query.wanted()? {
        let changes = api.engine.set_outbound_prices(rows, true).await?;
        return Ok(Json(outbound_changes(changes, true)).into_response());
    }
    let render = move |changes: &Vec<_>| json!(outbound_changes(changes.clone(), false));
    let done = api.engine.import_outbound_prices((octets.len(), rows), idempotency, render).await?;
    Ok(Answered(done).into_response())
}

/// The prices of numbers as a file that can be imported again.
#[utoipa::path(
    get, path = "/operator/prices/numbers/export", tag = "Operator: prices",
    responses(
        (status = 200, description = "A CSV file", body = String, content_type = "text/csv"),
        (status = "4XX", description = "Not an operator", body = Failure),
    ),
)]
pub(super) async fn export_numbers(State(api): State<Api>, _: Operator) -> Response {
    let mut csv = "currency,country,type,setup,month,sms,activation,effective_from\n".to_owned();
    for (price, scheduled, _) in number_prices(&api) {
        let NumberPrice { currency, country, number_type, from, offer } = price;
        let from = if scheduled { from.to_string() } else { String::new() };
        let Some(offer) = offer else {
            csv.push_str(&format!("{currency},{country},{number_type},,none,,,{from}\n"));
            continue;
        };
        let sms = offer.sms.map_or("none".to_owned(), |sms| sms.to_string());
        csv.push_str(&format!(
            "{currency},{country},{number_type},{},{},{sms},{},{from}\n",
            offer.setup, offer.number, offer.activation
        ));
    }
    file("number-prices.csv", csv)
}

/// The prices of segments as a file that can be imported again.
#[utoipa::path(
    get, path = "/operator/prices/outbound/export", tag = "Operator: prices",
    responses(
        (status = 200, description = "A CSV file", body = String, content_type = "text/csv"),
        (status = "4XX", description = "Not an operator", body = Failure),
    ),
)]
pub(super) async fn export_outbound(State(api): State<Api>, _: Operator) -> Response {
    let mut csv = "currency,prefix,price,effective_from\n".to_owned();
    for (price, scheduled) in outbound_prices(&api) {
        let amount = price.price.map_or("none".to_owned(), |price| price.to_string());
        let from = if scheduled { price.from.to_string() } else { String::new() };
        csv.push_str(&format!("{},{},{amount},{from}\n", price.currency, price.prefix.as_str()));
    }
    file("outbound-prices.csv", csv)
}

pub(super) fn file(name: &str, csv: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, disposition)];
    (headers, csv).into_response()
}
