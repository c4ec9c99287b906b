//! Spend and messages by day, country, number and status, as a list and as a file.

use axum::{Json, extract::State, response::Response};
use domain::{Country, Currency, Day, NumberId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{
    reports::{self, Filter, Grouping, Line},
    stats::Counts,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    csv_answer::{csv_answer, plain},
    error::{ApiError, Failure},
    extract::{Caller, Params, parsed, parsed_opt, word},
    views::Money,
};

/// Days that one report may be about.
const DAYS_MAX: i64 = 400;

/// Lines of a list; a file may have more.
pub(crate) const ROWS_MAX: i64 = 10_000;

pub(crate) const FILE_ROWS_MAX: i64 = 100_000;

/// Which days a report is about; days are UTC's, and a message counts on the day on which it was made.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DaysQuery {
    /// The first day; the first of the last day's month, where it is missing. 400 days at most.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// The last day; today, where it is missing.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<String>,
}

impl DaysQuery {
    pub(crate) fn days(&self, now: Timestamp) -> Result<(Day, Day), ApiError> {
        let to = parsed_opt("to", self.to.as_deref())?.unwrap_or(Day::new(now.day()));
        let from = match parsed_opt("from", self.from.as_deref())? {
            Some(from) => from,
            None => to.first_of_month(),
        };
        if from > to {
            return Err(ApiError::invalid("from", format!("from is after {to}, the last day.")));
        }
        if to.get() - from.get() >= DAYS_MAX {
            let message = format!("A report is about {DAYS_MAX} days at most; ask for fewer.");
            return Err(ApiError::invalid("from", message));
        }
        Ok((from, to))
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    /// What the lines are for each of, with commas between: `day`, `country`, `number`, `status`.
    /// `day`, where it is missing.
    group: Option<String>,
    /// Only this number's messages.
    #[param(value_type = Option<i64>)]
    number_id: Option<String>,
    /// Only messages to or from this country.
    country: Option<String>,
}

/// What is counted. Money is what was charged for what carriers took; what failed before that is free.
#[derive(Debug, Serialize, ToSchema)]
struct ReportSums {
    /// Both ways.
    messages: i64,
    outbound: i64,
    inbound: i64,
    delivered: i64,
    failed: i64,
    /// Outbound messages of which nothing final is known yet.
    pending: i64,
    /// Of outbound messages; null in lines by status.
    segments: Option<i64>,
    /// Null in lines by status.
    spent: Option<Money>,
}

impl ReportSums {
    fn new(counts: &Counts, currency: Currency, by_status: bool) -> Self {
        Self {
            messages: counts.outbound + counts.inbound,
            outbound: counts.outbound,
            inbound: counts.inbound,
            delivered: counts.delivered,
            failed: counts.failed,
            pending: pending(counts),
            segments: (!by_status).then_some(counts.segments),
            spent: (!by_status).then(|| Money::new(counts.spent, currency)),
        }
    }
}

/// Outbound messages of which nothing final is known yet.
pub(crate) fn pending(counts: &Counts) -> i64 {
    counts.outbound - counts.delivered - counts.failed
}

/// What a report says of one day, country, number or status; it has what it is grouped by.
#[derive(Debug, Serialize, ToSchema)]
struct ReportRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, example = "2026-04-03")]
    day: Option<String>,
    /// Of whom it was sent to, or came from; null where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "NL")]
    country: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+31201234567")]
    number: Option<String>,
    /// `pending`, `delivered`, `failed`; inbound `received`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "delivered")]
    status: Option<&'static str>,
    #[serde(flatten)]
    sums: ReportSums,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Report {
    success: bool,
    /// The first day.
    #[schema(format = Date, example = "2026-04-01")]
    from: String,
    /// The last day.
    #[schema(format = Date, example = "2026-04-30")]
    to: String,
    /// By day, then by country, number and status.
    rows: Vec<ReportRow>,
    totals: ReportSums,
}

/// The groupings of a query, and whether the lines are by status too.
fn groupings(text: Option<&str>) -> Result<(Vec<Grouping>, bool), ApiError> {
    let (mut groupings, mut by_status) = (Vec::new(), false);
    for part in text.unwrap_or("day").split(',') {
        match part.trim() {
            "status" => by_status = true,
            other => {
                let words = ["day", "country", "number", "status"];
                // What operators group by besides is no word of a customer's.
                let known = if words.contains(&other) { other } else { "" };
                groupings.push(word("group", known, &words)?);
            }
        }
    }
    Ok((groupings, by_status))
}

/// The lines of an account's report; `rows_max` of them at most.
pub(crate) async fn lines(
    api: &Api,
    filter: Filter,
    groupings: Vec<Grouping>,
    rows_max: i64,
) -> Result<Vec<Line>, ApiError> {
    let read = move |tx: &mut store::Tx<'_>| reports::lines(tx, &filter, &groupings, rows_max + 1);
    let lines = api.engine.store().read(read).await?;
    if i64::try_from(lines.len()).unwrap_or(i64::MAX) > rows_max {
        let message =
            format!("The report has more than {rows_max} lines: ask for fewer days or groups.");
        return Err(ApiError::invalid("group", message));
    }
    Ok(lines)
}

/// A line split by what became of its messages.
fn by_status(line: &Line) -> impl Iterator<Item = (&'static str, Counts)> + use<> {
    let counts = line.counts;
    let of = |outbound, delivered, failed, inbound| Counts {
        outbound,
        delivered,
        failed,
        inbound,
        ..Counts::default()
    };
    let (delivered, failed) = (counts.delivered, counts.failed);
    [
        ("pending", of(pending(&counts), 0, 0, 0)),
        ("delivered", of(delivered, delivered, 0, 0)),
        ("failed", of(failed, 0, failed, 0)),
        ("received", of(0, 0, 0, counts.inbound)),
    ]
    .into_iter()
    .filter(|(_, counts)| counts.outbound + counts.inbound > 0)
}

async fn report(
    api: &Api,
    caller: &Caller,
    days: &DaysQuery,
    query: &ReportQuery,
    rows_max: i64,
) -> Result<Report, ApiError> {
    let (groupings, split) = groupings(query.group.as_deref())?;
    let days = days.days(api.engine.clock().now())?;
    let filter = Filter {
        days,
        account: Some(caller.account),
        number: parsed_opt("number_id", query.number_id.as_deref())?.map(NumberId::new),
        country: query.country.as_deref().map(|text| parsed("country", text)).transpose()?,
        carrier: None,
    };
    let by_country = groupings.contains(&Grouping::Country);
    let lines = lines(api, filter, groupings, rows_max).await?;
    let (mut totals, mut rows) = (Counts::default(), Vec::with_capacity(lines.len()));
    let currency = api.engine.currency_of(caller.account).await?;
    for line in &lines {
        totals.add(&line.counts);
        let row = |status, counts: &Counts| ReportRow {
            day: line.day.map(|day| day.to_string()),
            country: by_country.then(|| line.country.as_ref().map(Country::to_string)),
            number_id: line.number.as_ref().map(|number| number.id),
            number: line.number.as_ref().map(|number| number.name.clone()),
            status,
            sums: ReportSums::new(counts, currency, split),
        };
        if split {
            rows.extend(by_status(line).map(|(status, counts)| row(Some(status), &counts)));
        } else {
            rows.push(row(None, &line.counts));
        }
    }
    let (from, to) = (days.0.to_string(), days.1.to_string());
    let totals = ReportSums::new(&totals, currency, false);
    Ok(Report { success: true, from, to, rows, totals })
}

/// What was sent, received and spent, by day, country, number or status.
#[utoipa::path(
    get, path = "/portal/reports", tag = "Reports", params(DaysQuery, ReportQuery),
    responses(
        (status = 200, description = "The report", body = Report),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Params(days): Params<DaysQuery>,
    Params(query): Params<ReportQuery>,
) -> Result<Json<Report>, ApiError> {
    Ok(Json(report(&api, &caller, &days, &query, ROWS_MAX).await?))
}

/// The column names are the API's: the file is for programs as well.
const COLUMNS: [&str; 14] = [
    "day",
    "country",
    "number_id",
    "number",
    "status",
    "messages",
    "outbound",
    "inbound",
    "delivered",
    "failed",
    "pending",
    "segments",
    "spent",
    "currency",
];

/// The same as a CSV file, without the totals.
///
/// Cells are empty where the report is not grouped by their column. Numbers begin with an apostrophe, so that no
/// spreadsheet takes them for formulas; amounts are plain decimals.
#[utoipa::path(
    get, path = "/portal/reports.csv", tag = "Reports", params(DaysQuery, ReportQuery),
    responses(
        (status = 200, description = "A CSV file in UTF-8", body = String, content_type = "text/csv"),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn file(
    State(api): State<Api>,
    caller: Caller,
    Params(days): Params<DaysQuery>,
    Params(query): Params<ReportQuery>,
) -> Result<Response, ApiError> {
    let report = report(&api, &caller, &days, &query, FILE_ROWS_MAX).await?;
    let rows = report.rows.into_iter().map(cells).collect::<Vec<_>>();
    Ok(csv_answer("report.csv", &COLUMNS, rows, |rows| async { Ok((rows, None)) }))
}

fn cells(row: ReportRow) -> [String; 14] {
    let sums = row.sums;
    let count = |count: i64| count.to_string();
    let (spent, currency) = sums.spent.map_or_else(Default::default, Money::cells);
    [
        row.day.unwrap_or_default(),
        row.country.flatten().unwrap_or_default(),
        row.number_id.map(count).unwrap_or_default(),
        plain(&row.number.unwrap_or_default()),
        row.status.unwrap_or_default().to_owned(),
        count(sums.messages),
        count(sums.outbound),
        count(sums.inbound),
        count(sums.delivered),
        count(sums.failed),
        count(sums.pending),
        sums.segments.map(count).unwrap_or_default(),
        spent,
        currency,
    ]
}
