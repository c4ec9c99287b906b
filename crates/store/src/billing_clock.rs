//! When renewals were last looked at: what tells a clock that jumped.

use domain::Timestamp;

use crate::{StoreError, Tx, params};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillingClock {
    pub seen_at: Timestamp,
    /// Since then no month is charged, until an operator says so.
    pub halted_at: Option<Timestamp>,
}

pub fn find(tx: &mut Tx<'_>) -> Result<Option<BillingClock>, StoreError> {
    const FIND: &str = "SELECT seen_at, halted_at FROM billing_clock WHERE id = 1";

    tx.query_one(FIND, &[], |row| {
        Ok(BillingClock { seen_at: row.time(0)?, halted_at: row.time_or_null(1)? })
    })
}

pub fn put(tx: &mut Tx<'_>, clock: BillingClock) -> Result<(), StoreError> {
    const PUT: &str = "
        INSERT INTO billing_clock (id, seen_at, halted_at) VALUES (1, $1, $2)
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, halted_at = excluded.halted_at";

    tx.execute(PUT, params![clock.seen_at, clock.halted_at])?;
    Ok(())
}
