//! Files of operators on their way in: what each came to, and its rows until they are all there.

use domain::Timestamp;

use crate::{Row, StoreError, Tx, params};

domain::words! {
    /// What a file holds.
    pub enum ImportKind {
        Numbers = "numbers",
        NumberPrices = "number_prices",
        OutboundPrices = "outbound_prices",
    }
}

domain::words! {
    pub enum ImportState {
        /// Nothing of it is stored yet.
        Checking = "checking",
        /// It was found good: it will be done, whatever is restarted meanwhile.
        Storing = "storing",
        Done = "done",
        /// Nothing of it was stored.
        Failed = "failed",
    }
}

#[derive(Debug, Clone)]
pub struct Import {
    pub id: i64,
    pub kind: ImportKind,
    pub state: ImportState,
    /// Of its file.
    pub octets: i64,
    /// Rows of its file, once they were checked.
    pub total: Option<i64>,
    pub stored: i64,
    /// Of those that are stored, what was new.
    pub changed: i64,
    /// Of the number in the first row; those of the others follow.
    pub first_id: Option<i64>,
    /// JSON.
    pub errors: Option<String>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "id, kind, state, octets, rows_total, rows_stored, rows_changed, first_id, errors,
    created_at, finished_at";

fn read(row: &Row<'_>) -> Result<Import, StoreError> {
    Ok(Import {
        id: row.get(0)?,
        kind: row.parsed(1)?,
        state: row.parsed(2)?,
        octets: row.get(3)?,
        total: row.get(4)?,
        stored: row.get(5)?,
        changed: row.get(6)?,
        first_id: row.get(7)?,
        errors: row.get(8)?,
        created_at: row.time(9)?,
        finished_at: row.time_or_null(10)?,
    })
}

/// Stores one that begins. `until`: nobody else takes it up before.
pub fn insert(
    tx: &mut Tx<'_>,
    import: &Import,
    until: Option<Timestamp>,
) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO imports (id, kind, state, octets, rows_total, rows_stored, rows_changed,
            claimed_until, created_at, finished_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    tx.execute(
        INSERT,
        params![
            import.id,
            import.kind.as_str(),
            import.state.as_str(),
            import.octets,
            import.total,
            import.stored,
            import.changed,
            until,
            import.created_at,
            import.finished_at
        ],
    )?;
    Ok(())
}

pub fn find(tx: &mut Tx<'_>, id: i64) -> Result<Option<Import>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM imports WHERE id = $1");
    tx.query_one(&sql, params![id], read)
}

/// Newest first, those with ids below `before`.
pub fn list(tx: &mut Tx<'_>, before: i64, limit: i64) -> Result<Vec<Import>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM imports WHERE id < $1 ORDER BY id DESC LIMIT $2");
    tx.query(&sql, params![before, limit], read)
}

/// Begins one anew that failed, or whose checking nobody goes on with; answers false where it is neither.
pub fn begin_again(
    tx: &mut Tx<'_>,
    id: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    const AGAIN: &str = "
        UPDATE imports SET state = 'checking', errors = NULL, finished_at = NULL, claimed_until = $1
        WHERE id = $2 AND (state = 'failed' OR (state = 'checking' AND claimed_until <= $3))";

    Ok(tx.execute(AGAIN, params![until, id, now])? == 1)
}

/// Keeps a part of a file, in the place of one that was kept before.
pub fn put_part(tx: &mut Tx<'_>, id: i64, part: i64, body: &[u8]) -> Result<(), StoreError> {
    const PUT: &str = "
        INSERT INTO import_parts (import_id, part, body) VALUES ($1, $2, $3)
        ON CONFLICT (import_id, part) DO UPDATE SET body = excluded.body";

    tx.execute(PUT, params![id, part, body])?;
    Ok(())
}

/// A part of a file, from 0; `None` after the last.
pub fn part(tx: &mut Tx<'_>, id: i64, part: i64) -> Result<Option<Vec<u8>>, StoreError> {
    const PART: &str = "SELECT body FROM import_parts WHERE import_id = $1 AND part = $2";

    tx.query_one(PART, params![id, part], |row| row.get(0))
}

/// Forgets the files of those that are over, so many parts; answers how many there were.
pub fn forget_parts(tx: &mut Tx<'_>, limit: i64) -> Result<u64, StoreError> {
    const FORGET: &str = "
        DELETE FROM import_parts WHERE (import_id, part) IN (
            SELECT p.import_id, p.part FROM import_parts p LEFT JOIN imports i ON i.id = p.import_id
            WHERE i.id IS NULL OR i.state IN ('done', 'failed') LIMIT $1)";

    tx.execute(FORGET, params![limit])
}

/// Notes that a file is good and that all of it will be stored; its numbers, from `first_id` on, are
/// hidden until they are all there. Answers false where somebody else did, or it is over.
pub fn accept(
    tx: &mut Tx<'_>,
    id: i64,
    total: i64,
    first_id: i64,
    until: Timestamp,
) -> Result<bool, StoreError> {
    const ACCEPT: &str = "
        UPDATE imports SET state = 'storing', rows_total = $1, first_id = $2, claimed_until = $3
        WHERE id = $4 AND state = 'checking'";
    const HIDE: &str = "
        INSERT INTO hidden_numbers (import_id, first_id, last_id) VALUES ($1, $2, $3)";

    if tx.execute(ACCEPT, params![total, first_id, until, id])? == 0 {
        return Ok(false);
    }
    tx.execute(HIDE, params![id, first_id, first_id + total - 1])?;
    Ok(true)
}

/// Notes rows that are being stored, `count` after the first `stored`, of which `changed` are new.
/// Answers false where somebody else stored them.
pub fn advance(
    tx: &mut Tx<'_>,
    id: i64,
    (stored, count, changed): (i64, i64, i64),
    until: Timestamp,
) -> Result<bool, StoreError> {
    const ADVANCE: &str = "
        UPDATE imports SET rows_stored = rows_stored + $1, rows_changed = rows_changed + $2,
            claimed_until = $3
        WHERE id = $4 AND state = 'storing' AND rows_stored = $5";

    Ok(tx.execute(ADVANCE, params![count, changed, until, id, stored])? == 1)
}

/// Notes that all is stored, and shows it.
pub fn finish(tx: &mut Tx<'_>, id: i64, at: Timestamp) -> Result<(), StoreError> {
    const FINISH: &str = "
        UPDATE imports SET state = 'done', claimed_until = NULL, finished_at = $1
        WHERE id = $2 AND state = 'storing' AND rows_stored = rows_total";
    const SHOW: &str = "
        DELETE FROM hidden_numbers WHERE import_id = $1
            AND EXISTS (SELECT 1 FROM imports i WHERE i.id = $1 AND i.state = 'done')";

    tx.execute(FINISH, params![at, id])?;
    tx.execute(SHOW, params![id])?;
    Ok(())
}

/// Notes that nothing of it was stored, and why, as JSON; not where it was found good meanwhile.
pub fn fail(tx: &mut Tx<'_>, id: i64, errors: &str, at: Timestamp) -> Result<(), StoreError> {
    const FAIL: &str = "
        UPDATE imports SET state = 'failed', errors = $1, claimed_until = NULL, finished_at = $2
        WHERE id = $3 AND state = 'checking'";

    tx.execute(FAIL, params![errors, at, id])?;
    Ok(())
}

/// Takes up those that nobody works on at `now`; nobody else does before `until`.
pub fn claim(
    tx: &mut Tx<'_>,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Import>, StoreError> {
    let sql = format!(
        "UPDATE imports SET claimed_until = $1
         WHERE claimed_until <= $2 AND id IN (SELECT i.id FROM imports i
             WHERE i.claimed_until <= $2 ORDER BY i.claimed_until LIMIT $3)
         RETURNING {COLUMNS}"
    );
    tx.query(&sql, params![until, now, limit], read)
}

/// Lets go of all at `now`: whoever held them is gone.
pub fn let_go(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    const LET_GO: &str = "UPDATE imports SET claimed_until = $1 WHERE claimed_until > $1";

    tx.execute(LET_GO, params![now])?;
    Ok(())
}

/// Whether there is one that nobody works on at `now`.
pub fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<bool, StoreError> {
    const DUE: &str = "SELECT id FROM imports WHERE claimed_until <= $1 LIMIT 1";

    Ok(tx.query_one(DUE, params![now], |row| row.get::<i64>(0))?.is_some())
}

/// Whether files are kept of imports that are over.
pub fn has_forgettable(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    const SOME: &str = "
        SELECT p.import_id FROM import_parts p LEFT JOIN imports i ON i.id = p.import_id
        WHERE i.id IS NULL OR i.state IN ('done', 'failed') LIMIT 1";

    Ok(tx.query_one(SOME, &[], |row| row.get::<i64>(0))?.is_some())
}
