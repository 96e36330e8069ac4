//! Keygen's scheme: Ed25519 over method, path, host, date and the body's digest, after an early
//! draft of HTTP signatures (draft-cavage-http-signatures).
//!
//! By keygen-go `verifier.go` (`VerifyRequest`) and <https://keygen.sh/docs/api/signatures/>. The
//! draft lets the sender choose what is signed; here it has to be what Keygen signs.

use sha2::{Digest as _, Sha256};

use crate::bespoke::published::{header_text, signature_text, signed_header};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::public_key::Ed25519Key;
use crate::scheme::Covers;
use crate::signed::check_age;
use crate::time::{HTTP_DATE, http_date, write_http_date};
use crate::verifier::{Proof, Verified};
use crate::{ConfigurationError, Options, Received, Rejection, Secret, SigningError, UnixSeconds};

const SIGNATURE: &str = "keygen-signature";
const DIGEST: &str = "digest";
const DATE: &str = "date";
const SIGNED: &str = "(request-target) host date digest";
/// What keygen-go allows by itself.
const TOLERANCE: u64 = 300;

/// Keygen's own way. Each try is signed anew, so that none is too old.
pub(crate) static KEYGEN: Bespoke = Bespoke {
    name: "Keygen",
    about: "Ed25519 over method, path, host, date and the SHA-256 of the body (an HTTP signature by draft-cavage-http-signatures)",
    covers: Covers { body: true, timestamp: true, id: false, method: true, url: true },
    tolerance: Some(TOLERANCE),
    headers: &[SIGNATURE, DIGEST, DATE],
    publishes_keys: false,
    build: |secrets, options| Ok(Box::new(Keygen::new(&secrets, options)?)),
};

struct Keygen {
    keys: Vec<Ed25519Key>,
    tolerance: u64,
}

impl Keygen {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let keys = secrets.iter().map(|secret| Ed25519Key::parse(secret.bytes()));
        let tolerance = options.tolerance.unwrap_or(TOLERANCE);
        Ok(Self { keys: keys.collect::<Result<_, _>>()?, tolerance })
    }
}

/// The parameters of the signature's header that matter.
struct Parameters<'a> {
    algorithm: &'a str,
    signature: &'a str,
    headers: &'a str,
}

impl<'a> Parameters<'a> {
    /// Reads `name="value", name="value"`, each name once. `None` when it is something else.
    fn read(text: &'a str) -> Option<Self> {
        let (mut algorithm, mut signature, mut headers) = (None, None, None);
        for pair in text.split(',') {
            let (name, value) = pair.trim().split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            let slot = match name {
                "algorithm" => &mut algorithm,
                "signature" => &mut signature,
                "headers" => &mut headers,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(Self { algorithm: algorithm?, signature: signature?, headers: headers? })
    }
}

/// The body's digest, as its header has it.
fn digest(body: &[u8]) -> String {
    format!("sha-256={}", Encoding::Base64.encode(&Sha256::digest(body)))
}

fn message(request: &Received<'_>, host: &str, date: &str, digest: &str) -> String {
    let method = request.method.to_ascii_lowercase();
    let (path, query) = (request.path(), request.query());
    let glue = if query.is_empty() { "" } else { "?" };
    format!(
        "(request-target): {method} {path}{glue}{query}\nhost: {host}\ndate: {date}\ndigest: {digest}"
    )
}

/// Host and port of a URL, as they stand there.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// The host as it may have been signed: with its port, and without.
fn hosts(url: &str) -> [&str; 2] {
    let authority = authority(url);
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let bare = authority.rsplit_once(':').filter(|(_, port)| is_port(port));
    [authority, bare.map_or(authority, |(host, _)| host)]
}

impl Prove for Keygen {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let at = || header_text(SIGNATURE);
        let malformed = |why| Rejection::SignatureMalformed { at: at(), why };
        let text = signature_text(request, SIGNATURE)?;
        let parameters = Parameters::read(text).ok_or_else(|| {
            malformed("it does not have `algorithm`, `signature` and `headers` once each")
        })?;
        if parameters.algorithm != "ed25519" {
            return Err(Rejection::AlgorithmNotAllowed { at: at(), wanted: "ed25519".into() });
        }
        if parameters.headers != SIGNED {
            return Err(malformed("it is not over the request's target, host, date and digest"));
        }
        let signature = Encoding::Base64.decode(parameters.signature.as_bytes());
        let signature = signature.ok_or_else(|| malformed(Encoding::Base64.expected()))?;
        let said = signed_header(request, DIGEST)?;
        let date = request.single(DATE)?;
        let date = date.ok_or_else(|| Rejection::TimestampMissing { at: header_text(DATE) })?;
        let expected = HTTP_DATE;
        let wrong_date = || Rejection::TimestampMalformed { at: header_text(DATE), expected };
        let signed_at = http_date(date).ok_or_else(wrong_date)?;
        let date = std::str::from_utf8(date).map_err(|_| wrong_date())?;
        let messages = hosts(request.url).map(|host| message(request, host, date, said));
        let made = |key: &Ed25519Key| {
            messages.iter().any(|message| key.verify(message.as_bytes(), signature.as_slice()))
        };
        let secret = self.keys.iter().position(made);
        let secret = secret.ok_or_else(|| Rejection::SignatureMismatch { at: at() })?;
        if said != digest(request.body) {
            return Err(Rejection::BodyHashMismatch { hash: header_text(DIGEST) });
        }
        check_age(Some(signed_at), now, Some(self.tolerance))?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        _: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        let key = self.keys.first().ok_or(SigningError::NoPrivateKey)?;
        let (date, digest) = (write_http_date(now), digest(request.body));
        let message = message(request, authority(request.url), &date, &digest);
        let signature = Encoding::Base64.encode(key.sign(message.as_bytes())?.as_slice());
        let value = format!(
            "keyid=\"account-of-a-test\", algorithm=\"ed25519\", signature=\"{signature}\", headers=\"{SIGNED}\""
        );
        let headers = vec![(DATE.into(), date), (DIGEST.into(), digest), (SIGNATURE.into(), value)];
        Ok(Proof { headers, url: None, body: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_tried_with_and_without_their_port() {
        for (url, expected) in [
            ("https://a.example/x", ["a.example", "a.example"]),
            ("https://a.example:8443/x?y", ["a.example:8443", "a.example"]),
            ("https://[::1]:8443/x", ["[::1]:8443", "[::1]"]),
            ("https://[::1]/x", ["[::1]", "[::1]"]),
            ("https://a.example?x", ["a.example", "a.example"]),
        ] {
            assert_eq!(hosts(url), expected, "{url}");
        }
    }

    #[test]
    fn parameters_are_there_once() {
        let read = |text| Parameters::read(text).is_some();
        assert!(read(r#"keyid="k", algorithm="ed25519", signature="s", headers="h""#));
        for bad in [
            "",
            r#"algorithm="ed25519", signature="s""#,
            r#"algorithm="a", algorithm="ed25519", signature="s", headers="h""#,
            r#"algorithm=ed25519, signature="s", headers="h""#,
            r#"algorithm="ed25519", signature="s", headers="h","#,
        ] {
            assert!(!read(bad), "{bad}");
        }
    }
}
