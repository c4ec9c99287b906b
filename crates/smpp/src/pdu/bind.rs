//! Opening a session. SMPP 3.4 §4.1.

use bytes::{BufMut, BytesMut};

use super::{
    command,
    fields::{Reader, put_cstring},
    tlvs,
};
use crate::{DecodeError, EncodeError, Tlvs};

/// Which way messages go in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindMode {
    /// To the peer only.
    Transmitter,
    /// From the peer only.
    Receiver,
    /// Both.
    Transceiver,
}

impl BindMode {
    pub(crate) const fn command_id(self) -> u32 {
        match self {
            Self::Transmitter => command::BIND_TRANSMITTER,
            Self::Receiver => command::BIND_RECEIVER,
            Self::Transceiver => command::BIND_TRANSCEIVER,
        }
    }

    pub(crate) const fn from_command(command_id: u32) -> Option<Self> {
        match command_id {
            command::BIND_TRANSMITTER => Some(Self::Transmitter),
            command::BIND_RECEIVER => Some(Self::Receiver),
            command::BIND_TRANSCEIVER => Some(Self::Transceiver),
            _ => None,
        }
    }
}

/// `bind_transmitter`, `bind_receiver`, `bind_transceiver`.
#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    /// Which of the three.
    pub mode: BindMode,
    /// At most 15 octets.
    pub system_id: String,
    /// At most 8 octets.
    pub password: String,
    /// At most 12 octets.
    pub system_type: String,
    /// 0x33, 0x34 or 0x50.
    pub interface_version: u8,
    /// Of the addresses that the client serves.
    pub addr_ton: u8,
    /// Of the addresses that the client serves.
    pub addr_npi: u8,
    /// At most 40 octets, usually empty.
    pub address_range: String,
}

/// Without the password.
impl std::fmt::Debug for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bind")
            .field("mode", &self.mode)
            .field("system_id", &self.system_id)
            .field("interface_version", &self.interface_version)
            .finish_non_exhaustive()
    }
}

impl Bind {
    pub(super) fn decode(mode: BindMode, reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            mode,
            system_id: reader.cstring("system_id", 15)?,
            password: reader.cstring("password", 8)?,
            system_type: reader.cstring("system_type", 12)?,
            interface_version: reader.u8("interface_version")?,
            addr_ton: reader.u8("addr_ton")?,
            addr_npi: reader.u8("addr_npi")?,
            address_range: reader.last_cstring("address_range", 40),
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "system_id", &self.system_id, 15)?;
        put_cstring(out, "password", &self.password, 8)?;
        put_cstring(out, "system_type", &self.system_type, 12)?;
        out.put_slice(&[self.interface_version, self.addr_ton, self.addr_npi]);
        put_cstring(out, "address_range", &self.address_range, 40)
    }
}

/// The answer to a bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindResp {
    /// Of the request.
    pub mode: BindMode,
    /// The peer's name; empty in a refusal.
    pub system_id: String,
    /// `sc_interface_version`, if the peer tells.
    pub tlvs: Tlvs,
}

impl BindResp {
    pub(super) fn decode(mode: BindMode, reader: &mut Reader) -> Self {
        Self { mode, system_id: reader.last_cstring("system_id", 15), tlvs: tlvs(reader) }
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "system_id", &self.system_id, 15)?;
        self.tlvs.encode(out)
    }
}

/// `outbind`: the server asks the client to bind as a receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct Outbind {
    /// At most 15 octets.
    pub system_id: String,
    /// At most 8 octets.
    pub password: String,
}

/// Without the password.
impl std::fmt::Debug for Outbind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbind").field("system_id", &self.system_id).finish_non_exhaustive()
    }
}

impl Outbind {
    pub(super) fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            system_id: reader.cstring("system_id", 15)?,
            password: reader.last_cstring("password", 8),
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_cstring(out, "system_id", &self.system_id, 15)?;
        put_cstring(out, "password", &self.password, 8)
    }
}
