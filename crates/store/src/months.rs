//! Months of numbers and of SMS on them that a wallet paid for.

use domain::{AccountId, Micros, NumberId, Timestamp};

use crate::{Row, StoreError, Tx, params};

domain::words! {
    /// What a month was paid for.
    pub enum Service {
        Number = "number",
        Sms = "sms",
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Month {
    pub account: AccountId,
    pub number: NumberId,
    pub service: Service,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// When the first of these months began: the later ones keep its day.
    pub anchor: Timestamp,
    /// The source of the transfer that paid it.
    pub id: i64,
    pub amount: Micros,
}

/// Notes a month. A second one with the same beginning fails the transaction.
pub fn insert(tx: &mut Tx<'_>, month: &Month) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO number_months (account_id, number_id, service, starts_at, ends_at, anchor, id, amount)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    tx.execute(
        INSERT,
        params![
            month.account,
            month.number,
            month.service.as_str(),
            month.starts_at,
            month.ends_at,
            month.anchor,
            month.id,
            month.amount
        ],
    )?;
    Ok(())
}

/// Until when a service of an account's number is paid at `now`.
pub fn paid_until(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: NumberId,
    service: Service,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    const UNTIL: &str = "
        SELECT MAX(ends_at) FROM number_months
        WHERE account_id = $1 AND number_id = $2 AND service = $3 AND ends_at > $4";

    let values = params![account, number, service.as_str(), now];
    Ok(tx.query_one(UNTIL, values, |row| row.time_or_null(0))?.flatten())
}

/// Until when each service of an account's numbers is paid.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    pub number: NumberId,
    pub service: Service,
    pub until: Timestamp,
}

/// Of numbers with ids from `from` to `to`, where it is paid at `now`.
pub fn paid(
    tx: &mut Tx<'_>,
    account: AccountId,
    (from, to): (NumberId, NumberId),
    now: Timestamp,
) -> Result<Vec<Paid>, StoreError> {
    const PAID: &str = "
        SELECT number_id, service, MAX(ends_at) FROM number_months
        WHERE account_id = $1 AND number_id BETWEEN $2 AND $3 AND ends_at > $4
        GROUP BY number_id, service";

    let read = |row: &Row<'_>| {
        Ok(Paid {
            number: NumberId::new(row.get(0)?),
            service: row.parsed(1)?,
            until: row.time(2)?,
        })
    };
    tx.query(PAID, params![account, from, to, now], read)
}
