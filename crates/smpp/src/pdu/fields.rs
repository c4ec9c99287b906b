//! Mandatory fields on the wire: octets, numbers, NUL-terminated strings.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::{DecodeError, EncodeError, Tlvs, Warning};

/// Reads a PDU's body field by field.
pub(super) struct Reader {
    rest: Bytes,
    sequence: u32,
    warnings: Vec<Warning>,
}

impl Reader {
    pub(super) fn new(rest: Bytes, sequence: u32) -> Self {
        Self { rest, sequence, warnings: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        if self.rest.is_empty() {
            return Err(DecodeError::Truncated { field, sequence: self.sequence });
        }
        Ok(self.rest.get_u8())
    }

    /// A string up to its NUL. `max`: the octets that the standard allows, without it.
    pub(super) fn cstring(
        &mut self,
        field: &'static str,
        max: usize,
    ) -> Result<String, DecodeError> {
        let Some(end) = self.rest.iter().position(|octet| *octet == 0) else {
            return Err(DecodeError::Truncated { field, sequence: self.sequence });
        };
        let octets = self.rest.split_to(end);
        self.rest.advance(1);
        Ok(self.text(field, max, &octets))
    }

    /// A string that is the last mandatory field: its NUL may be missing, it may be missing itself.
    pub(super) fn last_cstring(&mut self, field: &'static str, max: usize) -> String {
        if self.rest.is_empty() {
            return String::new();
        }
        let end = self.rest.iter().position(|octet| *octet == 0);
        let octets = self.rest.split_to(end.unwrap_or(self.rest.len()));
        if end.is_some() {
            self.rest.advance(1);
        } else {
            self.warnings.push(Warning::MissingNul { field });
        }
        self.text(field, max, &octets)
    }

    fn text(&mut self, field: &'static str, max: usize, octets: &[u8]) -> String {
        if octets.len() > max {
            self.warnings.push(Warning::Overlong { field });
        }
        // Anything above ASCII is read as Latin-1, so that it is kept.
        octets.iter().copied().map(char::from).collect()
    }

    /// As many octets as there are, up to `count`.
    pub(super) fn octets(&mut self, count: usize) -> Bytes {
        if count > self.rest.len() {
            self.warnings.push(Warning::ShortMessagePastEnd);
        }
        self.rest.split_to(count.min(self.rest.len()))
    }

    pub(super) fn tlvs(&mut self) -> Tlvs {
        Tlvs::decode(&mut self.rest, &mut self.warnings)
    }

    pub(super) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.rest)
    }

    pub(super) fn finish(mut self) -> Vec<Warning> {
        if !self.rest.is_empty() {
            self.warnings.push(Warning::TrailingOctets { count: self.rest.len() });
        }
        self.warnings
    }
}

/// Writes a string with its NUL. `max`: the octets that fit, without it.
pub(super) fn put_cstring(
    out: &mut BytesMut,
    field: &'static str,
    text: &str,
    max: usize,
) -> Result<(), EncodeError> {
    // What was read as Latin-1 is written as such; ASCII, the standard's alphabet, is the same.
    let start = out.len();
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(0) => return Err(EncodeError::Nul { field }),
            Ok(octet) => out.put_u8(octet),
            Err(_) => out.put_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    if out.len() - start > max {
        return Err(EncodeError::TooLong { field, max });
    }
    out.put_u8(0);
    Ok(())
}
