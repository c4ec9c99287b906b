//! What a customer can see happen, in an order that has no gaps.

use std::collections::BTreeMap;

use domain::{AccountId, MessageId, MessageStatus, Timestamp};

use crate::{
    Bulk, Row, StoreError, Tx, Value,
    append::{Append, Field},
    messages::{self, Message},
    params,
};

domain::words! {
    pub enum EventKind {
        SmsReceived = "sms.received",
        SmsStatus = "sms.status",
        WalletBalance = "wallet.balance",
        NumberStatus = "number.status",
        WalletLowBalance = "wallet.low_balance",
        WalletRechargeFailed = "wallet.recharge_failed",
        WebhookStatus = "webhook.status",
    }
}

/// An event about to be stored.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub account: AccountId,
    pub kind: EventKind,
    pub message: Option<MessageId>,
    pub status: Option<MessageStatus>,
    /// JSON, where the message does not say it all.
    pub data: Option<String>,
}

impl NewEvent {
    /// A message's new status, with a note for the customer.
    pub fn status(
        account: AccountId,
        message: MessageId,
        status: MessageStatus,
        detail: Option<String>,
    ) -> Self {
        let kind = match status {
            MessageStatus::Received => EventKind::SmsReceived,
            _ => EventKind::SmsStatus,
        };
        Self { account, kind, message: Some(message), status: Some(status), data: detail }
    }

    pub fn balance(account: AccountId, data: String) -> Self {
        Self {
            account,
            kind: EventKind::WalletBalance,
            message: None,
            status: None,
            data: Some(data),
        }
    }
}

#[derive(Debug, Clone)]
pub struct StoredEvent {
    pub seq: i64,
    pub kind: EventKind,
    pub status: Option<MessageStatus>,
    pub data: Option<String>,
    pub at: Timestamp,
    /// As it is now; the event's own status and time say what it was then.
    pub message: Option<Message>,
}

/// Numbers the events under each account's row lock; answers the number that each got, in order.
pub fn number(tx: &mut Tx<'_>, events: &[NewEvent]) -> Result<Vec<i64>, StoreError> {
    const TAKE: Bulk = Bulk {
        sqlite: "
            UPDATE wallets SET event_seq = event_seq + ?2
            WHERE account_id = ?1 RETURNING account_id, event_seq",
        postgres: "
            UPDATE wallets w SET event_seq = w.event_seq + e.added
            FROM UNNEST($1::bigint[], $2::bigint[]) AS e (account_id, added)
            WHERE w.account_id = e.account_id RETURNING w.account_id, w.event_seq",
    };

    let mut counts: BTreeMap<AccountId, i64> = BTreeMap::new();
    for event in events {
        *counts.entry(event.account).or_default() += 1;
    }
    let rows: Vec<[Value<'_>; 2]> = counts
        .iter()
        .map(|(account, count)| [Value::from(*account), Value::from(*count)])
        .collect();
    let lasts =
        tx.bulk_query(&TAKE, &rows, |row| Ok((AccountId::new(row.get(0)?), row.get::<i64>(1)?)))?;
    let mut next: BTreeMap<AccountId, i64> = lasts
        .into_iter()
        .map(|(account, last)| (account, last - counts.get(&account).copied().unwrap_or(0)))
        .collect();
    events
        .iter()
        .map(|event| {
            let seq = next
                .get_mut(&event.account)
                .ok_or_else(|| StoreError::corrupt("an account without a wallet"))?;
            *seq += 1;
            Ok(*seq)
        })
        .collect()
}

/// Stores events under the numbers that [`number`] gave them.
pub fn insert(
    tx: &mut Tx<'_>,
    events: &[NewEvent],
    seqs: &[i64],
    at: Timestamp,
) -> Result<(), StoreError> {
    static EVENTS: Append<7> = Append::to(
        "events",
        [
            Field::Int("account_id"),
            Field::Int("seq"),
            Field::Text("kind"),
            Field::Int("message_id"),
            Field::Text("status"),
            Field::Text("data"),
            Field::Int("created_at"),
        ],
    );

    let rows: Vec<[Value<'_>; 7]> = events
        .iter()
        .zip(seqs)
        .map(|(event, seq)| {
            [
                Value::from(event.account),
                Value::from(*seq),
                Value::from(event.kind.as_str()),
                Value::from(event.message),
                Value::from(event.status.map(MessageStatus::as_str)),
                Value::from(event.data.as_deref()),
                Value::from(at),
            ]
        })
        .collect();
    tx.append(&EVENTS, &rows)
}

/// Numbers and stores events.
pub fn append(tx: &mut Tx<'_>, events: &[NewEvent], at: Timestamp) -> Result<(), StoreError> {
    let seqs = number(tx, events)?;
    insert(tx, events, &seqs, at)
}

/// The number of the account's last event.
pub fn last_seq(tx: &mut Tx<'_>, account: AccountId) -> Result<i64, StoreError> {
    const LAST: &str = "SELECT event_seq FROM wallets WHERE account_id = $1";

    Ok(tx.query_one(LAST, params![account], |row| row.get(0))?.unwrap_or(0))
}

/// The account's events after `seq`, oldest first.
pub fn after(
    tx: &mut Tx<'_>,
    account: AccountId,
    seq: i64,
    limit: i64,
) -> Result<Vec<StoredEvent>, StoreError> {
    const AFTER: &str = "
        SELECT seq, kind, message_id, status, data, created_at FROM events
        WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";

    let found = tx.query(AFTER, params![account, seq, limit], |row| {
        let message = row.get::<Option<i64>>(2)?.map(MessageId::new);
        let event = StoredEvent {
            seq: row.get(0)?,
            kind: row.parsed(1)?,
            status: row.parsed_or_null(3)?,
            data: row.get(4)?,
            at: row.time(5)?,
            message: None,
        };
        Ok((event, message))
    })?;
    // Several events of one message tend to come together.
    let mut wanted: Vec<(AccountId, MessageId)> =
        found.iter().filter_map(|(_, message)| message.map(|id| (account, id))).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let messages: BTreeMap<MessageId, Message> = messages::find_many(tx, &wanted)?
        .into_iter()
        .map(|message| (message.id, message))
        .collect();
    Ok(found
        .into_iter()
        .map(|(event, id)| StoredEvent {
            message: id.and_then(|id| messages.get(&id).cloned()),
            ..event
        })
        .collect())
}

/// An event alone, without its message.
#[derive(Debug, Clone)]
pub struct PlainEvent {
    pub seq: i64,
    pub kind: EventKind,
    pub message: Option<MessageId>,
    pub status: Option<MessageStatus>,
    pub data: Option<String>,
    pub at: Timestamp,
}

fn read_plain(row: &Row<'_>) -> Result<PlainEvent, StoreError> {
    Ok(PlainEvent {
        seq: row.get(0)?,
        kind: row.parsed(1)?,
        message: row.get::<Option<i64>>(2)?.map(MessageId::new),
        status: row.parsed_or_null(3)?,
        data: row.get(4)?,
        at: row.time(5)?,
    })
}

/// The account's events after `seq`, oldest first, without their messages.
pub fn plain_after(
    tx: &mut Tx<'_>,
    account: AccountId,
    seq: i64,
    limit: i64,
) -> Result<Vec<PlainEvent>, StoreError> {
    const AFTER: &str = "
        SELECT seq, kind, message_id, status, data, created_at FROM events
        WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";

    tx.query(AFTER, params![account, seq, limit], read_plain)
}

/// The account's events with these numbers, in no promised order.
pub fn plain(
    tx: &mut Tx<'_>,
    account: AccountId,
    seqs: &[i64],
) -> Result<Vec<PlainEvent>, StoreError> {
    const FIND: Bulk = Bulk {
        sqlite: "
            SELECT seq, kind, message_id, status, data, created_at FROM events
            WHERE account_id = ?1 AND seq = ?2",
        postgres: "
            SELECT e.seq, e.kind, e.message_id, e.status, e.data, e.created_at
            FROM UNNEST($1::bigint[], $2::bigint[]) AS n (account_id, seq)
            JOIN events e ON e.account_id = n.account_id AND e.seq = n.seq",
    };

    let rows: Vec<[Value<'_>; 2]> =
        seqs.iter().map(|seq| [Value::from(account), Value::from(*seq)]).collect();
    tx.bulk_query(&FIND, &rows, read_plain)
}

/// The number of the last event before `at`, or `from` where all after it are later.
///
/// Events are numbered in the order of their times, give or take the difference of clocks.
pub fn last_before(
    tx: &mut Tx<'_>,
    account: AccountId,
    from: i64,
    at: Timestamp,
) -> Result<i64, StoreError> {
    const TIME: &str = "SELECT created_at FROM events WHERE account_id = $1 AND seq = $2";

    let (mut before, mut after) = (from, last_seq(tx, account)? + 1);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        let time = tx.query_one(TIME, params![account, middle], |row| row.time(0))?;
        if time.is_some_and(|time| time < at) {
            before = middle;
        } else {
            after = middle;
        }
    }
    Ok(before)
}
