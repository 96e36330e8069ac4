//! One word per thing: what the glossary calls otherwise may not name an item of ours.

use super::Finding;
use super::rust::words;
use super::tree::Tree;

/// Words that the glossary has another for. Only those that mean nothing else in Rust: a
/// `channel`, an `inbox`, a `sink` or a `task` may be just that.
const FORBIDDEN: &[(&str, &str)] = &[
    ("subscriber", "destination"),
    ("subscription", "route"),
    ("vendor", "provider"),
    ("integration", "provider"),
    ("notification", "event"),
    ("organization", "tenant"),
    ("requeue", "retry or redeliver"),
    ("resend", "redeliver"),
    ("inactive", "paused or disabled"),
];

const ITEMS: &[&str] = &["struct", "enum", "trait", "type", "fn", "mod", "const", "static"];

/// Items in `crates/*/src` are named by the glossary.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, scanned) in tree.rust() {
        if !file.path.starts_with("crates/") || !file.path.contains("/src/") {
            continue;
        }
        for (line, code) in scanned.lines().filter(|&(line, _)| !scanned.is_test(line)) {
            for name in defined(code) {
                findings.extend(judge(name).map(|says| Finding::new(&file.path, line, says)));
            }
        }
    }
    findings
}

/// The names of the items whose definition begins on this line.
fn defined(code: &str) -> impl Iterator<Item = &str> {
    let pairs = words(code).zip(words(code).skip(1));
    pairs.filter(|(item, _)| ITEMS.contains(item)).map(|(_, name)| name)
}

fn judge(name: &str) -> Option<String> {
    let parts = split(name);
    let (word, instead) = FORBIDDEN
        .iter()
        .find(|(word, _)| parts.iter().any(|part| part.trim_end_matches('s') == *word))?;
    Some(format!("`{name}`: we do not say `{word}` but {instead}"))
}

/// `BlackHole_two` as `black`, `hole`, `two`.
fn split(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut().filter(|_| c != '_') {
            last.extend(c.to_lowercase());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_for_our_things_are_found() {
        let source = "pub struct EventVendor;\nfn resend_all() {}\nfn joining() { let inbox = 1; }\n\
                      #[cfg(test)]\nmod tests { fn subscriber() {} }\n";
        let tree = Tree::of(&[("crates/a/src/b.rs", source), ("bench/src/c.rs", source)]);
        let found: Vec<_> =
            check(&tree).into_iter().map(|found| (found.line, found.says)).collect();
        let says = [
            (1, "`EventVendor`: we do not say `vendor` but provider"),
            (2, "`resend_all`: we do not say `resend` but redeliver"),
        ];
        assert_eq!(found, says.map(|(line, says)| (line, says.to_owned())));
    }
}
