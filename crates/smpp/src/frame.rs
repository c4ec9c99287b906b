//! From a stream of octets to PDUs.

use bytes::{Buf, BytesMut};

use crate::{DecodeError, Decoded, Pdu};

/// Octets of the header, which every PDU has.
pub const HEADER_OCTETS: usize = 16;

/// The longest PDU that is read. Holds a `message_payload` of nearly 64 KiB.
pub const PDU_OCTETS_MAX: usize = 65_536;

/// Takes the next PDU off the front of `buffer`; `None` while it is incomplete.
///
/// [`DecodeError::BadLength`] ends the session; after [`DecodeError::Truncated`]
/// the frame is gone and the next one may be read.
pub fn next(buffer: &mut BytesMut) -> Result<Option<Decoded>, DecodeError> {
    if buffer.len() < 4 {
        return Ok(None);
    }
    let declared = u32::from_be_bytes([buffer[0], buffer[1], buffer[2], buffer[3]]);
    let length = usize::try_from(declared).unwrap_or(usize::MAX);
    if !(HEADER_OCTETS..=PDU_OCTETS_MAX).contains(&length) {
        return Err(DecodeError::BadLength(declared));
    }
    if buffer.len() < length {
        buffer.reserve(length - buffer.len());
        return Ok(None);
    }
    let mut frame = buffer.split_to(length).freeze();
    frame.advance(4);
    Pdu::decode(frame).map(Some)
}
