//! Dependencies: how many, why, and declared where.

use super::Finding;
use super::tree::Tree;

/// The most packages in Cargo.lock, our own among them.
pub(super) const MOST_PACKAGES: usize = 220;

/// How many packages are in Cargo.lock.
pub(super) fn count(tree: &Tree) -> usize {
    let lock = tree.text("Cargo.lock").unwrap_or_default();
    lock.lines().filter(|line| *line == "[[package]]").count()
}

/// There are at most so many packages.
pub(super) fn few(tree: &Tree) -> Vec<Finding> {
    let count = count(tree);
    let says = format!("{count} packages; {MOST_PACKAGES} is the most");
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
        let lock = |count| "[[package]]\nname = \"a\"\n".repeat(count);
        assert_eq!(few(&Tree::of(&[("Cargo.lock", &lock(MOST_PACKAGES))])), []);
        assert_eq!(few(&Tree::of(&[("Cargo.lock", &lock(MOST_PACKAGES + 1))])).len(), 1);
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
