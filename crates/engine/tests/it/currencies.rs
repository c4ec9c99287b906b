//! Accounts that pay in different currencies, each at its own prices.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use domain::{Currency, MessageStatus, Micros, NumberId, NumberType};
use engine::{
    Client, Engine, NewAccount, NumberPriceWanted, OutboundPriceWanted, SignUp, UseError, Want,
};
use serde_json::{Value, json};
use store::{events::EventKind, renewals};
use testkit::{Account, Kind, Smsc, World, cents};

use super::{TO, papers::pay, renewals::stock, seconds};

testkit::on_both_engines!(
    an_account_is_opened_in_a_currency_that_has_prices,
    a_message_costs_what_its_accounts_currency_says,
    a_number_is_sold_where_its_currency_has_a_price,
    months_renew_in_the_accounts_currency,
    what_is_paid_in_is_in_the_accounts_currency,
    a_file_has_prices_in_several_currencies,
    what_is_no_longer_sold_is_kept_by_those_who_have_it,
    another_node_knows_new_prices_at_once,
    a_top_up_is_bounded_by_what_its_currency_is_worth,
);

#[tokio::test]
async fn who_signs_up_pays_in_the_currency_of_new_accounts() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        if !kind.is_available() {
            continue;
        }
        let world = World::paying_in(kind, "USD").await;
        let early = sign_up(&world, "early@example.com").await;
        assert!(matches!(early, Err(UseError::Conflict { .. })), "{early:?}");
        price_segments(&world, usd(), "+", 10_000).await;
        sign_up(&world, "in-time@example.com").await.unwrap();
        let account = world.account().create().await.id;
        let found = world.read(move |tx| store::accounts::find(tx, account)).await;
        assert_eq!(found.unwrap().currency, usd());
        let all = world.read(|tx| store::accounts::list(tx, i64::MAX, 10)).await;
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|account| account.currency == usd()), "{all:?}");
        world.assert_audit_clean().await;
    }
}

async fn sign_up(world: &World, email: &str) -> Result<(), UseError> {
    let new = SignUp {
        email: email.parse().unwrap(),
        password: "correct horse battery".parse().unwrap(),
        name: None,
    };
    let from = Client { ip: Ipv4Addr::new(192, 0, 2, 1).into(), user_agent: None };
    world
        .run(move |engine| async move {
            engine.sign_up(new, from, None, |_, _| Value::Null).await.map(|_| ())
        })
        .await
}

const DAY: Duration = Duration::from_secs(86_400);

fn usd() -> Currency {
    "USD".parse().unwrap()
}

async fn price_segments(world: &World, currency: Currency, prefix: &str, micros: i64) {
    let wanted = OutboundPriceWanted {
        currency,
        prefix: prefix.parse().unwrap(),
        price: Some(Micros::new(micros)),
        from: None,
    };
    let set = async move |engine: Arc<Engine>| {
        engine.set_outbound_prices(vec![(1, wanted)], false).await.unwrap();
    };
    world.run(set).await;
}

/// British mobile numbers in dollars: $0.50 once, $3.00 and for SMS $1.00 a month.
fn in_dollars() -> NumberPriceWanted {
    NumberPriceWanted {
        currency: usd(),
        country: "GB".parse().unwrap(),
        number_type: NumberType::Mobile,
        setup: Some(cents(50)),
        month: Some(Some(cents(300))),
        sms: Some(Some(cents(100))),
        activation: None,
        from: None,
    }
}

async fn set(world: &World, wanted: NumberPriceWanted) -> Result<usize, UseError> {
    let set = async move |engine: Arc<Engine>| {
        engine.set_number_prices(vec![(1, wanted)], false).await.map(|changes| changes.len())
    };
    world.run(set).await
}

async fn buy(world: &World, account: &Account, number: NumberId) -> Result<(), UseError> {
    let (account, wants) = (account.id, vec![Want { number, sms: true }]);
    let order = async move |engine: Arc<Engine>| {
        let quote = engine.quote_order(account, wants.clone()).await?;
        let total = Some(quote.total);
        engine.order(account, wants, total, None, |_| Value::Null).await.map(|_| ())
    };
    world.run(order).await
}

/// A customer who pays in dollars, $0.010 a segment.
async fn american(world: &World) -> Account {
    price_segments(world, usd(), "+", 10_000).await;
    world.account().currency("USD").simulated().create().await
}

async fn an_account_is_opened_in_a_currency_that_has_prices(world: &World) {
    let open = || async {
        world
            .run(|engine| async move {
                let new = NewAccount {
                    name: "Acme".to_owned(),
                    email: "acme@example.com".parse().unwrap(),
                    password_hash: None,
                    vat_rate: domain::VatRate::ZERO,
                    currency: Some(usd()),
                    verified: true,
                };
                engine.create_account(new, None, |made| json!(made.account.id.get())).await
            })
            .await
    };
    let refused = open().await.unwrap_err();
    assert!(matches!(refused, UseError::Invalid { param, .. } if param == "currency"));
    // A price for some destinations is not enough: a send to any other would have none.
    price_segments(world, usd(), "+44", 10_000).await;
    assert!(open().await.is_err());
    price_segments(world, usd(), "+", 12_000).await;
    let id = domain::AccountId::new(open().await.unwrap().answer.as_i64().unwrap());
    let currency = world.run(|engine| async move { engine.currency_of(id).await.unwrap() }).await;
    assert_eq!(currency, usd());
}

async fn a_message_costs_what_its_accounts_currency_says(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().balance(cents(1_000)).create().await;
    price_segments(world, usd(), "+", 10_000).await;
    let bob = world.account().currency("USD").create().await;
    // Together, so that one commit may have both.
    let (first, second) = tokio::join!(alice.send(TO, "hello"), bob.send(TO, "hello"));
    assert_eq!(alice.find(first).await.price.get(), 8_000);
    assert_eq!(bob.find(second).await.price.get(), 10_000);
    assert_eq!(bob.held().await.get(), 10_000);
    world.until_submitted(&smsc, 2).await;
    alice.becomes(first, MessageStatus::Sent).await;
    bob.becomes(second, MessageStatus::Sent).await;
    assert_eq!(alice.available().await.get(), 10_000_000 - 8_000);
    assert_eq!(bob.available().await.get(), 10_000_000 - 10_000);
    let movements = bob.movements().await;
    assert!(movements.iter().all(|movement| movement.currency == usd()), "{movements:?}");
    let events = bob.events().await;
    let balances: Vec<&String> = events
        .iter()
        .filter(|event| event.kind == EventKind::WalletBalance)
        .filter_map(|event| event.data.as_ref())
        .collect();
    assert!(!balances.is_empty());
    assert!(balances.iter().all(|data| data.contains("\"USD\"")), "{balances:?}");
    world.assert_audit_clean().await;
}

async fn a_number_is_sold_where_its_currency_has_a_price(world: &World) {
    let bob = american(world).await;
    let number = stock(world, "+447700900501").await;
    let unpriced = |error: &UseError| matches!(error, UseError::Item { error, .. } if matches!(**error, UseError::NoPrice(_)));
    let error = buy(world, &bob, number).await.unwrap_err();
    assert!(unpriced(&error), "{error:?}");
    assert_eq!(bob.available().await, cents(1_000));
    // The first price in another currency has to name what the number costs.
    for missing in [
        NumberPriceWanted { setup: None, ..in_dollars() },
        NumberPriceWanted { month: None, ..in_dollars() },
    ] {
        assert!(matches!(set(world, missing).await, Err(UseError::Invalid { .. })));
    }
    assert_eq!(set(world, in_dollars()).await.unwrap(), 1);
    assert_eq!(set(world, in_dollars()).await.unwrap(), 0, "it is so already");
    buy(world, &bob, number).await.unwrap();
    assert_eq!(bob.available().await, cents(1_000 - 50 - 300 - 100));
    // What euros cost has not changed.
    let alice = world.account().balance(cents(1_000)).create().await;
    buy(world, &alice, stock(world, "+447700900502").await).await.unwrap();
    assert_eq!(alice.available().await, cents(1_000 - 100 - 75));
    let (account, id) = (bob.id, bob.number);
    let enabled = world
        .run(move |engine| async move {
            engine.disable_sms(account, id).await.unwrap();
            engine.enable_sms(account, id, None, |_| Value::Null).await.map(|_| ())
        })
        .await;
    assert!(matches!(enabled, Err(UseError::NoPrice(_))), "local numbers have none: {enabled:?}");
    world.assert_audit_clean().await;
}

async fn months_renew_in_the_accounts_currency(world: &World) {
    let bob = american(world).await;
    set(world, in_dollars()).await.unwrap();
    let number = stock(world, "+447700900501").await;
    buy(world, &bob, number).await.unwrap();
    // SMS is no longer on offer: who has it keeps it at what it cost.
    set(world, NumberPriceWanted { sms: Some(None), ..in_dollars() }).await.unwrap();
    for _ in 0..31 {
        world.leap(DAY);
        world.renew().await;
    }
    assert_eq!(bob.available().await, cents(1_000 - 50 - 2 * 400));
    for _ in 0..31 {
        world.leap(DAY);
        world.renew().await;
    }
    // $1.50 pays neither the number nor, before it, its SMS.
    let account = bob.id;
    let owed = world.read(move |tx| renewals::of_numbers(tx, account, (number, number))).await;
    let mut owed: Vec<Micros> = owed.iter().map(|renewal| renewal.owed).collect();
    owed.sort_unstable();
    assert_eq!(owed.last(), Some(&cents(300)));
    world.assert_audit_clean().await;
}

async fn what_is_paid_in_is_in_the_accounts_currency(world: &World) {
    let bob = american(world).await;
    pay(world, bob.id, cents(2_000)).await;
    let (account, paper) =
        (bob.id, |tx: &mut store::Tx<'_>, id| store::papers::list(tx, id, i64::MAX, 10));
    let papers = world.read(move |tx| paper(tx, account)).await;
    assert_eq!(papers.len(), 1);
    assert_eq!((papers[0].currency, papers[0].total), (usd(), cents(2_000)));
    let in_euros = world
        .run(move |engine| async move {
            let wanted = engine::TopupWanted {
                amount: cents(500),
                currency: Some(Currency::EUR),
                save_card: false,
            };
            engine.begin_topup(account, wanted, None, |_| Value::Null).await.map(|_| ())
        })
        .await;
    assert!(matches!(in_euros, Err(UseError::Invalid { param, .. }) if param == "currency"));
    assert_eq!(bob.available().await, cents(3_000));
    world.leap(seconds(40 * 86_400));
    world.run(|engine| async move { engine.issue_statements().await.unwrap() }).await;
    let papers = world.read(move |tx| paper(tx, account)).await;
    assert!(papers.len() > 1 && papers.iter().all(|paper| paper.currency == usd()));
    world.assert_audit_clean().await;
}

async fn a_file_has_prices_in_several_currencies(world: &World) {
    world.simulator().create().await;
    let numbers =
        "currency,country,type,setup,month,sms\nUSD,GB,mobile,0.50,3.00,1.00\n,GB,mobile,,2.00,\n";
    let segments = "currency,prefix,price\nUSD,+,0.01\nEUR,+,0.009\nUSD,+44,0.02\n";
    let (of_numbers, of_segments) = world
        .run(move |engine| async move {
            let rows = engine.read_number_prices(numbers.as_bytes()).unwrap();
            let of_numbers = engine.set_number_prices(rows, false).await.unwrap();
            let rows = engine.read_outbound_prices(segments.as_bytes()).unwrap();
            (of_numbers, engine.set_outbound_prices(rows, false).await.unwrap())
        })
        .await;
    let of_numbers: Vec<(Currency, Micros, Option<Micros>)> = of_numbers
        .iter()
        .map(|change| {
            (
                change.after.currency,
                change.after.offer.unwrap().number,
                change.after.offer.unwrap().sms,
            )
        })
        .collect();
    let sms = |amount| Some(cents(amount));
    assert_eq!(of_numbers, [(usd(), cents(300), sms(100)), (Currency::EUR, cents(200), sms(75))]);
    let of_segments: Vec<(Currency, &str, i64)> = of_segments
        .iter()
        .map(|change| {
            (change.after.currency, change.after.prefix.as_str(), change.after.price.unwrap().get())
        })
        .collect();
    assert_eq!(
        of_segments,
        [(usd(), "+", 10_000), (Currency::EUR, "+", 9_000), (usd(), "+44", 20_000)]
    );
    let bad = "currency,country,type,setup,month\nUSD,GB,local,,1\nusd,GB,mobile,1,1\nUSD,NL,local,1,1\nUSD,NL,local,2,2\n";
    let places = world
        .run(move |engine| async move {
            let told = engine.read_number_prices(bad.as_bytes()).unwrap_err().told;
            told.into_iter().map(|error| (error.line, error.column)).collect::<Vec<_>>()
        })
        .await;
    let places: Vec<(u64, &str)> =
        places.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(places, [(2, "setup"), (3, "currency"), (5, "type")]);
    let bob = world.account().currency("USD").simulated().create().await;
    let sent = bob.send(TO, "hello").await;
    assert_eq!(bob.find(sent).await.price.get(), 20_000);
}

async fn another_node_knows_new_prices_at_once(world: &World) {
    if world.kind() != Kind::Postgres {
        return;
    }
    world.simulator().create().await;
    let other = world.second_node().await;
    let bob = american(world).await;
    let message = bob.on(&other).send(TO, "hello").await;
    assert_eq!(bob.find(message).await.price.get(), 10_000);
}

async fn a_top_up_is_bounded_by_what_its_currency_is_worth(world: &World) {
    let yen: Currency = "JPY".parse().unwrap();
    price_segments(world, yen, "+", 1_400_000).await;
    let account = world.account().currency("JPY").create().await.id;
    for (units, taken) in [("99", false), ("100", true), ("150.5", false), ("1000000", true)] {
        let amount = Micros::parse(units, 6).unwrap();
        let begun = world
            .run(move |engine| async move {
                let wanted = engine::TopupWanted { amount, currency: None, save_card: false };
                engine.begin_topup(account, wanted, None, |_| Value::Null).await.map(|_| ())
            })
            .await;
        assert_eq!(begun.is_ok(), taken, "{units}: {begun:?}");
    }
}

async fn what_is_no_longer_sold_is_kept_by_those_who_have_it(world: &World) {
    let bob = american(world).await;
    set(world, in_dollars()).await.unwrap();
    let (number, other) =
        (stock(world, "+447700900501").await, stock(world, "+447700900502").await);
    buy(world, &bob, number).await.unwrap();
    world.leap(seconds(1));
    let withdrawn = NumberPriceWanted { month: Some(None), ..in_dollars() };
    assert_eq!(set(world, withdrawn.clone()).await.unwrap(), 1);
    assert_eq!(set(world, withdrawn).await.unwrap(), 0, "it is so already");
    let error = buy(world, &bob, other).await.unwrap_err();
    assert!(matches!(error, UseError::Item { .. }), "{error:?}");
    for _ in 0..31 {
        world.leap(DAY);
        world.renew().await;
    }
    assert_eq!(bob.available().await, cents(1_000 - 50 - 2 * 400));
    // Sold again: nothing is known of what it cost before.
    let again = NumberPriceWanted { setup: None, ..in_dollars() };
    assert!(matches!(set(world, again).await, Err(UseError::Invalid { .. })));
    assert_eq!(set(world, in_dollars()).await.unwrap(), 1);
}
