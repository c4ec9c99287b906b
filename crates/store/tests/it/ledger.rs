//! Money, by any sequence of movements.

use std::collections::BTreeMap;

use domain::{AccountId, Currency, Micros, VatRate, routing::mix};
use store::{
    Store, StoreError, Tx,
    accounts::{self, NewAccount},
    audit,
    ledger::{self, Book, Transfer, TransferKind},
    wallets::{self, Admission, Release},
};
use testkit::Database;

use crate::NOW;

testkit::on_both_databases!(
    any_sequence_of_movements_leaves_balances_that_add_up,
    a_movement_that_happened_does_not_happen_again,
    concurrent_takers_share_what_there_is,
);

/// Invariants of money that need no messages.
const OF_MONEY: [&str; 5] = [
    "each stored balance is the sum of its entries",
    "all books add up to zero in each currency",
    "no balance is below zero",
    "a transfer's currency is its wallet's",
    "every transfer moves an amount between two books of its kind",
];

async fn account(store: &Store, id: i64) -> AccountId {
    let account = NewAccount {
        id: AccountId::new(id),
        name: "Customer".to_owned(),
        email: format!("{id}@example.com"),
        password_hash: None,
        rate_limit: 1_000_000,
        vat_rate: VatRate::ZERO,
        currency: Currency::EUR,
    };
    store.write(move |tx| accounts::insert(tx, &account, NOW)).await.unwrap();
    AccountId::new(id)
}

fn transfer(account: AccountId, source: i64, kind: TransferKind, amount: i64) -> Transfer {
    let (debit, credit) = match kind {
        TransferKind::Reserve => (Book::Available, Book::Held),
        TransferKind::Post => (Book::Held, Book::Revenue),
        TransferKind::Void => (Book::Held, Book::Available),
        TransferKind::Credit if amount < 0 => (Book::Available, Book::Funds),
        TransferKind::Credit | TransferKind::Topup | TransferKind::Restored => {
            (Book::Funds, Book::Available)
        }
        TransferKind::TopupRefund | TransferKind::Dispute => (Book::Available, Book::Funds),
        TransferKind::Debt => (Book::Owed, Book::Funds),
        TransferKind::Settle => (Book::Available, Book::Owed),
        TransferKind::Refund => (Book::Revenue, Book::Available),
        TransferKind::Setup | TransferKind::Number | TransferKind::SmsAddon => {
            (Book::Available, Book::Revenue)
        }
    };
    Transfer {
        account,
        source,
        kind,
        listed: None,
        currency: Currency::EUR,
        amount: Micros::new(amount.abs()),
        debit,
        credit,
        note: None,
    }
}

fn credit(tx: &mut Tx<'_>, account: AccountId, id: i64, amount: i64) -> Result<bool, StoreError> {
    let adjusted = wallets::adjust(tx, account, Micros::new(amount))?.is_some();
    if adjusted {
        ledger::record(tx, &[transfer(account, id, TransferKind::Credit, amount)], NOW)?;
    }
    Ok(adjusted)
}

fn reserve(tx: &mut Tx<'_>, account: AccountId, id: i64, amount: i64) -> Result<bool, StoreError> {
    let admission = Admission {
        account,
        cost: Micros::new(amount),
        messages: 1,
        rate_limit: 1_000_000,
        paced: true,
        events: 0,
    };
    let admitted = !wallets::admit(tx, &[admission], NOW)?.is_empty();
    if admitted {
        ledger::record(tx, &[transfer(account, id, TransferKind::Reserve, amount)], NOW)?;
    }
    Ok(admitted)
}

fn settle(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: i64,
    (posted, voided): (i64, i64),
) -> Result<(), StoreError> {
    let release = Release { account, posted: Micros::new(posted), voided: Micros::new(voided) };
    wallets::release(tx, &[release])?;
    let mut transfers = Vec::new();
    for (kind, amount) in [(TransferKind::Post, posted), (TransferKind::Void, voided)] {
        if amount > 0 {
            transfers.push(transfer(account, id, kind, amount));
        }
    }
    ledger::record(tx, &transfers, NOW)
}

async fn balances(store: &Store, account: AccountId) -> (i64, i64) {
    let wallet = store.read(move |tx| wallets::find(tx, account)).await.unwrap().unwrap();
    (wallet.available.get(), wallet.held.get())
}

async fn assert_money_adds_up(store: &Store) {
    let findings = store.read(|tx| audit::run(tx, NOW)).await.unwrap();
    for name in OF_MONEY {
        let finding = findings.iter().find(|finding| finding.name == name).unwrap();
        assert!(finding.violations.is_empty(), "{finding:?}");
    }
}

async fn any_sequence_of_movements_leaves_balances_that_add_up(database: &Database) {
    let store = database.open(NOW).await;
    for seed in 1..=12_u64 {
        let account = account(&store, i64::try_from(seed).unwrap()).await;
        let mut random = seed;
        let mut draw = |below: u64| {
            random = mix(random);
            i64::try_from(random % below).unwrap()
        };
        let (mut available, mut held) = (0_i64, 0_i64);
        let mut open: BTreeMap<i64, i64> = BTreeMap::new();
        for step in 0..40 {
            match draw(5) {
                0 => {
                    let amount = draw(2_000) - 500;
                    let done = store.write(move |tx| credit(tx, account, step, amount));
                    assert_eq!(done.await.unwrap(), available + amount >= 0, "seed {seed}");
                    if available + amount >= 0 {
                        available += amount;
                    }
                }
                1 | 2 => {
                    let amount = draw(600);
                    let done = store.write(move |tx| reserve(tx, account, step, amount));
                    assert_eq!(done.await.unwrap(), amount <= available, "seed {seed}");
                    if amount <= available {
                        available -= amount;
                        held += amount;
                        open.insert(step, amount);
                    }
                }
                _ => {
                    let Some((id, amount)) = open.pop_first() else { continue };
                    let posted = draw(u64::try_from(amount).unwrap() + 1);
                    let parts = (posted, amount - posted);
                    store.write(move |tx| settle(tx, account, id, parts)).await.unwrap();
                    held -= amount;
                    available += amount - posted;
                }
            }
            assert_eq!(balances(&store, account).await, (available, held), "seed {seed}");
        }
    }
    assert_money_adds_up(&store).await;
}

async fn a_movement_that_happened_does_not_happen_again(database: &Database) {
    let store = database.open(NOW).await;
    let account = account(&store, 1).await;
    store.write(move |tx| credit(tx, account, 1, 1_000)).await.unwrap();
    store.write(move |tx| reserve(tx, account, 2, 300)).await.unwrap();
    store.write(move |tx| settle(tx, account, 2, (200, 100))).await.unwrap();
    let before = balances(&store, account).await;
    store.write(move |tx| reserve(tx, account, 3, 500)).await.unwrap();

    assert!(store.write(move |tx| credit(tx, account, 1, 1_000)).await.is_err());
    assert!(store.write(move |tx| reserve(tx, account, 2, 300)).await.is_err());
    assert!(store.write(move |tx| settle(tx, account, 2, (200, 0))).await.is_err());
    assert!(store.write(move |tx| settle(tx, account, 2, (0, 100))).await.is_err());
    assert!(store.write(move |tx| settle(tx, account, 3, (501, 0))).await.is_err(), "held < 0");
    assert_eq!(balances(&store, account).await, (before.0 - 500, before.1 + 500));
    assert_money_adds_up(&store).await;
}

async fn concurrent_takers_share_what_there_is(database: &Database) {
    let stores = [database.open(NOW).await, database.open(NOW).await];
    let account = account(&stores[0], 1).await;
    stores[0].write(move |tx| credit(tx, account, 1, 5_000)).await.unwrap();
    let mut takers = Vec::new();
    for taker in 2..202 {
        let store = stores[usize::from(taker % 2 == 0)].clone();
        takers.push(tokio::spawn(async move {
            store.write(move |tx| reserve(tx, account, taker, 100)).await.unwrap()
        }));
    }
    let mut taken = 0;
    for taker in takers {
        taken += usize::from(taker.await.unwrap());
    }
    assert_eq!(taken, 50);
    assert_eq!(balances(&stores[1], account).await, (0, 5_000));
    assert_money_adds_up(&stores[0]).await;
}
