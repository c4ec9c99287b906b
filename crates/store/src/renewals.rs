//! What renews by the month: numbers, and SMS on them.

use domain::{AccountId, Micros, NumberId, Timestamp};

use crate::{Row, StoreError, Tx, months::Service, params};

domain::words! {
    pub enum RenewalState {
        Paid = "paid",
        /// A month is owed, and the service is on all the same.
        Grace = "grace",
        /// A month is owed, and the service is off.
        Lapsed = "lapsed",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    pub account: AccountId,
    pub number: NumberId,
    pub service: Service,
    /// When the first of the months began: the later ones keep its day.
    pub anchor: Timestamp,
    /// The end of the last month that was paid.
    pub paid_until: Timestamp,
    pub state: RenewalState,
    /// False where it ends with the paid month.
    pub renews: bool,
    /// The price of the month that is owed.
    pub owed: Micros,
    /// When there is something to do next.
    pub due_at: Timestamp,
}

/// What names a renewal.
pub type RenewalKey = (AccountId, NumberId, Service);

const COLUMNS: &str =
    "account_id, number_id, service, anchor, paid_until, state, renews, owed, due_at";

fn read(row: &Row<'_>) -> Result<Renewal, StoreError> {
    Ok(Renewal {
        account: AccountId::new(row.get(0)?),
        number: NumberId::new(row.get(1)?),
        service: row.parsed(2)?,
        anchor: row.time(3)?,
        paid_until: row.time(4)?,
        state: row.parsed(5)?,
        renews: row.flag(6)?,
        owed: Micros::new(row.get(7)?),
        due_at: row.time(8)?,
    })
}

/// Finds it and locks it for the rest of the transaction.
pub fn lock(tx: &mut Tx<'_>, key: RenewalKey) -> Result<Option<Renewal>, StoreError> {
    let sql = format!(
        "UPDATE renewals SET due_at = due_at
         WHERE account_id = $1 AND number_id = $2 AND service = $3 RETURNING {COLUMNS}"
    );
    tx.query_one(&sql, params![key.0, key.1, key.2.as_str()], read)
}

/// Adds it, or replaces the one of the same key.
pub fn put(tx: &mut Tx<'_>, renewal: &Renewal) -> Result<(), StoreError> {
    const PUT: &str = "
        INSERT INTO renewals (account_id, number_id, service, anchor, paid_until, state, renews, owed, due_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (account_id, number_id, service) DO UPDATE SET anchor = excluded.anchor,
            paid_until = excluded.paid_until, state = excluded.state, renews = excluded.renews,
            owed = excluded.owed, due_at = excluded.due_at";

    tx.execute(
        PUT,
        params![
            renewal.account,
            renewal.number,
            renewal.service.as_str(),
            renewal.anchor,
            renewal.paid_until,
            renewal.state.as_str(),
            renewal.renews,
            renewal.owed,
            renewal.due_at
        ],
    )?;
    Ok(())
}

pub fn delete(tx: &mut Tx<'_>, key: RenewalKey) -> Result<(), StoreError> {
    const DELETE: &str =
        "DELETE FROM renewals WHERE account_id = $1 AND number_id = $2 AND service = $3";

    tx.execute(DELETE, params![key.0, key.1, key.2.as_str()])?;
    Ok(())
}

/// Ends everything that renews for an account's number.
pub fn delete_of_number(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: NumberId,
) -> Result<(), StoreError> {
    const DELETE: &str = "DELETE FROM renewals WHERE account_id = $1 AND number_id = $2";

    tx.execute(DELETE, params![account, number])?;
    Ok(())
}

/// Of an account's numbers with ids from `from` to `to`.
pub fn of_numbers(
    tx: &mut Tx<'_>,
    account: AccountId,
    (from, to): (NumberId, NumberId),
) -> Result<Vec<Renewal>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM renewals WHERE account_id = $1 AND number_id BETWEEN $2 AND $3
         ORDER BY number_id, service"
    );
    tx.query(&sql, params![account, from, to], read)
}

/// Those that time has come for, the longest waiting first.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<RenewalKey>, StoreError> {
    const DUE: &str = "
        SELECT account_id, number_id, service FROM renewals
        WHERE due_at <= $1 ORDER BY due_at, account_id, number_id LIMIT $2";

    tx.query(DUE, params![now, limit], key)
}

/// Those that are owed and that their wallets could pay by now.
pub fn payable(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<RenewalKey>, StoreError> {
    const PAYABLE: &str = "
        SELECT r.account_id, r.number_id, r.service FROM renewals r
        JOIN wallets w ON w.account_id = r.account_id AND w.available >= r.owed
        JOIN numbers n ON n.id = r.number_id
        WHERE r.state <> 'paid' AND r.renews = 1
            AND (r.service = 'number' OR n.status = 'active')
        ORDER BY r.account_id, r.number_id LIMIT $1";

    tx.query(PAYABLE, params![limit], key)
}

fn key(row: &Row<'_>) -> Result<RenewalKey, StoreError> {
    Ok((AccountId::new(row.get(0)?), NumberId::new(row.get(1)?), row.parsed(2)?))
}
