//! The configuration that a page shows, and values with which it can be tried.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hookyard_signature::{
    Body, ConfigurationError, KeyForm, Options, Provider, Reply, Said, Scheme, Setting, Trust,
};
use serde_json::Value;

/// A whole `hookyard.toml`, with the public URL where the provider signs it.
pub(super) fn example(provider: &Provider) -> String {
    let slug = provider.slug;
    let mut text = String::new();
    if provider.scheme.covers().url {
        text.push_str("[server]\npublic_url = \"https://hooks.example.com\"\n\n");
    }
    writeln!(text, "[sources.{slug}]\nprovider = \"{slug}\"").unwrap();
    match &provider.scheme {
        Scheme::Unsigned => text.push_str("verify = \"none\"\n"),
        _ if hands_over(provider) => {
            writeln!(text, "handshake_secret = \"{slug}.secret\"").unwrap();
        }
        Scheme::Basic if slug == "basic" => {
            writeln!(
                text,
                "username = \"hookyard\"\npassword = \"{}\"",
                variable(provider, "password")
            )
            .unwrap();
        }
        scheme if scheme.needs_secret() => {
            writeln!(text, "secret = \"{}\"", variable(provider, key(provider))).unwrap();
        }
        _ => {}
    }
    let settings: Vec<_> = shown_settings(provider)
        .iter()
        .map(|setting| format!("{} = \"{}\"", setting.name, variable(provider, setting.name)))
        .collect();
    if !settings.is_empty() {
        writeln!(text, "settings = {{ {} }}", settings.join(", ")).unwrap();
    }
    text.push_str("\n[destinations.app]\nurl = \"http://127.0.0.1:3000/hooks\"\n");
    writeln!(text, "\n[[routes]]\nfrom = \"{slug}\"\nto = \"app\"").unwrap();
    text
}

/// The settings that the example has.
pub(super) fn shown_settings(provider: &Provider) -> Vec<&'static Setting> {
    let missing = missing(provider);
    let settings = provider.settings.iter();
    let is_shown =
        |setting: &&Setting| is_shown(provider, setting) || missing.contains(setting.name);
    settings.filter(is_shown).collect()
}

/// What stands in `secret`, as its variable is called.
pub(super) fn key(provider: &Provider) -> &'static str {
    if is_public(provider) { "public_key" } else { "secret" }
}

/// Whether what is configured is a public key, of which the provider alone has the other half.
pub(super) fn is_public(provider: &Provider) -> bool {
    matches!(&provider.scheme, Scheme::Signed(signed) if signed.key == KeyForm::Public)
}

/// Whether the provider sends the secret itself.
pub(super) fn hands_over(provider: &Provider) -> bool {
    let questions = provider.handshake.map_or(&[][..], |handshake| handshake.questions);
    questions.iter().any(|question| matches!(question.trust, Trust::BringsSecret(_)))
}

/// Whether hardly anyone can do without this setting: it is required, or an answer needs it.
fn is_shown(provider: &Provider, setting: &Setting) -> bool {
    let questions = provider.handshake.map_or(&[][..], |handshake| handshake.questions);
    setting.required
        || questions.iter().any(|question| {
            matches!(question.trust, Trust::Token(_, name) if name == setting.name)
                || says(&question.reply, setting.name)
        })
}

/// What is needed where there is no secret, since the keys are then fetched.
fn missing(provider: &Provider) -> BTreeSet<&'static str> {
    let mut missing = BTreeSet::new();
    while !provider.scheme.needs_secret() {
        let value = |name: &&str| ((*name).to_owned(), "value".to_owned());
        let required = provider.settings.iter().filter(|setting| setting.required);
        let settings = missing.iter().map(value).chain(required.map(|it| value(&it.name)));
        let options = Options { tolerance: None, settings: settings.collect() };
        match provider.verifier(Vec::new(), &options) {
            Err(ConfigurationError::SettingMissing(name)) if missing.insert(name) => {}
            _ => break,
        }
    }
    missing
}

/// Whether an answer needs the setting of this name.
fn says(reply: &Reply, name: &str) -> bool {
    fn any(pieces: &[Said], name: &str) -> bool {
        pieces.iter().any(|piece| match piece {
            Said::Setting(setting) => *setting == name,
            Said::Sha256(pieces) => any(pieces, name),
            _ => false,
        })
    }
    match reply.body {
        Body::Text(pieces) => any(pieces, name),
        Body::Json(members) => members.iter().any(|(_, pieces)| any(pieces, name)),
        Body::Empty | Body::Fixed(_) | Body::Xml(_) => false,
    }
}

/// `${STRIPE_SECRET}`.
pub(super) fn variable(provider: &Provider, what: &str) -> String {
    format!("${{{}}}", name(provider, what))
}

/// `STRIPE_SECRET`.
pub(super) fn name(provider: &Provider, what: &str) -> String {
    format!("{}_{what}", provider.slug).replace('-', "_").to_uppercase()
}

/// What a variable of an example could hold: what the first accepted test vector has.
pub(super) fn value(
    provider: &Provider,
    vectors: Option<&Value>,
    variable: &str,
) -> Option<String> {
    let cases = vectors?["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["expect"] == "valid").unwrap();
    if [key(provider), "password"].iter().any(|what| variable == name(provider, what)) {
        // Of test values of providers some are too short for a good secret. Where it has no
        // form, another does.
        let secret = case["secret"].as_str().unwrap();
        return Some(if secret.len() < 16 { "x".repeat(32) } else { secret.to_owned() });
    }
    let setting = provider.settings.iter().find(|it| variable == name(provider, it.name))?;
    let some = if setting.name == "issuer" { "https://auth.example.com" } else { "a-value" };
    let text = case["config"][setting.name].as_str().unwrap_or(some);
    Some(text.to_owned())
}
