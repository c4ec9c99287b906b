//! `didfarm`: the whole platform in one program.

mod audit;
mod cli;
mod config;
mod demo;
mod developer;
mod documents;
mod listen;
mod operator;
mod portal;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command};
use config::ConfigError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bad usage or a bad configuration.
const USAGE: u8 = 2;

/// The command failed.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version were asked for.
        Err(told) if !told.use_stderr() => told.exit(),
        Err(error) => {
            eprintln!("didfarm: {}", one_line(&error));
            return ExitCode::from(USAGE);
        }
    };
    let ran = match cli.command {
        Command::Serve(options) => serve::run(&options),
        Command::Audit(options) => audit::run(&options),
        Command::Operator(options) => operator::run(options),
        Command::Developer(command) => developer::run(command),
    };
    match ran {
        Ok(code) => code,
        Err(error) => {
            eprintln!("didfarm: {error:#}");
            ExitCode::from(if error.is::<ConfigError>() { USAGE } else { FAILED })
        }
    }
}

/// What is wrong with the command line, and where help is.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let wrong = first.strip_prefix("error: ").unwrap_or("name a command");
    // "the following arguments were not provided:" goes on below.
    let rest: Vec<&str> = text
        .lines()
        .skip(1)
        .take_while(|line| wrong.ends_with(':') && !line.is_empty())
        .map(str::trim)
        .collect();
    format!("{wrong} {}", rest.join(", ")).trim_end().to_owned() + "; see didfarm --help"
}
