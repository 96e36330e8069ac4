//! Braintree's scheme: HMAC-SHA1 over the field `bt_payload` of a form, with the SHA-1 of the
//! private key as the key.
//!
//! Rules by <https://developer.paypal.com/braintree/docs/guides/webhooks/parse> and by what
//! Braintree's own libraries accept (`braintree_node` `lib/braintree/webhook_notification_gateway.js`).

use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use crate::bespoke::assembled::{MacKeys, only_fields, signatures};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::key::MacKey;
use crate::place;
use crate::scheme::{Algorithm, Covers, Place, Text};
use crate::verifier::{Proof, Verified};
use crate::{ConfigurationError, Options, Received, Rejection, Secret, SigningError, UnixSeconds};

const SIGNATURE: Place = Place::Form(Text::Borrowed("bt_signature"));
const PAYLOAD: Place = Place::Form(Text::Borrowed("bt_payload"));
const FIELDS: [&[u8]; 2] = [b"bt_signature", b"bt_payload"];
const LENGTH: usize = 20;

/// The setting with the public key that belongs to the private one.
pub(crate) const PUBLIC_KEY: &str = "public_key";

/// Braintree's own way. A form with any other field is refused, so all that it says is protected.
pub(crate) static BRAINTREE: Bespoke = Bespoke {
    name: "Braintree",
    about: "HMAC-SHA1 over the form field `bt_payload`, in hexadecimal, in the form field `bt_signature`; the key is the SHA-1 of the private key",
    headers: &[],
    covers: Covers { body: true, timestamp: false, id: false, method: false, url: false },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, options| Ok(Box::new(Braintree::new(&secrets, options)?)),
};

struct Braintree {
    keys: MacKeys,
    /// The public keys, which tell which of several signatures is meant for us.
    names: Vec<String>,
}

impl Braintree {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let keys = MacKeys::each(secrets, |secret| {
            let key = Zeroizing::new(<[u8; LENGTH]>::from(Sha1::digest(secret.bytes())));
            MacKey::new(Algorithm::HmacSha1, &*key)
        })?;
        let names = options.setting(PUBLIC_KEY).unwrap_or_default().split([',', ' ']);
        let names: Vec<_> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        if names.is_empty() {
            return Err(ConfigurationError::Settings(
                "Braintree needs the setting `public_key`: the public key that belongs to the private one",
            ));
        }
        Ok(Self { keys, names })
    }
}

impl Prove for Braintree {
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let at = SIGNATURE.described();
        let claim = request.at(&SIGNATURE)?;
        let claim = claim.ok_or_else(|| Rejection::SignatureMissing { at: at.clone() })?;
        let payload = request.at(&PAYLOAD)?;
        let payload =
            payload.ok_or_else(|| Rejection::SignedPartMissing { at: PAYLOAD.described() })?;
        only_fields(request.body, &FIELDS)?;
        if let Some(why) = unfit(&payload) {
            return Err(Rejection::SignatureMalformed { at: PAYLOAD.described(), why });
        }
        let ours = claim.split(|&byte| byte == b'&').filter_map(|pair| {
            let middle = pair.iter().position(|&byte| byte == b'|')?;
            let (name, signature) = (pair.get(..middle)?, pair.get(middle + 1..)?);
            self.names.iter().any(|ours| ours.as_bytes() == name).then_some(signature)
        });
        let ours =
            signatures(ours, Encoding::Hex, LENGTH, &at).map_err(|rejection| match rejection {
                Rejection::SignatureMissing { at } => Rejection::SignatureMalformed {
                    at,
                    why: "it holds no pair with the public key that is configured here",
                },
                other => other,
            })?;
        // A line break at the end is lost by some frameworks.
        let messages: [&[&[u8]]; 2] = [&[&payload], &[&payload, b"\n"]];
        let secret = self.keys.made(&messages, &ours);
        let secret = secret.ok_or(Rejection::SignatureMismatch { at })?;
        Ok(Verified { secret, signed_at: None })
    }

    fn sign(&self, request: &Received<'_>, _: &str, _: UnixSeconds) -> Result<Proof, SigningError> {
        let missing = || SigningError::PartMissing(PAYLOAD.described());
        let payload = request.at(&PAYLOAD).ok().flatten().ok_or_else(missing)?;
        if unfit(&payload).is_some() || only_fields(request.body, &FIELDS).is_err() {
            return Err(SigningError::NoPlace(SIGNATURE.described()));
        }
        let made = self.keys.sign(&[&payload])?;
        let name = self.names.first().map_or("", String::as_str);
        let mut proof = Proof::default();
        let value = format!("{name}|{}", Encoding::Hex.encode(made.as_slice()));
        place::put(&mut proof, request, &SIGNATURE, value)?;
        Ok(proof)
    }
}

/// Why a payload is none. Braintree signs its challenges with the same key, so whoever has an
/// answer to one could send it as a payload.
fn unfit(payload: &[u8]) -> Option<&'static str> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\n".contains(byte);
    let is_challenge = (20..=32).contains(&payload.len())
        && payload.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if payload.is_empty() || !payload.iter().all(allowed) {
        Some("it is not base64")
    } else if is_challenge {
        Some("it looks like a challenge, which is signed with the same key")
    } else {
        None
    }
}
