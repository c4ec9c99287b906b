//! A request with what is private in it covered: its shape stays.

use serde_json::Value;
use url::form_urlencoded;

/// Longer ones are cut.
const OCTETS_MAX: usize = 4_096;

/// Members of a list that are shown.
const MEMBERS_MAX: usize = 5;

/// As long as the shortest phone number.
const NUMBER_DIGITS_MIN: usize = 7;

/// Longer ones are rather phone numbers than ids.
const ID_DIGITS_MAX: usize = 9;

/// Fields and parameters whose words are of our own making.
const OPEN: &[&str] = &[
    "amount",
    "country",
    "currency",
    "cursor",
    "delivery",
    "direction",
    "event",
    "events",
    "expires_at",
    "group_by",
    "kind",
    "limit",
    "method",
    "mode",
    "scopes",
    "since",
    "sms",
    "status",
    "type",
    "until",
];

/// The query string with the values of other parameters than ours covered; digits stay where
/// they are an id.
pub(super) fn query(query: &str) -> String {
    let mut masked = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let is_id = names_id(&name)
            && value.len() <= ID_DIGITS_MAX
            && value.bytes().all(|octet| octet.is_ascii_digit());
        let open = OPEN.contains(&&*name) || is_id;
        masked.append_pair(&name, if open { &value } else { "…" });
    }
    let text: String = form_urlencoded::parse(masked.finish().as_bytes())
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&");
    cut(text)
}

/// The JSON of a body with its texts covered; `None` where it is none.
pub(super) fn body(octets: &[u8]) -> Option<String> {
    let mut value: Value = serde_json::from_slice(octets).ok()?;
    cover(&mut value, false);
    serde_json::to_string(&value).ok().map(cut)
}

fn cover(value: &mut Value, open: bool) {
    match value {
        Value::String(text) if !open => *text = covered(text),
        // Whoever writes a phone number without quotes is refused, and logged.
        Value::Number(number) if !open && number.to_string().len() >= NUMBER_DIGITS_MIN => {
            let text = covered(&format!("+{number}"));
            *value = Value::String(text);
        }
        Value::Array(members) => {
            let left_out = members.len().saturating_sub(MEMBERS_MAX);
            members.truncate(MEMBERS_MAX);
            members.iter_mut().for_each(|member| cover(member, open));
            if left_out > 0 {
                members.push(Value::String(format!("… and {left_out} more")));
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let is_id =
                    field.is_number() && names_id(name) && field.to_string().len() <= ID_DIGITS_MAX;
                cover(field, is_id || OPEN.contains(&name.as_str()));
            }
        }
        _ => {}
    }
}

fn names_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id")
}

/// A number by its first and last digits, any other text by its length.
fn covered(text: &str) -> String {
    let digits = text.strip_prefix('+').unwrap_or("");
    let is_number =
        digits.len() >= NUMBER_DIGITS_MIN && digits.bytes().all(|octet| octet.is_ascii_digit());
    if is_number {
        return format!("+{}…{}", &digits[..3], &digits[digits.len() - 2..]);
    }
    format!("({} characters)", text.chars().count())
}

fn cut(mut text: String) -> String {
    if text.len() > OCTETS_MAX {
        let end = (0..=OCTETS_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_covered_and_the_shape_stays() {
        let sent = br#"{"from_number_id": 42, "to": "+31612345678", "body": "Your code is 1234", "delivery": "at_most_once"}"#;
        let masked = body(sent).unwrap();
        assert_eq!(
            masked,
            r#"{"body":"(17 characters)","delivery":"at_most_once","from_number_id":42,"to":"+316…78"}"#
        );
    }

    #[test]
    fn a_number_without_quotes_is_covered_and_an_id_is_not() {
        let masked = body(br#"{"from_number_id": 12345678, "to": 31612345678}"#).unwrap();
        assert_eq!(masked, r#"{"from_number_id":12345678,"to":"+316…78"}"#);
    }

    #[test]
    fn a_number_in_the_place_of_an_id_is_covered() {
        let masked = body(br#"{"from_number_id": 31612345678}"#).unwrap();
        assert_eq!(masked, r#"{"from_number_id":"+316…78"}"#);
        assert_eq!(
            query("number_id=31612345678&after_id=123456789&paid=1234567"),
            "number_id=…&after_id=123456789&paid=…"
        );
    }

    #[test]
    fn of_a_long_list_its_first_members_are_shown() {
        let batch = serde_json::json!({"messages": vec![serde_json::json!({"body": "x"}); 7]});
        let masked = body(batch.to_string().as_bytes()).unwrap();
        assert_eq!(masked.matches("(1 characters)").count(), 5);
        assert!(masked.ends_with("\"… and 2 more\"]}"), "{masked}");
    }

    #[test]
    fn a_query_tells_no_number() {
        assert_eq!(
            query("to=%2B31612345678&q=secret&status=sent&number_id=7&limit=10&id=secret"),
            "to=…&q=…&status=sent&number_id=7&limit=10&id=…"
        );
    }

    #[test]
    fn what_is_no_json_is_not_kept() {
        assert_eq!(body(b"to=+31612345678"), None);
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let fields: serde_json::Map<String, Value> =
            (0..1_000).map(|at| (format!("é{at}"), Value::from(at))).collect();
        let masked = body(Value::Object(fields).to_string().as_bytes()).unwrap();
        assert!(masked.len() <= OCTETS_MAX + '…'.len_utf8());
    }
}
