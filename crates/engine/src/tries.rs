//! Wrong passwords, counted by address and by client, so that guessing is slow. Kept by each process.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{Email, Timestamp};

/// Wrong passwords that are let through within [`WINDOW`].
const WRONG_MAX: usize = 10;

const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Addresses and clients remembered at once.
const KEYS_MAX: usize = 50_000;

/// Whom a try is counted against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(Email),
    Client(IpAddr),
}

#[derive(Debug, Default)]
pub(crate) struct Tries(Mutex<HashMap<Key, VecDeque<Timestamp>>>);

/// Too many passwords were wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    pub(crate) retry_after_seconds: i64,
}

impl Tries {
    /// Whether a try would be let through now.
    pub(crate) fn check(&self, email: &Email, ip: IpAddr, now: Timestamp) -> Result<(), TooMany> {
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        free(&tries, &keys(email, ip), now)
    }

    /// Counts a try as wrong; [`Tries::right`] takes that back.
    pub(crate) fn begin(&self, email: &Email, ip: IpAddr, now: Timestamp) -> Result<(), TooMany> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(email, ip);
        free(&tries, &keys, now)?;
        if tries.len() + keys.len() > KEYS_MAX {
            make_room(&mut tries, now);
        }
        for key in keys {
            let wrong = tries.entry(key).or_default();
            wrong.retain(|at| *at > now.minus(WINDOW));
            wrong.push_back(now);
        }
        Ok(())
    }

    /// The password was right: the address starts afresh, the client is as it was at `begun`.
    pub(crate) fn right(&self, email: &Email, ip: IpAddr, begun: Timestamp) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [address, client] = keys(email, ip);
        tries.remove(&address);
        if let Some(wrong) = tries.get_mut(&client)
            && let Some(index) = wrong.iter().position(|at| *at == begun)
        {
            wrong.remove(index);
        }
    }
}

fn keys(email: &Email, ip: IpAddr) -> [Key; 2] {
    [Key::Address(email.clone()), Key::Client(network(ip))]
}

/// Who has one IPv6 address has the 64 bits below it too.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn free(
    tries: &HashMap<Key, VecDeque<Timestamp>>,
    keys: &[Key],
    now: Timestamp,
) -> Result<(), TooMany> {
    for key in keys {
        let Some(wrong) = tries.get(key) else { continue };
        let mut recent = wrong.iter().rev().filter(|at| **at > now.minus(WINDOW));
        if let Some(oldest) = recent.nth(WRONG_MAX - 1) {
            let wait = oldest.plus(WINDOW).since(now);
            let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX).saturating_add(1);
            return Err(TooMany { retry_after_seconds: seconds });
        }
    }
    Ok(())
}

/// Forgets what is old, and if that is not enough the longest quiet half.
fn make_room(tries: &mut HashMap<Key, VecDeque<Timestamp>>, now: Timestamp) {
    tries.retain(|_, wrong| wrong.back().is_some_and(|at| *at > now.minus(WINDOW)));
    if tries.len() > KEYS_MAX / 2 {
        let mut lasts: Vec<Timestamp> =
            tries.values().filter_map(|wrong| wrong.back().copied()).collect();
        let (_, median, _) = lasts.select_nth_unstable(KEYS_MAX / 4);
        let median = *median;
        tries.retain(|_, wrong| wrong.back().is_some_and(|at| *at > median));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_eleventh_wrong_password_waits_until_the_first_is_a_quarter_of_an_hour_old() {
        let tries = Tries::default();
        let start = Timestamp::from_micros(1_000_000_000_000);
        let at = |seconds| start.plus(Duration::from_secs(seconds));
        for n in 0..10 {
            // Another client each time: the address counts.
            tries.begin(&email("a@example.com"), ip(&format!("192.0.2.{n}")), at(n)).unwrap();
        }
        let eleventh = tries.begin(&email("a@example.com"), ip("192.0.2.99"), at(10));
        assert_eq!(eleventh, Err(TooMany { retry_after_seconds: 891 }));
        assert!(tries.check(&email("a@example.com"), ip("192.0.2.99"), at(900)).is_ok());
        assert!(tries.check(&email("b@example.com"), ip("192.0.2.1"), at(10)).is_ok());
    }

    #[test]
    fn a_client_is_counted_over_all_addresses_and_an_ipv6_network_is_one_client() {
        let tries = Tries::default();
        let now = Timestamp::from_micros(1_000_000_000_000);
        for n in 0..10 {
            let from = ip(&format!("2001:db8::{n}"));
            tries.begin(&email(&format!("{n}@example.com")), from, now).unwrap();
        }
        assert!(tries.check(&email("x@example.com"), ip("2001:db8::ffff"), now).is_err());
        assert!(tries.check(&email("x@example.com"), ip("2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn a_right_password_frees_its_address_and_leaves_the_client_as_it_was() {
        let tries = Tries::default();
        let now = Timestamp::from_micros(1_000_000_000_000);
        let (a, from) = (email("a@example.com"), ip("192.0.2.1"));
        for n in 0..9 {
            tries.begin(&a, from, now.plus(Duration::from_secs(n))).unwrap();
        }
        let begun = now.plus(Duration::from_secs(9));
        tries.begin(&a, from, begun).unwrap();
        tries.right(&a, from, begun);
        tries.begin(&a, from, begun).unwrap();
        assert!(tries.check(&a, from, begun).is_err(), "nine and one of the client");
        assert!(tries.check(&a, ip("192.0.2.2"), begun).is_ok(), "one of the address");
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_without_bound() {
        let tries = Tries::default();
        let start = Timestamp::from_micros(1_000_000_000_000);
        for n in 0..60_000_u32 {
            let at = start.plus(Duration::from_millis(u64::from(n)));
            let from = IpAddr::from(n.to_be_bytes());
            tries.begin(&email(&format!("{n}@example.com")), from, at).unwrap();
        }
        assert!(tries.0.lock().unwrap().len() <= KEYS_MAX);
    }
}
