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
        let (now, platform) = (self.clock.now(), self.config.prices.currency);
        let optional = ["currency", "setup", "month", "sms", "activation", "effective_from"];
        let mut keys = HashMap::new();
        csv_file::read(octets, (&["country", "type"], &optional), ROWS_MAX, |line| {
            let row = NumberPriceWanted {
                currency: currency(line)?,
                country: line.required("country")?,
                number_type: line
                    .word("type", "local, mobile or toll_free")?
                    .ok_or_else(|| line.error("type", "type is local, mobile or toll_free"))?,
                setup: amount(line, "setup")?,
                month: amount(line, "month")?,
                sms: match line.get("sms") {
                    Some("none") => Some(None),
                    _ => amount(line, "sms")?.map(Some),
                },
                activation: line.word("activation", "instant, provisioning or verification")?,
                from: date(line, now)?,
            };
            row.check(platform).map_err(|(column, message)| line.error(column, message))?;
            let named = row.currency.unwrap_or(platform);
            let key = (named, row.country, row.number_type, row.from);
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
        let (now, platform) = (self.clock.now(), self.config.prices.currency);
        let columns = ("price", &["currency", "effective_from"][..]);
        by_prefix(octets, columns, (now, platform), |line, prefix, price, from| {
            if prefix.is_empty() && price.is_none() {
                return Err(line.error("price", "the prefix + always has a price"));
            }
            Ok(OutboundPriceWanted { currency: currency(line)?, prefix, price, from })
        })
    }

    /// The rows of a CSV file `prefix,cost,effective_from`.
    pub fn read_carrier_costs(
        &self,
        octets: &[u8],
    ) -> Result<Vec<Row<CarrierCostWanted>>, FileErrors> {
        let moment = (self.clock.now(), self.config.prices.currency);
        by_prefix(octets, ("cost", &["effective_from"]), moment, |_, prefix, cost, from| {
            Ok(CarrierCostWanted { prefix, cost, from })
        })
    }
}

/// The rows of a CSV file with an amount, or `none`, for each prefix.
fn by_prefix<T>(
    octets: &[u8],
    (column, optional): (&str, &[&str]),
    (now, platform): (Timestamp, Currency),
    row: impl Fn(
        &csv_file::Line<'_>,
        Prefix,
        Option<Micros>,
        Option<Timestamp>,
    ) -> Result<T, ImportError>,
) -> Result<Vec<Row<T>>, FileErrors> {
    let mut keys = HashMap::new();
    let required = ["prefix", column];
    csv_file::read(octets, (&required, optional), ROWS_MAX, |line| {
        let value = match line.get(column) {
            Some("none") => None,
            _ => Some(
                amount(line, column)?
                    .ok_or_else(|| line.error(column, format!("{column} is an amount, or none")))?,
            ),
        };
        let (prefix, from) = (line.required::<Prefix>("prefix")?, date(line, now)?);
        let read = row(line, prefix.clone(), value, from)?;
        let named = currency(line)?.unwrap_or(platform);
        match keys.insert((named, prefix, from), line.line) {
            Some(earlier) => Err(line.error("prefix", format!("the same as in line {earlier}"))),
            None => Ok((line.line, read)),
        }
    })
}

fn currency(line: &csv_file::Line<'_>) -> Result<Option<Currency>, ImportError> {
    line.get("currency")
        .map(|text| {
            text.parse::<Currency>().map_err(|error| line.error("currency", error.to_string()))
        })
        .transpose()
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
