//! Travis CI's scheme: RSA with SHA-1 over the decoded field `payload` of a form.
//!
//! Rules by travis-ci/webhook-signature-verifier and travis-ci/docs-travis-ci-com
//! `user/notifications.md.erb`.

use crate::bespoke::assembled::{in_header, only_fields, signed_header};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::public_key::RsaKey;
use crate::scheme::{Algorithm, Covers, Place, Text};
use crate::verifier::{Proof, Verified};
use crate::{Fetch, Received, Rejection, SigningError, UnixSeconds, json};

const HEADER: &str = "signature";
const FIELD: &str = "payload";
const PAYLOAD: Place = Place::Form(Text::Borrowed(FIELD));
/// Where Travis CI publishes its key, and for how long it may be kept, in seconds.
const CONFIG: &str = "https://api.travis-ci.com/config";
const MAX_AGE: u64 = 86_400;
const KEY: &str = "/config/notifications/webhook/public_key";

/// Travis CI's own way. A form with any other field is refused, so all that it says is protected.
pub(crate) static TRAVIS_CI: Bespoke = Bespoke {
    name: "Travis CI",
    about: "RSA with SHA-1 over the decoded form field `payload`, in base64",
    headers: &[HEADER],
    covers: Covers { body: true, timestamp: false, id: false, method: false, url: false },
    tolerance: None,
    publishes_keys: true,
    build: |secrets, _| {
        let keys = secrets.iter().map(|secret| RsaKey::parse(secret.bytes(), Algorithm::RsaSha1));
        Ok(Box::new(TravisCi { keys: keys.collect::<Result<_, _>>()? }))
    },
};

struct TravisCi {
    keys: Vec<RsaKey>,
}

impl Prove for TravisCi {
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let at = in_header(HEADER);
        let claim = signed_header(request, HEADER)?;
        let claim = Encoding::Base64.decode(claim).filter(|claim| !claim.as_slice().is_empty());
        let claim = claim.ok_or_else(|| Rejection::SignatureMalformed {
            at: at.clone(),
            why: Encoding::Base64.expected(),
        })?;
        let payload = request.at(&PAYLOAD)?;
        let payload =
            payload.ok_or_else(|| Rejection::SignedPartMissing { at: PAYLOAD.described() })?;
        only_fields(request.body, &[FIELD.as_bytes()])?;
        let made = |key: &RsaKey| key.verify(&payload, claim.as_slice());
        let published = if self.keys.is_empty() { Some(published(fetched)?) } else { None };
        let mut keys = self.keys.iter().chain(&published);
        let secret = keys.position(made).ok_or(Rejection::SignatureMismatch { at })?;
        Ok(Verified { secret, signed_at: None })
    }

    fn sign(&self, request: &Received<'_>, _: &str, _: UnixSeconds) -> Result<Proof, SigningError> {
        let missing = || SigningError::PartMissing(PAYLOAD.described());
        let payload = request.at(&PAYLOAD).ok().flatten().ok_or_else(missing)?;
        if only_fields(request.body, &[FIELD.as_bytes()]).is_err() {
            return Err(missing());
        }
        let key = self.keys.first().ok_or(SigningError::NoPrivateKey)?;
        let made = Encoding::Base64.encode(key.sign(&payload)?.as_slice());
        Ok(Proof { headers: vec![(HEADER.into(), made)], ..Proof::default() })
    }

    fn fetch(&self, _: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        let fetch =
            Fetch { url: CONFIG.to_owned(), body: None, authorization: None, max_age: MAX_AGE };
        Ok(self.keys.is_empty().then_some(fetch))
    }
}

/// The key in the configuration that Travis CI publishes.
fn published(fetched: Option<&[u8]>) -> Result<RsaKey, Rejection> {
    let key = fetched.and_then(|config| json::find(config, KEY));
    let key = key.and_then(|key| RsaKey::parse(key.as_bytes(), Algorithm::RsaSha1).ok());
    key.ok_or(Rejection::KeyUnavailable { at: "configuration of Travis CI".into() })
}
