//! UTF-16, big endian: what carriers call UCS-2.

/// Two octets a code unit, without a byte order mark.
pub fn encode(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Reads leniently: half a pair is U+FFFD, an odd octet at the end is dropped.
pub fn decode(octets: &[u8]) -> String {
    let units = octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_kept_and_halves_are_marked() {
        assert_eq!(encode("😀"), [0xD8, 0x3D, 0xDE, 0x00]);
        assert_eq!(decode(&encode("a😀ب")), "a😀ب");
        assert_eq!(decode(&[0xD8, 0x3D]), "\u{fffd}");
        assert_eq!(decode(&[0x00, 0x41, 0x00]), "A");
    }
}
