//! What was done lately, counted by who did it: the ground of limits. Kept by each process.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::Timestamp;

use crate::UseError;

/// Whoever is remembered at once.
const KEYS_MAX: usize = 50_000;

/// More was done within the window than may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    pub(crate) retry_after_seconds: i64,
}

impl TooMany {
    pub(crate) fn because(self, message: &str) -> UseError {
        let Self { retry_after_seconds } = self;
        UseError::TooMany { message: message.to_owned(), retry_after_seconds }
    }
}

/// At most `max` times within any `window`, for each key.
#[derive(Debug)]
pub(crate) struct Lately<K> {
    max: usize,
    window: Duration,
    times: HashMap<K, VecDeque<Timestamp>>,
}

impl<K: Eq + Hash> Lately<K> {
    pub(crate) fn new(max: usize, window: Duration) -> Self {
        Self { max, window, times: HashMap::new() }
    }

    /// Whether once more would be let through now.
    pub(crate) fn check(&self, key: &K, now: Timestamp) -> Result<(), TooMany> {
        let Some(times) = self.times.get(key) else { return Ok(()) };
        let mut recent = times.iter().rev().filter(|at| **at > now.minus(self.window));
        let Some(oldest) = recent.nth(self.max.saturating_sub(1)) else { return Ok(()) };
        Err(TooMany { retry_after_seconds: whole_seconds(oldest.plus(self.window).since(now)) })
    }

    pub(crate) fn count(&mut self, key: K, now: Timestamp) {
        if self.times.len() >= KEYS_MAX {
            self.make_room(now);
        }
        let since = now.minus(self.window);
        let times = self.times.entry(key).or_default();
        times.retain(|at| *at > since);
        times.push_back(now);
    }

    pub(crate) fn forget(&mut self, key: &K) {
        self.times.remove(key);
    }

    /// As if it had not been counted at `at`.
    pub(crate) fn take_back(&mut self, key: &K, at: Timestamp) {
        if let Some(times) = self.times.get_mut(key)
            && let Some(index) = times.iter().position(|counted| *counted == at)
        {
            times.remove(index);
        }
    }

    /// Forgets what is old, and if that is not enough the longest quiet half.
    fn make_room(&mut self, now: Timestamp) {
        let since = now.minus(self.window);
        self.times.retain(|_, times| times.back().is_some_and(|at| *at > since));
        if self.times.len() > KEYS_MAX / 2 {
            let mut lasts: Vec<Timestamp> =
                self.times.values().filter_map(|times| times.back().copied()).collect();
            let (_, median, _) = lasts.select_nth_unstable(KEYS_MAX / 4);
            let median = *median;
            self.times.retain(|_, times| times.back().is_some_and(|at| *at > median));
        }
    }
}

/// The same, shared; what is let through is counted.
#[derive(Debug)]
pub(crate) struct Limit<K>(Mutex<Lately<K>>);

impl<K: Eq + Hash> Limit<K> {
    pub(crate) fn new(max: usize, window: Duration) -> Self {
        Self(Mutex::new(Lately::new(max, window)))
    }

    pub(crate) fn take(&self, key: K, now: Timestamp) -> Result<(), TooMany> {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lately.check(&key, now)?;
        lately.count(key, now);
        Ok(())
    }
}

/// Rounded up: who comes back then is not too early.
pub(crate) fn whole_seconds(span: Duration) -> i64 {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// A client as it is counted: who has one IPv6 address has the 64 bits below it too.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_counted_and_others_are_let_through() {
        let limit = Limit::new(2, Duration::from_secs(60));
        let start = Timestamp::from_micros(1_000_000_000_000);
        let at = |seconds| start.plus(Duration::from_secs(seconds));
        limit.take("a", at(0)).unwrap();
        limit.take("a", at(50)).unwrap();
        assert_eq!(limit.take("a", at(55)), Err(TooMany { retry_after_seconds: 5 }));
        limit.take("b", at(55)).unwrap();
        limit.take("a", at(60)).unwrap();
        assert!(limit.take("a", at(61)).is_err());
    }

    #[test]
    fn a_flood_of_keys_does_not_grow_without_bound() {
        let limit = Limit::new(2, Duration::from_secs(3_600));
        let start = Timestamp::from_micros(1_000_000_000_000);
        for n in 0..120_000_u64 {
            limit.take(n, start.plus(Duration::from_millis(n))).unwrap();
        }
        assert!(limit.0.lock().unwrap().times.len() <= KEYS_MAX);
    }
}
