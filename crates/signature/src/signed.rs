//! Verifies and makes signatures over parts of a request: the engine behind most providers.

use crate::carrier::{self, Claims, Kinds};
use crate::key::{Key, Kind};
use crate::message::{self, Input};
use crate::scheme::{Format, Place, Signed, Text};
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

/// Seconds with more digits than this lie some 30,000 years ahead.
const MOST_TIMESTAMP_DIGITS: usize = 12;
const LONGEST_ID: usize = 255;

/// A scheme with its keys.
pub(crate) struct KeyedScheme {
    pub(crate) scheme: Signed,
    pub(crate) keys: Vec<Key>,
    pub(crate) tolerance: Option<u64>,
}

impl KeyedScheme {
    pub(crate) fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
    ) -> Result<Verified, Rejection> {
        let claims = carrier::read(&self.scheme, self.kinds(), request)?;
        if self.scheme.refuses_empty_body && request.body.is_empty() {
            return Err(Rejection::BodyEmpty { header: claims.header.clone() });
        }
        let id = self.id(request)?;
        let timestamp = self.timestamp(request, &claims)?;
        message::require_headers(&self.scheme.message, request)?;

        let text = timestamp.map_or(&b""[..], |(text, _)| text);
        let input = Input { request, timestamp: text, id };
        let feed = |sink: &mut dyn FnMut(&[u8])| message::feed(&self.scheme.message, &input, sink);
        let maker = self.keys.iter().position(|key| key.made_any(claims.signatures(), &feed));
        let Some(secret) = maker else {
            return Err(Rejection::SignatureMismatch { header: claims.header.clone() });
        };

        // Only now: an unsigned timestamp proves nothing, and "outside the window" must mean
        // "signed, but old".
        let signed_at = timestamp.map(|(_, seconds)| seconds);
        self.check_age(signed_at, now)?;
        Ok(Verified { secret, signed_at })
    }

    fn kinds(&self) -> Kinds {
        let has = |kind| self.keys.iter().any(|key| key.kind() == kind);
        Kinds { main: has(Kind::Main), ed25519: has(Kind::Ed25519) }
    }

    fn id<'a>(&self, request: &Received<'a>) -> Result<&'a [u8], Rejection> {
        let Some(header) = &self.scheme.id else { return Ok(b"") };
        match request.single(header)? {
            None => Err(Rejection::IdMissing { header: header.clone() }),
            Some(id) if is_id(id) => Ok(id),
            Some(_) => Err(Rejection::IdMalformed { header: header.clone() }),
        }
    }

    /// The timestamp as text, which is what is signed, and as a number.
    fn timestamp<'a>(
        &self,
        request: &Received<'a>,
        claims: &Claims<'a>,
    ) -> Result<Option<(&'a [u8], UnixSeconds)>, Rejection> {
        let Some(timestamp) = &self.scheme.timestamp else { return Ok(None) };
        let (header, text) = match &timestamp.place {
            Place::Header(header) => (header, request.single(header)?),
            Place::Field(_) => (claims.header, claims.timestamp),
        };
        let text = text.ok_or_else(|| Rejection::TimestampMissing { header: header.clone() })?;
        let seconds = seconds(text)
            .ok_or_else(|| Rejection::TimestampMalformed { header: header.clone() })?;
        Ok(Some((text, seconds)))
    }

    fn check_age(&self, signed_at: Option<UnixSeconds>, now: UnixSeconds) -> Result<(), Rejection> {
        let (Some(signed_at), Some(tolerance)) = (signed_at, self.tolerance) else { return Ok(()) };
        if now.0.abs_diff(signed_at.0) <= tolerance {
            return Ok(());
        }
        let difference = i64::try_from(now.0.abs_diff(signed_at.0)).unwrap_or(i64::MAX);
        let seconds = if now < signed_at { -difference } else { difference };
        Err(Rejection::TimestampOutsideWindow { seconds, tolerance })
    }

    pub(crate) fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        if self.scheme.id.is_some() && !is_id(id.as_bytes()) {
            return Err(SigningError::IdMalformed);
        }
        message::require_headers(&self.scheme.message, request).map_err(
            |rejection| match rejection {
                Rejection::SignedHeaderMissing { header } | Rejection::Ambiguous { header } => {
                    SigningError::HeaderMissing(header)
                }
                _ => SigningError::Failed,
            },
        )?;
        let timestamp = now.0.to_string();
        let input = Input { request, timestamp: timestamp.as_bytes(), id: id.as_bytes() };
        let signature = self.signature_value(&input, &timestamp)?;

        let mut headers = Vec::new();
        if let Some(header) = &self.scheme.id {
            headers.push((header.clone(), id.to_owned()));
        }
        if let Some(Place::Header(header)) =
            self.scheme.timestamp.as_ref().map(|timestamp| &timestamp.place)
        {
            headers.push((header.clone(), timestamp));
        }
        headers.extend(signature);
        Ok(Proof { headers, url: None })
    }

    /// The signature's header. A list is signed with every key, so that the receiver can go over
    /// from one secret to the next; where there is room for one signature, the first key makes it.
    fn signature_value(
        &self,
        input: &Input<'_>,
        timestamp: &str,
    ) -> Result<Option<(Text, String)>, SigningError> {
        let Some(carrier) = self.scheme.carriers.first() else { return Ok(None) };
        let feed = |sink: &mut dyn FnMut(&[u8])| message::feed(&self.scheme.message, input, sink);
        let sign =
            |key: &Key| key.sign(&feed).map(|bytes| self.scheme.encoding.encode(bytes.as_slice()));
        let first = || self.keys.first().ok_or(SigningError::NoPrivateKey).and_then(sign);

        let value = match &carrier.format {
            Format::Prefixed(prefix) => format!("{prefix}{}", first()?),
            Format::Bare { .. } => first()?,
            Format::Fields { signature, .. } => {
                let mut fields = Vec::new();
                if let Some(Place::Field(name)) =
                    self.scheme.timestamp.as_ref().map(|timestamp| &timestamp.place)
                {
                    fields.push(format!("{name}={timestamp}"));
                }
                for key in &self.keys {
                    fields.push(format!("{signature}={}", sign(key)?));
                }
                fields.join(",")
            }
            Format::Versions { version, ed25519 } => {
                let mut entries = Vec::new();
                for key in &self.keys {
                    let tag = if key.kind() == Kind::Main { version } else { ed25519 };
                    entries.push(format!("{tag},{}", sign(key)?));
                }
                entries.join(" ")
            }
        };
        Ok(Some((carrier.header.clone(), value)))
    }
}

/// Reads digits and nothing else: no sign, no space, no fraction.
fn seconds(text: &[u8]) -> Option<UnixSeconds> {
    let fits = (1..=MOST_TIMESTAMP_DIGITS).contains(&text.len());
    if !fits || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok().map(UnixSeconds)
}

/// A dot would let an attacker move the border between the id and what follows it.
fn is_id(id: &[u8]) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_digits_only() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1700000000", Some(1_700_000_000)),
            ("999999999999", Some(999_999_999_999)),
        ] {
            assert_eq!(seconds(text.as_bytes()).map(|seconds| seconds.0), expected);
        }
        for text in [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1.0",
            "1e10",
            "1700000000000",
            "12345678901234567890",
            "１７",
            "0x1",
            "abc",
        ] {
            assert_eq!(seconds(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn ids_cannot_shift_what_is_signed() {
        assert!(is_id(b"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W") && is_id(&[b'a'; 255]));
        for id in [&b""[..], b"a.b", b"a b", b"a\n", b"\x7f", b"\xc3\xa9", &[b'a'; 256]] {
            assert!(!is_id(id), "{id:?}");
        }
    }
}
