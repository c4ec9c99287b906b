//! PDUs as JSON; octets are in hexadecimal.

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use smpp::{Address, Bind, BindMode, Body, CommandStatus, Event, ShortMessage, Tlvs, udh};

use crate::memory::Answer;

/// One line on standard output.
pub(crate) fn say(event: &Value) {
    println!("{event}");
}

pub(crate) fn bind(session: u64, bind: &Bind, status: CommandStatus) -> Value {
    let mode = match bind.mode {
        BindMode::Transmitter => "transmitter",
        BindMode::Receiver => "receiver",
        BindMode::Transceiver => "transceiver",
    };
    json!({
        "event": "bind",
        "session": session,
        "mode": mode,
        "system_id": bind.system_id,
        "system_type": bind.system_type,
        "interface_version": bind.interface_version,
        "address_range": bind.address_range,
        "status": status.0,
    })
}

/// What the client asked, and how it is answered.
pub(crate) fn request(session: u64, body: &Body, answer: &Answer) -> Value {
    let mut event = match body {
        Body::SubmitSm(submit) => message("submit_sm", &submit.0),
        Body::DataSm(data) => message("data_sm", &(**data).clone().into_short_message()),
        Body::QuerySm(query) => json!({
            "event": "query_sm",
            "message_id": query.message_id,
            "source": address(&query.source),
        }),
        Body::CancelSm(cancel) => json!({
            "event": "cancel_sm",
            "message_id": cancel.message_id,
            "source": address(&cancel.source),
            "destination": address(&cancel.destination),
        }),
        Body::ReplaceSm(replace) => json!({
            "event": "replace_sm",
            "message_id": replace.message_id,
            "source": address(&replace.source),
            "short_message": hex(&replace.short_message),
        }),
        other => json!({"event": "request", "command_id": other.command_id()}),
    };
    event["session"] = session.into();
    match answer {
        Answer::Taken(id) => event["id"] = id.as_str().into(),
        Answer::Refused(status) => event["status"] = status.0.into(),
        Answer::Done | Answer::Found(_) => {}
    }
    event
}

/// How a request of the SMSC ended; `None` for what is no news.
pub(crate) fn outcome(session: u64, event: &Event) -> Option<Value> {
    Some(match event {
        Event::Answer { token, status, message_id, late } => json!({
            "event": "answer",
            "session": session,
            "token": token,
            "status": status.0,
            "message_id": message_id,
            "late": late,
        }),
        Event::NoAnswer { token } | Event::NotWritten { token } => {
            json!({"event": "no_answer", "session": session, "token": token})
        }
        Event::Warning { warning, command_id } => json!({
            "event": "warning",
            "session": session,
            "command_id": command_id,
            "warning": format!("{warning:?}"),
        }),
        Event::Up { .. } => json!({"event": "up", "session": session}),
        Event::Incoming(_) | Event::Down { .. } => return None,
    })
}

fn message(event: &str, message: &ShortMessage) -> Value {
    let (text, part) = udh::split(message);
    json!({
        "event": event,
        "service_type": message.service_type,
        "source": address(&message.source),
        "destination": address(&message.destination),
        "esm_class": message.esm_class,
        "protocol_id": message.protocol_id,
        "priority_flag": message.priority_flag,
        "schedule_delivery_time": message.schedule_delivery_time,
        "validity_period": message.validity_period,
        "registered_delivery": message.registered_delivery,
        "data_coding": message.data_coding,
        "short_message": hex(&message.short_message),
        "text": hex(&text),
        "part": part.map(|part| json!({
            "reference": part.reference,
            "total": part.total,
            "number": part.part,
        })),
        "tlvs": tlvs(&message.tlvs),
    })
}

fn address(address: &Address) -> Value {
    json!({"ton": address.ton, "npi": address.npi, "address": address.address})
}

fn tlvs(tlvs: &Tlvs) -> Value {
    tlvs.iter().map(|tlv| json!({"tag": tlv.tag, "value": hex(&tlv.value)})).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Reads hexadecimal digits.
pub(crate) fn octets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digit =
        |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(|| de::Error::custom("octets are pairs of hexadecimal digits"))
}
