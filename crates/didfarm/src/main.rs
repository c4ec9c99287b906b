//! `didfarm`: the whole platform in one program.

mod audit;
mod cli;
mod config;
mod demo;
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
    let cli = Cli::parse();
    let ran = match cli.command {
        Command::Serve(options) => serve::run(&options),
        Command::Audit(options) => audit::run(&options),
        Command::Operator(options) => operator::run(options),
    };
    match ran {
        Ok(code) => code,
        Err(error) => {
            eprintln!("didfarm: {error:#}");
            ExitCode::from(if error.is::<ConfigError>() { USAGE } else { FAILED })
        }
    }
}
