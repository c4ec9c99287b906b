//! What a transaction promises: all or nothing, and an answer after the commit.

use store::{Bulk, StoreError, Value, params};
use testkit::{Database, Kind};

use crate::NOW;

testkit::on_both_databases!(
    an_error_undoes_its_own_transaction_only,
    a_panic_undoes_its_own_transaction_only,
    a_reader_sees_one_snapshot_and_cannot_write,
    many_writers_at_once_lose_nothing,
    what_the_server_refused_is_known_not_to_be_stored,
);

const ADD: &str = "INSERT INTO id_blocks (name, next) VALUES ($1, 1)";

async fn names(store: &store::Store) -> i64 {
    let sql = "SELECT COUNT(*) FROM id_blocks WHERE name LIKE 'test%'";
    store.read(move |tx| tx.query_one(sql, &[], |row| row.get(0))).await.unwrap().unwrap()
}

async fn an_error_undoes_its_own_transaction_only(database: &Database) {
    let store = database.open(NOW).await;
    let mut writes = Vec::new();
    for index in 0..40 {
        let store = store.clone();
        writes.push(tokio::spawn(async move {
            store
                .write(move |tx| {
                    tx.execute(ADD, params![format!("test {index}").as_str()])?;
                    if index % 2 == 0 {
                        // The second one breaks the primary key.
                        tx.execute(ADD, params![format!("test {index}").as_str()])?;
                    }
                    Ok::<_, StoreError>(())
                })
                .await
        }));
    }
    for (index, write) in writes.into_iter().enumerate() {
        assert_eq!(write.await.unwrap().is_ok(), index % 2 == 1);
    }
    assert_eq!(names(&store).await, 20);
}

/// On PostgreSQL, where a write may be on its way beside COMMIT.
async fn what_the_server_refused_is_known_not_to_be_stored(database: &Database) {
    const FULL: &str = "CREATE FUNCTION full_disk() RETURNS bigint LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'no room' USING ERRCODE = '53100'; END $$";
    const WRITE: Bulk = Bulk {
        sqlite: "",
        postgres: "
            INSERT INTO id_blocks (name, next)
            SELECT 'test', full_disk() FROM UNNEST($1::bigint[])",
    };

    if database.kind() == Kind::Sqlite {
        return;
    }
    let store = database.open(NOW).await;
    store.write(|tx| tx.execute(FULL, params![])).await.unwrap();
    let refused = store.write(|tx| tx.send(&WRITE, &[[Value::from(1_i64)]])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(names(&store).await, 0);
    assert_eq!(store.write(|tx| tx.execute(ADD, params!["test after"])).await.unwrap(), 1);
}

async fn a_panic_undoes_its_own_transaction_only(database: &Database) {
    let store = database.open(NOW).await;
    let broken = store.write(|tx| -> Result<(), StoreError> {
        tx.execute(ADD, params!["test broken"])?;
        panic!("as a bug would");
    });
    let sound = store.write(|tx| tx.execute(ADD, params!["test sound"]));
    let (broken, sound) = tokio::join!(broken, sound);
    assert!(broken.is_err());
    assert_eq!(sound.unwrap(), 1);
    assert_eq!(names(&store).await, 1);
}

async fn a_reader_sees_one_snapshot_and_cannot_write(database: &Database) {
    let store = database.open(NOW).await;
    let (inside, outside) = std::sync::mpsc::channel();
    let (changed, wait) = std::sync::mpsc::channel();
    let reading = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .read(move |tx| {
                    let sql = "SELECT COUNT(*) FROM id_blocks";
                    let before: Option<i64> = tx.query_one(sql, &[], |row| row.get(0))?;
                    inside.send(()).unwrap();
                    wait.recv().unwrap();
                    Ok::<_, StoreError>((before, tx.query_one(sql, &[], |row| row.get(0))?))
                })
                .await
        })
    };
    tokio::task::spawn_blocking(move || outside.recv().unwrap()).await.unwrap();
    store.write(|tx| tx.execute(ADD, params!["test new"])).await.unwrap();
    changed.send(()).unwrap();
    let (before, after) = reading.await.unwrap().unwrap();
    assert_eq!(before, after);
    assert!(store.read(|tx| tx.execute(ADD, params!["test forbidden"])).await.is_err());
    assert_eq!(names(&store).await, 1);
}

async fn many_writers_at_once_lose_nothing(database: &Database) {
    let store = database.open(NOW).await;
    store.write(|tx| tx.execute(ADD, params!["test counter"])).await.unwrap();
    let mut writes = Vec::new();
    for _ in 0..200 {
        let store = store.clone();
        writes.push(tokio::spawn(async move {
            let sql = "UPDATE id_blocks SET next = next + 1 WHERE name = 'test counter'";
            store.write(move |tx| tx.execute(sql, &[])).await
        }));
    }
    for write in writes {
        assert_eq!(write.await.unwrap().unwrap(), 1);
    }
    let sql = "SELECT next FROM id_blocks WHERE name = 'test counter'";
    let next: Option<i64> =
        store.read(move |tx| tx.query_one(sql, &[], |row| row.get(0))).await.unwrap();
    assert_eq!(next, Some(201));
}
