//! Builds the tools of `bench/` and the hub in release and runs a tool, arguments passed through.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::command::{self, Ended};
use crate::needs;

/// The programs of the package `hookyard-bench`.
pub(crate) const TOOLS: &[&str] = &[
    "torture",
    "speed",
    "cost",
    "kill",
    "power",
    "disk",
    "duplicates",
    "destinations",
    "noisy",
    "octokit",
    "load",
    "baseline",
    "sink",
    "verify",
];

/// `cargo xtask bench [TOOL] […]`.
pub(crate) fn run_named(arguments: &[String]) -> Result<Ended> {
    match arguments.split_first() {
        Some((tool, rest)) if TOOLS.contains(&tool.as_str()) => run(tool, rest),
        Some((unknown, _)) if !unknown.starts_with('-') => {
            anyhow::bail!("bench has no tool `{unknown}`, only {}", TOOLS.join(", "))
        }
        _ => run("speed", arguments),
    }
}

/// Builds what the tool needs and runs it.
pub(crate) fn run(tool: &str, arguments: &[String]) -> Result<Ended> {
    match tool {
        "octokit" => needs::provide(&[needs::NODE])?,
        "power" => needs::provide(needs::POWER)?,
        "torture" | "disk" => {
            needs::provide(needs::POWER)?;
            needs::provide(&[needs::SQLITE])?;
        }
        _ => {}
    }
    // A control run needs a hub that can be told to lose events.
    let says = |start: &str| arguments.iter().any(|word| word.starts_with(start));
    let wants_faults = says("--control") || (tool == "torture" && !says("--without-controls"));
    if wants_faults && build_faulty_hub()? != Ended::Well {
        return Ok(Ended::Badly(1));
    }
    let mut build = command::cargo(["build", "--release", "-p", "hookyard-bench"]);
    if !matches!(tool, "cost" | "load" | "baseline" | "sink" | "verify") {
        build.args(["-p", "hookyard"]);
    }
    if let Ended::Badly(code) = command::run(&mut build)? {
        return Ok(Ended::Badly(code));
    }
    command::run(command::program(release_folder()?.join(tool)).args(arguments))
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

/// Where cargo puts release programs: beside the folder that xtask itself was built into.
fn release_folder() -> Result<PathBuf> {
    let xtask = std::env::current_exe().context("cannot tell where xtask is")?;
    let target = xtask.ancestors().nth(2).context("xtask is not in a target folder")?;
    Ok(target.join("release"))
}
