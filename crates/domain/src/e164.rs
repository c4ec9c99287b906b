//! Phone numbers.

use std::{fmt, str::FromStr};

/// A phone number in E.164 form: `+`, then 7 to 15 digits, the first not zero.
///
/// Checked by shape alone: ranges reserved for fiction and newly opened ranges
/// are "invalid" to number libraries and must still be usable.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(String);

/// The text is not `+` and 7 to 15 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in E.164 form, like +31612345678")]
pub struct InvalidE164;

impl E164 {
    /// With the `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the `+`, as SMPP carries it with TON 1.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }
}

impl FromStr for E164 {
    type Err = InvalidE164;

    fn from_str(text: &str) -> Result<Self, InvalidE164> {
        let digits = text.strip_prefix('+').ok_or(InvalidE164)?;
        let well_formed = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidE164) }
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows the first digits only: a log cannot leak a number by accident.
impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.0[..4])
    }
}

/// A destination prefix of the routing table: `+` for everywhere, or `+` and 1 to 15 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

/// The text is neither `+` nor `+` with 1 to 15 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a prefix: write + for every destination, or + and the leading digits, like +31")]
pub struct InvalidPrefix;

impl Prefix {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn covers(&self, number: &E164) -> bool {
        number.as_str().starts_with(&self.0)
    }

    /// Digits after the `+`; the longest covering prefix decides.
    pub fn len(&self) -> usize {
        self.0.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromStr for Prefix {
    type Err = InvalidPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidPrefix> {
        let digits = text.strip_prefix('+').ok_or(InvalidPrefix)?;
        let well_formed = digits.len() <= 15
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidPrefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plus_and_seven_to_fifteen_digits_is_a_number() {
        for good in ["+1234567", "+31612345678", "+123456789012345", "+447700900123"] {
            assert!(good.parse::<E164>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "+",
            "31612345678",
            "+0612345678",
            "+123456",
            "+1234567890123456",
            "+31 612345678",
            "+3161234567a",
            "0031612345678",
            "+٣١٦١٢٣٤٥٦٧٨",
        ] {
            assert!(bad.parse::<E164>().is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_does_not_show_the_number() {
        let number: E164 = "+31612345678".parse().unwrap();
        assert_eq!(format!("{number:?}"), "+316…");
    }

    #[test]
    fn a_prefix_covers_what_starts_with_it() {
        let number: E164 = "+31612345678".parse().unwrap();
        for (prefix, covers) in [("+", true), ("+31", true), ("+316", true), ("+32", false)] {
            assert_eq!(prefix.parse::<Prefix>().unwrap().covers(&number), covers, "{prefix}");
        }
        assert!("31".parse::<Prefix>().is_err());
    }
}
