//! The double-entry ledger: every row moves an amount from one book to another.

use domain::{AccountId, Currency, Micros, Timestamp};

use crate::{
    StoreError, Tx, Value,
    append::{Append, Field},
    params,
};

domain::words! {
    /// Why money moved.
    pub enum TransferKind {
        /// Set aside when a message is accepted.
        Reserve = "reserve",
        /// Earned when a carrier accepted it.
        Post = "post",
        /// Given back when none did.
        Void = "void",
        /// Given, or with a negative sign taken, by an operator.
        Credit = "credit",
        /// Given back for a number that was refused.
        Refund = "refund",
        /// Setting a number up.
        Setup = "setup",
        /// A month of a number.
        Number = "number",
        /// A month of SMS on a number.
        SmsAddon = "sms_addon",
        /// Paid in by the customer.
        Topup = "topup",
        /// A payment that was paid back to its payer.
        TopupRefund = "topup_refund",
        /// A payment that its payer's bank took back.
        Dispute = "dispute",
        /// What was taken back and not there any more: the customer owes it.
        Debt = "debt",
        /// Of that, what was settled out of the wallet.
        Settle = "settle",
        /// A refund that failed, or a dispute that was won.
        Restored = "restored",
    }
}

domain::words! {
    /// Where money lies. `available` and `held` are the customer's, `owed` is what the customer owes
    /// (below zero, as books go), the others are the house's.
    pub enum Book {
        Available = "available",
        Held = "held",
        Owed = "owed",
        Revenue = "revenue",
        /// What came in from outside.
        Funds = "funds",
    }
}

#[derive(Debug, Clone)]
pub struct Transfer {
    pub account: AccountId,
    /// The message, the month or the payment; the transfer's own id where nothing else caused it.
    pub source: i64,
    pub kind: TransferKind,
    /// Only where `available` moved: the customer sees those.
    pub listed: Option<Listed>,
    pub currency: Currency,
    /// Never negative: the direction is in `debit` and `credit`.
    pub amount: Micros,
    pub debit: Book,
    pub credit: Book,
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct Listed {
    pub id: i64,
    pub available_after: Micros,
}

/// Records transfers. A second one of the same source and kind fails the transaction.
pub fn record(tx: &mut Tx<'_>, transfers: &[Transfer], at: Timestamp) -> Result<(), StoreError> {
    static TRANSFERS: Append<11> = Append::to(
        "transfers",
        [
            Field::Int("account_id"),
            Field::Int("source_id"),
            Field::Text("kind"),
            Field::Int("id"),
            Field::Text("currency"),
            Field::Int("amount"),
            Field::Text("debit"),
            Field::Text("credit"),
            Field::Int("available_after"),
            Field::Text("note"),
            Field::Int("created_at"),
        ],
    );

    let rows: Vec<[Value<'_>; 11]> = transfers
        .iter()
        .map(|transfer| {
            [
                Value::from(transfer.account),
                Value::from(transfer.source),
                Value::from(transfer.kind.as_str()),
                Value::from(transfer.listed.map(|listed| listed.id)),
                Value::from(transfer.currency.as_str()),
                Value::from(transfer.amount),
                Value::from(transfer.debit.as_str()),
                Value::from(transfer.credit.as_str()),
                Value::from(transfer.listed.map(|listed| listed.available_after)),
                Value::from(transfer.note.as_deref()),
                Value::from(at),
            ]
        })
        .collect();
    tx.append(&TRANSFERS, &rows)
}

/// What moved for this source and kind.
pub fn amount(
    tx: &mut Tx<'_>,
    account: AccountId,
    source: i64,
    kind: TransferKind,
) -> Result<Option<Micros>, StoreError> {
    const AMOUNT: &str =
        "SELECT amount FROM transfers WHERE account_id = $1 AND source_id = $2 AND kind = $3";

    let amount = tx.query_one(AMOUNT, params![account, source, kind.as_str()], |row| row.get(0))?;
    Ok(amount.map(Micros::new))
}
