//! Which errors each call may answer, written into the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    example::{Example, ExampleBuilder},
    path::Operation,
};

/// An error code, its status, and a message as it may be.
type Known = (&'static str, u16, &'static str);

const KNOWN: &[Known] = &[
    ("invalid_json", 400, "The body is not JSON: expected `,` or `}` at line 1 column 24."),
    ("invalid_request", 400, "to is missing."),
    (
        "unauthenticated",
        401,
        "Sign in, or send a valid API key in the header: Authorization: Bearer YOUR_API_KEY.",
    ),
    ("insufficient_balance", 402, "Insufficient wallet balance"),
    (
        "payment_owed",
        402,
        "A payment was taken back after it had been spent. Top up what is owed under Wallet to go on.",
    ),
    (
        "daily_cap_reached",
        402,
        "The daily spend cap is reached: messages are taken again from 00:00 UTC. Raise or lift the cap under Wallet.",
    ),
    ("forbidden", 403, "This key may not do this: it has no scope for it."),
    (
        "destination_not_allowed",
        403,
        "This destination is not served. Contact support to have it opened.",
    ),
    (
        "account_suspended",
        403,
        "The account is suspended and can neither send nor buy. Contact support.",
    ),
    ("not_found", 404, "There is no such number."),
    ("method_not_allowed", 405, "This path does not take this method; see /api/v1/openapi.json."),
    ("conflict", 409, "It is there already."),
    ("number_not_active", 409, "Number must be active to enable SMS"),
    (
        "sms_not_enabled",
        409,
        "SMS is not enabled on this number. Switch it on under My Numbers, Configure.",
    ),
    (
        "no_messaging_profile",
        409,
        "The number has no messaging profile, so it sends nothing. Assign one under My Numbers, Configure.",
    ),
    (
        "no_price",
        409,
        "This has no price in your wallet's currency. Choose another, or contact support to have it priced.",
    ),
    ("already_enabled", 409, "SMS is enabled on this number already."),
    ("body_too_large", 413, "The body is larger than 256 KiB."),
    ("unsupported_media_type", 415, "Send Content-Type: application/json."),
    (
        "invalid_destination",
        422,
        "The To number is not in E.164 format: write it like +31612345678.",
    ),
    ("empty_body", 422, "Type a message: the body is empty."),
    (
        "message_too_long",
        422,
        "The message has 1,601 characters; at most 1,600 are allowed. Shorten it or send two.",
    ),
    ("sms_not_available", 422, "SMS not available for this number type"),
    (
        "recipient_opted_out",
        422,
        "The recipient has answered STOP to this number. Do not write to them until they answer START.",
    ),
    (
        "idempotency_key_reused",
        422,
        "This Idempotency-Key was used for another request. Use a new key for each new request.",
    ),
    (
        "rate_limited",
        429,
        "More than 10 messages a second were sent. Wait as long as Retry-After says; contact us for a higher rate.",
    ),
    (
        "internal_error",
        500,
        "Something went wrong on our side; it was logged under the request id.",
    ),
    (
        "unavailable",
        503,
        "The service cannot take this now; nothing was stored. Try again shortly.",
    ),
];

/// What a message may be refused for, whoever sends it.
const SENDING: &[&str] = &[
    "invalid_destination",
    "empty_body",
    "message_too_long",
    "recipient_opted_out",
    "destination_not_allowed",
    "number_not_active",
    "sms_not_enabled",
    "no_messaging_profile",
    "no_price",
    "not_found",
    "insufficient_balance",
    "payment_owed",
    "daily_cap_reached",
    "account_suspended",
];

const BUYING: &[&str] = &[
    "insufficient_balance",
    "payment_owed",
    "account_suspended",
    "sms_not_available",
    "number_not_active",
    "no_price",
    "already_enabled",
    "conflict",
    "not_found",
];

/// What a call may answer beside what its shape tells.
fn own(method: &str, path: &str) -> &'static [&'static str] {
    match (method, path) {
        ("post", "/portal/sms/send" | "/portal/sms/batch") => SENDING,
        ("post", "/portal/sms/quote") => {
            &["empty_body", "message_too_long", "invalid_destination", "no_price", "not_found"]
        }
        ("post", "/portal/simulator/inbound" | "/operator/simulator/inbound") => {
            &["empty_body", "message_too_long", "invalid_destination", "not_found", "conflict"]
        }
        ("post", "/portal/orders" | "/portal/orders/quote" | "/portal/numbers/{id}/sms/enable") => {
            BUYING
        }
        ("post", "/portal/numbers/{id}/sms/disable") => &["sms_not_enabled", "conflict"],
        ("post", "/operator/accounts/{id}/credits") => &["insufficient_balance", "conflict"],
        // Another one is there already, or its state is another.
        ("post" | "patch" | "delete", _) => &["conflict", "not_found"],
        ("get", "/portal/wallet" | "/portal/events") => &["not_found"],
        _ => &[],
    }
}

/// Gives each operation an answer for each status, with an example for each code.
pub(super) fn describe(document: &mut OpenApi) {
    let examples = &mut document.components.get_or_insert_default().examples;
    for (code, _, message) in KNOWN {
        let example = ExampleBuilder::new().summary(*message).value(Some(json!({
            "success": false,
            "error": {
                "code": code,
                "message": message,
                "doc_url": format!("https://sms.example.com/docs/errors/{code}"),
            },
            "request_id": "req_0000a1b20000000007",
        })));
        examples.insert((*code).to_owned(), RefOr::T(example.build()));
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("put", &mut item.put),
            ("delete", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                let codes = codes(method, path, operation);
                let described =
                    operation.responses.responses.remove("4XX").and_then(|range| match range {
                        RefOr::T(range) => Some(range.description),
                        RefOr::Ref(_) => None,
                    });
                for (status, known) in by_status(&codes) {
                    let answer = answer(&known, described.as_deref().unwrap_or_default());
                    operation.responses.responses.insert(status.to_string(), RefOr::T(answer));
                }
            }
        }
    }
}

fn codes(method: &str, path: &str, operation: &Operation) -> BTreeSet<&'static str> {
    let mut codes: BTreeSet<&str> =
        ["unauthenticated", "forbidden", "rate_limited", "internal_error", "unavailable"].into();
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty())
        || method != "get"
    {
        codes.insert("invalid_request");
    }
    if path.contains('{') {
        codes.insert("not_found");
    }
    if method == "post" {
        codes.insert("idempotency_key_reused");
    }
    if operation.request_body.is_some() || method == "post" {
        codes.extend(["invalid_json", "body_too_large", "unsupported_media_type"]);
    }
    codes.extend(own(method, path));
    codes
}

fn by_status(codes: &BTreeSet<&str>) -> BTreeMap<u16, Vec<&'static Known>> {
    let mut found: BTreeMap<u16, Vec<&Known>> = BTreeMap::new();
    for known in KNOWN.iter().filter(|(code, ..)| codes.contains(code)) {
        found.entry(known.1).or_default().push(known);
    }
    found
}

fn answer(known: &[&Known], described: &str) -> Response {
    let codes: Vec<String> = known.iter().map(|(code, ..)| format!("`{code}`")).collect();
    let effect = if described.is_empty() { String::new() } else { format!(". {described}") };
    let examples = known.iter().map(|(code, ..)| {
        let kept = format!("#/components/examples/{code}");
        (*code, RefOr::<Example>::Ref(Ref::new(kept)))
    });
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name("Failure"))))
        .examples_from_iter(examples)
        .build();
    ResponseBuilder::new()
        .description(format!("{}{effect}", codes.join(", ")))
        .content("application/json", content)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ERROR_CODES;

    #[test]
    fn each_code_has_an_example() {
        let codes: Vec<&str> = KNOWN.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes, ERROR_CODES);
    }
}
