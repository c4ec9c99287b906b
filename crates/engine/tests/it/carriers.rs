//! What operators do to carriers while messages are under way.

use domain::MessageStatus;
use engine::CarrierPatch;
use testkit::{Kind, Reply, Smsc, World, cents, receipt};

use crate::{TO, seconds};

testkit::on_both_engines!(
    a_change_of_settings_loses_and_doubles_nothing,
    a_carrier_that_is_switched_off_drains_its_window,
    what_waits_for_a_deleted_carrier_goes_to_another,
    what_a_deleted_carrier_never_answered_ends_all_the_same,
    a_stop_drains_the_window_and_gives_the_lease_up,
);

async fn patch(world: &World, carrier: domain::CarrierId, patch: CarrierPatch) {
    let patching = world.run(move |engine| async move {
        engine.update_carrier(carrier, patch).await.unwrap();
    });
    world.while_time_passes(patching).await;
}

fn switched(enabled: bool) -> CarrierPatch {
    CarrierPatch { enabled: Some(enabled), ..CarrierPatch::default() }
}

async fn a_change_of_settings_loses_and_doubles_nothing(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).set("window", 3).create().await;
    let alice = world.account().create().await;
    let mut messages = Vec::new();
    for index in 0..12 {
        messages.push(alice.send(TO, &format!("message {index}")).await);
    }
    world.until_submitted(&smsc, 5).await;
    let settings = Some(serde_json::json!({"window": 7}));
    patch(world, carrier, CarrierPatch { settings, ..CarrierPatch::default() }).await;
    world.until_bound(carrier).await;
    world.until_submitted(&smsc, 12).await;
    for message in messages {
        alice.becomes(message, MessageStatus::Sent).await;
    }
    assert_eq!(smsc.submits().len(), 12);
    assert_eq!(smsc.binds(), 2);
}

async fn a_carrier_that_is_switched_off_drains_its_window(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Hold);
    let message = alice.send(TO, "hello").await;
    world.until_submitted(&smsc, 1).await;
    let waiting = alice.send(TO, "waiting").await;
    let answering = smsc.clone();
    tokio::join!(patch(world, carrier, switched(false)), async {
        tokio::task::yield_now().await;
        answering.answer_held();
    });
    alice.becomes(message, MessageStatus::Sent).await;
    assert_eq!(world.dispatch().await, 0);
    assert_eq!(alice.status(waiting).await, MessageStatus::Queued);

    patch(world, carrier, switched(true)).await;
    world.until_bound(carrier).await;
    world.until_submitted(&smsc, 2).await;
    alice.becomes(waiting, MessageStatus::Sent).await;
    smsc.deliver(receipt(&smsc.submits()[0], "DELIVRD"));
    alice.becomes(message, MessageStatus::Delivered).await;
}

async fn what_waits_for_a_deleted_carrier_goes_to_another(world: &World) {
    let (first, second) = (Smsc::start().await, Smsc::start().await);
    let gone = world.carrier(&first).priority(1).create().await;
    world.carrier(&second).priority(2).create().await;
    let alice = world.account().create().await;
    let message = alice.send(TO, "hello").await;
    let deleting =
        world.run(move |engine| async move { engine.delete_carrier(gone).await.unwrap() });
    world.while_time_passes(deleting).await;
    assert_eq!(world.detour().await, 1);
    world.until_submitted(&second, 1).await;
    alice.becomes(message, MessageStatus::Sent).await;
    assert!(first.submits().is_empty());
}

async fn what_a_deleted_carrier_never_answered_ends_all_the_same(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.always(Reply::Ignore);
    let message = alice.send(TO, "hello").await;
    world.until_submitted(&smsc, 1).await;
    let deleting =
        world.run(move |engine| async move { engine.delete_carrier(carrier).await.unwrap() });
    world.while_time_passes(deleting).await;
    world.record().await;
    assert_eq!(alice.status(message).await, MessageStatus::Sending);

    world.leap(seconds(25 * 3_600 + 60));
    world.keep_house().await;
    assert_eq!(alice.status(message).await, MessageStatus::Failed);
    assert_eq!(alice.available().await, cents(1_000));
}

async fn a_stop_drains_the_window_and_gives_the_lease_up(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    smsc.next(Reply::Hold);
    let message = alice.send(TO, "hello").await;
    world.until_submitted(&smsc, 1).await;
    let stopping = world.run(|engine| async move {
        engine.stop(std::time::Duration::from_secs(10)).await;
    });
    let answering = smsc.clone();
    tokio::join!(world.while_time_passes(stopping), async {
        tokio::task::yield_now().await;
        answering.answer_held();
    });
    alice.becomes(message, MessageStatus::Sent).await;

    // Whoever comes next need not wait for the lease to run out.
    if world.kind() == Kind::Sqlite {
        world.crash();
        world.start_again().await;
        world.until_bound(carrier).await;
    } else {
        world.second_node().await.until_bound(carrier).await;
    }
    assert_eq!(smsc.binds(), 2);
}
