//! Receipts and statements: numbered without gaps, and true to the ledger.

use std::collections::BTreeSet;

use domain::{AccountId, Micros};
use engine::{Content, PaperBody, TopupWanted};
use serde_json::Value;
use store::papers::{self, Paper, PaperKind};
use testkit::{Account, Kind, World, cents};

use super::{TO, seconds};

testkit::on_both_engines!(
    a_payment_has_one_receipt_with_its_tax,
    receipts_of_many_payers_at_once_have_no_gaps,
    a_statement_adds_up_to_the_ledger,
    each_month_has_one_statement_whoever_issues_it,
    a_paper_is_a_pdf_file,
);

pub(super) async fn pay(world: &World, account: AccountId, amount: Micros) -> String {
    world
        .run(move |engine| async move {
            let wanted = TopupWanted { amount, currency: None, save_card: false };
            let url = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
            let noted = url.clone();
            let render = move |begun: &engine::TopupBegun| {
                *noted.lock().unwrap() = begun.checkout_url.clone();
                Value::Null
            };
            engine.begin_topup(account, wanted, None, render).await.unwrap();
            let token = url.lock().unwrap().rsplit('/').next().unwrap().to_owned();
            engine.pay_demo_topup(&token).await.unwrap();
            // Once more: nothing happens.
            engine.pay_demo_topup(&token).await.unwrap();
            token
        })
        .await
}

async fn papers_of(world: &World, account: AccountId) -> Vec<Paper> {
    world.read(move |tx| papers::list(tx, account, i64::MAX, 1_000)).await
}

async fn issue(world: &World) -> usize {
    world.run(|engine| async move { engine.issue_statements().await.unwrap() }).await
}

fn body(paper: &Paper) -> PaperBody {
    serde_json::from_str(&paper.body).unwrap()
}

async fn a_payment_has_one_receipt_with_its_tax(world: &World) {
    let alice = world.account().vat("21.00").create().await;
    pay(world, alice.id, cents(2_000)).await;
    let found = papers_of(world, alice.id).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].number, found[0].total), (1, cents(2_420)));
    assert!(found[0].label().starts_with("R-") && found[0].label().ends_with("-000001"));
    let Content::Receipt(receipt) = body(&found[0]).content else { panic!("a receipt") };
    assert_eq!((receipt.net, receipt.vat), (cents(2_000).get(), cents(420).get()));
    assert_eq!(receipt.net + receipt.vat, receipt.gross);
    world.assert_audit_clean().await;
}

async fn receipts_of_many_payers_at_once_have_no_gaps(world: &World) {
    let mut payers = Vec::new();
    for _ in 0..5 {
        payers.push(world.account().create().await.id);
    }
    let other = another(world).await;
    let other = other.as_ref().unwrap_or(world);
    let payments = payers.iter().flat_map(|payer| {
        [pay(world, *payer, cents(100)), pay(other, *payer, cents(200))].map(Box::pin)
    });
    futures::future::join_all(payments).await;
    let mut numbers = BTreeSet::new();
    for payer in payers {
        numbers.extend(papers_of(world, payer).await.iter().map(|paper| paper.number));
    }
    assert_eq!(numbers, (1..=10).collect());
    world.assert_audit_clean().await;
}

/// A second process, where the database can have one.
async fn another(world: &World) -> Option<World> {
    match world.kind() {
        Kind::Sqlite => None,
        Kind::Postgres => Some(world.second_node().await),
    }
}

/// A customer with payments, messages that went and that were given back, and a month of SMS.
async fn busy(world: &World) -> Account {
    world.simulator().create().await;
    let alice = world.account().balance(cents(1_000)).simulated().create().await;
    pay(world, alice.id, cents(500)).await;
    for to in [TO, "+447700900903", TO] {
        let message = alice.send(to, "hello").await;
        world
            .until("it has ended", async || {
                world.dispatch().await;
                world.pass(std::time::Duration::from_millis(100)).await;
                world.tick().await;
                alice.status(message).await.is_terminal()
            })
            .await;
        world.leap(seconds(86_400));
    }
    alice
}

async fn a_statement_adds_up_to_the_ledger(world: &World) {
    let alice = busy(world).await;
    assert_eq!(issue(world).await, 0, "the month is not over");
    let at_end = alice.available().await;
    let movements = alice.movements().await;
    world.leap(seconds(40 * 86_400));
    assert!(issue(world).await >= 1);
    let found = papers_of(world, alice.id).await;
    let statement = found.iter().find(|paper| paper.kind() == PaperKind::Statement).unwrap();
    assert_eq!(statement.total, at_end);
    let Content::Statement(said) = body(statement).content else { panic!("a statement") };
    let sum: i64 = said.lines.iter().map(|line| line.amount).sum();
    assert_eq!((said.opening, said.opening + sum, said.closing), (0, at_end.get(), at_end.get()));
    let count: i64 = said.lines.iter().map(|line| line.count).sum();
    assert_eq!(usize::try_from(count).unwrap(), movements.len());
    world.assert_audit_clean().await;
}

async fn each_month_has_one_statement_whoever_issues_it(world: &World) {
    let alice = busy(world).await;
    let other = another(world).await;
    let other = other.as_ref().unwrap_or(world);
    // Nobody issued anything from April to June: three months are made up for.
    world.leap(seconds(90 * 86_400));
    futures::join!(issue(world), issue(other));
    assert_eq!(issue(world).await + issue(other).await, 0);
    let found = papers_of(world, alice.id).await;
    let statements: Vec<&Paper> =
        found.iter().filter(|paper| paper.kind() == PaperKind::Statement).rev().collect();
    assert_eq!(statements.len(), 3);
    let closings: Vec<i64> = statements.iter().map(|paper| paper.total.get()).collect();
    for (statement, before) in statements.iter().zip([0].iter().chain(&closings)) {
        let Content::Statement(said) = body(statement).content else { panic!("a statement") };
        assert_eq!(said.opening, *before);
    }
    world.crash();
    world.start_again().await;
    assert_eq!(issue(world).await, 0);
    world.assert_audit_clean().await;
}

async fn a_paper_is_a_pdf_file(world: &World) {
    let alice = busy(world).await;
    world.leap(seconds(40 * 86_400));
    issue(world).await;
    for paper in papers_of(world, alice.id).await {
        let octets = engine::print_paper(&paper).unwrap();
        assert!(octets.starts_with(b"%PDF-") && octets.len() > 5_000);
    }
}
