//! No file speaks of one machine's folders or of the hosts that packages come from: both are
//! the reader's own.

use super::Finding;
use super::tree::Tree;

/// Hosts of package registries, in parts, so that this file does not name them.
const HOSTS: &[&[&str]] = &[
    &["crates", "io"],
    &["npmjs", "org"],
    &["npmjs", "com"],
    &["pypi", "org"],
    &["pythonhosted", "org"],
    &["deb", "debian", "org"],
    &["proxy", "golang", "org"],
];

/// Folders of a machine's own, in parts for the same reason.
const FOLDERS: &[&[&str]] = &[&["", "work", ""], &["", "root", ""], &["", "home", ""]];

/// Finds hosts and folders. A Cargo.lock names the registry by itself.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let hosts: Vec<_> = HOSTS.iter().map(|parts| parts.join(".")).collect();
    let folders: Vec<_> = FOLDERS.iter().map(|parts| parts.join("/")).collect();
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.ends_with("Cargo.lock")) {
        for (line, text) in (1..).zip(file.text.lines()) {
            if hosts.iter().any(|host| text.contains(host.as_str())) {
                findings.push(Finding::new(&file.path, line, "names a package registry's host"));
            }
            if folders.iter().any(|folder| begins(text, folder)) {
                findings.push(Finding::new(&file.path, line, "names a folder of one machine"));
            }
        }
    }
    findings
}

/// Whether a path begins so here, rather than going through such a folder.
fn begins(text: &str, folder: &str) -> bool {
    text.match_indices(folder).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        !before.ends_with(|c: char| c.is_alphanumeric() || "._-/}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_one_machine_are_found() {
        let text = format!(
            "see {}\ncd {}x\nhttps://example.com{}y\n",
            ["static", "crates", "io"].join("."),
            FOLDERS[0].join("/"),
            FOLDERS[0].join("/"),
        );
        let tree = Tree::of(&[("a.md", &text), ("Cargo.lock", &text)]);
        let found: Vec<_> = check(&tree).into_iter().map(|it| (it.path, it.line)).collect();
        assert_eq!(found, [("a.md".to_owned(), 1), ("a.md".to_owned(), 2)]);
    }
}
