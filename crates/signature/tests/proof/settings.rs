//! Schemes from settings, and configurations that are refused.

use hookyard_signature::{
    Algorithm, ConfigurationError, Encoding, Generic, Options, Place, Scheme, Secret, Token,
    Verifier, provider,
};

use crate::support::{ID, Message, NOW, code, verifier};

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let base = Generic::default();
    for (generic, message) in [
        (
            Generic { template: Some("{timestamp}.{body}".to_owned()), ..base.clone() },
            "the template signs {timestamp}, but no timestamp header is set",
        ),
        (
            Generic {
                template: Some("{body}".to_owned()),
                timestamp_header: Some("X-Time".to_owned()),
                ..base.clone()
            },
            "a timestamp header is set, but the template does not sign {timestamp}",
        ),
        (
            Generic { tolerance: Some(5), ..base.clone() },
            "a tolerance is set, but no timestamp header is",
        ),
        (
            Generic { template: Some("{id}".to_owned()), ..base.clone() },
            "the template signs {id}, but no id header is set",
        ),
        (
            Generic {
                template: Some("{body}".to_owned()),
                id_header: Some("X-Id".to_owned()),
                ..base.clone()
            },
            "an id header is set, but the template does not sign {id}",
        ),
        (
            Generic { header: Some("X Signature".to_owned()), ..base.clone() },
            "`X Signature` is not the name of a header",
        ),
        (
            Generic { algorithm: Some(Algorithm::EcdsaP256Sha256), ..base.clone() },
            "a generic signature is an HMAC: sha256, sha512 or sha1",
        ),
        (
            Generic { template: Some("{body".to_owned()), ..base.clone() },
            "in the template, character 1: `{` has no `}`; write `{{` for a brace that is signed",
        ),
    ] {
        assert_eq!(generic.scheme().unwrap_err().to_string(), message);
    }
}

#[test]
fn ebay_is_shown_a_token_or_credentials_and_not_half_of_either() {
    let build = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let options = Options { tolerance: None, settings: pairs.collect() };
        provider("ebay").unwrap().verifier(Vec::new(), &options)
    };
    let (token, id, secret) = (("access_token", "t"), ("client_id", "i"), ("client_secret", "s"));
    for good in [&[][..], &[token], &[id, secret]] {
        assert!(build(good).is_ok(), "{good:?}");
    }
    for (bad, expected) in [
        (&[id][..], "the setting `client_secret` is missing"),
        (&[secret], "the setting `client_id` is missing"),
        (
            &[token, id, secret],
            "`access_token` and `client_id` are two ways to the same; remove `access_token`, which is good for two hours alone",
        ),
        (
            &[("client_id", "i:s"), secret],
            "`client_id` has no `:` in it; copy the App ID from eBay's application keys",
        ),
    ] {
        assert_eq!(build(bad).unwrap_err().to_string(), expected);
    }
}

#[test]
fn words_of_settings_are_read() {
    assert_eq!("sha512".parse(), Ok(Algorithm::HmacSha512));
    assert_eq!("base64url".parse(), Ok(Encoding::Base64Url));
    let error = "md5".parse::<Algorithm>().unwrap_err();
    assert_eq!(error.to_string(), "`md5` is not a known algorithm: use sha256, sha512 or sha1");
    let error = "base32".parse::<Encoding>().unwrap_err();
    assert_eq!(error.to_string(), "`base32` is not a known encoding: use hex, base64 or base64url");
}

#[test]
fn sha1_is_used_only_when_it_is_written_out() {
    let old = Generic {
        algorithm: Some(Algorithm::HmacSha1),
        header: Some("X-Hub-Signature".to_owned()),
        ..Generic::default()
    };
    let old = verifier(&old.scheme().unwrap(), &[b"a secret"], &Options::default());
    let usual =
        verifier(&Generic::default().scheme().unwrap(), &[b"a secret"], &Options::default());
    let message = Message::new("text/plain", b"x").signed(&old, ID, NOW);
    assert_eq!(code(&old, &message, NOW), "ok");
    assert_eq!(code(&usual, &message, NOW), "algorithm_not_allowed");
    let prefixed = [b"sha1=", &message.get("x-hub-signature")[..]].concat();
    assert_eq!(code(&old, &message.with("x-hub-signature", prefixed), NOW), "ok");
}

#[test]
fn a_default_template_signs_what_has_a_header() {
    let generic = Generic {
        timestamp_header: Some("X-Time".to_owned()),
        id_header: Some("X-Id".to_owned()),
        ..Generic::default()
    };
    let verifier = verifier(&generic.scheme().unwrap(), &[b"a secret"], &Options::default());
    let covers = verifier.covers();
    assert!(covers.body && covers.timestamp && covers.id && !covers.url && !covers.method);
    assert_eq!(verifier.tolerance(), Some(300));
}

#[test]
fn a_token_can_stand_anywhere() {
    let token = Scheme::Token(Token::new("X-Api-Key", "").unwrap());
    let tokens = verifier(&token, &[b"first token", b"second token"], &Options::default());
    let with = |value: &str| Message::new("text/plain", b"x").with("x-api-key", value);
    for (value, expected) in [
        ("first token", "ok"),
        ("second token", "ok"),
        ("first token ", "token_mismatch"),
        ("First token", "token_mismatch"),
        ("", "token_malformed"),
    ] {
        assert_eq!(code(&tokens, &with(value), NOW), expected, "{value:?}");
    }
    assert!(Token::new("X Api", "").is_err());
}

#[test]
fn secrets_of_the_wrong_form_are_refused() {
    for (slug, secret, message) in [
        ("basic", "password", "the secret is not `user:password`"),
        ("standard-webhooks", "whsec_", "the secret is empty"),
        (
            "standard-webhooks",
            "whsec_a b",
            "the secret is not base64, with or without `whsec_` before it",
        ),
        ("standard-webhooks", "whpk_AAAA", "the secret is not an Ed25519 public key of 32 bytes"),
        (
            "standard-webhooks",
            "whsk_AAAA",
            "the secret is not an Ed25519 private key: 32 bytes of seed, or seed and public key",
        ),
        (
            "sendgrid",
            "a secret",
            "the secret is not a P-256 public key (SPKI) in base64 or PEM, or a private key (PKCS#8)",
        ),
    ] {
        let secret = Secret::new(secret).unwrap();
        let error =
            provider(slug).unwrap().verifier(vec![secret], &Options::default()).unwrap_err();
        assert_eq!(error.to_string(), message, "{slug}");
    }
    let none = Verifier::new(&provider("github").unwrap().scheme, Vec::new(), &Options::default());
    assert_eq!(none.unwrap_err(), ConfigurationError::NoSecret);
}

#[test]
fn debug_and_rejections_tell_no_secret() {
    for sample in crate::support::samples() {
        let secret = String::from_utf8(sample.secrets[0].clone()).unwrap();
        assert!(!format!("{:?}", sample.verifier).contains(&secret));
        let expected = String::from_utf8(sample.value()).unwrap();
        let Some(wrong) = sample.with_value(b"wrong") else { continue };
        let rejection = sample.verifier.verify(&wrong.received(), NOW).unwrap_err();
        for text in [rejection.to_string(), format!("{rejection:?}")] {
            assert!(!text.contains(&secret) && !text.contains(&expected), "{text}");
            if let Place::Header(header) = &sample.place {
                assert!(text.contains(&**header), "{text}");
            }
        }
    }
}

#[test]
fn a_user_and_a_password_that_are_both_blank_are_no_secret() {
    for secret in [":", " : ", "::"] {
        let made = Secret::new(secret).unwrap();
        let refused = Verifier::new(&Scheme::Basic, vec![made], &Options::default());
        assert_eq!(refused.unwrap_err(), ConfigurationError::SecretEmpty, "{secret:?}");
    }
    for secret in ["key:", ":password", "user:password"] {
        let made = Secret::new(secret).unwrap();
        assert!(
            Verifier::new(&Scheme::Basic, vec![made], &Options::default()).is_ok(),
            "{secret:?}"
        );
    }
}
