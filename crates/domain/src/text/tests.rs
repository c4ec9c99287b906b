use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn measured(text: &str) -> (Encoding, u8) {
    let measure = measure(text).unwrap();
    (measure.encoding, measure.segments.get())
}

#[test]
fn boundaries_are_exact() {
    for (unit, count, encoding, segments) in [
        ("a", 1, Encoding::Gsm7, 1),
        ("a", 160, Encoding::Gsm7, 1),
        ("a", 161, Encoding::Gsm7, 2),
        ("a", 306, Encoding::Gsm7, 2),
        ("a", 307, Encoding::Gsm7, 3),
        ("a", 1_600, Encoding::Gsm7, 11),
        ("€", 80, Encoding::Gsm7, 1),
        ("€", 81, Encoding::Gsm7, 2),
        ("€", 152, Encoding::Gsm7, 2),
        ("€", 153, Encoding::Gsm7, 3),
        ("ж", 70, Encoding::Ucs2, 1),
        ("ж", 71, Encoding::Ucs2, 2),
        ("ж", 134, Encoding::Ucs2, 2),
        ("ж", 135, Encoding::Ucs2, 3),
        ("ж", 1_600, Encoding::Ucs2, 24),
        ("😀", 35, Encoding::Ucs2, 1),
        ("😀", 36, Encoding::Ucs2, 2),
        ("😀", 66, Encoding::Ucs2, 2),
        ("😀", 67, Encoding::Ucs2, 3),
        ("😀", 1_600, Encoding::Ucs2, 49),
    ] {
        assert_eq!(measured(&unit.repeat(count)), (encoding, segments), "{count} × {unit}");
    }
    assert_eq!(measure(&"a".repeat(1_601)), Err(TextTooLong { characters: 1_601 }));
    assert_eq!(segments(&"😀".repeat(CHARACTERS_MAX)), Ok(SEGMENTS_MAX));
}

#[test]
fn the_words_of_encodings_are_stable() {
    assert_eq!(Encoding::Gsm7.as_str(), "gsm7");
    assert_eq!("ucs2".parse(), Ok(Encoding::Ucs2));
    assert!("UCS-2".parse::<Encoding>().is_err());
}

#[test]
fn debug_shows_no_text() {
    let parts = parts("secret words").unwrap();
    assert_eq!(format!("{parts:?}"), "[Part(12 octets of text, gsm7)]");
}

#[test]
fn a_pair_is_never_split() {
    // The escape would be the 153rd septet.
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(10));
    let parts = parts(&text).unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].text.len(), 152);
    assert!(parts[1].text.starts_with('€'));
}

#[test]
fn bodies_are_checked() {
    assert_eq!(Body::parse(""), Err(InvalidBody::Empty));
    assert_eq!(Body::parse(" \n\u{3000}"), Err(InvalidBody::Empty));
    assert_eq!(Body::parse("a\0b"), Err(InvalidBody::Nul { position: 1 }));
    let long = Body::parse(&"é".repeat(1_601));
    assert_eq!(long, Err(InvalidBody::TooLong(TextTooLong { characters: 1_601 })));
    let body = Body::parse("secret words").unwrap();
    assert!(!format!("{body:?}").contains("secret"));
}

#[test]
fn the_shared_vectors_hold() {
    let cases: Value =
        serde_json::from_str(include_str!("../../../../testdata/segments.json")).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    assert!(cases.len() >= 300, "{} cases", cases.len());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let text: String = case["text"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| {
                let times = usize::try_from(run[1].as_u64().unwrap()).unwrap();
                run[0].as_str().unwrap().repeat(times)
            })
            .collect();
        let measure = measure(&text).unwrap();
        let number = |key: &str| usize::try_from(case[key].as_u64().unwrap()).unwrap();
        assert_eq!(measure.encoding.as_str(), case["encoding"], "{name}");
        assert_eq!(measure.characters, number("characters"), "{name}");
        assert_eq!(measure.units, number("units"), "{name}");
        assert_eq!(usize::from(measure.segments.get()), number("segments"), "{name}");
        let lengths: Vec<u64> = parts(&text)
            .unwrap()
            .iter()
            .map(|part| u64::try_from(part.text.chars().count()).unwrap())
            .collect();
        let expected: Vec<u64> =
            case["parts"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        assert_eq!(lengths, expected, "{name}");
    }
}

/// Texts of GSM characters, pairs of both kinds, and anything else.
fn texts() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => any::<u8>().prop_map(|octet| gsm7::decode(&[octet & 0x7F]).chars().next().unwrap_or(' ')),
        2 => prop::sample::select(vec!['€', '[', '|', '^']),
        1 => any::<char>(),
    ];
    let plain =
        any::<u8>().prop_map(|octet| gsm7::decode(&[octet & 0x7F]).chars().next().unwrap_or(' '));
    prop_oneof![
        prop::collection::vec(character, 0..700).prop_map(String::from_iter),
        prop::collection::vec(plain, 0..1_600).prop_map(String::from_iter),
        prop::collection::vec(any::<char>(), 0..400).prop_map(String::from_iter),
    ]
}

proptest! {
    #[test]
    fn parts_put_together_are_the_text(text in texts()) {
        let joined: String = parts(&text).unwrap().iter().map(|part| part.text).collect();
        prop_assert_eq!(joined, text);
    }

    #[test]
    fn what_is_billed_is_what_is_sent(text in texts()) {
        let parts = parts(&text).unwrap();
        let measure = measure(&text).unwrap();
        prop_assert_eq!(parts.len(), usize::from(measure.segments.get()));
        let room = if parts.len() == 1 { measure.encoding.alone() } else { measure.encoding.in_parts() };
        let mut total = 0;
        for part in &parts {
            let octets = part.octets();
            let (units, back) = match part.encoding {
                Encoding::Gsm7 => (octets.len(), gsm7::decode(&octets)),
                Encoding::Ucs2 => (octets.len() / 2, ucs2::decode(&octets)),
            };
            prop_assert!(units <= room, "{} units", units);
            total += units;
            prop_assert_eq!(back, part.text);
        }
        prop_assert_eq!(total, measure.units);
    }

    #[test]
    fn no_part_begins_or_ends_inside_a_pair(text in texts()) {
        for part in &parts(&text).unwrap() {
            let octets = part.octets();
            match part.encoding {
                Encoding::Gsm7 => prop_assert_ne!(octets.last(), Some(&gsm7::ESCAPE)),
                Encoding::Ucs2 => {
                    let first = octets.first().copied().unwrap_or(0);
                    prop_assert!(!(0xDC..=0xDF).contains(&first), "begins with half a pair");
                }
            }
        }
    }

    #[test]
    fn a_part_is_full_before_the_next_begins(text in texts()) {
        let parts = parts(&text).unwrap();
        for pair in parts.windows(2) {
            let next = pair[1].text.chars().next().unwrap();
            let encoding = pair[0].encoding;
            let filled: usize = pair[0].text.chars().map(|c| encoding.units(c)).sum();
            prop_assert!(filled + encoding.units(next) > encoding.in_parts());
        }
    }

    #[test]
    fn a_text_is_gsm7_where_all_its_characters_are(text in texts()) {
        let plain = text.chars().all(|character| gsm7::encode(&character.to_string()).is_some());
        prop_assert_eq!(encoding_of(&text) == Encoding::Gsm7, plain);
        prop_assert_eq!(encoding_of(&text), measure(&text).unwrap().encoding);
        prop_assert_eq!(offenders(&text).is_empty(), plain);
    }

    #[test]
    fn any_octets_can_be_decoded(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        gsm7::decode(&octets);
        ucs2::decode(&octets);
        prop_assert_eq!(latin1::encode(&latin1::decode(&octets)), Some(octets));
    }

    #[test]
    fn one_more_character_never_costs_less(text in texts(), more in any::<char>()) {
        let before = measure(&text).unwrap().segments;
        if let Ok(after) = measure(&format!("{text}{more}")) {
            prop_assert!(after.segments >= before);
        }
    }

    #[test]
    fn the_gsm_spelling_is_stable(text in texts()) {
        let plain = to_gsm_spelling(&text);
        prop_assert_eq!(&to_gsm_spelling(&plain), &plain);
        let hopeless = offenders(&text).iter().any(|offender| offender.spelling.is_none());
        prop_assert_eq!(encoding_of(&plain) == Encoding::Gsm7, !hopeless);
    }
}
