//! The queue: messages with the status `queued`, claimed by the node that holds their carrier's lease.

use domain::{AccountId, CarrierId, MessageId, Timestamp};

use crate::{
    Bulk, StoreError, Tx, Value,
    messages::{self, Message},
    params,
};

/// Messages of a carrier that are due and still valid, in the order in which they leave.
pub fn due(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let sql = format!(
        "SELECT {} FROM messages
         WHERE carrier_id = $1 AND status = 'queued' AND not_before <= $2 AND valid_until > $2
         ORDER BY not_before, id LIMIT $3",
        messages::COLUMNS
    );
    tx.query(&sql, params![carrier, now, limit], messages::read)
}

/// Takes due messages for sending; answers the places of those that were really taken.
pub fn claim(
    tx: &mut Tx<'_>,
    messages: &[Message],
    at: Timestamp,
) -> Result<Vec<usize>, StoreError> {
    const CLAIM: Bulk = Bulk {
        sqlite: "
            UPDATE messages SET status = 'sending', tries = tries + 1, sending_at = ?3, detail = NULL
            WHERE account_id = ?1 AND id = ?2 AND status = 'queued'",
        postgres: "
            UPDATE messages m SET status = 'sending', tries = m.tries + 1, sending_at = c.at,
                detail = NULL
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
                AS c (account_id, id, at, place)
            WHERE m.account_id = c.account_id AND m.id = c.id AND m.status = 'queued'
            RETURNING c.place",
    };

    let rows: Vec<[Value<'_>; 3]> = messages
        .iter()
        .map(|message| [Value::from(message.account), Value::from(message.id), Value::from(at)])
        .collect();
    tx.bulk_places(&CLAIM, &rows)
}

/// Counts a further try of messages that are being resent while they stay `sending`.
pub fn count_try(tx: &mut Tx<'_>, messages: &[(AccountId, MessageId)]) -> Result<(), StoreError> {
    const COUNT: Bulk = Bulk {
        sqlite: "UPDATE messages SET tries = tries + 1 WHERE account_id = ?1 AND id = ?2",
        postgres: "
            UPDATE messages m SET tries = m.tries + 1
            FROM UNNEST($1::bigint[], $2::bigint[]) AS c (account_id, id)
            WHERE m.account_id = c.account_id AND m.id = c.id",
    };

    let rows: Vec<[Value<'_>; 2]> =
        messages.iter().map(|(account, id)| [Value::from(*account), Value::from(*id)]).collect();
    tx.send(&COUNT, &rows)
}

/// Queued messages of a carrier whose validity has passed; `sent_until` is when those that are over
/// now became valid, at the latest.
///
/// Only what is over is looked at, however long the queue: one that was never refused is valid from
/// `not_before` on, and those that were have an index of their own.
pub fn expired(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    sent_until: Timestamp,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(AccountId, MessageId)>, StoreError> {
    tx.query(EXPIRED, params![carrier, sent_until, now, limit], |row| {
        Ok((AccountId::new(row.get(0)?), MessageId::new(row.get(1)?)))
    })
}

/// See [`expired`]. Public for the test of how it is read.
#[doc(hidden)]
pub const EXPIRED: &str = "
    SELECT account_id, id FROM messages
    WHERE carrier_id = $1 AND status = 'queued' AND not_before <= $2 AND valid_until <= $3
        AND refusals = 0
    UNION ALL
    SELECT account_id, id FROM messages
    WHERE carrier_id = $1 AND status = 'queued' AND refusals > 0 AND valid_until <= $3
    LIMIT $4";

/// Gives queued messages of a carrier to others; answers those that were really given.
pub fn reroute(
    tx: &mut Tx<'_>,
    from: CarrierId,
    moves: &[(Message, CarrierId)],
) -> Result<Vec<(AccountId, MessageId)>, StoreError> {
    const REROUTE: Bulk = Bulk {
        sqlite: "
            UPDATE messages SET carrier_id = ?4
            WHERE account_id = ?1 AND id = ?2 AND carrier_id = ?3 AND status = 'queued'
            RETURNING account_id, id",
        postgres: "
            UPDATE messages m SET carrier_id = r.carrier_id
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
                AS r (account_id, id, was, carrier_id)
            WHERE m.account_id = r.account_id AND m.id = r.id AND m.carrier_id = r.was
                AND m.status = 'queued'
            RETURNING m.account_id, m.id",
    };

    let rows: Vec<[Value<'_>; 4]> = moves
        .iter()
        .map(|(message, to)| {
            let (account, id) = (Value::from(message.account), Value::from(message.id));
            [account, id, Value::from(from), Value::from(*to)]
        })
        .collect();
    tx.bulk_query(&REROUTE, &rows, |row| {
        Ok((AccountId::new(row.get(0)?), MessageId::new(row.get(1)?)))
    })
}

/// How many messages wait for a carrier.
pub fn depth(tx: &mut Tx<'_>, carrier: CarrierId) -> Result<i64, StoreError> {
    const DEPTH: &str = "SELECT COUNT(*) FROM messages WHERE carrier_id = $1 AND status = 'queued'";

    Ok(tx.query_one(DEPTH, params![carrier], |row| row.get(0))?.unwrap_or(0))
}

/// When the carrier's next message becomes due.
pub fn next_due(tx: &mut Tx<'_>, carrier: CarrierId) -> Result<Option<Timestamp>, StoreError> {
    const NEXT: &str = "
        SELECT not_before FROM messages WHERE carrier_id = $1 AND status = 'queued'
        ORDER BY not_before LIMIT 1";

    tx.query_one(NEXT, params![carrier], |row| row.time(0))
}

/// The carriers for which messages wait.
pub fn carriers(tx: &mut Tx<'_>) -> Result<Vec<CarrierId>, StoreError> {
    // A loose index scan: one look-up for each carrier, however long its queue.
    const CARRIERS: &str = "
        WITH RECURSIVE waiting (carrier_id) AS (
            SELECT MIN(carrier_id) FROM messages WHERE status = 'queued'
            UNION ALL
            SELECT (SELECT MIN(m.carrier_id) FROM messages m
                    WHERE m.status = 'queued' AND m.carrier_id > w.carrier_id)
            FROM waiting w WHERE w.carrier_id IS NOT NULL)
        SELECT carrier_id FROM waiting WHERE carrier_id IS NOT NULL";

    tx.query(CARRIERS, &[], |row| row.get(0).map(CarrierId::new))
}

/// Messages of a carrier that another may take: none of their parts was accepted.
pub fn movable(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let sql = format!(
        "SELECT {} FROM messages
         WHERE carrier_id = $1 AND status = 'queued' AND (tries = 0 OR NOT EXISTS (
             SELECT 1 FROM attempts t WHERE t.account_id = messages.account_id
                 AND t.message_id = messages.id AND t.state = 'accepted'))
         ORDER BY not_before, id LIMIT $2",
        messages::COLUMNS
    );
    tx.query(&sql, params![carrier, limit], messages::read)
}
