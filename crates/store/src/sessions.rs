//! Signed-in browsers. Only the SHA-256 of a cookie is stored: it has too much entropy to be guessed.

use domain::{SessionId, Timestamp};

use crate::{
    Row, StoreError, Tx, Value,
    accounts::AccountStatus,
    api_keys::Owner,
    params,
    people::{owner, owner_column, owner_columns},
};

/// A session as its person sees it in a list.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    /// What the browser said of itself.
    pub user_agent: Option<String>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
}

/// Who a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct SessionHolder {
    pub id: SessionId,
    pub owner: Owner,
    /// `None` for operators.
    pub account_status: Option<AccountStatus>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
}

/// Sessions end by themselves: those made before `made`, and those not used since `used`.
#[derive(Debug, Clone, Copy)]
pub struct Cutoff {
    pub made: Timestamp,
    pub used: Timestamp,
}

fn read(row: &Row<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId::new(row.get(0)?),
        user_agent: row.get(1)?,
        created_at: row.time(2)?,
        last_used_at: row.time(3)?,
    })
}

pub fn insert(
    tx: &mut Tx<'_>,
    session: &Session,
    of: Owner,
    token_hash: &[u8; 32],
) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO sessions (id, account_id, operator_id, token_hash, user_agent, created_at, last_used_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";

    let (account, operator) = owner_columns(of);
    let values = [
        Value::from(session.id),
        account,
        operator,
        Value::from(token_hash),
        Value::from(session.user_agent.as_deref()),
        Value::from(session.created_at),
        Value::from(session.last_used_at),
    ];
    tx.execute(INSERT, &values)?;
    Ok(())
}

/// The holder of a cookie whose session has not ended.
pub fn find(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    cutoff: Cutoff,
) -> Result<Option<SessionHolder>, StoreError> {
    const FIND: &str = "
        SELECT s.id, s.account_id, s.operator_id, a.status, s.created_at, s.last_used_at
        FROM sessions s LEFT JOIN accounts a ON a.id = s.account_id
        WHERE s.token_hash = $1 AND s.created_at > $2 AND s.last_used_at > $3";

    tx.query_one(FIND, params![token_hash, cutoff.made, cutoff.used], |row| {
        Ok(SessionHolder {
            id: SessionId::new(row.get(0)?),
            owner: owner(row, 1)?,
            account_status: row.parsed_or_null(3)?,
            created_at: row.time(4)?,
            last_used_at: row.time(5)?,
        })
    })
}

/// A person's sessions that have not ended, newest first, those with ids below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    of: Owner,
    cutoff: Cutoff,
    before: i64,
    limit: i64,
) -> Result<Vec<Session>, StoreError> {
    let (column, id) = owner_column(of);
    let sql = format!(
        "SELECT id, user_agent, created_at, last_used_at FROM sessions
         WHERE {column} = $1 AND created_at > $2 AND last_used_at > $3 AND id < $4
         ORDER BY id DESC LIMIT $5"
    );
    let values = [
        id,
        Value::from(cutoff.made),
        Value::from(cutoff.used),
        Value::from(before),
        Value::from(limit),
    ];
    tx.query(&sql, &values, read)
}

/// Notes when a session was last used.
pub fn touch(tx: &mut Tx<'_>, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
    const TOUCH: &str = "UPDATE sessions SET last_used_at = $1 WHERE id = $2";

    tx.execute(TOUCH, params![at, id])?;
    Ok(())
}

/// Ends one session; answers false where the person has no such.
pub fn end(tx: &mut Tx<'_>, of: Owner, id: SessionId) -> Result<bool, StoreError> {
    let (column, owner) = owner_column(of);
    let sql = format!("DELETE FROM sessions WHERE {column} = $1 AND id = $2");
    Ok(tx.execute(&sql, &[owner, Value::from(id)])? == 1)
}

/// Ends the session of a cookie, if there is one.
pub fn end_by_token(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    const END: &str = "DELETE FROM sessions WHERE token_hash = $1";

    tx.execute(END, params![token_hash])?;
    Ok(())
}

/// Ends all of a person's sessions but `kept`; answers how many.
pub fn end_others(tx: &mut Tx<'_>, of: Owner, kept: Option<SessionId>) -> Result<u64, StoreError> {
    let (column, owner) = owner_column(of);
    let sql = format!("DELETE FROM sessions WHERE {column} = $1 AND id <> $2");
    tx.execute(&sql, &[owner, Value::from(kept.map_or(0, SessionId::get))])
}

/// Removes up to `limit` sessions that were not used since the cutoff.
pub fn forget(tx: &mut Tx<'_>, cutoff: Cutoff, limit: i64) -> Result<u64, StoreError> {
    const FORGET: &str = "
        DELETE FROM sessions WHERE last_used_at <= $1 AND id IN
            (SELECT id FROM sessions WHERE last_used_at <= $1 ORDER BY last_used_at LIMIT $2)";

    tx.execute(FORGET, params![cutoff.used, limit])
}
