//! Customers.

use domain::{AccountId, Currency, Micros, Timestamp, VatRate};

use crate::{Row, StoreError, Tx, params};

domain::words! {
    pub enum AccountStatus {
        Active = "active",
        /// Sends nothing; still receives.
        Suspended = "suspended",
    }
}

#[derive(Debug, Clone)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub status: AccountStatus,
    /// Messages a second.
    pub rate_limit: i64,
    /// On top of what is paid in.
    pub vat_rate: VatRate,
    pub created_at: Timestamp,
    pub currency: Currency,
    pub available: Micros,
    pub held: Micros,
    /// Taken back of payments after it had been spent.
    pub owed: Micros,
}

/// What a new account is made from.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub password_hash: Option<String>,
    pub rate_limit: i64,
    pub vat_rate: VatRate,
    pub currency: Currency,
}

const COLUMNS: &str = "a.id, a.name, a.email, a.status, a.rate_limit, a.created_at,
    w.currency, w.available, w.held, w.owed, a.vat_rate_bp";

fn read(row: &Row<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        id: AccountId::new(row.get(0)?),
        name: row.get(1)?,
        email: row.get(2)?,
        status: row.parsed(3)?,
        rate_limit: row.get(4)?,
        created_at: row.time(5)?,
        currency: row.currency(6)?,
        available: Micros::new(row.get(7)?),
        held: Micros::new(row.get(8)?),
        owed: Micros::new(row.get(9)?),
        vat_rate: row.vat_rate(10)?,
    })
}

/// Makes an account with an empty wallet; answers false where the address is taken.
pub fn insert(tx: &mut Tx<'_>, account: &NewAccount, at: Timestamp) -> Result<bool, StoreError> {
    const INSERT: &str = "
        INSERT INTO accounts (id, name, email, password_hash, status, rate_limit,
            created_at, vat_rate_bp)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT DO NOTHING";
    const WALLET: &str = "
        INSERT INTO wallets (account_id, currency, available, held, tat, event_seq)
        VALUES ($1, $2, 0, 0, 0, 0)";

    let inserted = tx.execute(
        INSERT,
        params![
            account.id,
            &account.name,
            &account.email,
            account.password_hash.as_deref(),
            AccountStatus::Active.as_str(),
            account.rate_limit,
            at,
            account.vat_rate.basis_points()
        ],
    )?;
    if inserted == 0 {
        return Ok(false);
    }
    tx.execute(WALLET, params![account.id, account.currency.as_str()])?;
    Ok(true)
}

pub fn find(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts a JOIN wallets w ON w.account_id = a.id WHERE a.id = $1"
    );
    tx.query_one(&sql, params![id], read)
}

/// Newest first, those with ids below `before`.
pub fn list(tx: &mut Tx<'_>, before: i64, limit: i64) -> Result<Vec<Account>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts a JOIN wallets w ON w.account_id = a.id
         WHERE a.id < $1 ORDER BY a.id DESC LIMIT $2"
    );
    tx.query(&sql, params![before, limit], read)
}

/// Sets what is given; answers false where there is no such account.
pub fn update(
    tx: &mut Tx<'_>,
    id: AccountId,
    rate_limit: Option<i64>,
    status: Option<AccountStatus>,
    vat_rate: Option<VatRate>,
) -> Result<bool, StoreError> {
    const UPDATE: &str = "
        UPDATE accounts SET rate_limit = COALESCE($1, rate_limit), status = COALESCE($2, status),
            vat_rate_bp = COALESCE($3, vat_rate_bp)
        WHERE id = $4";

    let status = status.map(AccountStatus::as_str);
    let vat_rate = vat_rate.map(VatRate::basis_points);
    Ok(tx.execute(UPDATE, params![rate_limit, status, vat_rate, id])? == 1)
}
