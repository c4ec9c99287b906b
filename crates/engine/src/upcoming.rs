//! What renewals are going to take from a wallet in the days to come.

use std::{sync::Arc, time::Duration};

use domain::{AccountId, E164, Micros, NumberId, Timestamp};
use store::{
    StoreError, Tx,
    months::Service,
    numbers::{self, NumberRecord},
    renewals::{self, Renewal, RenewalState},
    wallets::{self, Wallet},
};

use crate::{Engine, UseError, activations::is_pending, renewals::KEPT};

/// How far ahead is looked: the longest month, so that whatever renews is always in sight.
const AHEAD: Duration = Duration::from_secs(31 * 86_400);

/// Charges that are listed; all of them are counted.
pub const CHARGES_MAX: usize = 200;

/// Numbers that are read at once.
const PAGE: i64 = 500;

/// A month that is going to be charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub number_id: NumberId,
    pub number: E164,
    pub service: Service,
    /// When its month begins. In the past where it is owed.
    pub due_at: Timestamp,
    pub amount: Micros,
    /// It was due and could not be paid: it is taken as soon as the wallet holds it.
    pub owed: bool,
}

#[derive(Debug, Clone)]
pub struct Upcoming {
    pub wallet: Wallet,
    /// What is due after it is not looked at.
    pub until: Timestamp,
    /// The first [`CHARGES_MAX`], the soonest first.
    pub charges: Vec<Charge>,
    pub count: usize,
    /// Of all that are counted.
    pub total: Micros,
    /// When the first charge is due that today's balance does not cover; `None` where it covers all.
    pub covered_until: Option<Timestamp>,
}

impl Engine {
    /// What the next 31 days take from a wallet, if nothing is bought or given back meanwhile.
    pub async fn upcoming(
        self: &Arc<Self>,
        account: AccountId,
    ) -> Result<Option<Upcoming>, UseError> {
        let (engine, now) = (Arc::clone(self), self.clock.now());
        let until = now.plus(AHEAD);
        self.store
            .read(move |tx| {
                let Some(wallet) = wallets::find(tx, account)? else { return Ok(None) };
                let mut charges = Vec::new();
                each(tx, account, |tx, number, renewal| {
                    engine.foresee(tx, number, renewal, (now, until), &mut charges)
                })?;
                Ok(Some(summed(wallet, until, charges)?))
            })
            .await
    }

    /// The charges of one renewal until then.
    fn foresee(
        &self,
        tx: &mut Tx<'_>,
        number: &NumberRecord,
        mut renewal: Renewal,
        (now, until): (Timestamp, Timestamp),
        charges: &mut Vec<Charge>,
    ) -> Result<(), UseError> {
        // What waits to become active begins, and is charged again, at a time that nobody knows.
        if !renewal.renews || is_pending(number.status) {
            return Ok(());
        }
        let service = renewal.service;
        let mut charge = |due_at, amount: Micros, owed| {
            if !amount.is_zero() {
                charges.push(Charge {
                    number_id: number.id,
                    number: number.number.clone(),
                    service,
                    due_at,
                    amount,
                    owed,
                });
            }
        };
        let mut begins = renewal.paid_until;
        match renewal.state {
            RenewalState::Paid => {}
            RenewalState::Grace => {
                charge(begins, renewal.owed, true);
                begins = begins.next_month_of(renewal.anchor);
            }
            // A month begins with the money, and its day is that of the later ones: as if it came now.
            RenewalState::Lapsed => {
                if begins.plus(KEPT) <= now {
                    return Ok(());
                }
                charge(begins, self.price(tx, number, &renewal, now)?, true);
                renewal.anchor = now;
                begins = now.next_month_of(now);
            }
        }
        while begins <= until {
            let next = Renewal { state: RenewalState::Paid, paid_until: begins, ..renewal };
            charge(begins, self.price(tx, number, &next, now)?, false);
            begins = begins.next_month_of(renewal.anchor);
        }
        Ok(())
    }
}

/// Goes through an account's renewals, a page of numbers at a time.
fn each(
    tx: &mut Tx<'_>,
    account: AccountId,
    mut look: impl FnMut(&mut Tx<'_>, &NumberRecord, Renewal) -> Result<(), UseError>,
) -> Result<(), UseError> {
    let mut before = i64::MAX;
    loop {
        // Newest first.
        let page = numbers::of_account(tx, account, before, PAGE)?;
        let (Some(newest), Some(oldest)) = (page.first(), page.last()) else { return Ok(()) };
        before = oldest.id.get();
        for renewal in renewals::of_numbers(tx, account, (oldest.id, newest.id))? {
            let place = page.binary_search_by(|number| renewal.number.cmp(&number.id));
            if let Ok(place) = place {
                look(tx, &page[place], renewal)?;
            }
        }
    }
}

/// Charges in the order in which they are made: an account's numbers before the SMS on them.
fn summed(
    wallet: Wallet,
    until: Timestamp,
    mut charges: Vec<Charge>,
) -> Result<Upcoming, StoreError> {
    charges.sort_unstable_by_key(|charge| (charge.due_at, charge.service, charge.number_id));
    let (mut total, mut covered_until) = (Micros::ZERO, None);
    for charge in &charges {
        total = total
            .checked_add(charge.amount)
            .ok_or_else(|| StoreError::Corrupt("months of more than can be written".to_owned()))?;
        if total > wallet.available {
            covered_until.get_or_insert(charge.due_at);
        }
    }
    let count = charges.len();
    charges.truncate(CHARGES_MAX);
    Ok(Upcoming { wallet, until, charges, count, total, covered_until })
}
