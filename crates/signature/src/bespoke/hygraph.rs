//! Hygraph's scheme: HMAC-SHA256 over a JSON document that holds the body as text, the environment
//! and the time.
//!
//! Rules by the npm package `@hygraph/utils` 1.2.1 and
//! <https://hygraph.com/docs/api-reference/basics/webhooks>.

use crate::bespoke::assembled::{Fields, MacKeys, signature};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::scheme::{Algorithm, Covers, KeyForm, Unit};
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

const HEADER: &str = "gcms-signature";
const LENGTH: usize = 32;

/// Hygraph's own way. Its library looks at no time, so none is enforced unless it is configured.
pub(crate) static HYGRAPH: Bespoke = Bespoke {
    name: "Hygraph",
    about: "HMAC-SHA256 over a JSON document of the body, the environment and the time, in base64 (`sign=…, env=…, t=…`)",
    headers: &[HEADER],
    covers: Covers { body: true, timestamp: true, id: false, method: false, url: false },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, options| {
        let keys = MacKeys::new(&secrets, KeyForm::Text, Algorithm::HmacSha256)?;
        Ok(Box::new(Hygraph { keys, tolerance: options.tolerance }))
    },
};

struct Hygraph {
    keys: MacKeys,
    tolerance: Option<u64>,
}

impl Prove for Hygraph {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let fields = Fields::read(request, HEADER)?;
        let claim = fields
            .one("sign")?
            .ok_or_else(|| Rejection::SignatureMissing { at: fields.at().clone() })?;
        let claim = signature(claim, Encoding::Base64, LENGTH, fields.at())?;
        let (time, signed_at) = fields.time("t", Unit::Milliseconds)?;
        let missing = |what: &str| Rejection::SignedPartMissing { at: what.to_owned().into() };
        let environment = fields.one("env")?.and_then(quoted);
        let environment = environment.ok_or_else(|| missing("environment in the signature"))?;
        let body = quoted(request.body).ok_or_else(|| missing("body as UTF-8 text"))?;
        let message = message(&body, &environment, time);
        let secret = self
            .keys
            .made(&[&message], &[claim])
            .ok_or_else(|| Rejection::SignatureMismatch { at: fields.at().clone() })?;
        check_age(Some(signed_at), now, self.tolerance)?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        _: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        const ENVIRONMENT: &str = "master";
        let time = Unit::Milliseconds.write(now);
        let body =
            quoted(request.body).ok_or(SigningError::PartMissing("body as UTF-8 text".into()))?;
        let environment = quoted(ENVIRONMENT.as_bytes()).unwrap_or_default();
        let made = self.keys.sign(&message(&body, &environment, time.as_bytes()))?;
        let made = Encoding::Base64.encode(made.as_slice());
        let value = format!("sign={made}, env={ENVIRONMENT}, t={time}");
        Ok(Proof { headers: vec![(HEADER.into(), value)], ..Proof::default() })
    }
}

/// The document as JavaScript's `JSON.stringify` writes it. The time is a number there, so a text
/// that is no canonical number never matches.
fn message<'a>(body: &'a str, environment: &'a str, time: &'a [u8]) -> [&'a [u8]; 7] {
    [
        br#"{"Body":"#,
        body.as_bytes(),
        br#","EnvironmentName":"#,
        environment.as_bytes(),
        br#","TimeStamp":"#,
        time,
        b"}",
    ]
}

/// Text as a JSON string. `serde_json` escapes what `JSON.stringify` escapes, and in the same way:
/// quotes, backslashes and control characters, nothing beyond ASCII, no slashes.
fn quoted(text: &[u8]) -> Option<String> {
    serde_json::to_string(std::str::from_utf8(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_as_javascript_does() {
        // What Node.js 22 says to `JSON.stringify`.
        let text = "\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f} \"\\/\u{7f}\u{80}é♥\u{2028}😀";
        let expected = "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f \\\"\\\\/\u{7f}\u{80}é♥\u{2028}😀\"";
        assert_eq!(quoted(text.as_bytes()).as_deref(), Some(expected));
        assert_eq!(quoted(b"\xff"), None);
    }
}
