//! Files of prices: each row as it is wanted, or what is wrong with it by line and column.

use std::collections::HashMap;

use domain::{Currency, Micros, Prefix, Timestamp};

use crate::{
    CarrierCostWanted, Engine, FileErrors, ImportError, NumberPriceWanted, OutboundPriceWanted,
    csv_file, price_changes::Row,
};

/// Rows that one file may have.
const ROWS_MAX: usize = 100_000;

impl Engine {
    /// The rows of a CSV file `currency,country,type,setup,month,sms,activation,effective_from`.
    pub fn read_number_prices(
        &self,
        octets: &[u8],
    ) -> Result<Vec<Row<NumberPriceWanted>>, FileErrors> {
        let (now, book) = (self.clock.now(), self.prices());
        let optional = ["currency", "setup", "month", "sms", "activation", "effective_from"];
        let mut keys = HashMap::new();
        csv_file::read(octets, (&["country", "type"], &optional), ROWS_MAX, |line| {
            let row = NumberPriceWanted {
                currency: self.currency_named(line)?,
                country: line.required("country")?,
                number_type: line
                    .word("type", "local, mobile or toll_free")?
                    .ok_or_else(|| line.error("type", "type is local, mobile or toll_free"))?,
                setup: amount(line, "setup")?,
                month: match line.get("month") {
                    Some("none") => Some(None),
                    _ => amount(line, "month")?.map(Some),
                },
                sms: match line.get("sms") {
                    Some("none") => Some(None),
                    _ => amount(line, "sms")?.map(Some),
                },
                activation: line.word("activation", "instant, provisioning or verification")?,
                from: date(line, now)?,
            };
            row.missing(&book, now)
                .map_or(Ok(()), |column| Err(line.error(column, row.first_names(column))))?;
            let key = (row.currency, row.country, row.number_type, row.from);
            match keys.insert(key, line.line) {
                Some(earlier) => Err(line.error("type", format!("the same as in line {earlier}"))),
                None => Ok((line.line, row)),
            }
        })
    }

    /// The rows of a CSV file `currency,prefix,price,effective_from`.
    pub fn read_outbound_prices(
        &self,
        octets: &[u8],
    ) -> Result<Vec<Row<OutboundPriceWanted>>, FileErrors> {
        let columns = ("price", &["currency", "effective_from"][..]);
        self.read_by_prefix(octets, columns, |line, row| {
            let ByPrefix { currency, prefix, amount, from } = row;
            if prefix.is_empty() && amount.is_none() {
                return Err(line.error("price", "the prefix + always has a price"));
            }
            Ok(OutboundPriceWanted { currency, prefix, price: amount, from })
        })
    }

    /// The rows of a CSV file `prefix,cost,effective_from`.
    pub fn read_carrier_costs(
        &self,
        octets: &[u8],
    ) -> Result<Vec<Row<CarrierCostWanted>>, FileErrors> {
        self.read_by_prefix(octets, ("cost", &["effective_from"]), |_, row| {
            let ByPrefix { prefix, amount, from, .. } = row;
            Ok(CarrierCostWanted { prefix, cost: amount, from })
        })
    }

    /// The rows of a CSV file with an amount, or `none`, for each prefix.
    fn read_by_prefix<T>(
        &self,
        octets: &[u8],
        (column, optional): (&str, &[&str]),
        wanted: impl Fn(&csv_file::Line<'_>, ByPrefix) -> Result<T, ImportError>,
    ) -> Result<Vec<Row<T>>, FileErrors> {
        let now = self.clock.now();
        let mut keys = HashMap::new();
        let required = ["prefix", column];
        csv_file::read(octets, (&required, optional), ROWS_MAX, |line| {
            let amount = match line.get(column) {
                Some("none") => None,
                _ => Some(amount(line, column)?.ok_or_else(|| {
                    line.error(column, format!("{column} is an amount, or none"))
                })?),
            };
            let row = ByPrefix {
                currency: self.currency_named(line)?,
                prefix: line.required("prefix")?,
                amount,
                from: date(line, now)?,
            };
            let key = (row.currency, row.prefix.clone(), row.from);
            let read = wanted(line, row)?;
            match keys.insert(key, line.line) {
                Some(earlier) => {
                    Err(line.error("prefix", format!("the same as in line {earlier}")))
                }
                None => Ok((line.line, read)),
            }
        })
    }

    /// The platform's, where none is named.
    fn currency_named(&self, line: &csv_file::Line<'_>) -> Result<Currency, ImportError> {
        Ok(line.parsed("currency")?.unwrap_or(self.config.prices.currency))
    }
}

/// A row of amounts by prefix.
struct ByPrefix {
    currency: Currency,
    prefix: Prefix,
    amount: Option<Micros>,
    from: Option<Timestamp>,
}

fn amount(line: &csv_file::Line<'_>, column: &str) -> Result<Option<Micros>, ImportError> {
    line.get(column)
        .map(|text| {
            let amount =
                Micros::parse(text, 6).map_err(|error| line.error(column, error.to_string()))?;
            if amount < Micros::ZERO {
                return Err(line.error(column, "a price is not negative"));
            }
            Ok(amount)
        })
        .transpose()
}

fn date(line: &csv_file::Line<'_>, now: Timestamp) -> Result<Option<Timestamp>, ImportError> {
    let Some(text) = line.get("effective_from") else { return Ok(None) };
    let from =
        Timestamp::parse(text).map_err(|error| line.error("effective_from", error.to_string()))?;
    if from < now {
        return Err(line.error("effective_from", "this date has passed: leave it empty for now"));
    }
    Ok(Some(from))
}
