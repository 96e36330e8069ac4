//! By what a repeat of an event is told.

use hookyard_model::{DedupeKey, Event, Timestamp};
use hookyard_signature::{Headers, Received};
use sha2::{Digest, Sha256};

use crate::config::{DedupeBy, Source};

/// The text or the bytes by which an event can be told from others, if it has any: the first of
/// the source's keys that is there.
pub(super) fn value(source: &Source, event: &Event) -> Option<Vec<u8>> {
    source.dedupe.keys.iter().find_map(|key| match key {
        DedupeBy::Off => None,
        DedupeBy::Provider => event.provider_event_id.as_ref().map(|id| id.as_bytes().to_vec()),
        DedupeBy::Place(place) => {
            let headers = EventHeaders(event);
            let (method, url) = (event.method.as_str(), event.target.as_str());
            let request = Received { method, url, headers: &headers, body: &event.body };
            place.fact.find(&request).map(String::into_bytes)
        }
        DedupeBy::Body => Some(Sha256::digest(&event.body).to_vec()),
    })
}

/// Headers as the signature crate reads them.
struct EventHeaders<'e>(&'e Event);

impl Headers for EventHeaders<'_> {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        if self.0.item.is_some() && name == "content-type" {
            // Whatever the request was, a form for example.
            return (index == 0).then_some(b"application/json");
        }
        let named = self.0.headers.iter().filter(|(found, _)| *found == name);
        named.map(|(_, value)| value).nth(index)
    }
}

/// The key under which the store remembers a value.
///
/// Source and value are told apart by the length of the first, so that no two pairs are the same.
pub(super) fn key(source: &Source, value: &[u8], body: &[u8], now: Timestamp) -> DedupeKey {
    hash(source, &[value], body, now)
}

/// The key of an event that came under the id of another one, with another body.
pub(super) fn conflict_key(
    source: &Source,
    value: &[u8],
    body: &[u8],
    now: Timestamp,
) -> DedupeKey {
    hash(source, &[value, &Sha256::digest(body)], body, now)
}

fn hash(source: &Source, parts: &[&[u8]], body: &[u8], now: Timestamp) -> DedupeKey {
    let mut hasher = Sha256::new();
    for part in std::iter::once(source.name.as_str().as_bytes()).chain(parts.iter().copied()) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    DedupeKey {
        hash: start_of(&hasher.finalize()),
        body: start_of(&Sha256::digest(body)),
        expires_at: now.plus(source.dedupe.window),
    }
}

/// The first bytes of a hash, which are as good as any others of it.
fn start_of<const N: usize>(hash: &[u8]) -> [u8; N] {
    let mut start = [0; N];
    for (to, from) in start.iter_mut().zip(hash) {
        *to = *from;
    }
    start
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hookyard_model::{EventId, Name, Verification};
    use hookyard_signature::Fact;

    use super::super::open::open_source;
    use super::*;
    use crate::config::Place;

    fn event(id: Option<&str>, headers: &[(&str, &str)], body: &'static str) -> Event {
        Event {
            id: EventId::new(1, 1),
            source: Name::new("shop").unwrap(),
            received_at: Timestamp::EPOCH,
            peer: None,
            method: "POST".to_owned(),
            target: "/webhook/shop".to_owned(),
            headers: headers.iter().copied().collect(),
            body: Bytes::from_static(body.as_bytes()),
            item: None,
            verification: Verification::Unverified,
            provider_event_id: id.map(str::to_owned),
            event_type: None,
        }
    }

    #[test]
    fn the_first_key_that_is_there_counts() {
        let mut source = open_source(Name::new("shop").unwrap());
        let place = |text: &str| {
            DedupeBy::Place(Place { text: text.into(), fact: Fact::parse(text).unwrap() })
        };
        source.dedupe.keys = vec![DedupeBy::Provider, place("header:X-Id"), place("json:/id")];
        let long = "x".repeat(300);
        let cases: [(Event, Option<&str>); 8] = [
            (event(Some("evt"), &[("x-id", "one")], r#"{"id":"a"}"#), Some("evt")),
            (event(None, &[("x-id", "one")], r#"{"id":"a"}"#), Some("one")),
            (event(None, &[], r#"{"id":"a"}"#), Some("a")),
            (event(None, &[], r#"{"id":7}"#), Some("7")),
            // What says nothing must not make all such requests repeats of one.
            (event(None, &[("x-id", "")], r#"{"id":null}"#), None),
            (event(None, &[("x-id", "one"), ("x-id", "two")], "{"), None),
            (event(None, &[("x-id", &long)], ""), None),
            (event(None, &[], r#"{"id":{"n":1}}"#), None),
        ];
        for (event, expected) in &cases {
            let found = value(&source, event).map(|value| String::from_utf8(value).unwrap());
            assert_eq!(found.as_deref(), *expected, "{event:?}");
        }
        source.dedupe.keys.push(DedupeBy::Body);
        assert_eq!(value(&source, &cases[4].0), Some(Sha256::digest(r#"{"id":null}"#).to_vec()));
        source.dedupe.keys = vec![DedupeBy::Off];
        assert_eq!(value(&source, &cases[0].0), None);
    }
}
