//! Numbers on offer: listed, kept for whoever is in a checkout, and given to who buys them.

use domain::{AccountId, Country, NumberId, NumberType, Timestamp};

use super::{COLUMNS, NumberRecord, read};
use crate::{StoreError, Tx, Value, params};

/// Whether nobody else has it in a checkout; `$account` and `$now` are parameters.
macro_rules! free_for {
    ($account:literal, $now:literal) => {
        concat!(
            "status = 'available' AND account_id IS NULL AND (reserved_by IS NULL OR reserved_by = ",
            $account,
            " OR reserved_until <= ",
            $now,
            ") AND NOT EXISTS (SELECT 1 FROM hidden_numbers h
                WHERE h.first_id <= numbers.id AND h.last_id >= numbers.id)"
        )
    };
}

/// Gives an available number to an account, with its default profile; `None` where it is not, or no longer, to be had.
pub fn claim(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: NumberId,
    sms_enabled: bool,
    now: Timestamp,
) -> Result<Option<NumberRecord>, StoreError> {
    let sql = format!(
        "UPDATE numbers SET status = 'active', account_id = $1, sms_enabled = $2,
             reserved_by = NULL, reserved_from = NULL, reserved_until = NULL,
             profile_id = (
                 SELECT p.id FROM messaging_profiles p WHERE p.account_id = $1 AND p.is_default = 1)
         WHERE id = $3 AND {} RETURNING {COLUMNS}",
        free_for!("$1", "$4")
    );
    tx.query_one(&sql, params![account, sms_enabled, id, now], read)
}

/// When a number is kept for an account in a checkout.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    pub now: Timestamp,
    pub until: Timestamp,
    /// What the account began to keep before this it begins to keep anew.
    pub anew_before: Timestamp,
}

/// Keeps an available number for an account; `None` where it is not to be had.
///
/// Answers also since when the account has kept it, with or without gaps.
pub fn reserve(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: NumberId,
    keeping: Keeping,
) -> Result<Option<(NumberRecord, Timestamp)>, StoreError> {
    let sql = format!(
        "UPDATE numbers SET reserved_by = $1, reserved_until = $2,
             reserved_from = CASE WHEN reserved_by = $1 AND reserved_from > $3
                 THEN reserved_from ELSE $4 END
         WHERE id = $5 AND {} RETURNING {COLUMNS}, reserved_from",
        free_for!("$1", "$4")
    );
    let Keeping { now, until, anew_before } = keeping;
    tx.query_one(&sql, params![account, until, anew_before, now, id], |row| {
        Ok((read(row)?, row.time(11)?))
    })
}

/// Lets go of everything that an account has in a checkout; since when it had it is remembered.
pub fn unreserve(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
    const UNRESERVE: &str = "
        UPDATE numbers SET reserved_until = $1 WHERE reserved_by = $2 AND reserved_until > $1";

    tx.execute(UNRESERVE, params![now, account])?;
    Ok(())
}

/// Which available numbers a list shows.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub country: Option<Country>,
    pub number_type: Option<NumberType>,
    /// Digits that lie together in the number.
    pub contains: Option<String>,
    /// Only these kinds, where given.
    pub kinds: Option<Vec<(Country, NumberType)>>,
}

/// Numbers that `buyer` can order, newest first, those with ids below `before`.
pub fn available(
    tx: &mut Tx<'_>,
    wanted: &Wanted,
    (buyer, now): (AccountId, Timestamp),
    before: i64,
    limit: i64,
) -> Result<Vec<NumberRecord>, StoreError> {
    if wanted.kinds.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let pattern = wanted.contains.as_ref().map(|digits| format!("%{digits}%"));
    let mut conditions = vec![format!("id < $1 AND {}", free_for!("$2", "$3"))];
    let mut params = vec![Value::from(before), Value::from(buyer), Value::from(now)];
    let given = [
        ("country = ", wanted.country.as_ref().map(|country| Value::from(country.as_str()))),
        ("type = ", wanted.number_type.map(|number_type| Value::from(number_type.as_str()))),
        ("number LIKE ", pattern.as_deref().map(Value::from)),
    ];
    for (condition, value) in given {
        if let Some(value) = value {
            params.push(value);
            conditions.push(format!("{condition}${}", params.len()));
        }
    }
    if let Some(kinds) = &wanted.kinds {
        // Countries and types are letters and underscores alone.
        let kinds: Vec<String> = kinds
            .iter()
            .map(|(country, number_type)| format!("'{country} {number_type}'"))
            .collect();
        conditions.push(format!("country || ' ' || type IN ({})", kinds.join(", ")));
    }
    params.push(Value::from(limit));
    let sql = format!(
        "SELECT {COLUMNS} FROM numbers WHERE {} ORDER BY id DESC LIMIT ${}",
        conditions.join(" AND "),
        params.len()
    );
    tx.query(&sql, &params, read)
}
