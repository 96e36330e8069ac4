//! eBay's scheme: ECDSA with SHA-1 over the body, the signature in a JSON document in base64 that
//! names the key.
//!
//! By eBay's event-notification-nodejs-sdk (`lib/validator.js`, `test/test.json`). It signs the
//! body as it wrote it, which is compact JSON; its SDK parses the body and writes it anew, which
//! comes to the same.

use serde::{Deserialize, Serialize};

use crate::bespoke::published::{Keys, header_text, is_key_name, signature_text};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets};
use crate::public_key::EcdsaSha1Key;
use crate::scheme::{Covers, Text};
use crate::verifier::{Proof, Verified};
use crate::{
    ConfigurationError, Fetch, Options, Received, Rejection, Secret, SigningError, UnixSeconds,
    json,
};

const HEADER: &str = "x-ebay-signature";
const TOKEN: &str = "access_token";
const KEYS: &str = "https://api.ebay.com/commerce/notification/v1/public_key/";
/// What a request is said to be signed with that was signed here.
const OUR_KEY: &str = "key-of-a-test";
/// eBay asks to keep keys for an hour.
const MAX_AGE: u64 = 3_600;

/// eBay's own way.
pub(crate) static EBAY: Bespoke = Bespoke {
    name: "eBay",
    about: "ECDSA with P-256 and SHA-1 over `{body}`, in a JSON document in base64 that names the key",
    covers: Covers { body: true, timestamp: false, id: false, method: false, url: false },
    tolerance: None,
    headers: &[HEADER],
    publishes_keys: true,
    build: |secrets, options| Ok(Box::new(Ebay::new(&secrets, options)?)),
};

struct Ebay {
    keys: Keys<EcdsaSha1Key>,
    token: Option<Secret>,
}

/// What is in the header.
#[derive(Deserialize, Serialize)]
struct Claim {
    alg: String,
    kid: String,
    signature: String,
    digest: String,
}

impl Ebay {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let token = options.setting(TOKEN).map(Secret::new).transpose()?;
        Ok(Self { keys: Keys::new(secrets, EcdsaSha1Key::parse, read)?, token })
    }
}

/// Reads what eBay says of a key: `{"key": "-----BEGIN PUBLIC KEY-----…", "algorithm": "ECDSA",
/// "digest": "SHA1"}`.
fn read(fetched: &[u8]) -> Option<Vec<EcdsaSha1Key>> {
    let key = json::find(fetched, "/key")?;
    EcdsaSha1Key::parse(key.as_bytes()).ok().map(|key| vec![key])
}

impl Claim {
    fn read(request: &Received<'_>) -> Result<(Self, Octets), Rejection> {
        let malformed = |why| Rejection::SignatureMalformed { at: at(), why };
        let text = signature_text(request, HEADER)?;
        let decoded = Encoding::Base64.decode(text.as_bytes());
        let decoded = decoded.ok_or_else(|| malformed(Encoding::Base64.expected()))?;
        let why = "it is not JSON with `alg`, `kid`, `signature` and `digest`";
        let claim: Self = serde_json::from_slice(decoded.as_slice()).map_err(|_| malformed(why))?;
        let is_known =
            claim.alg.eq_ignore_ascii_case("ecdsa") && claim.digest.eq_ignore_ascii_case("sha1");
        if !is_known {
            let wanted = "ECDSA with SHA-1".into();
            return Err(Rejection::AlgorithmNotAllowed { at: at(), wanted });
        }
        if !is_key_name(&claim.kid) {
            return Err(Rejection::KeyForeign { at: at() });
        }
        let signature = Encoding::Base64.decode(claim.signature.as_bytes());
        let signature = signature.ok_or_else(|| malformed(Encoding::Base64.expected()))?;
        Ok((claim, signature))
    }
}

fn at() -> Text {
    header_text(HEADER)
}

impl Prove for Ebay {
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let (_, signature) = Claim::read(request)?;
        if request.body.is_empty() {
            return Err(Rejection::BodyEmpty { at: at() });
        }
        let made = |key: &EcdsaSha1Key| key.verify(request.body, signature.as_slice());
        let secret = self.keys.find(fetched, (at(), at()), made)?;
        Ok(Verified { secret, signed_at: None })
    }

    fn sign(&self, request: &Received<'_>, _: &str, _: UnixSeconds) -> Result<Proof, SigningError> {
        let key = self.keys.first().ok_or(SigningError::NoPrivateKey)?;
        let claim = Claim {
            alg: "ecdsa".to_owned(),
            kid: OUR_KEY.to_owned(),
            signature: Encoding::Base64.encode(key.sign(request.body)?.as_slice()),
            digest: "SHA1".to_owned(),
        };
        let claim = serde_json::to_vec(&claim).map_err(|_| SigningError::Failed)?;
        Ok(Proof {
            headers: vec![(HEADER.into(), Encoding::Base64.encode(&claim))],
            ..Proof::default()
        })
    }

    fn fetch(&self, request: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        if !self.keys.are_fetched() {
            return Ok(None);
        }
        let (claim, _) = Claim::read(request)?;
        let token = self.token.as_ref().map(|token| String::from_utf8_lossy(token.bytes()));
        Ok(Some(Fetch {
            url: format!("{KEYS}{}", claim.kid),
            body: None,
            authorization: token.map(|token| format!("Bearer {token}")),
            max_age: MAX_AGE,
        }))
    }
}
