//! What was read a moment ago under a secret's hash: keys and sessions are asked for at every request.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::Timestamp;

/// Another node's revocation is seen after this long at the latest.
const KEPT_FOR: Duration = Duration::from_secs(2);

/// Entries remembered at once.
const ENTRIES_MAX: usize = 10_000;

/// Last uses are stored to about this precision.
pub(crate) const TOUCHED_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Recent<T>(Mutex<Entries<T>>);

#[derive(Debug)]
struct Entries<T> {
    found: HashMap<[u8; 32], (T, Timestamp)>,
    /// Counts the times that all was forgotten.
    age: u64,
}

/// When a read began: what was revoked meanwhile is not remembered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began(u64);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::new(Entries { found: HashMap::new(), age: 0 }))
    }
}

impl<T: Clone> Recent<T> {
    /// What is known, and whether it is fresh enough to go by.
    pub(crate) fn look(&self, hash: &[u8; 32], now: Timestamp) -> (Option<T>, bool, Began) {
        let entries = self.entries();
        let known = entries.found.get(hash).cloned();
        let fresh = known.as_ref().is_some_and(|(_, read_at)| *read_at > now.minus(KEPT_FOR));
        (known.map(|(value, _)| value), fresh, Began(entries.age))
    }

    pub(crate) fn keep(&self, hash: [u8; 32], value: T, read_at: Timestamp, began: Began) {
        let mut entries = self.entries();
        if entries.age != began.0 {
            return;
        }
        if entries.found.len() >= ENTRIES_MAX {
            entries.found.clear();
        }
        entries.found.insert(hash, (value, read_at));
    }

    pub(crate) fn forget(&self, hash: &[u8; 32]) {
        self.entries().found.remove(hash);
    }

    pub(crate) fn clear(&self) {
        let mut entries = self.entries();
        entries.found.clear();
        entries.age = entries.age.wrapping_add(1);
    }

    fn entries(&self) -> MutexGuard<'_, Entries<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_revoked_while_it_was_read_is_not_remembered() {
        let recent = Recent::default();
        let now = Timestamp::from_micros(1_000_000_000);
        let (_, _, began) = recent.look(&[1; 32], now);
        recent.clear();
        recent.keep([1; 32], 7, now, began);
        assert_eq!(recent.look(&[1; 32], now).0, None);
        let (_, _, began) = recent.look(&[1; 32], now);
        recent.keep([1; 32], 7, now, began);
        let (known, fresh, _) = recent.look(&[1; 32], now);
        assert_eq!((known, fresh), (Some(7), true));
        let (known, fresh, _) = recent.look(&[1; 32], now.plus(Duration::from_secs(3)));
        assert_eq!((known, fresh), (Some(7), false));
    }
}
