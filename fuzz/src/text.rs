//! Texts and their encodings, and the parts that they are billed as.

use domain::text::{
    CHARACTERS_MAX, Encoding, SEGMENTS_MAX, gsm7 as gsm, measure, parts, segments, ucs2 as utf16,
};

/// Octets as unpacked and packed GSM-7, and as a text.
pub(crate) fn gsm7(octets: &[u8]) {
    let text = gsm::decode(octets);
    let written = gsm::encode(&text).expect("all that is read is in the tables");
    assert_eq!(gsm::decode(&written), text, "what is written is read as it was");
    assert_eq!(gsm::encode(&text), Some(written.clone()), "writing is stable");

    let fill_bits = octets.first().map_or(0, |octet| octet % 7);
    let packed = gsm::pack(&written, fill_bits);
    assert_eq!(gsm::unpack(&packed, fill_bits, written.len()), written);
    let loose = gsm::unpack(octets, fill_bits, octets.len() * 2);
    assert!(loose.len() <= octets.len() * 8 / 7);
    assert!(loose.iter().all(|septet| *septet < 128));

    is_billed_as_it_is_sent(&text);
    is_billed_as_it_is_sent(&String::from_utf8_lossy(octets));
}

/// Octets as UTF-16, and as a text.
pub(crate) fn ucs2(octets: &[u8]) {
    let text = utf16::decode(octets);
    let written = utf16::encode(&text);
    assert_eq!(utf16::decode(&written), text, "what is written is read as it was");
    assert!(written.len() <= octets.len(), "nothing is added");
    if !text.contains(char::REPLACEMENT_CHARACTER) {
        assert_eq!(written, &octets[..octets.len() / 2 * 2], "well-formed octets come back");
    }
    is_billed_as_it_is_sent(&text);
}

/// The parts hold the whole text, each is full and fits, and the bill counts the same.
pub(crate) fn is_billed_as_it_is_sent(text: &str) {
    let Ok(found) = parts(text) else {
        assert!(text.chars().count() > CHARACTERS_MAX);
        assert!(measure(text).is_err() && segments(text).is_err());
        return;
    };
    let measured = measure(text).expect("it has parts");
    assert_eq!(usize::from(measured.segments.get()), found.len());
    assert_eq!(segments(text), Ok(measured.segments));
    assert!(measured.segments <= SEGMENTS_MAX);
    assert_eq!(measured.characters, text.chars().count());
    assert_eq!(found.iter().map(|part| part.text).collect::<String>(), text);

    let (alone, in_parts, octets_a_unit) = match measured.encoding {
        Encoding::Gsm7 => (160, 153, 1),
        Encoding::Ucs2 => (70, 67, 2),
    };
    let plain = text.chars().all(|character| gsm::place(character).is_some());
    assert_eq!(measured.encoding == Encoding::Gsm7, plain);
    let room = if found.len() == 1 { alone } else { in_parts };
    let sizes: Vec<usize> = found.iter().map(|part| part.octets().len() / octets_a_unit).collect();
    assert!(sizes.iter().all(|size| *size <= room), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), measured.units);
    assert_eq!(found.len() == 1, measured.units <= alone);
    for (part, size) in found.iter().skip(1).zip(&sizes) {
        let next = part.text.chars().next().expect("no later part is empty");
        let needs = match measured.encoding {
            Encoding::Gsm7 => gsm::septets(next).expect("the text is in the tables"),
            Encoding::Ucs2 => next.len_utf16(),
        };
        assert!(size + needs > in_parts, "a part is full before the next begins: {sizes:?}");
    }
}
