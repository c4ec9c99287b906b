//! SQLite alone: message, wallet and ledger row, durable, so many messages to a commit.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};

use crate::figures::rate;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE wallets (
        account_id BIGINT NOT NULL PRIMARY KEY, available BIGINT NOT NULL, held BIGINT NOT NULL);
    CREATE TABLE messages (
        account_id BIGINT NOT NULL, id BIGINT NOT NULL, status TEXT NOT NULL,
        number_id BIGINT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
        body TEXT NOT NULL, segments BIGINT NOT NULL, price BIGINT NOT NULL,
        created_at BIGINT NOT NULL, PRIMARY KEY (account_id, id)) WITHOUT ROWID;
    CREATE TABLE transfers (
        account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, kind TEXT NOT NULL,
        amount BIGINT NOT NULL, debit TEXT NOT NULL, credit TEXT NOT NULL,
        created_at BIGINT NOT NULL, PRIMARY KEY (account_id, source_id, kind)) WITHOUT ROWID;
    INSERT INTO wallets VALUES (1, 1000000000000000, 0);";

const MESSAGE: &str = "
    INSERT INTO messages (account_id, id, status, number_id, sender, recipient, body, segments,
        price, created_at)
    VALUES (1, ?1, 'queued', 42, '+447700900001', ?2, ?3, 1, 8000, ?4)";

const WALLET: &str = "
    UPDATE wallets SET available = available - ?1, held = held + ?1
    WHERE account_id = 1 AND available >= ?1";

const TRANSFER: &str = "
    INSERT INTO transfers (account_id, source_id, kind, amount, debit, credit, created_at)
    VALUES (1, ?1, 'reserve', 8000, 'available', 'held', ?2)";

/// Messages a second at `per_commit` messages to a commit, over `span`, in a fresh file.
pub(crate) fn run(folder: &Path, per_commit: i64, span: Duration) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir_in(folder)?;
    let connection = Connection::open(folder.path().join("raw.db"))?;
    connection.execute_batch(SCHEMA)?;
    let began = Instant::now();
    let mut messages: i64 = 0;
    while began.elapsed() < span {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..per_commit {
            messages += 1;
            let recipient = format!("+447700{:06}", messages % 1_000_000);
            connection.prepare_cached(WALLET)?.execute([8_000])?;
            connection.prepare_cached(MESSAGE)?.execute(params![
                messages,
                recipient,
                "Your parcel arrives today between 10 and 12",
                1_775_000_000_000_000 + messages
            ])?;
            connection
                .prepare_cached(TRANSFER)?
                .execute(params![messages, 1_775_000_000_000_000 + messages])?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(rate(u64::try_from(messages)?, began.elapsed()))
}
