//! Tells open event streams and webhooks that their account has news. Only a hint: the events are
//! in the database.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError, RwLock},
};

use domain::AccountId;
use tokio::sync::{Notify, watch};

#[derive(Debug, Default)]
pub struct Hub {
    streams: Mutex<HashMap<AccountId, watch::Sender<u64>>>,
    /// Accounts with webhooks.
    pushed: RwLock<HashSet<AccountId>>,
    /// Those of them that have news.
    news: Mutex<HashSet<AccountId>>,
    notify: Notify,
}

impl Hub {
    /// Called after a commit, for each account that got events.
    pub(crate) fn tell(&self, accounts: impl IntoIterator<Item = AccountId>) {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let pushed = self.pushed.read().unwrap_or_else(PoisonError::into_inner);
        if streams.is_empty() && pushed.is_empty() {
            return;
        }
        let mut news = HashSet::new();
        for account in accounts {
            if let Some(stream) = streams.get(&account) {
                stream.send_modify(|count| *count = count.wrapping_add(1));
            }
            if pushed.contains(&account) {
                news.insert(account);
            }
        }
        if !news.is_empty() {
            self.news.lock().unwrap_or_else(PoisonError::into_inner).extend(news);
            self.notify.notify_one();
        }
    }

    /// From now on, webhooks are told of these accounts' news.
    pub(crate) fn tell_of(&self, accounts: HashSet<AccountId>) {
        *self.pushed.write().unwrap_or_else(PoisonError::into_inner) = accounts;
    }

    /// Waits for news of an account with webhooks.
    pub(crate) async fn pushed_news(&self) {
        self.notify.notified().await;
    }

    /// The accounts that had news since.
    pub(crate) fn take_pushed_news(&self) -> HashSet<AccountId> {
        std::mem::take(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes whenever the account has news from this process.
    pub fn listen(&self, account: AccountId) -> watch::Receiver<u64> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|_, stream| stream.receiver_count() > 0);
        streams.entry(account).or_insert_with(|| watch::channel(0).0).subscribe()
    }
}
