//! Builds the tools of `bench/` and the hub in release and runs a tool, arguments passed through.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::command::{self, Ended, target};
use crate::{needs, peers};

/// The programs of the package `hookyard-bench`.
pub(crate) const TOOLS: &[&str] = &[
    "bench",
    "torture",
    "cost",
    "kill",
    "states",
    "power",
    "disk",
    "duplicates",
    "destinations",
    "crowd",
    "bombs",
    "overload",
    "clock",
    "noisy",
    "octokit",
    "simulate",
    "load",
    "baseline",
    "sink",
    "verify",
];

/// Builds what the tool needs and runs it.
pub(crate) fn run(tool: &str, arguments: &[String]) -> Result<Ended> {
    match tool {
        "bench" if wants_peers(arguments) => peers::install(&target()?.join("peers")),
        "octokit" => needs::provide(&[needs::NODE])?,
        "power" => needs::provide(needs::POWER)?,
        "disk" => {
            needs::provide(needs::POWER)?;
            needs::provide(&[needs::SQLITE])?;
        }
        "torture" => {
            needs::provide(needs::POWER)?;
            needs::provide(&[needs::SQLITE, needs::FAKETIME])?;
        }
        "clock" => needs::provide(&[needs::FAKETIME])?,
        _ => {}
    }
    // These need a hub that can be told to lose events, or to die at a point.
    let says = |start: &str| arguments.iter().any(|word| word.starts_with(start));
    let wants_faults =
        tool == "torture" || tool != "simulate" && (says("--control") || says("--failpoints"));
    if wants_faults && build_faulty_hub()? != Ended::Well {
        return Ok(Ended::Badly(1));
    }
    if matches!(tool, "simulate" | "torture") && build_simulation()? != Ended::Well {
        return Ok(Ended::Badly(1));
    }
    let mut build = command::cargo(["build", "--release", "-p", "hookyard-bench"]);
    // What is measured is what is given out. A smoke run need not wait for that to be built.
    let wants_dist = tool == "bench" && !says("--hub") && !says("--quick") && !says("--help");
    let is_alone = matches!(tool, "cost" | "simulate" | "load" | "baseline" | "sink" | "verify");
    if !is_alone && !wants_dist {
        build.args(["-p", "hookyard"]);
    }
    if let Ended::Badly(code) = command::run(&mut build)? {
        return Ok(Ended::Badly(code));
    }
    let mut program = command::program(release_folder()?.join(tool));
    if tool == "bench" && !says("--peers") {
        program.arg("--peers").arg(target()?.join("peers"));
    }
    if wants_dist {
        let mut build = command::cargo(["build", "--profile", "dist", "-p", "hookyard"]);
        if let Ended::Badly(code) = command::run(&mut build)? {
            return Ok(Ended::Badly(code));
        }
        program.arg("--hub").arg(target()?.join("dist").join("hookyard"));
    }
    command::run(program.args(arguments))
}

/// Whether peers are to be installed for this: a smoke run measures those that are there.
fn wants_peers(arguments: &[String]) -> bool {
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let is_partial = has("--only") && !has("peers");
    !has("--quick") && !has("--help") && !is_partial
}

/// Builds the simulation, by itself: no other program is built with the bugs that it plants.
fn build_simulation() -> Result<Ended> {
    let mut build = command::cargo(["build", "--release", "-p", "hookyard-bench"]);
    command::run(build.args(["--features", "simulation", "--bin", "simulate"]))
}

/// Builds the hub with fault injection and puts it aside as `hookyard-faulty`, so that
/// `hookyard` is never a program that can lose events.
fn build_faulty_hub() -> Result<Ended> {
    // Both packages, so that cargo builds their dependencies no second time.
    let mut build =
        command::cargo(["build", "--release", "-p", "hookyard", "-p", "hookyard-bench"]);
    let ended = command::run(build.args(["--features", "hookyard/fault-injection"]))?;
    if ended == Ended::Well {
        let folder = release_folder()?;
        std::fs::rename(folder.join("hookyard"), folder.join("hookyard-faulty"))
            .context("cannot put the hub with fault injection aside")?;
    }
    Ok(ended)
}

/// Where cargo puts release programs.
fn release_folder() -> Result<PathBuf> {
    Ok(target()?.join("release"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_installed_for_runs_that_measure_them() {
        let wants = |line: &str| {
            wants_peers(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        };
        assert!(wants("") && wants("--rounds 5") && wants("--only accept peers"));
        assert!(!wants("--quick") && !wants("--only accept") && !wants("--help"));
    }
}
