//! Papers under any life of wallets: months of payments, texts, numbers, refunds and disputes.
//!
//!   DIDFARM_STATEMENTS_SEED=7 DIDFARM_STATEMENTS_MONTHS=60    another life, or a longer one

use std::{collections::BTreeMap, time::Duration};

use domain::{Micros, NumberId, Timestamp, TopupId};
use engine::{Content, PaperBody, Want};
use serde_json::{Value, json};
use store::{
    ledger::{Book, TransferKind},
    papers::{self, Paper, PaperKind, Subject},
    topups::{self, Cause, Provider, Topup},
};
use testkit::{Account, Kind, World, cents};

use super::{
    lives::{Chance, DESTINATIONS, payment, setting, units},
    refunds::{Told, tell},
    renewals::stock,
};

const MONTHS: u64 = 9;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn statements_of_any_life_add_up_on_sqlite() {
    live(Kind::Sqlite).await;
}

#[tokio::test]
async fn statements_of_any_life_add_up_on_postgres() {
    if Kind::Postgres.is_available() {
        live(Kind::Postgres).await;
    }
}

struct Life {
    world: World,
    accounts: Vec<Account>,
    chance: Chance,
    told: u64,
}

async fn live(kind: Kind) {
    let world = World::paid_through_stripe(kind).await;
    let chance = Chance::seeded_by("DIDFARM_STATEMENTS_SEED");
    world.simulator().create().await;
    let mut life = Life { world, accounts: Vec::new(), chance, told: 0 };
    let months = setting("DIDFARM_STATEMENTS_MONTHS").unwrap_or(MONTHS);
    let end = life.world.now().plus_months(i32::try_from(months).unwrap());
    while life.world.now() < end {
        // Some come later, one of them in the midst of a month.
        if life.accounts.len() < 3 && life.chance.draw(4) == 0 || life.accounts.is_empty() {
            let account = life.world.account();
            let account = account.balance(cents(1_000)).vat("21.00").simulated().create().await;
            life.accounts.push(account);
        }
        life.step().await;
    }
    life.world.leap(40 * DAY);
    life.issue().await;
    life.world.assert_all_is_well().await;
    life.assert_papers_add_up().await;
}

impl Life {
    fn account(&mut self) -> Account {
        let at = self.chance.draw(u64::try_from(self.accounts.len()).unwrap());
        self.accounts[usize::try_from(at).unwrap()].clone()
    }

    async fn issue(&self) {
        self.world.run(|engine| async move { engine.issue_statements().await.unwrap() }).await;
    }

    async fn step(&mut self) {
        match self.chance.draw(16) {
            0 | 1 => self.send().await,
            2 | 3 => self.carry().await,
            4 | 5 => self.pay().await,
            6 => self.tell_refunded().await,
            7 => self.tell_disputed().await,
            8 => self.refund().await,
            9 => self.credit().await,
            10 => self.order().await,
            11 => self.issue().await,
            12 => self.world.pursue_payments().await,
            13 => {
                self.world.crash();
                self.world.start_again().await;
            }
            _ => self.pass_days().await,
        }
    }

    async fn send(&mut self) {
        let account = self.account();
        for _ in 0..=self.chance.draw(4) {
            let to = DESTINATIONS[usize::try_from(self.chance.draw(4)).unwrap()];
            // Money and debt may stand in the way.
            drop(account.ask(account.message(to, "hello"), None).await);
        }
    }

    async fn carry(&mut self) {
        for _ in 0..3 {
            self.world.dispatch().await;
            self.world.pass(Duration::from_millis(400)).await;
            self.world.tick().await;
            self.world.record().await;
        }
        self.world.keep_house().await;
    }

    /// Some to the second at which a month ends.
    async fn pass_days(&mut self) {
        let now = self.world.now();
        let turn = now.start_of_month().plus_months(1);
        let span = match self.chance.draw(6) {
            0 => turn.since(now),
            1 => turn.since(now) + Duration::from_micros(1),
            days => u32::try_from(days).unwrap() * 2 * DAY,
        };
        self.world.leap(span);
        self.world.renew().await;
        self.world.keep_house().await;
        if self.chance.draw(3) == 0 {
            self.issue().await;
        }
    }

    /// Begins a payment and makes it.
    async fn pay(&mut self) {
        let amount = Micros::new(self.chance.cents(5_000).get() + 1_000_000);
        let (account, at) = (self.account(), self.world.now());
        let id = account.id;
        let number = i64::try_from(1_000_000_000 + self.chance.draws()).unwrap();
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&self.chance.draws().to_le_bytes());
        let topup = self
            .world
            .run(move |engine| async move {
                let currency = engine.config().prices.currency;
                let vat_rate: domain::VatRate = "21.00".parse().unwrap();
                let vat_amount = vat_rate.on(amount, currency).unwrap();
                let topup = Topup {
                    account: id,
                    id: TopupId::new(number),
                    provider: Provider::Stripe,
                    cause: Cause::Checkout,
                    currency,
                    amount,
                    vat_rate,
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
                let made = topup.clone();
                let insert = move |tx: &mut store::Tx<'_>| topups::insert(tx, &made, &hash, None);
                engine.store().write(insert).await.unwrap();
                topup
            })
            .await;
        let object = json!({
            "id": payment(&topup), "currency": "eur", "amount_received": units(topup.gross),
            "metadata": {
                "account_id": topup.account.get().to_string(),
                "topup_id": topup.id.get().to_string(),
                "begun_at": topup.created_at.micros().to_string(),
            },
        });
        // Not all of them are made.
        if self.chance.draw(5) > 0 {
            self.tell("payment_intent.succeeded", object.clone()).await;
            self.tell("payment_intent.succeeded", object).await;
        }
    }

    async fn tell(&mut self, kind: &'static str, object: Value) {
        self.told += 1;
        tell(&self.world, &Told { at: 0, kind, object }, &format!("evt_{}", self.told)).await;
    }

    /// One of an account's latest payments, made or not.
    async fn topup(&mut self) -> Option<Topup> {
        let id = self.account().id;
        let all = self.world.read(move |tx| topups::list(tx, Some(id), i64::MAX, 3)).await;
        let at = self.chance.draw(u64::try_from(all.len()).unwrap().max(1));
        all.into_iter().nth(usize::try_from(at).unwrap())
    }

    async fn tell_refunded(&mut self) {
        let Some(topup) = self.topup().await else { return };
        let amount = units(topup.gross) / (2 + i64::try_from(self.chance.draw(3)).unwrap());
        let status = ["succeeded", "failed"][usize::try_from(self.chance.draw(2)).unwrap()];
        let object = json!({
            "id": format!("re_{}_{}", topup.id, self.chance.draw(2)),
            "payment_intent": payment(&topup),
            "currency": "eur", "amount": amount, "status": status, "created": 0,
        });
        self.tell("refund.updated", object).await;
        let object = json!({
            "id": "ch_1", "payment_intent": payment(&topup), "currency": "eur",
            "amount_refunded": amount,
        });
        self.tell("charge.refunded", object).await;
    }

    async fn tell_disputed(&mut self) {
        let Some(topup) = self.topup().await else { return };
        let (kind, status) = [
            ("charge.dispute.created", "needs_response"),
            ("charge.dispute.closed", "won"),
            ("charge.dispute.closed", "lost"),
        ][usize::try_from(self.chance.draw(3)).unwrap()];
        let object = json!({
            "id": format!("dp_{}", topup.id), "status": status,
            "payment_intent": payment(&topup), "currency": "eur", "amount": units(topup.gross),
        });
        self.tell(kind, object).await;
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
        // Often all is spent, so that what is taken back is owed.
        let account = self.account();
        let spent = account.available().await.negated();
        let amount = if self.chance.draw(2) == 0 { spent } else { self.chance.cents(500) };
        self.world
            .run(move |engine| async move {
                let note = "by hand".to_owned();
                drop(engine.credit(account.id, amount, note, None, |_| Value::Null).await);
            })
            .await;
    }

    async fn order(&mut self) {
        let number = format!("+447700{:06}", 901_000 + self.chance.draws() % 90_000);
        let number: NumberId = stock(&self.world, &number).await;
        let (id, wants) = (self.account().id, vec![Want { number, sms: true }]);
        self.world
            .run(move |engine| async move {
                drop(engine.order(id, wants, None, None, |_| Value::Null).await);
            })
            .await;
    }

    async fn assert_papers_add_up(&self) {
        let mut numbers: BTreeMap<(&str, i64), Vec<i64>> = BTreeMap::new();
        let mut kinds = BTreeMap::new();
        for account in &self.accounts {
            let id = account.id;
            let mut found =
                self.world.read(move |tx| papers::list(tx, id, i64::MAX, 100_000)).await;
            found.reverse();
            for paper in &found {
                numbers.entry((paper.kind().as_str(), paper.year)).or_default().push(paper.number);
            }
            self.assert_receipts(account, &found).await;
            let mut before: Option<(Timestamp, i64)> = None;
            for paper in &found {
                let Subject::Period(from, to) = paper.subject else { continue };
                let Content::Statement(said) = body(paper).content else { panic!("a statement") };
                assert_eq!(to, from.plus_months(1));
                assert!(paper.issued_at >= to, "no month has a statement before it is over");
                if let Some((end, closing)) = before {
                    assert_eq!((from, said.opening), (end, closing), "one goes on with the other");
                } else {
                    assert_eq!(said.opening, 0);
                }
                let sum: i64 = said.lines.iter().map(|line| line.amount).sum();
                assert_eq!(said.opening + sum, said.closing);
                assert_eq!(said.closing, paper.total.get());
                before = Some((to, said.closing));
                // Kind by kind, it is what the ledger has.
                let mut by_kind: BTreeMap<String, (i64, i64)> = BTreeMap::new();
                for line in &said.lines {
                    let entry = by_kind.entry(line.kind.clone()).or_default();
                    *entry = (entry.0 + line.count, entry.1 + line.amount);
                }
                assert_eq!(by_kind, self.ledger(account, from, to).await);
                for kind in by_kind.into_keys() {
                    *kinds.entry(kind).or_insert(0) += 1;
                }
            }
            let (end, _) = before.expect("each account has statements");
            assert_eq!(end, self.world.now().start_of_month(), "up to the last month that is over");
        }
        for ((kind, year), mut numbers) in numbers {
            numbers.sort_unstable();
            let expected: Vec<i64> = (1..).take(numbers.len()).collect();
            assert_eq!(numbers, expected, "{kind} of {year}");
        }
        println!("{kinds:?}");
    }

    /// Each payment that was made has its receipt, and nothing else has one.
    async fn assert_receipts(&self, account: &Account, found: &[Paper]) {
        let id = account.id;
        let topups = self.world.read(move |tx| topups::list(tx, Some(id), i64::MAX, 100_000)).await;
        let mut paid: Vec<(i64, i64)> = topups
            .iter()
            .filter(|topup| topup.paid_at.is_some())
            .map(|topup| (topup.id.get(), topup.gross.get()))
            .collect();
        let mut receipts: Vec<(i64, i64)> = found
            .iter()
            .filter(|paper| paper.kind() == PaperKind::Receipt)
            .map(|paper| match paper.subject {
                Subject::Topup(topup) => (topup.get(), paper.total.get()),
                Subject::Period(..) => panic!("a receipt is of a payment"),
            })
            .collect();
        paid.sort_unstable();
        receipts.sort_unstable();
        assert_eq!(receipts, paid);
    }

    /// What moved on `available` in a period, by kind, as the ledger has it.
    async fn ledger(
        &self,
        account: &Account,
        from: Timestamp,
        to: Timestamp,
    ) -> BTreeMap<String, (i64, i64)> {
        let id = account.id;
        let rows = self
            .world
            .read(move |tx| {
                const ROWS: &str = "
                    SELECT kind, debit, credit, amount FROM transfers
                    WHERE account_id = $1 AND created_at >= $2 AND created_at < $3
                        AND (debit = 'available' OR credit = 'available')";
                tx.query(ROWS, store::params![id, from, to], |row| {
                    let kind: TransferKind = row.parsed(0)?;
                    let debit: Book = row.parsed(1)?;
                    let amount: i64 = row.get(3)?;
                    Ok((kind, if debit == Book::Available { -amount } else { amount }))
                })
            })
            .await;
        let mut by_kind: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for (kind, amount) in rows {
            let entry = by_kind.entry(kind.as_str().to_owned()).or_default();
            *entry = (entry.0 + 1, entry.1 + amount);
        }
        by_kind
    }
}

fn body(paper: &Paper) -> PaperBody {
    serde_json::from_str(&paper.body).unwrap()
}
