//! What the roll-ups add up to: never a look at a message.

use domain::{AccountId, CarrierId, Country, Currency, Day, NumberId};

use crate::{
    StoreError, Tx, Value,
    stats::{self, Counts},
};

domain::words! {
    /// What the lines of a report are for each of.
    pub enum Grouping {
        Day = "day",
        Account = "account",
        Carrier = "carrier",
        Country = "country",
        Number = "number",
    }
}

/// What a report is about.
#[derive(Debug, Clone)]
pub struct Filter {
    /// With the last day.
    pub days: (Day, Day),
    pub account: Option<AccountId>,
    pub number: Option<NumberId>,
    pub country: Option<Country>,
    pub carrier: Option<CarrierId>,
}

/// Counts of one currency; what they are not grouped by is `None`, as is what is not known.
#[derive(Debug, Clone)]
pub struct Line {
    pub day: Option<Day>,
    pub country: Option<Country>,
    pub number: Option<Named>,
    pub account: Option<Named>,
    pub carrier: Option<Named>,
    pub currency: Currency,
    pub counts: Counts,
}

/// Something and what it is called.
#[derive(Debug, Clone)]
pub struct Named {
    pub id: i64,
    pub name: String,
}

/// The lines of a report by day, then by name; a line for each currency. Without groupings, the totals.
pub fn lines(
    tx: &mut Tx<'_>,
    filter: &Filter,
    groupings: &[Grouping],
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let country = filter.country.map(|country| country.to_string());
    let (from, to) = filter.days;
    let mut values = vec![Value::from(from.get()), Value::from(to.get())];
    let mut conditions = String::new();
    let given = [
        ("w.account_id", filter.account.map(Value::from)),
        ("d.number_id", filter.number.map(Value::from)),
        ("d.country", country.as_deref().map(Value::from)),
        ("d.carrier_id", filter.carrier.map(Value::from)),
    ];
    for (column, value) in given {
        if let Some(value) = value {
            values.push(value);
            conditions.push_str(&format!(" AND {column} = ${}", values.len()));
        }
    }
    values.push(Value::from(limit));
    let mut keys = vec!["w.currency"];
    let mut key = |grouping: Grouping, column: &'static str, nothing: &'static str| {
        if groupings.contains(&grouping) {
            keys.push(column);
            column
        } else {
            nothing
        }
    };
    let day = key(Grouping::Day, "d.day", "CAST(NULL AS BIGINT)");
    let country = key(Grouping::Country, "d.country", "''");
    let number = key(Grouping::Number, "d.number_id", "CAST(NULL AS BIGINT)");
    let account = key(Grouping::Account, "d.account_id", "CAST(NULL AS BIGINT)");
    let carrier = key(Grouping::Carrier, "d.carrier_id", "CAST(NULL AS BIGINT)");
    let sql = format!(
        "SELECT s.day, s.country, s.number_id, n.number, s.account_id, a.name, s.carrier_id, c.name,
            s.currency, s.outbound, s.inbound, s.delivered, s.failed, s.segments, s.spent, s.cost,
            s.uncosted_segments
        FROM (SELECT w.currency AS currency, {day} AS day, {country} AS country,
                {number} AS number_id, {account} AS account_id, {carrier} AS carrier_id,
                CAST(SUM(d.outbound) AS BIGINT) AS outbound,
                CAST(SUM(d.inbound) AS BIGINT) AS inbound,
                CAST(SUM(d.delivered) AS BIGINT) AS delivered,
                CAST(SUM(d.failed) AS BIGINT) AS failed,
                CAST(SUM(d.segments) AS BIGINT) AS segments,
                CAST(SUM(d.spent) AS BIGINT) AS spent,
                CAST(SUM(d.cost) AS BIGINT) AS cost,
                CAST(SUM(d.uncosted_segments) AS BIGINT) AS uncosted_segments
            FROM wallets w JOIN daily_counts d ON d.account_id = w.account_id
            WHERE d.day BETWEEN $1 AND $2{conditions}
            GROUP BY {}) s
        LEFT JOIN numbers n ON n.id = s.number_id
        LEFT JOIN accounts a ON a.id = s.account_id
        LEFT JOIN carriers c ON c.id = s.carrier_id
        WHERE s.outbound <> 0 OR s.inbound <> 0
        ORDER BY s.day, s.country, n.number, a.name, s.account_id, c.name, s.carrier_id, s.currency
        LIMIT ${}",
        keys.join(", "),
        values.len()
    );
    tx.query(&sql, &values, |row| {
        let named = |id: usize| {
            let (found, name) = (row.get::<Option<i64>>(id)?, row.get::<Option<String>>(id + 1)?);
            Ok::<_, StoreError>(found.zip(name).map(|(id, name)| Named { id, name }))
        };
        Ok(Line {
            day: row.get::<Option<i64>>(0)?.map(Day::new),
            country: row.get::<String>(1)?.parse().ok(),
            number: named(2)?,
            account: named(4)?,
            carrier: named(6)?,
            currency: row.currency(8)?,
            counts: stats::counts(row, 9)?,
        })
    })
}
