//! Messages: `submit_sm`, `deliver_sm`, `data_sm` and their answers. SMPP 3.4 §4.4–4.7.

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    fields::{Reader, put_cstring},
    tlvs,
};
use crate::{DecodeError, EncodeError, Tlvs, tlv::tag};

/// The most octets of a `short_message`.
pub(super) const SHORT_MESSAGE_OCTETS_MAX: usize = 254;

/// Who sends or receives. SMPP 3.4 §5.2.5–5.2.9.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Type of number: 1 international, 5 alphanumeric, 0 unknown, 3 network specific.
    pub ton: u8,
    /// Numbering plan: 1 E.164, 0 unknown.
    pub npi: u8,
    /// At most 20 octets, 64 in `data_sm`; digits without `+` for TON 1.
    pub address: String,
}

impl Address {
    /// An address with its type and plan.
    pub fn new(ton: u8, npi: u8, address: impl Into<String>) -> Self {
        Self { ton, npi, address: address.into() }
    }

    pub(super) fn decode(
        reader: &mut Reader,
        field: &'static str,
        max: usize,
    ) -> Result<Self, DecodeError> {
        Ok(Self {
            ton: reader.u8(field)?,
            npi: reader.u8(field)?,
            address: reader.cstring(field, max)?,
        })
    }

    pub(super) fn encode(
        &self,
        out: &mut BytesMut,
        field: &'static str,
        max: usize,
    ) -> Result<(), EncodeError> {
        out.put_slice(&[self.ton, self.npi]);
        put_cstring(out, field, &self.address, max)
    }
}

/// The fields that `submit_sm` and `deliver_sm` share.
#[derive(Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub struct ShortMessage {
    /// At most 5 octets.
    pub service_type: String,
    pub source: Address,
    pub destination: Address,
    /// 0x40: the text begins with a user data header. 0x04 in `deliver_sm`: a receipt.
    pub esm_class: u8,
    pub protocol_id: u8,
    pub priority_flag: u8,
    /// Empty, or 16 octets `YYMMDDhhmmsstnnp`.
    pub schedule_delivery_time: String,
    /// Empty, or 16 octets `YYMMDDhhmmsstnnp`.
    pub validity_period: String,
    /// 1: a receipt is asked for.
    pub registered_delivery: u8,
    pub replace_if_present_flag: u8,
    /// 0 the carrier's default alphabet, 3 Latin-1, 8 UCS-2.
    pub data_coding: u8,
    pub sm_default_msg_id: u8,
    /// At most 254 octets; longer ones go into `message_payload`.
    pub short_message: Bytes,
    pub tlvs: Tlvs,
}

/// Without the text and the addresses.
impl std::fmt::Debug for ShortMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShortMessage")
            .field("esm_class", &self.esm_class)
            .field("data_coding", &self.data_coding)
            .field("octets", &self.short_message.len())
            .finish_non_exhaustive()
    }
}

impl ShortMessage {
    /// The text's octets, wherever they are: an empty `short_message` means `message_payload`.
    pub fn octets(&self) -> &Bytes {
        if self.short_message.is_empty() {
            self.tlvs.get(tag::MESSAGE_PAYLOAD).unwrap_or(&self.short_message)
        } else {
            &self.short_message
        }
    }

    pub(super) fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            service_type: reader.cstring("service_type", 5)?,
            source: Address::decode(reader, "source_addr", 20)?,
            destination: Address::decode(reader, "destination_addr", 20)?,
            esm_class: reader.u8("esm_class")?,
            protocol_id: reader.u8("protocol_id")?,
            priority_flag: reader.u8("priority_flag")?,
            schedule_delivery_time: reader.cstring("schedule_delivery_time", 16)?,
            validity_period: reader.cstring("validity_period", 16)?,
            registered_delivery: reader.u8("registered_delivery")?,
            replace_if_present_flag: reader.u8("replace_if_present_flag")?,
            data_coding: reader.u8("data_coding")?,
            sm_default_msg_id: reader.u8("sm_default_msg_id")?,
            short_message: {
                let length = usize::from(reader.u8("sm_length")?);
                reader.octets(length)
            },
            tlvs: tlvs(reader),
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "service_type", &self.service_type, 5)?;
        self.source.encode(out, "source_addr", 20)?;
        self.destination.encode(out, "destination_addr", 20)?;
        out.put_slice(&[self.esm_class, self.protocol_id, self.priority_flag]);
        put_cstring(out, "schedule_delivery_time", &self.schedule_delivery_time, 16)?;
        put_cstring(out, "validity_period", &self.validity_period, 16)?;
        out.put_slice(&[
            self.registered_delivery,
            self.replace_if_present_flag,
            self.data_coding,
            self.sm_default_msg_id,
        ]);
        put_short_message(out, &self.short_message)?;
        self.tlvs.encode(out)
    }
}

pub(super) fn put_short_message(out: &mut BytesMut, text: &[u8]) -> Result<(), EncodeError> {
    let too_long = EncodeError::TooLong { field: "short_message", max: SHORT_MESSAGE_OCTETS_MAX };
    if text.len() > SHORT_MESSAGE_OCTETS_MAX {
        return Err(too_long);
    }
    out.put_u8(u8::try_from(text.len()).map_err(|_| too_long)?);
    out.put_slice(text);
    Ok(())
}

/// `submit_sm`: from the client to the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubmitSm(pub ShortMessage);

/// `deliver_sm`: from the server to the client, a text or a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliverSm(pub ShortMessage);

/// `data_sm`: either way, its text always in `message_payload`.
#[derive(Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub struct DataSm {
    /// At most 5 octets.
    pub service_type: String,
    pub source: Address,
    pub destination: Address,
    pub esm_class: u8,
    pub registered_delivery: u8,
    pub data_coding: u8,
    pub tlvs: Tlvs,
}

/// Without the text and the addresses.
impl std::fmt::Debug for DataSm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataSm")
            .field("esm_class", &self.esm_class)
            .field("data_coding", &self.data_coding)
            .finish_non_exhaustive()
    }
}

impl DataSm {
    /// The same message as a `deliver_sm` would carry it.
    pub fn into_short_message(self) -> ShortMessage {
        ShortMessage {
            service_type: self.service_type,
            source: self.source,
            destination: self.destination,
            esm_class: self.esm_class,
            registered_delivery: self.registered_delivery,
            data_coding: self.data_coding,
            tlvs: self.tlvs,
            ..ShortMessage::default()
        }
    }

    pub(super) fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            service_type: reader.cstring("service_type", 5)?,
            source: Address::decode(reader, "source_addr", 64)?,
            destination: Address::decode(reader, "destination_addr", 64)?,
            esm_class: reader.u8("esm_class")?,
            registered_delivery: reader.u8("registered_delivery")?,
            data_coding: reader.u8("data_coding")?,
            tlvs: tlvs(reader),
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "service_type", &self.service_type, 5)?;
        self.source.encode(out, "source_addr", 64)?;
        self.destination.encode(out, "destination_addr", 64)?;
        out.put_slice(&[self.esm_class, self.registered_delivery, self.data_coding]);
        self.tlvs.encode(out)
    }
}

/// The answer to `submit_sm`, `deliver_sm` and `data_sm`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageResp {
    /// At most 64 octets; empty in the answer to `deliver_sm`, and where the peer gives none.
    pub message_id: String,
    /// SMPP 5.0 and some 3.4 peers.
    pub tlvs: Tlvs,
}

impl MessageResp {
    /// An answer that hands out this id.
    pub fn new(message_id: impl Into<String>) -> Self {
        Self { message_id: message_id.into(), tlvs: Tlvs::new() }
    }

    /// A refused answer may have no body at all; an id may lack its NUL.
    pub(super) fn decode(reader: &mut Reader) -> Self {
        if reader.is_empty() {
            return Self::default();
        }
        Self { message_id: reader.last_cstring("message_id", 65), tlvs: tlvs(reader) }
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "message_id", &self.message_id, 64)?;
        self.tlvs.encode(out)
    }
}
