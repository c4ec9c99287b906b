//! Carrier connections as operators set them up. Settings are the driver's own JSON.

use domain::{CarrierId, Timestamp};

use crate::{Row, StoreError, Tx, params};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierRecord {
    pub id: CarrierId,
    pub name: String,
    pub kind: String,
    pub enabled: bool,
    /// JSON; holds the carrier's password.
    pub settings: String,
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, name, kind, enabled, settings, created_at";

fn read(row: &Row<'_>) -> Result<CarrierRecord, StoreError> {
    Ok(CarrierRecord {
        id: CarrierId::new(row.get(0)?),
        name: row.get(1)?,
        kind: row.get(2)?,
        enabled: row.flag(3)?,
        settings: row.get(4)?,
        created_at: row.time(5)?,
    })
}

pub fn insert(tx: &mut Tx<'_>, carrier: &CarrierRecord) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO carriers (id, name, kind, enabled, settings, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";

    tx.execute(
        INSERT,
        params![
            carrier.id,
            &carrier.name,
            &carrier.kind,
            carrier.enabled,
            &carrier.settings,
            carrier.created_at
        ],
    )?;
    Ok(())
}

pub fn update(tx: &mut Tx<'_>, carrier: &CarrierRecord) -> Result<(), StoreError> {
    const UPDATE: &str = "
        UPDATE carriers SET name = $1, enabled = $2, settings = $3
        WHERE id = $4 AND deleted_at IS NULL";

    tx.execute(UPDATE, params![&carrier.name, carrier.enabled, &carrier.settings, carrier.id])?;
    Ok(())
}

/// Takes a carrier out of use; its messages keep naming it. Its routes go with it.
pub fn delete(tx: &mut Tx<'_>, id: CarrierId, at: Timestamp) -> Result<bool, StoreError> {
    const DELETE: &str = "
        UPDATE carriers SET deleted_at = $1, enabled = 0 WHERE id = $2 AND deleted_at IS NULL";
    const ROUTES: &str = "DELETE FROM routes WHERE carrier_id = $1";
    const NUMBERS: &str = "UPDATE numbers SET carrier_id = NULL WHERE carrier_id = $1";

    let deleted = tx.execute(DELETE, params![at, id])? == 1;
    if deleted {
        tx.execute(ROUTES, params![id])?;
        tx.execute(NUMBERS, params![id])?;
    }
    Ok(deleted)
}

pub fn find(tx: &mut Tx<'_>, id: CarrierId) -> Result<Option<CarrierRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM carriers WHERE id = $1 AND deleted_at IS NULL");
    tx.query_one(&sql, params![id], read)
}

pub fn all(tx: &mut Tx<'_>) -> Result<Vec<CarrierRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM carriers WHERE deleted_at IS NULL ORDER BY id");
    tx.query(&sql, &[], read)
}
