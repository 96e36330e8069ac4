//! Vector files for providers of which there are no public ones: made through this crate's own
//! `sign`, so they show that nothing changes unseen, and not that the provider does the same.
//!
//! A file that differs from what is made is written anew, and the test fails once: look at the
//! difference before you commit it.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hookyard_signature::{
    Options, Provider, Received, Scheme, Secret, UnixSeconds, Verifier, provider,
};
use serde_json::{Map, Value, json};

const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

const MADE: &[&str] = &[
    "auth0-log-stream",
    "bandwidth",
    "brevo",
    "datadog",
    "deepgram",
    "go1",
    "hostedhooks",
    "klarna",
    "mailchimp",
    "mongodb-app-services",
    "orbit",
    "postmark",
    "ramp",
    "signal-sciences",
    "sparkpost",
    "trendmicro-conformity",
    "vmware-workspace-one",
];

struct Case {
    name: &'static str,
    why: &'static str,
    expect: &'static str,
    secret: String,
    url: String,
    headers: Map<String, Value>,
    body: String,
}

impl Case {
    fn but(&self, name: &'static str, why: &'static str, expect: &'static str) -> Self {
        Self {
            name,
            why,
            expect,
            secret: self.secret.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
        }
    }
}

/// Something for every setting that is required.
fn settings(provider: &Provider) -> BTreeMap<String, String> {
    let value = |name| match name {
        "header" => "x-made-up-token".to_owned(),
        name => panic!("{}: what could `{name}` be?", provider.slug),
    };
    let required = provider.settings.iter().filter(|setting| setting.required);
    required.map(|setting| (setting.name.to_owned(), value(setting.name))).collect()
}

fn secret(provider: &Provider, kind: &str) -> String {
    match provider.scheme {
        Scheme::Basic => format!("made-up-user:{kind}-password"),
        _ => format!("{kind}-secret"),
    }
}

/// A request that was signed as the provider would.
fn valid(provider: &Provider) -> Case {
    let secret = secret(provider, "made-up");
    let options = Options { tolerance: None, settings: settings(provider) };
    let keys = vec![Secret::new(secret.clone()).unwrap()];
    let verifier = Verifier::new(&provider.scheme, keys, &options).unwrap();
    let body = r#"{"id":"made-up-1","type":"made.up","text":"h\u00e9llo"}"#;
    let url = "https://example.com/webhook/made-up";
    let mut headers = Map::new();
    headers.insert("Content-Type".to_owned(), "application/json".into());
    let pairs = [("content-type", "application/json")];
    let request = Received { method: "POST", url, headers: &pairs, body: body.as_bytes() };
    let proof = verifier.sign(&request, "made-up-1", NOW).unwrap();
    headers
        .extend(proof.headers.into_iter().map(|(name, value)| (name.into_owned(), value.into())));
    Case {
        name: "valid",
        why: "as this crate signs",
        expect: "valid",
        secret,
        url: proof.url.unwrap_or_else(|| url.to_owned()),
        headers,
        body: proof.body.map_or_else(|| body.to_owned(), |body| String::from_utf8(body).unwrap()),
    }
}

fn cases(provider: &Provider) -> Vec<Case> {
    let valid = valid(provider);
    let mut other = valid.but("other-secret", "another secret", "invalid");
    other.secret = secret(provider, "other");
    let mut missing = valid.but("no-proof", "nothing that proves anything", "invalid");
    missing.headers.retain(|name, _| name == "Content-Type");
    missing.url = missing.url.split('?').next().unwrap().to_owned();
    let covers = provider.scheme.covers().body;
    let mut tampered =
        valid.but("other-body", "a space more", if covers { "invalid" } else { "valid" });
    tampered.body.push(' ');
    if !covers {
        tampered.why = "a space more, which this proof does not cover";
    }
    vec![valid, other, missing, tampered]
}

fn file(provider: &Provider) -> Value {
    let config = settings(provider);
    let case = |case: Case| {
        let mut value = json!({
            "name": case.name,
            "secret": case.secret,
            "method": "POST",
            "url": case.url,
            "headers": case.headers,
            "body": case.body,
            "expect": case.expect,
            "why": case.why,
            "origin": "generated",
            "now": NOW.0,
        });
        if !config.is_empty() {
            value["config"] = json!(config);
        }
        value
    };
    json!({
        "provider": provider.slug,
        "source": ["made by tests/made.rs through this crate's own `sign`; secrets are made up"],
        "license": ["MIT OR Apache-2.0"],
        "ground_truth": ["self-generated (regression only, not independent evidence)"],
        "cases": cases(provider).into_iter().map(case).collect::<Vec<_>>(),
    })
}

#[test]
fn files_of_our_own_are_as_they_are_made() {
    let mut written = Vec::new();
    for slug in MADE {
        let made = file(provider(slug).unwrap());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("vectors/{slug}.json"));
        let found = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if found != Some(made.clone()) {
            fs::write(&path, format!("{made:#}\n")).unwrap();
            written.push(*slug);
        }
    }
    assert!(written.is_empty(), "written anew, look at the difference: {written:?}");
}
