//! A stream of octets as PDUs.

use bytes::BytesMut;
use smpp::{DecodeError, Decoded, PDU_OCTETS_MAX, Pdu, frame};

/// Reads the stream whole and in pieces; what was read once is written and read again.
pub(crate) fn run(octets: &[u8]) {
    let (whole, end) = all(&[octets]);
    for decoded in &whole {
        comes_back(&decoded.pdu);
    }
    // The first octet says where the network cut the stream.
    let cut = octets.first().map_or(0, |cut| usize::from(*cut)).min(octets.len());
    let (first, second) = octets.split_at(cut);
    assert_eq!(all(&[first, second]), (whole, end), "the pieces do not matter");
}

/// The PDUs that can be read, and what ended the session.
fn all(pieces: &[&[u8]]) -> (Vec<Decoded>, Option<DecodeError>) {
    let mut buffer = BytesMut::new();
    let mut found = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            let before = buffer.len();
            match frame::next(&mut buffer) {
                Ok(Some(decoded)) => found.push(decoded),
                Ok(None) => {
                    assert_eq!(buffer.len(), before, "an incomplete PDU is left alone");
                    assert!(before < PDU_OCTETS_MAX, "no PDU is waited for beyond the limit");
                    break;
                }
                Err(DecodeError::Truncated { .. }) => {
                    assert!(buffer.len() < before, "the bad frame is gone");
                }
                Err(end @ DecodeError::BadLength(_)) => return (found, Some(end)),
            }
        }
    }
    (found, None)
}

fn comes_back(pdu: &Pdu) {
    let mut out = BytesMut::new();
    if pdu.encode(&mut out).is_err() {
        // Reading is lenient: an overlong field is kept, and must not be sent.
        assert!(out.is_empty(), "nothing was written");
        return;
    }
    let written = out.clone().freeze();
    let again = frame::next(&mut out).expect("it can be read").expect("it is whole");
    assert!(out.is_empty(), "its length is right");
    assert_eq!(again.warnings, [], "what is written is as it should be");
    assert_eq!((again.pdu.status, again.pdu.sequence), (pdu.status, pdu.sequence));
    // A refused answer is written without its body.
    if pdu.status.is_ok() || !pdu.body.is_response() {
        assert_eq!(again.pdu.body, pdu.body);
    }
    let mut twice = BytesMut::new();
    again.pdu.encode(&mut twice).expect("it was written before");
    assert_eq!(twice.freeze(), written, "writing is stable");
}
