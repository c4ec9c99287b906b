//! How fast didfarm is: measured beside what the machine could do at all.
//!
//! `scripts/bench` builds the server and runs this. Every row names what it is
//! compared with, and that is measured again beside each of its runs, so that a
//! busy machine shifts both. Nothing here is a test: no figure fails a build.

mod answer;
mod ceiling;
mod client;
mod events;
mod figures;
mod histogram;
mod load;
mod loader;
mod postgres;
mod processes;
mod report;
mod rows;
mod server;
mod session;
mod sink;
mod smsc;
mod world;

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};
use server::Engine;
use session::Session;

/// The server's own allocator, so that the bare handler has no other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures didfarm beside what the machine could do at all
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    /// The server's program
    #[arg(long, value_name = "FILE", default_value = "target/release/didfarm")]
    program: PathBuf,

    /// Where data lies while it is measured: on a disk, not in memory
    #[arg(long, value_name = "DIR", default_value = "target/bench-data")]
    folder: PathBuf,

    /// Where the results go
    #[arg(long, value_name = "FILE", default_value = "bench/results/latest.json")]
    results: PathBuf,

    /// One short run of each row
    #[arg(long)]
    quick: bool,

    /// Ten million stored messages too: this takes long, and 15 GB of disk
    #[arg(long)]
    full: bool,

    /// Runs of each row [default: 3, or 1 with --quick]
    #[arg(long, value_name = "COUNT")]
    runs: Option<usize>,

    /// How long each run is measured [default: 5, or 2 with --quick]
    #[arg(long, value_name = "COUNT")]
    seconds: Option<u64>,

    /// Only the rows of these names; may be given several times
    #[arg(long, value_name = "ROW")]
    only: Vec<Name>,

    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The handler that does nothing but parse; started by the benchmark itself
    #[command(hide = true)]
    BareHandler,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    BareHandler,
    SyncedAppend,
    RawSqlite,
    AcceptSqlite,
    AcceptPostgres,
    EndToEnd,
    Receipts,
    Webhooks,
    WebhookLateness,
    Batch,
    Latency,
    HotAccount,
    IdleMemory,
    Stored,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if matches!(cli.role, Some(Role::BareHandler)) {
        return ceiling::http::serve();
    }
    let program = std::path::absolute(&cli.program)?;
    let folder = std::path::absolute(&cli.folder)?;
    let mut session = Session::new(program, folder, cli.quick, cli.full)?;
    session.runs = cli.runs.unwrap_or(session.runs);
    session.span = cli.seconds.map_or(session.span, Duration::from_secs);
    let names = <Name as clap::ValueEnum>::value_variants();
    for name in names.iter().filter(|name| cli.only.is_empty() || cli.only.contains(name)) {
        measure(&mut session, *name)?;
        session.report.write(&cli.results)?;
    }
    print!("{}", session.report.table());
    Ok(())
}

fn measure(session: &mut Session, name: Name) -> anyhow::Result<()> {
    match name {
        Name::BareHandler => rows::raw::bare_handler(session),
        Name::SyncedAppend => rows::raw::synced_append(session),
        Name::RawSqlite => rows::raw::sqlite(session),
        Name::AcceptSqlite => rows::accept::single_sends(session, Engine::Sqlite),
        Name::AcceptPostgres if !postgres::is_there() => {
            eprintln!("there is no PostgreSQL to measure; scripts/bench starts one");
            Ok(())
        }
        Name::AcceptPostgres => rows::accept::single_sends(session, Engine::Postgres),
        Name::EndToEnd => rows::end_to_end::to_carrier(session),
        Name::Receipts => rows::end_to_end::with_receipts(session),
        Name::Webhooks => rows::webhooks::throughput(session),
        Name::WebhookLateness => rows::webhooks::lateness(session),
        Name::Batch => rows::batch::sends(session),
        Name::Latency => rows::latency::at_half_rate(session),
        Name::HotAccount => rows::accounts::hot_against_many(session),
        Name::IdleMemory => rows::memory::idle(session),
        Name::Stored => rows::stored::all(session),
    }
}
