//! eBay's scheme: ECDSA with SHA-1 over the body, the signature in a JSON document in base64 that
//! names the key.
//!
//! By eBay's event-notification-nodejs-sdk (`lib/validator.js`, `test/test.json`). It signs the
//! body as it wrote it, which is compact JSON; its SDK parses the body and writes it anew, which
//! comes to the same.
//!
//! It hands its key out to whoever shows the access token of an application, which is good for two
//! hours and is fetched by the application's own id and secret
//! (<https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html>).

use serde::{Deserialize, Serialize};

use crate::bespoke::published::{Keys, header_text, is_key_name, signature_text};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets};
use crate::public_key::EcdsaSha1Key;
use crate::scheme::{Covers, Text};
use crate::verifier::{Proof, Verified};
use crate::{
    Authorization, ConfigurationError, Fetch, FetchBody, Options, Received, Rejection, Secret,
    SigningError, UnixSeconds, json,
};

const HEADER: &str = "x-ebay-signature";
const ACCESS_TOKEN: &str = "access_token";
const CLIENT_ID: &str = "client_id";
const CLIENT_SECRET: &str = "client_secret";
/// Where an application fetches its access tokens, and with what.
const TOKENS: &str = "https://api.ebay.com/identity/v1/oauth2/token";
const GRANT: FetchBody = FetchBody::Form(
    "grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope",
);
/// eBay's tokens are good for two hours, and say so.
const TOKEN_MAX_AGE: u64 = 7_200;
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
    authorization: Option<Authorization>,
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
        let keys = Keys::new(secrets, EcdsaSha1Key::parse, read)?;
        Ok(Self { keys, authorization: authorization(options)? })
    }
}

/// What eBay is shown to hand its key out. A mirror may do without.
fn authorization(options: &Options) -> Result<Option<Authorization>, ConfigurationError> {
    let [token, id, secret] =
        [ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET].map(|name| options.setting(name));
    match (token, id, secret) {
        (None, None, None) => Ok(None),
        (Some(token), None, None) => Ok(Some(Authorization::Value(format!("Bearer {token}")))),
        (Some(_), ..) => {
            let sentence = "`access_token` and `client_id` are two ways to the same; remove `access_token`, which is good for two hours alone";
            Err(ConfigurationError::Settings(sentence))
        }
        (None, Some(_), None) => Err(ConfigurationError::SettingMissing(CLIENT_SECRET)),
        (None, None, Some(_)) => Err(ConfigurationError::SettingMissing(CLIENT_ID)),
        (None, Some(id), Some(secret)) => {
            if id.contains(':') {
                let sentence =
                    "`client_id` has no `:` in it; copy the App ID from eBay's application keys";
                return Err(ConfigurationError::Settings(sentence));
            }
            let credentials = Encoding::Base64.encode(format!("{id}:{secret}").as_bytes());
            let fetch = Fetch {
                url: TOKENS.to_owned(),
                body: Some(GRANT),
                authorization: Some(Authorization::Value(format!("Basic {credentials}"))),
                max_age: TOKEN_MAX_AGE,
            };
            Ok(Some(Authorization::Token(Box::new(fetch))))
        }
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
        Ok(Some(Fetch {
            url: format!("{KEYS}{}", claim.kid),
            body: None,
            authorization: self.authorization.clone(),
            max_age: MAX_AGE,
        }))
    }
}
