//! The schema's history. Each step exists for both engines; a test compares what they make.

use domain::Timestamp;

use crate::{StoreError, Tx, params, stats};

struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

/// The migration after which the roll-ups are counted anew.
const COUNTED_ANEW: i64 = 15;

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sqlite: include_str!("../migrations/sqlite/0001_ground.sql"),
        postgres: include_str!("../migrations/postgres/0001_ground.sql"),
    },
    Migration {
        version: 2,
        sqlite: include_str!("../migrations/sqlite/0002_people.sql"),
        postgres: include_str!("../migrations/postgres/0002_people.sql"),
    },
    Migration {
        version: 3,
        sqlite: include_str!("../migrations/sqlite/0003_orders.sql"),
        postgres: include_str!("../migrations/postgres/0003_orders.sql"),
    },
    Migration {
        version: 4,
        sqlite: include_str!("../migrations/sqlite/0004_opt_outs.sql"),
        postgres: include_str!("../migrations/postgres/0004_opt_outs.sql"),
    },
    Migration {
        version: 5,
        sqlite: include_str!("../migrations/sqlite/0005_webhooks.sql"),
        postgres: include_str!("../migrations/postgres/0005_webhooks.sql"),
    },
    Migration {
        version: 6,
        sqlite: include_str!("../migrations/sqlite/0006_commerce.sql"),
        postgres: include_str!("../migrations/postgres/0006_commerce.sql"),
    },
    Migration {
        version: 7,
        sqlite: include_str!("../migrations/sqlite/0007_key_grants.sql"),
        postgres: include_str!("../migrations/postgres/0007_key_grants.sql"),
    },
    Migration {
        version: 8,
        sqlite: include_str!("../migrations/sqlite/0008_months_begun.sql"),
        postgres: include_str!("../migrations/postgres/0008_months_begun.sql"),
    },
    Migration {
        version: 9,
        sqlite: include_str!("../migrations/sqlite/0009_messaging_profiles.sql"),
        postgres: include_str!("../migrations/postgres/0009_messaging_profiles.sql"),
    },
    Migration {
        version: 10,
        sqlite: include_str!("../migrations/sqlite/0010_payments.sql"),
        postgres: include_str!("../migrations/postgres/0010_payments.sql"),
    },
    Migration {
        version: 11,
        sqlite: include_str!("../migrations/sqlite/0011_test_keys.sql"),
        postgres: include_str!("../migrations/postgres/0011_test_keys.sql"),
    },
    Migration {
        version: 12,
        sqlite: include_str!("../migrations/sqlite/0012_papers.sql"),
        postgres: include_str!("../migrations/postgres/0012_papers.sql"),
    },
    Migration {
        version: 13,
        sqlite: include_str!("../migrations/sqlite/0013_request_log.sql"),
        postgres: include_str!("../migrations/postgres/0013_request_log.sql"),
    },
    Migration {
        version: 14,
        sqlite: include_str!("../migrations/sqlite/0014_reservations.sql"),
        postgres: include_str!("../migrations/postgres/0014_reservations.sql"),
    },
    Migration {
        version: 15,
        sqlite: include_str!("../migrations/sqlite/0015_reports.sql"),
        postgres: include_str!("../migrations/postgres/0015_reports.sql"),
    },
    Migration {
        version: 16,
        sqlite: include_str!("../migrations/sqlite/0016_imports.sql"),
        postgres: include_str!("../migrations/postgres/0016_imports.sql"),
    },
    Migration {
        version: 17,
        sqlite: include_str!("../migrations/sqlite/0017_currencies.sql"),
        postgres: include_str!("../migrations/postgres/0017_currencies.sql"),
    },
    Migration {
        version: 18,
        sqlite: include_str!("../migrations/sqlite/0018_quick_checks.sql"),
        postgres: include_str!("../migrations/postgres/0018_quick_checks.sql"),
    },
    Migration {
        version: 19,
        sqlite: include_str!("../migrations/sqlite/0019_refused_messages.sql"),
        postgres: include_str!("../migrations/postgres/0019_refused_messages.sql"),
    },
];

/// Any number that nobody else locks on this database.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(4611686018427387)";

/// Brings the schema to this version; refuses one that is newer.
pub(crate) fn apply(tx: &mut Tx<'_>, at: Timestamp) -> Result<(), StoreError> {
    const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
        version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
    const APPLIED: &str = "SELECT version FROM schema_migrations";
    const RECORD: &str = "INSERT INTO schema_migrations (version, applied_at) VALUES ($1, $2)";

    if tx.is_postgres() {
        tx.script(POSTGRES_LOCK)?;
    }
    tx.script(TABLE)?;
    let applied = tx.query(APPLIED, &[], |row| row.get::<i64>(0))?;
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if let Some(newer) = applied.iter().find(|version| **version > newest) {
        return Err(StoreError::Refused(format!(
            "the database has schema version {newer}, this program knows {newest}: \
             start the newer program"
        )));
    }
    for migration in MIGRATIONS.iter().filter(|migration| !applied.contains(&migration.version)) {
        tx.script(if tx.is_postgres() { migration.postgres } else { migration.sqlite })?;
        tx.execute(RECORD, params![migration.version, at])?;
    }
    if !applied.contains(&COUNTED_ANEW) {
        stats::recount(tx)?;
    }
    Ok(())
}
