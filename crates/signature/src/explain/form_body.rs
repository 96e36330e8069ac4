//! Forms that something parsed before the signature was checked.

use std::fmt::Write as _;

use serde_json::Value;

use super::Mistake;
use super::trial::{Candidate, Change, Scene};
use crate::{form, json};

/// Larger forms are not written anew.
const LARGEST: usize = 1 << 20;
const FORM: &str = "application/x-www-form-urlencoded";

/// How form fields are escaped: what stays as it is beside letters and digits, and the rest.
struct Escapes {
    plain: &'static [u8],
    space: &'static str,
    upper: bool,
}

/// As browsers, as PHP and Python, as `encodeURIComponent`, as RFC 3986 has it, as .NET.
const ESCAPES: &[Escapes] = &[
    Escapes { plain: b"*-._", space: "+", upper: true },
    Escapes { plain: b"-._", space: "+", upper: true },
    Escapes { plain: b"-._~", space: "+", upper: true },
    Escapes { plain: b"-_.!~*'()", space: "%20", upper: true },
    Escapes { plain: b"-._~", space: "%20", upper: true },
    Escapes { plain: b"-_.!*()", space: "+", upper: false },
];

/// What a form may have been before it was parsed.
pub(super) fn parsed<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let body = scene.request.body;
    if !scene.is_mismatch() || body.len() > LARGEST || body.is_empty() {
        return Box::new(std::iter::empty());
    }
    let is_form = scene.request.is_form();
    let payload = is_form.then(|| form::field(body, "payload")).flatten().map(|payload| {
        let says = "The sender signs the value of the form's field `payload`, not the form.";
        Candidate::body(Mistake::FormParsed, says, payload.into_owned())
    });
    let untyped = (!is_form && body.contains(&b'=')).then(|| {
        let says = "The body is a form, but its content type does not say so.";
        let headers = vec![("content-type".into(), FORM.into())];
        let change = Change { headers, ..Change::default() };
        Candidate::new(Mistake::ContentTypeLost, says, change)
    });
    let wrapped = ESCAPES.iter().map(|escapes| {
        let says = "The body is the value of the form's field `payload`; what was signed is the whole form.";
        as_form(says, joined(&[(b"payload".to_vec(), body.to_vec())], escapes))
    });
    let fields = if is_form { pairs(body) } else { flat(body).unwrap_or_default() };
    let mut sorted = fields.clone();
    sorted.sort();
    let rewritten = [fields, sorted].into_iter().flat_map(move |fields| {
        let says = if is_form {
            "The form was parsed and written anew, with other escapes or in another order."
        } else {
            "The body is a form that was parsed and written as JSON."
        };
        let usable = !fields.is_empty();
        ESCAPES
            .iter()
            .filter(move |_| usable)
            .map(move |escapes| as_form(says, joined(&fields, escapes)))
    });
    let others = payload.into_iter().chain(untyped).chain(wrapped).chain(rewritten);
    Box::new(others.filter(|candidate| candidate.change.body.as_deref() != Some(body)))
}

fn as_form(says: &'static str, body: String) -> Candidate {
    let mut candidate = Candidate::body(Mistake::FormParsed, says, body.into_bytes());
    candidate.change.headers.push(("content-type".into(), FORM.into()));
    candidate
}

type Field = (Vec<u8>, Vec<u8>);

fn pairs(body: &[u8]) -> Vec<Field> {
    form::pairs(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// The members of a JSON object of texts and numbers.
fn flat(body: &[u8]) -> Option<Vec<Field>> {
    let field = |(name, value): (String, Value)| {
        let value = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some((name.into_bytes(), value.into_bytes()))
    };
    json::members(body)?.into_iter().map(field).collect()
}

fn joined(fields: &[Field], escapes: &Escapes) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape(name, escapes, &mut text);
        text.push('=');
        escape(value, escapes, &mut text);
    }
    text
}

fn escape(bytes: &[u8], escapes: &Escapes, text: &mut String) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || escapes.plain.contains(&byte) {
            text.push(char::from(byte));
        } else if byte == b' ' {
            text.push_str(escapes.space);
        } else {
            let written = if escapes.upper {
                write!(text, "%{byte:02X}")
            } else {
                write!(text, "%{byte:02x}")
            };
            debug_assert!(written.is_ok(), "a text takes what is written to it");
        }
    }
}
