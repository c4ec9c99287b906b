//! The codec beside two others: what one writes, the others read, octet for octet.

use bytes::{BufMut, BytesMut};
use proptest::prelude::*;
use smpp::{
    Address, Bind, BindMode, BindResp, Body, CancelSm, CommandStatus, DataSm, Decoded, DeliverSm,
    MessageResp, Outbind, Pdu, QuerySm, ShortMessage, SubmitSm, Tlvs, frame, tlv::tag,
};
use smpp34::{CommandHeader, Tlv, deliver_sm, submit_sm, submit_sm_resp};
use tokio_util::codec::{Decoder, Encoder};

fn ours(octets: &[u8]) -> Decoded {
    let mut buffer = BytesMut::from(octets);
    let decoded = frame::next(&mut buffer).unwrap().unwrap();
    assert!(buffer.is_empty());
    decoded
}

fn written(pdu: &Pdu) -> Vec<u8> {
    let mut out = BytesMut::new();
    pdu.encode(&mut out).unwrap();
    out.to_vec()
}

/// What rusmpp reads in the octets, written again; `None` where it refuses them.
fn through_rusmpp(octets: &[u8]) -> Option<Vec<u8>> {
    let mut codec = rusmpp::tokio_codec::CommandCodec::new().without_max_length();
    let mut buffer = BytesMut::from(octets);
    let command = codec.decode(&mut buffer).ok()??;
    let mut out = BytesMut::new();
    codec.encode(&command, &mut out).ok()?;
    Some(out.to_vec())
}

fn address() -> impl Strategy<Value = Address> {
    (0_u8..7, prop::sample::select(vec![0_u8, 1, 3, 4, 8, 9]), "[0-9A-Za-z]{0,20}")
        .prop_map(|(ton, npi, address)| Address::new(ton, npi, address))
}

/// Parameters as the standard has them, and some of a vendor's own.
fn tlvs() -> impl Strategy<Value = Tlvs> {
    let one = prop_oneof![
        any::<u16>()
            .prop_map(|number| (tag::USER_MESSAGE_REFERENCE, number.to_be_bytes().to_vec())),
        any::<u16>().prop_map(|number| (tag::SAR_MSG_REF_NUM, number.to_be_bytes().to_vec())),
        any::<u8>().prop_map(|number| (tag::SAR_TOTAL_SEGMENTS, vec![number])),
        any::<u8>().prop_map(|number| (tag::SAR_SEGMENT_SEQNUM, vec![number])),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|text| (tag::MESSAGE_PAYLOAD, text)),
        (0x1400_u16..0x3FFF, prop::collection::vec(any::<u8>(), 0..40)),
    ];
    prop::collection::vec(one, 0..4).prop_map(|all| {
        let mut tlvs = Tlvs::new();
        for (tag, value) in all {
            tlvs.push(tag, value);
        }
        tlvs
    })
}

fn short_message() -> impl Strategy<Value = ShortMessage> {
    let period = || prop_oneof![Just(String::new()), "[0-9]{12}000R"];
    (
        ("[A-Z]{0,5}", address(), address(), period(), period()),
        (any::<[u8; 4]>(), prop::sample::select(vec![0_u8, 0x04, 0x40, 0x44]), 0_u8..4),
        prop::collection::vec(any::<u8>(), 0..=254),
        tlvs(),
    )
        .prop_map(|(texts, octets, text, tlvs)| {
            let (service_type, source, destination, schedule, validity_period) = texts;
            let ([protocol_id, registered, data_coding, default_message], esm_class, priority) =
                octets;
            ShortMessage {
                service_type,
                source,
                destination,
                esm_class,
                protocol_id,
                priority_flag: priority,
                schedule_delivery_time: schedule,
                validity_period,
                registered_delivery: registered & 0x1F,
                replace_if_present_flag: registered & 1,
                data_coding,
                sm_default_msg_id: default_message,
                short_message: text.into(),
                tlvs,
            }
        })
}

fn bodies() -> impl Strategy<Value = Body> {
    let modes = || {
        prop::sample::select(vec![BindMode::Transmitter, BindMode::Receiver, BindMode::Transceiver])
    };
    prop_oneof![
        (modes(), "[a-z]{1,15}", "[a-z]{0,8}", "[a-z]{0,12}").prop_map(
            |(mode, system_id, password, system_type)| Body::Bind(Bind {
                mode,
                system_id,
                password,
                system_type,
                interface_version: 0x34,
                addr_ton: 0,
                addr_npi: 0,
                address_range: String::new(),
            })
        ),
        (modes(), "[a-z]{1,15}").prop_map(|(mode, system_id)| {
            let mut tlvs = Tlvs::new();
            tlvs.push_u8(tag::SC_INTERFACE_VERSION, 0x34);
            Body::BindResp(BindResp { mode, system_id, tlvs })
        }),
        short_message().prop_map(|message| Body::SubmitSm(Box::new(SubmitSm(message)))),
        short_message().prop_map(|message| Body::DeliverSm(Box::new(DeliverSm(message)))),
        "[0-9a-zA-Z-]{1,64}".prop_map(|id| Body::SubmitSmResp(MessageResp::new(id))),
        Just(Body::DeliverSmResp(MessageResp::default())),
        "[0-9a-z]{0,64}".prop_map(|id| Body::DataSmResp(MessageResp::new(id))),
        (address(), address(), tlvs()).prop_map(|(source, destination, tlvs)| {
            Body::DataSm(Box::new(DataSm { source, destination, tlvs, ..DataSm::default() }))
        }),
        ("[0-9]{1,64}", address())
            .prop_map(|(message_id, source)| Body::QuerySm(QuerySm { message_id, source })),
        ("[0-9]{1,64}", address(), address()).prop_map(|(message_id, source, destination)| {
            Body::CancelSm(CancelSm {
                service_type: String::new(),
                message_id,
                source,
                destination,
            })
        }),
        ("[a-z]{1,15}", "[a-z]{0,8}")
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

/// The parameters as smpp34 holds them.
fn their_tlvs(tlvs: &Tlvs) -> Vec<Tlv> {
    tlvs.iter().map(|tlv| Tlv::new(tlv.tag, tlv.value.to_vec())).collect()
}

fn their_submit(sequence: u32, message: &ShortMessage) -> submit_sm {
    let ShortMessage { source, destination, .. } = message;
    submit_sm::new(
        sequence,
        message.service_type.clone(),
        source.ton,
        source.npi,
        source.address.clone(),
        destination.ton,
        destination.npi,
        destination.address.clone(),
        message.esm_class,
        message.protocol_id,
        message.priority_flag,
        message.schedule_delivery_time.clone(),
        message.validity_period.clone(),
        message.registered_delivery,
        message.replace_if_present_flag,
        message.data_coding,
        message.sm_default_msg_id,
        message.short_message.to_vec(),
    )
    .with_tlvs(their_tlvs(&message.tlvs))
}

proptest! {
    #[test]
    fn rusmpp_reads_what_we_write_and_writes_the_same(
        sequence in 1_u32..0x7FFF_FFFF,
        body in bodies(),
    ) {
        let octets = written(&Pdu::request(sequence, body));
        prop_assert_eq!(through_rusmpp(&octets), Some(octets));
    }

    #[test]
    fn smpp34_writes_the_same_submit_as_we_do(
        sequence in 1_u32..0x7FFF_FFFF,
        message in short_message(),
    ) {
        let theirs = their_submit(sequence, &message).encode();
        let pdu = Pdu::request(sequence, Body::SubmitSm(Box::new(SubmitSm(message))));
        prop_assert_eq!(&written(&pdu), &theirs);
        let decoded = ours(&theirs);
        prop_assert_eq!(decoded.pdu, pdu);
        prop_assert!(decoded.warnings.is_empty());
    }

    #[test]
    fn smpp34_reads_our_deliveries_field_by_field(message in short_message()) {
        let pdu = Pdu::request(7, Body::DeliverSm(Box::new(DeliverSm(message.clone()))));
        let octets = written(&pdu);
        let header = CommandHeader::decode(&octets).expect("a header");
        let theirs = deliver_sm::decode(header, &octets).expect("a deliver_sm");
        prop_assert_eq!(&theirs.source_addr, &message.source.address);
        prop_assert_eq!(&theirs.destination_addr, &message.destination.address);
        prop_assert_eq!(theirs.esm_class, message.esm_class);
        prop_assert_eq!(theirs.data_coding, message.data_coding);
        prop_assert_eq!(&theirs.short_message[..], &message.short_message[..]);
        prop_assert_eq!(theirs.encode(), octets);
    }

    #[test]
    fn answers_mean_the_same_to_all_three(id in "[0-9a-zA-Z-]{1,64}", sequence in 1_u32..1_000) {
        let answer = Pdu::answer(
            sequence,
            CommandStatus::ME_ROK,
            Body::SubmitSmResp(MessageResp::new(id.clone())),
        );
        let octets = written(&answer);
        let header = CommandHeader::decode(&octets).expect("a header");
        let theirs = submit_sm_resp::decode(header, &octets).expect("a submit_sm_resp");
        prop_assert_eq!(theirs.message_id.as_deref(), Some(id.as_str()));
        prop_assert_eq!(through_rusmpp(&octets), Some(octets));
        prop_assert_eq!(ours(&theirs.encode()).pdu, answer);
    }

    /// Whatever a faithful reader of the standard takes, we take, and lose nothing of it.
    #[test]
    fn a_damaged_pdu_that_rusmpp_still_reads_is_read_by_us(
        body in bodies(),
        damage in prop::collection::vec((16_usize..400, any::<u8>()), 1..4),
    ) {
        let mut octets = written(&Pdu::request(1, body));
        for (at, octet) in damage {
            if let Some(damaged) = octets.get_mut(at) {
                *damaged = octet;
            }
        }
        if through_rusmpp(&octets).is_some_and(|again| again == octets) {
            let decoded = ours(&octets);
            // It reads a last parameter that runs past the end; we drop it, and say so.
            if decoded.warnings.is_empty() {
                prop_assert_eq!(written(&decoded.pdu), octets);
            }
        }
    }

    #[test]
    fn nothing_that_anybody_writes_leaves_the_stream_out_of_step(
        first in bodies(),
        cut in 16_usize..300,
        second in bodies(),
    ) {
        let mut octets = written(&Pdu::request(1, first));
        octets.truncate(cut);
        let length = u32::try_from(octets.len()).unwrap();
        octets[..4].copy_from_slice(&length.to_be_bytes());
        let next = Pdu::request(2, second);
        let mut buffer = BytesMut::from(&octets[..]);
        buffer.put_slice(&written(&next));
        // The first may be refused; the second must be read.
        drop(frame::next(&mut buffer));
        prop_assert_eq!(frame::next(&mut buffer).unwrap().unwrap().pdu, next);
    }
}
