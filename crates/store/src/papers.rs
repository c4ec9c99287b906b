//! Papers for a customer's books: a receipt for each payment, a statement for each month.
//!
//! A paper is numbered within its kind and UTC year, without gaps: its number is taken in the
//! transaction that issues it.

use domain::{AccountId, Currency, Micros, Timestamp, TopupId};

use crate::{
    Row, StoreError, Tx,
    ledger::{Book, TransferKind},
    params,
};

domain::words! {
    pub enum PaperKind {
        /// Of a payment into the wallet.
        Receipt = "receipt",
        /// Of a month of the wallet.
        Statement = "statement",
    }
}

/// Of what a paper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Topup(TopupId),
    /// From the first to before the second.
    Period(Timestamp, Timestamp),
}

#[derive(Debug, Clone)]
pub struct Paper {
    pub account: AccountId,
    pub id: i64,
    pub subject: Subject,
    pub year: i64,
    /// From 1 in each kind and year.
    pub number: i64,
    pub currency: Currency,
    /// A receipt's gross, a statement's closing balance.
    pub total: Micros,
    /// JSON: all that it says.
    pub body: String,
    pub issued_at: Timestamp,
}

impl Paper {
    pub fn kind(&self) -> PaperKind {
        match self.subject {
            Subject::Topup(_) => PaperKind::Receipt,
            Subject::Period(..) => PaperKind::Statement,
        }
    }

    /// `R-2026-000001`, `S-2026-000001`.
    pub fn label(&self) -> String {
        let series = match self.kind() {
            PaperKind::Receipt => 'R',
            PaperKind::Statement => 'S',
        };
        format!("{series}-{}-{:06}", self.year, self.number)
    }
}

/// The next number of a kind and year; nobody else takes one of them until this commits.
pub fn next_number(tx: &mut Tx<'_>, kind: PaperKind, year: i64) -> Result<i64, StoreError> {
    const NEXT: &str = "
        INSERT INTO paper_series (kind, year, last) VALUES ($1, $2, 1)
        ON CONFLICT (kind, year) DO UPDATE SET last = paper_series.last + 1
        RETURNING last";

    let next = tx.query_one(NEXT, params![kind.as_str(), year], |row| row.get(0))?;
    Ok(next.expect("what is inserted or updated is returned"))
}

pub fn insert(tx: &mut Tx<'_>, paper: &Paper) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO papers (account_id, id, kind, year, number, topup_id, period_start, period_end,
            currency, total, body, issued_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    let (topup, from, to) = match paper.subject {
        Subject::Topup(topup) => (Some(topup), None, None),
        Subject::Period(from, to) => (None, Some(from), Some(to)),
    };
    tx.execute(
        INSERT,
        params![
            paper.account,
            paper.id,
            paper.kind().as_str(),
            paper.year,
            paper.number,
            topup,
            from,
            to,
            paper.currency.as_str(),
            paper.total,
            &paper.body,
            paper.issued_at
        ],
    )?;
    Ok(())
}

const COLUMNS: &str = "account_id, id, topup_id, period_start, period_end, year, number, currency,
    total, body, issued_at";

fn read(row: &Row<'_>) -> Result<Paper, StoreError> {
    let topup: Option<i64> = row.get(2)?;
    let subject = match topup {
        Some(id) => Subject::Topup(TopupId::new(id)),
        None => Subject::Period(row.time(3)?, row.time(4)?),
    };
    Ok(Paper {
        account: AccountId::new(row.get(0)?),
        id: row.get(1)?,
        subject,
        year: row.get(5)?,
        number: row.get(6)?,
        currency: row.currency(7)?,
        total: Micros::new(row.get(8)?),
        body: row.get(9)?,
        issued_at: row.time(10)?,
    })
}

pub fn find(tx: &mut Tx<'_>, account: AccountId, id: i64) -> Result<Option<Paper>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM papers WHERE account_id = $1 AND id = $2");
    tx.query_one(&sql, params![account, id], read)
}

/// The receipt of a payment.
pub fn find_receipt(
    tx: &mut Tx<'_>,
    account: AccountId,
    topup: TopupId,
) -> Result<Option<Paper>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM papers WHERE account_id = $1 AND topup_id = $2");
    tx.query_one(&sql, params![account, topup], read)
}

/// Newest first, those with ids below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    before: i64,
    limit: i64,
) -> Result<Vec<Paper>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM papers WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
    );
    tx.query(&sql, params![account, before, limit], read)
}

/// The end of the last statement's period, and the balance with which it closed.
pub fn last_statement(
    tx: &mut Tx<'_>,
    account: AccountId,
) -> Result<Option<(Timestamp, Micros)>, StoreError> {
    const LAST: &str = "
        SELECT period_end, total FROM papers
        WHERE account_id = $1 AND period_start IS NOT NULL ORDER BY period_start DESC LIMIT 1";

    tx.query_one(LAST, params![account], |row| Ok((row.time(0)?, Micros::new(row.get(1)?))))
}

/// Accounts that have no statement yet of the month that ended at `end`.
pub fn without_statement(
    tx: &mut Tx<'_>,
    end: Timestamp,
    limit: i64,
) -> Result<Vec<AccountId>, StoreError> {
    const WITHOUT: &str = "
        SELECT a.id FROM accounts a
        WHERE a.created_at < $1 AND NOT EXISTS (SELECT 1 FROM papers p
            WHERE p.account_id = a.id AND p.period_start IS NOT NULL AND p.period_end >= $1)
        ORDER BY a.id LIMIT $2";

    tx.query(WITHOUT, params![end, limit], |row| row.get(0).map(AccountId::new))
}

/// What moved in a period: one kind, and of messages one day, of months one number.
#[derive(Debug, Clone)]
pub struct Total {
    pub kind: TransferKind,
    /// Since 1970, UTC; of messages.
    pub day: Option<i64>,
    /// Of months.
    pub number: Option<String>,
    pub count: i64,
    /// Negative where money left.
    pub amount: Micros,
}

/// What moved from `from` to before `to`, all of it, by kind, day and number.
pub fn totals(
    tx: &mut Tx<'_>,
    account: AccountId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Total>, StoreError> {
    const TOTALS: &str = "
        SELECT t.kind, t.debit, CASE WHEN t.kind IN ('reserve', 'void') THEN t.created_at / 86400000000 END,
            n.number, COUNT(*), CAST(SUM(t.amount) AS BIGINT)
        FROM transfers t
        LEFT JOIN number_months m ON t.kind IN ('setup', 'refund', 'number', 'sms_addon')
            AND m.account_id = t.account_id AND m.id = t.source_id
        LEFT JOIN numbers n ON n.id = m.number_id
        WHERE t.account_id = $1 AND t.id IS NOT NULL AND t.created_at >= $2 AND t.created_at < $3
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 4, 2";

    tx.query(TOTALS, params![account, from, to], |row| {
        let amount = Micros::new(row.get(5)?);
        let left = row.parsed::<Book>(1)? == Book::Available;
        Ok(Total {
            kind: row.parsed(0)?,
            day: row.get(2)?,
            number: row.get(3)?,
            count: row.get(4)?,
            amount: if left { amount.negated() } else { amount },
        })
    })
}
