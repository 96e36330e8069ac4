//! Sources that nobody has configured: `hookyard dev` takes any name.

use std::time::Duration;

use hookyard_model::Name;
use hookyard_signature::Options;

use crate::config::{Batches, Dedupe, DedupeBy, Source};

/// The longest body that such a source takes, in bytes.
const BODY_LIMIT: usize = 16 << 20;

/// A source of any name that checks nothing. If a provider has that name, its event ids and event
/// types are found.
pub(super) fn open_source(name: Name) -> Source {
    let provider = hookyard_signature::provider(name.as_str());
    Source {
        provider,
        name,
        verifier: None,
        evidence: None,
        responder: provider
            .and_then(|provider| provider.responder(Vec::new(), &Options::default())),
        awaits_secret: None,
        webhooks: Vec::new(),
        keys_url: None,
        allow_ips: Vec::new(),
        token: None,
        credential_headers: Vec::new(),
        methods: vec!["POST".to_owned()],
        body_limit: BODY_LIMIT,
        rate: None,
        dedupe: Dedupe {
            window: Duration::from_secs(7 * 24 * 3600),
            keys: vec![DedupeBy::Provider],
        },
        acknowledgement: provider.and_then(|provider| provider.acknowledgements().first()),
        batches: Batches::Split,
        public_url: None,
        enabled: true,
    }
}
