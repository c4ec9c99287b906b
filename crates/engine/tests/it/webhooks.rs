//! Events pushed to customers' endpoints.

mod processes;

use std::{collections::BTreeSet, time::Duration};

use domain::{DeliveryId, WebhookId, webhooks::TRIES_MAX};
use engine::{NewWebhook, SimulatedInbound, UseError, WebhookPatch};
use serde_json::{Value, json};
use store::{
    events::EventKind,
    webhooks::{self as hooks, Webhook, WebhookStatus, deliveries::DeliveryStatus},
};
use testkit::{Account, Hook, Reaction, Reply, Smsc, World, cents, receipt};

use crate::{TO, seconds, sent};

testkit::on_both_engines!(
    an_inbound_text_is_pushed_as_the_guide_shows_it,
    an_outbound_messages_life_is_pushed,
    an_endpoint_is_told_what_it_asked_for_from_its_making_on,
    what_fails_is_tried_again_under_the_same_id,
    bad_endpoints_are_told_apart_in_the_log,
    a_delivery_that_fails_to_the_end_can_be_resent,
    an_endpoint_that_is_gone_is_disabled_at_once,
    what_was_missed_while_disabled_can_be_recovered,
    five_days_of_failure_disable_and_one_success_forgives,
    retry_after_is_heeded,
    a_rotated_secret_signs_for_a_day,
    a_test_is_tried_once_and_says_so,
    a_low_balance_is_told_once_each_time,
    a_deleted_endpoint_leaves_nothing,
    old_deliveries_are_forgotten,
    urls_that_lead_inside_are_refused,
    another_accounts_endpoint_does_not_exist,
);

const RECEIVED: &[&str] = &["sms.received"];

/// A text arrives at the account's number.
async fn text(world: &World, account: &Account, body: &str) {
    let text = SimulatedInbound {
        from: TO.to_owned(),
        to: account.e164.parse().unwrap(),
        body: domain::text::Body::parse(body).unwrap(),
    };
    world
        .run(move |engine| async move {
            engine.simulate_inbound(text, None, |()| json!(null)).await.unwrap();
        })
        .await;
}

async fn find(world: &World, account: &Account, id: WebhookId) -> Webhook {
    let account = account.id;
    world.read(move |tx| hooks::find(tx, account, id)).await.unwrap()
}

async fn set_status(world: &World, account: &Account, id: WebhookId, status: WebhookStatus) {
    let account = account.id;
    let patch = WebhookPatch { status: Some(status), ..WebhookPatch::default() };
    world
        .run(move |engine| async move {
            engine.update_webhook(account, id, patch).await.unwrap();
        })
        .await;
}

async fn resend(
    world: &World,
    account: &Account,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<(), UseError> {
    let account = account.id;
    world
        .run(move |engine| async move {
            engine.resend_delivery(account, webhook, id, None, |_| json!(null)).await.map(|_| ())
        })
        .await
}

async fn recover(world: &World, account: &Account, id: WebhookId, ago: Duration) -> Value {
    let (account, since) = (account.id, world.now().minus(ago));
    world
        .run(move |engine| async move {
            let done = engine.recover_webhook(account, id, since, None, |count| json!(count));
            done.await.unwrap().answer
        })
        .await
}

/// Lets time pass until the next try is due, and tries.
async fn next_try(world: &World, account: &Account, webhook: WebhookId) -> usize {
    let deliveries = account.deliveries(webhook).await;
    let next = deliveries.iter().filter_map(|delivery| delivery.next_attempt_at).min().unwrap();
    world.leap(next.since(world.now()));
    world.push().await
}

fn bodies(hook: &Hook) -> Vec<String> {
    hook.requests()
        .iter()
        .map(|request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            body["data"]["body"].as_str().unwrap().to_owned()
        })
        .collect()
}

async fn an_inbound_text_is_pushed_as_the_guide_shows_it(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    text(world, &alice, "Thanks, got the \"tracking\"!").await;
    assert_eq!(world.push().await, 1);

    let [request] = &hook.requests()[..] else { panic!("one request") };
    let id = alice.messages().await[0].id;
    assert_eq!(
        request.body,
        format!(
            "{{\"event\":\"sms.received\",\"data\":{{\"id\":{id},\"from\":\"{TO}\",\"to\":\"{}\",\
             \"body\":\"Thanks, got the \\\"tracking\\\"!\",\"segments\":1,\
             \"received_at\":\"2026-04-03T10:00:00.000000Z\"}}}}",
            alice.e164
        )
    );
    let seq = alice.events().await.last().unwrap().seq.to_string();
    assert_eq!(request.headers["webhook-seq"], seq);
    assert_eq!(request.headers["webhook-timestamp"], world.now().seconds().to_string());
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["host"], format!("127.0.0.1:{}", hook.port()));
    assert!(request.headers["webhook-signature"].starts_with("v1,"));
    assert!(!request.headers.contains_key("webhook-test"));

    let [delivery] = &alice.deliveries(webhook).await[..] else { panic!("one delivery") };
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Delivered, 1));
    let [attempt] = &alice.webhook_attempts(webhook).await[..] else { panic!("one attempt") };
    assert_eq!((attempt.status_code, attempt.error.as_deref()), (Some(204), None));
    assert_eq!(world.push().await, 0);
}

async fn an_outbound_messages_life_is_pushed(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    alice.webhook(&hook.url(), &["sms.sent", "sms.delivered", "sms.failed"]).await;
    let (delivered, submit) = sent(world, &smsc, &alice, "hello").await;
    smsc.deliver(receipt(&submit, "DELIVRD"));
    alice.becomes(delivered, domain::MessageStatus::Delivered).await;
    smsc.next(Reply::Refuse(smpp::CommandStatus::ME_RINVDSTADR));
    let failed = alice.send(TO, "no").await;
    world.until_submitted(&smsc, 2).await;
    alice.becomes(failed, domain::MessageStatus::Failed).await;
    world.push().await;

    let pushed: BTreeSet<(String, i64, String)> = hook
        .requests()
        .iter()
        .map(|request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let data = &body["data"];
            assert_eq!(data["to"], TO);
            assert_eq!(data["error"].is_object(), body["event"] == "sms.failed");
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&body["event"]), data["id"].as_i64().unwrap(), text(&data["status"]))
        })
        .collect();
    let one = |event: &str, id: domain::MessageId, status: &str| {
        (event.to_owned(), id.get(), status.to_owned())
    };
    let expected = BTreeSet::from([
        one("sms.sent", delivered, "sent"),
        one("sms.delivered", delivered, "delivered"),
        one("sms.failed", failed, "failed"),
    ]);
    assert_eq!(pushed, expected);
}

async fn an_endpoint_is_told_what_it_asked_for_from_its_making_on(world: &World) {
    world.simulator().create().await;
    let (alice, bob) = (world.account().create().await, world.account().create().await);
    let hooks = [Hook::start().await, Hook::start().await, Hook::start().await];
    text(world, &alice, "before").await;
    alice.webhook(&hooks[0].url(), RECEIVED).await;
    alice.webhook(&hooks[1].url(), &["number.status", "sms.failed"]).await;
    alice.webhook(&hooks[2].url(), RECEIVED).await;
    text(world, &alice, "one").await;
    text(world, &bob, "bob's").await;
    alice.send(TO, "outbound").await;
    text(world, &alice, "two").await;
    world.push().await;

    let told = |hook: &Hook| bodies(hook).into_iter().collect::<BTreeSet<String>>();
    let both = BTreeSet::from(["one".to_owned(), "two".to_owned()]);
    assert_eq!(told(&hooks[0]), both);
    assert_eq!(told(&hooks[2]), both);
    assert!(hooks[1].requests().is_empty());
    let ids: BTreeSet<String> = [&hooks[0], &hooks[2]]
        .iter()
        .flat_map(|hook| hook.requests().into_iter().map(|request| request.id().to_owned()))
        .collect();
    assert_eq!(ids.len(), 4, "an id is of one event for one endpoint");
}

async fn what_fails_is_tried_again_under_the_same_id(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    hook.next(Reaction::status(500));
    hook.next(Reaction::Close);
    text(world, &alice, "hello").await;
    assert_eq!(world.push().await, 1);
    assert!(find(world, &alice, webhook).await.failing_since.is_some());
    world.leap(Duration::from_millis(4_400));
    assert_eq!(world.push().await, 0, "not before its time");
    world.leap(Duration::from_millis(1_200));
    assert_eq!(world.push().await, 1);
    world.leap(seconds(331));
    assert_eq!(world.push().await, 1);
    assert_eq!(world.push().await, 0);

    let requests = hook.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| request.id() == requests[0].id()));
    assert!(requests.iter().all(|request| request.body == requests[0].body));
    let times: BTreeSet<&str> =
        requests.iter().map(|request| request.headers["webhook-timestamp"].as_str()).collect();
    assert_eq!(times.len(), 3, "each attempt is signed at its own time");
    let attempts = alice.webhook_attempts(webhook).await;
    let codes: Vec<Option<i64>> = attempts.iter().map(|attempt| attempt.status_code).collect();
    assert_eq!(codes, [Some(500), None, Some(204)]);
    assert_eq!(alice.deliveries(webhook).await[0].status, DeliveryStatus::Delivered);
    assert!(find(world, &alice, webhook).await.failing_since.is_none());
}

async fn bad_endpoints_are_told_apart_in_the_log(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    let elsewhere = Hook::start().await;
    let cases = [
        (Reaction::Hang, None, "within 15 seconds"),
        (Reaction::Drip, None, "within 15 seconds"),
        (Reaction::Close, None, "No answer"),
        (Reaction::status(302).header("location", &elsewhere.url()), Some(302), "redirects"),
        (Reaction::status(404).body("who are you?"), Some(404), "404"),
        (Reaction::status(500).body(&"é\0".repeat(3_000)), Some(500), "500"),
        // A 2xx is a success, whatever goes on behind it.
        (Reaction::Endless, Some(200), ""),
    ];
    for (index, (reaction, code, error)) in cases.into_iter().enumerate() {
        hook.next(reaction.clone());
        if index == 0 {
            text(world, &alice, "hello").await;
            assert_eq!(world.push().await, 1);
        } else {
            assert_eq!(next_try(world, &alice, webhook).await, 1);
        }
        let attempt = alice.webhook_attempts(webhook).await.pop().unwrap();
        assert_eq!(attempt.attempt, i64::try_from(index + 1).unwrap());
        assert_eq!(attempt.status_code, code, "{reaction:?}");
        let said = attempt.error.unwrap_or_default();
        assert!(
            said.contains(error) && said.is_empty() == error.is_empty(),
            "{reaction:?}: {said}"
        );
        assert!(attempt.response.unwrap_or_default().chars().count() <= 2_048, "{reaction:?}");
    }
    assert!(elsewhere.requests().is_empty(), "a redirect is not followed");
    let responses: Vec<Option<String>> =
        alice.webhook_attempts(webhook).await.into_iter().map(|a| a.response).collect();
    assert_eq!(responses[4].as_deref(), Some("who are you?"));
    assert!(responses[5].as_deref().unwrap().starts_with("é\u{fffd}é"));
    assert_eq!(alice.deliveries(webhook).await[0].status, DeliveryStatus::Delivered);
}

async fn a_delivery_that_fails_to_the_end_can_be_resent(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    hook.always(Reaction::status(503));
    text(world, &alice, "hello").await;
    let begun = world.now();
    world.push().await;
    for _ in 1..TRIES_MAX {
        assert_eq!(next_try(world, &alice, webhook).await, 1);
    }
    assert!(world.now().since(begun) > seconds(24 * 3_600));
    let [delivery] = &alice.deliveries(webhook).await[..] else { panic!("one delivery") };
    assert_eq!(delivery.status, DeliveryStatus::Failed);
    assert_eq!(delivery.attempts, i64::try_from(TRIES_MAX).unwrap());
    world.leap(seconds(86_400));
    assert_eq!(world.push().await, 0, "it is given up");

    hook.next(Reaction::status(500));
    hook.always(Reaction::status(200));
    resend(world, &alice, webhook, delivery.id).await.unwrap();
    let again = resend(world, &alice, webhook, delivery.id).await;
    assert!(matches!(again, Err(UseError::Conflict { .. })), "{again:?}");
    assert_eq!(world.push().await, 1);
    assert_eq!(next_try(world, &alice, webhook).await, 1, "its tries begin anew");
    let requests = hook.requests();
    assert_eq!(requests.len(), TRIES_MAX + 2);
    assert!(requests.iter().all(|request| request.id() == requests[0].id()));
    assert_eq!(alice.deliveries(webhook).await[0].status, DeliveryStatus::Delivered);
}

async fn an_endpoint_that_is_gone_is_disabled_at_once(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    hook.next(Reaction::status(500));
    text(world, &alice, "one").await;
    world.push().await;
    hook.next(Reaction::status(410));
    text(world, &alice, "two").await;
    world.push().await;

    let found = find(world, &alice, webhook).await;
    assert_eq!(found.status, WebhookStatus::Disabled);
    assert_eq!(found.disabled_reason, Some(hooks::DisabledReason::Gone));
    let statuses: Vec<DeliveryStatus> =
        alice.deliveries(webhook).await.iter().map(|delivery| delivery.status).collect();
    assert_eq!(statuses, [DeliveryStatus::Failed; 2], "what was pending is given up too");
    let events = alice.events().await;
    let notice = events.last().unwrap();
    assert_eq!(notice.kind, EventKind::WebhookStatus);
    let data: Value = serde_json::from_str(notice.data.as_deref().unwrap()).unwrap();
    assert_eq!((&data["status"], &data["reason"]), (&json!("disabled"), &json!("gone")));
    world.leap(seconds(86_400));
    text(world, &alice, "three").await;
    assert_eq!(world.push().await, 0);
}

async fn what_was_missed_while_disabled_can_be_recovered(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    text(world, &alice, "taken").await;
    world.push().await;
    world.leap(seconds(60));
    hook.next(Reaction::status(410));
    text(world, &alice, "failed").await;
    world.push().await;
    world.leap(seconds(60));
    text(world, &alice, "missed").await;
    world.leap(seconds(60));
    set_status(world, &alice, webhook, WebhookStatus::Enabled).await;
    text(world, &alice, "after").await;
    world.push().await;
    assert_eq!(bodies(&hook), ["taken", "failed", "after"], "it goes on with what comes");

    assert_eq!(recover(world, &alice, webhook, seconds(150)).await, json!(1));
    world.push().await;
    let again: BTreeSet<String> = bodies(&hook)[3..].iter().cloned().collect();
    assert_eq!(again, BTreeSet::from(["failed".to_owned(), "missed".to_owned()]));
    assert_eq!(bodies(&hook).len(), 5, "what was taken is not pushed again");
    assert_eq!(recover(world, &alice, webhook, seconds(3_600)).await, json!(0));
    assert_eq!(world.push().await, 0);
}

async fn five_days_of_failure_disable_and_one_success_forgives(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    let day = seconds(86_400);
    for (reaction, status) in [
        (Reaction::status(500), WebhookStatus::Enabled),
        (Reaction::status(500), WebhookStatus::Enabled),
        (Reaction::status(200), WebhookStatus::Enabled),
        (Reaction::status(500), WebhookStatus::Enabled),
        (Reaction::status(500), WebhookStatus::Enabled),
    ] {
        hook.always(reaction);
        text(world, &alice, "hello").await;
        world.push().await;
        assert_eq!(find(world, &alice, webhook).await.status, status);
        world.leap(day * 2);
    }
    world.leap(day * 2);
    text(world, &alice, "hello").await;
    world.push().await;
    let found = find(world, &alice, webhook).await;
    assert_eq!(found.status, WebhookStatus::Disabled);
    assert_eq!(found.disabled_reason, Some(hooks::DisabledReason::Failing));
}

async fn retry_after_is_heeded(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    hook.next(Reaction::status(429).header("retry-after", "60"));
    text(world, &alice, "one").await;
    world.push().await;
    text(world, &alice, "two").await;
    world.leap(seconds(59));
    assert_eq!(world.push().await, 0, "the endpoint as a whole is left alone");
    world.leap(seconds(1));
    assert_eq!(world.push().await, 2);

    let date = "Fri, 03 Apr 2026 10:11:00 GMT";
    hook.next(Reaction::status(503).header("retry-after", date));
    text(world, &alice, "three").await;
    world.push().await;
    world.leap(seconds(599));
    assert_eq!(world.push().await, 0);
    world.leap(seconds(1));
    assert_eq!(world.push().await, 1);

    // A test does not wait for that.
    hook.next(Reaction::status(429).header("retry-after", "3600"));
    text(world, &alice, "four").await;
    world.push().await;
    let account = alice.id;
    world
        .run(move |engine| async move {
            engine.test_webhook(account, webhook, None, None, |_| json!(null)).await.unwrap();
        })
        .await;
    assert_eq!(world.push().await, 1);
    world.leap(seconds(3_600));
    world.push().await;
    let delivered = |delivery: &store::webhooks::deliveries::Delivery| {
        delivery.status == DeliveryStatus::Delivered
    };
    assert!(alice.deliveries(webhook).await.iter().all(delivered));
}

async fn a_rotated_secret_signs_for_a_day(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, first) = alice.webhook(&hook.url(), RECEIVED).await;
    let account = alice.id;
    let second = world
        .run(move |engine| async move {
            let done = engine.rotate_webhook_secret(account, webhook, None, |m| json!(m.secret));
            done.await.unwrap().answer
        })
        .await;
    assert_ne!(json!(first), second);
    for (wait, signatures) in [(0, 2), (86_399, 2), (1, 1)] {
        world.leap(seconds(wait));
        text(world, &alice, "hello").await;
        world.push().await;
        let request = hook.requests().pop().unwrap();
        let signed = &request.headers["webhook-signature"];
        assert_eq!(signed.split(' ').count(), signatures, "{signed}");
    }
}

async fn a_test_is_tried_once_and_says_so(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), &["sms.failed", "number.status"]).await;
    let account = alice.id;
    for event in [None, Some("sms.received"), Some("wallet.low_balance")] {
        let event = event.map(|event| event.parse().unwrap());
        world
            .run(move |engine| async move {
                engine.test_webhook(account, webhook, event, None, |_| json!(null)).await.unwrap();
            })
            .await;
    }
    hook.next(Reaction::status(410));
    world.push().await;
    let mut names = BTreeSet::new();
    for request in hook.requests() {
        assert_eq!(request.headers["webhook-test"], "true");
        assert!(!request.headers.contains_key("webhook-seq"));
        let body: Value = serde_json::from_str(&request.body).unwrap();
        names.insert(body["event"].as_str().unwrap().to_owned());
    }
    let expected = ["sms.failed", "sms.received", "wallet.low_balance"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(expected));
    world.leap(seconds(86_400));
    assert_eq!(world.push().await, 0, "a test is not tried again");
    assert_eq!(find(world, &alice, webhook).await.status, WebhookStatus::Enabled);
}

async fn a_low_balance_is_told_once_each_time(world: &World) {
    let alice = world.account().balance(cents(499)).create().await;
    let hook = Hook::start().await;
    world.keep_house().await;
    alice.webhook(&hook.url(), &["wallet.low_balance"]).await;
    let credit = async |amount: i64| {
        let account = alice.id;
        if amount != 0 {
            world
                .run(move |engine| async move {
                    let gift =
                        engine.credit(account, cents(amount), "x".to_owned(), None, |_| json!(0));
                    gift.await.unwrap();
                })
                .await;
        }
        world.keep_house().await;
        world.keep_house().await;
        world.push().await;
        hook.requests().len()
    };
    assert_eq!(credit(0).await, 1);
    let body: Value = serde_json::from_str(&hook.requests()[0].body).unwrap();
    assert_eq!(body["data"]["balance"], json!({"amount": "4.99", "currency": "EUR"}));
    assert_eq!(credit(0).await, 1, "once");
    assert_eq!(credit(1).await, 1, "not low any more");
    assert_eq!(credit(-1).await, 2);
}

async fn a_deleted_endpoint_leaves_nothing(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    text(world, &alice, "one").await;
    world.push().await;
    text(world, &alice, "two").await;
    let account = alice.id;
    world
        .run(move |engine| async move { engine.delete_webhook(account, webhook).await.unwrap() })
        .await;
    assert_eq!(world.push().await, 0);
    for _ in 0..3 {
        world.keep_house().await;
    }
    let rows = world
        .read(|tx| {
            const ROWS: &str = "
                SELECT (SELECT COUNT(*) FROM webhooks) + (SELECT COUNT(*) FROM webhook_deliveries)
                    + (SELECT COUNT(*) FROM webhook_attempts)";
            tx.query_one(ROWS, &[], |row| row.get::<i64>(0))
        })
        .await;
    assert_eq!(rows, Some(0));
}

async fn old_deliveries_are_forgotten(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    text(world, &alice, "old").await;
    world.push().await;
    world.leap(seconds(31 * 86_400));
    text(world, &alice, "new").await;
    world.push().await;
    for _ in 0..3 {
        world.keep_house().await;
    }
    assert_eq!(alice.deliveries(webhook).await.len(), 1);
    assert_eq!(alice.webhook_attempts(webhook).await.len(), 1);
    assert!(find(world, &alice, webhook).await.status == WebhookStatus::Enabled);
}

async fn urls_that_lead_inside_are_refused(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    for url in ["http://10.0.0.1/", "https://[::1]/", "https://user@example.com/", "nonsense"] {
        let account = alice.id;
        let new = NewWebhook {
            url: url.to_owned(),
            description: String::new(),
            events: None,
            profile: None,
        };
        let patch = WebhookPatch { url: Some(url.to_owned()), ..WebhookPatch::default() };
        let (made, changed) = world
            .run(move |engine| async move {
                let made = engine.create_webhook(account, new, None, |_| json!(null)).await;
                (made.map(|_| ()), engine.update_webhook(account, webhook, patch).await.map(|_| ()))
            })
            .await;
        for refused in [made, changed] {
            let about_url =
                matches!(&refused, Err(UseError::Invalid { param, .. }) if param == "url");
            assert!(about_url, "{url}: {refused:?}");
        }
    }
    assert_eq!(find(world, &alice, webhook).await.url, hook.url());
}

async fn another_accounts_endpoint_does_not_exist(world: &World) {
    let (alice, bob) = (world.account().create().await, world.account().create().await);
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), RECEIVED).await;
    text(world, &alice, "hello").await;
    world.push().await;
    let delivery = alice.deliveries(webhook).await[0].id;
    let (account, since) = (bob.id, world.now());
    let answers = world
        .run(move |engine| async move {
            let null = |_: &_| json!(null);
            [
                engine.update_webhook(account, webhook, WebhookPatch::default()).await.map(|_| ()),
                engine.delete_webhook(account, webhook).await,
                engine
                    .rotate_webhook_secret(account, webhook, None, |_| json!(null))
                    .await
                    .map(|_| ()),
                engine
                    .test_webhook(account, webhook, None, None, |_| json!(null))
                    .await
                    .map(|_| ()),
                engine
                    .resend_delivery(account, webhook, delivery, None, |_| json!(null))
                    .await
                    .map(|_| ()),
                engine.recover_webhook(account, webhook, since, None, null).await.map(|_| ()),
            ]
        })
        .await;
    for answer in answers {
        assert!(matches!(answer, Err(UseError::NotFound(_))), "{answer:?}");
    }
    assert!(bob.deliveries(webhook).await.is_empty());
}
