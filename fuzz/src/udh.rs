//! The user data header, and which part of a long message a text is.

use bytes::Bytes;
use smpp::{
    ShortMessage,
    udh::{Concatenation, ESM_CLASS_UDHI, header_8_bit, header_16_bit, split},
};

/// The first octet is the `esm_class`, the second how many of the others are `sar_*` and their like.
pub(crate) fn run(octets: &[u8]) {
    let [esm_class, parameters, rest @ ..] = octets else { return };
    let (parameters, text) = rest.split_at(usize::from(*parameters).min(rest.len()));
    let Some((message, _)) = super::tlv::read(parameters) else { return };
    let message = ShortMessage {
        esm_class: *esm_class,
        short_message: Bytes::copy_from_slice(text),
        ..message
    };
    let (body, part) = split(&message);
    let all = message.octets();
    assert!(all.ends_with(&body), "the text is the end of the octets");
    if esm_class & ESM_CLASS_UDHI == 0 {
        assert_eq!(body, all, "without a header nothing is taken off");
    } else if body.len() < all.len() {
        let header = all.len() - body.len();
        assert_eq!(header, usize::from(all[0]) + 1, "the header is as long as it says");
    }
    let Some(part) = part else { return };
    assert!((1..=part.total).contains(&part.part), "{part:?}");
    comes_back(part, &body);
}

fn comes_back(part: Concatenation, body: &Bytes) {
    let Concatenation { reference, total, part: number } = part;
    let mut headers = vec![header_16_bit(reference, total, number).to_vec()];
    if let Ok(reference) = u8::try_from(reference) {
        headers.push(header_8_bit(reference, total, number).to_vec());
    }
    for header in headers {
        let octets: Bytes = [header.as_slice(), body].concat().into();
        let message = ShortMessage {
            esm_class: ESM_CLASS_UDHI,
            short_message: octets,
            ..ShortMessage::default()
        };
        assert_eq!(split(&message), (body.clone(), Some(part)));
    }
}
