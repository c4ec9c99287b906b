//! PostgreSQL: threads that hold a connection each and take transactions from one queue.

use std::{
    collections::HashMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use postgres::{Client, Config, Statement};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    StoreError, Tx,
    job::{Job, JobQueue, Rollback},
};

/// How often a transaction is run again after it met another one.
const RUNS_MAX: u32 = 10;

/// After a failed connect, jobs are answered `Unavailable` at once for this long.
const RECONNECT_AFTER: Duration = Duration::from_millis(250);

const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Statements kept prepared on a connection; lists with many filters make many.
const STATEMENTS_CACHED: usize = 512;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Write,
    /// One snapshot, cut off after the given milliseconds; 0 for never.
    Read {
        time_max_ms: u32,
    },
}

/// A connection with its prepared statements.
pub(crate) struct PgConnection {
    client: Client,
    statements: HashMap<String, Statement>,
}

impl PgConnection {
    fn open(config: &Config, used_for: Use) -> Result<Self, StoreError> {
        let mut config = config.clone();
        config.connect_timeout(CONNECT_TIME_MAX);
        let mut client = config.connect(tls())?;
        let limits = match used_for {
            Use::Write => "SET idle_in_transaction_session_timeout = 60000".to_owned(),
            Use::Read { time_max_ms } => format!(
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
                 SET statement_timeout = {time_max_ms}"
            ),
        };
        client.batch_execute(&limits)?;
        Ok(Self { client, statements: HashMap::new() })
    }

    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    pub(crate) fn prepared(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_CACHED {
            self.statements.clear();
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Runs the job in the transaction that [`Self::begin`] opened, and again where it met another one.
    fn run(&mut self, job: &mut dyn Job, used_for: Use) -> Result<(), StoreError> {
        let mut runs = 0;
        loop {
            runs += 1;
            match self.run_once(job, used_for) {
                Err(StoreError::Serialization(_)) if runs < RUNS_MAX => {
                    thread::sleep(Duration::from_millis(u64::from(runs)));
                    self.begin()?;
                }
                ended => return ended,
            }
        }
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        Ok(self.client.batch_execute("BEGIN")?)
    }

    fn run_once(&mut self, job: &mut dyn Job, used_for: Use) -> Result<(), StoreError> {
        match job.run(&mut Tx::postgres(self)) {
            Ok(()) => self.client.batch_execute("COMMIT").map_err(|error| {
                match StoreError::from(error) {
                    // Cut off, or told to go: the commit may have come first.
                    StoreError::Unavailable(text) if used_for == Use::Write => {
                        StoreError::CommitUnknown(text)
                    }
                    other => other,
                }
            }),
            Err(rollback) => {
                let undone = self.client.batch_execute("ROLLBACK");
                match rollback {
                    Rollback::Failed(error) => Err(error),
                    Rollback::Decided => Ok(undone?),
                }
            }
        }
    }
}

fn tls() -> MakeRustlsConnect {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring offers the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

/// One thread's life: connects when there is work, and again after a loss.
pub(crate) fn work_loop(config: &Config, used_for: Use, jobs: &JobQueue) {
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
        // A connection that died while it was idle shows it at the first word:
        // nothing was done yet, so a fresh one takes the job.
        let used = self.connection.is_some();
        if let Err(error) = self.connected()?.begin() {
            self.connection = None;
            if !used {
                return Err(error);
            }
            self.connected()?.begin()?;
        }
        let used_for = self.used_for;
        let open = self.connected()?;
        let ended = open.run(job, used_for);
        if ended.is_err() && open.client.is_closed() {
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
        let row = connection.client.query_one(&format!("SHOW {setting}"), &[])?;
        let value: String = row.get(0);
        if value == "off" {
            return Err(StoreError::Refused(format!(
                "PostgreSQL runs with {setting} = off, so that an accepted message can be lost; \
                 set {setting} = on, or start with --unsafe if that is what you want"
            )));
        }
    }
    Ok(())
}
