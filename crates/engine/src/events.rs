//! What events carry beside their message.

use domain::{Currency, Micros};

/// The data of a `wallet.balance` event.
pub(crate) fn balance_data(available: Micros, currency: Currency) -> String {
    format!("{{\"balance\":{{\"amount\":\"{available}\",\"currency\":\"{currency}\"}}}}")
}
