//! Old deliveries, and what deleted endpoints leave behind: removed little by little, an endpoint at a time.

use domain::{AccountId, Timestamp, WebhookId};

use crate::{StoreError, Tx, params};

/// The endpoint after this one, deleted ones too; `None` after the last.
pub fn next_in_turn(
    tx: &mut Tx<'_>,
    after: (AccountId, WebhookId),
) -> Result<Option<(AccountId, WebhookId)>, StoreError> {
    const NEXT: &str = "
        SELECT account_id, id FROM webhooks
        WHERE account_id > $1 OR (account_id = $1 AND id > $2)
        ORDER BY account_id, id LIMIT 1";

    tx.query_one(NEXT, params![after.0, after.1], |row| {
        Ok((AccountId::new(row.get(0)?), WebhookId::new(row.get(1)?)))
    })
}

/// Removes up to `limit` deliveries of the endpoint: those made before `before`, all of a
/// deleted endpoint's; then the endpoint itself, if it is deleted.
pub fn forget_old(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    before: Timestamp,
    limit: i64,
) -> Result<(), StoreError> {
    const DELETED: &str = "
        SELECT id FROM webhooks WHERE account_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
    // The oldest come first in the key's order.
    const OLD: &str = "
        SELECT id FROM (SELECT id, created_at FROM webhook_deliveries
            WHERE account_id = $1 AND webhook_id = $2 ORDER BY id LIMIT $3) oldest
        WHERE created_at < $4";
    const ATTEMPTS: &str = "
        DELETE FROM webhook_attempts
        WHERE account_id = $1 AND webhook_id = $2 AND delivery_id = $3";
    const DELIVERY: &str = "
        DELETE FROM webhook_deliveries WHERE account_id = $1 AND webhook_id = $2 AND id = $3";
    const WEBHOOK: &str = "DELETE FROM webhooks WHERE account_id = $1 AND id = $2";

    let deleted =
        tx.query_one(DELETED, params![account, webhook], |row| row.get::<i64>(0))?.is_some();
    let before = if deleted { Timestamp::from_micros(i64::MAX) } else { before };
    let old: Vec<i64> =
        tx.query(OLD, params![account, webhook, limit, before], |row| row.get(0))?;
    for delivery in &old {
        tx.execute(ATTEMPTS, params![account, webhook, *delivery])?;
        tx.execute(DELIVERY, params![account, webhook, *delivery])?;
    }
    if deleted && old.is_empty() {
        tx.execute(WEBHOOK, params![account, webhook])?;
    }
    Ok(())
}
