//! Months of numbers and SMS: each is paid once, whatever happens around it.

use std::sync::Arc;

use domain::{Micros, NumberId, NumberStatus, NumberType};
use engine::{Engine, NewNumber, UseError, Want};
use serde_json::{Value, json};
use store::numbers;
use testkit::{Account, Kind, World, cents};

use super::seconds;

testkit::on_both_engines!(
    a_month_of_sms_is_paid_once_however_often_it_is_switched,
    a_month_from_the_last_of_january_ends_with_february,
    two_nodes_cannot_sell_one_number_twice,
    a_number_in_a_checkout_is_kept_for_ten_minutes,
    of_a_hundred_buyers_of_one_number_one_gets_it_and_pays,
    an_order_that_costs_other_than_was_confirmed_is_not_carried_out,
);

const DAY: u64 = 86_400;

async fn switch(world: &World, account: &Account, on: bool) -> Result<(), UseError> {
    let (account, number) = (account.id, account.number);
    world
        .run(move |engine| async move {
            if on {
                engine.enable_sms(account, number, None, |_| Value::Null).await.map(|_| ())
            } else {
                engine.disable_sms(account, number).await.map(|_| ())
            }
        })
        .await
}

/// A customer whose number had SMS from the operator, without a month that was paid.
async fn customer(world: &World) -> Account {
    let alice = world.account().balance(cents(1_000)).simulated().create().await;
    switch(world, &alice, false).await.unwrap();
    alice
}

async fn a_month_of_sms_is_paid_once_however_often_it_is_switched(world: &World) {
    let alice = customer(world).await;
    for _ in 0..3 {
        switch(world, &alice, true).await.unwrap();
        assert!(matches!(switch(world, &alice, true).await, Err(UseError::AlreadyEnabled)));
        world.leap(seconds(9 * DAY));
        switch(world, &alice, false).await.unwrap();
        assert!(matches!(switch(world, &alice, false).await, Err(UseError::SmsNotEnabled)));
    }
    assert_eq!(alice.available().await, cents(925));
    // From 3 April: the month ends on 3 May.
    world.leap(seconds(3 * DAY));
    switch(world, &alice, true).await.unwrap();
    assert_eq!(alice.available().await, cents(850));
}

async fn a_month_from_the_last_of_january_ends_with_february(world: &World) {
    let alice = customer(world).await;
    // From 3 April 2026 to 31 January 2027.
    world.leap(seconds(303 * DAY));
    assert!(world.now().to_string().starts_with("2027-01-31T"));
    switch(world, &alice, true).await.unwrap();
    switch(world, &alice, false).await.unwrap();
    world.leap(seconds(28 * DAY - 1));
    switch(world, &alice, true).await.unwrap();
    switch(world, &alice, false).await.unwrap();
    assert_eq!(alice.available().await, cents(925));
    world.leap(seconds(1));
    switch(world, &alice, true).await.unwrap();
    assert_eq!(alice.available().await, cents(850));
}

async fn stock(engine: &Arc<Engine>) -> NumberId {
    let new = NewNumber {
        number: "+447700900500".parse().unwrap(),
        country: "GB".parse().unwrap(),
        number_type: NumberType::Mobile,
        status: NumberStatus::Available,
        account: None,
        sms_enabled: false,
        carrier: None,
        simulated: true,
    };
    let made = engine.create_number(new, None, |record| json!(record.id.get())).await.unwrap();
    NumberId::new(made.answer.as_i64().unwrap())
}

async fn two_nodes_cannot_sell_one_number_twice(world: &World) {
    if world.kind() == Kind::Sqlite {
        // One process serves a file; there is no other node.
        return;
    }
    let (alice, bob) =
        (customer(world).await, world.account().balance(cents(1_000)).create().await);
    let other = world.second_node().await;
    let number = world.run(|engine| async move { stock(&engine).await }).await;
    let order = async |world: &World, account: &Account| {
        let (account, wants) = (account.id, vec![Want { number, sms: true }]);
        world
            .run(move |engine| async move {
                engine.order(account, wants, None, None, |_| Value::Null).await
            })
            .await
    };
    let (first, second) = tokio::join!(order(world, &alice), order(&other, &bob));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let spent = [alice.available().await, bob.available().await];
    assert!(spent.contains(&cents(1_000)) && spent.contains(&cents(825)), "{spent:?}");
}

async fn quote(world: &World, account: &Account, numbers: &[NumberId]) -> Result<(), UseError> {
    let account = account.id;
    let wants = numbers.iter().map(|number| Want { number: *number, sms: true }).collect();
    world
        .run(move |engine| async move { engine.quote_order(account, wants).await })
        .await
        .map(|_| ())
}

async fn order(
    world: &World,
    account: &Account,
    number: NumberId,
    total: Option<Micros>,
) -> Result<(), UseError> {
    let (account, wants) = (account.id, vec![Want { number, sms: true }]);
    world
        .run(move |engine| async move {
            engine.order(account, wants, total, None, |_| Value::Null).await
        })
        .await
        .map(|_| ())
}

fn is_taken(answer: &Result<(), UseError>) -> bool {
    matches!(answer, Err(UseError::Item { error, .. }) if matches!(**error, UseError::Conflict { .. }))
}

async fn a_number_in_a_checkout_is_kept_for_ten_minutes(world: &World) {
    let (alice, bob) = (customer(world).await, world.account().create().await);
    let number = world.run(|engine| async move { stock(&engine).await }).await;
    quote(world, &alice, &[number]).await.unwrap();
    assert!(is_taken(&quote(world, &bob, &[number]).await));
    assert!(is_taken(&order(world, &bob, number, None).await));
    let listed = async |account: &Account| {
        let buyer = (account.id, world.now());
        let all = numbers::Wanted::default();
        world.read(move |tx| numbers::available(tx, &all, buyer, i64::MAX, 10)).await.len()
    };
    assert_eq!((listed(&alice).await, listed(&bob).await), (1, 0));
    // Once more, which begins the ten minutes again; then nothing more.
    world.leap(seconds(599));
    quote(world, &alice, &[number]).await.unwrap();
    world.leap(seconds(599));
    assert!(is_taken(&order(world, &bob, number, None).await));
    world.leap(seconds(1));
    quote(world, &bob, &[number]).await.unwrap();
    assert!(is_taken(&order(world, &alice, number, None).await));
    // Who leaves lets go at once.
    let account = bob.id;
    world.run(move |engine| async move { engine.leave_checkout(account).await.unwrap() }).await;
    order(world, &alice, number, None).await.unwrap();
    assert_eq!(alice.available().await, cents(1_000 - 175));
    assert_eq!(bob.available().await, cents(1_000));
    assert!(is_taken(&quote(world, &bob, &[number]).await));
}

async fn of_a_hundred_buyers_of_one_number_one_gets_it_and_pays(world: &World) {
    let number = world.run(|engine| async move { stock(&engine).await }).await;
    let mut buyers = Vec::new();
    for _ in 0..100 {
        buyers.push(world.account().create().await);
    }
    // Some look first, some buy at once.
    let bought = futures::future::join_all(buyers.iter().enumerate().map(async |(n, buyer)| {
        if n % 2 == 0 {
            quote(world, buyer, &[number]).await?;
        }
        order(world, buyer, number, None).await
    }))
    .await;
    assert_eq!(bought.iter().filter(|answer| answer.is_ok()).count(), 1);
    for (buyer, answer) in buyers.iter().zip(&bought) {
        let (paid, sure) = (answer.is_ok(), answer.is_ok() || is_taken(answer));
        assert!(sure, "{answer:?}");
        assert_eq!(buyer.available().await, cents(if paid { 825 } else { 1_000 }));
    }
}

async fn an_order_that_costs_other_than_was_confirmed_is_not_carried_out(world: &World) {
    let alice = customer(world).await;
    let number = world.run(|engine| async move { stock(&engine).await }).await;
    let dearer = order(world, &alice, number, Some(cents(174))).await;
    assert!(matches!(dearer, Err(UseError::Conflict { .. })), "{dearer:?}");
    assert_eq!(alice.available().await, cents(1_000));
    order(world, &alice, number, Some(cents(175))).await.unwrap();
}
