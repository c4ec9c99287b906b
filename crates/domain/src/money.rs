//! Money in micro-units of a currency: €0.008 is 8,000. No floats anywhere.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An amount in millionths of a currency unit; negative where money leaves.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(i64);

/// What one unit of currency holds.
const MICROS_PER_UNIT: i64 = 1_000_000;

/// The largest amount that an API call may name: a thousand million units.
pub const AMOUNT_MAX: Micros = Micros(1_000_000_000 * MICROS_PER_UNIT);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    #[error("write the amount as a decimal string, like \"20.00\"")]
    Malformed,
    #[error("an amount has at most {0} decimals")]
    TooPrecise(u32),
    #[error("the amount is too large")]
    TooLarge,
}

impl Micros {
    pub const ZERO: Self = Self(0);

    pub const fn new(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    pub fn checked_mul(self, times: i64) -> Option<Self> {
        self.0.checked_mul(times).map(Self)
    }

    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads a decimal string with up to `decimals_max` (at most 6) digits after the point.
    pub fn parse(text: &str, decimals_max: u32) -> Result<Self, InvalidAmount> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (units, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let has_point = digits.contains('.');
        if units.is_empty()
            || !all_digits(units)
            || !all_digits(fraction)
            || (has_point && fraction.is_empty())
        {
            return Err(InvalidAmount::Malformed);
        }
        if fraction.len() > usize::try_from(decimals_max).unwrap_or(usize::MAX).min(6) {
            return Err(InvalidAmount::TooPrecise(decimals_max.min(6)));
        }
        let units: i64 = units.parse().map_err(|_| InvalidAmount::TooLarge)?;
        let fraction: i64 =
            format!("{fraction:0<6}").parse().map_err(|_| InvalidAmount::Malformed)?;
        units
            .checked_mul(MICROS_PER_UNIT)
            .and_then(|micros| micros.checked_add(fraction))
            .map(|micros| Self(sign * micros))
            .filter(|amount| amount.0.abs() <= AMOUNT_MAX.0)
            .ok_or(InvalidAmount::TooLarge)
    }
}

/// The decimal string of the API: at least two decimals, more only where they count (`0.008`, `25.00`).
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let unit = MICROS_PER_UNIT.unsigned_abs();
        let fraction = format!("{:06}", magnitude % unit);
        let decimals = fraction.trim_end_matches('0').len().max(2);
        write!(f, "{sign}{}.{}", magnitude / unit, &fraction[..decimals])
    }
}

/// An ISO 4217 code, like `EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 4217 currency code, like EUR")]
pub struct InvalidCurrency;

impl Currency {
    pub const EUR: Self = Self(*b"EUR");

    /// One that was stored: it stays what it is when the standard lets go of it.
    pub fn stored(text: &str) -> Result<Self, InvalidCurrency> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| InvalidCurrency)?;
        if code.iter().all(u8::is_ascii_uppercase) { Ok(Self(code)) } else { Err(InvalidCurrency) }
    }

    /// Whether anybody pays in it: not metals, tests, units of account, and funds.
    fn is_money(self) -> bool {
        match &self.0 {
            b"XAF" | b"XCD" | b"XCG" | b"XOF" | b"XPF" => true,
            b"BOV" | b"CHE" | b"CHW" | b"CLF" | b"COU" | b"MXV" | b"USN" | b"UYI" | b"UYW" => false,
            [first, ..] => *first != b'X',
        }
    }

    /// A round amount that is worth some euros at most: 1 dollar, 100 yen. A power of ten, by the exchange
    /// rates of 2025: what is bounded by it is so by its order of magnitude.
    pub fn round_amount(self) -> Micros {
        let units = match &self.0 {
            b"BOB" | b"BRL" | b"BWP" | b"CNY" | b"CZK" | b"DKK" | b"GHS" | b"GTQ" | b"HKD"
            | b"HNL" | b"LSL" | b"MAD" | b"MDL" | b"MOP" | b"MVR" | b"MXN" | b"NAD" | b"NOK"
            | b"SCR" | b"SEK" | b"SZL" | b"TJS" | b"TTD" | b"ZAR" | b"ZMW" => 10,
            b"AFN" | b"ALL" | b"BDT" | b"BTN" | b"CVE" | b"DJF" | b"DOP" | b"DZD" | b"EGP"
            | b"ETB" | b"GMD" | b"HTG" | b"INR" | b"ISK" | b"JMD" | b"JPY" | b"KES" | b"KGS"
            | b"LRD" | b"MKD" | b"MUR" | b"MZN" | b"NIO" | b"NPR" | b"PHP" | b"RSD" | b"RUB"
            | b"SRD" | b"THB" | b"TRY" | b"TWD" | b"UAH" | b"UYU" | b"VUV" | b"XPF" => 100,
            b"AMD" | b"AOA" | b"ARS" | b"CDF" | b"CLP" | b"CRC" | b"HUF" | b"IQD" | b"KMF"
            | b"KRW" | b"KZT" | b"LKR" | b"MMK" | b"MWK" | b"NGN" | b"PKR" | b"RWF" | b"SDG"
            | b"TZS" | b"XAF" | b"XOF" | b"YER" => 1_000,
            b"BIF" | b"COP" | b"GNF" | b"IDR" | b"KHR" | b"LAK" | b"MGA" | b"MNT" | b"PYG"
            | b"UGX" | b"UZS" | b"VND" => 10_000,
            b"IRR" | b"LBP" => 100_000,
            _ => 1,
        };
        Micros(units * MICROS_PER_UNIT)
    }

    /// Digits after the point. Source: ISO 4217; the krona of Iceland and the shilling of Uganda have
    /// two still where Stripe counts them.
    fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"JPY" | b"KMF" | b"KRW" | b"MGA" | b"PYG"
            | b"RWF" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"JOD" | b"KWD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// Digits after the point that cards are charged with. Source: <https://docs.stripe.com/currencies>:
    /// the third digit is zero, and there are no parts of the krona and the shilling.
    pub fn decimals_paid(self) -> u32 {
        match &self.0 {
            b"ISK" | b"UGX" => 0,
            _ => self.decimals().min(2),
        }
    }

    /// What payment providers count in: a cent.
    pub fn minor_unit(self) -> Micros {
        Micros(MICROS_PER_UNIT / 10_i64.pow(self.decimals()))
    }

    /// The smallest amount that can be paid, of which others are multiples.
    pub fn smallest_payment(self) -> Micros {
        Micros(MICROS_PER_UNIT / 10_i64.pow(self.decimals_paid()))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII letters are ever stored")
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        let is_known = iso_currency::Currency::from_code(text).is_some();
        Self::stored(text).ok().filter(|named| is_known && named.is_money()).ok_or(InvalidCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_and_print_as_decimal_strings() {
        for (text, micros, printed) in [
            ("0.008", 8_000, "0.008"),
            ("25", 25_000_000, "25.00"),
            ("25.0", 25_000_000, "25.00"),
            ("-0.75", -750_000, "-0.75"),
            ("0.000001", 1, "0.000001"),
            ("1000000000", 1_000_000_000_000_000, "1000000000.00"),
        ] {
            let amount = Micros::parse(text, 6).unwrap();
            assert_eq!(amount.get(), micros, "{text}");
            assert_eq!(amount.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn what_is_counted_and_what_can_be_paid_is_the_currencys() {
        for (code, counted, paid) in [
            ("EUR", 10_000, 10_000),
            ("JPY", 1_000_000, 1_000_000),
            ("KWD", 1_000, 10_000),
            ("ISK", 10_000, 1_000_000),
            ("UGX", 10_000, 1_000_000),
        ] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(currency.minor_unit().get(), counted, "{code}");
            assert_eq!(currency.smallest_payment().get(), paid, "{code}");
        }
    }

    #[test]
    fn only_codes_of_the_standard_are_currencies() {
        for wrong in ["", "EU", "EURO", "eur", "ZZZ", "E R", "€", "XXX", "XTS", "XAU", "CLF"] {
            assert_eq!(wrong.parse::<Currency>(), Err(InvalidCurrency), "{wrong}");
        }
        for code in ["GBP", "XOF", "JPY"] {
            assert_eq!(code.parse::<Currency>().unwrap().as_str(), code);
        }
        // What was stored is read whatever the standard says by then.
        assert_eq!(Currency::stored("ZZZ").unwrap().as_str(), "ZZZ");
        assert_eq!(Currency::stored("eur"), Err(InvalidCurrency));
    }

    #[test]
    fn what_is_not_an_amount_says_why() {
        for (text, why) in [
            ("", InvalidAmount::Malformed),
            ("1e3", InvalidAmount::Malformed),
            ("1,50", InvalidAmount::Malformed),
            (".5", InvalidAmount::Malformed),
            ("5.", InvalidAmount::Malformed),
            ("+5", InvalidAmount::Malformed),
            ("--5", InvalidAmount::Malformed),
            ("1.234", InvalidAmount::TooPrecise(2)),
            ("1000000001", InvalidAmount::TooLarge),
            ("99999999999999999999", InvalidAmount::TooLarge),
        ] {
            assert_eq!(Micros::parse(text, 2), Err(why), "{text}");
        }
    }
}
