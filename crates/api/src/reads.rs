//! The limit on reads and quotes, kept in memory by each process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::http::StatusCode;
use domain::{
    AccountId, Timestamp,
    rate::{BURST_MICROS, Quota, interval_micros},
};

use crate::error::ApiError;

/// Reads and quotes a second per account.
const READS_PER_SECOND: i64 = 1_000;

/// Accounts remembered; those that are idle are as good as new.
const ACCOUNTS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Reads(Mutex<HashMap<AccountId, i64>>);

impl Reads {
    pub(crate) fn take(&self, account: AccountId, now: Timestamp) -> Result<(), ApiError> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= ACCOUNTS_MAX {
            states.retain(|_, tat| *tat > now.micros());
        }
        let tat = states.entry(account).or_insert(0);
        let after = (*tat).max(now.micros()) + interval_micros(READS_PER_SECOND);
        if after > now.micros() + BURST_MICROS {
            let quota = Quota::at(READS_PER_SECOND, *tat, now);
            let message = "More than 1,000 reads a second. Wait as long as Retry-After says.";
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
            return Err(ApiError { retry_after_seconds: Some(quota.retry_after_seconds), ..error });
        }
        *tat = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_a_thousand_reads_of_each_account() {
        let reads = Reads::default();
        let now = Timestamp::from_micros(1_000_000_000);
        let (one, other) = (AccountId::new(1), AccountId::new(2));
        assert_eq!((0..1_500).filter(|_| reads.take(one, now).is_ok()).count(), 1_000);
        assert!(reads.take(other, now).is_ok());
    }
}
