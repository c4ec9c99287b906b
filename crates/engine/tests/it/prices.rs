//! Prices that operators set: what they change, and from when.

use domain::{Currency, Micros, NumberId, NumberStatus, NumberType, catalogue::Activation};
use engine::{NumberPriceWanted, OutboundPriceWanted, UseError, Want};
use serde_json::{Value, json};
use store::{documents::Document, numbers};
use testkit::{Account, World, cents};

use super::{TO, renewals::stock, seconds};

testkit::on_both_engines!(
    a_price_counts_from_its_date_and_not_before,
    a_month_that_has_begun_keeps_its_price,
    a_file_of_prices_is_looked_at_and_then_taken_whole,
    a_number_that_needs_documents_begins_when_it_is_approved,
    a_number_that_is_refused_gives_all_its_money_back,
);

const DAY: u64 = 86_400;

fn wanted(month: i64) -> NumberPriceWanted {
    NumberPriceWanted {
        currency: domain::Currency::EUR,
        country: "GB".parse().unwrap(),
        number_type: NumberType::Mobile,
        setup: Some(cents(50)),
        month: Some(Some(cents(month))),
        sms: None,
        activation: Some(Activation::Instant),
        from: None,
    }
}

async fn buy(world: &World, account: &Account, number: NumberId) {
    let (account, wants) = (account.id, vec![Want { number, sms: true }]);
    world
        .run(move |engine| async move {
            engine.order(account, wants, None, None, |_| Value::Null).await.unwrap();
        })
        .await;
}

async fn set(world: &World, wanted: NumberPriceWanted) -> usize {
    let set = move |engine: std::sync::Arc<engine::Engine>| async move {
        engine.set_number_prices(vec![(1, wanted)], false).await.unwrap().len()
    };
    world.run(set).await
}

async fn a_price_counts_from_its_date_and_not_before(world: &World) {
    world.simulator().create().await;
    let alice = world.account().balance(cents(1_000)).simulated().create().await;
    let outbound = |prefix: &str, micros: i64, from| OutboundPriceWanted {
        currency: domain::Currency::EUR,
        prefix: prefix.parse().unwrap(),
        price: Some(Micros::new(micros)),
        from,
    };
    let rows = vec![
        (1, outbound("+44", 20_000, None)),
        (2, outbound("+447", 30_000, Some(world.now().plus(seconds(DAY))))),
        (3, outbound("+33", 1, None)),
    ];
    let set = |engine: std::sync::Arc<engine::Engine>| async move {
        engine.set_outbound_prices(rows, false).await.unwrap().len()
    };
    assert_eq!(world.run(set).await, 3);
    let first = alice.send(TO, "hello").await;
    assert_eq!(alice.find(first).await.price.get(), 20_000);
    world.leap(seconds(DAY));
    let second = alice.send(TO, &"x".repeat(161)).await;
    assert_eq!(alice.find(second).await.price.get(), 60_000);
    // What was accepted keeps its price.
    assert_eq!(alice.find(first).await.price.get(), 20_000);
    assert_eq!(alice.held().await.get(), 80_000);
    world.leap(seconds(2 * DAY));
    world.keep_house().await;
}

async fn a_month_that_has_begun_keeps_its_price(world: &World) {
    let alice = world.account().balance(cents(1_000)).simulated().create().await;
    assert_eq!(set(world, wanted(200)).await, 1);
    assert_eq!(set(world, wanted(200)).await, 0, "it is so already");
    let number = stock(world, "+447700900500").await;
    buy(world, &alice, number).await;
    assert_eq!(alice.available().await, cents(1_000 - 50 - 200 - 75));
    // Announced for the day after the next month begins: that one is not dearer.
    let from = Some(world.now().plus_months(1).plus(seconds(DAY)));
    let dearer = NumberPriceWanted { from, ..wanted(300) };
    assert_eq!(set(world, dearer).await, 1);
    for _ in 0..30 {
        world.leap(seconds(DAY));
        world.renew().await;
    }
    assert_eq!(alice.available().await, cents(1_000 - 50 - 2 * 275));
    for _ in 0..31 {
        world.leap(seconds(DAY));
        world.renew().await;
    }
    assert_eq!(alice.available().await, cents(1_000 - 50 - 2 * 275 - 375));
}

async fn a_file_of_prices_is_looked_at_and_then_taken_whole(world: &World) {
    let csv = "country;type;month;sms\r\nGB;mobile;2.50;none\r\nNL;local;;0.80\r\n";
    let counts = world
        .run(move |engine| async move {
            let read = || engine.read_number_prices(csv.as_bytes()).unwrap();
            let looked = engine.set_number_prices(read(), true).await.unwrap();
            let (now, euros) = (engine.clock().now(), Currency::EUR);
            let unset = engine.prices().tariff(euros).scheduled(euros, now).len();
            let still = engine.set_number_prices(read(), true).await.unwrap().len();
            let taken = engine.set_number_prices(read(), false).await.unwrap().len();
            let again = engine.set_number_prices(read(), false).await.unwrap().len();
            let offer = engine
                .prices()
                .tariff(euros)
                .offer("GB".parse().unwrap(), NumberType::Mobile, now)
                .unwrap();
            assert_eq!((offer.number, offer.sms), (cents(250), None));
            [looked.len(), unset, still, taken, again]
        })
        .await;
    assert_eq!(counts, [2, 0, 2, 2, 0]);
    let errors = world
        .run(|engine| async move {
            let bad = "country,type,month,effective_from\nGB,mobile,-1,\nGB,fax,1,\nG,local,1,\n\
                       NL,local,1.1234567,\nNL,local,1,2020-01-01T00:00:00Z\nNL,mobile,1,\nNL,mobile,2,\n";
            engine.read_number_prices(bad.as_bytes()).unwrap_err().told
        })
        .await;
    let places: Vec<(u64, &str)> = errors.iter().map(|e| (e.line, e.column.as_str())).collect();
    let expected = [
        (2, "month"),
        (3, "type"),
        (4, "country"),
        (5, "month"),
        (6, "effective_from"),
        (8, "type"),
    ];
    assert_eq!(places, expected);
}

/// A number that was ordered where documents are required, at €0.50 + €2.00 + €0.75.
async fn waiting(world: &World) -> (Account, NumberId) {
    let activation = Some(Activation::Verification);
    set(world, NumberPriceWanted { activation, ..wanted(200) }).await;
    let mut alice = world.account().balance(cents(1_000)).simulated().create().await;
    alice.number = stock(world, "+447700900500").await;
    buy(world, &alice, alice.number).await;
    let number = alice.number;
    (alice, number)
}

async fn status(world: &World, id: NumberId) -> NumberStatus {
    world.read(move |tx| numbers::find(tx, id)).await.unwrap().status
}

async fn a_number_that_needs_documents_begins_when_it_is_approved(world: &World) {
    let (alice, id) = waiting(world).await;
    let (account, stranger) = (alice.id, world.account().create().await.id);
    assert_eq!(status(world, id).await, NumberStatus::PendingVerification);
    assert!(alice.ask(alice.message(TO, "too soon"), None).await.is_err());
    let hand_in = async |account| {
        let named = ("passport.pdf".to_owned(), "application/pdf".to_owned());
        world
            .run(move |engine| async move {
                let octets = |document: &Document| json!(document.octets);
                engine.hand_in(account, id, named, b"%PDF-1.7".to_vec(), None, octets).await
            })
            .await
    };
    assert!(matches!(hand_in(stranger).await, Err(UseError::NotFound(_))));
    assert_eq!(hand_in(account).await.unwrap().answer, 8);
    // Longer than a month: nothing more is charged while it waits.
    for _ in 0..40 {
        world.leap(seconds(DAY));
        world.renew().await;
    }
    assert_eq!(alice.available().await, cents(1_000 - 325));
    let approve = |engine: std::sync::Arc<engine::Engine>| async move {
        (engine.approve_number(id).await, engine.approve_number(id).await)
    };
    let (approved, again) = world.run(approve).await;
    assert_eq!(approved.unwrap().status, NumberStatus::Active);
    assert!(matches!(again, Err(UseError::Conflict { .. })));
    assert!(matches!(hand_in(account).await, Err(UseError::Conflict { .. })));
    let begun = world.now();
    for _ in 0..31 {
        assert_eq!(alice.available().await, cents(1_000 - 325));
        world.leap(seconds(DAY));
        if world.now() >= begun.plus_months(1) {
            break;
        }
        world.renew().await;
    }
    world.renew().await;
    assert_eq!(alice.available().await, cents(1_000 - 325 - 275));
}

async fn a_number_that_is_refused_gives_all_its_money_back(world: &World) {
    let (alice, id) = waiting(world).await;
    world.leap(seconds(DAY));
    let refuse = async |reason: &'static str| {
        world
            .run(move |engine| async move { engine.refuse_number(id, reason.to_owned()).await })
            .await
    };
    assert!(matches!(refuse(" ").await, Err(UseError::Invalid { .. })));
    assert_eq!(refuse("The picture is blurred.").await.unwrap().status, NumberStatus::Released);
    assert!(matches!(refuse("Again.").await, Err(UseError::Conflict { .. })));
    assert_eq!(alice.available().await, cents(1_000));
    let told = alice.events().await;
    assert!(told.iter().any(|e| e.data.as_deref().is_some_and(|data| data.contains("blurred"))));
    // Sold again, it costs what it costs: what was refunded is no month that was paid.
    let patch = engine::NumberPatch {
        status: Some(NumberStatus::Available),
        ..engine::NumberPatch::default()
    };
    world.run(move |engine| async move { engine.update_number(id, patch).await.unwrap() }).await;
    buy(world, &alice, id).await;
    assert_eq!(alice.available().await, cents(1_000 - 325));
}
