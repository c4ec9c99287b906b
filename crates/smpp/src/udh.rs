//! The user data header and the parts of long messages. 3GPP TS 23.040 §9.2.3.24.

use bytes::Bytes;

use crate::{ShortMessage, tlv::tag};

/// In `esm_class`: the text begins with a user data header.
pub const ESM_CLASS_UDHI: u8 = 0x40;

/// Information elements that say which part this is.
const CONCATENATED_8_BIT: u8 = 0x00;
const CONCATENATED_16_BIT: u8 = 0x08;

/// Which part of a long message this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concatenation {
    /// The same in all parts.
    pub reference: u16,
    /// 1 to 255.
    pub total: u8,
    /// 1 to `total`.
    pub part: u8,
}

/// A header with an 8-bit reference, six octets.
pub const fn header_8_bit(reference: u8, total: u8, part: u8) -> [u8; 6] {
    [5, CONCATENATED_8_BIT, 3, reference, total, part]
}

/// A header with a 16-bit reference, seven octets.
pub const fn header_16_bit(reference: u16, total: u8, part: u8) -> [u8; 7] {
    let [high, low] = reference.to_be_bytes();
    [6, CONCATENATED_16_BIT, 4, high, low, total, part]
}

/// A text's octets without header, and which part they are.
///
/// From the user data header where `esm_class` says that there is one, else
/// from the `sar_*` parameters. A header that does not fit is taken as text.
pub fn split(message: &ShortMessage) -> (Bytes, Option<Concatenation>) {
    let octets = message.octets();
    if message.esm_class & ESM_CLASS_UDHI != 0
        && let Some(length) = octets.first().map(|length| usize::from(*length) + 1)
        && length <= octets.len()
    {
        return (octets.slice(length..), in_header(&octets[1..length]));
    }
    (octets.clone(), in_tlvs(message))
}

fn in_header(mut elements: &[u8]) -> Option<Concatenation> {
    while let [identifier, length, rest @ ..] = elements {
        let (data, following) = rest.split_at_checked(usize::from(*length))?;
        let found = match (*identifier, data) {
            (CONCATENATED_8_BIT, [reference, total, part]) => {
                Some((u16::from(*reference), *total, *part))
            }
            (CONCATENATED_16_BIT, [high, low, total, part]) => {
                Some((u16::from_be_bytes([*high, *low]), *total, *part))
            }
            _ => None,
        };
        if let Some((reference, total, part)) = found {
            return valid(reference, total, part);
        }
        elements = following;
    }
    None
}

fn in_tlvs(message: &ShortMessage) -> Option<Concatenation> {
    let number = |tag| message.tlvs.get_number(tag);
    valid(
        u16::try_from(number(tag::SAR_MSG_REF_NUM)?).ok()?,
        u8::try_from(number(tag::SAR_TOTAL_SEGMENTS)?).ok()?,
        u8::try_from(number(tag::SAR_SEGMENT_SEQNUM)?).ok()?,
    )
}

fn valid(reference: u16, total: u8, part: u8) -> Option<Concatenation> {
    (part >= 1 && part <= total).then_some(Concatenation { reference, total, part })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_header(octets: &'static [u8]) -> (Bytes, Option<Concatenation>) {
        split(&ShortMessage {
            esm_class: ESM_CLASS_UDHI,
            short_message: Bytes::from_static(octets),
            ..ShortMessage::default()
        })
    }

    #[test]
    fn both_reference_lengths_are_read() {
        let (text, part) = with_header(&[5, 0, 3, 0x77, 3, 2, b'a', b'b']);
        assert_eq!(&text[..], b"ab");
        assert_eq!(part, Some(Concatenation { reference: 0x77, total: 3, part: 2 }));
        let (text, part) = with_header(&[6, 8, 4, 0x12, 0x34, 3, 1, b'a']);
        assert_eq!(&text[..], b"a");
        assert_eq!(part, Some(Concatenation { reference: 0x1234, total: 3, part: 1 }));
    }

    #[test]
    fn other_elements_are_passed_over() {
        let (text, part) = with_header(&[10, 0x24, 1, 1, 0, 3, 9, 2, 2, 0x70, 0, b'x']);
        assert_eq!(&text[..], b"x");
        assert_eq!(part, Some(Concatenation { reference: 9, total: 2, part: 2 }));
    }

    #[test]
    fn a_broken_header_loses_no_text() {
        assert_eq!(with_header(&[9, 0, 3]).0.len(), 3, "longer than the text");
        assert_eq!(with_header(&[5, 0, 9, 1, 2, 1, b'x']), (Bytes::from_static(b"x"), None));
        assert_eq!(with_header(&[5, 0, 3, 1, 2, 3, b'x']).1, None, "part 3 of 2");
        assert_eq!(with_header(&[5, 0, 3, 1, 2, 0, b'x']).1, None, "part 0");
        assert_eq!(with_header(&[]).0.len(), 0);
    }

    #[test]
    fn sar_parameters_are_read_whatever_their_length() {
        let mut message = ShortMessage::default();
        message.tlvs.push_u16(tag::SAR_MSG_REF_NUM, 7);
        message.tlvs.push_u8(tag::SAR_TOTAL_SEGMENTS, 2);
        message.tlvs.push_u16(tag::SAR_SEGMENT_SEQNUM, 1);
        let part = split(&message).1;
        assert_eq!(part, Some(Concatenation { reference: 7, total: 2, part: 1 }));
    }
}
