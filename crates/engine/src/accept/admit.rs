//! Which requests get in: idempotency, the From number, a route, money and rate.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{AccountId, Micros, NumberId, NumberStatus, Timestamp, rate, rate::Quota};
use store::{
    StoreError, Tx,
    accounts::AccountStatus,
    numbers::{self, Sender},
    opt_outs::{self, OptOut},
    wallets::{self, Admission, Wallet},
};

use super::{Refusal, Request, Send};
use crate::{
    Clock, Tariff,
    routing::{Journey, Table},
};

/// A refusal for the rate is looked at again where its time is this old already.
const LATE: Duration = Duration::from_millis(50);
const LATE_TRIES_MAX: u32 = 3;

/// A message that passed every check but money and rate.
#[derive(Debug, Clone)]
pub(super) struct Priced<'a> {
    pub(super) send: &'a Send,
    pub(super) sender: Sender,
    pub(super) price: Micros,
}

/// A request's place in the account's money and rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// What was available after it.
    pub(super) available_after: Micros,
    /// The rate state before it, from which a batch's departures follow.
    pub(super) tat_before: i64,
    pub(super) quota: Quota,
    /// The number of its first message's event; the others' follow.
    pub(super) event_seq: i64,
}

/// An account's balance after what was admitted together, and the number of the event
/// that tells of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Balance {
    pub(super) account: AccountId,
    pub(super) available: Micros,
    pub(super) event_seq: i64,
}

impl From<&wallets::Admitted> for Balance {
    fn from(wallet: &wallets::Admitted) -> Self {
        let wallets::Admitted { account, available, event_seq, .. } = *wallet;
        Self { account, available, event_seq }
    }
}

pub(super) struct Admitted {
    /// For each ask.
    pub(super) places: Vec<Result<Place, Refusal>>,
    /// For each group that got in together.
    pub(super) balances: Vec<Balance>,
}

/// Numbers that send, by the number that a request names.
pub(super) type Senders = HashMap<(AccountId, NumberId), Sender>;

/// The senders that the requests name, each looked up once.
pub(super) fn senders(tx: &mut Tx<'_>, requests: &[&Request]) -> Result<Senders, StoreError> {
    let mut wanted: Vec<(AccountId, NumberId)> = requests
        .iter()
        .flat_map(|request| request.sends.iter().map(|send| (request.account, send.from)))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let found = numbers::senders(tx, &wanted)?;
    Ok(found.into_iter().map(|sender| ((sender.account, sender.id), sender)).collect())
}

/// Who sends for those of `senders` that cannot, where their messaging profiles wish so.
pub(super) fn substitutes(tx: &mut Tx<'_>, senders: &Senders) -> Result<Senders, StoreError> {
    let wanted: Vec<(AccountId, NumberId)> = senders
        .values()
        .filter(|sender| sender.profile.is_some() && !can_send(sender))
        .map(|sender| (sender.account, sender.id))
        .collect();
    let found = numbers::substitutes(tx, &wanted)?;
    Ok(found.into_iter().map(|(chosen, sender)| ((sender.account, chosen), sender)).collect())
}

fn can_send(sender: &Sender) -> bool {
    sender.status == NumberStatus::Active && sender.sms_enabled
}

/// Those of the requests' recipients who opted out of their senders' messages.
pub(super) fn opted_out(
    tx: &mut Tx<'_>,
    requests: &[&Request],
    senders: &Senders,
    substitutes: &Senders,
) -> Result<HashSet<OptOut>, StoreError> {
    let wanted: Vec<(AccountId, NumberId, &str)> = requests
        .iter()
        .flat_map(|request| request.sends.iter().map(|send| (request.account, send)))
        .flat_map(|(account, send)| {
            [senders, substitutes]
                .into_iter()
                .filter_map(move |from| from.get(&(account, send.from)))
                .filter(|sender| sender.has_opt_outs)
                .map(move |sender| (account, sender.id, send.to.as_str()))
        })
        .collect();
    opt_outs::among(tx, &wanted)
}

/// Checks one message against its sender, its recipient's wish and the routes.
///
/// Who wants no messages of the chosen number gets none of its substitute's either.
pub(super) fn price<'a>(
    send: &'a Send,
    (chosen, substitute): (Option<&Sender>, Option<&Sender>),
    opted_out: &HashSet<OptOut>,
    routing: &Table,
    (tariff, now): (Option<&Tariff>, Timestamp),
) -> Result<Priced<'a>, Refusal> {
    let chosen = chosen.ok_or(Refusal::UnknownNumber)?;
    let is_free_test = send.test && chosen.status == NumberStatus::Active;
    let sender = substitute.filter(|_| !is_free_test).unwrap_or(chosen);
    if sender.account_status == AccountStatus::Suspended {
        return Err(Refusal::AccountSuspended);
    }
    if sender.status != NumberStatus::Active {
        return Err(Refusal::NumberNotActive);
    }
    // Who tries out what SMS would do has not bought it yet.
    if !sender.sms_enabled && !send.test {
        return Err(Refusal::SmsNotEnabled);
    }
    if sender.profile.is_none() {
        return Err(Refusal::NoMessagingProfile);
    }
    let is_unwanted = |from: &Sender| {
        from.has_opt_outs
            && opted_out.contains(&(from.account, from.id, send.to.as_str().to_owned()))
    };
    if is_unwanted(chosen) || is_unwanted(sender) {
        return Err(Refusal::RecipientOptedOut);
    }
    let simulated = sender.simulated || send.test;
    let journey = Journey { to: &send.to, own: sender.carrier, simulated, draw: 0 };
    if routing.candidates(journey).is_empty() {
        return Err(Refusal::DestinationNotAllowed);
    }
    let price = if send.test {
        Micros::ZERO
    } else {
        let segments = i64::from(send.body.measure().segments.get());
        let segment =
            tariff.and_then(|tariff| tariff.segment(&send.to, now)).ok_or(Refusal::NoPrice)?;
        // One that does not fit is more than any wallet holds.
        segment.checked_mul(segments).ok_or(Refusal::InsufficientBalance)?
    };
    Ok(Priced { send, sender: sender.clone(), price })
}

/// What a request asks of its account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) account: AccountId,
    pub(super) cost: Micros,
    pub(super) messages: i64,
    pub(super) rate_limit: i64,
    pub(super) paced: bool,
}

/// Takes money and rate for each ask, in order. An event for each message, and then one
/// for the balance, have their numbers from here.
///
/// All of an account's asks are tried as one; where that is refused, each by
/// itself. Either way every admission is one conditional statement.
pub(super) fn admit(
    tx: &mut Tx<'_>,
    asks: &[Ask],
    now: Timestamp,
    clock: &Clock,
) -> Result<Admitted, StoreError> {
    let mut balances = Vec::new();
    let mut by_account: HashMap<(AccountId, bool), Vec<usize>> = HashMap::new();
    for (index, ask) in asks.iter().enumerate() {
        by_account.entry((ask.account, ask.paced)).or_default().push(index);
    }
    let mut places: Vec<Option<Result<Place, Refusal>>> = vec![None; asks.len()];
    // An account may send singly and in batches at once; one statement takes one of the two.
    for paced in [false, true] {
        let groups: Vec<(&(AccountId, bool), &Vec<usize>)> =
            by_account.iter().filter(|((_, kind), _)| *kind == paced).collect();
        let together: Vec<Admission> =
            groups.iter().filter_map(|(_, members)| sum(asks, members)).collect();
        let admitted = wallets::admit(tx, &together, now)?;
        let admitted: HashMap<AccountId, wallets::Admitted> =
            admitted.into_iter().map(|wallet| (wallet.account, wallet)).collect();
        for ((account, _), members) in groups {
            match admitted.get(account) {
                Some(wallet) => {
                    place_all(asks, members, wallet, now, &mut places);
                    balances.push(Balance::from(wallet));
                }
                None => {
                    for member in members {
                        let place = admit_surely(tx, &asks[*member], now, clock, &mut balances)?;
                        places[*member] = Some(place);
                    }
                }
            }
        }
    }
    let places =
        places.into_iter().map(|place| place.unwrap_or(Err(Refusal::UnknownNumber))).collect();
    Ok(Admitted { places, balances })
}

/// The asks of one account as one; `None` where the sum does not fit any more.
fn sum(asks: &[Ask], members: &[usize]) -> Option<Admission> {
    let first = asks[*members.first()?];
    let mut whole = Admission {
        account: first.account,
        cost: Micros::ZERO,
        messages: 0,
        rate_limit: first.rate_limit,
        paced: first.paced,
        events: 1,
    };
    for member in members {
        whole.cost = whole.cost.checked_add(asks[*member].cost)?;
        whole.messages += asks[*member].messages;
        whole.events += asks[*member].messages;
    }
    Some(whole)
}

/// Reads each member's place off the account's state after all of them.
fn place_all(
    asks: &[Ask],
    members: &[usize],
    wallet: &wallets::Admitted,
    now: Timestamp,
    places: &mut [Option<Result<Place, Refusal>>],
) {
    let mut available = wallet.available.get();
    let mut tat = wallet.tat;
    // The last is the balance's.
    let mut event_seq = wallet.event_seq;
    for member in members.iter().rev() {
        let ask = &asks[*member];
        let tat_before = tat - rate::interval_micros(ask.rate_limit) * ask.messages;
        event_seq -= ask.messages;
        places[*member] = Some(Ok(Place {
            available_after: Micros::new(available),
            tat_before,
            quota: Quota::at(ask.rate_limit, tat, now),
            event_seq,
        }));
        available += ask.cost.get();
        tat = tat_before;
    }
}

/// As [`admit_one`], and again where the database kept it waiting: others' later
/// times may have made this one look as if it came too soon.
fn admit_surely(
    tx: &mut Tx<'_>,
    ask: &Ask,
    now: Timestamp,
    clock: &Clock,
    balances: &mut Vec<Balance>,
) -> Result<Result<Place, Refusal>, StoreError> {
    let mut at = now;
    for _ in 0..LATE_TRIES_MAX {
        let admitted = admit_one(tx, ask, at, balances)?;
        let later = clock.now();
        if !matches!(admitted, Err(Refusal::RateLimited { .. })) || later.since(at) < LATE {
            return Ok(admitted);
        }
        at = later;
    }
    admit_one(tx, ask, at, balances)
}

fn admit_one(
    tx: &mut Tx<'_>,
    ask: &Ask,
    now: Timestamp,
    balances: &mut Vec<Balance>,
) -> Result<Result<Place, Refusal>, StoreError> {
    let admission = Admission {
        account: ask.account,
        cost: ask.cost,
        messages: ask.messages,
        rate_limit: ask.rate_limit,
        paced: ask.paced,
        events: ask.messages + 1,
    };
    let mut places = [None];
    if let Some(wallet) = wallets::admit(tx, &[admission], now)?.first() {
        place_all(&[*ask], &[0], wallet, now, &mut places);
        balances.push(Balance::from(wallet));
    }
    let [place] = places;
    if let Some(place) = place {
        return Ok(place);
    }
    let wallet = wallets::find(tx, ask.account)?;
    Ok(Err(match wallet {
        Some(wallet) if !wallet.owed.is_zero() && !ask.cost.is_zero() => Refusal::PaymentOwed,
        Some(wallet) if is_over_cap(&wallet, ask.cost, now) => Refusal::DailyCapReached,
        Some(wallet) if wallet.available >= ask.cost => {
            Refusal::RateLimited { quota: Some(Quota::at(ask.rate_limit, wallet.tat, now)) }
        }
        _ => Refusal::InsufficientBalance,
    }))
}

fn is_over_cap(wallet: &Wallet, cost: Micros, now: Timestamp) -> bool {
    let spent = wallet.spent_on(now.day());
    !cost.is_zero()
        && wallet.available >= cost
        && wallet.spend_cap.is_some_and(|cap| cap.checked_sub(spent).is_none_or(|left| left < cost))
}
