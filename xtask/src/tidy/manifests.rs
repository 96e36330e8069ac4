//! Dependencies: how many, why, and declared where.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::Tree;

/// The most packages we may build with, our own, those of tests and those of other platforms
/// among them.
pub(super) const MOST_PACKAGES: usize = 220;

/// How many packages we build with. Cargo.lock has more: those that only a feature would need
/// which nobody switches on.
pub(super) fn count(tree: &Tree) -> usize {
    let names = tree.packages.lines().filter_map(|line| line.split('|').next());
    let names = names.map(|name| name.split(" (").next().unwrap_or(name));
    names.collect::<BTreeSet<_>>().len()
}

/// How many packages Cargo.lock has.
pub(super) fn locked(tree: &Tree) -> usize {
    let lock = tree.text("Cargo.lock").unwrap_or_default();
    lock.lines().filter(|line| *line == "[[package]]").count()
}

/// There are at most so many packages.
pub(super) fn few(tree: &Tree) -> Vec<Finding> {
    let count = count(tree);
    let says = format!("{count} packages are built with; {MOST_PACKAGES} is the most");
    (count > MOST_PACKAGES).then(|| Finding::new("Cargo.lock", 1, says)).into_iter().collect()
}

/// Every dependency of the workspace says why it is there: on its line, or in a comment over
/// its group.
pub(super) fn reasons(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut inside, mut group_has_reason) = (false, false);
    for (line, text) in (1..).zip(tree.text("Cargo.toml").unwrap_or_default().lines()) {
        match text.trim() {
            section if section.starts_with('[') => inside = section == "[workspace.dependencies]",
            "" => group_has_reason = false,
            comment if comment.starts_with('#') => group_has_reason = true,
            ours if ours.contains("path = ") => {}
            dependency if inside && !group_has_reason && !dependency.contains(" # ") => {
                let name = dependency.split([' ', '=']).next().unwrap_or(dependency);
                findings.push(Finding::new("Cargo.toml", line, format!("{name} has no reason")));
            }
            _ => {}
        }
    }
    findings
}

/// Versions are said in the workspace's manifest alone.
pub(super) fn shared(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_ours = |path: &str| path.ends_with("/Cargo.toml") && !path.contains("/fuzz/");
    for file in tree.files.iter().filter(|file| is_ours(&file.path)) {
        let is_declared = |text: &str| {
            ["workspace = true", "path = "].iter().any(|way| text.contains(way))
                || text.starts_with('#')
        };
        let mut inside = false;
        for (line, text) in (1..).zip(file.text.lines()) {
            if text.starts_with('[') {
                inside = text.ends_with("dependencies]");
            } else if inside && text.contains(" = ") && !is_declared(text) {
                let says = "declare it in the workspace's Cargo.toml, with a reason";
                findings.push(Finding::new(&file.path, line, says));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_packages_are_found() {
        let mut tree = Tree::default();
        let line = |number| format!("a v{number} (proc-macro)|MIT\na v{number}|MIT (*)\n");
        tree.packages = (0..MOST_PACKAGES).map(line).collect::<Vec<_>>().concat();
        assert_eq!(few(&tree), []);
        tree.packages += "b v1|MIT\n";
        assert_eq!(few(&tree).len(), 1);
    }

    #[test]
    fn dependencies_without_a_reason_are_found() {
        let manifest = "[workspace]\nmembers = []\n[workspace.dependencies]\n\
                        a = { path = \"a\" }\nb = \"1\" # bees\nc = \"1\"\n\n# Tests only.\nd = \"1\"\n";
        let found = reasons(&Tree::of(&[("Cargo.toml", manifest)]));
        assert_eq!(found, [Finding::new("Cargo.toml", 6, "c has no reason")]);
    }

    #[test]
    fn versions_in_a_crate_are_found() {
        let manifest = "[package]\nversion = \"1\"\n[dependencies]\na.workspace = true\nb = \"1\"\n\
                        c = { workspace = true, features = [\"d\"] }\n[dev-dependencies]\ne = \"1\"\n# f = g\nf = { path = \".\" }\n";
        let found = shared(&Tree::of(&[("crates/a/Cargo.toml", manifest)]));
        assert_eq!(found.iter().map(|it| it.line).collect::<Vec<_>>(), [5, 8]);
    }
}
