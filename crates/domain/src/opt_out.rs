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

/// Own words of one kind.
pub const OWN_WORDS_MAX: usize = 20;

/// Characters of one own word, or of several that are one.
pub const WORD_CHARACTERS_MAX: usize = 40;

/// The words that count for a number: the standard ones, own ones, or both.
///
/// There is always one that stops and one that starts again, and none that does both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    standard: bool,
    stop: Vec<String>,
    start: Vec<String>,
}

/// Words that a number cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidWords {
    /// `stop` or `start`.
    pub field: &'static str,
    pub message: String,
}

impl Words {
    /// The standard words alone.
    pub fn standard() -> Self {
        Self { standard: true, stop: Vec::new(), start: Vec::new() }
    }

    /// Own words, and the standard ones too where `standard`. White space and full stops around
    /// a word are cut off, and one that is there twice is there once.
    pub fn new(standard: bool, stop: &[String], start: &[String]) -> Result<Self, InvalidWords> {
        let words = Self { standard, stop: own("stop", stop)?, start: own("start", start)? };
        for (field, is_missing) in
            [("stop", words.stop.is_empty()), ("start", words.start.is_empty())]
        {
            if is_missing && !standard {
                let message = format!("Name a {field} word, or keep the standard ones.");
                return Err(InvalidWords { field, message });
            }
        }
        for (field, own, others, standard_others) in [
            ("stop", &words.stop, &words.start, &START[..]),
            ("start", &words.start, &words.stop, &STOP[..]),
        ] {
            let both = own.iter().find(|word| {
                is_among(word, others) || (standard && is_among(word, standard_others))
            });
            if let Some(word) = both {
                let message = format!("{word} cannot both stop and start messages.");
                return Err(InvalidWords { field, message });
            }
        }
        Ok(words)
    }

    /// Whether the standard words count.
    pub fn has_standard(&self) -> bool {
        self.standard
    }

    /// Own words that stop.
    pub fn stop(&self) -> &[String] {
        &self.stop
    }

    /// Own words that start again.
    pub fn start(&self) -> &[String] {
        &self.start
    }

    /// Reads a whole text, in any case; white space and a full stop around it do not count.
    ///
    /// A text that holds more than the word is a text: "Stop calling me Bob" stops nothing.
    pub fn wish(&self, text: &str) -> Option<Wish> {
        let word = bare(text);
        if is_among(word, &self.stop) || (self.standard && is_among(word, &STOP)) {
            Some(Wish::Stop)
        } else if is_among(word, &self.start) || (self.standard && is_among(word, &START)) {
            Some(Wish::Start)
        } else {
            None
        }
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::standard()
    }
}

fn bare(text: &str) -> &str {
    text.trim().trim_end_matches(['.', '!']).trim_end()
}

fn is_among<T: AsRef<str>>(word: &str, words: &[T]) -> bool {
    // Few texts are so short.
    if word.is_empty() || word.chars().nth(WORD_CHARACTERS_MAX).is_some() {
        return false;
    }
    let folded = word.to_lowercase();
    words.iter().any(|known| known.as_ref().to_lowercase() == folded)
}

fn own(field: &'static str, given: &[String]) -> Result<Vec<String>, InvalidWords> {
    let invalid = |message| InvalidWords { field, message };
    let mut words: Vec<String> = Vec::new();
    for text in given {
        let word = bare(text);
        let fits = (1..=WORD_CHARACTERS_MAX).contains(&word.chars().count());
        if !fits || word.chars().any(char::is_control) {
            return Err(invalid(format!(
                "A word has 1 to {WORD_CHARACTERS_MAX} characters, no control characters."
            )));
        }
        if !is_among(word, &words) {
            words.push(word.to_owned());
        }
    }
    if words.len() > OWN_WORDS_MAX {
        return Err(invalid(format!("There are at most {OWN_WORDS_MAX} {field} words.")));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(standard: bool, stop: &[&str], start: &[&str]) -> Result<Words, InvalidWords> {
        let owned = |given: &[&str]| given.iter().map(|&word| word.into()).collect::<Vec<_>>();
        Words::new(standard, &owned(stop), &owned(start))
    }

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
            assert_eq!(Words::standard().wish(text), wished, "{text:?}");
        }
    }

    #[test]
    fn own_words_count_beside_the_standard_ones_or_instead_of_them() {
        let beside = words(true, &["Afmelden", " стоп! "], &["Aanmelden"]).unwrap();
        for (text, wished) in [
            ("AFMELDEN.", Some(Wish::Stop)),
            ("СТОП", Some(Wish::Stop)),
            ("aanmelden", Some(Wish::Start)),
            ("stop", Some(Wish::Stop)),
            ("yes", Some(Wish::Start)),
            ("afmelden graag", None),
        ] {
            assert_eq!(beside.wish(text), wished, "{text:?}");
        }
        let instead = words(false, &["afmelden", "Afmelden"], &["stop"]).unwrap();
        assert_eq!(instead.stop(), ["afmelden"]);
        for (text, wished) in
            [("afmelden", Some(Wish::Stop)), ("stop", Some(Wish::Start)), ("yes", None)]
        {
            assert_eq!(instead.wish(text), wished, "{text:?}");
        }
    }

    #[test]
    fn words_that_leave_no_way_out_or_say_two_things_are_refused() {
        for (standard, stop, start, field) in [
            (false, &[][..], &["start"][..], "stop"),
            (false, &["stop"], &[], "start"),
            (false, &["no"], &["NO"], "stop"),
            (true, &["yes"], &[], "stop"),
            (true, &[], &["Quit"], "start"),
            (true, &["a\nb"], &[], "stop"),
            (true, &[" . "], &[], "stop"),
            (true, &["x".repeat(41).as_str()], &[], "stop"),
        ] {
            assert_eq!(
                words(standard, stop, start).unwrap_err().field,
                field,
                "{stop:?} {start:?}"
            );
        }
        let many: Vec<String> = (0..=OWN_WORDS_MAX).map(|index| format!("word{index}")).collect();
        assert_eq!(Words::new(true, &[], &many).unwrap_err().field, "start");
    }
}
