//! The months after the first: each is charged once, on its anchor's day, and what is owed has its
//! days of grace.

use std::time::Duration;

use domain::{NumberId, NumberStatus, NumberType, Timestamp, text};
use engine::{AcceptError, NewNumber, Refusal, SimulatedInbound, UseError, Want};
use serde_json::{Value, json};
use store::{
    events::EventKind,
    months::Service,
    numbers::{self, NumberRecord},
    renewals::{self, RenewalState},
};
use testkit::{Account, Kind, World, cents};

use super::{TO, seconds};

testkit::on_both_engines!(
    months_keep_their_day_over_the_years,
    sms_that_is_owed_has_seven_days_and_comes_back,
    money_within_the_grace_pays_the_month_that_is_owed,
    a_number_that_is_not_paid_for_is_suspended_and_then_released,
    sms_that_was_switched_off_does_not_renew,
    switching_off_and_on_does_not_make_an_owed_month_free,
    a_customer_can_end_sms_that_has_lapsed,
    a_clock_that_jumps_halts_the_renewals,
    a_clock_that_is_set_back_charges_nothing_twice,
    a_released_number_is_nobodys_and_renews_no_more,
    several_nodes_and_deaths_charge_each_month_once,
);

const DAY: Duration = Duration::from_secs(86_400);

/// Puts a number into the inventory.
pub(super) async fn stock(world: &World, number: &str) -> NumberId {
    let number = number.parse().unwrap();
    world
        .run(|engine| async move {
            let new = NewNumber {
                number,
                country: "GB".parse().unwrap(),
                number_type: NumberType::Mobile,
                status: NumberStatus::Available,
                account: None,
                sms_enabled: false,
                carrier: None,
                simulated: true,
            };
            let made = engine.create_number(new, None, |record| json!(record.id.get()));
            NumberId::new(made.await.unwrap().answer.as_i64().unwrap())
        })
        .await
}

/// A customer who bought a number with SMS for €1.75 and has the rest of `balance`.
async fn buyer(world: &World, balance: i64) -> (Account, NumberId) {
    world.simulator().create().await;
    let mut alice = world.account().balance(cents(balance)).simulated().create().await;
    let number = stock(world, "+447700900500").await;
    buy(world, &alice, number).await;
    alice.number = number;
    (alice, number)
}

async fn buy(world: &World, account: &Account, number: NumberId) {
    let (account, wants) = (account.id, vec![Want { number, sms: true }]);
    let order = async move |engine: std::sync::Arc<engine::Engine>| {
        engine.order(account, wants, None, None, |_| Value::Null).await
    };
    world.run(order).await.unwrap();
}

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

async fn top_up(world: &World, account: &Account, amount: i64) {
    let account = account.id;
    world
        .run(move |engine| async move {
            let note = "more".to_owned();
            engine.credit(account, cents(amount), note, None, |_| Value::Null).await.unwrap();
        })
        .await;
}

/// Lets days pass, looking at the renewals on each.
async fn days(world: &World, days: u64) {
    for _ in 0..days {
        world.leap(DAY);
        world.renew().await;
    }
}

async fn number(world: &World, id: NumberId) -> NumberRecord {
    world.read(move |tx| numbers::find(tx, id)).await.unwrap()
}

async fn state(world: &World, account: &Account, service: Service) -> Option<RenewalState> {
    let (account, number) = (account.id, account.number);
    let found = world.read(move |tx| renewals::of_numbers(tx, account, (number, number))).await;
    found.iter().find(|renewal| renewal.service == service).map(|renewal| renewal.state)
}

/// When the months of a number's service began.
async fn months(world: &World, id: NumberId, service: Service) -> Vec<String> {
    world
        .read(move |tx| {
            let sql = "SELECT starts_at FROM number_months WHERE number_id = $1 AND service = $2
                       ORDER BY starts_at";
            let values = [store::Value::from(id), store::Value::from(service.as_str())];
            tx.query(sql, &values, |row| Ok(row.time(0)?.to_string()))
        })
        .await
}

/// The notices that the customer had, oldest first.
async fn notices(account: &Account) -> Vec<String> {
    let of_number = |event: &&store::events::StoredEvent| event.kind == EventKind::NumberStatus;
    account
        .events()
        .await
        .iter()
        .filter(of_number)
        .filter_map(|event| {
            let data: Value = serde_json::from_str(event.data.as_deref().unwrap_or("{}")).unwrap();
            let notice = data.get("notice")?;
            Some(format!("{} {}", notice["service"].as_str()?, notice["kind"].as_str()?))
        })
        .collect()
}

/// Sends, and leaves it to its end.
async fn send(world: &World, account: &Account) -> Result<(), AcceptError> {
    let sent = account.ask(account.message(TO, "still there?"), None).await.map(|_| ());
    world.leap(seconds(86_000));
    world.leap(seconds(500));
    world.keep_house().await;
    world.set_back(seconds(86_500));
    sent
}

async fn receives(world: &World, account: &Account) {
    let before = account.messages().await.len();
    let to = number(world, account.number).await.number;
    let inbound =
        SimulatedInbound { from: TO.to_owned(), to, body: text::Body::parse("hello").unwrap() };
    world
        .run(|engine| async move {
            engine.simulate_inbound(inbound, None, |()| Value::Null).await.unwrap()
        })
        .await;
    world.record().await;
    assert_eq!(account.messages().await.len(), before + 1, "inbound goes on");
}

async fn months_keep_their_day_over_the_years(world: &World) {
    let alice = world.account().balance(cents(200_000)).simulated().create().await;
    // From 3 April 2026 to 28 January 2027; then one number a day up to the 31st.
    world.leap(seconds(300 * 86_400));
    world.renew().await;
    let mut bought: Vec<(NumberId, Timestamp)> = Vec::new();
    for day in 28..=31 {
        assert!(world.now().to_string().starts_with(&format!("2027-01-{day}")));
        let number = stock(world, &format!("+4477009005{day}")).await;
        buy(world, &alice, number).await;
        bought.push((number, world.now()));
        days(world, 1).await;
    }
    // To the end of 2040, or over the leap day of 2028.
    days(world, if world.kind() == Kind::Sqlite { 5_080 } else { 800 }).await;
    let mut spent = 0;
    for (number, anchor) in bought {
        let expected: Vec<String> = (0..)
            .map(|month| anchor.plus_months(month))
            .take_while(|starts_at| *starts_at <= world.now())
            .map(|starts_at| starts_at.to_string())
            .collect();
        assert!(expected.len() > 25);
        for (service, price) in [(Service::Number, 100), (Service::Sms, 75)] {
            assert_eq!(months(world, number, service).await, expected);
            spent += price * i64::try_from(expected.len()).unwrap();
        }
    }
    assert_eq!(alice.available().await, cents(200_000 - spent));
}

async fn sms_that_is_owed_has_seven_days_and_comes_back(world: &World) {
    // The second month of the number, and not that of SMS.
    let (alice, id) = buyer(world, 175 + 120).await;
    days(world, 29).await;
    assert!(notices(&alice).await.is_empty());
    days(world, 1).await;
    for day in 1..=7 {
        assert_eq!(notices(&alice).await, vec!["sms payment_due"; day]);
        send(world, &alice).await.unwrap();
        receives(world, &alice).await;
        days(world, 1).await;
    }
    assert_eq!(notices(&alice).await.last().unwrap(), "sms lapsed");
    let refused = send(world, &alice).await.unwrap_err();
    assert!(matches!(refused, AcceptError::Refused(Refusal::SmsNotEnabled)), "{refused:?}");
    receives(world, &alice).await;

    days(world, 3).await;
    top_up(world, &alice, 100).await;
    assert_eq!(world.renew().await, 1);
    assert_eq!(notices(&alice).await.last().unwrap(), "sms resumed");
    send(world, &alice).await.unwrap();
    assert!(number(world, id).await.sms_enabled);
    // What was off was not charged: the new month began with the money, on 13 May.
    let starts: Vec<String> = months(world, id, Service::Sms).await;
    assert_eq!(starts.len(), 2);
    assert!(starts[1].starts_with("2026-05-13"), "{starts:?}");
}

async fn money_within_the_grace_pays_the_month_that_is_owed(world: &World) {
    let (alice, id) = buyer(world, 175).await;
    days(world, 33).await;
    assert_eq!(state(world, &alice, Service::Number).await, Some(RenewalState::Grace));
    top_up(world, &alice, 175).await;
    assert_eq!(world.renew().await, 2);
    for service in [Service::Number, Service::Sms] {
        let starts = months(world, id, service).await;
        assert!(starts[1].starts_with("2026-05-03T10:00:00"), "{starts:?}");
        assert_eq!(state(world, &alice, service).await, Some(RenewalState::Paid));
    }
    assert!(alice.available().await.is_zero());
}

async fn a_number_that_is_not_paid_for_is_suspended_and_then_released(world: &World) {
    let (alice, id) = buyer(world, 175).await;
    days(world, 30 + 7).await;
    assert_eq!(number(world, id).await.status, NumberStatus::Suspended);
    let refused = send(world, &alice).await.unwrap_err();
    assert!(matches!(refused, AcceptError::Refused(Refusal::NumberNotActive)), "{refused:?}");
    receives(world, &alice).await;
    // Money for SMS alone does not bring the number back, and is not taken.
    top_up(world, &alice, 80).await;
    assert_eq!(world.renew().await, 0);
    days(world, 22).await;
    assert_eq!(number(world, id).await.account, Some(alice.id));
    days(world, 1).await;
    let released = number(world, id).await;
    assert_eq!((released.status, released.account), (NumberStatus::Released, None));
    assert!(notices(&alice).await.contains(&"number ended".to_owned()));
    assert_eq!(alice.available().await, cents(80));
}

async fn sms_that_was_switched_off_does_not_renew(world: &World) {
    let (alice, id) = buyer(world, 1_000).await;
    days(world, 5).await;
    switch(world, &alice, false).await.unwrap();
    days(world, 40).await;
    assert_eq!(months(world, id, Service::Sms).await.len(), 1);
    assert_eq!(months(world, id, Service::Number).await.len(), 2);
    assert_eq!(state(world, &alice, Service::Sms).await, None);
    // Again: a month that begins now.
    switch(world, &alice, true).await.unwrap();
    assert_eq!(months(world, id, Service::Sms).await[1], world.now().to_string());
}

async fn switching_off_and_on_does_not_make_an_owed_month_free(world: &World) {
    let (alice, id) = buyer(world, 175 + 110).await;
    days(world, 36).await;
    send(world, &alice).await.unwrap();
    switch(world, &alice, false).await.unwrap();
    top_up(world, &alice, 75).await;
    world.renew().await;
    switch(world, &alice, true).await.unwrap();
    let starts = months(world, id, Service::Sms).await;
    assert!(starts[1].starts_with("2026-05-03T10:00:00"), "{starts:?}");
    assert_eq!(alice.available().await, cents(10));
}

async fn a_customer_can_end_sms_that_has_lapsed(world: &World) {
    let (alice, id) = buyer(world, 175 + 100).await;
    days(world, 38).await;
    assert_eq!(state(world, &alice, Service::Sms).await, Some(RenewalState::Lapsed));
    switch(world, &alice, false).await.unwrap();
    assert!(matches!(switch(world, &alice, false).await, Err(UseError::SmsNotEnabled)));
    top_up(world, &alice, 10_000).await;
    world.renew().await;
    days(world, 3).await;
    assert!(!number(world, id).await.sms_enabled);
    assert_eq!(months(world, id, Service::Sms).await.len(), 1);
}

async fn a_clock_that_jumps_halts_the_renewals(world: &World) {
    let (alice, id) = buyer(world, 10_000).await;
    world.renew().await;
    world.leap(31 * DAY);
    for _ in 0..3 {
        assert_eq!(world.renew().await, 0);
        world.leap(DAY);
    }
    let state = world.run(|engine| async move { engine.billing_state().await.unwrap() }).await;
    assert!(state.halted_at.is_some());
    assert_eq!(months(world, id, Service::Sms).await.len(), 1);
    // A restart does not make the clock right.
    world.crash();
    world.start_again().await;
    assert_eq!(world.renew().await, 0);
    world.run(|engine| async move { engine.resume_billing().await.unwrap() }).await;
    assert_eq!(world.renew().await, 2);
    assert_eq!(months(world, id, Service::Sms).await.len(), 2);
    assert_eq!(alice.available().await, cents(10_000 - 2 * 175));
}

async fn a_clock_that_is_set_back_charges_nothing_twice(world: &World) {
    let (alice, id) = buyer(world, 10_000).await;
    days(world, 30).await;
    for _ in 0..5 {
        world.set_back(DAY);
        assert_eq!(world.renew().await, 0);
        world.leap(DAY + seconds(60));
        assert_eq!(world.renew().await, 0);
    }
    assert_eq!(months(world, id, Service::Number).await.len(), 2);
    assert_eq!(alice.available().await, cents(10_000 - 2 * 175));
}

async fn a_released_number_is_nobodys_and_renews_no_more(world: &World) {
    let (alice, id) = buyer(world, 10_000).await;
    let (account, stranger) = (alice.id, world.account().create().await);
    let release = async |account| {
        world.run(move |engine| async move { engine.release_number(account, id).await }).await
    };
    assert!(matches!(release(stranger.id).await, Err(UseError::NotFound(_))));
    assert_eq!(release(account).await.unwrap().status, NumberStatus::Released);
    assert!(matches!(release(account).await, Err(UseError::NotFound(_))));
    assert!(send(world, &alice).await.is_err());
    days(world, 40).await;
    assert_eq!(months(world, id, Service::Number).await.len(), 1);
    assert_eq!(alice.available().await, cents(10_000 - 175));
}

async fn several_nodes_and_deaths_charge_each_month_once(world: &World) {
    if world.kind() == Kind::Sqlite {
        // One process serves a file; there is no other node.
        return;
    }
    let alice = world.account().balance(cents(100_000)).simulated().create().await;
    let mut bought = Vec::new();
    for n in 10..30 {
        let number = stock(world, &format!("+4477009005{n}")).await;
        buy(world, &alice, number).await;
        bought.push(number);
    }
    let other = world.second_node().await;
    for day in 0..100 {
        world.leap(DAY);
        // Both look; one holds the lease.
        let (here, there) = tokio::join!(world.renew(), other.renew());
        assert!(here == 0 || there == 0);
        if day % 20 == 19 {
            world.crash();
            other.renew().await;
            world.start_again().await;
        }
    }
    // 3 May, 3 June, 3 July.
    for number in bought {
        assert_eq!(months(world, number, Service::Number).await.len(), 4);
        assert_eq!(months(world, number, Service::Sms).await.len(), 4);
    }
    assert_eq!(alice.available().await, cents(100_000 - 20 * 4 * 175));
}
