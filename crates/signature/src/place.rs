//! Puts a proof where the scheme has it: into a header, the URL or the body.

use serde_json::Value;

use crate::scheme::Place;
use crate::verifier::Proof;
use crate::{Received, SigningError};

/// Adds `value` to the proof, at `place` of a request that looks like this one.
pub(crate) fn put(
    proof: &mut Proof,
    request: &Received<'_>,
    place: &Place,
    value: String,
) -> Result<(), SigningError> {
    match place {
        Place::Header(name) | Place::Pair(name, _) => proof.headers.push((name.clone(), value)),
        Place::Numbered(prefix) => proof.headers.push((format!("{prefix}1").into(), value)),
        Place::Json(pointer) => {
            let body = proof.body.as_deref().unwrap_or(request.body);
            let body = with_json(body, pointer, value);
            proof.body = Some(body.ok_or_else(|| SigningError::NoPlace(place.described()))?);
        }
        Place::Query(name) => proof.url = Some(with_field(request.url, name, &value)),
        Place::Form(name) => {
            let form = std::str::from_utf8(proof.body.as_deref().unwrap_or(request.body));
            let form = form.map_err(|_| SigningError::NoPlace(place.described()))?;
            proof.body = Some(replaced(form, name, &value).into_bytes());
        }
        Place::Field(_) => return Err(SigningError::NoPlace(place.described())),
    }
    Ok(())
}

/// A JSON document with `value` at `pointer`, whose parent must be there. A number stays one.
fn with_json(body: &[u8], pointer: &str, value: String) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(body).ok()?;
    let (parent, key) = pointer.rsplit_once('/')?;
    let object = document.pointer_mut(parent)?.as_object_mut()?;
    let is_number = object.get(key).is_some_and(Value::is_number);
    let number = is_number.then(|| value.parse::<u64>().ok()).flatten();
    object.insert(key.to_owned(), number.map_or(Value::String(value), Value::from));
    serde_json::to_vec(&document).ok()
}

/// A URL whose query has this field once.
fn with_field(url: &str, name: &str, value: &str) -> String {
    let (before, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let (path, query) = before.split_once('?').unwrap_or((before, ""));
    format!("{path}?{}{fragment}", replaced(query, name, value))
}

/// A form that has this field once, at its end.
fn replaced(form: &str, name: &str, value: &str) -> String {
    let is_other = |pair: &&str| {
        !pair.is_empty() && pair.split_once('=').map_or(*pair, |(key, _)| key) != name
    };
    let mut pairs: Vec<_> = form.split('&').filter(is_other).map(str::to_owned).collect();
    pairs.push(format!("{name}={}", escaped(value)));
    pairs.join("&")
}

/// Percent-encoding of everything but letters, digits and `-._~` (RFC 3986, section 2.3).
pub(crate) fn escaped(text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    let mut out = String::with_capacity(text.len());
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&crate::encoding::encode_hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_there_once() {
        assert_eq!(with_field("https://a/b?x=1&t=old#f", "t", "a b"), "https://a/b?x=1&t=a%20b#f");
        assert_eq!(with_field("https://a/b", "t", "1"), "https://a/b?t=1");
        assert_eq!(replaced("t=1&t=2&u", "t", "/"), "u&t=%2F");
        assert_eq!(
            with_json(br#"{"a":{"n":1}}"#, "/a/n", "2".into()).as_deref(),
            Some(&br#"{"a":{"n":2}}"#[..])
        );
        assert_eq!(
            with_json(br#"{"a":{}}"#, "/a/s", "2".into()).as_deref(),
            Some(&br#"{"a":{"s":"2"}}"#[..])
        );
        assert_eq!(with_json(br#"{"a":1}"#, "/a/s", "2".into()), None);
        assert_eq!(with_json(b"no", "/a", "2".into()), None);
    }
}
