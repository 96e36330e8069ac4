//! A request as it arrived, and access to its headers whatever type holds them.

use std::borrow::Cow;

use crate::scheme::Place;
use crate::{Rejection, form, json};

/// Seconds since the Unix epoch. The caller reads the clock; this crate never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);

/// A request as it arrived.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// The method, in upper case as HTTP has it.
    pub method: &'a str,
    /// The public URL with scheme, host and query, byte for byte as the provider requested it:
    /// behind a proxy that ends TLS this is not what the server sees. Only schemes that sign the
    /// URL look at it.
    pub url: &'a str,
    /// The headers.
    pub headers: &'a dyn Headers,
    /// The very bytes that arrived, before any decoding.
    pub body: &'a [u8],
}

/// Access to headers. Names are compared without regard to case; values are raw bytes.
///
/// Implemented for vectors, arrays and slices of pairs. For `http::HeaderMap` it is one line:
/// `self.get_all(name).iter().nth(index).map(|value| value.as_bytes())`.
pub trait Headers {
    /// The value at `index`, counted from 0, among the values of all headers called `name`, in
    /// the order in which they arrived. `name` is in lower case.
    fn value(&self, name: &str, index: usize) -> Option<&[u8]>;
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for &[(N, V)] {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        nth(self, name, index)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        nth(self, name, index)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LENGTH: usize> Headers for [(N, V); LENGTH] {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        nth(self, name, index)
    }
}

fn nth<'a, N: AsRef<str>, V: AsRef<[u8]>>(
    pairs: &'a [(N, V)],
    name: &str,
    index: usize,
) -> Option<&'a [u8]> {
    pairs
        .iter()
        .filter(|(candidate, _)| candidate.as_ref().eq_ignore_ascii_case(name))
        .nth(index)
        .map(|(_, value)| value.as_ref())
}

impl<'a> Received<'a> {
    /// The value of a header that may be there once.
    ///
    /// Twice is refused rather than resolved: proxies and frameworks disagree on whether the
    /// first, the last or the joined value counts, and an attacker picks the pair that differs.
    pub(crate) fn single(&self, name: &str) -> Result<Option<&'a [u8]>, Rejection> {
        if self.headers.value(name, 1).is_some() {
            return Err(Rejection::Ambiguous { at: format!("header `{name}`").into() });
        }
        Ok(self.headers.value(name, 0))
    }

    /// What stands at a place that may be there once. Nothing for [`Place::Field`], which only the
    /// signature's own value has.
    pub(crate) fn at(&self, place: &Place) -> Result<Option<Cow<'a, [u8]>>, Rejection> {
        match place {
            Place::Header(name) => Ok(self.single(name)?.map(Cow::Borrowed)),
            Place::Numbered(prefix) => Ok(self.single(&format!("{prefix}1"))?.map(Cow::Borrowed)),
            Place::Pair(first, second) => {
                Ok(self.single(first)?.or(self.single(second)?).map(Cow::Borrowed))
            }
            Place::Json(pointer) => {
                Ok(json::find(self.body, pointer).map(|text| text.into_bytes().into()))
            }
            Place::Query(name) => once(self.query().as_bytes(), name, place),
            Place::Form(name) if self.is_form() => once(self.body, name, place),
            Place::Form(_) | Place::Field(_) => Ok(None),
        }
    }

    /// The body or, where it is a form, the value of its only field, `payload`.
    pub(crate) fn payload(&self) -> Option<Cow<'a, [u8]>> {
        if !self.is_form() {
            return Some(Cow::Borrowed(self.body));
        }
        let mut fields = form::pairs(self.body);
        let (name, value) = fields.next()?;
        (&*name == b"payload" && fields.next().is_none()).then_some(value)
    }

    /// Whether the body says it is an HTML form.
    pub(crate) fn is_form(&self) -> bool {
        self.is_of_type(b"application/x-www-form-urlencoded")
    }

    /// Whether the body says it is of this media type, whatever its parameters.
    pub(crate) fn is_of_type(&self, wanted: &[u8]) -> bool {
        let Some(value) = self.headers.value("content-type", 0) else { return false };
        let essence = value.split(|&byte| byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(wanted)
    }

    /// The URL's query without the question mark, empty where there is none.
    pub(crate) fn query(&self) -> &'a str {
        let whole = self.url.split_once('#').map_or(self.url, |(before, _)| before);
        whole.split_once('?').map_or("", |(_, query)| query)
    }

    /// The URL's path, without scheme, host and query; `/` where the URL has none.
    pub(crate) fn path(&self) -> &'a str {
        let rest = self.url.split_once("://").map_or(self.url, |(_, rest)| rest);
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let rest = rest.get(..end).unwrap_or(rest);
        rest.find('/').and_then(|start| rest.get(start..)).unwrap_or("/")
    }
}

/// The one field of a form that is called `name`.
fn once<'a>(form: &'a [u8], name: &str, place: &Place) -> Result<Option<Cow<'a, [u8]>>, Rejection> {
    let mut found =
        form::pairs(form).filter(|(key, _)| **key == *name.as_bytes()).map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() {
        return Err(Rejection::Ambiguous { at: place.described() });
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Received<'_> {
        const NONE: &[(&str, &str); 0] = &[];
        Received { method: "POST", url, headers: NONE, body: b"" }
    }

    #[test]
    fn urls_are_cut_without_being_rewritten() {
        for (url, path, query) in [
            ("https://example.com", "/", ""),
            ("https://example.com?a=1", "/", "a=1"),
            ("https://example.com/a%2fb/?x=%27&y#z", "/a%2fb/", "x=%27&y"),
            ("/only/path?q", "/only/path", "q"),
            ("https://[::1]:8443/p", "/p", ""),
        ] {
            assert_eq!((at(url).path(), at(url).query()), (path, query), "{url}");
        }
    }

    #[test]
    fn header_names_have_no_case_and_values_keep_their_order() {
        let pairs = vec![("X-A".to_owned(), b"1".to_vec()), ("x-a".to_owned(), vec![0xff])];
        assert_eq!(pairs.value("x-a", 0), Some(&b"1"[..]));
        assert_eq!(pairs.value("x-a", 1), Some(&[0xff][..]));
        assert_eq!(pairs.value("x-a", 2), None);
    }
}
