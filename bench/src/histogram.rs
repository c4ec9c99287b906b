//! Latencies in buckets no wider than 1/32 of their value.

use std::time::Duration;

/// Buckets to each doubling.
const STEPS: u64 = 32;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Enough for more than an hour in microseconds.
const BUCKETS: usize = 1_024;

/// Counts of durations in microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    pub(crate) fn record(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros).min(BUCKETS - 1)] += 1;
        self.total += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// The least duration that `per_mille` of a thousand do not exceed; zero of nothing.
    pub(crate) fn quantile(&self, per_mille: u64) -> Duration {
        let wanted = (self.total * per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_micros(upper(index));
            }
        }
        Duration::ZERO
    }
}

fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return usize::try_from(micros).unwrap_or(0);
    }
    let doublings = u64::from(micros.ilog2() - STEP_BITS);
    let within = (micros >> doublings) - STEPS;
    usize::try_from(STEPS * (doublings + 1) + within).unwrap_or(usize::MAX)
}

/// The largest value of a bucket.
fn upper(index: usize) -> u64 {
    let index = index as u64;
    if index < STEPS {
        return index;
    }
    let doublings = index / STEPS - 1;
    let within = index % STEPS;
    ((STEPS + within + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_within_a_thirty_second_of_its_bucket() {
        for micros in (0..2_000_000).step_by(37) {
            let above = upper(bucket(micros));
            assert!(above >= micros && above - micros <= micros / 32, "{micros} → {above}");
        }
    }

    #[test]
    fn quantiles_count_from_below() {
        let mut histogram = Histogram::default();
        for micros in 1..=100 {
            histogram.record(Duration::from_micros(micros));
        }
        let median = histogram.quantile(500).as_micros();
        assert!((50..=52).contains(&median), "{median}");
        assert!(histogram.quantile(1_000).as_micros() >= 100);
    }
}
