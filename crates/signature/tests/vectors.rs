//! Runs every case in `vectors/`: those that providers publish, those their libraries judged, and our own.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use hookyard_signature::{
    Algorithm, Options, PROVIDERS, Part, Provider, Received, Rejection, Scheme, Secret, Signed,
    UnixSeconds, Verifier, provider,
};
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

/// What a case configures beside the secret.
fn settings(case: &Value) -> BTreeMap<String, String> {
    let Some(config) = case["config"].as_object() else { return BTreeMap::new() };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    config.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// An older scheme of a provider, which is not in the table because it is weaker. That the engine
/// can do it shows that a user who needs it could build it.
fn older(provider: &Provider, name: &str) -> Scheme {
    let hubspot = Signed::hmac_sha256("x-hubspot-signature").by(Algorithm::SecretThenSha256);
    match (provider.slug, name) {
        ("hubspot", "v1") => hubspot.into(),
        ("hubspot", "v2") => hubspot.over(&[Part::Method, Part::Url, Part::Body]).into(),
        (slug, name) => panic!("{slug} has no scheme {name}"),
    }
}

/// On what the expectation of a case rests.
fn ground_truth(case: &Value) -> &'static str {
    if case["sdk"].as_object().is_some_and(|verdicts| !verdicts.is_empty()) {
        "judged by the provider's own package"
    } else if case["origin"] == "published" || case["origin"] == "derived" {
        "published, or published with one change"
    } else {
        "made by ourselves"
    }
}

/// What we say to a case, in the words of the vectors, and why.
fn judge(provider: &'static Provider, case: &Value) -> (&'static str, String) {
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
        return handshake(provider, case, &request);
    }
    let now = UnixSeconds(case["now"].as_u64().unwrap_or(SOME_TIME));
    let scheme = case["scheme_override"].as_str().map(|name| older(provider, name));
    let scheme = scheme.as_ref().unwrap_or(&provider.scheme);
    let options = Options { tolerance: None, settings: settings(case) };
    let verifier = Secret::new(text(case, "secret"))
        .and_then(|secret| Verifier::new(scheme, vec![secret], &options));
    match verifier.map(|verifier| verifier.verify(&request, now)) {
        Ok(Ok(_)) => ("valid", String::new()),
        Ok(Err(rejection)) => ("invalid", rejection.to_string()),
        Err(error) => ("invalid", error.to_string()),
    }
}

/// Compares the answer to a question with the one that the case expects: of its status, content
/// type, headers and body what the case names.
fn handshake(
    provider: &'static Provider,
    case: &Value,
    request: &Received<'_>,
) -> (&'static str, String) {
    let settings = case["config"].as_object().into_iter().flatten();
    let settings =
        settings.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.into())));
    let options = Options { settings: settings.collect(), ..Options::default() };
    let secrets: Vec<_> = Secret::new(text(case, "secret")).into_iter().collect();
    let responder = provider.responder(secrets.clone(), &options).expect("it has a handshake");
    let asked = responder.question(request).expect("it is a question");
    let expected = &case["expect_response"];
    // Where a case shows the body alone, as some documentation does, there is nothing to verify.
    if asked.needs_proof() && !secrets.is_empty() {
        let verifier = provider.verifier(secrets, &options).expect("the secret is one");
        let now = UnixSeconds(case["now"].as_u64().unwrap_or(SOME_TIME));
        let verdict = verifier.verify(request, now);
        let is_unsigned = matches!(verdict, Err(Rejection::SignatureMissing { .. }));
        if verdict.is_err() && !is_unsigned {
            return (
                if expected["status"] == 401 { "handshake" } else { "invalid" },
                String::new(),
            );
        }
    }
    let answer = asked.answer(request);
    let status = answer.as_ref().map_or(403, |answer| u64::from(answer.status));
    let mut wrong = status != expected["status"];
    let answer = answer.unwrap_or_default();
    let is = |key: &str, found: &str| expected[key].as_str().is_none_or(|wanted| wanted == found);
    wrong |= !is("content_type", answer.content_type.unwrap_or_default());
    wrong |= !is("body", &answer.body);
    if !expected["json"].is_null() {
        wrong |=
            serde_json::from_str::<Value>(&answer.body).ok().as_ref() != Some(&expected["json"]);
    }
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        // The hub adds `nosniff` to everything.
        let name = name.to_ascii_lowercase();
        let has = |(found, said): &(&str, String)| *found == name && said == value;
        wrong |= name != "x-content-type-options" && !answer.headers.iter().any(has);
    }
    (if wrong { "invalid" } else { "handshake" }, format!("{status} {answer:?}"))
}

#[test]
fn every_case_is_judged_as_expected() {
    let mut failures = Vec::new();
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for (slug, file) in files() {
        let provider =
            provider(&slug).unwrap_or_else(|| panic!("vectors/{slug}.json has no provider"));
        for case in file["cases"].as_array().unwrap() {
            let [run, passed] = counts.entry(ground_truth(case)).or_default();
            *run += 1;
            let (found, why) = judge(provider, case);
            if found == text(case, "expect") {
                *passed += 1;
            } else {
                failures.push(format!("{slug} {}: {found} {why}", text(case, "name")));
            }
        }
    }
    for (ground, [run, passed]) in counts {
        println!("{ground}: {passed} of {run} cases passed");
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
