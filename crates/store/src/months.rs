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
        ORDER BY ends_at DESC LIMIT 1";

    let values = params![account, number, service.as_str(), now];
    tx.query_one(RUNNING, values, |row| Ok((row.time(0)?, row.time(1)?)))
}
