//! Verifies and makes signatures over parts of a request: the engine behind most providers.

use std::borrow::Cow;

use crate::carrier::{self, Claims, Kinds};
use crate::key::{Key, Kind};
use crate::message::{self, Input};
use crate::place;
use crate::scheme::{Format, Part, Place, Signed};
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

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
            return Err(Rejection::BodyEmpty { at: claims.at() });
        }
        let id = self.id(request)?;
        let timestamp = self.timestamp(request, &claims)?;
        message::require(&self.scheme.message, request)?;

        let text = timestamp.as_ref().map_or(&b""[..], |(text, _)| text);
        let input = Input { request, timestamp: text, id };
        let feed = |sink: &mut dyn FnMut(&[u8])| message::feed(&self.scheme.message, &input, sink);
        let made = |key: &Key| key.made_any(&claims, self.scheme.algorithm, &feed);
        let Some(secret) = self.keys.iter().position(made) else {
            return Err(Rejection::SignatureMismatch { at: claims.at() });
        };

        if let (Some(scheme), Some((text, _))) = (&self.scheme.timestamp, &timestamp)
            && self.has_bare_timestamp()
            && !scheme.unit.is_whole(text)
        {
            let (at, expected) = (scheme.place.described(), scheme.unit.expected_whole());
            return Err(Rejection::TimestampMalformed { at, expected });
        }

        // Only now: an unsigned timestamp proves nothing, and "outside the window" must mean
        // "signed, but old".
        let signed_at = timestamp.map(|(_, seconds)| seconds);
        check_age(signed_at, now, self.tolerance)?;
        Ok(Verified { secret, signed_at })
    }

    fn kinds(&self) -> Kinds {
        let has = |kind| self.keys.iter().any(|key| key.kind(self.scheme.algorithm) == kind);
        Kinds { main: has(Kind::Main), ed25519: has(Kind::Ed25519) }
    }

    fn id<'a>(&self, request: &Received<'a>) -> Result<&'a [u8], Rejection> {
        let Some(header) = &self.scheme.id else { return Ok(b"") };
        let at = || format!("header `{header}`").into();
        match request.single(header)? {
            None => Err(Rejection::IdMissing { at: at() }),
            Some(id) if is_id(id) => Ok(id),
            Some(_) => Err(Rejection::IdMalformed { at: at() }),
        }
    }

    fn timestamp<'a>(
        &self,
        request: &Received<'a>,
        claims: &Claims<'a>,
    ) -> Result<Option<Time<'a>>, Rejection> {
        let Some(timestamp) = &self.scheme.timestamp else { return Ok(None) };
        let (at, text, label) = match &timestamp.place {
            Place::Field(name) => (&claims.carrier.place, claims.timestamp.clone(), Some(name)),
            place => (place, request.at(place)?, None),
        };
        let text = text.ok_or_else(|| {
            let at = at.described();
            let at =
                label.map_or(at.clone(), |name| format!("{at}, which has no `{name}=`").into());
            Rejection::TimestampMissing { at }
        })?;
        let time = timestamp.unit.read(&text).ok_or_else(|| Rejection::TimestampMalformed {
            at: at.described(),
            expected: timestamp.unit.expected(),
        })?;
        Ok(Some((text, time)))
    }

    /// Whether nothing separates the time from the part beside it, so that the border between them
    /// could be moved: with some of the time's digits in the body, what is signed is the same.
    fn has_bare_timestamp(&self) -> bool {
        let is_fixed = |part: &Part| matches!(part, Part::Literal(_));
        self.scheme
            .message
            .windows(2)
            .any(|pair| pair.contains(&Part::Timestamp) && !pair.iter().any(is_fixed))
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
        let mut proof = Proof::default();
        let time = self.scheme.timestamp.as_ref();
        let text = time.map(|time| time.unit.write(now)).unwrap_or_default();
        // A time in the body is part of what is signed, so it goes in first.
        if let Some(place @ Place::Json(_)) = time.map(|time| &time.place) {
            place::put(&mut proof, request, place, text.clone())?;
        }
        let body = proof.body.clone();
        let request = Received { body: body.as_deref().unwrap_or(request.body), ..*request };
        message::require(&self.scheme.message, &request).map_err(|rejection| match rejection {
            Rejection::SignedPartMissing { at } | Rejection::Ambiguous { at } => {
                SigningError::PartMissing(at)
            }
            _ => SigningError::Failed,
        })?;
        let input = Input { request: &request, timestamp: text.as_bytes(), id: id.as_bytes() };
        let signature = self.signature_value(&input, &text)?;

        if let Some(header) = &self.scheme.id {
            proof.headers.push((header.clone(), id.to_owned()));
        }
        if let Some(Place::Header(header)) = time.map(|time| &time.place) {
            proof.headers.push((header.clone(), text));
        }
        place::put(&mut proof, &request, &self.scheme.carrier.place, signature)?;
        Ok(proof)
    }

    /// The signature's value. A list is signed with every key, so that the receiver can go over
    /// from one secret to the next; where there is room for one signature, the first key makes it.
    fn signature_value(&self, input: &Input<'_>, time: &str) -> Result<String, SigningError> {
        let feed = |sink: &mut dyn FnMut(&[u8])| message::feed(&self.scheme.message, input, sink);
        let sign =
            |key: &Key| key.sign(&feed).map(|bytes| self.scheme.encoding.encode(bytes.as_slice()));
        let first = || self.keys.first().ok_or(SigningError::NoPrivateKey).and_then(sign);
        let all = || self.keys.iter().map(sign).collect::<Result<Vec<_>, _>>();

        Ok(match &self.scheme.carrier.format {
            Format::Prefixed(prefix) => format!("{prefix}{}", first()?),
            Format::Bare { .. } => first()?,
            Format::Fields { signature, between, .. } => {
                let place = self.scheme.timestamp.as_ref().map(|timestamp| &timestamp.place);
                let mut fields = Vec::new();
                if let Some(Place::Field(name)) = place {
                    fields.push(format!("{name}={time}"));
                }
                fields.extend(all()?.iter().map(|made| format!("{signature}={made}")));
                fields.join(between.get(..1).unwrap_or(","))
            }
            Format::Versions { version, ed25519, glue } => {
                let mut entries = Vec::new();
                for key in &self.keys {
                    let is_main = key.kind(self.scheme.algorithm) == Kind::Main;
                    let tag = if is_main { version } else { ed25519 };
                    entries.push(format!("{tag}{glue}{}", sign(key)?));
                }
                entries.join(" ")
            }
            Format::List { between } => all()?.join(&between.to_string()),
            Format::TimeFirst { between } => {
                let mut entries = vec![time.to_owned()];
                entries.extend(all()?);
                entries.join(&between.to_string())
            }
        })
    }
}

/// A timestamp as text, which is what is signed, and as a time.
type Time<'a> = (Cow<'a, [u8]>, UnixSeconds);

/// Refuses what was signed too long ago, or will have been.
pub(crate) fn check_age(
    signed_at: Option<UnixSeconds>,
    now: UnixSeconds,
    tolerance: Option<u64>,
) -> Result<(), Rejection> {
    let (Some(signed_at), Some(tolerance)) = (signed_at, tolerance) else { return Ok(()) };
    if now.0.abs_diff(signed_at.0) <= tolerance {
        return Ok(());
    }
    let difference = i64::try_from(now.0.abs_diff(signed_at.0)).unwrap_or(i64::MAX);
    let seconds = if now < signed_at { -difference } else { difference };
    Err(Rejection::TimestampOutsideWindow { seconds, tolerance })
}

/// A dot would let an attacker move the border between the id and what follows it.
pub(crate) fn is_id(id: &[u8]) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_shift_what_is_signed() {
        assert!(is_id(b"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W") && is_id(&[b'a'; 255]));
        for id in [&b""[..], b"a.b", b"a b", b"a\n", b"\x7f", b"\xc3\xa9", &[b'a'; 256]] {
            assert!(!is_id(id), "{id:?}");
        }
    }
}
