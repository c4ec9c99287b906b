//! What events carry beside their message.

use domain::{AccountId, Currency, Micros};
use store::{
    events::{EventKind, NewEvent},
    numbers::NumberRecord,
};

/// The data of a `wallet.balance` event.
pub(crate) fn balance_data(available: Micros, currency: Currency) -> String {
    format!("{{\"balance\":{{\"amount\":\"{available}\",\"currency\":\"{currency}\"}}}}")
}

/// A `number.status` event: the number as it is now.
pub(crate) fn number_news(account: AccountId, number: &NumberRecord) -> NewEvent {
    let data = format!(
        "{{\"id\":{},\"number\":\"{}\",\"status\":\"{}\",\"sms_enabled\":{}}}",
        number.id, number.number, number.status, number.sms_enabled
    );
    NewEvent {
        account,
        kind: EventKind::NumberStatus,
        message: None,
        status: None,
        data: Some(data),
    }
}
