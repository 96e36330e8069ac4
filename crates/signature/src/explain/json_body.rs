//! The same JSON as other programs would have written it.
//!
//! Numbers and the order of keys are kept as they came, except where the point is to change them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use serde::de::IgnoredAny;

use super::Mistake;
use super::trial::{Candidate, Scene};

/// Larger bodies are not written anew.
const LARGEST: usize = 256 << 10;
/// Nor are those that are nested deeper.
const DEEPEST: usize = 100;

/// The whitespace between the parts.
#[derive(Clone, Copy)]
struct Layout {
    says: &'static str,
    /// What a level is indented by; `None` where all is on one line.
    indent: Option<&'static str>,
    comma: &'static str,
    colon: &'static str,
}

const LAYOUTS: &[Layout] = &[
    Layout { says: "without spaces", indent: None, comma: ",", colon: ":" },
    Layout {
        says: "with a space behind each comma and colon, as Python writes it",
        indent: None,
        comma: ", ",
        colon: ": ",
    },
    Layout { says: "indented by 2 spaces", indent: Some("  "), comma: ",", colon: ": " },
    Layout { says: "indented by 4 spaces", indent: Some("    "), comma: ",", colon: ": " },
    Layout { says: "indented by tabs", indent: Some("\t"), comma: ",", colon: ": " },
    Layout { says: "with a space behind each colon", indent: None, comma: ",", colon: ": " },
];

/// Which characters are escaped within texts.
#[derive(Clone, Copy)]
enum Escapes {
    /// As they came.
    Kept,
    /// As `says`.
    Of { says: &'static str, slash: bool, ascii: Option<Case>, html: bool },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Case {
    Lower,
    Upper,
}

const ESCAPES: &[Escapes] = &[
    Escapes::Kept,
    Escapes::Of { says: "with no needless escapes", slash: false, ascii: None, html: false },
    Escapes::Of { says: "with `/` as `\\/`", slash: true, ascii: None, html: false },
    Escapes::Of {
        says: "with `/` as `\\/` and other letters as `\\uXXXX`, as PHP writes it",
        slash: true,
        ascii: Some(Case::Lower),
        html: false,
    },
    Escapes::Of {
        says: "with other letters as `\\uXXXX`, as Python writes it",
        slash: false,
        ascii: Some(Case::Lower),
        html: false,
    },
    Escapes::Of {
        says: "with `<`, `>` and `&` escaped, as Go writes it",
        slash: false,
        ascii: None,
        html: true,
    },
    Escapes::Of {
        says: "with other letters as `\\uXXXX` in capitals",
        slash: false,
        ascii: Some(Case::Upper),
        html: false,
    },
    Escapes::Of {
        says: "with `/` as `\\/` and other letters as `\\uXXXX` in capitals",
        slash: true,
        ascii: Some(Case::Upper),
        html: false,
    },
];

/// In which order keys stand, how numbers are written, and what comes at the end.
const FORMS: &[(bool, bool, &str)] = &[
    (false, false, ""),
    (false, false, "\n"),
    (false, true, ""),
    (true, false, ""),
    (true, true, ""),
];

/// The same JSON in other styles.
pub(super) fn rewritten<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let body = scene.request.body;
    let document = (scene.is_mismatch() && body.len() <= LARGEST).then(|| Node::read(body));
    let Some(document) = document.flatten() else { return Box::new(std::iter::empty()) };
    let traits = Traits::of(body, &document);
    let mut written = HashSet::new();
    let mut seen = HashSet::new();
    let styles = FORMS.iter().flat_map(|form| {
        LAYOUTS
            .iter()
            .enumerate()
            .flat_map(move |layout| ESCAPES.iter().map(move |escapes| (form, layout, escapes)))
    });
    Box::new(styles.filter_map(move |(&(sorted, plain, end), (index, layout), escapes)| {
        let form = (sorted && traits.is_unsorted, plain && traits.has_fractions, end);
        if !written.insert((form, index, traits.told_apart(escapes))) {
            return None;
        }
        let mut writer = Writer { layout, escapes, sorted, plain, out: String::new() };
        writer.node(&document, 0);
        writer.out.push_str(end);
        let body = writer.out.into_bytes();
        // Hashes suffice: what is taken for a repeat by mistake is one style less.
        let is_new = body != scene.request.body && seen.insert(hash(&body));
        is_new.then(|| {
            Candidate::body(
                Mistake::BodyReserialised,
                sentence(layout, escapes, (sorted, plain, end)),
                body,
            )
        })
    }))
}

/// What a document has that styles write in different ways. Two styles that differ in nothing that
/// it has are one, and are not both written: of a large document that is most of the work.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one document")]
struct Traits {
    /// Escapes, behind which anything may stand.
    has_escapes: bool,
    has_slashes: bool,
    /// Letters beyond ASCII.
    has_letters: bool,
    /// What Go escapes for HTML.
    has_markup: bool,
    /// Numbers that JavaScript may write in another way.
    has_fractions: bool,
    is_unsorted: bool,
}

/// What an [`Escapes`] comes to in a document: whether texts stay as they are, whether slashes are
/// escaped, how letters are, and whether markup is.
type Told = (bool, bool, Option<Case>, bool);

impl Traits {
    fn of(body: &[u8], document: &Node<'_>) -> Self {
        let has_escapes = body.contains(&b'\\');
        let has = |wanted: &[u8]| has_escapes || body.iter().any(|byte| wanted.contains(byte));
        let has_letters = has_escapes || !body.is_ascii();
        Self {
            has_escapes,
            has_slashes: has(b"/"),
            has_letters,
            // Two of the characters that Go escapes are beyond ASCII.
            has_markup: has_letters || has(b"<>&"),
            has_fractions: document.any(&|node| matches!(node, Node::Plain(word) if is_fraction(word))),
            is_unsorted: document.any(&|node| {
                matches!(node, Node::Object(members) if !members.is_sorted_by_key(|(key, _)| *key))
            }),
        }
    }

    fn told_apart(&self, escapes: &Escapes) -> Told {
        match *escapes {
            Escapes::Kept => (self.has_escapes, false, None, false),
            Escapes::Of { slash, ascii, html, .. } => (
                false,
                slash && self.has_slashes,
                ascii.filter(|_| self.has_letters),
                html && self.has_markup,
            ),
        }
    }
}

fn hash(body: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

fn sentence(
    layout: &Layout,
    escapes: &Escapes,
    (sorted, plain, end): (bool, bool, &str),
) -> String {
    let mut says = layout.says.to_owned();
    if let Escapes::Of { says: escaped, .. } = escapes {
        says.push_str(", ");
        says.push_str(escaped);
    }
    if sorted {
        says.push_str(", with its keys sorted");
    }
    if plain {
        says.push_str(", with its numbers as JavaScript writes them");
    }
    if !end.is_empty() {
        says.push_str(", with a line break at its end");
    }
    format!(
        "The body was parsed and written anew: the same JSON was signed in another spelling ({says})."
    )
}

/// A document whose texts and numbers are as they were written.
enum Node<'a> {
    /// A text with its quotes.
    Text(&'a str),
    /// A number or a word.
    Plain(&'a str),
    List(Vec<Node<'a>>),
    Object(Vec<(&'a str, Node<'a>)>),
}

impl<'a> Node<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // From here on it is known to be right, so that reading it can be simple.
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        let mut rest = text;
        let node = Self::value(&mut rest, 0)?;
        matches!(node, Self::List(_) | Self::Object(_)).then_some(node)
    }

    /// Whether this is so of the document or of something in it.
    fn any(&self, is: &dyn Fn(&Self) -> bool) -> bool {
        is(self)
            || match self {
                Self::Text(_) | Self::Plain(_) => false,
                Self::List(items) => items.iter().any(|item| item.any(is)),
                Self::Object(members) => members.iter().any(|(_, value)| value.any(is)),
            }
    }

    fn value(rest: &mut &'a str, depth: usize) -> Option<Self> {
        *rest = rest.trim_start();
        if depth > DEEPEST {
            return None;
        }
        match rest.bytes().next()? {
            b'"' => Some(Self::Text(quoted(rest)?)),
            b'[' => {
                let mut items = Vec::new();
                *rest = rest.strip_prefix('[')?;
                while !ends(rest, ']') {
                    items.push(Self::value(rest, depth + 1)?);
                }
                Some(Self::List(items))
            }
            b'{' => {
                let mut members = Vec::new();
                *rest = rest.strip_prefix('{')?;
                while !ends(rest, '}') {
                    let key = quoted(rest)?;
                    *rest = rest.trim_start().strip_prefix(':')?;
                    members.push((key, Self::value(rest, depth + 1)?));
                }
                Some(Self::Object(members))
            }
            _ => {
                let is_end = |c: char| matches!(c, ',' | ']' | '}') || c.is_whitespace();
                let (word, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
                *rest = after;
                Some(Self::Plain(word))
            }
        }
    }
}

/// Whether a list or an object ends here. Steps over the end, or over a comma.
fn ends(rest: &mut &str, end: char) -> bool {
    *rest = rest.trim_start();
    if let Some(after) = rest.strip_prefix(end) {
        *rest = after;
        return true;
    }
    *rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    rest.is_empty()
}

/// A text with its quotes.
fn quoted<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let mut escaped = false;
    let is_end = |(at, byte): (usize, u8)| {
        let ends = at > 0 && byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    };
    let end = rest.bytes().enumerate().position(is_end)?;
    let (text, after) = rest.split_at_checked(end + 1)?;
    *rest = after;
    Some(text)
}

/// What a text with its quotes says.
fn unescaped(quoted: &str) -> Option<Cow<'_, str>> {
    if quoted.contains('\\') {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    quoted.strip_prefix('"')?.strip_suffix('"').map(Cow::Borrowed)
}

/// Whether a number has a point or an exponent. A word may seem to: it is no number.
fn is_fraction(word: &str) -> bool {
    word.contains(['.', 'e', 'E'])
}

struct Writer<'w> {
    layout: &'w Layout,
    escapes: &'w Escapes,
    sorted: bool,
    plain: bool,
    out: String,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node<'_>, depth: usize) {
        match node {
            Node::Text(text) => self.text(text),
            Node::Plain(word) => self.word(word),
            Node::List(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.separate(index, depth + 1);
                    self.node(item, depth + 1);
                }
                self.close(items.is_empty(), depth, ']');
            }
            Node::Object(members) => {
                self.out.push('{');
                let mut members: Vec<_> = members.iter().collect();
                if self.sorted {
                    members.sort_by_key(|(key, _)| *key);
                }
                for (index, (key, value)) in members.iter().enumerate() {
                    self.separate(index, depth + 1);
                    self.text(key);
                    self.out.push_str(self.layout.colon);
                    self.node(value, depth + 1);
                }
                self.close(members.is_empty(), depth, '}');
            }
        }
    }

    fn separate(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.out.push_str(self.layout.comma);
        }
        self.line(depth);
    }

    fn close(&mut self, is_empty: bool, depth: usize, end: char) {
        if !is_empty {
            self.line(depth);
        }
        self.out.push(end);
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.layout.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(indent, depth));
        }
    }

    /// JavaScript writes `1.0` as `1`.
    fn word(&mut self, word: &str) {
        let number = self.plain.then(|| word.parse::<f64>().ok()).flatten();
        match number {
            Some(number) if number.abs() < 1e21 && is_fraction(word) => {
                self.out.push_str(&number.to_string());
            }
            _ => self.out.push_str(word),
        }
    }

    fn text(&mut self, quoted: &str) {
        let Escapes::Of { slash, ascii, html, .. } = *self.escapes else {
            self.out.push_str(quoted);
            return;
        };
        // Half of a surrogate pair is no text that could be written in another way.
        let Some(text) = unescaped(quoted) else {
            self.out.push_str(quoted);
            return;
        };
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '/' if slash => self.out.push_str("\\/"),
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if html => self.escape(c, Case::Lower),
                c if c < ' ' => self.escape(c, ascii.unwrap_or(Case::Lower)),
                c if !c.is_ascii() => match ascii {
                    Some(case) => self.escape(c, case),
                    None => self.out.push(c),
                },
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, c: char, case: Case) {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let written = match case {
                Case::Lower => write!(self.out, "\\u{unit:04x}"),
                Case::Upper => write!(self.out, "\\u{unit:04X}"),
            };
            debug_assert!(written.is_ok(), "a text takes what is written to it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str, layout: usize, escapes: usize) -> String {
        let document = Node::read(body.as_bytes()).unwrap();
        let mut writer = Writer {
            layout: &LAYOUTS[layout],
            escapes: &ESCAPES[escapes],
            sorted: false,
            plain: false,
            out: String::new(),
        };
        writer.node(&document, 0);
        writer.out
    }

    #[test]
    fn json_is_written_in_other_styles() {
        let body = " {\"b\" : [1.0, -2e3 ,{ },[ ]],\r\n\"a\\\"\":\"h\\u00e9 \u{2665} \\/<\", \"n\":null}\n";
        assert_eq!(
            written(body, 0, 0),
            "{\"b\":[1.0,-2e3,{},[]],\"a\\\"\":\"h\\u00e9 \u{2665} \\/<\",\"n\":null}"
        );
        assert_eq!(
            written(body, 1, 4),
            "{\"b\": [1.0, -2e3, {}, []], \"a\\\"\": \"h\\u00e9 \\u2665 /<\", \"n\": null}"
        );
        assert_eq!(
            written("{\"a\":[1,{\"b\":\"x/y\"}]}", 2, 2),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x\\/y\"\n    }\n  ]\n}"
        );
    }

    /// What is left out as written before would have been the same bytes: all of the styles that
    /// make other bytes of a document are told apart.
    #[test]
    fn styles_are_told_apart_where_a_document_differs() {
        for body in [
            r#"{"a":1,"b":[true,null]}"#,
            r#"{"b":1.0,"a":1e3}"#,
            r#"{"a":"x/y"}"#,
            r#"{"a":"<b>&"}"#,
            "{\"a\":\"h\u{e9} \u{2665} \u{2028}\"}",
            r#"{"a":"\u00e9 \/ \u003c \n"}"#,
            r#"{"b":"\"","a":"x/y < \u2028","n":-1.50}"#,
        ] {
            let document = Node::read(body.as_bytes()).unwrap();
            let traits = Traits::of(body.as_bytes(), &document);
            let mut made = std::collections::HashMap::new();
            for &(sorted, plain, end) in FORMS {
                for (layout, escapes) in
                    LAYOUTS.iter().flat_map(|layout| ESCAPES.iter().map(move |it| (layout, it)))
                {
                    let mut writer = Writer { layout, escapes, sorted, plain, out: String::new() };
                    writer.node(&document, 0);
                    let form = (sorted && traits.is_unsorted, plain && traits.has_fractions, end);
                    let key = (form, layout.says, traits.told_apart(escapes));
                    let before = made.insert(key, writer.out.clone());
                    assert!(before.is_none_or(|before| before == writer.out), "{body}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_json_document_is_left_alone() {
        for body in ["", "1", "\"x\"", "{", "{\"a\":}", "[1,]", "nul", "{\"a\" 1}"] {
            assert!(Node::read(body.as_bytes()).is_none(), "{body}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Node::read(deep.as_bytes()).is_none());
    }
}
