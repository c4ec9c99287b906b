//! Taking payments back: refunds by an operator or at the provider, and disputes.
//!
//! The wallet loses what it has of the amount; the rest is owed, and nothing is sent or bought until
//! it is settled.

use domain::{Micros, Timestamp, TopupId};
use serde_json::Value;
use store::{
    StoreError, Tx,
    events::{self, NewEvent},
    ledger::{self, Book, Listed, Transfer, TransferKind},
    reversals::{self, Reversal, ReversalKind, ReversalState},
    topups::{self, Provider, Topup},
    wallets,
};

use crate::{
    Done, Engine, Idempotency, UseError, events::balance_data, ids::Range, repeats::OPERATORS,
    topups::settle,
};

/// The reversal itself, its movement, and what is settled out of it.
pub(crate) const REVERSAL_IDS: usize = 3;

impl Engine {
    /// Pays a top-up back, all that is left of it or `amount` of that (net), out of the wallet.
    ///
    /// The provider is asked afterwards, until it answers.
    pub async fn refund_topup(
        &self,
        id: TopupId,
        amount: Option<Micros>,
        key: Option<Idempotency>,
        render: impl Fn(&Reversal) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let found = self.store.read(move |tx| topups::find_by_id(tx, id)).await?;
        let account = found.ok_or(UseError::NotFound("payment"))?.account;
        let ids = self.ids.take(&self.store, REVERSAL_IDS).await?;
        let now = self.clock.now();
        let body = move |tx: &mut Tx<'_>| {
            wallets::lock(tx, &[account])?;
            let topup = topups::find(tx, account, id)?.ok_or(UseError::NotFound("payment"))?;
            let (left, left_gross) = left(tx, &topup)?;
            let conflict = |message: String| UseError::Conflict { message };
            if topup.paid_at.is_none() {
                return Err(conflict("It was not paid: there is nothing to pay back.".to_owned()));
            }
            if left.is_zero() {
                return Err(conflict("All of it was paid back before.".to_owned()));
            }
            let net = amount.unwrap_or(left);
            let currency = topup.currency;
            if net <= Micros::ZERO || net.get() % currency.minor_unit().get() != 0 || net > left {
                let message = format!("amount is more than zero and at most {left} {currency}");
                return Err(UseError::invalid("amount", message));
            }
            let wallet = wallets::find(tx, account)?.ok_or(UseError::NotFound("wallet"))?;
            if wallet.available < net {
                return Err(conflict(format!(
                    "The wallet holds {} {currency} of it, the rest was spent: name an amount.",
                    wallet.available
                )));
            }
            // The whole of what is left is paid back to the cent.
            let gross = if net == left {
                left_gross
            } else {
                let vat = topup.vat_rate.on(net, currency).unwrap_or(Micros::ZERO);
                left_gross.min(Micros::new(net.get() + vat.get()))
            };
            let mut ids = ids.clone();
            let asked = topup.provider != Provider::Demo;
            let state = if asked { ReversalState::Pending } else { ReversalState::Done };
            let reversal = Reversal {
                account,
                id: ids.next(),
                topup: id,
                kind: ReversalKind::Refund,
                state,
                provider_ref: None,
                gross,
                amount: net,
                created_at: now,
                finished_at: (!asked).then_some(now),
            };
            reversals::insert(tx, &reversal, asked.then_some(now))?;
            take_back(tx, &topup, &reversal, &mut ids, now)?;
            Ok(reversal)
        };
        let done = self.once(OPERATORS, key, body, render).await?;
        self.hub.tell([account]);
        Ok(done)
    }
}

/// What is left of a payment that was not taken back: net, and as it was paid.
fn left(tx: &mut Tx<'_>, topup: &Topup) -> Result<(Micros, Micros), StoreError> {
    let (mut net, mut gross) = (topup.amount.get(), topup.gross.get());
    for reversal in reversals::of_topup(tx, topup.account, topup.id)? {
        if reversal.state != ReversalState::Undone {
            net -= reversal.amount.get();
            gross -= reversal.gross.get();
        }
    }
    Ok((Micros::new(net), Micros::new(gross)))
}

/// The provider paid `refunded` of it back in all: what of that the wallet still has is taken.
/// The caller holds the wallet's lock.
pub(crate) fn refunded(
    tx: &mut Tx<'_>,
    topup: &Topup,
    refunded: Micros,
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    // An earlier event that comes late says less.
    let refunded = refunded.max(topup.refunded_gross).min(topup.gross);
    topups::refunded(tx, topup, refunded)?;
    let ours: i64 = reversals::of_topup(tx, topup.account, topup.id)?
        .iter()
        .filter(|one| one.kind == ReversalKind::Refund && one.state != ReversalState::Undone)
        .map(|one| one.gross.get())
        .sum();
    let missing = Micros::new(refunded.get() - ours);
    if missing <= Micros::ZERO {
        return Ok(());
    }
    reverse(tx, topup, (ReversalKind::Refund, None, missing), ids, now)
}

/// The payer's bank took `gross` of it back.
pub(crate) fn disputed(
    tx: &mut Tx<'_>,
    topup: &Topup,
    (dispute, gross): (&str, Micros),
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    if reversals::find_by_ref(tx, dispute)?.is_some() {
        return Ok(());
    }
    reverse(tx, topup, (ReversalKind::Dispute, Some(dispute), gross), ids, now)
}

/// A dispute was won, perhaps before it was heard of.
pub(crate) fn dispute_won(
    tx: &mut Tx<'_>,
    topup: &Topup,
    dispute: &str,
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    if let Some(known) = reversals::find_by_ref(tx, dispute)? {
        return undo(tx, topup, &known, ids, now);
    }
    let reversal = Reversal {
        account: topup.account,
        id: ids.next(),
        topup: topup.id,
        kind: ReversalKind::Dispute,
        state: ReversalState::Undone,
        provider_ref: Some(dispute.to_owned()),
        gross: Micros::ZERO,
        amount: Micros::ZERO,
        created_at: now,
        finished_at: Some(now),
    };
    Ok(reversals::insert(tx, &reversal, None)?)
}

/// Takes back what `gross` of a payment stands for, at most what is left of it.
fn reverse(
    tx: &mut Tx<'_>,
    topup: &Topup,
    (kind, provider_ref, gross): (ReversalKind, Option<&str>, Micros),
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    let (left, left_gross) = left(tx, topup)?;
    let gross = gross.min(left_gross);
    let amount = if gross == left_gross {
        left
    } else {
        let share = i128::from(topup.amount.get()) * i128::from(gross.get());
        let share = share / i128::from(topup.gross.get());
        left.min(Micros::new(i64::try_from(share).unwrap_or(i64::MAX)))
    };
    let reversal = Reversal {
        account: topup.account,
        id: ids.next(),
        topup: topup.id,
        kind,
        state: ReversalState::Done,
        provider_ref: provider_ref.map(str::to_owned),
        gross,
        amount,
        created_at: now,
        finished_at: Some(now),
    };
    reversals::insert(tx, &reversal, None)?;
    take_back(tx, topup, &reversal, ids, now)
}

fn take_back(
    tx: &mut Tx<'_>,
    topup: &Topup,
    reversal: &Reversal,
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    let (account, currency) = (topup.account, topup.currency);
    let taken = wallets::take_back(tx, account, reversal.amount)?;
    let (taken, available) = taken.ok_or(UseError::NotFound("wallet"))?;
    let kind = match reversal.kind {
        ReversalKind::Refund => TransferKind::TopupRefund,
        ReversalKind::Dispute => TransferKind::Dispute,
    };
    let transfer = |kind, listed, amount, debit| Transfer {
        account,
        source: reversal.id,
        kind,
        listed,
        currency,
        amount,
        debit,
        credit: Book::Funds,
        note: None,
    };
    let mut transfers = Vec::new();
    if !taken.is_zero() {
        let listed = Listed { id: ids.next(), available_after: available };
        transfers.push(transfer(kind, Some(listed), taken, Book::Available));
    }
    if taken < reversal.amount {
        let owed = Micros::new(reversal.amount.get() - taken.get());
        transfers.push(transfer(TransferKind::Debt, None, owed, Book::Owed));
    }
    ledger::record(tx, &transfers, now)?;
    let news = NewEvent::balance(account, balance_data(available, currency));
    Ok(events::append(tx, &[news], now)?)
}

/// Gives back to the wallet what a reversal took. The caller holds the wallet's lock.
pub(crate) fn undo(
    tx: &mut Tx<'_>,
    topup: &Topup,
    reversal: &Reversal,
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    let step = (reversal.state, ReversalState::Undone);
    if reversal.state == ReversalState::Undone || !reversals::finish(tx, reversal, step, None, now)?
    {
        return Ok(());
    }
    let (account, currency, amount) = (topup.account, topup.currency, reversal.amount);
    if !amount.is_zero() {
        let available =
            wallets::adjust(tx, account, amount)?.ok_or(UseError::NotFound("wallet"))?;
        let transfer = Transfer {
            account,
            source: reversal.id,
            kind: TransferKind::Restored,
            listed: Some(Listed { id: ids.next(), available_after: available }),
            currency,
            amount,
            debit: Book::Funds,
            credit: Book::Available,
            note: None,
        };
        ledger::record(tx, &[transfer], now)?;
        let left = settle(tx, account, (reversal.id, ids.next()), currency, now)?;
        let news = NewEvent::balance(account, balance_data(left.unwrap_or(available), currency));
        events::append(tx, &[news], now)?;
    }
    Ok(())
}

/// A refund came to nothing: the wallet has it again, unless the provider paid that much back by
/// other refunds.
pub(crate) fn refund_failed(
    tx: &mut Tx<'_>,
    topup: &Topup,
    reversal: &Reversal,
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    if reversal.state == ReversalState::Undone {
        return Ok(());
    }
    undo(tx, topup, reversal, ids, now)?;
    // One that was done is in the provider's sum, which falls by it.
    let told = if reversal.state == ReversalState::Done {
        Micros::new((topup.refunded_gross.get() - reversal.gross.get()).max(0))
    } else {
        topup.refunded_gross
    };
    topups::refunded(tx, topup, told)?;
    let topup = Topup { refunded_gross: told, ..topup.clone() };
    refunded(tx, &topup, told, ids, now)
}
