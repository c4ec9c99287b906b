//! The packed form: eight septets in seven octets, as it travels on the air.
//!
//! Source: 3GPP TS 23.038 §6.1.2.1, fill bits 3GPP TS 23.040 §9.2.3.24.

/// Packs septets, the first in the lowest bits; the high bit of each is ignored.
///
/// `fill_bits`, 0 to 6, are zero bits in front, so that septets after a header
/// begin on a septet's boundary: 1 after the six octets of an 8-bit reference.
/// More are taken modulo 7. No septets are no octets, whatever the fill.
///
/// The last octet may have seven spare zero bits, which read as one more `@`:
/// the number of septets has to travel beside the octets.
pub fn pack(septets: &[u8], fill_bits: u8) -> Vec<u8> {
    let mut octets = Vec::with_capacity(septets.len() * 7 / 8 + 2);
    let mut bits = fill_bits % 7;
    let mut held: u16 = 0;
    for septet in septets {
        held |= u16::from(septet & 0x7F) << bits;
        bits += 7;
        if bits >= 8 {
            octets.push(lowest(held));
            held >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 && !septets.is_empty() {
        octets.push(lowest(held));
    }
    octets
}

/// Reads at most `septets` septets after `fill_bits` bits, as [`pack`] counts
/// them; fewer where the octets end first, so a wrong length is no error.
pub fn unpack(octets: &[u8], fill_bits: u8, septets: usize) -> Vec<u8> {
    let fill_bits = fill_bits % 7;
    let mut unpacked = Vec::with_capacity(septets.min(octets.len() * 8 / 7));
    let mut held: u16 = 0;
    let mut bits = 0;
    for (index, octet) in octets.iter().enumerate() {
        held |= u16::from(*octet) << bits;
        bits += 8;
        if index == 0 {
            held >>= fill_bits;
            bits -= fill_bits;
        }
        while bits >= 7 && unpacked.len() < septets {
            unpacked.push(lowest(held) & 0x7F);
            held >>= 7;
            bits -= 7;
        }
        if unpacked.len() >= septets {
            break;
        }
    }
    unpacked
}

fn lowest(held: u16) -> u8 {
    let [low, _] = held.to_le_bytes();
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bits_are_where_the_standard_puts_them() {
        for (septets, fill_bits, octets) in [
            ("", 1, &[][..]),
            ("hellohello", 0, &[0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]),
            ("hellohello", 1, &[0xD0, 0x65, 0x36, 0xFB, 0x8D, 0x2E, 0xB3, 0xD9, 0x6F]),
            ("hello", 6, &[0x00, 0xBA, 0xCC, 0x66, 0xBF, 0x01]),
            ("AAAAAAAA", 0, &[0xC1, 0x60, 0x30, 0x18, 0x0C, 0x06, 0x83]),
        ] {
            assert_eq!(pack(septets.as_bytes(), fill_bits), octets, "{septets} after {fill_bits}");
            assert_eq!(unpack(octets, fill_bits, septets.len()), septets.as_bytes());
        }
    }

    #[test]
    fn a_full_message_is_140_octets_with_and_without_a_header() {
        assert_eq!(pack(&[0x61; 160], 0).len(), 140);
        assert_eq!(pack(&[0x61; 153], 1).len(), 140 - 6);
    }

    #[test]
    fn a_length_beyond_the_octets_gives_what_is_there() {
        assert_eq!(unpack(&[0xE8, 0x32], 0, 99), b"he");
        assert_eq!(unpack(&[], 1, 99), b"");
        assert_eq!(unpack(&[0xE8, 0x32], 0, 0), b"");
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(
            septets in prop::collection::vec(0_u8..128, 0..200), fill_bits in 0_u8..7,
        ) {
            let octets = pack(&septets, fill_bits);
            prop_assert_eq!(unpack(&octets, fill_bits, septets.len()), septets);
        }

        #[test]
        fn any_octets_can_be_unpacked(
            octets in prop::collection::vec(any::<u8>(), 0..200), fill: u8, septets in 0_usize..300,
        ) {
            prop_assert!(unpack(&octets, fill, septets).len() <= septets);
        }
    }
}
