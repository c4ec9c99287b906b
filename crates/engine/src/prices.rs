//! The prices in force, in memory: the catalogue's, and over them what operators set.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use domain::{
    CarrierId, Country, E164, Micros, NumberType, Prefix, Timestamp,
    catalogue::{self, Coverage, Offer},
};
use store::{
    StoreError, Tx,
    prices::{self, CarrierCost, NumberPrice, OutboundPrice},
};

use crate::{Engine, Prices};

/// Prices from their dates on, oldest first.
type Dated<T> = Vec<(Timestamp, T)>;

/// `None`: from then on the next shorter prefix counts.
type ByPrefix = HashMap<String, Dated<Option<Micros>>>;

/// A snapshot; replaced whole when anything changes.
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    version: i64,
    numbers: BTreeMap<(Country, NumberType), Dated<Offer>>,
    outbound: ByPrefix,
    /// What carriers take of a segment.
    costs: BTreeMap<CarrierId, ByPrefix>,
    /// Where no prefix has a price.
    everywhere: Micros,
}

/// What the longest prefix with an amount says of `number` at `now`.
fn longest(prefixes: &ByPrefix, number: &str, now: Timestamp) -> Option<Micros> {
    (1..=number.len()).rev().find_map(|length| at(prefixes.get(number.get(..length)?)?, now)?)
}

fn at<T: Copy>(dated: &Dated<T>, now: Timestamp) -> Option<T> {
    dated.iter().rev().find(|(from, _)| *from <= now).map(|(_, value)| *value)
}

impl PriceBook {
    pub(crate) fn load(tx: &mut Tx<'_>, defaults: Prices) -> Result<Self, StoreError> {
        let mut book =
            Self { version: prices::version(tx)?, everywhere: defaults.segment, ..Self::default() };
        for NumberPrice { country, number_type, from, offer } in prices::numbers(tx)? {
            book.numbers.entry((country, number_type)).or_default().push((from, offer));
        }
        for OutboundPrice { prefix, from, price } in prices::outbound(tx)? {
            book.outbound.entry(prefix.as_str().to_owned()).or_default().push((from, price));
        }
        for CarrierCost { carrier, prefix, from, cost } in prices::costs(tx)? {
            let costs = book.costs.entry(carrier).or_default();
            costs.entry(prefix.as_str().to_owned()).or_default().push((from, cost));
        }
        Ok(book)
    }

    /// What a number costs at `now`.
    pub fn offer(&self, country: Country, number_type: NumberType, now: Timestamp) -> Offer {
        self.set_offer(country, number_type, now)
            .unwrap_or_else(|| catalogue::offer(country, number_type))
    }

    /// The same, where an operator has set it.
    pub fn set_offer(
        &self,
        country: Country,
        number_type: NumberType,
        now: Timestamp,
    ) -> Option<Offer> {
        at(self.numbers.get(&(country, number_type))?, now)
    }

    /// Every country and what is offered there at `now`, the most asked for first.
    pub fn coverage(&self, now: Timestamp) -> Vec<Coverage> {
        let mut lines = catalogue::coverage().to_vec();
        for ((country, number_type), dated) in &self.numbers {
            let Some(offer) = at(dated, now) else { continue };
            let line = match lines.iter_mut().position(|line| line.country == *country) {
                Some(place) => &mut lines[place],
                None => {
                    lines.push(Coverage::beyond(*country));
                    lines.last_mut().expect("it was put there just now")
                }
            };
            line.set(*number_type, offer);
        }
        lines
    }

    /// What comes into force after `now`.
    pub fn scheduled(&self, now: Timestamp) -> Vec<NumberPrice> {
        let later = |((country, number_type), dated): (&(Country, NumberType), &Dated<Offer>)| {
            let (country, number_type) = (*country, *number_type);
            let later = dated.iter().filter(move |(from, _)| *from > now);
            later
                .map(move |(from, offer)| NumberPrice {
                    country,
                    number_type,
                    from: *from,
                    offer: *offer,
                })
                .collect::<Vec<_>>()
        };
        self.numbers.iter().flat_map(later).collect()
    }

    /// Prices of segments by prefix at `now`, `+` first, and those that come after it.
    pub fn outbound(&self, now: Timestamp) -> (Vec<(Prefix, Micros)>, Vec<OutboundPrice>) {
        let (mut current, mut later) = (BTreeMap::new(), Vec::new());
        current.insert("+".to_owned(), self.everywhere);
        let mut sorted: Vec<_> = self.outbound.iter().collect();
        sorted.sort_unstable_by_key(|(prefix, _)| *prefix);
        for (prefix, dated) in sorted {
            if let Some(price) = at(dated, now).flatten() {
                current.insert(prefix.clone(), price);
            }
            let Ok(parsed) = prefix.parse::<Prefix>() else { continue };
            for (from, price) in dated.iter().filter(|(from, _)| *from > now) {
                later.push(OutboundPrice { prefix: parsed.clone(), from: *from, price: *price });
            }
        }
        let current = current
            .into_iter()
            .filter_map(|(prefix, price)| Some((prefix.parse().ok()?, price)))
            .collect();
        (current, later)
    }

    /// What a prefix has for a price of its own at `now`; `+` always has one.
    pub(crate) fn own_price(&self, prefix: &Prefix, now: Timestamp) -> Option<Micros> {
        let set = self.outbound.get(prefix.as_str()).and_then(|dated| at(dated, now).flatten());
        set.or_else(|| prefix.is_empty().then_some(self.everywhere))
    }

    /// What a segment to `to` costs at `now`: the longest prefix with a price counts.
    pub fn segment(&self, to: &E164, now: Timestamp) -> Micros {
        if self.outbound.is_empty() {
            return self.everywhere;
        }
        longest(&self.outbound, to.as_str(), now).unwrap_or(self.everywhere)
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

    /// The same, where the destination may not be known yet.
    pub fn segment_to(&self, to: Option<&E164>, now: Timestamp) -> Micros {
        let everywhere = || at(self.outbound.get("+")?, now).flatten();
        to.map_or_else(|| everywhere().unwrap_or(self.everywhere), |to| self.segment(to, now))
    }

    /// `None` where it does not fit any more: far beyond what a text can hold.
    pub fn message(&self, to: &E164, segments: i64, now: Timestamp) -> Option<Micros> {
        self.segment(to, now).checked_mul(segments)
    }
}

/// The snapshot that counts.
#[derive(Debug, Default)]
pub(crate) struct Book(RwLock<Arc<PriceBook>>);

impl Book {
    pub(crate) fn new(defaults: Prices) -> Self {
        let book = PriceBook { everywhere: defaults.segment, ..PriceBook::default() };
        Self(RwLock::new(Arc::new(book)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_with_a_price_counts_from_its_date() {
        let time = Timestamp::from_micros;
        let mut book = PriceBook { everywhere: Micros::new(8_000), ..PriceBook::default() };
        let price = |micros| Some(Micros::new(micros));
        book.outbound.insert("+44".to_owned(), vec![(time(10), price(20)), (time(30), price(25))]);
        book.outbound.insert("+447".to_owned(), vec![(time(20), price(30)), (time(40), None)]);
        let of = |to: &str, now| book.segment(&to.parse().unwrap(), time(now)).get();
        assert_eq!(of("+447700900123", 9), 8_000);
        assert_eq!(of("+447700900123", 10), 20);
        assert_eq!(of("+447700900123", 20), 30);
        assert_eq!(of("+447700900123", 39), 30);
        assert_eq!(of("+447700900123", 40), 25);
        assert_eq!(of("+442079460000", 29), 20);
        assert_eq!(of("+33199000000", 50), 8_000);
    }
}
