//! Leases: which node works on what, with a fencing token for the one that slept.

use domain::Timestamp;

use crate::{StoreError, Tx, params};

/// A lease that this node holds, as it must be shown with every claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    /// Grows with every change of holder.
    pub token: i64,
}

/// Takes or renews the lease `name`; `None` while another holder's runs.
pub fn acquire(
    tx: &mut Tx<'_>,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Lease>, StoreError> {
    const ACQUIRE: &str = "
        INSERT INTO leases (name, holder, token, until) VALUES ($1, $2, 1, $3)
        ON CONFLICT (name) DO UPDATE SET
            holder = excluded.holder,
            token = CASE WHEN leases.holder = excluded.holder THEN leases.token ELSE leases.token + 1 END,
            until = excluded.until
        WHERE leases.holder = excluded.holder OR leases.until <= $4
        RETURNING token";

    let token = tx.query_one(ACQUIRE, params![name, holder, until, now], |row| row.get(0))?;
    Ok(token.map(|token| Lease { name: name.to_owned(), holder: holder.to_owned(), token }))
}

/// Whether the lease is still this one; locks it for the rest of the transaction.
pub fn still_held(tx: &mut Tx<'_>, lease: &Lease) -> Result<bool, StoreError> {
    const HELD: &str = "
        UPDATE leases SET token = token WHERE name = $1 AND holder = $2 AND token = $3";

    Ok(tx.execute(HELD, params![&lease.name, &lease.holder, lease.token])? == 1)
}

/// Gives the lease up, so that another node need not wait for its end.
pub fn release(tx: &mut Tx<'_>, lease: &Lease) -> Result<(), StoreError> {
    const RELEASE: &str = "
        UPDATE leases SET until = 0 WHERE name = $1 AND holder = $2 AND token = $3";

    tx.execute(RELEASE, params![&lease.name, &lease.holder, lease.token])?;
    Ok(())
}

/// Ends every lease: at the start of a server that no other can be beside.
pub(crate) fn release_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    const RELEASE_ALL: &str = "UPDATE leases SET until = 0";

    tx.execute(RELEASE_ALL, &[])?;
    Ok(())
}
