//! Which country a phone number is of.

use std::sync::LazyLock;

use crate::Country;

/// A line for each country: its code, and the leading digits of its numbers. Where several fit a
/// number, the longest count.
///
/// Four digits at most: islands whose mobile networks share a code beyond that count as the country
/// that they share it with. Source: ITU-T E.164 (list of assigned codes), NANPA for +1.
const CODES: &str = include_str!("../data/calling_codes.txt");

/// Digits that decide.
const DIGITS: usize = 4;

/// By the first four digits.
static COUNTRIES: LazyLock<Vec<Option<Country>>> = LazyLock::new(|| {
    let mut countries = vec![None; 10_usize.pow(4)];
    let mut codes: Vec<(&str, Country)> = CODES
        .lines()
        .flat_map(|line| {
            let mut words = line.split(' ');
            let country = words.next().and_then(|word| word.parse().ok());
            let country = country.expect("a test reads the same table");
            words.map(move |code| (code, country))
        })
        .collect();
    codes.sort_by_key(|(code, _)| code.len());
    for (code, country) in codes {
        let first = padded(code, b'0').expect("a test reads the same table");
        let last = padded(code, b'9').expect("a test reads the same table");
        countries[first..=last].fill(Some(country));
    }
    countries
});

/// The first four of `digits`, filled up with `rest`; `None` where they are not digits.
fn padded(digits: &str, rest: u8) -> Option<usize> {
    digits.bytes().chain(std::iter::repeat(rest)).take(DIGITS).try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + usize::from(digit - b'0'))
    })
}

impl Country {
    /// The country of a number in E.164 form; `None` for names, short codes, and codes of no country.
    pub fn of(number: &str) -> Option<Self> {
        COUNTRIES[padded(number.strip_prefix('+')?, b'0')?]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    fn of(number: &str) -> Option<String> {
        Country::of(number).map(|country| country.to_string())
    }

    #[test]
    fn the_longest_code_names_the_country() {
        for (number, country) in [
            ("+31612345678", "NL"),
            ("+447700900123", "GB"),
            ("+12025550123", "US"),
            ("+14165550123", "CA"),
            ("+18095550123", "DO"),
            ("+79161234567", "RU"),
            ("+77011234567", "KZ"),
            ("+5991234567", "BQ"),
            ("+59991234567", "CW"),
            ("+35312345678", "IE"),
        ] {
            assert_eq!(of(number).as_deref(), Some(country), "{number}");
        }
    }

    #[test]
    fn what_is_no_number_of_a_country_has_none() {
        for number in ["", "+", "12345", "didfarm", "+8001234567", "+88212345678", "+ABCDEFG"] {
            assert_eq!(of(number), None, "{number}");
        }
    }

    #[test]
    fn the_countries_that_are_served_are_known_by_their_codes() {
        for line in catalogue::coverage().iter().filter(|line| line.calling_code != 1) {
            let number = format!("+{}6666666", line.calling_code);
            assert_eq!(of(&number), Some(line.country.to_string()), "{number}");
        }
    }
}
