//! Syncs the write-ahead log beside the writer, which goes on meanwhile.
//!
//! A commit is in the log, and readers see it, before it is safe. So nobody is told what a job
//! did or saw until the log is synced as far as the job could see: to everyone outside it is as
//! if the writer had waited for each sync itself.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{AbortOnPanic, could_not_sync};
use crate::{StoreError, job::Job};

/// What the writer, the readers and the thread that syncs know of the log. Commits are counted from 1.
pub(crate) struct Syncs {
    /// Makes durable what is in the log by then.
    sync_log: Box<dyn Fn() -> io::Result<()> + Send + Sync>,
    /// The newest commit that a reader may see; it may be under way.
    begun: AtomicU64,
    /// The newest commit that is safe. Changed under the lock alone.
    safe: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The newest commit that is whole in the log.
    ended: u64,
    /// Something was written that is not synced yet.
    written: bool,
    waiting: Vec<Waiting>,
    stopped: bool,
}

/// A job that was run, and is answered once `commit` is safe.
struct Waiting {
    commit: u64,
    job: Box<dyn Job>,
    verdict: Result<(), StoreError>,
}

impl Syncs {
    /// Of the log beside the database at `path`, which is open already and leads over no link. Nothing is
    /// synced unless `durable`.
    pub(crate) fn open(path: &Path, durable: bool) -> Result<Self, StoreError> {
        if !durable {
            return Ok(Self::new(|| Ok(())));
        }
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        let cannot = |error| StoreError::Unavailable(format!("the log cannot be synced: {error}"));
        // Never written here; some systems sync only what is open for writing.
        let log = File::options().read(true).write(true).open(&name).map_err(cannot)?;
        // A log that was made by a process which did not sync may have no name on the disk.
        let folder = path.parent().unwrap_or(Path::new("/"));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
        Ok(Self::new(move || log.sync_data()))
    }

    fn new(sync_log: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self {
            sync_log: Box::new(sync_log),
            begun: AtomicU64::new(0),
            safe: AtomicU64::new(0),
            // What a process that was killed had written is not synced either.
            state: Mutex::new(State { written: true, ..State::default() }),
            changed: Condvar::new(),
        }
    }

    /// Announces a commit, before anybody can see it.
    pub(crate) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The commit is in the log, where something was `written`; its jobs are answered once that is safe.
    pub(crate) fn end(
        &self,
        commit: u64,
        written: bool,
        jobs: impl Iterator<Item = (Box<dyn Job>, Result<(), StoreError>)>,
    ) {
        let mut state = self.state();
        state.ended = commit;
        state.written |= written;
        state.waiting.extend(jobs.map(|(job, verdict)| Waiting { commit, job, verdict }));
        self.changed.notify_one();
    }

    /// Answers a job that only read, once everything that it may have seen is safe.
    pub(crate) fn answer(&self, job: Box<dyn Job>, verdict: Result<(), StoreError>) {
        let commit = self.begun.load(Ordering::SeqCst);
        if self.safe.load(Ordering::SeqCst) < commit {
            let mut state = self.state();
            // It may have become safe just now, by the last sync that there is.
            if self.safe.load(Ordering::SeqCst) < commit {
                state.waiting.push(Waiting { commit, job, verdict });
                self.changed.notify_one();
                return;
            }
        }
        job.finish(verdict);
    }

    /// Ends [`sync_loop`] once all is answered; the writer has ended.
    pub(crate) fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job that can be answered, after a sync where there was something written. Answers
    /// up to which commit, and whether to sync; `None` at the end.
    fn next(&self) -> Option<(u64, bool)> {
        let mut state = self.state();
        loop {
            let ended = state.ended;
            if state.waiting.iter().any(|waiting| waiting.commit <= ended) {
                return Some((ended, std::mem::take(&mut state.written)));
            }
            if state.stopped {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for something to do, syncs and answers; false at the end.
    fn step(&self) -> bool {
        let Some((upto, written)) = self.next() else { return false };
        if written && let Err(error) = (self.sync_log)() {
            could_not_sync(&error);
        }
        self.release(upto);
        true
    }

    /// Answers whoever waited for the commits up to `upto`.
    fn release(&self, upto: u64) {
        let mut state = self.state();
        self.safe.store(upto, Ordering::SeqCst);
        let (ready, waiting) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition(|waiting| waiting.commit <= upto);
        state.waiting = waiting;
        drop(state);
        let ready: Vec<Waiting> = ready;
        for Waiting { job, verdict, .. } in ready {
            job.finish(verdict);
        }
    }
}

/// Syncs whenever something was committed, until the writer stops.
pub(crate) fn sync_loop(syncs: &Syncs) {
    let _guard = AbortOnPanic;
    while syncs.step() {}
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::{Tx, job::Rollback};

    /// Tells its name when it is answered.
    struct Named(&'static str, mpsc::Sender<&'static str>);

    impl Job for Named {
        fn run(&mut self, _: &mut Tx<'_>) -> Result<(), Rollback> {
            Ok(())
        }

        fn finish(self: Box<Self>, _: Result<(), StoreError>) {
            self.1.send(self.0).unwrap();
        }
    }

    struct Site {
        syncs: Syncs,
        tell: mpsc::Sender<&'static str>,
        told: mpsc::Receiver<&'static str>,
    }

    fn site() -> Site {
        let (tell, told) = mpsc::channel();
        let synced = tell.clone();
        let syncs = Syncs::new(move || {
            synced.send("synced").map_err(|_| io::Error::other("nobody listens"))
        });
        Site { syncs, tell, told }
    }

    impl Site {
        fn job(&self, name: &'static str) -> Box<dyn Job> {
            Box::new(Named(name, self.tell.clone()))
        }

        fn told(&self) -> Vec<&'static str> {
            self.told.try_iter().collect()
        }
    }

    #[test]
    fn a_commit_is_told_of_once_it_is_synced() {
        let site = site();
        let commit = site.syncs.begin();
        site.syncs.end(commit, true, [(site.job("written"), Ok(()))].into_iter());
        assert!(site.told().is_empty());
        assert!(site.syncs.step());
        assert_eq!(site.told(), ["synced", "written"]);
    }

    #[test]
    fn what_was_read_is_told_once_all_that_may_be_in_it_is_safe() {
        let site = site();
        site.syncs.answer(site.job("before all commits"), Ok(()));
        assert_eq!(site.told(), ["before all commits"]);

        let first = site.syncs.begin();
        // It may see the commit before the writer says that it has ended.
        site.syncs.answer(site.job("beside the first"), Ok(()));
        site.syncs.end(first, true, [(site.job("first"), Ok(()))].into_iter());
        let second = site.syncs.begin();
        site.syncs.answer(site.job("beside the second"), Ok(()));
        assert!(site.told().is_empty());
        assert!(site.syncs.step());
        assert_eq!(site.told(), ["synced", "beside the first", "first"]);
        site.syncs.end(second, true, std::iter::empty());
        assert!(site.syncs.step());
        assert_eq!(site.told(), ["synced", "beside the second"]);
        site.syncs.answer(site.job("after"), Ok(()));
        assert_eq!(site.told(), ["after"]);
    }

    #[test]
    fn what_wrote_nothing_is_not_synced_but_for_the_first_time() {
        let site = site();
        for expected in [&["synced", "looked"][..], &["looked"]] {
            let commit = site.syncs.begin();
            site.syncs.end(commit, false, [(site.job("looked"), Ok(()))].into_iter());
            assert!(site.syncs.step());
            assert_eq!(site.told(), expected);
        }
    }

    #[test]
    fn all_is_answered_before_the_end() {
        let site = site();
        let commit = site.syncs.begin();
        site.syncs.end(commit, true, [(site.job("last"), Ok(()))].into_iter());
        site.syncs.stop();
        sync_loop(&site.syncs);
        assert_eq!(site.told(), ["synced", "last"]);
    }
}
