//! Hides what may be secret before a piece of the file is shown.
//!
//! It works on the text and not on what was parsed, because a file that cannot be parsed is shown
//! as well. Only values of options that are known and not secret stay readable: a misspelt
//! `secret` is as secret as a right one.

use std::collections::BTreeSet;

use super::options::Root;
use super::section::{Opt, Section as _};

/// The same text, byte for byte as long, with stars in the place of what may be secret.
pub(super) fn masked(source: &str) -> String {
    let mut harmless = BTreeSet::new();
    collect(&Root::options(), &mut harmless);
    let mut masker = Masker {
        harmless,
        shown: String::with_capacity(source.len()),
        value: None,
        frames: Vec::new(),
        path: Vec::new(),
        in_head: false,
        in_headers: false,
    };
    let mut rest = source;
    while let Some(token) = Token::first(rest) {
        let (text, after) = rest.split_at(token.length);
        masker.take(token.kind, text, after);
        rest = after;
    }
    masker.shown
}

/// The names of options whose values may be shown. A name that is secret in one place is secret
/// everywhere, and tables show what is in them by their own names.
fn collect(options: &[Opt], harmless: &mut BTreeSet<&'static str>) {
    for option in options {
        if option.form != "a table" && !option.is_secret {
            harmless.insert(option.key);
        }
        collect(&option.inner, harmless);
    }
}

/// Whether a table has keys of any name, so that none of them says whether its value is secret.
fn has_any_names(table: &str) -> bool {
    matches!(table, "headers" | "settings")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    LineEnd,
    Space,
    Comment,
    Text,
    LongText,
    Word,
    Mark(char),
}

struct Token {
    kind: Kind,
    length: usize,
}

impl Token {
    fn first(rest: &str) -> Option<Self> {
        let char = rest.chars().next()?;
        let until = |end: &dyn Fn(char) -> bool| rest.find(end).unwrap_or(rest.len());
        let (kind, length) = match char {
            '\n' => (Kind::LineEnd, 1),
            ' ' | '\t' | '\r' => (Kind::Space, until(&|char| !matches!(char, ' ' | '\t' | '\r'))),
            '#' => (Kind::Comment, until(&|char| char == '\n')),
            '"' | '\'' => text(rest, char),
            _ if is_word(char) => (Kind::Word, until(&|char| !is_word(char))),
            _ => (Kind::Mark(char), char.len_utf8()),
        };
        Some(Self { kind, length })
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-')
}

/// A quoted text, up to its end or, where that is missing, the end of the line or of the file.
fn text(rest: &str, quote: char) -> (Kind, usize) {
    let fence: String = std::iter::repeat_n(quote, 3).collect();
    if let Some(inside) = rest.strip_prefix(&fence) {
        let end = inside.find(&fence).map_or(rest.len(), |end| end + 2 * fence.len());
        return (Kind::LongText, end);
    }
    let mut is_escaped = false;
    for (index, char) in rest.char_indices().skip(1) {
        match char {
            '\n' => return (Kind::Text, index),
            _ if is_escaped => is_escaped = false,
            '\\' if quote == '"' => is_escaped = true,
            _ if char == quote => return (Kind::Text, index + 1),
            _ => {}
        }
    }
    (Kind::Text, rest.len())
}

/// A value that is under way.
#[derive(Clone, Copy, Debug)]
struct Value {
    is_hidden: bool,
    /// Whether anything of it has come.
    has_begun: bool,
}

/// What is open around the current place.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// `[`, with the value that it is.
    List(Value),
    /// `{`, with the value that it is, and whether that is one of headers.
    Table(Value, bool),
}

struct Masker {
    harmless: BTreeSet<&'static str>,
    shown: String,
    /// The value that is being read; none where a key is.
    value: Option<Value>,
    frames: Vec<Frame>,
    /// The parts of the key, or of a section's head, so far.
    path: Vec<String>,
    /// Whether this is the line of a section's head.
    in_head: bool,
    /// Whether the section has keys of any name, as headers do.
    in_headers: bool,
}

impl Masker {
    fn take(&mut self, kind: Kind, text: &str, after: &str) {
        match (kind, self.value) {
            (Kind::LineEnd, value) => {
                self.shown.push_str(text);
                self.end_line(value);
            }
            (Kind::Space, _) => self.shown.push_str(text),
            (Kind::Comment, value) => self.comment(text, value),
            (Kind::Mark('='), _) => self.equals(text),
            (Kind::Mark(mark), Some(value)) => self.value_mark(mark, text, value),
            (Kind::Word, Some(value)) if self.is_next_key(text, after) => self.word(text, value),
            (_, Some(value)) => self.piece(kind, text, value),
            (Kind::Mark(mark), None) => self.key_mark(mark, text),
            (_, None) => self.key(text, after),
        }
    }

    fn end_line(&mut self, value: Option<Value>) {
        let is_in_list = matches!(self.frames.last(), Some(Frame::List(_)));
        // A value that has not begun at the end of its line may follow on the next.
        if !is_in_list && value.is_none_or(|value| value.has_begun) {
            self.value = None;
            self.in_head = false;
            self.path.clear();
        }
    }

    /// People leave old values in comments.
    fn comment(&mut self, text: &str, value: Option<Value>) {
        if value.is_some_and(|value| value.is_hidden) || text.contains(['"', '\'', '=']) {
            self.leave_out(text);
        } else {
            self.shown.push_str(text);
        }
    }

    /// Puts a sign in the place of a comment: stars would look like a part of the secret before it.
    fn leave_out(&mut self, text: &str) {
        const SIGN: &str = "# …";
        let (comment, end) = text.split_at(text.trim_end_matches('\r').len());
        let sign = if comment.len() < SIGN.len() { "#" } else { SIGN };
        self.shown.push_str(sign);
        self.shown.extend(std::iter::repeat_n(' ', comment.len().saturating_sub(sign.len())));
        self.shown.push_str(end);
    }

    fn equals(&mut self, text: &str) {
        let was_hidden = self.value.is_some_and(|value| value.is_hidden);
        // No list has `=` in it: its end is missing, and this is the next key.
        let is_new_key = self.value.is_none() || matches!(self.frames.last(), Some(Frame::List(_)));
        if self.value.is_some() && is_new_key {
            self.frames.clear();
        }
        let is_harmless = self.path.last().is_some_and(|key| self.harmless.contains(key.as_str()));
        let is_hidden = !is_harmless || self.is_among_headers() || was_hidden && !is_new_key;
        self.value = Some(Value { is_hidden, has_begun: false });
        self.shown.push_str(text);
    }

    fn is_among_headers(&self) -> bool {
        let (_, parents) = self.path.split_last().map_or(("", &[][..]), |(key, rest)| (key, rest));
        let is_inside = matches!(self.frames.last(), Some(Frame::Table(_, true)));
        self.in_headers || is_inside || parents.iter().any(|part| has_any_names(part))
    }

    fn value_mark(&mut self, mark: char, text: &str, value: Value) {
        let begun = Value { has_begun: true, ..value };
        self.value = Some(begun);
        match mark {
            '[' => self.frames.push(Frame::List(begun)),
            '{' => {
                let is_headers = self.path.last().is_some_and(|key| has_any_names(key));
                self.frames.push(Frame::Table(begun, is_headers));
                self.value = None;
                self.path.clear();
            }
            ']' | '}' => self.close(),
            ',' if matches!(self.frames.last(), Some(Frame::Table(..))) => {
                self.value = None;
                self.path.clear();
            }
            ',' => {}
            _ => return self.piece(Kind::Mark(mark), text, value),
        }
        self.shown.push_str(text);
    }

    fn close(&mut self) {
        if let Some(Frame::List(value) | Frame::Table(value, _)) = self.frames.pop() {
            self.value = Some(value);
        }
    }

    fn key_mark(&mut self, mark: char, text: &str) {
        self.shown.push_str(text);
        match mark {
            '}' => self.close(),
            '[' => {
                self.in_head = true;
                self.path.clear();
            }
            ']' => {
                self.in_headers = self.path.last().is_some_and(|part| has_any_names(part));
                self.frames.clear();
                self.path.clear();
            }
            '.' | ',' => {}
            // As in `secret: abc`: what follows is meant to be a value.
            _ => self.value = Some(Value { is_hidden: true, has_begun: false }),
        }
    }

    /// A part of a key, or something that stands where one belongs.
    fn key(&mut self, text: &str, after: &str) {
        let next = after.trim_start_matches([' ', '\t', '\r']).chars().next();
        let name = text.trim_matches(['"', '\'']);
        let is_key = self.in_head || matches!(next, Some('=' | '.' | ']' | ':'));
        if is_key || self.harmless.contains(name) {
            self.shown.push_str(text);
        } else {
            self.hide(text);
        }
        self.path.push(name.to_owned());
        if !matches!(next, None | Some('=' | '.' | ']' | ':' | '\n' | '#' | ',' | '}')) {
            self.value = Some(Value { is_hidden: true, has_begun: false });
        }
    }

    /// Whether a list whose end is missing has run into the next key.
    fn is_next_key(&self, text: &str, after: &str) -> bool {
        let is_assigned = after.trim_start_matches([' ', '\t']).starts_with('=');
        is_assigned && self.harmless.contains(text)
    }

    fn word(&mut self, text: &str, value: Value) {
        self.piece(Kind::Word, text, Value { is_hidden: false, ..value });
    }

    /// A piece of a value.
    fn piece(&mut self, kind: Kind, text: &str, value: Value) {
        self.value = Some(Value { has_begun: true, ..value });
        // In a list this may turn out to be the next key.
        if kind == Kind::Word {
            self.path = vec![text.to_owned()];
        }
        let looks_secret = ["whsec_", "whsk_", "-----BEGIN"].iter().any(|sign| text.contains(sign));
        match kind {
            Kind::LongText => self.hide(text),
            _ if value.is_hidden || looks_secret => self.hide(text),
            _ => self.show_url(text),
        }
    }

    /// Shows a text, but not the password or the query of a URL in it.
    fn show_url(&mut self, text: &str) {
        let Some((scheme, rest)) = text.split_once("://") else {
            return self.shown.push_str(text);
        };
        // A password may hold a `/`, and in a text without an end its `@` may be missing.
        let is_closed = text.ends_with(['"', '\'']);
        let user_end = if is_closed { rest.rfind('@').unwrap_or(0) } else { rest.len() };
        let query = rest.find('?').unwrap_or(rest.len()).max(user_end);
        self.shown.push_str(scheme);
        self.shown.push_str("://");
        self.hide(rest.get(..user_end).unwrap_or_default());
        self.shown.push_str(rest.get(user_end..query).unwrap_or_default());
        self.hide(rest.get(query..).unwrap_or_default());
    }

    /// Puts stars in the place of a text; what only says where a secret is stays.
    fn hide(&mut self, text: &str) {
        if is_reference(text) {
            return self.shown.push_str(text);
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let end = after.find(|char: char| !is_word(char)).unwrap_or(after.len());
            let Some(name) = after
                .get(..end)
                .filter(|_| after.get(end..).is_some_and(|rest| rest.starts_with('}')))
            else {
                break;
            };
            self.stars(before);
            self.shown.push_str("${");
            self.shown.push_str(name);
            self.shown.push('}');
            rest = after.get(end + 1..).unwrap_or_default();
        }
        self.stars(rest);
    }

    fn stars(&mut self, text: &str) {
        for char in text.chars() {
            if matches!(char, '"' | '\'' | '\n' | '\r' | '\t') {
                self.shown.push(char);
            } else {
                self.shown.extend(std::iter::repeat_n('*', char.len_utf8()));
            }
        }
    }
}

/// Whether this is a quoted `file:PATH`.
fn is_reference(text: &str) -> bool {
    text.starts_with("\"file:") || text.starts_with("'file:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_only_what_is_known_to_be_harmless() {
        let cases = [
            ("secret = \"abc\"", "secret = \"***\""),
            ("secrt = 'abc'", "secrt = '***'"),
            ("\"secret\" = \"abc\"", "\"secret\" = \"***\""),
            ("sources.a.secret = \"abc\"", "sources.a.secret = \"***\""),
            ("secret = abc=", "secret = ***="),
            ("secret =\n \"abc\"", "secret =\n \"***\""),
            ("secret = \"abc", "secret = \"***"),
            ("secret: abc", "secret: ***"),
            ("secret \"abc\"", "****** \"***\""),
            (
                "secrets = [\n\"abc\" # old: \"x\"\n\"d\"]\nlisten = \"a\"",
                "secrets = [\n\"***\" # …     \n\"*\"]\nlisten = \"a\"",
            ),
            ("secrets = [\"abc\"\nlisten = \"a\"", "secrets = [\"***\"\nlisten = \"a\""),
            ("allow_ips = [\"abc\"\nsecret = \"a\"", "allow_ips = [\"abc\"\nsecret = \"*\""),
            (
                "secret = \"\"\"\nabc\n\"\"\"\nurl = \"x\"",
                "secret = \"\"\"\n***\n\"\"\"\nurl = \"x\"",
            ),
            ("url = \"\"\"\nabc", "url = \"\"\"\n***"),
            ("secret = \"${NAME}\"", "secret = \"${NAME}\""),
            ("secret = \"ab${NAME}c\"", "secret = \"**${NAME}*\""),
            ("secret = \"file:a/b\"", "secret = \"file:a/b\""),
            (
                "token = { header = \"a\", tokens = [\"b\"] }",
                "token = { header = \"a\", tokens = [\"*\"] }",
            ),
            ("token = \"abc\"", "token = \"***\""),
            (
                "headers = { key = \"abc\" }\nkey = \"a\"",
                "headers = { key = \"***\" }\nkey = \"a\"",
            ),
            ("headers.key = \"abc\"", "headers.key = \"***\""),
            (
                "[destinations.a.headers]\nkey = \"abc\"\n[server]\nlisten = \"a\"",
                "[destinations.a.headers]\nkey = \"***\"\n[server]\nlisten = \"a\"",
            ),
            ("url = \"http://me:pw@host/a?k=v\"", "url = \"http://*****@host/a****\""),
            ("url = \"http://me:p/w@host/\"", "url = \"http://******@host/\""),
            ("url = \"http://me:pw", "url = \"http://*****"),
            ("key = \"-----BEGIN X\"", "key = \"************\""),
            ("secret = \"äb\"", "secret = \"***\""),
            ("abc", "***"),
            ("# secret = \"abc\"", "# …           "),
            ("secret = \"abc\" # by the dashboard\r\n", "secret = \"***\" # …             \r\n"),
            ("secret = \"abc\" #d", "secret = \"***\" # "),
            ("listen = \"a\" # for all", "listen = \"a\" # for all"),
        ];
        for (source, expected) in cases {
            let shown = masked(source);
            assert_eq!(shown, expected, "{source}");
            assert_eq!(shown.len(), source.len(), "{source}");
        }
    }
}
