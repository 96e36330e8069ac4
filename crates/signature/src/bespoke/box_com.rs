//! Box's scheme: HMAC-SHA256 over the body and the time, by one or both of two keys.
//!
//! Rules by <https://developer.box.com/guides/webhooks/v2/signatures-v2/> and box/box-python-sdk
//! `box_sdk_gen/managers/webhooks.py` and `box_sdk_gen/internal/utils.py`.

use std::fmt::Write as _;

use crate::bespoke::assembled::{MacKeys, in_header, required_header, signature, time};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets};
use crate::scheme::{Algorithm, Covers, KeyForm, Text, Unit};
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{
    ConfigurationError, Options, Received, Rejection, Secret, SigningError, UnixSeconds, json,
};

const PRIMARY: &str = "box-signature-primary";
const SECONDARY: &str = "box-signature-secondary";
const TIMESTAMP: &str = "box-delivery-timestamp";
/// Not signed, but sent along.
const ID: &str = "box-delivery-id";
const VERSION: (&str, &str) = ("box-signature-version", "1");
const ALGORITHM: (&str, &str) = ("box-signature-algorithm", "HmacSHA256");
const LENGTH: usize = 32;
const TOLERANCE: Option<u64> = Some(600);

/// The setting with the second key.
pub(crate) const SECONDARY_KEY: &str = "secondary_key";

/// Box's own way. The secrets are held against both signatures, so that the two keys can also be
/// given as two secrets; the setting only against the second.
pub(crate) static BOX: Bespoke = Bespoke {
    name: "Box",
    about: "HMAC-SHA256 over `{body}{timestamp}`, in base64, by one or both of two keys",
    headers: &[PRIMARY, SECONDARY, TIMESTAMP, VERSION.0, ALGORITHM.0, ID],
    covers: Covers { body: true, timestamp: true, id: false, method: false, url: false },
    tolerance: TOLERANCE,
    publishes_keys: false,
    build: |secrets, options| Ok(Box::new(Keys::new(&secrets, options)?)),
};

struct Keys {
    secrets: MacKeys,
    count: usize,
    secondary: Option<MacKeys>,
    tolerance: Option<u64>,
}

impl Keys {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let keys = |secrets: &[Secret]| MacKeys::new(secrets, KeyForm::Text, Algorithm::HmacSha256);
        let secondary = options.setting(SECONDARY_KEY);
        let secondary = secondary.map(|key| keys(&[Secret::new(key)?])).transpose()?;
        let tolerance = options.tolerance.or(TOLERANCE);
        Ok(Self { secrets: keys(secrets)?, count: secrets.len(), secondary, tolerance })
    }

    /// Which key made one of the signatures; the one of the setting counts as the last.
    fn made(&self, claims: &Claims, messages: &[&[&[u8]]]) -> Option<usize> {
        self.secrets.made(messages, &claims.all()).or_else(|| {
            let claim = [claims.secondary.clone()?];
            self.secondary.as_ref()?.made(messages, &claim).map(|_| self.count)
        })
    }
}

impl Prove for Keys {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let claims = Claims::read(request)?;
        for (name, expected) in [VERSION, ALGORITHM] {
            if required_header(request, name)? != expected.as_bytes() {
                let wanted = format!("`{expected}`").into();
                return Err(Rejection::AlgorithmNotAllowed { at: in_header(name), wanted });
            }
        }
        let text = request
            .single(TIMESTAMP)?
            .ok_or_else(|| Rejection::TimestampMissing { at: in_header(TIMESTAMP) })?;
        let signed_at = time(text, Unit::Rfc3339, &in_header(TIMESTAMP))?;
        let secret = self.made(&claims, &[&[request.body, text]]).or_else(|| {
            let escaped = escaped(request.body)?;
            self.made(&claims, &[&[escaped.as_bytes(), text]])
        });
        let secret = secret.ok_or(Rejection::SignatureMismatch { at: claims.at() })?;
        // Box allows no time ahead of ours at all.
        let ahead = if now < signed_at { self.tolerance.map(|_| 0) } else { self.tolerance };
        check_age(Some(signed_at), now, ahead)?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        let time = Unit::Rfc3339.write(now);
        let message = [request.body, time.as_bytes()];
        let sign = |keys: &MacKeys| {
            keys.sign(&message).map(|made| Encoding::Base64.encode(made.as_slice()))
        };
        let mut headers: Vec<(Text, String)> = vec![(ID.into(), id.to_owned())];
        headers.extend([VERSION, ALGORITHM].map(|(name, value)| (name.into(), value.to_owned())));
        headers.push((PRIMARY.into(), sign(&self.secrets)?));
        if let Some(secondary) = &self.secondary {
            headers.push((SECONDARY.into(), sign(secondary)?));
        }
        headers.push((TIMESTAMP.into(), time));
        Ok(Proof { headers, ..Proof::default() })
    }
}

/// The signatures of a request, of which one must be there.
struct Claims {
    primary: Option<Octets>,
    secondary: Option<Octets>,
}

impl Claims {
    fn read(request: &Received<'_>) -> Result<Self, Rejection> {
        let read = |name| {
            let text = request.single(name)?;
            text.map(|text| signature(text, Encoding::Base64, LENGTH, &in_header(name))).transpose()
        };
        let claims = Self { primary: read(PRIMARY)?, secondary: read(SECONDARY)? };
        if claims.all().is_empty() {
            let at = format!("header `{PRIMARY}` or header `{SECONDARY}`").into();
            return Err(Rejection::SignatureMissing { at });
        }
        Ok(claims)
    }

    fn all(&self) -> Vec<Octets> {
        [&self.primary, &self.secondary].into_iter().flatten().cloned().collect()
    }

    fn at(&self) -> Text {
        in_header(if self.primary.is_some() { PRIMARY } else { SECONDARY })
    }
}

/// The body as Box signs it where it holds more than ASCII: everything else as `\u…`, and every
/// backslash doubled unless a slash follows. `None` where that changes nothing, and for JSON in
/// ASCII, which is signed as it stands: doubling its backslashes would let it pass for another
/// body, in which they are two. Two of the published values are of ASCII that is no JSON.
fn escaped(body: &[u8]) -> Option<String> {
    if body.is_ascii() && json::is_json(body) {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\\' if rest.peek() != Some(&'/') => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(char),
            _ => {
                for unit in char.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    write!(out, "\\u{unit:04x}").ok()?;
                }
            }
        }
    }
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_ascii_is_escaped() {
        for (body, expected) in [
            ("plain \\/", None),
            ("é😀\u{7f}\u{1}", Some("\\u00e9\\ud83d\\ude00\\u007f\\u0001")),
            ("a\r\n\tb", Some("a\\r\\n\\tb")),
            ("\\", Some("\\\\")),
            ("\\n\\/\\", Some("\\\\n\\/\\\\")),
        ] {
            assert_eq!(escaped(body.as_bytes()).as_deref(), expected, "{body:?}");
        }
        assert_eq!(escaped(b"\xff"), None);
        assert_eq!(escaped(br#"{"a":"\n\u00e9"}"#), None, "JSON in ASCII is as it stands");
    }

    #[test]
    fn a_backslash_does_not_pass_for_two() {
        let keys = || vec![Secret::new("first").unwrap()];
        let verifier = (BOX.build)(keys(), &Options::default()).unwrap();
        let now = UnixSeconds(1_700_000_000);
        let code = |signed: &str, sent: &str| {
            let none: [(&str, &str); 0] = [];
            let unsigned =
                Received { method: "POST", url: "", headers: &none, body: signed.as_bytes() };
            let headers = verifier.sign(&unsigned, "id", now).unwrap().headers;
            let request = Received { headers: &headers, body: sent.as_bytes(), ..unsigned };
            verifier.verify(&request, now, None).map_or_else(|error| error.code(), |_| "ok")
        };
        assert_eq!(code(r#"{"a":"\\n"}"#, r#"{"a":"\\n"}"#), "ok");
        assert_eq!(code(r#"{"a":"\\n"}"#, r#"{"a":"\n"}"#), "signature_mismatch");
        assert_eq!(code(r#"{"a":"\u00e9"}"#, r#"{"a":"é"}"#), "ok", "which mean the same");
    }

    #[test]
    fn two_secrets_stand_for_the_two_keys() {
        let verifier = |secrets: &[&str]| {
            let secrets = secrets.iter().map(|&secret| Secret::new(secret).unwrap()).collect();
            (BOX.build)(secrets, &Options::default()).unwrap()
        };
        let mut both = Options::default();
        both.settings.insert(SECONDARY_KEY.to_owned(), "second".to_owned());
        let signer = (BOX.build)(vec![Secret::new("first").unwrap()], &both).unwrap();
        let now = UnixSeconds(1_700_000_000);
        let none: [(&str, &str); 0] = [];
        let unsigned = Received { method: "POST", url: "", headers: &none, body: b"{}" };
        let headers = signer.sign(&unsigned, "id", now).unwrap().headers;
        let request = Received { headers: &headers, ..unsigned };
        for (secrets, expected) in [
            (&["first"][..], Some(0)),
            (&["second"], Some(0)),
            (&["other", "second"], Some(1)),
            (&["other"], None),
        ] {
            let found = verifier(secrets).verify(&request, now, None);
            assert_eq!(found.ok().map(|verified| verified.secret), expected, "{secrets:?}");
        }
        let other = (BOX.build)(vec![Secret::new("other").unwrap()], &both).unwrap();
        assert_eq!(other.verify(&request, now, None).unwrap().secret, 1);
        let ahead = signer.verify(&request, UnixSeconds(now.0 - 1), None).unwrap_err();
        assert_eq!(ahead.code(), "timestamp_outside_window");
    }
}
