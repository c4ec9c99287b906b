//! Receipts that match nothing yet.

use domain::{CarrierId, Timestamp};

use crate::{StoreError, Tx, params};

/// A receipt as the engine wrote it down (JSON), waiting for its message.
#[derive(Debug, Clone)]
pub struct Orphan {
    pub id: i64,
    pub receipt: String,
    pub received_at: Timestamp,
}

pub fn keep(tx: &mut Tx<'_>, carrier: CarrierId, orphan: &Orphan) -> Result<(), StoreError> {
    const KEEP: &str = "
        INSERT INTO orphan_receipts (id, carrier_id, receipt, received_at) VALUES ($1, $2, $3, $4)";

    tx.execute(KEEP, params![orphan.id, carrier, &orphan.receipt, orphan.received_at])?;
    Ok(())
}

/// Those of a carrier that still wait and came after `since`, newest first.
pub fn waiting(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Orphan>, StoreError> {
    const WAITING: &str = "
        SELECT id, receipt, received_at FROM orphan_receipts
        WHERE carrier_id = $1 AND matched_at IS NULL AND received_at > $2
        ORDER BY id DESC LIMIT $3";

    tx.query(WAITING, params![carrier, since, limit], |row| {
        Ok(Orphan { id: row.get(0)?, receipt: row.get(1)?, received_at: row.time(2)? })
    })
}

/// Notes that an orphan found its message.
pub fn matched(tx: &mut Tx<'_>, id: i64, at: Timestamp) -> Result<(), StoreError> {
    const MATCHED: &str = "UPDATE orphan_receipts SET matched_at = $1 WHERE id = $2";

    tx.execute(MATCHED, params![at, id])?;
    Ok(())
}

/// Forgets receipts that came before `before`.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    const FORGET: &str = "DELETE FROM orphan_receipts WHERE received_at <= $1";

    tx.execute(FORGET, params![before])
}
