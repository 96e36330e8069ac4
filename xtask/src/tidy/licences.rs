//! The licences and bans of deny.toml, checked without cargo-deny.

use super::Finding;
use super::tree::Tree;

/// Every package we build with is under a licence that deny.toml allows, and is not banned there.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let deny = tree.text("deny.toml").unwrap_or_default();
    let (allowed, banned) = (listed(deny, "licenses", "allow"), listed(deny, "bans", "deny"));
    let mut findings = Vec::new();
    let mut packages: Vec<_> = tree.packages.lines().filter_map(|it| it.split_once('|')).collect();
    packages.sort_unstable();
    packages.dedup();
    for (package, licence) in packages {
        // A package that cargo has shown before has a mark after its licence.
        let licence = licence.trim_end_matches("(*)").trim();
        let name = package.split(' ').next().unwrap_or(package);
        if banned.contains(&name) {
            findings.push(Finding::new("Cargo.lock", 1, format!("{name} is banned by deny.toml")));
        }
        if !allows(licence, &allowed) {
            let says = format!("{package} is under `{licence}`, which deny.toml does not allow");
            findings.push(Finding::new("Cargo.lock", 1, says));
        }
    }
    findings
}

/// The strings of the list `key` in `[section]`; of tables, what follows `crate =`.
fn listed<'a>(toml: &'a str, section: &str, key: &str) -> Vec<&'a str> {
    let header = format!("[{section}]");
    let mut lines = toml.lines().skip_while(|line| line.trim() != header).skip(1);
    let mut strings = Vec::new();
    let start = format!("{key} = [");
    let Some(first) = lines.find(|line| line.starts_with(&start) || line.starts_with('[')) else {
        return strings;
    };
    for line in std::iter::once(first).chain(lines) {
        let said = line.split('#').next().unwrap_or(line);
        strings.extend(said.split('"').skip(1).step_by(2).take(1));
        if said.trim_end().ends_with(']') {
            break;
        }
    }
    strings
}

/// Whether an SPDX expression can be met with the allowed licences.
fn allows(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words, allowed) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let Some(licence) = words.next() else { return false };
    if licence == "(" {
        let met = any(words, allowed);
        return words.next() == Some(")") && met;
    }
    if words.next_if_eq(&"WITH").is_some() {
        let exception = words.next().unwrap_or_default();
        return allowed.contains(&format!("{licence} WITH {exception}").as_str());
    }
    allowed.contains(&licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_understood() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
        let cases = [
            ("MIT", true),
            ("GPL-3.0", false),
            ("", false),
            ("GPL-3.0 OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0 AND MIT", false),
            ("(GPL-3.0 OR MIT) AND ISC", true),
            ("(GPL-3.0 OR MIT) AND GPL-2.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(allows(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn a_package_we_may_not_use_is_found() {
        let deny = "[licenses]\nallow = [\n    \"MIT\", # why\n]\n\n[bans]\ndeny = [\n\
                    \x20   { crate = \"rsa\", reason = \"slow\" },\n]\n";
        let mut tree = Tree::of(&[("deny.toml", deny)]);
        tree.packages = "a v1|MIT\nb v1|GPL-3.0\nrsa v0.9|MIT (*)\na v1|MIT (*)\n".to_owned();
        let says: Vec<_> = check(&tree).into_iter().map(|finding| finding.says).collect();
        let expected = [
            "b v1 is under `GPL-3.0`, which deny.toml does not allow",
            "rsa is banned by deny.toml",
        ];
        assert_eq!(says, expected);
    }
}
