//! The row that guards an account's money and rate.

use domain::{AccountId, Currency, Micros, Timestamp, VatRate, rate};

use crate::{Bulk, StoreError, Tx, Value, params};

/// What an account asks for with one or several messages.
#[derive(Debug, Clone, Copy)]
pub struct Admission {
    pub account: AccountId,
    pub cost: Micros,
    pub messages: i64,
    /// Messages a second.
    pub rate_limit: i64,
    /// A batch is admitted whatever the rate, and leaves at it.
    pub paced: bool,
    /// How many events tell of it.
    pub events: i64,
}

/// The wallet after an admission.
#[derive(Debug, Clone, Copy)]
pub struct Admitted {
    pub account: AccountId,
    pub available: Micros,
    /// The rate state after it.
    pub tat: i64,
    /// The number of the last of its events.
    pub event_seq: i64,
}

/// Takes money, the day's spending, rate and the numbers of events together, each admission whole or
/// not at all. At most one per account: those that are missing from the answer were refused.
///
/// Who owes for a payment that was taken back is admitted nothing that costs. A day is one in UTC; of two
/// nodes the one whose day is later counts.
pub fn admit(
    tx: &mut Tx<'_>,
    admissions: &[Admission],
    now: Timestamp,
) -> Result<Vec<Admitted>, StoreError> {
    // $3: the time the messages take at the account's rate. $5: the latest tat that is admitted.
    const ADMIT: Bulk = Bulk {
        sqlite: "
            UPDATE wallets SET available = available - ?2, held = held + ?2,
                tat = MAX(tat, ?4) + ?3, event_seq = event_seq + ?6,
                spent = CASE WHEN spent_day < ?7 THEN 0 ELSE spent END + ?2,
                spent_day = MAX(spent_day, ?7)
            WHERE account_id = ?1 AND available >= ?2 AND MAX(tat, ?4) + ?3 <= ?5
                AND (?2 = 0 OR owed = 0) AND (?2 = 0 OR spend_cap IS NULL
                    OR spend_cap - CASE WHEN spent_day < ?7 THEN 0 ELSE spent END >= ?2)
            RETURNING account_id, available, tat, event_seq",
        postgres: "
            UPDATE wallets w SET available = w.available - a.cost, held = w.held + a.cost,
                tat = GREATEST(w.tat, a.now) + a.span, event_seq = w.event_seq + a.events,
                spent = CASE WHEN w.spent_day < a.day THEN 0 ELSE w.spent END + a.cost,
                spent_day = GREATEST(w.spent_day, a.day)
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
                $6::bigint[], $7::bigint[]) AS a (account_id, cost, span, now, tat_max, events, day)
            WHERE w.account_id = a.account_id AND w.available >= a.cost
                AND GREATEST(w.tat, a.now) + a.span <= a.tat_max
                AND (a.cost = 0 OR w.owed = 0) AND (a.cost = 0 OR w.spend_cap IS NULL
                    OR w.spend_cap - CASE WHEN w.spent_day < a.day THEN 0 ELSE w.spent END >= a.cost)
            RETURNING w.account_id, w.available, w.tat, w.event_seq",
    };

    let day = now.day();
    let rows: Vec<[Value<'_>; 7]> = admissions
        .iter()
        .map(|ask| {
            let span = rate::interval_micros(ask.rate_limit).saturating_mul(ask.messages);
            let tat_max =
                if ask.paced { i64::MAX } else { now.micros().saturating_add(rate::BURST_MICROS) };
            [
                Value::from(ask.account),
                Value::from(ask.cost),
                Value::from(span),
                Value::from(now),
                Value::from(tat_max),
                Value::from(ask.events),
                Value::from(day),
            ]
        })
        .collect();
    tx.bulk_query(&ADMIT, &rows, |row| {
        Ok(Admitted {
            account: AccountId::new(row.get(0)?),
            available: Micros::new(row.get(1)?),
            tat: row.get(2)?,
            event_seq: row.get(3)?,
        })
    })
}

/// Locks the wallets of the accounts, waiting for whoever changes them now.
pub fn lock(tx: &mut Tx<'_>, accounts: &[AccountId]) -> Result<(), StoreError> {
    const LOCK: Bulk = Bulk {
        sqlite: "SELECT account_id FROM wallets WHERE account_id = ?1",
        postgres: "
            SELECT w.account_id FROM UNNEST($1::bigint[]) AS a (account_id)
            JOIN wallets w ON w.account_id = a.account_id ORDER BY w.account_id FOR UPDATE OF w",
    };

    let rows: Vec<[Value<'_>; 1]> =
        accounts.iter().map(|account| [Value::from(*account)]).collect();
    tx.bulk_query(&LOCK, &rows, |_| Ok(()))?;
    Ok(())
}

/// Money that leaves `held`: `posted` is ours, `voided` goes back to `available`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    pub account: AccountId,
    pub posted: Micros,
    pub voided: Micros,
}

/// Applies at most one release per account; answers what is available after each.
pub fn release(
    tx: &mut Tx<'_>,
    releases: &[Release],
) -> Result<Vec<(AccountId, Micros)>, StoreError> {
    const RELEASE: Bulk = Bulk {
        sqlite: "
            UPDATE wallets SET held = held - ?2 - ?3, available = available + ?3
            WHERE account_id = ?1 RETURNING account_id, available",
        postgres: "
            UPDATE wallets w SET held = w.held - r.posted - r.voided,
                available = w.available + r.voided
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS r (account_id, posted, voided)
            WHERE w.account_id = r.account_id RETURNING w.account_id, w.available",
    };

    let rows: Vec<[Value<'_>; 3]> = releases
        .iter()
        .map(|r| [Value::from(r.account), Value::from(r.posted), Value::from(r.voided)])
        .collect();
    tx.bulk_query(&RELEASE, &rows, |row| {
        Ok((AccountId::new(row.get(0)?), Micros::new(row.get(1)?)))
    })
}

/// Adds money (or takes it, where negative) that no message caused.
///
/// Answers what is available after it; `None` where it would fall below zero, and where something
/// is bought while a payment is owed.
pub fn adjust(
    tx: &mut Tx<'_>,
    account: AccountId,
    amount: Micros,
) -> Result<Option<Micros>, StoreError> {
    const ADJUST: &str = "
        UPDATE wallets SET available = available + $1
        WHERE account_id = $2 AND available + $1 >= 0 AND (owed = 0 OR $1 >= 0) RETURNING available";

    let available = tx.query_one(ADJUST, params![amount, account], |row| row.get(0))?;
    Ok(available.map(Micros::new))
}

/// Money that is taken back whether or not it is there: what is not becomes a debt.
///
/// Answers what was taken, and what is available after it; the rest of `amount` is owed. The caller
/// holds the wallet's lock.
pub fn take_back(
    tx: &mut Tx<'_>,
    account: AccountId,
    amount: Micros,
) -> Result<Option<(Micros, Micros)>, StoreError> {
    const TAKE: &str = "
        UPDATE wallets SET available = available - $1, owed = owed + $2
        WHERE account_id = $3 AND available >= $1 RETURNING available";

    let Some(wallet) = find(tx, account)? else { return Ok(None) };
    let taken = wallet.available.min(amount);
    let owed = Micros::new(amount.get() - taken.get());
    let available = tx.query_one(TAKE, params![taken, owed, account], |row| row.get(0))?;
    Ok(available.map(|available| (taken, Micros::new(available))))
}

/// Settles what is owed out of what is there; answers what was settled, and what is available
/// after it. The caller holds the wallet's lock.
pub fn settle(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<(Micros, Micros)>, StoreError> {
    const SETTLE: &str = "
        UPDATE wallets SET available = available - $1, owed = owed - $1
        WHERE account_id = $2 AND available >= $1 AND owed >= $1 RETURNING available";

    let Some(wallet) = find(tx, account)? else { return Ok(None) };
    let settled = wallet.available.min(wallet.owed);
    if settled.is_zero() {
        return Ok(None);
    }
    let available = tx.query_one(SETTLE, params![settled, account], |row| row.get(0))?;
    Ok(available.map(|available| (settled, Micros::new(available))))
}

/// Accounts that owe and could settle some of it.
pub fn owing(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<AccountId>, StoreError> {
    const OWING: &str = "SELECT account_id FROM wallets WHERE owed > 0 AND available > 0 LIMIT $1";

    tx.query(OWING, params![limit], |row| row.get(0).map(AccountId::new))
}

#[derive(Debug, Clone, Copy)]
pub struct Wallet {
    pub currency: Currency,
    pub available: Micros,
    pub held: Micros,
    /// Taken back of payments after it had been spent.
    pub owed: Micros,
    pub tat: i64,
    /// Messages a second.
    pub rate_limit: i64,
    /// For messages, on a day in UTC.
    pub spend_cap: Option<Micros>,
    spent: Micros,
    spent_day: i64,
    /// The customer chose to be told below it.
    pub low_balance_below: Option<Micros>,
    /// On top of what is paid in.
    pub vat_rate: VatRate,
}

impl Wallet {
    /// What messages cost on this day.
    pub fn spent_on(&self, day: i64) -> Micros {
        if self.spent_day < day { Micros::ZERO } else { self.spent }
    }
}

/// Caps what messages may cost on a day in UTC; `None` lifts the cap.
pub fn cap(tx: &mut Tx<'_>, account: AccountId, cap: Option<Micros>) -> Result<(), StoreError> {
    const CAP: &str = "UPDATE wallets SET spend_cap = $1 WHERE account_id = $2";

    tx.execute(CAP, params![cap, account])?;
    Ok(())
}

/// What an account pays in.
pub fn currency(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<Currency>, StoreError> {
    const CURRENCY: &str = "SELECT currency FROM wallets WHERE account_id = $1";

    tx.query_one(CURRENCY, params![account], |row| row.currency(0))
}

pub fn find(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<Wallet>, StoreError> {
    const FIND: &str = "
        SELECT w.currency, w.available, w.held, w.tat, a.rate_limit, w.owed, w.spend_cap, w.spent,
            w.spent_day, a.vat_rate_bp, w.low_balance_below
        FROM wallets w JOIN accounts a ON a.id = w.account_id WHERE w.account_id = $1";

    tx.query_one(FIND, params![account], |row| {
        Ok(Wallet {
            currency: row.currency(0)?,
            available: Micros::new(row.get(1)?),
            held: Micros::new(row.get(2)?),
            tat: row.get(3)?,
            rate_limit: row.get(4)?,
            owed: Micros::new(row.get(5)?),
            spend_cap: row.get::<Option<i64>>(6)?.map(Micros::new),
            spent: Micros::new(row.get(7)?),
            spent_day: row.get(8)?,
            vat_rate: row.vat_rate(9)?,
            low_balance_below: row.get::<Option<i64>>(10)?.map(Micros::new),
        })
    })
}
