//! What to look at when the mistake was not found.

use super::trial::Scene;
use super::{Case, Refusal};
use crate::{ConfigurationError, Setting, json};

/// The steps, as sentences, the likely first.
pub(super) fn steps(scene: &Scene<'_>) -> Vec<String> {
    let Case { provider, scheme, secrets, .. } = scene.case;
    let sender = scene.sender();
    let mut steps = Vec::new();
    match scene.refusal {
        Refusal::Configuration(ConfigurationError::SettingMissing(setting)) => {
            steps.push(format!(
                "Give the setting `{setting}`: `--set {setting}=…` for `hookyard verify`, `settings.{setting}` of the source in a configuration."
            ));
        }
        Refusal::Configuration(_) => {
            steps.push(format!("Copy the secret again from where {sender} shows it."));
        }
        Refusal::Request(_) => steps.push(format!(
            "Compare the secret with the one that {sender} shows for this very endpoint: test and live have their own."
        )),
    }
    if scheme.covers().body {
        steps.push(
            "See whether a proxy, a firewall or a framework changes the body: compare its length and hash with what was sent."
                .to_owned(),
        );
        if has_sorted_keys(scene.request.body) {
            steps.push("The keys of the JSON are in alphabetical order: a program that sorts keys may have written it anew, and the first order is lost.".to_owned());
        }
        if String::from_utf8_lossy(scene.request.body).contains('\u{fffd}') {
            steps.push("The body has replacement characters: something decoded it as text of another character set, and the first bytes are lost.".to_owned());
        }
    }
    if scheme.covers().url {
        steps.push(format!(
            "Compare the URL that {sender} was given with the public URL here, letter by letter: scheme, host, port, path, query."
        ));
    }
    if secrets.len() == 1 {
        steps.push(
            "If the secret was changed lately, configure both, the new one first.".to_owned(),
        );
    }
    let Some(provider) = provider else { return steps };
    for Setting { name, about, .. } in provider.settings {
        if scene.case.options.setting(name).is_some() {
            steps.push(format!("See whether the setting `{name}` is right: {about}"));
        } else {
            steps.push(format!("The setting `{name}` is not given: {about}"));
        }
    }
    if !provider.note.is_empty() {
        steps.push(provider.note.to_owned());
    }
    steps.extend(provider.doubt());
    steps.push(format!("Read {}.", provider.docs));
    steps
}

/// Whether the keys of a JSON object are sorted, and too many for that to be chance.
fn has_sorted_keys(body: &[u8]) -> bool {
    const ENOUGH: usize = 4;
    let members = json::members(body).unwrap_or_default();
    members.len() >= ENOUGH && members.is_sorted_by(|(one, _), (other, _)| one <= other)
}
