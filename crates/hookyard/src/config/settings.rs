//! What a provider needs beside the secret: `settings` and `keys_url` of `[sources.NAME]`.

use std::collections::BTreeMap;

use hookyard_model::Name;
use hookyard_signature::{Provider, Responder, Setting, Unanswered};

use super::nearest::nearest;
use super::options::SourceOptions;
use super::reader::Reader;
use super::server::public_url;

/// The settings, each one that the provider has. `None` when something is wrong, which has been
/// noted.
pub(super) fn settings(
    name: &Name,
    provider: Option<&'static Provider>,
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) -> Option<BTreeMap<String, String>> {
    let known = provider.map_or(&[][..], |provider| provider.settings);
    let written = options.settings.as_ref().map(|settings| &settings.0);
    let before = reader.findings.len();
    let mut found = BTreeMap::new();
    for (key, (place, value)) in written.into_iter().flatten() {
        if known.iter().any(|setting| setting.name == key) {
            found.insert(key.clone(), value.reveal().to_owned());
        } else {
            reader.error(place.span.clone(), unknown(key, name, provider, known));
        }
    }
    // What was misspelt is not missing as well.
    if reader.findings.len() > before {
        return None;
    }
    for missing in known.iter().filter(|known| known.required && !found.contains_key(known.name)) {
        let span = options.settings.as_ref().map(|settings| settings.span.clone());
        let Setting { name: key, about, .. } = missing;
        let sentence = format!(
            "`[sources.{name}]` needs `settings = {{ {key} = \"…\" }}`: {}",
            lower_first(about)
        );
        reader.error(span.unwrap_or_else(|| options.span.clone().into()), sentence);
    }
    (reader.findings.len() == before).then_some(found)
}

fn unknown(
    key: &str,
    name: &Name,
    provider: Option<&'static Provider>,
    known: &'static [Setting],
) -> String {
    let Some(provider) = provider else {
        return format!(
            "settings are a provider's, and `[sources.{name}]` names none; write `provider = \"…\"`, or remove them"
        );
    };
    let slug = provider.slug;
    if let Some(near) = nearest(key, known.iter().map(|setting| setting.name)) {
        return format!("`{slug}` has no setting `{key}`; did you mean `{near}`?");
    }
    if known.is_empty() {
        return format!("`{slug}` has no settings; remove `{key}`");
    }
    let all: Vec<String> = known
        .iter()
        .map(|setting| format!("`{}` ({})", setting.name, lower_first(setting.about)))
        .collect();
    format!("`{slug}` has no setting `{key}`; it has {}", all.join(" and "))
}

/// Warns of a provider's questions that are refused for want of a setting or of a secret, whoever
/// asks them.
pub(super) fn warn_of_unanswered(
    provider: &Provider,
    responder: &Responder,
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) {
    let slug = provider.slug;
    for lack in responder.lacks() {
        let sentence = match lack {
            Unanswered::SettingMissing(missing) => {
                let about = provider.settings.iter().find(|setting| setting.name == missing);
                let about = about.map_or(missing, |setting| setting.about);
                format!(
                    "`{slug}` asks before it sends events, and is refused without `settings = {{ {missing} = \"…\" }}`: {}",
                    lower_first(about)
                )
            }
            _ => format!(
                "`{slug}` asks before it sends events, and is refused: the answer is made with the `secret`, and there is none"
            ),
        };
        let settings = options.settings.as_ref().and_then(|settings| settings.span.clone());
        reader.warn(settings.unwrap_or_else(|| options.span.clone()), sentence);
    }
}

/// A sentence as it stands in the middle of one: without its dot, and beginning in lower case.
fn lower_first(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut chars = sentence.chars();
    // `URL` and `OAuth` stay what they are.
    let is_word =
        sentence.chars().nth(1).is_none_or(|second| second.is_lowercase() || second == ' ');
    match chars.next() {
        Some(first) if is_word => first.to_lowercase().chain(chars).collect(),
        _ => sentence.to_owned(),
    }
}

/// Where keys are fetched instead, without a slash at its end.
pub(super) fn keys_url(
    provider: Option<&'static Provider>,
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let url = options.keys_url.as_ref()?;
    if provider.is_none_or(|provider| provider.scheme.needs_secret()) {
        let sentence = "nothing is fetched for this source, because its keys are the `secret`; remove `keys_url`";
        reader.error(url.span.clone(), sentence);
        return None;
    }
    public_url(url, reader).map(|_| url.value.trim_end_matches('/').to_owned())
}
