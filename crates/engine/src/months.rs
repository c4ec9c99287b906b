//! Charging a wallet for a month of a number, or of SMS on it.

use domain::{AccountId, Currency, Micros, Timestamp};
use store::{
    Tx,
    accounts::AccountStatus,
    ledger::{self, Book, Listed, Transfer, TransferKind},
    months::{self, Month, Service},
    numbers::NumberRecord,
    people, wallets,
};

use crate::{UseError, ids::Range};

/// Takes the price of the month that begins now, unless `now` lies in a month that was paid.
///
/// Answers what was taken: a number's month is charged at most once.
pub(crate) fn charge(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: &NumberRecord,
    (service, price): (Service, Micros),
    (now, currency): (Timestamp, Currency),
    ids: &mut Range,
) -> Result<Micros, UseError> {
    if months::paid_until(tx, account, number.id, service, now)?.is_some() {
        return Ok(Micros::ZERO);
    }
    let id = ids.next();
    let available =
        wallets::adjust(tx, account, price.negated())?.ok_or(UseError::InsufficientBalance)?;
    let kind = match service {
        Service::Number => TransferKind::Number,
        Service::Sms => TransferKind::SmsAddon,
    };
    let transfer = Transfer {
        account,
        source: id,
        kind,
        listed: Some(Listed { id, available_after: available }),
        currency,
        amount: price,
        debit: Book::Available,
        credit: Book::Revenue,
        note: Some(number.number.to_string()),
    };
    ledger::record(tx, &[transfer], now)?;
    let month = Month {
        account,
        number: number.id,
        service,
        starts_at: now,
        ends_at: now.plus_months(1),
        anchor: now,
        id,
        amount: price,
    };
    months::insert(tx, &month)?;
    Ok(price)
}

/// A suspended account buys nothing.
pub(crate) fn may_buy(tx: &mut Tx<'_>, account: AccountId) -> Result<(), UseError> {
    match people::status(tx, account)? {
        Some(AccountStatus::Active) => Ok(()),
        Some(AccountStatus::Suspended) => Err(UseError::AccountSuspended),
        None => Err(UseError::NotFound("account")),
    }
}
