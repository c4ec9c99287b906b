//! The people who run the platform.

use domain::{OperatorId, Timestamp};

use crate::{StoreError, Tx, params};

/// Makes an operator; answers false where the address is taken.
pub fn insert(
    tx: &mut Tx<'_>,
    id: OperatorId,
    email: &str,
    password_hash: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const INSERT: &str = "
        INSERT INTO operators (id, email, password_hash, created_at, verified_at)
        VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING";

    Ok(tx.execute(INSERT, params![id, email, password_hash, at])? == 1)
}

pub fn any(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    const ANY: &str = "SELECT id FROM operators LIMIT 1";

    Ok(tx.query_one(ANY, &[], |row| row.get::<i64>(0))?.is_some())
}
