//! The command line: what can be asked of this program, and how it answers.
//!
//! A command is a file: its options are a struct that clap reads, its work is the struct's `run`.
//! Reading options has no effect on anything. The commands that look at a running hub ask its
//! admin API, like any other program would.

mod address;
mod bulk;
mod client;
mod dead_letters;
mod deliveries;
mod destinations;
mod dev;
mod events;
mod explained;
mod failure;
mod held;
mod hub;
mod logging;
mod names;
mod out;
mod paging;
mod providers;
mod quarantine;
mod secret;
mod serve;
mod show;
mod start;
mod status;
mod table;
mod trigger;
mod verify;
mod why;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};
use tokio::runtime::Builder;

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
    Dev(dev::Dev),
    Serve(serve::Serve),
    Check(serve::Check),
    Trigger(trigger::Trigger),
    Verify(verify::Verify),
    Providers(providers::Providers),
    Events(events::Events),
    Deliveries(deliveries::Deliveries),
    DeadLetters(dead_letters::DeadLetters),
    Quarantine(quarantine::Quarantine),
    Destinations(destinations::Destinations),
    Status(status::Status),
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
        Command::Dev(dev) => run_hub(dev.run(out)),
        Command::Serve(serve) => run_hub(serve.run(out)),
        Command::Check(check) => check.run(out),
        Command::Trigger(trigger) => wait_for(trigger.run(out)),
        Command::Verify(verify) => verify.run(out),
        Command::Providers(providers) => providers.run(out),
        Command::Events(events) => wait_for(events.run(out)),
        Command::Deliveries(deliveries) => wait_for(deliveries.run(out)),
        Command::DeadLetters(letters) => wait_for(letters.run(out)),
        Command::Quarantine(quarantine) => wait_for(quarantine.run(out)),
        Command::Destinations(destinations) => wait_for(destinations.run(out)),
        Command::Status(status) => wait_for(status.run(out)),
        Command::Secret(secret) => secret.run(out),
    }
}

/// Runs what asks and waits for the answer: one thread is enough.
fn wait_for(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    run_on(&mut Builder::new_current_thread(), work)
}

/// Runs a hub, on all processors.
fn run_hub(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    run_on(&mut Builder::new_multi_thread(), work)
}

fn run_on(
    builder: &mut Builder,
    work: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let runtime = builder.enable_all().build();
    runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?.block_on(work)
}
