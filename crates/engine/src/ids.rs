//! Ids for new rows, from blocks that this process leased.

use std::sync::{Mutex, PoisonError};

use domain::ID_MAX;
use store::{Store, StoreError, id_blocks};

/// Ids leased at once; those left at a restart are never used.
const BLOCK: i64 = 4_096;

/// All kinds share one sequence, so that an id names one thing only.
const SEQUENCE: &str = "ids";

#[derive(Debug)]
pub(crate) struct Ids {
    block: Mutex<Range>,
    lease: tokio::sync::Mutex<()>,
}

/// Some ids, each to be used once.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    next: i64,
    end: i64,
}

impl Range {
    /// The next id. Whoever took the range counted what it needs.
    pub(crate) fn next(&mut self) -> i64 {
        assert!(self.next < self.end, "more ids were used than were taken");
        let id = self.next;
        self.next += 1;
        id
    }
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self { block: Mutex::new(Range { next: 0, end: 0 }), lease: tokio::sync::Mutex::new(()) }
    }

    /// Takes `count` ids, in the order of the calls.
    pub(crate) async fn take(&self, store: &Store, count: usize) -> Result<Range, StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if let Some(range) = self.cut(count) {
            return Ok(range);
        }
        let _leasing = self.lease.lock().await;
        if let Some(range) = self.cut(count) {
            return Ok(range);
        }
        let wanted = BLOCK.max(count);
        let first = store.write(move |tx| id_blocks::lease(tx, SEQUENCE, wanted)).await?;
        if first.saturating_add(wanted) > ID_MAX {
            return Err(StoreError::Refused("all ids are used up".to_owned()));
        }
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        *block = Range { next: first + count, end: first + wanted };
        Ok(Range { next: first, end: first + count })
    }

    pub(crate) async fn one(&self, store: &Store) -> Result<i64, StoreError> {
        Ok(self.take(store, 1).await?.next())
    }

    fn cut(&self, count: i64) -> Option<Range> {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        let first = block.next;
        (block.end - first >= count).then(|| {
            block.next += count;
            Range { next: first, end: first + count }
        })
    }
}
