//! Where SQLite's idempotency rows lie, by key: in memory, beside a table that only grows.
//!
//! Keys are random, so an index on disk would write a page for nearly every key.
//! Here the rows are appended, and this map, about nine bytes a row, is read back
//! from the last 24 hours' rows when the database is opened. SQLite has one
//! process and one writer, which owns it.

use domain::AccountId;
use hashbrown::HashTable;

/// Maps grow one by one, so that no commit waits for all of them to be copied.
const SHARDS: usize = 64;

/// Of a key's hash, what tells the shard and what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    shard: usize,
    bits: u32,
}

impl Fingerprint {
    /// The hash is SHA-256, so that any of its bits will do. Many accounts use the
    /// same plain keys, so the account counts too.
    fn of(account: AccountId, key_hash: &[u8]) -> Self {
        let octet = |index: usize| key_hash.get(index).copied().unwrap_or(0);
        let [a, b, c, d, ..] = spread(account.get().unsigned_abs()).to_be_bytes();
        let bits = [octet(0) ^ a, octet(1) ^ b, octet(2) ^ c, octet(3) ^ d];
        Self { shard: usize::from(octet(4)) % SHARDS, bits: u32::from_le_bytes(bits) }
    }
}

/// A row that a fingerprint may mean; the row itself says whether it does.
#[derive(Debug, Clone, Copy)]
struct Entry {
    bits: u32,
    /// The row's number, counted from the index's base.
    row: u32,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    shards: Vec<HashTable<Entry>>,
    base: i64,
    /// Of the running transaction.
    staged: Vec<(Fingerprint, i64)>,
}

impl KeyIndex {
    /// Empty; rows before `base` are never added.
    pub(crate) fn new(base: i64) -> Self {
        Self { shards: (0..SHARDS).map(|_| HashTable::new()).collect(), base, staged: Vec::new() }
    }

    /// Adds a stored row.
    pub(crate) fn load(&mut self, account: AccountId, key_hash: &[u8], row: i64) {
        self.add(Fingerprint::of(account, key_hash), row);
    }

    /// Rows that may hold the key, newest first.
    pub(crate) fn rows(&self, account: AccountId, key_hash: &[u8]) -> Vec<i64> {
        let wanted = Fingerprint::of(account, key_hash);
        let staged = self.staged.iter().filter(|(found, _)| *found == wanted).map(|(_, row)| *row);
        let stored = self.shards[wanted.shard]
            .iter_hash(spread(wanted.bits))
            .filter(|entry| entry.bits == wanted.bits)
            .map(|entry| self.base + i64::from(entry.row));
        let mut rows: Vec<i64> = staged.chain(stored).collect();
        rows.sort_unstable_by(|one, other| other.cmp(one));
        rows
    }

    /// Adds a row of the running transaction.
    pub(crate) fn stage(&mut self, account: AccountId, key_hash: &[u8], row: i64) {
        self.staged.push((Fingerprint::of(account, key_hash), row));
    }

    /// A point of the running transaction to go back to.
    pub(crate) fn savepoint(&self) -> usize {
        self.staged.len()
    }

    /// Takes back what was added since the point.
    pub(crate) fn undo_to(&mut self, savepoint: usize) {
        self.staged.truncate(savepoint);
    }

    /// The running transaction is stored.
    pub(crate) fn commit(&mut self) {
        for (fingerprint, row) in std::mem::take(&mut self.staged) {
            self.add(fingerprint, row);
        }
    }

    fn add(&mut self, fingerprint: Fingerprint, row: i64) {
        // Four thousand million rows between two starts are counted on; one beyond
        // them could only be forgotten.
        let Ok(row) = u32::try_from(row - self.base) else {
            tracing::error!("the index of idempotency keys is full: restart the server");
            return;
        };
        let entry = Entry { bits: fingerprint.bits, row };
        self.shards[fingerprint.shard]
            .insert_unique(spread(entry.bits), entry, |entry| spread(entry.bits));
    }

    /// Drops a row that is being deleted.
    pub(crate) fn forget(&mut self, account: AccountId, key_hash: &[u8], row: i64) {
        let Fingerprint { shard, bits } = Fingerprint::of(account, key_hash);
        let row = row - self.base;
        let same = |entry: &Entry| entry.bits == bits && i64::from(entry.row) == row;
        if let Ok(found) = self.shards[shard].find_entry(spread(bits), same) {
            found.remove();
        }
    }
}

/// Few bits over the sixty-four that the map divides.
fn spread(bits: impl Into<u64>) -> u64 {
    bits.into().wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: AccountId = AccountId::new(1);

    fn hash(octet: u8) -> [u8; 32] {
        [octet; 32]
    }

    #[test]
    fn what_is_rolled_back_is_not_found() {
        let mut index = KeyIndex::new(1);
        index.stage(ALICE, &hash(1), 1);
        let savepoint = index.savepoint();
        index.stage(ALICE, &hash(2), 2);
        assert_eq!(index.rows(ALICE, &hash(2)), [2], "a transaction sees its own rows");
        index.undo_to(savepoint);
        index.commit();
        assert_eq!(index.rows(ALICE, &hash(1)), [1]);
        assert!(index.rows(ALICE, &hash(2)).is_empty());
    }

    #[test]
    fn keys_that_look_alike_are_all_offered_newest_first() {
        let mut index = KeyIndex::new(1);
        let mut twin = hash(1);
        twin[31] = 9;
        index.stage(ALICE, &hash(1), 5);
        index.commit();
        index.stage(ALICE, &twin, 7);
        assert_eq!(index.rows(ALICE, &hash(1)), [7, 5]);
        index.commit();
        index.forget(ALICE, &twin, 7);
        assert_eq!(index.rows(ALICE, &hash(1)), [5]);
    }
}
