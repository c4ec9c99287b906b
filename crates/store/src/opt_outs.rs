//! Who does not want a number's messages any more.

use std::collections::HashSet;

use domain::{AccountId, NumberId, Timestamp};

use crate::{Bulk, StoreError, Tx, Value, params};

/// A number of an account, and who opted out of its messages, in E.164 form.
pub type OptOut = (AccountId, NumberId, String);

/// Notes that `recipient` opted out; once is enough.
pub fn add(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: NumberId,
    recipient: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    const ADD: &str = "
        INSERT INTO opt_outs (account_id, number_id, recipient, created_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

    tx.execute(ADD, params![account, number, recipient, at])?;
    Ok(())
}

/// Forgets that `recipient` opted out.
pub fn remove(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: NumberId,
    recipient: &str,
) -> Result<(), StoreError> {
    const REMOVE: &str = "
        DELETE FROM opt_outs WHERE account_id = $1 AND number_id = $2 AND recipient = $3";

    tx.execute(REMOVE, params![account, number, recipient])?;
    Ok(())
}

/// Those among `wanted` who opted out.
pub fn among(
    tx: &mut Tx<'_>,
    wanted: &[(AccountId, NumberId, &str)],
) -> Result<HashSet<OptOut>, StoreError> {
    const AMONG: Bulk = Bulk {
        sqlite: "
            SELECT account_id, number_id, recipient FROM opt_outs
            WHERE account_id = ?1 AND number_id = ?2 AND recipient = ?3",
        postgres: "
            SELECT o.account_id, o.number_id, o.recipient
            FROM UNNEST($1::bigint[], $2::bigint[], $3::text[]) AS w (account_id, number_id, recipient)
            JOIN opt_outs o ON o.account_id = w.account_id AND o.number_id = w.number_id
                AND o.recipient = w.recipient",
    };

    let rows: Vec<[Value<'_>; 3]> = wanted
        .iter()
        .map(|(account, number, recipient)| {
            [Value::from(*account), Value::from(*number), Value::from(*recipient)]
        })
        .collect();
    let found = tx.bulk_query(&AMONG, &rows, |row| {
        Ok((AccountId::new(row.get(0)?), NumberId::new(row.get(1)?), row.get(2)?))
    })?;
    Ok(found.into_iter().collect())
}
