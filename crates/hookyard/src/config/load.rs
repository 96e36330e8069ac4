//! From a file to a [`Config`]: reads, parses, checks, and notes all that is wrong in one go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_model::Name;
use toml::de::DeTable;

use super::options::Root;
use super::reader::{At, Reader, read_text};
use super::report::{ConfigErrors, Finding, Severity, Span, Warnings, judge};
use super::section::Section as _;
use super::{Config, Source, destination, mask, route, server, source};

/// A longer file is another one.
const FILE_LIMIT: u64 = 1 << 20;

/// What came of reading a file.
pub(crate) struct Loaded {
    /// The configuration, or why there is none.
    pub(crate) outcome: Result<(Config, Warnings), ConfigErrors>,
    /// The files that it refers to, whether they could be read or not.
    pub(crate) files: Vec<PathBuf>,
}

/// Reads a file and the files that it refers to.
pub(crate) fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let shown = path.display().to_string();
    match read_text(path, FILE_LIMIT) {
        Ok(text) => parse(&text, path, env),
        Err(why) => {
            let sentence = format!("the configuration file `{shown}` {why}");
            Loaded { outcome: refuse(shown, sentence), files: Vec::new() }
        }
    }
}

fn refuse(path: String, sentence: String) -> Result<(Config, Warnings), ConfigErrors> {
    let finding = Finding { severity: Severity::Error, sentence, span: None, beside: None };
    Err(ConfigErrors::of(path, vec![finding]))
}

fn parse(text: &str, path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shown = path.display().to_string();
    if text.trim().is_empty() {
        // An editor that is about to write the file may just have emptied it.
        let sentence = format!(
            "the configuration file `{shown}` is empty; begin with a section such as `[sources.github]`"
        );
        return Loaded { outcome: refuse(shown, sentence), files: Vec::new() };
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut reader = Reader::new(folder, text, env);
    let (document, errors) = DeTable::parse_recoverable(text);
    let is_readable = syntax(text, errors, &mut reader);
    let config = is_readable.then(|| {
        let root = Root::read_table(document.get_ref(), 0..0, &mut reader);
        resolve(root, &mut reader)
    });
    let files = std::mem::take(&mut reader.files);
    let judged = judge(shown, mask::masked(text), reader.findings);
    let outcome = judged.and_then(|warnings| match config {
        Some(config) => Ok((config, warnings)),
        // Without a document there was an error, so this is never reached.
        None => Err(ConfigErrors::of(path.display().to_string(), Vec::new())),
    });
    Loaded { outcome, files }
}

/// Notes what is not TOML. False when so little of it is that it is not worth reading on.
fn syntax(text: &str, errors: Vec<toml::de::Error>, reader: &mut Reader<'_>) -> bool {
    let mut is_readable = true;
    let mut lines = BTreeSet::new();
    let mut told = BTreeSet::new();
    let mut errors: Vec<(Span, String)> = errors
        .into_iter()
        .map(|error| (error.span().unwrap_or_default(), error.message().to_owned()))
        .collect();
    errors.sort_by_key(|(span, _)| span.start);
    for (span, message) in errors {
        let is_duplicate = message == "duplicate key";
        is_readable &= is_duplicate;
        let before = text.get(..text.floor_char_boundary(span.start)).unwrap_or_default();
        let is_alone = is_duplicate || message.starts_with("string values must be quoted");
        // What follows in the same line, or in the same words, is mostly a consequence.
        let is_first = lines.insert(before.matches('\n').count());
        if told.insert(message.clone()) && is_first || is_alone && (is_first || is_duplicate) {
            reader.error(span.clone(), describe(&message, &span));
        }
    }
    is_readable
}

/// The parser's words, and how a person would say it.
const WORDS: [(&str, &str); 8] = [
    ("duplicate key", "this is here for the second time; remove one of the two"),
    ("string values must be quoted", "a text is written in quotes; put `\"` before and after it"),
    ("key with no value", "a key is followed by `=` and a value; write them"),
    (
        "invalid unquoted key",
        "a key is made of letters, digits, `_` and `-`, and `=` follows it; write it so",
    ),
    ("invalid basic string", "the text is not closed; put `\"` at its end"),
    ("invalid literal string", "the text is not closed; put `'` at its end"),
    (
        "missing comma between array",
        "the list goes on without a comma, or is not closed; put `,` or `]` before this",
    ),
    ("unclosed table", "the head of the section is not closed; put `]` at its end"),
];

fn describe(message: &str, span: &Span) -> String {
    if message.starts_with("string values must be quoted") && span.is_empty() {
        return "the value is missing after `=`; write one, or remove the key".to_owned();
    }
    let known = WORDS.iter().find(|(start, _)| message.starts_with(start));
    known.map_or_else(
        || format!("this is not TOML: {message}"),
        |(_, sentence)| (*sentence).to_owned(),
    )
}

fn resolve(root: Root, reader: &mut Reader<'_>) -> Config {
    let listen = root.server.listen.clone();
    let server = server::server(root.server, reader);
    let admin = server::admin(&root.admin, &listen, reader);
    let store = server::store(&root.store, reader);
    let (source_names, destination_names) = (names(&root.sources.0), names(&root.destinations.0));
    if source_names.is_empty() && !root.wrong {
        reader.warn(
            None,
            "there is no source, so nothing can come in; add a section such as `[sources.github]`",
        );
    }
    let mut sources = BTreeMap::new();
    for (name, options) in root.sources.0 {
        let source = source::source(&name.value, options, &server, reader);
        sources.extend(source.map(|source| (name.value, Arc::new(source))));
    }
    let withheld: BTreeSet<&String> =
        sources.values().flat_map(|source: &Arc<Source>| &source.credential_headers).collect();
    let withheld: Vec<String> = withheld.into_iter().cloned().collect();
    let mut destinations = BTreeMap::new();
    for (name, options) in root.destinations.0 {
        let destination = destination::destination(&name.value, options, &withheld, reader);
        destinations.extend(destination.map(|destination| (name.value, Arc::new(destination))));
    }
    let routes = route::routes(root.routes.0, &source_names, &destination_names, reader);
    route::left_over(&routes, &source_names, &destination_names, reader);
    Config { server, admin, store, sources, destinations, routes, open_sources: false }
}

fn names<T>(sections: &[(At<Name>, T)]) -> Vec<At<Name>> {
    sections.iter().map(|(name, _)| name.clone()).collect()
}
