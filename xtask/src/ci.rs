//! `cargo xtask ci`: everything that has to hold for a change to be merged.

use std::time::Instant;

use anyhow::Result;

use crate::command::{self, Ended};
use crate::needs::{self, CARGO_DENY};
use crate::{test, tidy};

type Step = (&'static str, fn() -> Result<Ended>);

/// The steps before the tests, the quickest to fail first.
const STEPS: &[Step] = &[
    ("fmt", || cargo(&["fmt", "--all", "--check"])),
    ("tidy", tidy::run),
    ("deny", deny),
    ("clippy", || {
        cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"])
    }),
    ("docs", docs),
];

/// Runs the steps, stops at the first that fails, and ends with the very command of the README.
pub(crate) fn run() -> Result<Ended> {
    let started = Instant::now();
    let mut table = String::new();
    for (name, step) in STEPS {
        println!("\n── {name}");
        let began = Instant::now();
        let ended = step()?;
        let took = format!("{name} {:.1} s", began.elapsed().as_secs_f64());
        if ended != Ended::Well {
            println!("── {took}: failed");
            return Ok(ended);
        }
        println!("── {took}");
        table.push_str(&took);
        table.push_str(", ");
    }
    // The last words of the output are the test runner's, which shows its own time.
    println!("\n── {table}in all {:.1} s; test follows", started.elapsed().as_secs_f64());
    test::run(&[])
}

fn cargo(arguments: &[&str]) -> Result<Ended> {
    command::run(&mut command::cargo(arguments.iter().copied()))
}

fn docs() -> Result<Ended> {
    let mut doc = command::cargo(["doc", "--workspace", "--no-deps"]);
    command::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

fn deny() -> Result<Ended> {
    if needs::have(&CARGO_DENY)? {
        return cargo(&["deny", "check", "bans", "licenses", "sources"]);
    }
    Ok(Ended::Well)
}
