//! Everything that a test of the product stands on: an engine on a real
//! database, a carrier's SMSC on a real socket, and time that a test moves.
//!
//! ```ignore
//! testkit::on_both_engines!(a_refused_message_gives_its_money_back);
//!
//! async fn a_refused_message_gives_its_money_back(world: &World) {
//!     let smsc = Smsc::start().await;
//!     world.carrier(&smsc).create().await;
//!     let alice = world.account().balance(cents(10)).create().await;
//!     smsc.next(Reply::Refuse(CommandStatus::ME_RINVSRCADR));
//!
//!     let message = alice.send("+447700900123", "hello").await;
//!     world.dispatch().await;
//!
//!     alice.becomes(message, MessageStatus::Failed).await;
//!     assert_eq!(alice.available().await, cents(10));
//! }
//! ```
//!
//! Every such test ends with the audit, and with the comparison of the
//! database with the log of each SMSC.
//!
//! Not here: stand-ins for our own code.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod account;
mod agreement;
mod carriers;
mod database;
mod hook;
mod node;
mod proxy;
mod smsc;
mod world;

use std::time::Duration;

use domain::Micros;
use tokio::time::Instant;

pub use account::{Account, AccountBuilder};
pub use carriers::CarrierBuilder;
pub use database::{Database, Kind};
pub use hook::{Hook, Pushed, Reaction};
pub use proxy::{Loss, Proxy};
pub use smsc::{Reply, Smsc, Submit, inbound, part_of, receipt, receipt_of};
pub use world::{STRIPE_SECRET, World};

/// How long a condition may take to become true; a machine under load is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// An amount in hundredths of the currency unit.
pub const fn cents(cents: i64) -> Micros {
    Micros::new(cents * 10_000)
}

/// A request under this key; the same key means the same request.
pub fn idempotency(key: &str) -> engine::Idempotency {
    engine::Idempotency::new(key, "/sms/send", key.as_bytes())
}

/// The default price of one segment, €0.008.
pub const SEGMENT: Micros = Micros::new(8_000);

/// Waits until `condition` holds; panics with `what` where it does not in time.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "this did not come true: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Makes of each `async fn name(database: &Database)` one test on SQLite and one on PostgreSQL.
///
/// For tests of the storage alone; [`on_both_engines`] has the rest.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(&$crate::Database::new($crate::Kind::Sqlite)).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if $crate::Kind::Postgres.is_available() {
                        super::$name(&$crate::Database::new($crate::Kind::Postgres)).await;
                    }
                }
            )*
        }
    };
}

/// Makes of each `async fn name(world: &World)` a test on PostgreSQL, which several nodes can share.
#[macro_export]
macro_rules! on_several_nodes {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    if !$crate::Kind::Postgres.is_available() {
                        return;
                    }
                    let world = $crate::World::on($crate::Kind::Postgres).await;
                    super::$name(&world).await;
                    world.assert_all_is_well().await;
                }
            )*
        }
    };
}

/// Makes of each `async fn name(world: &World)` one test on SQLite and one on PostgreSQL.
///
/// The second passes without doing anything where `DIDFARM_TEST_POSTGRES` is not set.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    let world = $crate::World::on($crate::Kind::Sqlite).await;
                    super::$name(&world).await;
                    world.assert_all_is_well().await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    if !$crate::Kind::Postgres.is_available() {
                        return;
                    }
                    let world = $crate::World::on($crate::Kind::Postgres).await;
                    super::$name(&world).await;
                    world.assert_all_is_well().await;
                }
            )*
        }
    };
}
