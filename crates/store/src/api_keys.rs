//! API keys. Only the SHA-256 of a key is stored: it has too much entropy to be guessed.

use domain::{
    AccountId, ApiKeyId, OperatorId, Timestamp,
    api_keys::{Grant, network},
};

use crate::{
    Row, StoreError, Tx,
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
    pub grant: Grant,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// Who a request comes from.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    pub id: ApiKeyId,
    pub owner: Owner,
    /// `None` for operators.
    pub account_status: Option<AccountStatus>,
    pub grant: Grant,
}

#[derive(Debug, Clone)]
pub struct NewApiKey<'a> {
    pub id: ApiKeyId,
    pub owner: Owner,
    pub name: &'a str,
    pub prefix: &'a str,
    pub hash: &'a [u8; 32],
    pub grant: &'a Grant,
}

/// Words with spaces between them.
fn words(members: impl IntoIterator<Item = impl ToString>) -> String {
    let words: Vec<String> = members.into_iter().map(|member| member.to_string()).collect();
    words.join(" ")
}

/// The grant in the columns `scopes`, `networks`, `expires_at` and `test`, of which `at` is the first.
fn grant(row: &Row<'_>, at: usize) -> Result<Grant, StoreError> {
    let (scopes, networks): (String, String) = (row.get(at)?, row.get(at + 1)?);
    let unknown = |word: &str| StoreError::corrupt(format!("an API key's grant says {word}"));
    Ok(Grant {
        scopes: scopes
            .split_whitespace()
            .map(|word| word.parse().map_err(|_| unknown(word)))
            .collect::<Result<_, StoreError>>()?,
        networks: networks
            .split_whitespace()
            .map(|word| network(word).ok_or_else(|| unknown(word)))
            .collect::<Result<_, StoreError>>()?,
        expires_at: row.time_or_null(at + 2)?,
        test: row.flag(at + 3)?,
    })
}

pub fn insert(tx: &mut Tx<'_>, key: &NewApiKey<'_>, at: Timestamp) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO api_keys (id, account_id, operator_id, name, prefix, key_hash, created_at,
            scopes, networks, expires_at, test)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    let (account, operator) = owner_columns(key.owner);
    let (scopes, networks) = (words(&key.grant.scopes), words(&key.grant.networks));
    let row = params![
        key.id,
        account,
        operator,
        key.name,
        key.prefix,
        key.hash,
        at,
        &scopes,
        &networks,
        key.grant.expires_at,
        key.grant.test
    ];
    tx.execute(INSERT, row)?;
    Ok(())
}

/// The holder of a key that was not revoked.
pub fn find(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<KeyHolder>, StoreError> {
    const FIND: &str = "
        SELECT k.id, k.account_id, k.operator_id, a.status, k.scopes, k.networks, k.expires_at, k.test
        FROM api_keys k LEFT JOIN accounts a ON a.id = k.account_id
        WHERE k.key_hash = $1 AND k.revoked_at IS NULL";

    tx.query_one(FIND, params![hash], |row| {
        Ok(KeyHolder {
            id: ApiKeyId::new(row.get(0)?),
            owner: owner(row, 1)?,
            account_status: row.parsed_or_null(3)?,
            grant: grant(row, 4)?,
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
        SELECT id, name, prefix, created_at, last_used_at, scopes, networks, expires_at, test
        FROM api_keys
        WHERE account_id = $1 AND id < $2 AND revoked_at IS NULL ORDER BY id DESC LIMIT $3";

    tx.query(LIST, params![account, before, limit], read)
}

/// A key of the account that was not revoked, and whether another took its place; nobody
/// else changes it meanwhile.
pub fn lock(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: ApiKeyId,
) -> Result<Option<(ApiKey, bool)>, StoreError> {
    const FIND: &str = "
        SELECT id, name, prefix, created_at, last_used_at, scopes, networks, expires_at, test,
            replaced_at
        FROM api_keys WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL";

    let sql = if tx.is_postgres() { format!("{FIND} FOR UPDATE") } else { FIND.to_owned() };
    tx.query_one(&sql, params![account, id], |row| Ok((read(row)?, row.time_or_null(9)?.is_some())))
}

fn read(row: &Row<'_>) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: ApiKeyId::new(row.get(0)?),
        name: row.get(1)?,
        prefix: row.get(2)?,
        created_at: row.time(3)?,
        last_used_at: row.time_or_null(4)?,
        grant: grant(row, 5)?,
    })
}

/// Has a key end at `ends`, if it does not end before, as another took its place `at` now.
pub fn replace(
    tx: &mut Tx<'_>,
    key: &ApiKey,
    ends: Timestamp,
    at: Timestamp,
) -> Result<(), StoreError> {
    const REPLACE: &str = "UPDATE api_keys SET expires_at = $1, replaced_at = $2 WHERE id = $3";

    let ends = key.grant.expires_at.map_or(ends, |own| own.min(ends));
    tx.execute(REPLACE, params![ends, at, key.id])?;
    Ok(())
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

/// How many keys work from some networks only.
pub fn count_bound(tx: &mut Tx<'_>, now: Timestamp) -> Result<i64, StoreError> {
    const BOUND: &str = "
        SELECT COUNT(*) FROM api_keys WHERE networks <> '' AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > $1)";

    let count = tx.query_one(BOUND, params![now], |row| row.get(0))?;
    Ok(count.unwrap_or(0))
}

/// Notes when a key was last used.
pub fn touch(tx: &mut Tx<'_>, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
    const TOUCH: &str = "UPDATE api_keys SET last_used_at = $1 WHERE id = $2";

    tx.execute(TOUCH, params![at, id])?;
    Ok(())
}
