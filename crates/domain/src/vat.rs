//! What is added to a net amount that is paid in.

use std::{fmt, str::FromStr};

use crate::{Currency, Micros};

/// A rate of value-added tax, in hundredths of a percent: 2,100 is 21 %; 0 to 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VatRate(i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the rate in percent, 0 to 100 with at most two decimals, like \"21.00\"")]
pub struct InvalidVatRate;

/// A whole, in hundredths of a percent.
const WHOLE: i64 = 10_000;

impl VatRate {
    pub const ZERO: Self = Self(0);

    pub fn new(basis_points: i64) -> Result<Self, InvalidVatRate> {
        if (0..=WHOLE).contains(&basis_points) {
            Ok(Self(basis_points))
        } else {
            Err(InvalidVatRate)
        }
    }

    pub const fn basis_points(self) -> i64 {
        self.0
    }

    /// The tax on `net`, rounded half up to what can be paid in the currency.
    ///
    /// `None` where it does not fit.
    pub fn on(self, net: Micros, currency: Currency) -> Option<Micros> {
        let unit = i128::from(currency.smallest_payment().get());
        let exact = i128::from(net.get()) * i128::from(self.0);
        let half = i128::from(WHOLE) * unit / 2;
        let units = (exact + half).div_euclid(i128::from(WHOLE) * unit);
        i64::try_from(units * unit).ok().map(Micros::new)
    }
}

impl FromStr for VatRate {
    type Err = InvalidVatRate;

    fn from_str(text: &str) -> Result<Self, InvalidVatRate> {
        let percent = Micros::parse(text, 2).map_err(|_| InvalidVatRate)?;
        Self::new(percent.get() / 10_000)
    }
}

/// In percent with two decimals: `21.00`.
impl fmt::Display for VatRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_and_print_in_percent() {
        for (text, basis_points, printed) in [
            ("21", 2_100, "21.00"),
            ("0", 0, "0.00"),
            ("5.5", 550, "5.50"),
            ("100.00", 10_000, "100.00"),
        ] {
            let rate: VatRate = text.parse().unwrap();
            assert_eq!((rate.basis_points(), rate.to_string().as_str()), (basis_points, printed));
        }
        for text in ["", "-1", "100.01", "21.005", "21%", "1e1"] {
            assert_eq!(text.parse::<VatRate>(), Err(InvalidVatRate), "{text}");
        }
    }

    #[test]
    fn tax_is_rounded_half_up_to_what_can_be_paid() {
        let yen: Currency = "JPY".parse().unwrap();
        for (rate, net, currency, tax) in [
            ("21", "20.00", Currency::EUR, "4.20"),
            ("21", "0.01", Currency::EUR, "0.00"),
            ("5.5", "1.00", Currency::EUR, "0.06"),
            ("7", "10.07", Currency::EUR, "0.70"),
            ("10", "1005", yen, "101.00"),
        ] {
            let rate: VatRate = rate.parse().unwrap();
            let net = Micros::parse(net, 2).unwrap();
            assert_eq!(rate.on(net, currency).unwrap().to_string(), tax);
        }
        assert_eq!(VatRate::new(10_000).unwrap().on(Micros::new(i64::MAX), Currency::EUR), None);
    }
}
