//! PostgreSQL: threads that hold a connection each and take transactions from one queue.

mod connection;

use std::{
    thread,
    time::{Duration, Instant},
};

use tokio_postgres::Config;

use crate::{
    StoreError, Tx,
    job::{Job, Rollback},
    job_queue,
};
pub(crate) use connection::{PgConnection, Use};

/// How often a transaction is run again after it met another one.
const RUNS_MAX: u32 = 10;

/// After a failed connect, jobs are answered `Unavailable` at once for this long.
const RECONNECT_AFTER: Duration = Duration::from_millis(250);

/// Runs the job in a transaction, and again where it met another one.
fn run(open: &mut PgConnection, job: &mut dyn Job, used_for: Use) -> Result<(), StoreError> {
    let mut runs = 0;
    loop {
        runs += 1;
        match run_once(open, job, used_for) {
            Err(StoreError::Serialization(_)) if runs < RUNS_MAX => {
                thread::sleep(Duration::from_millis(u64::from(runs)));
            }
            ended => return ended,
        }
    }
}

fn run_once(open: &mut PgConnection, job: &mut dyn Job, used_for: Use) -> Result<(), StoreError> {
    open.begin();
    match job.run(&mut Tx::postgres(open)) {
        Ok(()) => {
            let committed = open.commit();
            match committed {
                Err(StoreError::CommitUnknown(text)) if used_for != Use::Write => {
                    Err(StoreError::Unavailable(text))
                }
                Err(error) if !matches!(error, StoreError::CommitUnknown(_)) => {
                    // A write that was sent failed, and COMMIT with it: nothing is open.
                    Err(error)
                }
                committed => committed,
            }
        }
        Err(rollback) => {
            let undone = open.rollback();
            match rollback {
                Rollback::Failed(error) => Err(error),
                Rollback::Decided => undone,
            }
        }
    }
}

/// One thread's life: connects when there is work, and again after a loss.
pub(crate) fn work_loop(config: &Config, used_for: Use, jobs: &job_queue::Worker) {
    let mut worker = Worker { config, used_for, connection: None, failed: None };
    while let Some(mut job) = jobs.next() {
        let ended = worker.serve(job.as_mut());
        job.finish(ended);
    }
}

struct Worker<'c> {
    config: &'c Config,
    used_for: Use,
    connection: Option<PgConnection>,
    /// The last failed connect.
    failed: Option<(Instant, StoreError)>,
}

impl Worker<'_> {
    fn serve(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        // A connection that died while it was idle shows it at the first word. Nothing
        // was stored then, so a fresh one takes the job.
        let used = self.connection.is_some();
        match self.serve_once(job) {
            Err(StoreError::Unavailable(_)) if used && self.connection.is_none() => {
                self.serve_once(job)
            }
            ended => ended,
        }
    }

    fn serve_once(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        let used_for = self.used_for;
        let open = self.connected()?;
        let ended = run(open, job, used_for);
        if ended.is_err() && open.is_closed() {
            self.connection = None;
        }
        ended
    }

    fn connected(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.connection.is_none() {
            if let Some((at, error)) = &self.failed
                && at.elapsed() < RECONNECT_AFTER
            {
                return Err(error.clone());
            }
            match PgConnection::open(self.config, self.used_for) {
                Ok(open) => {
                    self.connection = Some(open);
                    self.failed = None;
                }
                Err(error) => {
                    tracing::warn!(%error, "PostgreSQL cannot be reached");
                    self.failed = Some((Instant::now(), error.clone()));
                    return Err(error);
                }
            }
        }
        Ok(self.connection.as_mut().expect("it was opened just now"))
    }
}

/// Refuses a server whose commits can be lost.
pub(crate) fn check_durability(config: &Config) -> Result<(), StoreError> {
    let mut connection = PgConnection::open(config, Use::Read { time_max_ms: 10_000 })?;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let rows = connection.query(&format!("SHOW {setting}"), &[])?;
        let value = rows.first().map_or_else(String::new, |row| row.get(0));
        if value == "off" {
            return Err(StoreError::Refused(format!(
                "PostgreSQL runs with {setting} = off, so that an accepted message can be lost; \
                 set {setting} = on, or start with --unsafe if that is what you want"
            )));
        }
    }
    Ok(())
}
