//! Pushing by processes that are killed, that stop, and that stand beside each other.

use std::{collections::BTreeSet, time::Duration};

use domain::WebhookId;
use engine::WebhookCreated;
use serde_json::json;
use testkit::{Account, Hook, Reaction, World};

use super::{RECEIVED, text};
use crate::seconds;

testkit::on_both_engines!(
    what_a_killed_process_was_pushing_is_pushed_again,
    what_a_stopped_process_had_not_begun_is_due_at_once,
    what_was_not_begun_as_a_webhook_changes_is_taken_anew,
);

mod nodes {
    use super::*;

    testkit::on_several_nodes!(two_nodes_push_each_event_once);
}

async fn five_for_a_silent_endpoint(world: &World) -> (Account, Hook, WebhookId) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    hook.always(Reaction::Hang);
    for index in 0..5 {
        text(world, &alice, &index.to_string()).await;
    }
    (alice, hook, webhook)
}

/// One of the five is under way: an endpoint that has taken nothing yet gets one at a time.
async fn one_of_five_begun(world: &World) -> (Account, Hook, WebhookId) {
    let (alice, hook, webhook) = five_for_a_silent_endpoint(world).await;
    world.run(|engine| async move { engine.start_pushing() }).await;
    testkit::until("more is taken than is begun", async || {
        hook.requests().len() == 1 && alice.deliveries(webhook).await.len() > 1
    })
    .await;
    (alice, hook, webhook)
}

async fn what_a_killed_process_was_pushing_is_pushed_again(world: &World) {
    let (alice, hook, webhook) = five_for_a_silent_endpoint(world).await;
    let pushing = world.run(|engine| async move {
        tokio::spawn(async move { engine.push_due().await });
    });
    pushing.await;
    testkit::until("all are under way", async || hook.requests().len() == 5).await;
    world.crash();
    world.start_again().await;
    hook.always(Reaction::status(204));
    text(world, &alice, "after").await;
    world.leap(seconds(15));
    world.push().await;

    let requests = hook.requests();
    let before: BTreeSet<&str> = requests[..5].iter().map(testkit::Pushed::id).collect();
    let after: BTreeSet<&str> = requests[5..].iter().map(testkit::Pushed::id).collect();
    assert_eq!((before.len(), after.len(), requests.len()), (5, 6, 11));
    assert!(after.is_superset(&before), "under the same ids");
    assert_eq!(alice.deliveries(webhook).await.len(), 6);
}

async fn what_a_stopped_process_had_not_begun_is_due_at_once(world: &World) {
    let (alice, hook, webhook) = one_of_five_begun(world).await;
    world.run(|engine| async move { engine.stop(Duration::ZERO).await }).await;
    testkit::until("all but that one are due", async || {
        let deliveries = alice.deliveries(webhook).await;
        let due = deliveries.iter().filter(|one| one.next_attempt_at == Some(world.now()));
        due.count() + 1 == deliveries.len()
    })
    .await;
    assert_eq!(hook.requests().len(), 1);
}

async fn what_was_not_begun_as_a_webhook_changes_is_taken_anew(world: &World) {
    let (alice, hook, webhook) = one_of_five_begun(world).await;
    let lost_at = alice.deliveries(webhook).await[0].next_attempt_at;
    world.leap(seconds(1));
    let account = alice.id;
    world
        .run(|engine| async move {
            let render = |_: &WebhookCreated| json!(null);
            engine.rotate_webhook_secret(account, webhook, None, render).await.unwrap();
        })
        .await;
    testkit::until("all but that one are taken anew", async || {
        let deliveries = alice.deliveries(webhook).await;
        let since = deliveries.iter().filter(|one| one.next_attempt_at > lost_at);
        since.count() == 4
    })
    .await;
    assert_eq!(hook.requests().len(), 1);
}

async fn two_nodes_push_each_event_once(world: &World) {
    let alice = world.account().create().await;
    let other = world.second_node().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    for round in 0..10 {
        for index in 0..20 {
            text(world, &alice, &format!("{round}-{index}")).await;
        }
        if round % 2 == 0 {
            hook.next(Reaction::status(500));
        }
        tokio::join!(world.push(), other.push());
        world.leap(seconds(6));
        tokio::join!(world.push(), other.push());
    }
    let requests = hook.requests();
    let ids: BTreeSet<&str> = requests.iter().map(testkit::Pushed::id).collect();
    assert_eq!((ids.len(), requests.len()), (200, 205), "one further try for each failure");
    assert_eq!(alice.deliveries(webhook).await.len(), 200);
}
