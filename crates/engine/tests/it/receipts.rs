//! Receipts, as carriers really write them.

use bytes::Bytes;
use domain::{FailureCode, MessageStatus};
use smpp::{ShortMessage, tlv::tag};
use store::orphans;
use testkit::{Reply, SEGMENT, Smsc, World, cents, inbound, receipt, receipt_of};

use crate::{TO, seconds, sent};

use MessageStatus::{Delivered, Failed, Sent};

testkit::on_both_engines!(
    each_word_settles_what_it_should,
    a_receipt_is_known_by_its_class_or_by_its_text,
    parameters_win_over_the_text_one_by_one,
    an_empty_text_means_the_payload,
    accepted_means_delivered_where_the_carrier_says_so,
    the_same_id_may_be_written_in_many_ways,
    other_number_bases_are_known_where_they_are_configured,
    another_number_base_is_learned_where_nothing_contradicts,
    a_receipt_may_overtake_the_answer,
    the_first_of_two_early_receipts_wins,
    a_receipt_that_comes_twice_counts_once,
    the_first_end_wins,
    a_receipt_for_nothing_is_kept_and_forgotten,
    two_carriers_may_hand_out_the_same_id,
    a_long_message_is_delivered_when_all_its_parts_are,
    a_long_message_fails_with_any_of_its_parts,
    one_receipt_is_enough_for_a_long_message_in_one_piece,
    our_own_reference_finds_a_message_without_an_id,
    a_flood_of_receipts_in_one_go_is_sorted_out,
    a_stranger_who_writes_like_a_receipt_settles_nothing,
);

async fn a_stranger_who_writes_like_a_receipt_settles_nothing(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    let text = format!("id:{} stat:UNDELIV", submit.taken.as_deref().unwrap());
    smsc.deliver(inbound("+447700900666", &alice.e164, &text));
    world.until_acknowledged(&smsc).await;
    assert_eq!(alice.status(message).await, Sent);

    smsc.deliver(inbound(TO, &alice.e164, &text.replace("UNDELIV", "DELIVRD")));
    world.until_acknowledged(&smsc).await;
    assert_eq!(alice.status(message).await, Delivered, "it comes from where the message went");
}

async fn each_word_settles_what_it_should(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for (word, status, failure) in [
        ("DELIVRD", Delivered, None),
        ("DELIVERED", Delivered, None),
        ("delivrd", Delivered, None),
        ("EXPIRED", Failed, Some(FailureCode::Expired)),
        ("DELETED", Failed, Some(FailureCode::Undeliverable)),
        ("UNDELIV", Failed, Some(FailureCode::Undeliverable)),
        ("REJECTD", Failed, Some(FailureCode::RejectedByCarrier)),
        ("FAILED", Failed, Some(FailureCode::Undeliverable)),
        ("ENROUTE", Sent, None),
        ("ACCEPTD", Sent, None),
        ("ACKED", Sent, None),
        ("BUFFRED", Sent, None),
        ("UNKNOWN", Sent, None),
        ("WHATEVER", Sent, None),
    ] {
        let (message, submit) = sent(world, &smsc, &alice, word).await;
        let token = smsc.deliver(receipt(&submit, word));
        world.until_acknowledged(&smsc).await;
        assert!(smsc.answer_to(token).unwrap().is_ok(), "{word}");
        assert_eq!(alice.status(message).await, status, "{word}");
        assert_eq!(alice.find(message).await.failure, failure, "{word}");
        assert_eq!(alice.attempts(message).await[0].receipts, 1, "{word} is recorded");
    }
    let paid = SEGMENT.checked_mul(14).unwrap();
    let left = cents(1_000).checked_sub(paid).unwrap();
    assert_eq!(alice.available().await, left, "what was accepted stays charged");
}

async fn a_receipt_is_known_by_its_class_or_by_its_text(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for class in [0x04, 0x08, 0x10, 0x20, 0x44, 0x00] {
        let (message, submit) = sent(world, &smsc, &alice, "hello").await;
        let class = ShortMessage { esm_class: class, ..receipt(&submit, "DELIVRD") };
        smsc.deliver(class);
        alice.becomes(message, Delivered).await;
    }
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    let mut parameters =
        ShortMessage { short_message: Bytes::new(), esm_class: 0, ..receipt(&submit, "DELIVRD") };
    parameters.tlvs.push_cstring(tag::RECEIPTED_MESSAGE_ID, submit.id());
    parameters.tlvs.push_u8(tag::MESSAGE_STATE, 2);
    smsc.deliver(parameters);
    alice.becomes(message, Delivered).await;
    assert!(alice.messages().await.iter().all(|message| message.status == Delivered));
}

async fn parameters_win_over_the_text_one_by_one(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    let mut both = receipt_of("999", &submit.recipient, "DELIVRD");
    both.tlvs.push_cstring(tag::RECEIPTED_MESSAGE_ID, submit.id());
    both.tlvs.push_u8(tag::MESSAGE_STATE, 5);
    smsc.deliver(both);
    alice.becomes(message, Failed).await;

    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    let mut odd = receipt(&submit, "DELIVRD");
    odd.tlvs.push(tag::MESSAGE_STATE, Bytes::new());
    smsc.deliver(odd);
    alice.becomes(message, Delivered).await;
}

async fn an_empty_text_means_the_payload(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    let mut moved = receipt(&submit, "DELIVRD");
    let text = std::mem::take(&mut moved.short_message);
    moved.tlvs.push(tag::MESSAGE_PAYLOAD, text);
    smsc.deliver(moved);
    alice.becomes(message, Delivered).await;
}

async fn accepted_means_delivered_where_the_carrier_says_so(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("acceptd_is_delivered", true).create().await;
    let alice = world.account().create().await;
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    smsc.deliver(receipt(&submit, "ACCEPTD"));
    alice.becomes(message, Delivered).await;
}

async fn the_same_id_may_be_written_in_many_ways(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let uuid = "1F0C7A2E-5E7C-4F5E-9D53-000000000001";
    let lower = uuid.to_ascii_lowercase();
    for (answered, written) in [
        ("00aB12", "AB12"),
        ("77", "0000000077"),
        ("00000000000000000000000000000000000000000000000000000000000000a1", "A1"),
        (uuid, lower.as_str()),
        ("with.dots/and-more", "with.dots/and-more"),
    ] {
        smsc.next(Reply::AcceptAs(answered.to_owned()));
        let (message, submit) = sent(world, &smsc, &alice, answered).await;
        smsc.deliver(receipt_of(written, &submit.recipient, "DELIVRD"));
        alice.becomes(message, Delivered).await;
    }
}

async fn other_number_bases_are_known_where_they_are_configured(world: &World) {
    for (format, answered, written) in [
        ("hex_to_dec", "00000000FFFFFFFF", "4294967295"),
        ("dec_to_hex", "4294967295", "ffffffff"),
        ("hex_to_dec", "1A", "26"),
    ] {
        let smsc = Smsc::start().await;
        let carrier = world.carrier(&smsc).set("message_id_format", format).create().await;
        let alice = world.account().through(carrier).create().await;
        smsc.next(Reply::AcceptAs(answered.to_owned()));
        let (message, _) = sent(world, &smsc, &alice, "hello").await;
        // Even where the destination is in national form.
        smsc.deliver(receipt_of(written, "7700900123", "DELIVRD"));
        alice.becomes(message, Delivered).await;
    }
}

async fn another_number_base_is_learned_where_nothing_contradicts(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::AcceptAs("1a2b3c".to_owned()));
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;

    let other = smsc.deliver(receipt_of("1715004", "447700900999", "DELIVRD"));
    world.until_acknowledged(&smsc).await;
    assert!(smsc.answer_to(other).unwrap().is_ok());
    assert_eq!(alice.status(message).await, Sent, "another destination's");
    smsc.deliver(receipt_of("1715004", &submit.recipient, "DELIVRD"));
    alice.becomes(message, Delivered).await;

    // Two messages to one destination may be meant: neither is.
    smsc.next(Reply::AcceptAs("a".to_owned()));
    let (hexadecimal, _) = sent(world, &smsc, &alice, "one").await;
    smsc.next(Reply::AcceptAs("16".to_owned()));
    let (decimal, submit) = sent(world, &smsc, &alice, "two").await;
    smsc.deliver(receipt_of("10", &submit.recipient, "DELIVRD"));
    world.until_acknowledged(&smsc).await;
    assert_eq!(alice.status(hexadecimal).await, Sent);
    assert_eq!(alice.status(decimal).await, Sent);
}

async fn a_receipt_may_overtake_the_answer(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Hold);
    let message = alice.send(TO, "hello").await;
    world.until_submitted(&smsc, 1).await;
    smsc.deliver(receipt(&smsc.submits()[0], "DELIVRD"));
    world.until_acknowledged(&smsc).await;
    assert_eq!(alice.status(message).await, MessageStatus::Sending);

    smsc.answer_held();
    alice.becomes(message, Delivered).await;
    use MessageStatus::{Queued, Sending};
    assert_eq!(alice.history(message).await, [Queued, Sending, Sent, Delivered]);
}

async fn the_first_of_two_early_receipts_wins(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for (first, second, end) in [("UNDELIV", "DELIVRD", Failed), ("ENROUTE", "DELIVRD", Delivered)]
    {
        smsc.next(Reply::Hold);
        let message = alice.send(TO, first).await;
        let count = smsc.submits().len();
        world.until_submitted(&smsc, count + 1).await;
        let submit = smsc.submits().remove(count);
        for word in [first, second] {
            smsc.deliver(receipt(&submit, word));
            world.until_acknowledged(&smsc).await;
        }
        smsc.answer_held();
        alice.becomes(message, end).await;
        assert_eq!(alice.attempts(message).await[0].receipts, 2);
    }
}

async fn a_receipt_that_comes_twice_counts_once(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    smsc.deliver(receipt(&submit, "DELIVRD"));
    smsc.deliver(receipt(&submit, "DELIVRD"));
    world.until_acknowledged(&smsc).await;
    smsc.deliver(receipt(&submit, "DELIVRD"));
    world.until_acknowledged(&smsc).await;
    assert_eq!(alice.attempts(message).await[0].receipts, 3);
    let ends = alice.history(message).await.into_iter().filter(|status| *status == Delivered);
    assert_eq!(ends.count(), 1);
}

async fn the_first_end_wins(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for (words, end) in [
        (["DELIVRD", "UNDELIV", "ENROUTE"], Delivered),
        (["EXPIRED", "DELIVRD", "DELIVRD"], Failed),
        (["ENROUTE", "DELIVRD", "ACCEPTD"], Delivered),
    ] {
        let (message, submit) = sent(world, &smsc, &alice, words[0]).await;
        for word in words {
            smsc.deliver(receipt(&submit, word));
            world.until_acknowledged(&smsc).await;
        }
        assert_eq!(alice.status(message).await, end);
    }
}

async fn a_receipt_for_nothing_is_kept_and_forgotten(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let token = smsc.deliver(receipt_of("404", "447700900123", "DELIVRD"));
    let nameless = ShortMessage {
        short_message: Bytes::from_static(b"stat:DELIVRD"),
        ..receipt_of("1", "447700900123", "DELIVRD")
    };
    smsc.deliver(nameless);
    world.until_acknowledged(&smsc).await;
    assert!(smsc.answer_to(token).unwrap().is_ok(), "it must not come again");
    let waiting = async || {
        let since = domain::Timestamp::default();
        world.read(move |tx| orphans::waiting(tx, carrier, since, 100)).await.len()
    };
    assert_eq!(waiting().await, 2);
    world.leap(seconds(71 * 3_600));
    world.keep_house().await;
    assert_eq!(waiting().await, 2);
    world.leap(seconds(2 * 3_600));
    world.keep_house().await;
    assert_eq!(waiting().await, 0);
}

async fn two_carriers_may_hand_out_the_same_id(world: &World) {
    let (one, two) = (Smsc::start().await, Smsc::start().await);
    let first = world.carrier(&one).create().await;
    let second = world.carrier(&two).create().await;
    let alice = world.account().through(first).create().await;
    let bob = world.account().through(second).create().await;
    for smsc in [&one, &two] {
        smsc.next(Reply::AcceptAs("42".to_owned()));
    }
    let (hers, submit) = sent(world, &one, &alice, "hello").await;
    let (his, _) = sent(world, &two, &bob, "hello").await;
    one.deliver(receipt(&submit, "DELIVRD"));
    alice.becomes(hers, Delivered).await;
    assert_eq!(bob.status(his).await, Sent);
    two.deliver(receipt(&submit, "UNDELIV"));
    bob.becomes(his, Failed).await;
    assert_eq!(alice.status(hers).await, Delivered);
}

async fn a_long_message_is_delivered_when_all_its_parts_are(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let (message, _) = sent(world, &smsc, &alice, &"x".repeat(900)).await;
    let mut parts = smsc.submits();
    assert_eq!(parts.len(), 6, "more than five");
    let last = parts.remove(2);
    for part in parts.iter().rev() {
        smsc.deliver(receipt(part, "DELIVRD"));
    }
    world.until_acknowledged(&smsc).await;
    assert_eq!(alice.status(message).await, Sent);
    smsc.deliver(receipt(&last, "DELIVRD"));
    alice.becomes(message, Delivered).await;
}

async fn a_long_message_fails_with_any_of_its_parts(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let (message, _) = sent(world, &smsc, &alice, &"x".repeat(400)).await;
    let parts = smsc.submits();
    smsc.deliver(receipt(&parts[0], "DELIVRD"));
    smsc.deliver(receipt(&parts[1], "UNDELIV"));
    alice.becomes(message, Failed).await;
    smsc.deliver(receipt(&parts[2], "DELIVRD"));
    world.until_acknowledged(&smsc).await;
    let kept: Vec<_> =
        alice.attempts(message).await.into_iter().filter_map(|attempt| attempt.receipt).collect();
    assert_eq!(kept.len(), 3, "both facts are kept per part");
}

async fn one_receipt_is_enough_for_a_long_message_in_one_piece(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("concatenation", "payload").create().await;
    let alice = world.account().create().await;
    for (length, segments) in [(200, 2), (900, 6), (1_600, 11)] {
        let text = "x".repeat(length);
        let message = alice.send(TO, &text).await;
        let count = smsc.submits().len();
        world.until_submitted(&smsc, count + 1).await;
        alice.becomes(message, Sent).await;
        assert_eq!(alice.find(message).await.segments, segments);
        let token = smsc.deliver(receipt(&smsc.submits()[count], "DELIVRD"));
        world.until_acknowledged(&smsc).await;
        assert!(smsc.answer_to(token).unwrap().is_ok(), "{segments} segments");
        alice.becomes(message, Delivered).await;
    }
}

async fn our_own_reference_finds_a_message_without_an_id(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::AcceptAs(String::new()));
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    smsc.next(Reply::AcceptAs(String::new()));
    let (other, _) = sent(world, &smsc, &alice, "another").await;
    let mut receipt = receipt_of("8f0e", &submit.recipient, "DELIVRD");
    let mark = u16::try_from(submit.user_reference.unwrap()).unwrap();
    receipt.tlvs.push_u16(tag::USER_MESSAGE_REFERENCE, mark);
    smsc.deliver(receipt);
    alice.becomes(message, Delivered).await;
    assert_eq!(alice.status(other).await, Sent);
}

async fn a_flood_of_receipts_in_one_go_is_sorted_out(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 500).create().await;
    let alice = world.account().create().await;
    for index in 0..150 {
        alice.send(TO, &format!("message {index}")).await;
    }
    smsc.always(Reply::Hold);
    world.until_submitted(&smsc, 150).await;
    // Early ones, doubles, strangers and failures, all before anything is stored.
    for submit in smsc.submits().iter().rev() {
        smsc.deliver(receipt(submit, "ENROUTE"));
        smsc.deliver(receipt(submit, if submit.index % 3 == 0 { "UNDELIV" } else { "DELIVRD" }));
        smsc.deliver(receipt(submit, "DELIVRD"));
        smsc.deliver(receipt_of(&format!("x{}", submit.index), "447700900999", "DELIVRD"));
    }
    world.until_acknowledged(&smsc).await;
    smsc.answer_held();
    world
        .until("all are settled", async || {
            world.keep_house().await;
            alice.messages().await.iter().all(|message| message.status.is_terminal())
        })
        .await;
    let failed = alice.messages().await.iter().filter(|message| message.status == Failed).count();
    assert_eq!(failed, 50);
}
