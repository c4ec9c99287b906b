//! The PostgreSQL server that `scripts/with-postgres` started, and databases in it.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, bail};

use crate::processes;

/// Where `scripts/with-postgres` says what it started.
const VARIABLE: &str = "DIDFARM_TEST_POSTGRES";

static CREATED: AtomicU32 = AtomicU32::new(0);

pub(crate) fn is_there() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

fn url() -> anyhow::Result<String> {
    std::env::var(VARIABLE).context("run it by scripts/with-postgres")
}

/// Makes an empty database and answers its URL.
pub(crate) fn create_database() -> anyhow::Result<String> {
    let number = CREATED.fetch_add(1, Ordering::Relaxed);
    let name = format!("bench_{}_{number}", std::process::id());
    query(&format!("CREATE DATABASE {name}"))?;
    let url = url()?;
    let (server, _) = url.rsplit_once('/').context("a URL without a database")?;
    Ok(format!("{server}/{name}"))
}

pub(crate) fn drop_database(url: &str) {
    let Some((_, name)) = url.rsplit_once('/') else { return };
    if let Err(error) = query(&format!("DROP DATABASE {name} WITH (FORCE)")) {
        eprintln!("bench: {error:#}");
    }
}

/// The server's first process, the parent of all others.
pub(crate) fn process() -> anyhow::Result<u32> {
    let folder = query("SHOW data_directory")?;
    let found = processes::find(&["-D", folder.trim()])?;
    found.first().copied().context("PostgreSQL's process is not here")
}

fn query(sql: &str) -> anyhow::Result<String> {
    let done = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", sql])
        .arg(url()?)
        .output()
        .context("psql cannot be run")?;
    if !done.status.success() {
        bail!("{sql}: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
