//! Prices as operators set them: one by one, or a file at once.

use std::collections::HashMap;

use domain::{
    CarrierId, Country, Micros, NumberType, Prefix, Timestamp,
    catalogue::{Activation, Offer},
};
use serde_json::Value;
use store::{
    StoreError, Tx, carriers,
    imports::{self, Import, ImportKind, ImportState},
    prices::{self, CarrierCost, NumberPrice, OutboundPrice},
};

use crate::{
    Done, Engine, FileErrors, Idempotency, ImportError, PriceBook, Prices, UseError, csv_file,
    repeats::OPERATORS,
};

/// Rows that one file may have.
const ROWS_MAX: usize = 100_000;

/// A price of numbers to be set; what is not given stays as it is then.
#[derive(Debug, Clone)]
pub struct NumberPriceWanted {
    pub country: Country,
    pub number_type: NumberType,
    pub setup: Option<Micros>,
    pub month: Option<Micros>,
    /// Inner `None`: such numbers have no SMS.
    pub sms: Option<Option<Micros>>,
    pub activation: Option<Activation>,
    /// Now, where it is not given; never before.
    pub from: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub struct OutboundPriceWanted {
    pub prefix: Prefix,
    /// `None`: the next shorter prefix counts.
    pub price: Option<Micros>,
    /// Now, where it is not given; never before.
    pub from: Option<Timestamp>,
}

/// What a carrier takes of segments to a prefix, to be noted.
#[derive(Debug, Clone)]
pub struct CarrierCostWanted {
    pub prefix: Prefix,
    /// `None`: the next shorter prefix counts.
    pub cost: Option<Micros>,
    /// Now, where it is not given; never before.
    pub from: Option<Timestamp>,
}

/// What a row changes.
#[derive(Debug, Clone)]
pub struct Changed<T, P> {
    /// Of the file, from 1; the place in the list where there is none.
    pub line: u64,
    /// What counted at that time without it.
    pub before: Option<P>,
    pub after: T,
}

/// A row, and where it stands.
type Row<T> = (u64, T);

impl Engine {
    /// Sets prices of numbers, all or none; with `preview` only says what would change.
    pub async fn set_number_prices(
        &self,
        rows: Vec<Row<NumberPriceWanted>>,
        preview: bool,
    ) -> Result<Vec<Changed<NumberPrice, Offer>>, UseError> {
        let (now, defaults) = (self.clock.now(), self.config.prices);
        let changes = self
            .store
            .write(move |tx| {
                let changes = put_numbers(tx, &rows, defaults, now)?;
                kept_or_not(changes, preview)
            })
            .await;
        self.settled(changes).await
    }

    /// Sets prices of segments, all or none; with `preview` only says what would change.
    pub async fn set_outbound_prices(
        &self,
        rows: Vec<Row<OutboundPriceWanted>>,
        preview: bool,
    ) -> Result<Vec<Changed<OutboundPrice, Micros>>, UseError> {
        if rows.iter().any(|(_, row)| row.prefix.is_empty() && row.price.is_none()) {
            return Err(UseError::invalid("price", "the prefix + always has a price"));
        }
        let (now, defaults) = (self.clock.now(), self.config.prices);
        let changes = self
            .store
            .write(move |tx| {
                let changes = put_outbound(tx, &rows, defaults, now)?;
                kept_or_not(changes, preview)
            })
            .await;
        self.settled(changes).await
    }

    /// Notes what a carrier takes of segments, all or none; with `preview` only says what would change.
    pub async fn set_carrier_costs(
        &self,
        carrier: CarrierId,
        rows: Vec<Row<CarrierCostWanted>>,
        preview: bool,
    ) -> Result<Vec<Changed<CarrierCost, Micros>>, UseError> {
        let (now, defaults) = (self.clock.now(), self.config.prices);
        let changes = self
            .store
            .write(move |tx| {
                let changes = put_costs(tx, carrier, &rows, defaults, now).map_err(Kept::Failed)?;
                kept_or_not(changes, preview)
            })
            .await;
        self.settled(changes).await
    }

    /// Sets the prices of a file's rows, once per idempotency key.
    pub async fn import_number_prices(
        &self,
        (octets, rows): (usize, Vec<Row<NumberPriceWanted>>),
        key: Option<Idempotency>,
        render: impl Fn(&Vec<Changed<NumberPrice, Offer>>) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let (now, defaults) = (self.clock.now(), self.config.prices);
        let file = (self.ids.one(&self.store).await?, ImportKind::NumberPrices, octets, rows.len());
        let body = move |tx: &mut Tx<'_>| {
            let changes = put_numbers(tx, &rows, defaults, now)?;
            note_import(tx, file, changes.len(), now)?;
            Ok(changes)
        };
        let done = self.once(OPERATORS, key, body, render).await?;
        self.sync_prices().await?;
        Ok(done)
    }

    /// The same for segments.
    pub async fn import_outbound_prices(
        &self,
        (octets, rows): (usize, Vec<Row<OutboundPriceWanted>>),
        key: Option<Idempotency>,
        render: impl Fn(&Vec<Changed<OutboundPrice, Micros>>) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let (now, defaults) = (self.clock.now(), self.config.prices);
        let file =
            (self.ids.one(&self.store).await?, ImportKind::OutboundPrices, octets, rows.len());
        let body = move |tx: &mut Tx<'_>| {
            let changes = put_outbound(tx, &rows, defaults, now)?;
            note_import(tx, file, changes.len(), now)?;
            Ok(changes)
        };
        let done = self.once(OPERATORS, key, body, render).await?;
        self.sync_prices().await?;
        Ok(done)
    }

    /// The same for what a carrier takes.
    pub async fn import_carrier_costs(
        &self,
        carrier: CarrierId,
        rows: Vec<Row<CarrierCostWanted>>,
        key: Option<Idempotency>,
        render: impl Fn(&Vec<Changed<CarrierCost, Micros>>) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let (now, defaults) = (self.clock.now(), self.config.prices);
        let body = move |tx: &mut Tx<'_>| put_costs(tx, carrier, &rows, defaults, now);
        let done = self.once(OPERATORS, key, body, render).await?;
        self.sync_prices().await?;
        Ok(done)
    }

    /// The rows of a CSV file `country,type,setup,month,sms,activation,effective_from`.
    pub fn read_number_prices(
        &self,
        octets: &[u8],
    ) -> Result<Vec<Row<NumberPriceWanted>>, FileErrors> {
        let now = self.clock.now();
        let optional = ["setup", "month", "sms", "activation", "effective_from"];
        let mut keys = HashMap::new();
        csv_file::read(octets, (&["country", "type"], &optional), ROWS_MAX, |line| {
            let row = NumberPriceWanted {
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
            let key = (row.country, row.number_type, row.from);
            match keys.insert(key, line.line) {
                Some(earlier) => Err(line.error("type", format!("the same as in line {earlier}"))),
                None => Ok((line.line, row)),
            }
        })
    }

    /// The rows of a CSV file `prefix,price,effective_from`.
    pub fn read_outbound_prices(
        &self,
        octets: &[u8],
    ) -> Result<Vec<Row<OutboundPriceWanted>>, FileErrors> {
        by_prefix(octets, "price", self.clock.now(), |line, prefix, price, from| {
            if prefix.is_empty() && price.is_none() {
                return Err(line.error("price", "the prefix + always has a price"));
            }
            Ok(OutboundPriceWanted { prefix, price, from })
        })
    }

    /// The rows of a CSV file `prefix,cost,effective_from`.
    pub fn read_carrier_costs(
        &self,
        octets: &[u8],
    ) -> Result<Vec<Row<CarrierCostWanted>>, FileErrors> {
        by_prefix(octets, "cost", self.clock.now(), |_, prefix, cost, from| {
            Ok(CarrierCostWanted { prefix, cost, from })
        })
    }

    /// Takes changes that were made into memory.
    async fn settled<T>(&self, changes: Result<T, Kept<T>>) -> Result<T, UseError> {
        match changes {
            Ok(changes) => {
                self.sync_prices().await?;
                Ok(changes)
            }
            Err(Kept::Preview(changes)) => Ok(changes),
            Err(Kept::Failed(error)) => Err(error),
        }
    }
}

/// Why nothing was kept.
enum Kept<T> {
    /// Only a look was wanted.
    Preview(T),
    Failed(UseError),
}

impl<T> From<StoreError> for Kept<T> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl<T> store::AsStoreError for Kept<T> {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Preview(_) => None,
            Self::Failed(error) => error.as_store_error(),
        }
    }
}

/// Stores what the rows change.
fn put_numbers(
    tx: &mut Tx<'_>,
    rows: &[Row<NumberPriceWanted>],
    defaults: Prices,
    now: Timestamp,
) -> Result<Vec<Changed<NumberPrice, Offer>>, StoreError> {
    prices::change(tx)?;
    let book = PriceBook::load(tx, defaults)?;
    let changes: Vec<_> =
        rows.iter().filter_map(|(line, row)| number_change(&book, *line, row, now)).collect();
    let after: Vec<NumberPrice> = changes.iter().map(|change| change.after).collect();
    for chunk in after.chunks(1_000) {
        prices::put_numbers(tx, chunk)?;
    }
    Ok(changes)
}

/// The same for segments.
fn put_outbound(
    tx: &mut Tx<'_>,
    rows: &[Row<OutboundPriceWanted>],
    defaults: Prices,
    now: Timestamp,
) -> Result<Vec<Changed<OutboundPrice, Micros>>, StoreError> {
    prices::change(tx)?;
    let book = PriceBook::load(tx, defaults)?;
    let changes: Vec<_> =
        rows.iter().filter_map(|(line, row)| outbound_change(&book, *line, row, now)).collect();
    let after: Vec<OutboundPrice> = changes.iter().map(|change| change.after.clone()).collect();
    for chunk in after.chunks(1_000) {
        prices::put_outbound(tx, chunk)?;
    }
    Ok(changes)
}

/// The same for what a carrier takes.
fn put_costs(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    rows: &[Row<CarrierCostWanted>],
    defaults: Prices,
    now: Timestamp,
) -> Result<Vec<Changed<CarrierCost, Micros>>, UseError> {
    carriers::find(tx, carrier)?.ok_or(UseError::NotFound("carrier"))?;
    prices::change(tx)?;
    let book = PriceBook::load(tx, defaults)?;
    let changes: Vec<_> = rows
        .iter()
        .filter_map(|(line, row)| cost_change(&book, carrier, *line, row, now))
        .collect();
    let after: Vec<CarrierCost> = changes.iter().map(|change| change.after.clone()).collect();
    for chunk in after.chunks(1_000) {
        prices::put_costs(tx, chunk)?;
    }
    Ok(changes)
}

/// Lists a file of prices among the imports: it is stored in one transaction.
fn note_import(
    tx: &mut Tx<'_>,
    (id, kind, octets, rows): (i64, ImportKind, usize, usize),
    changed: usize,
    now: Timestamp,
) -> Result<(), StoreError> {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let import = Import {
        id,
        kind,
        state: ImportState::Done,
        octets: count(octets),
        total: Some(count(rows)),
        stored: count(rows),
        changed: count(changed),
        first_id: None,
        errors: None,
        created_at: now,
        finished_at: Some(now),
    };
    imports::insert(tx, &import, None)
}

/// Undoes the transaction where only a look was wanted.
fn kept_or_not<T>(changes: T, preview: bool) -> Result<T, Kept<T>> {
    if preview { Err(Kept::Preview(changes)) } else { Ok(changes) }
}

/// `None` where the row changes nothing.
fn number_change(
    book: &PriceBook,
    line: u64,
    row: &NumberPriceWanted,
    now: Timestamp,
) -> Option<Changed<NumberPrice, Offer>> {
    let from = row.from.unwrap_or(now);
    let (country, number_type) = (row.country, row.number_type);
    let before = book.offer(country, number_type, from);
    let offer = Offer {
        setup: row.setup.unwrap_or(before.setup),
        number: row.month.unwrap_or(before.number),
        sms: row.sms.unwrap_or(before.sms),
        activation: row.activation.unwrap_or(before.activation),
    };
    // A price that was an example is the operator's own once they have set it.
    let same = offer == before && book.set_offer(country, number_type, from).is_some();
    let after = NumberPrice { country, number_type, from, offer };
    (!same).then_some(Changed { line, before: Some(before), after })
}

fn outbound_change(
    book: &PriceBook,
    line: u64,
    row: &OutboundPriceWanted,
    now: Timestamp,
) -> Option<Changed<OutboundPrice, Micros>> {
    let from = row.from.unwrap_or(now);
    let before = book.own_price(&row.prefix, from);
    let after = OutboundPrice { prefix: row.prefix.clone(), from, price: row.price };
    (before != row.price).then_some(Changed { line, before, after })
}

fn cost_change(
    book: &PriceBook,
    carrier: CarrierId,
    line: u64,
    row: &CarrierCostWanted,
    now: Timestamp,
) -> Option<Changed<CarrierCost, Micros>> {
    let from = row.from.unwrap_or(now);
    let before = book.own_cost(carrier, &row.prefix, from);
    let after = CarrierCost { carrier, prefix: row.prefix.clone(), from, cost: row.cost };
    (before != row.cost).then_some(Changed { line, before, after })
}

/// The rows of a CSV file with an amount, or `none`, for each prefix.
fn by_prefix<T>(
    octets: &[u8],
    column: &str,
    now: Timestamp,
    row: impl Fn(
        &csv_file::Line<'_>,
        Prefix,
        Option<Micros>,
        Option<Timestamp>,
    ) -> Result<T, ImportError>,
) -> Result<Vec<Row<T>>, FileErrors> {
    let mut keys = HashMap::new();
    let required = ["prefix", column];
    csv_file::read(octets, (&required, &["effective_from"]), ROWS_MAX, |line| {
        let value = match line.get(column) {
            Some("none") => None,
            _ => Some(
                amount(line, column)?
                    .ok_or_else(|| line.error(column, format!("{column} is an amount, or none")))?,
            ),
        };
        let (prefix, from) = (line.required::<Prefix>("prefix")?, date(line, now)?);
        let read = row(line, prefix.clone(), value, from)?;
        match keys.insert((prefix, from), line.line) {
            Some(earlier) => Err(line.error("prefix", format!("the same as in line {earlier}"))),
            None => Ok((line.line, read)),
        }
    })
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
