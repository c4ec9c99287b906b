//! From the queue to the carrier.

use domain::{FailureCode, MessageStatus, Micros};
use smpp::CommandStatus;
use testkit::{Reply, SEGMENT, Smsc, World, cents};

use crate::{TO, seconds, sent};

testkit::on_both_engines!(
    a_refused_message_gives_its_money_back,
    a_permanent_refusal_is_told_in_our_own_words,
    an_accepted_message_is_paid_for,
    messages_leave_in_the_order_in_which_they_came,
    throttling_pauses_the_whole_connection_and_keeps_the_order,
    throttling_halves_the_rate_which_comes_back_slowly,
    a_temporary_refusal_is_tried_again_after_each_pause_and_ten_times_at_most,
    the_next_carrier_takes_what_the_first_refuses_for_now,
    another_carrier_takes_what_waits_for_one_that_is_down,
    what_no_carrier_takes_in_a_day_fails_and_costs_nothing,
    what_was_refused_for_now_fails_after_a_day_too,
    what_is_too_old_holds_up_nothing,
    parts_that_wait_for_a_slot_go_back_when_the_link_is_lost,
    parts_that_were_accepted_are_paid_for_and_the_others_are_not,
    a_long_message_arrives_whole_however_it_is_marked,
    more_parts_than_the_window_leave_in_turns,
    a_simulated_number_never_leaves_the_simulator,
    validity_and_a_receipt_are_asked_for,
);

async fn a_refused_message_gives_its_money_back(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().balance(cents(10)).create().await;
    smsc.next(Reply::Refuse(CommandStatus::ME_RINVSRCADR));

    let message = alice.send(TO, "hello").await;
    world.dispatch().await;

    alice.becomes(message, MessageStatus::Failed).await;
    assert_eq!(alice.available().await, cents(10));
    assert!(alice.held().await.is_zero());
}

async fn a_permanent_refusal_is_told_in_our_own_words(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    for (status, failure) in [
        (0x0A, FailureCode::SenderNotAllowed),
        (0x0B, FailureCode::InvalidDestination),
        (0x01, FailureCode::RejectedByCarrier),
        (0x0C, FailureCode::RejectedByCarrier),
        (0x61, FailureCode::RejectedByCarrier),
    ] {
        smsc.next(Reply::Refuse(CommandStatus(status)));
        let message = alice.send(TO, &format!("{status:#x}")).await;
        world.dispatch().await;
        alice.becomes(message, MessageStatus::Failed).await;
        assert_eq!(alice.find(message).await.failure, Some(failure), "{status:#x}");
    }
    assert_eq!(alice.available().await, cents(1_000));
    assert_eq!(smsc.submits().len(), 5, "none is tried twice");
}

async fn an_accepted_message_is_paid_for(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().balance(cents(10)).create().await;
    let (message, submit) = sent(world, &smsc, &alice, "hello { € }").await;

    assert_eq!(submit.text, "hello { € }");
    assert_eq!(format!("+{}", submit.sender), alice.e164);
    assert_eq!(alice.available().await, cents(10).checked_sub(SEGMENT).unwrap());
    assert!(alice.held().await.is_zero());
    use MessageStatus::{Queued, Sending, Sent};
    assert_eq!(alice.history(message).await, [Queued, Sending, Sent]);
}

async fn messages_leave_in_the_order_in_which_they_came(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 7).create().await;
    let alice = world.account().create().await;
    let texts: Vec<String> = (0..100).map(|index| format!("message {index}")).collect();
    for text in &texts {
        alice.send(TO, text).await;
    }

    world.until_submitted(&smsc, texts.len()).await;
    let arrived: Vec<String> = smsc.submits().into_iter().map(|submit| submit.text).collect();
    assert_eq!(arrived, texts);
}

async fn throttling_pauses_the_whole_connection_and_keeps_the_order(world: &World) {
    for status in [CommandStatus::ME_RTHROTTLED, CommandStatus::ME_RMSGQFUL] {
        let smsc = Smsc::start().await;
        let carrier = world.carrier(&smsc).set("window", 1).create().await;
        let alice = world.account().through(carrier).create().await;
        smsc.next(Reply::Accept);
        smsc.next(Reply::Refuse(status));
        let mut messages = Vec::new();
        for index in 0..5 {
            messages.push(alice.send(TO, &format!("{status} {index}")).await);
        }
        world.until_submitted(&smsc, 2).await;
        alice.becomes(messages[1], MessageStatus::Queued).await;

        assert_eq!(world.dispatch().await, 0, "the connection pauses");
        world.pass(seconds(1)).await;
        world
            .until("everything leaves", async || {
                world.dispatch().await;
                // Half the rate of a slow link is slow.
                world.pass(std::time::Duration::from_millis(100)).await;
                smsc.submits().len() == 6
            })
            .await;
        for message in &messages {
            alice.becomes(*message, MessageStatus::Sent).await;
            assert_eq!(alice.find(*message).await.refusals, 0, "no try is consumed");
        }
        let order: Vec<String> = smsc.submits().into_iter().map(|submit| submit.text).collect();
        let expected: Vec<String> =
            [0, 1, 1, 2, 3, 4].iter().map(|index| format!("{status} {index}")).collect();
        assert_eq!(order, expected);
    }
}

async fn throttling_halves_the_rate_which_comes_back_slowly(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).set("max_tps", 100).create().await;
    let alice = world.account().create().await;
    let rate =
        async || world.run(move |engine| async move { engine.link(carrier).unwrap().rate }).await;
    assert_eq!(rate().await, 100);
    for _ in 0..3 {
        smsc.next(Reply::Hold);
        alice.send(TO, "a storm counts once").await;
    }
    world
        .until("all are under way", async || {
            world.dispatch().await;
            world.pass(std::time::Duration::from_millis(20)).await;
            smsc.submits().len() == 3
        })
        .await;
    smsc.refuse_held(CommandStatus::ME_RTHROTTLED);
    world.until("the rate is halved", async || rate().await == 50).await;

    let mut last = 50;
    while last < 100 {
        world.pass(seconds(6)).await;
        let before = smsc.submits().iter().filter(|submit| submit.taken.is_some()).count();
        alice.send(TO, "one more").await;
        world
            .until("one more was taken", async || {
                world.dispatch().await;
                world.pass(std::time::Duration::from_millis(20)).await;
                smsc.submits().iter().filter(|submit| submit.taken.is_some()).count() > before
            })
            .await;
        world.until("the rate rises", async || rate().await > last).await;
        let now = rate().await;
        assert!(now <= last + last / 4, "a quarter at a time: {last} to {now}");
        last = now;
    }
}

async fn a_temporary_refusal_is_tried_again_after_each_pause_and_ten_times_at_most(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.always(Reply::Refuse(CommandStatus::ME_RSYSERR));
    let message = alice.send(TO, "hello").await;
    world.until_submitted(&smsc, 1).await;

    let pauses = [5, 30, 120, 600, 1_800, 3_600, 3_600, 3_600, 3_600, 3_600];
    for (index, pause) in pauses.into_iter().enumerate() {
        alice.becomes(message, MessageStatus::Queued).await;
        world.leap(seconds(pause - 1));
        assert_eq!(world.dispatch().await, 0, "pause {index} is not over");
        world.leap(seconds(1));
        world.until_submitted(&smsc, index + 2).await;
    }
    alice.becomes(message, MessageStatus::Failed).await;
    assert_eq!(alice.find(message).await.failure, Some(FailureCode::CarrierUnavailable));
    assert_eq!(alice.available().await, cents(1_000));
}

async fn the_next_carrier_takes_what_the_first_refuses_for_now(world: &World) {
    let (first, second) = (Smsc::start().await, Smsc::start().await);
    world.carrier(&first).priority(1).create().await;
    let other = world.carrier(&second).priority(2).create().await;
    let alice = world.account().create().await;
    first.always(Reply::Refuse(CommandStatus::ME_RSYSERR));
    let message = alice.send(TO, "hello").await;

    world.until_submitted(&first, 1).await;
    world.until_submitted(&second, 1).await;
    alice.becomes(message, MessageStatus::Sent).await;
    assert_eq!(alice.find(message).await.carrier, Some(other));
}

async fn another_carrier_takes_what_waits_for_one_that_is_down(world: &World) {
    let (first, second) = (Smsc::start().await, Smsc::start().await);
    let down = world.carrier(&first).priority(1).set("window", 1).create().await;
    world.carrier(&second).priority(2).create().await;
    let alice = world.account().create().await;
    first.always(Reply::Hold);
    let mut messages = Vec::new();
    for index in 0..5 {
        messages.push(alice.send(TO, &format!("message {index}")).await);
    }
    world.until_submitted(&first, 1).await;
    first.refuse_binds(Some(CommandStatus::ME_RSYSERR));
    first.cut();
    world.until("the carrier is down", async || !world.is_up(down).await).await;
    world.record().await;

    assert_eq!(world.detour().await, 4, "one may have been taken");
    world.until_submitted(&second, 4).await;
    let late = alice.send(TO, "a new one").await;
    world.until_submitted(&second, 5).await;
    for message in messages.into_iter().skip(1).chain([late]) {
        alice.becomes(message, MessageStatus::Sent).await;
    }
}

async fn what_no_carrier_takes_in_a_day_fails_and_costs_nothing(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.refuse_binds(Some(CommandStatus::ME_RSYSERR));
    smsc.cut();
    world.until("the carrier is down", async || !world.is_up(carrier).await).await;
    let message = alice.send(TO, "hello").await;

    world.leap(seconds(24 * 3_600 - 1));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Queued);
    world.leap(seconds(1));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Failed);
    assert_eq!(alice.find(message).await.failure, Some(FailureCode::CarrierUnavailable));
    assert_eq!(alice.available().await, cents(1_000));
    assert!(smsc.submits().is_empty());
}

async fn what_was_refused_for_now_fails_after_a_day_too(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let message = alice.send(TO, "hello").await;
    world.leap(seconds(24 * 3_600 - 2));
    smsc.next(Reply::Refuse(CommandStatus::ME_RX_T_APPN));
    world.dispatch().await;
    alice.becomes(message, MessageStatus::Queued).await;
    assert!(alice.find(message).await.not_before > world.now().plus(seconds(2)));
    smsc.refuse_binds(Some(CommandStatus::ME_RSYSERR));
    smsc.cut();
    world.until("the carrier is down", async || !world.is_up(carrier).await).await;

    world.leap(seconds(1));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Queued);
    world.leap(seconds(1));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Failed);
    assert_eq!(alice.available().await, cents(1_000));
}

async fn what_is_too_old_holds_up_nothing(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 1).create().await;
    let alice = world.account().create().await;
    let old = alice.send(TO, "too old").await;
    world.leap(seconds(24 * 3_600));
    let new = alice.send(TO, "new").await;

    world.dispatch().await;
    alice.becomes(new, MessageStatus::Sent).await;
    assert_eq!(alice.status(old).await, MessageStatus::Queued);
    world.keep_house().await;
    assert_eq!(alice.status(old).await, MessageStatus::Failed);
    assert_eq!(smsc.submits().len(), 1);
}

async fn parts_that_wait_for_a_slot_go_back_when_the_link_is_lost(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).set("window", 1).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Ignore);
    let message = alice.send(TO, &"x".repeat(400)).await;
    world.until_submitted(&smsc, 1).await;
    smsc.refuse_binds(Some(CommandStatus::ME_RSYSERR));
    smsc.cut();
    world.until("the carrier is down", async || !world.is_up(carrier).await).await;
    world.record().await;
    let states: Vec<_> =
        alice.attempts(message).await.into_iter().map(|attempt| attempt.state).collect();
    use store::attempts::AttemptState::{Deferred, Uncertain};
    assert_eq!(states, [Uncertain, Deferred, Deferred]);

    world.leap(seconds(26 * 3_600));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Failed);
    smsc.refuse_binds(None);
    world.until_bound(carrier).await;
    assert_eq!(world.dispatch().await, 0);
    assert_eq!(smsc.submits().len(), 1, "what has failed is not sent any more");
    assert_eq!(alice.available().await, cents(1_000));
}

async fn parts_that_were_accepted_are_paid_for_and_the_others_are_not(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Accept);
    smsc.next(Reply::Refuse(CommandStatus::ME_RINVDSTADR));
    let message = alice.send(TO, &"x".repeat(400)).await;
    world.until_submitted(&smsc, 3).await;

    alice.becomes(message, MessageStatus::Failed).await;
    let paid = SEGMENT.checked_mul(2).unwrap();
    assert_eq!(alice.available().await, cents(1_000).checked_sub(paid).unwrap());
}

async fn a_long_message_arrives_whole_however_it_is_marked(world: &World) {
    let gsm7 = "0123456789 [€] ".repeat(40);
    let ucs2 = "Grüße – 😀 ".repeat(20);
    for mode in ["udh", "sar", "payload"] {
        let smsc = Smsc::start().await;
        let carrier =
            world.carrier(&smsc).set("concatenation", mode).set("window", 50).create().await;
        let alice = world.account().through(carrier).create().await;
        for text in [&gsm7, &ucs2] {
            let before = smsc.submits().len();
            let message = alice.send(TO, text).await;
            let segments = alice.find(message).await.segments;
            assert!(segments > 3);
            let submits = if mode == "payload" { 1 } else { usize::try_from(segments).unwrap() };
            world.until_submitted(&smsc, before + submits).await;
            alice.becomes(message, MessageStatus::Sent).await;

            let arrived = smsc.submits().split_off(before);
            assert_eq!(arrived.len(), submits);
            let whole: String = arrived.iter().map(|submit| submit.text.as_str()).collect();
            assert_eq!(&whole, text, "{mode}");
            for (index, submit) in arrived.iter().enumerate().filter(|_| mode != "payload") {
                let part = submit.part.unwrap();
                assert_eq!(usize::from(part.part), index + 1);
                assert_eq!(i64::from(part.total), segments);
                assert_eq!(part.reference, arrived[0].part.unwrap().reference);
            }
            let price = Micros::new(SEGMENT.get() * segments);
            assert_eq!(alice.find(message).await.price, price);
        }
        assert!(alice.held().await.is_zero());
    }
}

async fn more_parts_than_the_window_leave_in_turns(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 2).create().await;
    let alice = world.account().create().await;
    let text = "a long message ".repeat(100);
    let (message, _) = sent(world, &smsc, &alice, &text).await;
    let (short, _) = sent(world, &smsc, &alice, "a short one").await;

    let whole: String = smsc.submits().iter().map(|submit| submit.text.as_str()).collect();
    assert_eq!(whole, format!("{text}a short one"));
    assert_eq!(alice.status(message).await, MessageStatus::Sent);
    assert_eq!(alice.status(short).await, MessageStatus::Sent);
}

async fn a_simulated_number_never_leaves_the_simulator(world: &World) {
    let smsc = Smsc::start().await;
    let real = world.carrier(&smsc).priority(1).create().await;
    let simulator = world.simulator().priority(2).create().await;
    let demo = world.account().simulated().through(real).create().await;
    let message = demo.send(TO, "hello").await;
    assert_eq!(demo.find(message).await.carrier, Some(simulator));
    world
        .until("it is delivered", async || {
            world.dispatch().await;
            world.pass(std::time::Duration::from_millis(100)).await;
            world.tick().await;
            demo.status(message).await == MessageStatus::Delivered
        })
        .await;
    assert!(smsc.submits().is_empty());
}

async fn validity_and_a_receipt_are_asked_for(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Refuse(CommandStatus::ME_RSYSERR));
    let message = alice.send(TO, "hello").await;
    world.until_submitted(&smsc, 1).await;
    alice.becomes(message, MessageStatus::Queued).await;
    world.leap(seconds(3_600));
    world.until_submitted(&smsc, 2).await;

    let periods: Vec<String> =
        smsc.submits().iter().map(|submit| submit.validity_period.clone()).collect();
    assert_eq!(periods, ["000001000000000R", "000000230000000R"], "what is left of it");
    assert!(smsc.submits().iter().all(|submit| submit.registered_delivery == 1));
    alice.becomes(message, MessageStatus::Sent).await;
}
