//! What was taken back of top-ups: refunds, and disputes of the payer's bank.

use domain::{AccountId, Micros, Timestamp, TopupId};

use crate::{Row, StoreError, Tx, params, topups::Topup};

domain::words! {
    pub enum ReversalKind {
        Refund = "refund",
        Dispute = "dispute",
    }
}

domain::words! {
    pub enum ReversalState {
        /// A refund that the provider has not confirmed.
        Pending = "pending",
        Done = "done",
        /// The wallet has it again.
        Undone = "undone",
    }
}

#[derive(Debug, Clone)]
pub struct Reversal {
    pub account: AccountId,
    pub id: i64,
    pub topup: TopupId,
    pub kind: ReversalKind,
    pub state: ReversalState,
    /// What the provider calls it.
    pub provider_ref: Option<String>,
    /// What the payer has again.
    pub gross: Micros,
    /// What the wallet lost.
    pub amount: Micros,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "account_id, id, topup_id, kind, state, provider_ref, gross, amount, created_at, finished_at";

fn read(row: &Row<'_>) -> Result<Reversal, StoreError> {
    Ok(Reversal {
        account: AccountId::new(row.get(0)?),
        id: row.get(1)?,
        topup: TopupId::new(row.get(2)?),
        kind: row.parsed(3)?,
        state: row.parsed(4)?,
        provider_ref: row.get(5)?,
        gross: Micros::new(row.get(6)?),
        amount: Micros::new(row.get(7)?),
        created_at: row.time(8)?,
        finished_at: row.time_or_null(9)?,
    })
}

/// Stores one. `try_at`: when the provider is asked for it.
pub fn insert(
    tx: &mut Tx<'_>,
    reversal: &Reversal,
    try_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO topup_reversals (account_id, id, topup_id, kind, state, provider_ref, gross, amount,
            next_try_at, created_at, finished_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    tx.execute(
        INSERT,
        params![
            reversal.account,
            reversal.id,
            reversal.topup,
            reversal.kind.as_str(),
            reversal.state.as_str(),
            reversal.provider_ref.as_deref(),
            reversal.gross,
            reversal.amount,
            try_at,
            reversal.created_at,
            reversal.finished_at
        ],
    )?;
    Ok(())
}

/// Those of a top-up, oldest first.
pub fn of_topup(
    tx: &mut Tx<'_>,
    account: AccountId,
    topup: TopupId,
) -> Result<Vec<Reversal>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM topup_reversals WHERE account_id = $1 AND topup_id = $2 ORDER BY id"
    );
    tx.query(&sql, params![account, topup], read)
}

pub fn find_by_ref(tx: &mut Tx<'_>, provider_ref: &str) -> Result<Option<Reversal>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM topup_reversals WHERE provider_ref = $1");
    tx.query_one(&sql, params![provider_ref], read)
}

/// Notes what the provider calls a refund of a top-up, where that is not known.
pub fn name(tx: &mut Tx<'_>, topup: &Topup, id: i64, provider_ref: &str) -> Result<(), StoreError> {
    const NAME: &str = "
        UPDATE topup_reversals SET provider_ref = $1
        WHERE account_id = $2 AND id = $3 AND topup_id = $4 AND kind = 'refund'
            AND provider_ref IS NULL";

    tx.execute(NAME, params![provider_ref, topup.account, id, topup.id])?;
    Ok(())
}

/// Notes what became of one; answers false where it was in another state than `from`.
pub fn finish(
    tx: &mut Tx<'_>,
    reversal: &Reversal,
    (from, to): (ReversalState, ReversalState),
    provider_ref: Option<&str>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const FINISH: &str = "
        UPDATE topup_reversals SET state = $1, provider_ref = COALESCE(provider_ref, $2),
            next_try_at = NULL, finished_at = $3
        WHERE account_id = $4 AND id = $5 AND state = $6";

    let changed = tx.execute(
        FINISH,
        params![to.as_str(), provider_ref, at, reversal.account, reversal.id, from.as_str()],
    )?;
    Ok(changed == 1)
}

/// Refunds that the provider is to be asked for at `now`; nobody else asks before `until`.
pub fn claim(
    tx: &mut Tx<'_>,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Reversal>, StoreError> {
    let sql = format!(
        "UPDATE topup_reversals SET next_try_at = $1
         WHERE next_try_at <= $2 AND id IN (SELECT r.id FROM topup_reversals r
             WHERE r.next_try_at <= $2 ORDER BY r.next_try_at LIMIT $3)
         RETURNING {COLUMNS}"
    );
    tx.query(&sql, params![until, now, limit], read)
}

/// When the provider is asked for a pending one again; `None`: no more, though what it says by itself
/// still counts.
pub fn ask_again(
    tx: &mut Tx<'_>,
    reversal: &Reversal,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    const ASK: &str = "
        UPDATE topup_reversals SET next_try_at = $1
        WHERE account_id = $2 AND id = $3 AND state = 'pending'";

    tx.execute(ASK, params![at, reversal.account, reversal.id])?;
    Ok(())
}
