//! Whoever can sign in: customers and operators, found by their addresses.

use domain::{AccountId, Email, Language, OperatorId, Theme, TimeZone, Timestamp};

use crate::{Row, StoreError, Tx, Value, accounts::AccountStatus, api_keys::Owner, params};

#[derive(Debug, Clone)]
pub struct Person {
    pub owner: Owner,
    pub name: String,
    pub email: Email,
    /// `None` until the person sets a password by e-mail.
    pub password_hash: Option<String>,
    /// When the address was shown to be the person's.
    pub verified_at: Option<Timestamp>,
    pub profile: Profile,
}

/// What people choose for themselves.
#[derive(Debug, Clone)]
pub struct Profile {
    /// `None`: as the browser has it.
    pub language: Option<Language>,
    pub theme: Theme,
    /// `None`: as the browser has it.
    pub time_zone: Option<TimeZone>,
}

/// Operators have a name only where they gave one.
const PEOPLE: &str = "
    SELECT id AS account_id, CAST(NULL AS BIGINT) AS operator_id, name, email, password_hash,
        verified_at, language, theme, time_zone FROM accounts
    UNION ALL
    SELECT CAST(NULL AS BIGINT), id, COALESCE(name, email), email, password_hash,
        verified_at, language, theme, time_zone FROM operators";

const COLUMNS: &str = "account_id, operator_id, name, email, password_hash, verified_at, language,
    theme, time_zone";

fn read(row: &Row<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        owner: owner(row, 0)?,
        name: row.get(2)?,
        email: row.parsed(3)?,
        password_hash: row.get(4)?,
        verified_at: row.time_or_null(5)?,
        profile: Profile {
            language: row.parsed_or_null(6)?,
            theme: row.parsed(7)?,
            time_zone: row.parsed_or_null(8)?,
        },
    })
}

/// The owner in two columns, an account's id and an operator's, one of them null.
pub(crate) fn owner(row: &Row<'_>, column: usize) -> Result<Owner, StoreError> {
    match (row.get::<Option<i64>>(column)?, row.get::<Option<i64>>(column + 1)?) {
        (Some(account), None) => Ok(Owner::Account(AccountId::new(account))),
        (None, Some(operator)) => Ok(Owner::Operator(OperatorId::new(operator))),
        _ => Err(StoreError::corrupt("a row that belongs to nobody, or to two")),
    }
}

/// The owner as those two columns hold it.
pub(crate) fn owner_columns(owner: Owner) -> (Value<'static>, Value<'static>) {
    match owner {
        Owner::Account(id) => (Value::from(id), Value::Null),
        Owner::Operator(id) => (Value::Null, Value::from(id)),
    }
}

/// The column that holds this owner, and its id.
pub(crate) fn owner_column(owner: Owner) -> (&'static str, Value<'static>) {
    match owner {
        Owner::Account(id) => ("account_id", Value::from(id)),
        Owner::Operator(id) => ("operator_id", Value::from(id)),
    }
}

fn table(owner: Owner) -> (&'static str, Value<'static>) {
    match owner {
        Owner::Account(id) => ("accounts", Value::from(id)),
        Owner::Operator(id) => ("operators", Value::from(id)),
    }
}

/// An address belongs to one person: sign-up and the command line see to it.
pub fn find_by_email(tx: &mut Tx<'_>, email: &Email) -> Result<Option<Person>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM ({PEOPLE}) people WHERE email = $1");
    tx.query_one(&sql, params![email.as_str()], read)
}

pub fn find(tx: &mut Tx<'_>, owner: Owner) -> Result<Option<Person>, StoreError> {
    let (column, id) = owner_column(owner);
    let sql = format!("SELECT {COLUMNS} FROM ({PEOPLE}) people WHERE {column} = $1");
    tx.query_one(&sql, &[id], read)
}

/// The status of an account; operators have none.
pub fn status(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<AccountStatus>, StoreError> {
    const STATUS: &str = "SELECT status FROM accounts WHERE id = $1";

    tx.query_one(STATUS, params![account], |row| row.parsed(0))
}

/// Writes the name and the profile.
pub fn update(
    tx: &mut Tx<'_>,
    owner: Owner,
    name: &str,
    profile: &Profile,
) -> Result<(), StoreError> {
    let (table, id) = table(owner);
    let sql = format!(
        "UPDATE {table} SET name = $1, language = $2, theme = $3, time_zone = $4 WHERE id = $5"
    );
    let values = [
        Value::from(name),
        Value::from(profile.language.map(Language::as_str)),
        Value::from(profile.theme.as_str()),
        Value::from(profile.time_zone.as_ref().map(TimeZone::as_str)),
        id,
    ];
    tx.execute(&sql, &values)?;
    Ok(())
}

pub fn set_password(tx: &mut Tx<'_>, owner: Owner, hash: &str) -> Result<(), StoreError> {
    let (table, id) = table(owner);
    let sql = format!("UPDATE {table} SET password_hash = $1 WHERE id = $2");
    tx.execute(&sql, &[Value::from(hash), id])?;
    Ok(())
}

/// Notes that the address is the person's; the first time counts.
pub fn verify(tx: &mut Tx<'_>, owner: Owner, at: Timestamp) -> Result<(), StoreError> {
    let (table, id) = table(owner);
    let sql = format!("UPDATE {table} SET verified_at = COALESCE(verified_at, $1) WHERE id = $2");
    tx.execute(&sql, &[Value::from(at), id])?;
    Ok(())
}
