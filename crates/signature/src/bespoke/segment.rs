//! Segment's scheme: HMAC-SHA1 over the body, but over the first event alone where the body is a
//! list of them.
//!
//! Rules by segmentio/segment-docs
//! `src/connections/destinations/catalog/actions-webhook/index.md` and segmentio/action-destinations
//! `packages/destination-actions/src/destinations/webhook/index.ts`.

use serde_json::value::RawValue;

use crate::bespoke::assembled::{MacKeys, in_header, signature, signed_header};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::scheme::{Algorithm, Covers, KeyForm};
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

const HEADER: &str = "x-signature";
const LENGTH: usize = 20;

/// Segment's own way. Whoever has seen one event can send it again as the first of a list of their
/// own, so the body is not protected.
pub(crate) static SEGMENT: Bespoke = Bespoke {
    name: "Segment",
    about: "HMAC-SHA1 over the body, or over its first event alone where it is a list, in hexadecimal",
    headers: &[HEADER],
    covers: Covers { body: false, timestamp: false, id: false, method: false, url: false },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, _| {
        let keys = MacKeys::new(&secrets, KeyForm::Text, Algorithm::HmacSha1)?;
        Ok(Box::new(Segment { keys }))
    },
};

struct Segment {
    keys: MacKeys,
}

impl Prove for Segment {
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let at = in_header(HEADER);
        let claim = signature(signed_header(request, HEADER)?, Encoding::Hex, LENGTH, &at)?;
        if request.body.is_empty() {
            return Err(Rejection::BodyEmpty { at });
        }
        let first = first_event(request.body).unwrap_or(request.body);
        let secret = self
            .keys
            .made(&[&[first], &[request.body]], &[claim])
            .ok_or(Rejection::SignatureMismatch { at })?;
        Ok(Verified { secret, signed_at: None })
    }

    fn sign(&self, request: &Received<'_>, _: &str, _: UnixSeconds) -> Result<Proof, SigningError> {
        let first = first_event(request.body).unwrap_or(request.body);
        let made = self.keys.sign(&[first])?;
        let value = Encoding::Hex.encode(made.as_slice());
        Ok(Proof { headers: vec![(HEADER.into(), value)], ..Proof::default() })
    }
}

/// The first event of a list, as it stands there. Segment signs it before it is put into the list,
/// by the same serialiser, so its bytes are the same.
fn first_event(body: &[u8]) -> Option<&[u8]> {
    let list: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
    list.first().map(|event| event.get().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_event_is_taken_as_it_stands() {
        for (body, expected) in [
            (r#"[{"a":1.50,"b":"\u00e9"},{"c":2}]"#, Some(r#"{"a":1.50,"b":"\u00e9"}"#)),
            (r#" [ {"a": 1} ] "#, Some(r#"{"a": 1}"#)),
            (r#"["x"]"#, Some(r#""x""#)),
            ("[]", None),
            (r#"{"a":1}"#, None),
            (r#"[{"a":1}"#, None),
            ("[\"\u{0}\"]", None),
        ] {
            let found = first_event(body.as_bytes());
            assert_eq!(found, expected.map(str::as_bytes), "{body}");
        }
        assert_eq!(first_event(b"[\"\xff\"]"), None);
    }
}
