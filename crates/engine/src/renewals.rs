//! The months that follow the first: charged on the anchor's day, once, whatever the clock does.
//!
//! A month that the wallet cannot pay is owed. Its service stays on for [`GRACE`] with a notice a
//! day, is then off (inbound texts still arrive), and ends after [`KEPT`]. Money that comes within
//! the grace pays the month that is owed; later it pays one that begins with it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{AccountId, Micros, NumberStatus, Timestamp};
use futures::{StreamExt, stream};
use store::{
    StoreError, Tx, accounts,
    billing_clock::{self, BillingClock},
    events::{self, NewEvent},
    leases::{self, Lease},
    months::{self, Month, Service},
    numbers::{self, NumberRecord},
    renewals::{self, Renewal, RenewalKey, RenewalState},
    wallets,
};

use crate::{
    Engine, UseError,
    activations::is_pending,
    events::{balance_data, number_news, number_notice},
    ids::Range,
    mail::Letter,
    months::pay,
    notices::Notice,
    releases::release,
};

/// Days in which an unpaid service stays on.
pub const GRACE_DAYS: u64 = 7;

const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const GRACE: Duration = Duration::from_secs(GRACE_DAYS * 86_400);

/// After the last paid month, an unpaid service ends.
pub(crate) const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// A clock that moved further since the last look has jumped, or the server stood still.
const JUMP: Duration = Duration::from_secs(36 * 3_600);

/// The last look is noted this often.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// One node at a time renews; a dead one's lease runs out.
const LEASE_LIFE: Duration = Duration::from_secs(30);
const LEASE: &str = "renewals";

/// Renewals that one step takes.
const STEP: i64 = 500;

/// Transactions at once.
const CONCURRENT: usize = 4;

/// Whether months are charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillingState {
    /// When renewals were last looked at; `None` before the first time.
    pub seen_at: Option<Timestamp>,
    /// Since then no month is charged.
    pub halted_at: Option<Timestamp>,
}

/// What one renewal brought about.
#[derive(Debug, Default)]
struct Outcome {
    changed: bool,
    letter: Option<Letter>,
}

impl Engine {
    /// Charges every month that is due, once; answers how many renewals changed.
    ///
    /// Does nothing while another node does it, or while the clock is not trusted.
    pub async fn renew(self: &Arc<Self>) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let (node, until) = (self.node.clone(), now.plus(LEASE_LIFE));
        let lease = self.store.write(move |tx| leases::acquire(tx, LEASE, &node, now, until));
        let Some(lease) = lease.await? else { return Ok(0) };
        if !self.is_billing_trusted(now).await? {
            return Ok(0);
        }
        let mut changed = 0;
        loop {
            let due = self
                .store
                .read(move |tx| {
                    let mut due = renewals::due(tx, now, STEP)?;
                    due.extend(renewals::payable(tx, STEP)?);
                    due.sort_unstable_by_key(|(account, number, service)| {
                        (*account, *service, *number)
                    });
                    due.dedup();
                    Ok::<_, StoreError>(due)
                })
                .await?;
            let step = self.renew_each(due, &lease, now).await?;
            changed += step;
            if step == 0 {
                return Ok(changed);
            }
        }
    }

    async fn renew_each(
        self: &Arc<Self>,
        due: Vec<RenewalKey>,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        // An account's one after the other: its numbers before the SMS on them.
        let mut by_account: BTreeMap<AccountId, Vec<RenewalKey>> = BTreeMap::new();
        for key in due {
            by_account.entry(key.0).or_default().push(key);
        }
        let outcomes: Vec<Result<usize, StoreError>> = stream::iter(by_account.into_values())
            .map(|keys| self.renew_account(keys, lease, now))
            .buffer_unordered(CONCURRENT)
            .collect()
            .await;
        let mut changed = 0;
        for outcome in outcomes {
            changed += outcome?;
        }
        Ok(changed)
    }

    async fn renew_account(
        self: &Arc<Self>,
        keys: Vec<RenewalKey>,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut changed = 0;
        for key in keys {
            changed += usize::from(self.renew_one(key, lease.clone(), now).await?);
        }
        Ok(changed)
    }

    async fn renew_one(
        self: &Arc<Self>,
        key: RenewalKey,
        lease: Lease,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ids = self.ids.take(&self.store, 1).await?;
        let engine = Arc::clone(self);
        let renewed = self.store.write(move |tx| {
            if !leases::still_held(tx, &lease)? {
                return Ok(Outcome::default());
            }
            let Some(renewal) = renewals::lock(tx, key)? else { return Ok(Outcome::default()) };
            let Some(number) = numbers::find(tx, key.1)?.filter(|n| n.account == Some(key.0))
            else {
                return Err(UseError::from(StoreError::Corrupt(
                    "a renewal of a number that is not its account's".to_owned(),
                )));
            };
            engine.step(tx, renewal, number, now, &mut ids.clone())
        });
        match renewed.await {
            Ok(outcome) => {
                if outcome.changed {
                    self.hub.tell([key.0]);
                }
                if let Some(letter) = outcome.letter {
                    self.send_letter(letter);
                }
                Ok(outcome.changed)
            }
            Err(UseError::Store(error)) => Err(error),
            Err(UseError::NoPrice(currency)) => {
                let (account, number) = (key.0.get(), key.1.get());
                tracing::error!(
                    account, number, %currency,
                    "a month cannot be charged, as it has no price: set one in this currency"
                );
                Ok(false)
            }
            Err(other) => Err(StoreError::Corrupt(other.to_string())),
        }
    }

    /// What is to be done with one renewal at `now`.
    fn step(
        &self,
        tx: &mut Tx<'_>,
        renewal: Renewal,
        mut number: NumberRecord,
        now: Timestamp,
        ids: &mut Range,
    ) -> Result<Outcome, UseError> {
        let (account, key) = (renewal.account, (renewal.account, renewal.number, renewal.service));
        let ended = renewal.paid_until.plus(KEPT) <= now;
        match renewal.state {
            RenewalState::Paid if renewal.paid_until > now => Ok(Outcome::default()),
            // It has not begun.
            RenewalState::Paid if is_pending(number.status) => {
                renewals::put(tx, &Renewal { due_at: now.plus(DAY), ..renewal })?;
                Ok(Outcome::default())
            }
            RenewalState::Paid if !renewal.renews => {
                renewals::delete(tx, key)?;
                Ok(Outcome { changed: true, letter: None })
            }
            RenewalState::Paid => {
                let owed = self.price(tx, &number, &renewal, now)?;
                let owing = Renewal { owed, ..renewal };
                if let Some(paid) = self.pay_month(tx, owing, &number, now, ids)? {
                    return self.tell(tx, &paid, &number, None, now);
                }
                let state = RenewalState::Grace;
                let owing =
                    Renewal { state, due_at: next_notice(renewal.paid_until, now), ..owing };
                renewals::put(tx, &owing)?;
                self.tell(tx, &owing, &number, Some(Notice::Owed), now)
            }
            // Switched off while it was owed: what remains is what it owes, should it come back.
            RenewalState::Grace | RenewalState::Lapsed if !renewal.renews => {
                if renewal.paid_until.plus(GRACE) > now {
                    let due_at = renewal.paid_until.plus(GRACE);
                    let changed = renewal.due_at != due_at;
                    renewals::put(tx, &Renewal { due_at, ..renewal })?;
                    return Ok(Outcome { changed, letter: None });
                }
                renewals::delete(tx, key)?;
                Ok(Outcome { changed: true, letter: None })
            }
            RenewalState::Grace => {
                if let Some(paid) = self.pay_month(tx, renewal, &number, now, ids)? {
                    return self.tell(tx, &paid, &number, Some(Notice::Resumed), now);
                }
                if renewal.due_at > now {
                    return Ok(Outcome::default());
                }
                if renewal.paid_until.plus(GRACE) > now {
                    let due_at = next_notice(renewal.paid_until, now);
                    let owing = Renewal { due_at, ..renewal };
                    renewals::put(tx, &owing)?;
                    return self.tell(tx, &owing, &number, Some(Notice::Owed), now);
                }
                switch(tx, &mut number, &renewal, false)?;
                let due_at = renewal.paid_until.plus(KEPT);
                let lapsed = Renewal { state: RenewalState::Lapsed, due_at, ..renewal };
                renewals::put(tx, &lapsed)?;
                self.tell(tx, &lapsed, &number, Some(Notice::Lapsed), now)
            }
            RenewalState::Lapsed if ended => {
                match renewal.service {
                    Service::Number => release(tx, account, &mut number)?,
                    Service::Sms => renewals::delete(tx, key)?,
                }
                self.tell(tx, &renewal, &number, Some(Notice::Ended), now)
            }
            RenewalState::Lapsed => {
                // What was off is not charged: a month begins now.
                let owed = self.price(tx, &number, &renewal, now)?;
                let again = Renewal { anchor: now, paid_until: now, owed, ..renewal };
                let Some(paid) = self.pay_month(tx, again, &number, now, ids)? else {
                    renewals::put(tx, &Renewal { owed, ..renewal })?;
                    return Ok(Outcome::default());
                };
                switch(tx, &mut number, &renewal, true)?;
                self.tell(tx, &paid, &number, Some(Notice::Resumed), now)
            }
        }
    }

    /// What the month costs that begins when the paid ones end, or now where it was off meanwhile.
    pub(crate) fn price(
        &self,
        tx: &mut Tx<'_>,
        number: &NumberRecord,
        renewal: &Renewal,
        now: Timestamp,
    ) -> Result<Micros, UseError> {
        let begins = match renewal.state {
            RenewalState::Lapsed => now,
            RenewalState::Paid | RenewalState::Grace => renewal.paid_until,
        };
        let currency = self.currencies.of(tx, renewal.account)?;
        let prices = self.prices();
        let offer = prices.tariff(currency).offer(number.country, number.number_type, begins);
        let price = offer.and_then(|offer| match renewal.service {
            Service::Number => Some(offer.number),
            Service::Sms => offer.sms,
        });
        if let Some(price) = price {
            return Ok(price);
        }
        // What is no longer on offer, those who have it keep at what it cost them last.
        let service = (renewal.account, renewal.number, renewal.service);
        months::last_price(tx, service)?.ok_or(UseError::NoPrice(currency))
    }

    /// Pays the month that follows; `None` where the money does not suffice.
    fn pay_month(
        &self,
        tx: &mut Tx<'_>,
        renewal: Renewal,
        number: &NumberRecord,
        now: Timestamp,
        ids: &mut Range,
    ) -> Result<Option<Renewal>, UseError> {
        // SMS waits for its number.
        if renewal.service == Service::Sms && number.status != NumberStatus::Active {
            return Ok(None);
        }
        let starts_at = renewal.paid_until;
        let ends_at = starts_at.next_month_of(renewal.anchor);
        let month = Month {
            account: renewal.account,
            number: renewal.number,
            service: renewal.service,
            starts_at,
            ends_at,
            anchor: renewal.anchor,
            id: ids.next(),
            amount: renewal.owed,
            begun: true,
        };
        let currency = self.currencies.of(tx, renewal.account)?;
        if !pay(tx, number, &month, (now, currency))? {
            return Ok(None);
        }
        let paid =
            Renewal { paid_until: ends_at, due_at: ends_at, state: RenewalState::Paid, ..renewal };
        renewals::put(tx, &Renewal { owed: Micros::ZERO, ..paid })?;
        Ok(Some(paid))
    }

    /// Tells the customer: the number, the balance, and by letter where there is a notice.
    fn tell(
        &self,
        tx: &mut Tx<'_>,
        renewal: &Renewal,
        number: &NumberRecord,
        notice: Option<Notice>,
        now: Timestamp,
    ) -> Result<Outcome, UseError> {
        let account = renewal.account;
        let currency = self.currencies.of(tx, account)?;
        let mut news = vec![match notice {
            Some(notice) => number_notice(number, renewal, notice),
            None => number_news(account, number),
        }];
        if renewal.state == RenewalState::Paid
            && let Some(wallet) = wallets::find(tx, account)?
        {
            news.push(NewEvent::balance(account, balance_data(wallet.available, currency)));
        }
        events::append(tx, &news, now)?;
        let address = match notice {
            Some(_) => accounts::find(tx, account)?.map(|account| account.email),
            None => None,
        };
        // What is no address any more gets no letter; the event tells all the same.
        let letter =
            notice.zip(address.and_then(|address| address.parse().ok())).map(|(notice, to)| {
                let names = (self.config.site.brand.as_str(), currency.as_str());
                notice.letter(to, number, renewal, names)
            });
        Ok(Outcome { changed: true, letter })
    }

    /// Looks at the clock: one that jumped halts the renewals until an operator resumes them.
    async fn is_billing_trusted(&self, now: Timestamp) -> Result<bool, StoreError> {
        let known = self.store.read(billing_clock::find).await?;
        let moved = |seen: Timestamp| now.since(seen).max(seen.since(now));
        let next = match known {
            Some(clock) if clock.halted_at.is_some() => None,
            Some(clock) if moved(clock.seen_at) > JUMP => {
                tracing::error!(
                    seen_at = %clock.seen_at, %now,
                    "the clock moved by more than 36 hours since months were last charged: renewals \
                     are halted. Check the date of this machine, then POST /api/v1/operator/billing/resume"
                );
                Some(BillingClock { halted_at: Some(now), ..clock })
            }
            Some(clock) if moved(clock.seen_at) < NOTED_EVERY => return Ok(true),
            _ => Some(BillingClock { seen_at: now, halted_at: None }),
        };
        let trusted = next.is_some_and(|next| next.halted_at.is_none());
        metrics::gauge!("didfarm_billing_halted").set(if trusted { 0.0 } else { 1.0 });
        if let Some(next) = next {
            self.store.write(move |tx| billing_clock::put(tx, next)).await?;
        }
        Ok(trusted)
    }

    /// Whether months are charged.
    pub async fn billing_state(&self) -> Result<BillingState, StoreError> {
        let clock = self.store.read(billing_clock::find).await?;
        Ok(BillingState {
            seen_at: clock.map(|clock| clock.seen_at),
            halted_at: clock.and_then(|clock| clock.halted_at),
        })
    }

    /// Trusts the clock as it is now: what became due meanwhile is charged.
    pub async fn resume_billing(&self) -> Result<BillingState, StoreError> {
        let now = self.clock.now();
        let clock = BillingClock { seen_at: now, halted_at: None };
        self.store.write(move |tx| billing_clock::put(tx, clock)).await?;
        metrics::gauge!("didfarm_billing_halted").set(0.0);
        Ok(BillingState { seen_at: Some(now), halted_at: None })
    }
}

/// One notice a day from the day that it was owed, the end of the grace after the last.
fn next_notice(owed_since: Timestamp, now: Timestamp) -> Timestamp {
    let days = now.since(owed_since).as_secs() / DAY.as_secs() + 1;
    owed_since.plus(Duration::from_secs(days.min(GRACE_DAYS) * DAY.as_secs()))
}

/// Outbound on or off; inbound texts arrive either way.
fn switch(
    tx: &mut Tx<'_>,
    number: &mut NumberRecord,
    renewal: &Renewal,
    on: bool,
) -> Result<(), StoreError> {
    match renewal.service {
        Service::Sms => {
            numbers::switch_sms(tx, renewal.account, number.id, on)?;
            number.sms_enabled = on;
        }
        Service::Number => {
            let (from, to) = if on {
                (NumberStatus::Suspended, NumberStatus::Active)
            } else {
                (NumberStatus::Active, NumberStatus::Suspended)
            };
            if numbers::change_status(tx, renewal.account, number.id, (from, to))? {
                number.status = to;
            }
        }
    }
    Ok(())
}
