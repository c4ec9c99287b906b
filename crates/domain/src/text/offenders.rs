//! The characters that make a text UCS-2, and how GSM-7 spells them.

use std::collections::HashSet;

use super::gsm7;

/// A character that is in neither GSM table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offender {
    pub character: char,
    /// Of its first occurrence, in Unicode scalar values from 0.
    pub position: usize,
    /// The same in GSM-7, where nothing of the meaning is lost.
    pub spelling: Option<&'static str>,
}

/// Typography that GSM-7 spells plainly: quotes, primes and accents standing
/// alone, dashes, bullets, ellipses, spaces, and marks that are not seen at all.
///
/// Letters are not here: `ç` as `c` or `Ç` is another spelling of somebody's
/// name. Nor are signs that would become words, such as `™`.
const SPELLINGS: &[(char, &str)] = &[
    ('\u{2018}', "'"),
    ('\u{2019}', "'"),
    ('\u{201A}', "'"),
    ('\u{201B}', "'"),
    ('\u{2032}', "'"),
    ('`', "'"),
    ('´', "'"),
    ('\u{201C}', "\""),
    ('\u{201D}', "\""),
    ('\u{201E}', "\""),
    ('\u{201F}', "\""),
    ('\u{2033}', "\""),
    ('«', "\""),
    ('»', "\""),
    ('\u{2039}', "'"),
    ('\u{203A}', "'"),
    ('\u{2010}', "-"),
    ('\u{2011}', "-"),
    ('\u{2012}', "-"),
    ('\u{2013}', "-"),
    ('\u{2014}', "-"),
    ('\u{2015}', "-"),
    ('\u{2212}', "-"),
    ('\u{00AD}', ""),
    ('\u{2022}', "*"),
    ('\u{2026}', "..."),
    ('\u{00A0}', " "),
    ('\u{2007}', " "),
    ('\u{2008}', " "),
    ('\u{2009}', " "),
    ('\u{200A}', " "),
    ('\u{202F}', " "),
    ('\u{2002}', " "),
    ('\u{2003}', " "),
    ('\u{200B}', ""),
    ('\u{FEFF}', ""),
    ('\t', " "),
];

fn spelling(character: char) -> Option<&'static str> {
    SPELLINGS.iter().find(|(odd, _)| *odd == character).map(|(_, plain)| *plain)
}

/// The characters that force UCS-2, each once, in the order of their first occurrence.
pub fn offenders(text: &str) -> Vec<Offender> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (position, character) in text.chars().enumerate() {
        if gsm7::place(character).is_none() && seen.insert(character) {
            found.push(Offender { character, position, spelling: spelling(character) });
        }
    }
    found
}

/// The text with everything respelled that GSM-7 has a plain spelling for.
///
/// GSM-7 only where all [`offenders`] had a spelling. Longer by two characters
/// for each ellipsis, and empty where all was invisible: parse it as a body again.
pub fn to_gsm_spelling(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match spelling(character) {
            Some(spelling) => plain.push_str(spelling),
            None => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offenders_are_named_once_with_their_place() {
        let found = offenders("It’s €5 – it’s ✓");
        let seen: Vec<(char, usize, Option<&str>)> =
            found.iter().map(|o| (o.character, o.position, o.spelling)).collect();
        assert_eq!(seen, [('’', 2, Some("'")), ('–', 8, Some("-")), ('✓', 15, None)]);
    }

    #[test]
    fn the_spelling_fits_gsm7() {
        for (odd, plain) in SPELLINGS {
            assert!(gsm7::septets(*odd).is_none(), "{odd:?} needs no respelling");
            assert!(gsm7::encode(plain).is_some(), "{plain:?}");
        }
        assert_eq!(to_gsm_spelling("“It’s…”"), "\"It's...\"");
    }
}
