//! Nothing on main is unfinished: no notes to self, no skipped tests, no debugging.

use super::Finding;
use super::rust::words;
use super::tree::{Tree, is};

const NOTES: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];
const CODE: &[&str] = &["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// What `#[ignore]` may say: the function is no test, but a generator or a child process that is
/// run by name.
const PROGRAMS: &[&str] = &["writes ", "not a test: "];

/// Files of other kinds, where the notes are looked for in the whole text. Markdown may speak
/// of them.
const PLAIN: &[&str] = &["toml", "sql", "sh", "yml", "yaml", "js", "css", "html"];

/// Finds what is unfinished.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        let mut find = |line, word: &str| {
            findings.push(Finding::new(&file.path, line, format!("`{word}` does not stay")));
        };
        if let Some(scanned) = &file.rust {
            for (line, comment) in &scanned.comments {
                words(comment)
                    .filter(|word| NOTES.contains(word))
                    .for_each(|word| find(*line, word));
            }
            let is_program = |line| {
                let says = scanned.strings.iter().find(|(at, _)| *at == line);
                says.is_some_and(|(_, text)| PROGRAMS.iter().any(|start| text.starts_with(start)))
            };
            for (line, code) in scanned.lines().filter(|(line, _)| !is_program(*line)) {
                CODE.iter().filter(|word| has(code, word)).for_each(|word| find(line, word));
            }
        } else if PLAIN.iter().any(|end| is(&file.path, end)) {
            for (line, text) in (1..).zip(file.text.lines()) {
                words(text).filter(|word| NOTES.contains(word)).for_each(|word| find(line, word));
            }
        }
    }
    findings
}

/// Whether the code calls it, and not something whose name only ends so.
fn has(code: &str, word: &str) -> bool {
    let begins = |at| {
        !code.get(..at).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric() || c == '_')
    };
    code.match_indices(word).any(|(at, _)| begins(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfinished_is_found() {
        let source = "// TODO: this\nlet a = \"TODO\";\n#[ignore = \"slow\"]\nfn b() { todo!() }\n\
                      fn c() { not_todo!(); todo(); }\n// mentions todo! only\n\
                      #[ignore = \"writes a page\"]\n";
        let tree = Tree::of(&[("a.rs", source), ("b.toml", "# FIXME\n"), ("c.md", "No TODO.\n")]);
        let found: Vec<_> = check(&tree).into_iter().map(|it| (it.path, it.line)).collect();
        let places = [("a.rs", 1), ("a.rs", 3), ("a.rs", 4), ("b.toml", 1)];
        assert_eq!(found, places.map(|(path, line)| (path.to_owned(), line)));
    }
}
