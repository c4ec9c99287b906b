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

use super::could_not_sync;
use crate::StoreError;

/// Pages in the log (of 4 KiB: 16 MiB) from which on it is tidied. Four times as many are moved
/// with less work, but in bursts that sends have to wait for.
const PAGES_TIDIED_FROM: i64 = 4_096;

/// Pages that may be left to the writer: a few milliseconds.
const PAGES_LEFT_MAX: i64 = 256;

/// Passes before the writer is asked all the same.
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
struct Tidier {
    connection: Connection,
    /// Where it is synced: of the database. Never closed, as that would let go the locks that SQLite
    /// holds on the file for the whole process.
    file: Option<ManuallyDrop<File>>,
}

impl Tidier {
    fn open(path: &Path, durable: bool) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        let cannot = |error| StoreError::Unavailable(format!("the file cannot be synced: {error}"));
        let file = durable.then(|| File::options().read(true).write(true).open(path));
        let file = file.transpose().map_err(cannot)?.map(ManuallyDrop::new);
        Ok(Self { connection, file })
    }

    /// Moves nearly all, and syncs it: the writer's own pass then has little to move, and to sync.
    fn tidy(&self) {
        let mut left_before = i64::MAX;
        for turn in 0..PASSES_MAX {
            let left = pass(&self.connection).unwrap_or(i64::MAX);
            // No less: a reader holds on to the log, or it grows faster than it is moved.
            if left >= left_before || turn > 0 && left <= PAGES_LEFT_MAX {
                break;
            }
            left_before = left;
            if let Some(file) = &self.file
                && let Err(error) = file.sync_data()
            {
                could_not_sync(&error);
            }
        }
    }
}

/// Tidies the log whenever it has grown, until the writer stops.
pub(crate) fn checkpoint_loop(path: &Path, log: &Log, durable: bool) {
    let_others_go_first();
    let tidier = match Tidier::open(path, durable) {
        Ok(tidier) => tidier,
        Err(error) => {
            tracing::error!(%error, "the log cannot be tidied");
            return;
        }
    };
    loop {
        let mut wanted = log.wanted();
        while !wanted.tidying && !wanted.stopped {
            wanted = log.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
        if wanted.stopped {
            return;
        }
        drop(wanted);
        tidier.tidy();
        log.nearly_done.store(true, Ordering::Release);
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
    if let Err(error) = rustix::process::setpriority_process(None, 5) {
        tracing::debug!(%error, "the log is tidied at the priority of all else");
    }
}

/// Moves what can be moved without waiting; answers how many pages are left.
fn pass(connection: &Connection) -> Option<i64> {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
    });
    match moved {
        Ok(left) => Some(left),
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
