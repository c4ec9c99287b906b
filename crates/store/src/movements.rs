//! The movements of a customer's balance: the ledger as the wallet page lists it.

use domain::{AccountId, Currency, Micros, NumberId, Timestamp};

use crate::{
    StoreError, Tx, Value,
    ledger::{Book, TransferKind},
    like,
};

/// A transfer into or out of `available`.
#[derive(Debug, Clone)]
pub struct Movement {
    pub id: i64,
    pub kind: TransferKind,
    pub source: i64,
    /// Whose month it paid.
    pub number: Option<NumberId>,
    /// Negative where money left.
    pub amount: Micros,
    pub available_after: Micros,
    pub currency: Currency,
    pub note: Option<String>,
    pub created_at: Timestamp,
}

/// Which movements a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any of these; all where there is none.
    pub kinds: Vec<TransferKind>,
    /// What this number's messages and months cost.
    pub number: Option<NumberId>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Part of the note, whatever its case.
    pub text: Option<String>,
}

/// Nearly all movements of an account that sends are of these; the others have an index of their own.
const OF_MESSAGES: [TransferKind; 2] = [TransferKind::Reserve, TransferKind::Void];

/// Newest first, those with ids below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    filter: &Filter,
    before: i64,
    limit: i64,
) -> Result<Vec<Movement>, StoreError> {
    let text = filter.text.as_deref().map(like::containing);
    let mut values = vec![Value::from(account), Value::from(before)];
    let mut conditions = String::new();
    if !filter.kinds.is_empty() {
        let mut places = Vec::new();
        for kind in &filter.kinds {
            values.push(Value::from(kind.as_str()));
            places.push(format!("${}", values.len()));
        }
        conditions.push_str(&format!(" AND t.kind IN ({})", places.join(", ")));
        if !filter.kinds.iter().any(|kind| OF_MESSAGES.contains(kind)) {
            // The words of the index `transfers_rare`.
            conditions.push_str(" AND t.kind NOT IN ('reserve', 'void')");
        }
    }
    let given = [
        ("t.created_at >= $", filter.since.map(Value::from)),
        ("t.created_at < $", filter.until.map(Value::from)),
        // A month's number, or else a message's: what has neither is of no number.
        (
            "COALESCE(m.number_id, (SELECT s.number_id FROM messages s
                WHERE s.account_id = t.account_id AND s.id = t.source_id
                    AND t.kind IN ('reserve', 'void', 'post'))) = $",
            filter.number.map(Value::from),
        ),
    ];
    for (condition, value) in given {
        if let Some(value) = value {
            values.push(value);
            conditions.push_str(&format!(" AND {condition}{}", values.len()));
        }
    }
    if let Some(text) = &text {
        values.push(Value::from(text.as_str()));
        conditions.push_str(&format!(" AND LOWER(t.note) LIKE ${} ESCAPE '\\'", values.len()));
    }
    values.push(Value::from(limit));
    let sql = format!(
        "SELECT t.id, t.kind, t.source_id, t.amount, t.debit, t.available_after, t.currency, t.note,
            t.created_at, m.number_id
        FROM transfers t LEFT JOIN number_months m
            ON t.kind IN ('setup', 'refund', 'number', 'sms_addon') AND m.account_id = t.account_id AND m.id = t.source_id
        WHERE t.account_id = $1 AND t.id IS NOT NULL AND t.id < $2{conditions}
        ORDER BY t.id DESC LIMIT ${}",
        values.len()
    );
    tx.query(&sql, &values, |row| {
        let amount = Micros::new(row.get(3)?);
        let left = row.parsed::<Book>(4)? == Book::Available;
        Ok(Movement {
            id: row.get(0)?,
            kind: row.parsed(1)?,
            source: row.get(2)?,
            amount: if left { amount.negated() } else { amount },
            available_after: Micros::new(row.get(5)?),
            currency: row.currency(6)?,
            note: row.get(7)?,
            created_at: row.time(8)?,
            number: row.get::<Option<i64>>(9)?.map(NumberId::new),
        })
    })
}
