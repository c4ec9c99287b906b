//! Receipts and monthly statements: what they say is settled when they are issued, and printed
//! from that whenever they are asked for.

mod print;
mod sheet;

use std::time::Duration;

use domain::{AccountId, Currency, Micros, Timestamp};
use serde::{Deserialize, Serialize};
use store::{
    StoreError, Tx, accounts,
    papers::{self, Paper, PaperKind, Subject, Total},
    topups::{Provider, Topup},
    wallets,
};

use crate::{Engine, UseError};

pub use print::{PrintError, print};

/// Who sells: what the law wants on a paper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    pub name: String,
    /// Its lines.
    pub address: Vec<String>,
    pub vat_number: Option<String>,
    /// In which register, under which number.
    pub registration: Option<String>,
    pub email: Option<String>,
}

/// All that a paper says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperBody {
    pub seller: Seller,
    pub customer: Customer,
    #[serde(flatten)]
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub account: AccountId,
    pub name: String,
    pub email: String,
}

/// Amounts are micro-units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Receipt(Receipt),
    Statement(Statement),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub topup: i64,
    pub net: i64,
    /// In percent.
    pub vat_rate: String,
    pub vat: i64,
    pub gross: i64,
    pub by_card: bool,
    /// What the provider calls the payment.
    pub payment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub opening: i64,
    pub lines: Vec<StatementLine>,
    pub closing: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    /// A kind of transfer.
    pub kind: String,
    /// Since 1970, UTC; of messages.
    pub day: Option<i64>,
    pub number: Option<String>,
    pub count: i64,
    pub amount: i64,
}

impl From<Total> for StatementLine {
    fn from(total: Total) -> Self {
        Self {
            kind: total.kind.as_str().to_owned(),
            day: total.day,
            number: total.number,
            count: total.count,
            amount: total.amount.get(),
        }
    }
}

/// A month's statement waits this long after its end: clocks of nodes differ, and transactions last.
const SETTLED: Duration = Duration::from_secs(3_600);

/// Accounts that one step takes.
const STEP: i64 = 200;

/// Issues the receipt of a payment, in the transaction that credits it.
pub(crate) fn issue_receipt(
    tx: &mut Tx<'_>,
    topup: &Topup,
    payment: Option<&str>,
    (id, seller): (i64, &Seller),
    now: Timestamp,
) -> Result<(), UseError> {
    let receipt = Receipt {
        topup: topup.id.get(),
        net: topup.amount.get(),
        vat_rate: topup.vat_rate.to_string(),
        vat: topup.vat_amount.get(),
        gross: topup.gross.get(),
        by_card: topup.provider == Provider::Stripe,
        payment: topup.payment_ref.clone().or_else(|| payment.map(str::to_owned)),
    };
    let subject = Subject::Topup(topup.id);
    let about = (topup.account, id, subject, topup.currency, topup.gross);
    issue(tx, about, seller, Content::Receipt(receipt), now)
}

fn issue(
    tx: &mut Tx<'_>,
    (account, id, subject, currency, total): (AccountId, i64, Subject, Currency, Micros),
    seller: &Seller,
    content: Content,
    now: Timestamp,
) -> Result<(), UseError> {
    let owner = accounts::find(tx, account)?.ok_or(UseError::NotFound("account"))?;
    let customer = Customer { account, name: owner.name, email: owner.email };
    let body = PaperBody { seller: seller.clone(), customer, content };
    let body = serde_json::to_string(&body).expect("a paper is made of texts and integers");
    let kind = match subject {
        Subject::Topup(_) => PaperKind::Receipt,
        Subject::Period(..) => PaperKind::Statement,
    };
    let year = now.year();
    // The last lock that is taken: those who issue wait for one another until the commit.
    let number = papers::next_number(tx, kind, year)?;
    let paper = Paper { account, id, subject, year, number, currency, total, body, issued_at: now };
    Ok(papers::insert(tx, &paper)?)
}

impl Engine {
    /// Issues the statements of the months that are over; answers how many.
    ///
    /// Each month of an account has one, whichever nodes do this at once and however long nobody did.
    pub async fn issue_statements(&self) -> Result<usize, UseError> {
        let end = self.clock.now().minus(SETTLED).start_of_month();
        let mut issued = 0;
        loop {
            let due = self.store.read(move |tx| papers::without_statement(tx, end, STEP)).await?;
            if due.is_empty() {
                return Ok(issued);
            }
            let mut step = 0;
            for account in due {
                step += usize::from(self.issue_statement(account, end).await?);
            }
            // Where another node is doing it, it is left to that one.
            if step == 0 {
                return Ok(issued);
            }
            issued += step;
        }
    }

    /// Issues an account's next statement, of a month that was over at `end`; answers whether it did.
    async fn issue_statement(&self, account: AccountId, end: Timestamp) -> Result<bool, UseError> {
        // A month that is over does not change: it is summed up without keeping anybody waiting.
        let summed = self.store.read(move |tx| {
            let Some(owner) = accounts::find(tx, account)? else { return Ok(None) };
            let (from, opening) = papers::last_statement(tx, account)?
                .unwrap_or((owner.created_at.start_of_month(), Micros::ZERO));
            let to = from.plus_months(1);
            let totals = papers::totals(tx, account, from, to)?;
            Ok::<_, StoreError>(Some((from, to, opening, totals)))
        });
        let Some((from, to, opening, totals)) = summed.await? else { return Ok(false) };
        // Another node may have issued what was due: the next month goes on.
        if to > end {
            return Ok(false);
        }
        let moved: i64 = totals.iter().map(|total| total.amount.get()).sum();
        let closing = Micros::new(opening.get() + moved);
        let statement = Statement {
            opening: opening.get(),
            lines: totals.into_iter().map(StatementLine::from).collect(),
            closing: closing.get(),
        };
        let id = self.ids.one(&self.store).await?;
        let (seller, now) = (self.config.site.seller(), self.clock.now());
        self.store
            .write(move |tx| {
                wallets::lock(tx, &[account])?;
                let Some(wallet) = wallets::find(tx, account)? else { return Ok(false) };
                let done = papers::last_statement(tx, account)?;
                if done.is_some_and(|(end, _)| end > from) {
                    return Ok(false);
                }
                let subject = Subject::Period(from, to);
                let about = (account, id, subject, wallet.currency, closing);
                issue(tx, about, &seller, Content::Statement(statement.clone()), now)?;
                Ok::<_, UseError>(true)
            })
            .await
    }
}
