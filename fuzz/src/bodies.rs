//! The JSON bodies of sends and batches.

use api::{ApiError, bodies};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::text::is_billed_as_it_is_sent;

/// Octets as the body of one send.
pub(crate) fn send(octets: &[u8]) {
    let send = match bodies::send(octets) {
        Ok(send) => send,
        Err(error) => return is_the_callers_fault(&error, octets),
    };
    if let Some(given) = json(octets) {
        says_the_same(&send, &given);
    }
    let written = written(&send);
    let again = bodies::send(written.to_string().as_bytes()).expect("it was accepted before");
    says_the_same(&again, &written);
}

/// Octets as the body of a batch.
pub(crate) fn batch(octets: &[u8]) {
    let found = match bodies::batch(octets) {
        Ok(found) => found,
        Err(error) => return is_the_callers_fault(&error, octets),
    };
    let Some(given) = json(octets) else { return };
    let given = given["messages"].as_array().expect("messages is a list");
    assert_eq!(found.len(), given.len(), "one result for each");
    assert!((1..=1_000).contains(&found.len()));
    for (found, given) in found.iter().zip(given) {
        // Each is read as it would be alone.
        let alone = bodies::send(given.to_string().as_bytes());
        match (found, alone) {
            (Ok(found), Ok(_)) => says_the_same(found, given),
            (Err(found), Err(alone)) => assert_eq!(found.code, alone.code),
            (found, alone) => panic!("{found:?} in a batch, {alone:?} alone"),
        }
    }
}

/// What is accepted is JSON. `None` where a field that nobody reads holds half of a
/// surrogate pair or a number beyond all bounds, which a [`Value`] cannot keep.
fn json(octets: &[u8]) -> Option<Value> {
    let grammar = serde_json::from_slice::<IgnoredAny>(octets);
    grammar.expect("what is accepted is JSON");
    serde_json::from_slice(octets).ok()
}

fn written(send: &engine::Send) -> Value {
    serde_json::json!({
        "from_number_id": send.from.get(),
        "to": send.to.as_str(),
        "body": send.body.as_str(),
        "delivery": send.delivery.as_str(),
    })
}

fn says_the_same(send: &engine::Send, given: &Value) {
    let mut given = given.clone();
    let fields = given.as_object_mut().expect("a send is an object");
    let delivery = fields.entry("delivery").or_insert(Value::Null);
    if delivery.is_null() {
        *delivery = "at_least_once".into();
    }
    fields.retain(|name, _| ["from_number_id", "to", "body", "delivery"].contains(&name.as_str()));
    assert_eq!(written(send), given, "nothing is changed on the way");
    let text = send.body.as_str();
    assert!(!text.trim().is_empty() && !text.contains('\0'));
    assert!(domain::text::measure(text) == Ok(send.body.measure()));
    is_billed_as_it_is_sent(text);
}

fn is_the_callers_fault(error: &ApiError, octets: &[u8]) {
    let status = error.status.as_u16();
    match error.code {
        "invalid_json" => {
            assert_eq!(status, 400);
            assert!(serde_json::from_slice::<Value>(octets).is_err(), "it is JSON");
        }
        "invalid_request" => assert_eq!(status, 400),
        "invalid_destination" | "empty_body" | "message_too_long" => assert_eq!(status, 422),
        other => panic!("{other} is no answer to a body"),
    }
    assert!(error.message.len() > 10, "a sentence, not {:?}", error.message);
}
