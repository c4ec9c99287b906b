//! Checkouts and saved cards, with a Stripe that answers as a test says.

use std::time::Duration;

use domain::Micros;
use engine::{AutoRechargePatch, TopupBegun, TopupWanted, WalletPatch};
use serde_json::{Value, json};
use store::{
    auto_recharges,
    saved_cards::{self, SavedCard},
    topups::{self, Provider, Topup},
};
use testkit::{Account, Hook, Kind, Reaction, World, cents};

use super::refunds::{Told, tell};

macro_rules! with_stripe {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::with_stripe(super::Kind::Sqlite, super::$name).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    if super::Kind::Postgres.is_available() {
                        super::with_stripe(super::Kind::Postgres, super::$name).await;
                    }
                }
            )*
        }
    };
}

with_stripe!(
    a_customer_that_is_gone_blocks_no_top_up,
    a_card_whose_customer_is_gone_is_charged_no_more,
    another_amount_than_was_asked_for_ends_the_recharge,
    a_payment_that_is_processed_is_asked_for_until_it_ends,
);

async fn with_stripe(kind: Kind, test: impl AsyncFn(&World, &Hook, &Account)) {
    let stripe = Hook::start().await;
    let world = World::paid_through(kind, &stripe).await;
    let alice = world.account().balance(Micros::ZERO).create().await;
    keep_card(&world, &alice).await;
    test(&world, &stripe, &alice).await;
    world.assert_all_is_well().await;
}

/// Stripe does not know `cus_1` any more.
fn gone() -> Reaction {
    let error = json!({
        "type": "invalid_request_error", "code": "resource_missing", "param": "customer",
        "message": "No such customer: 'cus_1'",
    });
    Reaction::status(400).body(&json!({"error": error}).to_string())
}

fn answer(object: &Value) -> Reaction {
    Reaction::status(200).body(&object.to_string())
}

async fn keep_card(world: &World, account: &Account) {
    let (id, at) = (account.id, world.now());
    let card = SavedCard {
        account: id,
        provider: Provider::Stripe,
        customer_ref: "cus_1".to_owned(),
        method_ref: "pm_1".to_owned(),
        brand: "visa".to_owned(),
        last4: "4242".to_owned(),
        exp_month: 12,
        exp_year: 2034,
    };
    world
        .run(move |engine| async move {
            engine.store().write(move |tx| saved_cards::put(tx, &card, at)).await.unwrap();
        })
        .await;
}

async fn has_card(world: &World, account: &Account) -> bool {
    let id = account.id;
    world.read(move |tx| saved_cards::find(tx, id)).await.is_some()
}

/// Tops up by itself below €10.00, with €20.00; begins at once.
async fn recharge(world: &World, account: &Account) {
    let patch = AutoRechargePatch {
        enabled: Some(true),
        below: Some(cents(1_000)),
        amount: Some(cents(2_000)),
        daily_limit: Some(cents(4_000)),
    };
    let (id, patch) =
        (account.id, WalletPatch { auto_recharge: Some(patch), ..WalletPatch::default() });
    world.run(move |engine| async move { engine.update_wallet(id, patch).await.unwrap() }).await;
    world.pursue_payments().await;
}

async fn last_topup(world: &World, account: &Account) -> Topup {
    let id = account.id;
    world.read(move |tx| topups::list(tx, Some(id), i64::MAX, 1)).await.remove(0)
}

/// Why automatic payments are paused; none of them is under way.
async fn paused(world: &World, account: &Account) -> Option<String> {
    let id = account.id;
    let recharge = world.read(move |tx| auto_recharges::find(tx, id)).await.unwrap();
    assert_eq!(recharge.topup, None, "none is under way");
    recharge.paused_reason
}

async fn a_customer_that_is_gone_blocks_no_top_up(world: &World, stripe: &Hook, alice: &Account) {
    let begin = async || {
        let (id, wanted) =
            (alice.id, TopupWanted { amount: cents(2_000), currency: None, save_card: true });
        world
            .run(move |engine| async move {
                let render = |begun: &TopupBegun| json!(begun.checkout_url);
                engine.begin_topup(id, wanted, None, render).await.map(|done| done.answer)
            })
            .await
    };
    stripe.next(gone());
    stripe.next(answer(&json!({"id": "cs_1", "url": "https://checkout.example/cs_1"})));
    assert_eq!(begin().await.unwrap(), json!("https://checkout.example/cs_1"));
    assert!(!has_card(world, alice).await);
    stripe.next(answer(&json!({"id": "cs_2", "url": "https://checkout.example/cs_2"})));
    begin().await.unwrap();

    let asked = stripe.requests();
    let named: Vec<bool> = asked.iter().map(|one| one.body.contains("customer=cus_1")).collect();
    assert_eq!(named, [true, false, false]);
    assert!(asked[1].body.contains("customer_creation=always"));
    assert_ne!(asked[0].headers["idempotency-key"], asked[1].headers["idempotency-key"]);
}

async fn a_card_whose_customer_is_gone_is_charged_no_more(
    world: &World,
    stripe: &Hook,
    alice: &Account,
) {
    stripe.next(gone());
    recharge(world, alice).await;
    assert_eq!(last_topup(world, alice).await.status(), "failed");
    assert!(paused(world, alice).await.unwrap().contains("no card"));
    assert!(!has_card(world, alice).await);
}

async fn another_amount_than_was_asked_for_ends_the_recharge(
    world: &World,
    stripe: &Hook,
    alice: &Account,
) {
    for (received, currency) in [(1_999, "eur"), (2_000, "usd")] {
        stripe.next(answer(&json!({
            "id": "pi_1", "status": "succeeded", "amount_received": received, "currency": currency,
        })));
        recharge(world, alice).await;
        assert!(paused(world, alice).await.unwrap().contains("another amount"));
        assert!(last_topup(world, alice).await.failure.unwrap().contains("another amount"));
    }
    // The same where an event tells of it.
    stripe.next(answer(&json!({"id": "pi_3", "status": "processing"})));
    recharge(world, alice).await;
    let topup = last_topup(world, alice).await;
    tell(world, &succeeded(&topup, "pi_3", 1), "evt_1").await;
    assert!(paused(world, alice).await.unwrap().contains("another amount"));
    world.leap(Duration::from_secs(86_400));
    world.pursue_payments().await;
    assert_eq!(stripe.requests().len(), 3, "it is over: nothing is asked");
    assert!(alice.available().await.is_zero());
}

fn succeeded(topup: &Topup, payment: &str, received: i64) -> Told {
    let object = json!({
        "id": payment, "currency": "eur", "amount_received": received,
        "metadata": {
            "account_id": topup.account.get().to_string(),
            "topup_id": topup.id.get().to_string(),
            "begun_at": topup.created_at.micros().to_string(),
        },
    });
    Told { at: 0, kind: "payment_intent.succeeded", object }
}

async fn a_payment_that_is_processed_is_asked_for_until_it_ends(
    world: &World,
    stripe: &Hook,
    alice: &Account,
) {
    let processing = json!({"id": "pi_1", "status": "processing"});
    stripe.next(answer(&processing));
    recharge(world, alice).await;
    let asked = stripe.requests().len();
    world.pursue_payments().await;
    assert_eq!(stripe.requests().len(), asked, "not at once");
    stripe.always(answer(&processing));
    // A bank may take days: longer than a call can be repeated under its key.
    for _ in 0..24 {
        world.leap(Duration::from_secs(6 * 3_600));
        world.pursue_payments().await;
    }
    let requests = stripe.requests();
    assert_eq!(requests.len(), asked + 24);
    assert!(requests[asked..].iter().all(|one| one.body.is_empty()), "nothing is charged again");
    assert_eq!(last_topup(world, alice).await.status(), "pending");

    stripe.always(Reaction::status(500));
    world.leap(Duration::from_secs(6 * 3_600));
    world.pursue_payments().await;
    stripe.always(answer(&json!({
        "id": "pi_1", "status": "succeeded", "amount_received": 2_000, "currency": "eur",
    })));
    world.leap(Duration::from_secs(5));
    world.pursue_payments().await;
    assert_eq!(alice.available().await, cents(2_000));
    assert_eq!(paused(world, alice).await, None);

    // Or it fails.
    let id = alice.id;
    world
        .run(move |engine| async move {
            let note = "spent".to_owned();
            engine.credit(id, cents(-2_000), note, None, |_| Value::Null).await.unwrap();
        })
        .await;
    stripe.always(answer(&json!({"id": "pi_2", "status": "processing"})));
    world.pursue_payments().await;
    stripe.always(answer(&json!({
        "id": "pi_2", "status": "requires_payment_method",
        "last_payment_error": {"message": "The bank said no."},
    })));
    world.leap(Duration::from_secs(60));
    world.pursue_payments().await;
    assert_eq!(paused(world, alice).await.unwrap(), "The bank said no.");
}
