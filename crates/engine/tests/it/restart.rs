//! The process dies, and another goes on where the database says that it was.

use std::collections::BTreeSet;

use domain::MessageStatus;
use engine::Idempotency;
use store::attempts::AttemptState;
use testkit::{Reply, Smsc, World, inbound, part_of, receipt};

use crate::{TO, seconds, sent, settle};

testkit::on_both_engines!(
    what_was_queued_leaves_after_a_restart,
    what_was_under_way_is_uncertain_after_a_restart,
    an_answer_that_nobody_stored_is_made_up_for_by_its_receipt,
    receipts_find_their_messages_after_a_restart,
    what_was_answered_is_there_after_a_crash_under_load,
    a_crash_in_each_step_loses_and_doubles_nothing,
    parts_of_an_inbound_text_survive_a_restart,
);

async fn what_was_queued_leaves_after_a_restart(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let mut messages = Vec::new();
    for index in 0..20 {
        messages.push(alice.send(TO, &format!("message {index}")).await);
    }
    world.crash();
    world.start_again().await;

    world.until_submitted(&smsc, 20).await;
    for message in messages {
        alice.becomes(message, MessageStatus::Sent).await;
    }
    assert_eq!(smsc.submits().len(), 20);
}

async fn what_was_under_way_is_uncertain_after_a_restart(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Hold);
    smsc.next(Reply::Hold);
    let message = alice.send(TO, "hello").await;
    let once = alice.send_at_most_once(TO, "only once").await;
    world.until_submitted(&smsc, 2).await;
    world.crash();
    world.start_again().await;

    assert_eq!(alice.attempts(message).await[0].state, AttemptState::Uncertain);
    world.pass(seconds(110)).await;
    assert_eq!(world.dispatch().await, 0);
    world.pass(seconds(20)).await;
    world.until_submitted(&smsc, 3).await;
    alice.becomes(message, MessageStatus::Sent).await;
    let copies = smsc.submits();
    assert_eq!(copies[0].user_reference, copies[2].user_reference);
    assert_eq!(alice.status(once).await, MessageStatus::Sending);
    world.pass(seconds(200)).await;
    assert_eq!(world.dispatch().await, 0);
}

async fn an_answer_that_nobody_stored_is_made_up_for_by_its_receipt(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let message = alice.send(TO, "hello").await;
    // The answer reaches the process, which dies before it stores it.
    while smsc.submits().is_empty() {
        world.dispatch().await;
        tokio::task::yield_now().await;
    }
    world.crash();
    world.start_again().await;

    let submit = smsc.submits().remove(0);
    let mut receipt = receipt(&submit, "DELIVRD");
    let mark = u16::try_from(submit.user_reference.unwrap()).unwrap();
    receipt.tlvs.push_u16(smpp::tlv::tag::USER_MESSAGE_REFERENCE, mark);
    smsc.deliver(receipt);
    alice.becomes(message, MessageStatus::Delivered).await;
    world.pass(seconds(300)).await;
    assert_eq!(world.dispatch().await, 0);
    assert_eq!(smsc.submits().len(), 1);
}

async fn receipts_find_their_messages_after_a_restart(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let (message, submit) = sent(world, &smsc, &alice, "hello").await;
    world.crash();
    world.start_again().await;
    smsc.deliver(receipt(&submit, "DELIVRD"));
    alice.becomes(message, MessageStatus::Delivered).await;
}

async fn what_was_answered_is_there_after_a_crash_under_load(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 100).create().await;
    let alice = world.account().create().await;
    for round in 0..10_u64 {
        let senders: Vec<_> = (0..60)
            .map(|sender| {
                let alice = alice.clone();
                tokio::spawn(async move {
                    let text = format!("{round} {sender}");
                    let key = Idempotency::new(&text, "/sms/send", text.as_bytes());
                    let send = alice.message(TO, &text);
                    let answer = alice.ask_while_alive(send, Some(key)).await?;
                    Some(answer.unwrap().items[0].as_ref().unwrap().id)
                })
            })
            .collect();
        // Sooner or later in the commits and submits of this round.
        for _ in 0..round * 2 {
            world.dispatch().await;
        }
        world.crash();
        let mut answered = BTreeSet::new();
        for sender in senders {
            answered.extend(sender.await.unwrap());
        }
        world.start_again().await;
        let stored: BTreeSet<_> =
            alice.messages().await.into_iter().map(|message| message.id).collect();
        assert!(answered.is_subset(&stored), "answered and lost");
        world.assert_audit_clean().await;
        // Who got no answer asks again, under the same key.
        for sender in 0..60 {
            let text = format!("{round} {sender}");
            let key = Idempotency::new(&text, "/sms/send", text.as_bytes());
            alice.ask(alice.message(TO, &text), Some(key)).await.unwrap();
        }
        let rounds = usize::try_from(round + 1).unwrap();
        assert_eq!(alice.messages().await.len(), 60 * rounds, "one message for each key");
    }
    settle(world, &smsc, &alice).await;
}

async fn a_crash_in_each_step_loses_and_doubles_nothing(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for step in 0..12 {
        for index in 0..5 {
            alice.send(TO, &format!("{step} {index}")).await;
        }
        smsc.next(if step % 2 == 0 { Reply::Hold } else { Reply::Accept });
        smsc.next(Reply::Refuse(smpp::CommandStatus::ME_RTHROTTLED));
        for _ in 0..step / 2 {
            world.dispatch().await;
            if step % 3 == 0 {
                world.record().await;
            }
        }
        if step % 4 == 3 {
            smsc.cut();
        }
        world.crash();
        world.start_again().await;
        world.assert_audit_clean().await;
    }
    settle(world, &smsc, &alice).await;
    assert_eq!(alice.messages().await.len(), 60);
}

async fn parts_of_an_inbound_text_survive_a_restart(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.deliver(part_of(inbound(TO, &alice.e164, "world"), 7, 2, 2));
    world.until_acknowledged(&smsc).await;
    world.crash();
    world.start_again().await;
    smsc.deliver(part_of(inbound(TO, &alice.e164, "hello "), 7, 2, 1));
    world.until_acknowledged(&smsc).await;
    assert_eq!(alice.messages().await[0].body, "hello world");
}
