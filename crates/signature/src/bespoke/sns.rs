//! The scheme of Amazon SNS: RSA over the fields of the message, by the key of a certificate that
//! AWS publishes beside the service.
//!
//! Fields, order and versions by
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>, the spelling
//! of Lambda by aws-js-sns-message-validator `index.js`.
//!
//! Everybody who has an account at AWS can have a message signed, from a topic of their own: only
//! the topic's name says that it is ours, so it has to be configured.

use serde::Deserialize;
use serde_json::Value;

use crate::bespoke::published::{Keys, check_certificate};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets};
use crate::public_key::RsaKey;
use crate::scheme::{Algorithm, Covers, Text, Unit};
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{
    ConfigurationError, Fetch, Options, Received, Rejection, Secret, SigningError, UnixSeconds,
};

const SIGNATURE: Text = Text::Borrowed("JSON value `/Signature` of the body");
const VERSION: Text = Text::Borrowed("JSON value `/SignatureVersion` of the body");
const TIME: Text = Text::Borrowed("JSON value `/Timestamp` of the body");
const CERTIFICATE: Text = Text::Borrowed("JSON value `/SigningCertURL` of the body");
const TOPIC: &str = "topic_arn";
/// Another certificate has another name, so it may be kept for long: a day.
const MAX_AGE: u64 = 86_400;
/// What a message is said to be signed with that was signed here.
const OUR_CERTIFICATE: &str =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-of-a-test.pem";

/// SNS's own way. Attributes of a message and the URL to unsubscribe are not signed.
pub(crate) static SNS: Bespoke = Bespoke {
    name: "Amazon SNS",
    about: "RSA over the fields of the message, with SHA-256 (version 2) or SHA-1 (version 1), in base64, in its field `Signature`, by the key of a published certificate",
    covers: Covers { body: false, timestamp: true, id: true, method: false, url: false },
    tolerance: None,
    headers: &[],
    publishes_keys: true,
    build: |secrets, options| Ok(Box::new(Sns::new(&secrets, options)?)),
};

struct Sns {
    topic: String,
    keys: Keys<Pair>,
    tolerance: Option<u64>,
}

/// One key, for both versions.
struct Pair {
    sha1: RsaKey,
    sha256: RsaKey,
}

/// A message, with each of its fields at most once.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    r#type: String,
    #[serde(rename = "MessageId")]
    id: String,
    topic_arn: String,
    #[serde(rename = "Message")]
    text: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL", alias = "SigningCertUrl")]
    certificate: String,
    subject: Option<String>,
    token: Option<String>,
    #[serde(rename = "SubscribeURL", alias = "SubscribeUrl")]
    subscribe_url: Option<String>,
}

impl Sns {
    fn new(secrets: &[Secret], options: &Options) -> Result<Self, ConfigurationError> {
        let topic = options.setting(TOPIC).ok_or(ConfigurationError::SettingMissing(TOPIC))?;
        if !topic.starts_with("arn:") {
            let sentence = "`topic_arn` is the topic's name as AWS shows it, such as `arn:aws:sns:us-east-1:123456789012:orders`";
            return Err(ConfigurationError::Settings(sentence));
        }
        let read = |fetched: &[u8]| Pair::parse(fetched).ok().map(|pair| vec![pair]);
        let keys = Keys::new(secrets, Pair::parse, read)?;
        Ok(Self { topic: topic.to_owned(), keys, tolerance: options.tolerance })
    }
}

impl Pair {
    fn parse(key: &[u8]) -> Result<Self, ConfigurationError> {
        let sha1 = RsaKey::parse(key, Algorithm::RsaSha1)?;
        Ok(Self { sha1, sha256: RsaKey::parse(key, Algorithm::RsaSha256)? })
    }
}

impl Message {
    fn read(body: &[u8]) -> Result<Self, Rejection> {
        serde_json::from_slice(body).map_err(|error| {
            // Raw delivery sends the message alone, which nothing signs.
            let is_raw = !error.is_data() || crate::json::find(body, "/Signature").is_none();
            if is_raw {
                return Rejection::SignatureMissing { at: SIGNATURE };
            }
            let why = "the body does not have each field of an SNS message once, as text";
            Rejection::SignatureMalformed { at: SIGNATURE, why }
        })
    }

    /// What is signed: the name of each field and its value, a line each. `None` for a type that
    /// is not known.
    fn signed(&self) -> Option<String> {
        let present = |name, value: &Option<String>| value.clone().map(|value| (name, value));
        let mut fields = vec![("Message", self.text.clone())];
        fields.push(("MessageId", self.id.clone()));
        match self.r#type.as_str() {
            "Notification" => fields.extend(present("Subject", &self.subject)),
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                fields.push(("SubscribeURL", self.subscribe_url.clone()?));
            }
            _ => return None,
        }
        fields.push(("Timestamp", self.timestamp.clone()));
        if self.r#type != "Notification" {
            fields.push(("Token", self.token.clone()?));
        }
        fields.push(("TopicArn", self.topic_arn.clone()));
        fields.push(("Type", self.r#type.clone()));
        Some(fields.iter().flat_map(|(name, value)| [name, "\n", value, "\n"]).collect())
    }

    fn signature(&self) -> Result<Octets, Rejection> {
        let why = Encoding::Base64.expected();
        let decoded = Encoding::Base64.decode(self.signature.as_bytes());
        let decoded = decoded.filter(|signature| !signature.as_slice().is_empty());
        decoded.ok_or(Rejection::SignatureMalformed { at: SIGNATURE, why })
    }
}

impl Prove for Sns {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let message = Message::read(request.body)?;
        let signature = message.signature()?;
        let why = "the fields that are signed for this type of message are not all there";
        let malformed = Rejection::SignatureMalformed { at: SIGNATURE, why };
        let signed = message.signed().ok_or(malformed)?;
        let verify: fn(&Pair) -> &RsaKey = match message.signature_version.as_str() {
            "1" => |pair| &pair.sha1,
            "2" => |pair| &pair.sha256,
            _ => {
                let wanted = "version 1 or 2".into();
                return Err(Rejection::AlgorithmNotAllowed { at: VERSION, wanted });
            }
        };
        let expected = Unit::Rfc3339.expected();
        let signed_at = Unit::Rfc3339
            .read(message.timestamp.as_bytes())
            .ok_or(Rejection::TimestampMalformed { at: TIME, expected })?;
        if self.keys.are_fetched() {
            if !is_certificate(&message.certificate) {
                return Err(Rejection::KeyForeign { at: CERTIFICATE });
            }
            check_certificate(fetched, now, CERTIFICATE)?;
        }
        let made = |pair: &Pair| verify(pair).verify(signed.as_bytes(), signature.as_slice());
        let secret = self.keys.find(fetched, (SIGNATURE, CERTIFICATE), made)?;
        if message.topic_arn != self.topic {
            return Err(Rejection::NotForUs { what: "topic".into() });
        }
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
        let no_place = || SigningError::NoPlace(SIGNATURE);
        let mut body: Value = serde_json::from_slice(request.body).map_err(|_| no_place())?;
        let fields = body.as_object_mut().ok_or_else(no_place)?;
        let always = [
            ("MessageId", id.to_owned()),
            ("TopicArn", self.topic.clone()),
            ("Timestamp", Unit::Rfc3339.write(now)),
            ("SignatureVersion", "2".to_owned()),
            ("SigningCertURL", OUR_CERTIFICATE.to_owned()),
            ("Signature", String::new()),
        ];
        for (name, value) in always {
            fields.insert(name.to_owned(), value.into());
        }
        for (name, value) in [("Type", "Notification"), ("Message", "")] {
            fields.entry(name).or_insert_with(|| value.into());
        }
        let message: Message = serde_json::from_value(body.clone()).map_err(|_| no_place())?;
        let missing = || SigningError::PartMissing("JSON value `/SubscribeURL` or `/Token`".into());
        let signature = key.sha256.sign(message.signed().ok_or_else(missing)?.as_bytes())?;
        if let Some(place) = body.get_mut("Signature") {
            *place = Encoding::Base64.encode(signature.as_slice()).into();
        }
        let body = serde_json::to_vec(&body).map_err(|_| SigningError::Failed)?;
        Ok(Proof { body: Some(body), ..Proof::default() })
    }

    fn fetch(&self, request: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        if !self.keys.are_fetched() {
            return Ok(None);
        }
        let message = Message::read(request.body)?;
        message.signature()?;
        if !is_certificate(&message.certificate) {
            return Err(Rejection::KeyForeign { at: CERTIFICATE });
        }
        let url = message.certificate;
        Ok(Some(Fetch { url, body: None, authorization: None, max_age: MAX_AGE }))
    }
}

/// Whether a URL is one of a certificate of SNS: `https://sns.REGION.amazonaws.com/….pem`.
///
/// AWS's own library takes any three letters for a region, and so the names under which buckets
/// called `sns` are reached: `sns.s3-us-west-2.amazonaws.com`.
fn is_certificate(url: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let file = host_and_rest(url).and_then(|rest| rest.strip_prefix('/')?.strip_suffix(".pem"));
    file.is_some_and(|name| (1..=128).contains(&name.len()) && name.bytes().all(is_plain))
}

/// What follows the host, if the host is SNS in a region.
pub(crate) fn host_and_rest(url: &str) -> Option<&str> {
    let after = url.strip_prefix("https://sns.")?;
    let (host, _) = after.split_once('/')?;
    let rest = after.strip_prefix(host)?;
    let region =
        host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    is_region(region).then_some(rest)
}

/// `us-east-1`, `us-gov-west-1`: two letters, words, a number.
fn is_region(text: &str) -> bool {
    let words: Vec<&str> = text.split('-').collect();
    let [country, middle @ .., number] = words.as_slice() else { return false };
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    country.len() == 2
        && is_word(country)
        && !middle.is_empty()
        && middle.iter().all(|word| is_word(word))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_come_from_sns_alone() {
        for good in [
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233f.pem",
            "https://sns.us-gov-west-1.amazonaws.com/a.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/a.pem",
        ] {
            assert!(is_certificate(good), "{good}");
        }
        for bad in [
            "",
            "http://sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com/a.pem?b",
            "https://sns.us-east-1.amazonaws.com/a.txt",
            "https://sns.us-east-1.amazonaws.com/.pem",
            "https://sns.us-east-1.amazonaws.com/a/../b.pem",
            "https://sns.us-east-1.amazonaws.com:8443/a.pem",
            "https://user@sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/a.pem",
            "https://sns.evil.example/.amazonaws.com/a.pem",
            "https://sns.s3.amazonaws.com/a.pem",
            "https://sns.s3-us-west-2.amazonaws.com/a.pem",
            "https://sns.us-west-2.s3.amazonaws.com/a.pem",
            "https://snsx.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com@evil.example/a.pem",
            "https://sns.us-east-1.amazonaws.com\\@evil.example/a.pem",
        ] {
            assert!(!is_certificate(bad), "{bad}");
        }
    }
}
