//! `cargo xtask tidy`: what the compiler and clippy do not check. One function a check, each
//! with its own test.

mod changelog;
mod clock;
mod layout;
mod leftovers;
mod licences;
mod manifests;
mod markdown;
mod names;
mod places;
mod rust;
mod sql;
mod tree;
mod walls;

use std::fmt;

use anyhow::Result;

use crate::command::Ended;
use tree::Tree;

/// One thing that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    says: String,
}

impl Finding {
    fn new(path: &str, line: usize, says: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, says: says.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.says)
    }
}

type Check = (&'static str, fn(&Tree) -> Vec<Finding>);

const CHECKS: &[Check] = &[
    ("files are short", layout::short),
    ("files say what they are for", layout::introduced),
    ("module names mean something", layout::named),
    ("words of the glossary", names::check),
    ("walls between crates", walls::crates),
    ("walls inside crates/hookyard", walls::modules),
    ("SQL stays in crates/store", sql::only_in_store),
    ("every .sql file is used", sql::used),
    ("released migrations are as released", sql::released),
    ("only clock.rs reads the clock", clock::check),
    ("nothing unfinished", leftovers::check),
    ("dependencies are few", manifests::few),
    ("dependencies have a reason", manifests::reasons),
    ("dependencies are declared once", manifests::shared),
    ("licences and bans", licences::check),
    ("CHANGELOG has an Unreleased section", changelog::check),
    ("Markdown has one title", markdown::titles),
    ("Markdown links resolve", markdown::links),
    ("no places of one machine", places::check),
];

/// Runs every check over the files that git knows or would add.
pub(crate) fn run() -> Result<Ended> {
    let tree = Tree::read()?;
    let mut found = 0;
    for (name, check) in CHECKS {
        let findings = check(&tree);
        if !findings.is_empty() {
            println!("tidy: not so: {name}");
        }
        for finding in &findings {
            println!("  {finding}");
        }
        found += findings.len();
    }
    println!(
        "tidy: {} checks, {} files, {} packages (at most {}; {} in Cargo.lock), {found} findings",
        CHECKS.len(),
        tree.files.len(),
        manifests::count(&tree),
        manifests::MOST_PACKAGES,
        manifests::locked(&tree),
    );
    Ok(if found == 0 { Ended::Well } else { Ended::Badly(1) })
}
