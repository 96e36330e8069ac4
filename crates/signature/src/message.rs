//! What is signed, fed part by part into a hash: the request is never copied for it.

use crate::key::Sink;
use crate::scheme::{Part, Place, Text};
use crate::{Received, Rejection, form, json};

/// What is missing where a body is not called a form.
pub(crate) const IN_FORM: Text = Text::Borrowed("form in the body");

/// The request with the two parts that stand in different places in different schemes.
pub(crate) struct Input<'a> {
    pub(crate) request: &'a Received<'a>,
    pub(crate) timestamp: &'a [u8],
    pub(crate) id: &'a [u8],
}

/// Refuses a request in which something that is signed is missing, or a header is there twice.
pub(crate) fn require(parts: &[Part], request: &Received<'_>) -> Result<(), Rejection> {
    for part in parts {
        let place = match part {
            Part::Header(name) => Place::Header(name.clone()),
            Part::Json(pointer) => Place::Json(pointer.clone()),
            Part::Payload if request.payload().is_none() => {
                let at = "form field `payload`, the only one of its form,".into();
                return Err(Rejection::SignedPartMissing { at });
            }
            Part::SortedForm(list) => {
                require_form(list.as_ref(), request)?;
                continue;
            }
            _ => continue,
        };
        if request.at(&place)?.is_none() {
            return Err(Rejection::SignedPartMissing { at: place.described() });
        }
    }
    Ok(())
}

/// Refuses a body that is not called a form, since nothing in it would be read as what was signed,
/// and one without the list that shows where the fields beside it end.
fn require_form(list: Option<&Text>, request: &Received<'_>) -> Result<(), Rejection> {
    let missing = |at| Err(Rejection::SignedPartMissing { at });
    if !request.is_form() {
        return missing(IN_FORM);
    }
    let Some(name) = list else { return Ok(()) };
    let place = Place::Form(name.clone());
    match request.at(&place)? {
        Some(value) if json::is_list(&value) => Ok(()),
        Some(_) => missing(format!("JSON list in the {}", place.described()).into()),
        None => missing(place.described()),
    }
}

/// Says what is signed. Whether everything is there has been looked at by [`require`].
pub(crate) fn feed(parts: &[Part], input: &Input<'_>, sink: Sink<'_>) {
    for part in parts {
        sink(match part {
            Part::Literal(text) => text.as_bytes(),
            Part::Body => input.request.body,
            Part::Timestamp => input.timestamp,
            Part::Id => input.id,
            Part::Method => input.request.method.as_bytes(),
            Part::Url => input.request.url.as_bytes(),
            Part::UnescapedUrl(plain) => {
                sink(unescaped(input.request.url, plain).as_bytes());
                continue;
            }
            Part::Path => input.request.path().as_bytes(),
            Part::Header(name) => input.request.headers.value(name, 0).unwrap_or_default(),
            Part::Json(pointer) => {
                sink(json::find(input.request.body, pointer).unwrap_or_default().as_bytes());
                continue;
            }
            Part::Payload => {
                sink(&input.request.payload().unwrap_or_default());
                continue;
            }
            Part::SortedForm(_) => {
                let mut pairs: Vec<_> = form::pairs(input.request.body).collect();
                pairs.sort();
                for (name, value) in &pairs {
                    sink(name);
                    sink(value);
                }
                continue;
            }
        });
    }
}

/// `url` with these characters, which are ASCII, written plainly where they are percent-encoded.
/// Other escapes stay as they are.
fn unescaped(url: &str, plain: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, escape)) = rest.split_once('%') {
        out.push_str(before);
        let code = escape.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let letter = code.and_then(|code| u8::from_str_radix(code, 16).ok()).map(char::from);
        if let Some(letter) = letter.filter(|letter| plain.contains(*letter)) {
            out.push(letter);
            rest = escape.get(2..).unwrap_or_default();
        } else {
            out.push('%');
            rest = escape;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_escapes_that_are_named_are_undone() {
        for (url, expected) in [
            ("https://a/b?c=%3a%2F%20d%25", "https://a/b?c=:/%20d%25"),
            ("%", "%"),
            ("%3", "%3"),
            ("%3A%3", ":%3"),
            ("%%3A", "%:"),
            ("%+A%é", "%+A%é"),
            ("", ""),
        ] {
            assert_eq!(unescaped(url, ":/"), expected, "{url}");
        }
    }
}
