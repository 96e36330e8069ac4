//! The command line: what can be asked of this program, and how it answers.
//!
//! A command is a file: its options are a struct that clap reads, its work is the struct's `run`.
//! Reading options has no effect on anything. The commands that look at a running hub ask its
//! admin API, like any other program would.

mod client;
mod failure;
mod out;
mod secret;
mod trigger;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use self::failure::{EXIT_CODES, Failure};
use self::out::Out;

/// Receives webhooks, keeps them safe and delivers them
#[derive(Debug, Parser)]
#[command(name = "hookyard", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Trigger(trigger::Trigger),
    Secret(secret::Secret),
}

/// Reads the command line, does as asked, and gives back what the process ends with.
pub fn main() -> ExitCode {
    let out = Out::new();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    match run(cli.command, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out.failure(&failure);
            failure.code()
        }
    }
}

/// The commands and options as clap knows them; the reference page is made from this.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Shows what clap has to say: help on standard output, anything else on standard error.
fn explain(error: &clap::Error) -> ExitCode {
    // Nobody is left to be told when even this cannot be written.
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => Failure::usage("").code(),
    }
}

fn run(command: Command, out: Out) -> Result<(), Failure> {
    match command {
        Command::Trigger(trigger) => wait_for(trigger.run(out)),
        Command::Secret(secret) => secret.run(out),
    }
}

/// Runs what waits on the network.
fn wait_for<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))?
        .block_on(work)
}
