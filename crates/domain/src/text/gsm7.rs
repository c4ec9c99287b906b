//! GSM 03.38: the basic table of 128 characters and its extension.
//!
//! Source: 3GPP TS 23.038 §6.2.1 and §6.2.1.1. Not here: national shift tables.

mod packed;

pub use packed::{pack, unpack};

/// Announces a character of the extension table.
pub const ESCAPE: u8 = 0x1B;

/// The basic table; at 0x1B stands the escape, which no text contains.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_',
    'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#',
    '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6',
    '7', '8', '9', ':', ';', '<', '=', '>', '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I',
    'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö',
    'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{0c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// Where a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This septet alone.
    Basic(u8),
    /// [`ESCAPE`], then this septet.
    Extended(u8),
}

/// The places of U+0000 to U+00FF, which is nearly all of the tables.
static LATIN: [Option<Place>; 256] = latin();

const fn latin() -> [Option<Place>; 256] {
    let mut places = [None; 256];
    let mut septet: u8 = 0;
    while septet < 128 {
        let character = BASIC[septet as usize] as u32;
        if character < 256 && septet != ESCAPE {
            places[character as usize] = Some(Place::Basic(septet));
        }
        septet += 1;
    }
    let mut index = 0;
    while index < EXTENSION.len() {
        let (septet, character) = EXTENSION[index];
        if (character as u32) < 256 {
            places[character as usize] = Some(Place::Extended(septet));
        }
        index += 1;
    }
    places
}

/// The septet or septets of a character; `None` where it is in neither table.
///
/// The escape U+001B is no character, so a text cannot smuggle one in.
pub fn place(character: char) -> Option<Place> {
    if let Ok(latin) = u8::try_from(character) {
        return LATIN[usize::from(latin)];
    }
    match character {
        'Δ' => Some(Place::Basic(0x10)),
        'Φ' => Some(Place::Basic(0x12)),
        'Γ' => Some(Place::Basic(0x13)),
        'Λ' => Some(Place::Basic(0x14)),
        'Ω' => Some(Place::Basic(0x15)),
        'Π' => Some(Place::Basic(0x16)),
        'Ψ' => Some(Place::Basic(0x17)),
        'Σ' => Some(Place::Basic(0x18)),
        'Θ' => Some(Place::Basic(0x19)),
        'Ξ' => Some(Place::Basic(0x1A)),
        '€' => Some(Place::Extended(0x65)),
        _ => None,
    }
}

/// Septets that the character takes, 1 or 2; `None` where it is in neither table.
pub fn septets(character: char) -> Option<usize> {
    place(character).map(|place| match place {
        Place::Basic(_) => 1,
        Place::Extended(_) => 2,
    })
}

/// One septet an octet, unpacked, as SMPP carries `data_coding` 0; `None` where
/// a character is in neither table.
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for character in text.chars() {
        match place(character)? {
            Place::Basic(septet) => octets.push(septet),
            Place::Extended(septet) => octets.extend([ESCAPE, septet]),
        }
    }
    Some(octets)
}

/// Reads unpacked septets, leniently.
///
/// An escape before an unknown septet shows that septet's basic character, as
/// the standard asks; a trailing escape is a space; octets above 0x7F are `?`.
pub fn decode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut escaped = false;
    for octet in octets {
        if escaped {
            escaped = false;
            let extended = EXTENSION.iter().find(|(septet, _)| septet == octet);
            text.push(extended.map_or_else(|| basic(*octet), |(_, character)| *character));
        } else if *octet == ESCAPE {
            escaped = true;
        } else {
            text.push(basic(*octet));
        }
    }
    if escaped {
        text.push(' ');
    }
    text
}

fn basic(octet: u8) -> char {
    match octet {
        ESCAPE => ' ',
        _ => BASIC.get(usize::from(octet)).copied().unwrap_or('?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_both_tables_comes_back() {
        for (septet, character) in (0_u8..).zip(BASIC) {
            if septet == ESCAPE {
                assert_eq!(septets(character), None, "the escape is no character");
                continue;
            }
            let text = character.to_string();
            assert_eq!(encode(&text), Some(vec![septet]), "{character}");
            assert_eq!(decode(&[septet]), text);
        }
        for (septet, character) in EXTENSION {
            let text = character.to_string();
            assert_eq!(encode(&text), Some(vec![ESCAPE, septet]), "{character}");
            assert_eq!(decode(&[ESCAPE, septet]), text);
        }
    }

    #[test]
    fn the_tables_hold_what_gateways_lose() {
        assert_eq!(encode("@"), Some(vec![0x00]));
        assert_eq!(encode("€[]"), Some(vec![0x1B, 0x65, 0x1B, 0x3C, 0x1B, 0x3E]));
        assert_eq!(encode("`"), None);
        assert_eq!(encode("ç"), None, "the table has the capital only");
    }

    #[test]
    fn odd_octets_are_read_leniently() {
        assert_eq!(decode(&[0x1B, 0x41]), "A");
        assert_eq!(decode(&[0x41, 0x1B]), "A ");
        assert_eq!(decode(&[0xC1]), "?");
        assert_eq!(decode(&[0x1B, 0x1B]), " ");
    }
}
