//! Whose balance is low, and who has been told: once each time that it falls.

use domain::{AccountId, Micros, Timestamp};

use crate::{StoreError, Tx, params};

/// Accounts that want to be told and have less than `below`, and were not told yet.
pub fn untold(tx: &mut Tx<'_>, below: Micros) -> Result<Vec<(AccountId, Micros)>, StoreError> {
    const UNTOLD: &str = "
        SELECT DISTINCT w.account_id, w.available FROM webhooks h
        JOIN wallets w ON w.account_id = h.account_id
        WHERE h.status = 'enabled' AND h.deleted_at IS NULL
            AND ',' || h.events || ',' LIKE '%,wallet.low_balance,%' AND w.available < $1
            AND NOT EXISTS (SELECT 1 FROM low_balances l WHERE l.account_id = h.account_id)";

    tx.query(UNTOLD, params![below], |row| {
        Ok((AccountId::new(row.get(0)?), Micros::new(row.get(1)?)))
    })
}

/// Notes that an account is told; answers false where it was before.
pub fn tell(tx: &mut Tx<'_>, account: AccountId, at: Timestamp) -> Result<bool, StoreError> {
    const TELL: &str = "
        INSERT INTO low_balances (account_id, told_at) VALUES ($1, $2)
        ON CONFLICT (account_id) DO NOTHING";

    Ok(tx.execute(TELL, params![account, at])? == 1)
}

/// Whether anybody's balance is no longer low who was told that it is.
pub fn any_recovered(tx: &mut Tx<'_>, below: Micros) -> Result<bool, StoreError> {
    const ANY: &str = "
        SELECT l.account_id FROM low_balances l JOIN wallets w ON w.account_id = l.account_id
        WHERE w.available >= $1 LIMIT 1";

    Ok(tx.query_one(ANY, params![below], |row| row.get::<i64>(0))?.is_some())
}

/// Forgets those whose balance is no longer low.
pub fn forget_recovered(tx: &mut Tx<'_>, below: Micros) -> Result<(), StoreError> {
    const FORGET: &str = "
        DELETE FROM low_balances WHERE account_id IN (SELECT l.account_id FROM low_balances l
            JOIN wallets w ON w.account_id = l.account_id WHERE w.available >= $1)";

    tx.execute(FORGET, params![below])?;
    Ok(())
}
