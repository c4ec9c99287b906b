//! No id is handed out twice.

use std::collections::BTreeSet;

use store::id_blocks;
use testkit::Database;

use crate::NOW;

testkit::on_both_databases!(blocks_do_not_overlap_however_many_ask_at_once);

async fn blocks_do_not_overlap_however_many_ask_at_once(database: &Database) {
    // Two processes, many tasks each.
    let stores = [database.open(NOW).await, database.open(NOW).await];
    let mut leases = Vec::new();
    for caller in 0..60_i64 {
        let store = stores[usize::from(caller % 2 == 0)].clone();
        leases.push(tokio::spawn(async move {
            let count = 1 + caller % 7;
            let first = store.write(move |tx| id_blocks::lease(tx, "ids", count)).await.unwrap();
            (first, count)
        }));
    }
    let mut ids = BTreeSet::new();
    let mut total = 0;
    for lease in leases {
        let (first, count) = lease.await.unwrap();
        total += count;
        ids.extend(first..first + count);
    }
    assert_eq!(i64::try_from(ids.len()).unwrap(), total, "each id once");
    assert_eq!((ids.first(), ids.last()), (Some(&1), Some(&total)), "and none is wasted");
    let other = stores[0].write(|tx| id_blocks::lease(tx, "others", 5)).await.unwrap();
    assert_eq!(other, 1, "each sequence is its own");
}
