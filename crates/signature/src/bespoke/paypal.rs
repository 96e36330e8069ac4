//! PayPal's scheme: RSA with SHA-256 over the ids, the time and the body's CRC-32, by the key of a
//! certificate that PayPal publishes under its own host.
//!
//! The headers and the algorithm are those of
//! <https://developer.paypal.com/api/rest/webhooks/rest/>; the order `id|time|webhook id|CRC-32`
//! is that of the self-verification described there.
//!
//! What vouches for the certificate is TLS to the host that stands in here: it is fetched from
//! PayPal's own API and from nowhere else, and must not have expired. Its chain is not built again.
//! That would take certificates between it and a public root that PayPal nowhere says it hands out:
//! its own libraries brought theirs along, by roots that PayPal has left since, and one that
//! looked further refused every request when PayPal went on with a revoked certificate
//! (<https://github.com/paypal/PayPal-NET-SDK/issues/411>). And whoever could get a false
//! certificate of a public root for the name in this one could as well get one for the host.

use crate::bespoke::published::{
    Keys, check_certificate, header_text, is_key_name, signature, signature_text, signed_header,
    signed_time,
};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::public_key::RsaKey;
use crate::scheme::{Algorithm, Covers, Unit};
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{
    ConfigurationError, Fetch, Options, Received, Rejection, Secret, SigningError, UnixSeconds,
};

const ID: &str = "paypal-transmission-id";
const TIME: &str = "paypal-transmission-time";
const SIGNATURE: &str = "paypal-transmission-sig";
const ALGORITHM: &str = "paypal-auth-algo";
const CERTIFICATE: &str = "paypal-cert-url";
const WEBHOOK_ID: &str = "webhook_id";
const RSA_SHA256: &str = "SHA256withRSA";

/// Where PayPal publishes its certificates, for real payments and for those of the sandbox.
const PLACES: [&str; 2] = [
    "https://api.paypal.com/v1/notifications/certs/",
    "https://api.sandbox.paypal.com/v1/notifications/certs/",
];
/// Another certificate has another name, so it may be kept for long: a day.
const MAX_AGE: u64 = 86_400;

/// PayPal's own way. A CRC-32 tells an accident, and not an alteration on purpose: whoever has one
/// signed request can make another body for it.
pub(crate) static PAYPAL: Bespoke = Bespoke {
    name: "PayPal",
    about: "RSA with SHA-256 over `{id}|{timestamp}|` and the webhook's id and the CRC-32 of the body, in base64, by the key of a published certificate",
    covers: Covers { body: false, timestamp: true, id: true, method: false, url: false },
    tolerance: None,
    headers: &[SIGNATURE, ID, TIME, ALGORITHM, CERTIFICATE],
    publishes_keys: true,
    build: |secrets, options| Ok(Box::new(PayPal::new(&secrets, options)?)),
};

struct PayPal {
    webhook_id: String,
    keys: Keys<RsaKey>,
    tolerance: Option<u64>,
}

impl PayPal {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let webhook_id = options.setting(WEBHOOK_ID);
        let webhook_id = webhook_id.ok_or(ConfigurationError::SettingMissing(WEBHOOK_ID))?;
        if webhook_id.contains('|') {
            let sentence = "`webhook_id` has no `|` in it; copy it from PayPal's dashboard";
            return Err(ConfigurationError::Settings(sentence));
        }
        let read = |fetched: &[u8]| parse(fetched).ok().map(|key| vec![key]);
        let keys = Keys::new(secrets, parse, read)?;
        Ok(Self { webhook_id: webhook_id.to_owned(), keys, tolerance: options.tolerance })
    }

    fn message(&self, id: &str, time: &str, body: &[u8]) -> String {
        format!("{id}|{time}|{}|{}", self.webhook_id, crc32(body))
    }
}

impl Prove for PayPal {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let signature = signature(request, SIGNATURE, Encoding::Base64)?;
        if signature_text(request, ALGORITHM)? != RSA_SHA256 {
            let at = header_text(ALGORITHM);
            return Err(Rejection::AlgorithmNotAllowed { at, wanted: RSA_SHA256.into() });
        }
        let id = signed_header(request, ID)?;
        if id.contains('|') {
            return Err(Rejection::IdMalformed { at: header_text(ID) });
        }
        let (time, signed_at) = signed_time(request, TIME, Unit::Rfc3339)?;
        if self.keys.are_fetched() {
            certificate_url(request)?;
            check_certificate(fetched, now, header_text(CERTIFICATE))?;
        }
        let message = self.message(id, time, request.body);
        let places = (header_text(SIGNATURE), header_text(CERTIFICATE));
        let made = |key: &RsaKey| key.verify(message.as_bytes(), signature.as_slice());
        let secret = self.keys.find(fetched, places, made)?;
        check_age(Some(signed_at), now, self.tolerance)?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        let key = self.keys.first().ok_or(SigningError::NoPrivateKey)?;
        if !is_key_name(id) {
            return Err(SigningError::IdMalformed);
        }
        let time = Unit::Rfc3339.write(now);
        let signature = key.sign(self.message(id, &time, request.body).as_bytes())?;
        let [place, _] = PLACES;
        let headers = vec![
            (ID.into(), id.to_owned()),
            (TIME.into(), time),
            (ALGORITHM.into(), RSA_SHA256.to_owned()),
            (CERTIFICATE.into(), format!("{place}CERT-of-a-test")),
            (SIGNATURE.into(), Encoding::Base64.encode(signature.as_slice())),
        ];
        Ok(Proof { headers, url: None, body: None })
    }

    fn fetch(&self, request: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        if !self.keys.are_fetched() {
            return Ok(None);
        }
        // Nothing is fetched for what cannot be right anyway.
        signature(request, SIGNATURE, Encoding::Base64)?;
        let url = certificate_url(request)?.to_owned();
        Ok(Some(Fetch { url, body: None, authorization: None, max_age: MAX_AGE }))
    }
}

fn parse(key: &[u8]) -> Result<RsaKey, ConfigurationError> {
    RsaKey::parse(key, Algorithm::RsaSha256)
}

/// The certificate's URL, if it is one of PayPal's.
fn certificate_url<'a>(request: &Received<'a>) -> Result<&'a str, Rejection> {
    let url = signed_header(request, CERTIFICATE)?;
    let is_ours = PLACES.iter().any(|place| url.strip_prefix(place).is_some_and(is_key_name));
    if is_ours { Ok(url) } else { Err(Rejection::KeyForeign { at: header_text(CERTIFICATE) }) }
}

/// CRC-32 as in zip files and Ethernet, bit by bit: the polynomial is reflected, and so are the
/// bytes.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0_u32;
    while index < 256 {
        let mut value = index;
        let mut bit = 0;
        while bit < 8 {
            let low = value & 1;
            value = value >> 1 ^ if low == 1 { 0xedb8_8320 } else { 0 };
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "the index is below 256, checked when built")]
        {
            table[index as usize] = value;
        }
        index += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        let entry = CRC_TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        crc >> 8 ^ entry
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_the_usual_one() {
        // The check value that every catalogue of CRCs gives for CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn certificates_come_from_paypal_alone() {
        let url = |url: &str| {
            let headers = [(CERTIFICATE, url)];
            let request = Received { method: "POST", url: "", headers: &headers, body: b"" };
            certificate_url(&request).is_ok()
        };
        assert!(url("https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594"));
        assert!(url("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1"));
        for bad in [
            "",
            "http://api.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com/v1/notifications/certs/",
            "https://api.paypal.com/v1/notifications/certs/../../x",
            "https://api.paypal.com/v1/notifications/certs/%2e%2e",
            "https://api.paypal.com/v1/notifications/certs/a?b",
            "https://api.paypal.com/v1/notifications/certs/a#b",
            "https://api.paypal.com:8443/v1/notifications/certs/a",
            "https://user@api.paypal.com/v1/notifications/certs/a",
            "https://api.paypal.com.evil.example/v1/notifications/certs/a",
            "https://evil.example/?https://api.paypal.com/v1/notifications/certs/a",
        ] {
            assert!(!url(bad), "{bad}");
        }
    }
}
