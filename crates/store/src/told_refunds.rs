//! What a payment provider told of refunds: each of them, and what they came to in all.

use domain::{AccountId, Micros, Timestamp, TopupId};

use crate::{StoreError, Tx, params, topups::Topup};

/// A refund as the provider tells of it, by its name there.
#[derive(Debug, Clone)]
pub struct ToldRefund {
    pub provider_ref: String,
    /// Ours, where it was asked for here.
    pub reversal: Option<i64>,
    pub gross: Micros,
    /// By the provider's clock, which counts in seconds.
    pub made_at: Timestamp,
    /// When it came to nothing, which is for good.
    pub failed_at: Option<Timestamp>,
}

/// What was paid back of a payment in all, as of a time by the provider's clock.
#[derive(Debug, Clone, Copy)]
pub struct ToldSum {
    pub told_at: Timestamp,
    pub gross: Micros,
}

/// Notes a refund. One that failed stays so, from the earliest time that is told.
pub fn note(tx: &mut Tx<'_>, topup: &Topup, refund: &ToldRefund) -> Result<(), StoreError> {
    const NOTE: &str = "
        INSERT INTO told_refunds (provider_ref, account_id, topup_id, reversal_id, gross, made_at, failed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (provider_ref) DO UPDATE SET
            reversal_id = COALESCE(told_refunds.reversal_id, excluded.reversal_id),
            failed_at = CASE WHEN told_refunds.failed_at <= excluded.failed_at
                OR excluded.failed_at IS NULL THEN told_refunds.failed_at ELSE excluded.failed_at END";

    tx.execute(
        NOTE,
        params![
            &refund.provider_ref,
            topup.account,
            topup.id,
            refund.reversal,
            refund.gross,
            refund.made_at,
            refund.failed_at
        ],
    )?;
    Ok(())
}

pub fn note_sum(tx: &mut Tx<'_>, topup: &Topup, sum: ToldSum) -> Result<(), StoreError> {
    const NOTE: &str = "
        INSERT INTO told_refund_sums (account_id, topup_id, told_at, gross) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id, topup_id, told_at, gross) DO NOTHING";

    tx.execute(NOTE, params![topup.account, topup.id, sum.told_at, sum.gross])?;
    Ok(())
}

/// The refunds of a top-up that were told of.
pub fn of_topup(
    tx: &mut Tx<'_>,
    account: AccountId,
    topup: TopupId,
) -> Result<Vec<ToldRefund>, StoreError> {
    const REFUNDS: &str = "
        SELECT provider_ref, reversal_id, gross, made_at, failed_at FROM told_refunds
        WHERE account_id = $1 AND topup_id = $2 ORDER BY provider_ref";

    tx.query(REFUNDS, params![account, topup], |row| {
        Ok(ToldRefund {
            provider_ref: row.get(0)?,
            reversal: row.get(1)?,
            gross: Micros::new(row.get(2)?),
            made_at: row.time(3)?,
            failed_at: row.time_or_null(4)?,
        })
    })
}

pub fn sums(
    tx: &mut Tx<'_>,
    account: AccountId,
    topup: TopupId,
) -> Result<Vec<ToldSum>, StoreError> {
    const SUMS: &str = "
        SELECT told_at, gross FROM told_refund_sums WHERE account_id = $1 AND topup_id = $2";

    tx.query(SUMS, params![account, topup], |row| {
        Ok(ToldSum { told_at: row.time(0)?, gross: Micros::new(row.get(1)?) })
    })
}
