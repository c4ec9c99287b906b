//! The writer: whatever waits at the same moment shares one commit. `syncs` makes it safe.

use std::{
    cell::{Cell, RefCell},
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode};

use super::{
    AbortOnPanic, checkpoint::Log, could_not_sync, execute, execute_raw, keep_statements,
    syncs::Syncs,
};
use crate::{
    StoreError, Tx,
    idempotency::KeyIndex,
    job::{Job, Rollback},
    job_queue::Worker,
};

/// Most jobs that share one commit.
const JOBS_PER_COMMIT_MAX: usize = 256;

/// After a job that ended badly, so many commits reckon with another: whoever is refused often shall
/// not have its neighbours' work done twice each time.
const CAREFUL_AFTER: u32 = 64;

/// The one connection that writes.
pub(crate) struct Writer {
    connection: Connection,
    log: Arc<Log>,
    syncs: Arc<Syncs>,
    keys: Option<RefCell<KeyIndex>>,
    /// So many commits are still begun with a savepoint for each job.
    careful: Cell<u32>,
    /// Held as long as the writer lives: no other server may write to this file.
    _lock: Option<File>,
}

impl Writer {
    /// Opens the file for writing. Commits are synced by [`Syncs`], unless `durable` is false; the
    /// log's beginning, and what is moved out of it, by SQLite.
    ///
    /// `alone`: as the server, of which there is one for each file.
    pub(crate) fn open(path: &Path, alone: bool, durable: bool) -> Result<Self, StoreError> {
        make_private(path)?;
        // As SQLite does: the log and the lock lie beside the file that a link leads to.
        let path = &path.canonicalize().map_err(|error| {
            StoreError::Unavailable(format!("{} cannot be found: {error}", path.display()))
        })?;
        let lock = alone.then(|| lock(path)).transpose()?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        keep_statements(&connection)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA cache_size = -16384;
             PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 0;",
        )?;
        if alone {
            // Its own readers wait until a commit is safe. Those of another process cannot, and a
            // command that runs beside the server commits seldom.
            connection.execute_batch("PRAGMA synchronous = NORMAL")?;
        }
        if !durable {
            tracing::warn!("SQLite does not sync: a power loss loses what was answered");
            connection.execute_batch("PRAGMA synchronous = OFF")?;
        }
        let log = Arc::new(Log::default());
        log.watch(&mut connection)?;
        // Makes the log, where there is none.
        execute(&connection, "BEGIN IMMEDIATE")?;
        execute(&connection, "COMMIT")?;
        // A command's commits are synced already.
        let syncs = Arc::new(Syncs::open(path, durable && alone)?);
        let keys = alone.then(|| RefCell::new(KeyIndex::new(1)));
        Ok(Self { connection, log, syncs, keys, careful: Cell::new(0), _lock: lock })
    }

    /// The log that somebody has to tidy.
    pub(crate) fn log(&self) -> Arc<Log> {
        Arc::clone(&self.log)
    }

    /// What the thread that syncs and the readers of this process have to know.
    pub(crate) fn syncs(&self) -> Arc<Syncs> {
        Arc::clone(&self.syncs)
    }

    /// Runs the jobs in one transaction and answers them once it is safe.
    fn commit(&self, mut jobs: Vec<Box<dyn Job>>) {
        let single = jobs.len() == 1;
        let careful = self.careful.get();
        let ran = if careful > 0 && !single {
            self.careful.set(careful - 1);
            self.run_undoable(&mut jobs)
        } else {
            match self.run(&mut jobs) {
                // One of several ended badly: all are run again, each to be undone by itself.
                Ok(verdicts) if !single && verdicts.iter().any(Result::is_err) => {
                    self.careful.set(CAREFUL_AFTER);
                    self.undo().and_then(|()| self.run_undoable(&mut jobs))
                }
                ran => ran,
            }
        };
        let (verdicts, ran) = match ran {
            Ok(verdicts) => (verdicts, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        let commit = self.syncs.begin();
        let written = self.log.commits();
        let nothing_to_keep = single && verdicts.iter().any(Result::is_err);
        let ended = match ran {
            Ok(()) if nothing_to_keep => self.undo(),
            Ok(()) => end(&self.connection),
            Err(error) => self.undo().and(Err(error)),
        };
        if let Some(keys) = &self.keys {
            let mut keys = keys.borrow_mut();
            if ended.is_err() {
                keys.undo_to(0);
            }
            keys.commit();
        }
        let told = verdicts.into_iter().map(told).chain(std::iter::repeat(Ok(())));
        let told = told.map(|verdict| verdict.and_then(|()| ended.clone()));
        let written = self.log.commits() != written;
        self.syncs.end(commit, written, jobs.into_iter().zip(told));
    }

    /// Begins a transaction and runs the jobs, until one ends badly.
    fn run(&self, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Result<(), Rollback>>, StoreError> {
        execute(&self.connection, "BEGIN IMMEDIATE")?;
        let mut verdicts = Vec::with_capacity(jobs.len());
        for job in jobs {
            verdicts.push(self.run_one(job.as_mut())?);
            if verdicts.last().is_some_and(Result::is_err) {
                break;
            }
        }
        Ok(verdicts)
    }

    /// The same, each job undone by itself where it asks for that. To be able to do so costs
    /// SQLite a copy of each page that is changed.
    fn run_undoable(
        &self,
        jobs: &mut [Box<dyn Job>],
    ) -> Result<Vec<Result<(), Rollback>>, StoreError> {
        let connection = &self.connection;
        execute(connection, "BEGIN IMMEDIATE")?;
        let mut verdicts = Vec::with_capacity(jobs.len());
        for job in jobs {
            let staged = self.keys.as_ref().map_or(0, |keys| keys.borrow().savepoint());
            execute(connection, "SAVEPOINT job")?;
            let ran = self.run_one(job.as_mut())?;
            if ran.is_err() {
                execute(connection, "ROLLBACK TO job")?;
                if let Some(keys) = &self.keys {
                    keys.borrow_mut().undo_to(staged);
                }
            }
            execute(connection, "RELEASE job")?;
            verdicts.push(ran);
        }
        Ok(verdicts)
    }

    fn run_one(&self, job: &mut dyn Job) -> Result<Result<(), Rollback>, StoreError> {
        let ran = job.run(&mut Tx::sqlite(&self.connection, self.keys.as_ref()));
        if !self.connection.is_autocommit() {
            return Ok(ran);
        }
        // A full disk or an I/O error undid the transaction as a whole.
        Err(match ran {
            Err(Rollback::Failed(error)) => error,
            Err(Rollback::Decided) | Ok(()) => {
                StoreError::Unavailable("the transaction was undone".to_owned())
            }
        })
    }

    /// Undoes all that the transaction did, where SQLite has not done so itself.
    fn undo(&self) -> Result<(), StoreError> {
        if let Some(keys) = &self.keys {
            keys.borrow_mut().undo_to(0);
        }
        if self.connection.is_autocommit() {
            return Ok(());
        }
        execute(&self.connection, "ROLLBACK")
    }
}

/// What a job is told where the transaction is stored. Whoever decided to have it undone has its
/// answer already.
fn told(verdict: Result<(), Rollback>) -> Result<(), StoreError> {
    match verdict {
        Err(Rollback::Failed(error)) => Err(error),
        Ok(()) | Err(Rollback::Decided) => Ok(()),
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
    let _guard = AbortOnPanic;
    while let Some(first) = jobs.next() {
        let mut gathered = vec![first];
        gathered.extend(jobs.waiting(JOBS_PER_COMMIT_MAX - 1));
        writer.commit(gathered);
        writer.log.tend(&writer.connection);
    }
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
