//! Asking about messages and changing them. SMPP 3.4 §4.8–4.10, §4.12.

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    fields::{Reader, put_cstring},
    message::{Address, put_short_message},
    tlvs,
};
use crate::{CommandStatus, DecodeError, EncodeError, Tlvs};

/// `query_sm`: what became of a message?
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuerySm {
    /// As the answer to its submit gave it.
    pub message_id: String,
    /// Of that message.
    pub source: Address,
}

impl QuerySm {
    pub(super) fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            message_id: reader.cstring("message_id", 64)?,
            source: Address::decode(reader, "source_addr", 20)?,
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "message_id", &self.message_id, 64)?;
        self.source.encode(out, "source_addr", 20)
    }
}

/// The answer to `query_sm`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuerySmResp {
    /// Of the request.
    pub message_id: String,
    /// Empty while the message is not final.
    pub final_date: String,
    /// SMPP 3.4 §5.2.28.
    pub message_state: u8,
    /// The network's, 0 for none.
    pub error_code: u8,
}

impl QuerySmResp {
    pub(super) fn decode(reader: &mut Reader, status: CommandStatus) -> Result<Self, DecodeError> {
        if reader.is_empty() && !status.is_ok() {
            return Ok(Self::default());
        }
        Ok(Self {
            message_id: reader.cstring("message_id", 64)?,
            final_date: reader.cstring("final_date", 16)?,
            message_state: reader.u8("message_state")?,
            error_code: reader.u8("error_code")?,
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "message_id", &self.message_id, 64)?;
        put_cstring(out, "final_date", &self.final_date, 16)?;
        out.put_slice(&[self.message_state, self.error_code]);
        Ok(())
    }
}

/// `cancel_sm`: forget one message, or all between two addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub struct CancelSm {
    /// At most 5 octets.
    pub service_type: String,
    /// Empty: all messages from `source` to `destination`.
    pub message_id: String,
    pub source: Address,
    pub destination: Address,
}

impl CancelSm {
    pub(super) fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            service_type: reader.cstring("service_type", 5)?,
            message_id: reader.cstring("message_id", 64)?,
            source: Address::decode(reader, "source_addr", 20)?,
            destination: Address::decode(reader, "destination_addr", 20)?,
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "service_type", &self.service_type, 5)?;
        put_cstring(out, "message_id", &self.message_id, 64)?;
        self.source.encode(out, "source_addr", 20)?;
        self.destination.encode(out, "destination_addr", 20)
    }
}

/// `replace_sm`: another text for a message that has not left yet.
#[derive(Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub struct ReplaceSm {
    pub message_id: String,
    pub source: Address,
    pub schedule_delivery_time: String,
    pub validity_period: String,
    pub registered_delivery: u8,
    pub sm_default_msg_id: u8,
    /// At most 254 octets.
    pub short_message: Bytes,
    /// SMPP 5.0.
    pub tlvs: Tlvs,
}

/// Without the text.
impl std::fmt::Debug for ReplaceSm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplaceSm").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

impl ReplaceSm {
    pub(super) fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            message_id: reader.cstring("message_id", 64)?,
            source: Address::decode(reader, "source_addr", 20)?,
            schedule_delivery_time: reader.cstring("schedule_delivery_time", 16)?,
            validity_period: reader.cstring("validity_period", 16)?,
            registered_delivery: reader.u8("registered_delivery")?,
            sm_default_msg_id: reader.u8("sm_default_msg_id")?,
            short_message: {
                let length = usize::from(reader.u8("sm_length")?);
                reader.octets(length)
            },
            tlvs: tlvs(reader),
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "message_id", &self.message_id, 64)?;
        self.source.encode(out, "source_addr", 20)?;
        put_cstring(out, "schedule_delivery_time", &self.schedule_delivery_time, 16)?;
        put_cstring(out, "validity_period", &self.validity_period, 16)?;
        out.put_slice(&[self.registered_delivery, self.sm_default_msg_id]);
        put_short_message(out, &self.short_message)?;
        self.tlvs.encode(out)
    }
}

/// `alert_notification`: a handset is reachable again. It is not answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub struct AlertNotification {
    pub source: Address,
    pub esme: Address,
    pub tlvs: Tlvs,
}

impl AlertNotification {
    pub(super) fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            source: Address::decode(reader, "source_addr", 64)?,
            esme: Address::decode(reader, "esme_addr", 64)?,
            tlvs: tlvs(reader),
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.source.encode(out, "source_addr", 64)?;
        self.esme.encode(out, "esme_addr", 64)?;
        self.tlvs.encode(out)
    }
}
