//! A `deliver_sm` as a text or a receipt.

use domain::{
    FailureCode,
    receipts::ReceiptState,
    text::{Encoding, gsm7, latin1, ucs2},
};
use sha2::{Digest, Sha256};
use smpp::{
    Address, ShortMessage,
    receipt::{DeliveryReceipt, ReceiptState as Stat},
    udh,
};

use crate::{
    Concatenation, Inbound, Receipt,
    settings::{Alphabet, SmppSettings},
};

pub(super) fn text(
    settings: &SmppSettings,
    message: &ShortMessage,
    session: i64,
    sequence: i64,
) -> Inbound {
    let (octets, concatenation) = udh::split(message);
    let (encoding, body) = decode(settings.default_alphabet, message.data_coding, &octets);
    Inbound {
        sender: storable(from(&message.source)),
        recipient: storable(number(&message.destination.address)),
        body: storable(body),
        encoding,
        concatenation: concatenation.map(|place| Concatenation {
            reference: place.reference,
            total: place.total,
            part: place.part,
        }),
        session,
        sequence,
        digest: digest(message),
    }
}

/// Without NUL, which no text in PostgreSQL may hold: one in a carrier's text is marked as odd.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// What a receipt's `source_addr` names is where the message went.
pub(super) fn receipt(
    settings: &SmppSettings,
    receipt: DeliveryReceipt,
    message: &ShortMessage,
) -> Receipt {
    let (state, failure) = match receipt.state {
        Some(Stat::Delivered) => (ReceiptState::Delivered, None),
        Some(Stat::Accepted) if settings.acceptd_is_delivered => (ReceiptState::Delivered, None),
        Some(Stat::Expired) => (ReceiptState::Failed, Some(FailureCode::Expired)),
        Some(Stat::Rejected) => (ReceiptState::Failed, Some(FailureCode::RejectedByCarrier)),
        Some(Stat::Deleted | Stat::Undeliverable) => {
            (ReceiptState::Failed, Some(FailureCode::Undeliverable))
        }
        Some(Stat::Accepted | Stat::InTransit) | None => (ReceiptState::InTransit, None),
    };
    let error = failure.map(|_| {
        let network = receipt
            .network_error
            .map(|(kind, code)| format!(", network error {kind}/{code}"))
            .unwrap_or_default();
        format!(
            "{} err {}{network}",
            receipt.stat.as_deref().unwrap_or("no stat"),
            receipt.err.as_deref().unwrap_or("none")
        )
    });
    let recipient: String = message.source.address.chars().filter(char::is_ascii_digit).collect();
    Receipt {
        marked: receipt.marked,
        carrier_message_id: receipt.message_id.map(storable),
        state,
        failure,
        error: error.map(storable),
        user_reference: receipt.user_message_reference,
        recipient: (!recipient.is_empty()).then_some(recipient),
    }
}

/// `data_coding` of SMPP 3.4, §5.2.19, and the groups of 3GPP TS 23.038, §4.
fn decode(alphabet: Alphabet, data_coding: u8, octets: &[u8]) -> (Encoding, String) {
    let default = || match alphabet {
        Alphabet::Gsm7 => (Encoding::Gsm7, gsm7::decode(octets)),
        Alphabet::Latin1 => (Encoding::Gsm7, latin1::decode(octets)),
    };
    match data_coding {
        0 => default(),
        // ASCII, Latin-1, and octets of no alphabet.
        1..=4 => (Encoding::Gsm7, latin1::decode(octets)),
        8 => (Encoding::Ucs2, ucs2::decode(octets)),
        _ if data_coding & 0xF0 == 0xF0 && data_coding & 0x04 != 0 => {
            (Encoding::Gsm7, latin1::decode(octets))
        }
        _ if data_coding & 0xCC == 0x08 => (Encoding::Ucs2, ucs2::decode(octets)),
        _ => default(),
    }
}

/// A sender: a number with `+` where it is one in international form, else as it came.
fn from(address: &Address) -> String {
    let text = address.address.as_str();
    let digits = text.trim_start_matches('+');
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let international = address.ton == 1
        || text.starts_with('+')
        || (address.ton != 5 && digits.len() >= 10 && !digits.starts_with('0'));
    if all_digits && international { format!("+{digits}") } else { text.to_owned() }
}

/// One of our numbers, however the carrier writes it: `+31…`, `31…`, `0031…`.
fn number(address: &str) -> String {
    let digits = address.trim_start_matches('+');
    format!("+{}", digits.strip_prefix("00").unwrap_or(digits))
}

/// The same for a redelivery, and hardly ever for anything else.
fn digest(message: &ShortMessage) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut add = |part: &[u8]| {
        hasher.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(part);
    };
    add(message.source.address.as_bytes());
    add(message.destination.address.as_bytes());
    add(&[message.esm_class, message.data_coding]);
    add(&message.short_message);
    for tlv in message.tlvs.iter() {
        add(&tlv.tag.to_be_bytes());
        add(&tlv.value);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn texts_are_read_by_their_data_coding() {
        let gsm = Alphabet::Gsm7;
        for (alphabet, data_coding, octets, text) in [
            (gsm, 0, &b"\x00 hi"[..], "@ hi"),
            (Alphabet::Latin1, 0, b"\xE9", "é"),
            (gsm, 3, b"\xE9", "é"),
            (gsm, 1, b"@", "@"),
            (gsm, 8, b"\x20\xAC", "€"),
            (gsm, 0x18, b"\x20\xAC", "€"),
            (gsm, 0xF0, b"\x00", "@"),
            (gsm, 0xF5, b"\xE9", "é"),
        ] {
            assert_eq!(decode(alphabet, data_coding, octets).1, text, "{data_coding:#x}");
        }
    }

    #[test]
    fn addresses_are_numbers_where_they_are() {
        for (ton, address, expected) in [
            (1, "447700900123", "+447700900123"),
            (0, "447700900123", "+447700900123"),
            (0, "+447700900123", "+447700900123"),
            (0, "12345", "12345"),
            (5, "Example", "Example"),
            (5, "447700900123", "447700900123"),
            (2, "07700900123", "07700900123"),
        ] {
            assert_eq!(from(&Address::new(ton, 0, address)), expected, "{ton} {address}");
        }
        for written in ["+31201234567", "31201234567", "0031201234567"] {
            assert_eq!(number(written), "+31201234567");
        }
    }

    #[test]
    fn a_redelivery_has_the_same_digest_and_another_text_has_not() {
        let text = |octets: &'static [u8]| ShortMessage {
            short_message: Bytes::from_static(octets),
            ..ShortMessage::default()
        };
        assert_eq!(digest(&text(b"a")), digest(&text(b"a")));
        assert_ne!(digest(&text(b"a")), digest(&text(b"b")));
    }
}
