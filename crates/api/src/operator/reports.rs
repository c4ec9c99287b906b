//! Every account's traffic, what it brings in and what carriers take for it.

use axum::{Json, extract::State, response::Response};
use domain::{AccountId, CarrierId, Country, Currency, Micros, NumberId};
use serde::{Deserialize, Serialize};
use store::{
    reports::{Filter, Grouping, Line},
    stats::Counts,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    csv_answer::{csv_answer, plain},
    error::{ApiError, Failure},
    extract::{Operator, Params, parsed, parsed_opt, word},
    portal::reports::{DaysQuery, FILE_ROWS_MAX, ROWS_MAX, lines, pending},
    views::Money,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OperatorReportQuery {
    /// What the lines are for each of, with commas between: `day`, `account`, `carrier`, `country`,
    /// `number`. `day`, where it is missing.
    group: Option<String>,
    /// Only this account's messages.
    #[param(value_type = Option<i64>)]
    account_id: Option<String>,
    /// Only what this carrier carries or carried.
    #[param(value_type = Option<i64>)]
    carrier_id: Option<String>,
    /// Only this number's messages.
    #[param(value_type = Option<i64>)]
    number_id: Option<String>,
    /// Only messages to or from this country.
    country: Option<String>,
}

/// What is counted of one currency.
#[derive(Debug, Serialize, ToSchema)]
struct OperatorReportSums {
    /// Both ways.
    messages: i64,
    outbound: i64,
    inbound: i64,
    delivered: i64,
    failed: i64,
    /// Outbound messages of which nothing final is known yet.
    pending: i64,
    /// Of outbound messages.
    segments: i64,
    /// What customers were charged.
    spent: Money,
    /// What carriers take, in the platform's currency, as far as their costs are set.
    cost: Money,
    /// Segments that carriers took while no cost of them was set.
    uncosted_segments: i64,
    /// What is left of `spent`; null where a cost is not known, or is in another currency.
    margin: Option<Money>,
}

impl OperatorReportSums {
    fn new(counts: &Counts, currency: Currency, platform: Currency) -> Self {
        let margin = Micros::new(counts.spent.get() - counts.cost.get());
        let known =
            counts.uncosted_segments == 0 && (currency == platform || counts.cost.is_zero());
        Self {
            messages: counts.outbound + counts.inbound,
            outbound: counts.outbound,
            inbound: counts.inbound,
            delivered: counts.delivered,
            failed: counts.failed,
            pending: pending(counts),
            segments: counts.segments,
            spent: Money::new(counts.spent, currency),
            cost: Money::new(counts.cost, platform),
            uncosted_segments: counts.uncosted_segments,
            margin: known.then(|| Money::new(margin, currency)),
        }
    }
}

/// What a report says of one day, account, carrier, country or number and one currency; it has what it is grouped by.
#[derive(Debug, Serialize, ToSchema)]
struct OperatorReportRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, example = "2026-04-03")]
    day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "First customer")]
    account: Option<String>,
    /// Who has, or had, the messages last; none where no carrier was there for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    carrier_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Carrier A")]
    carrier: Option<String>,
    /// Of whom it was sent to, or came from; null where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "NL")]
    country: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+31201234567")]
    number: Option<String>,
    #[serde(flatten)]
    sums: OperatorReportSums,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OperatorReport {
    success: bool,
    /// The first day.
    #[schema(format = Date, example = "2026-04-01")]
    from: String,
    /// The last day.
    #[schema(format = Date, example = "2026-04-30")]
    to: String,
    /// By day, then by country, number, account and carrier.
    rows: Vec<OperatorReportRow>,
    /// Of each currency.
    totals: Vec<OperatorReportSums>,
}

async fn report(
    api: &Api,
    days: &DaysQuery,
    query: &OperatorReportQuery,
    rows_max: i64,
) -> Result<OperatorReport, ApiError> {
    let words: Vec<&str> = Grouping::ALL.iter().map(|word| word.as_str()).collect();
    let groupings = query.group.as_deref().unwrap_or("day").split(',');
    let groupings: Vec<Grouping> =
        groupings.map(|part| word("group", part.trim(), &words)).collect::<Result<_, _>>()?;
    let days = days.days(api.engine.clock().now())?;
    let filter = Filter {
        days,
        account: parsed_opt("account_id", query.account_id.as_deref())?.map(AccountId::new),
        number: parsed_opt("number_id", query.number_id.as_deref())?.map(NumberId::new),
        country: query.country.as_deref().map(|text| parsed("country", text)).transpose()?,
        carrier: parsed_opt("carrier_id", query.carrier_id.as_deref())?.map(CarrierId::new),
    };
    let platform = api.engine.config().prices.currency;
    let by_country = groupings.contains(&Grouping::Country);
    let rows = lines(api, filter.clone(), groupings, rows_max).await?;
    let totals = lines(api, filter, Vec::new(), rows_max).await?;
    let sums = |line: &Line| OperatorReportSums::new(&line.counts, line.currency, platform);
    let rows = rows
        .into_iter()
        .map(|line| OperatorReportRow {
            sums: sums(&line),
            day: line.day.map(|day| day.to_string()),
            account_id: line.account.as_ref().map(|account| account.id),
            account: line.account.map(|account| account.name),
            carrier_id: line.carrier.as_ref().map(|carrier| carrier.id),
            carrier: line.carrier.map(|carrier| carrier.name),
            country: by_country.then(|| line.country.as_ref().map(Country::to_string)),
            number_id: line.number.as_ref().map(|number| number.id),
            number: line.number.map(|number| number.name),
        })
        .collect();
    let totals = totals.iter().map(sums).collect();
    let (from, to) = (days.0.to_string(), days.1.to_string());
    Ok(OperatorReport { success: true, from, to, rows, totals })
}

/// Every account's messages, what they bring in and what carriers take for them.
#[utoipa::path(
    get, path = "/operator/reports", tag = "Operator: reports",
    params(DaysQuery, OperatorReportQuery),
    responses(
        (status = 200, description = "The report", body = OperatorReport),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
    Params(days): Params<DaysQuery>,
    Params(query): Params<OperatorReportQuery>,
) -> Result<Json<OperatorReport>, ApiError> {
    Ok(Json(report(&api, &days, &query, ROWS_MAX).await?))
}

/// The column names are the API's: the file is for programs as well.
const COLUMNS: [&str; 21] = [
    "day",
    "account_id",
    "account",
    "carrier_id",
    "carrier",
    "country",
    "number_id",
    "number",
    "messages",
    "outbound",
    "inbound",
    "delivered",
    "failed",
    "pending",
    "segments",
    "spent",
    "currency",
    "cost",
    "cost_currency",
    "uncosted_segments",
    "margin",
];

/// The same as a CSV file, without the totals.
///
/// Cells are empty where the report is not grouped by their column. Numbers, and names that a spreadsheet would
/// take for a formula, begin with an apostrophe; amounts are plain decimals.
#[utoipa::path(
    get, path = "/operator/reports.csv", tag = "Operator: reports",
    params(DaysQuery, OperatorReportQuery),
    responses(
        (status = 200, description = "A CSV file in UTF-8", body = String, content_type = "text/csv"),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn file(
    State(api): State<Api>,
    _: Operator,
    Params(days): Params<DaysQuery>,
    Params(query): Params<OperatorReportQuery>,
) -> Result<Response, ApiError> {
    let report = report(&api, &days, &query, FILE_ROWS_MAX).await?;
    let rows = report.rows.into_iter().map(cells).collect::<Vec<_>>();
    Ok(csv_answer("report.csv", &COLUMNS, rows, |rows| async { Ok((rows, None)) }))
}

fn cells(row: OperatorReportRow) -> [String; 21] {
    let sums = row.sums;
    let count = |count: i64| count.to_string();
    let id = |id: Option<i64>| id.map(count).unwrap_or_default();
    let text = |text: Option<String>| plain(&text.unwrap_or_default());
    let ((spent, currency), (cost, cost_currency)) = (sums.spent.cells(), sums.cost.cells());
    [
        row.day.unwrap_or_default(),
        id(row.account_id),
        text(row.account),
        id(row.carrier_id),
        text(row.carrier),
        row.country.flatten().unwrap_or_default(),
        id(row.number_id),
        text(row.number),
        count(sums.messages),
        count(sums.outbound),
        count(sums.inbound),
        count(sums.delivered),
        count(sums.failed),
        count(sums.pending),
        count(sums.segments),
        spent,
        currency,
        cost,
        cost_currency,
        count(sums.uncosted_segments),
        sums.margin.map_or_else(String::new, |margin| margin.cells().0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_no_guess() {
        let usd: Currency = "USD".parse().unwrap();
        let margin = |cost: i64, uncosted_segments, currency| {
            let (spent, cost) = (Micros::new(8_000), Micros::new(cost));
            let counts = Counts { spent, cost, uncosted_segments, ..Counts::default() };
            let sums = OperatorReportSums::new(&counts, currency, Currency::EUR);
            sums.margin.map(|margin| margin.cells().0)
        };
        assert_eq!(margin(5_000, 0, Currency::EUR).as_deref(), Some("0.003"));
        assert_eq!(margin(9_000, 0, Currency::EUR).as_deref(), Some("-0.001"), "a loss");
        assert_eq!(margin(5_000, 1, Currency::EUR), None, "a cost is not known");
        assert_eq!(margin(5_000, 0, usd), None, "the cost is in another currency");
        assert_eq!(margin(0, 0, usd).as_deref(), Some("0.008"), "nothing was taken");
    }
}
