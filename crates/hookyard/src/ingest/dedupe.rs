//! By what a repeat of an event is told.

use hookyard_model::{DedupeKey, Timestamp};
use sha2::{Digest, Sha256};

use crate::config::{DedupeBy, Source};

/// The text or the bytes by which a request can be told from others, if it has any.
pub(super) fn value(
    source: &Source,
    provider_event_id: Option<&str>,
    headers: &http::HeaderMap,
    body: &[u8],
) -> Option<Vec<u8>> {
    match &source.dedupe.key {
        DedupeBy::Off => None,
        DedupeBy::Provider => provider_event_id.map(|id| id.as_bytes().to_vec()),
        DedupeBy::Header(name) => headers.get(name).map(|value| value.as_bytes().to_vec()),
        DedupeBy::Json(pointer) => json_value(body, pointer),
        DedupeBy::Body => Some(Sha256::digest(body).to_vec()),
    }
}

fn json_value(body: &[u8], pointer: &str) -> Option<Vec<u8>> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    match document.pointer(pointer)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone().into_bytes()),
        other => Some(other.to_string().into_bytes()),
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
