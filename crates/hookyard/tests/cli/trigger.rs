//! `hookyard trigger` against a server that checks what it gets as a hub would.

use std::collections::HashSet;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard::sample;
use hookyard_signature::{
    KeyForm, Options, PROVIDERS, Provider, Received, Scheme, Secret, SigningError, UnixSeconds,
    Verifier,
};
use serde_json::Value;

use crate::support::{Ran, Request, Server, hookyard, nobody, run};

#[expect(clippy::disallowed_methods, reason = "a signature is checked against the real time")]
fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

/// A secret to sign with and one to verify with. `None` where nothing signs.
pub(crate) fn secrets(provider: &Provider) -> Option<(String, String)> {
    let same = |secret: &str| (secret.to_owned(), secret.to_owned());
    let texts = match &provider.scheme {
        Scheme::Basic => same("buoy:correct horse"),
        Scheme::Signed(signed) if signed.key == KeyForm::StandardWebhooks => {
            same(&format!("whsec_{}", STANDARD.encode([7; 32])))
        }
        _ => same("00112233445566778899aabbccddeeff"),
    };
    let pair = (P256_PRIVATE.to_owned(), P256_PUBLIC.to_owned());
    // A private key verifies as well as its public half.
    let kinds = [texts, pair, same(ED25519_PRIVATE), same(RSA_PRIVATE)];
    kinds.into_iter().find(|(signing, _)| {
        let secret = Secret::new(signing.as_str()).unwrap();
        let verifier = provider.verifier(vec![secret], &options(provider.slug));
        verifier.is_ok_and(|verifier| {
            let headers: [(&str, &str); 0] = [];
            let request =
                Received { method: "POST", url: "http://a/b", headers: &headers, body: b"{}" };
            !matches!(
                verifier.sign(&request, "id", UnixSeconds(0)),
                Err(SigningError::NoPrivateKey)
            )
        })
    })
}

/// What a provider needs beside the secret.
pub(crate) fn settings(slug: &str) -> &'static [(&'static str, &'static str)] {
    match slug {
        "aws-sns" => &[("topic_arn", "arn:aws:sns:eu-central-1:123456789012:berths")],
        "braintree" => &[("public_key", "our_public_key")],
        "datadog" => &[("header", "x-harbour-token")],
        "ebay" => &[("verification_token", "71745723-d031-455c-bfa5-f90d11b4f20a")],
        "gcp-pubsub" => &[
            ("audience", "https://hooks.example.com/webhook/gcp-pubsub"),
            ("service_account", "pusher@harbour.example"),
        ],
        "meta" => &[("verify_token", "meatyhamhock")],
        "monday" => &[("audience", "https://hooks.example.com/webhook/monday")],
        "paypal" => &[("webhook_id", "1JE4291016473214C")],
        "sinch-voice" => &[("application_key", "669E367E-6BBA-48AB-AF15-266871C28135")],
        _ => &[],
    }
}

/// The same as arguments.
pub(crate) fn set(slug: &str) -> Vec<String> {
    let pair = |&(name, value): &(&str, &str)| ["--set".to_owned(), format!("{name}={value}")];
    settings(slug).iter().flat_map(pair).collect()
}

fn options(slug: &str) -> Options {
    let pairs = settings(slug).iter().map(|&(name, value)| (name.into(), value.into()));
    Options { tolerance: None, settings: pairs.collect() }
}

/// The example of RFC 8410, section 10.3.
pub(crate) const ED25519_PRIVATE: &str =
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
pub(crate) const RSA_PRIVATE: &str =
    include_str!("../../../signature/tests/proof/keys/test-only-rsa-1.pem");
/// A pair of keys made for this test.
pub(crate) const P256_PRIVATE: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgys5O2I9f1gqIexygvFpVLySoRGikysLd84Uvjey96HahRANCAASzhJrKxCEjrNJmE+GRba2CV1ZrieFbPOaKI/dtRddCNRsqKWwi8i8wAH5nreB7EuqsMiFUO0iqhF8pl2Du44vg";
pub(crate) const P256_PUBLIC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs4SaysQhI6zSZhPhkW2tgldWa4nhWzzmiiP3bUXXQjUbKilsIvIvMAB+Z63gexLqrDIhVDtIqoRfKZdg7uOL4A==";

fn verifier(slug: &str, secret: &str, options: &Options) -> Verifier {
    let provider = hookyard_signature::provider(slug).expect("every test provider can be verified");
    provider.verifier(vec![Secret::new(secret).unwrap()], options).unwrap()
}

fn verify(slug: &str, secret: &str, url: &str, request: &Request) {
    verify_with(slug, secret, url, request, &options(slug));
}

fn verify_with(slug: &str, secret: &str, url: &str, request: &Request, options: &Options) {
    let received = Received { method: "POST", url, headers: &request.headers, body: &request.body };
    let verdict = verifier(slug, secret, options).verify(&received, now());
    assert!(verdict.is_ok(), "{slug}: {verdict:?} {request:?}");
}

#[test]
fn every_event_of_every_provider_is_signed_as_it_should_be() {
    let server = Server::start();
    for known in sample::PROVIDERS {
        let slug = known.slug;
        let provider = hookyard_signature::provider(slug).unwrap();
        let Some((signing, verifying)) = secrets(provider) else { continue };
        for event in sample::events(provider) {
            let to = server.url("/webhook/x?a=1");
            let mut arguments =
                vec!["trigger", slug, event.name, "--to", &to, "--secret", &signing];
            let set = set(slug);
            arguments.extend(set.iter().map(String::as_str));
            let ran = run(&arguments);
            assert_eq!(ran.code, 0, "{ran:?}");
            assert!(ran.stdout.contains("200 OK"), "{ran:?}");
            let request = server.next();
            let url = server.url(&request.target);
            verify(slug, &verifying, &url, &request);
            let received = Received {
                method: "POST",
                url: &url,
                headers: &request.headers,
                body: &request.body,
            };
            // A test event is called by the type that it comes to have.
            let expected = match event.name {
                "slash_command" => Some("/berth".to_owned()),
                // Twilio's JSON has no type that all of its products agree on.
                "conversation.message_added" => None,
                _ if provider.event_type.alternatives.is_empty() => None,
                name => Some(name.replace('/', ".")),
            };
            assert_eq!(provider.event_type(&received), expected, "{slug} {}", event.name);
            let responder = provider.responder(Vec::new(), &Options::default());
            let asked = responder.as_ref().and_then(|responder| responder.question(&received));
            let asks = event.name == "url_verification";
            assert_eq!(asked.is_some(), asks, "{slug} {}", event.name);
        }
    }
}

#[test]
fn a_secret_and_settings_are_made_up_and_shown_where_none_are_given() {
    let server = Server::start();
    let mut signed = 0;
    for provider in PROVIDERS {
        let slug = provider.slug;
        let ran = run(&["trigger", slug, "--to", &server.url("/a")]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let request = server.next();
        if matches!(provider.scheme, Scheme::Unsigned) {
            continue;
        }
        let shown = |prefix: &str| ran.stderr.lines().find_map(|line| line.strip_prefix(prefix));
        let secret = shown("signed with a secret made up for this run: ").expect(slug);
        // As a source has it.
        let settings = shown("with settings made up for this run: ").unwrap_or("settings = {}");
        let settings: toml::Table = settings.parse().unwrap();
        let pair = |(name, value): (&String, &toml::Value)| {
            (name.clone(), value.as_str().unwrap().to_owned())
        };
        let settings = settings["settings"].as_table().unwrap().iter().map(pair).collect();
        let options = Options { tolerance: None, settings };
        verify_with(slug, secret, &server.url(&request.target), &request, &options);
        signed += 1;
    }
    println!("{signed} providers signed with a secret made up");
    assert_eq!(signed + 1, PROVIDERS.len());
}

#[test]
fn the_url_that_is_signed_can_be_another() {
    let server = Server::start();
    for event in ["message.received", "conversation.message_added"] {
        let public = "https://hooks.example.com/webhook/twilio";
        let to = server.url("/webhook/twilio");
        let ran = run(&[
            "trigger",
            "twilio",
            event,
            "--to",
            &to,
            "--public-url",
            public,
            "--secret",
            "s",
        ]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let request = server.next();
        let query = request.target.strip_prefix("/webhook/twilio").unwrap();
        verify("twilio", "s", &format!("{public}{query}"), &request);
    }
}

#[test]
fn many_are_sent_and_no_two_alike() {
    let server = Server::start();
    let to = server.url("/webhook/github");
    let ran =
        run(&["trigger", "github", "push", "--to", &to, "--count", "3", "--json", "--secret", "s"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    for line in ran.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["status"], 200);
        assert_eq!(line["answer"]["ok"], "yes");
        assert_eq!((&line["provider"], &line["event"]), (&"github".into(), &"push".into()));
    }
    let ids: HashSet<_> =
        (0..3).map(|_| server.next().header("x-github-delivery").unwrap().to_owned()).collect();
    assert_eq!((ran.stdout.lines().count(), ids.len()), (3, 3));
}

#[test]
fn body_and_headers_can_be_given() {
    let server = Server::start();
    let mut child = hookyard(&std::env::temp_dir())
        .args(["trigger", "github", "--body", "-", "--secret", "s", "--to", &server.url("/a")])
        .args(["-H", "x-github-event: custom", "--header", "x-own:1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"{\"own\": true}\r\n").unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    let request = server.next();
    assert_eq!(request.body, b"{\"own\": true}\r\n");
    assert_eq!(request.header("x-github-event"), Some("custom"));
    assert_eq!(request.header("x-own"), Some("1"));
    verify("github", "s", "", &request);
}

#[test]
fn a_refusal_is_shown_and_fails() {
    let server = Server::start();
    server.answer(401);
    let ran =
        run(&["trigger", "stripe", "--to", &server.url("/a"), "--secret", "s", "--count", "2"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("401 Unauthorized"), "{ran:?}");
    assert_eq!(
        ran.stderr,
        "error: 2 of 2 not accepted\nhint: `--secret` must be the source's secret\n"
    );
}

#[test]
fn nobody_there_has_an_exit_code_of_its_own() {
    let to = format!("http://{}/webhook/github", nobody());
    let ran = run(&["trigger", "github", "--to", &to, "--secret", "s"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
    assert!(ran.stderr.starts_with(&format!("error: nothing answers at {to}\nhint: ")), "{ran:?}");
}
