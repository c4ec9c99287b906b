//! Identities are leased in blocks, so that no hot sequence stands between writers.

use crate::{StoreError, Tx, params};

/// Takes the next `count` ids of `name`; no other caller ever gets them. Answers the first.
pub fn lease(tx: &mut Tx<'_>, name: &str, count: i64) -> Result<i64, StoreError> {
    const LEASE: &str = "
        INSERT INTO id_blocks (name, next) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET next = id_blocks.next + $3
        RETURNING next";

    let next = tx
        .query_one(LEASE, params![name, count + 1, count], |row| row.get::<i64>(0))?
        .ok_or_else(|| StoreError::corrupt("an id block without a next id"))?;
    Ok(next - count)
}
