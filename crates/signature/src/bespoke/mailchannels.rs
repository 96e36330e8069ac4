//! MailChannels' scheme: an HTTP message signature (RFC 9421) by Ed25519 over the body's digest
//! (RFC 9530), by a key that it publishes.
//!
//! By <https://docs.mailchannels.com/email-api/webhooks>. The RFC lets the sender choose what is
//! signed; here it has to be the digest, and the algorithm is fixed.

use sha2::{Digest as _, Sha256};

use crate::bespoke::published::{Keys, header_text, is_key_name, signature_text, signed_header};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets};
use crate::public_key::Ed25519Key;
use crate::scheme::{Covers, Unit};
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{
    ConfigurationError, Fetch, Options, Received, Rejection, Secret, SigningError, UnixSeconds,
    json,
};

const INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";
const DIGEST: &str = "content-digest";
const KEYS: &str = "https://api.mailchannels.net/tx/v1/webhook/public-key?id=";
/// The name does not change with the key, so it is asked for again every hour.
const MAX_AGE: u64 = 3_600;
const TOLERANCE: u64 = 300;
const COMPONENTS: &str = "(\"content-digest\")";

/// MailChannels' own way.
pub(crate) static MAILCHANNELS: Bespoke = Bespoke {
    name: "MailChannels",
    about: "Ed25519 over the SHA-256 of the body (an HTTP message signature by RFC 9421)",
    covers: Covers { body: true, timestamp: true, id: false, method: false, url: false },
    tolerance: Some(TOLERANCE),
    headers: &[SIGNATURE, INPUT, DIGEST],
    publishes_keys: true,
    build: |secrets, options| Ok(Box::new(MailChannels::new(&secrets, options)?)),
};

struct MailChannels {
    keys: Keys<Ed25519Key>,
    tolerance: u64,
}

impl MailChannels {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let keys = Keys::new(secrets, Ed25519Key::parse, read)?;
        Ok(Self { keys, tolerance: options.tolerance.unwrap_or(TOLERANCE) })
    }
}

/// Reads what MailChannels says of a key: `{"id": "mckey", "key": "…"}`.
fn read(fetched: &[u8]) -> Option<Vec<Ed25519Key>> {
    let key = json::find(fetched, "/key")?;
    Ed25519Key::parse(key.as_bytes()).ok().map(|key| vec![key])
}

/// What `Signature-Input` says: `LABEL=("content-digest");created=…;alg="ed25519";keyid="…"`.
struct Input<'a> {
    label: &'a str,
    /// What follows the label, which is itself signed.
    parameters: &'a str,
    created: UnixSeconds,
    key: &'a str,
}

impl<'a> Input<'a> {
    fn read(request: &Received<'a>) -> Result<Self, Rejection> {
        let at = || header_text(INPUT);
        let text = signature_text(request, INPUT)?;
        let why = "it is not one signature of the content digest with `created`, `alg` and `keyid`";
        let input = Self::parse(text);
        let (input, algorithm) =
            input.ok_or_else(|| Rejection::SignatureMalformed { at: at(), why })?;
        if algorithm != "ed25519" {
            return Err(Rejection::AlgorithmNotAllowed { at: at(), wanted: "ed25519".into() });
        }
        if !is_key_name(input.key) {
            return Err(Rejection::KeyForeign { at: at() });
        }
        Ok(input)
    }

    /// The input and its algorithm. Every parameter is there at most once.
    fn parse(text: &'a str) -> Option<(Self, &'a str)> {
        let (label, parameters) = text.split_once('=')?;
        let (mut created, mut algorithm, mut key) = (None, None, None);
        for pair in parameters.strip_prefix(COMPONENTS)?.split(';').skip(1) {
            let (name, value) = pair.split_once('=')?;
            let slot = match name.trim_start() {
                "created" => &mut created,
                "alg" => &mut algorithm,
                "keyid" => &mut key,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        let text = |value: &'a str| value.strip_prefix('"')?.strip_suffix('"');
        let created = Unit::Seconds.read(created?.as_bytes())?;
        is_key_name(label).then_some(())?;
        Some((Self { label, parameters, created, key: text(key?)? }, text(algorithm?)?))
    }

    /// The signature under this label, the only one there.
    fn signature(&self, request: &Received<'_>) -> Result<Octets, Rejection> {
        let text = signature_text(request, SIGNATURE)?;
        let value = text.strip_prefix(self.label).and_then(|rest| bytes(rest.strip_prefix('=')?));
        value.ok_or_else(|| Rejection::SignatureMalformed {
            at: header_text(SIGNATURE),
            why: "it is not the one that `signature-input` describes, as `LABEL=:BASE64:`",
        })
    }
}

/// A byte sequence of structured fields (RFC 9651, section 3.3.5): `:BASE64:`.
fn bytes(text: &str) -> Option<Octets> {
    Encoding::Base64.decode(text.strip_prefix(':')?.strip_suffix(':')?.as_bytes())
}

/// Section 2.5 of the RFC.
fn base(digest: &str, parameters: &str) -> String {
    format!("\"content-digest\": {digest}\n\"@signature-params\": {parameters}")
}

/// Whether a digest is the body's. Of several, the one by SHA-256 counts.
fn is_digest_of(digest: &str, body: &[u8]) -> bool {
    let mut found = digest.split(',').filter_map(|entry| entry.trim().strip_prefix("sha-256="));
    let said = found.next().filter(|_| found.next().is_none()).and_then(bytes);
    said.is_some_and(|said| said.equals(&Octets::new(&Sha256::digest(body))))
}

impl Prove for MailChannels {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let input = Input::read(request)?;
        let signature = input.signature(request)?;
        let digest = signed_header(request, DIGEST)?.trim();
        let message = base(digest, input.parameters);
        let made = |key: &Ed25519Key| key.verify(message.as_bytes(), signature.as_slice());
        let places = (header_text(SIGNATURE), header_text(INPUT));
        let secret = self.keys.find(fetched, places, made)?;
        if !is_digest_of(digest, request.body) {
            return Err(Rejection::BodyHashMismatch { hash: header_text(DIGEST) });
        }
        check_age(Some(input.created), now, Some(self.tolerance))?;
        Ok(Verified { secret, signed_at: Some(input.created) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        _: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        let key = self.keys.first().ok_or(SigningError::NoPrivateKey)?;
        let encode = |bytes: &[u8]| format!(":{}:", Encoding::Base64.encode(bytes));
        let digest = format!("sha-256={}", encode(&Sha256::digest(request.body)));
        let parameters = format!("{COMPONENTS};created={};alg=\"ed25519\";keyid=\"mckey\"", now.0);
        let signature = key.sign(base(&digest, &parameters).as_bytes())?;
        let label = format!("sig_{}", now.0);
        let headers = vec![
            (DIGEST.into(), digest),
            (INPUT.into(), format!("{label}={parameters}")),
            (SIGNATURE.into(), format!("{label}={}", encode(signature.as_slice()))),
        ];
        Ok(Proof { headers, url: None, body: None })
    }

    fn fetch(&self, request: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        if !self.keys.are_fetched() {
            return Ok(None);
        }
        let input = Input::read(request)?;
        input.signature(request)?;
        let url = format!("{KEYS}{}", input.key);
        Ok(Some(Fetch { url, body: None, authorization: None, max_age: MAX_AGE }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read_strictly() {
        let read = |text| Input::parse(text).is_some();
        assert!(read(r#"sig_1=("content-digest");created=1738868393;alg="ed25519";keyid="mckey""#));
        assert!(read(r#"sig_1=("content-digest");keyid="k";alg="ed25519";created=1;nonce="x""#));
        for bad in [
            "",
            r#"sig_1=();created=1;alg="ed25519";keyid="k""#,
            r#"sig_1=("date");created=1;alg="ed25519";keyid="k""#,
            r#"sig_1=("content-digest" "date");created=1;alg="ed25519";keyid="k""#,
            r#"sig_1=("content-digest");alg="ed25519";keyid="k""#,
            r#"sig_1=("content-digest");created=1;keyid="k""#,
            r#"sig_1=("content-digest");created=1;created=2;alg="ed25519";keyid="k""#,
            r#"sig_1=("content-digest");created=-1;alg="ed25519";keyid="k""#,
            r#"sig_1=("content-digest");created=1;alg="ed25519";keyid=k"#,
            r#"sig 1=("content-digest");created=1;alg="ed25519";keyid="k""#,
        ] {
            assert!(!read(bad), "{bad}");
        }
    }

    #[test]
    fn a_digest_by_sha256_is_needed() {
        // Of the empty body.
        let empty = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
        assert!(is_digest_of(empty, b""));
        assert!(is_digest_of(&format!("sha-512=:AA==:, {empty}"), b""));
        assert!(!is_digest_of(empty, b"x"));
        assert!(!is_digest_of(&format!("{empty},{empty}"), b""));
        assert!(!is_digest_of("sha-512=:AA==:", b""));
        assert!(!is_digest_of("", b""));
    }
}
