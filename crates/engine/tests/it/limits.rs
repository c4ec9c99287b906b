//! What one may do by oneself, and how often.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use domain::{Email, NumberId, NumberStatus, NumberType, Password};
use engine::{Client, Engine, Idempotency, NewNumber, Presence, SignUp, SignedUp, UseError, Want};
use serde_json::{Value, json};
use store::webhooks::deliveries::DeliveryStatus;
use testkit::{Account, Hook, World, cents};

use super::seconds;

testkit::on_both_engines!(
    a_network_has_twenty_letters_an_hour,
    a_repeated_sign_up_makes_one_account_and_opens_one_session,
    a_webhook_is_tested_and_resent_sixty_times_a_minute,
    an_empty_wallet_keeps_a_number_for_half_an_hour_of_each_hour,
    a_wallet_that_pays_keeps_its_numbers,
    an_empty_wallet_keeps_ten_numbers,
);

fn client(last: u8) -> Client {
    Client { ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), user_agent: None }
}

async fn sign_up(
    world: &World,
    (email, password): (&str, &str),
    from: Client,
    key: Option<&str>,
) -> Result<SignedUp, UseError> {
    let email: Email = email.parse().unwrap();
    let password: Password = password.parse().unwrap();
    let body = format!("{} {}", email.as_str(), "a body");
    let key = key.map(|key| Idempotency::new(key, "POST /portal/signup", body.as_bytes()));
    let new = SignUp { email, password, name: None };
    let render = |presence: &Presence, _: &str| json!(presence.session.id.get());
    world.run(move |engine| async move { engine.sign_up(new, from, key, render).await }).await
}

const PASSWORD: &str = "correct horse battery";

async fn a_network_has_twenty_letters_an_hour(world: &World) {
    for n in 0..10 {
        sign_up(world, (&format!("{n}@example.com"), PASSWORD), client(1), None).await.unwrap();
        let ask = |engine: Arc<Engine>| async move {
            engine.request_reset("nobody@example.com".parse().unwrap(), &client(1)).await
        };
        world.run(ask).await.unwrap();
    }
    let late = sign_up(world, ("late@example.com", PASSWORD), client(1), None).await;
    let Err(UseError::TooMany { retry_after_seconds, .. }) = late else { panic!("{late:?}") };
    assert!((1..=3_600).contains(&retry_after_seconds), "{retry_after_seconds}");
    sign_up(world, ("other@example.com", PASSWORD), client(2), None).await.unwrap();
    world.leap(seconds(3_600));
    sign_up(world, ("late@example.com", PASSWORD), client(1), None).await.unwrap();
}

async fn a_repeated_sign_up_makes_one_account_and_opens_one_session(world: &World) {
    let ada = ("ada@example.com", PASSWORD);
    let first = sign_up(world, ada, client(1), Some("k")).await.unwrap();
    let again = sign_up(world, ada, client(1), Some("k")).await.unwrap();
    assert!(!first.done.replayed && again.done.replayed);
    assert_eq!(first.done.answer, again.done.answer);
    assert_eq!(first.token.hash, again.token.hash);
    let hash = again.token.hash;
    let holder = world.run(move |engine| async move { engine.session_holder(hash).await }).await;
    assert!(holder.unwrap().is_some());
    // Two people may choose the same key; without one, or with another, the address is taken.
    let bob = sign_up(world, ("bob@example.com", PASSWORD), client(1), Some("k")).await.unwrap();
    assert!(!bob.done.replayed && bob.token.hash != hash);
    for key in [None, Some("another")] {
        let taken = sign_up(world, ada, client(1), key).await;
        assert!(matches!(taken, Err(UseError::Conflict { .. })), "{taken:?}");
    }
}

async fn a_webhook_is_tested_and_resent_sixty_times_a_minute(world: &World) {
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook(&hook.url(), &["sms.received"]).await;
    let (other, _) = alice.webhook(&hook.url(), &["sms.received"]).await;
    let account = alice.id;
    let test = async |webhook, key: Option<Idempotency>| {
        let ask = move |engine: Arc<Engine>| async move {
            engine.test_webhook(account, webhook, None, key, |d| json!(d.id.get())).await
        };
        world.run(ask).await
    };
    let key = || Some(testkit::idempotency("first"));
    test(webhook, key()).await.unwrap();
    world.push().await;
    let delivery = alice.deliveries(webhook).await[0].clone();
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    let resend = async || {
        let ask = move |engine: Arc<Engine>| async move {
            engine.resend_delivery(account, webhook, delivery.id, None, |_| Value::Null).await
        };
        world.run(ask).await
    };
    resend().await.unwrap();
    for _ in 0..58 {
        test(webhook, None).await.unwrap();
    }
    world.push().await;
    for refused in [test(webhook, None).await, resend().await] {
        let Err(UseError::TooMany { retry_after_seconds, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert!((1..=60).contains(&retry_after_seconds), "{retry_after_seconds}");
    }
    // Nothing is pushed for a repeat, so it is not counted.
    assert!(test(webhook, key()).await.unwrap().replayed);
    test(other, None).await.unwrap();
    world.leap(seconds(60));
    test(webhook, None).await.unwrap();
}

/// As many numbers that can be bought, €1.00 a month each.
async fn stock(world: &World, count: usize) -> Vec<NumberId> {
    let mut numbers = Vec::new();
    for n in 0..count {
        let new = NewNumber {
            number: format!("+4477009006{n:02}").parse().unwrap(),
            country: "GB".parse().unwrap(),
            number_type: NumberType::Mobile,
            status: NumberStatus::Available,
            account: None,
            sms_enabled: false,
            carrier: None,
            simulated: true,
        };
        let make = |engine: Arc<Engine>| async move {
            engine.create_number(new, None, |record| json!(record.id.get())).await
        };
        let made = world.run(make).await.unwrap();
        numbers.push(NumberId::new(made.answer.as_i64().unwrap()));
    }
    numbers
}

async fn quote(world: &World, account: &Account, numbers: &[NumberId]) -> Result<(), UseError> {
    let account = account.id;
    let wants = numbers.iter().map(|number| Want { number: *number, sms: false }).collect();
    let ask = |engine: Arc<Engine>| async move { engine.quote_order(account, wants).await };
    world.run(ask).await.map(|_| ())
}

/// How long one has to wait before a number is kept again.
fn wait(answer: Result<(), UseError>) -> i64 {
    match answer {
        Err(UseError::Item { error, .. }) => match *error {
            UseError::TooMany { retry_after_seconds, .. } => retry_after_seconds,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

async fn an_empty_wallet_keeps_a_number_for_half_an_hour_of_each_hour(world: &World) {
    let alice = world.account().balance(cents(0)).create().await;
    let bob = world.account().balance(cents(0)).create().await;
    let numbers = stock(world, 1).await;
    // Leaving and coming back begins nothing anew.
    for _ in 0..5 {
        quote(world, &alice, &numbers).await.unwrap();
        let account = alice.id;
        world.run(move |engine| async move { engine.leave_checkout(account).await.unwrap() }).await;
        world.leap(seconds(300 - 1));
    }
    assert_eq!(wait(quote(world, &alice, &numbers).await), 3_600 - 5 * 299);
    quote(world, &bob, &numbers).await.unwrap();
    // Somebody else had a turn.
    world.leap(seconds(600));
    quote(world, &alice, &numbers).await.unwrap();
    for _ in 0..3 {
        world.leap(seconds(600));
        drop(quote(world, &alice, &numbers).await);
    }
    assert_eq!(wait(quote(world, &alice, &numbers).await), 1_800);
    world.leap(seconds(1_799));
    assert_eq!(wait(quote(world, &alice, &numbers).await), 1);
    world.leap(seconds(1));
    quote(world, &alice, &numbers).await.unwrap();
}

async fn a_wallet_that_pays_keeps_its_numbers(world: &World) {
    let alice = world.account().balance(cents(200)).create().await;
    let numbers = stock(world, 2).await;
    for _ in 0..12 {
        quote(world, &alice, &numbers).await.unwrap();
        world.leap(seconds(599));
    }
}

async fn an_empty_wallet_keeps_ten_numbers(world: &World) {
    let alice = world.account().balance(cents(1_000)).create().await;
    let numbers = stock(world, 21).await;
    let (numbers, others) = numbers.split_at(11);
    let many = quote(world, &alice, numbers).await;
    assert!(
        matches!(many, Err(UseError::Invalid { ref param, .. }) if param == "items"),
        "{many:?}"
    );
    // Nothing was kept.
    let bob = world.account().balance(cents(1_100)).create().await;
    quote(world, &bob, numbers).await.unwrap();
    let carol = world.account().balance(cents(0)).create().await;
    quote(world, &carol, others).await.unwrap();
}
