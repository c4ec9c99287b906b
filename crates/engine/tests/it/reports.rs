//! Reports: what the roll-ups add up to agrees with the messages, the ledger and the carriers' costs.

use domain::{CarrierId, Country, Day, MessageStatus, Micros, Timestamp};
use engine::CarrierCostWanted;
use smpp::CommandStatus;
use store::{
    ledger::TransferKind,
    reports::{self, Filter, Grouping, Line},
    stats::Counts,
};
use testkit::{Account, Reply, SEGMENT, Smsc, World, cents, inbound, receipt};

use super::{TO, seconds, sent};

testkit::on_both_engines!(
    days_carriers_and_countries_add_up_to_the_ledger,
    a_message_counts_with_the_carrier_that_has_it,
    a_cost_counts_from_its_date_and_by_the_longest_prefix,
    what_a_test_key_sends_is_in_no_report,
);

const DAY: u64 = 86_400;

/// In Switzerland, where no carrier's cost is set in these tests.
const ABROAD: &str = "+41780000123";

fn everything(world: &World) -> Filter {
    let today = world.now().day();
    Filter {
        days: (Day::new(today - 30), Day::new(today)),
        account: None,
        number: None,
        country: None,
        carrier: None,
    }
}

async fn report(world: &World, filter: Filter, groupings: &'static [Grouping]) -> Vec<Line> {
    world.read(move |tx| reports::lines(tx, &filter, groupings, 1_000)).await
}

async fn total(world: &World, filter: Filter) -> Counts {
    let lines = report(world, filter, &[]).await;
    assert!(lines.len() <= 1, "one currency");
    lines.first().map(|line| line.counts).unwrap_or_default()
}

async fn cost(world: &World, carrier: CarrierId, rows: &[(&str, i64, Option<Timestamp>)]) {
    let rows = rows
        .iter()
        .map(|(prefix, cost, from)| CarrierCostWanted {
            prefix: prefix.parse().unwrap(),
            cost: Some(Micros::new(*cost)),
            from: *from,
        })
        .zip(1..)
        .map(|(row, line)| (line, row))
        .collect();
    world
        .run(move |engine| async move {
            engine.set_carrier_costs(carrier, rows, false).await.unwrap();
        })
        .await;
}

/// What the account's list of transactions says that messages cost.
async fn charged(account: &Account) -> i64 {
    let sms = [TransferKind::Reserve, TransferKind::Void];
    let movements = account.movements().await;
    let of_messages = movements.iter().filter(|movement| sms.contains(&movement.kind));
    -of_messages.map(|movement| movement.amount.get()).sum::<i64>()
}

async fn days_carriers_and_countries_add_up_to_the_ledger(world: &World) {
    let (near, far) = (Smsc::start().await, Smsc::start().await);
    let british = world.carrier(&near).prefix("+44").create().await;
    let other = world.carrier(&far).create().await;
    cost(world, british, &[("+44", 5_000, None)]).await;
    let alice = world.account().balance(cents(1_000)).create().await;
    let bob = world.account().balance(cents(1_000)).create().await;
    let first_day = Day::new(world.now().day());

    // One that is delivered, one in two parts of which nothing more is heard.
    let (message, submit) = sent(world, &near, &alice, "hello").await;
    near.deliver(receipt(&submit, "DELIVRD"));
    alice.becomes(message, MessageStatus::Delivered).await;
    sent(world, &near, &alice, &"x".repeat(161)).await;
    // Of two parts the carrier takes the first alone.
    near.next(Reply::Accept);
    near.next(Reply::Refuse(CommandStatus::ME_RINVDSTADR));
    let half = alice.send(TO, &"y".repeat(161)).await;
    world.until_submitted(&near, 5).await;
    alice.becomes(half, MessageStatus::Failed).await;

    // A day later: an answer, another country, another customer; and the end of what is older.
    world.leap(seconds(DAY));
    near.deliver(inbound(TO, &alice.e164, "thanks"));
    near.deliver(inbound("BANK", &alice.e164, "your code"));
    world.until_acknowledged(&near).await;
    let abroad = alice.send(ABROAD, "grüezi").await;
    world.until_submitted(&far, 1).await;
    alice.becomes(abroad, MessageStatus::Sent).await;
    let (lost, submit) = sent(world, &near, &bob, "hello").await;
    near.deliver(receipt(&submit, "UNDELIV"));
    bob.becomes(lost, MessageStatus::Failed).await;

    let segment = SEGMENT.get();
    let of_alice = Filter { account: Some(alice.id), ..everything(world) };
    let whole = total(world, of_alice.clone()).await;
    let expected = Counts {
        outbound: 4,
        inbound: 2,
        delivered: 1,
        failed: 1,
        segments: 6,
        spent: Micros::new(5 * segment),
        cost: Micros::new(4 * 5_000),
        uncosted_segments: 1,
    };
    assert_eq!(whole, expected);
    assert_eq!(charged(&alice).await, whole.spent.get());

    let days = report(world, of_alice.clone(), &[Grouping::Day]).await;
    assert_eq!(days.len(), 2);
    assert_eq!((days[0].day, days[0].counts.spent.get()), (Some(first_day), 4 * segment));
    assert_eq!((days[1].counts.outbound, days[1].counts.inbound), (1, 2));

    let countries = report(world, of_alice.clone(), &[Grouping::Country]).await;
    let seen: Vec<(Option<String>, i64, i64)> = countries
        .iter()
        .map(|line| {
            let country = line.country.as_ref().map(Country::to_string);
            (country, line.counts.outbound, line.counts.inbound)
        })
        .collect();
    let named = |country: &str| Some(country.to_owned());
    assert_eq!(seen, [(None, 0, 1), (named("CH"), 1, 0), (named("GB"), 3, 1)]);

    // Both customers, by carrier: the margin is exact where each cost is known.
    let carriers = report(world, everything(world), &[Grouping::Carrier]).await;
    let of = |carrier: CarrierId| {
        let named = |line: &&Line| line.carrier.as_ref().is_some_and(|c| c.id == carrier.get());
        carriers.iter().find(named).unwrap().counts
    };
    assert_eq!(of(british).spent.get() - of(british).cost.get(), 5 * segment - 5 * 5_000);
    assert_eq!((of(british).uncosted_segments, of(british).failed), (0, 2));
    assert_eq!((of(other).uncosted_segments, of(other).cost.get()), (1, 0));

    // However it is grouped, it adds up to the same.
    let all = total(world, everything(world)).await;
    for groupings in [
        &[Grouping::Day][..],
        &[Grouping::Account, Grouping::Number],
        &[Grouping::Carrier, Grouping::Country],
        Grouping::ALL,
    ] {
        let lines = world.read({
            let filter = everything(world);
            move |tx| reports::lines(tx, &filter, groupings, 1_000)
        });
        let mut sum = Counts::default();
        lines.await.iter().for_each(|line| sum.add(&line.counts));
        assert_eq!(sum, all, "{groupings:?}");
    }

    let only = |filter: Filter| total(world, filter);
    let country = Some("CH".parse().unwrap());
    assert_eq!(only(Filter { country, ..of_alice.clone() }).await.outbound, 1);
    assert_eq!(only(Filter { number: Some(bob.number), ..of_alice.clone() }).await.outbound, 0);
    assert_eq!(only(Filter { carrier: Some(other), ..everything(world) }).await.outbound, 1);
    let days = (first_day, first_day);
    assert_eq!(only(Filter { days, ..of_alice }).await.outbound, 3);
}

async fn a_message_counts_with_the_carrier_that_has_it(world: &World) {
    let (first, second) = (Smsc::start().await, Smsc::start().await);
    let refuses = world.carrier(&first).priority(1).create().await;
    let takes = world.carrier(&second).priority(2).create().await;
    cost(world, refuses, &[("+", 1_000, None)]).await;
    cost(world, takes, &[("+", 2_000, None)]).await;
    let alice = world.account().create().await;
    first.always(Reply::Refuse(CommandStatus::ME_RSYSERR));
    let refused = alice.send(TO, "hello").await;
    world.until_submitted(&second, 1).await;
    alice.becomes(refused, MessageStatus::Sent).await;
    // What waits for a carrier that is gone counts with the one to which it goes.
    alice.send(TO, &"x".repeat(161)).await;
    let deleting =
        world.run(move |engine| async move { engine.delete_carrier(refuses).await.unwrap() });
    world.while_time_passes(deleting).await;
    assert_eq!(world.detour().await, 1);
    world.assert_audit_clean().await;

    let lines = report(world, everything(world), &[Grouping::Carrier]).await;
    assert_eq!(lines.len(), 1, "nothing is left with the carrier that took nothing");
    assert_eq!(lines[0].carrier.as_ref().unwrap().id, takes.get());
    let counts = lines[0].counts;
    assert_eq!((counts.outbound, counts.segments, counts.cost.get()), (2, 3, 2_000));
}

async fn a_cost_counts_from_its_date_and_by_the_longest_prefix(world: &World) {
    let smsc = Smsc::start().await;
    let carrier = world.carrier(&smsc).create().await;
    let tomorrow = Some(world.now().plus(seconds(DAY)));
    let rows = [("+", 9_000, None), ("+44", 3_000, None), ("+447", 4_000, tomorrow)];
    cost(world, carrier, &rows).await;
    let alice = world.account().create().await;
    sent(world, &smsc, &alice, "hello").await;
    world.leap(seconds(DAY));
    sent(world, &smsc, &alice, "hello").await;
    let abroad = alice.send(ABROAD, "grüezi").await;
    alice.becomes(abroad, MessageStatus::Queued).await;
    world.until_submitted(&smsc, 3).await;
    alice.becomes(abroad, MessageStatus::Sent).await;
    assert_eq!(total(world, everything(world)).await.cost.get(), 3_000 + 4_000 + 9_000);
    // What was taken before a change keeps its cost.
    cost(world, carrier, &[("+", 1, None), ("+44", 1, None)]).await;
    assert_eq!(total(world, everything(world)).await.cost.get(), 16_000);

    let file = b"prefix;cost;effective_from\n+33;0.002;\n+44;none;\n".to_vec();
    let (rows, bad) = world
        .run(move |engine| async move {
            let rows = engine.read_carrier_costs(&file).unwrap();
            let bad = engine.read_carrier_costs(b"prefix,cost\n+33,\n+44,-1\n").unwrap_err();
            let made = engine.import_carrier_costs(carrier, rows, None, |changes| {
                serde_json::json!(changes.len())
            });
            (made.await.unwrap().answer, bad.told.len())
        })
        .await;
    assert_eq!((rows, bad), (serde_json::json!(2), 2));
    let now = world.now();
    let prices = world.run(|engine| async move { engine.prices() }).await;
    let cost = |to| prices.cost(Some(carrier), to, now).map(Micros::get);
    assert_eq!(cost("+33199000000"), Some(2_000));
    assert_eq!(cost("+442079460000"), Some(1), "its own cost is gone");
    assert_eq!(cost(TO), Some(4_000));
}

async fn what_a_test_key_sends_is_in_no_report(world: &World) {
    world.simulator().create().await;
    let alice = world.account().balance(cents(0)).create().await;
    let message = engine::Send { test: true, ..alice.message(TO, "hello") };
    alice.ask(message, None).await.unwrap();
    world.dispatch().await;
    world.record().await;
    assert_eq!(total(world, everything(world)).await, Counts::default());
}
