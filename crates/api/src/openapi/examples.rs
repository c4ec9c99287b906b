//! Examples of fields whose own declaration has none: what is called the same looks the same.

use serde_json::{Value, json};
use utoipa::openapi::{OpenApi, RefOr, Schema, schema::Object};

/// Gives each field of a text or a number an example.
pub(super) fn fill(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (name, schema) in &mut components.schemas {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        for (field, property) in &mut object.properties {
            if let RefOr::T(Schema::Object(leaf)) = property
                && !is_shown(leaf)
            {
                leaf.example = of(name, field);
            }
        }
    }
}

fn is_shown(leaf: &Object) -> bool {
    leaf.example.is_some() || !leaf.examples.is_empty() || leaf.enum_values.is_some()
}

/// An example of `field` of the schema `name`.
fn of(name: &str, field: &str) -> Option<Value> {
    let of_schema = match (name, field) {
        ("AccountView", "email") => json!("them@example.com"),
        ("AccountView", "name") => json!("First customer"),
        ("AccountView" | "AccountPatchBody", "status") => json!("active"),
        ("AttemptView", "error" | "receipt_error") => {
            json!("the carrier refused it: status 0x0000000b")
        }
        ("AttemptView", "state") => json!("accepted"),
        ("AttemptView", "receipt") => json!("delivered"),
        ("CarrierPatchBody" | "CarrierView" | "NewCarrierBody", "name") => json!("Carrier A"),
        ("CarrierView", "kind") => json!("smpp"),
        ("CarrierPatchBody" | "CarrierView" | "NewCarrierBody", "settings") => {
            json!({"host": "smsc.example.net", "port": 2775, "system_id": "me"})
        }
        ("ChangeBody", "current") => json!("correct horse battery"),
        ("ImportView", "octets") => json!(2_400_022),
        ("ImportView", "rows" | "stored") => json!(100_000),
        ("ImportView", "added") => json!(99_997),
        ("ImportView", "errors_more") => json!(0),
        ("LinkView", "state") => json!("bound"),
        ("PartView" | "TimelineEvent", "status") => json!("delivered"),
        ("RequestView", "body") => json!({"from_number_id": 42, "to": "+316…", "body": "…"}),
        ("SessionView", "name") => json!("Robin"),
        ("WebhookAttemptView", "error") => json!("no answer within 15 s"),
        ("WebhookPatchBody", "url") => json!("https://example.com/hooks/sms"),
        ("WebhookView", "disabled_reason") => json!("gone"),
        ("WebhookView", "secret") => json!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        _ => Value::Null,
    };
    if !of_schema.is_null() {
        return Some(of_schema);
    }
    Some(match field {
        "account_id" | "carrier_id" => json!(1),
        "activation" => json!("instant"),
        "added" | "known" | "ended" | "recovered" => json!(3),
        "attempt" | "part" | "segments" | "sessions" | "sessions_bound" | "receipts" => json!(1),
        "body" => json!("Hello from DIDfarm!"),
        "carrier_message_id" => json!("5f2a01c7"),
        "character" => json!("’"),
        "characters" | "octets" => json!(19),
        "checkout_url" => json!("https://sms.example.com/checkout/3f1c"),
        "country" => json!("NL"),
        "delivery_rate_30d" => json!(0.982),
        "demo_link" => json!("https://sms.example.com/verify?token=3f1c"),
        "description" => json!("Order updates"),
        "detail" | "status_detail" => json!("the carrier is busy; it is tried again"),
        "doc_url" => json!("https://sms.example.com/docs/errors/insufficient_balance"),
        "duration_ms" => json!(41),
        "effective_from" => json!("2026-05-01T00:00:00.000000Z"),
        "encoding" => json!("gsm7"),
        "failure" => json!("Your card was declined."),
        "gsm_spelling" => json!("'"),
        "id" | "number_id" | "import_id" => json!(42),
        "in_flight" | "queued" | "line" | "position" => json!(2),
        "language" => json!("en"),
        "last_error" => json!("the bind was refused: wrong password"),
        "message" => json!("The carrier refused it."),
        "messaging_profile_id" => json!(3),
        "messages" | "today" | "sent_today" | "received_today" | "this_month" => json!(12),
        "name" => json!("Production"),
        "new" | "password" => json!("another of ten letters"),
        "next_cursor" => json!("156"),
        "note" => json!("First payment"),
        "param" => json!("to"),
        "paused_reason" => json!("The card was declined."),
        "priority" | "weight" | "topup_id" => json!(1),
        "provider_ref" => json!("re_3f1c"),
        "rate" | "rate_limit" | "window" => json!(10),
        "request_id" => json!("req_0000a1b20000000007"),
        "response" => json!("ok"),
        "secret" => json!("df_live_Ab3xK9…"),
        "seq" => json!(1204),
        "status" => json!("active"),
        "status_code" => json!(204),
        "success" => json!(true),
        "theme" => json!("system"),
        "time_zone" => json!("Europe/Amsterdam"),
        "token" => json!("3f1c"),
        "type" => json!("mobile"),
        "user_agent" => json!("Mozilla/5.0"),
        _ => return None,
    })
}
