//! Both histories of the schema end in the same schema.

use std::collections::BTreeSet;

use domain::{Currency, Micros, catalogue::Activation};
use store::{Access, Store, StoreError, prices};
use testkit::{Database, Kind};

use crate::NOW;

testkit::on_both_databases!(
    a_second_start_changes_nothing,
    a_newer_schema_is_refused,
    accounts_that_there_are_get_a_messaging_profile,
    messages_that_there_are_are_counted_anew,
    prices_that_there_are_are_in_euros,
    words_that_are_none_are_refused,
);

#[tokio::test]
async fn a_file_has_one_server() {
    let database = Database::new(Kind::Sqlite);
    let first = database.open_as_server(NOW).await;
    let second = Store::open(database.location(), Access::Server, true, NOW).await;
    assert!(matches!(second, Err(StoreError::Refused(why)) if why.contains("another didfarm")));
    drop(first);
    database.open_as_server(NOW).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_a_link_leads_to_is_the_same_file() {
    let database = Database::new(Kind::Sqlite);
    let store::Location::Sqlite(file) = database.location() else { unreachable!() };
    let elsewhere = file.parent().unwrap().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let link = elsewhere.join("linked.db");
    let first = database.open_as_server(NOW).await;
    std::os::unix::fs::symlink(file, &link).unwrap();
    let linked = store::Location::Sqlite(link);
    let second = Store::open(&linked, Access::Server, true, NOW).await;
    assert!(matches!(second, Err(StoreError::Refused(why)) if why.contains("another didfarm")));
    drop(first);
    // A log of the link's own would be synced in place of the one that is written.
    std::fs::write(elsewhere.join("linked.db-wal"), b"stale").unwrap();
    let store = Store::open(&linked, Access::Server, true, NOW).await.unwrap();
    store.write(|tx| tx.execute("DELETE FROM leases", &[])).await.unwrap();
    assert!(file.with_file_name("didfarm.db-wal").exists());
}

/// What a schema is, in one form for both databases.
type Facts = BTreeSet<String>;

async fn facts(store: &Store, queries: &'static [&'static str]) -> Facts {
    let found = store.read(move |tx| {
        let mut facts = Facts::new();
        for sql in queries {
            facts.extend(tx.query(sql, &[], |row| row.get::<String>(0))?);
        }
        Ok::<_, StoreError>(facts)
    });
    found.await.unwrap()
}

/// Columns, primary keys, unique constraints, indexes with their columns, checks.
const OF_SQLITE: &[&str] = &[
    "SELECT 'column ' || m.name || '.' || p.name || ' '
         || CASE p.type WHEN 'BLOB' THEN 'BYTEA' ELSE p.type END
         || CASE p.\"notnull\" WHEN 1 THEN ' not null' ELSE '' END
     FROM sqlite_master m JOIN pragma_table_info(m.name) p
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
    "SELECT 'key of ' || m.name || ': ' || COALESCE((SELECT GROUP_CONCAT(name, ', ') FROM
         (SELECT name FROM pragma_table_info(m.name) WHERE pk > 0 ORDER BY pk)), 'none')
     FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
    "SELECT 'unique in ' || m.name || ': ' || (SELECT GROUP_CONCAT(name, ', ') FROM
         (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
     FROM sqlite_master m JOIN pragma_index_list(m.name) i
     WHERE m.type = 'table' AND i.origin = 'u'",
    "SELECT 'index ' || i.name || ' of ' || m.name || ': ' || (SELECT GROUP_CONCAT(name, ', ') FROM
         (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
         || CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE '' END
         || CASE i.partial WHEN 1 THEN ' partial' ELSE '' END
     FROM sqlite_master m JOIN pragma_index_list(m.name) i
     WHERE m.type = 'table' AND i.origin = 'c'",
    "SELECT 'checks of ' || name || ': '
         || CAST((LENGTH(sql) - LENGTH(REPLACE(sql, 'CHECK (', ''))) / 7 AS TEXT)
     FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
];

const OF_POSTGRES: &[&str] = &[
    "SELECT 'column ' || table_name || '.' || column_name || ' ' || UPPER(data_type)
         || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END
     FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT 'key of ' || table_name || ': ' || STRING_AGG(column_name, ', ' ORDER BY ordinal_position)
     FROM information_schema.table_constraints
     JOIN information_schema.key_column_usage USING (constraint_name, table_name, table_schema)
     WHERE table_schema = 'public' AND constraint_type = 'PRIMARY KEY' GROUP BY table_name",
    "SELECT 'unique in ' || table_name || ': '
         || STRING_AGG(column_name, ', ' ORDER BY ordinal_position)
     FROM information_schema.table_constraints
     JOIN information_schema.key_column_usage USING (constraint_name, table_name, table_schema)
     WHERE table_schema = 'public' AND constraint_type = 'UNIQUE'
     GROUP BY table_name, constraint_name",
    "SELECT 'index ' || c.relname || ' of ' || t.relname || ': '
         || (SELECT STRING_AGG(pg_get_indexdef(i.indexrelid, k, true), ', ' ORDER BY k)
             FROM GENERATE_SERIES(1, i.indnkeyatts) k)
         || CASE WHEN i.indisunique THEN ' unique' ELSE '' END
         || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
     WHERE t.relnamespace = 'public'::regnamespace
         AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = i.indexrelid)",
    "SELECT 'checks of ' || t.relname || ': ' || CAST((SELECT COUNT(*) FROM pg_constraint o
         WHERE o.conrelid = t.oid AND o.contype = 'c') AS TEXT)
     FROM pg_class t WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace",
];

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    if !Kind::Postgres.is_available() {
        return;
    }
    let (sqlite, postgres) = (Database::new(Kind::Sqlite), Database::new(Kind::Postgres));
    let of_sqlite = facts(&sqlite.open(NOW).await, OF_SQLITE).await;
    let of_postgres = facts(&postgres.open(NOW).await, OF_POSTGRES).await;

    assert!(of_sqlite.len() > 150, "the queries find the schema");
    // SQLite appends idempotency rows and finds them by a map in memory.
    let own =
        |fact: &&String| fact.contains("key of idempotency") || fact.contains("idempotency_by_age");
    let only = |one: &Facts, other: &Facts| -> Vec<String> {
        one.difference(other).filter(|fact| !own(fact)).cloned().collect()
    };
    assert_eq!(only(&of_sqlite, &of_postgres), Vec::<String>::new(), "only in SQLite");
    assert_eq!(only(&of_postgres, &of_sqlite), Vec::<String>::new(), "only in PostgreSQL");
}

async fn a_second_start_changes_nothing(database: &Database) {
    let of = if database.kind() == Kind::Postgres { OF_POSTGRES } else { OF_SQLITE };
    let first = facts(&database.open(NOW).await, of).await;
    // Two processes at once, too.
    let (second, third) = tokio::join!(database.open(NOW), database.open(NOW));
    assert_eq!(facts(&second, of).await, first);
    assert_eq!(facts(&third, of).await, first);
}

async fn a_newer_schema_is_refused(database: &Database) {
    let store = database.open(NOW).await;
    store
        .write(|tx| {
            let sql = "INSERT INTO schema_migrations (version, applied_at) VALUES (999, 0)";
            tx.execute(sql, &[])
        })
        .await
        .unwrap();
    let error = Store::open(database.location(), Access::Command, true, NOW).await.unwrap_err();
    assert!(matches!(&error, StoreError::Refused(why) if why.contains("999")), "{error}");
}

/// The database, opened once more after statements that took it back to what it was before a step.
async fn opened_after(database: &Database, before: &'static str) -> Store {
    let store = database.open(NOW).await;
    store
        .write(move |tx| {
            for statement in before.split(';') {
                tx.execute(statement, &[])?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    database.open(NOW).await
}

async fn accounts_that_there_are_get_a_messaging_profile(database: &Database) {
    const BEFORE: &str = "
        DROP INDEX numbers_by_profile; ALTER TABLE numbers DROP COLUMN profile_id;
        ALTER TABLE messages DROP COLUMN profile_id; DROP TABLE messaging_profiles;
        DELETE FROM schema_migrations WHERE version = 9;
        INSERT INTO id_blocks (name, next) VALUES ('ids', 100);
        INSERT INTO accounts (id, name, email, status, rate_limit, created_at)
            VALUES (7, 'Alice', 'alice@example.com', 'active', 10, 5),
                (3, 'Bob', 'bob@example.com', 'active', 10, 5);
        INSERT INTO numbers (id, number, country, type, status, account_id, sms_enabled, simulated, created_at)
            VALUES (11, '+447700900001', 'GB', 'mobile', 'active', 7, 1, 0, 5),
                (12, '+447700900002', 'GB', 'mobile', 'available', NULL, 0, 0, 5)";

    let store = opened_after(database, BEFORE).await;
    let found = store.read(|tx| {
        let profiles = tx.query(
            "SELECT account_id, id, is_default FROM messaging_profiles ORDER BY account_id",
            &[],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.flag(2)?)),
        )?;
        let numbers = tx.query("SELECT profile_id FROM numbers ORDER BY id", &[], |row| {
            row.get::<Option<i64>>(0)
        })?;
        let next = tx.query_one("SELECT next FROM id_blocks", &[], |row| row.get::<i64>(0))?;
        Ok::<_, StoreError>((profiles, numbers, next))
    });
    let (profiles, numbers, next) = found.await.unwrap();
    assert_eq!(profiles, [(3, 100, true), (7, 101, true)]);
    assert_eq!(numbers, [Some(101), None]);
    assert_eq!(next, Some(102), "no other row gets these ids");
}

async fn messages_that_there_are_are_counted_anew(database: &Database) {
    const BEFORE: &str = "
        DROP TABLE carrier_costs; DELETE FROM schema_migrations WHERE version = 15;
        INSERT INTO messages (account_id, id, seq, direction, status, number_id, sender, recipient, body,
                encoding, segments, price, carrier_id, simulated, delivery, not_before, valid_until, tries,
                refusals, created_at, test)
            VALUES
                (7, 1, 1, 'outbound', 'delivered', 11, '+447700900001', '+31612345678', '', 'gsm7', 2, 16000,
                    5, 0, 'at_least_once', 0, 0, 1, 0, 86400000000, 0),
                (7, 2, 2, 'outbound', 'failed', 11, '+447700900001', '+31612345679', '', 'gsm7', 2, 16000,
                    5, 0, 'at_least_once', 0, 0, 1, 0, 86400000001, 0),
                (7, 3, 3, 'outbound', 'queued', 11, '+447700900001', '+14165550123', '', 'gsm7', 1, 8000,
                    NULL, 0, 'at_least_once', 0, 0, 1, 0, 172800000000, 0),
                (7, 4, 4, 'outbound', 'delivered', 11, '+447700900001', '+31612345678', '', 'gsm7', 1, 0,
                    5, 1, 'at_least_once', 0, 0, 1, 0, 86400000000, 1),
                (7, 5, 5, 'inbound', 'received', 11, 'BANK', '+447700900001', '', 'gsm7', 1, 0,
                    5, 0, 'at_least_once', 0, 0, 0, 0, 86400000000, 0);
        INSERT INTO transfers (account_id, source_id, kind, currency, amount, debit, credit, created_at)
            VALUES (7, 1, 'post', 'EUR', 16000, 'held', 'revenue', 86400000000),
                (7, 2, 'post', 'EUR', 8000, 'held', 'revenue', 86400000000)";
    const COUNTED: &str = "
        SELECT CAST(day AS TEXT) || ' ' || country || ' ' || CAST(carrier_id AS TEXT) || ': '
            || CAST(outbound AS TEXT) || ' ' || CAST(inbound AS TEXT) || ' ' || CAST(delivered AS TEXT)
            || ' ' || CAST(failed AS TEXT) || ', ' || CAST(segments AS TEXT) || ' ' || CAST(spent AS TEXT)
            || ' ' || CAST(cost AS TEXT) || ' ' || CAST(uncosted_segments AS TEXT)
        FROM daily_counts ORDER BY day, country";

    let store = opened_after(database, BEFORE).await;
    let found = store.read(|tx| tx.query(COUNTED, &[], |row| row.get::<String>(0))).await.unwrap();
    assert_eq!(
        found,
        ["1  5: 0 1 0 0, 0 0 0 0", "1 NL 5: 2 0 1 1, 4 24000 0 3", "2 CA 0: 1 0 0 0, 1 0 0 0",]
    );
}

async fn prices_that_there_are_are_in_euros(database: &Database) {
    const BEFORE: &str = "
        DELETE FROM schema_migrations WHERE version = 17;
        DROP TABLE number_prices; DROP TABLE outbound_prices;
        CREATE TABLE number_prices (country TEXT NOT NULL, type TEXT NOT NULL,
            effective_from BIGINT NOT NULL, setup BIGINT NOT NULL, month BIGINT NOT NULL, sms BIGINT,
            activation TEXT NOT NULL, PRIMARY KEY (country, type, effective_from));
        CREATE TABLE outbound_prices (prefix TEXT NOT NULL, effective_from BIGINT NOT NULL, price BIGINT,
            PRIMARY KEY (prefix, effective_from));
        INSERT INTO number_prices VALUES ('GB', 'mobile', 5, 1, 2, NULL, 'instant'),
            ('GB', 'mobile', 9, 1, 3, 4, 'verification');
        INSERT INTO outbound_prices VALUES ('+44', 5, 8000), ('+44', 9, NULL)";

    let store = opened_after(database, BEFORE).await;
    let read = store.read(|tx| Ok::<_, StoreError>((prices::numbers(tx)?, prices::outbound(tx)?)));
    let (numbers, segments) = read.await.unwrap();
    let numbers: Vec<_> = numbers
        .iter()
        .map(|price| {
            let offer = price.offer.unwrap();
            let amounts = (offer.setup, offer.number, offer.sms);
            (price.currency, price.from.micros(), amounts, offer.activation)
        })
        .collect();
    let micros = Micros::new;
    let expected = [
        (Currency::EUR, 5, (micros(1), micros(2), None), Activation::Instant),
        (Currency::EUR, 9, (micros(1), micros(3), Some(micros(4))), Activation::Verification),
    ];
    assert_eq!(numbers, expected);
    let segments: Vec<_> = segments
        .iter()
        .map(|price| (price.currency, price.prefix.as_str(), price.from.micros(), price.price))
        .collect();
    let expected =
        [(Currency::EUR, "+44", 5, Some(micros(8_000))), (Currency::EUR, "+44", 9, None)];
    assert_eq!(segments, expected);
}

async fn words_that_are_none_are_refused(database: &Database) {
    const MESSAGE: &str = "
        INSERT INTO messages (account_id, id, seq, direction, status, number_id, sender, recipient, body,
            encoding, segments, price, simulated, delivery, not_before, valid_until, tries, refusals, created_at)
        VALUES (7, 1, 1, 'outbound', $1, 11, '+447700900001', '+31612345678', '', 'gsm7', 1, 8000, 0,
            'at_least_once', 0, 0, 0, 0, 0)";
    const ATTEMPT: &str = "
        INSERT INTO attempts (account_id, message_id, part, attempt, copy, carrier_id, state, submitted_at,
            receipts)
        VALUES (7, 1, 1, 1, 1, 5, $1, 0, 0)";
    const DELIVERY: &str = "
        INSERT INTO webhook_deliveries (account_id, webhook_id, id, event, status, tries, attempts,
            next_attempt_at, created_at)
        VALUES (7, 1, 1, 'sms.sent', $1, 0, 0, CASE $1 WHEN 'pending' THEN 5 END, 0)";

    let store = database.open(NOW).await;
    for (insert, words) in [
        (MESSAGE, &["queued", "sending", "sent", "delivered", "failed", "received"][..]),
        (
            ATTEMPT,
            &["submitting", "accepted", "refused", "retry", "deferred", "uncertain", "expired"],
        ),
        (DELIVERY, &["pending", "delivered", "failed"]),
    ] {
        let store_word = async |word: &'static str| {
            // Undone: the next word has the same key.
            let kept = store.write(move |tx| {
                tx.execute(insert, store::params![word])?;
                Err::<(), _>(StoreError::Refused("undone".to_owned()))
            });
            kept.await.unwrap_err()
        };
        for word in words {
            let stored = store_word(word).await;
            assert!(matches!(&stored, StoreError::Refused(why) if why == "undone"), "{stored}");
        }
        let refused = store_word("lost").await.to_string();
        assert!(refused.to_lowercase().contains("check"), "{refused}");
    }
}

/// SQLite makes a b-tree of each longer list that a statement looks at, whenever it runs.
#[tokio::test]
async fn words_are_checked_without_a_b_tree() {
    let store = Database::new(Kind::Sqlite).open(NOW).await;
    for update in [
        "UPDATE messages SET status = 'sent' WHERE account_id = 7 AND id = 1",
        "UPDATE attempts SET state = 'accepted'
         WHERE account_id = 7 AND message_id = 1 AND part = 1 AND attempt = 1",
        "UPDATE webhook_deliveries SET status = 'failed'
         WHERE account_id = 7 AND webhook_id = 1 AND id = 1",
    ] {
        let steps = store
            .read(move |tx| tx.query(&format!("EXPLAIN {update}"), &[], |row| row.get::<String>(1)))
            .await
            .unwrap();
        assert!(steps.iter().any(|step| step == "IdxInsert"), "{update}: {steps:?}");
        assert!(!steps.iter().any(|step| step == "OpenEphemeral"), "{update}: {steps:?}");
    }
}

/// Each second every carrier's queue is asked for what is over: that must not take longer, the longer it is.
#[tokio::test]
async fn what_is_over_is_found_without_reading_the_queue() {
    let store = Database::new(Kind::Sqlite).open(NOW).await;
    let plan = format!("EXPLAIN QUERY PLAN {}", store::queue::EXPIRED);
    let steps = store
        .read(move |tx| {
            let now = NOW.micros();
            tx.query(&plan, store::params![9, now, now, 500], |row| row.get::<String>(3))
        })
        .await
        .unwrap();
    for expected in [
        "USING INDEX messages_queue (carrier_id=? AND not_before<?)",
        "USING INDEX messages_refused (carrier_id=? AND valid_until<?)",
    ] {
        assert!(steps.iter().any(|step| step.contains(expected)), "{expected}: {steps:#?}");
    }
}
