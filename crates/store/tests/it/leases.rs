//! Who works on what, and who must not any more.

use std::time::Duration;

use store::{Store, StoreError, leases, leases::Lease};
use testkit::Database;

use crate::NOW;

const LIFE: Duration = Duration::from_secs(15);

testkit::on_both_databases!(
    a_lease_has_one_holder_at_a_time,
    the_token_grows_with_every_change_of_holder,
    a_lease_that_was_given_up_is_free_at_once,
    of_many_that_ask_at_once_one_gets_it,
    a_claim_that_was_checked_is_safe_until_its_commit,
);

async fn acquire(store: &Store, holder: &'static str, after: Duration) -> Option<Lease> {
    let now = NOW.plus(after);
    let acquired =
        store.write(move |tx| leases::acquire(tx, "carrier:1", holder, now, now.plus(LIFE)));
    acquired.await.unwrap()
}

async fn still_held(store: &Store, lease: &Lease) -> bool {
    let lease = lease.clone();
    store.write(move |tx| leases::still_held(tx, &lease)).await.unwrap()
}

async fn a_lease_has_one_holder_at_a_time(database: &Database) {
    let store = database.open(NOW).await;
    let first = acquire(&store, "a", Duration::ZERO).await.unwrap();
    assert!(acquire(&store, "b", LIFE - Duration::from_micros(1)).await.is_none());
    assert_eq!(acquire(&store, "a", Duration::from_secs(5)).await.unwrap(), first, "renewed");
    assert!(acquire(&store, "b", LIFE).await.is_none(), "the renewal counts");
    assert!(acquire(&store, "b", LIFE + Duration::from_secs(5)).await.is_some());
}

async fn the_token_grows_with_every_change_of_holder(database: &Database) {
    let store = database.open(NOW).await;
    let first = acquire(&store, "a", Duration::ZERO).await.unwrap();
    let second = acquire(&store, "b", LIFE).await.unwrap();
    assert!(second.token > first.token);
    assert!(!still_held(&store, &first).await, "the one that slept is fenced off");
    assert!(still_held(&store, &second).await);
    // Back to the first holder: its old token stays worthless.
    let third = acquire(&store, "a", LIFE * 2).await.unwrap();
    assert!(third.token > second.token);
    assert!(!still_held(&store, &first).await);
}

async fn a_lease_that_was_given_up_is_free_at_once(database: &Database) {
    let store = database.open(NOW).await;
    let first = acquire(&store, "a", Duration::ZERO).await.unwrap();
    let released = first.clone();
    store.write(move |tx| leases::release(tx, &released)).await.unwrap();
    let second = acquire(&store, "b", Duration::ZERO).await.unwrap();
    // A late release of the first holder takes nothing from the second.
    store.write(move |tx| leases::release(tx, &first)).await.unwrap();
    assert!(acquire(&store, "c", Duration::ZERO).await.is_none());
    assert!(still_held(&store, &second).await);
}

async fn of_many_that_ask_at_once_one_gets_it(database: &Database) {
    const HOLDERS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let stores = [database.open(NOW).await, database.open(NOW).await];
    for round in 0..10 {
        let asking: Vec<_> = HOLDERS
            .iter()
            .enumerate()
            .map(|(index, holder)| {
                let store = stores[index % 2].clone();
                tokio::spawn(async move { acquire(&store, holder, LIFE * round).await.is_some() })
            })
            .collect();
        let mut winners = 0;
        for asked in asking {
            winners += usize::from(asked.await.unwrap());
        }
        assert_eq!(winners, 1, "round {round}");
    }
}

async fn a_claim_that_was_checked_is_safe_until_its_commit(database: &Database) {
    let (slow, fast) = (database.open(NOW).await, database.open(NOW).await);
    let reader = fast.clone();
    let lease = acquire(&slow, "a", Duration::ZERO).await.unwrap();
    let (checked, told) = std::sync::mpsc::channel();
    let (go_on, going_on) = std::sync::mpsc::channel();
    let claiming = tokio::spawn(async move {
        slow.write(move |tx| {
            assert!(leases::still_held(tx, &lease)?);
            checked.send(()).unwrap();
            going_on.recv().unwrap();
            tx.execute("UPDATE leases SET holder = holder WHERE holder = 'a'", &[])
        })
        .await
    });
    tokio::task::spawn_blocking(move || told.recv().unwrap()).await.unwrap();
    let taking = tokio::spawn(async move { acquire(&fast, "b", LIFE).await });
    // A read on the way lets the other node's attempt reach the database.
    reader.read(|tx| tx.query("SELECT name FROM leases", &[], |_| Ok(()))).await.unwrap();
    assert!(!taking.is_finished(), "it waits for the claim");
    go_on.send(()).unwrap();
    let taken = taking.await.unwrap();
    let claimed: Result<u64, StoreError> = claiming.await.unwrap();
    assert_eq!(claimed.unwrap(), 1, "nobody took the lease under its hands");
    assert!(taken.is_some(), "the other waited for the commit");
}
