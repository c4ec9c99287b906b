//! Messages gathered by the number and the other side.
//!
//! Gathered when asked for, from the latest [`MESSAGES_MAX`] messages: an index or a
//! table of conversations would cost every message a third of its speed.

use domain::{AccountId, MessageId, NumberId};

use crate::{Row, StoreError, Tx, Value};

/// Older messages than so many make no conversation.
pub const MESSAGES_MAX: i64 = 20_000;

/// All that one of an account's numbers and somebody wrote to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub number: NumberId,
    /// The other side: a number, a short code or a name.
    pub with: String,
    /// Of the latest [`MESSAGES_MAX`].
    pub messages: i64,
    pub last: MessageId,
}

fn read(row: &Row<'_>) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        number: NumberId::new(row.get(0)?),
        with: row.get(1)?,
        messages: row.get(2)?,
        last: MessageId::new(row.get(3)?),
    })
}

/// Latest first, those whose last message's id is below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: Option<NumberId>,
    before: i64,
    limit: i64,
) -> Result<Vec<Conversation>, StoreError> {
    const OF_ACCOUNT: &str = "
        SELECT id, number_id, CASE direction WHEN 'outbound' THEN recipient ELSE sender END AS other
        FROM messages WHERE account_id = $1 ORDER BY id DESC LIMIT $2";
    // The index by number leads with the direction: read each by itself.
    const OF_NUMBER: &str = "
        SELECT * FROM (SELECT id, number_id, recipient AS other FROM messages
            WHERE account_id = $1 AND number_id = $2 AND direction = 'outbound'
            ORDER BY id DESC LIMIT $3) sent
        UNION ALL
        SELECT * FROM (SELECT id, number_id, sender FROM messages
            WHERE account_id = $1 AND number_id = $2 AND direction = 'inbound'
            ORDER BY id DESC LIMIT $3) received";

    let mut values = vec![Value::from(account)];
    values.extend(number.map(Value::from));
    values.push(Value::from(MESSAGES_MAX));
    let latest = if number.is_some() { OF_NUMBER } else { OF_ACCOUNT };
    let at = values.len();
    values.extend([Value::from(before), Value::from(limit)]);
    let sql = format!(
        "SELECT number_id, other, COUNT(*), MAX(id) FROM ({latest}) latest
         GROUP BY number_id, other HAVING MAX(id) < ${} ORDER BY 4 DESC LIMIT ${}",
        at + 1,
        at + 2
    );
    tx.query(&sql, &values, read)
}
