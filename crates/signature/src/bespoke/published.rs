//! What the schemes have in common whose keys the provider publishes.

use crate::der;
use crate::encoding::{Encoding, Octets, decode_lenient};
use crate::public_key::without_armour;
use crate::scheme::{Text, Unit};
use crate::{ConfigurationError, Received, Rejection, Secret, UnixSeconds};

/// The keys of a scheme: those that are configured or, where there are none, those that were
/// fetched.
pub(super) struct Keys<K> {
    configured: Vec<K>,
    /// Reads what was fetched.
    read: fn(&[u8]) -> Option<Vec<K>>,
}

impl<K> Keys<K> {
    /// Makes the configured keys ready.
    pub(super) fn new(
        secrets: &[Secret],
        parse: fn(&[u8]) -> Result<K, ConfigurationError>,
        read: fn(&[u8]) -> Option<Vec<K>>,
    ) -> Result<Self, ConfigurationError> {
        let configured = secrets.iter().map(|secret| parse(secret.bytes()));
        Ok(Self { configured: configured.collect::<Result<_, _>>()?, read })
    }

    /// Whether they have to be fetched.
    pub(super) fn are_fetched(&self) -> bool {
        self.configured.is_empty()
    }

    /// Which of the keys made the signature that stands in `at`: the place of a configured one, 0
    /// for one that was fetched. `named` is what says which key to fetch.
    pub(super) fn find(
        &self,
        fetched: Option<&[u8]>,
        (at, named): (Text, Text),
        made: impl Fn(&K) -> bool,
    ) -> Result<usize, Rejection> {
        let found = if self.are_fetched() {
            let keys = fetched.and_then(self.read).filter(|keys| !keys.is_empty());
            let keys = keys.ok_or(Rejection::KeyUnavailable { at: named })?;
            keys.iter().any(made).then_some(0)
        } else {
            self.configured.iter().position(made)
        };
        found.ok_or(Rejection::SignatureMismatch { at })
    }

    /// The key to sign with.
    pub(super) fn first(&self) -> Option<&K> {
        self.configured.first()
    }
}

/// Refuses a certificate that was fetched and has expired: whoever finds its old key could sign by
/// it for as long as it can be fetched, and no TLS says a word about that.
pub(super) fn check_certificate(
    fetched: Option<&[u8]>,
    now: UnixSeconds,
    named: Text,
) -> Result<(), Rejection> {
    let der = fetched.and_then(|pem| decode_lenient(&without_armour(pem)));
    match der.and_then(|der| der::certificate_end(&der)) {
        None => Err(Rejection::KeyUnavailable { at: named }),
        Some(end) if end < now => Err(Rejection::KeyExpired { at: named }),
        Some(_) => Ok(()),
    }
}

/// What a header is called in a sentence.
pub(super) fn header_text(name: &'static str) -> Text {
    format!("header `{name}`").into()
}

/// The value of a header that is signed: there once, and visible ASCII.
pub(super) fn signed_header<'a>(
    request: &Received<'a>,
    name: &'static str,
) -> Result<&'a str, Rejection> {
    let value = request.single(name)?;
    let value = value.ok_or_else(|| Rejection::SignedPartMissing { at: header_text(name) })?;
    text(value).ok_or_else(|| Rejection::SignatureMalformed {
        at: header_text(name),
        why: "what is signed beside it is not visible ASCII",
    })
}

/// The value of the header that carries the signature, as text.
pub(super) fn signature_text<'a>(
    request: &Received<'a>,
    name: &'static str,
) -> Result<&'a str, Rejection> {
    let malformed = |why| Rejection::SignatureMalformed { at: header_text(name), why };
    match request.single(name)? {
        None => Err(Rejection::SignatureMissing { at: header_text(name) }),
        Some([]) => Err(malformed("it is empty")),
        Some(value) => text(value).ok_or_else(|| malformed("it is not visible ASCII")),
    }
}

/// The signature that a header is.
pub(super) fn signature(
    request: &Received<'_>,
    name: &'static str,
    encoding: Encoding,
) -> Result<Octets, Rejection> {
    let text = signature_text(request, name)?;
    encoding.decode(text.as_bytes()).ok_or_else(|| Rejection::SignatureMalformed {
        at: header_text(name),
        why: encoding.expected(),
    })
}

/// The time in a header that is signed, as it stands there and read.
pub(super) fn signed_time<'a>(
    request: &Received<'a>,
    name: &'static str,
    unit: Unit,
) -> Result<(&'a str, UnixSeconds), Rejection> {
    let at = || header_text(name);
    let value = request.single(name)?.ok_or_else(|| Rejection::TimestampMissing { at: at() })?;
    let malformed = || Rejection::TimestampMalformed { at: at(), expected: unit.expected() };
    let text = text(value).ok_or_else(malformed)?;
    Ok((text, unit.read(value).ok_or_else(malformed)?))
}

fn text(value: &[u8]) -> Option<&str> {
    let is_visible = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    std::str::from_utf8(value).ok().filter(|_| value.iter().all(is_visible))
}

/// Whether this can be the name of a key: it goes into a URL, and into nothing else than that.
pub(super) fn is_key_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=128).contains(&name.len()) && name.bytes().all(is_plain)
}
