//! What a case of `torture` came to: the one record that each of its programs writes.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::load::count;
use crate::report::Table;
use crate::verify::Verdict;

/// What a case showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many trials there were.
    pub trials: u64,
    /// What a trial was: `kills under load`.
    pub of: String,
    /// What brings it back, where chance had a part in it.
    pub seed: Option<u64>,
    /// The promise that was broken on purpose, if one was.
    pub control: Option<Control>,
    /// What was counted and measured, and the bars it has to keep.
    pub figures: Vec<Figure>,
}

/// A promise that was broken on purpose, to see whether the harness notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// How it was broken.
    pub fault: String,
    /// The figure that has to miss its bar for it.
    pub misses: String,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it says, with its unit.
    pub what: String,
    /// How much that was; nothing if it never came about, which misses every bar.
    pub value: Option<f64>,
    /// The least it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The most it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

impl Figure {
    /// Whether it keeps its bars.
    pub fn is_good(&self) -> bool {
        self.at_least.is_none_or(|bar| self.value.is_some_and(|value| value >= bar))
            && self.at_most.is_none_or(|bar| self.value.is_some_and(|value| value <= bar))
    }
}

impl Display for Figure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { what, value, at_least, at_most } = self;
        write!(f, "{what} {}", short(*value))?;
        match (at_least, at_most) {
            (Some(least), Some(most)) if least >= most => {
                write!(f, " (has to be {})", short(*at_most))
            }
            (Some(_), Some(_)) => write!(f, " ({} to {})", short(*at_least), short(*at_most)),
            (Some(_), None) => write!(f, " (at least {})", short(*at_least)),
            (None, Some(_)) => write!(f, " (at most {})", short(*at_most)),
            (None, None) => Ok(()),
        }
    }
}

/// A number with no more places than it needs.
fn short(number: Option<f64>) -> String {
    match number {
        None => "never".to_owned(),
        Some(number) if number.fract() == 0.0 => format!("{number:.0}"),
        Some(number) => format!("{number:.2}"),
    }
}

impl Outcome {
    /// So many trials of a kind, of which nothing has been counted yet.
    pub fn new(trials: impl Into<u64>, of: &str) -> Self {
        let (trials, of) = (trials.into(), of.to_owned());
        Self { trials, of, seed: None, control: None, figures: Vec::new() }
    }

    /// What chance was made from.
    #[must_use]
    pub const fn seeded(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Which promise was broken on purpose, if one was, and which figure has to show it.
    #[must_use]
    pub fn controlled(mut self, fault: Option<&str>, misses: &str) -> Self {
        let misses = misses.to_owned();
        self.control = fault.map(|fault| Control { fault: fault.to_owned(), misses });
        self
    }

    /// A figure that may be whatever it is.
    pub fn figure(&mut self, what: &str, value: impl Into<Option<f64>>) {
        self.push(what, value.into(), None, None);
    }

    /// A count that may be whatever it is.
    pub fn count(&mut self, what: &str, number: usize) {
        self.figure(what, count(number as u64));
    }

    /// A figure that may be no more than this.
    pub fn at_most(&mut self, what: &str, value: impl Into<Option<f64>>, bar: f64) {
        self.push(what, value.into(), None, Some(bar));
    }

    /// A figure that may be no less than this.
    pub fn at_least(&mut self, what: &str, value: impl Into<Option<f64>>, bar: f64) {
        self.push(what, value.into(), Some(bar), None);
    }

    /// A count that has to be this one.
    pub fn exactly(&mut self, what: &str, number: usize, expected: usize) {
        let bar = Some(count(expected as u64));
        self.push(what, Some(count(number as u64)), bar, bar);
    }

    /// What the ledger's judge found: nothing lost, altered, or repeated without saying so.
    pub fn judged(&mut self, verdict: &Verdict) {
        self.count("acknowledged", verdict.acknowledged);
        self.exactly(LOST, verdict.lost, 0);
        self.count("repeats", verdict.repeats);
        self.exactly("repeats without the flag", verdict.unflagged, 0);
        self.exactly("repeats under another id", verdict.other_id, 0);
        self.exactly("altered bodies", verdict.altered, 0);
    }

    fn push(
        &mut self,
        what: &str,
        value: Option<f64>,
        at_least: Option<f64>,
        at_most: Option<f64>,
    ) {
        self.figures.push(Figure { what: what.to_owned(), value, at_least, at_most });
    }

    /// How many acknowledged events were lost, where that was looked at.
    pub fn lost(&self) -> Option<f64> {
        self.figures.iter().find(|figure| figure.what == LOST)?.value
    }

    /// The figures that miss their bar.
    pub fn missed(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| !figure.is_good())
    }

    /// Whether every bar is kept. A control has to miss the one that it is about.
    pub fn is_as_expected(&self) -> bool {
        let mut missed = self.missed();
        match &self.control {
            None => missed.next().is_none(),
            Some(control) => missed.any(|figure| figure.what == control.misses),
        }
    }

    /// Writes the record to a file, if one is named, and says by the exit code whether all is as
    /// expected.
    pub fn finish(&self, file: Option<&Path>) -> Result<ExitCode> {
        if let Some(file) = file {
            std::fs::write(file, serde_json::to_string_pretty(self)? + "\n")
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(if self.is_as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Reads the record that a program wrote.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("no {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no record", file.display()))
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["", "seen", "at least", "at most", ""]);
        let bar = |bar: Option<f64>| bar.map_or_else(String::new, |bar| short(Some(bar)));
        for figure in &self.figures {
            let Figure { what, value, at_least, at_most } = figure;
            let missed = if figure.is_good() { "" } else { "missed" };
            table.row(&[what, &short(*value), &bar(*at_least), &bar(*at_most), &missed]);
        }
        write!(f, "{} {}\n\n{table}", self.trials, self.of)?;
        self.seed.iter().try_for_each(|seed| write!(f, "\nseed {seed}"))
    }
}

/// The figure of what must never be lost: acknowledged events.
pub const LOST: &str = "lost";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_is_missed_is_a_failure_and_what_a_control_needs() {
        let mut outcome = Outcome::new(3_u32, "starts");
        outcome.at_most("first 2xx, s", 1.25, 2.0);
        outcome.at_least("connections", 10.0, 10.0);
        assert!(outcome.is_as_expected());
        let control = |outcome: &Outcome| outcome.clone().controlled(Some("late"), "p99, ms");
        assert!(!control(&outcome).is_as_expected(), "the harness has not noticed");
        outcome.exactly(LOST, 1, 0);
        assert!(!outcome.is_as_expected());
        assert!(!control(&outcome).is_as_expected(), "that is another promise");
        outcome.at_most("p99, ms", None, 10.0);
        assert!(control(&outcome).is_as_expected());
        assert_eq!((outcome.missed().count(), outcome.lost()), (2, Some(1.0)));
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.json");
        let mut outcome = Outcome::new(1_u32, "run").seeded(7);
        outcome.exactly(LOST, 0, 0);
        outcome.figure("ready again, ms", None);
        outcome.finish(Some(&file)).unwrap();
        assert_eq!(Outcome::read(&file).unwrap(), outcome);
        let shown = ["lost 0 (has to be 0)", "ready again, ms never"];
        assert_eq!([0, 1].map(|index| outcome.figures[index].to_string()), shown);
    }
}
