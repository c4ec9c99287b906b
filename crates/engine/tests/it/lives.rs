//! What random lives share: how they are drawn, and what they are told of payments.

use domain::{Micros, routing::mix};
use store::topups::Topup;
use testkit::cents;

/// A destination for each outcome; see `docs/simulator.md`.
pub(super) const DESTINATIONS: [&str; 4] =
    ["+447700900900", "+447700900902", "+447700900903", "+447700900905"];

/// A number that the environment gives.
pub(super) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What happens next: the same each time for the same seed.
pub(super) struct Chance {
    seed: u64,
    draws: u64,
}

impl Chance {
    /// The seed that the environment gives under `name`, or any; it is printed, so that a life can be lived again.
    pub(super) fn seeded_by(name: &str) -> Self {
        let seed = setting(name).unwrap_or_else(|| {
            let mut octets = [0; 8];
            getrandom::fill(&mut octets).unwrap();
            u64::from_le_bytes(octets) % 1_000_000
        });
        println!("{name}={seed}");
        Self { seed, draws: 0 }
    }

    pub(super) fn draw(&mut self, below: u64) -> u64 {
        self.draws += 1;
        mix(self.seed.wrapping_mul(1_000_003).wrapping_add(self.draws)) % below
    }

    /// From 1 to `below`.
    pub(super) fn cents(&mut self, below: u64) -> Micros {
        cents(i64::try_from(1 + self.draw(below)).unwrap())
    }

    /// How often was drawn: a number that no earlier step had.
    pub(super) const fn draws(&self) -> u64 {
        self.draws
    }
}

/// The id that the provider has for it.
pub(super) fn payment(topup: &Topup) -> String {
    format!("pi_{}", topup.id)
}

/// An amount as the provider writes it.
pub(super) fn units(gross: Micros) -> i64 {
    gross.get() / 10_000
}
