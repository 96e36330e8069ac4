//! Runs the cases of the torture and says of each whether its promise held.
#![expect(clippy::print_stdout, reason = "the table is its output")]

mod cases;
mod results;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Parser;
use hookyard_bench::outcome::Outcome;
use hookyard_bench::process::{Process, Speaks, is_there, sibling};
use hookyard_bench::provenance::Provenance;
use hookyard_bench::report::{Table, progress};
use rustix::process::geteuid;

use cases::{CASES, Case, ROOT, Tier};
use results::{Control, Results, Row, Verdict};

/// Runs every case of a tier, each as a program of its own, and then the same program with a
/// promise broken on purpose, which it has to notice. Writes `torture.json` and `torture.md`, in
/// which the cases that were not run keep what they came to before. Exit code 1 says that a
/// promise did not hold, or that a control was not noticed.
#[derive(Parser)]
struct Arguments {
    /// How much is run.
    #[arg(long, value_enum, default_value = "short")]
    tier: Tier,
    /// Only these cases.
    #[arg(long, value_name = "CASE", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// Run no controls.
    #[arg(long)]
    without_controls: bool,
    /// Only say which cases there are.
    #[arg(long)]
    list: bool,
    /// Run nothing; put the table of the last results into `docs/reliability.md`.
    #[arg(long)]
    publish: bool,
    /// Where `torture.json` and `torture.md` are written.
    #[arg(long, default_value = "bench/results")]
    results: PathBuf,
}

/// The longest that a case may take in each tier.
const fn patience(tier: Tier) -> Duration {
    Duration::from_secs(match tier {
        Tier::Short => 300,
        Tier::Long => 3600,
        Tier::Release => 8 * 3600,
    })
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.list {
        println!("{}", list(arguments.tier));
        return Ok(ExitCode::SUCCESS);
    }
    let mut results = Results::read(&arguments.results)?;
    if arguments.publish {
        results.write(&arguments.results)?;
        results.publish(Path::new("docs/reliability.md"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let is_good = run(&arguments, &mut results)?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The cases and what a tier tells them.
fn list(tier: Tier) -> Table {
    let mut table = Table::new(&["case", "program", "told", "shows that"]);
    for case in CASES {
        let told: Vec<_> = case.arguments(tier).collect();
        table.row(&[&case.name, &case.program, &told.join(" "), &case.shows]);
    }
    table
}

/// Runs the cases that are wanted; whether all is well with them.
fn run(arguments: &Arguments, results: &mut Results) -> Result<bool> {
    let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
    if let Some(unknown) = arguments.only.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no case `{unknown}`; there are {}", names.join(", "));
    }
    let is_wanted =
        |case: &&Case| arguments.only.is_empty() || arguments.only.iter().any(|it| it == case.name);
    let folder = tempfile::Builder::new().prefix("hookyard-torture-").tempdir()?;
    let mut table = Table::new(&["case", "verdict", "control", "s"]);
    let mut is_good = true;
    for case in CASES.iter().filter(is_wanted) {
        let row = judge(case, arguments, folder.path());
        let control = match row.control {
            Control::Seen => "seen",
            Control::Unseen => "not seen",
            Control::None => "–",
        };
        progress(format_args!("{}: {}; control: {control}", case.name, row.says()));
        table.row(&[&case.name, &row.says(), &control, &format_args!("{:.0}", row.seconds)]);
        is_good &= row.is_good();
        results.put(row);
        // What has been seen is kept even if a later case is broken off.
        results.write(&arguments.results)?;
    }
    println!("{table}");
    Ok(is_good)
}

/// Runs a case and its control.
fn judge(case: &Case, arguments: &Arguments, folder: &Path) -> Row {
    let started = Instant::now();
    let mut row = Row {
        case: case.name.to_owned(),
        shows: case.shows.to_owned(),
        verdict: Verdict::NotRun,
        control: Control::None,
        provenance: Provenance::here(),
        seconds: 0.0,
        outcome: None,
        control_outcome: None,
        reason: None,
    };
    let has = |need: &str| if need == ROOT { geteuid().is_root() } else { is_there(need) };
    let missing: Vec<_> = case.needs.iter().filter(|need| !has(need)).copied().collect();
    if !missing.is_empty() {
        row.reason = Some(format!("needs {}", missing.join(", ")));
        return row;
    }
    progress(format_args!("── {}: that {}", case.name, case.shows));
    let limit = patience(arguments.tier);
    match once(case, case.arguments(arguments.tier), folder, limit) {
        Ok(outcome) => {
            let held = outcome.is_as_expected();
            row.verdict = if held { Verdict::Held } else { Verdict::Missed };
            row.outcome = Some(outcome);
        }
        Err(error) => {
            row.verdict = Verdict::Broken;
            row.reason = Some(format!("{error:#}"));
        }
    }
    if let Some(told) = case.control().filter(|_| !arguments.without_controls) {
        progress(format_args!("── {}: with a promise broken on purpose", case.name));
        match once(case, told, folder, limit) {
            Ok(outcome) => {
                let is_seen = outcome.is_as_expected();
                row.control = if is_seen { Control::Seen } else { Control::Unseen };
                row.control_outcome = Some(outcome);
            }
            Err(error) => {
                row.control = Control::Unseen;
                row.reason = Some(format!("the control: {error:#}"));
            }
        }
    }
    row.seconds = started.elapsed().as_secs_f64();
    row
}

/// Runs the program of a case once and reads its record.
fn once(
    case: &Case,
    told: impl Iterator<Item = &'static str>,
    folder: &Path,
    limit: Duration,
) -> Result<Outcome> {
    let record = folder.join("record.json");
    if record.exists() {
        std::fs::remove_file(&record)?;
    }
    let mut command = Command::new(sibling(case.program)?);
    command.args(told).arg("--json").arg(&record);
    let log = folder.join(case.name);
    let mut process = Process::start(&mut command, Speaks::OnStdout, &log)?;
    let Some(status) = process.exited(limit)? else {
        bail!("{} did not end within {limit:?}", case.program);
    };
    ensure!(record.exists(), "{} ended with {status} and left no record", case.program);
    Outcome::read(&record)
}
