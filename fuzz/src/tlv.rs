//! The optional parameters at the end of a PDU.

use bytes::{BufMut, BytesMut};
use smpp::{Body, Decoded, PDU_OCTETS_MAX, Pdu, ShortMessage, Tlvs, Warning, frame, pdu::command};

/// Mandatory octets of an empty `deliver_sm`.
const MANDATORY_OCTETS: usize = 17;

/// Reads the octets as parameters: every octet is in one, or in a warning.
pub(crate) fn run(octets: &[u8]) {
    let Some((message, warnings)) = read(octets) else { return };
    let read: usize = message.tlvs.iter().map(|tlv| 4 + tlv.value.len()).sum();
    match warnings[..] {
        [] => assert_eq!(read, octets.len(), "every octet is in a parameter"),
        [Warning::TlvPastEnd { .. }] => assert!(read + 4 <= octets.len()),
        [Warning::TrailingOctets { count }] => assert_eq!(read + count, octets.len()),
        ref other => panic!("{other:?}"),
    }
    assert_eq!(written(&message.tlvs), &octets[..read], "they are written as they came");
    for tlv in message.tlvs.iter() {
        let first = message.tlvs.get(tlv.tag).expect("its tag is there");
        let number = message.tlvs.get_number(tlv.tag);
        assert_eq!(number.is_some(), (1..=4).contains(&first.len()));
        let text = message.tlvs.get_text(tlv.tag).expect("any value is a text");
        assert!(!text.contains('\0'), "a text ends at its NUL");
    }
}

/// A `deliver_sm` that has nothing but these parameters; `None` where it would be too long.
pub(crate) fn read(octets: &[u8]) -> Option<(ShortMessage, Vec<Warning>)> {
    let length = 16 + MANDATORY_OCTETS + octets.len();
    if length > PDU_OCTETS_MAX {
        return None;
    }
    let mut frame = BytesMut::with_capacity(length);
    frame.put_u32(u32::try_from(length).expect("it was compared with the limit"));
    frame.put_u32(command::DELIVER_SM);
    frame.put_u64(1);
    frame.put_bytes(0, MANDATORY_OCTETS);
    frame.put_slice(octets);
    let Decoded { pdu: Pdu { body, .. }, warnings } =
        frame::next(&mut frame).expect("the header is right").expect("it is whole");
    let Body::DeliverSm(deliver) = body else { panic!("a deliver_sm was read as another PDU") };
    Some((deliver.0, warnings))
}

fn written(tlvs: &Tlvs) -> Vec<u8> {
    let deliver = smpp::DeliverSm(ShortMessage { tlvs: tlvs.clone(), ..ShortMessage::default() });
    let mut out = BytesMut::new();
    Pdu::request(1, Body::DeliverSm(Box::new(deliver))).encode(&mut out).expect("it fits");
    out.split_off(16 + MANDATORY_OCTETS).to_vec()
}
