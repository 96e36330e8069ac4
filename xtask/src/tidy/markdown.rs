//! Markdown: one title a file, and links that lead somewhere.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{File, Tree, is};

/// Every Markdown file has exactly one title.
pub(super) fn titles(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.all("md") {
        let titles =
            prose(&file.text).filter(|(_, line)| line.starts_with("# ") || line.contains("<h1"));
        let count = titles.count();
        if count != 1 {
            findings.push(Finding::new(&file.path, 1, format!("{count} titles; one is right")));
        }
    }
    findings
}

/// Relative links lead to a file of the repository, and their anchors to a heading in it.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.all("md") {
        for (line, link) in prose(&file.text)
            .flat_map(|(line, text)| targets(text).into_iter().map(move |link| (line, link)))
        {
            if !resolves(tree, file, &link) {
                findings.push(Finding::new(&file.path, line, format!("{link} leads nowhere")));
            }
        }
    }
    findings
}

fn resolves(tree: &Tree, from: &File, link: &str) -> bool {
    if link.contains("://") || link.starts_with("mailto:") {
        return true;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = if path.is_empty() { from.path.clone() } else { join(&from.path, path) };
    let folder = format!("{path}/");
    let exists = path.is_empty()
        || tree.paths.contains(&path)
        || tree.paths.iter().any(|other| other.starts_with(&folder));
    let found = || tree.text(&path).is_some_and(|text| anchors(text).contains(anchor));
    exists && (anchor.is_empty() || !is(&path, "md") || found())
}

/// The path that `link` means in the file `from`.
fn join(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}

/// Where the links of a line lead, code in backticks left out.
fn targets(line: &str) -> Vec<String> {
    let text: String = line.split('`').step_by(2).collect();
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let html = ["href=\"", "src=\""].into_iter().flat_map(|attribute| {
        text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next())
    });
    let reference = text
        .split_once("]: ")
        .filter(|(label, _)| label.starts_with('['))
        .and_then(|(_, rest)| rest.split(' ').next());
    inline.chain(html).chain(reference).map(str::to_owned).collect()
}

/// What GitHub makes of the headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings
        .map(|(_, line)| {
            let said = line.trim_start_matches('#').trim().to_lowercase();
            let kept = said.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_title_is_found() {
        let good = "# Title\n```sh\n# not a title\n```\n## Part\n";
        let tree = Tree::of(&[("a.md", good), ("b.md", "# A\n# B\n"), ("c.md", "text\n")]);
        let found: Vec<_> = titles(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["b.md", "c.md"]);
    }

    #[test]
    fn dead_links_are_found() {
        let text = "# A\n[b](docs/b.md#some-part) [c](https://example.com) [d](d.md) `[e](e.md)`\n\
                    [f](#a) [g](#h) <img src=\"i.png\"> [docs](docs)\n[j]: k.md\n";
        let b = ("docs/b.md", "# B\n## Some `part`?\n[up](../a.md) [over](../../x)\n");
        let found: Vec<_> = links(&Tree::of(&[("a.md", text), b]))
            .into_iter()
            .map(|finding| finding.says)
            .collect();
        let dead = ["d.md", "#h", "i.png", "k.md", "../../x"];
        assert_eq!(found, dead.map(|link| format!("{link} leads nowhere")));
    }
}
