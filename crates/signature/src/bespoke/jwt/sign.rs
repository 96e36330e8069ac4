//! Makes tokens as the providers do, for test events.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{At, BodyHash, Jwts, Published, Required, UrlHash, When, qsh};
use crate::encoding::{Encoding, encode_base64url};
use crate::jwt::unsigned;
use crate::verifier::Proof;
use crate::{Received, SigningError, UnixSeconds};

impl Jwts {
    /// A token that is valid at `now`, with `id` as its `jti`, at its place. Where the token is
    /// the whole body, the members of the JSON object in the body are its claims.
    pub(super) fn make(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        let (key, key_id) = self.keys.first().ok_or(SigningError::NoPrivateKey)?;
        // Plaid's keys are published one by one, so every token has to say by which it is signed.
        let is_named = self.scheme.published == Published::Plaid;
        let key_id = key_id.or(is_named.then_some("key-of-a-test"));
        let algorithm = self.scheme.algorithms.iter().find(|&&algorithm| key.fits(algorithm));
        let algorithm = *algorithm.ok_or(SigningError::NoPrivateKey)?;
        let claims = match self.scheme.place {
            At::Header(_) => self.claims(request, id, now),
            At::Body => serde_json::from_slice(request.body).map_err(|_| {
                SigningError::Unsupported(
                    "the body becomes the claims of a token, so it must be a JSON object",
                )
            })?,
        };
        let claims = Value::Object(claims).to_string();
        let mut token = unsigned(algorithm, key_id, claims.as_bytes());
        let signature = key.sign(algorithm, token.as_bytes())?;
        token.push('.');
        token.push_str(&encode_base64url(&signature));

        let mut proof = Proof::default();
        match self.scheme.place {
            At::Header(name) => {
                let value = format!("{}{token}", self.scheme.prefix);
                proof.headers.push((name.into(), value));
            }
            At::Body => proof.body = Some(token.into_bytes()),
        }
        Ok(proof)
    }

    fn claims(&self, request: &Received<'_>, id: &str, now: UnixSeconds) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Value| {
            claims.insert(name.to_owned(), value);
        };
        for required in self.scheme.claims {
            match required {
                Required::OneOf(name, texts) => {
                    claim(name, texts.first().copied().unwrap_or_default().into());
                }
                Required::True(name) => claim(name, true.into()),
                Required::Setting { .. } => {}
            }
        }
        for (name, text) in &self.expected {
            claim(name, text.as_str().into());
        }
        if let Some(issued) = self.scheme.issued {
            claim(issued, now.0.into());
            claim("jti", id.into());
        }
        if self.scheme.expires {
            let lifetime = self.scheme.tolerance.unwrap_or(super::CLOCK_SKEW);
            claim("exp", now.0.saturating_add(lifetime).into());
        }
        if let Some(BodyHash { claim: name, encoding, when }) = &self.scheme.body
            && (*when == When::Always || !request.body.is_empty())
        {
            claim(name, encoding.encode(&Sha256::digest(request.body)).into());
        }
        let url = match self.scheme.url {
            None => None,
            Some(UrlHash::Whole(name)) => Some((name, request.url.to_owned())),
            Some(UrlHash::Canonical(name)) => {
                let [documented, _] = qsh::canonical(request, self.base.as_deref());
                Some((name, documented))
            }
        };
        if let Some((name, url)) = url {
            claim(name, Encoding::Hex.encode(&Sha256::digest(url)).into());
        }
        claims
    }
}
