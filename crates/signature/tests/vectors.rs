//! Runs every case in `vectors/`: those that providers publish, those their libraries judged, and our own.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hookyard_signature::{Options, PROVIDERS, Provider, Received, Secret, UnixSeconds, provider};
use serde_json::Value;

/// The time at which cases are judged that do not care.
const SOME_TIME: u64 = 1_700_000_000;

/// Cases on which official libraries differ or which are a matter of policy, and what we chose.
const CHOICES: &[(&str, &str, &str, &str)] = &[
    (
        "github",
        "empty-body",
        "valid",
        "an empty body is a body, and senders ping with it; octokit refuses it",
    ),
    (
        "stripe",
        "future",
        "invalid",
        "a time ahead of ours is as wrong as one behind; Stripe's libraries accept any",
    ),
    ("twilio", "node-quote-raw-escaped", "valid", "as twilio-node: `'` and `%27` are the same URL"),
    ("twilio", "node-quote-escaped-raw", "valid", "as twilio-node: `'` and `%27` are the same URL"),
    (
        "gitlab-signing-token",
        "too-new",
        "invalid",
        "a time ahead of ours is as wrong as one behind",
    ),
];

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("`{key}` is missing in {value}"))
}

fn files() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let read = |entry: fs::DirEntry| {
        let slug = entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
        (slug, serde_json::from_slice(&fs::read(entry.path()).unwrap()).unwrap())
    };
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap())).collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

/// What we say to a case, in the words of the vectors, and why.
fn judge(provider: &Provider, case: &Value) -> (&'static str, String) {
    let headers: Vec<(String, String)> = case["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let request = Received {
        method: text(case, "method"),
        url: text(case, "url"),
        headers: &headers,
        body: text(case, "body").as_bytes(),
    };
    if case["expect"] == "handshake" {
        let answer = provider.handshake(&request).expect("it is a handshake");
        let expected = &case["expect_response"];
        assert_eq!(u64::from(answer.status), expected["status"].as_u64().unwrap());
        assert_eq!(
            (answer.content_type, &*answer.body),
            (text(expected, "content_type"), text(expected, "body"))
        );
        return ("handshake", String::new());
    }
    let now = UnixSeconds(case["now"].as_u64().unwrap_or(SOME_TIME));
    let verifier = Secret::new(text(case, "secret"))
        .and_then(|secret| provider.verifier(vec![secret], &Options::default()));
    match verifier.map(|verifier| verifier.verify(&request, now)) {
        Ok(Ok(_)) => ("valid", String::new()),
        Ok(Err(rejection)) => ("invalid", rejection.to_string()),
        Err(error) => ("invalid", error.to_string()),
    }
}

#[test]
fn every_case_is_judged_as_expected() {
    let mut failures = Vec::new();
    for (slug, file) in files() {
        let provider =
            provider(&slug).unwrap_or_else(|| panic!("vectors/{slug}.json has no provider"));
        let cases = file["cases"].as_array().unwrap();
        let mut passed = 0;
        for case in cases {
            let (found, why) = judge(provider, case);
            if found == text(case, "expect") {
                passed += 1;
            } else {
                failures.push(format!("{slug} {}: {found} {why}", text(case, "name")));
            }
        }
        println!("{slug}: {passed} of {}", cases.len());
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_provider_has_accepted_and_refused_cases_with_a_source() {
    let files = files();
    for provider in PROVIDERS {
        let (_, file) = files
            .iter()
            .find(|(slug, _)| slug == provider.slug)
            .unwrap_or_else(|| panic!("vectors/{}.json is missing", provider.slug));
        assert_eq!(text(file, "provider"), provider.slug);
        for key in ["source", "license"] {
            assert!(
                file[key].as_array().is_some_and(|list| !list.is_empty()),
                "{}: {key}",
                provider.slug
            );
        }
        for verdict in ["valid", "invalid"] {
            let has =
                file["cases"].as_array().unwrap().iter().any(|case| case["expect"] == verdict);
            assert!(has, "{} has no {verdict} case", provider.slug);
        }
    }
}

#[test]
fn every_optional_case_is_a_choice_with_a_reason() {
    let mut optional = BTreeSet::new();
    for (slug, file) in files() {
        for case in file["cases"].as_array().unwrap() {
            if case["optional"] == true {
                optional.insert((
                    slug.clone(),
                    text(case, "name").to_owned(),
                    text(case, "expect").to_owned(),
                ));
            }
        }
    }
    let chosen = CHOICES.iter().map(|(slug, name, verdict, reason)| {
        assert!(!reason.is_empty());
        ((*slug).to_owned(), (*name).to_owned(), (*verdict).to_owned())
    });
    assert_eq!(optional, chosen.collect());
}
