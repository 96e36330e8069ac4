//! What the cases came to, as JSON and as Markdown.

use std::path::Path;

use anyhow::{Context as _, Result};
use hookyard_bench::document;
use hookyard_bench::outcome::Outcome;
use hookyard_bench::provenance::Provenance;
use hookyard_bench::report::Table;
use serde::{Deserialize, Serialize};

use crate::cases::CASES;

/// Every case that was run, each as it was run last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) cases: Vec<Row>,
}

/// One case.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) case: String,
    /// What it shows.
    pub(crate) shows: String,
    /// Whether every bar was kept.
    pub(crate) verdict: Verdict,
    /// Whether the run with a promise broken on purpose was found out.
    pub(crate) control: Control,
    /// What it ran on, and when.
    #[serde(flatten)]
    pub(crate) provenance: Provenance,
    /// How long it took, its control included.
    pub(crate) seconds: f64,
    /// What was seen; nothing if it was not run, or not to its end.
    pub(crate) outcome: Option<Outcome>,
    /// What was seen when a promise was broken.
    pub(crate) control_outcome: Option<Outcome>,
    /// Why there is no outcome.
    pub(crate) reason: Option<String>,
}

/// What is to be said of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Every bar was kept.
    Held,
    /// One was not.
    Missed,
    /// It did not come to its end.
    Broken,
    /// This machine lacks what it needs.
    NotRun,
}

/// What is to be said of a case's control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Control {
    /// The broken promise was found.
    Seen,
    /// It was not: what the case says is worth nothing.
    Unseen,
    /// There is none.
    None,
}

impl Row {
    /// Whether the command may end well in spite of this one.
    pub(crate) const fn is_good(&self) -> bool {
        matches!(self.verdict, Verdict::Held | Verdict::NotRun)
            && !matches!(self.control, Control::Unseen)
    }

    /// The verdict in words.
    pub(crate) fn says(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Held => "held",
            Verdict::Missed => "**missed**",
            Verdict::Broken => "**did not end**",
            Verdict::NotRun => "not run",
        };
        match &self.reason {
            Some(reason) => format!("{verdict}: {reason}"),
            None => verdict.to_owned(),
        }
    }

    /// Everything that was counted.
    fn details(&self) -> Option<String> {
        let Self { case, shows, seconds, provenance, .. } = self;
        let Outcome { figures, seed, .. } = self.outcome.as_ref()?;
        let lines = figures.iter().map(|figure| {
            let missed = if figure.is_good() { "" } else { " **missed**" };
            format!("- {figure}{missed}\n")
        });
        let lines: String = lines.collect();
        let seed = seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
        let Provenance { date, machine, commit } = provenance;
        Some(format!(
            "\n## {case}\n\nThat {shows}.\n\n{lines}\n\
             {date}, commit {commit}, {machine}{seed}; {seconds:.0} s.\n"
        ))
    }

    fn control_says(&self) -> String {
        let Some(outcome) = &self.control_outcome else { return "none".to_owned() };
        let Some(control) = &outcome.control else { return "none".to_owned() };
        let fault = &control.fault;
        match outcome.missed().find(|figure| figure.what == control.misses) {
            Some(missed) => format!("seen with {fault}: {missed}"),
            None => format!("**not seen** with {fault}"),
        }
    }
}

impl Results {
    /// Those of the runs before; none if there is no such file.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let file = folder.join("torture.json");
        if !file.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read(&file)?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{} is of another version; remove it", file.display()))
    }

    /// Puts a case in the place of what it came to before.
    pub(crate) fn put(&mut self, row: Row) {
        self.cases.retain(|other| other.case != row.case);
        self.cases.push(row);
        let place = |row: &Row| CASES.iter().position(|case| case.name == row.case);
        self.cases.retain(|row| place(row).is_some());
        self.cases.sort_by_key(place);
    }

    /// The table that is published.
    fn table(&self) -> String {
        let mut table = Table::new(&["case", "trials", "lost", "verdict", "control", "seen on"]);
        for row in &self.cases {
            let outcome = row.outcome.as_ref();
            let trials = outcome.map_or_else(String::new, |it| format!("{} {}", it.trials, it.of));
            let lost =
                outcome.and_then(Outcome::lost).map_or("–".to_owned(), |it| it.to_string());
            let Provenance { date, commit, .. } = &row.provenance;
            let seen_on = format!("{date}, {commit}");
            table.row(&[&row.case, &trials, &lost, &row.says(), &row.control_says(), &seen_on]);
        }
        table.to_string()
    }

    /// What was counted in each case.
    fn details(&self) -> String {
        self.cases.iter().filter_map(Row::details).collect()
    }

    /// Writes `torture.json` and `torture.md` into the folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(folder.join("torture.json"), json)?;
        let (table, details) = (self.table(), self.details());
        std::fs::write(folder.join("torture.md"), format!("# Torture\n\n{table}{details}"))?;
        Ok(())
    }

    /// Puts the table between the marks of a document.
    pub(crate) fn publish(&self, document: &Path) -> Result<()> {
        let text = std::fs::read_to_string(document)
            .with_context(|| format!("cannot read {}", document.display()))?;
        let text = document::with_part(&text, MARK, &self.table())
            .with_context(|| format!("{} has no part `{MARK}`", document.display()))?;
        Ok(std::fs::write(document, text)?)
    }
}

/// The part of a document that has the table.
const MARK: &str = "torture";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_table_is_the_result_files() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let results = Results::read(&root.join("results")).unwrap();
        let document = std::fs::read_to_string(root.join("../docs/reliability.md")).unwrap();
        let table = document::part(&document, MARK).unwrap();
        assert_eq!(table.trim(), results.table().trim(), "run `cargo xtask torture --publish`");
        let kept = std::fs::read_to_string(root.join("results/torture.md")).unwrap();
        assert!(kept.contains(results.table().trim()), "run `cargo xtask torture --publish`");
    }
}
