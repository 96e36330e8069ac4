//! Sources: where events come in, and how far they can be trusted.

use axum::Json as Answer;
use axum::extract::State;
use hookyard_model::Verification;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Entry, Shared, get};
use crate::config::{Source, Webhook};

pub(super) fn routes() -> Vec<Entry> {
    vec![get("/api/v1/sources", list)]
}

/// A source.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    /// Where its provider sends to, on the ingest address.
    path: String,
    provider: Option<&'a str>,
    enabled: bool,
    /// What is known of the events it takes.
    verification: &'static str,
    covers: Covers,
    /// Whether the provider is still to hand its secret over; nothing is accepted until then.
    awaits_secret: bool,
    /// The webhooks with a secret of their own that the provider hands over.
    webhooks: &'a [Webhook],
    /// How old a signed request may be, in seconds, where the scheme signs the time.
    tolerance_seconds: Option<u64>,
    /// Counts since this process began.
    accepted: u64,
    duplicates: u64,
}

/// What the proof of a request protects; what is not covered may have been changed on the way.
#[derive(Debug, Default, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "five independent facts, shown side by side")]
struct Covers {
    body: bool,
    timestamp: bool,
    id: bool,
    method: bool,
    url: bool,
}

impl Covers {
    fn of(source: &Source) -> Self {
        source.verifier.as_ref().map_or_else(Self::default, |verifier| {
            let covers = verifier.covers();
            Self {
                body: covers.body,
                timestamp: covers.timestamp,
                id: covers.id,
                method: covers.method,
                url: covers.url,
            }
        })
    }
}

async fn list(State(api): State<Shared>) -> Answer<Value> {
    let config = api.app.config();
    let row = |source: &Source| {
        let covers = Covers::of(source);
        let verification = match &source.verifier {
            None => Verification::Unverified,
            Some(_) if covers.body => Verification::Verified,
            Some(_) => Verification::Authenticated,
        };
        let (accepted, duplicates) = api.app.metrics.received(&source.name);
        json!(Row {
            name: source.name.as_str(),
            path: format!("/webhook/{}", source.name),
            provider: source.provider.map(|provider| provider.slug),
            enabled: source.enabled,
            verification: verification.as_str(),
            covers,
            awaits_secret: source.awaits_secret.is_some(),
            webhooks: &source.webhooks,
            tolerance_seconds: source
                .verifier
                .as_ref()
                .and_then(hookyard_signature::Verifier::tolerance),
            accepted,
            duplicates,
        })
    };
    let rows: Vec<Value> = config.sources.values().map(|source| row(source)).collect();
    Answer(json!({ "sources": rows, "open": config.open_sources }))
}
