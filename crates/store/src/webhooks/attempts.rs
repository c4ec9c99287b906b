//! Each time that a delivery was tried, and what the endpoint said.

use domain::{AccountId, DeliveryId, Timestamp, WebhookId};

use crate::{
    Bulk, StoreError, Tx, Value,
    append::{Append, Field},
};

#[derive(Debug, Clone)]
pub struct WebhookAttempt {
    pub account: AccountId,
    pub webhook: WebhookId,
    pub delivery: DeliveryId,
    /// From 1.
    pub attempt: i64,
    pub started_at: Timestamp,
    pub duration_ms: i64,
    /// `None` where nothing answered.
    pub status_code: Option<i64>,
    /// Why it failed; `None` where it did not.
    pub error: Option<String>,
    /// Its first 2 KiB.
    pub response: Option<String>,
}

pub fn insert(tx: &mut Tx<'_>, attempts: &[WebhookAttempt]) -> Result<(), StoreError> {
    static ATTEMPTS: Append<9> = Append::to(
        "webhook_attempts",
        [
            Field::Int("account_id"),
            Field::Int("webhook_id"),
            Field::Int("delivery_id"),
            Field::Int("attempt"),
            Field::Int("started_at"),
            Field::Int("duration_ms"),
            Field::Int("status_code"),
            Field::Text("error"),
            Field::Text("response"),
        ],
    );

    let rows: Vec<[Value<'_>; 9]> = attempts
        .iter()
        .map(|attempt| {
            [
                Value::from(attempt.account),
                Value::from(attempt.webhook),
                Value::from(attempt.delivery),
                Value::from(attempt.attempt),
                Value::from(attempt.started_at),
                Value::from(attempt.duration_ms),
                Value::from(attempt.status_code),
                Value::from(attempt.error.as_deref()),
                Value::from(attempt.response.as_deref()),
            ]
        })
        .collect();
    tx.append(&ATTEMPTS, &rows)
}

/// The attempts of these deliveries of one endpoint, each delivery's in their order.
pub fn of_deliveries(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    deliveries: &[DeliveryId],
) -> Result<Vec<WebhookAttempt>, StoreError> {
    const OF: Bulk = Bulk {
        sqlite: "
            SELECT account_id, webhook_id, delivery_id, attempt, started_at, duration_ms,
                status_code, error, response FROM webhook_attempts
            WHERE account_id = ?1 AND webhook_id = ?2 AND delivery_id = ?3",
        postgres: "
            SELECT a.account_id, a.webhook_id, a.delivery_id, a.attempt, a.started_at, a.duration_ms,
                a.status_code, a.error, a.response
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[])
                AS d (account_id, webhook_id, delivery_id)
            JOIN webhook_attempts a ON a.account_id = d.account_id
                AND a.webhook_id = d.webhook_id AND a.delivery_id = d.delivery_id",
    };

    let rows: Vec<[Value<'_>; 3]> = deliveries
        .iter()
        .map(|delivery| [Value::from(account), Value::from(webhook), Value::from(*delivery)])
        .collect();
    let mut found = tx.bulk_query(&OF, &rows, |row| {
        Ok(WebhookAttempt {
            account: AccountId::new(row.get(0)?),
            webhook: WebhookId::new(row.get(1)?),
            delivery: DeliveryId::new(row.get(2)?),
            attempt: row.get(3)?,
            started_at: row.time(4)?,
            duration_ms: row.get(5)?,
            status_code: row.get(6)?,
            error: row.get(7)?,
            response: row.get(8)?,
        })
    })?;
    found.sort_by_key(|attempt| (attempt.delivery, attempt.attempt));
    Ok(found)
}
