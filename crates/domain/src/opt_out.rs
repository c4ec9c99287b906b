//! The words by which a person stops a number's messages, or wants them again.

/// What a text asks for, where it is nothing but one of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Stop,
    Start,
}

const STOP: [&str; 11] = [
    "STOP",
    "STOPALL",
    "STOP ALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
    "OPT-OUT",
    "ARRET",
];

const START: [&str; 3] = ["START", "UNSTOP", "YES"];

/// Reads a whole text, in any case; white space and a full stop around it do not count.
///
/// A text that holds more than the word is a text: "Stop calling me Bob" stops nothing.
pub fn wish(text: &str) -> Option<Wish> {
    let word = text.trim().trim_end_matches(['.', '!']).trim_end();
    let is_one_of = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is_one_of(&STOP) {
        Some(Wish::Stop)
    } else if is_one_of(&START) {
        Some(Wish::Start)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_text_is_a_wish() {
        for (text, wished) in [
            ("STOP", Some(Wish::Stop)),
            ("  stop.\n", Some(Wish::Stop)),
            ("Stop all", Some(Wish::Stop)),
            ("opt-out", Some(Wish::Stop)),
            ("Arret", Some(Wish::Stop)),
            ("unstop", Some(Wish::Start)),
            ("Yes!", Some(Wish::Start)),
            ("HELP", None),
            ("stop calling me Bob", None),
            ("yes please", None),
            ("", None),
        ] {
            assert_eq!(wish(text), wished, "{text:?}");
        }
    }
}
