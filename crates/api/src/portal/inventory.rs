//! Numbers that can be ordered.

use axum::{Json, extract::State};
use domain::{
    Country, NumberType, Timestamp,
    catalogue::{Coverage, Offer},
};
use engine::Tariff;
use serde::{Deserialize, Serialize};
use store::numbers::{self, Wanted};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Caller, Params, parsed_opt, word},
    page::Page,
    views::Money,
};

/// Digits of a number, without the +.
const DIGITS_MAX: usize = 15;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct InventoryQuery {
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    number_type: Option<String>,
    /// True: only numbers that can have SMS.
    #[param(value_type = Option<bool>)]
    sms: Option<String>,
    /// Digits that lie together in the number.
    contains: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next_cursor` of the last answer.
    cursor: Option<String>,
}

impl InventoryQuery {
    fn wanted(&self, tariff: &Tariff, now: Timestamp) -> Result<Wanted, ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let types: Vec<&str> = NumberType::ALL.iter().map(|kind| kind.as_str()).collect();
        let number_type = given(&self.number_type);
        let number_type = number_type.map(|text| word("type", &text, &types)).transpose()?;
        // A + in a query is a blank unless it is written %2B.
        let contains = given(&self.contains)
            .map(|text| text.trim_start_matches(['+', ' ']).to_owned())
            .filter(|digits| !digits.is_empty());
        if let Some(digits) = &contains
            && (digits.len() > DIGITS_MAX || !digits.bytes().all(|b| b.is_ascii_digit()))
        {
            let message = format!("contains is up to {DIGITS_MAX} digits.");
            return Err(ApiError::invalid("contains", message));
        }
        let sms = parsed_opt::<bool>("sms", given(&self.sms).as_deref())?.unwrap_or(false);
        Ok(Wanted {
            country: parsed_opt("country", given(&self.country).as_deref())?,
            number_type,
            contains,
            kinds: (sms || !tariff.has_all()).then(|| kinds(&tariff.coverage(now), sms)),
        })
    }
}

/// What is on offer, or what of it can have SMS.
fn kinds(coverage: &[Coverage], with_sms: bool) -> Vec<(Country, NumberType)> {
    let of = |line: &Coverage| {
        let line = *line;
        let wanted = move |offer: Offer| !with_sms || offer.sms.is_some();
        let is_wanted = move |kind: &&NumberType| line.offer(**kind).is_some_and(wanted);
        NumberType::ALL.iter().filter(is_wanted).map(move |kind| (line.country, *kind))
    };
    coverage.iter().flat_map(of).collect()
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Inventory {
    success: bool,
    numbers: Vec<AvailableView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// A number that can be ordered.
#[derive(Debug, Serialize, ToSchema)]
struct AvailableView {
    id: i64,
    #[schema(example = "+31201234567")]
    number: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "NL")]
    country: String,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    number_type: &'static str,
    /// Of a month of the number.
    number_price: Money,
    /// Once, with the order.
    setup_price: Money,
    sms_available: bool,
    /// Of a month of SMS; null where it is not available.
    sms_price: Option<Money>,
}

/// Numbers that can be ordered; not those in somebody else's checkout.
#[utoipa::path(
    get, path = "/portal/numbers/available", tag = "Orders", params(InventoryQuery),
    responses(
        (status = 200, description = "A page of numbers", body = Inventory),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<InventoryQuery>,
) -> Result<Json<Inventory>, ApiError> {
    let page = Page::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let (book, now) = (api.engine.prices(), api.engine.clock().now());
    let currency = api.engine.currency_of(caller.account).await?;
    let tariff = book.tariff(currency);
    let wanted = query.wanted(tariff, now)?;
    let buyer = (caller.account, now);
    let mut found = api
        .engine
        .store()
        .read(move |tx| numbers::available(tx, &wanted, buyer, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |number| number.id.get());
    let numbers = found
        .into_iter()
        .filter_map(|number| {
            let offer = tariff.offer(number.country, number.number_type, now)?;
            Some(AvailableView {
                id: number.id.get(),
                number: number.number.to_string(),
                country: number.country.to_string(),
                number_type: number.number_type.as_str(),
                number_price: Money::new(offer.number, currency),
                setup_price: Money::new(offer.setup, currency),
                sms_available: offer.sms.is_some(),
                sms_price: offer.sms.map(|price| Money::new(price, currency)),
            })
        })
        .collect();
    Ok(Json(Inventory { success: true, numbers, next_cursor }))
}
