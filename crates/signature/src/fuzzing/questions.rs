//! What is found in requests, and what is answered to questions.

use super::request::Input;
use super::samples;
use crate::{Answer, Item, Options, Secret, suggest};

/// Ids, types and items: short, printable, and parts of what arrived.
pub fn facts(data: &[u8]) {
    let input = Input::read(data);
    let provider = samples::provider_at(input.slug);
    let request = input.request.received();
    check_text(provider.event_id(&request).as_deref());
    check_text(provider.event_type(&request).as_deref());
    let _ = suggest(&input.request.headers);
    for Item { body, event_id, event_type, .. } in provider.items(&request).unwrap_or_default() {
        let bytes = body.within(&input.request.body);
        assert!(bytes.starts_with(b"{") && bytes.ends_with(b"}"), "an item is no object");
        assert!(serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok(), "no JSON");
        check_text(event_type.as_deref());
        // A number is put behind the id of the whole.
        assert!(event_id.is_none_or(|id| id.len() <= 255 + 6), "an id is too long");
    }
}

fn check_text(text: Option<&str>) {
    let Some(text) = text else { return };
    assert!((1..=255).contains(&text.len()), "{} bytes", text.len());
    assert!(!text.chars().any(char::is_control), "a control character");
}

/// Questions: an answer never tells the secret, is never something a browser would run, never
/// splits a header, and never signs what could be an event.
pub fn handshakes(data: &[u8]) {
    let input = Input::read(data);
    let provider = samples::provider_at(input.slug);
    let secrets: Vec<_> = Secret::new(samples::TEXT).into_iter().collect();
    let known = provider.settings.iter().map(|setting| setting.name);
    let options = Options {
        settings: known.map(|name| (name.to_owned(), "made-up-value".to_owned())).collect(),
        ..Options::default()
    };
    let Some(responder) = provider.responder(secrets, &options) else { return };
    let request = input.request.received();
    let _ = responder.is_challenge(&request);
    let Some(asked) = responder.question(&request) else { return };
    if let Some(verifier) = asked.stand_in() {
        let _ = verifier.verify(&request, samples::NOW);
    }
    if asked.brings_secret() {
        assert_ne!(asked.brings_known_secret(&request), Ok(true), "a secret that was guessed");
    }
    if let Ok(answer) = asked.answer(&request) {
        check_answer(&answer);
    }
}

fn check_answer(answer: &Answer) {
    assert!((200..=499).contains(&answer.status), "status {}", answer.status);
    assert!(
        answer.content_type.is_none_or(|kind| ["text/plain", "application/json"].contains(&kind)),
        "a browser may run it"
    );
    assert!(answer.content_type.is_some() || answer.body.is_empty(), "a body of no type");
    assert!(!answer.body.contains(samples::TEXT), "the secret is told");
    for (name, value) in &answer.headers {
        assert!(!value.contains(|letter: char| letter.is_ascii_control()), "`{name}` is split");
        assert!(!value.contains(samples::TEXT), "the secret is told");
    }
    if let Some(visit) = &answer.visit {
        let host = visit.url.strip_prefix("https://").and_then(|rest| rest.split('/').next());
        let is_theirs = host.is_some_and(|host| {
            host.starts_with("sns.")
                && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        });
        assert!(is_theirs, "{} would be visited", visit.url);
    }
}
