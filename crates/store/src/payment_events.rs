//! What a payment provider told: each event once, and those that came too early until they fit.

use domain::Timestamp;

use crate::{StoreError, Tx, params};

/// Notes an event; answers false where it was told before.
pub fn insert(tx: &mut Tx<'_>, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    const INSERT: &str = "
        INSERT INTO payment_events (id, received_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";

    Ok(tx.execute(INSERT, params![id, at])? == 1)
}

/// Keeps an event of a payment that is not known yet.
pub fn keep(tx: &mut Tx<'_>, id: &str, payment: &str, body: &str) -> Result<(), StoreError> {
    const KEEP: &str = "UPDATE payment_events SET payment_ref = $1, body = $2 WHERE id = $3";

    tx.execute(KEEP, params![payment, body, id])?;
    Ok(())
}

/// Kept events whose payment is known by now, oldest first: their ids.
pub fn fitting(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<String>, StoreError> {
    const FITTING: &str = "
        SELECT e.id FROM payment_events e JOIN topups t ON t.payment_ref = e.payment_ref
        WHERE e.body IS NOT NULL AND t.paid_at IS NOT NULL ORDER BY e.received_at, e.id LIMIT $1";

    tx.query(FITTING, params![limit], |row| row.get(0))
}

/// Takes a kept event; `None` where somebody else did.
pub fn take(tx: &mut Tx<'_>, id: &str) -> Result<Option<String>, StoreError> {
    const BODY: &str = "SELECT body FROM payment_events WHERE id = $1 AND body IS NOT NULL";
    const TAKE: &str = "UPDATE payment_events SET body = NULL WHERE id = $1 AND body IS NOT NULL";

    let body = tx.query_one(BODY, params![id], |row| row.get::<String>(0))?;
    Ok(if tx.execute(TAKE, params![id])? == 1 { body } else { None })
}

/// Forgets events that came before `before`: the provider repeats none for so long.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> Result<(), StoreError> {
    const FORGET: &str = "
        DELETE FROM payment_events WHERE id IN (SELECT id FROM payment_events
            WHERE received_at < $1 LIMIT $2)";

    tx.execute(FORGET, params![before, limit])?;
    Ok(())
}
