//! The engine on both databases, against an SMSC on a socket.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod accept;
mod dispatch;
