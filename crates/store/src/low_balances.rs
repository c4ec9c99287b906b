//! Whose balance is low, and who has been told: once each time that it falls.

use domain::{AccountId, Currency, Micros, Timestamp};

use crate::{StoreError, Tx, params};

/// A balance under its threshold.
#[derive(Debug, Clone, Copy)]
pub struct LowBalance {
    pub account: AccountId,
    pub currency: Currency,
    pub available: Micros,
    pub below: Micros,
    /// The customer chose the threshold, and has it told by letter.
    pub chosen: bool,
}

/// Those of accounts that chose a threshold, and of those whose webhooks want to know, which have
/// `default` unless they chose; each that was not told yet.
pub fn untold(tx: &mut Tx<'_>, default: Micros) -> Result<Vec<LowBalance>, StoreError> {
    const UNTOLD: &str = "
        SELECT w.account_id, w.currency, w.available, w.low_balance_below FROM wallets w
        WHERE w.low_balance_below IS NOT NULL AND w.available < w.low_balance_below
            AND NOT EXISTS (SELECT 1 FROM low_balances l WHERE l.account_id = w.account_id)
        UNION
        SELECT w.account_id, w.currency, w.available, w.low_balance_below FROM webhooks h
        JOIN wallets w ON w.account_id = h.account_id
        WHERE h.status = 'enabled' AND h.deleted_at IS NULL
            AND ',' || h.events || ',' LIKE '%,wallet.low_balance,%'
            AND w.low_balance_below IS NULL AND w.available < $1
            AND NOT EXISTS (SELECT 1 FROM low_balances l WHERE l.account_id = w.account_id)";

    tx.query(UNTOLD, params![default], |row| {
        let chosen: Option<i64> = row.get(3)?;
        Ok(LowBalance {
            account: AccountId::new(row.get(0)?),
            currency: row.currency(1)?,
            available: Micros::new(row.get(2)?),
            below: chosen.map_or(default, Micros::new),
            chosen: chosen.is_some(),
        })
    })
}

/// Sets an account's threshold; `None`: none is chosen. What was told of another counts no more.
pub fn choose(
    tx: &mut Tx<'_>,
    account: AccountId,
    below: Option<Micros>,
) -> Result<(), StoreError> {
    const CHOOSE: &str = "UPDATE wallets SET low_balance_below = $1 WHERE account_id = $2";
    const FORGET: &str = "DELETE FROM low_balances WHERE account_id = $1";

    tx.execute(CHOOSE, params![below, account])?;
    tx.execute(FORGET, params![account])?;
    Ok(())
}

/// Notes that an account is told; answers false where it was before.
pub fn tell(tx: &mut Tx<'_>, account: AccountId, at: Timestamp) -> Result<bool, StoreError> {
    const TELL: &str = "
        INSERT INTO low_balances (account_id, told_at) VALUES ($1, $2)
        ON CONFLICT (account_id) DO NOTHING";

    Ok(tx.execute(TELL, params![account, at])? == 1)
}

/// Whether anybody's balance is no longer low who was told that it is.
pub fn any_recovered(tx: &mut Tx<'_>, default: Micros) -> Result<bool, StoreError> {
    const ANY: &str = "
        SELECT l.account_id FROM low_balances l JOIN wallets w ON w.account_id = l.account_id
        WHERE w.available >= COALESCE(w.low_balance_below, $1) LIMIT 1";

    Ok(tx.query_one(ANY, params![default], |row| row.get::<i64>(0))?.is_some())
}

/// Forgets those whose balance is no longer low.
pub fn forget_recovered(tx: &mut Tx<'_>, default: Micros) -> Result<(), StoreError> {
    const FORGET: &str = "
        DELETE FROM low_balances WHERE account_id IN (SELECT l.account_id FROM low_balances l
            JOIN wallets w ON w.account_id = l.account_id
            WHERE w.available >= COALESCE(w.low_balance_below, $1))";

    tx.execute(FORGET, params![default])?;
    Ok(())
}
