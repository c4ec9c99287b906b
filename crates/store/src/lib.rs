//! All SQL of the product, for SQLite and PostgreSQL alike.
//!
//! [`Store::write`] runs a closure in a transaction of its own and answers when
//! it is committed and synced; on SQLite, transactions that wait for the same
//! moment share one commit. [`Store::read`] runs a closure on one snapshot.
//! The functions in the modules take a [`Tx`] and never commit.
//!
//! Not here: rules (`domain`) and what follows from what (`engine`).

pub mod accounts;
pub mod api_keys;
mod append;
pub mod attempts;
pub mod audit;
pub mod auto_recharges;
pub mod billing_clock;
pub mod carriers;
pub mod conversations;
pub mod documents;
mod error;
pub mod events;
pub mod id_blocks;
pub mod idempotency;
pub mod imports;
pub mod inbound;
mod job;
mod job_queue;
pub mod leases;
pub mod ledger;
mod like;
pub mod low_balances;
pub mod mail_tokens;
pub mod messages;
pub mod messaging_profiles;
mod migrations;
pub mod months;
pub mod movements;
pub mod numbers;
pub mod operators;
pub mod opt_outs;
pub mod orders;
pub mod orphans;
pub mod papers;
pub mod payment_events;
pub mod people;
mod postgres_pool;
pub mod prices;
pub mod queue;
pub mod receipts;
pub mod renewals;
pub mod reports;
pub mod request_log;
pub mod reversals;
pub mod routes;
mod row;
pub mod saved_cards;
pub mod sessions;
mod sqlite_pool;
pub mod stats;
pub mod told_refunds;
pub mod topups;
mod tx;
mod value;
pub mod wallets;
pub mod webhooks;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use domain::Timestamp;
use tokio::sync::oneshot;

pub use error::StoreError;
pub use job::AsStoreError;
use job::Work;
use job_queue::Jobs;
use postgres_pool::Use;
pub use row::{Column, Row};
pub use tx::{Bulk, Tx};
pub use value::Value;

const SQLITE_READERS: usize = 4;
const POSTGRES_WRITERS: usize = 8;
const POSTGRES_READERS: usize = 8;

/// A read that takes longer is cut off.
const READ_TIME_MAX: Duration = Duration::from_secs(30);

/// Where the data lies.
#[derive(Clone)]
pub enum Location {
    Sqlite(PathBuf),
    Postgres(Box<tokio_postgres::Config>),
}

/// What the process is to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A server; an SQLite file has one at a time.
    Server,
    /// A command beside it, which takes no idempotency keys.
    Command,
}

/// The text names no database that this program can use.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidLocation(String);

impl Location {
    /// `sqlite:PATH` or a `postgres://` URL.
    pub fn parse(url: &str) -> Result<Self, InvalidLocation> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(InvalidLocation("write the path after sqlite:".to_owned()));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let config = url
                .parse()
                .map_err(|error| InvalidLocation(format!("not a PostgreSQL URL: {error}")))?;
            return Ok(Self::Postgres(Box::new(config)));
        }
        Err(InvalidLocation("write sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned()))
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres"),
        }
    }
}

/// The database, shared by everything in the process.
#[derive(Clone)]
pub struct Store {
    writers: Arc<Jobs>,
    readers: Arc<Jobs>,
    postgres: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.postgres { "Store(postgres)" } else { "Store(sqlite)" })
    }
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// `durable`: refuse a PostgreSQL whose commits can be lost, and sync SQLite's.
    pub async fn open(
        location: &Location,
        access: Access,
        durable: bool,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let location = location.clone();
        let store = tokio::task::spawn_blocking(move || Self::start(&location, access, durable))
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))??;
        store.write(move |tx| migrations::apply(tx, now)).await?;
        if access == Access::Server {
            store.write(idempotency::load_index).await?;
            if !store.postgres {
                // The file's lock says that whoever held them is gone.
                store.write(leases::release_all).await?;
                let lost_at = now.plus(webhooks::deliveries::LOST_AFTER);
                let release =
                    move |tx: &mut Tx<'_>| webhooks::deliveries::release_all(tx, now, lost_at);
                store.write(release).await?;
            }
        }
        Ok(store)
    }

    fn start(location: &Location, access: Access, durable: bool) -> Result<Self, StoreError> {
        let (writers, write_jobs) = job_queue::queue();
        let (readers, read_jobs) = job_queue::queue();
        match location {
            Location::Sqlite(path) => {
                let writer = sqlite_pool::Writer::open(path, access == Access::Server, durable)?;
                let tidier = sqlite_pool::Tidier::open(path, durable)?;
                let (log, syncs) = (writer.log(), writer.syncs());
                spawn("store-writer", move || {
                    sqlite_pool::write_loop(&writer, &write_jobs);
                    writer.syncs().stop();
                    writer.log().stop();
                });
                let synced = Arc::clone(&syncs);
                spawn("store-sync", move || sqlite_pool::sync_loop(&synced));
                spawn("store-log", move || sqlite_pool::checkpoint_loop(&tidier, &log));
                for _ in 0..SQLITE_READERS {
                    let syncs = Some(Arc::clone(&syncs));
                    let reader = sqlite_pool::Reader::open(path, Some(READ_TIME_MAX), syncs)?;
                    let jobs = read_jobs.clone();
                    spawn("store-reader", move || sqlite_pool::read_loop(&reader, &jobs));
                }
            }
            Location::Postgres(config) => {
                if durable {
                    postgres_pool::check_durability(config)?;
                }
                let reads = Use::Read {
                    time_max_ms: u32::try_from(READ_TIME_MAX.as_millis()).unwrap_or(u32::MAX),
                };
                for (used_for, jobs, threads) in [
                    (Use::Write, write_jobs, POSTGRES_WRITERS),
                    (reads, read_jobs, POSTGRES_READERS),
                ] {
                    for _ in 0..threads {
                        let (config, jobs) = (config.clone(), jobs.clone());
                        spawn("store-postgres", move || {
                            postgres_pool::work_loop(&config, used_for, &jobs);
                        });
                    }
                }
            }
        }
        Ok(Self {
            writers: Arc::new(writers),
            readers: Arc::new(readers),
            postgres: matches!(location, Location::Postgres(_)),
        })
    }

    /// Whether several writes can be under way at once.
    pub fn writes_concurrently(&self) -> bool {
        self.postgres
    }

    /// Runs `body` in a transaction; answers once it is committed and synced.
    ///
    /// An `Err` undoes everything that `body` did. The body may be run more
    /// than once (a serialization failure, a neighbour in its commit that failed), so it changes
    /// nothing outside.
    pub async fn write<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        submit(&self.writers, body).await
    }

    /// Runs `body` on one snapshot, for at most 30 s. It must not write.
    pub async fn read<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        submit(&self.readers, body).await
    }
}

async fn submit<T, E, F>(threads: &Jobs, body: F) -> Result<T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + AsStoreError + Send + 'static,
{
    let stopped =
        || E::from(StoreError::Unavailable("the database threads have stopped".to_owned()));
    let (reply, answer) = oneshot::channel();
    if !threads.give(Box::new(Work::new(body, reply))) {
        return Err(stopped());
    }
    answer.await.unwrap_or_else(|_| Err(stopped()))
}

/// Reads everything on one snapshot, without the time limit: for an audit, no server needed.
///
/// Fails where the database does not exist yet.
pub fn read_offline<T>(
    location: &Location,
    body: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError>
where
    T: Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let job = Box::new(Work::new(body, reply));
    match location {
        Location::Sqlite(path) => {
            existing(path)?;
            sqlite_pool::Reader::open(path, None, None)?.run(job);
        }
        Location::Postgres(config) => {
            let (jobs, worker) = job_queue::queue();
            jobs.give(job);
            drop(jobs);
            postgres_pool::work_loop(config, Use::Read { time_max_ms: 0 }, &worker);
        }
    }
    answer
        .blocking_recv()
        .unwrap_or_else(|_| Err(StoreError::Unavailable("the reader stopped".to_owned())))
}

fn existing(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        Ok(())
    } else {
        Err(StoreError::Unavailable(format!("there is no database at {}", path.display())))
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .expect("the operating system can start a thread");
}
