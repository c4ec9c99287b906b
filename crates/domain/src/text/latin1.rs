//! ISO 8859-1, which some carriers mean by their default alphabet.

/// `None` where a character is above U+00FF: of GSM-7 that is `€` and the Greek capitals.
pub fn encode(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(character).ok()).collect()
}

/// Every octet is a character.
pub fn decode(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_code_points() {
        assert_eq!(encode("é@"), Some(vec![0xE9, 0x40]));
        assert_eq!(encode("€"), None);
        assert_eq!(decode(&[0xE9, 0x40]), "é@");
    }
}
