//! Payments into wallets.

use domain::{AccountId, Currency, Micros, Timestamp, TopupId};

use crate::{Row, StoreError, Tx, params};

domain::words! {
    /// Who takes the money.
    pub enum Provider {
        /// Nobody: a page of our own says that it was paid.
        Demo = "demo",
    }
}

#[derive(Debug, Clone)]
pub struct Topup {
    pub account: AccountId,
    pub id: TopupId,
    pub provider: Provider,
    pub currency: Currency,
    pub amount: Micros,
    pub created_at: Timestamp,
    pub paid_at: Option<Timestamp>,
}

const COLUMNS: &str = "account_id, id, provider, currency, amount, created_at, paid_at";

fn read(row: &Row<'_>) -> Result<Topup, StoreError> {
    Ok(Topup {
        account: AccountId::new(row.get(0)?),
        id: TopupId::new(row.get(1)?),
        provider: row.parsed(2)?,
        currency: row.parsed(3)?,
        amount: Micros::new(row.get(4)?),
        created_at: row.time(5)?,
        paid_at: row.time_or_null(6)?,
    })
}

pub fn insert(tx: &mut Tx<'_>, topup: &Topup, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO topups (account_id, id, provider, token_hash, currency, amount, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";

    tx.execute(
        INSERT,
        params![
            topup.account,
            topup.id,
            topup.provider.as_str(),
            token_hash,
            topup.currency.as_str(),
            topup.amount,
            topup.created_at
        ],
    )?;
    Ok(())
}

/// The payment with this token, made after `since`.
pub fn find_by_token(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    since: Timestamp,
) -> Result<Option<Topup>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM topups WHERE token_hash = $1 AND created_at > $2");
    tx.query_one(&sql, params![token_hash, since], read)
}

/// Notes that it was paid; answers false where it was before.
pub fn pay(tx: &mut Tx<'_>, topup: &Topup, at: Timestamp) -> Result<bool, StoreError> {
    const PAY: &str = "
        UPDATE topups SET paid_at = $1 WHERE account_id = $2 AND id = $3 AND paid_at IS NULL";

    Ok(tx.execute(PAY, params![at, topup.account, topup.id])? == 1)
}
