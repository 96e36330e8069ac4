//! Reads values out of a parsed file, and notes all that is wrong with them.

use std::path::{Path, PathBuf};

use hookyard_model::Secret;
use toml::Spanned;
use toml::de::DeValue;

use super::report::{Finding, Severity, Span};

/// A value and where it stands.
pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// Something that was read, and where it stood; nowhere when it is a default.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Option<Span>,
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A secret in a file of its own is no longer than this; a longer file is another one.
const SECRET_FILE_LIMIT: u64 = 64 << 10;

/// Reads values, and remembers what was wrong and which files it looked at.
pub(super) struct Reader<'e> {
    /// Relative paths begin here: the folder of the configuration file.
    folder: PathBuf,
    /// The file's text.
    source: &'e str,
    /// The environment.
    env: &'e dyn Fn(&str) -> Option<String>,
    /// The tables around what is being read.
    pub(super) path: Vec<String>,
    /// What was found.
    pub(super) findings: Vec<Finding>,
    /// The files that the configuration refers to, whether they could be read or not.
    pub(super) files: Vec<PathBuf>,
}

impl<'e> Reader<'e> {
    pub(super) fn new(
        folder: &Path,
        source: &'e str,
        env: &'e dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let folder = folder.to_owned();
        Self { folder, source, env, path: Vec::new(), findings: Vec::new(), files: Vec::new() }
    }

    /// Notes an error.
    pub(super) fn error(&mut self, span: impl Into<Option<Span>>, sentence: impl Into<String>) {
        self.note(Severity::Error, span.into(), sentence.into());
    }

    /// Notes a warning.
    pub(super) fn warn(&mut self, span: impl Into<Option<Span>>, sentence: impl Into<String>) {
        self.note(Severity::Warning, span.into(), sentence.into());
    }

    /// Notes an error that has to do with two places.
    pub(super) fn clash(
        &mut self,
        span: impl Into<Option<Span>>,
        sentence: impl Into<String>,
        beside: (Option<Span>, &'static str),
    ) {
        self.error(span, sentence);
        if let (Some(finding), (Some(span), what)) = (self.findings.last_mut(), beside) {
            finding.beside = Some((span, what));
        }
    }

    fn note(&mut self, severity: Severity, span: Option<Span>, sentence: String) {
        self.findings.push(Finding { severity, sentence, span, beside: None });
    }

    /// Notes that a value is of the wrong type.
    pub(super) fn wrong_type(&mut self, node: &Node<'_>, form: &str) {
        let found = match node.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(node.span(), format!("expected {form}, found {found}"));
    }

    /// A text, in which each `${NAME}` has become what the environment says.
    pub(super) fn text(&mut self, node: &Node<'_>, form: &str) -> Option<String> {
        let Some(raw) = node.get_ref().as_str() else {
            self.wrong_type(node, form);
            return None;
        };
        self.expand(raw, &node.span())
    }

    /// A text that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        node: &Node<'_>,
        form: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(node, form)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            // What the environment says may be secret, and is not in the file: it is not shown.
            let from_env = node.get_ref().as_str().is_some_and(|raw| raw != text);
            let but = if from_env { ", and the environment says something else here" } else { "" };
            self.error(node.span(), format!("expected {form}{but}"));
        }
        parsed
    }

    /// A secret: a text, or `file:` and the path of a file that holds it.
    pub(super) fn secret(&mut self, node: &Node<'_>) -> Option<Secret> {
        let text = self.text(node, "a text, `\"${NAME}\"` or `\"file:PATH\"`")?;
        let raw = node.get_ref().as_str().unwrap_or_default();
        if let Some(name) = unexpanded(raw) {
            self.error(
                node.span(),
                format!("this is the text itself, not the variable: write `${{{name}}}`"),
            );
            return None;
        }
        let file = raw.strip_prefix("file:").and_then(|_| text.strip_prefix("file:"));
        if let Some(path) = file {
            return self.secret_in(path, Some(node.span()));
        }
        if text.trim().is_empty() {
            let sentence = match variables(raw).as_slice() {
                [] => {
                    "the secret is empty; write it as `\"${NAME}\"` or `\"file:PATH\"`".to_owned()
                }
                [name] => {
                    format!("the environment variable `{name}` is empty; set it to the secret")
                }
                names => format!(
                    "the environment variables `{}` are empty; set them to the secret",
                    names.join("` and `")
                ),
            };
            self.error(node.span(), sentence);
            return None;
        }
        Some(Secret::new(text))
    }

    /// The secret in a file of its own.
    pub(super) fn secret_in(&mut self, path: &str, span: Option<Span>) -> Option<Secret> {
        let path = self.file(path);
        match read_text(&path, SECRET_FILE_LIMIT) {
            Ok(text) if text.trim().is_empty() => {
                self.error(span, "the secret's file is empty; write the secret into it");
                None
            }
            // The line end at the end of the file is the editor's, not the secret's.
            Ok(text) => {
                let line = text.strip_suffix('\n').unwrap_or(&text);
                Some(Secret::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
            }
            Err(why) => {
                self.error(span, format!("the secret's file `{}` {why}", path.display()));
                None
            }
        }
    }

    /// The path that is meant by what stands in the file, which is from now on watched.
    pub(super) fn file(&mut self, path: &str) -> PathBuf {
        let path = self.resolve(path);
        self.files.push(path.clone());
        path
    }

    /// The path that is meant by what stands in the file.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Puts the environment's values in place of `${NAME}`; `$${` stands for `${` itself.
    fn expand(&mut self, raw: &str, span: &Span) -> Option<String> {
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        let mut complete = true;
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(before) = before.strip_suffix('$') {
                text.push_str(before);
                text.push_str("${");
                rest = after;
                continue;
            }
            text.push_str(before);
            let name = after.split_once('}').map(|(name, _)| name).filter(|name| is_variable(name));
            let Some(name) = name else {
                self.error(
                    span.clone(),
                    "`${` begins the name of an environment variable, as in `${NAME}`; write `$${` for the characters themselves",
                );
                return None;
            };
            if let Some(value) = (self.env)(name) {
                text.push_str(&value);
            } else {
                self.error(
                    self.part(span, name),
                    format!("the environment variable `{name}` is not set; set it, or write the value here"),
                );
                complete = false;
            }
            rest = after.get(name.len() + 1..).unwrap_or_default();
        }
        text.push_str(rest);
        complete.then_some(text)
    }

    /// Where `${name}` stands within a text.
    fn part(&self, span: &Span, name: &str) -> Span {
        let variable = format!("${{{name}}}");
        let found = self.source.get(span.clone()).and_then(|text| text.find(&variable));
        found.map_or_else(
            || span.clone(),
            |offset| span.start + offset..span.start + offset + variable.len(),
        )
    }
}

/// The names in a text of which each `${NAME}` was found to be a variable.
fn variables(raw: &str) -> Vec<&str> {
    let names = raw.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name).collect()
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|char: char| char.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The variable that is meant by `$NAME`, `{{NAME}}` or `%NAME%`, as other programs write it.
///
/// Only capitals: a text such as `$ecret` may well be a secret, which is not to be shown.
fn unexpanded(raw: &str) -> Option<&str> {
    let braces = raw.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
    let percents = || raw.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
    let name = braces.or_else(percents).or_else(|| raw.strip_prefix('$'))?;
    (is_variable(name) && !name.contains(|char: char| char.is_ascii_lowercase())).then_some(name)
}

/// Reads a whole file, unless it is suspiciously long; says in words why it cannot.
pub(super) fn read_text(path: &Path, limit: u64) -> Result<String, String> {
    let bytes = read_bytes(path, limit)?;
    String::from_utf8(bytes).map_err(|error| {
        let bytes = error.as_bytes();
        let good = bytes.get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = good.split(|&byte| byte == b'\n').count();
        format!("is not UTF-8 in line {line}; save it as UTF-8")
    })
}

/// Reads a whole file, unless it is suspiciously long; says in words why it cannot.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    use std::io::{ErrorKind, Read as _};

    let describe = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "does not exist; check the path".to_owned(),
        ErrorKind::PermissionDenied => "cannot be read; give this user permission to".to_owned(),
        ErrorKind::IsADirectory => "is a directory; name a file".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    let file = std::fs::File::open(path).map_err(describe)?;
    let kind = file.metadata().map_err(describe)?.file_type();
    if kind.is_dir() {
        return Err("is a directory; name a file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(describe)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        let most = super::quantity::show_size(limit);
        return Err(format!("is longer than {most}; check that it is the right one"));
    }
    Ok(bytes)
}
