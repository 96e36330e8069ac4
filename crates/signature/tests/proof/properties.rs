//! Whatever the bytes: what is signed verifies, a flipped bit does not, and nothing panics.

use std::collections::HashSet;
use std::mem::discriminant;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use hookyard_signature::{Options, PROVIDERS, Part, Received, Scheme, UnixSeconds, Verifier};
use proptest::prelude::*;

use crate::support::{
    FORM, Message, code, escaped, json_body, list_field, list_form, needs_json, schemes, secrets,
    signed_headers, signs_payload, verifier,
};

/// One scheme of every shape with every form of secret; keys are made once.
static VERIFIERS: LazyLock<Vec<(String, Scheme, Verifier)>> = LazyLock::new(|| {
    let mut all = Vec::new();
    let mut shapes = HashSet::new();
    for (name, scheme) in schemes().into_iter().filter(|(_, scheme)| shapes.insert(shape(scheme))) {
        for [secret, _] in secrets(&scheme) {
            all.push((
                name.clone(),
                scheme.clone(),
                verifier(&scheme, &[&secret], &Options::default()),
            ));
        }
    }
    all
});

/// What tells schemes apart but for names and fixed texts, which are the matter of the matrix.
fn shape(scheme: &Scheme) -> String {
    let Scheme::Signed(signed) = scheme else { return format!("{scheme:?}") };
    let parts: Vec<_> = signed.message.iter().map(discriminant).collect();
    let carrier = (discriminant(&signed.carrier.place), discriminant(&signed.carrier.format));
    let time = signed.timestamp.as_ref().map(|time| (discriminant(&time.place), time.unit));
    let keys = (signed.algorithm, signed.key, signed.encoding);
    format!("{keys:?} {parts:?} {carrier:?} {time:?} {}", signed.id.is_some())
}

/// Every header that some scheme reads, and one that none does.
static HEADERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names = vec!["content-type".to_owned(), "x-other".to_owned()];
    for (_, scheme, verifier) in VERIFIERS.iter() {
        let message = message(scheme, "text/plain", b"x");
        let proof = verifier.sign(&message.received(), "id", UnixSeconds(0)).unwrap();
        names.extend(proof.headers.into_iter().map(|(name, _)| name.into_owned()));
    }
    names.extend(["x-signature", "x-hub-signature", "x-hub-signature-256"].map(str::to_owned));
    names
});

/// Times of ten digits, from 2001 to 2286: others are refused where nothing separates the time
/// from the body.
const TIMES: RangeInclusive<u64> = 1_000_000_000..=9_999_999_999;

/// A request with this body or, where the scheme needs JSON, with the body's bytes as a text in
/// there.
fn message(scheme: &Scheme, content_type: &str, body: &[u8]) -> Message {
    let mut message = if needs_json(scheme) {
        Message::new("application/json", &json_body(scheme, &String::from_utf8_lossy(body)))
    } else if let Some(field) = list_field(scheme) {
        list_form(field, body)
    } else if signs_payload(scheme) && content_type == FORM {
        Message::new(FORM, format!("payload={}", escaped(body)).as_bytes())
    } else {
        Message::new(content_type, body)
    };
    for name in signed_headers(scheme) {
        message = message.with(&name, "a-made-up-value");
    }
    message
}

/// Whether a flipped bit can leave what is signed as it was: `%2b` and `%2B` are one character.
fn has_spellings(scheme: &Scheme) -> bool {
    matches!(scheme, Scheme::Signed(signed) if signed.message.iter().any(|part| matches!(part, Part::SortedForm(_))))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..300)
}

fn id() -> impl Strategy<Value = String> {
    "[!-\\-/-~]{1,255}"
}

fn content_type() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain; charset=x",
    ])
}

fn flip(bytes: &mut [u8], bit: prop::sample::Index) {
    let bit = bit.index(bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// Bytes that look a little like signature headers.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"v1,".to_vec()),
        Just(b"v1a,".to_vec()),
        Just(b"v1=".to_vec()),
        Just(b"t=".to_vec()),
        Just(b"sha256=".to_vec()),
        Just(b"Basic ".to_vec()),
        Just(b"1700000000".to_vec()),
        Just(vec![b'a'; 64]),
        Just([&[b'A'; 43][..], b"="].concat()),
        Just(b",".to_vec()),
        Just(b" ".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    (prop::sample::select(HEADERS.clone()), value())
}

proptest! {
    // Each case goes through every shape.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_signed_verifies(body in body(), id in id(), content_type in content_type(), now in TIMES) {
        for (name, scheme, verifier) in VERIFIERS.iter() {
            let now = UnixSeconds(now);
            let signed = message(scheme, content_type, &body).signed(verifier, &id, now);
            prop_assert_eq!(code(verifier, &signed, now), "ok", "{}", name);
        }
    }

    #[test]
    fn a_flipped_bit_is_refused(body in body(), id in id(), bit in any::<prop::sample::Index>()) {
        let now = UnixSeconds(1_700_000_000);
        for (name, scheme, verifier) in VERIFIERS.iter() {
            let signed = message(scheme, "application/json", &body).signed(verifier, &id, now);
            if verifier.covers().body && !has_spellings(scheme) {
                let mut changed = signed.clone();
                flip(&mut changed.body, bit);
                prop_assert_ne!(code(verifier, &changed, now), "ok", "{}: body", name);
            }
            for index in 1..signed.headers.len() {
                let mut changed = signed.clone();
                let value = &mut changed.headers[index].1;
                // The word `Basic` has no case, so it is not part of the proof.
                let proof = if matches!(scheme, Scheme::Basic) { &mut value[6..] } else { &mut value[..] };
                flip(proof, bit);
                prop_assert_ne!(code(verifier, &changed, now), "ok", "{}: {:?}", name, changed.headers[index]);
            }
        }
    }

    #[test]
    fn a_flipped_bit_in_the_secret_is_refused(secret in "[!-~]{2,100}", body in body(), bit in any::<prop::sample::Index>()) {
        let now = UnixSeconds(1_700_000_000);
        let mut other = secret.clone().into_bytes();
        flip(&mut other, bit);
        for slug in ["github", "stripe", "slack", "shopify", "twilio", "gitlab", "generic", "token"] {
            let scheme = &hookyard_signature::provider(slug).unwrap().scheme;
            let right = verifier(scheme, &[secret.as_bytes()], &Options::default());
            let wrong = verifier(scheme, &[&other], &Options::default());
            let signed = Message::new("application/json", &body).signed(&right, "id", now);
            prop_assert_eq!(code(&right, &signed, now), "ok", "{}", slug);
            let refused = code(&wrong, &signed, now);
            prop_assert!(refused.ends_with("_mismatch"), "{}: {}", slug, refused);
        }
    }

    #[test]
    fn garbage_neither_panics_nor_gets_through(
        headers in prop::collection::vec(header(), 0..8),
        url in "\\PC{0,40}",
        method in "[A-Z]{0,7}",
        body in prop::collection::vec(any::<u8>(), 0..100),
        now in any::<u64>(),
    ) {
        let request = Received { method: &method, url: &url, headers: &headers, body: &body };
        for (name, _, verifier) in VERIFIERS.iter() {
            prop_assert!(verifier.verify(&request, UnixSeconds(now)).is_err(), "{}", name);
            drop(verifier.sign(&request, &url, UnixSeconds(now)));
        }
        for provider in PROVIDERS {
            let found = [provider.event_id(&request), provider.event_type(&request)];
            prop_assert!(found.iter().flatten().all(|text| (1..=255).contains(&text.len())));
            if let Some(responder) = provider.responder(Vec::new(), &Options::default()) {
                let asked = responder.question(&request);
                drop(asked.map(|asked| (asked.answer(&request), asked.secret(&request))));
            }
        }
    }

    #[test]
    fn templates_never_panic(template in "[{}a-z:.é]{0,30}") {
        drop(hookyard_signature::parse_template(&template));
    }
}
