//! Topping a wallet up by itself: when, with how much, and how often a day.

use domain::{AccountId, Micros, Timestamp, TopupId};

use crate::{StoreError, Tx, params};

#[derive(Debug, Clone)]
pub struct AutoRecharge {
    pub account: AccountId,
    pub enabled: bool,
    /// What is below this is topped up.
    pub below: Micros,
    /// Net, of one payment.
    pub amount: Micros,
    /// Net, of all on a day in UTC.
    pub daily_limit: Micros,
    /// The payment under way.
    pub topup: Option<TopupId>,
    /// Nothing is charged until the customer says so.
    pub paused_at: Option<Timestamp>,
    pub paused_reason: Option<String>,
    charged: Micros,
    day: i64,
}

impl AutoRecharge {
    pub fn new(account: AccountId) -> Self {
        Self {
            account,
            enabled: false,
            below: Micros::new(10_000_000),
            amount: Micros::new(20_000_000),
            daily_limit: Micros::new(100_000_000),
            topup: None,
            paused_at: None,
            paused_reason: None,
            charged: Micros::ZERO,
            day: 0,
        }
    }

    pub fn charged_on(&self, day: i64) -> Micros {
        if self.day < day { Micros::ZERO } else { self.charged }
    }
}

pub fn find(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<AutoRecharge>, StoreError> {
    const FIND: &str = "
        SELECT account_id, enabled, below, amount, daily_limit, topup_id, paused_at, paused_reason,
            charged, day
        FROM auto_recharges WHERE account_id = $1";

    tx.query_one(FIND, params![account], |row| {
        Ok(AutoRecharge {
            account: AccountId::new(row.get(0)?),
            enabled: row.flag(1)?,
            below: Micros::new(row.get(2)?),
            amount: Micros::new(row.get(3)?),
            daily_limit: Micros::new(row.get(4)?),
            topup: row.get::<Option<i64>>(5)?.map(TopupId::new),
            paused_at: row.time_or_null(6)?,
            paused_reason: row.get(7)?,
            charged: Micros::new(row.get(8)?),
            day: row.get(9)?,
        })
    })
}

/// Keeps what the customer set, a pause among it; what is under way and was charged today stays.
pub fn put(tx: &mut Tx<'_>, wanted: &AutoRecharge) -> Result<(), StoreError> {
    const PUT: &str = "
        INSERT INTO auto_recharges (account_id, enabled, below, amount, daily_limit, paused_at,
            paused_reason, day, charged)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)
        ON CONFLICT (account_id) DO UPDATE SET enabled = excluded.enabled, below = excluded.below,
            amount = excluded.amount, daily_limit = excluded.daily_limit,
            paused_at = excluded.paused_at, paused_reason = excluded.paused_reason";

    tx.execute(
        PUT,
        params![
            wanted.account,
            wanted.enabled,
            wanted.below,
            wanted.amount,
            wanted.daily_limit,
            wanted.paused_at,
            wanted.paused_reason.as_deref()
        ],
    )?;
    Ok(())
}

/// Accounts whose wallets are to be topped up on `day`.
pub fn ready(tx: &mut Tx<'_>, day: i64, limit: i64) -> Result<Vec<AccountId>, StoreError> {
    const READY: &str = "
        SELECT r.account_id FROM auto_recharges r
        JOIN wallets w ON w.account_id = r.account_id AND w.available < r.below
        JOIN accounts a ON a.id = r.account_id AND a.status = 'active'
        WHERE r.enabled = 1 AND r.paused_at IS NULL AND r.topup_id IS NULL
            AND CASE WHEN r.day < $1 THEN 0 ELSE r.charged END + r.amount <= r.daily_limit
        ORDER BY r.account_id LIMIT $2";

    tx.query(READY, params![day, limit], |row| row.get(0).map(AccountId::new))
}

/// Begins a payment, one at a time and within the day's limit; answers false where that does not
/// hold any more. The caller holds the wallet's lock, and found its balance too low.
pub fn begin(
    tx: &mut Tx<'_>,
    recharge: &AutoRecharge,
    topup: TopupId,
    day: i64,
) -> Result<bool, StoreError> {
    const BEGIN: &str = "
        UPDATE auto_recharges SET topup_id = $1,
            charged = CASE WHEN day < $2 THEN 0 ELSE charged END + amount,
            day = CASE WHEN day < $2 THEN $2 ELSE day END
        WHERE account_id = $3 AND enabled = 1 AND paused_at IS NULL AND topup_id IS NULL
            AND amount = $4
            AND CASE WHEN day < $2 THEN 0 ELSE charged END + amount <= daily_limit";

    Ok(tx.execute(BEGIN, params![topup, day, recharge.account, recharge.amount])? == 1)
}

/// The payment was made.
pub fn end(tx: &mut Tx<'_>, account: AccountId, topup: TopupId) -> Result<(), StoreError> {
    const END: &str =
        "UPDATE auto_recharges SET topup_id = NULL WHERE account_id = $1 AND topup_id = $2";

    tx.execute(END, params![account, topup])?;
    Ok(())
}

/// Pauses it: a payment under way, of `failed` (net), does not count. The setting may be another by now.
pub fn pause(
    tx: &mut Tx<'_>,
    account: AccountId,
    (failed, why): (Micros, &str),
    at: Timestamp,
) -> Result<(), StoreError> {
    const PAUSE: &str = "
        UPDATE auto_recharges SET paused_at = $1, paused_reason = $2,
            charged = CASE WHEN topup_id IS NULL OR charged < $3 THEN charged ELSE charged - $3 END,
            topup_id = NULL
        WHERE account_id = $4";

    tx.execute(PAUSE, params![at, why, failed, account])?;
    Ok(())
}

/// Switches it off; what is under way goes on.
pub fn switch_off(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    const OFF: &str = "UPDATE auto_recharges SET enabled = 0 WHERE account_id = $1";

    tx.execute(OFF, params![account])?;
    Ok(())
}
