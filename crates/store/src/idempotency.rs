//! What was answered under an idempotency key. Keys themselves are not stored, only their hashes.

use domain::{AccountId, MessageId, Timestamp};

use crate::{Bulk, StoreError, Tx, Value, params};

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

/// What is remembered under the wanted (account, key hash) pairs since `since`.
///
/// Operators have no account: theirs is 0.
pub fn find(
    tx: &mut Tx<'_>,
    wanted: &[(AccountId, &[u8; 32])],
    since: Timestamp,
) -> Result<Vec<Remembered>, StoreError> {
    const FIND: Bulk = Bulk {
        sqlite: "
            SELECT account_id, key_hash, request_hash, message_id, outcome FROM idempotency
            WHERE account_id = ?1 AND key_hash = ?2 AND created_at > ?3",
        postgres: "
            SELECT i.account_id, i.key_hash, i.request_hash, i.message_id, i.outcome
            FROM UNNEST($1::bigint[], $2::bytea[], $3::bigint[]) AS w (account_id, key_hash, since)
            JOIN idempotency i ON i.account_id = w.account_id AND i.key_hash = w.key_hash
                AND i.created_at > w.since",
    };

    let rows: Vec<[Value<'_>; 3]> = wanted
        .iter()
        .map(|(account, hash)| [Value::from(*account), Value::from(*hash), Value::from(since)])
        .collect();
    tx.bulk_query(&FIND, &rows, |row| {
        Ok(Remembered {
            account: AccountId::new(row.get(0)?),
            key_hash: row.get(1)?,
            request_hash: row.get(2)?,
            message: row.get::<Option<i64>>(3)?.map(MessageId::new),
            outcome: row.get(4)?,
        })
    })
}

/// Remembers answers; answers how many were new. One that another transaction stored
/// meanwhile is left alone, one older than `expired` is replaced.
pub fn insert(
    tx: &mut Tx<'_>,
    answers: &[Remembered],
    at: Timestamp,
    expired: Timestamp,
) -> Result<u64, StoreError> {
    const INSERT: Bulk = Bulk {
        sqlite: "
            INSERT INTO idempotency (account_id, key_hash, request_hash, message_id, outcome, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (account_id, key_hash) DO UPDATE SET request_hash = excluded.request_hash,
                message_id = excluded.message_id, outcome = excluded.outcome,
                created_at = excluded.created_at
            WHERE idempotency.created_at <= ?7",
        postgres: "
            INSERT INTO idempotency (account_id, key_hash, request_hash, message_id, outcome, created_at)
            SELECT account_id, key_hash, request_hash, message_id, outcome, created_at
            FROM UNNEST($1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[],
                $6::bigint[], $7::bigint[])
                AS r (account_id, key_hash, request_hash, message_id, outcome, created_at, expired)
            ON CONFLICT (account_id, key_hash) DO UPDATE SET request_hash = excluded.request_hash,
                message_id = excluded.message_id, outcome = excluded.outcome,
                created_at = excluded.created_at
            WHERE idempotency.created_at <= excluded.created_at - 86400000000",
    };

    let rows: Vec<[Value<'_>; 7]> = answers
        .iter()
        .map(|answer| {
            [
                Value::from(answer.account),
                Value::from(answer.key_hash.as_slice()),
                Value::from(answer.request_hash.as_slice()),
                Value::from(answer.message),
                Value::from(answer.outcome.as_deref()),
                Value::from(at),
                Value::from(expired),
            ]
        })
        .collect();
    tx.bulk(&INSERT, &rows)
}

/// Forgets up to `limit` answers that were given before `expired`; answers how many.
pub fn forget(tx: &mut Tx<'_>, expired: Timestamp, limit: i64) -> Result<u64, StoreError> {
    const FORGET: &str = "
        DELETE FROM idempotency WHERE created_at <= $1 AND (account_id, key_hash) IN
            (SELECT account_id, key_hash FROM idempotency WHERE created_at <= $1
             ORDER BY created_at LIMIT $2)";

    tx.execute(FORGET, params![expired, limit])
}
