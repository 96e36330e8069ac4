//! JSON Web Tokens: what each provider's are, what must not get through, and keys that are fetched.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use hookyard_signature::{Options, Secret, UnixSeconds, Verifier, provider};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{ID, Message, NOW, code};

/// For tests alone: they sign nothing that anyone accepts.
const RSA: [&str; 2] =
    [include_str!("keys/test-only-rsa-1.pem"), include_str!("keys/test-only-rsa-2.pem")];
const SHARED: [&str; 2] = ["a shared secret of thirty-two byt", "another secret of thirty-two byt"];
const BODY: &[u8] = br#"{"type":"user.created","event_id":"event_1","event":{"id":"1"}}"#;
const AUDIENCE: &str = "https://example.com/webhook/x?a=1";

/// Every provider whose proof is a token, with its header and what stands before the token.
pub(crate) const PROVIDERS: &[(&str, &str, &str)] = &[
    ("fusionauth", "x-fusionauth-signature-jwt", ""),
    ("gcp-pubsub", "authorization", "Bearer "),
    ("jira-connect", "authorization", "JWT "),
    ("kinde", "", ""),
    ("messagebird", "messagebird-signature-jwt", ""),
    ("monday", "authorization", ""),
    ("netlify", "x-webhook-signature", ""),
    ("plaid", "plaid-verification", ""),
    ("vonage", "authorization", "Bearer "),
];

fn options(slug: &str) -> Options {
    let settings: &[(&str, &str)] = match slug {
        "monday" => &[("audience", AUDIENCE)],
        "gcp-pubsub" => &[("audience", AUDIENCE), ("service_account", "pusher@example.com")],
        _ => &[],
    };
    let settings = settings.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Options { tolerance: None, settings: settings.collect() }
}

/// Two private keys of the kind that the provider uses.
fn secrets(slug: &str) -> [String; 2] {
    match slug {
        "gcp-pubsub" | "kinde" => RSA.map(str::to_owned),
        "plaid" => [p256(), p256()],
        _ => SHARED.map(str::to_owned),
    }
}

fn p256() -> String {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    STANDARD.encode(EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap())
}

fn build(slug: &str, secrets: &[&str], options: &Options) -> Verifier {
    let secrets = secrets.iter().map(|&secret| Secret::new(secret).unwrap()).collect();
    provider(slug).unwrap().verifier(secrets, options).unwrap()
}

fn unsigned() -> Message {
    Message::new("application/json", BODY)
}

/// The request as the provider would send it.
fn signed(verifier: &Verifier) -> Message {
    let message = unsigned();
    let proof = verifier.sign(&message.received(), ID, NOW).unwrap();
    let mut message = message.signed(verifier, ID, NOW);
    message.body = proof.body.unwrap_or(message.body);
    message
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn hs256(header: &str, claims: &str, key: &[u8]) -> String {
    let start = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(start.as_bytes());
    format!("{start}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn rs256(header: &Value, claims: &Value, pem: &str) -> String {
    let start = format!("{}.{}", part(header), part(claims));
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), start.as_bytes(), &mut signature).unwrap();
    format!("{start}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The set that publishes the public half of a P-256 key.
fn p256_set(secret: &str, id: &str) -> String {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let der = STANDARD.decode(secret).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, &der, &random).unwrap();
    let point = pair.public_key().as_ref();
    let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
    json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": id, "use": "sig", "x": x, "y": y}]})
        .to_string()
}

fn es256(header: &Value, claims: &Value, secret: &str) -> String {
    let start = format!("{}.{}", part(header), part(claims));
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let der = STANDARD.decode(secret).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, &der, &random).unwrap();
    let signature = pair.sign(&random, start.as_bytes()).unwrap();
    format!("{start}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hash(body: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(body) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// Netlify's token over [`BODY`], the simplest of all.
fn netlify(header: &str, claims: &str) -> Message {
    unsigned().with("x-webhook-signature", hs256(header, claims, SHARED[0].as_bytes()))
}

fn netlify_claims() -> String {
    json!({"iss": "netlify", "sha256": hash(BODY)}).to_string()
}

const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

pub(crate) fn what_is_signed_is_accepted_and_another_secret_is_not() {
    for (slug, ..) in PROVIDERS {
        let [first, second] = secrets(slug);
        let mine = build(slug, &[&first], &options(slug));
        let message = signed(&mine);
        let verified = mine.verify(&message.received(), NOW).unwrap();
        let signed_at = mine.covers().timestamp.then_some(NOW);
        assert_eq!((verified.secret, verified.signed_at), (0, signed_at), "{slug}");
        let other = build(slug, &[&second], &options(slug));
        assert_eq!(code(&other, &message, NOW), "signature_mismatch", "{slug}");
        let both = build(slug, &[&second, &first], &options(slug));
        assert_eq!(
            both.verify(&message.received(), NOW).map(|found| found.secret),
            Ok(1),
            "{slug}"
        );
    }
}

pub(crate) fn every_changed_character_of_a_token_is_refused() {
    for (slug, header, prefix) in PROVIDERS {
        let verifier = build(slug, &[&secrets(slug)[0]], &options(slug));
        let message = signed(&verifier);
        let value = if header.is_empty() { message.body.clone() } else { message.get(header) };
        let put = |value: Vec<u8>| match *header {
            "" => message.with_body(value),
            header => message.with(header, value),
        };
        let refused = |value: Vec<u8>, what: &str| {
            let found = code(&verifier, &put(value), NOW);
            let expected = ["signature_malformed", "signature_mismatch", "algorithm_not_allowed"];
            assert!(expected.contains(&found), "{slug}: {what}: {found}");
        };
        for index in prefix.len()..value.len() {
            let mut changed = value.clone();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            refused(changed, "one character");
        }
        for what in [&b"="[..], b"\n", b" ", b".", b"A", b"\xff", b".AAAA"] {
            refused([&value, what].concat(), "more behind it");
        }
        refused([&b" "[..], &value].concat(), "more before it");
        refused(value[..value.len() - 1].to_vec(), "cut");
        let end = value.iter().rposition(|&byte| byte == b'.').unwrap();
        refused(value[..=end].to_vec(), "no signature");
        refused(value[..end].to_vec(), "two parts");
        if !prefix.is_empty() {
            refused(value[prefix.len()..].to_vec(), "no prefix");
            refused(prefix.as_bytes().to_vec(), "the prefix alone");
        }
    }
}

pub(crate) fn a_missing_empty_or_doubled_token_is_refused() {
    for (slug, header, _) in PROVIDERS {
        let verifier = build(slug, &[&secrets(slug)[0]], &options(slug));
        let message = signed(&verifier);
        if header.is_empty() {
            assert_eq!(code(&verifier, &message.with_body(""), NOW), "signature_missing", "{slug}");
            assert_eq!(code(&verifier, &unsigned(), NOW), "signature_malformed", "{slug}");
            continue;
        }
        assert_eq!(code(&verifier, &message.without(header), NOW), "signature_missing", "{slug}");
        assert_eq!(
            code(&verifier, &message.with(header, ""), NOW),
            "signature_malformed",
            "{slug}"
        );
        let mut twice = message.clone();
        twice.headers.push((header.to_uppercase(), message.get(header)));
        assert_eq!(code(&verifier, &twice, NOW), "proof_ambiguous", "{slug}");
    }
}

pub(crate) fn bodies_urls_and_methods_are_bound_where_that_is_promised() {
    let if_bound = |bound: bool| if bound { "signature_mismatch" } else { "ok" };
    for (slug, header, _) in PROVIDERS {
        let verifier = build(slug, &[&secrets(slug)[0]], &options(slug));
        let (message, covers) = (signed(&verifier), verifier.covers());
        let check = |changed: &Message, expected: &str, what: &str| {
            assert_eq!(code(&verifier, changed, NOW), expected, "{slug}: {what}");
        };
        let method = Message { method: "PUT".to_owned(), ..message.clone() };
        check(&method, if_bound(covers.method), "other method");
        let url = Message { url: message.url.replace("/x", "/y"), ..message.clone() };
        check(&url, if_bound(covers.url), "other path");
        let url = Message { url: message.url.replace("a=1", "a=2"), ..message.clone() };
        check(&url, if_bound(covers.url), "other query");
        if header.is_empty() {
            continue;
        }
        for body in [&b""[..], b"{}", &[BODY, b"\n"].concat(), &BODY[1..]] {
            check(&message.with_body(body), if_bound(covers.body), "other body");
        }
    }
}

pub(crate) fn tokens_hold_for_as_long_as_they_say() {
    for (slug, ..) in PROVIDERS {
        let verifier = build(slug, &[&secrets(slug)[0]], &options(slug));
        let message = signed(&verifier);
        let at = |verifier: &Verifier, seconds: i64| {
            code(verifier, &message, UnixSeconds(NOW.0.saturating_add_signed(seconds)))
        };
        let Some(window) = verifier.tolerance() else {
            assert_eq!(at(&verifier, i64::MAX), "ok", "{slug}");
            continue;
        };
        let window = i64::try_from(window).unwrap();
        for (seconds, expected) in [
            (window, "ok"),
            (-window, "ok"),
            (window + 1, "timestamp_outside_window"),
            (-window - 1, "timestamp_outside_window"),
            (i64::MAX, "timestamp_outside_window"),
            (i64::MIN, "timestamp_outside_window"),
        ] {
            assert_eq!(at(&verifier, seconds), expected, "{slug} at {seconds} s");
        }
        let narrow = Options { tolerance: Some(2), ..options(slug) };
        let narrow = build(slug, &[&secrets(slug)[0]], &narrow);
        let message = signed(&narrow);
        for (seconds, expected) in [(2, "ok"), (3, "timestamp_outside_window")] {
            let now = UnixSeconds(NOW.0 + seconds);
            assert_eq!(code(&narrow, &message, now), expected, "{slug} at {seconds} s of 2");
        }
    }
}

#[test]
fn times_are_numbers_and_are_there() {
    let verifier = build("vonage", &[SHARED[0]], &options("vonage"));
    let judge = |times: Value| {
        let mut claims = json!({"payload_hash": hash(BODY), "iat": NOW.0});
        let claims = claims.as_object_mut().unwrap();
        claims.extend(times.as_object().unwrap().clone());
        claims.retain(|_, value| !value.is_null());
        let token = hs256(HS256, &json!(claims).to_string(), SHARED[0].as_bytes());
        code(&verifier, &unsigned().with("authorization", format!("Bearer {token}")), NOW)
    };
    let now = NOW.0;
    for (times, expected) in [
        (json!({}), "ok"),
        (json!({"iat": 1_700_000_000.9}), "ok"),
        (json!({"exp": now, "nbf": now}), "ok"),
        (json!({"exp": now - 1}), "timestamp_outside_window"),
        (json!({"nbf": now + 301}), "timestamp_outside_window"),
        (json!({"iat": now - 301}), "timestamp_outside_window"),
        // A later end does not make an old token young.
        (json!({"iat": now - 301, "exp": now + 1000}), "timestamp_outside_window"),
        (json!({"iat": null}), "timestamp_malformed"),
        (json!({"iat": now.to_string()}), "timestamp_malformed"),
        (json!({"iat": -1}), "timestamp_malformed"),
        (json!({"iat": [now]}), "timestamp_malformed"),
        (json!({"exp": "never"}), "timestamp_malformed"),
        (json!({"exp": true}), "timestamp_malformed"),
        (json!({"nbf": {}}), "timestamp_malformed"),
        (json!({"exp": u64::MAX}), "timestamp_malformed"),
    ] {
        assert_eq!(judge(times.clone()), expected, "{times}");
    }
}

#[test]
fn the_algorithm_is_not_the_tokens_to_choose() {
    let verifier = build("netlify", &[SHARED[0]], &options("netlify"));
    assert_eq!(code(&verifier, &netlify(HS256, &netlify_claims()), NOW), "ok");
    for name in ["none", "NONE", "hs256", "HS512", "RS256", "ES256", "EdDSA", "HS256\\u0000", ""] {
        let message = netlify(&format!(r#"{{"alg":"{name}"}}"#), &netlify_claims());
        assert_eq!(code(&verifier, &message, NOW), "algorithm_not_allowed", "{name}");
        let value = message.get("x-webhook-signature");
        let end = value.iter().rposition(|&byte| byte == b'.').unwrap();
        let bare = message.with("x-webhook-signature", &value[..=end]);
        assert_eq!(
            code(&verifier, &bare, NOW),
            "algorithm_not_allowed",
            "{name} without signature"
        );
    }
    let bare =
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(HS256), URL_SAFE_NO_PAD.encode(netlify_claims()));
    let bare = unsigned().with("x-webhook-signature", bare);
    assert_eq!(code(&verifier, &bare, NOW), "signature_mismatch");
}

#[test]
fn a_public_key_does_not_sign_by_hmac() {
    let rsa = rsa_set(0, "k");
    let ec = p256();
    let set = p256_set(&ec, "k");
    let body_hash = STANDARD.encode(Sha256::digest(BODY));
    let claims = json!({"request_body_sha256": body_hash}).to_string();
    for (public, secret) in [(&rsa, &rsa), (&set, &set)] {
        let verifier = build("fusionauth", &[secret], &Options::default());
        for alg in ["HS256", "HS384", "HS512"] {
            let header = json!({"alg": alg, "kid": "k"}).to_string();
            let token = hs256(&header, &claims, public.as_bytes());
            let message = unsigned().with("x-fusionauth-signature-jwt", token);
            assert_eq!(code(&verifier, &message, NOW), "algorithm_not_allowed", "{alg}");
        }
    }
    // Nor by RSA where the key is on a curve.
    let verifier = build("fusionauth", &[&set], &Options::default());
    let claims = json!({"request_body_sha256": body_hash});
    let token = rs256(&json!({"alg": "RS256"}), &claims, RSA[0]);
    let message = unsigned().with("x-fusionauth-signature-jwt", token);
    assert_eq!(code(&verifier, &message, NOW), "algorithm_not_allowed");
    let token = es256(&json!({"alg": "ES256", "kid": "k"}), &claims, &ec);
    let message = unsigned().with("x-fusionauth-signature-jwt", token);
    assert_eq!(code(&verifier, &message, NOW), "ok");
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let verifier = build("netlify", &[SHARED[0]], &options("netlify"));
    let hash = hash(BODY);
    for (header, claims) in [
        (r#"{"alg":"HS256","alg":"HS256"}"#.to_owned(), netlify_claims()),
        (r#"{"alg":"HS256","crit":["exp"]}"#.to_owned(), netlify_claims()),
        (r#"{"alg":"HS256","crit":["b64"],"b64":false}"#.to_owned(), netlify_claims()),
        (HS256.to_owned(), format!(r#"{{"iss":"x","iss":"netlify","sha256":"{hash}"}}"#)),
        (HS256.to_owned(), format!(r#"{{"iss":"netlify","sha256":"{hash}","sha256":"x"}}"#)),
        (HS256.to_owned(), format!(r#"{{"iss":"netlify","sha256":"{hash}","\u0069ss":"y"}}"#)),
        (HS256.to_owned(), format!(r#"[{{"iss":"netlify","sha256":"{hash}"}}]"#)),
        (HS256.to_owned(), format!("\u{feff}{}", netlify_claims())),
        (HS256.to_owned(), format!("{} {{}}", netlify_claims())),
    ] {
        let message = netlify(&header, &claims);
        assert_eq!(code(&verifier, &message, NOW), "signature_malformed", "{header} {claims}");
    }
    // A token in a token's claim is a text like any other.
    let inner = hs256(HS256, &netlify_claims(), SHARED[0].as_bytes());
    let nested = netlify(r#"{"alg":"HS256","cty":"JWT"}"#, &json!({"jwt": inner}).to_string());
    assert_eq!(code(&verifier, &nested, NOW), "signature_missing");
    let nested =
        URL_SAFE_NO_PAD.encode(netlify(HS256, &netlify_claims()).get("x-webhook-signature"));
    let nested = unsigned().with("x-webhook-signature", nested);
    assert_eq!(code(&verifier, &nested, NOW), "signature_malformed");
}

#[test]
fn a_huge_token_is_refused_unread() {
    let verifier = build("netlify", &[SHARED[0]], &options("netlify"));
    let message = |length: usize| {
        let claims = json!({"iss": "netlify", "sha256": hash(BODY), "x": "x".repeat(length)});
        netlify(HS256, &claims.to_string())
    };
    assert_eq!(code(&verifier, &message(8 << 10), NOW), "ok");
    assert_eq!(code(&verifier, &message(16 << 10), NOW), "signature_malformed");
    let dots = unsigned().with("x-webhook-signature", ".".repeat(10_000));
    assert_eq!(code(&verifier, &dots, NOW), "signature_malformed");
    let kinde = build("kinde", &[RSA[0]], &Options::default());
    let body = unsigned().with_body("A".repeat(1 << 20));
    assert_eq!(code(&kinde, &body, NOW), "signature_malformed");
}

#[test]
fn claims_are_required_as_they_are_meant() {
    let netlify_verifier = build("netlify", &[SHARED[0]], &options("netlify"));
    let hash = hash(BODY);
    for (claims, expected) in [
        (json!({"iss": "netlify"}), "signature_missing"),
        (json!({"sha256": hash}), "not_for_us"),
        (json!({"iss": "Netlify", "sha256": hash}), "not_for_us"),
        (json!({"iss": "netlify", "sha256": hash.to_uppercase()}), "ok"),
        (json!({"iss": "netlify", "sha256": ""}), "signature_mismatch"),
        (json!({"iss": "netlify", "sha256": null}), "signature_mismatch"),
        (json!({"iss": "netlify", "sha256": [hash]}), "signature_mismatch"),
        (
            json!({"iss": "netlify", "sha256": STANDARD.encode(Sha256::digest(BODY))}),
            "signature_mismatch",
        ),
    ] {
        let message = netlify(HS256, &claims.to_string());
        assert_eq!(code(&netlify_verifier, &message, NOW), expected, "{claims}");
    }
    let monday = build("monday", &[SHARED[0]], &options("monday"));
    let times = |audience: Value| json!({"aud": audience, "iat": NOW.0, "exp": NOW.0 + 300});
    for (claims, expected) in [
        (times(json!(AUDIENCE)), "ok"),
        (times(json!(["x", AUDIENCE])), "ok"),
        (times(json!("https://example.com/webhook/x")), "not_for_us"),
        (times(json!([])), "not_for_us"),
        (times(json!(null)), "not_for_us"),
        (json!({"aud": AUDIENCE, "iat": NOW.0}), "timestamp_malformed"),
    ] {
        let token = hs256(HS256, &claims.to_string(), SHARED[0].as_bytes());
        let message = unsigned().with("authorization", token);
        assert_eq!(code(&monday, &message, NOW), expected, "{claims}");
    }
}

#[test]
fn an_end_rules_where_the_provider_sets_one() {
    let monday = build("monday", &[SHARED[0]], &options("monday"));
    let claims = json!({"aud": AUDIENCE, "iat": NOW.0 - 500, "exp": NOW.0 + 100}).to_string();
    let token = hs256(HS256, &claims, SHARED[0].as_bytes());
    assert_eq!(code(&monday, &unsigned().with("authorization", token), NOW), "ok");
}

#[test]
fn messagebird_hashes_no_body_that_is_not_there() {
    let verifier = build("messagebird", &[SHARED[0]], &options("messagebird"));
    let url = hash(unsigned().url.as_bytes());
    let claims = json!({"iss": "MessageBird", "nbf": NOW.0, "exp": NOW.0 + 60, "url_hash": url,
        "payload_hash": hash(b"")});
    let token = hs256(HS256, &claims.to_string(), SHARED[0].as_bytes());
    let message = unsigned().with_body("").with("messagebird-signature-jwt", token);
    assert_eq!(code(&verifier, &message, NOW), "signature_mismatch");
}

#[test]
fn vonage_hashes_the_query_where_there_is_no_body() {
    let verifier = build("vonage", &[SHARED[0]], &options("vonage"));
    let judge = |url: &str, hashed: &str| {
        let claims = json!({"iat": NOW.0, "payload_hash": hash(hashed.as_bytes())}).to_string();
        let token = hs256(HS256, &claims, SHARED[0].as_bytes());
        let message = Message { method: "GET".to_owned(), url: url.to_owned(), ..unsigned() };
        let message = message.with_body("").with("authorization", format!("Bearer {token}"));
        code(&verifier, &message, NOW)
    };
    let url = "https://example.com/answer?to=4477%2B1&from=%22a%22&x=";
    assert_eq!(judge(url, r#"{"to":"4477+1","from":"\"a\"","x":""}"#), "ok");
    assert_eq!(judge(url, ""), "ok");
    assert_eq!(judge(url, r#"{"to":"4478+1","from":"\"a\"","x":""}"#), "signature_mismatch");
    assert_eq!(judge("https://example.com/answer", "{}"), "ok");
}

fn rsa_jwk(index: usize, id: &str) -> Value {
    let base64: String = RSA[index].lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap();
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
    let [n, e] = [public.n, public.e].map(|number| URL_SAFE_NO_PAD.encode(number));
    json!({"kty": "RSA", "kid": id, "use": "sig", "alg": "RS256", "n": n, "e": e})
}

fn rsa_set(index: usize, id: &str) -> String {
    json!({"keys": [rsa_jwk(index, id)]}).to_string()
}

fn set(settings: &[(&str, &str)]) -> Options {
    let pairs = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Options { tolerance: None, settings: pairs.collect::<BTreeMap<_, _>>() }
}

#[test]
fn without_a_secret_keys_are_fetched_from_where_the_table_says() {
    let google = options("gcp-pubsub");
    for (slug, options, url) in [
        ("gcp-pubsub", google, "https://www.googleapis.com/oauth2/v3/certs"),
        ("kinde", set(&[("subdomain", "acme")]), "https://acme.kinde.com/.well-known/jwks"),
        (
            "fusionauth",
            set(&[("issuer", "https://auth.example.com:9011/")]),
            "https://auth.example.com:9011/.well-known/jwks.json",
        ),
    ] {
        let verifier = build(slug, &[], &options);
        let configured = build(slug, &[RSA[0]], &options);
        let message = signed(&configured);
        assert_eq!(configured.fetch(&message.received()), Ok(None), "{slug}");
        let fetch = verifier.fetch(&message.received()).unwrap().unwrap();
        assert_eq!((&*fetch.url, &fetch.body, &fetch.authorization), (url, &None, &None));
        let judge = |fetched: Option<&str>| {
            let fetched = fetched.map(str::as_bytes);
            let found = verifier.verify_with(&message.received(), NOW, fetched);
            found.map_or_else(|rejection| rejection.code(), |_| "ok")
        };
        assert_eq!(judge(Some(&rsa_set(0, "k"))), "ok", "{slug}");
        assert_eq!(judge(Some(&rsa_set(1, "k"))), "signature_mismatch", "{slug}");
        let both = json!({"keys": [rsa_jwk(1, "old"), rsa_jwk(0, "new")]}).to_string();
        assert_eq!(judge(Some(&both)), "ok", "{slug}");
        for nothing in [None, Some(""), Some("{}"), Some("<html>"), Some(r#"{"keys":[]}"#)] {
            assert_eq!(judge(nothing), "key_unavailable", "{slug} {nothing:?}");
        }
        // What cannot be a token of this provider makes no one fetch anything.
        let (header, prefix) =
            PROVIDERS.iter().find(|row| row.0 == slug).map(|row| (row.1, row.2)).unwrap();
        for token in ["x", "a.b.c", &hs256(r#"{"alg":"none"}"#, "{}", b"k")] {
            let value = format!("{prefix}{token}");
            let garbage = match header {
                "" => unsigned().with_body(value),
                header => unsigned().with(header, value),
            };
            assert!(verifier.fetch(&garbage.received()).is_err(), "{slug} {token}");
        }
    }
}

#[test]
fn a_key_id_picks_among_known_keys_and_is_nothing_else() {
    let verifier = build("kinde", &[], &set(&[("subdomain", "acme")]));
    let url = "https://acme.kinde.com/.well-known/jwks";
    let both = json!({"keys": [rsa_jwk(0, "a"), rsa_jwk(1, "b")]}).to_string();
    for (id, expected) in [
        ("a", "ok"),
        ("b", "signature_mismatch"),
        ("c", "key_foreign"),
        ("https://evil.example/jwks", "key_foreign"),
        ("../../etc/passwd", "key_foreign"),
        ("a'--", "key_foreign"),
    ] {
        let header = json!({
            "alg": "RS256",
            "kid": id,
            "jku": "https://evil.example/jwks",
            "x5u": "https://evil.example/cert",
            "jwk": rsa_jwk(0, id),
        });
        let message = unsigned().with_body(rs256(&header, &json!({"type": "x"}), RSA[0]));
        assert_eq!(verifier.fetch(&message.received()).unwrap().unwrap().url, url, "{id}");
        let found = verifier.verify_with(&message.received(), NOW, Some(both.as_bytes()));
        assert_eq!(found.map_or_else(|rejection| rejection.code(), |_| "ok"), expected, "{id}");
    }
}

#[test]
fn plaid_is_asked_for_one_key_with_the_clients_credentials() {
    let secret = p256();
    let options =
        set(&[("client_id", "id1"), ("client_secret", "hunter2"), ("environment", "sandbox")]);
    let verifier = build("plaid", &[], &options);
    let claims = json!({"iat": NOW.0, "request_body_sha256": hash(BODY)});
    let with =
        |header: Value| unsigned().with("plaid-verification", es256(&header, &claims, &secret));
    let message = with(json!({"alg": "ES256", "kid": r#"k","client_id":"x"#, "typ": "JWT"}));
    let fetch = verifier.fetch(&message.received()).unwrap().unwrap();
    assert_eq!(fetch.url, "https://sandbox.plaid.com/webhook_verification_key/get");
    assert!(!format!("{fetch:?}").contains("hunter2"));
    let body: Value = serde_json::from_slice(fetch.body.unwrap().as_bytes()).unwrap();
    let expected =
        json!({"client_id": "id1", "secret": "hunter2", "key_id": r#"k","client_id":"x"#});
    assert_eq!(body, expected);

    let message = with(json!({"alg": "ES256", "kid": "k"}));
    let set: Value = serde_json::from_str(&p256_set(&secret, "k")).unwrap();
    let mut key = set["keys"][0].clone();
    let judge = |key: &Value| {
        let fetched = json!({"key": key, "request_id": "r"}).to_string();
        let found = verifier.verify_with(&message.received(), NOW, Some(fetched.as_bytes()));
        found.map_or_else(|rejection| rejection.code(), |_| "ok")
    };
    key["expired_at"] = Value::Null;
    assert_eq!(judge(&key), "ok");
    key["expired_at"] = json!(1_600_000_000);
    assert_eq!(judge(&key), "key_unavailable");
    let anonymous = with(json!({"alg": "ES256"}));
    let rejection = verifier.fetch(&anonymous.received()).unwrap_err();
    assert_eq!(rejection.code(), "key_foreign");
}

#[test]
fn settings_that_lead_elsewhere_are_refused() {
    let refuse = |slug: &str, options: &Options, expected: &str| {
        let error = provider(slug).unwrap().verifier(Vec::new(), options).unwrap_err().to_string();
        assert!(error.contains(expected), "{slug} {options:?}: {error}");
    };
    refuse("netlify", &set(&[]), "no secret is configured");
    refuse("kinde", &set(&[]), "`subdomain` is missing");
    for subdomain in ["evil.example/", "a.b", "-a", "a@b", "a b", "a#"] {
        refuse("kinde", &set(&[("subdomain", subdomain)]), "before `.kinde.com` alone");
    }
    refuse("fusionauth", &set(&[]), "`issuer` is missing");
    for issuer in [
        "http://auth.example.com",
        "auth.example.com",
        "https://",
        "https://user@evil.example",
        "https://a.example/path",
        "https://a.example:0",
        "https://a.example:port",
        "https://a.example?x",
        "https://a.example#",
        "https://[::1]",
    ] {
        refuse(
            "fusionauth",
            &set(&[("issuer", issuer)]),
            "is not the URL of a FusionAuth instance",
        );
    }
    refuse("plaid", &set(&[("client_id", "x")]), "`client_secret` is missing");
    refuse("plaid", &set(&[("environment", "development")]), "use production or sandbox");
    refuse("gcp-pubsub", &set(&[("audience", "x")]), "`service_account` is missing");
}

#[test]
fn ids_and_types_are_found_in_claims() {
    for (slug, id, kind) in [
        ("kinde", Some("event_1"), Some("user.created")),
        ("messagebird", Some(ID), None),
        ("vonage", Some(ID), None),
        ("fusionauth", Some("1"), None),
    ] {
        let message = signed(&build(slug, &[&secrets(slug)[0]], &options(slug)));
        let provider = provider(slug).unwrap();
        assert_eq!(provider.event_id(&message.received()).as_deref(), id, "{slug}");
        assert_eq!(provider.event_type(&message.received()).as_deref(), kind, "{slug}");
    }
}
