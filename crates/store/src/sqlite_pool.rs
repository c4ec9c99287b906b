//! SQLite: one writer thread that commits what has gathered, one that syncs its log, one that tidies it, a
//! few readers.

mod checkpoint;
mod syncs;
mod writer;

use std::{
    fmt::Display,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    StoreError, Tx,
    job::{Job, Rollback},
    job_queue,
};
pub(crate) use checkpoint::{Tidier, checkpoint_loop};
pub(crate) use syncs::{Syncs, sync_loop};
pub(crate) use writer::{Writer, write_loop};

/// SQLite's virtual machine steps between two looks at the clock.
const STEPS_PER_CHECK: i32 = 100_000;

const STATEMENTS_CACHED: usize = 256;

/// A connection that reads, each time for no longer than it is given.
pub(crate) struct Reader {
    connection: Connection,
    opened: Instant,
    /// Milliseconds after `opened` at which the running read is cut off; 0 for never.
    cut_at: Arc<AtomicU64>,
    time_max: Option<Duration>,
    /// Of the writer in this process.
    syncs: Option<Arc<Syncs>>,
}

impl Reader {
    /// `time_max`: none for an audit, which reads everything.
    pub(crate) fn open(
        path: &Path,
        time_max: Option<Duration>,
        syncs: Option<Arc<Syncs>>,
    ) -> Result<Self, StoreError> {
        // The log's index in shared memory is written by readers as well.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        keep_statements(&connection)?;
        connection.execute_batch(
            "PRAGMA query_only = ON;
             PRAGMA cache_size = -8192;
             PRAGMA temp_store = MEMORY;",
        )?;
        let opened = Instant::now();
        let cut_at = Arc::new(AtomicU64::new(0));
        if time_max.is_some() {
            let cut_at = Arc::clone(&cut_at);
            let past_its_time = move || {
                let limit = cut_at.load(Ordering::Relaxed);
                limit != 0 && millis(opened.elapsed()) > limit
            };
            connection.progress_handler(STEPS_PER_CHECK, Some(past_its_time))?;
        }
        Ok(Self { connection, opened, cut_at, time_max, syncs })
    }

    /// Runs the job on one snapshot.
    pub(crate) fn run(&self, mut job: Box<dyn Job>) {
        if let Some(time_max) = self.time_max {
            let limit = millis(self.opened.elapsed() + time_max);
            self.cut_at.store(limit, Ordering::Relaxed);
        }
        let verdict = execute(&self.connection, "BEGIN").and_then(|()| {
            let ran = job.run(&mut Tx::sqlite(&self.connection, None));
            self.cut_at.store(0, Ordering::Relaxed);
            if !self.connection.is_autocommit() {
                execute(&self.connection, "ROLLBACK")?;
            }
            match ran {
                Ok(()) | Err(Rollback::Decided) => Ok(()),
                Err(Rollback::Failed(error)) => Err(error),
            }
        });
        match &self.syncs {
            Some(syncs) => syncs.answer(job, verdict),
            None => job.finish(verdict),
        }
    }
}

/// Ends the process where its thread panics: what waits for that thread would wait for ever.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("a thread of the database panicked; stopping at once");
            std::process::abort();
        }
    }
}

/// After a failed sync the kernel may have dropped the pages: what a second try would report is
/// worthless. Restarting reads what the disk really holds.
fn could_not_sync(error: &dyn Display) -> ! {
    tracing::error!(%error, "the database could not be synced; stopping at once");
    std::process::abort();
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn read_loop(reader: &Reader, jobs: &job_queue::Worker) {
    while let Some(job) = jobs.next() {
        reader.run(job);
    }
}

/// Keeps prepared statements: otherwise SQLite makes some of them anew whenever a value in
/// them changes, in case another plan were better now.
fn keep_statements(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn execute(connection: &Connection, sql: &'static str) -> Result<(), StoreError> {
    Ok(execute_raw(connection, sql)?)
}

fn execute_raw(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
