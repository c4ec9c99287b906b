//! Optional parameters: tag, length, value. SMPP 3.4 §5.3.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::{EncodeError, Warning};

/// Tags of the parameters that this crate reads or that its users often do.
#[expect(missing_docs, reason = "the names are the standard's")]
pub mod tag {
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    pub const SAR_MSG_REF_NUM: u16 = 0x020C;
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    pub const SC_INTERFACE_VERSION: u16 = 0x0210;
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    pub const NETWORK_ERROR_CODE: u16 = 0x0423;
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub const MESSAGE_STATE: u16 = 0x0427;
}

/// One parameter, its value as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tlv {
    /// See [`tag`].
    pub tag: u16,
    /// Up to 65,535 octets.
    pub value: Bytes,
}

/// A PDU's optional parameters in their order, unknown ones included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tlvs(Vec<Tlv>);

impl Tlvs {
    /// None.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a parameter of any kind.
    pub fn push(&mut self, tag: u16, value: impl Into<Bytes>) -> &mut Self {
        self.0.push(Tlv { tag, value: value.into() });
        self
    }

    /// Adds a one-octet parameter.
    pub fn push_u8(&mut self, tag: u16, value: u8) -> &mut Self {
        self.push(tag, Bytes::copy_from_slice(&[value]))
    }

    /// Adds a two-octet parameter.
    pub fn push_u16(&mut self, tag: u16, value: u16) -> &mut Self {
        self.push(tag, Bytes::copy_from_slice(&value.to_be_bytes()))
    }

    /// Adds a C-octet string, its NUL included.
    pub fn push_cstring(&mut self, tag: u16, text: &str) -> &mut Self {
        let mut value = BytesMut::with_capacity(text.len() + 1);
        value.put_slice(text.as_bytes());
        value.put_u8(0);
        self.push(tag, value.freeze())
    }

    /// The first parameter with this tag.
    pub fn get(&self, tag: u16) -> Option<&Bytes> {
        self.0.iter().find(|tlv| tlv.tag == tag).map(|tlv| &tlv.value)
    }

    /// A number of one to four octets, whatever its proper length is: peers differ.
    pub fn get_number(&self, tag: u16) -> Option<u32> {
        let value = self.get(tag)?;
        (1..=4)
            .contains(&value.len())
            .then(|| value.iter().fold(0, |number, octet| (number << 8) | u32::from(*octet)))
    }

    /// A text up to its first NUL, if it has one.
    pub fn get_text(&self, tag: u16) -> Option<String> {
        let value = self.get(tag)?;
        let end = value.iter().position(|octet| *octet == 0).unwrap_or(value.len());
        Some(String::from_utf8_lossy(&value[..end]).into_owned())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Tlv> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads what is left of a PDU. A parameter that runs past its end is dropped with a warning.
    pub(crate) fn decode(rest: &mut Bytes, warnings: &mut Vec<Warning>) -> Self {
        let mut found = Vec::new();
        while rest.remaining() >= 4 {
            let tag = rest.get_u16();
            let length = usize::from(rest.get_u16());
            if length > rest.remaining() {
                warnings.push(Warning::TlvPastEnd { tag });
                rest.clear();
                break;
            }
            found.push(Tlv { tag, value: rest.split_to(length) });
        }
        if rest.has_remaining() {
            warnings.push(Warning::TrailingOctets { count: rest.remaining() });
            rest.clear();
        }
        Self(found)
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        for tlv in &self.0 {
            let length = u16::try_from(tlv.value.len())
                .map_err(|_| EncodeError::TooLong { field: "TLV", max: usize::from(u16::MAX) })?;
            out.put_u16(tlv.tag);
            out.put_u16(length);
            out.put_slice(&tlv.value);
        }
        Ok(())
    }
}
