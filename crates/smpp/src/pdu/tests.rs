use proptest::prelude::*;

use super::*;
use crate::{frame, tlv::tag};

/// Octets as the specification shows them.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn decode(octets: &[u8]) -> Decoded {
    frame::next(&mut BytesMut::from(octets)).unwrap().unwrap()
}

fn encode(pdu: &Pdu) -> Vec<u8> {
    let mut out = BytesMut::new();
    pdu.encode(&mut out).unwrap();
    out.to_vec()
}

#[test]
fn the_specifications_bind_reads_and_writes() {
    // SMPP 3.4 §3.2.3.
    let octets = hex("0000002F 00000002 00000000 00000001 534D50503354455354 00
        7365637265743038 00 5355424D495431 00 00 01 01 00");
    let decoded = decode(&octets);
    assert!(decoded.warnings.is_empty());
    let Body::Bind(bind) = &decoded.pdu.body else { panic!("a bind") };
    assert_eq!(bind.mode, BindMode::Transmitter);
    assert_eq!((bind.system_id.as_str(), bind.password.as_str()), ("SMPP3TEST", "secret08"));
    assert_eq!((bind.system_type.as_str(), bind.addr_ton, bind.addr_npi), ("SUBMIT1", 1, 1));
    assert_eq!(encode(&decoded.pdu), octets);
    assert!(!format!("{:?}", decoded.pdu).contains("secret08"));
}

#[test]
fn answers_are_read_as_peers_write_them() {
    for (body, id, warned) in [
        ("", "", false),
        ("00", "", false),
        ("313233 00", "123", false),
        ("313233", "123", true),
        (&"41".repeat(65), &"A".repeat(65), true),
    ] {
        let body = hex(body);
        let length = u32::try_from(16 + body.len()).unwrap().to_be_bytes();
        let mut octets = length.to_vec();
        octets.extend(hex("80000004 00000000 00000007"));
        octets.extend(body);
        let decoded = decode(&octets);
        assert_eq!(decoded.pdu.body, Body::SubmitSmResp(MessageResp::new(id)));
        assert_eq!(!decoded.warnings.is_empty(), warned, "{id}");
    }
}

#[test]
fn a_tlv_past_the_end_is_dropped_and_the_rest_kept() {
    let mut message =
        ShortMessage { short_message: Bytes::from_static(b"hi"), ..Default::default() };
    message.tlvs.push_cstring(tag::RECEIPTED_MESSAGE_ID, "abc");
    let mut octets = encode(&Pdu::request(9, Body::DeliverSm(Box::new(DeliverSm(message)))));
    octets.extend(hex("0427 00FF 02"));
    let length = u32::try_from(octets.len()).unwrap().to_be_bytes();
    octets[..4].copy_from_slice(&length);
    let decoded = decode(&octets);
    let Body::DeliverSm(deliver) = &decoded.pdu.body else { panic!("a deliver_sm") };
    assert_eq!(deliver.0.tlvs.get_text(tag::RECEIPTED_MESSAGE_ID).as_deref(), Some("abc"));
    assert_eq!(decoded.warnings, [Warning::TlvPastEnd { tag: 0x0427 }]);
}

#[test]
fn what_a_field_cannot_hold_is_an_error_and_writes_nothing() {
    let with = |change: fn(&mut ShortMessage)| {
        let mut message = ShortMessage::default();
        change(&mut message);
        let mut out = BytesMut::from(&b"before"[..]);
        let result = Pdu::request(1, Body::SubmitSm(Box::new(SubmitSm(message)))).encode(&mut out);
        assert_eq!(&out[..], b"before");
        result.unwrap_err()
    };
    let too_long = |field, max| EncodeError::TooLong { field, max };
    assert_eq!(with(|m| m.short_message = vec![0; 255].into()), too_long("short_message", 254));
    assert_eq!(with(|m| m.source.address = "1".repeat(21)), too_long("source_addr", 20));
    assert_eq!(
        with(|m| m.service_type = "a\0b".to_owned()),
        EncodeError::Nul { field: "service_type" }
    );
}

#[test]
fn a_stream_is_followed_through_odd_lengths_or_ended() {
    for length in ["00000000", "0000000F", "00010001", "FFFFFFFF"] {
        let mut buffer = BytesMut::from(&hex(&format!("{length} 00000015"))[..]);
        assert!(matches!(frame::next(&mut buffer), Err(DecodeError::BadLength(_))), "{length}");
    }
    // A submit_sm that ends in its first field, then an enquire_link.
    let mut buffer = BytesMut::from(
        &hex("00000012 00000004 00000000 00000005 4142 00000010 00000015 00000000 00000006")[..],
    );
    let truncated = frame::next(&mut buffer).unwrap_err();
    assert_eq!(truncated, DecodeError::Truncated { field: "service_type", sequence: 5 });
    assert_eq!(frame::next(&mut buffer).unwrap().unwrap().pdu.body, Body::EnquireLink);
}

fn address() -> impl Strategy<Value = Address> {
    (any::<u8>(), any::<u8>(), "[0-9A-Za-z]{0,20}")
        .prop_map(|(ton, npi, a)| Address::new(ton, npi, a))
}

fn tlvs() -> impl Strategy<Value = Tlvs> {
    prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)), 0..4).prop_map(
        |all| {
            let mut tlvs = Tlvs::new();
            for (tag, value) in all {
                tlvs.push(tag, value);
            }
            tlvs
        },
    )
}

fn short_message() -> impl Strategy<Value = ShortMessage> {
    (
        ("[A-Z]{0,5}", address(), address(), "[0-9R+]{0,16}"),
        any::<[u8; 8]>(),
        prop::collection::vec(any::<u8>(), 0..=254),
        tlvs(),
    )
        .prop_map(
            |((service_type, source, destination, validity_period), octets, text, tlvs)| {
                ShortMessage {
                    service_type,
                    source,
                    destination,
                    esm_class: octets[0],
                    protocol_id: octets[1],
                    priority_flag: octets[2],
                    schedule_delivery_time: String::new(),
                    validity_period,
                    registered_delivery: octets[3],
                    replace_if_present_flag: octets[4],
                    data_coding: octets[5],
                    sm_default_msg_id: octets[6],
                    short_message: text.into(),
                    tlvs,
                }
            },
        )
}

fn bodies() -> impl Strategy<Value = Body> {
    let resp = || {
        ("[0-9a-zA-Z-]{0,64}", tlvs())
            .prop_map(|(message_id, tlvs)| MessageResp { message_id, tlvs })
    };
    prop_oneof![
        short_message().prop_map(|m| Body::SubmitSm(Box::new(SubmitSm(m)))),
        short_message().prop_map(|m| Body::DeliverSm(Box::new(DeliverSm(m)))),
        resp().prop_map(Body::SubmitSmResp),
        resp().prop_map(Body::DeliverSmResp),
        resp().prop_map(Body::DataSmResp),
        (address(), address(), any::<u8>(), any::<u8>(), tlvs()).prop_map(
            |(source, destination, esm_class, data_coding, tlvs)| Body::DataSm(Box::new(DataSm {
                service_type: String::new(),
                source,
                destination,
                esm_class,
                registered_delivery: 1,
                data_coding,
                tlvs,
            }))
        ),
        ("[0-9]{0,64}", address())
            .prop_map(|(message_id, source)| Body::QuerySm(QuerySm { message_id, source })),
        ("[0-9]{0,64}", any::<u8>(), any::<u8>()).prop_map(
            |(message_id, message_state, error_code)| {
                Body::QuerySmResp(QuerySmResp {
                    message_id,
                    final_date: String::new(),
                    message_state,
                    error_code,
                })
            }
        ),
        ("[0-9]{0,64}", address(), address()).prop_map(|(message_id, source, destination)| {
            Body::CancelSm(CancelSm {
                service_type: String::new(),
                message_id,
                source,
                destination,
            })
        }),
        ("[0-9]{0,64}", prop::collection::vec(any::<u8>(), 0..=254)).prop_map(
            |(message_id, text)| {
                Body::ReplaceSm(Box::new(ReplaceSm {
                    message_id,
                    short_message: text.into(),
                    ..ReplaceSm::default()
                }))
            }
        ),
        (address(), address(), tlvs()).prop_map(|(source, esme, tlvs)| {
            Body::AlertNotification(AlertNotification { source, esme, tlvs })
        }),
        ("[a-z]{0,15}", "[a-z]{0,8}")
            .prop_map(|(system_id, password)| Body::Outbind(Outbind { system_id, password })),
        prop::sample::select(vec![
            Body::Unbind,
            Body::UnbindResp,
            Body::EnquireLink,
            Body::EnquireLinkResp,
            Body::GenericNack,
            Body::CancelSmResp,
            Body::ReplaceSmResp,
        ]),
    ]
}

proptest! {
    #[test]
    fn every_pdu_comes_back(sequence in any::<u32>(), body in bodies()) {
        let pdu = Pdu::request(sequence, body);
        let decoded = decode(&encode(&pdu));
        prop_assert_eq!(decoded.pdu, pdu);
        prop_assert!(decoded.warnings.is_empty());
    }

    #[test]
    fn any_octets_are_read_without_a_panic(
        command in prop::sample::select(vec![
            0x1_u32, 0x3, 0x4, 0x5, 0x7, 0x8, 0x9, 0xB, 0x102, 0x103, 0x8000_0000, 0x8000_0001,
            0x8000_0003, 0x8000_0004, 0x8000_0005, 0x8000_0103, 0x77,
        ]),
        status in any::<u32>(),
        octets in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut frame = BytesMut::new();
        frame.put_u32(u32::try_from(16 + octets.len()).unwrap());
        frame.put_u32(command);
        frame.put_u32(status);
        frame.put_u32(1);
        frame.put_slice(&octets);
        let read = frame::next(&mut frame);
        let followed = matches!(read, Ok(Some(_)) | Err(DecodeError::Truncated { .. }));
        prop_assert!(followed);
        prop_assert!(frame.is_empty(), "the next PDU can be read");
    }

    #[test]
    fn a_pdu_cut_anywhere_is_read_or_refused(body in bodies(), cut in 16_usize..200) {
        let mut octets = encode(&Pdu::request(1, body));
        octets.truncate(cut.max(16));
        let length = u32::try_from(octets.len()).unwrap().to_be_bytes();
        octets[..4].copy_from_slice(&length);
        let read = frame::next(&mut BytesMut::from(&octets[..]));
        let followed = matches!(read, Ok(Some(_)) | Err(DecodeError::Truncated { .. }));
        prop_assert!(followed);
    }
}
