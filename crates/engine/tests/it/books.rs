//! The ledger under any life of a wallet: random operations, deaths between them and in their midst.
//!
//!   DIDFARM_BOOKS_SEED=7 DIDFARM_BOOKS_STEPS=5000    another life, or a longer one

use std::{collections::BTreeMap, time::Duration};

use domain::{Micros, NumberId, TopupId, VatRate};
use engine::{AutoRechargePatch, WalletPatch, Want};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{
    ledger::TransferKind,
    saved_cards::{self, SavedCard},
    topups::{self, Cause, Provider, Topup},
};
use testkit::{Account, Kind, STRIPE_SECRET, World, cents};

use super::{
    lives::{Chance, DESTINATIONS, payment, setting, units},
    renewals::stock,
};

const STEPS: u64 = 150;

/// Between two looks at all the books.
const AUDIT_EVERY: u64 = 15;

/// In so many steps, money moves in every way.
const LONG: u64 = 2_000;

#[tokio::test]
async fn any_life_of_a_wallet_keeps_the_books_on_sqlite() {
    live(Kind::Sqlite).await;
}

#[tokio::test]
async fn any_life_of_a_wallet_keeps_the_books_on_postgres() {
    if Kind::Postgres.is_available() {
        live(Kind::Postgres).await;
    }
}

struct Life {
    world: World,
    alice: Account,
    chance: Chance,
    events: u64,
    stocked: Vec<NumberId>,
}

async fn live(kind: Kind) {
    let world = World::paid_through_stripe(kind).await;
    let chance = Chance::seeded_by("DIDFARM_BOOKS_SEED");
    world.simulator().create().await;
    let alice = world.account().balance(cents(2_000)).vat("21.00").simulated().create().await;
    let mut life = Life { world, alice, chance, events: 0, stocked: Vec::new() };
    let steps = setting("DIDFARM_BOOKS_STEPS").unwrap_or(STEPS);
    for step in 0..steps {
        life.step().await;
        if step % AUDIT_EVERY == 0 {
            life.world.assert_audit_clean().await;
        }
    }
    life.world.assert_all_is_well().await;
    if steps >= LONG {
        life.assert_all_happened().await;
    }
}

impl Life {
    async fn step(&mut self) {
        match self.chance.draw(22) {
            0..=3 => self.send().await,
            4 | 5 => self.carry().await,
            6 | 7 => self.begin_topup().await,
            8 | 9 => self.tell_paid().await,
            10 => self.tell_refunded().await,
            11 | 12 => self.tell_disputed().await,
            13 => self.refund().await,
            14 | 15 => self.credit().await,
            16 => self.order().await,
            17 => self.pass_days().await,
            18 => self.die_in_the_midst().await,
            19 => self.world.pursue_payments().await,
            20 => self.change_settings().await,
            _ => self.world.keep_house().await,
        }
    }

    /// A life in which nothing happens proves nothing.
    async fn assert_all_happened(&self) {
        const KINDS: &str = "SELECT kind, COUNT(*) FROM transfers GROUP BY kind";
        let seen: BTreeMap<String, i64> = self
            .world
            .read(|tx| tx.query(KINDS, &[], |row| Ok((row.get(0)?, row.get(1)?))))
            .await
            .into_iter()
            .collect();
        println!("{seen:?}");
        for kind in TransferKind::ALL {
            // Nothing is set up for money here, and no order refused.
            let elsewhere = matches!(kind, TransferKind::Setup | TransferKind::Refund);
            assert!(elsewhere || seen.contains_key(kind.as_str()), "no {kind} in {seen:?}");
        }
    }

    async fn send(&mut self) {
        for _ in 0..=self.chance.draw(5) {
            let to = DESTINATIONS[usize::try_from(self.chance.draw(4)).unwrap()];
            // Money, cap and debt may stand in the way.
            drop(self.alice.ask(self.alice.message(to, "hello"), None).await);
        }
    }

    /// Carriers take what is queued, and answer.
    async fn carry(&mut self) {
        for _ in 0..3 {
            self.world.dispatch().await;
            self.world.pass(Duration::from_millis(400)).await;
            self.world.tick().await;
            self.world.record().await;
        }
    }

    async fn begin_topup(&mut self) {
        let amount = self.chance.cents(5_000);
        let (id, vat, at) = (self.alice.id, "21.00".parse::<VatRate>().unwrap(), self.world.now());
        let amount = Micros::new(amount.get() + 1_000_000);
        let token = [u8::try_from(self.chance.draw(256)).unwrap(); 8];
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&token);
        hash[8..16].copy_from_slice(&self.chance.draws().to_le_bytes());
        let number = i64::try_from(1_000_000_000 + self.chance.draws()).unwrap();
        self.world
            .run(move |engine| async move {
                let currency = engine.config().prices.currency;
                let vat_amount = vat.on(amount, currency).unwrap();
                let topup = Topup {
                    account: id,
                    id: TopupId::new(number),
                    provider: Provider::Stripe,
                    cause: Cause::Checkout,
                    currency,
                    amount,
                    vat_rate: vat,
                    vat_amount,
                    gross: amount.checked_add(vat_amount).unwrap(),
                    save_card: false,
                    session_ref: None,
                    payment_ref: None,
                    refunded_gross: Micros::ZERO,
                    created_at: at,
                    paid_at: None,
                    failed_at: None,
                    failure: None,
                };
                engine
                    .store()
                    .write(move |tx| topups::insert(tx, &topup, &hash, None))
                    .await
                    .unwrap();
            })
            .await;
    }

    /// One of the latest top-ups, paid or not.
    async fn topup(&mut self) -> Option<Topup> {
        let id = self.alice.id;
        let all = self.world.read(move |tx| topups::list(tx, Some(id), i64::MAX, 3)).await;
        let at = self.chance.draw(u64::try_from(all.len()).unwrap().max(1));
        all.into_iter().nth(usize::try_from(at).unwrap())
    }

    async fn tell_paid(&mut self) {
        let Some(topup) = self.topup().await else { return };
        let kind = if self.chance.draw(8) == 0 { "payment_failed" } else { "succeeded" };
        let object = json!({
            "id": payment(&topup), "currency": "eur", "amount_received": units(topup.gross),
            "metadata": {
                "account_id": topup.account.get().to_string(),
                "topup_id": topup.id.get().to_string(),
                "begun_at": topup.created_at.micros().to_string(),
            },
        });
        self.tell(&format!("payment_intent.{kind}"), object).await;
    }

    async fn tell_refunded(&mut self) {
        let Some(topup) = self.topup().await else { return };
        let part = i64::try_from(1 + self.chance.draw(4)).unwrap();
        let object = json!({
            "id": "ch_1", "payment_intent": payment(&topup), "currency": "eur",
            "amount_refunded": units(topup.gross) * part / 4,
        });
        self.tell("charge.refunded", object).await;
    }

    async fn tell_disputed(&mut self) {
        let Some(topup) = self.topup().await else { return };
        let (kind, status) = [("created", "needs_response"), ("closed", "won"), ("closed", "lost")]
            [usize::try_from(self.chance.draw(3)).unwrap()];
        let object = json!({
            "id": format!("dp_{}", topup.id), "status": status,
            "payment_intent": payment(&topup), "currency": "eur", "amount": units(topup.gross),
        });
        self.tell(&format!("charge.dispute.{kind}"), object).await;
    }

    /// As Stripe does, sometimes twice.
    async fn tell(&mut self, kind: &str, object: Value) {
        self.events += 1;
        let event = json!({
            "id": format!("evt_{}", self.events), "type": kind, "data": {"object": object},
        });
        let body = event.to_string();
        for _ in 0..=self.chance.draw(2) {
            let seconds = self.world.now().seconds();
            let mut mac = Hmac::<Sha256>::new_from_slice(STRIPE_SECRET.as_bytes()).unwrap();
            mac.update(format!("{seconds}.{body}").as_bytes());
            let octets = mac.finalize().into_bytes();
            let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            let (header, body) = (format!("t={seconds},v1={hex}"), body.clone());
            self.world
                .run(move |engine| async move {
                    engine.payment_event(&header, body.as_bytes()).await.unwrap();
                })
                .await;
        }
    }

    async fn refund(&mut self) {
        let Some(topup) = self.topup().await else { return };
        let amount = if self.chance.draw(2) == 0 { None } else { Some(self.chance.cents(2_000)) };
        self.world
            .run(move |engine| async move {
                // What was spent, or taken back, may stand in the way.
                drop(engine.refund_topup(topup.id, amount, None, |_| Value::Null).await);
            })
            .await;
    }

    async fn credit(&mut self) {
        // Often all is spent, so that what is taken back is not there.
        let spent = self.alice.available().await.negated();
        let amount = if self.chance.draw(2) == 0 { spent } else { self.chance.cents(500) };
        let id = self.alice.id;
        self.world
            .run(move |engine| async move {
                let note = "by hand".to_owned();
                drop(engine.credit(id, amount, note, None, |_| Value::Null).await);
            })
            .await;
    }

    async fn order(&mut self) {
        let number = format!("+447700{:06}", 901_000 + self.chance.draws() % 90_000);
        let number = stock(&self.world, &number).await;
        self.stocked.push(number);
        let (id, wants) = (self.alice.id, vec![Want { number, sms: true }]);
        self.world
            .run(move |engine| async move {
                drop(engine.order(id, wants, None, None, |_| Value::Null).await);
            })
            .await;
    }

    async fn pass_days(&mut self) {
        for _ in 0..=self.chance.draw(12) {
            self.world.leap(Duration::from_secs(86_400));
            self.world.renew().await;
        }
        self.world.keep_house().await;
    }

    /// Some sends are under way, and perhaps a payment, when the process is killed.
    async fn die_in_the_midst(&mut self) {
        let sends: Vec<_> = (0..10)
            .map(|index| {
                let alice = self.alice.clone();
                tokio::spawn(async move {
                    let to = DESTINATIONS[index % 4];
                    alice.ask_while_alive(alice.message(to, "going down"), None).await
                })
            })
            .collect();
        for _ in 0..self.chance.draw(40) {
            tokio::task::yield_now().await;
        }
        self.world.crash();
        for send in sends {
            drop(send.await.unwrap());
        }
        self.world.start_again().await;
        self.world.assert_audit_clean().await;
    }

    async fn change_settings(&mut self) {
        let (id, at) = (self.alice.id, self.world.now());
        let cap = if self.chance.draw(2) == 0 { None } else { Some(self.chance.cents(30)) };
        let patch = WalletPatch {
            daily_spend_cap: Some(cap),
            auto_recharge: Some(AutoRechargePatch {
                enabled: Some(self.chance.draw(3) > 0),
                ..AutoRechargePatch::default()
            }),
            ..WalletPatch::default()
        };
        self.world
            .run(move |engine| async move {
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
                engine.store().write(move |tx| saved_cards::put(tx, &card, at)).await.unwrap();
                engine.update_wallet(id, patch).await.unwrap();
            })
            .await;
    }
}
