//! The crate from outside: sessions over loopback, and the codec beside others.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod differential;
mod sessions;
