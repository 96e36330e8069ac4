//! `hookyard trigger` against a server that checks what it gets as a hub would.

use std::collections::HashSet;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard::sample::PROVIDERS;
use hookyard_signature::{Options, Received, Secret, UnixSeconds, Verifier};
use serde_json::Value;

use crate::support::{Ran, Request, Server, hookyard, nobody, run};

#[expect(clippy::disallowed_methods, reason = "a signature is checked against the real time")]
fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

/// A secret to sign with and one to verify with.
pub(crate) fn secrets(slug: &str) -> (String, String) {
    let same = |secret: &str| (secret.to_owned(), secret.to_owned());
    match slug {
        "standard-webhooks" | "gitlab-signing-token" => {
            same(&format!("whsec_{}", STANDARD.encode([7; 32])))
        }
        "basic" => same("buoy:correct horse"),
        "sendgrid" => (P256_PRIVATE.to_owned(), P256_PUBLIC.to_owned()),
        _ => same("it's a secret, or was"),
    }
}

/// A pair of keys made for this test.
const P256_PRIVATE: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgys5O2I9f1gqIexygvFpVLySoRGikysLd84Uvjey96HahRANCAASzhJrKxCEjrNJmE+GRba2CV1ZrieFbPOaKI/dtRddCNRsqKWwi8i8wAH5nreB7EuqsMiFUO0iqhF8pl2Du44vg";
const P256_PUBLIC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs4SaysQhI6zSZhPhkW2tgldWa4nhWzzmiiP3bUXXQjUbKilsIvIvMAB+Z63gexLqrDIhVDtIqoRfKZdg7uOL4A==";

fn verifier(slug: &str, secret: &str) -> Verifier {
    let provider = hookyard_signature::provider(slug).expect("every test provider can be verified");
    provider.verifier(vec![Secret::new(secret).unwrap()], &Options::default()).unwrap()
}

fn verify(slug: &str, secret: &str, url: &str, request: &Request) {
    let received = Received { method: "POST", url, headers: &request.headers, body: &request.body };
    let verdict = verifier(slug, secret).verify(&received, now());
    assert!(verdict.is_ok(), "{slug}: {verdict:?} {request:?}");
}

#[test]
fn every_event_of_every_provider_is_signed_as_it_should_be() {
    let server = Server::start();
    for provider in PROVIDERS {
        let (signing, verifying) = secrets(provider.slug);
        for sample in provider.events {
            let to = server.url("/webhook/x?a=1");
            let ran =
                run(&["trigger", provider.slug, sample.event, "--to", &to, "--secret", &signing]);
            assert_eq!(ran.code, 0, "{ran:?}");
            assert!(ran.stdout.contains("200 OK"), "{ran:?}");
            let request = server.next();
            let url = server.url(&request.target);
            verify(provider.slug, &verifying, &url, &request);
            let received = Received {
                method: "POST",
                url: &url,
                headers: &request.headers,
                body: &request.body,
            };
            let known = hookyard_signature::provider(provider.slug).unwrap();
            // A test event is called by the type that it comes to have.
            let expected = match sample.event {
                "slash_command" => Some("/berth".to_owned()),
                // Twilio's JSON has no type that all of its products agree on.
                "conversation.message_added" => None,
                name => Some(name.replace('/', ".")),
            };
            assert_eq!(known.event_type(&received), expected, "{} {}", provider.slug, sample.event);
            let responder = known.responder(Vec::new(), &Options::default());
            let asked = responder.as_ref().and_then(|responder| responder.question(&received));
            let asks = sample.event == "url_verification";
            assert_eq!(asked.is_some(), asks, "{} {}", provider.slug, sample.event);
        }
    }
}

#[test]
fn every_provider_with_test_events_can_be_verified() {
    for provider in PROVIDERS {
        assert!(hookyard_signature::provider(provider.slug).is_some(), "{}", provider.slug);
    }
}

#[test]
fn a_secret_is_made_up_and_shown_where_none_is_given() {
    let server = Server::start();
    for provider in PROVIDERS {
        let ran = run(&["trigger", provider.slug, "--to", &server.url("/a")]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let secret = ran.stderr.trim_end().rsplit(' ').next().unwrap();
        let request = server.next();
        verify(provider.slug, secret, &server.url(&request.target), &request);
    }
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
