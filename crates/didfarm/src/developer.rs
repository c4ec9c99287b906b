//! Commands for customers' developers: a client of the API like any other. Nothing here sees the database.

mod client;
mod listen;
mod numbers;
mod options;
mod output;
mod profile;
mod sms;
mod stream;
mod webhooks;

use std::{io, process::ExitCode};

pub(crate) use options::DeveloperCommand;

use self::{client::Client, options::Global, profile::Profile};
use crate::serve;

/// Where the commands of one call go, and how they answer.
struct Session {
    profile: Profile,
    client: Client,
    /// One JSON document, or one a line while following.
    json: bool,
}

impl Session {
    fn open(global: &Global) -> anyhow::Result<Self> {
        let profile = profile::chosen(global)?;
        let client = Client::new(&profile)?;
        Ok(Self { profile, client, json: global.json })
    }
}

pub(crate) fn run(command: DeveloperCommand) -> anyhow::Result<ExitCode> {
    serve::runtime()?.block_on(async move {
        tokio::select! {
            ended = carry_out(command) => match ended {
                // Whoever read has read enough.
                Err(error) if is_closed_pipe(&error) => Ok(ExitCode::SUCCESS),
                ended => ended,
            },
            // What was printed so far stands.
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.downcast_ref::<io::Error>().is_some_and(broken)
}

async fn carry_out(command: DeveloperCommand) -> anyhow::Result<ExitCode> {
    match command {
        DeveloperCommand::Login(options) => profile::log_in(&options).await,
        DeveloperCommand::Logout(global) => profile::log_out(&global),
        DeveloperCommand::Whoami(global) => profile::who_am_i(&Session::open(&global)?).await,
        DeveloperCommand::Sms(options) => sms::run(options.command).await,
        DeveloperCommand::Numbers(options) => numbers::run(&options.command).await,
        DeveloperCommand::Balance(global) => numbers::balance(&Session::open(&global)?).await,
        DeveloperCommand::Listen(options) => listen::run(&options).await,
        DeveloperCommand::Webhooks(options) => webhooks::run(options.command).await,
    }
}
