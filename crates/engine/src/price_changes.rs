//! Prices as operators set them: one by one, or a file at once.

use domain::{
    CarrierId, Country, Currency, Micros, NumberType, Prefix, Timestamp,
    catalogue::{self, Activation, Offer},
};
use serde_json::Value;
use store::{
    StoreError, Tx, carriers,
    imports::{self, Import, ImportKind, ImportState},
    prices::{self, CarrierCost, NumberPrice, OutboundPrice},
};

use crate::{Done, Engine, Idempotency, PriceBook, Prices, UseError, repeats::OPERATORS};

/// A price of numbers to be set; what is not given stays as it is then.
#[derive(Debug, Clone)]
pub struct NumberPriceWanted {
    pub currency: Currency,
    pub country: Country,
    pub number_type: NumberType,
    pub setup: Option<Micros>,
    /// Inner `None`: such numbers are not sold from then on; those who have one keep it.
    pub month: Option<Option<Micros>>,
    /// Inner `None`: such numbers have no SMS.
    pub sms: Option<Option<Micros>>,
    pub activation: Option<Activation>,
    /// Now, where it is not given; never before.
    pub from: Option<Timestamp>,
}

impl NumberPriceWanted {
    /// What has to be named, and is not: there is no price yet that could stay as it is.
    pub(crate) fn missing(&self, book: &PriceBook, now: Timestamp) -> Option<&'static str> {
        let from = self.from.unwrap_or(now);
        let known = book.tariff(self.currency).offer(self.country, self.number_type, from);
        if known.is_some() || self.month == Some(None) {
            return None;
        }
        [("setup", self.setup.is_none()), ("month", self.month.is_none())]
            .into_iter()
            .find_map(|(field, is_missing)| is_missing.then_some(field))
    }

    pub(crate) fn first_names(&self, field: &str) -> String {
        format!("the first price of such numbers in {} names {field}", self.currency)
    }
}

/// A price of segments to be set.
#[derive(Debug, Clone)]
pub struct OutboundPriceWanted {
    pub currency: Currency,
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
pub(crate) type Row<T> = (u64, T);

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
                let changes = put_numbers(tx, &rows, defaults, now).map_err(Kept::Failed)?;
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
) -> Result<Vec<Changed<NumberPrice, Offer>>, UseError> {
    prices::change(tx)?;
    let book = PriceBook::load(tx, defaults)?;
    for (_, row) in rows {
        if let Some(field) = row.missing(&book, now) {
            return Err(UseError::invalid(field, row.first_names(field)));
        }
    }
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
    let currency = row.currency;
    let tariff = book.tariff(currency);
    let before = tariff.offer(country, number_type, from);
    // What a number costs is named where nothing is known of it; how it gets active is the country's.
    let known = before.unwrap_or(Offer { sms: None, ..catalogue::offer(country, number_type) });
    let offer = (row.month != Some(None)).then(|| Offer {
        setup: row.setup.unwrap_or(known.setup),
        number: row.month.flatten().unwrap_or(known.number),
        sms: row.sms.unwrap_or(known.sms),
        activation: row.activation.unwrap_or(known.activation),
    });
    // A price that was an example is the operator's own once they have set it.
    let same = before == offer && tariff.is_set(country, number_type, from);
    let after = NumberPrice { currency, country, number_type, from, offer };
    (!same).then_some(Changed { line, before, after })
}

fn outbound_change(
    book: &PriceBook,
    line: u64,
    row: &OutboundPriceWanted,
    now: Timestamp,
) -> Option<Changed<OutboundPrice, Micros>> {
    let from = row.from.unwrap_or(now);
    let currency = row.currency;
    let before = book.tariff(currency).own_price(&row.prefix, from);
    let after = OutboundPrice { currency, prefix: row.prefix.clone(), from, price: row.price };
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
