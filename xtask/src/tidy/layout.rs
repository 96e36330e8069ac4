//! How Rust files look from outside: their length, their first line, their name.

use super::Finding;
use super::tree::Tree;

/// The most lines a file may have, its tests not counted.
const MOST_LINES: usize = 600;

/// Tables, which may be as long as the world is.
const TABLES: &[&str] = &[];

/// Module names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc", "shared"];

/// Files are at most 600 lines long. Tests and tables do not count.
pub(super) fn short(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, scanned) in tree.rust() {
        let is_test = file.path.contains("/tests/") || file.path.ends_with("/tests.rs");
        if is_test || TABLES.contains(&file.path.as_str()) {
            continue;
        }
        let lines = scanned.lines().filter(|&(line, _)| !scanned.is_test(line)).count();
        if lines > MOST_LINES {
            let says = format!("{lines} lines without tests; {MOST_LINES} is the most");
            findings.push(Finding::new(&file.path, 1, says));
        }
    }
    findings
}

/// Every file starts with what it is for.
pub(super) fn introduced(tree: &Tree) -> Vec<Finding> {
    let says = |text: &str| {
        let mut lines = text.lines().map(str::trim);
        let is_attribute = |line: &str| line.starts_with("#!") && !line.contains("include_str!");
        let first = lines.find(|line| !line.is_empty() && !is_attribute(line));
        // A crate's README may be its documentation.
        let first = first.map(|line| line.replace("#![doc = include_str!", "//! "));
        first.is_some_and(|line| line.strip_prefix("//!").is_some_and(|it| !it.trim().is_empty()))
    };
    let unsaid = tree.rust().filter(|(file, _)| !says(&file.text));
    unsaid
        .map(|(file, _)| Finding::new(&file.path, 1, "starts with no `//!` that says what it is"))
        .collect()
}

/// No module is called `utils`.
pub(super) fn named(tree: &Tree) -> Vec<Finding> {
    let is_empty = |path: &str| {
        path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part))
    };
    let empty = tree.rust().filter(|(file, _)| is_empty(&file.path));
    empty.map(|(file, _)| Finding::new(&file.path, 1, "a name that says nothing")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_found_and_tests_do_not_count() {
        let long = "fn a() {}\n".repeat(601);
        let tests = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        let tree = Tree::of(&[("a.rs", &long), ("b.rs", &tests), ("x/tests/c.rs", &long)]);
        let paths: Vec<_> = short(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["a.rs"]);
    }

    #[test]
    fn files_say_what_they_are_for() {
        let good = ("a.rs", "//! What it is for.\nfn a() {}\n");
        let readme = ("d.rs", "#![doc = include_str!(\"../README.md\")]\n//!\n");
        let tree = Tree::of(&[good, readme, ("b.rs", "fn b() {}\n"), ("c.rs", "//!\n//! Late.\n")]);
        let paths: Vec<_> = introduced(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["b.rs", "c.rs"]);
    }

    #[test]
    fn empty_names_are_found() {
        let paths = ["a/utils.rs", "a/common/mod.rs", "a/uncommon.rs", "a/tests/support/mod.rs"];
        let tree = Tree::of(&paths.map(|path| (path, "")));
        let found: Vec<_> = named(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["a/utils.rs", "a/common/mod.rs"]);
    }
}
