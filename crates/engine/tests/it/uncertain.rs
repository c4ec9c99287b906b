//! Submits without an answer: at most two copies, one charge.

use domain::{FailureCode, MessageStatus};
use smpp::{CommandStatus, tlv::tag};
use store::attempts::AttemptState;
use testkit::{Reply, SEGMENT, Smsc, World, cents, receipt_of};

use crate::{TO, seconds};

testkit::on_both_engines!(
    an_unanswered_message_is_sent_once_more_and_then_waited_for,
    at_most_once_is_never_sent_again,
    many_unanswered_messages_are_sent_again_as_fast_as_the_window_lets_them,
    a_late_answer_counts_whenever_it_comes,
    a_late_refusal_counts,
    a_receipt_is_evidence_too,
    only_the_parts_without_an_answer_are_sent_again,
    a_long_message_in_one_piece_is_sent_again_in_one_piece,
    evidence_after_the_end_changes_nothing,
    a_slow_reader_gets_no_second_copy,
    an_answer_that_meets_the_resend_leaves_each_part_one_fate,
);

/// Sends one message, and waits until its answer is overdue.
async fn unanswered(world: &World, smsc: &Smsc) {
    world.until_submitted(smsc, 1).await;
    world.pass(seconds(31)).await;
}

async fn an_unanswered_message_is_sent_once_more_and_then_waited_for(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.always(Reply::Ignore);
    let message = alice.send(TO, "hello").await;
    unanswered(world, &smsc).await;
    world
        .until("it is uncertain", async || {
            alice.attempts(message).await[0].state == AttemptState::Uncertain
        })
        .await;

    world.pass(seconds(118)).await;
    assert_eq!(world.dispatch().await, 0, "evidence is awaited for two minutes");
    world.pass(seconds(3)).await;
    world.until_submitted(&smsc, 2).await;
    let [first, second] = &smsc.submits()[..] else { panic!("two copies") };
    assert_eq!(first.user_reference, second.user_reference);
    assert_eq!((&first.octets, first.part), (&second.octets, second.part));

    world.pass(seconds(31)).await;
    for _ in 0..12 {
        world.record().await;
        world.leap(seconds(2 * 3_600));
        world.keep_house().await;
        assert_eq!(world.dispatch().await, 0, "there is no third copy");
        assert_eq!(alice.status(message).await, MessageStatus::Sending);
        assert_eq!(alice.held().await, SEGMENT);
    }
    world.leap(seconds(3_600));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Failed);
    assert_eq!(alice.find(message).await.failure, Some(FailureCode::Unconfirmed));
    assert_eq!(alice.available().await, cents(1_000));
    assert_eq!(smsc.submits().len(), 2);
}

async fn many_unanswered_messages_are_sent_again_as_fast_as_the_window_lets_them(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 2).create().await;
    let alice = world.account().create().await;
    smsc.always(Reply::Ignore);
    let mut messages = Vec::new();
    for _ in 0..6 {
        messages.push(alice.send(TO, "hello").await);
    }
    for submitted in [2, 4, 6] {
        world.until_submitted(&smsc, submitted).await;
        world.pass(seconds(31)).await;
    }
    for message in &messages {
        let uncertain = async || alice.attempts(*message).await[0].state == AttemptState::Uncertain;
        world.until("each is uncertain", uncertain).await;
    }
    smsc.always(Reply::Accept);
    world.pass(seconds(121)).await;
    // No time passes from here on.
    world.until_submitted(&smsc, 12).await;
    for message in messages {
        alice.becomes(message, MessageStatus::Sent).await;
    }
    world.assert_all_is_well().await;
}

async fn at_most_once_is_never_sent_again(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Ignore);
    let message = alice.send_at_most_once(TO, "hello").await;
    unanswered(world, &smsc).await;
    smsc.cut();
    world.until("the link is lost", async || !world.is_up(carrier).await).await;
    world.until_bound(carrier).await;
    for _ in 0..24 {
        world.leap(seconds(3_600));
        world.keep_house().await;
        assert_eq!(world.dispatch().await, 0);
    }
    assert_eq!(alice.status(message).await, MessageStatus::Sending);
    world.leap(seconds(3_700));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Failed);
    assert_eq!(alice.available().await, cents(1_000));
    assert_eq!(smsc.submits().len(), 1);
}

async fn a_late_answer_counts_whenever_it_comes(world: &World) {
    for (late, copies) in [(31, 1), (60, 1), (120, 1), (145, 1), (155, 2), (200, 2), (300, 2)] {
        let smsc = Smsc::start().await;
        let carrier = world.carrier(&smsc).create().await;
        let alice = world.account().through(carrier).create().await;
        smsc.always(Reply::Hold);
        let message = alice.send(TO, &format!("answered after {late} s")).await;
        world.until_submitted(&smsc, 1).await;
        // The wire's time first, then the clock's looks at it.
        world.pass(seconds(31)).await;
        world
            .until("it is uncertain", async || {
                alice.attempts(message).await[0].state == AttemptState::Uncertain
            })
            .await;
        if copies == 2 {
            world.pass(seconds(121)).await;
            world.until_submitted(&smsc, 2).await;
            world.pass(seconds(late - 152)).await;
        } else {
            world.pass(seconds(late - 31)).await;
            world.dispatch().await;
        }
        smsc.answer_held();
        alice.becomes(message, MessageStatus::Sent).await;
        world.pass(seconds(200)).await;
        assert_eq!(world.dispatch().await, 0);
        assert_eq!(smsc.submits().len(), copies, "answered after {late} s");
        assert_eq!(alice.available().await, cents(1_000).checked_sub(SEGMENT).unwrap());
    }
}

async fn a_late_refusal_counts(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Hold);
    let message = alice.send(TO, "hello").await;
    unanswered(world, &smsc).await;
    world.record().await;
    smsc.refuse_held(CommandStatus::ME_RINVDSTADR);

    alice.becomes(message, MessageStatus::Failed).await;
    assert_eq!(alice.available().await, cents(1_000));
    world.pass(seconds(200)).await;
    assert_eq!(world.dispatch().await, 0);
}

async fn a_receipt_is_evidence_too(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::AcceptAndDrop);
    let message = alice.send(TO, "hello").await;
    world.until_submitted(&smsc, 1).await;
    world.until("the link is lost", async || !world.is_up(carrier).await).await;
    world.until_bound(carrier).await;

    // Its id means nothing to us, for the answer was lost; our own mark does.
    let submit = smsc.submits().remove(0);
    let mut receipt = receipt_of(submit.id(), &submit.recipient, "DELIVRD");
    let mark = u16::try_from(submit.user_reference.unwrap()).unwrap();
    receipt.tlvs.push_u16(tag::USER_MESSAGE_REFERENCE, mark);
    smsc.deliver(receipt);
    alice.becomes(message, MessageStatus::Delivered).await;
    use MessageStatus::{Delivered, Queued, Sending, Sent};
    assert_eq!(alice.history(message).await, [Queued, Sending, Sent, Delivered]);
    world.pass(seconds(200)).await;
    assert_eq!(world.dispatch().await, 0, "it needs no second copy");
    assert_eq!(alice.available().await, cents(1_000).checked_sub(SEGMENT).unwrap());
}

async fn only_the_parts_without_an_answer_are_sent_again(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for reply in [Reply::Accept, Reply::Ignore, Reply::Accept, Reply::Ignore] {
        smsc.next(reply);
    }
    let message = alice.send(TO, &"x".repeat(600)).await;
    world.until_submitted(&smsc, 4).await;
    world.pass(seconds(31)).await;
    world
        .until("two are uncertain", async || {
            let attempts = alice.attempts(message).await;
            attempts.iter().filter(|tried| tried.state == AttemptState::Uncertain).count() == 2
        })
        .await;
    world.pass(seconds(121)).await;
    world.until_submitted(&smsc, 6).await;

    alice.becomes(message, MessageStatus::Sent).await;
    let mut again: Vec<u8> =
        smsc.submits()[4..].iter().map(|submit| submit.part.unwrap().part).collect();
    again.sort_unstable();
    assert_eq!(again, [2, 4]);
    let paid = SEGMENT.checked_mul(4).unwrap();
    assert_eq!(alice.available().await, cents(1_000).checked_sub(paid).unwrap());
}

async fn a_long_message_in_one_piece_is_sent_again_in_one_piece(world: &World) {
    for window in [1, 2, 10] {
        let smsc = Smsc::start().await;
        let carrier = world
            .carrier(&smsc)
            .set("concatenation", "payload")
            .set("window", window)
            .create()
            .await;
        let alice = world.account().through(carrier).create().await;
        smsc.next(Reply::Ignore);
        let text = format!("window {window} {}", "x".repeat(700));
        let message = alice.send(TO, &text).await;
        unanswered(world, &smsc).await;
        world
            .until("it is uncertain", async || {
                alice.attempts(message).await[0].state == AttemptState::Uncertain
            })
            .await;
        world.pass(seconds(121)).await;
        world.until_submitted(&smsc, 2).await;

        alice.becomes(message, MessageStatus::Sent).await;
        world.pass(seconds(200)).await;
        assert_eq!(world.dispatch().await, 0);
        let texts: Vec<String> = smsc.submits().into_iter().map(|submit| submit.text).collect();
        assert_eq!(texts, [text.clone(), text]);
    }
}

async fn evidence_after_the_end_changes_nothing(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.always(Reply::Hold);
    let message = alice.send_at_most_once(TO, "hello").await;
    unanswered(world, &smsc).await;
    world.record().await;
    world.leap(seconds(26 * 3_600));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Failed);

    let submit = smsc.submits().remove(0);
    smsc.answer_held();
    smsc.deliver(testkit::receipt(&submit, "DELIVRD"));
    world.until_acknowledged(&smsc).await;
    assert_eq!(alice.status(message).await, MessageStatus::Failed, "the first end wins");
    assert_eq!(alice.available().await, cents(1_000), "and it stays free");
}

async fn a_slow_reader_gets_no_second_copy(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 50).create().await;
    let alice = world.account().create().await;
    smsc.stall(true);
    let mut messages = Vec::new();
    for index in 0..50 {
        messages.push(alice.send(TO, &format!("message {index}")).await);
    }
    world
        .until("all are handed over", async || {
            world.dispatch().await;
            alice.status(messages[49]).await == MessageStatus::Sending
        })
        .await;
    world.pass(seconds(100)).await;
    world.record().await;
    assert!(smsc.submits().is_empty());
    smsc.stall(false);
    for message in &messages {
        alice.becomes(*message, MessageStatus::Sent).await;
    }
    world.pass(seconds(100)).await;
    assert_eq!(world.dispatch().await, 0);
    assert_eq!(smsc.submits().len(), 50);
}

async fn an_answer_that_meets_the_resend_leaves_each_part_one_fate(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 100).create().await;
    let alice = world.account().create().await;
    for round in 0..5 {
        smsc.always(Reply::Hold);
        let before = smsc.submits().len();
        for index in 0..40 {
            alice.send(TO, &format!("{round} {index}")).await;
        }
        world.until_submitted(&smsc, before + 40).await;
        world.pass(seconds(31)).await;
        world
            .until("all are uncertain", async || {
                let newest = alice.messages().await[0].id;
                alice.attempts(newest).await[0].state == AttemptState::Uncertain
            })
            .await;
        world.pass(seconds(121)).await;
        smsc.always(Reply::Accept);
        smsc.answer_held();
        for _ in 0..5 {
            tokio::join!(world.dispatch(), world.record());
        }
        world
            .until("all are sent", async || {
                alice.messages().await.iter().all(|message| message.status == MessageStatus::Sent)
            })
            .await;
    }
}
