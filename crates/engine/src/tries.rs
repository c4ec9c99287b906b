//! Wrong passwords, counted by address and by client, so that guessing is slow. Kept by each process.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{Email, Timestamp};

use crate::lately::{Lately, TooMany, network};

/// Wrong passwords that are let through within [`WINDOW`].
const WRONG_MAX: usize = 10;

const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Whom a try is counted against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(Email),
    Client(IpAddr),
}

#[derive(Debug)]
pub(crate) struct Tries(Mutex<Lately<Key>>);

impl Default for Tries {
    fn default() -> Self {
        Self(Mutex::new(Lately::new(WRONG_MAX, WINDOW)))
    }
}

impl Tries {
    /// Whether a try would be let through now.
    pub(crate) fn check(&self, email: &Email, ip: IpAddr, now: Timestamp) -> Result<(), TooMany> {
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys(email, ip).iter().try_for_each(|key| tries.check(key, now))
    }

    /// Counts a try as wrong; [`Tries::right`] takes that back.
    pub(crate) fn begin(&self, email: &Email, ip: IpAddr, now: Timestamp) -> Result<(), TooMany> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(email, ip);
        keys.iter().try_for_each(|key| tries.check(key, now))?;
        for key in keys {
            tries.count(key, now);
        }
        Ok(())
    }

    /// The password was right: the address starts afresh, the client is as it was at `begun`.
    pub(crate) fn right(&self, email: &Email, ip: IpAddr, begun: Timestamp) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [address, client] = keys(email, ip);
        tries.forget(&address);
        tries.take_back(&client, begun);
    }
}

fn keys(email: &Email, ip: IpAddr) -> [Key; 2] {
    [Key::Address(email.clone()), Key::Client(network(ip))]
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
        assert_eq!(eleventh, Err(TooMany { retry_after_seconds: 890 }));
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
}
