//! Texts: which encoding they need, the parts in which they are sent and billed.

pub mod gsm7;
pub mod latin1;
mod offenders;
pub mod ucs2;

use std::fmt;

pub use offenders::{Offender, offenders, to_gsm_spelling};

use crate::words;

/// Unicode scalar values that a text may have.
pub const CHARACTERS_MAX: usize = 1_600;

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

/// What a text is billed as: 1 to 49.
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

/// One part of a text, ready to be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    pub text: &'a str,
    pub encoding: Encoding,
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
/// Fails above [`CHARACTERS_MAX`]. Source: 3GPP TS 23.038 §6.2, TS 23.040 §9.2.3.24.1.
pub fn parts(text: &str) -> Result<Vec<Part<'_>>, TextTooLong> {
    let (encoding, units, _) = scan(text)?;
    let mut parts = Vec::with_capacity(1 + units / encoding.in_parts());
    divide(text, encoding, units, |text| parts.push(Part { text, encoding }));
    Ok(parts)
}

/// The text's size, without dividing it into strings.
pub fn measure(text: &str) -> Result<Measure, TextTooLong> {
    let (encoding, units, characters) = scan(text)?;
    let mut segments = 0;
    divide(text, encoding, units, |_| segments += 1);
    Ok(Measure { encoding, segments: Segments(segments), characters, units })
}

fn scan(text: &str) -> Result<(Encoding, usize, usize), TextTooLong> {
    let mut septets = Some(0);
    let mut utf16 = 0;
    let mut characters = 0;
    for character in text.chars() {
        characters += 1;
        utf16 += character.len_utf16();
        septets = septets
            .and_then(|sum: usize| gsm7::septets(character).map(|septets| sum + septets));
    }
    if characters > CHARACTERS_MAX {
        return Err(TextTooLong { characters });
    }
    Ok(match septets {
        Some(septets) => (Encoding::Gsm7, septets, characters),
        None => (Encoding::Ucs2, utf16, characters),
    })
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

/// A text that may be sent, with its measure.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    text: String,
    measure: Measure,
}

/// Why a text may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBody {
    #[error("the text is empty")]
    Empty,
    #[error(transparent)]
    TooLong(#[from] TextTooLong),
    /// NUL ends a string for many carriers. The position counts characters from 0.
    #[error("the text has a NUL character at position {position}")]
    Nul { position: usize },
}

impl Body {
    /// Takes the text as it is, white space included; only white space is no text.
    pub fn parse(text: &str) -> Result<Self, InvalidBody> {
        if text.trim().is_empty() {
            return Err(InvalidBody::Empty);
        }
        if let Some(position) = text.chars().position(|character| character == '\0') {
            return Err(InvalidBody::Nul { position });
        }
        Ok(Self { text: text.to_owned(), measure: measure(text)? })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub const fn measure(&self) -> Measure {
        self.measure
    }
}

/// Shows the length only: texts are in no log.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} characters)", self.measure.characters)
    }
}

#[cfg(test)]
mod tests;
