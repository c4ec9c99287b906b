//! First answers, and what stands in the way of a second one.

use std::time::Duration;

use domain::{AccountId, MessageId};
use store::{Store, StoreError, idempotency, idempotency::Remembered};
use testkit::{Database, Kind};

use crate::NOW;

const DAY: Duration = Duration::from_secs(86_400);

testkit::on_both_databases!(
    of_two_first_answers_one_stays,
    an_answer_is_found_for_a_day_and_then_replaced,
    a_key_belongs_to_its_account,
    a_step_of_forgetting_has_its_limit,
);

fn answer(account: i64, key: u8, message: i64) -> Remembered {
    Remembered {
        account: AccountId::new(account),
        key_hash: vec![key; 32],
        request_hash: vec![0; 32],
        message: Some(MessageId::new(message)),
        outcome: None,
    }
}

/// Whether the answer is the first under its key.
async fn insert(store: &Store, answer: Remembered, after: Duration) -> bool {
    let at = NOW.plus(after);
    let answers = [answer];
    store
        .write(move |tx| {
            let [answer] = &answers;
            let hash = answer.key_hash.as_slice().try_into().unwrap();
            if !idempotency::find(tx, &[(answer.account, &hash)], at.minus(DAY))?.is_empty() {
                return Ok(false);
            }
            idempotency::insert(tx, &answers, at, at.minus(DAY)).map(|()| true)
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}

async fn find(store: &Store, account: i64, key: u8, after: Duration) -> Option<i64> {
    let since = NOW.plus(after).minus(DAY);
    let hash = [key; 32];
    let found = store
        .write(move |tx| idempotency::find(tx, &[(AccountId::new(account), &hash)], since))
        .await
        .unwrap();
    found.first().and_then(|answer| answer.message).map(MessageId::get)
}

async fn of_two_first_answers_one_stays(database: &Database) {
    let one = database.open_as_server(NOW).await;
    let stores = match database.kind() {
        Kind::Sqlite => [one.clone(), one],
        Kind::Postgres => [one, database.open_as_server(NOW).await],
    };
    let mut tries = Vec::new();
    for message in 0..20 {
        let store = stores[usize::from(message % 2 == 0)].clone();
        tries.push(tokio::spawn(async move {
            insert(&store, answer(1, 7, message), Duration::ZERO).await
        }));
    }
    let mut stored = 0;
    for tried in tries {
        stored += u32::from(tried.await.unwrap());
    }
    assert_eq!(stored, 1);
}

async fn an_answer_is_found_for_a_day_and_then_replaced(database: &Database) {
    let store = database.open_as_server(NOW).await;
    assert!(insert(&store, answer(1, 7, 100), Duration::ZERO).await);
    let almost = DAY - Duration::from_micros(1);
    assert_eq!(find(&store, 1, 7, almost).await, Some(100));
    assert!(!insert(&store, answer(1, 7, 200), almost).await);
    assert_eq!(find(&store, 1, 7, DAY).await, None);
    assert!(insert(&store, answer(1, 7, 300), DAY).await);
    assert_eq!(find(&store, 1, 7, DAY).await, Some(300));
}

async fn a_key_belongs_to_its_account(database: &Database) {
    let store = database.open_as_server(NOW).await;
    insert(&store, answer(1, 7, 100), Duration::ZERO).await;
    assert_eq!(find(&store, 2, 7, Duration::ZERO).await, None);
    assert!(insert(&store, answer(2, 7, 200), Duration::ZERO).await);
    assert_eq!(find(&store, 1, 7, Duration::ZERO).await, Some(100));
}

async fn a_step_of_forgetting_has_its_limit(database: &Database) {
    let store = database.open_as_server(NOW).await;
    for key in 0..5 {
        insert(&store, answer(1, key, 100), Duration::from_secs(key.into())).await;
    }
    let forget = async |limit| {
        let expired = NOW.plus(Duration::from_secs(3));
        store.write(move |tx| idempotency::forget(tx, expired, limit)).await.unwrap()
    };
    assert_eq!(forget(3).await, 3);
    assert_eq!(forget(3).await, 1);
    assert_eq!(find(&store, 1, 4, Duration::ZERO).await, Some(100));
}
