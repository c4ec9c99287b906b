//! The writer: whatever waits at the same moment shares one commit. `syncs` makes it safe.

use std::{
    cell::RefCell,
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode};

use super::{checkpoint::Log, could_not_sync, execute, execute_raw, keep_statements, syncs::Syncs};
use crate::{
    StoreError, Tx,
    idempotency::KeyIndex,
    job::{Job, Rollback},
    job_queue::Worker,
};

/// Most jobs that share one commit.
const JOBS_PER_COMMIT_MAX: usize = 256;

/// The one connection that writes.
pub(crate) struct Writer {
    connection: Connection,
    log: Arc<Log>,
    syncs: Arc<Syncs>,
    keys: Option<RefCell<KeyIndex>>,
    /// Held as long as the writer lives: no other server may write to this file.
    _lock: Option<File>,
}

impl Writer {
    /// Opens the file for writing. Commits are synced by [`Syncs`], unless `durable` is false; the
    /// log's beginning, and what is moved out of it, by SQLite.
    ///
    /// `alone`: as the server, of which there is one for each file.
    pub(crate) fn open(path: &Path, alone: bool, durable: bool) -> Result<Self, StoreError> {
        let lock = alone.then(|| lock(path)).transpose()?;
        make_private(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        keep_statements(&connection)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             PRAGMA cache_size = -16384;
             PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 0;",
        )?;
        if !durable {
            tracing::warn!("SQLite does not sync: a power loss loses what was answered");
            connection.execute_batch("PRAGMA synchronous = OFF")?;
        }
        let log = Arc::new(Log::default());
        log.watch(&mut connection)?;
        // Makes the log, where there is none.
        execute(&connection, "BEGIN IMMEDIATE")?;
        execute(&connection, "COMMIT")?;
        let syncs = Arc::new(Syncs::open(path, durable)?);
        let keys = alone.then(|| RefCell::new(KeyIndex::new(1)));
        Ok(Self { connection, log, syncs, keys, _lock: lock })
    }

    /// The log that somebody has to tidy.
    pub(crate) fn log(&self) -> Arc<Log> {
        Arc::clone(&self.log)
    }

    /// What the thread that syncs and the readers of this process have to know.
    pub(crate) fn syncs(&self) -> Arc<Syncs> {
        Arc::clone(&self.syncs)
    }

    /// Runs the jobs in one transaction, each undone by itself where it asks for that.
    fn commit(&self, mut jobs: Vec<Box<dyn Job>>) {
        let connection = &self.connection;
        let alone = jobs.len() == 1;
        let mut verdicts: Vec<Result<(), StoreError>> = Vec::with_capacity(jobs.len());
        let mut ended = execute(connection, "BEGIN IMMEDIATE");
        for job in &mut jobs {
            if ended.is_err() {
                break;
            }
            let verdict = self.run_one(job.as_mut());
            if connection.is_autocommit() {
                // A full disk or an I/O error undid the transaction as a whole.
                ended = Err(verdict.clone().err().unwrap_or_else(undone));
            }
            verdicts.push(verdict);
        }
        let commit = self.syncs.begin();
        let ended = ended.and_then(|()| {
            let nothing_to_keep = alone && verdicts.iter().any(Result::is_err);
            if nothing_to_keep { execute(connection, "ROLLBACK") } else { end(connection) }
        });
        if let Some(keys) = &self.keys {
            let mut keys = keys.borrow_mut();
            if ended.is_err() {
                keys.undo_to(0);
            }
            keys.commit();
        }
        let verdicts = verdicts.into_iter().chain(std::iter::repeat(Ok(())));
        let verdicts = verdicts.map(|verdict| verdict.and_then(|()| ended.clone()));
        self.syncs.end(commit, jobs.into_iter().zip(verdicts));
    }

    /// Runs one job; its changes are undone where it ends badly.
    fn run_one(&self, job: &mut dyn Job) -> Result<(), StoreError> {
        let connection = &self.connection;
        let keys = self.keys.as_ref();
        let staged = keys.map_or(0, |keys| keys.borrow().savepoint());
        execute(connection, "SAVEPOINT job")?;
        let ran = job.run(&mut Tx::sqlite(connection, keys));
        if ran.is_err()
            && let Some(keys) = keys
        {
            keys.borrow_mut().undo_to(staged);
        }
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
}

/// Makes the file readable by its owner only, before SQLite does: its log and its
/// index get the same rights. One that exists keeps its own.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            Err(StoreError::Unavailable(format!("{} cannot be made: {error}", path.display())))
        }
    }
}

/// How long a server that is just stopping is waited for.
const LOCK_AWAITED: Duration = Duration::from_secs(5);

/// Two servers on one file would each miss what the other remembers.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    let cannot = |error: std::io::Error| {
        StoreError::Unavailable(format!("{} cannot be locked: {error}", path.display()))
    };
    let file = File::create(&name).map_err(cannot)?;
    let asked = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if asked.elapsed() < LOCK_AWAITED => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Refused(format!(
                    "another didfarm serves {}: stop it first, or use PostgreSQL for several nodes",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
    }
}

/// The writer's loop: ends when there will be no more jobs.
pub(crate) fn write_loop(writer: &Writer, jobs: &Worker) {
    while let Some(first) = jobs.next() {
        let mut gathered = vec![first];
        gathered.extend(jobs.waiting(JOBS_PER_COMMIT_MAX - 1));
        writer.commit(gathered);
        writer.log.tend(&writer.connection);
    }
}

fn undone() -> StoreError {
    StoreError::Unavailable("the transaction was undone".to_owned())
}

fn end(connection: &Connection) -> Result<(), StoreError> {
    let Err(error) = execute_raw(connection, "COMMIT") else { return Ok(()) };
    if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
        could_not_sync(&error);
    }
    if !connection.is_autocommit() {
        execute(connection, "ROLLBACK")?;
    }
    Err(error.into())
}
