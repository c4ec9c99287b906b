//! Links sent by e-mail, each good for one use. Only the SHA-256 of a token is stored.

use domain::Timestamp;

use crate::{
    StoreError, Tx, Value,
    api_keys::Owner,
    params,
    people::{owner, owner_column, owner_columns},
};

domain::words! {
    /// What a link is for.
    pub enum Purpose {
        /// Shows that the address is the person's.
        Verify = "verify",
        /// Sets a new password.
        Reset = "reset",
    }
}

pub fn insert(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    of: Owner,
    purpose: Purpose,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO mail_tokens (token_hash, account_id, operator_id, purpose, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";

    let (account, operator) = owner_columns(of);
    let values = [
        Value::from(token_hash),
        account,
        operator,
        Value::from(purpose.as_str()),
        Value::from(at),
        Value::from(expires_at),
    ];
    tx.execute(INSERT, &values)?;
    Ok(())
}

/// How many links a person was sent since `since`.
pub fn count(tx: &mut Tx<'_>, of: Owner, since: Timestamp) -> Result<i64, StoreError> {
    let (column, owner) = owner_column(of);
    let sql = format!("SELECT COUNT(*) FROM mail_tokens WHERE {column} = $1 AND created_at > $2");
    Ok(tx.query_one(&sql, &[owner, Value::from(since)], |row| row.get(0))?.unwrap_or(0))
}

/// Whether a link would be taken.
pub fn is_usable(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    purpose: Purpose,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const USABLE: &str = "
        SELECT created_at FROM mail_tokens
        WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";

    let found =
        tx.query_one(USABLE, params![token_hash, purpose.as_str(), at], |row| row.get::<i64>(0))?;
    Ok(found.is_some())
}

/// Uses a link up; answers whose it was, or `None` where it is unknown, used or expired.
pub fn redeem(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    purpose: Purpose,
    at: Timestamp,
) -> Result<Option<Owner>, StoreError> {
    const REDEEM: &str = "
        UPDATE mail_tokens SET used_at = $1
        WHERE token_hash = $2 AND purpose = $3 AND used_at IS NULL AND expires_at > $1
        RETURNING account_id, operator_id";

    tx.query_one(REDEEM, params![at, token_hash, purpose.as_str()], |row| owner(row, 0))
}

/// Makes a person's unused links of this purpose worthless.
pub fn cancel(
    tx: &mut Tx<'_>,
    of: Owner,
    purpose: Purpose,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (column, owner) = owner_column(of);
    let sql = format!(
        "UPDATE mail_tokens SET used_at = $1
         WHERE {column} = $2 AND purpose = $3 AND used_at IS NULL"
    );
    tx.execute(&sql, &[Value::from(at), owner, Value::from(purpose.as_str())])?;
    Ok(())
}

/// Removes up to `limit` links that were made before `before`.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    const FORGET: &str = "
        DELETE FROM mail_tokens WHERE created_at <= $1 AND token_hash IN
            (SELECT token_hash FROM mail_tokens WHERE created_at <= $1
             ORDER BY created_at LIMIT $2)";

    tx.execute(FORGET, params![before, limit])
}
