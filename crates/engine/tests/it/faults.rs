//! Carriers that drop, delay, throttle, lie and talk nonsense.

use std::time::Duration;

use domain::MessageStatus;
use smpp::CommandStatus;
use testkit::{Reply, Smsc, World, receipt};

use crate::{TO, seconds, settle};

testkit::on_both_engines!(
    two_hundred_lost_links_lose_and_double_nothing,
    what_was_never_written_leaves_again_at_once,
    a_storm_of_throttling_ends_with_everything_sent,
    a_silent_peer_is_given_up_and_its_messages_are_uncertain,
    nonsense_on_the_wire_costs_the_link_at_most,
    wrong_credentials_leave_the_queue_alone,
);

async fn two_hundred_lost_links_lose_and_double_nothing(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).set("window", 4).create().await;
    let alice = world.account().create().await;
    for round in 0..200 {
        for _ in 0..round % 3 {
            smsc.next(if round % 5 == 0 { Reply::Hold } else { Reply::Accept });
        }
        smsc.next(if round % 2 == 0 { Reply::Drop } else { Reply::AcceptAndDrop });
        for index in 0..2 {
            alice.send(TO, &format!("{round} {index}")).await;
        }
        world
            .until("the link is lost", async || {
                world.dispatch().await;
                world.pass(Duration::from_millis(200)).await;
                smsc.binds() > round && !world.is_up(carrier).await || smsc.binds() > round + 1
            })
            .await;
        world.until_bound(carrier).await;
    }
    settle(world, &smsc, &alice).await;
    assert_eq!(alice.messages().await.len(), 400);
}

async fn what_was_never_written_leaves_again_at_once(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).set("max_tps", 1).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Hold);
    let written = alice.send(TO, "written").await;
    let waiting = alice.send(TO, "not written").await;
    world.until_submitted(&smsc, 1).await;
    assert_eq!(alice.status(waiting).await, MessageStatus::Sending);
    smsc.cut();
    alice.becomes(waiting, MessageStatus::Queued).await;
    assert_eq!(alice.status(written).await, MessageStatus::Sending);

    world.until_bound(carrier).await;
    world.until_submitted(&smsc, 2).await;
    alice.becomes(waiting, MessageStatus::Sent).await;
    assert_eq!(smsc.submits()[1].text, "not written");
}

async fn a_storm_of_throttling_ends_with_everything_sent(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 20).create().await;
    let alice = world.account().create().await;
    for index in 0..60 {
        alice.send(TO, &format!("message {index}")).await;
    }
    for index in 0..100 {
        smsc.next(match index % 3 {
            0 => Reply::Accept,
            1 => Reply::Refuse(CommandStatus::ME_RTHROTTLED),
            _ => Reply::Refuse(CommandStatus::ME_RMSGQFUL),
        });
    }
    settle(world, &smsc, &alice).await;
    assert!(alice.messages().await.iter().all(|message| message.refusals == 0));
}

async fn a_silent_peer_is_given_up_and_its_messages_are_uncertain(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).set("enquire_link_seconds", 5).create().await;
    let alice = world.account().create().await;
    smsc.stall(true);
    let message = alice.send(TO, "hello").await;
    world
        .until("it is handed over", async || {
            world.dispatch().await;
            alice.status(message).await == MessageStatus::Sending
        })
        .await;
    world
        .until("the peer is given up", async || {
            world.pass(seconds(1)).await;
            !world.is_up(carrier).await
        })
        .await;
    smsc.cut();
    world.until_bound(carrier).await;
    settle(world, &smsc, &alice).await;
}

async fn nonsense_on_the_wire_costs_the_link_at_most(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let nonsense: [&[u8]; 6] = [
        // An unknown operation, an answer to nothing, a deliver_sm that ends too soon.
        &[0, 0, 0, 16, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0, 1],
        &[0, 0, 0, 17, 0x80, 0, 0, 4, 0, 0, 0, 0, 0x7F, 0, 0, 1, 0],
        &[0, 0, 0, 18, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 1, 1],
        // Lengths that nobody can follow, and plain text.
        &[0, 0, 0, 15, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9],
        &[0xFF; 64],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ];
    for (index, octets) in nonsense.into_iter().enumerate() {
        smsc.next(Reply::Hold);
        let message = alice.send(TO, &format!("before {index}")).await;
        let count = smsc.submits().len();
        world.until_submitted(&smsc, count + 1).await;
        let binds = smsc.binds();
        smsc.pollute(octets);
        if index >= 3 {
            world
                .until("the link ends", async || {
                    world.pass(Duration::from_millis(50)).await;
                    smsc.binds() > binds
                })
                .await;
            world.until_bound(carrier).await;
            continue;
        }
        smsc.answer_held();
        alice.becomes(message, MessageStatus::Sent).await;
        smsc.deliver(receipt(&smsc.submits()[count], "DELIVRD"));
        alice.becomes(message, MessageStatus::Delivered).await;
        assert_eq!(smsc.binds(), binds, "the link lives on");
    }
    world
        .until("every message is sent", async || {
            world.dispatch().await;
            world.pass(seconds(2)).await;
            alice.messages().await.iter().all(|message| message.sent_at.is_some())
        })
        .await;
}

async fn wrong_credentials_leave_the_queue_alone(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.refuse_binds(Some(CommandStatus::ME_RINVPASWD));
    smsc.cut();
    world.until("the link is lost", async || !world.is_up(carrier).await).await;
    let message = alice.send(TO, "hello").await;
    world.pass(seconds(60)).await;
    assert_eq!(world.dispatch().await, 0);
    assert_eq!(alice.status(message).await, MessageStatus::Queued);
    smsc.refuse_binds(None);
    world
        .until("the carrier is bound again", async || {
            world.pass(seconds(30)).await;
            world.is_up(carrier).await
        })
        .await;
    world.until_submitted(&smsc, 1).await;
    alice.becomes(message, MessageStatus::Sent).await;
}
