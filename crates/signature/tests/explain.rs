//! Mistakes that are made on purpose, and whether each is found and named.

#![cfg(test)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_signature::{
    Case, Certainty, Explanation, Generic, KeyForm, Mistake, Options, OtherSecret, PROVIDERS,
    Provider, Received, Scheme, Secret, Signed, Timestamp, Unit, UnixSeconds, Verifier, explain,
    provider, suggest,
};

const NOW: UnixSeconds = UnixSeconds(1_700_000_000);
const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
const URL: &str = "https://hooks.example.com/webhook/x?b=2&a=1";
const BODY: &str = "{\"id\":\"evt_1\",\"type\":\"invoice.paid\",\"amount\":1.50,\"text\":\"h\u{e9}llo \u{2665} a/b\"}";
const FORM: &str = "payload=%7B%22a%22%3A%22b+c%22%7D";
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// A request that can be changed.
#[derive(Clone)]
struct Message {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Message {
    fn new(content_type: &str, body: &str) -> Self {
        Self {
            method: "POST".to_owned(),
            url: URL.to_owned(),
            headers: vec![("content-type".to_owned(), content_type.into())],
            body: body.into(),
        }
    }

    fn received(&self) -> Received<'_> {
        Received { method: &self.method, url: &self.url, headers: &self.headers, body: &self.body }
    }

    fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.drop(name);
        self.headers.push((name.to_owned(), value.into()));
    }

    fn drop(&mut self, name: &str) {
        self.headers.retain(|(header, _)| header != name);
    }

    fn get(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(header, _)| header == name);
        String::from_utf8(found.unwrap_or_else(|| panic!("`{name}` is missing")).1.clone()).unwrap()
    }

    fn sign(&mut self, scheme: &Scheme, secret: &str, at: UnixSeconds) {
        let secret = Secret::new(secret).unwrap();
        let verifier = Verifier::new(scheme, vec![secret], &Options::default()).unwrap();
        let proof = verifier.sign(&self.received(), ID, at).unwrap();
        for (name, value) in proof.headers {
            self.set(&name, value);
        }
        self.url = proof.url.unwrap_or_else(|| self.url.clone());
        self.body = proof.body.unwrap_or_else(|| self.body.clone());
    }
}

/// A mistake that is planted.
struct Plant {
    slug: &'static str,
    what: &'static str,
    expected: Mistake,
    /// The sender's secret.
    sent: String,
    /// The secret that is configured.
    configured: String,
    /// The body before it is signed, and its type.
    body: (&'static str, &'static str),
    /// When it is signed.
    at: UnixSeconds,
    /// What the sender signs by, if not by the provider's scheme.
    scheme: Option<Scheme>,
    /// What happens to the signed request.
    change: Box<dyn Fn(&mut Message)>,
    /// Other secrets that are known.
    others: Vec<(&'static str, String, bool)>,
}

fn plant(slug: &'static str, what: &'static str, expected: Mistake) -> Plant {
    let secret = match slug {
        "standard-webhooks" | "gitlab-signing-token" => {
            format!("whsec_{}", STANDARD.encode([7; 32]))
        }
        "stripe" => "whsec_stripe_secret_0123456789".to_owned(),
        "basic" => "hookyard:a password of some length".to_owned(),
        _ => format!("the secret of {slug}, for tests"),
    };
    let body = if slug == "twilio" {
        (FORM_TYPE, "Body=h%C3%A9llo+you&Sid=CA1")
    } else {
        ("application/json", BODY)
    };
    Plant {
        slug,
        what,
        expected,
        sent: secret.clone(),
        configured: secret,
        body,
        at: NOW,
        scheme: None,
        change: Box::new(|_| {}),
        others: Vec::new(),
    }
}

impl Plant {
    fn change(mut self, change: impl Fn(&mut Message) + 'static) -> Self {
        self.change = Box::new(change);
        self
    }

    fn body_becomes(self, change: impl Fn(&str) -> String + 'static) -> Self {
        self.change(move |message| {
            message.body = change(std::str::from_utf8(&message.body).unwrap()).into_bytes();
        })
    }

    fn url_becomes(self, url: &'static str) -> Self {
        self.change(move |message| message.url = url.to_owned())
    }

    fn header_becomes(
        self,
        name: &'static str,
        change: impl Fn(String) -> String + 'static,
    ) -> Self {
        self.change(move |message| {
            let value = change(message.get(name));
            message.set(name, value);
        })
    }

    fn configured(mut self, change: impl Fn(&str) -> String) -> Self {
        self.configured = change(&self.sent);
        self
    }

    fn sent(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.sent);
        self
    }

    fn at(mut self, seconds: u64) -> Self {
        self.at = UnixSeconds(seconds);
        self
    }

    fn with_body(mut self, content_type: &'static str, body: &'static str) -> Self {
        self.body = (content_type, body);
        self
    }

    fn by(mut self, scheme: Scheme) -> Self {
        self.scheme = Some(scheme);
        self
    }

    fn other(mut self, label: &'static str, secret: &str, is_former: bool) -> Self {
        self.others.push((label, secret.to_owned(), is_former));
        self
    }

    fn provider(&self) -> &'static Provider {
        provider(self.slug).unwrap()
    }

    fn message(&self) -> Message {
        let mut message = Message::new(self.body.0, self.body.1);
        let scheme = self.scheme.as_ref().unwrap_or(&self.provider().scheme);
        message.sign(scheme, &self.sent, self.at);
        (self.change)(&mut message);
        message
    }

    fn explain(&self, message: &Message) -> Option<Explanation> {
        let secrets = [Secret::new(self.configured.as_str()).unwrap()];
        let keys: Vec<_> =
            self.others.iter().map(|other| Secret::new(other.1.as_str()).unwrap()).collect();
        let others: Vec<_> = self
            .others
            .iter()
            .zip(&keys)
            .map(|(other, secret)| OtherSecret { label: other.0, secret, is_former: other.2 })
            .collect();
        let provider = self.provider();
        let case = Case {
            scheme: &provider.scheme,
            provider: Some(provider),
            secrets: &secrets,
            options: &Options::default(),
            others: &others,
            fetched: None,
        };
        explain(&case, &message.received(), NOW)
    }
}

fn signed(slug: &str) -> Signed {
    match &provider(slug).unwrap().scheme {
        Scheme::Signed(signed) => signed.clone(),
        scheme => panic!("{scheme:?}"),
    }
}

/// The provider's scheme with its time in another unit.
fn with_unit(slug: &str, unit: Unit) -> Scheme {
    let signed = signed(slug);
    let timestamp = signed.timestamp.clone().map(|timestamp| Timestamp { unit, ..timestamp });
    Scheme::Signed(Signed { timestamp, ..signed })
}

/// As PHP's `json_encode` and as Python's `json.dumps` would have written [`BODY`].
const AS_PHP: &str = "{\"id\":\"evt_1\",\"type\":\"invoice.paid\",\"amount\":1.50,\"text\":\"h\\u00e9llo \\u2665 a\\/b\"}";
const AS_PYTHON: &str = "{\"id\": \"evt_1\", \"type\": \"invoice.paid\", \"amount\": 1.50, \"text\": \"h\\u00e9llo \\u2665 a/b\"}";
const INDENTED: &str = "{\n  \"id\": \"evt_1\",\n  \"type\": \"invoice.paid\",\n  \"amount\": 1.50,\n  \"text\": \"h\u{e9}llo \u{2665} a/b\"\n}";

fn bodies() -> Vec<Plant> {
    use Mistake::*;
    vec![
        plant("github", "JSON written by Python, then by JavaScript", BodyReserialised)
            .with_body("application/json", AS_PYTHON)
            .body_becomes(|_| BODY.to_owned()),
        plant("shopify", "JSON written by PHP, then by JavaScript", BodyReserialised)
            .with_body("application/json", AS_PHP)
            .body_becomes(|_| BODY.to_owned()),
        plant("stripe", "indented JSON made compact", BodyReserialised)
            .with_body("application/json", INDENTED)
            .body_becomes(|_| BODY.to_owned()),
        plant("slack", "compact JSON indented", BodyReserialised)
            .body_becomes(|_| INDENTED.to_owned()),
        plant("standard-webhooks", "JSON keys in another order", BodyReserialised)
            .with_body("application/json", "{\"a\":1,\"b\":{\"c\":1,\"d\":2}}")
            .body_becomes(|_| "{\"b\":{\"d\":2,\"c\":1},\"a\":1}".to_owned()),
        plant("gitlab-signing-token", "1.50 written as 1.5", BodyReserialised)
            .with_body("application/json", "{\"a\":1.5}")
            .body_becomes(|_| "{\"a\":1.50}".to_owned()),
        plant("github", "a newline added", BodyTrimmed).body_becomes(|body| format!("{body}\n")),
        plant("stripe", "a newline cut off", BodyTrimmed)
            .with_body("application/json", "{\"id\":\"evt_1\"}\n")
            .body_becomes(|body| body.trim_end().to_owned()),
        plant("generic", "a CRLF cut off", BodyTrimmed)
            .with_body("text/plain", "a\r\n")
            .body_becomes(|_| "a".to_owned()),
        plant("slack", "LF turned into CRLF", BodyLineBreaks)
            .with_body("text/plain", "a\nb\n")
            .body_becomes(|body| body.replace('\n', "\r\n")),
        plant("shopify", "CRLF turned into LF", BodyLineBreaks)
            .with_body("text/plain", "a\r\nb\r\n")
            .body_becomes(|body| body.replace("\r\n", "\n")),
        plant("github", "a byte order mark added", BodyByteOrderMark)
            .body_becomes(|body| format!("\u{feff}{body}")),
        plant("stripe", "the body in base64", BodyEncoded)
            .body_becomes(|body| STANDARD.encode(body)),
        plant("standard-webhooks", "the body as a JSON string", BodyEncoded)
            .body_becomes(|body| serde_json::to_string(body).unwrap()),
        plant("generic", "UTF-8 read as Latin-1", BodyEncoded)
            .with_body("text/plain", "h\u{e9}llo")
            .body_becomes(|body| body.bytes().map(char::from).collect()),
        plant("github", "the body decompressed", BodyCompressed)
            .with_body("application/json", "stands for what gzip made of it")
            .change(|message| {
                message.set("content-encoding", "gzip");
                message.body = BODY.into();
            }),
        plant("slack", "the body lost", BodyLost).body_becomes(|_| String::new()),
        plant("github", "the form's payload taken out", FormParsed)
            .with_body(FORM_TYPE, FORM)
            .change(|message| {
                message.body = b"{\"a\":\"b c\"}".to_vec();
                message.set("content-type", "application/json");
            }),
        plant("generic", "the payload signed and the form sent", FormParsed)
            .with_body(FORM_TYPE, "{\"a\":\"b c\"}")
            .body_becomes(|_| FORM.to_owned()),
        plant("slack", "the form written anew with other escapes", FormParsed)
            .with_body(FORM_TYPE, "text=a+b&user=%C3%A9")
            .body_becomes(|_| "text=a%20b&user=%c3%a9".to_owned()),
        plant("slack", "the form written as JSON", FormParsed)
            .with_body(FORM_TYPE, "text=a+b&command=%2Fdeploy")
            .change(|message| {
                message.body = b"{\"text\":\"a b\",\"command\":\"/deploy\"}".to_vec();
                message.set("content-type", "application/json");
            }),
        plant("twilio", "the form's content type lost", ContentTypeLost)
            .change(|message| message.drop("content-type")),
    ]
}

fn secrets() -> Vec<Plant> {
    use Mistake::*;
    let key = STANDARD.encode([9; 32]);
    let whsec = format!("whsec_{}", STANDARD.encode([7; 32]));
    vec![
        plant("github", "a newline behind the secret", SecretSpaces)
            .configured(|secret| format!("{secret}\n")),
        plant("stripe", "a space before the secret", SecretSpaces)
            .configured(|secret| format!(" {secret}")),
        plant("gitlab", "a newline behind the token", SecretSpaces)
            .configured(|secret| format!("{secret}\n")),
        plant("slack", "an invisible character in the secret", SecretSpaces)
            .configured(|secret| format!("{secret}\u{200b}")),
        plant("shopify", "quotes around the secret", SecretQuoted)
            .configured(|secret| format!("\"{secret}\"")),
        plant("token", "quotes around the token", SecretQuoted)
            .configured(|secret| format!("'{secret}'")),
        plant("basic", "spaces behind the password", SecretSpaces)
            .configured(|secret| format!("{secret}  ")),
        plant("standard-webhooks", "quotes around the secret", SecretQuoted)
            .configured(|secret| format!("\"{secret}\"")),
        plant("stripe", "whsec_ left out", SecretPrefix)
            .configured(|secret| secret.replace("whsec_", "")),
        plant("generic", "whsec_ that the sender leaves out", SecretPrefix)
            .sent("0123456789abcdef, a secret")
            .configured(|secret| format!("whsec_{secret}")),
        plant("generic", "base64 decoded by the sender", SecretEncoding)
            .sent("0123456789abcdef")
            .configured(|secret| STANDARD.encode(secret)),
        plant("github", "hexadecimal decoded by the sender", SecretEncoding)
            .sent("0123456789abcdef")
            .configured(|_| "30313233343536373839616263646566".to_owned()),
        plant("standard-webhooks", "the text taken as the key", SecretEncoding)
            .by(Scheme::Signed(Signed { key: KeyForm::Text, ..signed("standard-webhooks") }))
            .sent(&key)
            .configured(str::to_owned),
        plant("stripe", "the secret of the test environment", SecretOfAnother)
            .sent("whsec_of_the_test_mode_0123")
            .other("source `stripe-live`", "whsec_of_something_else_01", false)
            .other("source `stripe-test`", "whsec_of_the_test_mode_0123", false),
        plant("gitlab-signing-token", "the former secret", SecretFormer)
            .sent(&whsec)
            .configured(|_| format!("whsec_{}", STANDARD.encode([8; 32])))
            .other("configured until yesterday", &whsec, true),
    ]
}

fn times() -> Vec<Plant> {
    use Mistake::*;
    vec![
        plant("paddle", "ten seconds old", TimestampOld).at(NOW.0 - 10),
        plant("hubspot", "seconds where milliseconds are meant", TimestampUnit)
            .by(with_unit("hubspot", Unit::Seconds)),
        plant("zoom", "milliseconds", TimestampUnit).by(with_unit("zoom", Unit::Milliseconds)),
        plant("stripe", "an hour old", TimestampOld).at(NOW.0 - 3600),
        plant("slack", "replayed after a day", TimestampOld).at(NOW.0 - 86_400),
        plant("standard-webhooks", "ten minutes ahead", TimestampAhead).at(NOW.0 + 600),
        plant("slack", "milliseconds", TimestampUnit).by(with_unit("slack", Unit::Milliseconds)),
        plant("stripe", "milliseconds", TimestampUnit).by(with_unit("stripe", Unit::Milliseconds)),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn signatures() -> Vec<Plant> {
    use Mistake::*;
    let generic = |settings: Generic| settings.scheme().unwrap();
    let sha = |word: &str| Some(word.parse().unwrap());
    let named = |name: &str| Some(name.to_owned());
    vec![
        plant("github", "only the SHA-1 header", VersionOld).by(generic(Generic {
            header: named("x-hub-signature"),
            algorithm: sha("sha1"),
            prefix: named("sha1="),
            ..Generic::default()
        })),
        plant("meta", "only the SHA-1 header", VersionOld).by(generic(Generic {
            header: named("x-hub-signature"),
            algorithm: sha("sha1"),
            prefix: named("sha1="),
            ..Generic::default()
        })),
        plant("stripe", "only v0", VersionOld)
            .header_becomes("stripe-signature", |value| value.replace("v1=", "v0=")),
        plant("standard-webhooks", "version v2", VersionOld)
            .header_becomes("webhook-signature", |value| value.replace("v1,", "v2,")),
        plant("github", "SHA-512 in the header", AlgorithmOther).by(generic(Generic {
            header: named("x-hub-signature-256"),
            algorithm: sha("sha512"),
            prefix: named("sha512="),
            ..Generic::default()
        })),
        plant("shopify", "hexadecimal where base64 is expected", EncodingOther)
            .by(generic(Generic { header: named("x-shopify-hmac-sha256"), ..Generic::default() })),
        plant("github", "base64 where hexadecimal is expected", EncodingOther).by(generic(
            Generic {
                header: named("x-hub-signature-256"),
                encoding: Some("base64".parse().unwrap()),
                prefix: named("sha256="),
                ..Generic::default()
            },
        )),
        plant("slack", "the prefix left out", SignatureRewritten)
            .header_becomes("x-slack-signature", |value| value.replace("v0=", "")),
        plant("twilio", "plus signs turned into spaces, quotes added", SignatureRewritten)
            .header_becomes("x-twilio-signature", |value| format!("\"{value}\"")),
        plant("token", "the token without Bearer", SignatureRewritten)
            .header_becomes("authorization", |value| value.replace("Bearer ", "")),
        plant("stripe", "the body signed without the time", PartsOther).change(|message| {
            let mut bare = message.clone();
            bare.sign(&provider("generic").unwrap().scheme, "whsec_stripe_secret_0123456789", NOW);
            let made = bare.get("x-webhook-signature").replace("sha256=", "");
            message.set("stripe-signature", format!("t={},v1={made}", NOW.0));
        }),
        plant("standard-webhooks", "id and time exchanged", PartsExchanged).change(|message| {
            let (id, time) = (message.get("webhook-id"), message.get("webhook-timestamp"));
            message.set("webhook-id", time);
            message.set("webhook-timestamp", id);
        }),
        plant("github", "the header twice", HeaderDoubled).change(|message| {
            message.headers.push(("x-hub-signature-256".to_owned(), b"sha256=00".to_vec()));
        }),
        plant("shopify", "two values joined", HeaderDoubled)
            .header_becomes("x-shopify-hmac-sha256", |value| format!("{value}, {value}")),
        plant("github", "the signature dropped", SignatureLost).change(|message| {
            message.drop("x-hub-signature-256");
            message.set("x-github-event", "push");
        }),
        plant("slack", "all headers dropped", HeadersLost).change(|message| {
            message.drop("x-slack-signature");
            message.drop("x-slack-request-timestamp");
        }),
        plant("github", "a request of Stripe", ProviderOther)
            .by(provider("stripe").unwrap().scheme.clone())
            .sent("whsec_unknown_here_0123456789"),
        plant("github", "a request of Shopify with this secret", ProviderOther).by(provider(
            "shopify",
        )
        .unwrap()
        .scheme
        .clone()),
    ]
}

fn urls() -> Vec<Plant> {
    use Mistake::UrlOther;
    vec![
        plant("twilio", "http behind a proxy", UrlOther)
            .url_becomes("http://hooks.example.com/webhook/x?b=2&a=1"),
        plant("twilio", "a slash at the end", UrlOther)
            .url_becomes("https://hooks.example.com/webhook/x/?b=2&a=1"),
        plant("twilio", "the proxy's host", UrlOther).change(|message| {
            message.url = "http://10.0.0.7:8080/webhook/x?b=2&a=1".to_owned();
            message.set("x-forwarded-host", "hooks.example.com");
        }),
        plant("twilio", "the host in Forwarded", UrlOther).change(|message| {
            message.url = "https://internal/webhook/x?b=2&a=1".to_owned();
            message.set("forwarded", "for=192.0.2.1;host=\"hooks.example.com\";proto=https");
        }),
        plant("square", "a slash at the end", UrlOther)
            .url_becomes("https://hooks.example.com/webhook/x/?b=2&a=1"),
        plant("square", "http behind a proxy", UrlOther)
            .url_becomes("http://hooks.example.com/webhook/x?b=2&a=1"),
        plant("hubspot", "the query lost", UrlOther).change(|message| {
            message.url = "https://hooks.example.com/webhook/x".to_owned();
            message.set("x-original-uri", "/webhook/x?b=2&a=1");
        }),
        plant("hubspot", "the method rewritten", Mistake::MethodOther)
            .change(|message| message.method = "PUT".to_owned()),
        plant("trello", "the port of the server", UrlOther)
            .url_becomes("https://hooks.example.com:8443/webhook/x?b=2&a=1"),
        plant("twilio", "the path before the proxy", UrlOther).change(|message| {
            message.url = "https://hooks.example.com/inner".to_owned();
            message.set("x-original-uri", "/webhook/x?b=2&a=1");
        }),
    ]
}

fn plants() -> Vec<Plant> {
    [bodies(), secrets(), times(), signatures(), urls()].into_iter().flatten().collect()
}

/// All that is said, in one text.
fn texts(explanation: &Explanation) -> String {
    let mut text = format!("{explanation:?}\n{}", explanation.refusal);
    if let Some(finding) = &explanation.finding {
        text.push_str(&finding.sentence);
    }
    text.push_str(&explanation.next.join("\n"));
    text
}

#[test]
fn every_planted_mistake_is_named() {
    let plants = plants();
    let mut wrong = Vec::new();
    for plant in &plants {
        let explanation = plant.explain(&plant.message());
        let finding = explanation.and_then(|explanation| explanation.finding);
        let found = finding.as_ref().map(|finding| finding.mistake);
        let says = finding.map(|finding| finding.sentence).unwrap_or_default();
        println!("{:<21} {:<44} {:<20} {says}", plant.slug, plant.what, plant.expected.code());
        if found != Some(plant.expected) {
            wrong.push(format!("{}, {}: {found:?} {says}", plant.slug, plant.what));
        }
    }
    let slugs: std::collections::BTreeSet<_> = plants.iter().map(|plant| plant.slug).collect();
    println!(
        "{} mistakes of {} providers, {} named",
        plants.len(),
        slugs.len(),
        plants.len() - wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(plants.len() >= 25 && slugs.len() >= 10);
}

#[test]
fn nothing_secret_is_said() {
    for plant in plants() {
        let message = plant.message();
        let Some(explanation) = plant.explain(&message) else { continue };
        let said = texts(&explanation);
        let mut canaries: Vec<String> = vec![plant.sent.clone(), plant.configured.clone()];
        canaries.extend(plant.others.iter().map(|other| other.1.clone()));
        // What was received, and what should have been.
        let (mut expected, mut right) = (message.clone(), Message::new(plant.body.0, plant.body.1));
        right.sign(&plant.provider().scheme, &plant.sent, NOW);
        if let Ok(secret) = Secret::new(plant.configured.as_str())
            && Verifier::new(&plant.provider().scheme, vec![secret], &Options::default()).is_ok()
        {
            expected.sign(&plant.provider().scheme, &plant.configured, NOW);
        }
        for request in [&message, &expected, &right] {
            let values = request.headers.iter().map(|(_, value)| String::from_utf8_lossy(value));
            canaries.extend(values.map(std::borrow::Cow::into_owned));
        }
        for canary in canaries {
            // Of a list its parts, of a part what is in it; short words stand in any sentence.
            for part in canary.split([' ', ',', '=', '"', ';']).chain([canary.trim()]) {
                let is_public = part.len() < 16
                    || part == FORM_TYPE
                    || part == "application/json"
                    || part == "hooks.example.com";
                assert!(
                    is_public || !said.contains(part),
                    "{}, {}: {part}",
                    plant.slug,
                    plant.what
                );
            }
        }
        assert!(!said.contains("evt_1") && !said.contains("h\u{e9}llo"), "{}: {said}", plant.what);
    }
}

#[test]
fn a_right_request_is_not_explained() {
    for plant in plants() {
        if plant.scheme.is_some() || plant.at != NOW {
            continue;
        }
        let mut message = Message::new(plant.body.0, plant.body.1);
        message.sign(&plant.provider().scheme, &plant.sent, NOW);
        let right = Plant { configured: plant.sent.clone(), ..plant };
        assert_eq!(right.explain(&message), None, "{}", right.slug);
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let plant = plant("github", "another secret", Mistake::SecretOfAnother)
        .sent("nobody here knows this secret")
        .configured(|_| "the secret that is configured".to_owned());
    let explanation = plant.explain(&plant.message()).unwrap();
    assert_eq!(explanation.finding, None);
    assert!(!explanation.is_cut_short);
    assert!(explanation.ruled_out.contains(&"JSON that was written anew"), "{explanation:?}");
    assert!(explanation.ruled_out.contains(&"a prefix of the secret"), "{explanation:?}");
    assert!(explanation.next[0].contains("Compare the secret"), "{explanation:?}");
    assert!(explanation.next.last().unwrap().contains("docs.github.com"), "{explanation:?}");
}

#[test]
fn what_was_signed_right_and_old_is_proven() {
    let plant = plant("stripe", "", Mistake::TimestampOld).at(NOW.0 - 7200);
    let finding = plant.explain(&plant.message()).unwrap().finding.unwrap();
    assert_eq!(finding.certainty, Certainty::Proven);
    assert!(finding.sentence.contains("old by 7200 s"), "{}", finding.sentence);
    assert!(finding.sentence.contains("whole hours"), "{}", finding.sentence);
}

#[test]
fn two_things_that_do_not_hide_each_other_are_both_said() {
    let plant = plant("stripe", "", Mistake::SecretSpaces)
        .at(NOW.0 - 5000)
        .configured(|secret| format!("{secret} "));
    let finding = plant.explain(&plant.message()).unwrap().finding.unwrap();
    assert_eq!(finding.mistake, Mistake::SecretSpaces);
    assert!(finding.sentence.contains("5000 s back"), "{}", finding.sentence);
}

#[test]
fn the_work_is_bounded_whatever_comes() {
    let bodies = [
        ("github", vec![b'['; 1 << 20]),
        ("slack", format!("[{}]", vec!["{\"a/b\":\"\u{e9}\"}"; 5_000].join(",")).into_bytes()),
        ("stripe", format!("{{{}\"z\":1}}", "\"k\":\"v\",".repeat(8_000)).into_bytes()),
        ("twilio", "a=%C3%A9&".repeat(10_000).into_bytes()),
        ("generic", vec![0xff; 3 << 20]),
    ];
    for (slug, body) in bodies {
        let plant = plant(slug, "", Mistake::BodyLost);
        let mut message = plant.message();
        message.set("content-type", FORM_TYPE);
        message.body = body;
        let explanation = plant.explain(&message).unwrap();
        assert_eq!(explanation.finding, None, "{slug}");
    }
}

#[test]
fn headers_of_any_kind_do_not_panic() {
    let values: [&[u8]; 7] = [b"", b",", b"=", b"\xff\xfe", b"t=,v1=", b"v1,", &[b'a'; 9000]];
    for plant in plants() {
        for value in values {
            let mut message = plant.message();
            for name in plant.provider().scheme.headers() {
                message.set(&name, value);
            }
            message.url = String::from_utf8_lossy(value).into_owned();
            let explanation = plant.explain(&message).unwrap();
            assert!(!texts(&explanation).is_empty());
        }
    }
}

/// A secret in the form that a scheme takes it.
fn secret_for(scheme: &Scheme) -> Option<String> {
    match scheme {
        Scheme::Signed(signed) => match signed.key {
            KeyForm::StandardWebhooks => Some(format!("whsec_{}", STANDARD.encode([7; 32]))),
            KeyForm::Base64 => Some(STANDARD.encode([7; 32])),
            KeyForm::Hex => Some("07".repeat(32)),
            KeyForm::Public => None,
            _ => Some("a secret of the tests, and long".to_owned()),
        },
        Scheme::Token(_) | Scheme::Bespoke(_) => Some("a secret of the tests, and long".to_owned()),
        Scheme::Basic | Scheme::Unsigned => None,
    }
}

/// Every provider of the table that can be signed for as it stands: a newline behind its body, one
/// behind its secret, and whom its headers look like.
#[test]
fn mistakes_are_named_for_the_whole_table() {
    let (mut bodies, mut secrets, mut suggested, mut wrong) = (0, 0, 0, Vec::new());
    for provider in PROVIDERS {
        let Some(secret) = secret_for(&provider.scheme) else { continue };
        let options = Options::default();
        let with = |secret: &str| provider.verifier(vec![Secret::new(secret).unwrap()], &options);
        let Ok(verifier) = with(&secret) else { continue };
        let mut message = Message::new("application/json", BODY);
        let Ok(proof) = verifier.sign(&message.received(), ID, NOW) else { continue };
        proof.headers.into_iter().for_each(|(name, value)| message.set(&name, value));
        message.url = proof.url.unwrap_or(message.url);
        message.body = proof.body.unwrap_or(message.body);
        if verifier.verify(&message.received(), NOW).is_err() {
            continue;
        }
        let mistake = |message: &Message, secret: &str| {
            let secrets = [Secret::new(secret).unwrap()];
            let case = Case {
                scheme: &provider.scheme,
                provider: Some(provider),
                secrets: &secrets,
                options: &options,
                others: &[],
                fetched: None,
            };
            explain(&case, &message.received(), NOW).map(|found| found.finding.map(|it| it.mistake))
        };
        assert_eq!(mistake(&message, &secret), None, "{}", provider.slug);
        let mut longer = message.clone();
        longer.body.push(b'\n');
        if verifier.verify(&longer.received(), NOW).is_err() {
            bodies += 1;
            if mistake(&longer, &secret) != Some(Some(Mistake::BodyTrimmed)) {
                wrong.push(format!("{}: {:?}", provider.slug, mistake(&longer, &secret)));
            }
        }
        let pasted = format!("\"{secret}\"");
        let is_refused = |verifier: Verifier| verifier.verify(&message.received(), NOW).is_err();
        if with(&pasted).map_or(true, is_refused) {
            secrets += 1;
            if mistake(&message, &pasted) != Some(Some(Mistake::SecretQuoted)) {
                wrong.push(format!("{}: {:?}", provider.slug, mistake(&message, &pasted)));
            }
        }
        let found = suggest(&message.headers);
        suggested += usize::from(found.iter().any(|found| found.provider.slug == provider.slug));
    }
    println!("bodies: {bodies}, secrets: {secrets}, suggested: {suggested}, wrong: {wrong:#?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(bodies >= 100 && secrets >= 130, "{bodies} bodies, {secrets} secrets");
}
