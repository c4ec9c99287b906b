//! API keys. Only the SHA-256 of a key is stored: it has too much entropy to be guessed.

use domain::{AccountId, ApiKeyId, OperatorId, Timestamp};

use crate::{
    StoreError, Tx,
    accounts::AccountStatus,
    params,
    people::{owner, owner_columns},
};

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Account(AccountId),
    Operator(OperatorId),
}

/// A key as its owner sees it in a list.
#[derive(Debug, Clone)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// The first characters of the secret, to tell keys apart.
    pub prefix: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// Who a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct KeyHolder {
    pub id: ApiKeyId,
    pub owner: Owner,
    /// `None` for operators.
    pub account_status: Option<AccountStatus>,
}

#[derive(Debug, Clone)]
pub struct NewApiKey<'a> {
    pub id: ApiKeyId,
    pub owner: Owner,
    pub name: &'a str,
    pub prefix: &'a str,
    pub hash: &'a [u8; 32],
}

pub fn insert(tx: &mut Tx<'_>, key: &NewApiKey<'_>, at: Timestamp) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO api_keys (id, account_id, operator_id, name, prefix, key_hash, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";

    let (account, operator) = owner_columns(key.owner);
    tx.execute(INSERT, params![key.id, account, operator, key.name, key.prefix, key.hash, at])?;
    Ok(())
}

/// The holder of a key that was not revoked.
pub fn find(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<KeyHolder>, StoreError> {
    const FIND: &str = "
        SELECT k.id, k.account_id, k.operator_id, a.status
        FROM api_keys k LEFT JOIN accounts a ON a.id = k.account_id
        WHERE k.key_hash = $1 AND k.revoked_at IS NULL";

    tx.query_one(FIND, params![hash], |row| {
        Ok(KeyHolder {
            id: ApiKeyId::new(row.get(0)?),
            owner: owner(row, 1)?,
            account_status: row.parsed_or_null(3)?,
        })
    })
}

pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    before: i64,
    limit: i64,
) -> Result<Vec<ApiKey>, StoreError> {
    const LIST: &str = "
        SELECT id, name, prefix, created_at, last_used_at FROM api_keys
        WHERE account_id = $1 AND id < $2 AND revoked_at IS NULL ORDER BY id DESC LIMIT $3";

    tx.query(LIST, params![account, before, limit], |row| {
        Ok(ApiKey {
            id: ApiKeyId::new(row.get(0)?),
            name: row.get(1)?,
            prefix: row.get(2)?,
            created_at: row.time(3)?,
            last_used_at: row.time_or_null(4)?,
        })
    })
}

/// Revokes a key for good; answers its hash, or `None` where the account has no such key.
pub fn revoke(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: ApiKeyId,
    at: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    const REVOKE: &str = "
        UPDATE api_keys SET revoked_at = $1
        WHERE account_id = $2 AND id = $3 AND revoked_at IS NULL RETURNING key_hash";

    tx.query_one(REVOKE, params![at, account, id], |row| row.get(0))
}

/// Notes when a key was last used.
pub fn touch(tx: &mut Tx<'_>, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
    const TOUCH: &str = "UPDATE api_keys SET last_used_at = $1 WHERE id = $2";

    tx.execute(TOUCH, params![at, id])?;
    Ok(())
}
