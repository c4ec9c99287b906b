//! What events carry beside their message.

use domain::{AccountId, Currency, Micros};
use serde_json::{Value, json};
use store::{
    events::{EventKind, NewEvent},
    numbers::NumberRecord,
    renewals::Renewal,
};

use crate::notices::Notice;

/// The data of a `wallet.balance` event.
pub(crate) fn balance_data(available: Micros, currency: Currency) -> String {
    format!("{{\"balance\":{{\"amount\":\"{available}\",\"currency\":\"{currency}\"}}}}")
}

/// A `number.status` event: the number as it is now.
pub(crate) fn number_news(account: AccountId, number: &NumberRecord) -> NewEvent {
    number_event(account, &number_data(number))
}

/// The same with a notice of what is owed.
pub(crate) fn number_notice(number: &NumberRecord, renewal: &Renewal, notice: Notice) -> NewEvent {
    let mut data = number_data(number);
    data["notice"] = json!({
        "kind": notice.as_str(),
        "service": renewal.service.as_str(),
        "owed": renewal.owed.to_string(),
        "until": notice.ends_at(renewal).to_string(),
    });
    number_event(renewal.account, &data)
}

/// The same for a number that was refused.
pub(crate) fn number_refused(account: AccountId, number: &NumberRecord, reason: &str) -> NewEvent {
    let mut data = number_data(number);
    data["reason"] = reason.into();
    number_event(account, &data)
}

fn number_data(number: &NumberRecord) -> Value {
    json!({
        "id": number.id.get(),
        "number": number.number.to_string(),
        "status": number.status.as_str(),
        "sms_enabled": number.sms_enabled,
    })
}

fn number_event(account: AccountId, data: &Value) -> NewEvent {
    let data = data.to_string();
    NewEvent {
        account,
        kind: EventKind::NumberStatus,
        message: None,
        status: None,
        data: Some(data),
    }
}
