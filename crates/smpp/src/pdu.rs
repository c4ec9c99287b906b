//! PDUs: what is on the wire, as values.
//!
//! Decoding is lenient: what can be kept is kept, with a [`Warning`]. Encoding
//! is strict: what a field cannot hold is an error, never cut.

mod bind;
mod fields;
mod message;
mod other;

use bytes::{Buf, BufMut, Bytes, BytesMut};

pub use bind::{Bind, BindMode, BindResp, Outbind};
pub use message::{Address, DataSm, DeliverSm, MessageResp, ShortMessage, SubmitSm};
pub use other::{AlertNotification, CancelSm, QuerySm, QuerySmResp, ReplaceSm};

use crate::{CommandStatus, DecodeError, EncodeError, Tlvs, Warning, frame::HEADER_OCTETS};
use fields::Reader;

/// `command_id`s. SMPP 3.4 §5.1.2.1.
#[expect(missing_docs, reason = "the names are the standard's")]
pub mod command {
    pub const GENERIC_NACK: u32 = 0x8000_0000;
    pub const BIND_RECEIVER: u32 = 0x01;
    pub const BIND_TRANSMITTER: u32 = 0x02;
    pub const QUERY_SM: u32 = 0x03;
    pub const SUBMIT_SM: u32 = 0x04;
    pub const DELIVER_SM: u32 = 0x05;
    pub const UNBIND: u32 = 0x06;
    pub const REPLACE_SM: u32 = 0x07;
    pub const CANCEL_SM: u32 = 0x08;
    pub const BIND_TRANSCEIVER: u32 = 0x09;
    pub const OUTBIND: u32 = 0x0B;
    pub const ENQUIRE_LINK: u32 = 0x15;
    pub const ALERT_NOTIFICATION: u32 = 0x0102;
    pub const DATA_SM: u32 = 0x0103;
    /// Set in the `command_id` of every answer.
    pub const RESPONSE: u32 = 0x8000_0000;
}

/// A whole PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// Zero in requests.
    pub status: CommandStatus,
    /// 1 to 0x7FFFFFFF, chosen by whoever asks, repeated by whoever answers.
    pub sequence: u32,
    /// What it is.
    pub body: Body,
}

/// A PDU with what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What was read.
    pub pdu: Pdu,
    /// Empty where the PDU is as it should be.
    pub warnings: Vec<Warning>,
}

/// The operations.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Body {
    Bind(Bind),
    BindResp(BindResp),
    Outbind(Outbind),
    Unbind,
    UnbindResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SubmitSm(Box<SubmitSm>),
    SubmitSmResp(MessageResp),
    DeliverSm(Box<DeliverSm>),
    DeliverSmResp(MessageResp),
    DataSm(Box<DataSm>),
    DataSmResp(MessageResp),
    QuerySm(QuerySm),
    QuerySmResp(QuerySmResp),
    CancelSm(CancelSm),
    CancelSmResp,
    ReplaceSm(Box<ReplaceSm>),
    ReplaceSmResp,
    AlertNotification(AlertNotification),
    /// An operation that this crate does not know, as it came.
    Unknown {
        command_id: u32,
        octets: Bytes,
    },
}

impl Body {
    /// The `command_id` on the wire.
    pub const fn command_id(&self) -> u32 {
        use command::RESPONSE;
        match self {
            Self::Bind(bind) => bind.mode.command_id(),
            Self::BindResp(resp) => resp.mode.command_id() | RESPONSE,
            Self::Outbind(_) => command::OUTBIND,
            Self::Unbind => command::UNBIND,
            Self::UnbindResp => command::UNBIND | RESPONSE,
            Self::EnquireLink => command::ENQUIRE_LINK,
            Self::EnquireLinkResp => command::ENQUIRE_LINK | RESPONSE,
            Self::GenericNack => command::GENERIC_NACK,
            Self::SubmitSm(_) => command::SUBMIT_SM,
            Self::SubmitSmResp(_) => command::SUBMIT_SM | RESPONSE,
            Self::DeliverSm(_) => command::DELIVER_SM,
            Self::DeliverSmResp(_) => command::DELIVER_SM | RESPONSE,
            Self::DataSm(_) => command::DATA_SM,
            Self::DataSmResp(_) => command::DATA_SM | RESPONSE,
            Self::QuerySm(_) => command::QUERY_SM,
            Self::QuerySmResp(_) => command::QUERY_SM | RESPONSE,
            Self::CancelSm(_) => command::CANCEL_SM,
            Self::CancelSmResp => command::CANCEL_SM | RESPONSE,
            Self::ReplaceSm(_) => command::REPLACE_SM,
            Self::ReplaceSmResp => command::REPLACE_SM | RESPONSE,
            Self::AlertNotification(_) => command::ALERT_NOTIFICATION,
            Self::Unknown { command_id, .. } => *command_id,
        }
    }

    /// The answer to a request of this kind, with an id where it carries one; `None`
    /// where the standard has no answer. A kind that is not known gets a `generic_nack`.
    pub(crate) fn answer_to(command_id: u32, message_id: &str) -> Option<Self> {
        let resp = || MessageResp::new(message_id);
        if let Some(mode) = BindMode::from_command(command_id) {
            return Some(Self::BindResp(BindResp {
                mode,
                system_id: String::new(),
                tlvs: Tlvs::new(),
            }));
        }
        Some(match command_id {
            command::SUBMIT_SM => Self::SubmitSmResp(resp()),
            command::DELIVER_SM => Self::DeliverSmResp(resp()),
            command::DATA_SM => Self::DataSmResp(resp()),
            command::QUERY_SM => Self::QuerySmResp(QuerySmResp {
                message_id: message_id.to_owned(),
                ..QuerySmResp::default()
            }),
            command::CANCEL_SM => Self::CancelSmResp,
            command::REPLACE_SM => Self::ReplaceSmResp,
            command::ENQUIRE_LINK => Self::EnquireLinkResp,
            command::UNBIND => Self::UnbindResp,
            command::ALERT_NOTIFICATION | command::OUTBIND => return None,
            _ => Self::GenericNack,
        })
    }

    /// Whether this answers a request.
    pub const fn is_response(&self) -> bool {
        self.command_id() & command::RESPONSE != 0
    }
}

impl Pdu {
    /// A request.
    pub const fn request(sequence: u32, body: Body) -> Self {
        Self { status: CommandStatus::ME_ROK, sequence, body }
    }

    /// An answer.
    pub const fn answer(sequence: u32, status: CommandStatus, body: Body) -> Self {
        Self { status, sequence, body }
    }

    /// Appends the PDU to `out`; leaves `out` as it was where that fails.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let start = out.len();
        out.put_u32(0);
        out.put_u32(self.body.command_id());
        out.put_u32(self.status.0);
        out.put_u32(self.sequence);
        let encoded = self.encode_body(out).and_then(|()| {
            let length = out.len() - start;
            if length > crate::PDU_OCTETS_MAX {
                return Err(EncodeError::TooLong { field: "PDU", max: crate::PDU_OCTETS_MAX });
            }
            u32::try_from(length)
                .map_err(|_| EncodeError::TooLong { field: "PDU", max: crate::PDU_OCTETS_MAX })
        });
        match encoded {
            Ok(length) => {
                out[start..start + 4].copy_from_slice(&length.to_be_bytes());
                Ok(())
            }
            Err(error) => {
                out.truncate(start);
                Err(error)
            }
        }
    }

    fn encode_body(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match &self.body {
            Body::Bind(bind) => bind.encode(out),
            // A refused answer has no body in many standards and stacks.
            Body::BindResp(_)
            | Body::SubmitSmResp(_)
            | Body::DataSmResp(_)
            | Body::QuerySmResp(_)
                if !self.status.is_ok() =>
            {
                Ok(())
            }
            Body::BindResp(resp) => resp.encode(out),
            Body::Outbind(outbind) => outbind.encode(out),
            Body::Unbind
            | Body::UnbindResp
            | Body::EnquireLink
            | Body::EnquireLinkResp
            | Body::GenericNack
            | Body::CancelSmResp
            | Body::ReplaceSmResp => Ok(()),
            Body::SubmitSm(submit) => submit.0.encode(out),
            Body::DeliverSm(deliver) => deliver.0.encode(out),
            Body::SubmitSmResp(resp) | Body::DeliverSmResp(resp) | Body::DataSmResp(resp) => {
                resp.encode(out)
            }
            Body::DataSm(data) => data.encode(out),
            Body::QuerySm(query) => query.encode(out),
            Body::QuerySmResp(resp) => resp.encode(out),
            Body::CancelSm(cancel) => cancel.encode(out),
            Body::ReplaceSm(replace) => replace.encode(out),
            Body::AlertNotification(alert) => alert.encode(out),
            Body::Unknown { octets, .. } => {
                out.put_slice(octets);
                Ok(())
            }
        }
    }

    /// Reads a frame without its first four octets, the `command_length`.
    pub(crate) fn decode(mut frame: Bytes) -> Result<Decoded, DecodeError> {
        debug_assert!(frame.len() + 4 >= HEADER_OCTETS, "the framer gives whole headers");
        let command_id = frame.get_u32();
        let status = CommandStatus(frame.get_u32());
        let sequence = frame.get_u32();
        let mut reader = Reader::new(frame, sequence);
        let body = decode_body(command_id, status, &mut reader)?;
        let warnings = reader.finish();
        Ok(Decoded { pdu: Self { status, sequence, body }, warnings })
    }
}

fn decode_body(
    command_id: u32,
    status: CommandStatus,
    reader: &mut Reader,
) -> Result<Body, DecodeError> {
    let request = command_id & !command::RESPONSE;
    if let Some(mode) = BindMode::from_command(request) {
        return Ok(if command_id & command::RESPONSE == 0 {
            Body::Bind(Bind::decode(mode, reader)?)
        } else {
            Body::BindResp(BindResp::decode(mode, reader))
        });
    }
    const RESP: u32 = command::RESPONSE;
    Ok(match command_id {
        command::GENERIC_NACK => Body::GenericNack,
        command::OUTBIND => Body::Outbind(Outbind::decode(reader)?),
        command::UNBIND => Body::Unbind,
        command::ENQUIRE_LINK => Body::EnquireLink,
        command::SUBMIT_SM => Body::SubmitSm(Box::new(SubmitSm(ShortMessage::decode(reader)?))),
        command::DELIVER_SM => Body::DeliverSm(Box::new(DeliverSm(ShortMessage::decode(reader)?))),
        command::DATA_SM => Body::DataSm(Box::new(DataSm::decode(reader)?)),
        command::QUERY_SM => Body::QuerySm(QuerySm::decode(reader)?),
        command::CANCEL_SM => Body::CancelSm(CancelSm::decode(reader)?),
        command::REPLACE_SM => Body::ReplaceSm(Box::new(ReplaceSm::decode(reader)?)),
        command::ALERT_NOTIFICATION => Body::AlertNotification(AlertNotification::decode(reader)?),
        _ if command_id == command::UNBIND | RESP => Body::UnbindResp,
        _ if command_id == command::ENQUIRE_LINK | RESP => Body::EnquireLinkResp,
        _ if command_id == command::SUBMIT_SM | RESP => {
            Body::SubmitSmResp(MessageResp::decode(reader))
        }
        _ if command_id == command::DELIVER_SM | RESP => {
            Body::DeliverSmResp(MessageResp::decode(reader))
        }
        _ if command_id == command::DATA_SM | RESP => Body::DataSmResp(MessageResp::decode(reader)),
        _ if command_id == command::QUERY_SM | RESP => {
            Body::QuerySmResp(QuerySmResp::decode(reader, status)?)
        }
        _ if command_id == command::CANCEL_SM | RESP => Body::CancelSmResp,
        _ if command_id == command::REPLACE_SM | RESP => Body::ReplaceSmResp,
        _ => Body::Unknown { command_id, octets: reader.rest() },
    })
}

/// Reads and writes the optional parameters at the end of a PDU.
fn tlvs(reader: &mut Reader) -> Tlvs {
    reader.tlvs()
}

#[cfg(test)]
mod tests;
