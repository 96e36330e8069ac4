//! Sinch's application signing, for Voice and Verification: HMAC-SHA256 over the method, the MD5 of
//! the body, the content type, the time and the path.
//!
//! Rules by sinch/sinch-sdk-node `packages/sdk-client/src/utils/authorization.helper.ts`. MD5 is
//! not collision-resistant, but who would profit from a collision does not choose both bodies.

use md5::{Digest as _, Md5};

use crate::bespoke::assembled::{
    MacKeys, in_header, required_header, signature, signed_header, time,
};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::scheme::{Algorithm, Covers, KeyForm, Unit};
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{ConfigurationError, Options, Received, Rejection, Secret, SigningError, UnixSeconds};

const HEADER: &str = "authorization";
const TIMESTAMP: &str = "x-timestamp";
const CONTENT_TYPE: &str = "content-type";
const SCHEME: &str = "Application ";
const LENGTH: usize = 32;

/// The setting with the key of the application, which says which secret signs.
pub(crate) const APPLICATION_KEY: &str = "application_key";

/// Sinch's own way. Its library looks at no time, so none is enforced unless it is configured.
pub(crate) static SINCH_VOICE: Bespoke = Bespoke {
    name: "Sinch",
    about: "HMAC-SHA256 over method, MD5 of the body, content type, time and path, in base64 (`Application …:…`)",
    headers: &[HEADER, TIMESTAMP],
    covers: Covers { body: true, timestamp: true, id: false, method: true, url: true },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, options| Ok(Box::new(SinchVoice::new(&secrets, options)?)),
};

struct SinchVoice {
    keys: MacKeys,
    application: String,
    tolerance: Option<u64>,
}

impl SinchVoice {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let keys = MacKeys::new(secrets, KeyForm::Base64, Algorithm::HmacSha256)?;
        let application = options.setting(APPLICATION_KEY).ok_or(ConfigurationError::Settings(
            "Sinch needs the setting `application_key`: the key of the application whose secret this is",
        ))?;
        Ok(Self { keys, application: application.to_owned(), tolerance: options.tolerance })
    }
}

impl Prove for SinchVoice {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let at = in_header(HEADER);
        let malformed = |why| Rejection::SignatureMalformed { at: in_header(HEADER), why };
        let value = signed_header(request, HEADER)?;
        let value = value
            .strip_prefix(SCHEME.as_bytes())
            .ok_or_else(|| malformed("it does not begin with `Application `"))?;
        let colon = value.iter().rposition(|&byte| byte == b':');
        let (application, claim) = colon
            .and_then(|colon| Some((value.get(..colon)?, value.get(colon + 1..)?)))
            .ok_or_else(|| malformed("it is not an application's key and a signature"))?;
        let claim = signature(claim, Encoding::Base64, LENGTH, &at)?;
        let text = request
            .single(TIMESTAMP)?
            .ok_or_else(|| Rejection::TimestampMissing { at: in_header(TIMESTAMP) })?;
        let signed_at = time(text, Unit::Rfc3339, &in_header(TIMESTAMP))?;
        let content_type = required_header(request, CONTENT_TYPE)?;
        let hash = body_hash(request.body);
        let message = message(request, &hash, content_type, text);
        let secret = self.keys.made(&[&message], &[claim]);
        let secret = secret.ok_or(Rejection::SignatureMismatch { at })?;
        // The application's key is not part of what is signed, but another one is not meant for us.
        if application != self.application.as_bytes() {
            return Err(Rejection::NotForUs { what: "application key".into() });
        }
        check_age(Some(signed_at), now, self.tolerance)?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        _: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        let time = Unit::Rfc3339.write(now);
        let content_type = required_header(request, CONTENT_TYPE)
            .map_err(|_| SigningError::PartMissing(in_header(CONTENT_TYPE)))?;
        let hash = body_hash(request.body);
        let made = self.keys.sign(&message(request, &hash, content_type, time.as_bytes()))?;
        let made = Encoding::Base64.encode(made.as_slice());
        let value = format!("{SCHEME}{}:{made}", self.application);
        let headers = vec![(HEADER.into(), value), (TIMESTAMP.into(), time)];
        Ok(Proof { headers, ..Proof::default() })
    }
}

/// Base64 of the body's MD5; nothing for an empty body.
fn body_hash(body: &[u8]) -> String {
    if body.is_empty() { String::new() } else { Encoding::Base64.encode(&Md5::digest(body)) }
}

fn message<'a>(
    request: &Received<'a>,
    hash: &'a str,
    content_type: &'a [u8],
    time: &'a [u8],
) -> [&'a [u8]; 9] {
    [
        request.method.as_bytes(),
        b"\n",
        hash.as_bytes(),
        b"\n",
        content_type,
        b"\nx-timestamp:",
        time,
        b"\n",
        request.path().as_bytes(),
    ]
}
