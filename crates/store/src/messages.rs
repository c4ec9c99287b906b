//! Messages, outbound and inbound.

mod list;

use domain::{
    AccountId, CarrierId, Delivery, Direction, FailureCode, MessageId, MessageStatus,
    MessagingProfileId, Micros, NumberId, Timestamp, text::Encoding,
};

use crate::{
    Bulk, Row, StoreError, Tx, Value,
    append::{Append, Field},
    params,
};
pub use list::{Filter, list, list_after, list_all};

#[derive(Debug, Clone)]
pub struct Message {
    pub account: AccountId,
    pub id: MessageId,
    /// The number of the event that told of it first.
    pub seq: i64,
    pub direction: Direction,
    pub status: MessageStatus,
    pub number: NumberId,
    /// The number's, when the message was accepted or came in.
    pub profile: Option<MessagingProfileId>,
    /// An E.164 number for outbound; inbound ones may come from a name or a short code.
    pub sender: String,
    pub recipient: String,
    pub body: String,
    pub encoding: Encoding,
    pub segments: i64,
    /// Of all segments, frozen at accept.
    pub price: Micros,
    pub carrier: Option<CarrierId>,
    /// Never leaves the simulator.
    pub simulated: bool,
    /// Sent with a test key: simulated, free, and not counted.
    pub test: bool,
    pub delivery: Delivery,
    pub not_before: Timestamp,
    pub valid_until: Timestamp,
    /// How often it was claimed.
    pub tries: i64,
    /// How often a carrier refused it for a while.
    pub refusals: i64,
    pub failure: Option<FailureCode>,
    /// For the customer: what is going on.
    pub detail: Option<String>,
    pub created_at: Timestamp,
    pub sending_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

pub(crate) const COLUMNS: &str = "account_id, id, seq, direction, status, number_id, sender,
    recipient, body, encoding, segments, price, carrier_id, simulated, delivery, not_before,
    valid_until, tries, refusals, failure, detail, created_at, sending_at, sent_at, finished_at, test,
    profile_id";

pub(crate) fn read(row: &Row<'_>) -> Result<Message, StoreError> {
    Ok(Message {
        account: AccountId::new(row.get(0)?),
        id: MessageId::new(row.get(1)?),
        seq: row.get(2)?,
        direction: row.parsed(3)?,
        status: row.parsed(4)?,
        number: NumberId::new(row.get(5)?),
        sender: row.get(6)?,
        recipient: row.get(7)?,
        body: row.get(8)?,
        encoding: row.parsed(9)?,
        segments: row.get(10)?,
        price: Micros::new(row.get(11)?),
        carrier: row.get::<Option<i64>>(12)?.map(CarrierId::new),
        simulated: row.flag(13)?,
        delivery: row.parsed(14)?,
        not_before: row.time(15)?,
        valid_until: row.time(16)?,
        tries: row.get(17)?,
        refusals: row.get(18)?,
        failure: row.parsed_or_null(19)?,
        detail: row.get(20)?,
        created_at: row.time(21)?,
        sending_at: row.time_or_null(22)?,
        sent_at: row.time_or_null(23)?,
        finished_at: row.time_or_null(24)?,
        test: row.flag(25)?,
        profile: row.get::<Option<i64>>(26)?.map(MessagingProfileId::new),
    })
}

pub fn insert(tx: &mut Tx<'_>, messages: &[Message]) -> Result<(), StoreError> {
    static MESSAGES: Append<27> = Append::to(
        "messages",
        [
            Field::Int("account_id"),
            Field::Int("id"),
            Field::Int("seq"),
            Field::Text("direction"),
            Field::Text("status"),
            Field::Int("number_id"),
            Field::Text("sender"),
            Field::Text("recipient"),
            Field::Text("body"),
            Field::Text("encoding"),
            Field::Int("segments"),
            Field::Int("price"),
            Field::Int("carrier_id"),
            Field::Int("simulated"),
            Field::Text("delivery"),
            Field::Int("not_before"),
            Field::Int("valid_until"),
            Field::Int("tries"),
            Field::Int("refusals"),
            Field::Text("failure"),
            Field::Text("detail"),
            Field::Int("created_at"),
            Field::Int("sending_at"),
            Field::Int("sent_at"),
            Field::Int("finished_at"),
            Field::Int("test"),
            Field::Int("profile_id"),
        ],
    );

    let rows: Vec<[Value<'_>; 27]> = messages.iter().map(columns).collect();
    tx.append(&MESSAGES, &rows)
}

fn columns(message: &Message) -> [Value<'_>; 27] {
    [
        Value::from(message.account),
        Value::from(message.id),
        Value::from(message.seq),
        Value::from(message.direction.as_str()),
        Value::from(message.status.as_str()),
        Value::from(message.number),
        Value::from(&message.sender),
        Value::from(&message.recipient),
        Value::from(&message.body),
        Value::from(message.encoding.as_str()),
        Value::from(message.segments),
        Value::from(message.price),
        Value::from(message.carrier),
        Value::from(message.simulated),
        Value::from(message.delivery.as_str()),
        Value::from(message.not_before),
        Value::from(message.valid_until),
        Value::from(message.tries),
        Value::from(message.refusals),
        Value::from(message.failure.map(FailureCode::as_str)),
        Value::from(message.detail.as_deref()),
        Value::from(message.created_at),
        Value::from(message.sending_at),
        Value::from(message.sent_at),
        Value::from(message.finished_at),
        Value::from(message.test),
        Value::from(message.profile),
    ]
}

/// What a step of an outbound message's life changes.
#[derive(Debug, Clone)]
pub struct Change {
    pub account: AccountId,
    pub id: MessageId,
    /// The status that the step started from; another one means that somebody was faster.
    pub from: MessageStatus,
    pub to: MessageStatus,
    pub carrier: Option<CarrierId>,
    pub not_before: Timestamp,
    pub refusals: i64,
    pub failure: Option<FailureCode>,
    pub detail: Option<String>,
    pub sent_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// Applies changes, each only where the message still is as it was; answers how many were.
pub fn change(tx: &mut Tx<'_>, changes: &[Change]) -> Result<u64, StoreError> {
    const CHANGE: Bulk = Bulk {
        sqlite: "
            UPDATE messages SET status = ?4, carrier_id = ?5, not_before = ?6, refusals = ?7,
                failure = ?8, detail = ?9, sent_at = ?10, finished_at = ?11
            WHERE account_id = ?1 AND id = ?2 AND status = ?3",
        postgres: "
            UPDATE messages m SET status = c.status, carrier_id = c.carrier_id,
                not_before = c.not_before, refusals = c.refusals, failure = c.failure,
                detail = c.detail, sent_at = c.sent_at, finished_at = c.finished_at
            FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
                $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::bigint[], $11::bigint[])
                AS c (account_id, id, was, status, carrier_id, not_before, refusals, failure,
                    detail, sent_at, finished_at)
            WHERE m.account_id = c.account_id AND m.id = c.id AND m.status = c.was",
    };

    let rows: Vec<[Value<'_>; 11]> = changes
        .iter()
        .map(|change| {
            [
                Value::from(change.account),
                Value::from(change.id),
                Value::from(change.from.as_str()),
                Value::from(change.to.as_str()),
                Value::from(change.carrier),
                Value::from(change.not_before),
                Value::from(change.refusals),
                Value::from(change.failure.map(FailureCode::as_str)),
                Value::from(change.detail.as_deref()),
                Value::from(change.sent_at),
                Value::from(change.finished_at),
            ]
        })
        .collect();
    tx.bulk(&CHANGE, &rows)
}

pub fn find(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: MessageId,
) -> Result<Option<Message>, StoreError> {
    Ok(find_many(tx, &[(account, id)])?.into_iter().next())
}

/// The messages among `wanted` that exist, in no promised order, each once on SQLite and PostgreSQL alike.
pub fn find_many(
    tx: &mut Tx<'_>,
    wanted: &[(AccountId, MessageId)],
) -> Result<Vec<Message>, StoreError> {
    const FIND: Bulk = Bulk {
        sqlite: "
            SELECT account_id, id, seq, direction, status, number_id, sender, recipient, body,
                encoding, segments, price, carrier_id, simulated, delivery, not_before, valid_until,
                tries, refusals, failure, detail, created_at, sending_at, sent_at, finished_at,
                test, profile_id
            FROM messages WHERE account_id = ?1 AND id = ?2",
        postgres: "
            SELECT m.account_id, m.id, m.seq, m.direction, m.status, m.number_id, m.sender,
                m.recipient, m.body, m.encoding, m.segments, m.price, m.carrier_id, m.simulated,
                m.delivery, m.not_before, m.valid_until, m.tries, m.refusals, m.failure, m.detail,
                m.created_at, m.sending_at, m.sent_at, m.finished_at, m.test, m.profile_id
            FROM UNNEST($1::bigint[], $2::bigint[]) AS w (account_id, id)
            JOIN messages m ON m.account_id = w.account_id AND m.id = w.id",
    };

    let mut distinct = wanted.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let rows: Vec<[Value<'_>; 2]> =
        distinct.iter().map(|(account, id)| [Value::from(*account), Value::from(*id)]).collect();
    tx.bulk_query(&FIND, &rows, read)
}

/// Locks the messages among `wanted` for the rest of the transaction and reads them.
///
/// On SQLite there is one writer, which is lock enough.
pub fn lock_many(
    tx: &mut Tx<'_>,
    wanted: &[(AccountId, MessageId)],
) -> Result<Vec<Message>, StoreError> {
    const LOCK: &str = "
        SELECT 1 FROM messages m
        JOIN UNNEST($1::bigint[], $2::bigint[]) AS w (account_id, id)
            ON m.account_id = w.account_id AND m.id = w.id
        ORDER BY m.account_id, m.id FOR UPDATE OF m";
    const NOTHING: &str = "SELECT 1 WHERE $1 = $2 AND 1 = 0";

    if tx.is_postgres() {
        let rows: Vec<[Value<'_>; 2]> =
            wanted.iter().map(|(account, id)| [Value::from(*account), Value::from(*id)]).collect();
        tx.bulk_query(&Bulk { sqlite: NOTHING, postgres: LOCK }, &rows, |_| Ok(()))?;
    }
    find_many(tx, wanted)
}

/// A message of any account, for the operator.
pub fn find_any(tx: &mut Tx<'_>, id: MessageId) -> Result<Option<Message>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages
         WHERE account_id IN (SELECT id FROM accounts) AND id = $1"
    );
    tx.query_one(&sql, params![id], read)
}
