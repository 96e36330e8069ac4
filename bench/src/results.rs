//! The results of `cargo xtask bench`: what it writes as JSON, and what all tables are made from.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::latency::median;
use crate::provenance::Provenance;

/// All figures of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Where and when.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// How many rounds there were.
    pub rounds: u32,
    /// Whether it was a smoke run, which is too short for its figures to count.
    pub quick: bool,
    /// What was measured, in the order in which it was.
    pub cases: Vec<CaseResults>,
}

/// What one case showed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseResults {
    /// Its name, as `--only` takes it.
    pub name: String,
    /// What it shows.
    pub shows: String,
    /// A row for each thing that was measured.
    pub rows: Vec<Row>,
    /// What could not be measured, and why.
    pub missing: Vec<String>,
}

/// The figures of one thing that was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is.
    pub name: String,
    /// What it does for its figures, where that differs from row to row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub does: Option<String>,
    /// What was measured of it.
    pub figures: Vec<Figure>,
}

/// One figure over all rounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is, with its unit.
    pub name: String,
    /// The median of the rounds.
    pub median: f64,
    /// The lowest of them.
    pub lowest: f64,
    /// The highest of them.
    pub highest: f64,
    /// Each of them.
    pub rounds: Vec<f64>,
}

/// What the cases call their figures. The unit is part of the name.
pub mod figure {
    /// Events that were accepted a second.
    pub const ACCEPTED: &str = "accepted/s";
    /// Requests that the baseline answered a second.
    pub const BASELINE: &str = "baseline/s";
    /// What the hub accepted a second over what the baseline answered, within one round.
    pub const RATIO: &str = "÷ baseline";
    /// Half of the latencies are at most this long.
    pub const P50: &str = "p50 ms";
    /// 99 of 100 latencies are at most this long.
    pub const P99: &str = "p99 ms";
    /// The longest latency.
    pub const MAX: &str = "max ms";
    /// The same of the baseline.
    pub const BASELINE_P99: &str = "baseline p99 ms";
    /// Processor time of the process, user and system. It is seconds for a million events, too.
    pub const CPU: &str = "CPU µs/event";
    /// How many events were accepted.
    pub const EVENTS: &str = "events";
    /// What was delivered a second, from the first request to the last arrival.
    pub const DELIVERED: &str = "delivered/s";
    /// Resident memory, now.
    pub const MEMORY: &str = "memory MiB";
    /// Resident memory, at most.
    pub const PEAK: &str = "peak memory MiB";
    /// By how much resident memory grew for a million events, in the second half of a run.
    pub const SLOPE: &str = "growth MiB/million";
    /// What a million events in the store add to the memory of a hub that has just started.
    pub const KEPT: &str = "memory MiB/million";
    /// What the files of the store take on the disk.
    pub const DISK: &str = "disk bytes/event";
    /// From the start of the process until it listens.
    pub const START: &str = "start ms";
    /// A row's rate over that of the first row, within one round.
    pub const TO_FIRST: &str = "÷ first row";
    /// What the hub accepted a second over what this one did, within one round.
    pub const LEAD: &str = "hookyard ÷ it";
    /// The share of requests that were refused or not answered.
    pub const REFUSED: &str = "refused %";
}

impl Results {
    /// None yet, for this machine, commit and day.
    pub fn here(quick: bool) -> Self {
        Self { provenance: Provenance::here(), quick, ..Self::default() }
    }

    /// The results of this case, made if there are none yet.
    pub fn case(&mut self, name: &str, shows: &str) -> &mut CaseResults {
        let at = self.cases.iter().position(|case| case.name == name);
        let at = at.unwrap_or_else(|| {
            let (name, shows) = (name.to_owned(), shows.to_owned());
            self.cases.push(CaseResults { name, shows, ..CaseResults::default() });
            self.cases.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "it was found there or put there")]
        &mut self.cases[at]
    }

    /// One row, if it was measured.
    pub fn row(&self, case: &str, row: &str) -> Option<&Row> {
        let case = self.cases.iter().find(|it| it.name == case)?;
        case.rows.iter().find(|it| it.name == row)
    }

    /// Reads `bench.json` in this folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("bench.json");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is none of ours", path.display()))
    }

    /// Writes `bench.json` in this folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("bench.json");
        std::fs::write(&path, serde_json::to_string_pretty(self)? + "\n")
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl CaseResults {
    /// The row of this name, made if there is none yet.
    pub fn row(&mut self, name: &str) -> &mut Row {
        let at = self.rows.iter().position(|row| row.name == name);
        let at = at.unwrap_or_else(|| {
            self.rows.push(Row { name: name.to_owned(), ..Row::default() });
            self.rows.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "it was found there or put there")]
        &mut self.rows[at]
    }

    /// Notes what could not be measured, once and in one line.
    pub fn missing(&mut self, says: &str) {
        let says = says.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        if !self.missing.contains(&says) {
            self.missing.push(says);
        }
    }
}

impl Row {
    /// Adds a figure of one more round.
    pub fn add(&mut self, name: &str, value: f64) -> &mut Self {
        if let Some(figure) = self.figures.iter_mut().find(|figure| figure.name == name) {
            figure.add(value);
        } else {
            let mut figure = Figure { name: name.to_owned(), ..Figure::default() };
            figure.add(value);
            self.figures.push(figure);
        }
        self
    }
}

impl Figure {
    fn add(&mut self, value: f64) {
        self.rounds.push(value);
        let rounds = || self.rounds.iter().copied();
        self.median = median(rounds());
        self.lowest = rounds().fold(f64::INFINITY, f64::min);
        self.highest = rounds().fold(f64::NEG_INFINITY, f64::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_come_together_in_one_figure() {
        let mut results = Results::default();
        for value in [3.0, 1.0, 2.0] {
            let case = results.case("accept", "how fast");
            case.row("64").add(figure::ACCEPTED, value).add(figure::P99, 7.0);
            case.missing("a peer:\nnone");
        }
        let found = &results.row("accept", "64").unwrap().figures;
        let expected = Figure {
            name: figure::ACCEPTED.to_owned(),
            median: 2.0,
            lowest: 1.0,
            highest: 3.0,
            rounds: vec![3.0, 1.0, 2.0],
        };
        assert_eq!(found[0], expected);
        assert_eq!(found[1].name, figure::P99);
        assert_eq!(results.cases[0].missing, ["a peer: none"]);
        assert_eq!(results.row("accept", "256"), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Results::read(folder.path()).is_err());
        let mut results = Results::here(true);
        results.case("accept", "how fast").row("64").add(figure::RATIO, 0.25);
        results.write(folder.path()).unwrap();
        assert_eq!(Results::read(folder.path()).unwrap(), results);
    }
}
