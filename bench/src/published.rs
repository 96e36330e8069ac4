//! What is published of the results: Markdown, made from `bench.json` and from nothing else.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::document::with_part;
use crate::report::{Table, shown};
use crate::results::{CaseResults, Figure, Results, Row, figure};

/// The name of the part that is generated.
const PART: &str = "bench";

/// A document with a part that is made.
struct Document {
    path: &'static str,
    make: fn(&Results) -> String,
}

const DOCUMENTS: [Document; 2] = [
    Document { path: "README.md", make: summary },
    Document { path: "docs/performance.md", make: |results| tables(results, "###") },
];

/// The rows of the case `accept` that the README has.
pub const ACCEPT_ROWS: [&str; 3] = [
    "1 connection, 2 KiB, GitHub",
    "64 connections, 2 KiB, GitHub",
    "256 connections, 2 KiB, GitHub",
];

/// `bench.md`, whole.
pub fn page(results: &Results) -> String {
    format!("# Measured\n\n{}", tables(results, "##"))
}

/// Makes every document anew in the repository that is there.
pub fn update(root: &Path, results: &Results) -> Result<()> {
    for (name, made) in documents(root, results)? {
        std::fs::write(root.join(name), made)?;
    }
    Ok(())
}

/// The documents that are not what the results say.
pub fn stale(root: &Path, results: &Results) -> Result<Vec<&'static str>> {
    let mut stale = Vec::new();
    for (name, made) in documents(root, results)? {
        if std::fs::read_to_string(root.join(name)).unwrap_or_default() != made {
            stale.push(name);
        }
    }
    Ok(stale)
}

/// Every document as it has to be.
fn documents(root: &Path, results: &Results) -> Result<Vec<(&'static str, String)>> {
    let mut documents = vec![("bench/results/bench.md", page(results))];
    for Document { path, make } in DOCUMENTS {
        let text = std::fs::read_to_string(root.join(path))
            .with_context(|| format!("cannot read {path}"))?;
        let made = with_part(&text, PART, &make(results));
        documents.push((path, made.with_context(|| format!("{path} has no part `{PART}`"))?));
    }
    Ok(documents)
}

/// All that was measured, a table for each case under a heading of this level.
fn tables(results: &Results, level: &str) -> String {
    let cases = results.cases.iter().map(|case| {
        let table = if case.rows.is_empty() { String::new() } else { format!("\n{}", table(case)) };
        let (title, shows) = (sentence(&case.name.replace('-', " ")), sentence(&case.shows));
        format!("\n{level} {title}\n\n{shows}.\n{table}{}", missing(case))
    });
    head(results) + &cases.collect::<String>()
}

fn missing(case: &CaseResults) -> String {
    case.missing.iter().flat_map(|missing| ["\n", missing, "\n"]).collect()
}

/// Where, when and how.
fn head(results: &Results) -> String {
    let Results { provenance, rounds, quick, .. } = results;
    let plural = if *rounds == 1 { "round" } else { "rounds in alternation" };
    let warning =
        if *quick { "**A smoke run, which is too short for its figures to count.**\n" } else { "" };
    format!(
        "{warning}{}; {}, commit {}; {rounds} {plural}, medians (lowest–highest).\n",
        provenance.machine, provenance.date, provenance.commit
    )
}

fn table(case: &CaseResults) -> Table {
    let mut figures: Vec<&str> = Vec::new();
    for figure in case.rows.iter().flat_map(|row| &row.figures) {
        if !figures.contains(&figure.name.as_str()) {
            figures.push(&figure.name);
        }
    }
    let does = case.rows.iter().any(|row| row.does.is_some());
    let mut columns = vec!["of"];
    columns.extend(does.then_some("what it does"));
    columns.extend(&figures);
    let mut table = Table::new(&columns).with_texts(1 + usize::from(does));
    for row in &case.rows {
        let mut cells = vec![row.name.clone()];
        cells.extend(does.then(|| row.does.clone().unwrap_or_default()));
        cells.extend(figures.iter().map(|name| {
            let figure = row.figures.iter().find(|figure| figure.name == *name);
            figure.map_or_else(|| UNKNOWN.to_owned(), with_range)
        }));
        table.row(&cells.iter().map(|cell| cell as &dyn std::fmt::Display).collect::<Vec<_>>());
    }
    table
}

/// The README's part: what decides whether somebody reads on.
fn summary(results: &Results) -> String {
    let mut accepted = Table::new(&[
        "bodies of 2 KiB, signed as GitHub does",
        "accepted a second",
        "share of a bare server that stores nothing",
        "p99 ms",
    ])
    .with_texts(1);
    let [one, some, many] = ACCEPT_ROWS;
    let rows = [
        ("1 connection", "accept", one),
        ("64 connections", "accept", some),
        ("256 connections", "accept", many),
        ("64, a minute and a million events", "sustained", "64 connections"),
        ("256, a minute and a million events", "sustained", "256 connections"),
    ];
    for (name, case, row) in rows {
        let of = |name| of(results.row(case, row), name);
        if results.row(case, row).is_some() {
            accepted.row(&[&name, &of(figure::ACCEPTED), &of(figure::RATIO), &of(figure::P99)]);
        }
    }
    // A line that speaks of something that was not measured is left out.
    let facts = facts(results).into_iter().filter(|fact| !fact.contains(UNKNOWN));
    let facts: String = facts.flat_map(|fact| ["- ".to_owned(), fact, ".\n".to_owned()]).collect();
    format!("{}\n{accepted}\n{facts}\n{}", head(results), peers(results))
}

/// What can be said in a line.
fn facts(results: &Results) -> Vec<String> {
    let delivered = |name| of(results.row("end-to-end", "1 destination, 64 connections"), name);
    let latency = |name| of(results.row("latency", "200/s"), name);
    let idle = |name| of(results.row("idle", "empty store"), name);
    let accepted = |name| of(results.row("sustained", "256 connections"), name);
    let mut facts = vec![
        format!("{} events a second are delivered from end to end", delivered(figure::DELIVERED)),
        format!(
            "Processor time: {} µs for an event that is accepted, {} µs for one that is delivered",
            accepted(figure::CPU),
            delivered(figure::CPU)
        ),
        format!(
            "From request to arrival at 200 a second: p50 {} ms, p99 {} ms",
            latency(figure::P50),
            latency(figure::P99)
        ),
        format!(
            "Memory: {} MiB idle, at most {} MiB under full load; ready {} ms after its start",
            idle(figure::MEMORY),
            accepted(figure::PEAK),
            idle(figure::START)
        ),
    ];
    for case in results.cases.iter().filter(|case| ["pending", "stored"].contains(&&*case.name)) {
        if let Some(row) = case.rows.last() {
            let ratio = of(Some(row), figure::TO_FIRST);
            facts.push(format!("With {}: {ratio} of what it accepts with none", row.name));
        }
    }
    facts
}

/// The README's table of the peers, and which are not in it.
fn peers(results: &Results) -> String {
    let Some(case) = results.cases.iter().find(|case| case.name == "peers") else {
        return "The peers were not measured.\n".to_owned();
    };
    let mut table = Table::new(&[
        "the same work, 64 connections",
        "what it does",
        "accepted a second",
        "delivered a second",
    ])
    .with_texts(2);
    for row in &case.rows {
        let does = row.does.as_deref().unwrap_or_default();
        let of = |name| of(Some(row), name);
        table.row(&[&row.name, &does, &of(figure::ACCEPTED), &of(figure::DELIVERED)]);
    }
    format!("{table}{}", missing(case))
}

/// What stands for a figure that was not measured.
const UNKNOWN: &str = "–";

/// A figure of this row, if it was measured.
fn of(row: Option<&Row>, name: &str) -> String {
    let figure = row.and_then(|row| row.figures.iter().find(|figure| figure.name == name));
    figure.map_or_else(|| UNKNOWN.to_owned(), |figure| shown(figure.median))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The median, and how far the rounds were apart.
fn with_range(figure: &Figure) -> String {
    let [median, lowest, highest] = [figure.median, figure.lowest, figure.highest].map(shown);
    if lowest == highest { median } else { format!("{median} ({lowest}–{highest})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let mut results = Results { rounds: 2, ..Results::default() };
        for value in [20_000.4, 30_000.0] {
            let case = results.case("end-to-end", "how many arrive");
            case.row("1 destination, 64 connections").add(figure::DELIVERED, value);
        }
        let peers = results.case("peers", "others");
        peers.row("qhook 0.6.1").does = Some("stores".to_owned());
        peers.missing("webhook was not measured: it is not installed.");
        results
    }

    #[test]
    fn a_page_has_a_table_for_each_case() {
        let page = page(&results());
        assert!(page.contains("\n## End to end\n\nHow many arrive.\n\n|"), "{page}");
        assert!(page.contains("| 25,000 (20,000–30,000) |"), "{page}");
        assert!(page.contains("\nwebhook was not measured"), "{page}");
    }

    #[test]
    fn a_summary_leaves_out_what_is_not_known() {
        let summary = summary(&results());
        assert!(summary.contains("- 25,000 events a second are delivered"), "{summary}");
        assert!(!summary.contains("p50"), "{summary}");
        assert!(summary.contains("| qhook 0.6.1 "), "{summary}");
    }
}
