//! A submission as a `submit_sm`.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use domain::text::{Encoding, gsm7, latin1, ucs2};
use smpp::{Address, Body, ShortMessage, SubmitSm, tlv::tag, udh};

use crate::{
    Submission,
    settings::{Alphabet, ConcatenationMode, SmppSettings},
};

/// `data_coding`: the carrier's default alphabet.
const DEFAULT: u8 = 0;

/// `data_coding`: UCS-2.
const UCS2: u8 = 8;

/// The most that fits `short_message`.
const SHORT_MESSAGE_MAX: usize = 254;

pub(super) fn submit_sm(settings: &SmppSettings, submission: &Submission) -> Body {
    let (data_coding, text) = encode(settings.default_alphabet, submission);
    let mut message = ShortMessage {
        source: source(settings, &submission.sender),
        destination: Address::new(
            settings.dest_ton,
            settings.dest_npi,
            submission.recipient.trim_start_matches('+'),
        ),
        validity_period: relative(submission.validity),
        registered_delivery: 1,
        data_coding,
        ..ShortMessage::default()
    };
    message.tlvs.push_u16(tag::USER_MESSAGE_REFERENCE, submission.user_reference);
    let long = submission.total > 1;
    let mut octets = text;
    match settings.concatenation {
        ConcatenationMode::Udh if long => {
            message.esm_class |= udh::ESM_CLASS_UDHI;
            let header = udh::header_8_bit(submission.reference, submission.total, submission.part);
            let mut with_header = BytesMut::with_capacity(header.len() + octets.len());
            with_header.put_slice(&header);
            with_header.put_slice(&octets);
            octets = with_header.freeze();
        }
        ConcatenationMode::Sar if long => {
            message
                .tlvs
                .push_u16(tag::SAR_MSG_REF_NUM, u16::from(submission.reference))
                .push_u8(tag::SAR_TOTAL_SEGMENTS, submission.total)
                .push_u8(tag::SAR_SEGMENT_SEQNUM, submission.part);
        }
        _ => {}
    }
    if octets.len() > SHORT_MESSAGE_MAX
        || (long && settings.concatenation == ConcatenationMode::Payload)
    {
        message.tlvs.push(tag::MESSAGE_PAYLOAD, octets);
    } else {
        message.short_message = octets;
    }
    Body::SubmitSm(Box::new(SubmitSm(message)))
}

/// The text's octets and their `data_coding`.
///
/// A Latin-1 carrier cannot spell `€` or the Greek capitals of GSM-7: those
/// parts go as UCS-2, which loses nothing.
fn encode(alphabet: Alphabet, submission: &Submission) -> (u8, Bytes) {
    let default = match (submission.encoding, alphabet) {
        (Encoding::Gsm7, Alphabet::Gsm7) => gsm7::encode(&submission.text),
        (Encoding::Gsm7, Alphabet::Latin1) => latin1::encode(&submission.text),
        (Encoding::Ucs2, _) => None,
    };
    match default {
        Some(octets) => (DEFAULT, octets.into()),
        None => (UCS2, ucs2::encode(&submission.text).into()),
    }
}

/// International numbers as TON 1, short codes as TON 3, names as TON 5; what the operator set wins.
fn source(settings: &SmppSettings, sender: &str) -> Address {
    let (ton, npi, address) = match sender.strip_prefix('+') {
        Some(digits) => (1, 1, digits),
        None if sender.bytes().all(|b| b.is_ascii_digit()) => (3, 0, sender),
        None => (5, 0, sender),
    };
    Address::new(settings.source_ton.unwrap_or(ton), settings.source_npi.unwrap_or(npi), address)
}

/// A relative `validity_period`, `YYMMDDhhmmss000R`. SMPP 3.4 §7.1.1.
fn relative(validity: Duration) -> String {
    let seconds = validity.as_secs().max(60);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, rest) = (rest / 3_600, rest % 3_600);
    format!("0000{:02}{hours:02}{:02}{:02}000R", days.min(30), rest / 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(text: &str, encoding: Encoding, part: u8, total: u8) -> Submission {
        Submission {
            token: 1,
            sender: "+447700900001".to_owned(),
            recipient: "+447700900123".to_owned(),
            text: text.to_owned(),
            encoding,
            part,
            total,
            reference: 0x42,
            user_reference: 7,
            attempt: 1,
            validity: Duration::from_secs(86_400),
        }
    }

    fn message(settings: &SmppSettings, submission: &Submission) -> ShortMessage {
        let Body::SubmitSm(submit) = submit_sm(settings, submission) else { panic!("submit_sm") };
        submit.0
    }

    #[test]
    fn a_short_text_goes_in_the_default_alphabet() {
        let sent = message(&SmppSettings::default(), &submission("@ €", Encoding::Gsm7, 1, 1));
        assert_eq!(&sent.short_message[..], [0x00, 0x20, 0x1B, 0x65]);
        assert_eq!((sent.data_coding, sent.esm_class, sent.registered_delivery), (0, 0, 1));
        assert_eq!(sent.source, Address::new(1, 1, "447700900001"));
        assert_eq!(sent.destination, Address::new(1, 1, "447700900123"));
        assert_eq!(sent.validity_period, "000001000000000R");
    }

    #[test]
    fn a_latin_1_carrier_gets_latin_1_or_ucs_2() {
        let settings =
            SmppSettings { default_alphabet: Alphabet::Latin1, ..SmppSettings::default() };
        let sent = message(&settings, &submission("é@", Encoding::Gsm7, 1, 1));
        assert_eq!((&sent.short_message[..], sent.data_coding), (&[0xE9, 0x40][..], 0));
        let sent = message(&settings, &submission("€", Encoding::Gsm7, 1, 1));
        assert_eq!((&sent.short_message[..], sent.data_coding), (&[0x20, 0xAC][..], 8));
    }

    #[test]
    fn each_way_of_marking_parts_is_on_the_wire() {
        let part = submission("part", Encoding::Gsm7, 2, 3);
        let with = |concatenation| SmppSettings { concatenation, ..SmppSettings::default() };
        let sent = message(&with(ConcatenationMode::Udh), &part);
        assert_eq!(&sent.short_message[..], b"\x05\x00\x03\x42\x03\x02part");
        assert_eq!(sent.esm_class, 0x40);
        let sent = message(&with(ConcatenationMode::Sar), &part);
        assert_eq!(&sent.short_message[..], b"part");
        assert_eq!(sent.tlvs.get_number(tag::SAR_MSG_REF_NUM), Some(0x42));
        assert_eq!(sent.tlvs.get_number(tag::SAR_SEGMENT_SEQNUM), Some(2));
        let sent = message(&with(ConcatenationMode::Payload), &part);
        assert!(sent.short_message.is_empty());
        assert_eq!(&sent.octets()[..], b"part");
    }

    #[test]
    fn senders_are_typed_by_their_shape() {
        let settings = SmppSettings::default();
        assert_eq!(source(&settings, "Example"), Address::new(5, 0, "Example"));
        assert_eq!(source(&settings, "12345"), Address::new(3, 0, "12345"));
        let set = SmppSettings { source_ton: Some(0), source_npi: Some(0), ..settings };
        assert_eq!(source(&set, "+4477"), Address::new(0, 0, "4477"));
    }
}
