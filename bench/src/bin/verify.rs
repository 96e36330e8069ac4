//! Judges a run: joins the ledger of what was acknowledged with what the sink received.
#![expect(clippy::print_stdout, reason = "the verdict is its output")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use hookyard_bench::verify::judge;
use hookyard_bench::{ledger, record};

/// Joins a ledger with a sink's records. Exit code 1 says that something was lost, altered,
/// repeated without a flag or repeated under another id.
#[derive(Parser)]
struct Arguments {
    /// What was acknowledged: `load --ledger`.
    #[arg(long)]
    ledger: PathBuf,
    /// What arrived: `sink --records`.
    #[arg(long)]
    records: PathBuf,
    /// Everything that was sent: `load --sent`.
    #[arg(long)]
    sent: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let sent = arguments.sent.as_deref().map(ledger::read).transpose()?;
    let records = record::read(&arguments.records)?;
    let verdict = judge(&ledger::read(&arguments.ledger)?, sent.as_deref(), &records);
    if arguments.json {
        println!("{}", serde_json::to_string(&verdict)?);
    } else {
        println!("{verdict}");
    }
    Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
