//! A database of a test's own on either engine, gone when the test is over.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use domain::Timestamp;
use store::{Access, Location, Store};
use tempfile::TempDir;

use crate::Proxy;

/// Names the PostgreSQL server that tests may use, as a superuser's URL.
const POSTGRES: &str = "DIDFARM_TEST_POSTGRES";

/// How the folders of SQLite databases begin.
const FOLDERS: &str = "didfarm-test-";

static DATABASES: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// Whether a database of this kind can be made here.
    pub fn is_available(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres => std::env::var_os(POSTGRES).is_some(),
        }
    }
}

#[derive(Debug)]
pub struct Database {
    location: Location,
    /// Removed with its content when the database is dropped.
    _folder: Option<TempDir>,
    /// Its name on the PostgreSQL server.
    on_server: Option<String>,
}

impl Database {
    /// An empty database; its schema comes with the first opening.
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                // In memory where that can be: no test waits for a disk.
                let folder = TempDir::with_prefix_in(FOLDERS, "/dev/shm")
                    .or_else(|_| TempDir::with_prefix(FOLDERS))
                    .unwrap();
                let location = Location::Sqlite(folder.path().join("didfarm.db"));
                Self { location, _folder: Some(folder), on_server: None }
            }
            Kind::Postgres => {
                let server = std::env::var(POSTGRES).unwrap();
                let count = DATABASES.fetch_add(1, Ordering::Relaxed);
                let name = format!("didfarm_test_{}_{count}", std::process::id());
                psql(&server, &format!("CREATE DATABASE {name}"));
                let location = Location::parse(&url(&server, &name)).unwrap();
                Self { location, _folder: None, on_server: Some(name) }
            }
        }
    }

    /// A database on PostgreSQL, reached through a proxy.
    pub(crate) async fn behind_proxy() -> (Self, Proxy) {
        let mut database = Self::new(Kind::Postgres);
        let server = std::env::var(POSTGRES).unwrap();
        // Like postgres://user:password@host:port/database.
        let (user, rest) = server.rsplit_once('@').unwrap();
        let (host, port) = rest.split('/').next().unwrap().rsplit_once(':').unwrap();
        let proxy = Proxy::before(host, port.parse().unwrap()).await;
        let address = format!("{user}@127.0.0.1:{}/postgres", proxy.port());
        let name = database.on_server.clone().unwrap();
        database.location = Location::parse(&url(&address, &name)).unwrap();
        (database, proxy)
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    pub fn kind(&self) -> Kind {
        if self.on_server.is_some() { Kind::Postgres } else { Kind::Sqlite }
    }

    /// Opens it as the one server of an SQLite file, or as one of many on PostgreSQL.
    pub async fn open_as_server(&self, now: Timestamp) -> Store {
        Store::open(&self.location, Access::Server, true, now).await.unwrap()
    }

    /// Opens it beside whatever runs, as a command would.
    pub async fn open(&self, now: Timestamp) -> Store {
        Store::open(&self.location, Access::Command, true, now).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(name) = &self.on_server
            && let Ok(server) = std::env::var(POSTGRES)
        {
            psql(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The URL of another database of the server.
fn url(server: &str, name: &str) -> String {
    let (address, _) = server.rsplit_once('/').unwrap();
    format!("{address}/{name}")
}

/// Runs a statement that no transaction may hold.
fn psql(server: &str, statement: &str) {
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-c", statement, server])
        .output()
        .expect("psql is installed beside PostgreSQL");
    if !output.status.success() {
        eprintln!("{statement}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
