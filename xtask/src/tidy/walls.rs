//! What may not know of what, between crates and inside the program's.

use super::Finding;
use super::rust::{Scanned, words};
use super::tree::Tree;

/// Packages that a crate's `[dependencies]` may not name; `hookyard-` ones are listed by name.
const CRATES: &[(&str, &[&str])] = &[
    (
        "model",
        &[
            "hookyard",
            "hookyard-signature",
            "hookyard-store",
            "hookyard-delivery",
            "tokio",
            "tracing",
            "getrandom",
            "rusqlite",
            "hyper",
            "axum",
        ],
    ),
    (
        "signature",
        &[
            "hookyard",
            "hookyard-model",
            "hookyard-store",
            "hookyard-delivery",
            "tokio",
            "tracing",
            "rusqlite",
            "hyper",
            "axum",
        ],
    ),
    ("store", &["hookyard", "hookyard-signature", "hookyard-delivery", "hyper", "axum"]),
    ("delivery", &["hookyard", "hookyard-store", "rusqlite", "axum"]),
    ("hookyard", &["rusqlite"]),
];

/// Modules of `crates/hookyard/src` and what they may not import.
const MODULES: &[(&str, &[&str])] = &[
    ("ingest", &["api", "dashboard", "cli"]),
    ("api", &["ingest", "dashboard", "cli"]),
    ("cli", &["hookyard_store", "store"]),
    ("dashboard", &["hookyard_store", "store", "ingest"]),
];

/// The manifests keep the walls between crates; a crate's own tests may look over them.
pub(super) fn crates(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, forbidden) in CRATES {
        let path = format!("crates/{name}/Cargo.toml");
        let Some(manifest) = tree.text(&path) else {
            findings.push(Finding::new(&path, 1, "the crate is gone; so should its wall"));
            continue;
        };
        for (line, package) in dependencies(manifest) {
            if forbidden.contains(&package) {
                let says = format!("{name} may not depend on {package}");
                findings.push(Finding::new(&path, line, says));
            }
        }
    }
    findings
}

/// The packages under `[dependencies]`, with their lines.
fn dependencies(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut section = "";
    (1..).zip(manifest.lines()).filter_map(move |(line, text)| {
        if text.starts_with('[') {
            section = text;
        }
        let name = text.split(['.', ' ', '=']).next().filter(|name| !name.is_empty())?;
        (section == "[dependencies]" && !text.starts_with(['[', '#'])).then_some((line, name))
    })
}

/// Imports keep the walls inside the program.
pub(super) fn modules(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (module, forbidden) in MODULES {
        let (folder, single) =
            (format!("crates/hookyard/src/{module}/"), format!("crates/hookyard/src/{module}.rs"));
        for (file, scanned) in tree.rust() {
            if !file.path.starts_with(&folder) && file.path != single {
                continue;
            }
            for (line, import) in imports(scanned) {
                let crossed =
                    forbidden.iter().find(|name| words(&import).any(|word| word == **name));
                findings.extend(crossed.map(|name| {
                    Finding::new(&file.path, line, format!("{module} may not import {name}"))
                }));
            }
        }
    }
    findings
}

/// Where this code names something outside its own module: `use` of a crate's root, and paths
/// that start at one. A tree in braces is cut into what is said of the crate's root itself.
fn imports(scanned: &Scanned) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in scanned.code.match_indices("crate::") {
        let rest = scanned.code.get(at + "crate::".len()..).unwrap_or_default();
        let line = scanned.code.get(..at).unwrap_or_default().lines().count().max(1);
        found.push((line, first_names(rest)));
    }
    for (line, code) in scanned.lines() {
        found.extend(
            words(code)
                .filter(|word| word.starts_with("hookyard_"))
                .map(|word| (line, word.to_owned())),
        );
    }
    found
}

/// `a::b` as `a`; `{a::{b, c}, d}` as `a d`.
fn first_names(path: &str) -> String {
    if !path.starts_with('{') {
        return words(path).next().unwrap_or_default().to_owned();
    }
    let (mut names, mut depth, mut first) = (String::new(), 0, true);
    for c in path.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => (names.push(' '), first = true).0,
            ':' => first = first && depth != 1,
            _ if depth == 1 && first => names.push(c),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_dependencies_are_found() {
        let bad = "[dependencies]\nhookyard-store.workspace = true\nbytes = \"1\"\n\
                   [dev-dependencies]\ntokio.workspace = true\n";
        let rest = ["signature", "store", "delivery", "hookyard"]
            .map(|name| (format!("crates/{name}/Cargo.toml"), "[dependencies]\nhttp = \"1\"\n"));
        let mut files: Vec<_> = rest.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        files.push(("crates/model/Cargo.toml", bad));
        let found = crates(&Tree::of(&files));
        let wall = "model may not depend on hookyard-store";
        assert_eq!(found, [Finding::new("crates/model/Cargo.toml", 2, wall)]);
    }

    #[test]
    fn forbidden_imports_are_found() {
        let bad = "use crate::{\n    app::api, api::{State, ingest},\n};\n// crate::api\n";
        let good =
            "use crate::app::api;\nuse super::api_version;\nfn a() { crate::problem::b() }\n";
        let tree = Tree::of(&[
            ("crates/hookyard/src/ingest/mod.rs", bad),
            ("crates/hookyard/src/ingest/read.rs", good),
            ("crates/hookyard/src/cli.rs", "fn a() { let b = hookyard_store::open(); }\n"),
        ]);
        let found: Vec<_> = modules(&tree).into_iter().map(|found| found.to_string()).collect();
        let walls = [
            "crates/hookyard/src/ingest/mod.rs:1: ingest may not import api",
            "crates/hookyard/src/cli.rs:1: cli may not import hookyard_store",
        ];
        assert_eq!(found, walls);
    }
}
