//! What is sent with a test key.

use domain::{Delivery, MessageStatus, api_keys::Grant};
use engine::Send;
use serde_json::Value;
use store::messages::Message;
use testkit::{Account, Smsc, World, cents, idempotency};

use crate::TO;

testkit::on_both_engines!(
    a_test_message_stays_with_the_simulator_and_costs_nothing,
    a_test_message_that_is_refused_gives_nothing_back,
    a_test_answers_for_no_live_request,
    the_first_test_key_makes_a_simulator,
);

fn test(alice: &Account, to: &str) -> Send {
    Send { test: true, delivery: Delivery::AtMostOnce, ..alice.message(to, "only a test") }
}

async fn ends(world: &World, alice: &Account, send: Send) -> Message {
    let accepted = alice.ask(send, None).await.unwrap();
    let message = accepted.items[0].clone().unwrap().id;
    world
        .until("it has ended", async || {
            world.dispatch().await;
            world.pass(std::time::Duration::from_millis(100)).await;
            world.tick().await;
            alice.status(message).await.is_terminal()
        })
        .await;
    alice.find(message).await
}

async fn a_test_message_stays_with_the_simulator_and_costs_nothing(world: &World) {
    let smsc = Smsc::start().await;
    let real = world.carrier(&smsc).priority(1).create().await;
    world.simulator().priority(2).create().await;
    let alice = world.account().balance(cents(0)).through(real).create().await;
    let before = alice.movements().await.len();

    let message = ends(world, &alice, test(&alice, TO)).await;

    assert_eq!(message.status, MessageStatus::Delivered);
    assert!(message.test && message.simulated && message.price.is_zero());
    assert!(smsc.submits().is_empty());
    assert_eq!((alice.available().await, alice.held().await), (cents(0), cents(0)));
    assert_eq!(alice.movements().await.len(), before);
}

async fn a_test_message_that_is_refused_gives_nothing_back(world: &World) {
    world.simulator().create().await;
    let alice = world.account().balance(cents(0)).create().await;
    // The simulator says that there is no such number.
    let message = ends(world, &alice, test(&alice, "+447700900903")).await;
    assert_eq!(message.status, MessageStatus::Failed);
    assert_eq!(alice.available().await, cents(0));
}

async fn a_test_answers_for_no_live_request(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    let tried = alice.ask(test(&alice, TO), Some(idempotency("k").of_test())).await.unwrap();
    let live = Send { test: false, ..test(&alice, TO) };
    let meant = alice.ask(live, Some(idempotency("k"))).await.unwrap();
    assert!(!meant.replayed);
    let ids = [tried, meant].map(|accepted| accepted.items[0].clone().unwrap().id);
    assert_ne!(ids[0], ids[1]);
}

async fn the_first_test_key_makes_a_simulator(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().balance(cents(0)).create().await;
    let refused = alice.ask(test(&alice, TO), None).await;
    assert!(matches!(
        refused,
        Err(engine::AcceptError::Refused(engine::Refusal::DestinationNotAllowed))
    ));

    let account = alice.id;
    for name in ["one", "two"] {
        let grant = Grant { test: true, ..Grant::full() };
        world
            .run(move |engine| async move {
                engine
                    .create_api_key(account, name.to_owned(), grant, None, |made| {
                        assert!(made.secret.secret.starts_with("df_test_"));
                        Value::Null
                    })
                    .await
                    .unwrap();
            })
            .await;
    }
    let carriers = world.read(store::carriers::all).await;
    let simulators = carriers.iter().filter(|carrier| carrier.kind == "simulator").count();
    assert_eq!(simulators, 1);
    let message = ends(world, &alice, test(&alice, TO)).await;
    assert_eq!(message.status, MessageStatus::Delivered);
    assert!(smsc.submits().is_empty());
}
