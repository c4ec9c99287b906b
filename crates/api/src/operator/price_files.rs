//! Prices as CSV files: taken in whole or not at all, and given out to be taken in again.

use axum::{
    Json,
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use store::prices::NumberPrice;
use utoipa::IntoParams;

use super::prices::{
    NumberChanges, OutboundChanges, number_changes, number_prices, outbound_changes,
    outbound_prices,
};
use crate::{
    Api,
    answer::Answered,
    error::{ApiError, Failure},
    extract::{CsvBody, Operator, Params, parsed_opt},
};

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
