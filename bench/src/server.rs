//! The program that is measured, as a child process in a folder of its own.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::{client::Client, postgres, processes::Group};

/// The server drains its windows for ten seconds.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// Which database it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A running `didfarm serve`; stopped when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    database: Option<String>,
    pub(crate) address: SocketAddr,
    operator_key: String,
}

impl Server {
    /// Starts on an empty database. `parent`: on the disk that is to be measured.
    pub(crate) fn start(program: &Path, parent: &Path, engine: Engine) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(parent)?;
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres::create_database()?),
        };
        let made = command(program, folder.path(), database.as_deref())
            .args(["operator", "create", "--email", "bench@example.com"])
            .output()
            .context("didfarm cannot be run")?;
        let printed = String::from_utf8_lossy(&made.stdout);
        let Some(key) = printed.lines().find_map(|line| line.strip_prefix("API key")) else {
            bail!("no operator was made: {}", String::from_utf8_lossy(&made.stderr));
        };
        let operator_key = key.trim().to_owned();
        let (child, address) = serve(program, folder.path(), database.as_deref())?;
        Ok(Self { child, folder, database, address, operator_key })
    }

    /// Stops, lets `change` have the database for itself, and starts again.
    pub(crate) fn restart_after(
        &mut self,
        program: &Path,
        change: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.stop()?;
        change(&self.sqlite_file())?;
        (self.child, self.address) = serve(program, self.folder.path(), self.database.as_deref())?;
        Ok(())
    }

    fn sqlite_file(&self) -> PathBuf {
        self.folder.path().join("didfarm.db")
    }

    pub(crate) fn operator(&self) -> anyhow::Result<Client> {
        Client::new(self.address, &self.operator_key)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The server's processes, the database's included.
    pub(crate) fn processes(&self) -> anyhow::Result<Group> {
        let mut group = Group::of(self.child.id());
        if self.database.is_some() {
            group.with_children.push(postgres::process()?);
        }
        Ok(group)
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().context("kill cannot be run")?;
        let began = Instant::now();
        while began.elapsed() < STOP_WITHIN {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = matches!(self.child.try_wait(), Ok(Some(_)));
        // What is in the folder goes with it, so there is nothing to drain.
        if !ended && let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("bench: the server does not end: {error}");
        }
        if let Some(database) = &self.database {
            postgres::drop_database(database);
        }
    }
}

fn serve(
    program: &Path,
    folder: &Path,
    database: Option<&str>,
) -> anyhow::Result<(Child, SocketAddr)> {
    let log = folder.join("server.log");
    let mut child = command(program, folder, database)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(File::create(&log)?)
        .spawn()
        .context("didfarm cannot be run")?;
    let stdout = child.stdout.take().context("the server has no stdout")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening on http://").map(str::parse);
    let Some(Ok(address)) = address else {
        bail!("the server does not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
    };
    Ok((child, address))
}

/// The program with settings from nowhere but here.
fn command(program: &Path, folder: &Path, database: Option<&str>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("DIDFARM_")) {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).stdin(Stdio::null()).env("DIDFARM_DATA_DIR", folder);
    // The sinks of webhooks are on this machine.
    command.env("DIDFARM_WEBHOOKS_ALLOW_NETWORKS", "127.0.0.0/8");
    if let Some(database) = database {
        command.env("DIDFARM_DATABASE_URL", database);
    }
    command
}
