//! What is on offer where, and for how much a month.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use crate::{Country, Micros, NumberType, words};

/// A month of SMS on a number.
pub const SMS_PRICE: Micros = Micros::new(750_000);

/// A month of a number.
const NUMBER_PRICE: Micros = Micros::new(1_000_000);

/// A country and its number types.
#[derive(Debug, Clone, Copy)]
pub struct Coverage {
    pub country: Country,
    /// Without the +; 0 where it is not known.
    pub calling_code: u16,
    pub local: Option<Offer>,
    pub mobile: Option<Offer>,
    pub toll_free: Option<Offer>,
}

words! {
    /// What happens to a number that was ordered.
    pub enum Activation {
        /// It is active at once.
        Instant = "instant",
        /// The carrier takes time.
        Provisioning = "provisioning",
        /// The country requires documents.
        Verification = "verification",
    }
}

/// What a number of one country and type costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Once, with the order.
    pub setup: Micros,
    /// A month.
    pub number: Micros,
    /// A month of SMS on it; `None` where such numbers have none.
    pub sms: Option<Micros>,
    pub activation: Activation,
}

impl Offer {
    const fn example(sms: Option<Micros>) -> Self {
        Self { setup: Micros::ZERO, number: NUMBER_PRICE, sms, activation: Activation::Instant }
    }
}

impl Coverage {
    /// A country that is not covered by itself: only what an operator offers there.
    pub fn beyond(country: Country) -> Self {
        Self { country, calling_code: 0, local: None, mobile: None, toll_free: None }
    }

    /// Takes back what is offered there.
    pub fn clear(&mut self) {
        (self.local, self.mobile, self.toll_free) = (None, None, None);
    }

    pub fn set(&mut self, number_type: NumberType, offer: Option<Offer>) {
        match number_type {
            NumberType::Local => self.local = offer,
            NumberType::Mobile => self.mobile = offer,
            NumberType::TollFree => self.toll_free = offer,
        }
    }

    pub fn offer(&self, number_type: NumberType) -> Option<Offer> {
        match number_type {
            NumberType::Local => self.local,
            NumberType::Mobile => self.mobile,
            NumberType::TollFree => self.toll_free,
        }
    }
}

/// Every country that is served, the most asked for first.
pub fn coverage() -> &'static [Coverage] {
    &COVERAGE.0
}

/// What a number costs; outside of the coverage there is no SMS.
pub fn offer(country: Country, number_type: NumberType) -> Offer {
    let covered = COVERAGE.1.get(&country).and_then(|index| COVERAGE.0[*index].offer(number_type));
    covered.unwrap_or(Offer::example(None))
}

static COVERAGE: LazyLock<(Vec<Coverage>, HashMap<Country, usize>)> = LazyLock::new(|| {
    let file: File = serde_json::from_str(include_str!("../data/coverage.json"))
        .expect("a test reads the same file");
    let coverage: Vec<Coverage> = file.countries.iter().map(Line::coverage).collect();
    let places = coverage.iter().enumerate().map(|(index, line)| (line.country, index)).collect();
    (coverage, places)
});

#[derive(Deserialize)]
struct File {
    countries: Vec<Line>,
}

/// `types` and `sms`: some of L, M and T.
#[derive(Deserialize)]
struct Line {
    country: String,
    calling_code: u16,
    types: String,
    sms: String,
}

impl Line {
    fn coverage(&self) -> Coverage {
        let offer = |letter| {
            let sms = self.sms.contains(letter).then_some(SMS_PRICE);
            self.types.contains(letter).then(|| Offer::example(sms))
        };
        Coverage {
            country: self.country.parse().expect("a test reads the same file"),
            calling_code: self.calling_code,
            local: offer('L'),
            mobile: offer('M'),
            toll_free: offer('T'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sms_is_offered_where_the_guide_says() {
        let sms = |country: &str, number_type| {
            offer(country.parse().unwrap(), number_type).sms.map(|price| price.to_string())
        };
        let price = Some("0.75".to_owned());
        for (country, toll_free) in [
            ("US", true),
            ("GB", true),
            ("DE", false),
            ("NL", true),
            ("FR", false),
            ("CA", true),
            ("AU", false),
        ] {
            assert_eq!(sms(country, NumberType::Local), price, "{country}");
            assert_eq!(sms(country, NumberType::Mobile), price, "{country}");
            assert_eq!(sms(country, NumberType::TollFree).is_some(), toll_free, "{country}");
        }
        assert_eq!(sms("ZZ", NumberType::Mobile), None);
        let with_sms =
            coverage().iter().filter(|line| line.mobile.is_some_and(|o| o.sms.is_some()));
        assert!(with_sms.count() >= 40);
    }
}
