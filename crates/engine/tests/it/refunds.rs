//! Refunds as Stripe tells of them: in any order, and as often as it likes.

use std::time::Duration;

use domain::{Micros, TopupId};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{
    reversals::{self, Reversal, ReversalState},
    topups::{self, Cause, Provider, Topup},
};
use testkit::{Account, Kind, STRIPE_SECRET, World, cents};

/// Events of refunds by hand at Stripe that are told in every order.
const ORDERS_MAX: usize = 5_040;

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(&super::World::paid_through_stripe(super::Kind::Sqlite).await).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    if super::Kind::Postgres.is_available() {
                        let world = super::World::paid_through_stripe(super::Kind::Postgres).await;
                        super::$name(&world).await;
                    }
                }
            )*
        }
    };
}

on_both!(
    a_refund_that_failed_is_given_back_in_every_order,
    one_of_two_refunds_fails_in_every_order,
    a_refund_that_was_asked_for_fails_in_every_order,
    sums_alone_tell_what_they_can,
    refunds_that_were_spent_are_owed_and_given_back,
);

/// An event of Stripe's, with its time in seconds since the world began.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) at: i64,
    pub(crate) kind: &'static str,
    pub(crate) object: Value,
}

/// `charge.refunded`: so much in all.
fn sum(at: i64, payment: &str, refunded: i64) -> Told {
    let object = json!({
        "id": "ch_1", "payment_intent": payment, "currency": "eur", "amount_refunded": refunded,
    });
    Told { at, kind: "charge.refunded", object }
}

/// A refund made at `made` and told of at `at`.
fn refund(
    (made, at): (i64, i64),
    kind: &'static str,
    (payment, name): (&str, &str),
    (amount, status): (i64, &str),
) -> Told {
    let object = json!({
        "id": format!("re_{name}_{payment}"), "payment_intent": payment, "currency": "eur",
        "amount": amount, "status": status, "created": made,
    });
    Told { at, kind, object }
}

pub(crate) async fn tell(world: &World, told: &Told, id: &str) {
    let seconds = world.now().seconds();
    let mut object = told.object.clone();
    if let Some(made) = object["created"].as_i64() {
        object["created"] = json!(seconds + made);
    }
    let event = json!({
        "id": id, "type": told.kind, "created": seconds + told.at, "data": {"object": object},
    });
    let body = event.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(STRIPE_SECRET.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{body}").as_bytes());
    let octets = mac.finalize().into_bytes();
    let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    let header = format!("t={seconds},v1={hex}");
    world
        .run(move |engine| async move {
            engine.payment_event(&header, body.as_bytes()).await.unwrap();
        })
        .await;
}

/// A payment of €20.00 that was made, by its account; its payment's name.
async fn paid(world: &World, number: i64) -> (Account, TopupId, String) {
    let account = world.account().balance(Micros::ZERO).create().await;
    let (topup, payment) = pay_in(world, &account, number).await;
    (account, topup, payment)
}

async fn pay_in(world: &World, account: &Account, number: i64) -> (TopupId, String) {
    let (account, at) = (account.id, world.now());
    let id = TopupId::new(1_000_000_000 + number);
    world
        .run(move |engine| async move {
            let topup = Topup {
                account,
                id,
                provider: Provider::Stripe,
                cause: Cause::Checkout,
                currency: engine.config().prices.currency,
                amount: cents(2_000),
                vat_rate: "0".parse().unwrap(),
                vat_amount: Micros::ZERO,
                gross: cents(2_000),
                save_card: false,
                session_ref: None,
                payment_ref: None,
                refunded_gross: Micros::ZERO,
                created_at: at,
                paid_at: None,
                failed_at: None,
                failure: None,
            };
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_le_bytes());
            let insert = move |tx: &mut store::Tx<'_>| topups::insert(tx, &topup, &hash, None);
            engine.store().write(insert).await.unwrap();
        })
        .await;
    let payment = format!("pi_{number}");
    let object = json!({
        "id": payment, "currency": "eur", "amount_received": 2_000,
        "metadata": {
            "account_id": account.get().to_string(), "topup_id": id.get().to_string(),
            "begun_at": at.micros().to_string(),
        },
    });
    let told = Told { at: 0, kind: "payment_intent.succeeded", object };
    tell(world, &told, &format!("evt_paid_{number}")).await;
    (id, payment)
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![vec![]];
    for next in 0..count {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    assert!(orders.len() <= ORDERS_MAX);
    orders
}

/// Tells what `story` says of a payment in every order, each thing once or twice; after it, the wallet
/// holds what it says.
async fn in_every_order(world: &World, story: impl Fn(&str) -> Vec<Told>, left: Micros) {
    let count = story("pi").len();
    for (number, order) in orders(count).into_iter().enumerate() {
        let (alice, _, payment) = paid(world, i64::try_from(number).unwrap()).await;
        let story = story(&payment);
        let ids: Vec<String> = order.iter().map(|thing| format!("evt_{number}_{thing}")).collect();
        for (thing, id) in order.iter().zip(&ids) {
            tell(world, &story[*thing], id).await;
        }
        assert_eq!(alice.available().await, left, "told in the order {order:?}");
        // Again, as it was told, and as something new.
        for (thing, id) in order.iter().rev().zip(ids.iter().rev()) {
            tell(world, &story[*thing], id).await;
            tell(world, &story[*thing], &format!("{id}_again")).await;
        }
        assert_eq!(alice.available().await, left, "told again after {order:?}");
    }
    world.assert_audit_clean().await;
}

async fn a_refund_that_failed_is_given_back_in_every_order(world: &World) {
    let story = |payment: &str| {
        let of = (payment, "a");
        vec![
            sum(10, payment, 500),
            refund((10, 10), "refund.created", of, (500, "pending")),
            refund((10, 11), "refund.updated", of, (500, "succeeded")),
            refund((10, 90), "charge.refund.updated", of, (500, "failed")),
            refund((10, 90), "refund.failed", of, (500, "failed")),
        ]
    };
    in_every_order(world, story, cents(2_000)).await;
    // One event less, whichever it is, changes nothing of that, but for what tells of the end.
    for missing in 0..3 {
        let world = World::paid_through_stripe(world.kind()).await;
        let shorter = |payment: &str| {
            let mut story = story(payment);
            story.remove(missing);
            story
        };
        in_every_order(&world, shorter, cents(2_000)).await;
    }
}

async fn one_of_two_refunds_fails_in_every_order(world: &World) {
    let story = |payment: &str| {
        vec![
            sum(10, payment, 500),
            refund((20, 20), "refund.created", (payment, "b"), (700, "succeeded")),
            sum(20, payment, 1_200),
            refund((10, 90), "refund.failed", (payment, "a"), (500, "failed")),
            sum(95, payment, 1_000),
        ]
    };
    // A third of 300 is told of by a sum alone.
    in_every_order(world, story, cents(1_000)).await;
}

async fn sums_alone_tell_what_they_can(world: &World) {
    let story = |payment: &str| {
        vec![
            sum(10, payment, 500),
            sum(20, payment, 1_200),
            refund((20, 90), "refund.failed", (payment, "b"), (700, "failed")),
            sum(95, payment, 600),
        ]
    };
    in_every_order(world, story, cents(1_400)).await;
}

async fn a_refund_that_was_asked_for_fails_in_every_order(world: &World) {
    let count = 4;
    for (number, order) in orders(count).into_iter().enumerate() {
        let (alice, topup, payment) = paid(world, i64::try_from(number).unwrap()).await;
        let ours = world
            .run(move |engine| async move {
                let render = |made: &Reversal| json!(made.id);
                let done = engine.refund_topup(topup, Some(cents(500)), None, render).await;
                done.unwrap().answer.as_i64().unwrap()
            })
            .await;
        assert_eq!(alice.available().await, cents(1_500));
        let of = (payment.as_str(), "a");
        let mut story = [
            sum(10, &payment, 500),
            refund((10, 10), "refund.created", of, (500, "pending")),
            refund((10, 90), "charge.refund.updated", of, (500, "failed")),
            refund((10, 90), "refund.failed", of, (500, "failed")),
        ];
        for told in &mut story[1..] {
            told.object["metadata"] = json!({"reversal_id": ours.to_string()});
        }
        for thing in &order {
            tell(world, &story[*thing], &format!("evt_{number}_{thing}")).await;
        }
        assert_eq!(alice.available().await, cents(2_000), "told in the order {order:?}");
        let account = alice.id;
        let found = world.read(move |tx| reversals::of_topup(tx, account, topup)).await;
        let ours = found.iter().find(|one| one.id == ours).unwrap();
        assert_eq!(ours.state, ReversalState::Undone);
        assert_eq!(ours.provider_ref, Some(format!("re_a_{payment}")));
    }
    world.assert_audit_clean().await;
}

async fn refunds_that_were_spent_are_owed_and_given_back(world: &World) {
    let (alice, _, payment) = paid(world, 1).await;
    let id = alice.id;
    world
        .run(move |engine| async move {
            let note = "spent".to_owned();
            engine.credit(id, cents(-1_800), note, None, |_| Value::Null).await.unwrap();
        })
        .await;
    tell(world, &sum(10, &payment, 500), "evt_1").await;
    assert_eq!(alice.available().await, Micros::ZERO);
    let owed = async || world.read(move |tx| store::wallets::find(tx, id)).await.unwrap().owed;
    assert_eq!(owed().await, cents(300));
    world.leap(Duration::from_secs(86_400));
    let failed = refund((-86_390, -60), "refund.failed", (&payment, "a"), (500, "failed"));
    tell(world, &failed, "evt_2").await;
    tell(world, &sum(-86_390, &payment, 500), "evt_3").await;
    assert_eq!((alice.available().await, owed().await), (cents(200), Micros::ZERO));
    world.assert_audit_clean().await;
}
