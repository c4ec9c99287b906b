//! Money, rate and idempotency of what is accepted.

use std::collections::BTreeSet;

use domain::{MessageId, MessageStatus, Micros};
use engine::{AcceptError, Accepted, Idempotency, Refusal};
use store::ledger::TransferKind;
use testkit::{Account, SEGMENT, World, cents};

const TO: &str = "+447700900123";

testkit::on_both_engines!(
    a_message_is_charged_when_it_is_accepted,
    a_balance_that_is_one_micro_short_buys_nothing,
    what_is_refused_costs_and_stores_nothing,
    no_more_is_accepted_than_the_balance_pays_for,
    a_burst_of_one_second_is_admitted_and_no_more,
    a_daily_cap_holds_with_any_number_of_senders,
    fifty_identical_requests_make_one_message,
    a_key_for_another_request_is_refused,
    a_key_is_forgotten_after_a_day,
    a_batch_is_admitted_whole_or_not_at_all,
    a_batch_is_answered_again_under_its_key,
    a_batch_leaves_at_the_accounts_rate,
);

fn refusal(answer: Result<Accepted, AcceptError>) -> Refusal {
    match answer {
        Err(AcceptError::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

fn id_of(answer: &Accepted) -> MessageId {
    answer.items[0].as_ref().unwrap().id
}

async fn a_message_is_charged_when_it_is_accepted(world: &World) {
    world.simulator().create().await;
    let alice = world.account().balance(cents(10)).create().await;
    let long = "x".repeat(161);
    let message = alice.find(alice.send(TO, &long).await).await;

    let price = SEGMENT.checked_mul(2).unwrap();
    assert_eq!((message.status, message.segments), (MessageStatus::Queued, 2));
    assert_eq!(message.price, price);
    assert_eq!(alice.held().await, price);
    assert_eq!(alice.available().await, cents(10).checked_sub(price).unwrap());
    let movement = alice.movements().await.remove(0);
    assert_eq!((movement.kind, movement.amount), (TransferKind::Reserve, price.negated()));
    assert_eq!(movement.available_after, alice.available().await);
}

async fn a_balance_that_is_one_micro_short_buys_nothing(world: &World) {
    world.simulator().create().await;
    let short = world.account().balance(SEGMENT.checked_sub(Micros::new(1)).unwrap());
    let short = short.create().await;
    let exact = world.account().balance(SEGMENT).create().await;

    assert_eq!(
        refusal(short.ask(short.message(TO, "a"), None).await),
        Refusal::InsufficientBalance
    );
    exact.send(TO, "a").await;
    assert_eq!(
        refusal(exact.ask(exact.message(TO, "a"), None).await),
        Refusal::InsufficientBalance
    );
    assert!(exact.available().await.is_zero());
}

async fn what_is_refused_costs_and_stores_nothing(world: &World) {
    let carrier = world.simulator().prefix("+44").create().await;
    let alice = world.account().create().await;
    let bob = world.account().create().await;

    let foreign = engine::Send { from: bob.number, ..alice.message(TO, "a") };
    assert_eq!(refusal(alice.ask(foreign, None).await), Refusal::UnknownNumber);
    let nowhere = alice.message("+33639980001", "a");
    assert_eq!(refusal(alice.ask(nowhere, None).await), Refusal::DestinationNotAllowed);
    let number = alice.number;
    let off = engine::NumberPatch { sms_enabled: Some(false), ..Default::default() };
    world.run(move |engine| async move { engine.update_number(number, off).await.unwrap() }).await;
    assert_eq!(refusal(alice.ask(alice.message(TO, "a"), None).await), Refusal::SmsNotEnabled);

    let suspended = engine::NumberPatch {
        status: Some(domain::NumberStatus::Suspended),
        sms_enabled: Some(true),
        ..Default::default()
    };
    world
        .run(move |engine| async move { engine.update_number(number, suspended).await.unwrap() })
        .await;
    assert_eq!(refusal(alice.ask(alice.message(TO, "a"), None).await), Refusal::NumberNotActive);
    let account = bob.id;
    let patch = engine::AccountPatch {
        status: Some(store::accounts::AccountStatus::Suspended),
        ..Default::default()
    };
    world
        .run(move |engine| async move { engine.update_account(account, patch).await.unwrap() })
        .await;
    assert_eq!(refusal(bob.ask(bob.message(TO, "a"), None).await), Refusal::AccountSuspended);

    for account in [&alice, &bob] {
        assert!(account.messages().await.is_empty());
        assert_eq!(account.available().await, cents(1_000));
    }
    assert!(world.is_up(carrier).await);
}

async fn no_more_is_accepted_than_the_balance_pays_for(world: &World) {
    const SENDERS: usize = 200;
    const AFFORDED: i64 = 100;
    world.simulator().create().await;
    // DIDFARM_SENDER_ROUNDS=1000 for an evening.
    let rounds = std::env::var("DIDFARM_SENDER_ROUNDS").ok().and_then(|text| text.parse().ok());
    for round in 0..rounds.unwrap_or(10) {
        let account = world.account().balance(SEGMENT.checked_mul(AFFORDED).unwrap());
        let account = account.create().await;
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let account = account.clone();
                tokio::spawn(async move {
                    account.ask(account.message(TO, &format!("{round} {sender}")), None).await
                })
            })
            .collect();
        let mut accepted = 0;
        for sender in senders {
            match sender.await.unwrap() {
                Ok(_) => accepted += 1,
                Err(error) => assert!(
                    matches!(error, AcceptError::Refused(Refusal::InsufficientBalance)),
                    "{error}"
                ),
            }
        }
        assert_eq!(accepted, AFFORDED);
        assert_eq!(account.messages().await.len(), 100);
        assert!(account.available().await.is_zero());
        assert_eq!(account.held().await, SEGMENT.checked_mul(AFFORDED).unwrap());
    }
}

async fn a_burst_of_one_second_is_admitted_and_no_more(world: &World) {
    world.simulator().create().await;
    let alice = world.account().rate(10).create().await;
    let senders: Vec<_> = (0..40)
        .map(|sender| {
            let alice = alice.clone();
            tokio::spawn(
                async move { alice.ask(alice.message(TO, &sender.to_string()), None).await },
            )
        })
        .collect();
    let mut accepted = 0;
    for sender in senders {
        match sender.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(AcceptError::Refused(Refusal::RateLimited { quota })) => {
                assert_eq!(quota.unwrap().remaining, 0);
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(accepted, 10);

    world.leap(std::time::Duration::from_millis(100));
    let answer = alice.ask(alice.message(TO, "one more"), None).await.unwrap();
    assert_eq!(answer.quota.unwrap().remaining, 0);
    assert!(matches!(
        refusal(alice.ask(alice.message(TO, "and another"), None).await),
        Refusal::RateLimited { .. }
    ));
}

async fn fifty_identical_requests_make_one_message(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    let key = Idempotency::new("key", "/sms/send", b"hello");
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let (alice, key) = (alice.clone(), key.clone());
            tokio::spawn(async move { alice.ask(alice.message(TO, "hello"), Some(key)).await })
        })
        .collect();
    let mut ids = BTreeSet::new();
    let mut first = 0;
    for request in requests {
        let answer = request.await.unwrap().unwrap();
        first += usize::from(!answer.replayed);
        ids.insert(id_of(&answer));
    }
    assert_eq!((ids.len(), first), (1, 1));
    assert_eq!(alice.messages().await.len(), 1);
    assert_eq!(alice.held().await, SEGMENT);

    // And the same again after a restart, when the message has moved on.
    world.dispatch().await;
    world.crash();
    world.start_again().await;
    let again = alice.ask(alice.message(TO, "hello"), Some(key)).await.unwrap();
    assert!(again.replayed && ids.contains(&id_of(&again)));
    assert_eq!(again.items[0].as_ref().unwrap().status, MessageStatus::Queued);
}

async fn a_key_for_another_request_is_refused(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    let bob = world.account().create().await;
    let key = |body: &[u8]| Some(Idempotency::new("key", "/sms/send", body));
    alice.ask(alice.message(TO, "a"), key(b"a")).await.unwrap();

    assert_eq!(refusal(alice.ask(alice.message(TO, "b"), key(b"b")).await), Refusal::KeyReused);
    // In one commit with its twin, too.
    let both = tokio::join!(
        ask_under(&alice, "c", Idempotency::new("twin", "/sms/send", b"c")),
        ask_under(&alice, "d", Idempotency::new("twin", "/sms/send", b"d")),
    );
    let refused = [both.0.is_err(), both.1.is_err()].into_iter().filter(|refused| *refused);
    assert_eq!(refused.count(), 1);
    // Another account's key is its own.
    assert!(!bob.ask(bob.message(TO, "a"), key(b"a")).await.unwrap().replayed);
    assert_eq!(alice.messages().await.len(), 2);
}

async fn ask_under(account: &Account, text: &str, key: Idempotency) -> Result<(), AcceptError> {
    account.ask(account.message(TO, text), Some(key)).await.map(|_| ())
}

async fn a_key_is_forgotten_after_a_day(world: &World) {
    let hour = std::time::Duration::from_secs(3_600);
    world.simulator().create().await;
    let alice = world.account().create().await;
    let key = || Some(Idempotency::new("key", "/sms/send", b"a"));
    let first = id_of(&alice.ask(alice.message(TO, "a"), key()).await.unwrap());

    world.leap(hour * 23);
    world.keep_house().await;
    let same = alice.ask(alice.message(TO, "a"), key()).await.unwrap();
    assert!(same.replayed && id_of(&same) == first);
    world.leap(hour * 2);
    let new = alice.ask(alice.message(TO, "a"), key()).await.unwrap();
    assert!(!new.replayed && id_of(&new) != first);
    world.keep_house().await;
    assert!(alice.ask(alice.message(TO, "a"), key()).await.unwrap().replayed);
}

async fn a_batch_is_admitted_whole_or_not_at_all(world: &World) {
    world.simulator().create().await;
    let alice = world.account().balance(SEGMENT.checked_mul(2).unwrap()).create().await;
    let batch = |count: usize| (0..count).map(|i| alice.message(TO, &i.to_string())).collect();

    let refused = alice.ask_batch(batch(3), None).await;
    let nothing = match refused {
        Ok(answer) => answer
            .items
            .iter()
            .all(|item| *item.as_ref().unwrap_err() == Refusal::InsufficientBalance),
        Err(AcceptError::Refused(refusal)) => refusal == Refusal::InsufficientBalance,
        Err(_) => false,
    };
    assert!(nothing);
    assert!(alice.messages().await.is_empty());
    let answer = alice.ask_batch(batch(2), None).await.unwrap();
    assert!(answer.items.iter().all(Result::is_ok));
    assert!(alice.available().await.is_zero());
}

async fn a_batch_is_answered_again_under_its_key(world: &World) {
    world.simulator().prefix("+44").create().await;
    let alice = world.account().create().await;
    let key = || Some(Idempotency::new("key", "/sms/batch", b"batch"));
    let batch =
        || vec![alice.message(TO, "a"), alice.message("+33639980001", "b"), alice.message(TO, "c")];

    let first = alice.ask_batch(batch(), key()).await.unwrap();
    let again = alice.ask_batch(batch(), key()).await.unwrap();
    assert!(!first.replayed && again.replayed);
    let ids = |answer: &Accepted| -> Vec<Option<MessageId>> {
        answer.items.iter().map(|item| item.as_ref().ok().map(|message| message.id)).collect()
    };
    assert_eq!(ids(&first), ids(&again));
    assert!(again.items[1].as_ref().is_err_and(|why| *why == Refusal::DestinationNotAllowed));
    assert_eq!(alice.messages().await.len(), 2);
}

async fn a_batch_leaves_at_the_accounts_rate(world: &World) {
    let smsc = testkit::Smsc::start().await;
    world.carrier(&smsc).set("window", 1_000).create().await;
    let alice = world.account().rate(10).create().await;
    let texts: Vec<String> = (0..50).map(|i| format!("message {i}")).collect();
    let batch = texts.iter().map(|text| alice.message(TO, text)).collect();
    alice.ask_batch(batch, None).await.unwrap();

    world.until_submitted(&smsc, 10).await;
    for tenth in 1..=40_usize {
        assert_eq!(world.dispatch().await, 0, "nothing leaves before its time");
        world.leap(std::time::Duration::from_millis(100));
        world.until_submitted(&smsc, 10 + tenth).await;
    }
    let sent: Vec<String> = smsc.submits().into_iter().map(|submit| submit.text).collect();
    assert_eq!(sent, texts, "in the order of the batch");
}

async fn cap(world: &World, account: &Account, cap: Option<Micros>) {
    let (id, patch) =
        (account.id, engine::WalletPatch { daily_spend_cap: Some(cap), ..Default::default() });
    world.run(move |engine| async move { engine.update_wallet(id, patch).await.unwrap() }).await;
}

async fn a_daily_cap_holds_with_any_number_of_senders(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    cap(world, &alice, Some(SEGMENT.checked_mul(20).unwrap())).await;
    let senders: Vec<_> = (0..200)
        .map(|_| {
            let alice = alice.clone();
            tokio::spawn(async move { alice.ask(alice.message(TO, "a"), None).await })
        })
        .collect();

    let mut accepted = 0;
    for sender in senders {
        match sender.await.unwrap() {
            Ok(_) => accepted += 1,
            other => assert_eq!(refusal(other), Refusal::DailyCapReached),
        }
    }
    assert_eq!(accepted, 20);
    world.assert_audit_clean().await;

    // Money is a reason of its own, and the next day is another.
    let poor = world.account().balance(SEGMENT).create().await;
    cap(world, &poor, Some(SEGMENT)).await;
    poor.send(TO, "a").await;
    assert_eq!(refusal(poor.ask(poor.message(TO, "a"), None).await), Refusal::InsufficientBalance);
    world.leap(std::time::Duration::from_secs(86_400));
    alice.send(TO, "a").await;
    cap(world, &alice, Some(SEGMENT)).await;
    assert_eq!(refusal(alice.ask(alice.message(TO, "a"), None).await), Refusal::DailyCapReached);
    cap(world, &alice, None).await;
    alice.send(TO, "a").await;
    world.assert_audit_clean().await;
}
