//! What changed is written down while it changes.

use super::Finding;
use super::tree::Tree;

/// CHANGELOG.md has a section for what is not yet released.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let changelog = tree.text("CHANGELOG.md").unwrap_or_default();
    let is_there =
        changelog.lines().any(|line| matches!(line.trim(), "## Unreleased" | "## [Unreleased]"));
    let lacks = || Finding::new("CHANGELOG.md", 1, "has no section `## Unreleased`");
    (!is_there).then(lacks).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changelog_without_unreleased_is_found() {
        assert_eq!(check(&Tree::of(&[("CHANGELOG.md", "# Changelog\n\n## Unreleased\n")])), []);
        assert_eq!(check(&Tree::of(&[("CHANGELOG.md", "# Changelog\n\n## 0.1.0\n")])).len(), 1);
    }
}
