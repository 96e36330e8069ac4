//! Twilio's scheme: HMAC-SHA1 over the URL as Twilio requested it and the sorted form, or over the
//! URL alone with the body's SHA-256 in its query.
//!
//! Rules by <https://www.twilio.com/docs/usage/security#validating-requests> and by what Twilio's
//! own libraries accept (twilio-python `request_validator.py`, twilio-node `webhooks.ts`).

use sha2::{Digest as _, Sha256};

use crate::bespoke::assembled::{MacKeys, signature, signed_header};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets, encode_hex};
use crate::scheme::{Algorithm, Covers, KeyForm, Text};
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds, form};

const HEADER: &str = "x-twilio-signature";
const AT: Text = Text::Borrowed("header `x-twilio-signature`");
const BODY_HASH: &str = "bodySHA256";
const HASH_AT: Text = Text::Borrowed("query parameter `bodySHA256`");
const SHA1_LENGTH: usize = 20;

/// Twilio's own way.
pub(crate) static TWILIO: Bespoke = Bespoke {
    name: "Twilio",
    about: "HMAC-SHA1 over the URL and the sorted form, or over the URL with the body's SHA-256 in its query, in base64",
    headers: &[HEADER],
    covers: Covers { body: true, url: true, timestamp: false, id: false, method: false },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, _| {
        let keys = MacKeys::new(&secrets, KeyForm::Text, Algorithm::HmacSha1)?;
        Ok(Box::new(Twilio { keys }))
    },
};

struct Twilio {
    keys: MacKeys,
}

impl Prove for Twilio {
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let claim = signature(signed_header(request, HEADER)?, Encoding::Base64, SHA1_LENGTH, &AT)?;
        let appended = appended(request)?;
        let signature = [claim];
        let made = |url: &str| {
            let mut tails = appended.iter();
            tails.find_map(|tail| self.keys.made(&[&[url.as_bytes(), tail]], &signature))
        };
        // Mostly it is written as it stands here, and the others need not be made.
        let secret = made(request.url)
            .or_else(|| spellings(request.url).iter().find_map(|url| made(url)))
            .ok_or(Rejection::SignatureMismatch { at: AT })?;
        Ok(Verified { secret, signed_at: None })
    }

    fn sign(&self, request: &Received<'_>, _: &str, _: UnixSeconds) -> Result<Proof, SigningError> {
        let form = if request.is_form() { sorted_form(request.body) } else { Vec::new() };
        let needs_hash =
            !request.is_form() && !request.body.is_empty() && body_hash(request).is_none();
        let url = needs_hash.then(|| with_body_hash(request.url, request.body));
        let signed = url.as_deref().unwrap_or(request.url);
        let made = self.keys.sign(&[signed.as_bytes(), &form])?;
        let headers = vec![(HEADER.into(), Encoding::Base64.encode(made.as_slice()))];
        Ok(Proof { headers, url, body: None })
    }
}

/// What may have been signed after the URL. Each possibility binds the whole body; a body that
/// nothing binds is refused.
fn appended(request: &Received<'_>) -> Result<Vec<Vec<u8>>, Rejection> {
    let mut found = Vec::new();
    let hash = body_hash(request);
    if request.is_form() {
        let form = sorted_form(request.body);
        // An empty form adds nothing to the URL, which then speaks of another body: whoever has
        // the signature of one that is no form could send it again without a body.
        if !form.is_empty() || hash != Some(false) {
            found.push(form);
        }
    }
    match hash {
        Some(true) => found.push(Vec::new()),
        None if request.body.is_empty() => found.push(Vec::new()),
        _ => {}
    }
    match (found.is_empty(), hash) {
        (false, _) => Ok(found),
        (true, Some(_)) => Err(Rejection::BodyHashMismatch { hash: HASH_AT }),
        (true, None) => Err(Rejection::BodyHashMissing { hash: HASH_AT, at: AT }),
    }
}

/// Whether the hash in the query is the body's; `None` where there is none.
fn body_hash(request: &Received<'_>) -> Option<bool> {
    let said = form::field(request.query().as_bytes(), BODY_HASH)?;
    let actual = Octets::new(&Sha256::digest(request.body));
    Some(Encoding::Hex.decode(&said).is_some_and(|said| said.equals(&actual)))
}

fn with_body_hash(url: &str, body: &[u8]) -> String {
    let (before, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let glue = if before.contains('?') { '&' } else { '?' };
    format!("{before}{glue}{BODY_HASH}={}{fragment}", encode_hex(&Sha256::digest(body)))
}

/// Names in order, each with its values in order and without repeats, nothing between them.
fn sorted_form(body: &[u8]) -> Vec<u8> {
    let mut pairs: Vec<_> = form::pairs(body).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut joined = Vec::with_capacity(body.len());
    for (name, value) in &pairs {
        joined.extend_from_slice(name);
        joined.extend_from_slice(value);
    }
    joined
}

/// The other ways in which Twilio may have written the URL: without the port, with it, and with
/// quotes in the query escaped or not. All name the same place.
fn spellings(url: &str) -> Vec<String> {
    let mut found = Vec::new();
    for url in ports(url) {
        let (before, query) = url.split_at(url.find('?').unwrap_or(url.len()));
        let others = [
            format!("{before}{}", query.replace("%27", "'")),
            format!("{before}{}", query.replace('\'', "%27")),
        ];
        for candidate in std::iter::once(url.clone()).chain(others) {
            if !found.contains(&candidate) {
                found.push(candidate);
            }
        }
    }
    found
}

/// The URL without a port, and with its own or its scheme's default port.
fn ports(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let default = match scheme.to_ascii_lowercase().as_str() {
        "https" | "wss" => "443",
        "http" | "ws" => "80",
        _ => return vec![url.to_owned()],
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // The last `]` ends an IPv6 address, whose colons are not the port's.
    let colon =
        authority.rfind(':').filter(|&at| authority.rfind([']', '@']).is_none_or(|end| at > end));
    let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
    let port = port.strip_prefix(':').filter(|port| !port.is_empty()).unwrap_or(default);
    vec![format!("{scheme}://{host}{tail}"), format!("{scheme}://{host}:{port}{tail}")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Secret};

    #[test]
    fn a_body_with_a_hash_is_not_taken_for_an_empty_form() {
        let keys = vec![Secret::new("a made-up token").unwrap()];
        let twilio = (TWILIO.build)(keys, &Options::default()).unwrap();
        let json: [(&str, &str); 1] = [("content-type", "application/json")];
        let url = "https://example.com/x";
        let request = Received { method: "POST", url, headers: &json, body: b"{}" };
        let proof = twilio.sign(&request, "", UnixSeconds(0)).unwrap();
        let (_, signature) = &proof.headers[0];
        let url = proof.url.unwrap();
        for body in ["", "&", "="] {
            let headers =
                [("content-type", "application/x-www-form-urlencoded"), (HEADER, &**signature)];
            let request =
                Received { method: "POST", url: &url, headers: &headers, body: body.as_bytes() };
            let verdict = twilio.verify(&request, UnixSeconds(0), None);
            assert_eq!(verdict, Err(Rejection::BodyHashMismatch { hash: HASH_AT }), "{body}");
        }
    }

    #[test]
    fn ports_are_added_and_removed() {
        for (url, without, with) in [
            ("https://a.example/x?y=1", "https://a.example/x?y=1", "https://a.example:443/x?y=1"),
            ("http://a.example", "http://a.example", "http://a.example:80"),
            ("wss://a.example:8443/", "wss://a.example/", "wss://a.example:8443/"),
            ("https://u:p@a.example/", "https://u:p@a.example/", "https://u:p@a.example:443/"),
            ("https://u:p@a.example:1/", "https://u:p@a.example/", "https://u:p@a.example:1/"),
            ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x", "https://[2001:db8::1]:443/x"),
            ("https://[2001:db8::1]:9/x", "https://[2001:db8::1]/x", "https://[2001:db8::1]:9/x"),
        ] {
            assert_eq!(ports(url), [without, with]);
        }
        assert_eq!(ports("not a url"), ["not a url"]);
    }

    #[test]
    fn forms_are_sorted_and_repeats_dropped() {
        assert_eq!(
            sorted_form(b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"),
            b"Digits1234Digits5678SidCA123SidAccountAC123"
        );
    }
}
