//! Texts from handsets.

use bytes::Bytes;
use domain::{Direction, MessageStatus, text::Encoding};
use smpp::{ShortMessage, tlv::tag};
use store::messages::Message;
use testkit::{Account, Smsc, World, inbound, part_of};

use crate::{TO, seconds};

testkit::on_both_engines!(
    a_text_becomes_a_message_of_the_numbers_account,
    every_alphabet_is_read,
    parts_may_come_in_any_order,
    a_redelivery_makes_one_message,
    a_redelivered_part_makes_no_second_message,
    saying_the_same_twice_makes_two_messages,
    an_incomplete_text_is_delivered_as_it_is_after_a_while,
    a_part_that_came_twice_does_not_complete_the_text,
    two_long_texts_with_one_reference_do_not_mix,
    a_text_for_nobody_is_taken_and_kept_apart,
);

async fn received(account: &Account) -> Vec<Message> {
    let mut messages = account.messages().await;
    messages.retain(|message| message.direction == Direction::Inbound);
    messages.reverse();
    messages
}

async fn bodies(account: &Account) -> Vec<String> {
    received(account).await.into_iter().map(|message| message.body).collect()
}

async fn a_text_becomes_a_message_of_the_numbers_account(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let (alice, bob) = (world.account().create().await, world.account().create().await);
    let token = smsc.deliver(inbound(TO, &alice.e164, "hello"));
    world.until_acknowledged(&smsc).await;
    assert!(smsc.answer_to(token).unwrap().is_ok());

    let [message] = &received(&alice).await[..] else { panic!("one message") };
    assert_eq!((message.sender.as_str(), message.recipient.as_str()), (TO, alice.e164.as_str()));
    assert_eq!((message.body.as_str(), message.status), ("hello", MessageStatus::Received));
    assert!(message.price.is_zero());
    assert_eq!(alice.history(message.id).await, [MessageStatus::Received]);
    assert!(received(&bob).await.is_empty());
}

async fn every_alphabet_is_read(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let text = |data_coding, octets: &'static [u8]| ShortMessage {
        data_coding,
        short_message: Bytes::from_static(octets),
        ..inbound(TO, &alice.e164, "")
    };
    smsc.deliver(text(0, b"\x00 \x1B\x65"));
    smsc.deliver(text(3, b"caf\xE9"));
    smsc.deliver(text(8, b"\xD8\x3D\xDE\x00"));
    let mut payload = text(0, b"");
    payload.tlvs.push(tag::MESSAGE_PAYLOAD, Bytes::from("x".repeat(300)));
    smsc.deliver(payload);
    world.until_acknowledged(&smsc).await;
    assert_eq!(bodies(&alice).await, ["@ €", "café", "😀", &"x".repeat(300)]);
    assert_eq!(received(&alice).await[2].encoding, Encoding::Ucs2);
}

async fn parts_may_come_in_any_order(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
    for (index, order) in orders.into_iter().enumerate() {
        // By header, and by parameters with a reference of 16 bits.
        for reference in [u16::try_from(index).unwrap(), 1_000 + u16::try_from(index).unwrap()] {
            let before = received(&alice).await.len();
            for part in order {
                assert_eq!(received(&alice).await.len(), before, "not before its last part");
                let text = format!("part {part} of {reference}, ");
                smsc.deliver(part_of(inbound(TO, &alice.e164, &text), reference, 3, part));
                world.until_acknowledged(&smsc).await;
            }
            let whole = received(&alice).await.pop().unwrap();
            let expected: String =
                (1..=3).map(|part| format!("part {part} of {reference}, ")).collect();
            assert_eq!((whole.body, whole.segments), (expected, 3));
            assert!(whole.detail.is_none());
        }
    }
    assert_eq!(received(&alice).await.len(), 12);
}

async fn a_redelivery_makes_one_message(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.deliver(inbound(TO, &alice.e164, "hello"));
    world.until("it is stored", async || received(&alice).await.len() == 1).await;
    // The link breaks, so the carrier cannot know that we have it.
    smsc.cut();
    world.until("the link is lost", async || !world.is_up(carrier).await).await;
    world.until_bound(carrier).await;
    let token = smsc.deliver(inbound(TO, &alice.e164, "hello"));
    world.until_acknowledged(&smsc).await;
    assert!(smsc.answer_to(token).unwrap().is_ok(), "it must not come a third time");
    assert_eq!(bodies(&alice).await, ["hello"]);

    // After a restart of ours as well.
    world.crash();
    world.start_again().await;
    smsc.deliver(inbound(TO, &alice.e164, "hello"));
    world.until_acknowledged(&smsc).await;
    assert_eq!(bodies(&alice).await, ["hello"]);
}

async fn a_redelivered_part_makes_no_second_message(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let part = |part| part_of(inbound(TO, &alice.e164, &format!("part {part} ")), 9, 2, part);
    smsc.deliver(part(1));
    smsc.deliver(part(2));
    world.until_acknowledged(&smsc).await;
    smsc.cut();
    world.until("the link is lost", async || !world.is_up(carrier).await).await;
    world.until_bound(carrier).await;
    smsc.deliver(part(2));
    smsc.deliver(part(1));
    world.until_acknowledged(&smsc).await;
    world.leap(seconds(3_600));
    world.keep_house().await;
    assert_eq!(bodies(&alice).await, ["part 1 part 2 "]);
}

async fn saying_the_same_twice_makes_two_messages(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for _ in 0..2 {
        smsc.deliver(inbound(TO, &alice.e164, "yes"));
        world.until_acknowledged(&smsc).await;
    }
    assert_eq!(bodies(&alice).await, ["yes", "yes"]);
}

async fn an_incomplete_text_is_delivered_as_it_is_after_a_while(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.deliver(part_of(inbound(TO, &alice.e164, "the end"), 5, 3, 3));
    smsc.deliver(part_of(inbound(TO, &alice.e164, "the beginning, "), 5, 3, 1));
    world.until_acknowledged(&smsc).await;
    world.leap(seconds(599));
    world.keep_house().await;
    assert!(received(&alice).await.is_empty());
    world.leap(seconds(1));
    world.keep_house().await;
    let [message] = &received(&alice).await[..] else { panic!("one message") };
    assert_eq!((message.body.as_str(), message.segments), ("the beginning, the end", 2));
    assert!(message.detail.is_some(), "it is flagged");
    world.keep_house().await;
    assert_eq!(received(&alice).await.len(), 1);
}

async fn a_part_that_came_twice_does_not_complete_the_text(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for _ in 0..2 {
        smsc.deliver(part_of(inbound(TO, &alice.e164, "first, "), 5, 2, 1));
    }
    world.until_acknowledged(&smsc).await;
    assert!(received(&alice).await.is_empty());
    smsc.deliver(part_of(inbound(TO, &alice.e164, "second"), 5, 2, 2));
    world.until_acknowledged(&smsc).await;
    assert_eq!(bodies(&alice).await, ["first, second"]);
}

async fn two_long_texts_with_one_reference_do_not_mix(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let (alice, bob) = (world.account().create().await, world.account().create().await);
    for (from, to, mark) in [(TO, &alice, "a"), ("+447700900124", &alice, "b"), (TO, &bob, "c")] {
        smsc.deliver(part_of(inbound(from, &to.e164, &format!("{mark}2")), 5, 2, 2));
    }
    for (from, to, mark) in [(TO, &bob, "c"), ("+447700900124", &alice, "b"), (TO, &alice, "a")] {
        smsc.deliver(part_of(inbound(from, &to.e164, &format!("{mark}1 ")), 5, 2, 1));
    }
    world.until_acknowledged(&smsc).await;
    assert_eq!(bodies(&alice).await, ["b1 b2", "a1 a2"]);
    assert_eq!(bodies(&bob).await, ["c1 c2"]);
}

async fn a_text_for_nobody_is_taken_and_kept_apart(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let token = smsc.deliver(inbound(TO, "+442079469999", "is anybody there?"));
    world.until_acknowledged(&smsc).await;
    assert!(smsc.answer_to(token).unwrap().is_ok());
    let kept = world
        .read(|tx| {
            let sql = "SELECT body FROM inbound_unassigned";
            tx.query_one(sql, &[], |row| row.get::<String>(0))
        })
        .await;
    assert_eq!(kept.as_deref(), Some("is anybody there?"));
}
