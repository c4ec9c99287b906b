//! Attempts: who waits, who is answered.

use domain::{AccountId, CarrierId, MessageId};
use store::{
    Store,
    attempts::{self, Answer, AttemptKey, AttemptState, NewAttempt},
};
use testkit::Database;

use crate::NOW;

testkit::on_both_databases!(
    only_attempts_that_still_wait_are_ended,
    an_answer_is_stored_once,
    a_new_holder_takes_what_is_under_way_for_uncertain,
);

fn key(message: i64) -> AttemptKey {
    AttemptKey { account: AccountId::new(1), message: MessageId::new(message), part: 1, attempt: 1 }
}

/// Three attempts of one carrier, of messages 1 to 3.
async fn three(database: &Database) -> Store {
    let store = database.open(NOW).await;
    let new = [1, 2, 3].map(|message| NewAttempt {
        key: key(message),
        carrier: CarrierId::new(9),
        copy: 1,
    });
    store.write(move |tx| attempts::insert(tx, &new, NOW)).await.unwrap();
    store
}

async fn answer(store: &Store, message: i64, state: AttemptState, id: Option<&str>) -> u64 {
    let answer = Answer {
        key: key(message),
        state,
        carrier_message_id: id.map(str::to_owned),
        match_id: id.map(str::to_owned),
        failure: None,
        error: None,
    };
    let stored = store.write(move |tx| {
        attempts::answer(tx, CarrierId::new(9), std::slice::from_ref(&answer), NOW)
    });
    u64::try_from(stored.await.unwrap().len()).unwrap()
}

async fn state(store: &Store, message: i64) -> AttemptState {
    let id = (AccountId::new(1), MessageId::new(message));
    store.read(move |tx| attempts::of_messages(tx, &[id])).await.unwrap()[0].state
}

async fn only_attempts_that_still_wait_are_ended(database: &Database) {
    let store = three(database).await;
    answer(&store, 1, AttemptState::Accepted, Some("a")).await;
    answer(&store, 2, AttemptState::Uncertain, None).await;
    let keys = [key(1), key(2), key(3)];
    let mut ended = store.write(move |tx| attempts::expire(tx, &keys)).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [key(2), key(3)], "the first has its answer");
    assert_eq!(state(&store, 1).await, AttemptState::Accepted);
    assert_eq!(state(&store, 2).await, AttemptState::Expired);
    assert!(store.write(move |tx| attempts::expire(tx, &keys)).await.unwrap().is_empty());
    // Late evidence still counts.
    assert_eq!(answer(&store, 2, AttemptState::Accepted, Some("b")).await, 1);
}

async fn an_answer_is_stored_once(database: &Database) {
    let store = three(database).await;
    assert_eq!(answer(&store, 1, AttemptState::Accepted, Some("a")).await, 1);
    assert_eq!(answer(&store, 1, AttemptState::Refused, None).await, 0);
    assert_eq!(answer(&store, 1, AttemptState::Uncertain, None).await, 0);
    assert_eq!(state(&store, 1).await, AttemptState::Accepted);
}

async fn a_new_holder_takes_what_is_under_way_for_uncertain(database: &Database) {
    let store = three(database).await;
    answer(&store, 1, AttemptState::Accepted, Some("a")).await;
    let abandon =
        |carrier| store.write(move |tx| attempts::abandon(tx, CarrierId::new(carrier), NOW));
    assert_eq!(abandon(8).await.unwrap(), 0, "another carrier's");
    assert_eq!(abandon(9).await.unwrap(), 2);
    assert_eq!(state(&store, 1).await, AttemptState::Accepted);
    assert_eq!(state(&store, 3).await, AttemptState::Uncertain);
    let open = store.read(attempts::open_carriers).await.unwrap();
    assert_eq!(open, [CarrierId::new(9)]);
}
