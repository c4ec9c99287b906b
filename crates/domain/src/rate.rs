//! An account's message rate: the generic cell rate algorithm in whole microseconds.
//!
//! The state is one number, the theoretical arrival time (`tat`), kept in the
//! wallet row; the admission statement applies the same arithmetic in SQL.

use crate::Timestamp;

/// Messages a second of a new account.
pub const RATE_DEFAULT: i64 = 10;

/// The highest rate that fits the arithmetic: one message a microsecond.
pub const RATE_MAX: i64 = 1_000_000;

/// How far `tat` may run ahead of the present: a full second's messages may leave at once.
pub const BURST_MICROS: i64 = 1_000_000;

/// What one message adds to `tat`, in microseconds.
pub fn interval_micros(rate_per_second: i64) -> i64 {
    1_000_000 / rate_per_second.clamp(1, RATE_MAX)
}

/// The rate headers of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Messages a second.
    pub limit: i64,
    /// Messages that may be sent at once now.
    pub remaining: i64,
    /// Seconds until the whole second's worth is free again, rounded up.
    pub reset_seconds: i64,
    /// Seconds until one more message is admitted, rounded up; 0 where one is free.
    pub retry_after_seconds: i64,
}

impl Quota {
    pub fn at(rate_per_second: i64, tat: i64, now: Timestamp) -> Self {
        let interval = interval_micros(rate_per_second);
        let used = (tat - now.micros()).max(0);
        let free = BURST_MICROS - used;
        Self {
            limit: rate_per_second,
            remaining: (free / interval).clamp(0, rate_per_second),
            reset_seconds: seconds_up(used),
            retry_after_seconds: seconds_up((interval - free).max(0)),
        }
    }
}

/// When the `index`-th message (from 0) of a batch may leave, `tat` being the state before the batch.
pub fn leaves_at(rate_per_second: i64, tat: i64, now: Timestamp, index: i64) -> Timestamp {
    let interval = interval_micros(rate_per_second);
    let arrival = tat.max(now.micros()) + (index + 1) * interval;
    Timestamp::from_micros((arrival - BURST_MICROS).max(now.micros()))
}

fn seconds_up(micros: i64) -> i64 {
    (micros + 999_999) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(5_000_000_000);

    #[test]
    fn a_fresh_account_has_a_full_second() {
        let quota = Quota::at(10, 0, NOW);
        assert_eq!((quota.remaining, quota.reset_seconds, quota.retry_after_seconds), (10, 0, 0));
    }

    #[test]
    fn a_spent_account_waits() {
        let quota = Quota::at(10, NOW.micros() + BURST_MICROS, NOW);
        assert_eq!((quota.remaining, quota.reset_seconds, quota.retry_after_seconds), (0, 1, 1));
    }

    #[test]
    fn a_batch_leaves_at_the_rate() {
        let at = |index| leaves_at(10, 0, NOW, index).micros() - NOW.micros();
        assert_eq!(at(0), 0);
        assert_eq!(at(9), 0, "a second's worth leaves at once");
        assert_eq!(at(10), 100_000);
        assert_eq!(at(999), 99_000_000);
    }
}
