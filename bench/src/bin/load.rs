//! Sends signed webhooks at a fixed rate or as fast as they are answered.
#![expect(clippy::print_stdout, reason = "the report is its output")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use hookyard_bench::hub::SECRET;
use hookyard_bench::load::{Plan, run};
use hookyard_bench::random;
use hookyard_bench::scheme::Scheme;

/// Sends webhooks signed as GitHub signs them, each with an id of its own, and reports requests
/// a second and latencies in JSON. At a fixed rate a latency counts from when a request was due.
#[derive(Parser)]
struct Arguments {
    /// The server, such as 127.0.0.1:8080.
    #[arg(long)]
    to: SocketAddr,
    /// The path of the source.
    #[arg(long, default_value = "/webhook/github")]
    path: String,
    /// The source's secret.
    #[arg(long, default_value = SECRET)]
    secret: String,
    /// Connections kept alive.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Requests a second; without it, as fast as they are answered.
    #[arg(long)]
    rate: Option<f64>,
    /// Bytes of a body.
    #[arg(long, default_value_t = 2048)]
    size: usize,
    /// Send the same body each time, signed once, to leave the machine to the server.
    #[arg(long)]
    same: bool,
    /// The longest the run takes.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// The most requests to send.
    #[arg(long)]
    count: Option<u64>,
    /// What ids are made from: the same seed sends the same events.
    #[arg(long)]
    seed: Option<u64>,
    /// Append what was acknowledged to this file.
    #[arg(long)]
    ledger: Option<PathBuf>,
    /// Append what is about to be sent to this file.
    #[arg(long)]
    sent: Option<PathBuf>,
    /// Threads of the generator.
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let plan = Plan {
        address: arguments.to,
        path: arguments.path,
        secret: arguments.secret,
        scheme: Scheme::Github,
        connections: arguments.connections,
        rate: arguments.rate,
        size: arguments.size,
        unique: !arguments.same,
        seed: random::seed(arguments.seed),
        limit: Duration::try_from_secs_f64(arguments.seconds)?,
        count: arguments.count,
        at_least: 0,
        ledger: arguments.ledger,
        sent: arguments.sent,
        threads: arguments.threads,
    };
    println!("{}", serde_json::to_string_pretty(&run(&plan, &Arc::default())?)?);
    Ok(())
}
