//! Documents that customers hand in for their numbers.

use domain::{AccountId, NumberId, Timestamp};

use crate::{Row, StoreError, Tx, params};

#[derive(Debug, Clone)]
pub struct Document {
    pub id: i64,
    pub account: AccountId,
    pub number: NumberId,
    pub name: String,
    pub content_type: String,
    pub octets: i64,
    pub created_at: Timestamp,
}

pub fn insert(tx: &mut Tx<'_>, document: &Document, body: &[u8]) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO number_documents (id, account_id, number_id, name, content_type, body, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";

    tx.execute(
        INSERT,
        params![
            document.id,
            document.account,
            document.number,
            &document.name,
            &document.content_type,
            body,
            document.created_at
        ],
    )?;
    Ok(())
}

const COLUMNS: &str = "id, account_id, number_id, name, content_type,
    CAST(LENGTH(body) AS BIGINT), created_at";

fn read(row: &Row<'_>) -> Result<Document, StoreError> {
    Ok(Document {
        id: row.get(0)?,
        account: AccountId::new(row.get(1)?),
        number: NumberId::new(row.get(2)?),
        name: row.get(3)?,
        content_type: row.get(4)?,
        octets: row.get(5)?,
        created_at: row.time(6)?,
    })
}

/// What an account handed in for a number, oldest first.
pub fn of_number(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: NumberId,
) -> Result<Vec<Document>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM number_documents WHERE account_id = $1 AND number_id = $2 ORDER BY id"
    );
    tx.query(&sql, params![account, number], read)
}

/// A document and what is in it; for operators.
pub fn find(tx: &mut Tx<'_>, id: i64) -> Result<Option<(Document, Vec<u8>)>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, body FROM number_documents WHERE id = $1");
    tx.query_one(&sql, params![id], |row| Ok((read(row)?, row.get(7)?)))
}
