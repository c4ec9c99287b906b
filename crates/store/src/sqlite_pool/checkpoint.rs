//! Moves what is in the write-ahead log into the database file, beside the writer.
//!
//! A checkpoint within a commit would let its callers wait for thousands of
//! pages. The thread here moves nearly all of them, and syncs the database file; the writer moves
//! the last few between two commits, so that the log begins again at its start.

use std::{
    fs::File,
    mem::ManuallyDrop,
    path::Path,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, ErrorCode};

use super::{AbortOnPanic, could_not_sync};
use crate::StoreError;

/// Pages in the log (of 4 KiB: 16 MiB) from which on it is tidied. Four times as many are moved
/// with less work, but in bursts that sends have to wait for.
const PAGES_TIDIED_FROM: i64 = 4_096;

/// Where a pass moves no more than so many, the writer may have its turn: a millisecond.
const PAGES_LEFT_MAX: i64 = 256;

/// Passes before the writer has its turn all the same.
const PASSES_MAX: u32 = 6;

/// Between two rounds, so that one that a reader made useless costs little.
const REST: Duration = Duration::from_millis(100);

/// What the writer and the one who tidies know of the log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Committed pages, as of the last commit.
    pages: AtomicI64,
    /// Commits that wrote something.
    commits: AtomicU64,
    /// The writer shall move what is left.
    nearly_done: AtomicBool,
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Wanted {
    tidying: bool,
    stopped: bool,
}

impl Log {
    /// Counts the pages of each commit on the writer's connection.
    pub(crate) fn watch(
        self: &std::sync::Arc<Self>,
        writer: &mut Connection,
    ) -> Result<(), StoreError> {
        let log = std::sync::Arc::clone(self);
        writer.wal_hook(Some(move |_: &mut _, pages: i32| {
            log.pages.store(i64::from(pages), Ordering::Relaxed);
            log.commits.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(())
    }

    /// How many commits wrote something so far.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The writer's part, between two commits.
    pub(crate) fn tend(&self, writer: &Connection) {
        if self.nearly_done.load(Ordering::Acquire) {
            pass(writer);
            let mut wanted = self.wanted();
            self.nearly_done.store(false, Ordering::Release);
            wanted.tidying = false;
        } else if self.pages.load(Ordering::Relaxed) >= PAGES_TIDIED_FROM {
            let mut wanted = self.wanted();
            if !wanted.tidying {
                wanted.tidying = true;
                self.changed.notify_one();
            }
        }
    }

    /// Ends [`checkpoint_loop`].
    pub(crate) fn stop(&self) {
        self.wanted().stopped = true;
        self.changed.notify_one();
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who moves pages beside the writer.
pub(crate) struct Tidier {
    connection: Connection,
    /// Where it is synced: of the database. Never closed, as that would let go the locks that SQLite
    /// holds on the file for the whole process.
    file: Option<ManuallyDrop<File>>,
}

impl Tidier {
    /// Nothing is synced unless `durable`.
    pub(crate) fn open(path: &Path, durable: bool) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        if !durable {
            connection.execute_batch("PRAGMA synchronous = OFF")?;
        }
        let cannot = |error| StoreError::Unavailable(format!("the file cannot be synced: {error}"));
        let file = durable.then(|| File::options().read(true).write(true).open(path));
        let file = file.transpose().map_err(cannot)?.map(ManuallyDrop::new);
        Ok(Self { connection, file })
    }

    /// Moves nearly all, and syncs it, so that the writer has little to move and to sync itself. Answers
    /// whether it shall: not where a reader holds on to the log, or somebody else tidies it.
    fn tidy(&self) -> bool {
        let mut moved_before = 0;
        for _ in 0..PASSES_MAX {
            let Some(Pass { held, moved }) = pass(&self.connection) else { return false };
            if moved == moved_before {
                return !held;
            }
            if let Some(file) = &self.file
                && let Err(error) = file.sync_data()
            {
                could_not_sync(&error);
            }
            // Less than before: the log has begun again.
            let fresh = if moved > moved_before { moved - moved_before } else { moved };
            if fresh <= PAGES_LEFT_MAX {
                return !held;
            }
            moved_before = moved;
        }
        // It grows as fast as it is moved here.
        true
    }
}

/// Tidies the log whenever it has grown, until the writer stops.
pub(crate) fn checkpoint_loop(tidier: &Tidier, log: &Log) {
    let _guard = AbortOnPanic;
    let_others_go_first();
    loop {
        let mut wanted = log.wanted();
        while !wanted.tidying && !wanted.stopped {
            wanted = log.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
        if wanted.stopped {
            return;
        }
        drop(wanted);
        if tidier.tidy() {
            log.nearly_done.store(true, Ordering::Release);
        } else {
            log.wanted().tidying = false;
        }
        // The writer takes its turn at its next commit. It may want the log tidied again
        // in the one after that: where somebody reads, the log does not begin again.
        let mut wanted = log.wanted();
        while log.nearly_done.load(Ordering::Acquire) && !wanted.stopped {
            let (again, _) = log
                .changed
                .wait_timeout(wanted, Duration::from_millis(50))
                .unwrap_or_else(PoisonError::into_inner);
            wanted = again;
        }
        drop(wanted);
        std::thread::sleep(REST);
    }
}

/// Takes the processor from no thread that somebody waits for, as far as the system can tell threads apart.
fn let_others_go_first() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::getpriority_process(None)
        .and_then(|niceness| rustix::process::setpriority_process(None, niceness + 5))
    {
        tracing::debug!(%error, "the log is tidied at the priority of all else");
    }
}

/// How far the log is moved.
struct Pass {
    /// A reader holds on to more of it than may be left.
    held: bool,
    /// Pages, since the log began.
    moved: i64,
}

/// Moves what can be moved without waiting; nothing where somebody else does so.
fn pass(connection: &Connection) -> Option<Pass> {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (is_busy, log, moved): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((!is_busy).then_some(Pass { held: log - moved > PAGES_LEFT_MAX, moved }))
    });
    match moved {
        Ok(pass) => pass,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) => {
            could_not_sync(&error);
        }
        Err(error) => {
            // The log stays as it is, and is whole.
            tracing::warn!(%error, "the log could not be tidied");
            None
        }
    }
}
