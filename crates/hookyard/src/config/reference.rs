//! The reference page and the sample file, made from the table of options.
//!
//! The tests compare both with what is in `docs/`; with `UPDATE_GENERATED=1` they write them.

use super::options::Root;
use super::section::{Opt, Section as _};

/// What stands before the options on the page.
const INTRODUCTION: &str = r#"# Configuration

<!-- Made from `crates/hookyard/src/config/options.rs` by the tests beside it; do not edit. -->

Hookyard reads one file, `hookyard.toml`, which `--config FILE` or `HOOKYARD_CONFIG` names.
`hookyard check --config FILE` says what is wrong with it, and what is set up.
A commented sample is in [hookyard.example.toml](../hookyard.example.toml).

Unknown keys are errors.
Times are written `"500ms"`, `"15s"`, `"1h30m"`, `"7d"`; sizes `"64KiB"`, `"1MiB"`, `"10MB"`.
Paths are relative to the file's folder.

In any text, `${NAME}` stands for an environment variable, which has to be set; `$${` stands for `${` itself.
A secret can also be `"file:PATH"`: the content of a file, without the line end at its end.
Errors and logs never show secrets.

The file, and every file that it refers to, is read again when it changes and on SIGHUP.
A new configuration is put in place as one; when it is wrong, the old one stays and the log says why.
"#;

/// The sections that have names, and the name that the sample gives one.
const NAMED: [(&str, &str); 2] = [("sources", "github"), ("destinations", "ci")];

/// Options that are not commented out in the sample, beside those that have to be there.
const SET: [(&str, &str); 2] = [("sources", "provider"), ("sources", "secret")];

/// `docs/reference/configuration.md`.
fn page() -> String {
    let mut lines = vec![INTRODUCTION.trim_end().to_owned()];
    for section in Root::options() {
        let head = match section.key {
            "routes" => "[[routes]]".to_owned(),
            key if is_named(key) => format!("[{key}.NAME]"),
            key => format!("[{key}]"),
        };
        lines.push(format!("\n## `{head}`\n"));
        lines.push(format!("{}\n", sentences(&section.doc, "")));
        items(&section.inner, "", &mut lines);
    }
    lines.join("\n") + "\n"
}

fn items(options: &[Opt], indent: &str, lines: &mut Vec<String>) {
    for option in options {
        let next = format!("{indent}  ");
        lines.push(format!("{indent}- `{}`: {}", option.key, sentences(&option.doc, &next)));
        if option.inner.is_empty() || option.form != "a table" {
            lines.push(format!("{next}It is {}.", option.form));
        }
        if option.required {
            lines.push(format!("{next}It has to be there."));
        }
        // A default that is a table is said by the table's own defaults.
        if let Some(default) = option.default.as_ref().filter(|default| *default != "{}") {
            lines.push(format!("{next}Default: `{default}`."));
        }
        if let Some(like) = option.like {
            lines.push(format!("{next}Example: `{like}`."));
        }
        items(&option.inner, &next, lines);
    }
}

/// One sentence a line.
fn sentences(doc: &str, indent: &str) -> String {
    let mut text = String::new();
    let mut rest = doc;
    while let Some((sentence, after)) = rest.split_once(". ") {
        text.push_str(sentence);
        let is_end = after.starts_with(|char: char| char.is_uppercase() || char == '`');
        text.push_str(if is_end { ".\n" } else { ". " });
        text.push_str(if is_end { indent } else { "" });
        rest = after;
    }
    text + rest
}

/// `docs/hookyard.example.toml`.
fn sample() -> String {
    let mut lines = vec![
        "# A sample of hookyard.toml with every option. What is commented out is the default, or, as"
            .to_owned(),
        "# marked, an example. Made from crates/hookyard/src/config/options.rs; do not edit."
            .to_owned(),
    ];
    for section in Root::options() {
        lines.push(String::new());
        lines.extend(comment(&section.doc));
        lines.push(match NAMED.iter().find(|(key, _)| *key == section.key) {
            Some((key, name)) => format!("[{key}.{name}]"),
            None if section.key == "routes" => "[[routes]]".to_owned(),
            None => format!("[{}]", section.key),
        });
        settings(&section.inner, section.key, "", &mut lines);
        // The next section brings its own empty line.
        if let Some(last) = lines.last_mut() {
            last.truncate(last.trim_end().len());
        }
    }
    lines.join("\n") + "\n"
}

fn settings(options: &[Opt], section: &str, prefix: &str, lines: &mut Vec<String>) {
    for option in options {
        let key = format!("{prefix}{}", option.key);
        let value = option.like.map(str::to_owned).or_else(|| option.default.clone());
        // The options of a table are shown one by one, unless a line shows how it is written.
        let Some(value) = value else {
            settings(&option.inner, section, &format!("{key}."), lines);
            continue;
        };
        let is_set = option.required || SET.contains(&(section, option.key));
        let is_default = option.default.as_ref() == Some(&value);
        let (mark, note) = match (is_set, is_default) {
            (true, _) => ("", ""),
            (false, true) => ("# ", " (default)"),
            (false, false) => ("# ", " (example)"),
        };
        lines.extend(comment(&format!("{}{note}", option.doc)));
        lines.push(format!("{mark}{key} = {value}\n"));
    }
}

/// A text as comments of at most 100 characters.
fn comment(text: &str) -> Vec<String> {
    let mut lines = vec!["#".to_owned()];
    for word in text.split(' ') {
        if lines.last().is_none_or(|line| line.len() + word.len() > 98) {
            lines.push("#".to_owned());
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}

fn is_named(key: &str) -> bool {
    NAMED.iter().any(|(named, _)| *named == key)
}

mod tests {
    use std::path::{Path, PathBuf};

    use toml::de::DeTable;

    use super::super::Config;
    use super::super::reader::Reader;
    use super::*;

    fn docs(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "whoever runs the tests says so by this variable"
    )]
    fn compare(name: &str, made: &str) {
        if std::env::var("UPDATE_GENERATED").is_ok() {
            std::fs::write(docs(name), made).unwrap();
        }
        let kept = std::fs::read_to_string(docs(name)).unwrap_or_default();
        assert!(kept == made, "docs/{name} is not current; run the tests with UPDATE_GENERATED=1");
    }

    #[test]
    fn the_page_is_current() {
        compare("reference/configuration.md", &page());
    }

    #[test]
    fn the_sample_is_current_and_valid() {
        compare("hookyard.example.toml", &sample());
        let env = |_: &str| Some("a-secret-that-is-long-enough".to_owned());
        let (config, warnings) = Config::load(&docs("hookyard.example.toml"), &env).unwrap();
        assert_eq!(warnings.render(false), "");
        assert_eq!(config.routes.len(), 1);
    }

    /// Every default and every example, as a file with that option alone.
    fn lines(options: &[Opt], path: &str, found: &mut Vec<String>) {
        for option in options {
            let path = format!("{path}.{}", option.key);
            for value in option.like.map(str::to_owned).into_iter().chain(option.default.clone()) {
                found.push(format!("{path} = {value}"));
            }
            lines(&option.inner, &path, found);
        }
    }

    #[test]
    fn what_is_shown_can_be_read() {
        let mut found = Vec::new();
        for section in Root::options() {
            let name = NAMED.iter().find(|(key, _)| *key == section.key).map(|(_, name)| *name);
            let path =
                name.map_or(section.key.to_owned(), |name| format!("{}.{name}", section.key));
            if section.key != "routes" {
                lines(&section.inner, &path, &mut found);
            }
        }
        assert!(found.len() > 80, "{}", found.len());
        for line in found {
            let table = DeTable::parse(&line).unwrap();
            let env = |_: &str| Some("value".to_owned());
            let mut reader = Reader::new(Path::new(""), &line, &env);
            Root::read_table(table.get_ref(), 0..0, &mut reader);
            let findings = reader.findings.iter().map(|finding| finding.sentence.clone());
            let wrong: Vec<_> = findings.filter(|text| !text.contains("is missing")).collect();
            assert_eq!(wrong, [""; 0], "{line}");
        }
    }
}
