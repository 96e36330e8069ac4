//! Schemes whose keys are published: what is signed is accepted with the key that would be
//! fetched, and nothing of it can be changed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hookyard_signature::{Options, Secret, UnixSeconds, Verifier, provider};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::support::{ID, Message, NOW};

const RSA: &str = include_str!("keys/test-only-rsa-1.pem");
const OTHER_RSA: &str = include_str!("keys/test-only-rsa-2.pem");
/// Certificates of the two, good from 2020 to 2049.
const CERTIFICATE: &str = include_str!("keys/test-only-certificate-1.pem");
const OTHER_CERTIFICATE: &str = include_str!("keys/test-only-certificate-2.pem");
/// When they end.
const END: UnixSeconds = UnixSeconds(2_493_072_000);

fn ed25519() -> String {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
    STANDARD.encode(pkcs8)
}

fn verifier(slug: &str, secrets: &[&str]) -> Verifier {
    let settings =
        [("webhook_id", "1JE4291016473214C"), ("topic_arn", "arn:aws:sns:us-east-1:1:x")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let options = Options { settings: settings.into(), ..Options::default() };
    let secrets = secrets.iter().map(|secret| Secret::new(*secret).unwrap()).collect();
    provider(slug).unwrap().verifier(secrets, &options).unwrap()
}

fn code(verifier: &Verifier, message: &Message, fetched: Option<&[u8]>) -> &'static str {
    let verdict = verifier.verify_with(&message.received(), NOW, fetched);
    verdict.map_or_else(|rejection| rejection.code(), |_| "ok")
}

/// The provider's set of keys, or the answer about one.
fn published(slug: &str, private: &str) -> Vec<u8> {
    if !matches!(slug, "fal-ai" | "mailchannels") {
        return if private == RSA { CERTIFICATE } else { OTHER_CERTIFICATE }.into();
    }
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&STANDARD.decode(private).unwrap());
    let public = pair.unwrap();
    let public = public.public_key().as_ref();
    let (set, one) = (URL_SAFE_NO_PAD.encode(public), STANDARD.encode(public));
    match slug {
        "fal-ai" => format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{set}"}}]}}"#),
        _ => format!(r#"{{"id":"mckey","key":"{one}"}}"#),
    }
    .into()
}

#[test]
fn what_is_signed_is_accepted_and_nothing_of_it_can_be_changed() {
    let (first, second) = (ed25519(), ed25519());
    let mut changed = 0;
    for (slug, key, other, body) in [
        ("paypal", RSA, OTHER_RSA, r#"{"id":"WH-1"}"#),
        ("aws-sns", RSA, OTHER_RSA, r#"{"Type":"Notification","Message":"m","Subject":"s"}"#),
        ("fal-ai", &first, &second, r#"{"status":"OK"}"#),
        ("mailchannels", &first, &second, r#"[{"event":"delivered"}]"#),
        ("keygen", &first, &second, r#"{"data":{"id":"1"}}"#),
    ] {
        let verifier_of = |secrets: &[&str]| verifier(slug, secrets);
        let mine = verifier_of(&[key]);
        let unsigned = Message::new("application/json", body.as_bytes());
        let proof = mine.sign(&unsigned.received(), ID, NOW).unwrap();
        let mut message = unsigned;
        for (name, value) in &proof.headers {
            message = message.with(name, value.clone());
        }
        message.body = proof.body.clone().unwrap_or(message.body);
        assert_eq!(code(&mine, &message, None), "ok", "{slug}");
        assert_eq!(code(&verifier_of(&[other, key]), &message, None), "ok", "{slug}: rotated");
        assert_eq!(code(&verifier_of(&[other]), &message, None), "signature_mismatch", "{slug}");
        // Where the key is configured, where it would be fetched from says nothing.
        let signed = proof.headers.iter().filter(|(name, _)| name != "paypal-cert-url");
        for (name, value) in signed {
            assert_ne!(code(&mine, &message.without(name), None), "ok", "{slug}: no {name}");
            let twice = Message {
                headers: [&message.headers[..], &[(name.to_string(), value.clone().into())]]
                    .concat(),
                ..message.clone()
            };
            assert_eq!(code(&mine, &twice, None), "proof_ambiguous", "{slug}: {name} twice");
            for index in 0..value.len() {
                let mut bytes = value.clone().into_bytes();
                bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
                let message = message.with(name, bytes);
                // The account's name is not signed, and not looked at.
                let is_account = name == "keygen-signature" && index < 26;
                assert!(
                    is_account || code(&mine, &message, None) != "ok",
                    "{slug}: {name} {index}"
                );
                changed += usize::from(!is_account);
            }
        }
        for cut in 0..message.body.len() {
            let shorter = message.with_body(&message.body[..cut]);
            assert_ne!(code(&mine, &shorter, None), "ok", "{slug}: {cut} bytes of the body");
            changed += 1;
        }
        if slug == "keygen" {
            continue;
        }
        let fetching = verifier_of(&[]);
        let fetch = fetching.fetch(&message.received()).unwrap().expect(slug);
        assert!(fetch.url.starts_with("https://"), "{slug}: {}", fetch.url);
        assert_eq!(mine.fetch(&message.received()), Ok(None), "{slug}");
        let code = |fetched: Option<&[u8]>| code(&fetching, &message, fetched);
        assert_eq!(code(Some(&published(slug, key))), "ok", "{slug}");
        assert_eq!(code(Some(&published(slug, other))), "signature_mismatch", "{slug}");
        for unusable in [None, Some(&b""[..]), Some(b"<html>"), Some(br#"{"keys":[]}"#)] {
            assert_eq!(code(unusable), "key_unavailable", "{slug}");
        }
    }
    println!("{changed} changes, none accepted");
}

#[test]
fn keys_alone_and_old_certificates_prove_nothing_where_they_are_fetched() {
    for (slug, body) in
        [("paypal", r#"{"id":"WH-1"}"#), ("aws-sns", r#"{"Type":"Notification","Message":"m"}"#)]
    {
        let unsigned = Message::new("application/json", body.as_bytes());
        let signer = verifier(slug, &[RSA]);
        let body = signer.sign(&unsigned.received(), ID, NOW).unwrap().body;
        let message = unsigned.signed(&signer, ID, NOW);
        let message = Message { body: body.unwrap_or(message.body.clone()), ..message };
        let fetching = verifier(slug, &[]);
        let at = |now, fetched: &str| {
            let verdict = fetching.verify_with(&message.received(), now, Some(fetched.as_bytes()));
            verdict.map_or_else(|rejection| rejection.code(), |_| "ok")
        };
        assert_eq!((at(NOW, CERTIFICATE), at(END, CERTIFICATE)), ("ok", "ok"), "{slug}");
        assert_eq!(at(UnixSeconds(END.0 + 1), CERTIFICATE), "key_expired", "{slug}");
        assert_eq!(at(NOW, RSA), "key_unavailable", "{slug}");
    }
}
