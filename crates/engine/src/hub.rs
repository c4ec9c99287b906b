//! Tells open event streams that their account has news. Only a hint: the events are in the database.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::AccountId;
use tokio::sync::watch;

#[derive(Debug, Default)]
pub struct Hub {
    streams: Mutex<HashMap<AccountId, watch::Sender<u64>>>,
}

impl Hub {
    /// Called after a commit, for each account that got events.
    pub(crate) fn tell(&self, accounts: impl IntoIterator<Item = AccountId>) {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.is_empty() {
            return;
        }
        for account in accounts {
            if let Some(stream) = streams.get(&account) {
                stream.send_modify(|count| *count = count.wrapping_add(1));
            }
        }
    }

    /// Changes whenever the account has news from this process.
    pub fn listen(&self, account: AccountId) -> watch::Receiver<u64> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|_, stream| stream.receiver_count() > 0);
        streams.entry(account).or_insert_with(|| watch::channel(0).0).subscribe()
    }
}
