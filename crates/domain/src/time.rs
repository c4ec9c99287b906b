//! Points in time, as values: whoever needs the present is given it.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01 UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// The text is not a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time: write it as 2026-04-03T10:15:30Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros_of(span)))
    }

    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros_of(span)))
    }

    /// Zero where `earlier` lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Days since 1970-01-01 UTC.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }

    /// The same day and time of day `months` later, UTC; the last day where the month has no such.
    ///
    /// Months are counted from one anchor: 31 January, 28 February, 31 March.
    pub fn plus_months(self, months: i32) -> Self {
        let at = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        let zone = jiff::tz::Offset::UTC;
        zone.to_datetime(at)
            .checked_add(jiff::Span::new().months(months))
            .and_then(|later| zone.to_timestamp(later))
            .map_or(self, |later| Self(later.as_microsecond()))
    }

    /// The first month's end after `self` of those that run from `anchor`: whatever the
    /// shorter months did to the day, a longer one has the anchor's again.
    pub fn next_month_of(self, anchor: Self) -> Self {
        let (from, to) = (anchor.month(), self.month());
        let months = i32::try_from(to - from).unwrap_or(i32::MAX);
        [months, months.saturating_add(1)]
            .into_iter()
            .map(|months| anchor.plus_months(months))
            .find(|end| *end > self)
            .unwrap_or_else(|| anchor.plus_months(months.saturating_add(2)))
    }

    /// Midnight of the first day of this UTC month.
    pub fn start_of_month(self) -> Self {
        Self(self.first_day_of_month() * 86_400_000_000)
    }

    /// The year, UTC.
    pub fn year(self) -> i64 {
        (self.month() - 1).div_euclid(12)
    }

    /// Months since the year 0, UTC.
    fn month(self) -> i64 {
        let at = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        let date = jiff::tz::Offset::UTC.to_datetime(at).date();
        i64::from(date.year()) * 12 + i64::from(date.month())
    }

    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        Ok(Self(parsed.as_microsecond()))
    }

    /// A time as HTTP writes it, `Wed, 21 Oct 2015 07:28:00 GMT`.
    pub fn parse_http(text: &str) -> Result<Self, InvalidTimestamp> {
        let parsed = jiff::fmt::rfc2822::parse(text).map_err(|_| InvalidTimestamp)?;
        Ok(Self(parsed.timestamp().as_microsecond()))
    }

    /// The first day of this UTC month, as [`Timestamp::day`] counts.
    pub fn first_day_of_month(self) -> i64 {
        let at = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        let date = jiff::tz::Offset::UTC.to_datetime(at).date();
        self.day() - i64::from(date.day()) + 1
    }
}

/// A day, UTC, counted from 1970-01-01 as [`Timestamp::day`] does; written `2026-04-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

/// The text is not a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day: write it as 2026-04-03")]
pub struct InvalidDay;

impl Day {
    pub const fn new(days: i64) -> Self {
        Self(days)
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub fn first_of_month(self) -> Self {
        Self(Timestamp(self.0.saturating_mul(86_400_000_000)).first_day_of_month())
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        // A date alone: what has a time as well is more than a day.
        let date: jiff::civil::Date =
            text.parse().ok().filter(|_| text.len() == 10).ok_or(InvalidDay)?;
        let midnight = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
        midnight.map(|at| Self(at.as_second().div_euclid(86_400))).map_err(|_| InvalidDay)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = jiff::Timestamp::from_second(self.0.saturating_mul(86_400)).unwrap_or_default();
        write!(f, "{}", jiff::tz::Offset::UTC.to_datetime(at).date())
    }
}

fn micros_of(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// `2026-04-03T10:15:30.000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        write!(f, "{at:.6}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_with_six_decimals_and_read_back() {
        let at = Timestamp::from_micros(1_775_211_330_000_000);
        assert_eq!(at.to_string(), "2026-04-03T10:15:30.000000Z");
        assert_eq!(Timestamp::parse("2026-04-03T10:15:30.000000Z"), Ok(at));
        assert_eq!(Timestamp::parse("2026-04-03T12:15:30+02:00"), Ok(at));
        assert!(Timestamp::parse("yesterday").is_err());
        let http = Timestamp::parse_http("Fri, 03 Apr 2026 10:15:30 GMT");
        assert_eq!(http, Ok(at));
    }

    #[test]
    fn months_run_from_their_anchor_day() {
        let anchor = Timestamp::parse("2026-01-31T10:15:30.000001Z").unwrap();
        let months: Vec<String> =
            [0, 1, 2, 13, 25].map(|months| anchor.plus_months(months).to_string()).to_vec();
        assert_eq!(
            months,
            [
                "2026-01-31T10:15:30.000001Z",
                "2026-02-28T10:15:30.000001Z",
                "2026-03-31T10:15:30.000001Z",
                "2027-02-28T10:15:30.000001Z",
                "2028-02-29T10:15:30.000001Z",
            ]
        );
    }

    /// Every day of 2024 to 2040 as an anchor, and every month from there to the end of 2040.
    #[test]
    fn months_keep_the_day_of_every_anchor_until_2040() {
        let end = jiff::civil::date(2041, 1, 1);
        let mut day = jiff::civil::date(2024, 1, 1);
        while day < end {
            // Midnight, and the last microsecond of the day.
            for micros in [0, 86_399_999_999] {
                let midnight = jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap();
                let anchor = Timestamp(midnight.as_microsecond() + micros);
                let (mut month, mut at) = (day.first_of_month(), anchor);
                while month < end {
                    month = month.checked_add(jiff::Span::new().months(1)).unwrap();
                    let before = at;
                    at = at.next_month_of(anchor);
                    let date =
                        month.with().day(day.day().min(month.days_in_month())).build().unwrap();
                    let midnight = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).unwrap();
                    assert_eq!(at.0, midnight.as_microsecond() + micros, "{anchor} {before}");
                    // Within a month, its end is the same from wherever it is asked.
                    assert_eq!(Timestamp(at.0 - 1).next_month_of(anchor), at);
                }
            }
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn a_day_is_a_date_and_nothing_more() {
        let at = Timestamp::parse("2026-02-28T23:59:59Z").unwrap();
        assert_eq!("2026-02-28".parse(), Ok(Day::new(at.day())));
        assert_eq!(Day::new(at.day()).to_string(), "2026-02-28");
        assert_eq!(Day::new(-1).to_string(), "1969-12-31");
        for bad in ["", "2026-02-30", "20260228", "2026-02-28T00:00:00Z", "28.02.2026", "today"] {
            assert_eq!(bad.parse::<Day>(), Err(InvalidDay), "{bad}");
        }
    }

    #[test]
    fn a_month_begins_on_its_first_day() {
        let at = Timestamp::parse("2026-03-31T23:59:59Z").unwrap();
        let first = Timestamp::parse("2026-03-01T00:00:00Z").unwrap();
        assert_eq!(at.first_day_of_month(), first.day());
    }
}
