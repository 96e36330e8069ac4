//! Runs every case in `vectors/`: those that providers publish, those their libraries judged, and our own.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use hookyard_signature::vectors::{Ground, Vectors};
use hookyard_signature::{PROVIDERS, Scheme};
use serde_json::Value;

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
    ("gocardless", "uppercase-hex", "valid", "hexadecimal has no case, unless it mixes both"),
    (
        "paddle",
        "rotation-first-h1-good",
        "valid",
        "any signature of a list may count while a secret is rotated; Paddle's library keeps the last",
    ),
];

/// Providers whose files have the case `too-new`: a time ahead of ours is as wrong as one behind,
/// as the specification of Standard Webhooks has it. Some libraries look at the past alone.
const TOO_NEW: &[&str] = &[
    "affirm",
    "airship",
    "anthropic",
    "bigcommerce",
    "brex",
    "buildkite",
    "calendly",
    "clerk",
    "customer-io",
    "elevenlabs",
    "etsy",
    "frameio",
    "front",
    "gemini",
    "gitlab-signing-token",
    "incident-io",
    "increase",
    "knock",
    "liveblocks",
    "mux",
    "persona",
    "pinwheel",
    "polar",
    "render",
    "resend",
    "stytch",
    "supabase-auth-hooks",
    "tailscale",
    "tiktok",
    "twitch",
    "webflow",
    "workos",
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

#[test]
fn every_case_is_judged_as_expected() {
    let mut failures = Vec::new();
    let mut counts: BTreeMap<Ground, [usize; 2]> = BTreeMap::new();
    for (slug, file) in files() {
        let vectors = Vectors::read(file.to_string().as_bytes())
            .unwrap_or_else(|error| panic!("vectors/{slug}.json: {error}"));
        for case in &vectors.cases {
            let [run, passed] = counts.entry(case.ground).or_default();
            *run += 1;
            let outcome = case.judge(vectors.provider);
            if outcome.found == case.expected {
                *passed += 1;
            } else {
                failures.push(format!("{slug} {}: {} {}", case.name, outcome.found, outcome.why));
            }
        }
    }
    for (ground, [run, passed]) in counts {
        println!("{}: {passed} of {run} cases passed", ground.in_words());
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_provider_has_accepted_and_refused_cases_with_a_source() {
    let files = files();
    let signing = PROVIDERS.iter().filter(|provider| provider.scheme != Scheme::Unsigned);
    for provider in signing {
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
    let too_new =
        TOO_NEW.iter().map(|slug| ((*slug).to_owned(), "too-new".to_owned(), "invalid".to_owned()));
    assert_eq!(optional, chosen.chain(too_new).collect());
}
