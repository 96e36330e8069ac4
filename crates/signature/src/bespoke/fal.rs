//! fal.ai's scheme: Ed25519 over three headers and the body's hash, by any key of a published set.
//!
//! By <https://docs.fal.ai/model-apis/model-endpoints/webhooks>, section "Verifying Your Webhook".

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::bespoke::published::{Keys, header_text, signature, signed_header, signed_time};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, encode_hex};
use crate::public_key::Ed25519Key;
use crate::scheme::{Covers, Text, Unit};
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{
    ConfigurationError, Fetch, Options, Received, Rejection, Secret, SigningError, UnixSeconds,
};

const ID: &str = "x-fal-webhook-request-id";
const USER: &str = "x-fal-webhook-user-id";
const TIME: &str = "x-fal-webhook-timestamp";
const SIGNATURE: &str = "x-fal-webhook-signature";
/// Where the keys are. Older descriptions name `rest.alpha.fal.ai`.
const KEYS: &str = "https://rest.fal.ai/.well-known/jwks.json";
const KEYS_TEXT: Text = Text::Borrowed("provider's set of keys");
/// fal.ai asks not to keep keys for more than a day.
const MAX_AGE: u64 = 86_400;
/// Keys of a set that are tried.
const MOST_KEYS: usize = 16;
const TOLERANCE: u64 = 300;

/// fal.ai's own way.
pub(crate) static FAL: Bespoke = Bespoke {
    name: "fal.ai",
    about: "Ed25519 over request id, user id, time and the SHA-256 of the body, in hexadecimal, by any key of a published set",
    covers: Covers { body: true, timestamp: true, id: true, method: false, url: false },
    tolerance: Some(TOLERANCE),
    headers: &[SIGNATURE, ID, USER, TIME],
    publishes_keys: true,
    build: |secrets, options| Ok(Box::new(Fal::new(&secrets, options)?)),
};

struct Fal {
    keys: Keys<Ed25519Key>,
    tolerance: u64,
}

/// A JSON Web Key Set (RFC 7517), as far as it matters here.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
}

impl Fal {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let keys = Keys::new(secrets, Ed25519Key::parse, read)?;
        Ok(Self { keys, tolerance: options.tolerance.unwrap_or(TOLERANCE) })
    }
}

/// The Ed25519 keys of a set (RFC 8037); others are left out.
fn read(fetched: &[u8]) -> Option<Vec<Ed25519Key>> {
    let set: KeySet = serde_json::from_slice(fetched).ok()?;
    let of = |jwk: Jwk| {
        let is_ed25519 = jwk.kty == "OKP" && jwk.crv.as_deref() == Some("Ed25519");
        let x = jwk.x.filter(|_| is_ed25519)?;
        Ed25519Key::public(Encoding::Base64Url.decode(x.as_bytes())?.as_slice()).ok()
    };
    Some(set.keys.into_iter().filter_map(of).take(MOST_KEYS).collect())
}

/// A line each; no header can hold a line end.
fn message(id: &str, user: &str, time: &str, body: &[u8]) -> String {
    format!("{id}\n{user}\n{time}\n{}", encode_hex(&Sha256::digest(body)))
}

impl Prove for Fal {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let signature = signature(request, SIGNATURE, Encoding::Hex)?;
        let (id, user) = (signed_header(request, ID)?, signed_header(request, USER)?);
        let (time, signed_at) = signed_time(request, TIME, Unit::Seconds)?;
        let message = message(id, user, time, request.body);
        let made = |key: &Ed25519Key| key.verify(message.as_bytes(), signature.as_slice());
        let secret = self.keys.find(fetched, (header_text(SIGNATURE), KEYS_TEXT), made)?;
        check_age(Some(signed_at), now, Some(self.tolerance))?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        let key = self.keys.first().ok_or(SigningError::NoPrivateKey)?;
        if !crate::signed::is_id(id.as_bytes()) {
            return Err(SigningError::IdMalformed);
        }
        let user = signed_header(request, USER).unwrap_or("user_of_a_test");
        let time = Unit::Seconds.write(now);
        let signature = key.sign(message(id, user, &time, request.body).as_bytes())?;
        let headers = vec![
            (ID.into(), id.to_owned()),
            (USER.into(), user.to_owned()),
            (TIME.into(), time),
            (SIGNATURE.into(), Encoding::Hex.encode(signature.as_slice())),
        ];
        Ok(Proof { headers, url: None, body: None })
    }

    fn fetch(&self, request: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        if !self.keys.are_fetched() {
            return Ok(None);
        }
        signature(request, SIGNATURE, Encoding::Hex)?;
        Ok(Some(Fetch { url: KEYS.to_owned(), body: None, authorization: None, max_age: MAX_AGE }))
    }
}
