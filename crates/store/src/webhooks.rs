//! Endpoints to which an account's events are pushed, and how far each has come.

pub mod attempts;
pub mod deliveries;
mod upkeep;

use domain::{
    AccountId, MessageStatus, MessagingProfileId, Timestamp, WebhookId,
    webhooks::{WebhookEvent, WebhookEvents},
};

use crate::{Row, StoreError, Tx, events::EventKind, params};
pub use upkeep::{forget_old, next_in_turn};

domain::words! {
    pub enum WebhookStatus {
        Enabled = "enabled",
        Disabled = "disabled",
    }
}

domain::words! {
    /// Why nothing is pushed to an endpoint.
    pub enum DisabledReason {
        /// Its owner wanted so.
        ByCustomer = "by_customer",
        /// It answered 410 Gone.
        Gone = "gone",
        /// Nothing succeeded for days.
        Failing = "failing",
    }
}

#[derive(Debug, Clone)]
pub struct Webhook {
    pub account: AccountId,
    pub id: WebhookId,
    /// It is told of this profile's messages alone; `None`: of everything.
    pub profile: Option<MessagingProfileId>,
    pub url: String,
    pub description: String,
    pub events: WebhookEvents,
    pub status: WebhookStatus,
    pub disabled_reason: Option<DisabledReason>,
    /// When the first of the failures came after which nothing succeeded.
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Events up to this one have become deliveries.
    pub after_seq: i64,
    /// The account's last event when the endpoint was made.
    pub first_seq: i64,
}

/// What signs a delivery: the present secret first.
#[derive(Clone)]
pub struct Secrets(pub Vec<Vec<u8>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// The name under which an event is pushed; `None` for one that is not.
pub fn pushed_as(kind: EventKind, status: Option<MessageStatus>) -> Option<WebhookEvent> {
    match (kind, status) {
        (EventKind::SmsReceived, _) => Some(WebhookEvent::SmsReceived),
        (EventKind::SmsStatus, Some(MessageStatus::Sent)) => Some(WebhookEvent::SmsSent),
        (EventKind::SmsStatus, Some(MessageStatus::Delivered)) => Some(WebhookEvent::SmsDelivered),
        (EventKind::SmsStatus, Some(MessageStatus::Failed)) => Some(WebhookEvent::SmsFailed),
        (EventKind::NumberStatus, _) => Some(WebhookEvent::NumberStatus),
        (EventKind::WalletLowBalance, _) => Some(WebhookEvent::WalletLowBalance),
        (EventKind::WalletRechargeFailed, _) => Some(WebhookEvent::WalletRechargeFailed),
        (EventKind::SmsStatus | EventKind::WalletBalance | EventKind::WebhookStatus, _) => None,
    }
}

const COLUMNS: &str = "account_id, id, url, description, events, status, disabled_reason,
    failing_since, created_at, after_seq, first_seq, profile_id";

fn read(row: &Row<'_>) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        account: AccountId::new(row.get(0)?),
        id: WebhookId::new(row.get(1)?),
        url: row.get(2)?,
        description: row.get(3)?,
        events: row.parsed(4)?,
        status: row.parsed(5)?,
        disabled_reason: row.parsed_or_null(6)?,
        failing_since: row.time_or_null(7)?,
        created_at: row.time(8)?,
        after_seq: row.get(9)?,
        first_seq: row.get(10)?,
        profile: row.get::<Option<i64>>(11)?.map(MessagingProfileId::new),
    })
}

/// Stores a new endpoint: it is told what comes after `webhook.first_seq`.
pub fn insert(tx: &mut Tx<'_>, webhook: &Webhook, secret: &[u8]) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO webhooks (account_id, id, url, description, events, secret, status, first_seq,
            since_seq, after_seq, paused_until, created_at, profile_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, 0, $9, $10)";

    tx.execute(
        INSERT,
        params![
            webhook.account,
            webhook.id,
            &webhook.url,
            &webhook.description,
            &webhook.events.to_string(),
            secret,
            webhook.status.as_str(),
            webhook.first_seq,
            webhook.created_at,
            webhook.profile
        ],
    )?;
    Ok(())
}

pub fn find(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
) -> Result<Option<Webhook>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL"
    );
    tx.query_one(&sql, params![account, id], read)
}

/// An endpoint that is about to be changed by what it is now: nobody else changes it meanwhile.
pub fn lock(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
) -> Result<Option<Webhook>, StoreError> {
    let lock = if tx.is_postgres() { "FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks
         WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL {lock}"
    );
    tx.query_one(&sql, params![account, id], read)
}

pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    before: i64,
    limit: i64,
) -> Result<Vec<Webhook>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks WHERE account_id = $1 AND id < $2 AND deleted_at IS NULL
         ORDER BY id DESC LIMIT $3"
    );
    tx.query(&sql, params![account, before, limit], read)
}

pub fn count(tx: &mut Tx<'_>, account: AccountId) -> Result<i64, StoreError> {
    const COUNT: &str =
        "SELECT COUNT(*) FROM webhooks WHERE account_id = $1 AND deleted_at IS NULL";

    Ok(tx.query_one(COUNT, params![account], |row| row.get(0))?.unwrap_or(0))
}

/// Writes address, description, events and profile; what those leave out is not owed any more.
pub fn update(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<(), StoreError> {
    const UPDATE: &str = "
        UPDATE webhooks SET url = $1, description = $2, events = $3, profile_id = $4,
            since_seq = after_seq
        WHERE account_id = $5 AND id = $6";

    let events = webhook.events.to_string();
    tx.execute(
        UPDATE,
        params![
            &webhook.url,
            &webhook.description,
            &events,
            webhook.profile,
            webhook.account,
            webhook.id
        ],
    )?;
    Ok(())
}

/// Begins to push again, with what comes after `seq`; answers false where it was not disabled.
pub fn enable(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    seq: i64,
) -> Result<bool, StoreError> {
    const ENABLE: &str = "
        UPDATE webhooks SET status = 'enabled', disabled_reason = NULL, failing_since = NULL,
            paused_until = 0, since_seq = $1, after_seq = $1
        WHERE account_id = $2 AND id = $3 AND status = 'disabled' AND deleted_at IS NULL";

    Ok(tx.execute(ENABLE, params![seq, account, id])? == 1)
}

/// Ends the pushing, and the tries that are under way; answers false where it had ended before.
pub fn disable(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    reason: DisabledReason,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const DISABLE: &str = "
        UPDATE webhooks SET status = 'disabled', disabled_reason = $1
        WHERE account_id = $2 AND id = $3 AND status = 'enabled' AND deleted_at IS NULL";

    if tx.execute(DISABLE, params![reason.as_str(), account, id])? == 0 {
        return Ok(false);
    }
    deliveries::give_up(tx, account, id, at)?;
    Ok(true)
}

/// Takes the endpoint out of sight; what belongs to it is removed later, little by little.
pub fn delete(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const DELETE: &str = "
        UPDATE webhooks SET deleted_at = $1, status = 'disabled', disabled_reason = 'by_customer'
        WHERE account_id = $2 AND id = $3 AND deleted_at IS NULL";

    Ok(tx.execute(DELETE, params![at, account, id])? == 1)
}

/// Signs with `secret` from now on, and with the one before until `old_until`.
pub fn rotate(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    secret: &[u8],
    old_until: Timestamp,
) -> Result<bool, StoreError> {
    const ROTATE: &str = "
        UPDATE webhooks SET old_secret = secret, old_secret_until = $1, secret = $2
        WHERE account_id = $3 AND id = $4 AND deleted_at IS NULL";

    Ok(tx.execute(ROTATE, params![old_until, secret, account, id])? == 1)
}

/// The secrets that sign at `now`.
pub fn secrets(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    now: Timestamp,
) -> Result<Secrets, StoreError> {
    const SECRETS: &str = "
        SELECT secret, CASE WHEN old_secret_until > $1 THEN old_secret END FROM webhooks
        WHERE account_id = $2 AND id = $3";

    let found = tx.query_one(SECRETS, params![now, account, id], |row| {
        let old: Option<Vec<u8>> = row.get(1)?;
        Ok(std::iter::once(row.get(0)?).chain(old).collect())
    })?;
    found.map(Secrets).ok_or_else(|| StoreError::corrupt("a delivery without its webhook"))
}

/// Endpoints that are to be told something at `now`.
pub fn with_work(
    tx: &mut Tx<'_>,
    now: Timestamp,
) -> Result<Vec<(AccountId, WebhookId)>, StoreError> {
    const WITH_WORK: &str = "
        SELECT h.account_id, h.id FROM webhooks h JOIN wallets w ON w.account_id = h.account_id
        WHERE h.status = 'enabled' AND h.deleted_at IS NULL AND h.paused_until <= $1
            AND (w.event_seq > h.after_seq OR EXISTS (
                SELECT 1 FROM webhook_deliveries d WHERE d.account_id = h.account_id
                    AND d.webhook_id = h.id AND d.status = 'pending' AND d.next_attempt_at <= $1))";

    tx.query(WITH_WORK, params![now], |row| {
        Ok((AccountId::new(row.get(0)?), WebhookId::new(row.get(1)?)))
    })
}

/// Every endpoint that is enabled.
pub fn enabled(tx: &mut Tx<'_>) -> Result<Vec<(AccountId, WebhookId)>, StoreError> {
    const ENABLED: &str =
        "SELECT account_id, id FROM webhooks WHERE status = 'enabled' AND deleted_at IS NULL";

    tx.query(ENABLED, &[], |row| Ok((AccountId::new(row.get(0)?), WebhookId::new(row.get(1)?))))
}

/// The endpoint where it is to be told something at `now`: enabled, and not paused.
pub fn find_ready(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    now: Timestamp,
) -> Result<Option<Webhook>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks
         WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL AND status = 'enabled'
             AND paused_until <= $3"
    );
    tx.query_one(&sql, params![account, id, now], read)
}

/// Moves the endpoint on from `webhook.after_seq` to `seq`; answers false where it has moved since.
pub fn advance(tx: &mut Tx<'_>, webhook: &Webhook, seq: i64) -> Result<bool, StoreError> {
    const ADVANCE: &str = "
        UPDATE webhooks SET after_seq = $1
        WHERE account_id = $2 AND id = $3 AND after_seq = $4 AND status = 'enabled'
            AND deleted_at IS NULL";

    let moved = params![seq, webhook.account, webhook.id, webhook.after_seq];
    Ok(tx.execute(ADVANCE, moved)? == 1)
}

/// Goes back to `seq`, so that events which were left out since become deliveries too.
pub fn rewind(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    seq: i64,
) -> Result<(), StoreError> {
    const REWIND: &str = "
        UPDATE webhooks SET
            after_seq = CASE WHEN after_seq > $1 THEN $1 ELSE after_seq END,
            since_seq = CASE WHEN since_seq > $1 THEN $1 ELSE since_seq END
        WHERE account_id = $2 AND id = $3";

    tx.execute(REWIND, params![seq, account, id])?;
    Ok(())
}

/// Ends the pause that the endpoint asked for.
pub fn end_pause(tx: &mut Tx<'_>, account: AccountId, id: WebhookId) -> Result<(), StoreError> {
    const END: &str = "
        UPDATE webhooks SET paused_until = 0
        WHERE account_id = $1 AND id = $2 AND paused_until > 0";

    tx.execute(END, params![account, id])?;
    Ok(())
}

/// Notes that the endpoint took something.
pub fn succeeded(tx: &mut Tx<'_>, account: AccountId, id: WebhookId) -> Result<(), StoreError> {
    const SUCCEEDED: &str = "
        UPDATE webhooks SET failing_since = NULL
        WHERE account_id = $1 AND id = $2 AND failing_since IS NOT NULL";

    tx.execute(SUCCEEDED, params![account, id])?;
    Ok(())
}

/// Notes a failure, and how long to leave the endpoint alone; answers since when it fails.
pub fn failed(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    at: Timestamp,
    paused_until: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    const FAILED: &str = "
        UPDATE webhooks SET failing_since = COALESCE(failing_since, $1),
            paused_until = CASE WHEN paused_until > $2 THEN paused_until ELSE $2 END
        WHERE account_id = $3 AND id = $4 AND status = 'enabled' RETURNING failing_since";

    tx.query_one(FAILED, params![at, paused_until, account, id], |row| row.time(0))
}
