//! What programs asked for with an API key, for a while.

use domain::{AccountId, ApiKeyId, Timestamp};

use crate::{
    Row, StoreError, Tx, Value,
    append::{Append, Field},
    params,
};

/// A request and its answer. Nothing in it tells a text or a whole number.
#[derive(Debug, Clone)]
pub struct LoggedRequest {
    pub account: AccountId,
    pub id: i64,
    pub key: ApiKeyId,
    /// When it came.
    pub at: Timestamp,
    pub duration_us: i64,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub status: i64,
    pub error_code: Option<String>,
    pub request_id: String,
    pub body: Option<String>,
}

/// The key of a logged request, revoked or not.
#[derive(Debug, Clone)]
pub struct UsedKey {
    pub name: String,
    pub prefix: String,
}

/// Which requests a list shows.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    pub method: Option<String>,
    /// Part of the path.
    pub path: Option<String>,
    pub key: Option<ApiKeyId>,
    /// From this status, up to but not including that one.
    pub statuses: Option<(i64, i64)>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

const COLUMNS: &str =
    "r.account_id, r.id, r.key_id, r.at, r.duration_us, r.method, r.path, r.query,
    r.status, r.error_code, r.request_id, r.body, k.name, k.prefix";

fn read(row: &Row<'_>) -> Result<(LoggedRequest, UsedKey), StoreError> {
    let request = LoggedRequest {
        account: AccountId::new(row.get(0)?),
        id: row.get(1)?,
        key: ApiKeyId::new(row.get(2)?),
        at: row.time(3)?,
        duration_us: row.get(4)?,
        method: row.get(5)?,
        path: row.get(6)?,
        query: row.get(7)?,
        status: row.get(8)?,
        error_code: row.get(9)?,
        request_id: row.get(10)?,
        body: row.get(11)?,
    };
    Ok((request, UsedKey { name: row.get(12)?, prefix: row.get(13)? }))
}

pub fn insert(tx: &mut Tx<'_>, requests: &[LoggedRequest]) -> Result<(), StoreError> {
    static REQUESTS: Append<12> = Append::to(
        "request_log",
        [
            Field::Int("account_id"),
            Field::Int("id"),
            Field::Int("key_id"),
            Field::Int("at"),
            Field::Int("duration_us"),
            Field::Text("method"),
            Field::Text("path"),
            Field::Text("query"),
            Field::Int("status"),
            Field::Text("error_code"),
            Field::Text("request_id"),
            Field::Text("body"),
        ],
    );

    let rows: Vec<[Value<'_>; 12]> = requests
        .iter()
        .map(|request| {
            [
                Value::from(request.account),
                Value::from(request.id),
                Value::from(request.key),
                Value::from(request.at),
                Value::from(request.duration_us),
                Value::from(request.method.as_str()),
                Value::from(request.path.as_str()),
                Value::from(request.query.as_deref()),
                Value::from(request.status),
                Value::from(request.error_code.as_deref()),
                Value::from(request.request_id.as_str()),
                Value::from(request.body.as_deref()),
            ]
        })
        .collect();
    tx.append(&REQUESTS, &rows)
}

/// Newest first, those with ids below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    filter: &RequestFilter,
    before: i64,
    limit: i64,
) -> Result<Vec<(LoggedRequest, UsedKey)>, StoreError> {
    let path = filter.path.as_ref().map(|path| path.to_lowercase());
    let (least, most) = filter.statuses.unzip();
    let given = [
        ("r.method = $", filter.method.as_deref().map(Value::from)),
        ("r.key_id = $", filter.key.map(Value::from)),
        ("r.status >= $", least.map(Value::from)),
        ("r.status < $", most.map(Value::from)),
        ("r.at >= $", filter.since.map(Value::from)),
        ("r.at < $", filter.until.map(Value::from)),
    ];
    let mut params = vec![Value::from(account), Value::from(before)];
    let mut sql = format!(
        "SELECT {COLUMNS} FROM request_log r JOIN api_keys k ON k.id = r.key_id
         WHERE r.account_id = $1 AND r.id < $2"
    );
    for (condition, value) in given {
        if let Some(value) = value {
            params.push(value);
            sql.push_str(&format!(" AND {condition}{}", params.len()));
        }
    }
    if let Some(path) = &path {
        params.push(Value::from(path));
        // Not LIKE: a path has underscores.
        let found = if tx.is_postgres() { "STRPOS" } else { "INSTR" };
        sql.push_str(&format!(" AND {found}(LOWER(r.path), ${}) > 0", params.len()));
    }
    params.push(Value::from(limit));
    sql.push_str(&format!(" ORDER BY r.id DESC LIMIT ${}", params.len()));
    tx.query(&sql, &params, read)
}

pub fn find(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: i64,
) -> Result<Option<(LoggedRequest, UsedKey)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM request_log r JOIN api_keys k ON k.id = r.key_id
         WHERE r.account_id = $1 AND r.id = $2"
    );
    tx.query_one(&sql, params![account, id], read)
}

/// Forgets up to `limit` of what came before `before`.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> Result<(), StoreError> {
    const FORGET: &str = "
        DELETE FROM request_log WHERE (account_id, id) IN (
            SELECT account_id, id FROM request_log WHERE at < $1 ORDER BY at LIMIT $2)";

    tx.execute(FORGET, params![before, limit])?;
    Ok(())
}
