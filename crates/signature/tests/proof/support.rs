//! Requests to tamper with, derived from the table: a provider that is added comes in by itself.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_signature::{
    Algorithm, Covers, Encoding, Format, Generic, KeyForm, Options, PROVIDERS, Part, Place,
    Received, Scheme, Secret, Signed, Unit, UnixSeconds, Verifier,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use serde_json::{Map, Value, json};

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

    /// What stands at a place.
    pub(crate) fn at(&self, place: &Place) -> Vec<u8> {
        match place {
            Place::Header(name) | Place::Pair(name, _) => self.get(name),
            Place::Numbered(prefix) => self.get(&format!("{prefix}1")),
            Place::Json(pointer) => {
                let document: Value = serde_json::from_slice(&self.body).unwrap();
                match document.pointer(pointer).unwrap() {
                    Value::String(text) => text.clone().into_bytes(),
                    other => other.to_string().into_bytes(),
                }
            }
            Place::Query(name) => {
                let (_, query) = self.url.split_once('?').unwrap();
                let field = query.split('&').find_map(|field| field.strip_prefix(&**name));
                field.and_then(|field| field.strip_prefix('=')).unwrap().as_bytes().to_vec()
            }
            Place::Form(_) | Place::Field(_) => panic!("{place:?}"),
        }
    }

    /// The request with something else at a place, or nothing. `None` where these bytes cannot
    /// stand there.
    pub(crate) fn with_at(&self, place: &Place, value: Option<&[u8]>) -> Option<Self> {
        match (place, value) {
            (Place::Header(name) | Place::Pair(name, _), Some(value)) => {
                Some(self.with(name, value))
            }
            (Place::Header(name) | Place::Pair(name, _), None) => Some(self.without(name)),
            (Place::Numbered(prefix), value) => {
                self.with_at(&Place::Header(format!("{prefix}1").into()), value)
            }
            (Place::Json(pointer), value) => {
                let value = value.map(|value| String::from_utf8(value.to_vec()));
                let value = value.transpose().ok()?;
                let mut document: Value = serde_json::from_slice(&self.body).unwrap();
                let (parent, key) = pointer.rsplit_once('/').unwrap();
                let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                match value {
                    Some(value) => parent.insert(key.to_owned(), value.into()),
                    None => parent.remove(key),
                };
                Some(self.with_body(serde_json::to_vec(&document).unwrap()))
            }
            (Place::Query(name), value) => {
                let (path, query) = self.url.split_once('?').unwrap();
                let is_other = |field: &&str| !field.starts_with(&format!("{name}="));
                let mut fields: Vec<_> =
                    query.split('&').filter(is_other).map(str::to_owned).collect();
                fields.extend(value.map(|value| format!("{name}={}", escaped(value))));
                Some(Self { url: format!("{path}?{}", fields.join("&")), ..self.clone() })
            }
            (Place::Form(_) | Place::Field(_), _) => panic!("{place:?}"),
        }
    }

    /// Signs as the provider would.
    pub(crate) fn signed(&self, verifier: &Verifier, id: &str, now: UnixSeconds) -> Self {
        let proof = verifier.sign(&self.received(), id, now).unwrap();
        let mut signed = self.clone();
        for (name, value) in proof.headers {
            signed = signed.with(&name, value);
        }
        signed.url = proof.url.unwrap_or(signed.url);
        signed.body = proof.body.unwrap_or(signed.body);
        signed
    }
}

pub(crate) fn header(place: &Place) -> &str {
    match place {
        Place::Header(name) => name,
        place => panic!("{place:?}"),
    }
}

/// How often something was refused as it had to be, and how often accepted.
static REFUSED: AtomicUsize = AtomicUsize::new(0);
static ACCEPTED: AtomicUsize = AtomicUsize::new(0);

fn count(code: &str) {
    let counter = if code == "ok" { &ACCEPTED } else { &REFUSED };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What was refused and what was accepted so far, in this process.
pub(crate) fn counted() -> (usize, usize) {
    (REFUSED.load(Ordering::Relaxed), ACCEPTED.load(Ordering::Relaxed))
}

pub(crate) fn escaped(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(one).collect()
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
    /// Where the signature or token stands.
    pub(crate) place: Place,
}

impl Sample {
    fn new(name: &str, scheme: &Scheme, secrets: [Vec<u8>; 2], mut unsigned: Message) -> Self {
        let verifier = verifier(scheme, &[&secrets[0]], &Options::default());
        for name in signed_headers(scheme) {
            if name != "content-type" {
                unsigned = unsigned.with(&name, "a-made-up-value");
            }
        }
        let message = unsigned.signed(&verifier, ID, NOW);
        Self {
            name: name.to_owned(),
            scheme: scheme.clone(),
            covers: verifier.covers(),
            secrets,
            verifier,
            unsigned,
            message,
            place: place(scheme),
        }
    }

    /// The parts of a scheme that signs, where it is one of the engine's.
    pub(crate) fn signed(&self) -> Option<&Signed> {
        if let Scheme::Signed(signed) = &self.scheme { Some(signed) } else { None }
    }

    /// The signature or token with what stands around it.
    pub(crate) fn value(&self) -> Vec<u8> {
        self.message.at(&self.place)
    }

    /// The request with another signature or token, if these bytes can stand where it does.
    pub(crate) fn with_value(&self, value: &[u8]) -> Option<Message> {
        self.message.with_at(&self.place, Some(value))
    }

    /// Refuses, for the reason that is expected, a request with another signature or token.
    pub(crate) fn expect_value(&self, value: &[u8], expected: &str, what: &str) {
        if let Some(message) = self.with_value(value) {
            self.expect(&message, expected, what);
        }
    }

    /// Whether the secret itself is shown, so that any text is a well-formed one.
    pub(crate) fn is_token(&self) -> bool {
        matches!(&self.scheme, Scheme::Token(_))
            || matches!(&self.scheme, Scheme::Bespoke(bespoke) if TOKENS.contains(&bespoke.name))
    }

    /// Whether the signature, its time or what is signed stands somewhere in the body, so that a
    /// changed body may have none.
    pub(crate) fn is_in_body(&self) -> bool {
        needs_json(&self.scheme)
            || self.unsigned.body.starts_with(b"payload=")
            || list_field(&self.scheme).is_some()
    }

    /// The header of its own in which the timestamp stands.
    pub(crate) fn timestamp_header(&self) -> Option<&str> {
        match &self.signed()?.timestamp.as_ref()?.place {
            Place::Header(header) => Some(header),
            _ => None,
        }
    }

    /// How the timestamp is written.
    pub(crate) fn unit(&self) -> Option<Unit> {
        Some(self.signed()?.timestamp.as_ref()?.unit)
    }

    /// The time of signing, and a second later, as the scheme writes them.
    pub(crate) fn times(&self) -> Option<[&'static str; 2]> {
        Some(match self.unit()? {
            Unit::Seconds => ["1700000000", "1700000001"],
            Unit::Milliseconds => ["1700000000000", "1700000001000"],
            Unit::Rfc3339 => ["2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z"],
        })
    }

    /// The request with another text as timestamp, everything else as it was.
    pub(crate) fn with_timestamp(&self, text: &str) -> Option<Message> {
        let [now, _] = self.times()?;
        match &self.signed()?.timestamp.as_ref()?.place {
            Place::Field(name) => {
                let value = String::from_utf8(self.value()).unwrap();
                let value = match self.signed()?.carrier.format {
                    Format::TimeFirst { .. } => value.replacen(now, text, 1),
                    _ => value.replace(&format!("{name}={now}"), &format!("{name}={text}")),
                };
                self.with_value(value.as_bytes())
            }
            place => self.message.with_at(place, Some(text.as_bytes())),
        }
    }

    /// What the verifier says: `ok`, or the code of the rejection.
    pub(crate) fn code(&self, message: &Message, now: UnixSeconds) -> &'static str {
        code(&self.verifier, message, now)
    }

    pub(crate) fn expect(&self, message: &Message, expected: &str, what: &str) {
        assert_eq!(self.code(message, NOW), self.named(expected), "{}: {what}", self.name);
    }

    /// A code as it is of what this sender shows, given as it is of a signature.
    pub(crate) fn named(&self, code: &str) -> String {
        let shown = match &self.scheme {
            Scheme::Basic => "password",
            _ if self.is_token() => "token",
            _ => "signature",
        };
        code.replace("signature", shown)
    }

    /// A body that carries the proof, changed: refused for whatever reason comes first.
    pub(crate) fn expect_unlike(&self, message: &Message, what: &str) {
        assert_ne!(self.code(message, NOW), "ok", "{}: {what}", self.name);
    }
}

pub(crate) fn code(verifier: &Verifier, message: &Message, now: UnixSeconds) -> &'static str {
    let verdict = verifier.verify(&message.received(), now);
    let code = verdict.map_or_else(|rejection| rejection.code(), |_| "ok");
    count(code);
    code
}

pub(crate) fn verifier(scheme: &Scheme, secrets: &[&[u8]], options: &Options) -> Verifier {
    let secrets = secrets.iter().map(|&secret| Secret::new(secret).unwrap()).collect();
    let mut options = options.clone();
    options.settings.insert("header".to_owned(), PROOF_HEADER.to_owned());
    Verifier::new(scheme, secrets, &options).unwrap()
}

/// Schemes in code that are tampered with as if they were data. The others have their own shapes,
/// in `bespoke.rs` and `jwt.rs`.
const LIKE_DATA: &[&str] = &["Twilio", GRAPH, NAMED_HEADER];
/// Those of them that show the secret itself.
const TOKENS: &[&str] = &[GRAPH, NAMED_HEADER];
/// The header of the user's choice.
const PROOF_HEADER: &str = "x-proof";
const GRAPH: &str = "Microsoft Graph";
const NAMED_HEADER: &str = "Token in a header of your choice";

/// Where the signature or token stands.
fn place(scheme: &Scheme) -> Place {
    match scheme {
        Scheme::Signed(signed) => signed.carrier.place.clone(),
        Scheme::Token(token) => token.place.clone(),
        Scheme::Basic => Place::Header("authorization".into()),
        Scheme::Bespoke(bespoke) if bespoke.name == GRAPH => {
            Place::Json("/value/0/clientState".into())
        }
        Scheme::Bespoke(bespoke) if bespoke.name == NAMED_HEADER => {
            Place::Header(PROOF_HEADER.into())
        }
        Scheme::Bespoke(bespoke) => Place::Header(bespoke.headers[0].into()),
        Scheme::Unsigned => unreachable!("nothing is signed"),
    }
}

/// The headers that are signed as they stand.
pub(crate) fn signed_headers(scheme: &Scheme) -> Vec<String> {
    let Scheme::Signed(signed) = scheme else { return Vec::new() };
    let name = |part: &Part| match part {
        Part::Header(name) => Some(name.to_string()),
        _ => None,
    };
    signed.message.iter().filter_map(name).collect()
}

/// The JSON pointers that a body must have, and what to put there.
fn pointers(scheme: &Scheme) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut add = |place: &Place, value: Value| {
        if let Place::Json(pointer) = place {
            found.push((pointer.to_string(), value));
        }
    };
    match scheme {
        Scheme::Signed(signed) => {
            for part in signed.message.iter() {
                if let Part::Json(pointer) = part {
                    add(&Place::Json(pointer.clone()), "a-made-up-value".into());
                }
            }
            add(&signed.carrier.place, "".into());
            if let Some(timestamp) = &signed.timestamp {
                let is_number = timestamp.unit == Unit::Milliseconds;
                add(&timestamp.place, if is_number { 0.into() } else { "0".into() });
            }
        }
        Scheme::Token(token) => add(&token.place, "".into()),
        Scheme::Bespoke(bespoke) if bespoke.name == GRAPH => {
            add(&Place::Json("/value".into()), json!([{"id": "1"}, {"id": "2"}]));
        }
        _ => {}
    }
    found
}

/// Whether the body must be JSON, since something stands in there.
pub(crate) fn needs_json(scheme: &Scheme) -> bool {
    !pointers(scheme).is_empty()
}

/// A body with a place for everything that the scheme has in there.
pub(crate) fn json_body(scheme: &Scheme, text: &str) -> Vec<u8> {
    let mut document = json!({"id": "evt_1", "type": "invoice.paid", "text": text});
    for (pointer, value) in pointers(scheme) {
        let mut at = &mut document;
        for key in pointer.split('/').skip(1) {
            if at.is_null() {
                *at = Value::Object(Map::new());
            }
            at = at.as_object_mut().unwrap().entry(key.to_owned()).or_insert(Value::Null);
        }
        *at = value;
    }
    serde_json::to_vec(&document).unwrap()
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// `{"id":1}` in a form.
pub(crate) const PAYLOAD: &str = "payload=%7B%22id%22%3A1%7D";

/// Whether of a form only the field `payload` is signed.
pub(crate) fn signs_payload(scheme: &Scheme) -> bool {
    matches!(scheme, Scheme::Signed(signed) if signed.message.contains(&Part::Payload))
}

/// The field of a form that must hold a JSON list, where only forms are signed.
pub(crate) fn list_field(scheme: &Scheme) -> Option<&str> {
    let Scheme::Signed(signed) = scheme else { return None };
    signed.message.iter().find_map(|part| match part {
        Part::SortedForm(name) => name.as_deref(),
        _ => None,
    })
}

/// A form with a list and a field beside it.
pub(crate) fn list_form(field: &str, text: &[u8]) -> Message {
    let body = format!("{field}=%5B%7B%22id%22%3A1%7D%5D&zone={}", escaped(text));
    Message::new(FORM, body.as_bytes())
}

/// Two secrets in each form that a scheme takes.
pub(crate) fn secrets(scheme: &Scheme) -> Vec<[Vec<u8>; 2]> {
    let each = |make: &dyn Fn(u8) -> String| [make(1).into_bytes(), make(2).into_bytes()];
    let base64 = |seed| STANDARD.encode([seed; 32]);
    let hexadecimal = |seed: u8| format!("{seed:02x}").repeat(32);
    match scheme {
        Scheme::Basic => vec![each(&|seed| format!("user:password number {seed}"))],
        Scheme::Signed(signed) => match signed.key {
            KeyForm::StandardWebhooks => vec![
                each(&|seed| format!("whsec_{}", base64(seed))),
                each(&|seed| format!("whsk_{}", base64(seed))),
            ],
            KeyForm::Public => vec![each(&|seed| private_key(signed.algorithm, seed))],
            KeyForm::Hex => vec![each(&hexadecimal)],
            KeyForm::Base64 => vec![each(&base64)],
            KeyForm::TextWithoutPrefix => vec![each(&|seed| format!("sk_number-{seed}"))],
            KeyForm::Text => vec![each(&|seed| format!("a secret, number {seed}"))],
        },
        _ => vec![each(&|seed| format!("a-secret-number-{seed}"))],
    }
}

/// A private key. Those for RSA are files, since `ring` cannot make one.
fn private_key(algorithm: Algorithm, seed: u8) -> String {
    let random = SystemRandom::new();
    match (algorithm, seed) {
        (Algorithm::RsaSha256, 1) => include_str!("keys/test-only-rsa-1.pem").to_owned(),
        (Algorithm::RsaSha256, _) => include_str!("keys/test-only-rsa-2.pem").to_owned(),
        (Algorithm::Ed25519, _) => {
            STANDARD.encode(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref())
        }
        (Algorithm::EcdsaP256Sha256, _) => {
            let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
            STANDARD.encode(key.unwrap().as_ref())
        }
        (algorithm, _) => panic!("{algorithm:?} has no private key"),
    }
}

/// Whether a request to tamper with follows from the scheme alone.
pub(crate) fn is_derived(scheme: &Scheme) -> bool {
    match scheme {
        Scheme::Signed(_) | Scheme::Token(_) | Scheme::Basic => true,
        Scheme::Bespoke(bespoke) => LIKE_DATA.contains(&bespoke.name),
        Scheme::Unsigned => false,
    }
}

/// The scheme of every provider that is tampered with here, and some that settings can build.
pub(crate) fn schemes() -> Vec<(String, Scheme)> {
    let mut schemes: Vec<_> = PROVIDERS
        .iter()
        .filter(|provider| is_derived(&provider.scheme))
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

/// All that there is to tamper with, signed once.
pub(crate) fn samples() -> &'static [Sample] {
    static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(make_samples);
    &SAMPLES
}

fn make_samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (name, scheme) in schemes() {
        for secrets in secrets(&scheme) {
            if let Some(field) = list_field(&scheme) {
                let form = list_form(field, b"a b");
                samples.push(Sample::new(&format!("{name}, form"), &scheme, secrets, form));
                continue;
            }
            let json = Message::new("application/json", &json_body(&scheme, "h\u{e9}llo"));
            samples.push(Sample::new(&name, &scheme, secrets.clone(), json));
            if needs_json(&scheme) {
                continue;
            }
            let fields =
                if signs_payload(&scheme) { PAYLOAD } else { "MessageSid=SM1&Body=a%20b&Body=c" };
            let form = Message::new(FORM, fields.as_bytes());
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

/// What stands before the signature itself where it stands.
pub(crate) fn signature_prefix(sample: &Sample) -> String {
    match &sample.scheme {
        Scheme::Signed(signed) => match &signed.carrier.format {
            Format::Prefixed(prefix) => prefix.to_string(),
            Format::Bare { .. } | Format::List { .. } => String::new(),
            Format::TimeFirst { .. } => time_in_value(sample),
            Format::Fields { signature, .. } => format!("{}{signature}=", time_in_value(sample)),
            Format::Versions { version, ed25519, glue } => {
                let ed25519_key = sample.secrets[0].starts_with(b"whsk_");
                format!("{}{glue}", if ed25519_key { ed25519 } else { version })
            }
        },
        Scheme::Token(token) => token.prefix.to_string(),
        Scheme::Basic => "Basic ".to_owned(),
        Scheme::Bespoke(_) | Scheme::Unsigned => String::new(),
    }
}

/// The time of signing as it stands before the signatures, with what separates it from them.
pub(crate) fn time_in_value(sample: &Sample) -> String {
    let Some(signed) = sample.signed() else { return String::new() };
    let place = signed.timestamp.as_ref().map(|timestamp| &timestamp.place);
    let now = sample.times().map_or("", |[now, _]| now);
    match (&signed.carrier.format, place) {
        (Format::TimeFirst { between }, _) => format!("{now}{between}"),
        (Format::Fields { between, .. }, Some(Place::Field(name))) => {
            format!("{name}={now}{}", first(between))
        }
        _ => String::new(),
    }
}

/// The first character of a text: of those that may separate fields, the one to write.
pub(crate) fn first(text: &str) -> char {
    text.chars().next().unwrap()
}
