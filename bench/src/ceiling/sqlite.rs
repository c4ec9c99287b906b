//! SQLite alone: message, wallet and ledger row, durable, so many messages to a commit.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};

use crate::figures::rate;

const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = 4000;";

/// Which rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The columns that a message needs at least, and no further index.
    Lean,
    /// The product's own tables with all their columns and indexes.
    Product,
}

impl Rows {
    fn schema(self) -> &'static str {
        match self {
            Self::Lean => LEAN,
            Self::Product => {
                include_str!("../../../crates/store/migrations/sqlite/0001_ground.sql")
            }
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Lean => {
                "INSERT INTO messages (account_id, id, status, number_id, sender, recipient, body,
                     segments, price, created_at)
                 VALUES (1, ?1, 'queued', 42, '+447911000000', ?2, ?3, 1, 8000, ?4)"
            }
            Self::Product => {
                "INSERT INTO messages (account_id, id, seq, direction, status, number_id, sender,
                     recipient, body, encoding, segments, price, carrier_id, simulated, delivery,
                     not_before, valid_until, tries, refusals, created_at)
                 VALUES (1, ?1, ?1, 'outbound', 'queued', 42, '+447911000000', ?2, ?3, 'gsm7', 1,
                     8000, 7, 0, 'at_least_once', ?4, ?4 + 86400000000, 0, 0, ?4)"
            }
        }
    }

    fn transfer(self) -> &'static str {
        match self {
            Self::Lean => {
                "INSERT INTO transfers (account_id, source_id, kind, amount, debit, credit,
                     created_at)
                 VALUES (1, ?1, 'reserve', 8000, 'available', 'held', ?2)"
            }
            Self::Product => {
                "INSERT INTO transfers (account_id, source_id, kind, id, currency, amount, debit,
                     credit, available_after, created_at)
                 VALUES (1, ?1, 'reserve', ?1, 'EUR', 8000, 'available', 'held', ?2, ?2)"
            }
        }
    }
}

const LEAN: &str = "
    CREATE TABLE wallets (
        account_id BIGINT NOT NULL PRIMARY KEY, currency TEXT NOT NULL, available BIGINT NOT NULL,
        held BIGINT NOT NULL, tat BIGINT NOT NULL, event_seq BIGINT NOT NULL);
    CREATE TABLE messages (
        account_id BIGINT NOT NULL, id BIGINT NOT NULL, status TEXT NOT NULL,
        number_id BIGINT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
        body TEXT NOT NULL, segments BIGINT NOT NULL, price BIGINT NOT NULL,
        created_at BIGINT NOT NULL, PRIMARY KEY (account_id, id)) WITHOUT ROWID;
    CREATE TABLE transfers (
        account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, kind TEXT NOT NULL,
        amount BIGINT NOT NULL, debit TEXT NOT NULL, credit TEXT NOT NULL,
        created_at BIGINT NOT NULL, PRIMARY KEY (account_id, source_id, kind)) WITHOUT ROWID;";

const WALLET: &str = "
    UPDATE wallets SET available = available - ?1, held = held + ?1
    WHERE account_id = 1 AND available >= ?1";

/// Messages a second at `per_commit` messages to a commit, over `span`, in a fresh file.
pub(crate) fn run(
    folder: &Path,
    rows: Rows,
    per_commit: i64,
    span: Duration,
) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir_in(folder)?;
    let connection = Connection::open(folder.path().join("raw.db"))?;
    connection.execute_batch(SETTINGS)?;
    connection.execute_batch(rows.schema())?;
    connection.execute("INSERT INTO wallets VALUES (1, 'EUR', 1000000000000000, 0, 0, 0)", [])?;
    let began = Instant::now();
    let mut messages: i64 = 0;
    while began.elapsed() < span {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..per_commit {
            messages += 1;
            let recipient = format!("+447700{:06}", messages % 1_000_000);
            let at = 1_775_000_000_000_000 + messages;
            connection.prepare_cached(WALLET)?.execute([8_000])?;
            connection.prepare_cached(rows.message())?.execute(params![
                messages,
                recipient,
                "Your parcel arrives today between 10 and 12",
                at
            ])?;
            connection.prepare_cached(rows.transfer())?.execute([messages, at])?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(rate(u64::try_from(messages)?, began.elapsed()))
}
