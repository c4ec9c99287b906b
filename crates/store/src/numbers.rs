//! Phone numbers, whosever they are.

mod offer;

use domain::{
    AccountId, CarrierId, Country, E164, MessagingProfileId, NumberId, NumberStatus, NumberType,
    Timestamp, opt_out::Words,
};

use crate::{
    Bulk, Row, StoreError, Tx, Value, accounts::AccountStatus, messaging_profiles, params,
};
pub use offer::{Keeping, Wanted, available, claim, reserve, unreserve};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRecord {
    pub id: NumberId,
    pub number: E164,
    pub country: Country,
    pub number_type: NumberType,
    pub status: NumberStatus,
    pub account: Option<AccountId>,
    pub sms_enabled: bool,
    /// The carrier that this number's messages go through first.
    pub carrier: Option<CarrierId>,
    /// Never leaves the simulator.
    pub simulated: bool,
    pub created_at: Timestamp,
    /// Of its account; without one it sends nothing.
    pub profile: Option<MessagingProfileId>,
}

const COLUMNS: &str = "id, number, country, type, status, account_id, sms_enabled, carrier_id,
    simulated, created_at, profile_id";

fn read(row: &Row<'_>) -> Result<NumberRecord, StoreError> {
    Ok(NumberRecord {
        id: NumberId::new(row.get(0)?),
        number: row.parsed(1)?,
        country: row.parsed(2)?,
        number_type: row.parsed(3)?,
        status: row.parsed(4)?,
        account: row.get::<Option<i64>>(5)?.map(AccountId::new),
        sms_enabled: row.flag(6)?,
        carrier: row.get::<Option<i64>>(7)?.map(CarrierId::new),
        simulated: row.flag(8)?,
        created_at: row.time(9)?,
        profile: row.get::<Option<i64>>(10)?.map(MessagingProfileId::new),
    })
}

/// What a send needs to know of its From number and of the account that owns it.
#[derive(Debug, Clone)]
pub struct Sender {
    pub id: NumberId,
    pub account: AccountId,
    pub number: E164,
    pub status: NumberStatus,
    pub sms_enabled: bool,
    pub carrier: Option<CarrierId>,
    pub simulated: bool,
    pub account_status: AccountStatus,
    /// Messages a second.
    pub rate_limit: i64,
    /// Somebody opted out of its messages.
    pub has_opt_outs: bool,
    pub profile: Option<MessagingProfileId>,
}

fn read_sender(row: &Row<'_>) -> Result<Sender, StoreError> {
    Ok(Sender {
        id: NumberId::new(row.get(0)?),
        account: AccountId::new(row.get(1)?),
        number: row.parsed(2)?,
        status: row.parsed(3)?,
        sms_enabled: row.flag(4)?,
        carrier: row.get::<Option<i64>>(5)?.map(CarrierId::new),
        simulated: row.flag(6)?,
        account_status: row.parsed(7)?,
        rate_limit: row.get(8)?,
        has_opt_outs: row.flag(9)?,
        profile: row.get::<Option<i64>>(10)?.map(MessagingProfileId::new),
    })
}

/// The senders among `wanted`; one that is another account's is as good as none.
pub fn senders(
    tx: &mut Tx<'_>,
    wanted: &[(AccountId, NumberId)],
) -> Result<Vec<Sender>, StoreError> {
    const SENDERS: Bulk = Bulk {
        sqlite: "
            SELECT n.id, n.account_id, n.number, n.status, n.sms_enabled, n.carrier_id, n.simulated,
                a.status, a.rate_limit, CAST(EXISTS (SELECT 1 FROM opt_outs o
                    WHERE o.account_id = n.account_id AND o.number_id = n.id) AS BIGINT), n.profile_id
            FROM numbers n JOIN accounts a ON a.id = n.account_id
            WHERE n.account_id = ?1 AND n.id = ?2",
        postgres: "
            SELECT n.id, n.account_id, n.number, n.status, n.sms_enabled, n.carrier_id, n.simulated,
                a.status, a.rate_limit, CASE WHEN EXISTS (SELECT 1 FROM opt_outs o
                    WHERE o.account_id = n.account_id AND o.number_id = n.id)
                    THEN CAST(1 AS BIGINT) ELSE 0 END, n.profile_id
            FROM UNNEST($1::bigint[], $2::bigint[]) AS wanted (account_id, id)
            JOIN numbers n ON n.account_id = wanted.account_id AND n.id = wanted.id
            JOIN accounts a ON a.id = n.account_id",
    };

    let rows: Vec<[Value<'_>; 2]> =
        wanted.iter().map(|(account, id)| [Value::from(*account), Value::from(*id)]).collect();
    tx.bulk_query(&SENDERS, &rows, read_sender)
}

/// For those of `wanted` whose profile lets another of its numbers send instead: the first that
/// can, one of the same country before others, with the number that it stands in for.
///
/// A simulated number is no substitute for a real one, nor the other way round.
pub fn substitutes(
    tx: &mut Tx<'_>,
    wanted: &[(AccountId, NumberId)],
) -> Result<Vec<(NumberId, Sender)>, StoreError> {
    const SUBSTITUTES: Bulk = Bulk {
        sqlite: "
            SELECT n.id, n.account_id, n.number, n.status, n.sms_enabled, n.carrier_id, n.simulated,
                a.status, a.rate_limit, CAST(EXISTS (SELECT 1 FROM opt_outs o
                    WHERE o.account_id = n.account_id AND o.number_id = n.id) AS BIGINT),
                n.profile_id, c.id
            FROM numbers c
            JOIN messaging_profiles p ON p.account_id = c.account_id AND p.id = c.profile_id
                AND p.sender_fallback = 1
            JOIN numbers n ON n.account_id = c.account_id AND n.profile_id = c.profile_id
                AND n.id <> c.id AND n.status = 'active' AND n.sms_enabled = 1
                AND n.simulated = c.simulated
            JOIN accounts a ON a.id = n.account_id
            WHERE c.account_id = ?1 AND c.id = ?2
            ORDER BY CASE WHEN n.country = c.country THEN 0 ELSE 1 END, n.id LIMIT 1",
        postgres: "
            SELECT s.* FROM UNNEST($1::bigint[], $2::bigint[]) AS wanted (account_id, id)
            CROSS JOIN LATERAL (
                SELECT n.id, n.account_id, n.number, n.status, n.sms_enabled, n.carrier_id,
                    n.simulated, a.status AS account_status, a.rate_limit,
                    CASE WHEN EXISTS (SELECT 1 FROM opt_outs o
                        WHERE o.account_id = n.account_id AND o.number_id = n.id)
                        THEN CAST(1 AS BIGINT) ELSE 0 END AS has_opt_outs, n.profile_id, c.id AS chosen
                FROM numbers c
                JOIN messaging_profiles p ON p.account_id = c.account_id AND p.id = c.profile_id
                    AND p.sender_fallback = 1
                JOIN numbers n ON n.account_id = c.account_id AND n.profile_id = c.profile_id
                    AND n.id <> c.id AND n.status = 'active' AND n.sms_enabled = 1
                    AND n.simulated = c.simulated
                JOIN accounts a ON a.id = n.account_id
                WHERE c.account_id = wanted.account_id AND c.id = wanted.id
                ORDER BY CASE WHEN n.country = c.country THEN 0 ELSE 1 END, n.id LIMIT 1) s",
    };

    let rows: Vec<[Value<'_>; 2]> =
        wanted.iter().map(|(account, id)| [Value::from(*account), Value::from(*id)]).collect();
    tx.bulk_query(&SUBSTITUTES, &rows, |row| Ok((NumberId::new(row.get(11)?), read_sender(row)?)))
}

/// What a text that came in needs to know of the number that it came to.
#[derive(Debug, Clone)]
pub struct Receiver {
    pub id: NumberId,
    pub account: AccountId,
    pub profile: Option<MessagingProfileId>,
    /// What stops and starts the number's messages.
    pub words: Words,
}

/// The number as one that texts come to; `None` where no account holds it.
pub fn receiver(tx: &mut Tx<'_>, number: &E164) -> Result<Option<Receiver>, StoreError> {
    const RECEIVER: &str = "
        SELECT n.id, n.account_id, p.id, COALESCE(p.standard_words, 1),
            COALESCE(p.stop_words, ''), COALESCE(p.start_words, '')
        FROM numbers n LEFT JOIN messaging_profiles p
            ON p.account_id = n.account_id AND p.id = n.profile_id
        WHERE n.number = $1 AND n.account_id IS NOT NULL";

    tx.query_one(RECEIVER, params![number], |row| {
        Ok(Receiver {
            id: NumberId::new(row.get(0)?),
            account: AccountId::new(row.get(1)?),
            profile: row.get::<Option<i64>>(2)?.map(MessagingProfileId::new),
            words: messaging_profiles::read_words(row, 3)?,
        })
    })
}

/// Adds numbers; answers how many were new. One that exists is left as it is.
pub fn insert(tx: &mut Tx<'_>, numbers: &[NumberRecord]) -> Result<u64, StoreError> {
    const INSERT: Bulk = Bulk {
        sqlite: "
            INSERT INTO numbers (id, number, country, type, status, account_id, sms_enabled,
                carrier_id, simulated, created_at, profile_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
        postgres: "
            INSERT INTO numbers (id, number, country, type, status, account_id, sms_enabled,
                carrier_id, simulated, created_at, profile_id)
            SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
                $11::bigint[])
            ON CONFLICT DO NOTHING",
    };

    let rows: Vec<[Value<'_>; 11]> = numbers.iter().map(columns).collect();
    tx.bulk(&INSERT, &rows)
}

/// Which of these numbers are in the inventory: their places.
pub fn known(tx: &mut Tx<'_>, numbers: &[E164]) -> Result<Vec<i64>, StoreError> {
    const KNOWN: Bulk = Bulk {
        sqlite: "SELECT CAST(?2 AS BIGINT) FROM numbers WHERE number = ?1",
        postgres: "
            SELECT wanted.place FROM UNNEST($1::text[], $2::bigint[]) AS wanted (number, place)
            JOIN numbers n ON n.number = wanted.number",
    };

    let rows: Vec<[Value<'_>; 2]> =
        numbers.iter().zip(0_i64..).map(|(number, at)| [number.into(), at.into()]).collect();
    tx.bulk_query(&KNOWN, &rows, |row| row.get(0))
}

fn columns(number: &NumberRecord) -> [Value<'_>; 11] {
    [
        Value::from(number.id),
        Value::from(&number.number),
        Value::from(number.country.as_str()),
        Value::from(number.number_type.as_str()),
        Value::from(number.status.as_str()),
        Value::from(number.account),
        Value::from(number.sms_enabled),
        Value::from(number.carrier),
        Value::from(number.simulated),
        Value::from(number.created_at),
        Value::from(number.profile),
    ]
}

/// Writes everything that can change of a number.
pub fn update(tx: &mut Tx<'_>, number: &NumberRecord) -> Result<(), StoreError> {
    const UPDATE: &str = "
        UPDATE numbers SET country = $1, type = $2, status = $3, account_id = $4, sms_enabled = $5,
            carrier_id = $6, simulated = $7, profile_id = $8
        WHERE id = $9";

    tx.execute(
        UPDATE,
        params![
            number.country.as_str(),
            number.number_type.as_str(),
            number.status.as_str(),
            number.account,
            number.sms_enabled,
            number.carrier,
            number.simulated,
            number.profile,
            number.id
        ],
    )?;
    Ok(())
}

/// Whether it is no part of an import that is under way.
const SHOWN: &str = "NOT EXISTS (SELECT 1 FROM hidden_numbers h
    WHERE h.first_id <= numbers.id AND h.last_id >= numbers.id)";

/// Switches SMS on an account's active number; answers false where it was so before.
pub fn switch_sms(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: NumberId,
    enabled: bool,
) -> Result<bool, StoreError> {
    const SWITCH: &str = "
        UPDATE numbers SET sms_enabled = $1 WHERE account_id = $2 AND id = $3 AND sms_enabled <> $1";

    Ok(tx.execute(SWITCH, params![enabled, account, id])? == 1)
}

/// Assigns an account's number to one of its profiles, or to none.
pub fn set_profile(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: NumberId,
    profile: Option<MessagingProfileId>,
) -> Result<(), StoreError> {
    const SET: &str = "UPDATE numbers SET profile_id = $1 WHERE account_id = $2 AND id = $3";

    tx.execute(SET, params![profile, account, id])?;
    Ok(())
}

/// Moves an account's number from one status to another; answers false where it had another.
pub fn change_status(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: NumberId,
    (from, to): (NumberStatus, NumberStatus),
) -> Result<bool, StoreError> {
    const CHANGE: &str = "
        UPDATE numbers SET status = $1 WHERE account_id = $2 AND id = $3 AND status = $4";

    Ok(tx.execute(CHANGE, params![to.as_str(), account, id, from.as_str()])? == 1)
}

/// Takes an account's number from it; answers false where it has no such number.
pub fn release(tx: &mut Tx<'_>, account: AccountId, id: NumberId) -> Result<bool, StoreError> {
    const RELEASE: &str = "
        UPDATE numbers SET status = 'released', account_id = NULL, sms_enabled = 0,
            profile_id = NULL
        WHERE account_id = $1 AND id = $2";

    Ok(tx.execute(RELEASE, params![account, id])? == 1)
}

pub fn find(tx: &mut Tx<'_>, id: NumberId) -> Result<Option<NumberRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM numbers WHERE id = $1 AND {SHOWN}");
    tx.query_one(&sql, params![id], read)
}

/// A number that is about to be changed by what it is now: nobody else changes it meanwhile.
pub fn lock(tx: &mut Tx<'_>, id: NumberId) -> Result<Option<NumberRecord>, StoreError> {
    let lock = if tx.is_postgres() { "FOR UPDATE" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM numbers WHERE id = $1 AND {SHOWN} {lock}");
    tx.query_one(&sql, params![id], read)
}

pub fn find_by_number(tx: &mut Tx<'_>, number: &E164) -> Result<Option<NumberRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM numbers WHERE number = $1");
    tx.query_one(&sql, params![number], read)
}

/// An account's numbers, newest first, those with ids below `before`.
pub fn of_account(
    tx: &mut Tx<'_>,
    account: AccountId,
    before: i64,
    limit: i64,
) -> Result<Vec<NumberRecord>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM numbers WHERE account_id = $1 AND id < $2 AND {SHOWN}
         ORDER BY id DESC LIMIT $3"
    );
    tx.query(&sql, params![account, before, limit], read)
}

/// The whole inventory, or what has one status, newest first, those with ids below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    status: Option<NumberStatus>,
    before: i64,
    limit: i64,
) -> Result<Vec<NumberRecord>, StoreError> {
    let Some(status) = status else {
        let sql = format!(
            "SELECT {COLUMNS} FROM numbers WHERE id < $1 AND {SHOWN} ORDER BY id DESC LIMIT $2"
        );
        return tx.query(&sql, params![before, limit], read);
    };
    // The word itself, so that a partial index can serve it.
    let sql = format!(
        "SELECT {COLUMNS} FROM numbers WHERE status = '{status}' AND id < $1 AND {SHOWN}
         ORDER BY id DESC LIMIT $2"
    );
    tx.query(&sql, params![before, limit], read)
}
