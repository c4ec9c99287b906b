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

use crate::{UseError, ids::Range};

/// Takes the price of the month that begins now, unless `now` lies in a month that was paid, and
/// lets it renew from then on.
///
/// A month that is owed is paid first: its service was on. Answers what was taken: a number's
/// month is charged at most once.
pub(crate) fn charge(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: &NumberRecord,
    (service, price): (Service, Micros),
    (now, currency): (Timestamp, Currency),
    ids: &mut Range,
) -> Result<Micros, UseError> {
    let known = renewals::lock(tx, (account, number.id, service))?;
    if let Some(known) = known.filter(|known| known.paid_until > now) {
        renewals::put(tx, &Renewal { renews: true, ..known })?;
        return Ok(Micros::ZERO);
    }
    if let Some((anchor, paid_until)) = months::running(tx, account, number.id, service, now)? {
        // It was released and is back within a month that was paid.
        renewals::put(tx, &paid(account, number, service, (anchor, paid_until)))?;
        return Ok(Micros::ZERO);
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
    };
    if !pay(tx, number, &month, (now, currency))? {
        return Err(UseError::InsufficientBalance);
    }
    renewals::put(tx, &paid(account, number, service, (anchor, ends_at)))?;
    Ok(price)
}

/// Takes a month's price from its wallet and notes it; false where the money does not suffice.
pub(crate) fn pay(
    tx: &mut Tx<'_>,
    number: &NumberRecord,
    month: &Month,
    (now, currency): (Timestamp, Currency),
) -> Result<bool, UseError> {
    let Some(available) = wallets::adjust(tx, month.account, month.amount.negated())? else {
        return Ok(false);
    };
    let kind = match month.service {
        Service::Number => TransferKind::Number,
        Service::Sms => TransferKind::SmsAddon,
    };
    let transfer = Transfer {
        account: month.account,
        source: month.id,
        kind,
        listed: Some(Listed { id: month.id, available_after: available }),
        currency,
        amount: month.amount,
        debit: Book::Available,
        credit: Book::Revenue,
        note: Some(number.number.to_string()),
    };
    ledger::record(tx, &[transfer], now)?;
    months::insert(tx, month)?;
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
