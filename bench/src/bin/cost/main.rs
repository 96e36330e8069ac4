//! What a verification costs, as a ratio to the bare hash or curve that none can do without.
#![expect(clippy::print_stdout, reason = "the table is its output")]

mod bare;
mod families;

use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Parser;
use hookyard_bench::latency::median;
use hookyard_bench::report::{Table, progress};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Counts what this program, and no other, allocates.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Verifies requests of every family of schemes, in one thread, in alternation with the bare
/// operation behind them, and counts allocations. Keep the machine idle meanwhile.
#[derive(Parser)]
struct Arguments {
    /// Rounds, in alternation; the medians count.
    #[arg(long, default_value_t = 41)]
    rounds: u32,
    /// Milliseconds of each case in a round.
    #[arg(long, default_value_t = 5)]
    milliseconds: u64,
    /// Bytes of a body.
    #[arg(long, default_value_t = 2048)]
    size: usize,
}

/// Something to be measured.
struct Case {
    name: String,
    /// Whose requests they are, where it is a provider's.
    provider: &'static str,
    /// The bare operation that it is compared with.
    bare: &'static str,
    /// Does it once; whether it was accepted.
    run: Box<dyn Fn() -> bool>,
}

/// What was seen of a case.
struct Seen {
    /// How often it is done in a round.
    times: u32,
    /// Nanoseconds for one, round by round.
    nanoseconds: Vec<f64>,
    allocations: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut cases = bare::cases(arguments.size)?;
    cases.extend(families::cases(arguments.size)?);
    let turn = Duration::from_millis(arguments.milliseconds);
    let mut seen = Vec::new();
    for case in &cases {
        ensure!((case.run)(), "{} was refused", case.name);
        seen.push(Seen {
            times: times(case, turn),
            nanoseconds: Vec::new(),
            allocations: allocations(case),
        });
    }
    progress(format_args!("{} cases, {} rounds", cases.len(), arguments.rounds));
    for _ in 0..arguments.rounds {
        for (case, seen) in cases.iter().zip(&mut seen) {
            seen.nanoseconds.push(measure(case, seen.times));
        }
    }
    println!(
        "bodies of {} bytes, medians of {} rounds, load {}\n\n{}",
        arguments.size,
        arguments.rounds,
        std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim(),
        table(&cases, &seen)
    );
    Ok(())
}

/// How often a case can be done in this time.
fn times(case: &Case, turn: Duration) -> u32 {
    let (start, mut times) = (Instant::now(), 0);
    while start.elapsed() < turn {
        black_box((case.run)());
        times += 1;
    }
    times
}

/// Nanoseconds for one, on average over so many.
fn measure(case: &Case, times: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        black_box((case.run)());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
}

/// How often memory is asked for in one.
fn allocations(case: &Case) -> usize {
    let region = Region::new(ALLOCATOR);
    black_box((case.run)());
    let change = region.change();
    change.allocations + change.reallocations
}

fn table(cases: &[Case], seen: &[Seen]) -> Table {
    let mut table = Table::new(&["scheme", "as", "µs", "÷", "bare", "allocations"]);
    for (case, own) in cases.iter().zip(seen) {
        let bare = cases.iter().zip(seen).find(|(other, _)| other.name == case.bare);
        // Both of one round, since the machine may be slower in the next.
        let ratio = bare.map(|(_, bare)| {
            let pairs = own.nanoseconds.iter().zip(&bare.nanoseconds);
            median(pairs.map(|(own, bare)| own / bare))
        });
        table.row(&[
            &case.name,
            &case.provider,
            &format_args!("{:.2}", median(own.nanoseconds.iter().copied()) / 1000.0),
            &ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            &case.bare,
            &own.allocations,
        ]);
    }
    table
}
