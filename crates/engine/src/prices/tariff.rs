//! The prices of one currency: the platform's has the catalogue's offers, and over them what
//! operators set; any other only has what they set.

use std::collections::{BTreeMap, HashMap};

use domain::{
    Country, Currency, E164, Micros, NumberType, Prefix, Timestamp,
    catalogue::{self, Coverage, Offer},
};
use store::prices::{NumberPrice, OutboundPrice};

/// Prices from their dates on, oldest first.
type Dated<T> = Vec<(Timestamp, T)>;

/// `None`: from then on the next shorter prefix counts.
pub(super) type ByPrefix = HashMap<String, Dated<Option<Micros>>>;

/// The prices of one currency.
#[derive(Debug, Clone, Default)]
pub struct Tariff {
    /// `None`: from then on they are not sold.
    numbers: BTreeMap<(Country, NumberType), Dated<Option<Offer>>>,
    outbound: ByPrefix,
    /// Of a segment where no prefix has a price.
    everywhere: Option<Micros>,
    /// Every number is sold: the catalogue's offers count where none is set.
    has_all: bool,
}

/// What the longest prefix with an amount says of `number` at `now`.
pub(super) fn longest(prefixes: &ByPrefix, number: &str, now: Timestamp) -> Option<Micros> {
    (1..=number.len()).rev().find_map(|length| at(prefixes.get(number.get(..length)?)?, now)?)
}

pub(super) fn at<T: Copy>(dated: &Dated<T>, now: Timestamp) -> Option<T> {
    dated.iter().rev().find(|(from, _)| *from <= now).map(|(_, value)| *value)
}

impl Tariff {
    /// The platform's: there is a price for everything.
    pub(super) fn with_examples(everywhere: Micros) -> Self {
        Self { everywhere: Some(everywhere), has_all: true, ..Self::default() }
    }

    pub(super) fn add_number(&mut self, price: NumberPrice) {
        let kind = (price.country, price.number_type);
        self.numbers.entry(kind).or_default().push((price.from, price.offer));
    }

    pub(super) fn add_outbound(&mut self, price: &OutboundPrice) {
        let prefix = price.prefix.as_str().to_owned();
        self.outbound.entry(prefix).or_default().push((price.from, price.price));
    }

    /// Whether a segment to anywhere has a price at `now`: then it has one for ever.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.everywhere(now).is_some()
    }

    fn everywhere(&self, now: Timestamp) -> Option<Micros> {
        let set = self.outbound.get("+").and_then(|dated| at(dated, now).flatten());
        set.or(self.everywhere)
    }

    /// Whether every number is sold in this currency.
    pub fn has_all(&self) -> bool {
        self.has_all
    }

    /// What a number costs at `now`; `None` where such numbers are not sold in this currency.
    pub fn offer(
        &self,
        country: Country,
        number_type: NumberType,
        now: Timestamp,
    ) -> Option<Offer> {
        let example = || self.has_all.then(|| catalogue::offer(country, number_type));
        self.set(country, number_type, now).unwrap_or_else(example)
    }

    /// Whether an operator has set what such numbers cost, or that they are not sold.
    pub fn is_set(&self, country: Country, number_type: NumberType, now: Timestamp) -> bool {
        self.set(country, number_type, now).is_some()
    }

    fn set(
        &self,
        country: Country,
        number_type: NumberType,
        now: Timestamp,
    ) -> Option<Option<Offer>> {
        at(self.numbers.get(&(country, number_type))?, now)
    }

    /// Every country and what is offered there at `now`, the most asked for first.
    pub fn coverage(&self, now: Timestamp) -> Vec<Coverage> {
        let mut lines = catalogue::coverage().to_vec();
        if !self.has_all {
            lines.iter_mut().for_each(Coverage::clear);
        }
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
        lines.retain(|line| NumberType::ALL.iter().any(|kind| line.offer(*kind).is_some()));
        lines
    }

    /// What an operator has taken off offer.
    pub fn ended(&self, now: Timestamp) -> Vec<(Country, NumberType)> {
        let is_ended = |dated: &Dated<Option<Offer>>| at(dated, now) == Some(None);
        self.numbers.iter().filter(|(_, dated)| is_ended(dated)).map(|(kind, _)| *kind).collect()
    }

    /// What comes into force after `now`.
    pub fn scheduled(&self, currency: Currency, now: Timestamp) -> Vec<NumberPrice> {
        let later =
            |((country, number_type), dated): (&(Country, NumberType), &Dated<Option<Offer>>)| {
                let (country, number_type) = (*country, *number_type);
                let later = dated.iter().filter(move |(from, _)| *from > now);
                later
                    .map(move |(from, offer)| NumberPrice {
                        currency,
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
    pub fn outbound(
        &self,
        currency: Currency,
        now: Timestamp,
    ) -> (Vec<(Prefix, Micros)>, Vec<OutboundPrice>) {
        let (mut current, mut later) = (BTreeMap::new(), Vec::new());
        current.extend(self.everywhere(now).map(|price| ("+".to_owned(), price)));
        let mut sorted: Vec<_> = self.outbound.iter().collect();
        sorted.sort_unstable_by_key(|(prefix, _)| *prefix);
        for (prefix, dated) in sorted {
            if let Some(price) = at(dated, now).flatten() {
                current.insert(prefix.clone(), price);
            }
            let Ok(parsed) = prefix.parse::<Prefix>() else { continue };
            for (from, price) in dated.iter().filter(|(from, _)| *from > now) {
                let prefix = parsed.clone();
                later.push(OutboundPrice { currency, prefix, from: *from, price: *price });
            }
        }
        let current = current
            .into_iter()
            .filter_map(|(prefix, price)| Some((prefix.parse().ok()?, price)))
            .collect();
        (current, later)
    }

    /// What a prefix has for a price of its own at `now`.
    pub(crate) fn own_price(&self, prefix: &Prefix, now: Timestamp) -> Option<Micros> {
        if prefix.is_empty() {
            return self.everywhere(now);
        }
        self.outbound.get(prefix.as_str()).and_then(|dated| at(dated, now).flatten())
    }

    /// What a segment to `to` costs at `now`: the longest prefix with a price counts.
    pub fn segment(&self, to: &E164, now: Timestamp) -> Option<Micros> {
        longest(&self.outbound, to.as_str(), now).or(self.everywhere)
    }

    /// The same, where the destination may not be known yet.
    pub fn segment_to(&self, to: Option<&E164>, now: Timestamp) -> Option<Micros> {
        to.map_or_else(|| self.everywhere(now), |to| self.segment(to, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn the_longest_prefix_with_a_price_counts_from_its_date() {
        let mut tariff = Tariff::with_examples(Micros::new(8_000));
        let price = |micros| Some(Micros::new(micros));
        tariff
            .outbound
            .insert("+44".to_owned(), vec![(time(10), price(20)), (time(30), price(25))]);
        tariff.outbound.insert("+447".to_owned(), vec![(time(20), price(30)), (time(40), None)]);
        let of = |to: &str, now| tariff.segment(&to.parse().unwrap(), time(now)).unwrap().get();
        assert_eq!(of("+447700900123", 9), 8_000);
        assert_eq!(of("+447700900123", 10), 20);
        assert_eq!(of("+447700900123", 20), 30);
        assert_eq!(of("+447700900123", 39), 30);
        assert_eq!(of("+447700900123", 40), 25);
        assert_eq!(of("+442079460000", 29), 20);
        assert_eq!(of("+33199000000", 50), 8_000);
    }

    #[test]
    fn a_currency_without_examples_has_what_is_set_from_its_date() {
        let mut tariff = Tariff::default();
        let (country, to) = ("GB".parse().unwrap(), "+447700900123".parse().unwrap());
        assert_eq!(tariff.segment(&to, time(10)), None);
        assert_eq!(tariff.offer(country, NumberType::Mobile, time(10)), None);
        assert!(tariff.coverage(time(10)).is_empty());
        tariff.outbound.insert("+".to_owned(), vec![(time(10), Some(Micros::new(9_000)))]);
        assert!(!tariff.is_open(time(9)));
        assert!(tariff.is_open(time(10)));
        assert_eq!(tariff.segment(&to, time(10)), Some(Micros::new(9_000)));
        let sold = catalogue::offer(country, NumberType::Mobile);
        tariff
            .numbers
            .insert((country, NumberType::Mobile), vec![(time(20), Some(sold)), (time(30), None)]);
        assert_eq!(tariff.offer(country, NumberType::Mobile, time(19)), None);
        assert_eq!(tariff.offer(country, NumberType::Mobile, time(20)), Some(sold));
        assert_eq!(tariff.coverage(time(20)).len(), 1);
        assert_eq!(tariff.offer(country, NumberType::Mobile, time(30)), None);
        assert!(tariff.coverage(time(30)).is_empty());
    }
}
