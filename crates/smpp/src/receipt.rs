//! Delivery receipts: who sent one, what it says. SMPP 3.4 appendix B and §5.2.12.
//!
//! The text form is a convention, and every SMSC has its own: fields in any
//! order and case, any of them missing.

use crate::{ShortMessage, tlv::tag};

/// In `esm_class`: the bits that say what kind of message this is.
const KIND_MASK: u8 = 0x3C;

/// Kinds that are receipts or acknowledgements.
const RECEIPT_KINDS: [u8; 4] = [0x04, 0x08, 0x10, 0x20];

/// What a receipt says of the message's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptState {
    /// On the handset.
    Delivered,
    /// Its validity passed.
    Expired,
    /// Removed from the SMSC.
    Deleted,
    /// It will not be delivered.
    Undeliverable,
    /// Refused by the network.
    Rejected,
    /// Accepted by the network: most mean "in transit", some "delivered".
    Accepted,
    /// On its way, buffered, or not known.
    InTransit,
}

/// A receipt's facts, each as far as the peer gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// By its class or its parameters; where not, its text alone makes it a receipt,
    /// and anybody with a phone can write that.
    pub marked: bool,
    /// The id of the message, as receipts write it.
    pub message_id: Option<String>,
    /// `None` where there was no state, or one that nobody knows.
    pub state: Option<ReceiptState>,
    /// `stat` as written, or the number of `message_state`.
    pub stat: Option<String>,
    /// `err` as written.
    pub err: Option<String>,
    /// `network_error_code`: its type and code.
    pub network_error: Option<(u8, u16)>,
    /// As the submit gave it.
    pub user_message_reference: Option<u16>,
    /// `done date` as written: 10, 12 or 14 digits.
    pub done_date: Option<String>,
}

/// `message_state` of SMPP 3.4, §5.2.28, and of SMPP 5.0, §4.7.15.
pub fn state_of_number(message_state: u8) -> Option<ReceiptState> {
    Some(match message_state {
        2 => ReceiptState::Delivered,
        3 => ReceiptState::Expired,
        4 => ReceiptState::Deleted,
        5 => ReceiptState::Undeliverable,
        6 => ReceiptState::Accepted,
        8 => ReceiptState::Rejected,
        0 | 1 | 7 | 9 => ReceiptState::InTransit, // scheduled, en route, unknown, skipped
        _ => return None,
    })
}

/// `stat` of the text, in any case.
pub fn state_of_word(stat: &str) -> Option<ReceiptState> {
    Some(match stat.to_ascii_uppercase().as_str() {
        "DELIVRD" | "DELIVERED" => ReceiptState::Delivered,
        "EXPIRED" => ReceiptState::Expired,
        "DELETED" => ReceiptState::Deleted,
        "UNDELIV" | "UNDELIVERABLE" | "UNDELIVERED" | "FAILED" => ReceiptState::Undeliverable,
        "REJECTD" | "REJECTED" => ReceiptState::Rejected,
        "ACCEPTD" | "ACCEPTED" => ReceiptState::Accepted,
        "ENROUTE" | "ACKED" | "BUFFRED" | "BUFFERED" | "UNKNOWN" | "SCHEDULED" => {
            ReceiptState::InTransit
        }
        _ => return None,
    })
}

/// Reads the message as a receipt; `None` where it is an ordinary text.
///
/// It is one by its `esm_class`, or by its text: some SMSCs leave the class at 0.
/// The parameters `receipted_message_id` and `message_state` win one by one.
pub fn read(message: &ShortMessage) -> Option<DeliveryReceipt> {
    let by_class = RECEIPT_KINDS.contains(&(message.esm_class & KIND_MASK));
    // Some end the text with NUL, as if it were a C string.
    let readable = |octet: u8| if octet == 0 { ' ' } else { char::from(octet) };
    let text: String = message.octets().iter().copied().map(readable).collect();
    let fields = Fields::read(&text);
    let by_parameter = message.tlvs.get(tag::RECEIPTED_MESSAGE_ID).is_some()
        && message.tlvs.get(tag::MESSAGE_STATE).is_some();
    if !by_class && !by_parameter && !fields.make_a_receipt() {
        return None;
    }
    let number =
        message.tlvs.get_number(tag::MESSAGE_STATE).and_then(|number| u8::try_from(number).ok());
    let stat = fields.get("stat").map(str::to_owned);
    let state =
        number.and_then(state_of_number).or_else(|| stat.as_deref().and_then(state_of_word));
    let network_error = message.tlvs.get(tag::NETWORK_ERROR_CODE).and_then(|value| {
        let [kind, high, low] = value[..] else { return None };
        Some((kind, u16::from_be_bytes([high, low])))
    });
    Some(DeliveryReceipt {
        marked: by_class || by_parameter,
        message_id: message
            .tlvs
            .get_text(tag::RECEIPTED_MESSAGE_ID)
            .filter(|id| !id.is_empty())
            .or_else(|| fields.get("id").map(str::to_owned)),
        state,
        stat: stat.or_else(|| number.map(|number| number.to_string())),
        err: fields.get("err").map(str::to_owned),
        network_error,
        user_message_reference: message
            .tlvs
            .get_number(tag::USER_MESSAGE_REFERENCE)
            .and_then(|number| u16::try_from(number).ok()),
        done_date: fields
            .get("done date")
            .filter(|date| matches!(date.len(), 10 | 12 | 14))
            .filter(|date| date.bytes().all(|octet| octet.is_ascii_digit()))
            .map(str::to_owned),
    })
}

/// The labels of the text, the longer ones first where one ends like another.
const LABELS: [&str; 8] = ["submit date", "done date", "dlvrd", "stat", "text", "sub", "err", "id"];

/// The fields that a text has, in the spelling of [`LABELS`].
struct Fields<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Self {
        let lower = text.to_ascii_lowercase();
        let mut starts: Vec<(usize, usize, &'static str)> = Vec::new();
        for label in LABELS {
            let mut from = 0;
            while let Some(at) = lower[from..].find(label).map(|at| at + from) {
                let after = at + label.len();
                from = after;
                let begins = at == 0 || !lower.as_bytes()[at - 1].is_ascii_alphanumeric();
                let rest = &lower[after..];
                let colon = rest.len() - rest.trim_start_matches(' ').len();
                let inside = starts.iter().any(|(start, end, _)| (*start..*end).contains(&at));
                if begins && !inside && rest[colon..].starts_with(':') {
                    starts.push((at, after + colon + 1, label));
                    break;
                }
            }
        }
        starts.sort_unstable();
        // What follows `text:` is the message's own beginning, whatever it looks like.
        if let Some(last) = starts.iter().position(|(_, _, label)| *label == "text") {
            starts.truncate(last + 1);
        }
        let ends = starts.iter().skip(1).map(|(start, _, _)| *start).chain([text.len()]);
        let fields = starts.iter().zip(ends).map(|((_, begin, label), end)| {
            let value = text.get(*begin..end).unwrap_or_default().trim();
            (*label, value.trim_end_matches([',', ';']).trim())
        });
        Self(fields.collect())
    }

    fn get(&self, label: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(known, _)| *known == label)
            .map(|(_, value)| value.split_whitespace().next().unwrap_or_default())
            .filter(|value| !value.is_empty())
    }

    /// An id and a state that somebody knows: no person writes that.
    fn make_a_receipt(&self) -> bool {
        self.get("id").is_some() && self.get("stat").and_then(state_of_word).is_some()
    }
}

/// The standard text of a receipt. Dates are ten digits, `YYMMDDhhmm`.
pub fn compose(message_id: &str, stat: &str, err: &str, submitted: &str, done: &str) -> String {
    let delivered = if stat == "DELIVRD" { "001" } else { "000" };
    format!(
        "id:{message_id} sub:001 dlvrd:{delivered} submit date:{submitted} done date:{done} stat:{stat} err:{err} text:"
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn of_text(esm_class: u8, text: &'static str) -> Option<DeliveryReceipt> {
        read(&ShortMessage {
            esm_class,
            short_message: Bytes::from_static(text.as_bytes()),
            ..ShortMessage::default()
        })
    }

    #[test]
    fn texts_of_many_smscs_are_read() {
        use ReceiptState as S;
        for (text, id, state, err) in [
            (
                "id:1234567890 sub:001 dlvrd:001 submit date:2604031015 done date:2604031016 stat:DELIVRD err:000 text:Hello",
                Some("1234567890"),
                Some(S::Delivered),
                Some("000"),
            ),
            (
                "id:ABC-1 sub:001 dlvrd:000 submit date:260403101530 done date:260403101631 stat:UNDELIV err:1F2 text:",
                Some("ABC-1"),
                Some(S::Undeliverable),
                Some("1F2"),
            ),
            ("id:9 stat:FAILED err:12", Some("9"), Some(S::Undeliverable), Some("12")),
            ("ID:9 STAT:delivrd ERR:0", Some("9"), Some(S::Delivered), Some("0")),
            ("stat:EXPIRED id:77", Some("77"), Some(S::Expired), None),
            ("id:77 stat:REJECTD", Some("77"), Some(S::Rejected), None),
            ("id:77 stat:DELETED", Some("77"), Some(S::Deleted), None),
            ("id:77 stat:ACCEPTD", Some("77"), Some(S::Accepted), None),
            ("id:77 stat:ENROUTE", Some("77"), Some(S::InTransit), None),
            ("id:77 stat:ACKED", Some("77"), Some(S::InTransit), None),
            ("id:77 stat:BUFFRED", Some("77"), Some(S::InTransit), None),
            ("id:77 stat:UNKNOWN", Some("77"), Some(S::InTransit), None),
            ("id:77 stat:DELIVERED", Some("77"), Some(S::Delivered), None),
            ("id: 77 stat: DELIVRD err: 000", Some("77"), Some(S::Delivered), Some("000")),
            ("id:77,stat:DELIVRD,err:000", Some("77"), Some(S::Delivered), Some("000")),
            (
                "id:77 submit date:20260403101530 done date:20260403101631 stat:DELIVRD",
                Some("77"),
                Some(S::Delivered),
                None,
            ),
            (
                "id:0077 sub:1 dlvrd:1 stat:DELIVRD text:id:99 stat:UNDELIV",
                Some("0077"),
                Some(S::Delivered),
                None,
            ),
            (
                "id:1f0c7a2e-5e7c-4f5e-9d53-000000000001 stat:DELIVRD",
                Some("1f0c7a2e-5e7c-4f5e-9d53-000000000001"),
                Some(S::Delivered),
                None,
            ),
            ("stat:DELIVRD", None, Some(S::Delivered), None),
            ("id:5", Some("5"), None, None),
            ("id:5 stat:SOMETHING", Some("5"), None, None),
            ("", None, None, None),
        ] {
            let receipt = of_text(0x04, text).unwrap();
            assert_eq!(receipt.message_id.as_deref(), id, "{text}");
            assert_eq!(receipt.state, state, "{text}");
            assert_eq!(receipt.err.as_deref(), err, "{text}");
        }
    }

    #[test]
    fn every_receipt_class_counts_and_texts_are_texts() {
        for class in [0x04, 0x08, 0x10, 0x20, 0x44] {
            assert!(of_text(class, "hello").is_some(), "{class:#x}");
        }
        assert!(of_text(0, "id:5 stat:DELIVRD").is_some_and(|receipt| !receipt.marked));
        let ended = of_text(0x04, "id:5 stat:DELIVRD\0").unwrap();
        assert_eq!((ended.marked, ended.state), (true, Some(ReceiptState::Delivered)));
        for text in ["hello", "my id: 5", "stat: fine", "id:5 stat:whatever", "The state: DELIVRD"]
        {
            assert!(of_text(0, text).is_none(), "{text}");
            assert!(of_text(0x40, text).is_none(), "{text}");
        }
    }

    #[test]
    fn parameters_win_one_by_one() {
        let mut message = ShortMessage {
            esm_class: 0x04,
            short_message: Bytes::from_static(b"id:1 stat:UNDELIV err:007"),
            ..ShortMessage::default()
        };
        message.tlvs.push_cstring(tag::RECEIPTED_MESSAGE_ID, "abc");
        let receipt = read(&message).unwrap();
        assert_eq!(receipt.message_id.as_deref(), Some("abc"));
        assert_eq!(receipt.state, Some(ReceiptState::Undeliverable));
        message.tlvs.push_u8(tag::MESSAGE_STATE, 2);
        let receipt = read(&message).unwrap();
        assert_eq!(receipt.state, Some(ReceiptState::Delivered));
        assert_eq!(receipt.err.as_deref(), Some("007"));
    }

    #[test]
    fn an_empty_text_means_the_payload() {
        let mut message = ShortMessage { esm_class: 0x04, ..ShortMessage::default() };
        message.tlvs.push(tag::MESSAGE_PAYLOAD, Bytes::from_static(b"id:8 stat:DELIVRD"));
        assert_eq!(read(&message).unwrap().message_id.as_deref(), Some("8"));
    }

    #[test]
    fn what_is_composed_reads_back() {
        let text = compose("42", "DELIVRD", "000", "2604031015", "2604031016");
        let message = ShortMessage {
            esm_class: 0x04,
            short_message: Bytes::from(text.into_bytes()),
            ..ShortMessage::default()
        };
        let receipt = read(&message).unwrap();
        assert_eq!(receipt.message_id.as_deref(), Some("42"));
        assert_eq!(receipt.done_date.as_deref(), Some("2604031016"));
    }
}
