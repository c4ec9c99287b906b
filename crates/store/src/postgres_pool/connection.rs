//! One PostgreSQL connection. What is asked of it is sent at once and awaited only
//! where somebody wants to know, so that a transaction's writes and its COMMIT
//! travel together.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, Error, Row, Statement, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    StoreError,
    value::{ColumnValues, Encoded},
};

const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// How long a server's host may say nothing at all where the URL names no other time.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// Statements kept prepared on a connection; lists with many filters make many.
const STATEMENTS_CACHED: usize = 512;

/// Every statement of a writer finds its rows by an index. Left alone, the planner would
/// choose while the tables are empty, and keep scanning them when they are not.
const WRITER: &str = "
    SET idle_in_transaction_session_timeout = 60000;
    SET client_min_messages = warning;
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
    SET plan_cache_mode = force_generic_plan";

/// Compiling a statement takes longer than running it, and its estimates would have PostgreSQL
/// compile often: what a writer is told not to do looks dear to it, as does an audit.
const NO_JIT: &str = "SET jit = off";

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Write,
    /// One snapshot, cut off after the given milliseconds; 0 for never.
    Read {
        time_max_ms: u32,
    },
}

/// A statement on its way, whose outcome is asked for later.
type Sent = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// A connection with its prepared statements.
pub(crate) struct PgConnection {
    // Before the runtime, so that it is dropped first.
    client: Arc<Client>,
    statements: HashMap<String, Statement>,
    /// In the order in which they were sent.
    sent: Vec<Sent>,
    runtime: Runtime,
}

impl PgConnection {
    pub(crate) fn open(config: &Config, used_for: Use) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let mut config = config.clone();
        config.connect_timeout(CONNECT_TIME_MAX);
        // A host that fell silent is given up: what it was asked, and an idle connection.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE_MAX);
        }
        if config.get_keepalives_interval().is_none() {
            config.keepalives_idle(SILENCE_MAX / 3);
            config.keepalives_interval(SILENCE_MAX / 3);
            config.keepalives_retries(2);
        }
        let (client, connection) = runtime.block_on(config.connect(tls()))?;
        // It ends with the client, and tells the client why it ended.
        runtime.spawn(connection);
        let limits = match used_for {
            Use::Write => WRITER.to_owned(),
            Use::Read { time_max_ms } => format!(
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
                 SET statement_timeout = {time_max_ms}"
            ),
        };
        let mut open = Self {
            client: Arc::new(client),
            statements: HashMap::new(),
            sent: Vec::new(),
            runtime,
        };
        open.script(NO_JIT)?;
        open.script(&limits)?;
        Ok(open)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(crate) fn execute(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        let (client, statement) = (Arc::clone(&self.client), self.prepared(sql)?);
        self.ask(client.execute(&statement, params))
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let (client, statement) = (Arc::clone(&self.client), self.prepared(sql)?);
        self.ask(client.query(&statement, params))
    }

    /// Several statements without parameters.
    pub(crate) fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        let client = Arc::clone(&self.client);
        self.ask(client.batch_execute(sql))
    }

    /// Sends a statement for a set of rows. Where it fails, the next call does.
    pub(crate) fn send(
        &mut self,
        sql: &str,
        columns: &[ColumnValues<'_>],
    ) -> Result<(), StoreError> {
        let statement = self.prepared(sql)?;
        let params = columns
            .iter()
            .zip(statement.params())
            .map(|(column, ty)| Encoded::new(column, ty))
            .collect::<Result<Vec<Encoded>, StoreError>>()?;
        let client = Arc::clone(&self.client);
        self.dispatch(async move {
            let params: Vec<&(dyn ToSql + Sync)> =
                params.iter().map(|param| -> &(dyn ToSql + Sync) { param }).collect();
            client.execute(&statement, &params).await.map(drop)
        });
        Ok(())
    }

    /// Begins a transaction; whether that went well is told by its first statement.
    pub(crate) fn begin(&mut self) {
        let client = Arc::clone(&self.client);
        self.dispatch(async move { client.batch_execute("BEGIN").await });
    }

    /// Commits, after whatever was sent. A connection that is lost from here on may have
    /// taken the commit with it; where the server refused what was sent before, it has
    /// not committed.
    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        let client = Arc::clone(&self.client);
        self.settle(client.batch_execute("COMMIT")).map_err(|failed| {
            let refused_before = failed.earlier && failed.error.as_db_error().is_some();
            match StoreError::from(failed.error) {
                StoreError::Unavailable(text) if !refused_before => StoreError::CommitUnknown(text),
                other => other,
            }
        })
    }

    pub(crate) fn rollback(&mut self) -> Result<(), StoreError> {
        // What was sent fails or is undone; nobody asks any more.
        self.sent.clear();
        self.script("ROLLBACK")
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_CACHED {
            self.statements.clear();
        }
        let client = Arc::clone(&self.client);
        let statement = self.ask(client.prepare(sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn dispatch(&mut self, asked: impl Future<Output = Result<(), Error>> + 'static) {
        let mut asked: Sent = Box::pin(asked);
        // The first poll puts it into the connection's queue, behind what is there.
        self.sent.push(match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => asked,
            Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
        });
    }

    /// Sends and awaits; what was sent before is awaited first, and fails this as well.
    fn ask<T>(&mut self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
        self.settle(asked).map_err(|failed| failed.error.into())
    }

    fn settle<T>(&mut self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Failed> {
        let sent = std::mem::take(&mut self.sent);
        let mut asked = pin!(asked);
        self.runtime.block_on(async {
            let first = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await;
            for earlier in sent {
                earlier.await.map_err(|error| Failed { error, earlier: true })?;
            }
            let answer = match first {
                Poll::Ready(answer) => answer,
                Poll::Pending => asked.await,
            };
            answer.map_err(|error| Failed { error, earlier: false })
        })
    }
}

/// What failed: a statement, or one that was sent before it.
struct Failed {
    error: Error,
    earlier: bool,
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
