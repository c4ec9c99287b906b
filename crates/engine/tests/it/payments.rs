//! Money that comes in by itself, what is told of it, and what is taken back; in a demo.

use domain::{Micros, TopupId};
use engine::{AutoRechargePatch, TopupBegun, TopupWanted, UseError, WalletPatch};
use serde_json::{Value, json};
use store::{
    auto_recharges,
    events::EventKind,
    ledger::TransferKind,
    topups::{self, Topup},
};
use testkit::{Account, World, cents};

testkit::on_both_engines!(
    a_top_up_asks_for_tax_and_credits_what_is_left,
    a_low_wallet_is_topped_up_within_the_days_limit,
    without_a_card_nothing_is_charged,
    a_payment_that_failed_gives_the_day_back_what_it_took,
    a_refund_takes_what_is_there_and_no_more,
);

mod several_nodes {
    use super::two_nodes_top_a_wallet_up_once;

    testkit::on_several_nodes!(two_nodes_top_a_wallet_up_once);
}

async fn begin(world: &World, account: &Account, amount: i64, save_card: bool) -> String {
    let (id, wanted) =
        (account.id, TopupWanted { amount: cents(amount), currency: None, save_card });
    let begun = world
        .run(move |engine| async move {
            let render = |begun: &TopupBegun| json!(begun.checkout_url);
            engine.begin_topup(id, wanted, None, render).await.unwrap().answer
        })
        .await;
    begun.as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn pay(world: &World, token: &str) -> Topup {
    let token = token.to_owned();
    world.run(move |engine| async move { engine.pay_demo_topup(&token).await.unwrap() }).await
}

async fn set(world: &World, account: &Account, patch: AutoRechargePatch) -> Result<(), UseError> {
    let (id, patch) =
        (account.id, WalletPatch { auto_recharge: Some(patch), ..WalletPatch::default() });
    world.run(move |engine| async move { engine.update_wallet(id, patch).await.map(drop) }).await
}

fn on(amount: i64, daily_limit: i64) -> AutoRechargePatch {
    AutoRechargePatch {
        enabled: Some(true),
        below: Some(cents(1_000)),
        amount: Some(cents(amount)),
        daily_limit: Some(cents(daily_limit)),
    }
}

async fn spend(world: &World, account: &Account, amount: i64) {
    let id = account.id;
    world
        .run(move |engine| async move {
            let note = "spent".to_owned();
            engine.credit(id, cents(-amount), note, None, |_| Value::Null).await.unwrap();
        })
        .await;
}

async fn all_topups(world: &World, account: &Account) -> Vec<Topup> {
    let id = account.id;
    world.read(move |tx| topups::list(tx, Some(id), i64::MAX, 1_000)).await
}

async fn a_top_up_asks_for_tax_and_credits_what_is_left(world: &World) {
    let alice = world.account().balance(Micros::ZERO).vat("21.00").create().await;
    let token = begin(world, &alice, 2_000, false).await;
    let topup = pay(world, &token).await;
    assert_eq!((topup.vat_amount, topup.gross), (cents(420), cents(2_420)));
    pay(world, &token).await;
    assert_eq!(alice.available().await, cents(2_000));
    assert_eq!(alice.movements().await.len(), 1);
}

async fn a_low_wallet_is_topped_up_within_the_days_limit(world: &World) {
    let alice = world.account().balance(Micros::ZERO).vat("21.00").create().await;
    pay(world, &begin(world, &alice, 500, true).await).await;
    set(world, &alice, on(2_000, 4_500)).await.unwrap();
    for (balance, spent) in [(2_500, 2_000), (2_500, 2_000), (500, 0)] {
        world.pursue_payments().await;
        world.pursue_payments().await;
        assert_eq!(alice.available().await, cents(balance));
        if spent > 0 {
            spend(world, &alice, spent).await;
        }
    }
    // The next day is another.
    world.leap(std::time::Duration::from_secs(86_400));
    world.pursue_payments().await;
    assert_eq!(alice.available().await, cents(2_500));
    let topups = all_topups(world, &alice).await;
    assert_eq!((topups.len(), topups[0].gross), (4, cents(2_420)));
}

/// Whatever the amount is set to meanwhile.
async fn a_payment_that_failed_gives_the_day_back_what_it_took(world: &World) {
    let account = world.account().create().await;
    let id = account.id;
    let written = world.run(move |engine| async move {
        let written = engine.store().write(move |tx| {
            let (day, at) = (20_000, domain::Timestamp::from_micros(1));
            let mut set = auto_recharges::AutoRecharge::new(id);
            (set.enabled, set.amount, set.daily_limit) = (true, cents(1_000), cents(4_000));
            auto_recharges::put(tx, &set)?;
            for topup in [1, 2, 3] {
                assert!(auto_recharges::begin(tx, &set, TopupId::new(topup), day)?);
                if topup < 3 {
                    auto_recharges::end(tx, id, TopupId::new(topup))?;
                }
            }
            set.amount = cents(3_000);
            auto_recharges::put(tx, &set)?;
            auto_recharges::pause(tx, id, (cents(1_000), "declined"), at)?;
            let kept = auto_recharges::find(tx, id)?.unwrap();
            assert_eq!(kept.topup, None);
            Ok::<_, store::StoreError>(kept.charged_on(day))
        });
        written.await.unwrap()
    });
    let charged = written.await;
    assert_eq!(charged, cents(2_000));
}

async fn without_a_card_nothing_is_charged(world: &World) {
    let alice = world.account().balance(Micros::ZERO).create().await;
    assert!(matches!(
        set(world, &alice, on(2_000, 4_500)).await,
        Err(UseError::Conflict { message }) if message.contains("save_card")
    ));
    // One that was saved, and is gone by the time that it is needed.
    pay(world, &begin(world, &alice, 500, true).await).await;
    set(world, &alice, on(2_000, 4_500)).await.unwrap();
    let id = alice.id;
    world
        .run(move |engine| async move {
            engine.store().write(move |tx| store::saved_cards::delete(tx, id)).await.unwrap()
        })
        .await;
    world.pursue_payments().await;
    world.pursue_payments().await;
    assert_eq!(alice.available().await, cents(500));
    let recharge = world.read(move |tx| auto_recharges::find(tx, id)).await.unwrap();
    assert!(recharge.paused_reason.unwrap().contains("no card"));
    let told = alice.events().await;
    let told = told.iter().filter(|event| event.kind == EventKind::WalletRechargeFailed);
    assert_eq!(told.count(), 1, "once");
}

async fn two_nodes_top_a_wallet_up_once(world: &World) {
    let other = world.second_node().await;
    let alice = world.account().balance(Micros::ZERO).create().await;
    pay(world, &begin(world, &alice, 500, true).await).await;
    for round in 1..=10 {
        set(world, &alice, on(2_000, 100_000)).await.unwrap();
        tokio::join!(
            world.pursue_payments(),
            other.pursue_payments(),
            world.pursue_payments(),
            other.pursue_payments()
        );
        assert_eq!(alice.available().await, cents(2_500), "round {round}");
        spend(world, &alice, 2_000).await;
    }
}

async fn a_refund_takes_what_is_there_and_no_more(world: &World) {
    let alice = world.account().balance(Micros::ZERO).vat("21.00").create().await;
    let id: TopupId = pay(world, &begin(world, &alice, 2_000, false).await).await.id;
    let refund = async |amount: Option<i64>| {
        let amount = amount.map(cents);
        world
            .run(move |engine| async move {
                let render = |made: &store::reversals::Reversal| json!(made.gross.get());
                engine.refund_topup(id, amount, None, render).await.map(|done| done.answer)
            })
            .await
    };
    spend(world, &alice, 500).await;
    assert!(matches!(refund(None).await, Err(UseError::Conflict { .. })));
    assert_eq!(refund(Some(1_001)).await.unwrap(), json!(12_110_000));
    assert!(matches!(refund(Some(1_000)).await, Err(UseError::Invalid { .. })));
    let id = alice.id;
    world
        .run(move |engine| async move {
            let note = "back".to_owned();
            engine.credit(id, cents(500), note, None, |_| Value::Null).await.unwrap();
        })
        .await;
    // The rest to the cent: both add up to what was paid.
    assert_eq!(refund(None).await.unwrap(), json!(24_200_000 - 12_110_000));
    assert!(matches!(refund(None).await, Err(UseError::Conflict { .. })));
    let kinds: Vec<TransferKind> = alice.movements().await.iter().map(|one| one.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == TransferKind::TopupRefund).count(), 2);
    assert!(alice.available().await.is_zero());
}
