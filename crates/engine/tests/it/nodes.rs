//! Two processes on one database.

use std::collections::BTreeSet;

use domain::{MessageId, MessageStatus};
use engine::{AcceptError, Refusal};
use testkit::{Account, SEGMENT, Smsc, World, idempotency, inbound, part_of};

use crate::{TO, seconds};

testkit::on_several_nodes!(
    two_nodes_accept_no_more_than_the_balance_pays_for,
    two_nodes_accept_no_more_than_a_daily_cap,
    one_key_on_two_nodes_makes_one_message,
    two_nodes_admit_no_more_than_the_rate,
    who_has_seen_an_event_has_seen_all_before_it,
    two_nodes_deliver_an_incomplete_text_once,
    two_nodes_end_what_is_due_once,
    another_node_takes_over_and_the_one_that_slept_is_fenced_off,
);

async fn two_nodes_accept_no_more_than_the_balance_pays_for(world: &World) {
    world.simulator().create().await;
    let here = world.account().balance(SEGMENT.checked_mul(100).unwrap()).create().await;
    let other = world.second_node().await;
    let there = here.on(&other);
    let senders: Vec<_> = (0..200)
        .map(|index| {
            let account = if index % 2 == 0 { here.clone() } else { there.clone() };
            tokio::spawn(
                async move { account.ask(account.message(TO, &index.to_string()), None).await },
            )
        })
        .collect();
    let mut accepted = 0;
    for sender in senders {
        match sender.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(AcceptError::Refused(Refusal::InsufficientBalance)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(accepted, 100);
    assert!(here.available().await.is_zero());
}

async fn two_nodes_accept_no_more_than_a_daily_cap(world: &World) {
    world.simulator().create().await;
    let here = world.account().create().await;
    let id = here.id;
    let patch = engine::WalletPatch {
        daily_spend_cap: Some(SEGMENT.checked_mul(50)),
        ..Default::default()
    };
    world.run(move |engine| async move { engine.update_wallet(id, patch).await.unwrap() }).await;
    let other = world.second_node().await;
    let there = here.on(&other);
    let senders: Vec<_> = (0..200)
        .map(|index| {
            let account = if index % 2 == 0 { here.clone() } else { there.clone() };
            tokio::spawn(
                async move { account.ask(account.message(TO, &index.to_string()), None).await },
            )
        })
        .collect();
    let mut accepted = 0;
    for sender in senders {
        match sender.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(AcceptError::Refused(Refusal::DailyCapReached)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(accepted, 50);
    world.assert_audit_clean().await;
}

async fn one_key_on_two_nodes_makes_one_message(world: &World) {
    world.simulator().create().await;
    let here = world.account().create().await;
    let other = world.second_node().await;
    let there = here.on(&other);
    for round in 0..10 {
        let key = format!("key {round}");
        let requests: Vec<_> = (0..20)
            .map(|index| {
                let account = if index % 2 == 0 { here.clone() } else { there.clone() };
                let key = idempotency(&key);
                tokio::spawn(
                    async move { account.ask(account.message(TO, "hello"), Some(key)).await },
                )
            })
            .collect();
        let mut ids: BTreeSet<MessageId> = BTreeSet::new();
        for request in requests {
            let answer = request.await.unwrap().unwrap();
            ids.insert(answer.items[0].as_ref().unwrap().id);
        }
        assert_eq!(ids.len(), 1);
    }
    assert_eq!(here.messages().await.len(), 10);
}

async fn two_nodes_admit_no_more_than_the_rate(world: &World) {
    world.simulator().create().await;
    let here = world.account().rate(10).create().await;
    let other = world.second_node().await;
    let there = here.on(&other);
    let senders: Vec<_> = (0..60)
        .map(|index| {
            let account = if index % 2 == 0 { here.clone() } else { there.clone() };
            tokio::spawn(async move {
                account.ask(account.message(TO, &index.to_string()), None).await.is_ok()
            })
        })
        .collect();
    let mut accepted = 0;
    for sender in senders {
        accepted += usize::from(sender.await.unwrap());
    }
    assert_eq!(accepted, 10);
}

async fn who_has_seen_an_event_has_seen_all_before_it(world: &World) {
    world.simulator().create().await;
    let here = world.account().create().await;
    let other = world.second_node().await;
    let there = here.on(&other);
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let account: Account = if sender % 2 == 0 { here.clone() } else { there.clone() };
            tokio::spawn(async move {
                for index in 0..15 {
                    account.send(TO, &format!("{sender} {index}")).await;
                }
            })
        })
        .collect();
    while !senders.iter().all(tokio::task::JoinHandle::is_finished) {
        let seqs: Vec<i64> = here.events().await.iter().map(|event| event.seq).collect();
        let whole: Vec<i64> = (1..).take(seqs.len()).collect();
        assert_eq!(seqs, whole, "no event appears behind one that was seen");
    }
    assert_eq!(here.messages().await.len(), 120);
}

async fn two_nodes_deliver_an_incomplete_text_once(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let other = world.second_node().await;
    for round in 0..20 {
        let text = format!("the beginning of {round}");
        smsc.deliver(part_of(inbound(TO, &alice.e164, &text), 5, 2, 1));
        world.until_acknowledged(&smsc).await;
        world.leap(seconds(601));
        tokio::join!(world.keep_house(), other.keep_house());
        assert_eq!(alice.messages().await.len(), round + 1);
    }
}

async fn two_nodes_end_what_is_due_once(world: &World) {
    let alice = {
        let smsc = Smsc::start().await;
        let carrier = world.carrier(&smsc).create().await;
        let alice = world.account().create().await;
        for index in 0..30 {
            alice.send(TO, &format!("message {index}")).await;
        }
        // Nobody works on the queue of a carrier that is switched off.
        let off = engine::CarrierPatch { enabled: Some(false), ..Default::default() };
        let stopping = world.run(move |engine| async move {
            engine.update_carrier(carrier, off).await.unwrap();
        });
        world.while_time_passes(stopping).await;
        alice
    };
    let other = world.second_node().await;
    world.leap(seconds(25 * 3_600));
    for _ in 0..3 {
        tokio::join!(world.keep_house(), other.keep_house());
    }
    let messages = alice.messages().await;
    assert!(messages.iter().all(|message| message.status == domain::MessageStatus::Failed));
    assert_eq!(alice.available().await, testkit::cents(1_000));
}

async fn another_node_takes_over_and_the_one_that_slept_is_fenced_off(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let other = world.second_node().await;
    assert!(!other.is_up(carrier).await, "the carrier has its node");
    alice.send(TO, "before").await;
    world.until_submitted(&smsc, 1).await;
    world
        .until("it is stored", async || alice.messages().await[0].status == MessageStatus::Sent)
        .await;

    // The first node sleeps past its lease and wakes up with its link intact.
    world.leap(seconds(16));
    let message = alice.send(TO, "after").await;
    other.sync().await;
    other.until_bound(carrier).await;
    assert_eq!(world.dispatch().await, 0, "its token is stale");
    other.until_submitted(&smsc, 2).await;
    other.until("it is stored", async || alice.status(message).await == MessageStatus::Sent).await;
    assert_eq!(world.dispatch().await, 0);
    world.pass(seconds(1)).await;
    assert_eq!(smsc.submits().len(), 2);
}
