//! Receipts: which attempts they may be about, and what they say of them.

use std::collections::BTreeSet;

use domain::{CarrierId, FailureCode, Timestamp, receipts::ReceiptState};

use crate::{
    Bulk, StoreError, Tx, Value,
    attempts::{AttemptKey, AttemptState, Standing, read, read_key},
    params,
};

/// An attempt that a carrier's id may name, with where its message went.
#[derive(Debug, Clone)]
pub struct Match {
    pub key: AttemptKey,
    pub match_id: String,
    pub carrier_message_id: String,
    pub recipient: String,
}

/// The attempts of a carrier whose normalised ids are among `match_ids`.
pub fn by_carrier_ids(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    match_ids: &[&str],
) -> Result<Vec<Match>, StoreError> {
    const BY_IDS: Bulk = Bulk {
        sqlite: "
            SELECT t.account_id, t.message_id, t.part, t.attempt, t.match_id, t.carrier_message_id,
                m.recipient
            FROM attempts t JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
            WHERE t.carrier_id = ?1 AND t.match_id = ?2",
        postgres: "
            SELECT t.account_id, t.message_id, t.part, t.attempt, t.match_id, t.carrier_message_id,
                m.recipient
            FROM UNNEST($1::bigint[], $2::text[]) AS w (carrier_id, match_id)
            JOIN attempts t ON t.carrier_id = w.carrier_id AND t.match_id = w.match_id
            JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id",
    };

    let rows: Vec<[Value<'_>; 2]> =
        match_ids.iter().map(|id| [Value::from(carrier), Value::from(*id)]).collect();
    tx.bulk_query(&BY_IDS, &rows, |row| {
        Ok(Match {
            key: read_key(row)?,
            match_id: row.get(4)?,
            carrier_message_id: row.get(5)?,
            recipient: row.get(6)?,
        })
    })
}

/// Attempts of a carrier to `recipient` without an id of the carrier's, open ones and those
/// accepted since `since`: a receipt that names no known id may be about one of them.
pub fn unnamed_to(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    recipient: &str,
    since: Timestamp,
) -> Result<Vec<AttemptKey>, StoreError> {
    const UNNAMED_TO: &str = "
        SELECT t.account_id, t.message_id, t.part, t.attempt
        FROM attempts t JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
        WHERE t.carrier_id = $1 AND t.state IN ('submitting', 'uncertain') AND m.recipient = $2
        UNION ALL
        SELECT t.account_id, t.message_id, t.part, t.attempt
        FROM attempts t JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
        WHERE t.carrier_id = $1 AND t.state = 'accepted' AND t.match_id IS NULL
            AND t.submitted_at > $3 AND m.recipient = $2";

    tx.query(UNNAMED_TO, params![carrier, recipient, since], read_key)
}

/// A receipt that was matched to an attempt.
#[derive(Debug, Clone)]
pub struct MatchedReceipt {
    pub key: AttemptKey,
    pub state: ReceiptState,
    pub failure: Option<FailureCode>,
    pub error: Option<String>,
}

/// Records receipts of a carrier's attempts. The first that settles the part wins, later ones are
/// only counted; one for an attempt without an answer is evidence that it was accepted.
/// At most one per attempt in a call. Answers how the attempts stand now.
pub fn receive(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    receipts: &[MatchedReceipt],
    at: Timestamp,
) -> Result<Vec<Standing>, StoreError> {
    let first = receive_first(tx, receipts, at)?;
    let is_first: BTreeSet<usize> = first.iter().copied().collect();
    let others: Vec<&MatchedReceipt> =
        (0..receipts.len()).filter(|at| !is_first.contains(at)).map(|at| &receipts[at]).collect();
    let first = first.into_iter().map(|place| &receipts[place]).map(|receipt| Standing {
        key: receipt.key,
        carrier,
        state: AttemptState::Accepted,
        failure: receipt.failure,
        receipt: Some(receipt.state),
    });
    let mut standings: Vec<Standing> = first.collect();
    standings.extend(receive_further(tx, &others, at)?);
    Ok(standings)
}

/// Records those receipts that are their attempts' first, after the answer: nearly all.
/// Answers their places.
fn receive_first(
    tx: &mut Tx<'_>,
    receipts: &[MatchedReceipt],
    at: Timestamp,
) -> Result<Vec<usize>, StoreError> {
    const RECEIVE: Bulk = Bulk {
        sqlite: "
            UPDATE attempts SET receipts = 1, receipt = ?5, receipt_error = ?6, receipt_at = ?7,
                failure = ?8
            WHERE account_id = ?1 AND message_id = ?2 AND part = ?3 AND attempt = ?4
                AND state = 'accepted' AND receipts = 0",
        postgres: "
            UPDATE attempts t SET receipts = 1, receipt = r.receipt, receipt_error = r.error,
                receipt_at = r.at, failure = r.failure
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
                $6::text[], $7::bigint[], $8::text[], $9::bigint[])
                AS r (account_id, message_id, part, attempt, receipt, error, at, failure, place)
            WHERE t.account_id = r.account_id AND t.message_id = r.message_id AND t.part = r.part
                AND t.attempt = r.attempt AND t.state = 'accepted' AND t.receipts = 0
            RETURNING r.place",
    };

    let rows: Vec<[Value<'_>; 8]> = receipts.iter().map(|receipt| row(receipt, at)).collect();
    tx.bulk_places(&RECEIVE, &rows)
}

/// Records receipts of attempts that may have had others, or no answer.
fn receive_further(
    tx: &mut Tx<'_>,
    receipts: &[&MatchedReceipt],
    at: Timestamp,
) -> Result<Vec<Standing>, StoreError> {
    const RECEIVE: Bulk = Bulk {
        sqlite: "
            UPDATE attempts SET receipts = receipts + 1,
                receipt = CASE WHEN receipt IN ('delivered', 'failed') THEN receipt ELSE ?5 END,
                receipt_error = CASE WHEN receipt IN ('delivered', 'failed') THEN receipt_error ELSE ?6 END,
                receipt_at = CASE WHEN receipt IN ('delivered', 'failed') THEN receipt_at ELSE ?7 END,
                failure = CASE WHEN receipt IN ('delivered', 'failed') THEN failure ELSE ?8 END,
                answered_at = CASE WHEN state = 'submitting' OR state = 'uncertain' OR state = 'expired' THEN ?7
                    ELSE answered_at END,
                state = CASE WHEN state = 'submitting' OR state = 'uncertain' OR state = 'expired' THEN 'accepted'
                    ELSE state END
            WHERE account_id = ?1 AND message_id = ?2 AND part = ?3 AND attempt = ?4
            RETURNING account_id, message_id, part, attempt, carrier_id, copy, state,
                carrier_message_id, submitted_at, answered_at, failure, error, receipt, receipt_at,
                receipt_error, receipts",
        postgres: "
            UPDATE attempts t SET receipts = t.receipts + 1,
                receipt = CASE WHEN t.receipt IN ('delivered', 'failed') THEN t.receipt ELSE r.receipt END,
                receipt_error = CASE WHEN t.receipt IN ('delivered', 'failed') THEN t.receipt_error ELSE r.error END,
                receipt_at = CASE WHEN t.receipt IN ('delivered', 'failed') THEN t.receipt_at ELSE r.at END,
                failure = CASE WHEN t.receipt IN ('delivered', 'failed') THEN t.failure ELSE r.failure END,
                answered_at = CASE WHEN t.state IN ('submitting', 'uncertain', 'expired') THEN r.at ELSE t.answered_at END,
                state = CASE WHEN t.state IN ('submitting', 'uncertain', 'expired') THEN 'accepted' ELSE t.state END
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
                $6::text[], $7::bigint[], $8::text[])
                AS r (account_id, message_id, part, attempt, receipt, error, at, failure)
            WHERE t.account_id = r.account_id AND t.message_id = r.message_id AND t.part = r.part
                AND t.attempt = r.attempt
            RETURNING t.account_id, t.message_id, t.part, t.attempt, t.carrier_id, t.copy, 
                t.state, t.carrier_message_id, t.submitted_at, t.answered_at, t.failure, t.error, 
                t.receipt, t.receipt_at, t.receipt_error, t.receipts",
    };

    let rows: Vec<[Value<'_>; 8]> = receipts.iter().map(|receipt| row(receipt, at)).collect();
    tx.bulk_query(&RECEIVE, &rows, |row| read(row).map(|attempt| Standing::from(&attempt)))
}

fn row(receipt: &MatchedReceipt, at: Timestamp) -> [Value<'_>; 8] {
    let AttemptKey { account, message, part, attempt } = receipt.key;
    [
        Value::from(account),
        Value::from(message),
        Value::from(part),
        Value::from(attempt),
        Value::from(receipt.state.as_str()),
        Value::from(receipt.error.as_deref()),
        Value::from(at),
        Value::from(receipt.failure.map(FailureCode::as_str)),
    ]
}
