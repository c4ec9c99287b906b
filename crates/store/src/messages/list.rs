//! Lists of messages, by whatever a customer or an operator looks for.

use domain::{AccountId, Direction, MessageId, MessageStatus, NumberId, Timestamp};

use super::{COLUMNS, Message, read};
use crate::{StoreError, Tx, Value, like, params};

/// Which messages of an account a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub direction: Option<Direction>,
    pub number: Option<NumberId>,
    pub status: Option<MessageStatus>,
    pub to: Option<String>,
    pub from: Option<String>,
    /// The other side, whichever way the message went.
    pub with: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Part of the text, whatever its case.
    pub text: Option<String>,
}

/// Newest first, those with ids below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    filter: &Filter,
    before: i64,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let mut found = Vec::new();
    for filter in indexed(tx, account, filter)? {
        found.extend(page(tx, account, &filter, Position::Before(before), limit)?);
    }
    found.sort_unstable_by_key(|message| std::cmp::Reverse(message.id));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// Numbers over which a list is gathered one by one.
const NUMBERS_MERGED_MAX: usize = 50;

/// The filter as one or several that the index by number and direction serves: a
/// direction that is rare among many messages must not be searched for.
fn indexed(
    tx: &mut Tx<'_>,
    account: AccountId,
    filter: &Filter,
) -> Result<Vec<Filter>, StoreError> {
    let with = |number, direction| Filter {
        number: Some(number),
        direction: Some(direction),
        ..filter.clone()
    };
    match (filter.number, filter.direction) {
        (Some(number), None) => {
            Ok(vec![with(number, Direction::Outbound), with(number, Direction::Inbound)])
        }
        (None, Some(direction)) => {
            let numbers = used_numbers(tx, account)?;
            let one_by_one = numbers.len() <= NUMBERS_MERGED_MAX;
            Ok(if one_by_one {
                numbers.into_iter().map(|number| with(number, direction)).collect()
            } else {
                vec![filter.clone()]
            })
        }
        _ => Ok(vec![filter.clone()]),
    }
}

/// The numbers of an account's messages, up to one more than are gathered one by one.
fn used_numbers(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<NumberId>, StoreError> {
    // A loose index scan: one look-up for each number, however many messages.
    const NUMBERS: &str = "
        WITH RECURSIVE used (number_id) AS (
            SELECT MIN(number_id) FROM messages WHERE account_id = $1
            UNION ALL
            SELECT (SELECT MIN(m.number_id) FROM messages m
                    WHERE m.account_id = $1 AND m.number_id > u.number_id)
            FROM used u WHERE u.number_id IS NOT NULL)
        SELECT number_id FROM used WHERE number_id IS NOT NULL LIMIT $2";

    let limit = i64::try_from(NUMBERS_MERGED_MAX + 1).unwrap_or(i64::MAX);
    tx.query(NUMBERS, params![account, limit], |row| row.get(0).map(NumberId::new))
}

/// Oldest first, those that became visible after the message `after` did.
///
/// In the order of the account's events, so that a message which another node
/// committed late is not passed over.
pub fn list_after(
    tx: &mut Tx<'_>,
    account: AccountId,
    filter: &Filter,
    after: MessageId,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    const SEQ: &str = "SELECT seq FROM messages WHERE account_id = $1 AND id <= $2
        ORDER BY id DESC LIMIT 1";

    let seq = tx.query_one(SEQ, params![account, after], |row| row.get(0))?.unwrap_or(0);
    page(tx, account, filter, Position::After(seq), limit)
}

/// Where a page begins, which decides its order.
#[derive(Clone, Copy)]
enum Position {
    /// Newest first, from below this id.
    Before(i64),
    /// Oldest first, from above this event.
    After(i64),
}

fn page(
    tx: &mut Tx<'_>,
    account: AccountId,
    filter: &Filter,
    position: Position,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let (from, start, position, order) = match position {
        Position::Before(id) => ("messages m", "m.account_id = $1", ("m.id < ", id), "m.id DESC"),
        Position::After(seq) if filter.direction == Some(Direction::Inbound) => {
            ("messages m", "m.account_id = $1", ("m.seq > ", seq), "m.seq")
        }
        // A message's first event has its number.
        Position::After(seq) => (
            "events e JOIN messages m ON m.account_id = e.account_id AND m.id = e.message_id",
            "e.account_id = $1 AND m.seq = e.seq",
            ("e.seq > ", seq),
            "e.seq",
        ),
    };
    let text = filter.text.as_deref().map(like::containing);
    let mut conditions = vec![start.to_owned()];
    let mut params = vec![Value::from(account)];
    if filter.direction == Some(Direction::Inbound) {
        // In the words of the index of inbound messages, which a parameter would not match.
        conditions.push("m.direction = 'inbound'".to_owned());
    }
    let given = [
        (position.0, Some(Value::from(position.1))),
        ("m.direction = ", filter.direction.map(|direction| Value::from(direction.as_str()))),
        ("m.number_id = ", filter.number.map(Value::from)),
        ("m.status = ", filter.status.map(|status| Value::from(status.as_str()))),
        ("m.recipient = ", filter.to.as_deref().map(Value::from)),
        ("m.sender = ", filter.from.as_deref().map(Value::from)),
        ("m.created_at >= ", filter.since.map(Value::from)),
        ("m.created_at < ", filter.until.map(Value::from)),
    ];
    for (condition, value) in given {
        if let Some(value) = value {
            params.push(value);
            conditions.push(format!("{condition}${}", params.len()));
        }
    }
    if let Some(with) = &filter.with {
        params.push(Value::from(with));
        let at = params.len();
        conditions.push(format!(
            "((m.direction = 'outbound' AND m.recipient = ${at})
                OR (m.direction = 'inbound' AND m.sender = ${at}))"
        ));
    }
    if let Some(text) = &text {
        params.push(Value::from(text));
        conditions.push(format!("LOWER(m.body) LIKE ${} ESCAPE '\\'", params.len()));
    }
    params.push(Value::from(limit));
    let columns: Vec<String> =
        COLUMNS.split(',').map(|column| format!("m.{}", column.trim())).collect();
    let sql = format!(
        "SELECT {} FROM {from} WHERE {} ORDER BY {order} LIMIT ${}",
        columns.join(", "),
        conditions.join(" AND "),
        params.len()
    );
    tx.query(&sql, &params, read)
}

/// Every account's messages for the operator, newest first, those with ids below `before`.
pub fn list_all(
    tx: &mut Tx<'_>,
    account: Option<AccountId>,
    filter: &Filter,
    before: i64,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    const ACCOUNTS: &str = "SELECT id FROM accounts ORDER BY id";

    let accounts = match account {
        Some(account) => vec![account],
        None => tx.query(ACCOUNTS, &[], |row| row.get(0).map(AccountId::new))?,
    };
    let mut found = Vec::new();
    for account in accounts {
        found.extend(list(tx, account, filter, before, limit)?);
    }
    found.sort_unstable_by_key(|message| std::cmp::Reverse(message.id));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}
