//! Inbound texts on their way to becoming messages: parts, redeliveries, unknown numbers.

use domain::{CarrierId, Timestamp, text::Encoding};

use crate::{Row, StoreError, Tx, params};

/// Where a PDU came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    pub carrier: CarrierId,
    /// Differs with every connection that the carrier made.
    pub session: i64,
    pub sequence: i64,
    pub at: Timestamp,
}

/// Notes what came in; answers true where it is the redelivery of something known.
///
/// The same content on another session within `redelivered_since`, or under the
/// same sequence number on this one, is the carrier's second try. The same
/// content under another number of the same session is a person who said it twice.
pub fn seen_before(
    tx: &mut Tx<'_>,
    arrival: Arrival,
    digest: &[u8; 32],
    redelivered_since: Timestamp,
) -> Result<bool, StoreError> {
    const FIND: &str = "
        SELECT session, sequence, received_at FROM inbound_seen
        WHERE carrier_id = $1 AND digest = $2";
    const NOTE: &str = "
        INSERT INTO inbound_seen (carrier_id, digest, session, sequence, received_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (carrier_id, digest) DO UPDATE SET session = excluded.session,
            sequence = excluded.sequence, received_at = excluded.received_at";

    let known = tx.query_one(FIND, params![arrival.carrier, digest], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.time(2)?))
    })?;
    if let Some((session, sequence, received_at)) = known {
        let again = if session == arrival.session {
            sequence == arrival.sequence
        } else {
            received_at > redelivered_since
        };
        if again {
            return Ok(true);
        }
    }
    tx.execute(
        NOTE,
        params![arrival.carrier, digest, arrival.session, arrival.sequence, arrival.at],
    )?;
    Ok(false)
}

/// Which long message a part belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Concatenation {
    pub carrier: CarrierId,
    pub sender: String,
    pub recipient: String,
    pub reference: i64,
    pub total: i64,
}

#[derive(Debug, Clone)]
pub struct Part {
    /// From 1.
    pub part: i64,
    pub body: String,
    pub encoding: Encoding,
}

/// Keeps a part; one that is known already stays as it was.
pub fn keep_part(
    tx: &mut Tx<'_>,
    whole: &Concatenation,
    part: &Part,
    at: Timestamp,
) -> Result<(), StoreError> {
    const KEEP: &str = "
        INSERT INTO inbound_parts (carrier_id, sender, recipient, reference, total, part, body,
            encoding, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING";

    tx.execute(
        KEEP,
        params![
            whole.carrier,
            &whole.sender,
            &whole.recipient,
            whole.reference,
            whole.total,
            part.part,
            &part.body,
            part.encoding.as_str(),
            at
        ],
    )?;
    Ok(())
}

/// How many parts have come.
pub fn count_parts(tx: &mut Tx<'_>, whole: &Concatenation) -> Result<i64, StoreError> {
    const COUNT: &str = "
        SELECT COUNT(*) FROM inbound_parts
        WHERE carrier_id = $1 AND sender = $2 AND recipient = $3 AND reference = $4 AND total = $5";

    let params =
        params![whole.carrier, &whole.sender, &whole.recipient, whole.reference, whole.total];
    Ok(tx.query_one(COUNT, params, |row| row.get(0))?.unwrap_or(0))
}

/// Takes the parts of a message that is whole, or was given up on, in their order.
///
/// None where another node was faster.
pub fn take_parts(tx: &mut Tx<'_>, whole: &Concatenation) -> Result<Vec<Part>, StoreError> {
    const TAKE: &str = "
        DELETE FROM inbound_parts
        WHERE carrier_id = $1 AND sender = $2 AND recipient = $3 AND reference = $4 AND total = $5
        RETURNING part, body, encoding";

    let mut parts = tx.query(
        TAKE,
        params![whole.carrier, &whole.sender, &whole.recipient, whole.reference, whole.total],
        |row| Ok(Part { part: row.get(0)?, body: row.get(1)?, encoding: row.parsed(2)? }),
    )?;
    parts.sort_unstable_by_key(|part| part.part);
    Ok(parts)
}

/// Long messages whose last part came before `before` and which are not whole.
pub fn stale(
    tx: &mut Tx<'_>,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Concatenation>, StoreError> {
    const STALE: &str = "
        SELECT carrier_id, sender, recipient, reference, total FROM inbound_parts
        GROUP BY carrier_id, sender, recipient, reference, total
        HAVING MAX(received_at) <= $1 LIMIT $2";

    tx.query(STALE, params![before, limit], |row: &Row<'_>| {
        Ok(Concatenation {
            carrier: CarrierId::new(row.get(0)?),
            sender: row.get(1)?,
            recipient: row.get(2)?,
            reference: row.get(3)?,
            total: row.get(4)?,
        })
    })
}

/// A text for a number that no account holds.
#[derive(Debug, Clone)]
pub struct Unassigned {
    pub id: i64,
    pub carrier: CarrierId,
    pub sender: String,
    pub recipient: String,
    pub body: String,
    pub received_at: Timestamp,
}

pub fn keep_unassigned(tx: &mut Tx<'_>, text: &Unassigned) -> Result<(), StoreError> {
    const KEEP: &str = "
        INSERT INTO inbound_unassigned (id, carrier_id, sender, recipient, body, received_at)
        VALUES ($1, $2, $3, $4, $5, $6)";

    tx.execute(
        KEEP,
        params![text.id, text.carrier, &text.sender, &text.recipient, &text.body, text.received_at],
    )?;
    Ok(())
}

/// Forgets what came in before `before`: a carrier does not redeliver that late.
pub fn forget_seen(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    const FORGET: &str = "DELETE FROM inbound_seen WHERE received_at <= $1";

    tx.execute(FORGET, params![before])
}
