//! A request as text, and what may happen to it on its way.
//!
//! The text is the provider's slug, a line of changes, and the request as HTTP/1.1 has it but for
//! the version. Everything can be read as one, so that the fuzzer wastes nothing.

use std::fmt;

use super::split;
use crate::{Received, Verifier};

const USUAL_METHODS: [&str; 6] = ["POST", "GET", "PUT", "HEAD", "OPTIONS", "PATCH"];

/// A request that can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

/// What the fuzzer says.
pub(super) struct Input<'a> {
    pub(super) slug: &'a [u8],
    pub(super) changes: &'a [u8],
    pub(super) request: Request,
}

impl<'a> Input<'a> {
    pub(super) fn read(data: &'a [u8]) -> Self {
        let (slug, rest) = split(data, b'\n');
        let (changes, rest) = split(rest, b'\n');
        let (start, mut rest) = split(rest, b'\n');
        let (method, url) = split(start, b' ');
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut headers = Vec::new();
        while !rest.is_empty() {
            let (line, tail) = split(rest, b'\n');
            rest = tail;
            if line.is_empty() {
                break;
            }
            let (name, value) = split(line, b':');
            headers.push((text(name), value.trim_ascii_start().to_vec()));
        }
        let request =
            Request { method: text(method), url: text(url), headers, body: rest.to_vec() };
        Self { slug, changes, request }
    }
}

impl Request {
    pub(super) fn received(&self) -> Received<'_> {
        Received { method: &self.method, url: &self.url, headers: &self.headers, body: &self.body }
    }

    /// Signs it as the provider would; `None` where it cannot be signed.
    pub(super) fn signed(&self, verifier: &Verifier) -> Option<Self> {
        let proof =
            verifier.sign(&self.received(), super::samples::ID, super::samples::NOW).ok()?;
        let mut signed = self.clone();
        for (name, value) in proof.headers {
            signed.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
            signed.headers.push((name.into_owned(), value.into_bytes()));
        }
        signed.url = proof.url.unwrap_or(signed.url);
        signed.body = proof.body.unwrap_or(signed.body);
        Some(signed)
    }

    /// The value of the first header that is called so, or nothing.
    pub(super) fn header(&self, name: &str) -> &[u8] {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice()).unwrap_or_default()
    }

    /// Changes it, four bytes a change: what is done, where (twice), and with which byte.
    pub(super) fn change(&mut self, changes: &[u8]) {
        for change in changes.chunks_exact(4).take(16) {
            let &[what, first, second, value] = change else { continue };
            let (first, second) = (usize::from(first), usize::from(second));
            match what % 17 {
                0 => edit(&mut self.body, what, first * 256 + second, value),
                1 => self.body.truncate(first * 256 + second),
                2 => self.body.push(value),
                3 => self.body.insert(0, value),
                4 => USUAL_METHODS[second % USUAL_METHODS.len()].clone_into(&mut self.method),
                5 => {
                    let mut url = std::mem::take(&mut self.url).into_bytes();
                    edit(&mut url, first.to_le_bytes()[0], second, value);
                    self.url = String::from_utf8_lossy(&url).into_owned();
                }
                6 => self.url.push(char::from(value)),
                16 => self.take_for_another_type(),
                _ => self.change_headers(what % 17, first, second, value),
            }
        }
    }

    /// Says of a form that it is JSON, and of everything else that it is a form.
    fn take_for_another_type(&mut self) {
        let is_form = self.received().is_form();
        let kind = if is_form { "application/json" } else { "application/x-www-form-urlencoded" };
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        self.headers.insert(0, ("content-type".to_owned(), kind.into()));
    }

    /// Changes a header; counted from the last, since that is where the proof stands.
    fn change_headers(&mut self, what: u8, first: usize, second: usize, value: u8) {
        let Some(last) = self.headers.len().checked_sub(1) else { return };
        let at = last - first % (last + 1);
        let (_, text) = &mut self.headers[at];
        match what {
            7 => edit(text, 0, second, value),
            8 => edit(text, 16, second, value),
            9 => edit(text, 32, second, value),
            10 => drop(self.headers.remove(at)),
            11 => {
                let (name, mut text) = self.headers[at].clone();
                edit(&mut text, 0, second, value);
                self.headers.push((name, text));
            }
            // Shifts the border between what stands in a header and what stands in the body.
            12 => {
                let end = text.split_off(text.len().saturating_sub(second % 16));
                self.body.splice(0..0, end);
            }
            13 => {
                let start: Vec<_> = self.body.drain(..(second % 16).min(self.body.len())).collect();
                text.extend(start);
            }
            14 => {
                let other = last - second % (last + 1);
                let taken = std::mem::take(&mut self.headers[at].1);
                let taken = std::mem::replace(&mut self.headers[other].1, taken);
                self.headers[at].1 = taken;
            }
            _ => text.push(value),
        }
    }
}

/// As HTTP has it, to be read by people.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} {:?}", self.method, self.url)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name:?}: {}", value.escape_ascii())?;
        }
        writeln!(f, "\n{}", self.body.escape_ascii())
    }
}

/// Changes a byte, puts one in, or takes one out.
fn edit(bytes: &mut Vec<u8>, what: u8, at: usize, value: u8) {
    let at = at % (bytes.len() + 1);
    match what / 16 % 3 {
        0 if at < bytes.len() => bytes[at] ^= value,
        1 if at < bytes.len() => drop(bytes.remove(at)),
        _ => bytes.insert(at, value),
    }
}
