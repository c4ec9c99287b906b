//! The card that is charged while its holder is away, one per account.

use domain::{AccountId, Timestamp};

use crate::{StoreError, Tx, params, topups::Provider};

#[derive(Debug, Clone)]
pub struct SavedCard {
    pub account: AccountId,
    pub provider: Provider,
    /// What the provider calls the customer and the card.
    pub customer_ref: String,
    pub method_ref: String,
    pub brand: String,
    pub last4: String,
    pub exp_month: i64,
    pub exp_year: i64,
}

pub fn find(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<SavedCard>, StoreError> {
    const FIND: &str = "
        SELECT account_id, provider, customer_ref, method_ref, brand, last4, exp_month, exp_year
        FROM saved_cards WHERE account_id = $1";

    tx.query_one(FIND, params![account], |row| {
        Ok(SavedCard {
            account: AccountId::new(row.get(0)?),
            provider: row.parsed(1)?,
            customer_ref: row.get(2)?,
            method_ref: row.get(3)?,
            brand: row.get(4)?,
            last4: row.get(5)?,
            exp_month: row.get(6)?,
            exp_year: row.get(7)?,
        })
    })
}

/// Keeps a card in the place of the one before.
pub fn put(tx: &mut Tx<'_>, card: &SavedCard, at: Timestamp) -> Result<(), StoreError> {
    const PUT: &str = "
        INSERT INTO saved_cards (account_id, provider, customer_ref, method_ref, brand, last4, exp_month,
            exp_year, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (account_id) DO UPDATE SET provider = excluded.provider,
            customer_ref = excluded.customer_ref, method_ref = excluded.method_ref,
            brand = excluded.brand, last4 = excluded.last4, exp_month = excluded.exp_month,
            exp_year = excluded.exp_year, created_at = excluded.created_at";

    tx.execute(
        PUT,
        params![
            card.account,
            card.provider.as_str(),
            &card.customer_ref,
            &card.method_ref,
            &card.brand,
            &card.last4,
            card.exp_month,
            card.exp_year,
            at
        ],
    )?;
    Ok(())
}

pub fn delete(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    const DELETE: &str = "DELETE FROM saved_cards WHERE account_id = $1";

    Ok(tx.execute(DELETE, params![account])? == 1)
}

/// Forgets a card whose customer there is not any more; not one that was kept since.
pub fn delete_of_customer(
    tx: &mut Tx<'_>,
    account: AccountId,
    customer_ref: &str,
) -> Result<bool, StoreError> {
    const DELETE: &str = "DELETE FROM saved_cards WHERE account_id = $1 AND customer_ref = $2";

    Ok(tx.execute(DELETE, params![account, customer_ref])? == 1)
}
