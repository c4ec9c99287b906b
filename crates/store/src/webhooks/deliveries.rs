//! Events on their way to endpoints: each event once for each endpoint, whoever looks, however often.

use std::time::Duration;

use domain::{AccountId, DeliveryId, Timestamp, WebhookId, webhooks::WebhookEvent};

use crate::{Bulk, Row, StoreError, Tx, Value, params};

/// A try whose end was not stored within this long is taken for lost: its process died.
pub const LOST_AFTER: Duration = Duration::from_secs(30);

domain::words! {
    pub enum DeliveryStatus {
        /// To be tried, or being tried.
        Pending = "pending",
        /// The endpoint took it.
        Delivered = "delivered",
        /// Given up; can be resent.
        Failed = "failed",
    }
}

#[derive(Debug, Clone)]
pub struct Delivery {
    pub account: AccountId,
    pub webhook: WebhookId,
    pub id: DeliveryId,
    /// The event's number; `None` for a test.
    pub seq: Option<i64>,
    pub event: WebhookEvent,
    pub status: DeliveryStatus,
    /// Since it was begun or resent.
    pub tries: i64,
    /// Ever.
    pub attempts: i64,
    /// Only while it is pending; of one that is being tried, when that is taken for lost.
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

const COLUMNS: &str = "account_id, webhook_id, id, seq, event, status, tries, attempts,
    next_attempt_at, created_at, finished_at";

fn read(row: &Row<'_>) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        account: AccountId::new(row.get(0)?),
        webhook: WebhookId::new(row.get(1)?),
        id: DeliveryId::new(row.get(2)?),
        seq: row.get(3)?,
        event: row.parsed(4)?,
        status: row.parsed(5)?,
        tries: row.get(6)?,
        attempts: row.get(7)?,
        next_attempt_at: row.time_or_null(8)?,
        created_at: row.time(9)?,
        finished_at: row.time_or_null(10)?,
    })
}

/// Stores new deliveries, pending; answers those whose event had none yet.
pub fn insert(tx: &mut Tx<'_>, new: &[Delivery]) -> Result<Vec<DeliveryId>, StoreError> {
    const INSERT: Bulk = Bulk {
        sqlite: "
            INSERT INTO webhook_deliveries (account_id, webhook_id, id, seq, event, status, tries,
                attempts, next_attempt_at, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, 0, ?6, ?7)
            ON CONFLICT (account_id, webhook_id, seq) WHERE seq IS NOT NULL DO NOTHING
            RETURNING id",
        postgres: "
            INSERT INTO webhook_deliveries (account_id, webhook_id, id, seq, event, status, tries,
                attempts, next_attempt_at, created_at)
            SELECT n.account_id, n.webhook_id, n.id, n.seq, n.event, 'pending', 0, 0, n.next, n.at
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
                $6::bigint[], $7::bigint[]) AS n (account_id, webhook_id, id, seq, event, next, at)
            ON CONFLICT (account_id, webhook_id, seq) WHERE seq IS NOT NULL DO NOTHING
            RETURNING id",
    };

    let rows: Vec<[Value<'_>; 7]> = new
        .iter()
        .map(|delivery| {
            [
                Value::from(delivery.account),
                Value::from(delivery.webhook),
                Value::from(delivery.id),
                Value::from(delivery.seq),
                Value::from(delivery.event.as_str()),
                Value::from(delivery.next_attempt_at),
                Value::from(delivery.created_at),
            ]
        })
        .collect();
    tx.bulk_query(&INSERT, &rows, |row| row.get(0).map(DeliveryId::new))
}

/// Whether anything of the endpoint is due.
pub fn any_due(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const DUE: &str = "
        SELECT id FROM webhook_deliveries WHERE account_id = $1 AND webhook_id = $2
            AND status = 'pending' AND next_attempt_at <= $3 LIMIT 1";

    let found = tx.query_one(DUE, params![account, webhook, now], |row| row.get::<i64>(0))?;
    Ok(found.is_some())
}

/// Takes what is due, for a try that is taken for lost at `lost_at`. No other node gets it before.
pub fn claim(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    now: Timestamp,
    lost_at: Timestamp,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "UPDATE webhook_deliveries SET next_attempt_at = $1
         WHERE account_id = $2 AND webhook_id = $3 AND status = 'pending' AND next_attempt_at <= $4
             AND id IN (SELECT id FROM webhook_deliveries WHERE account_id = $2 AND webhook_id = $3
                 AND status = 'pending' AND next_attempt_at <= $4
                 ORDER BY next_attempt_at, id LIMIT $5)
         RETURNING {COLUMNS}"
    );
    tx.query(&sql, params![lost_at, account, webhook, now, limit], read)
}

/// Makes due what is due by `lost_at`: at the start of a server that no other can be beside, so
/// that whoever had begun to try it is gone.
pub(crate) fn release_all(
    tx: &mut Tx<'_>,
    now: Timestamp,
    lost_at: Timestamp,
) -> Result<(), StoreError> {
    const RELEASE_ALL: &str = "
        UPDATE webhook_deliveries SET next_attempt_at = $1
        WHERE status = 'pending' AND next_attempt_at > $1 AND next_attempt_at <= $2";

    tx.execute(RELEASE_ALL, params![now, lost_at])?;
    Ok(())
}

/// A delivery that is somebody's to try.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    pub account: AccountId,
    pub webhook: WebhookId,
    pub id: DeliveryId,
    pub lost_at: Timestamp,
}

/// Makes due what was claimed and not tried, unless it is another's by now.
pub fn give_back(tx: &mut Tx<'_>, claims: &[Claim], now: Timestamp) -> Result<(), StoreError> {
    const GIVE_BACK: Bulk = Bulk {
        sqlite: "
            UPDATE webhook_deliveries SET next_attempt_at = ?5
            WHERE account_id = ?1 AND webhook_id = ?2 AND id = ?3 AND status = 'pending'
                AND next_attempt_at = ?4",
        postgres: "
            UPDATE webhook_deliveries d SET next_attempt_at = c.now
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                AS c (account_id, webhook_id, id, lost_at, now)
            WHERE d.account_id = c.account_id AND d.webhook_id = c.webhook_id AND d.id = c.id
                AND d.status = 'pending' AND d.next_attempt_at = c.lost_at",
    };

    let rows: Vec<[Value<'_>; 5]> = claims
        .iter()
        .map(|claim| {
            let Claim { account, webhook, id, lost_at } = *claim;
            [
                Value::from(account),
                Value::from(webhook),
                Value::from(id),
                Value::from(lost_at),
                Value::from(now),
            ]
        })
        .collect();
    tx.bulk(&GIVE_BACK, &rows)?;
    Ok(())
}

/// What a try came to.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    pub claim: Claim,
    pub end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Taken,
    TryAgain { at: Timestamp },
    GiveUp,
}

/// Stores what tries came to; answers each one's number among its delivery's attempts.
///
/// A failure of a try that was taken for lost meanwhile says nothing, and is left out.
pub fn tried(
    tx: &mut Tx<'_>,
    tried: &[Tried],
    at: Timestamp,
) -> Result<Vec<(WebhookId, DeliveryId, i64)>, StoreError> {
    const TAKEN: Bulk = Bulk {
        sqlite: "
            UPDATE webhook_deliveries SET status = 'delivered', tries = tries + 1,
                attempts = attempts + 1, next_attempt_at = NULL, finished_at = ?4
            WHERE account_id = ?1 AND webhook_id = ?2 AND id = ?3 AND status <> 'delivered'
            RETURNING webhook_id, id, attempts",
        postgres: "
            UPDATE webhook_deliveries d SET status = 'delivered', tries = d.tries + 1,
                attempts = d.attempts + 1, next_attempt_at = NULL, finished_at = t.at
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
                AS t (account_id, webhook_id, id, at)
            WHERE d.account_id = t.account_id AND d.webhook_id = t.webhook_id AND d.id = t.id
                AND d.status <> 'delivered'
            RETURNING d.webhook_id, d.id, d.attempts",
    };
    const FAILED: Bulk = Bulk {
        sqlite: "
            UPDATE webhook_deliveries SET
                status = CASE WHEN ?5 IS NULL THEN 'failed' ELSE 'pending' END,
                tries = tries + 1, attempts = attempts + 1, next_attempt_at = ?5,
                finished_at = CASE WHEN ?5 IS NULL THEN ?6 END
            WHERE account_id = ?1 AND webhook_id = ?2 AND id = ?3 AND status = 'pending'
                AND next_attempt_at = ?4
            RETURNING webhook_id, id, attempts",
        postgres: "
            UPDATE webhook_deliveries d SET
                status = CASE WHEN t.next IS NULL THEN 'failed' ELSE 'pending' END,
                tries = d.tries + 1, attempts = d.attempts + 1, next_attempt_at = t.next,
                finished_at = CASE WHEN t.next IS NULL THEN t.at END
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
                $6::bigint[]) AS t (account_id, webhook_id, id, lost_at, next, at)
            WHERE d.account_id = t.account_id AND d.webhook_id = t.webhook_id AND d.id = t.id
                AND d.status = 'pending' AND d.next_attempt_at = t.lost_at
            RETURNING d.webhook_id, d.id, d.attempts",
    };

    let numbered = |row: &Row<'_>| {
        Ok((WebhookId::new(row.get(0)?), DeliveryId::new(row.get(1)?), row.get(2)?))
    };
    let mut taken: Vec<[Value<'_>; 4]> = Vec::new();
    let mut failed: Vec<[Value<'_>; 6]> = Vec::new();
    for Tried { claim, end } in tried {
        let (account, webhook, id) =
            (Value::from(claim.account), Value::from(claim.webhook), Value::from(claim.id));
        let next = match end {
            End::Taken => {
                taken.push([account, webhook, id, Value::from(at)]);
                continue;
            }
            End::TryAgain { at } => Value::from(*at),
            End::GiveUp => Value::Null,
        };
        failed.push([account, webhook, id, Value::from(claim.lost_at), next, Value::from(at)]);
    }
    let mut numbers = tx.bulk_query(&TAKEN, &taken, numbered)?;
    numbers.extend(tx.bulk_query(&FAILED, &failed, numbered)?);
    Ok(numbers)
}

/// Gives up all that is pending for an endpoint.
pub(super) fn give_up(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    at: Timestamp,
) -> Result<(), StoreError> {
    const GIVE_UP: &str = "
        UPDATE webhook_deliveries SET status = 'failed', next_attempt_at = NULL, finished_at = $1
        WHERE account_id = $2 AND webhook_id = $3 AND status = 'pending'";

    tx.execute(GIVE_UP, params![at, account, webhook])?;
    Ok(())
}

pub fn find(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Option<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_deliveries
         WHERE account_id = $1 AND webhook_id = $2 AND id = $3"
    );
    tx.query_one(&sql, params![account, webhook, id], read)
}

/// An endpoint's deliveries, newest first; of one status, or all.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    status: Option<DeliveryStatus>,
    before: i64,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_deliveries
         WHERE account_id = $1 AND webhook_id = $2 AND id < $3 AND status = COALESCE($4, status)
         ORDER BY id DESC LIMIT $5"
    );
    let status = status.map(DeliveryStatus::as_str);
    tx.query(&sql, params![account, webhook, before, status, limit], read)
}

/// Begins a delivery anew, whatever became of it.
pub fn resend(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    id: DeliveryId,
    at: Timestamp,
) -> Result<Option<Delivery>, StoreError> {
    let sql = format!(
        "UPDATE webhook_deliveries SET status = 'pending', tries = 0, next_attempt_at = $1,
             finished_at = NULL
         WHERE account_id = $2 AND webhook_id = $3 AND id = $4 RETURNING {COLUMNS}"
    );
    tx.query_one(&sql, params![at, account, webhook, id], read)
}

/// Begins anew all that was given up of what is not older than `since`; answers how many.
pub fn recover(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    since: Timestamp,
    at: Timestamp,
) -> Result<u64, StoreError> {
    const RECOVER: &str = "
        UPDATE webhook_deliveries SET status = 'pending', tries = 0, next_attempt_at = $1,
            finished_at = NULL
        WHERE account_id = $2 AND webhook_id = $3 AND status = 'failed' AND created_at >= $4";

    tx.execute(RECOVER, params![at, account, webhook, since])
}
