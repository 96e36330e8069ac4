//! SQL: where it is, whether it is used, and that what was released stays.

use super::Finding;
use super::tree::Tree;

/// How a statement begins. Upper case, as we write it, so that English is not taken for it.
const STATEMENTS: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "PRAGMA ",
    "BEGIN ",
    "WITH ",
];

/// The migrations of past releases: `git blob id`, a space, the path.
const RELEASED: &str = include_str!("../../released-migrations.txt");

/// Only the store speaks SQL.
pub(super) fn only_in_store(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let outside = |path: &str| path.starts_with("crates/") && !path.starts_with("crates/store/");
    for (file, scanned) in tree.rust().filter(|(file, _)| outside(&file.path)) {
        for (line, text) in &scanned.strings {
            if STATEMENTS.iter().any(|statement| text.trim_start().starts_with(statement)) {
                findings.push(Finding::new(&file.path, *line, "SQL outside crates/store"));
            }
        }
    }
    for file in tree.all("sql").filter(|file| outside(&file.path)) {
        findings.push(Finding::new(&file.path, 1, "SQL outside crates/store"));
    }
    findings
}

/// Every `.sql` file is named by some Rust file.
pub(super) fn used(tree: &Tree) -> Vec<Finding> {
    let is_named = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        tree.rust().any(|(_, scanned)| scanned.strings.iter().any(|(_, text)| text.contains(name)))
    };
    let unused = tree.all("sql").filter(|file| !is_named(&file.path));
    unused.map(|file| Finding::new(&file.path, 1, "no Rust file names it")).collect()
}

/// Migrations that were released are still the very same files.
pub(super) fn released(tree: &Tree) -> Vec<Finding> {
    changed(tree, RELEASED)
}

fn changed(tree: &Tree, released: &str) -> Vec<Finding> {
    let entries = released.lines().filter(|line| !line.starts_with('#'));
    let changed = entries
        .filter_map(|line| line.split_once(' '))
        .filter(|(blob, path)| tree.blobs.get(*path).is_none_or(|now| now != blob));
    changed
        .map(|(_, path)| Finding::new(path, 1, "was released, so it must never change"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_outside_the_store_is_found() {
        let source = "//! SELECT what you like.\nlet a = \"SELECT 1\";\nlet b = \"Update it\";\n";
        let files = [("crates/hookyard/src/a.rs", source), ("crates/store/src/a.rs", source)];
        let found = only_in_store(&Tree::of(&files));
        assert_eq!(found, [Finding::new(files[0].0, 2, "SQL outside crates/store")]);
    }

    #[test]
    fn unused_sql_is_found() {
        let tree = Tree::of(&[
            ("crates/store/src/lease.sql", ""),
            ("crates/store/src/settle.sql", ""),
            ("crates/store/src/a.rs", "const A: &str = include_str!(\"settle.sql\");"),
        ]);
        let found: Vec<_> = used(&tree).into_iter().map(|found| found.path).collect();
        assert_eq!(found, ["crates/store/src/lease.sql"]);
    }

    #[test]
    fn an_edited_migration_is_found() {
        let mut tree = Tree::default();
        tree.blobs.insert("same.sql".to_owned(), "1f".to_owned());
        tree.blobs.insert("other.sql".to_owned(), "2f".to_owned());
        let found = changed(&tree, "# blob path\n1f same.sql\n3f other.sql\n4f gone.sql\n");
        let paths: Vec<_> = found.into_iter().map(|found| found.path).collect();
        assert_eq!(paths, ["other.sql", "gone.sql"]);
    }
}
