//! Payments into wallets.

use domain::{AccountId, Currency, Micros, Timestamp, TopupId, VatRate};

use crate::{Row, StoreError, Tx, params};

domain::words! {
    /// Who takes the money.
    pub enum Provider {
        /// Nobody: a page of our own says that it was paid.
        Demo = "demo",
        Stripe = "stripe",
    }
}

domain::words! {
    /// What began it.
    pub enum Cause {
        /// The customer, who is sent to a page where it is paid.
        Checkout = "checkout",
        /// A balance below the threshold: a saved card is charged.
        Auto = "auto",
    }
}

#[derive(Debug, Clone)]
pub struct Topup {
    pub account: AccountId,
    pub id: TopupId,
    pub provider: Provider,
    pub cause: Cause,
    pub currency: Currency,
    /// What the wallet is credited, net of VAT.
    pub amount: Micros,
    pub vat_rate: VatRate,
    pub vat_amount: Micros,
    /// What is paid.
    pub gross: Micros,
    /// Whether the card is kept, to be charged later.
    pub save_card: bool,
    /// What the provider calls the checkout, and the payment.
    pub session_ref: Option<String>,
    pub payment_ref: Option<String>,
    /// What the provider says that it paid back.
    pub refunded_gross: Micros,
    pub created_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    /// Why it was not paid.
    pub failure: Option<String>,
}

impl Topup {
    /// `pending`, `paid` or `failed`.
    pub fn status(&self) -> &'static str {
        match (self.paid_at, self.failed_at) {
            (Some(_), _) => "paid",
            (None, Some(_)) => "failed",
            (None, None) => "pending",
        }
    }
}

const COLUMNS: &str = "account_id, id, provider, cause, currency, amount, vat_rate_bp, vat_amount,
    gross_amount, save_card, session_ref, payment_ref, refunded_gross, created_at, paid_at, failed_at,
    failure";

fn read(row: &Row<'_>) -> Result<Topup, StoreError> {
    Ok(Topup {
        account: AccountId::new(row.get(0)?),
        id: TopupId::new(row.get(1)?),
        provider: row.parsed(2)?,
        cause: row.parsed(3)?,
        currency: row.currency(4)?,
        amount: Micros::new(row.get(5)?),
        vat_rate: row.vat_rate(6)?,
        vat_amount: Micros::new(row.get(7)?),
        gross: Micros::new(row.get(8)?),
        save_card: row.flag(9)?,
        session_ref: row.get(10)?,
        payment_ref: row.get(11)?,
        refunded_gross: Micros::new(row.get(12)?),
        created_at: row.time(13)?,
        paid_at: row.time_or_null(14)?,
        failed_at: row.time_or_null(15)?,
        failure: row.get(16)?,
    })
}

/// Stores one that was begun. `charge_at`: when a saved card is charged for it.
pub fn insert(
    tx: &mut Tx<'_>,
    topup: &Topup,
    token_hash: &[u8; 32],
    charge_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO topups (account_id, id, provider, cause, token_hash, currency, amount, vat_rate_bp,
            vat_amount, gross_amount, save_card, session_ref, refunded_gross, next_try_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14)";

    tx.execute(
        INSERT,
        params![
            topup.account,
            topup.id,
            topup.provider.as_str(),
            topup.cause.as_str(),
            token_hash,
            topup.currency.as_str(),
            topup.amount,
            topup.vat_rate.basis_points(),
            topup.vat_amount,
            topup.gross,
            topup.save_card,
            topup.session_ref.as_deref(),
            charge_at,
            topup.created_at
        ],
    )?;
    Ok(())
}

pub fn find(tx: &mut Tx<'_>, account: AccountId, id: TopupId) -> Result<Option<Topup>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM topups WHERE account_id = $1 AND id = $2");
    tx.query_one(&sql, params![account, id], read)
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

/// Whichever account's it is.
pub fn find_by_id(tx: &mut Tx<'_>, id: TopupId) -> Result<Option<Topup>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM topups WHERE id = $1");
    tx.query_one(&sql, params![id], read)
}

/// The one that this payment of the provider's paid.
pub fn find_by_payment(tx: &mut Tx<'_>, payment: &str) -> Result<Option<Topup>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM topups WHERE payment_ref = $1");
    tx.query_one(&sql, params![payment], read)
}

/// Newest first, those with ids below `before`; of one account, or of all.
pub fn list(
    tx: &mut Tx<'_>,
    account: Option<AccountId>,
    before: i64,
    limit: i64,
) -> Result<Vec<Topup>, StoreError> {
    let list = |of: &str, limit: &str| {
        format!("SELECT {COLUMNS} FROM topups WHERE {of} ORDER BY id DESC LIMIT {limit}")
    };
    match account {
        Some(account) => {
            let sql = list("account_id = $1 AND id < $2", "$3");
            tx.query(&sql, params![account, before, limit], read)
        }
        None => tx.query(&list("id < $1", "$2"), params![before, limit], read),
    }
}

/// Notes that it was paid, by which payment; answers false where it was before.
///
/// `again_at`: when the card that paid it is to be looked up.
pub fn pay(
    tx: &mut Tx<'_>,
    topup: &Topup,
    payment: Option<&str>,
    again_at: Option<Timestamp>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const PAY: &str = "
        UPDATE topups SET paid_at = $1, payment_ref = COALESCE(payment_ref, $2), next_try_at = $3,
            failed_at = NULL, failure = NULL
        WHERE account_id = $4 AND id = $5 AND paid_at IS NULL";

    Ok(tx.execute(PAY, params![at, payment, again_at, topup.account, topup.id])? == 1)
}

/// Notes that it will not be paid; answers false where it was paid, or failed before.
pub fn fail(tx: &mut Tx<'_>, topup: &Topup, why: &str, at: Timestamp) -> Result<bool, StoreError> {
    const FAIL: &str = "
        UPDATE topups SET failed_at = $1, failure = $2, next_try_at = NULL
        WHERE account_id = $3 AND id = $4 AND paid_at IS NULL AND failed_at IS NULL";

    Ok(tx.execute(FAIL, params![at, why, topup.account, topup.id])? == 1)
}

/// Notes how much the provider says that it paid back in all: no less than before, unless a refund
/// failed.
pub fn refunded(tx: &mut Tx<'_>, topup: &Topup, gross: Micros) -> Result<(), StoreError> {
    const REFUNDED: &str =
        "UPDATE topups SET refunded_gross = $1 WHERE account_id = $2 AND id = $3";

    tx.execute(REFUNDED, params![gross, topup.account, topup.id])?;
    Ok(())
}

/// Those for which the provider is to be asked at `now`: to charge a saved card, or for the card of
/// one that was paid. Nobody else asks before `until`.
pub fn claim(
    tx: &mut Tx<'_>,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Topup>, StoreError> {
    let sql = format!(
        "UPDATE topups SET next_try_at = $1
         WHERE next_try_at <= $2 AND id IN (SELECT t.id FROM topups t
             WHERE t.next_try_at <= $2 ORDER BY t.next_try_at LIMIT $3)
         RETURNING {COLUMNS}"
    );
    tx.query(&sql, params![until, now, limit], read)
}

/// When the provider is asked again; `None`: no more.
pub fn ask_again(tx: &mut Tx<'_>, topup: &Topup, at: Option<Timestamp>) -> Result<(), StoreError> {
    const ASK: &str = "
        UPDATE topups SET next_try_at = $1
        WHERE account_id = $2 AND id = $3 AND next_try_at IS NOT NULL";

    tx.execute(ASK, params![at, topup.account, topup.id])?;
    Ok(())
}

/// Notes which payment charges a saved card for it.
pub fn note_payment(tx: &mut Tx<'_>, topup: &Topup, payment: &str) -> Result<(), StoreError> {
    const NOTE: &str = "
        UPDATE topups SET payment_ref = $1
        WHERE account_id = $2 AND id = $3 AND payment_ref IS NULL";

    tx.execute(NOTE, params![payment, topup.account, topup.id])?;
    Ok(())
}
