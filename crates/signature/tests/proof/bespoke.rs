//! Tampering with the schemes that are code: a request of each in the provider's own shape, signed,
//! and changed in every place.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_signature::{Options, Provider, Secret, UnixSeconds, Verifier, provider};
use proptest::prelude::*;

use crate::support::{ID, Message, NOW, code};

/// A request of a provider before it is signed, and what it takes to sign it.
pub(crate) struct Unsigned {
    pub(crate) slug: &'static str,
    pub(crate) settings: &'static [(&'static str, &'static str)],
    secrets: [&'static str; 2],
    method: &'static str,
    url: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    /// What of the body may not change though the body as a whole is not covered.
    signed_parts: &'static [&'static str],
    /// Headers of the proof that are sent along and not signed.
    loose: &'static [&'static str],
    /// What in the headers of the proof nobody looks at.
    unread: &'static [&'static str],
    /// How many seconds inside the window its two edges lie: behind and ahead.
    edges: [u64; 2],
}

const BASE: Unsigned = Unsigned {
    slug: "",
    settings: &[],
    secrets: ["a secret, number 1", "a secret, number 2"],
    method: "POST",
    url: "https://example.com/webhook/x?a=1",
    headers: &[JSON],
    body: r#"{"id":"evt_1","type":"invoice.paid"}"#,
    signed_parts: &[],
    loose: &[],
    unread: &[],
    edges: [0, 0],
};

/// For tests alone: they sign nothing that anyone accepts.
const RSA: [&str; 2] =
    [include_str!("keys/test-only-rsa-1.pem"), include_str!("keys/test-only-rsa-2.pem")];
const P256: [&str; 2] =
    [include_str!("keys/test-only-p256-1.pem"), include_str!("keys/test-only-p256-2.pem")];
const ED25519: [&str; 2] =
    [include_str!("keys/test-only-ed25519-1.pem"), include_str!("keys/test-only-ed25519-2.pem")];

const JSON: (&str, &str) = ("Content-Type", "application/json");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// One request of every provider whose scheme wants its own shape.
pub(crate) const UNSIGNED: &[Unsigned] = &[
    Unsigned {
        slug: "adyen",
        secrets: ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"],
        body: r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"amount":{"currency":"EUR","value":1130},"eventCode":"AUTHORISATION","eventDate":"2026-01-01T00:00:00Z","merchantAccountCode":"Shop","merchantReference":"order: 7","originalReference":"","pspReference":"7914073381342284","success":"true"}},{"NotificationRequestItem":{"amount":{"currency":"USD","value":99},"eventCode":"CAPTURE","pspReference":"8814073381342284","success":"false"}}]}"#,
        signed_parts: &[
            "EUR",
            "1130",
            "AUTHORISATION",
            "Shop",
            "order: 7",
            "7914073381342284",
            r#""success":"true""#,
            "USD",
            "99",
            "CAPTURE",
            "8814073381342284",
            r#""success":"false""#,
        ],
        ..BASE
    },
    Unsigned {
        slug: "aws-sns",
        settings: &[("topic_arn", "arn:aws:sns:us-east-1:123456789012:orders")],
        secrets: RSA,
        headers: &[("Content-Type", "text/plain; charset=UTF-8")],
        body: r#"{"Type":"Notification","Message":"{\"order\":7}","Subject":"An order"}"#,
        signed_parts: &[
            r#""Notification""#,
            r#""{\"order\":7}""#,
            r#""Subject":"An order""#,
            r#""SignatureVersion":"2""#,
            r#""2023-11-14T22:13:20Z""#,
            r#""arn:aws:sns:us-east-1:123456789012:orders""#,
            ID,
        ],
        ..BASE
    },
    Unsigned {
        slug: "aws-sns",
        settings: &[("topic_arn", "arn:aws:sns:us-east-1:123456789012:orders")],
        secrets: RSA,
        body: r#"{"Type":"SubscriptionConfirmation","Message":"Confirm.","Token":"2336412f37","SubscribeURL":"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"}"#,
        signed_parts: &[
            r#""SubscriptionConfirmation""#,
            r#""2336412f37""#,
            r#""https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription""#,
        ],
        ..BASE
    },
    Unsigned {
        slug: "box",
        // One of two good signatures is enough, so either alone may be spoilt.
        settings: &[("secondary_key", "another key")],
        loose: &["box-delivery-id", "box-signature-primary", "box-signature-secondary"],
        edges: [0, 600],
        ..BASE
    },
    Unsigned {
        slug: "box",
        body: "{\"name\":\"\u{e9}\\/\u{1f600}\"}",
        loose: &["box-delivery-id"],
        edges: [0, 600],
        ..BASE
    },
    Unsigned {
        slug: "braintree",
        settings: &[("public_key", "our_public_key")],
        headers: &[FORM],
        body: "bt_payload=PG5vdGlmaWNhdGlvbj48L25vdGlmaWNhdGlvbj4",
        ..BASE
    },
    Unsigned { slug: "contentful", edges: [1, 0], ..BASE },
    Unsigned {
        slug: "contentful",
        headers: &[JSON, ("X-Contentful-Topic", "ContentManagement.Entry.publish")],
        edges: [1, 0],
        ..BASE
    },
    Unsigned {
        slug: "ebay",
        secrets: P256,
        // What else it says is not signed; the signature in it has a test of its own.
        loose: &["x-ebay-signature"],
        ..BASE
    },
    Unsigned { slug: "fal-ai", secrets: ED25519, ..BASE },
    // The id is signed beside `v1`, but not beside `v0`.
    Unsigned { slug: "hook0", headers: &[JSON, ("X-Event-Type", "invoice.paid")], ..BASE },
    Unsigned { slug: "hygraph", ..BASE },
    Unsigned {
        slug: "keygen",
        secrets: ED25519,
        unread: &[r#"keyid="account-of-a-test""#],
        ..BASE
    },
    Unsigned { slug: "mailchannels", secrets: ED25519, ..BASE },
    Unsigned {
        slug: "mercado-pago",
        url: "https://example.com/mp?data.id=ABC123&type=payment",
        ..BASE
    },
    Unsigned { slug: "mercado-pago", url: "https://example.com/mp", ..BASE },
    Unsigned {
        slug: "paypal",
        settings: &[("webhook_id", "8PT597110X687430LKGECATA")],
        secrets: RSA,
        // A CRC-32 tells every change of a few bits, and is no proof of the body all the same.
        signed_parts: &[BASE.body],
        // With a configured key nobody asks where it comes from.
        loose: &["paypal-cert-url"],
        ..BASE
    },
    Unsigned { slug: "plivo", headers: &[FORM], body: "CallUUID=97ceeb52&Duration=300", ..BASE },
    Unsigned { slug: "plivo", method: "GET", headers: &[], body: "", ..BASE },
    Unsigned { slug: "segment", signed_parts: &[BASE.body], ..BASE },
    Unsigned {
        slug: "segment",
        body: r#"[{"messageId":"1","type":"track"},{"messageId":"2","type":"track"}]"#,
        signed_parts: &[r#"{"messageId":"1","type":"track"}"#],
        ..BASE
    },
    Unsigned {
        slug: "sinch-voice",
        settings: &[("application_key", "app-key")],
        secrets: ["YXBwLXNlY3JldC1ieXRlcw==", "YW5vdGhlci1zZWNyZXQtYnl0ZXM="],
        ..BASE
    },
    Unsigned {
        slug: "travis-ci",
        secrets: RSA,
        headers: &[FORM],
        body: "payload=%7B%22id%22%3A1%2C%22state%22%3A%22passed%22%7D",
        ..BASE
    },
];

/// A provider with its secret, and the request signed.
struct Sample {
    unsigned: &'static Unsigned,
    provider: &'static Provider,
    verifier: Verifier,
    message: Message,
}

impl Unsigned {
    fn message(&self) -> Message {
        let headers = self.headers.iter().map(|&(name, value)| (name.to_owned(), value.into()));
        Message {
            method: self.method.to_owned(),
            url: self.url.to_owned(),
            headers: headers.collect(),
            body: self.body.into(),
        }
    }

    pub(crate) fn verifier(&self, secrets: &[&str], tolerance: Option<u64>) -> Verifier {
        let secrets = secrets.iter().map(|&secret| Secret::new(secret).unwrap()).collect();
        let settings = self.settings.iter().map(|&(name, value)| (name.into(), value.into()));
        let options = Options { tolerance, settings: settings.collect() };
        provider(self.slug).unwrap().verifier(secrets, &options).unwrap()
    }
}

/// Signs as the provider would, wherever the proof belongs.
fn signed(message: &Message, verifier: &Verifier) -> Message {
    let proof = verifier.sign(&message.received(), ID, NOW).unwrap();
    let mut signed = message.clone();
    for (name, value) in proof.headers {
        signed = signed.with(&name, value);
    }
    signed.url = proof.url.unwrap_or(signed.url);
    signed.body = proof.body.unwrap_or(signed.body);
    signed
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let sample = |unsigned: &'static Unsigned| {
        let verifier = unsigned.verifier(&unsigned.secrets[..1], None);
        let message = signed(&unsigned.message(), &verifier);
        Sample { unsigned, provider: provider(unsigned.slug).unwrap(), verifier, message }
    };
    UNSIGNED.iter().map(sample).collect()
});

impl Sample {
    fn judge(&self, message: &Message) -> &'static str {
        code(&self.verifier, message, NOW)
    }

    fn refuses(&self, message: &Message, what: &str) {
        let verdict = self.judge(message);
        assert_ne!(verdict, "ok", "{}: {what}\n{message:?}", self.unsigned.slug);
    }

    /// Whether it signs by arithmetic of our own, which takes its time without optimisation.
    fn is_slow(&self) -> bool {
        matches!(self.unsigned.slug, "ebay" | "travis-ci")
    }

    /// Where in a header of the proof nobody looks.
    fn unread(&self, value: &[u8]) -> Range<usize> {
        let text = std::str::from_utf8(value).unwrap();
        let found = self.unsigned.unread.iter().find_map(|part| Some((text.find(part)?, part)));
        found.map_or(0..0, |(start, part)| start..start + part.len())
    }

    /// The headers that the proof added.
    fn proof(&self) -> Vec<String> {
        let own = &self.unsigned.headers;
        let names = self.message.headers.iter().map(|(name, _)| name.clone());
        names
            .filter(|name| !own.iter().any(|(other, _)| other == name))
            .filter(|name| !self.unsigned.loose.contains(&name.as_str()))
            .collect()
    }
}

pub(crate) fn accepted_as_signed_and_by_which_secret() {
    for sample in SAMPLES.iter() {
        let [right, other] = sample.unsigned.secrets;
        let slug = sample.unsigned.slug;
        assert_eq!(sample.judge(&sample.message), "ok", "{slug}");
        let both = sample.unsigned.verifier(&[other, right], None);
        let verified = both.verify(&sample.message.received(), NOW).unwrap();
        assert_eq!(verified.secret, 1, "{slug}");
        assert_eq!(verified.signed_at.is_some(), sample.verifier.covers().timestamp, "{slug}");
        if slug != "box" || sample.unsigned.settings.is_empty() {
            let wrong = sample.unsigned.verifier(&[other], None);
            assert_eq!(
                code(&wrong, &sample.message, UnixSeconds(0)),
                "signature_mismatch",
                "{slug}"
            );
        }
    }
}

/// Whether two forms say the same: `%3d` is `%3D`.
fn same_form(one: &[u8], other: &[u8]) -> bool {
    let lower = |form: &[u8]| {
        let mut form = form.to_vec();
        for at in 0..form.len() {
            if form[at] == b'%' {
                let end = (at + 3).min(form.len());
                form[at..end].make_ascii_lowercase();
            }
        }
        form
    };
    lower(one) == lower(other)
}

pub(crate) fn no_bit_of_what_is_covered_can_be_changed() {
    for sample in SAMPLES.iter() {
        let body = &sample.message.body;
        let text = String::from_utf8(body.clone()).unwrap();
        let mut spans: Vec<_> = sample
            .unsigned
            .signed_parts
            .iter()
            .map(|part| {
                let start = text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}"));
                (start, start + part.len())
            })
            .collect();
        if sample.verifier.covers().body {
            spans = vec![(0, body.len())];
        }
        let is_form = sample.unsigned.headers.contains(&FORM);
        for at in spans.into_iter().flat_map(|(start, end)| start..end) {
            for bit in 0..8 {
                let mut changed = body.clone();
                changed[at] ^= 1 << bit;
                if !is_form || !same_form(&changed, body) {
                    sample.refuses(&sample.message.with_body(changed), "a bit of the body");
                }
            }
        }
        for name in sample.proof() {
            let value = sample.message.get(&name);
            let unread = sample.unread(&value);
            for at in (0..value.len() * 8).filter(|at| !unread.contains(&(at / 8))) {
                let mut changed = value.clone();
                changed[at / 8] ^= 1 << (at % 8);
                sample.refuses(&sample.message.with(&name, changed), "a bit of the proof");
            }
        }
    }
}

pub(crate) fn bodies_cannot_be_cut_extended_or_emptied() {
    for sample in SAMPLES.iter().filter(|sample| sample.verifier.covers().body) {
        let body = &sample.message.body;
        for length in 0..body.len() {
            sample.refuses(&sample.message.with_body(&body[..length]), "cut");
        }
        for (before, after) in [
            ("", "x"),
            ("", "\n"),
            ("\u{feff}", ""),
            (" ", ""),
            ("", "&a=b"),
            ("a=b&", ""),
            ("", "\0"),
        ] {
            let changed = [before.as_bytes(), body, after.as_bytes()].concat();
            sample.refuses(&sample.message.with_body(changed), "extended");
        }
        for kind in [JSON.1, FORM.1, "text/plain", ""] {
            for changed in [&b""[..], b"{}", b"a=b", &[body, &b"&a=b"[..]].concat()] {
                if changed == body.as_slice() {
                    continue;
                }
                let changed = sample.message.with_body(changed).with("Content-Type", kind);
                sample.refuses(&changed, "another body of another content type");
            }
        }
    }
}

pub(crate) fn methods_and_urls_are_bound_where_they_are_covered() {
    for sample in SAMPLES.iter() {
        let covers = sample.verifier.covers();
        let method = Message { method: "PUT".to_owned(), ..sample.message.clone() };
        assert_eq!(sample.judge(&method) != "ok", covers.method, "{}", sample.unsigned.slug);
        for (from, to) in
            [("/webhook", "/webhooks"), ("example.com/", "example.com/x/"), ("x?", "x/?")]
        {
            let url = sample.message.url.replacen(from, to, 1);
            if covers.url && url != sample.message.url {
                sample.refuses(&Message { url, ..sample.message.clone() }, "another URL");
            }
        }
    }
    let mercado = SAMPLES.iter().find(|sample| sample.unsigned.slug == "mercado-pago").unwrap();
    let other = |url: &str| Message { url: url.to_owned(), ..mercado.message.clone() };
    for url in ["?data.id=ABC124", "?type=payment", "?data.id=ABC123%3Brequest-id:x"] {
        mercado.refuses(&other(&format!("https://example.com/mp{url}")), "another resource");
    }
    assert_eq!(mercado.judge(&other("https://example.com/mp?data.id=abc123")), "ok");
}

pub(crate) fn headers_of_a_proof_are_there_once_and_whole() {
    for sample in SAMPLES.iter() {
        let slug = sample.unsigned.slug;
        for name in sample.proof() {
            let value = sample.message.get(&name);
            sample.refuses(&sample.message.with(&name, ""), "empty");
            sample.refuses(&sample.message.with(&name, &value[..value.len() - 1]), "cut");
            for more in ["A", "\n", ",", "\u{e9}", "\0"] {
                let changed = [&value, more.as_bytes()].concat();
                // A list may hold what cannot be read beside what can.
                if slug != "plivo" || more != "," {
                    sample.refuses(&sample.message.with(&name, changed), "one character more");
                }
            }
            sample.refuses(&sample.message.without(&name), "missing");
            for twin in [value, b"other".to_vec(), Vec::new()] {
                let mut twice = sample.message.clone();
                twice.headers.push((name.to_uppercase(), twin));
                assert_eq!(sample.judge(&twice), "proof_ambiguous", "{slug}: {name}");
            }
        }
    }
}

pub(crate) fn the_window_is_what_the_provider_says() {
    for sample in SAMPLES.iter() {
        let slug = sample.unsigned.slug;
        let stated = sample.verifier.tolerance();
        let mut windows = vec![(&sample.verifier, stated)];
        let narrow = sample.unsigned.verifier(&sample.unsigned.secrets[..1], Some(700));
        assert_eq!(narrow.tolerance(), sample.verifier.covers().timestamp.then_some(700), "{slug}");
        windows.push((&narrow, narrow.tolerance()));
        for (verifier, window) in windows {
            let at = |seconds: u64| code(verifier, &sample.message, UnixSeconds(seconds));
            let Some(window) = window else {
                assert_eq!((at(0), at(u64::MAX)), ("ok", "ok"), "{slug}");
                continue;
            };
            let [behind, ahead] = sample.unsigned.edges;
            let ahead = if ahead == 0 { window } else { 0 };
            for (seconds, expected) in [
                (NOW.0 + window - behind, "ok"),
                (NOW.0 - ahead, "ok"),
                (NOW.0 + window - behind + 1, "timestamp_outside_window"),
                (NOW.0 - ahead - 1, "timestamp_outside_window"),
                (0, "timestamp_outside_window"),
                (u64::MAX, "timestamp_outside_window"),
            ] {
                assert_eq!(at(seconds), expected, "{slug} at {seconds}");
            }
        }
    }
}

#[test]
fn settings_that_are_missing_are_asked_for() {
    for (slug, secret, expected) in [
        (
            "braintree",
            "x",
            "Braintree needs the setting `public_key`: the public key that belongs to the private one",
        ),
        (
            "sinch-voice",
            "eHh4",
            "Sinch needs the setting `application_key`: the key of the application whose secret this is",
        ),
    ] {
        let secret = vec![Secret::new(secret).unwrap()];
        let error = provider(slug).unwrap().verifier(secret, &Options::default()).unwrap_err();
        assert_eq!(error.to_string(), expected);
        let required = provider(slug).unwrap().settings.iter().filter(|setting| setting.required);
        assert!(required.map(|setting| setting.name).all(|name| expected.contains(name)));
    }
}

#[test]
fn a_challenge_of_braintree_is_no_payload() {
    let unsigned = UNSIGNED.iter().find(|unsigned| unsigned.slug == "braintree").unwrap();
    let verifier = unsigned.verifier(&["integration_private_key"], None);
    let body = "bt_signature=our_public_key|d9b899556c966b3f06945ec21311865d35df3ce4&bt_payload=20f9f8ed05f77439fe955c977e4c8a53";
    let message = Message { body: body.into(), ..unsigned.message() };
    let rejection = verifier.verify(&message.received(), NOW).unwrap_err();
    assert!(rejection.to_string().contains("looks like a challenge"), "{rejection}");
}

/// What Travis CI publishes, as far as it matters.
fn published(key: &str) -> Vec<u8> {
    let key = key.replace('\n', "\\n");
    format!(r#"{{"config":{{"notifications":{{"webhook":{{"public_key":"{key}"}}}}}}}}"#)
        .into_bytes()
}

/// The request is that of the vectors, which nothing here has signed.
pub(crate) fn travis_ci_is_refused_when_changed_and_its_key_is_fetched() {
    let file = include_str!("../../vectors/travis-ci.json");
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let case = &file["cases"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let message = Message {
        method: "POST".to_owned(),
        url: text(&case["url"]),
        headers: vec![
            (FORM.0.to_owned(), FORM.1.into()),
            ("Signature".to_owned(), text(&case["headers"]["Signature"]).into_bytes()),
        ],
        body: text(&case["body"]).into_bytes(),
    };
    let travis = provider("travis-ci").unwrap();
    let key = text(&case["secret"]);
    let configured =
        travis.verifier(vec![Secret::new(&*key).unwrap()], &Options::default()).unwrap();
    assert_eq!(code(&configured, &message, NOW), "ok");
    for at in 0..message.body.len() * 8 {
        let mut body = message.body.clone();
        body[at / 8] ^= 1 << (at % 8);
        if !same_form(&body, &message.body) {
            assert_ne!(code(&configured, &message.with_body(body), NOW), "ok", "bit {at}");
        }
    }
    assert_ne!(
        code(&configured, &message.with_body([&message.body[..], b"&a=b"].concat()), NOW),
        "ok"
    );

    let received = message.received();
    assert_eq!(configured.fetch(&received), Ok(None));
    let fetching = travis.verifier(Vec::new(), &Options::default()).unwrap();
    let fetch = fetching.fetch(&received).unwrap().unwrap();
    assert_eq!((&*fetch.url, fetch.body), ("https://api.travis-ci.com/config", None));
    let with = |fetched: Option<&[u8]>| {
        fetching.verify_with(&received, NOW, fetched).map_err(|rejection| rejection.code())
    };
    assert!(with(Some(&published(&key))).is_ok());
    for fetched in [None, Some(&b""[..]), Some(b"{}"), Some(&published("x"))] {
        assert_eq!(with(fetched), Err("key_unavailable"));
    }
}

/// The request is eBay's own example.
pub(crate) fn ebay_is_refused_when_changed() {
    let file = include_str!("../../vectors/ebay.json");
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let case = &file["cases"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let (name, value) = ("x-ebay-signature", text(&case["headers"]["X-EBAY-SIGNATURE"]));
    let message = Message::new(JSON.1, text(&case["body"]).as_bytes()).with(name, value);
    let secret = Secret::new(text(&case["secret"])).unwrap();
    let ebay = provider("ebay").unwrap().verifier(vec![secret], &Options::default()).unwrap();
    assert_eq!(code(&ebay, &message, NOW), "ok");
    let refuses =
        |message: &Message, what: &str| assert_ne!(code(&ebay, message, NOW), "ok", "{what}");
    // The arithmetic takes its time without optimisation: one bit of every seventh byte.
    for at in (0..message.body.len()).step_by(7) {
        let mut body = message.body.clone();
        body[at] ^= 1 << (at % 8);
        refuses(&message.with_body(body), "a bit of the body");
    }
    refuses(&message.with_body([&message.body[..], b"\n"].concat()), "a line break more");
    refuses(&message.with_body(&message.body[1..]), "cut");
    refuses(&message.with_body(""), "empty");
    refuses(&message.without(name), "no signature");
    refuses(&message.with(name, ""), "an empty signature");
    let claim: serde_json::Value =
        serde_json::from_slice(&STANDARD.decode(message.get(name)).unwrap()).unwrap();
    let signature = STANDARD.decode(text(&claim["signature"])).unwrap();
    for at in (0..signature.len()).step_by(3) {
        let (mut claim, mut signature) = (claim.clone(), signature.clone());
        signature[at] ^= 1 << (at % 8);
        claim["signature"] = STANDARD.encode(signature).into();
        let changed = STANDARD.encode(claim.to_string());
        refuses(&message.with(name, changed), "a bit of the signature");
    }
    let mut twice = message.clone();
    twice.headers.push((name.to_uppercase(), message.get(name)));
    assert_eq!(code(&ebay, &twice, NOW), "proof_ambiguous");
}

/// Every header that one of these schemes reads.
static HEADERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = SAMPLES.iter().flat_map(|sample| sample.provider.scheme.headers());
    all.map(Cow::into_owned).chain(["content-type".to_owned()]).collect()
});

fn value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("t=1700000000,v1=".to_owned()),
        Just("h=x-event-id,v0=".to_owned()),
        Just("ts=1700000000000".to_owned()),
        Just("Application app-key:".to_owned()),
        Just("2023-11-14T22:13:20Z".to_owned()),
        Just("1700000000000".to_owned()),
        Just("x-contentful-signed-headers,x-contentful-timestamp".to_owned()),
        Just("application/x-www-form-urlencoded".to_owned()),
        Just("a".repeat(64)),
        Just(format!("{}=", "A".repeat(43))),
        "[ -~]{0,10}",
    ];
    prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..200),
        "bt_payload=[A-Za-z0-9]{33,60}".prop_map(String::into_bytes),
        r#"\{"notificationItems":\[\{"NotificationRequestItem":\{"pspReference":"[ -!#-\[\]-~]{0,9}","amount":\{"value":[1-9][0-9]{0,20}\.?[0-9]\}\}\}\]\}"#
            .prop_map(String::into_bytes),
        r#"\[ ?("[a-zé]{0,5}"|[0-9]), ?[1-9]\]"#.prop_map(String::into_bytes),
        "([a-z]{1,2}=[a-z%+]{0,4}&){1,4}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_signed_with_sha1_verifies_and_nothing_else(text in "[a-z0-9é]{1,200}", bit in any::<usize>()) {
        for sample in SAMPLES.iter().filter(|sample| sample.is_slow()) {
            let is_form = sample.unsigned.headers.contains(&FORM);
            let body = if is_form { format!("payload={text}") } else { text.clone() };
            let message = signed(&sample.unsigned.message().with_body(body), &sample.verifier);
            prop_assert_eq!(sample.judge(&message), "ok", "{}", sample.unsigned.slug);
            let mut body = message.body.clone();
            let bit = bit % (8 * body.len());
            body[bit / 8] ^= 1 << (bit % 8);
            sample.refuses(&message.with_body(body), "a bit of the body");
        }
    }
}

proptest! {
    #[test]
    fn what_can_be_signed_verifies(
        body in body(),
        method in "(GET|POST)",
        url in "https://[a-z]{1,3}(/[!-~]{0,9}){0,2}(\\?[!-~]{0,20})?",
        kind in prop::sample::select(vec![JSON.1, FORM.1, "text/plain"]),
        topic in prop::option::of("[!-~]{1,9}"),
        now in 0..=999_999_999_u64,
    ) {
        let mut message = Message::new(kind, &body);
        for name in ["x-contentful-topic", "x-event-type"] {
            message.headers.extend(topic.clone().map(|topic| (name.to_owned(), topic.into_bytes())));
        }
        let message = Message { method, url, ..message };
        for sample in SAMPLES.iter().filter(|sample| !sample.is_slow()) {
            let now = UnixSeconds(now);
            let Ok(proof) = sample.verifier.sign(&message.received(), "an-id", now) else { continue };
            let mut signed = message.clone();
            for (name, value) in proof.headers {
                signed = signed.with(&name, value);
            }
            signed.body = proof.body.unwrap_or(signed.body);
            prop_assert_eq!(code(&sample.verifier, &signed, now), "ok", "{}", sample.unsigned.slug);
        }
    }

    #[test]
    fn garbage_neither_panics_nor_gets_through(
        headers in prop::collection::vec((prop::sample::select(HEADERS.clone()), value()), 0..12),
        url in "\\PC{0,40}",
        body in body(),
        now in any::<u64>(),
    ) {
        let message = Message {
            method: "POST".to_owned(),
            url,
            headers: headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
            body,
        };
        for sample in SAMPLES.iter() {
            prop_assert_ne!(code(&sample.verifier, &message, UnixSeconds(now)), "ok");
            if sample.is_slow() {
                continue;
            }
            drop(sample.verifier.sign(&message.received(), &message.url, UnixSeconds(now)));
        }
    }
}
