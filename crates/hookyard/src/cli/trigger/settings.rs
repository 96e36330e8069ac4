//! What a provider needs beside the secret: as it was given, or made up and shown.

use std::collections::BTreeMap;

use hookyard_signature::{Body, Provider, Said, Setting, Trust};

use crate::cli::failure::Failure;

/// The settings to sign with, and which of them were made up.
pub(super) struct Settings {
    pub(super) all: BTreeMap<String, String>,
    pub(super) made_up: Vec<(&'static str, String)>,
}

impl Settings {
    /// Takes those that were given, and makes up what is missing and needed: to sign, or for the
    /// handshake if it is asked for. `url` is where the events go.
    pub(super) fn new(
        provider: &Provider,
        given: &[(String, String)],
        handshake: bool,
        url: &str,
    ) -> Result<Self, Failure> {
        let mut all = BTreeMap::new();
        for (name, value) in given {
            if provider.settings.iter().all(|setting| setting.name != name) {
                return Err(unknown(provider, name));
            }
            all.insert(name.clone(), value.clone());
        }
        let asked: &[&str] = if handshake { &asked_for(provider) } else { &[] };
        let is_needed = |setting: &&Setting| setting.required || asked.contains(&setting.name);
        let mut made_up = Vec::new();
        for setting in provider.settings.iter().filter(is_needed) {
            if !all.contains_key(setting.name) {
                let value = plausible(setting.name, url);
                made_up.push((setting.name, value.clone()));
                all.insert(setting.name.to_owned(), value);
            }
        }
        Ok(Self { all, made_up })
    }

    /// Those that were made up, as a source has them; `None` where there are none.
    pub(super) fn shown(&self) -> Option<String> {
        let pair = |(name, value): &(&str, String)| format!("{name} = {value:?}");
        let pairs: Vec<_> = self.made_up.iter().map(pair).collect();
        (!pairs.is_empty()).then(|| format!("settings = {{ {} }}", pairs.join(", ")))
    }
}

/// The settings without which a handshake is not answered.
fn asked_for(provider: &Provider) -> Vec<&'static str> {
    let mut names = Vec::new();
    let mut look = |said: &'static [Said]| {
        let pieces = said.iter().flat_map(|piece| match piece {
            Said::Sha256(inner) => *inner,
            piece => std::slice::from_ref(piece),
        });
        names.extend(pieces.filter_map(|piece| match piece {
            Said::Setting(name) => Some(*name),
            _ => None,
        }));
    };
    let questions = provider.handshake.map_or(&[][..], |handshake| handshake.questions);
    for question in questions {
        match question.reply.body {
            Body::Text(said) => look(said),
            Body::Json(members) => members.iter().for_each(|(_, said)| look(said)),
            Body::Empty | Body::Fixed(_) | Body::Xml(_) => {}
        }
    }
    names.extend(questions.iter().filter_map(|question| match question.trust {
        Trust::Token(_, name) => Some(name),
        _ => None,
    }));
    names
}

/// A value of the form that the setting has.
fn plausible(name: &str, url: &str) -> String {
    match name {
        "audience" => url,
        "topic_arn" => "arn:aws:sns:us-east-1:000000000000:test",
        "service_account" => "test@test.iam.gserviceaccount.com",
        "webhook_id" => "0TEST000000000000",
        "application_key" => "00000000-0000-4000-8000-000000000000",
        "header" => "x-test-token",
        "public_key" => "test_public_key",
        _ => "test",
    }
    .to_owned()
}

fn unknown(provider: &Provider, name: &str) -> Failure {
    let failure = Failure::usage(format!("{} has no setting `{name}`", provider.slug));
    if provider.settings.is_empty() {
        return failure.hint("it has none at all: leave `--set` out");
    }
    let names: Vec<_> = provider.settings.iter().map(|setting| setting.name).collect();
    failure.hint(format!("its settings are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use hookyard_signature::{Options, PROVIDERS, provider};

    use super::*;

    #[test]
    fn what_is_missing_is_made_up_and_what_is_unknown_refused() {
        let url = "http://127.0.0.1:8080/webhook/x";
        for provider in PROVIDERS {
            let settings = Settings::new(provider, &[], true, url).unwrap();
            let required = provider.settings.iter().filter(|setting| setting.required);
            for setting in required {
                assert!(settings.all.contains_key(setting.name), "{}", provider.slug);
            }
            assert_eq!(settings.shown().is_some(), !settings.made_up.is_empty());
            drop(Options { tolerance: None, settings: settings.all });
        }
        let given = [("topic_arn".to_owned(), "arn:mine".to_owned())];
        let sns = Settings::new(provider("aws-sns").unwrap(), &given, true, url).unwrap();
        assert_eq!((sns.all["topic_arn"].as_str(), sns.shown()), ("arn:mine", None));
        let meta = Settings::new(provider("meta").unwrap(), &[], true, url).unwrap();
        assert_eq!(meta.shown().as_deref(), Some("settings = { verify_token = \"test\" }"));
        assert!(Settings::new(provider("meta").unwrap(), &[], false, url).unwrap().all.is_empty());
        for slug in ["github", "meta"] {
            let unknown = Settings::new(provider(slug).unwrap(), &given, false, url);
            assert!(unknown.is_err(), "{slug}");
        }
    }
}
