//! The time of day is read in one file of each program.

use super::Finding;
use super::tree::Tree;

/// `SystemTime::now` is called only in a file named `clock.rs`, and in tests. Clippy enforces the
/// same, but an `expect` silences clippy.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let may = |path: &str| path.ends_with("/clock.rs") || path.contains("/tests/");
    for (file, scanned) in tree.rust().filter(|(file, _)| !may(&file.path)) {
        for (line, code) in scanned.lines().filter(|&(line, _)| !scanned.is_test(line)) {
            if code.contains("SystemTime::now") {
                findings.push(Finding::new(&file.path, line, "take `now` as an argument"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_clock_is_found() {
        let reads = "//! Not SystemTime::now().\nlet now = SystemTime::now();\n";
        let tree = Tree::of(&[("a/clock.rs", reads), ("a/tests/c.rs", reads), ("a/b.rs", reads)]);
        assert_eq!(check(&tree), [Finding::new("a/b.rs", 2, "take `now` as an argument")]);
    }
}
