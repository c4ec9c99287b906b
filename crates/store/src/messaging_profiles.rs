//! Messaging profiles: how the texts of some of an account's numbers are treated.

use domain::{AccountId, MessagingProfileId, Timestamp, opt_out::Words};

use crate::{Row, StoreError, Tx, params};

#[derive(Debug, Clone)]
pub struct MessagingProfile {
    pub account: AccountId,
    pub id: MessagingProfileId,
    pub name: String,
    /// Numbers that the account gets are assigned to it.
    pub is_default: bool,
    pub words: Words,
    /// Another number of the profile sends where the chosen one cannot.
    pub sender_fallback: bool,
    pub created_at: Timestamp,
}

/// What hangs on a profile.
#[derive(Debug, Clone, Copy)]
pub struct Uses {
    pub numbers: i64,
    /// Endpoints of its own.
    pub webhooks: i64,
}

/// How a profile fares. Its endpoints are those that are told of its inbound texts: its own,
/// and those of the whole account.
#[derive(Debug, Clone, Copy)]
pub struct Health {
    pub numbers: i64,
    pub webhooks_enabled: i64,
    /// Of the enabled ones: nothing succeeded lately.
    pub webhooks_failing: i64,
    pub webhooks_disabled: i64,
    /// People who do not want messages of one of its numbers, counted for each number.
    pub opt_outs: i64,
}

const COLUMNS: &str = "p.account_id, p.id, p.name, p.is_default, p.standard_words, p.stop_words,
    p.start_words, p.sender_fallback, p.created_at";

fn read(row: &Row<'_>) -> Result<MessagingProfile, StoreError> {
    Ok(MessagingProfile {
        account: AccountId::new(row.get(0)?),
        id: MessagingProfileId::new(row.get(1)?),
        name: row.get(2)?,
        is_default: row.flag(3)?,
        words: read_words(row, 4)?,
        sender_fallback: row.flag(7)?,
        created_at: row.time(8)?,
    })
}

/// Reads three columns: whether the standard words count, own STOP and own START words.
pub(crate) fn read_words(row: &Row<'_>, column: usize) -> Result<Words, StoreError> {
    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<String>>();
    let (stop, start) = (lines(row.get(column + 1)?), lines(row.get(column + 2)?));
    Words::new(row.flag(column)?, &stop, &start).map_err(StoreError::corrupt)
}

pub fn insert(tx: &mut Tx<'_>, profile: &MessagingProfile) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO messaging_profiles (account_id, id, name, is_default, standard_words,
            stop_words, start_words, sender_fallback, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    tx.execute(
        INSERT,
        params![
            profile.account,
            profile.id,
            &profile.name,
            profile.is_default,
            profile.words.has_standard(),
            &profile.words.stop().join("\n"),
            &profile.words.start().join("\n"),
            profile.sender_fallback,
            profile.created_at
        ],
    )?;
    Ok(())
}

/// Writes everything that can change of a profile.
pub fn update(tx: &mut Tx<'_>, profile: &MessagingProfile) -> Result<(), StoreError> {
    const UPDATE: &str = "
        UPDATE messaging_profiles SET name = $1, standard_words = $2, stop_words = $3,
            start_words = $4, sender_fallback = $5
        WHERE account_id = $6 AND id = $7";

    tx.execute(
        UPDATE,
        params![
            &profile.name,
            profile.words.has_standard(),
            &profile.words.stop().join("\n"),
            &profile.words.start().join("\n"),
            profile.sender_fallback,
            profile.account,
            profile.id
        ],
    )?;
    Ok(())
}

pub fn delete(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: MessagingProfileId,
) -> Result<(), StoreError> {
    const DELETE: &str =
        "DELETE FROM messaging_profiles WHERE account_id = $1 AND id = $2 AND is_default = 0";

    tx.execute(DELETE, params![account, id])?;
    Ok(())
}

/// A profile that is about to be changed, removed or given something: it stays as it is until
/// the transaction ends.
pub fn lock(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: MessagingProfileId,
) -> Result<Option<MessagingProfile>, StoreError> {
    let lock = if tx.is_postgres() { "FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM messaging_profiles p
         WHERE p.account_id = $1 AND p.id = $2 {lock}"
    );
    tx.query_one(&sql, params![account, id], read)
}

/// The profile that an account's new numbers are given.
pub fn default_of(
    tx: &mut Tx<'_>,
    account: AccountId,
) -> Result<Option<MessagingProfileId>, StoreError> {
    const DEFAULT: &str =
        "SELECT id FROM messaging_profiles WHERE account_id = $1 AND is_default = 1";

    tx.query_one(DEFAULT, params![account], |row| row.get(0).map(MessagingProfileId::new))
}

pub fn count(tx: &mut Tx<'_>, account: AccountId) -> Result<i64, StoreError> {
    const COUNT: &str = "SELECT COUNT(*) FROM messaging_profiles WHERE account_id = $1";

    Ok(tx.query_one(COUNT, params![account], |row| row.get(0))?.unwrap_or(0))
}

pub fn uses(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: MessagingProfileId,
) -> Result<Uses, StoreError> {
    const USES: &str = "
        SELECT (SELECT COUNT(*) FROM numbers WHERE account_id = $1 AND profile_id = $2),
            (SELECT COUNT(*) FROM webhooks
                WHERE account_id = $1 AND profile_id = $2 AND deleted_at IS NULL)";

    let found = tx.query_one(USES, params![account, id], |row| {
        Ok(Uses { numbers: row.get(0)?, webhooks: row.get(1)? })
    })?;
    found.ok_or_else(|| StoreError::corrupt("a count without a row"))
}

/// The names of an account's profiles, of which there are few.
pub fn names(
    tx: &mut Tx<'_>,
    account: AccountId,
) -> Result<Vec<(MessagingProfileId, String)>, StoreError> {
    const NAMES: &str = "SELECT id, name FROM messaging_profiles WHERE account_id = $1";

    tx.query(NAMES, params![account], |row| Ok((MessagingProfileId::new(row.get(0)?), row.get(1)?)))
}

/// An account's profiles, newest first, those with ids below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    before: i64,
    limit: i64,
) -> Result<Vec<(MessagingProfile, Health)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, {HEALTH} FROM messaging_profiles p
         WHERE p.account_id = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3"
    );
    tx.query(&sql, params![account, before, limit], read_with_health)
}

pub fn find(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: MessagingProfileId,
) -> Result<Option<(MessagingProfile, Health)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, {HEALTH} FROM messaging_profiles p
         WHERE p.account_id = $1 AND p.id = $2"
    );
    tx.query_one(&sql, params![account, id], read_with_health)
}

const HEALTH: &str = "
    (SELECT COUNT(*) FROM numbers n WHERE n.account_id = p.account_id AND n.profile_id = p.id),
    (SELECT COUNT(*) FROM webhooks h WHERE h.account_id = p.account_id
        AND (h.profile_id IS NULL OR h.profile_id = p.id) AND h.deleted_at IS NULL
        AND h.events LIKE '%sms.received%' AND h.status = 'enabled'),
    (SELECT COUNT(*) FROM webhooks h WHERE h.account_id = p.account_id
        AND (h.profile_id IS NULL OR h.profile_id = p.id) AND h.deleted_at IS NULL
        AND h.events LIKE '%sms.received%' AND h.status = 'enabled' AND h.failing_since IS NOT NULL),
    (SELECT COUNT(*) FROM webhooks h WHERE h.account_id = p.account_id
        AND (h.profile_id IS NULL OR h.profile_id = p.id) AND h.deleted_at IS NULL
        AND h.events LIKE '%sms.received%' AND h.status = 'disabled'),
    (SELECT COUNT(*) FROM numbers n JOIN opt_outs o
        ON o.account_id = n.account_id AND o.number_id = n.id
        WHERE n.account_id = p.account_id AND n.profile_id = p.id)";

fn read_with_health(row: &Row<'_>) -> Result<(MessagingProfile, Health), StoreError> {
    let health = Health {
        numbers: row.get(9)?,
        webhooks_enabled: row.get(10)?,
        webhooks_failing: row.get(11)?,
        webhooks_disabled: row.get(12)?,
        opt_outs: row.get(13)?,
    };
    Ok((read(row)?, health))
}
