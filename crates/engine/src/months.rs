//! Charging a wallet for a month of a number, or of SMS on it.

use domain::{AccountId, Currency, Micros, Timestamp};
use store::{
    Tx,
    accounts::AccountStatus,
    ledger::{self, Book, Listed, Transfer, TransferKind},
    months::{self, Month, Service},
    numbers::NumberRecord,
    people,
    renewals::{self, Renewal, RenewalState},
    wallets,
};

use crate::{UseError, activations::is_pending, ids::Range};

/// Takes the price of the month that begins now, unless `now` lies in a month that was paid, and
/// lets it renew from then on.
///
/// A month that is owed is paid first: its service was on. Answers the month that was
/// charged, each at most once.
pub(crate) fn charge(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: &NumberRecord,
    (service, price): (Service, Micros),
    (now, currency): (Timestamp, Currency),
    ids: &mut Range,
) -> Result<Option<Month>, UseError> {
    let known = renewals::lock(tx, (account, number.id, service))?;
    if let Some(known) = known.filter(|known| known.paid_until > now) {
        renewals::put(tx, &Renewal { renews: true, ..known })?;
        return Ok(None);
    }
    if let Some((anchor, paid_until)) = months::running(tx, account, number.id, service, now)? {
        // It was released and is back within a month that was paid.
        renewals::put(tx, &paid(account, number, service, (anchor, paid_until)))?;
        return Ok(None);
    }
    let (anchor, starts_at, price) = match known {
        Some(owed) if owed.state == RenewalState::Grace => {
            (owed.anchor, owed.paid_until, owed.owed)
        }
        _ => (now, now, price),
    };
    let ends_at = starts_at.next_month_of(anchor);
    let month = Month {
        account,
        number: number.id,
        service,
        starts_at,
        ends_at,
        anchor,
        id: ids.next(),
        amount: price,
        begun: !is_pending(number.status),
    };
    if !pay(tx, number, &month, (now, currency))? {
        return Err(short(tx, account)?);
    }
    renewals::put(tx, &paid(account, number, service, (anchor, ends_at)))?;
    Ok(Some(month))
}

/// Takes a month's price from its wallet and notes it; false where the money does not suffice.
pub(crate) fn pay(
    tx: &mut Tx<'_>,
    number: &NumberRecord,
    month: &Month,
    (now, currency): (Timestamp, Currency),
) -> Result<bool, UseError> {
    let kind = match month.service {
        Service::Number => TransferKind::Number,
        Service::Sms => TransferKind::SmsAddon,
    };
    if !take(tx, number, month, (kind, month.id, month.amount), (now, currency))? {
        return Ok(false);
    }
    months::insert(tx, month)?;
    Ok(true)
}

/// Takes what setting a number up costs, beside its first month.
pub(crate) fn set_up(
    tx: &mut Tx<'_>,
    number: &NumberRecord,
    month: &Month,
    price: Micros,
    moment: (Timestamp, Currency),
    ids: &mut Range,
) -> Result<(), UseError> {
    if price.is_zero() || take(tx, number, month, (TransferKind::Setup, ids.next(), price), moment)?
    {
        Ok(())
    } else {
        Err(short(tx, month.account)?)
    }
}

/// Why a wallet does not pay.
fn short(tx: &mut Tx<'_>, account: AccountId) -> Result<UseError, UseError> {
    let wallet = wallets::find(tx, account)?.ok_or(UseError::NotFound("wallet"))?;
    let owes = !wallet.owed.is_zero();
    Ok(if owes { UseError::PaymentOwed } else { UseError::InsufficientBalance })
}

/// Takes money from a month's wallet for it; false where the money does not suffice.
fn take(
    tx: &mut Tx<'_>,
    number: &NumberRecord,
    month: &Month,
    (kind, id, amount): (TransferKind, i64, Micros),
    (now, currency): (Timestamp, Currency),
) -> Result<bool, UseError> {
    let Some(available) = wallets::adjust(tx, month.account, amount.negated())? else {
        return Ok(false);
    };
    let transfer = Transfer {
        account: month.account,
        source: month.id,
        kind,
        listed: Some(Listed { id, available_after: available }),
        currency,
        amount,
        debit: Book::Available,
        credit: Book::Revenue,
        note: Some(number.number.to_string()),
    };
    ledger::record(tx, &[transfer], now)?;
    Ok(true)
}

/// A renewal that is paid until then.
fn paid(
    account: AccountId,
    number: &NumberRecord,
    service: Service,
    (anchor, paid_until): (Timestamp, Timestamp),
) -> Renewal {
    Renewal {
        account,
        number: number.id,
        service,
        anchor,
        paid_until,
        state: RenewalState::Paid,
        renews: true,
        owed: Micros::ZERO,
        due_at: paid_until,
    }
}

/// A suspended account buys nothing.
pub(crate) fn may_buy(tx: &mut Tx<'_>, account: AccountId) -> Result<(), UseError> {
    match people::status(tx, account)? {
        Some(AccountStatus::Active) => Ok(()),
        Some(AccountStatus::Suspended) => Err(UseError::AccountSuspended),
        None => Err(UseError::NotFound("account")),
    }
}
