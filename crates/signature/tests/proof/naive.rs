//! The ways in which people get signatures wrong, each of which must fail.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use hookyard_signature::{Options, Secret, Verifier, provider};
use sha1::Sha1;
use sha2::Sha256;

use crate::support::{Message, NOW, code};

const SECRET: &str = "whsec_dGVzdF9zZWNyZXQ=";
const JSON: &str = "application/json";

fn at(slug: &str) -> Verifier {
    provider(slug)
        .unwrap()
        .verifier(vec![Secret::new(SECRET).unwrap()], &Options::default())
        .unwrap()
}

fn sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn expect(slug: &str, message: &Message, expected: &str) {
    assert_eq!(code(&at(slug), message, NOW), expected, "{slug}: {message:?}");
}

#[test]
fn slack_by_the_time_in_the_body() {
    let body = format!(r#"{{"event_time":{},"type":"event_callback"}}"#, NOW.0);
    let message = Message::new(JSON, body.as_bytes());
    let now = NOW.0.to_string();
    let signature = format!(
        "v0={}",
        hex(&sha256(SECRET.as_bytes(), &[b"v0:", now.as_bytes(), b":", body.as_bytes()]))
    );
    let right = message.with("x-slack-signature", signature);
    expect("slack", &right, "timestamp_malformed");
    expect("slack", &right.with("x-slack-request-timestamp", now.as_bytes()), "ok");
    // The header is old, and the body's time, which an attacker cannot change either, does not make it new.
    let old = (NOW.0 - 301).to_string();
    let signature = format!(
        "v0={}",
        hex(&sha256(SECRET.as_bytes(), &[b"v0:", old.as_bytes(), b":", body.as_bytes()]))
    );
    let old = message.with("x-slack-signature", signature).with("x-slack-request-timestamp", old);
    expect("slack", &old, "timestamp_outside_window");
}

#[test]
fn stripe_over_the_body_alone_or_with_a_decoded_secret() {
    let body = br#"{"id":"evt_1"}"#;
    let message = Message::new(JSON, body);
    let now = NOW.0.to_string();
    let with = |signature: &[u8]| {
        message.with("stripe-signature", format!("t={now},v1={}", hex(signature)))
    };
    let key = SECRET.as_bytes();
    expect("stripe", &with(&sha256(key, &[now.as_bytes(), b".", body])), "ok");
    expect("stripe", &with(&sha256(key, &[body])), "signature_mismatch");
    expect("stripe", &with(&sha256(key, &[now.as_bytes(), body])), "signature_mismatch");
    expect(
        "stripe",
        &with(&sha256(b"test_secret", &[now.as_bytes(), b".", body])),
        "signature_mismatch",
    );
    let bare = message.with("stripe-signature", hex(&sha256(key, &[body])));
    expect("stripe", &bare, "signature_malformed");
}

#[test]
fn standard_webhooks_with_the_secret_as_text_or_without_the_id() {
    let body = br#"{"type":"x"}"#;
    let now = NOW.0.to_string();
    let message = Message::new(JSON, body)
        .with("webhook-id", "msg_1")
        .with("webhook-timestamp", now.as_bytes());
    let with =
        |signature: &[u8]| message.with("webhook-signature", format!("v1,{}", base64(signature)));
    let all: &[&[u8]] = &[b"msg_1.", now.as_bytes(), b".", body];
    expect("standard-webhooks", &with(&sha256(b"test_secret", all)), "ok");
    expect("standard-webhooks", &with(&sha256(SECRET.as_bytes(), all)), "signature_mismatch");
    expect(
        "standard-webhooks",
        &with(&sha256(b"test_secret", &[now.as_bytes(), b".", body])),
        "signature_mismatch",
    );
    expect("standard-webhooks", &with(&sha256(b"test_secret", &[body])), "signature_mismatch");
    // CVE-2024-21491: a comparison up to the shorter of the two.
    for value in ["v1,", "v1", "", "v1,AA=="] {
        expect(
            "standard-webhooks",
            &message.with("webhook-signature", value),
            "signature_malformed",
        );
    }
}

#[test]
fn github_over_json_that_was_written_anew_or_by_sha1() {
    let body = "{\"text\": \"\\u001B <\\/b>\", \"n\": 1.0}\n".as_bytes();
    let message = Message::new(JSON, body);
    let signed = |bytes: &[u8]| format!("sha256={}", hex(&sha256(SECRET.as_bytes(), &[bytes])));
    expect("github", &message.with("x-hub-signature-256", signed(body)), "ok");
    let value: serde_json::Value = serde_json::from_slice(body).unwrap();
    let anew = serde_json::to_vec(&value).unwrap();
    expect("github", &message.with("x-hub-signature-256", signed(&anew)), "signature_mismatch");
    expect(
        "github",
        &message.with("x-hub-signature-256", signed(body.trim_ascii())),
        "signature_mismatch",
    );

    let mut sha1 = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    sha1.update(body);
    let sha1 = format!("sha1={}", hex(&sha1.finalize().into_bytes()));
    expect("github", &message.with("x-hub-signature", sha1.as_bytes()), "algorithm_not_allowed");
    expect("github", &message.with("x-hub-signature-256", sha1.as_bytes()), "signature_malformed");
    let wrong = message.with("x-hub-signature", sha1).with("x-hub-signature-256", signed(b"other"));
    expect("github", &wrong, "signature_mismatch");
}

#[test]
fn mixed_case_hexadecimal_and_a_signature_over_text() {
    let body = b"\xff\xfe not UTF-8";
    let message = Message::new("application/octet-stream", body);
    let right = hex(&sha256(SECRET.as_bytes(), &[body]));
    let with = |signature: &str| message.with("x-hub-signature-256", format!("sha256={signature}"));
    expect("github", &with(&right), "ok");
    expect("github", &with(&right.to_uppercase()), "ok");
    // The first letter in upper case, the others as they are.
    let letter = right.find(|found: char| found.is_ascii_lowercase()).unwrap();
    let (before, rest) = right.split_at(letter);
    let (letter, behind) = rest.split_at(1);
    let mixed = format!("{before}{}{behind}", letter.to_uppercase());
    expect("github", &with(&mixed), "signature_malformed");
    let replaced = String::from_utf8_lossy(body);
    let over_text = hex(&sha256(SECRET.as_bytes(), &[replaced.as_bytes()]));
    expect("github", &with(&over_text), "signature_mismatch");
}

#[test]
fn shopify_in_hexadecimal_or_without_padding() {
    let body = b"{}";
    let signature = sha256(SECRET.as_bytes(), &[body]);
    let with = |value: &str| Message::new(JSON, body).with("x-shopify-hmac-sha256", value);
    let right = base64(&signature);
    expect("shopify", &with(&right), "ok");
    expect("shopify", &with(&hex(&signature)), "signature_malformed");
    expect("shopify", &with(right.trim_end_matches('=')), "signature_malformed");
    expect("shopify", &with(&right.replace(['+', '/'], "-").to_lowercase()), "signature_malformed");
}

#[test]
fn twilio_without_the_form_or_unsorted() {
    let body = b"To=b&From=a";
    let message = Message::new("application/x-www-form-urlencoded", body);
    let signed = |text: &str| {
        let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        message.with("x-twilio-signature", base64(&mac.finalize().into_bytes()))
    };
    let url = &message.url;
    expect("twilio", &signed(&format!("{url}FromaTob")), "ok");
    expect("twilio", &signed(url), "signature_mismatch");
    expect("twilio", &signed(&format!("{url}TobFroma")), "signature_mismatch");
    expect("twilio", &signed(&format!("{url}To=b&From=a")), "signature_mismatch");
    // Called something else, the same body would be bound by nothing.
    expect("twilio", &signed(url).with("content-type", "text/plain"), "signature_missing");
    expect("twilio", &signed(url).without("content-type"), "signature_missing");
}
