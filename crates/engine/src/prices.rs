//! The prices in force, in memory: of each currency, and what carriers take.

mod tariff;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::{CarrierId, Currency, Micros, Prefix, Timestamp};
use store::{
    StoreError, Tx,
    prices::{self, CarrierCost},
};

pub use self::tariff::Tariff;
use self::tariff::{ByPrefix, at, longest};
use crate::{Engine, Prices};

/// A snapshot; replaced whole when anything changes.
#[derive(Debug, Clone)]
pub struct PriceBook {
    version: i64,
    tariffs: BTreeMap<Currency, Tariff>,
    /// Of a currency in which nothing is sold.
    unpriced: Tariff,
    /// What carriers take of a segment.
    costs: BTreeMap<CarrierId, ByPrefix>,
}

impl PriceBook {
    /// Nothing is set; the platform's currency has the catalogue's examples.
    fn of_examples(defaults: Prices) -> Self {
        let platform = Tariff::with_examples(defaults.segment);
        Self {
            version: 0,
            tariffs: BTreeMap::from([(defaults.currency, platform)]),
            unpriced: Tariff::default(),
            costs: BTreeMap::new(),
        }
    }

    pub(crate) fn load(tx: &mut Tx<'_>, defaults: Prices) -> Result<Self, StoreError> {
        let mut book = Self { version: prices::version(tx)?, ..Self::of_examples(defaults) };
        for price in prices::numbers(tx)? {
            book.tariffs.entry(price.currency).or_default().add_number(price);
        }
        for price in prices::outbound(tx)? {
            book.tariffs.entry(price.currency).or_default().add_outbound(&price);
        }
        for CarrierCost { carrier, prefix, from, cost } in prices::costs(tx)? {
            let costs = book.costs.entry(carrier).or_default();
            costs.entry(prefix.as_str().to_owned()).or_default().push((from, cost));
        }
        Ok(book)
    }

    /// The prices of one currency.
    pub fn tariff(&self, currency: Currency) -> &Tariff {
        self.tariffs.get(&currency).unwrap_or(&self.unpriced)
    }

    /// The currencies in which anything has a price, now or later.
    pub fn tariffs(&self) -> impl Iterator<Item = (Currency, &Tariff)> {
        self.tariffs.iter().map(|(currency, tariff)| (*currency, tariff))
    }

    /// What a carrier takes of a segment to `to` at `now`, where an operator has set it.
    pub fn cost(&self, carrier: Option<CarrierId>, to: &str, now: Timestamp) -> Option<Micros> {
        longest(self.costs.get(&carrier?)?, to, now)
    }

    /// What is set for exactly this prefix.
    pub(crate) fn own_cost(
        &self,
        carrier: CarrierId,
        prefix: &Prefix,
        now: Timestamp,
    ) -> Option<Micros> {
        at(self.costs.get(&carrier)?.get(prefix.as_str())?, now).flatten()
    }

    /// What a carrier takes of segments, by prefix: at `now`, and what comes after it.
    pub fn costs(
        &self,
        carrier: CarrierId,
        now: Timestamp,
    ) -> (Vec<(Prefix, Micros)>, Vec<CarrierCost>) {
        let (mut current, mut later) = (Vec::new(), Vec::new());
        let mut sorted: Vec<_> = self.costs.get(&carrier).into_iter().flatten().collect();
        sorted.sort_unstable_by_key(|(prefix, _)| *prefix);
        for (text, dated) in sorted {
            let Ok(prefix) = text.parse::<Prefix>() else { continue };
            current.extend(at(dated, now).flatten().map(|cost| (prefix.clone(), cost)));
            later.extend(dated.iter().filter(|(from, _)| *from > now).map(|(from, cost)| {
                CarrierCost { carrier, prefix: prefix.clone(), from: *from, cost: *cost }
            }));
        }
        (current, later)
    }
}

/// The snapshot that counts.
#[derive(Debug)]
pub(crate) struct Book(RwLock<Arc<PriceBook>>);

impl Book {
    pub(crate) fn new(defaults: Prices) -> Self {
        Self(RwLock::new(Arc::new(PriceBook::of_examples(defaults))))
    }

    fn now(&self) -> Arc<PriceBook> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, book: PriceBook) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if book.version >= current.version {
            *current = Arc::new(book);
        }
    }
}

impl Engine {
    /// The prices as this node knows them; another node's change arrives within two seconds.
    pub fn prices(&self) -> Arc<PriceBook> {
        self.book.now()
    }

    /// Reads the prices again where they changed.
    pub(crate) async fn sync_prices(&self) -> Result<(), StoreError> {
        let (known, defaults) = (self.book.now().version, self.config.prices);
        let changed = self
            .store
            .read(move |tx| {
                let changed = prices::version(tx)? != known;
                changed.then(|| PriceBook::load(tx, defaults)).transpose()
            })
            .await?;
        if let Some(book) = changed {
            self.book.replace(book);
        }
        Ok(())
    }
}
