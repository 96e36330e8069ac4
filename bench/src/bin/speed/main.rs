//! How fast the hub accepts and delivers, as a ratio to a server that keeps nothing.
#![expect(clippy::print_stdout, reason = "the tables are its output")]

mod measure;
mod results;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use hookyard_bench::hub::HubProgram;

use measure::Bench;
use results::Results;

/// Measures in alternation, on loopback, with bodies of 2 KiB: a bare hyper server that checks
/// the same signature and keeps nothing, and the hub, which stores event, dedupe key and
/// delivery before it answers. Then what the hub delivers from end to end, how much memory it
/// takes and how fast it starts. Keep the machine idle meanwhile.
#[derive(Parser)]
struct Arguments {
    /// Rounds, in alternation; the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of a round.
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    /// Seconds of the sustained runs at the most connections. Short runs flatter an index.
    #[arg(long, default_value_t = 40.0)]
    sustained: f64,
    /// Connections.
    #[arg(long, value_delimiter = ',', default_value = "1,64,256")]
    connections: Vec<usize>,
    /// Bytes of a body.
    #[arg(long, default_value_t = 2048)]
    size: usize,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Where `speed.md` and `speed.json` are written.
    #[arg(long, default_value = "bench/results")]
    results: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let program = HubProgram::find(arguments.hub.as_deref(), None)?;
    let bench = Bench::new(program, arguments.size);
    let mut results = Results::of_this_machine(&format!(
        "{} rounds of {} s, {} s sustained, bodies of {} bytes",
        arguments.rounds, arguments.seconds, arguments.sustained, arguments.size
    ));
    results.startup = bench.startup(10)?;
    let accepting = bench.accepting(
        &arguments.connections,
        arguments.rounds,
        arguments.seconds,
        arguments.sustained,
    )?;
    results.accepting(&accepting);
    results.end_to_end = bench.end_to_end(arguments.rounds, arguments.seconds)?;
    results.arrival = bench.arrival(200.0, arguments.seconds)?;
    println!("{}", results.markdown());
    results.write(&arguments.results)
}
