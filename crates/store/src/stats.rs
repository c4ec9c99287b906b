//! Roll-ups that are kept in the same transaction as what they count.

use std::collections::BTreeMap;

use domain::{AccountId, NumberId, Timestamp};

use crate::{Bulk, StoreError, Tx, Value, params};

/// Counts of one number on one UTC day, the day on which the messages were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub outbound: i64,
    pub inbound: i64,
    pub delivered: i64,
    pub failed: i64,
}

/// Counts to be added, gathered over a transaction.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<(AccountId, NumberId, i64), Counts>);

impl Tally {
    /// The counts of the day on which a message was made.
    pub fn of(&mut self, account: AccountId, number: NumberId, made: Timestamp) -> &mut Counts {
        self.0.entry((account, number, made.day())).or_default()
    }

    pub fn store(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        const ADD: Bulk = Bulk {
            sqlite: "
                INSERT INTO daily_counts (account_id, number_id, day, outbound, inbound, delivered, failed)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT (account_id, number_id, day) DO UPDATE SET
                    outbound = daily_counts.outbound + excluded.outbound,
                    inbound = daily_counts.inbound + excluded.inbound,
                    delivered = daily_counts.delivered + excluded.delivered,
                    failed = daily_counts.failed + excluded.failed",
            postgres: "
                INSERT INTO daily_counts (account_id, number_id, day, outbound, inbound, delivered, failed)
                SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
                    $5::bigint[], $6::bigint[], $7::bigint[])
                ON CONFLICT (account_id, number_id, day) DO UPDATE SET
                    outbound = daily_counts.outbound + excluded.outbound,
                    inbound = daily_counts.inbound + excluded.inbound,
                    delivered = daily_counts.delivered + excluded.delivered,
                    failed = daily_counts.failed + excluded.failed",
        };

        let rows: Vec<[Value<'_>; 7]> = self
            .0
            .iter()
            .map(|((account, number, day), counts)| {
                [
                    Value::from(*account),
                    Value::from(*number),
                    Value::from(*day),
                    Value::from(counts.outbound),
                    Value::from(counts.inbound),
                    Value::from(counts.delivered),
                    Value::from(counts.failed),
                ]
            })
            .collect();
        tx.send(&ADD, &rows)
    }
}

/// The sums over the days `from..=to`, of one number or of all.
pub fn sums(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: Option<NumberId>,
    from_day: i64,
    to_day: i64,
) -> Result<Counts, StoreError> {
    const SUMS: &str = "
        SELECT CAST(COALESCE(SUM(outbound), 0) AS BIGINT), CAST(COALESCE(SUM(inbound), 0) AS BIGINT),
            CAST(COALESCE(SUM(delivered), 0) AS BIGINT), CAST(COALESCE(SUM(failed), 0) AS BIGINT)
        FROM daily_counts
        WHERE account_id = $1 AND day BETWEEN $2 AND $3
            AND (CAST($4 AS BIGINT) IS NULL OR number_id = $4)";

    let counts = tx.query_one(SUMS, params![account, from_day, to_day, number], |row| {
        Ok(Counts {
            outbound: row.get(0)?,
            inbound: row.get(1)?,
            delivered: row.get(2)?,
            failed: row.get(3)?,
        })
    })?;
    Ok(counts.unwrap_or_default())
}
