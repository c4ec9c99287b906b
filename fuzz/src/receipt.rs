//! Delivery receipts: their text, their parameters, their ids.

use bytes::Bytes;
use domain::receipts::{MessageIdFormat, candidates, normalised};
use smpp::{ShortMessage, receipt, tlv::tag};

/// The first octet is the `esm_class`, the second how many of the others are parameters.
pub(crate) fn run(octets: &[u8]) {
    let [esm_class, parameters, rest @ ..] = octets else { return };
    let (parameters, text) = rest.split_at(usize::from(*parameters).min(rest.len()));
    let Some((message, _)) = super::tlv::read(parameters) else { return };
    let message = ShortMessage {
        esm_class: *esm_class,
        short_message: Bytes::copy_from_slice(text),
        ..message
    };
    let Some(read) = receipt::read(&message) else { return };
    if !read.marked {
        assert!(read.message_id.is_some() && read.state.is_some(), "no person writes that");
    }
    if let Some(date) = &read.done_date {
        assert!(matches!(date.chars().count(), 10 | 12 | 14), "{date:?}");
    }
    if let Some(id) = message.tlvs.get_text(tag::RECEIPTED_MESSAGE_ID).filter(|id| !id.is_empty()) {
        assert_eq!(read.message_id.as_ref(), Some(&id), "the parameter wins");
    }
    for part in [&read.message_id, &read.stat, &read.err].into_iter().flatten() {
        assert!(!part.is_empty(), "what is missing is not an empty word");
    }
    if let Some(id) = &read.message_id {
        an_id_has_one_spelling(id);
        comes_back(id, read.stat.as_deref().unwrap_or("DELIVRD"));
    }
}

fn an_id_has_one_spelling(id: &str) {
    let plain = normalised(id);
    assert_eq!(normalised(&plain), plain, "normalising twice changes nothing");
    if !plain.is_empty() {
        assert_eq!(normalised(&format!("000{plain}")), plain, "leading zeros do not matter");
    }
    for format in [MessageIdFormat::AsIs, MessageIdFormat::HexToDec, MessageIdFormat::DecToHex] {
        let found = candidates(id, format);
        let all: Vec<&String> = found.certain().iter().chain(found.guesses()).collect();
        assert!(found.certain().len() <= 1, "one spelling follows from the configuration");
        assert!(all.contains(&&plain), "the id itself is always a candidate");
        for (index, id) in all.iter().enumerate() {
            assert!(!all[..index].contains(id), "each candidate once");
        }
    }
}

/// A text that we write ourselves says what was put into it.
fn comes_back(id: &str, stat: &str) {
    let word = |text: &str| text.bytes().all(|octet| octet.is_ascii_alphanumeric());
    if !word(id) || !word(stat) {
        return;
    }
    let text = receipt::compose(id, stat, "000", "2604031015", "2604031016");
    let message =
        ShortMessage { esm_class: 4, short_message: text.into(), ..ShortMessage::default() };
    let read = receipt::read(&message).expect("its class says that it is a receipt");
    assert_eq!(read.message_id.as_deref(), Some(id));
    assert_eq!(read.stat.as_deref(), Some(stat));
    assert_eq!(read.state, receipt::state_of_word(stat));
    assert_eq!(read.err.as_deref(), Some("000"));
    assert_eq!(read.done_date.as_deref(), Some("2604031016"));
}
