//! The routing table.

use domain::{CarrierId, RouteId, routing::Route};

use crate::{Row, StoreError, Tx, params};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRecord {
    pub id: RouteId,
    pub route: Route,
}

fn read(row: &Row<'_>) -> Result<RouteRecord, StoreError> {
    Ok(RouteRecord {
        id: RouteId::new(row.get(0)?),
        route: Route {
            prefix: row.parsed(1)?,
            carrier: CarrierId::new(row.get(2)?),
            priority: row.get(3)?,
            weight: row.get(4)?,
        },
    })
}

/// Adds the route, or replaces the one of the same id.
pub fn put(tx: &mut Tx<'_>, record: &RouteRecord) -> Result<(), StoreError> {
    const PUT: &str = "
        INSERT INTO routes (id, prefix, carrier_id, priority, weight) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET prefix = excluded.prefix, carrier_id = excluded.carrier_id,
            priority = excluded.priority, weight = excluded.weight";

    let route = &record.route;
    tx.execute(
        PUT,
        params![record.id, route.prefix.as_str(), route.carrier, route.priority, route.weight],
    )?;
    Ok(())
}

pub fn find(tx: &mut Tx<'_>, id: RouteId) -> Result<Option<RouteRecord>, StoreError> {
    const FIND: &str = "SELECT id, prefix, carrier_id, priority, weight FROM routes WHERE id = $1";

    tx.query_one(FIND, params![id], read)
}

pub fn delete(tx: &mut Tx<'_>, id: RouteId) -> Result<bool, StoreError> {
    const DELETE: &str = "DELETE FROM routes WHERE id = $1";

    Ok(tx.execute(DELETE, params![id])? == 1)
}

pub fn all(tx: &mut Tx<'_>) -> Result<Vec<RouteRecord>, StoreError> {
    const ALL: &str = "SELECT id, prefix, carrier_id, priority, weight FROM routes ORDER BY id";

    tx.query(ALL, &[], read)
}
