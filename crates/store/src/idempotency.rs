//! What was answered under an idempotency key. Keys themselves are not stored, only their hashes.
//!
//! PostgreSQL finds a row by its primary key; on SQLite rows are appended and
//! found by a [`KeyIndex`] in memory.

mod index;

use domain::{AccountId, MessageId, Timestamp};

use crate::{
    Bulk, Row, StoreError, Tx, Value,
    append::{Append, Field},
    params,
};
pub(crate) use index::KeyIndex;

/// A first answer.
#[derive(Debug, Clone)]
pub struct Remembered {
    pub account: AccountId,
    pub key_hash: Vec<u8>,
    /// Of the path and the body: another one under the same key is a mistake.
    pub request_hash: Vec<u8>,
    /// For a single send: the answer follows from the message.
    pub message: Option<MessageId>,
    /// For everything else: the answer, sealed under the key.
    pub outcome: Option<Vec<u8>>,
}

fn read(row: &Row<'_>) -> Result<Remembered, StoreError> {
    Ok(Remembered {
        account: AccountId::new(row.get(0)?),
        key_hash: row.get(1)?,
        request_hash: row.get(2)?,
        message: row.get::<Option<i64>>(3)?.map(MessageId::new),
        outcome: row.get(4)?,
    })
}

/// What is remembered under the wanted (account, key hash) pairs since `since`.
///
/// Operators have no account: theirs is 0.
pub fn find(
    tx: &mut Tx<'_>,
    wanted: &[(AccountId, &[u8; 32])],
    since: Timestamp,
) -> Result<Vec<Remembered>, StoreError> {
    if tx.is_postgres() {
        return find_by_key(tx, wanted, since);
    }
    let mut found = Vec::new();
    for (account, hash) in wanted {
        found.extend(find_by_row(tx, *account, hash.as_slice(), since)?);
    }
    Ok(found)
}

fn find_by_row(
    tx: &mut Tx<'_>,
    account: AccountId,
    key_hash: &[u8],
    since: Timestamp,
) -> Result<Option<Remembered>, StoreError> {
    const FIND: &str = "
        SELECT account_id, key_hash, request_hash, message_id, outcome FROM idempotency
        WHERE rowid = $1 AND account_id = $2 AND key_hash = $3 AND created_at > $4";

    let rows = tx.keys()?.borrow().rows(account, key_hash);
    for row in rows {
        if let Some(found) = tx.query_one(FIND, params![row, account, key_hash, since], read)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn find_by_key(
    tx: &mut Tx<'_>,
    wanted: &[(AccountId, &[u8; 32])],
    since: Timestamp,
) -> Result<Vec<Remembered>, StoreError> {
    const FIND: Bulk = Bulk {
        sqlite: "",
        postgres: "
            SELECT i.account_id, i.key_hash, i.request_hash, i.message_id, i.outcome, i.created_at
            FROM UNNEST($1::bigint[], $2::bytea[]) AS w (account_id, key_hash)
            JOIN idempotency i ON i.account_id = w.account_id AND i.key_hash = w.key_hash",
    };
    const FORGET: &str =
        "DELETE FROM idempotency WHERE account_id = $1 AND key_hash = $2 AND created_at <= $3";

    let rows: Vec<[Value<'_>; 2]> =
        wanted.iter().map(|(account, hash)| [Value::from(*account), Value::from(*hash)]).collect();
    let found = tx.bulk_query(&FIND, &rows, |row| Ok((read(row)?, row.time(5)?)))?;
    let (known, expired): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, at)| *at > since);
    for (answer, _) in expired {
        // Its key is free again.
        tx.execute(FORGET, params![answer.account, answer.key_hash.as_slice(), since])?;
    }
    Ok(known.into_iter().map(|(answer, _)| answer).collect())
}

/// Remembers answers to keys that [`find`] did not know in this transaction. Where another
/// transaction took one meanwhile, this one must be run again.
pub fn insert(
    tx: &mut Tx<'_>,
    answers: &[Remembered],
    at: Timestamp,
    expired: Timestamp,
) -> Result<(), StoreError> {
    // `StoreError` takes PostgreSQL's primary key's violation for a reason to run again.
    static ANSWERS: Append<6> = Append::to(
        "idempotency",
        [
            Field::Int("account_id"),
            Field::Blob("key_hash"),
            Field::Blob("request_hash"),
            Field::Int("message_id"),
            Field::Blob("outcome"),
            Field::Int("created_at"),
        ],
    );

    let rows: Vec<[Value<'_>; 6]> = answers
        .iter()
        .map(|answer| {
            [
                Value::from(answer.account),
                Value::from(answer.key_hash.as_slice()),
                Value::from(answer.request_hash.as_slice()),
                Value::from(answer.message),
                Value::from(answer.outcome.as_deref()),
                Value::from(at),
            ]
        })
        .collect();
    if tx.is_postgres() {
        return tx.append(&ANSWERS, &rows);
    }
    for answer in answers {
        if find_by_row(tx, answer.account, &answer.key_hash, expired)?.is_some() {
            return Err(StoreError::Serialization(
                "an idempotency key was taken meanwhile".to_owned(),
            ));
        }
    }
    tx.append(&ANSWERS, &rows)?;
    // Rows are numbered in their order.
    let keys = tx.keys()?;
    for (answer, row) in answers.iter().rev().zip((0..=tx.last_row()).rev()) {
        keys.borrow_mut().stage(answer.account, &answer.key_hash, row);
    }
    Ok(())
}

/// Forgets up to `limit` answers that were given before `expired`; answers how many.
pub fn forget(tx: &mut Tx<'_>, expired: Timestamp, limit: i64) -> Result<u64, StoreError> {
    const FORGET: &str = "
        DELETE FROM idempotency WHERE created_at <= $1 AND (account_id, key_hash) IN
            (SELECT account_id, key_hash FROM idempotency WHERE created_at <= $1
             ORDER BY created_at LIMIT $2)";
    // The newest row stays, so that row numbers never begin again.
    const OLDEST: &str = "
        SELECT rowid, created_at, account_id, key_hash FROM idempotency
        WHERE rowid < (SELECT MAX(rowid) FROM idempotency) ORDER BY rowid LIMIT $1";
    const FORGET_ROW: &str = "DELETE FROM idempotency WHERE rowid = $1";

    if tx.is_postgres() {
        return tx.execute(FORGET, params![expired, limit]);
    }
    let keys = tx.keys()?;
    let oldest = tx.query(OLDEST, params![limit], |row| {
        let key: Vec<u8> = row.get(3)?;
        Ok((row.get::<i64>(0)?, row.time(1)?, AccountId::new(row.get(2)?), key))
    })?;
    let mut forgotten = 0;
    for (row, _, account, key) in oldest.into_iter().take_while(|(_, at, ..)| *at <= expired) {
        forgotten += tx.execute(FORGET_ROW, params![row])?;
        // Should the transaction be undone, the row is too old to be found all the same.
        keys.borrow_mut().forget(account, &key, row);
    }
    Ok(forgotten)
}

/// Reads the index of an SQLite database that is being opened.
pub(crate) fn load_index(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    const FIRST: &str = "SELECT MIN(rowid) FROM idempotency";
    const ROWS: &str = "SELECT rowid, account_id, key_hash FROM idempotency";

    if tx.is_postgres() {
        return Ok(());
    }
    let keys = tx.keys()?;
    let first = tx.query_one(FIRST, &[], |row| row.get::<Option<i64>>(0))?.flatten();
    let mut index = KeyIndex::new(first.unwrap_or(1));
    tx.query(ROWS, &[], |row| {
        let key: Vec<u8> = row.get(2)?;
        index.load(AccountId::new(row.get(1)?), &key, row.get(0)?);
        Ok(())
    })?;
    *keys.borrow_mut() = index;
    Ok(())
}
