//! The log of what programs ask for, kept beside the way of the answers: nobody waits for it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{AccountId, ApiKeyId, Timestamp};
use store::{
    StoreError,
    request_log::{self, LoggedRequest},
};
use tokio::sync::mpsc;

use crate::Engine;

/// How long a request is shown.
pub(crate) const REQUESTS_KEPT: Duration = Duration::from_secs(7 * 86_400);

/// Of each account so many are logged at once, and after that one a second: a log for people,
/// which a million sends must not fill.
const BURST: i64 = 100;
const EVERY_MICROS: i64 = 1_000_000;

/// Requests that wait to be stored; beyond it they are left out.
const WAITING_MAX: usize = 4_096;

/// Rows of one commit.
const ROWS_MAX: usize = 256;

/// Accounts whose pace is remembered; those that are idle are as good as new.
const ACCOUNTS_MAX: usize = 10_000;

/// A request that was answered.
#[derive(Debug)]
pub struct Asked {
    pub account: AccountId,
    pub key: ApiKeyId,
    /// When it came.
    pub at: Timestamp,
    pub duration: Duration,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub status: u16,
    pub error_code: Option<&'static str>,
    pub request_id: String,
    /// Masked.
    pub body: Option<String>,
}

#[derive(Debug)]
pub(crate) struct RequestLog {
    /// For each account, the time up to which its log is full.
    paces: Mutex<HashMap<AccountId, i64>>,
    sender: mpsc::Sender<Asked>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<Asked>>,
}

impl Default for RequestLog {
    fn default() -> Self {
        let (sender, waiting) = mpsc::channel(WAITING_MAX);
        Self { paces: Mutex::default(), sender, waiting: tokio::sync::Mutex::new(waiting) }
    }
}

impl RequestLog {
    /// Takes a place in the account's log; false where it has none now.
    fn take(&self, account: AccountId, now: Timestamp) -> bool {
        let mut paces = self.paces();
        if paces.len() >= ACCOUNTS_MAX {
            paces.retain(|_, full_at| *full_at > now.micros());
        }
        let full_at = paces.entry(account).or_insert(0);
        let after = (*full_at).max(now.micros()) + EVERY_MICROS;
        let has_place = after <= now.micros() + BURST * EVERY_MICROS;
        if has_place {
            *full_at = after;
        }
        has_place
    }

    fn paces(&self) -> MutexGuard<'_, HashMap<AccountId, i64>> {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Notes a request, described by `asked`, where there is a place for it.
    pub fn note_request(&self, account: AccountId, asked: impl FnOnce() -> Asked) {
        let has_place = self.requests.take(account, self.clock.now());
        if !has_place || self.requests.sender.try_send(asked()).is_err() {
            metrics::counter!("didfarm_requests_not_logged_total").increment(1);
        }
    }

    /// Stores what was noted; answers how many that was.
    pub async fn store_requests(&self) -> Result<usize, StoreError> {
        let mut waiting = self.requests.waiting.lock().await;
        let mut stored = 0;
        loop {
            let mut gathered = Vec::new();
            while gathered.len() < ROWS_MAX {
                let Ok(asked) = waiting.try_recv() else { break };
                gathered.push(asked);
            }
            if gathered.is_empty() {
                return Ok(stored);
            }
            stored += gathered.len();
            let mut ids = self.ids.take(&self.store, gathered.len()).await?;
            let rows: Vec<LoggedRequest> =
                gathered.into_iter().map(|asked| row(ids.next(), asked)).collect();
            self.store.write(move |tx| request_log::insert(tx, &rows)).await?;
        }
    }
}

fn row(id: i64, asked: Asked) -> LoggedRequest {
    LoggedRequest {
        account: asked.account,
        id,
        key: asked.key,
        at: asked.at,
        duration_us: i64::try_from(asked.duration.as_micros()).unwrap_or(i64::MAX),
        method: asked.method,
        path: asked.path,
        query: asked.query,
        status: i64::from(asked.status),
        error_code: asked.error_code.map(str::to_owned),
        request_id: asked.request_id,
        body: asked.body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_account_leaves_places_to_others_and_gets_one_a_second() {
        let log = RequestLog::default();
        let now = Timestamp::from_micros(1_000_000_000);
        let (busy, other) = (AccountId::new(1), AccountId::new(2));
        assert_eq!((0..1_000).filter(|_| log.take(busy, now)).count(), 100);
        assert!(log.take(other, now));
        let later = now.plus(Duration::from_secs(3));
        assert_eq!((0..1_000).filter(|_| log.take(busy, later)).count(), 3);
    }
}
