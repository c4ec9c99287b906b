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
    told_refunds::{self, ToldRefund, ToldSum},
    topups::{self, Provider, Topup},
    wallets,
};

use crate::{
    Done, Engine, Idempotency, UseError, events::balance_data, ids::Range, repeats::OPERATORS,
    topups::settle,
};

/// The reversal itself, its movement, and what is settled out of it.
pub(crate) const REVERSAL_IDS: usize = 3;

/// Reversals that one thing told undoes: those of the refunds that it stands for, rarely more than one.
const UNDONE_MAX: usize = 8;

/// What one thing told can bring: what is undone, each with what is settled out of it, and a reversal.
pub(crate) const TOLD_IDS: usize = 2 * (UNDONE_MAX + 1) + REVERSAL_IDS;

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
            if net <= Micros::ZERO
                || net.get() % currency.smallest_payment().get() != 0
                || net > left
            {
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

/// The provider told of a refund: it was made, or came to nothing. The caller holds the wallet's lock.
pub(crate) fn told_of_refund(
    tx: &mut Tx<'_>,
    topup: &Topup,
    refund: &ToldRefund,
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    if let Some(ours) = refund.reversal {
        reversals::name(tx, topup, ours, &refund.provider_ref)?;
    }
    let ours = reversals::find_by_ref(tx, &refund.provider_ref)?
        .filter(|known| known.topup == topup.id)
        .map(|known| known.id);
    told_refunds::note(tx, topup, &ToldRefund { reversal: ours, ..refund.clone() })?;
    agree(tx, topup, ids, now)
}

/// The provider told what was paid back in all. The caller holds the wallet's lock.
pub(crate) fn told_sum(
    tx: &mut Tx<'_>,
    topup: &Topup,
    sum: ToldSum,
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    told_refunds::note_sum(tx, topup, sum)?;
    agree(tx, topup, ids, now)
}

/// Takes what was paid back at the provider and not taken yet, or gives back what was not paid back
/// after all. What is told counts, and not in which order.
fn agree(tx: &mut Tx<'_>, topup: &Topup, ids: &mut Range, now: Timestamp) -> Result<(), UseError> {
    let told = told_refunds::of_topup(tx, topup.account, topup.id)?;
    let sums = told_refunds::sums(tx, topup.account, topup.id)?;
    let mut live = live_refunds(tx, topup)?;
    let failed = |id: i64| told.iter().any(|t| t.reversal == Some(id) && t.failed_at.is_some());
    for ours in live.extract_if(.., |one| failed(one.id)) {
        undo(tx, topup, &ours, ids, now)?;
    }
    let paid_back = paid_back(&told, &sums, &live).min(topup.gross);
    topups::refunded(tx, topup, paid_back)?;

    let taken = |live: &[Reversal]| live.iter().map(|one| one.gross.get()).sum::<i64>();
    for _ in 0..UNDONE_MAX {
        let excess = taken(&live) - paid_back.get();
        let by_hand: Vec<usize> = (0..live.len()).filter(|at| is_by_hand(&live[*at])).collect();
        let exact = by_hand.iter().find(|at| live[**at].gross.get() == excess);
        match exact.or(by_hand.last()) {
            Some(at) if excess > 0 => undo(tx, topup, &live.remove(*at), ids, now)?,
            _ => break,
        }
    }
    let missing = Micros::new(paid_back.get() - taken(&live));
    if missing > Micros::ZERO {
        live.retain(is_by_hand);
        let before = live
            .iter()
            .fold((0, 0), |(gross, net), one| (gross + one.gross.get(), net + one.amount.get()));
        reverse(tx, topup, (ReversalKind::Refund, None, missing), before, ids, now)?;
    }
    Ok(())
}

/// What the provider paid back of a payment in all, of which `live` are ours and what was taken for others.
///
/// No less than the refunds that are known, and no less than a sum that it told, without those
/// that it may have counted and that failed later. A sum names no refund: it is all that is known of
/// them where the provider is not asked to tell of each.
fn paid_back(told: &[ToldRefund], sums: &[ToldSum], live: &[Reversal]) -> Micros {
    let gross = |refunds: &mut dyn Iterator<Item = &ToldRefund>| {
        refunds.map(|refund| refund.gross.get()).sum::<i64>()
    };
    let untold = live.iter().filter(|one| {
        !is_by_hand(one) && told.iter().all(|refund| refund.reversal != Some(one.id))
    });
    let named = gross(&mut told.iter().filter(|refund| refund.failed_at.is_none()))
        + untold.map(|one| one.gross.get()).sum::<i64>();
    let least = sums.iter().map(|sum| {
        // In the second in which it failed, the sum is rather that of before.
        let counted = |refund: &&ToldRefund| {
            refund.made_at <= sum.told_at
                && refund.failed_at.is_some_and(|failed_at| sum.told_at <= failed_at)
        };
        sum.gross.get() - gross(&mut told.iter().filter(counted))
    });
    Micros::new(least.fold(named, i64::max))
}

/// Refunds of a top-up that the wallet paid, oldest first.
fn live_refunds(tx: &mut Tx<'_>, topup: &Topup) -> Result<Vec<Reversal>, StoreError> {
    let mut refunds = reversals::of_topup(tx, topup.account, topup.id)?;
    refunds.retain(|one| one.kind == ReversalKind::Refund && one.state != ReversalState::Undone);
    Ok(refunds)
}

/// Whether it stands for what was paid back at the provider: ours is pending, or has its name there.
fn is_by_hand(refund: &Reversal) -> bool {
    refund.state == ReversalState::Done && refund.provider_ref.is_none()
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
    reverse(tx, topup, (ReversalKind::Dispute, Some(dispute), gross), (0, 0), ids, now)
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
        undo(tx, topup, &known, ids, now)?;
        // There may have been refunds for which nothing was left.
        return agree(tx, topup, ids, now);
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

/// Takes back what `gross` of a payment stands for, at most what is left of it. `before`: gross and
/// net of others, with which it adds up without a rest.
fn reverse(
    tx: &mut Tx<'_>,
    topup: &Topup,
    (kind, provider_ref, gross): (ReversalKind, Option<&str>, Micros),
    before: (i64, i64),
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    let (left, left_gross) = left(tx, topup)?;
    let gross = gross.min(left_gross);
    if gross <= Micros::ZERO {
        return Ok(());
    }
    let amount = if gross == left_gross {
        left
    } else {
        let share = i128::from(topup.amount.get()) * i128::from(before.0 + gross.get());
        let share = share / i128::from(topup.gross.get()) - i128::from(before.1);
        let share = Micros::new(i64::try_from(share).unwrap_or(i64::MAX));
        share.clamp(Micros::ZERO, left)
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

/// A refund that was asked for was refused: there is none at the provider.
pub(crate) fn refund_refused(
    tx: &mut Tx<'_>,
    topup: &Topup,
    reversal: &Reversal,
    ids: &mut Range,
    now: Timestamp,
) -> Result<(), UseError> {
    undo(tx, topup, reversal, ids, now)?;
    // It stood for what others have paid back meanwhile.
    agree(tx, topup, ids, now)
}
