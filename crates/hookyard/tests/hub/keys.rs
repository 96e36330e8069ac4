//! Keys that providers publish, fetched by the real program from a real server, and what happens
//! when they cannot be.

use std::fmt::Write as _;

use crate::support::sink::{Delivered, Sink, answer};
use crate::support::{Hub, Reply};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_signature::{Options, Received, Secret, TestKeyPair, UnixSeconds, provider};
use serde_json::Value;

/// The examples of RFC 8410, section 10: a private key, and its public key.
const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
const PUBLIC: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
/// The public key in a set of keys.
const KEY_SET: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}]}"#;
/// Where the set is, behind the mirror's address.
const SET_PATH: &str = "/.well-known/jwks.json";

fn with_body(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn source(name: &str, slug: &str, mirror: &Sink) -> String {
    format!("[sources.{name}]\nprovider = \"{slug}\"\nkeys_url = \"{}\"\n", mirror.url("/"))
}

fn now() -> UnixSeconds {
    UnixSeconds(super::bad_input::now())
}

/// A request to the source that is called like its provider, signed by the private key.
fn signed(slug: &str, body: &str, id: &str) -> Vec<u8> {
    let verifier = provider(slug).unwrap();
    let secret = Secret::new(PRIVATE).unwrap();
    let verifier = verifier.verifier(vec![secret], &Options::default()).unwrap();
    let none: [(&str, &str); 0] = [];
    let url = format!("http://hub/webhook/{slug}");
    let request = Received { method: "POST", url: &url, headers: &none, body: body.as_bytes() };
    let proof = verifier.sign(&request, id, now()).unwrap();
    let headers: Vec<_> = proof.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    post(slug, &headers, body)
}

fn post(slug: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut request = format!("POST /webhook/{slug} HTTP/1.1\r\nhost: hub\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    write!(request, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    request.into_bytes()
}

fn is_unavailable(reply: &Reply) -> bool {
    let wait = reply.header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
    reply.status == 503 && reply.code() == "key_unavailable" && wait.is_some_and(|wait| wait > 0)
}

#[test]
fn a_key_is_fetched_once_for_all_that_come_and_outlives_a_reload() {
    let mirror = Sink::scripted(|_, _| Some(with_body(200, KEY_SET)));
    let config = source("fal-ai", "fal-ai", &mirror);
    let hub = Hub::start(&config);
    std::thread::scope(|scope| {
        for number in 0..16 {
            let hub = &hub;
            scope.spawn(move || {
                let request = signed("fal-ai", r#"{"status":"OK"}"#, &format!("req-{number}"));
                assert_eq!(hub.exchange(&request).unwrap().status, 200);
            });
        }
    });
    let path = hub.folder().join("hookyard.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}\n[sources.more]\nverify = \"none\"\n")).unwrap();
    let is_there = || hub.exchange(&post("more", &[], "{}")).unwrap().status == 200;
    hub.wait_until("the new configuration is in place", is_there);
    let request = signed("fal-ai", r#"{"status":"OK"}"#, "req-after");
    assert_eq!(hub.exchange(&request).unwrap().status, 200);
    let paths: Vec<String> = mirror.delivered().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, [SET_PATH]);
    let forged = post("fal-ai", &[("x-fal-webhook-signature", "00")], "{}");
    assert_eq!(hub.exchange(&forged).unwrap().status, 401);
    assert_eq!(mirror.delivered().len(), 1);
}

#[test]
fn without_the_key_it_is_for_the_provider_to_try_again() {
    let long = format!("{KEY_SET}{}", " ".repeat(70_000));
    for (what, answer) in [
        ("an error", answer(500, "")),
        ("a redirect", answer(302, "location: http://127.0.0.1:1/\r\n")),
        ("too much", with_body(200, &long)),
        ("no key", with_body(200, "<html>")),
        ("an answer that breaks off", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n".to_owned()),
    ] {
        let mirror = Sink::scripted(move |_, _| Some(answer.clone()));
        let hub = Hub::start(&source("fal-ai", "fal-ai", &mirror));
        for _ in 0..3 {
            let reply = hub.exchange(&signed("fal-ai", r#"{"status":"OK"}"#, "req-1")).unwrap();
            assert!(is_unavailable(&reply), "{what}: {reply:?}");
        }
        assert_eq!(mirror.delivered().len(), 1, "{what}: a failure is remembered");
        assert_eq!(hub.events(), [] as [Value; 0], "{what}");
        if what == "an error" {
            assert!(hub.log().contains("the key server answered 500"), "{}", hub.log());
        }
    }
}

#[test]
fn keys_that_somebody_makes_up_are_not_asked_for_without_end() {
    let of = |asked: &Delivered| {
        let key = format!(r#"{{"id":"mckey","key":"{PUBLIC}"}}"#);
        let is_known = asked.path.ends_with("?id=mckey");
        Some(with_body(if is_known { 200 } else { 404 }, &key))
    };
    let mirror = Sink::scripted(move |_, asked| of(asked));
    let hub = Hub::start(&source("mailchannels", "mailchannels", &mirror));
    let body = r#"[{"event":"delivered"}]"#;
    assert_eq!(hub.exchange(&signed("mailchannels", body, "x")).unwrap().status, 200);
    for number in 0..60 {
        let input = format!(
            r#"sig_1=("content-digest");created={};alg="ed25519";keyid="made-up-{number}""#,
            now().0
        );
        let headers = [
            ("content-digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
            ("signature-input", &input),
            ("signature", "sig_1=:AAAA:"),
        ];
        let reply = hub.exchange(&post("mailchannels", &headers, "")).unwrap();
        assert!(is_unavailable(&reply), "{reply:?}");
    }
    let asked = mirror.delivered().len();
    assert!((2..=13).contains(&asked), "{asked} were asked for");
    // What is known stays known.
    let body = r#"[{"event":"opened"}]"#;
    assert_eq!(hub.exchange(&signed("mailchannels", body, "x")).unwrap().status, 200);
    assert_eq!(mirror.delivered().len(), asked);
}

#[test]
fn a_subscription_is_confirmed_by_a_visit() {
    const KEY: &str = include_str!("../../../signature/tests/proof/keys/test-only-rsa-1.pem");
    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders";
    let settings = [("topic_arn".to_owned(), TOPIC.to_owned())].into();
    let options = Options { settings, ..Options::default() };
    let verifier = provider("aws-sns").unwrap();
    let verifier = verifier.verifier(vec![Secret::new(KEY).unwrap()], &options).unwrap();
    let page = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=made-up";
    let question = format!(
        r#"{{"Type":"SubscriptionConfirmation","Message":"m","Token":"made-up","SubscribeURL":"{page}"}}"#
    );
    let none: [(&str, &str); 0] = [];
    let body = question.as_bytes();
    let request = Received { method: "POST", url: "http://hub/", headers: &none, body };
    let body = verifier.sign(&request, "made-up-1", now()).unwrap().body.unwrap();
    let body = String::from_utf8(body).unwrap();
    for (status, expected) in [(200, 200), (403, 503)] {
        let mirror = Sink::answering(status);
        let key = format!("secret = \"file:key.pem\"\nsettings = {{ topic_arn = \"{TOPIC}\" }}\n");
        let hub = Hub::start("");
        std::fs::write(hub.folder().join("key.pem"), KEY).unwrap();
        let config = hub.folder().join("hookyard.toml");
        let text = std::fs::read_to_string(&config).unwrap()
            + &source("aws-sns", "aws-sns", &mirror)
            + &key;
        std::fs::write(config, text).unwrap();
        let forged = post("aws-sns", &[], &body.replace("\"m\"", "\"n\""));
        hub.wait_until("the source is there", || hub.exchange(&forged).unwrap().status == 401);
        assert!(mirror.delivered().is_empty(), "a forged one is not visited");
        let reply = hub.exchange(&post("aws-sns", &[], &body)).unwrap();
        assert_eq!(reply.status, expected, "{reply:?}");
        if expected == 503 {
            assert_eq!(reply.code(), "subscription_unconfirmed");
            let says = "the page of the subscription answered 403";
            hub.wait_until(says, || hub.log().contains(says));
        }
        let paths: Vec<String> = mirror.delivered().into_iter().map(|asked| asked.path).collect();
        assert_eq!(paths, ["/?Action=ConfirmSubscription&Token=made-up"]);
        assert_eq!(hub.events().len(), 0);
    }
}

/// A request of eBay's that names a key, signed by this private one.
fn ebay(private: &str, key: &str, body: &str) -> Vec<u8> {
    let verifier = provider("ebay").unwrap();
    let secret = vec![Secret::new(private).unwrap()];
    let verifier = verifier.verifier(secret, &Options::default()).unwrap();
    let none: [(&str, &str); 0] = [];
    let request = Received { method: "POST", url: "", headers: &none, body: body.as_bytes() };
    let proof = verifier.sign(&request, "", now()).unwrap();
    let claim = STANDARD.decode(&proof.headers[0].1).unwrap();
    let mut claim: Value = serde_json::from_slice(&claim).unwrap();
    claim["kid"] = key.into();
    post("ebay", &[("x-ebay-signature", &STANDARD.encode(claim.to_string()))], body)
}

/// With credentials that must never be seen.
fn ebay_source(mirror: &Sink) -> String {
    let credentials = r#"{ client_id = "OurApp-PRD-1", client_secret = "CANARY-cert-id" }"#;
    format!("{}settings = {credentials}\n", source("ebay", "ebay", mirror))
}

#[test]
fn a_key_of_ebay_is_fetched_with_a_token_that_is_fetched_before() {
    let TestKeyPair { private, public } = TestKeyPair::p256().unwrap();
    for (expires_in, tokens) in [(7200, 1), (60, 2)] {
        let key = format!(r#"{{"key":"{public}","algorithm":"ECDSA","digest":"SHA1"}}"#);
        let mirror = Sink::scripted(move |_, asked| {
            let token = format!(
                r#"{{"access_token":"v^1.1#CANARY","expires_in":{expires_in},"token_type":"Application Access Token"}}"#
            );
            let wants_token = asked.path == "/identity/v1/oauth2/token";
            Some(with_body(200, if wants_token { &token } else { &key }))
        });
        let hub = Hub::start(&ebay_source(&mirror));
        for (name, id) in [("key-1", 1), ("key-2", 2), ("key-1", 3)] {
            let body = format!(r#"{{"notification":{{"notificationId":"{id}"}}}}"#);
            let reply = hub.exchange(&ebay(&private, name, &body)).unwrap();
            assert_eq!(reply.status, 200, "{reply:?}\n{}", hub.log());
        }
        let asked = mirror.delivered();
        let (for_token, for_key): (Vec<_>, Vec<_>) =
            asked.iter().partition(|asked| asked.path == "/identity/v1/oauth2/token");
        assert_eq!((for_token.len(), for_key.len()), (tokens, 2));
        for asked in for_token {
            let expected = format!("Basic {}", STANDARD.encode("OurApp-PRD-1:CANARY-cert-id"));
            assert_eq!(asked.header("authorization"), Some(&*expected));
            assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
            let form = b"grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope";
            assert_eq!(asked.body, form);
        }
        for asked in for_key {
            assert_eq!(asked.header("authorization"), Some("Bearer v^1.1#CANARY"));
            assert!(asked.path.starts_with("/commerce/notification/v1/public_key/key-"));
        }
        assert!(!hub.log().contains("CANARY"), "{}", hub.log());
    }
}

#[test]
fn without_a_token_no_key_is_asked_for_and_the_log_says_why() {
    let private = TestKeyPair::p256().unwrap().private;
    for (status, answer, says) in [
        (
            401,
            r#"{"error":"invalid_client","error_description":"CANARY"}"#,
            "the token server answered 401 `invalid_client`; look at `client_id` and `client_secret`",
        ),
        (500, r#"{"error":"CANARY"}"#, "the token server answered 500"),
        (200, r#"{"token":"CANARY"}"#, "the token server's answer holds no access token"),
    ] {
        let mirror = Sink::scripted(move |_, _| Some(with_body(status, answer)));
        let hub = Hub::start(&ebay_source(&mirror));
        for name in ["key-1", "key-2", "key-1"] {
            let reply = hub.exchange(&ebay(&private, name, "{}")).unwrap();
            assert!(is_unavailable(&reply), "{reply:?}");
        }
        let asked: Vec<String> = mirror.delivered().into_iter().map(|asked| asked.path).collect();
        assert_eq!(asked, ["/identity/v1/oauth2/token"], "a failure is remembered");
        hub.wait_until(says, || hub.log().contains(says));
        assert!(!hub.log().contains("CANARY"), "{}", hub.log());
    }
}

#[test]
fn a_host_of_others_is_never_asked() {
    let mirror = Sink::answering(200);
    let more = "settings = { webhook_id = \"1JE4291016473214C\" }\n";
    let hub = Hub::start(&(source("paypal", "paypal", &mirror) + more));
    let headers = [
        ("paypal-transmission-id", "69cd13f0-d67a-11e5-baa3-778b53f4ae55"),
        ("paypal-transmission-time", "2016-02-18T20:01:35Z"),
        ("paypal-auth-algo", "SHA256withRSA"),
        ("paypal-cert-url", "https://api.paypal.com.evil.example/v1/notifications/certs/x"),
        ("paypal-transmission-sig", "AAAA"),
    ];
    let reply = hub.exchange(&post("paypal", &headers, "{}")).unwrap();
    assert_eq!((reply.status, &*reply.code()), (401, "key_foreign"), "{reply:?}");
    assert!(mirror.delivered().is_empty());
}
