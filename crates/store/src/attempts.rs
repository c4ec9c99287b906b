//! Each time a part was handed to a carrier, and what became of it.

use domain::{AccountId, CarrierId, FailureCode, MessageId, Timestamp, receipts::ReceiptState};

use crate::{
    Bulk, Row, StoreError, Tx, Value,
    append::{Append, Field},
    params,
};

domain::words! {
    pub enum AttemptState {
        /// Stored; its bytes may be on their way.
        Submitting = "submitting",
        Accepted = "accepted",
        /// Refused for good.
        Refused = "refused",
        /// Refused for now: another carrier, or this one later, may take it.
        Retry = "retry",
        /// Certainly not taken: never written, or the carrier asked for a pause.
        Deferred = "deferred",
        /// Written and not answered: evidence is awaited.
        Uncertain = "uncertain",
        /// Uncertain, and not waited for any more. Late evidence still counts.
        Expired = "expired",
    }
}

impl AttemptState {
    /// Whether an answer or its evidence may still be on its way.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Submitting | Self::Uncertain)
    }
}

/// Which attempt: the key of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey {
    pub account: AccountId,
    pub message: MessageId,
    /// From 1.
    pub part: i64,
    /// From 1, counted per message.
    pub attempt: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub key: AttemptKey,
    pub carrier: CarrierId,
    /// Which copy this may be on the wire, 1 or 2.
    pub copy: i64,
    pub state: AttemptState,
    pub carrier_message_id: Option<String>,
    pub submitted_at: Timestamp,
    /// When it was answered, or became uncertain.
    pub answered_at: Option<Timestamp>,
    pub failure: Option<FailureCode>,
    /// The carrier's words, for the operator.
    pub error: Option<String>,
    pub receipt: Option<ReceiptState>,
    pub receipt_at: Option<Timestamp>,
    pub receipt_error: Option<String>,
    pub receipts: i64,
}

/// What an attempt says of its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub key: AttemptKey,
    pub carrier: CarrierId,
    pub state: AttemptState,
    pub failure: Option<FailureCode>,
    pub receipt: Option<ReceiptState>,
}

impl From<&Attempt> for Standing {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { key, carrier, state, failure, receipt, .. } = *attempt;
        Self { key, carrier, state, failure, receipt }
    }
}

/// Reads the columns that [`of_messages`] selects, in its order.
pub(crate) fn read(row: &Row<'_>) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        key: AttemptKey {
            account: AccountId::new(row.get(0)?),
            message: MessageId::new(row.get(1)?),
            part: row.get(2)?,
            attempt: row.get(3)?,
        },
        carrier: CarrierId::new(row.get(4)?),
        copy: row.get(5)?,
        state: row.parsed(6)?,
        carrier_message_id: row.get(7)?,
        submitted_at: row.time(8)?,
        answered_at: row.time_or_null(9)?,
        failure: row.parsed_or_null(10)?,
        error: row.get(11)?,
        receipt: row.parsed_or_null(12)?,
        receipt_at: row.time_or_null(13)?,
        receipt_error: row.get(14)?,
        receipts: row.get(15)?,
    })
}

/// A part about to be handed to a carrier.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt {
    pub key: AttemptKey,
    pub carrier: CarrierId,
    pub copy: i64,
}

/// Stores attempts before their bytes leave.
pub fn insert(tx: &mut Tx<'_>, attempts: &[NewAttempt], at: Timestamp) -> Result<(), StoreError> {
    static ATTEMPTS: Append<9> = Append::to(
        "attempts",
        [
            Field::Int("account_id"),
            Field::Int("message_id"),
            Field::Int("part"),
            Field::Int("attempt"),
            Field::Int("carrier_id"),
            Field::Int("copy"),
            Field::Text("state"),
            Field::Int("submitted_at"),
            Field::Int("receipts"),
        ],
    );

    let rows: Vec<[Value<'_>; 9]> = attempts
        .iter()
        .map(|new| {
            let AttemptKey { account, message, part, attempt } = new.key;
            [
                Value::from(account),
                Value::from(message),
                Value::from(part),
                Value::from(attempt),
                Value::from(new.carrier),
                Value::from(new.copy),
                Value::from(AttemptState::Submitting.as_str()),
                Value::from(at),
                Value::from(0),
            ]
        })
        .collect();
    tx.append(&ATTEMPTS, &rows)
}

/// What became known of an attempt.
#[derive(Debug, Clone)]
pub struct Answer {
    pub key: AttemptKey,
    pub state: AttemptState,
    pub carrier_message_id: Option<String>,
    /// The normalised form that receipts are matched by.
    pub match_id: Option<String>,
    pub failure: Option<FailureCode>,
    pub error: Option<String>,
}

/// Stores answers of a carrier's attempts that still wait for one, and answers how those
/// attempts stand now; what is settled stays. At most one per attempt in a call.
pub fn answer(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    answers: &[Answer],
    at: Timestamp,
) -> Result<Vec<Standing>, StoreError> {
    const ANSWER: Bulk = Bulk {
        sqlite: "
            UPDATE attempts SET state = ?5, carrier_message_id = ?6, match_id = ?7, failure = ?8,
                error = ?9, answered_at = ?10
            WHERE account_id = ?1 AND message_id = ?2 AND part = ?3 AND attempt = ?4
                AND (state = 'submitting' OR state = 'uncertain' OR state = 'expired')",
        postgres: "
            UPDATE attempts t SET state = a.state, carrier_message_id = a.carrier_message_id,
                match_id = a.match_id, failure = a.failure, error = a.error, answered_at = a.at
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
                $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[])
                AS a (account_id, message_id, part, attempt, state, carrier_message_id, match_id,
                    failure, error, at, place)
            WHERE t.account_id = a.account_id AND t.message_id = a.message_id AND t.part = a.part
                AND t.attempt = a.attempt AND t.state IN ('submitting', 'uncertain', 'expired')
            RETURNING a.place",
    };

    let rows: Vec<[Value<'_>; 10]> = answers
        .iter()
        .map(|answer| {
            let AttemptKey { account, message, part, attempt } = answer.key;
            [
                Value::from(account),
                Value::from(message),
                Value::from(part),
                Value::from(attempt),
                Value::from(answer.state.as_str()),
                Value::from(answer.carrier_message_id.as_deref()),
                Value::from(answer.match_id.as_deref()),
                Value::from(answer.failure.map(FailureCode::as_str)),
                Value::from(answer.error.as_deref()),
                Value::from(at),
            ]
        })
        .collect();
    let stored = tx.bulk_places(&ANSWER, &rows)?;
    // An attempt with a receipt is settled: one that took its answer has none.
    let stored = stored.into_iter().map(|place| &answers[place]).map(|answer| Standing {
        key: answer.key,
        carrier,
        state: answer.state,
        failure: answer.failure,
        receipt: None,
    });
    Ok(stored.collect())
}

/// All attempts of the messages, in the order of parts and attempts.
pub fn of_messages(
    tx: &mut Tx<'_>,
    messages: &[(AccountId, MessageId)],
) -> Result<Vec<Attempt>, StoreError> {
    const OF: Bulk = Bulk {
        sqlite: "
            SELECT account_id, message_id, part, attempt, carrier_id, copy, state,
                carrier_message_id, submitted_at, answered_at, failure, error, receipt, receipt_at,
                receipt_error, receipts
            FROM attempts WHERE account_id = ?1 AND message_id = ?2",
        postgres: "
            SELECT t.account_id, t.message_id, t.part, t.attempt, t.carrier_id, t.copy, t.state,
                t.carrier_message_id, t.submitted_at, t.answered_at, t.failure, t.error, t.receipt,
                t.receipt_at, t.receipt_error, t.receipts
            FROM UNNEST($1::bigint[], $2::bigint[]) AS w (account_id, message_id)
            JOIN attempts t ON t.account_id = w.account_id AND t.message_id = w.message_id",
    };

    let rows: Vec<[Value<'_>; 2]> =
        messages.iter().map(|(account, id)| [Value::from(*account), Value::from(*id)]).collect();
    let mut found = tx.bulk_query(&OF, &rows, read)?;
    found.sort_unstable_by_key(|attempt| attempt.key);
    Ok(found)
}

pub(crate) fn read_key(row: &Row<'_>) -> Result<AttemptKey, StoreError> {
    Ok(AttemptKey {
        account: AccountId::new(row.get(0)?),
        message: MessageId::new(row.get(1)?),
        part: row.get(2)?,
        attempt: row.get(3)?,
    })
}

// `attempts_open` is found by its own condition, word for word: where a statement
// wants one of its two states, it asks for both and then for the one.

/// Makes every attempt uncertain that an earlier holder of the carrier left unanswered.
pub fn abandon(tx: &mut Tx<'_>, carrier: CarrierId, at: Timestamp) -> Result<u64, StoreError> {
    const ABANDON: &str = "
        UPDATE attempts SET state = 'uncertain', answered_at = $1
        WHERE carrier_id = $2 AND state IN ('submitting', 'uncertain') AND state = 'submitting'";

    tx.execute(ABANDON, params![at, carrier])
}

/// Uncertain first copies of a carrier whose evidence did not come since `since`, oldest first.
pub fn unproven(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    since: Timestamp,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<AttemptKey>, StoreError> {
    const UNPROVEN: &str = "
        SELECT t.account_id, t.message_id, t.part, t.attempt
        FROM attempts t JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
        WHERE t.carrier_id = $1 AND t.state IN ('submitting', 'uncertain')
            AND t.state = 'uncertain' AND t.copy = 1 AND t.answered_at <= $2
            AND m.delivery = 'at_least_once' AND m.status = 'sending' AND m.valid_until > $3
        ORDER BY t.submitted_at LIMIT $4";

    tx.query(UNPROVEN, params![carrier, since, now, limit], read_key)
}

/// Open attempts of a carrier whose message's validity ended before `ended`.
pub fn overdue(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    ended: Timestamp,
    limit: i64,
) -> Result<Vec<AttemptKey>, StoreError> {
    const OVERDUE: &str = "
        SELECT t.account_id, t.message_id, t.part, t.attempt
        FROM attempts t JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
        WHERE t.carrier_id = $1 AND t.state IN ('submitting', 'uncertain') AND m.valid_until <= $2
        ORDER BY t.submitted_at LIMIT $3";

    tx.query(OVERDUE, params![carrier, ended, limit], read_key)
}

/// The carriers that have open attempts.
pub fn open_carriers(tx: &mut Tx<'_>) -> Result<Vec<CarrierId>, StoreError> {
    // A loose index scan, as for the queue's carriers.
    const OPEN: &str = "
        WITH RECURSIVE open (carrier_id) AS (
            SELECT MIN(carrier_id) FROM attempts WHERE state IN ('submitting', 'uncertain')
            UNION ALL
            SELECT (SELECT MIN(t.carrier_id) FROM attempts t
                    WHERE t.state IN ('submitting', 'uncertain') AND t.carrier_id > o.carrier_id)
            FROM open o WHERE o.carrier_id IS NOT NULL)
        SELECT carrier_id FROM open WHERE carrier_id IS NOT NULL";

    tx.query(OPEN, &[], |row| row.get(0).map(CarrierId::new))
}

/// Ends the wait for evidence, which still counts when it comes; answers the
/// attempts that really waited, in no promised order.
pub fn expire(tx: &mut Tx<'_>, keys: &[AttemptKey]) -> Result<Vec<AttemptKey>, StoreError> {
    const EXPIRE: Bulk = Bulk {
        sqlite: "
            UPDATE attempts SET state = 'expired'
            WHERE account_id = ?1 AND message_id = ?2 AND part = ?3 AND attempt = ?4
                AND state IN ('submitting', 'uncertain')
            RETURNING account_id, message_id, part, attempt",
        postgres: "
            UPDATE attempts t SET state = 'expired'
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
                AS k (account_id, message_id, part, attempt)
            WHERE t.account_id = k.account_id AND t.message_id = k.message_id AND t.part = k.part
                AND t.attempt = k.attempt AND t.state IN ('submitting', 'uncertain')
            RETURNING t.account_id, t.message_id, t.part, t.attempt",
    };

    let rows: Vec<[Value<'_>; 4]> = keys
        .iter()
        .map(|key| {
            [
                Value::from(key.account),
                Value::from(key.message),
                Value::from(key.part),
                Value::from(key.attempt),
            ]
        })
        .collect();
    tx.bulk_query(&EXPIRE, &rows, read_key)
}

/// Accepted attempts of a carrier without a settling receipt, whose carrier ids sort after `from`.
pub fn awaiting_receipt(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    from: &str,
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    const AWAITING: &str = "
        SELECT t.carrier_message_id, m.recipient
        FROM attempts t JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
        WHERE t.carrier_id = $1 AND t.match_id >= $2 AND t.state = 'accepted' AND t.receipt IS NULL
        ORDER BY t.match_id LIMIT $3";

    tx.query(AWAITING, params![carrier, from, limit], |row| Ok((row.get(0)?, row.get(1)?)))
}
