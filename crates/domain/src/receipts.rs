//! How a carrier's message ids are compared: the same id is written in many ways.

use crate::words;

words! {
    /// What a receipt settles.
    pub enum ReceiptState {
        Delivered = "delivered",
        Failed = "failed",
        /// Settles nothing: en route, accepted, buffered, unknown.
        InTransit = "in_transit",
    }
}

words! {
    /// How a carrier's receipts write the id that its answer gave.
    pub enum MessageIdFormat {
        AsIs = "as_is",
        /// The answer is hexadecimal, the receipt decimal.
        HexToDec = "hex_to_dec",
        /// The answer is decimal, the receipt hexadecimal.
        DecToHex = "dec_to_hex",
    }
}

/// One spelling for ids that differ only in case and leading zeros.
pub fn normalised(carrier_message_id: &str) -> String {
    let lower = carrier_message_id.trim().to_ascii_lowercase();
    let stripped = lower.trim_start_matches(|first: char| first == '0' || first.is_whitespace());
    if stripped.is_empty() && !lower.is_empty() { "0".to_owned() } else { stripped.to_owned() }
}

/// The normalised ids under which the answer to a receipt's message may be stored, likeliest first.
///
/// Those that are certain follow from the configuration; the others are guesses, to
/// be believed only where the match is unique and the destination agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    ids: Vec<String>,
    certain: usize,
}

impl Candidates {
    pub fn certain(&self) -> &[String] {
        &self.ids[..self.certain]
    }

    pub fn guesses(&self) -> &[String] {
        &self.ids[self.certain..]
    }
}

pub fn candidates(receipt_id: &str, format: MessageIdFormat) -> Candidates {
    let plain = normalised(receipt_id);
    let as_hex = plain.parse::<u128>().ok().map(|value| format!("{value:x}"));
    let as_decimal = u128::from_str_radix(&plain, 16).ok().map(|value| value.to_string());
    let (first, others) = match format {
        MessageIdFormat::AsIs => (Some(plain), [as_hex, as_decimal]),
        // The stored id is hexadecimal: write the receipt's decimal so.
        MessageIdFormat::HexToDec => (as_hex, [Some(plain), as_decimal]),
        MessageIdFormat::DecToHex => (as_decimal, [Some(plain), as_hex]),
    };
    let mut ids: Vec<String> = first.into_iter().collect();
    let certain = ids.len();
    for other in others.into_iter().flatten() {
        if !ids.contains(&other) {
            ids.push(other);
        }
    }
    Candidates { ids, certain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_leading_zeros_do_not_matter() {
        for (written, same) in
            [("00AbC1", "abc1"), ("0", "0"), ("000", "0"), (" 12 ", "12"), ("0 1", "1")]
        {
            assert_eq!(normalised(written), same);
        }
        assert_eq!(normalised(""), "");
    }

    #[test]
    fn the_configured_base_comes_first_and_is_certain() {
        for (receipt, format, first) in [
            ("255", MessageIdFormat::HexToDec, "ff"),
            ("00FF", MessageIdFormat::DecToHex, "255"),
            ("00FF", MessageIdFormat::AsIs, "ff"),
            ("1f0c-77", MessageIdFormat::AsIs, "1f0c-77"),
        ] {
            let found = candidates(receipt, format);
            assert_eq!(found.certain(), [first], "{receipt}");
        }
    }

    #[test]
    fn other_bases_are_guesses() {
        let found = candidates("10", MessageIdFormat::AsIs);
        assert_eq!(
            (found.certain(), found.guesses()),
            (&["10".to_owned()][..], &["a".to_owned(), "16".to_owned()][..])
        );
    }
}
