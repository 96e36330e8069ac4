//! `hookyard verify --vectors`: every case of every file in a folder.

use std::path::{Path, PathBuf};

use hookyard_signature::vectors::Vectors;
use serde_json::{Value, json};

use super::invalid;
use crate::cli::failure::Failure;
use crate::cli::out::{Out, Paint, tame};
use crate::cli::table::{self, Cell};

/// What came out of one file.
struct Tally {
    /// The provider's name, or the file's where it cannot be read.
    name: String,
    passed: usize,
    /// Optional cases that are judged otherwise: a choice, not a fault.
    chosen: usize,
    /// The cases that failed, each with why.
    failed: Vec<(String, String)>,
}

/// Runs them all, prints passed and failed by provider, and fails if any does.
pub(super) fn run(out: Out, folder: &Path, as_json: bool) -> Result<(), Failure> {
    let tallies: Vec<Tally> =
        files(folder)?.iter().map(|file| tally(file)).collect::<Result<_, _>>()?;
    let sum = |count: fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let (passed, failed) = (sum(|tally| tally.passed), sum(|tally| tally.failed.len()));
    let chosen = sum(|tally| tally.chosen);
    if as_json {
        let providers: Vec<Value> = tallies.iter().map(Tally::json).collect();
        out.line(
            json!({ "passed": passed, "failed": failed, "chosen": chosen, "providers": providers }),
        )?;
    } else {
        let rows = tallies.iter().map(|tally| {
            let paint = if tally.failed.is_empty() { Paint::Plain } else { Paint::Bad };
            [
                Cell::new(tally.name.as_str(), Paint::Name),
                Cell::plain(tally.passed.to_string()),
                Cell::new(tally.failed.len().to_string(), paint),
                Cell::plain(tally.chosen.to_string()),
            ]
        });
        table::print(out, ["PROVIDER", "PASSED", "FAILED", "CHOSEN"], rows.collect(), "no files")?;
        for tally in &tallies {
            for (case, why) in &tally.failed {
                let word = out.paint(Paint::Bad, "failed");
                out.line(format_args!("{word}  {} {}: {}", tally.name, tame(case), tame(why)))?;
            }
        }
        out.line(format_args!(
            "{} providers: {passed} passed, {failed} failed, {chosen} judged otherwise by choice",
            tallies.len()
        ))?;
    }
    if failed == 0 { Ok(()) } else { Err(invalid()) }
}

/// The files of a folder by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::usage(format!("cannot read `{}`: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    if files.is_empty() {
        let says = format!("there is no file `*.json` in `{}`", folder.display());
        return Err(Failure::usage(says).hint("name the folder with one file for each provider"));
    }
    files.sort();
    Ok(files)
}

fn tally(file: &Path) -> Result<Tally, Failure> {
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", file.display())))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut tally = Tally { name, passed: 0, chosen: 0, failed: Vec::new() };
    let vectors = match Vectors::read(&bytes) {
        Ok(vectors) => vectors,
        Err(error) => {
            tally.failed.push(("the whole file".to_owned(), error.to_string()));
            return Ok(tally);
        }
    };
    vectors.provider.slug.clone_into(&mut tally.name);
    for case in &vectors.cases {
        let outcome = case.judge(vectors.provider);
        if outcome.found == case.expected {
            tally.passed += 1;
        } else if case.is_optional {
            tally.chosen += 1;
        } else {
            let why = format!("{} and not {}: {}", outcome.found, case.expected, outcome.why);
            tally.failed.push((case.name.clone(), why));
        }
    }
    Ok(tally)
}

impl Tally {
    fn json(&self) -> Value {
        let failed = self.failed.iter().map(|(case, why)| json!({ "case": case, "why": why }));
        json!({
            "provider": self.name,
            "passed": self.passed,
            "chosen": self.chosen,
            "failed": failed.collect::<Vec<_>>(),
        })
    }
}
