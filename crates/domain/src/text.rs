//! Texts: which encoding they need, the parts in which they are sent and billed.

mod body;
pub mod gsm7;
pub mod latin1;
mod offenders;
pub mod ucs2;

use std::fmt;

pub use body::{Body, InvalidBody};
pub use offenders::{Offender, offenders, to_gsm_spelling};

use crate::words;

/// Unicode scalar values that a text may have.
pub const CHARACTERS_MAX: usize = 1_600;

/// What the longest text is billed as: 1,600 emoji, 33 in a part.
pub const SEGMENTS_MAX: Segments = Segments(49);

words! {
    /// How a text travels.
    pub enum Encoding {
        /// GSM 03.38 with its extension table.
        Gsm7 = "gsm7",
        /// UTF-16, which carriers call UCS-2.
        Ucs2 = "ucs2",
    }
}

impl Encoding {
    /// Units that a text of one part may have: septets, or UTF-16 code units.
    const fn alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units that each of several parts may have: a header takes the rest.
    const fn in_parts(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// Units that a character takes; never split over two parts.
    fn units(self, character: char) -> usize {
        match self {
            Self::Gsm7 => gsm7::septets(character).unwrap_or(0),
            Self::Ucs2 => character.len_utf16(),
        }
    }
}

/// What a text is billed as: 1 to [`SEGMENTS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segments(u8);

impl Segments {
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A text's size in every unit that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    pub encoding: Encoding,
    pub segments: Segments,
    /// Unicode scalar values.
    pub characters: usize,
    /// Septets or UTF-16 code units, without headers.
    pub units: usize,
}

/// More than [`CHARACTERS_MAX`] characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text has {characters} characters; at most {CHARACTERS_MAX} are allowed")]
pub struct TextTooLong {
    pub characters: usize,
}

/// One part of a text, ready to be encoded; only [`parts`] makes them.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part<'a> {
    pub text: &'a str,
    /// Of the whole text: a part of a UCS-2 text may itself be plain.
    pub encoding: Encoding,
}

impl Part<'_> {
    /// Unpacked septets, at most 160 octets, or UTF-16BE, at most 140; no header.
    ///
    /// A carrier whose default alphabet is Latin-1 gets `text` by
    /// [`latin1::encode`] instead, with the same boundaries.
    pub fn octets(&self) -> Vec<u8> {
        match self.encoding {
            Encoding::Gsm7 => gsm7::encode(self.text)
                .expect("a part is GSM-7 only where the whole text is in the tables"),
            Encoding::Ucs2 => ucs2::encode(self.text),
        }
    }
}

/// Shows the length only: texts are in no log.
impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({} octets of text, {})", self.text.len(), self.encoding)
    }
}

/// GSM-7 where every character is in its tables, else UCS-2.
pub fn encoding_of(text: &str) -> Encoding {
    if text.chars().all(|character| gsm7::septets(character).is_some()) {
        Encoding::Gsm7
    } else {
        Encoding::Ucs2
    }
}

/// The parts in which `text` is sent and billed.
///
/// GSM-7 carries 160 septets, or 153 per part once split; UCS-2 carries 70 or
/// 67 code units. `€` and its kin take two septets, an emoji two code units,
/// and neither may straddle two parts, so dividing the length by 153 can be
/// one short. An empty text is one empty part.
///
/// The room is that beside an 8-bit reference. It is the only one offered:
/// with a 16-bit reference (152 or 66) a text could take more than was billed.
///
/// Fails above [`CHARACTERS_MAX`]. Source: 3GPP TS 23.038 §6.2, TS 23.040 §9.2.3.24.1.
pub fn parts(text: &str) -> Result<Vec<Part<'_>>, TextTooLong> {
    let (encoding, units, _) = scan(text)?;
    let mut parts = Vec::with_capacity(1 + units / encoding.in_parts());
    divide(text, encoding, units, |text| {
        parts.push(Part { text, encoding });
    });
    Ok(parts)
}

/// The number of [`parts`], without making them; fails where they do.
pub fn segments(text: &str) -> Result<Segments, TextTooLong> {
    measure(text).map(|measure| measure.segments)
}

/// The text's size in all its units; no allocation. Fails where [`parts`] does.
pub fn measure(text: &str) -> Result<Measure, TextTooLong> {
    let (encoding, units, characters) = scan(text)?;
    let mut segments = 0;
    divide(text, encoding, units, |_| segments += 1);
    Ok(Measure { encoding, segments: Segments(segments), characters, units })
}

/// Encoding, units, characters.
fn scan(text: &str) -> Result<(Encoding, usize, usize), TextTooLong> {
    let mut encoding = Encoding::Gsm7;
    let mut septets = 0;
    let mut utf16 = 0;
    let mut characters = 0;
    for character in text.chars() {
        characters += 1;
        utf16 += character.len_utf16();
        match gsm7::septets(character) {
            Some(needed) => septets += needed,
            None => encoding = Encoding::Ucs2,
        }
    }
    if characters > CHARACTERS_MAX {
        return Err(TextTooLong { characters });
    }
    let units = match encoding {
        Encoding::Gsm7 => septets,
        Encoding::Ucs2 => utf16,
    };
    Ok((encoding, units, characters))
}

/// The one place that decides where parts end, for the bill and for the wire.
fn divide<'a>(text: &'a str, encoding: Encoding, units: usize, mut part: impl FnMut(&'a str)) {
    if units <= encoding.alone() {
        return part(text);
    }
    let room = encoding.in_parts();
    let mut start = 0;
    let mut filled = 0;
    for (at, character) in text.char_indices() {
        let needs = encoding.units(character);
        if filled + needs > room {
            part(&text[start..at]);
            start = at;
            filled = 0;
        }
        filled += needs;
    }
    part(&text[start..]);
}

#[cfg(test)]
mod tests;
