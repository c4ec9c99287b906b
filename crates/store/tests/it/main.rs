//! The storage on both databases: schema, locks, ledger, audit.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod attempts;
mod audit;
mod id_blocks;
mod idempotency;
mod leases;
mod ledger;
mod migrations;
mod transactions;

use domain::Timestamp;

const NOW: Timestamp = Timestamp::from_micros(1_775_211_330_000_000);
