//! What a wallet is told of the months to come, held against what they then take.

use std::time::Duration;

use domain::{Micros, NumberId, NumberType, catalogue::Activation};
use engine::{CHARGES_MAX, NumberPriceWanted, Upcoming, Want};
use serde_json::Value;
use store::months::Service;
use testkit::{Account, World, cents};

use super::renewals::stock;

testkit::on_both_engines!(
    the_months_to_come_are_those_that_are_charged,
    a_price_that_is_announced_is_told_from_its_date,
    a_short_month_has_two_charges_in_sight,
    what_the_balance_does_not_cover_is_told_and_stays_when_it_is_owed,
    what_is_off_begins_a_month_with_a_day_of_its_own,
    what_does_not_renew_is_not_told,
    a_long_list_is_cut_and_added_up_whole,
);

const DAY: Duration = Duration::from_secs(86_400);

async fn buy(world: &World, account: &Account, numbers: &[NumberId], sms: bool) {
    for chunk in numbers.chunks(engine::ORDER_ITEMS_MAX) {
        let account = account.id;
        let wants = chunk.iter().map(|number| Want { number: *number, sms }).collect();
        world
            .run(move |engine| async move {
                engine.order(account, wants, None, None, |_| Value::Null).await.unwrap();
            })
            .await;
    }
}

async fn set_price(world: &World, wanted: NumberPriceWanted) {
    world
        .run(move |engine| async move {
            engine.set_number_prices(vec![(1, wanted)], false).await.unwrap();
        })
        .await;
}

fn british() -> NumberPriceWanted {
    NumberPriceWanted {
        currency: domain::Currency::EUR,
        country: "GB".parse().unwrap(),
        number_type: NumberType::Mobile,
        setup: None,
        month: None,
        sms: None,
        activation: None,
        from: None,
    }
}

async fn upcoming(world: &World, account: &Account) -> Upcoming {
    let account = account.id;
    world.run(move |engine| async move { engine.upcoming(account).await.unwrap().unwrap() }).await
}

/// Day, service and amount of each.
fn lines(upcoming: &Upcoming) -> Vec<(String, &'static str, i64)> {
    let line = |charge: &engine::Charge| {
        let day = charge.due_at.to_string()[..10].to_owned();
        (day, charge.service.as_str(), charge.amount.get() / 10_000)
    };
    upcoming.charges.iter().map(line).collect()
}

fn line(day: &str, service: &'static str, cents: i64) -> (String, &'static str, i64) {
    (day.to_owned(), service, cents)
}

async fn days(world: &World, days: u64) {
    for _ in 0..days {
        world.leap(DAY);
        world.renew().await;
    }
}

async fn the_months_to_come_are_those_that_are_charged(world: &World) {
    let alice = world.account().balance(cents(2_000)).simulated().create().await;
    let other = world.account().balance(cents(2_000)).simulated().create().await;
    assert_eq!(upcoming(world, &alice).await.count, 0);
    // From 3 April 2026, one a day.
    for n in 0..4 {
        let number = stock(world, &format!("+44770090050{n}")).await;
        buy(world, &alice, &[number], n % 2 == 0).await;
        days(world, 1).await;
    }
    for _ in 0..40 {
        let told = upcoming(world, &alice).await;
        assert_eq!((told.count, told.charges.len(), told.covered_until), (6, 6, None));
        assert!(told.charges.is_sorted_by_key(|charge| (charge.due_at, charge.service)));
        assert!(told.charges.iter().all(|charge| charge.due_at <= told.until && !charge.owed));
        days(world, 1).await;
    }
    let told = upcoming(world, &alice).await;
    let before = alice.available().await;
    assert_eq!((told.wallet.available, told.total), (before, cents(4 * 100 + 2 * 75)));
    days(world, 31).await;
    assert_eq!(alice.available().await.checked_add(told.total), Some(before));
    assert_eq!(upcoming(world, &other).await.count, 0);
}

async fn a_price_that_is_announced_is_told_from_its_date(world: &World) {
    let alice = world.account().balance(cents(2_000)).simulated().create().await;
    let (first, second) =
        (stock(world, "+447700900500").await, stock(world, "+447700900501").await);
    buy(world, &alice, &[first], true).await;
    days(world, 2).await;
    buy(world, &alice, &[second], true).await;
    let from = Some(world.now().plus_months(1).minus(DAY));
    let dearer = NumberPriceWanted { month: Some(Some(cents(250))), from, ..british() };
    set_price(world, dearer).await;
    let told = upcoming(world, &alice).await;
    let expected = [
        line("2026-05-03", "number", 100),
        line("2026-05-03", "sms", 75),
        line("2026-05-05", "number", 250),
        line("2026-05-05", "sms", 75),
    ];
    assert_eq!(lines(&told), expected);
    assert_eq!(told.charges[0].number.as_str(), "+447700900500");
    assert_eq!(told.charges[2].number_id, second);
    let before = alice.available().await;
    days(world, 31).await;
    assert_eq!(alice.available().await.checked_add(told.total), Some(before));
}

async fn a_short_month_has_two_charges_in_sight(world: &World) {
    let alice = world.account().balance(cents(2_000)).simulated().create().await;
    // From 3 April 2026 to 28 January 2027.
    world.leap(300 * DAY);
    world.renew().await;
    let number = stock(world, "+447700900500").await;
    buy(world, &alice, &[number], false).await;
    days(world, 30).await;
    let told = upcoming(world, &alice).await;
    assert_eq!(
        lines(&told),
        [line("2027-02-28", "number", 100), line("2027-03-28", "number", 100)]
    );
}

async fn what_the_balance_does_not_cover_is_told_and_stays_when_it_is_owed(world: &World) {
    let alice = world.account().balance(cents(175 + 175 + 120)).simulated().create().await;
    let (first, second) =
        (stock(world, "+447700900500").await, stock(world, "+447700900501").await);
    buy(world, &alice, &[first], true).await;
    days(world, 1).await;
    buy(world, &alice, &[second], true).await;
    let told = upcoming(world, &alice).await;
    assert_eq!((told.count, told.total, told.wallet.available), (4, cents(350), cents(120)));
    // The number is covered, the SMS on it is not.
    let sms = told.charges[1].clone();
    assert_eq!((sms.service, told.covered_until), (Service::Sms, Some(sms.due_at)));

    // Owed: in the past, with the price that it has been owed at.
    days(world, 32).await;
    let dearer = NumberPriceWanted { sms: Some(Some(cents(90))), ..british() };
    set_price(world, dearer).await;
    let told = upcoming(world, &alice).await;
    let expected = [
        line("2026-05-03", "sms", 75),
        line("2026-05-04", "number", 100),
        line("2026-05-04", "sms", 75),
        line("2026-06-03", "number", 100),
        line("2026-06-03", "sms", 90),
        line("2026-06-04", "number", 100),
        line("2026-06-04", "sms", 90),
    ];
    assert_eq!(lines(&told), expected);
    let owed: Vec<bool> = told.charges.iter().map(|charge| charge.owed).collect();
    assert_eq!(owed, [true, true, true, false, false, false, false]);
    assert_eq!(told.covered_until, Some(sms.due_at));

    // Off: what is owed is a month that begins with the money, as if it came now, at the price of now.
    days(world, 8).await;
    let told = upcoming(world, &alice).await;
    let expected = [
        line("2026-05-03", "sms", 90),
        line("2026-05-04", "number", 100),
        line("2026-05-04", "sms", 90),
        line("2026-06-03", "number", 100),
        line("2026-06-14", "number", 100),
        line("2026-06-14", "sms", 90),
        line("2026-06-14", "sms", 90),
    ];
    assert_eq!(lines(&told), expected);
    // What is paid in pays what was told as owed.
    let account = alice.id;
    world
        .run(move |engine| async move {
            let note = "more".to_owned();
            engine.credit(account, cents(1_000), note, None, |_| Value::Null).await.unwrap();
        })
        .await;
    let before = alice.available().await;
    while world.renew().await > 0 {}
    assert_eq!(alice.available().await.checked_add(cents(280)), Some(before));
    let told = upcoming(world, &alice).await;
    assert!(told.charges.iter().all(|charge| !charge.owed));
    assert_eq!(told.covered_until, None);
}

async fn what_is_off_begins_a_month_with_a_day_of_its_own(world: &World) {
    let alice = world.account().balance(cents(100)).simulated().create().await;
    let number = stock(world, "+447700900500").await;
    // On the 2nd of December, so that it is off on the 31st of January.
    days(world, 243).await;
    buy(world, &alice, &[number], false).await;
    days(world, 60).await;
    let told = upcoming(world, &alice).await;
    // Paid now, it is paid until the end of February, and not until the 2nd of a month.
    assert_eq!(
        lines(&told),
        [line("2027-01-02", "number", 100), line("2027-02-28", "number", 100)]
    );
}

async fn what_does_not_renew_is_not_told(world: &World) {
    let mut alice = world.account().balance(cents(2_000)).simulated().create().await;
    let number = stock(world, "+447700900500").await;
    buy(world, &alice, &[number], true).await;
    let waits = NumberPriceWanted { activation: Some(Activation::Verification), ..british() };
    set_price(world, waits).await;
    let waiting = stock(world, "+447700900501").await;
    buy(world, &alice, &[waiting], true).await;
    assert_eq!(upcoming(world, &alice).await.count, 2, "what waits begins nobody knows when");
    alice.number = number;
    let account = alice.id;
    world
        .run(move |engine| async move { engine.disable_sms(account, number).await.map(|_| ()) })
        .await
        .unwrap();
    assert_eq!(lines(&upcoming(world, &alice).await), [line("2026-05-03", "number", 100)]);
    world
        .run(move |engine| async move { engine.release_number(account, number).await.map(|_| ()) })
        .await
        .unwrap();
    let told = upcoming(world, &alice).await;
    assert_eq!((told.count, told.total, told.covered_until), (0, Micros::ZERO, None));
}

async fn a_long_list_is_cut_and_added_up_whole(world: &World) {
    // More than a page of numbers, and more charges than are listed.
    const NUMBERS: usize = 510;
    let count = i64::try_from(NUMBERS).unwrap();
    let alice = world.account().balance(cents(2 * 175 * count)).simulated().create().await;
    let mut numbers = Vec::new();
    for n in 0..NUMBERS {
        numbers.push(stock(world, &format!("+44770090{n:04}")).await);
    }
    buy(world, &alice, &numbers, true).await;
    let told = upcoming(world, &alice).await;
    assert_eq!((told.count, told.charges.len()), (2 * NUMBERS, CHARGES_MAX));
    assert_eq!((told.total, told.covered_until), (cents(175 * count), None));
    assert!(told.charges.iter().all(|charge| charge.service == Service::Number));
}
