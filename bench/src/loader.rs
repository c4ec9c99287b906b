//! Fills a database with delivered messages, as if the server had carried them.
//!
//! Half of them are the first account's, the others' share is even. All were
//! made within the last twenty hours, so that their idempotency keys still
//! count. `didfarm audit` holds on the result.

use std::path::Path;

use anyhow::Context;
use rusqlite::{Connection, params};
use serde_json::Value;

use crate::world::Account;

const PRICE: i64 = 8_000;

/// Everything a delivered message leaves behind; ?1 account, ?2 number, ?3 messages,
/// ?4 the first id, ?5 the step from id to id, ?6 the first moment, ?7 microseconds
/// from message to message, ?8 carrier, ?9 available before, ?10 the last event before.
const DELIVERED: &[&str] = &[
    "INSERT INTO messages (account_id, id, seq, direction, status, number_id, sender, recipient,
         body, encoding, segments, price, carrier_id, simulated, delivery, not_before, valid_until,
         tries, refusals, created_at, sending_at, sent_at, finished_at)
     SELECT ?1, ?4 + n * ?5, ?10 + 4 * n + 1, 'outbound', 'delivered', ?2, '+447911000000',
         printf('+447700%06d', n % 1000000), 'Your parcel arrives today between 10 and 12', 'gsm7',
         1, 8000, ?8, 0, 'at_least_once', ?6 + n * ?7, ?6 + n * ?7 + 86400000000, 1, 0,
         ?6 + n * ?7, ?6 + n * ?7 + 1000, ?6 + n * ?7 + 2000, ?6 + n * ?7 + 3000
     FROM counted WHERE n < ?3",
    "INSERT INTO transfers (account_id, source_id, kind, id, currency, amount, debit, credit,
         available_after, created_at)
     SELECT ?1, ?4 + n * ?5, kind, iif(kind = 'reserve', ?4 + n * ?5 + 1, NULL), 'EUR', 8000,
         debit, credit, iif(kind = 'reserve', ?9 - 8000 * (n + 1), NULL), ?6 + n * ?7
     FROM counted CROSS JOIN (SELECT 'post' AS kind, 'held' AS debit, 'revenue' AS credit
         UNION ALL SELECT 'reserve', 'available', 'held') WHERE n < ?3",
    "INSERT INTO events (account_id, seq, kind, message_id, status, created_at)
     SELECT ?1, ?10 + 4 * n + step, 'sms.status', ?4 + n * ?5, status, ?6 + n * ?7
     FROM counted CROSS JOIN (SELECT 1 AS step, 'queued' AS status UNION ALL SELECT 2, 'sending'
         UNION ALL SELECT 3, 'sent' UNION ALL SELECT 4, 'delivered') WHERE n < ?3",
    "INSERT INTO attempts (account_id, message_id, part, attempt, copy, carrier_id, state,
         carrier_message_id, match_id, submitted_at, answered_at, receipt, receipt_at, receipts)
     SELECT ?1, ?4 + n * ?5, 1, 1, 1, ?8, 'accepted', 'x' || (?4 + n * ?5), 'x' || (?4 + n * ?5),
         ?6 + n * ?7, ?6 + n * ?7, 'delivered', ?6 + n * ?7, 1
     FROM counted WHERE n < ?3",
    "INSERT INTO idempotency (account_id, key_hash, request_hash, message_id, created_at)
     SELECT ?1, randomblob(32) AS hash, randomblob(32), ?4 + n * ?5, ?6 + n * ?7
     FROM counted WHERE n < ?3 ORDER BY hash",
    "UPDATE wallets SET available = available - 8000 * ?3, event_seq = event_seq + 4 * ?3
     WHERE account_id = ?1",
];

const PREPARE: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -400000;
    PRAGMA temp_store = FILE;
    DROP INDEX attempts_by_carrier_id;
    CREATE TEMP TABLE counted (n INTEGER PRIMARY KEY);";

const FINISH: &str = "
    INSERT INTO daily_counts (account_id, day, number_id, country, carrier_id, outbound, inbound,
            delivered, failed, segments, spent, cost, uncosted_segments)
        SELECT account_id, created_at / 86400000000, number_id, 'GB', carrier_id, COUNT(*), 0,
            COUNT(*), 0, SUM(segments), SUM(price), 0, SUM(segments)
        FROM messages GROUP BY 1, 2, 3, 4, 5;
    CREATE INDEX attempts_by_carrier_id ON attempts (carrier_id, match_id) WHERE match_id IS NOT NULL;
    PRAGMA journal_mode = WAL;";

/// Stores `count` messages in a database that has none; the server is not running.
pub(crate) fn fill(
    file: &Path,
    accounts: &[Account],
    carrier: i64,
    count: i64,
) -> anyhow::Result<()> {
    let connection = Connection::open(file)?;
    connection.execute_batch(PREPARE)?;
    let others = i64::try_from(accounts.len())? - 1;
    let (half, share) = (count / 2, count / 2 / others.max(1));
    connection.execute(
        "WITH RECURSIVE counting (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counting WHERE n + 1 < ?1)
         INSERT INTO counted SELECT n FROM counting",
        [half.max(share)],
    )?;
    let now: i64 = connection.query_row(
        "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
        [],
        |row| row.get(0),
    )?;
    let first: i64 =
        connection
            .query_row("SELECT next FROM id_blocks WHERE name = 'ids'", [], |row| row.get(0))?;
    let span = 20 * 3_600 * 1_000_000;
    for (index, account) in accounts.iter().enumerate() {
        let index = i64::try_from(index)?;
        // Ids of the accounts take turns: even places are the first account's.
        let (messages, from, step) = if index == 0 {
            (half, first, 4)
        } else {
            (share, first + 2 + (index - 1) * 4, others * 4)
        };
        let (available, seq): (i64, i64) = connection.query_row(
            "SELECT available, event_seq FROM wallets WHERE account_id = ?1",
            [account.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        anyhow::ensure!(available > messages * PRICE, "an account with too little money");
        let every = span / messages.max(1);
        connection.execute_batch("BEGIN")?;
        for sql in DELIVERED {
            let mut statement = connection.prepare_cached(sql)?;
            let values = params![
                account.id,
                account.number,
                messages,
                from,
                step,
                now - span,
                every,
                carrier,
                available,
                seq
            ];
            let used = statement.parameter_count();
            let values: Vec<&dyn rusqlite::ToSql> = values.iter().take(used).copied().collect();
            statement.execute(&values[..])?;
        }
        connection.execute_batch("COMMIT")?;
        if index % 250 == 0 {
            eprintln!("    account {} of {}", index + 1, others + 1);
        }
    }
    connection.execute_batch(FINISH)?;
    let last = first + 4 * (half.max(share * others) + 1);
    connection.execute("UPDATE id_blocks SET next = ?1 WHERE name = 'ids'", [last])?;
    Ok(())
}

/// The newest message's id in an operator's list.
pub(crate) fn last_id(list: &Value) -> anyhow::Result<i64> {
    list.pointer("/messages/0/id").and_then(Value::as_i64).context("no message in the list")
}
