//! SQLite: one writer thread that commits what has gathered, and a few readers.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{
    StoreError, Tx,
    job::{Job, JobQueue, Rollback},
};

/// Most jobs that share one commit.
const JOBS_PER_COMMIT_MAX: usize = 256;

/// SQLite's virtual machine steps between two looks at the clock.
const STEPS_PER_CHECK: i32 = 100_000;

const STATEMENTS_CACHED: usize = 256;

/// Opens the file for writing, with the durability that every write relies on.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA cache_size = -65536;
         PRAGMA temp_store = MEMORY;
         PRAGMA wal_autocheckpoint = 4000;",
    )?;
    Ok(connection)
}

/// A connection that reads, each time for no longer than it is given.
pub(crate) struct Reader {
    connection: Connection,
    opened: Instant,
    /// Milliseconds after `opened` at which the running read is cut off; 0 for never.
    cut_at: Arc<AtomicU64>,
    time_max: Option<Duration>,
}

impl Reader {
    /// `time_max`: none for an audit, which reads everything.
    pub(crate) fn open(path: &Path, time_max: Option<Duration>) -> Result<Self, StoreError> {
        // The log's index in shared memory is written by readers as well.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        connection.execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA query_only = ON;
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
        Ok(Self { connection, opened, cut_at, time_max })
    }

    /// Runs the job on one snapshot.
    pub(crate) fn run(&self, mut job: Box<dyn Job>) {
        if let Some(time_max) = self.time_max {
            let limit = millis(self.opened.elapsed() + time_max);
            self.cut_at.store(limit, Ordering::Relaxed);
        }
        let verdict = execute(&self.connection, "BEGIN").and_then(|()| {
            let ran = job.run(&mut Tx::sqlite(&self.connection));
            self.cut_at.store(0, Ordering::Relaxed);
            if !self.connection.is_autocommit() {
                execute(&self.connection, "ROLLBACK")?;
            }
            match ran {
                Ok(()) | Err(Rollback::Decided) => Ok(()),
                Err(Rollback::Failed(error)) => Err(error),
            }
        });
        job.finish(verdict);
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn read_loop(reader: &Reader, jobs: &JobQueue) {
    while let Some(job) = jobs.next() {
        reader.run(job);
    }
}

/// The writer's loop: ends when every sender is gone.
pub(crate) fn write_loop(connection: &Connection, jobs: &mpsc::Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut gathered = vec![first];
        gathered.extend(jobs.try_iter().take(JOBS_PER_COMMIT_MAX - 1));
        commit(connection, gathered);
    }
}

/// Runs the jobs in one transaction, each undone by itself where it asks for that.
fn commit(connection: &Connection, mut jobs: Vec<Box<dyn Job>>) {
    let alone = jobs.len() == 1;
    let mut verdicts: Vec<Result<(), StoreError>> = Vec::with_capacity(jobs.len());
    let mut ended = execute(connection, "BEGIN IMMEDIATE");
    for job in &mut jobs {
        if ended.is_err() {
            break;
        }
        let verdict = run_one(connection, job.as_mut());
        if connection.is_autocommit() {
            // A full disk or an I/O error undid the transaction as a whole.
            ended = Err(verdict.clone().err().unwrap_or_else(undone));
        }
        verdicts.push(verdict);
    }
    let ended = ended.and_then(|()| {
        let nothing_to_keep = alone && verdicts.iter().any(Result::is_err);
        if nothing_to_keep { execute(connection, "ROLLBACK") } else { end(connection) }
    });
    let verdicts = verdicts.into_iter().chain(std::iter::repeat(Ok(())));
    for (job, verdict) in jobs.into_iter().zip(verdicts) {
        job.finish(verdict.and_then(|()| ended.clone()));
    }
}

fn undone() -> StoreError {
    StoreError::Unavailable("the transaction was undone".to_owned())
}

/// Runs one job; its changes are undone where it ends badly.
fn run_one(connection: &Connection, job: &mut dyn Job) -> Result<(), StoreError> {
    execute(connection, "SAVEPOINT job")?;
    let ran = job.run(&mut Tx::sqlite(connection));
    if connection.is_autocommit() {
        return Err(undone());
    }
    if ran.is_err() {
        execute(connection, "ROLLBACK TO job")?;
    }
    execute(connection, "RELEASE job")?;
    match ran {
        Ok(()) => Ok(()),
        Err(Rollback::Failed(error)) => Err(error),
        // The caller has its answer already.
        Err(Rollback::Decided) => Ok(()),
    }
}

fn end(connection: &Connection) -> Result<(), StoreError> {
    let Err(error) = execute_raw(connection, "COMMIT") else { return Ok(()) };
    if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
        // After a failed sync the kernel may have dropped the pages: what a second
        // try would report is worthless. Restarting reads what the disk really holds.
        tracing::error!(%error, "the database could not be synced; stopping at once");
        std::process::abort();
    }
    if !connection.is_autocommit() {
        execute(connection, "ROLLBACK")?;
    }
    Err(error.into())
}

fn execute(connection: &Connection, sql: &'static str) -> Result<(), StoreError> {
    Ok(execute_raw(connection, sql)?)
}

fn execute_raw(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
