//! Requests to tamper with, derived from the table: a provider that is added comes in by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_signature::{
    Algorithm, Covers, Encoding, Format, Generic, KeyForm, Options, Place, Received, Scheme,
    Secret, Signed, UnixSeconds, Verifier, provider,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

/// When the samples are signed.
pub(crate) const NOW: UnixSeconds = UnixSeconds(1_700_000_000);
/// The id they are signed with.
pub(crate) const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";

/// A request that can be changed.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn new(content_type: &str, body: &[u8]) -> Self {
        Self {
            method: "POST".to_owned(),
            url: "https://example.com/webhook/x?a=1".to_owned(),
            headers: vec![("Content-Type".to_owned(), content_type.into())],
            body: body.to_vec(),
        }
    }

    pub(crate) fn received(&self) -> Received<'_> {
        Received { method: &self.method, url: &self.url, headers: &self.headers, body: &self.body }
    }

    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("`{name}` is missing")).1.clone()
    }

    pub(crate) fn without(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        changed
    }

    pub(crate) fn with(&self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        let mut changed = self.without(name);
        changed.headers.push((name.to_owned(), value.into()));
        changed
    }

    pub(crate) fn with_body(&self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.clone() }
    }

    /// Signs as the provider would.
    pub(crate) fn signed(&self, verifier: &Verifier, id: &str, now: UnixSeconds) -> Self {
        let proof = verifier.sign(&self.received(), id, now).unwrap();
        let mut signed = self.clone();
        for (name, value) in proof.headers {
            signed = signed.with(&name, value);
        }
        signed.url = proof.url.unwrap_or(signed.url);
        signed
    }
}

pub(crate) fn header(place: &Place) -> &str {
    match place {
        Place::Header(name) => name,
        place => panic!("{place:?}"),
    }
}

/// A scheme with two secrets and a request signed with the first.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) scheme: Scheme,
    pub(crate) secrets: [Vec<u8>; 2],
    pub(crate) verifier: Verifier,
    pub(crate) covers: Covers,
    pub(crate) unsigned: Message,
    pub(crate) message: Message,
}

impl Sample {
    fn new(name: &str, scheme: &Scheme, secrets: [Vec<u8>; 2], unsigned: Message) -> Self {
        let verifier = verifier(scheme, &[&secrets[0]], &Options::default());
        let message = unsigned.signed(&verifier, ID, NOW);
        Self {
            name: name.to_owned(),
            scheme: scheme.clone(),
            covers: verifier.covers(),
            secrets,
            verifier,
            unsigned,
            message,
        }
    }

    /// The parts of a scheme that signs, where it is one of the engine's.
    pub(crate) fn signed(&self) -> Option<&Signed> {
        if let Scheme::Signed(signed) = &self.scheme { Some(signed) } else { None }
    }

    pub(crate) fn signature_header(&self) -> &str {
        match &self.scheme {
            Scheme::Signed(signed) => header(&signed.carrier.place),
            Scheme::Token(token) => header(&token.place),
            Scheme::Basic => "authorization",
            Scheme::Bespoke(bespoke) => bespoke.headers[0],
            Scheme::Unsigned => unreachable!("nothing is signed"),
        }
    }

    /// The header of its own in which the timestamp stands.
    pub(crate) fn timestamp_header(&self) -> Option<&str> {
        match &self.signed()?.timestamp.as_ref()?.place {
            Place::Header(header) => Some(header),
            _ => None,
        }
    }

    /// The request with another text as timestamp, everything else as it was.
    pub(crate) fn with_timestamp(&self, text: &str) -> Option<Message> {
        match &self.signed()?.timestamp.as_ref()?.place {
            Place::Header(header) => Some(self.message.with(header, text)),
            Place::Field(name) => {
                let value = String::from_utf8(self.message.get(self.signature_header())).unwrap();
                let value = value.replace(&format!("{name}={}", NOW.0), &format!("{name}={text}"));
                Some(self.message.with(self.signature_header(), value))
            }
            place => panic!("{place:?}"),
        }
    }

    /// What the verifier says: `ok`, or the code of the rejection.
    pub(crate) fn code(&self, message: &Message, now: UnixSeconds) -> &'static str {
        code(&self.verifier, message, now)
    }

    pub(crate) fn expect(&self, message: &Message, expected: &str, what: &str) {
        assert_eq!(self.code(message, NOW), expected, "{}: {what}", self.name);
    }
}

pub(crate) fn code(verifier: &Verifier, message: &Message, now: UnixSeconds) -> &'static str {
    verifier.verify(&message.received(), now).map_or_else(|rejection| rejection.code(), |_| "ok")
}

pub(crate) fn verifier(scheme: &Scheme, secrets: &[&[u8]], options: &Options) -> Verifier {
    let secrets = secrets.iter().map(|&secret| Secret::new(secret).unwrap()).collect();
    Verifier::new(scheme, secrets, options).unwrap()
}

/// Two secrets in each form that a scheme takes.
pub(crate) fn secrets(scheme: &Scheme) -> Vec<[Vec<u8>; 2]> {
    let each = |make: &dyn Fn(u8) -> String| [make(1).into_bytes(), make(2).into_bytes()];
    let base64 = |seed| STANDARD.encode([seed; 32]);
    match scheme {
        Scheme::Basic => vec![each(&|seed| format!("user:password number {seed}"))],
        Scheme::Signed(signed) if signed.key == KeyForm::StandardWebhooks => {
            vec![
                each(&|seed| format!("whsec_{}", base64(seed))),
                each(&|seed| format!("whsk_{}", base64(seed))),
            ]
        }
        Scheme::Signed(signed) if signed.key == KeyForm::Public => vec![each(&|_| p256())],
        _ => vec![each(&|seed| format!("a secret, number {seed}"))],
    }
}

fn p256() -> String {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
        .unwrap();
    STANDARD.encode(key.as_ref())
}

/// The providers that are tampered with.
const BY_HAND: &[&str] = &[
    "basic",
    "generic",
    "github",
    "gitlab",
    "gitlab-signing-token",
    "sendgrid",
    "shopify",
    "slack",
    "standard-webhooks",
    "stripe",
    "token",
    "twilio",
];

/// Every one of them with every form of secret, and schemes that settings can build.
pub(crate) fn schemes() -> Vec<(String, Scheme)> {
    let mut schemes: Vec<_> = BY_HAND
        .iter()
        .map(|slug| provider(slug).unwrap())
        .map(|provider| (provider.slug.to_owned(), provider.scheme.clone()))
        .collect();
    for (name, generic) in [
        (
            "generic, all set",
            Generic {
                header: Some("X-Signed".to_owned()),
                algorithm: Some(Algorithm::HmacSha512),
                encoding: Some(Encoding::Base64Url),
                prefix: Some("v9=".to_owned()),
                template: Some(
                    "{method} {url} {header:Content-Type}\n{id}.{timestamp}.{body}".to_owned(),
                ),
                timestamp_header: Some("X-Time".to_owned()),
                id_header: Some("X-Id".to_owned()),
                tolerance: Some(7),
            },
        ),
        ("generic, sha1", Generic { algorithm: Some(Algorithm::HmacSha1), ..Generic::default() }),
        (
            "generic, path",
            Generic {
                encoding: Some(Encoding::Base64),
                template: Some("{path}{body}".to_owned()),
                ..Generic::default()
            },
        ),
    ] {
        schemes.push((name.to_owned(), generic.scheme().unwrap()));
    }
    schemes
}

/// All that there is to tamper with.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (name, scheme) in schemes() {
        for secrets in secrets(&scheme) {
            let json = Message::new("application/json", br#"{"id":"evt_1","type":"invoice.paid"}"#);
            samples.push(Sample::new(&name, &scheme, secrets.clone(), json));
            let form = Message::new(
                "application/x-www-form-urlencoded",
                b"MessageSid=SM1&Body=a%20b&Body=c",
            );
            samples.push(Sample::new(&format!("{name}, form"), &scheme, secrets.clone(), form));
            let bytes = Message::new(
                "application/octet-stream",
                &[0, 0xff, b'\r', b'\n', 0xc3, 0x28, b' ', b'\n'],
            );
            samples.push(Sample::new(&format!("{name}, bytes"), &scheme, secrets, bytes));
        }
    }
    samples
}

/// What stands before the signature itself in its header.
pub(crate) fn signature_prefix(sample: &Sample) -> String {
    match &sample.scheme {
        Scheme::Signed(signed) => match &signed.carrier.format {
            Format::Prefixed(prefix) => prefix.to_string(),
            Format::Bare { .. } | Format::List { .. } => String::new(),
            Format::TimeFirst { between } => format!("{}{between}", NOW.0),
            Format::Fields { signature, .. } => format!("t={},{signature}=", NOW.0),
            Format::Versions { version, ed25519, .. } => {
                let ed25519_key = sample.secrets[0].starts_with(b"whsk_");
                format!("{},", if ed25519_key { ed25519 } else { version })
            }
        },
        Scheme::Token(token) => token.prefix.to_string(),
        Scheme::Basic => "Basic ".to_owned(),
        Scheme::Bespoke(_) | Scheme::Unsigned => String::new(),
    }
}
