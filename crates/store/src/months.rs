//! Months of numbers and of SMS on them that a wallet paid for.

use domain::{AccountId, Micros, NumberId, Timestamp};

use crate::{StoreError, Tx, params};

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
    /// Not while its number waits to become active.
    pub begun: bool,
}

/// Notes a month. A second one with the same beginning fails the transaction.
pub fn insert(tx: &mut Tx<'_>, month: &Month) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO number_months (account_id, number_id, service, starts_at, ends_at, anchor, id,
            amount, begun)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

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
            month.amount,
            month.begun
        ],
    )?;
    Ok(())
}

/// The anchor and the end of the paid month that `now` lies in.
pub fn running(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: NumberId,
    service: Service,
    now: Timestamp,
) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    const RUNNING: &str = "
        SELECT anchor, ends_at FROM number_months
        WHERE account_id = $1 AND number_id = $2 AND service = $3 AND ends_at > $4
            AND refunded_at IS NULL
        ORDER BY ends_at DESC LIMIT 1";

    let values = params![account, number, service.as_str(), now];
    tx.query_one(RUNNING, values, |row| Ok((row.time(0)?, row.time(1)?)))
}

/// What names a number's service: whose it is, the number, the service.
type ServiceKey = (AccountId, NumberId, Service);

/// What the last month cost that was paid.
pub fn last_price(
    tx: &mut Tx<'_>,
    (account, number, service): ServiceKey,
) -> Result<Option<Micros>, StoreError> {
    const LAST: &str = "
        SELECT amount FROM number_months
        WHERE account_id = $1 AND number_id = $2 AND service = $3 AND refunded_at IS NULL
        ORDER BY ends_at DESC LIMIT 1";

    let values = params![account, number, service.as_str()];
    tx.query_one(LAST, values, |row| row.get(0).map(Micros::new))
}

/// The id and the price of the month that ends then and has not begun.
pub fn waiting(
    tx: &mut Tx<'_>,
    (account, number, service): ServiceKey,
    ends_at: Timestamp,
) -> Result<Option<(i64, Micros)>, StoreError> {
    const WAITING: &str = "
        SELECT id, amount FROM number_months
        WHERE account_id = $1 AND number_id = $2 AND service = $3 AND ends_at = $4
            AND begun = 0 AND refunded_at IS NULL";

    let values = params![account, number, service.as_str(), ends_at];
    tx.query_one(WAITING, values, |row| Ok((row.get(0)?, Micros::new(row.get(1)?))))
}

/// Moves the month that would have ended at `ended` to a beginning of its own; false where
/// it has begun before.
pub fn begin(
    tx: &mut Tx<'_>,
    (account, number, service): ServiceKey,
    ended: Timestamp,
    (starts_at, ends_at): (Timestamp, Timestamp),
) -> Result<bool, StoreError> {
    const BEGIN: &str = "
        UPDATE number_months SET starts_at = $1, anchor = $1, ends_at = $2, begun = 1
        WHERE account_id = $3 AND number_id = $4 AND service = $5 AND ends_at = $6
            AND begun = 0 AND refunded_at IS NULL";

    let values = params![starts_at, ends_at, account, number, service.as_str(), ended];
    Ok(tx.execute(BEGIN, values)? > 0)
}

/// Notes that a month's money was given back.
pub fn refund(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    const REFUND: &str = "
        UPDATE number_months SET refunded_at = $1
        WHERE account_id = $2 AND id = $3 AND refunded_at IS NULL";

    tx.execute(REFUND, params![at, account, id])?;
    Ok(())
}
