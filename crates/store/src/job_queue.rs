//! Jobs on their way to the threads that hold the database's connections.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, Thread},
};

use crate::job::Job;

/// Makes a queue: the end that is given jobs, and the end of a thread that takes them.
pub(crate) fn queue() -> (Jobs, Worker) {
    let shared = Arc::new(Shared::default());
    shared.state().workers = 1;
    (Jobs(Arc::clone(&shared)), Worker(shared))
}

/// Where jobs are given; the threads end when it is gone and all is done.
pub(crate) struct Jobs(Arc<Shared>);

/// A thread's end. Of several that are idle, the one that worked last is woken first: what its
/// connection has in its caches is what is wanted again.
pub(crate) struct Worker(Arc<Shared>);

#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<dyn Job>>,
    /// The last one worked last.
    idle: Vec<Thread>,
    workers: usize,
    closed: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Jobs {
    /// Gives a job; false where no thread is left to take it.
    pub(crate) fn give(&self, job: Box<dyn Job>) -> bool {
        let mut state = self.0.state();
        if state.workers == 0 {
            return false;
        }
        state.jobs.push_back(job);
        let woken = state.idle.pop();
        drop(state);
        if let Some(thread) = woken {
            thread.unpark();
        }
        true
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.closed = true;
        state.idle.drain(..).for_each(|thread| thread.unpark());
    }
}

impl Worker {
    /// Waits for the next job; `None` once there will be no more.
    pub(crate) fn next(&self) -> Option<Box<dyn Job>> {
        let me = thread::current();
        loop {
            let mut state = self.0.state();
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.idle.push(me.clone());
            drop(state);
            thread::park();
            // A thread may wake without having been woken.
            self.0.state().idle.retain(|idle| idle.id() != me.id());
        }
    }

    /// What waits at this moment, up to `most`.
    pub(crate) fn waiting(&self, most: usize) -> Vec<Box<dyn Job>> {
        let mut state = self.0.state();
        let most = most.min(state.jobs.len());
        state.jobs.drain(..most).collect()
    }
}

impl Clone for Worker {
    fn clone(&self) -> Self {
        self.0.state().workers += 1;
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.workers -= 1;
        if state.workers == 0 {
            // Whoever waits for one of them learns that nobody will run it.
            let lost = std::mem::take(&mut state.jobs);
            drop(state);
            drop(lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::{StoreError, Tx, job::Rollback};

    struct Marked(usize, mpsc::Sender<usize>);

    impl Job for Marked {
        fn run(&mut self, _: &mut Tx<'_>) -> Result<(), Rollback> {
            Ok(())
        }

        fn finish(self: Box<Self>, _: Result<(), StoreError>) {
            self.1.send(self.0).unwrap();
        }
    }

    /// Waits until so many threads are idle.
    fn idle(jobs: &Jobs, count: usize) {
        while jobs.0.state().idle.len() < count {
            thread::yield_now();
        }
    }

    #[test]
    fn the_thread_that_worked_last_is_woken_first() {
        let (jobs, worker) = queue();
        let (worked, names) = mpsc::channel();
        let (done, order) = mpsc::channel();
        for name in 0..3 {
            let (worker, worked) = (worker.clone(), worked.clone());
            thread::spawn(move || {
                while let Some(job) = worker.next() {
                    worked.send(name).unwrap();
                    job.finish(Ok(()));
                }
            });
            idle(&jobs, name + 1);
        }
        drop(worker);
        for job in 0..10 {
            idle(&jobs, 3);
            assert!(jobs.give(Box::new(Marked(job, done.clone()))));
            assert_eq!(order.recv().unwrap(), job);
            assert_eq!(names.recv().unwrap(), 2, "the others stay idle");
        }
    }

    #[test]
    fn jobs_come_in_order_and_the_rest_is_done_after_the_end() {
        let (jobs, worker) = queue();
        let (done, order) = mpsc::channel();
        for job in 0..5 {
            assert!(jobs.give(Box::new(Marked(job, done.clone()))));
        }
        drop(jobs);
        worker.next().unwrap().finish(Ok(()));
        worker.waiting(2).into_iter().for_each(|job| job.finish(Ok(())));
        while let Some(job) = worker.next() {
            job.finish(Ok(()));
        }
        assert_eq!(order.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn without_threads_no_job_is_taken_and_none_waits_for_ever() {
        let (jobs, worker) = queue();
        let (done, order) = mpsc::channel();
        assert!(jobs.give(Box::new(Marked(1, done.clone()))));
        drop(worker);
        assert!(!jobs.give(Box::new(Marked(2, done))));
        assert_eq!(order.recv(), Err(mpsc::RecvError), "both were dropped");
    }
}
