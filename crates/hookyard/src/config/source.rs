//! A `[sources.NAME]` section.

use std::time::Duration;

use hookyard_model::Name;
use hookyard_signature::{Acknowledgement, Provider, Verifier};

use super::options::{DedupeOptions, SourceOptions};
use super::proof::{Proof, proof};
use super::reader::Reader;
use super::server::{bytes, public_url};
use super::{Dedupe, DedupeBy, Server, Source};

/// The longest body that a source may allow.
const LONGEST_BODY: u64 = 64 << 20;

/// The answer that says what became of a request, whatever the provider wants to hear.
const RECEIPT: &str = "receipt";

/// How long a repeat is told where an old request is refused for its timestamp.
const SIGNED_TIME_WINDOW: Duration = Duration::from_secs(7 * 86_400);

/// How long a repeat is told where nothing in a request says how old it is, so that it could be
/// sent again by anyone who saw it.
const UNSIGNED_TIME_WINDOW: Duration = Duration::from_secs(30 * 86_400);

pub(super) fn source(
    name: &Name,
    mut options: SourceOptions,
    server: &Server,
    reader: &mut Reader<'_>,
) -> Option<Source> {
    let proof = proof(name, &mut options, reader);
    let own_url = options.public_url.as_ref();
    let own_url = own_url.and_then(|url| public_url(url, reader).map(|_| url.value.clone()));
    body_limit(&options, server, reader);
    let dedupe = dedupe(&options.dedupe, proof.as_ref(), reader);
    if options.methods.value.is_empty() {
        reader.error(
            options.methods.span.clone(),
            "without a method nothing is accepted; write [\"POST\"]",
        );
    }
    let Proof {
        provider,
        verifier,
        evidence,
        responder,
        keys_url,
        handed_over,
        token,
        credential_headers,
    } = proof?;
    let signs_url = verifier.as_ref().is_some_and(|verifier| verifier.covers().url);
    if signs_url && own_url.is_none() && server.public_url.is_none() {
        reader.warn(
            options.span.clone(),
            "this provider signs the URL it was given; set `public_url` here or in `[server]`, or its requests are refused behind a proxy",
        );
    }
    // Where it is not written, it stands nowhere.
    let batches = &options.batches.span;
    if batches.is_some() && provider.is_none_or(|provider| provider.items.is_none()) {
        let sentence = "this has no effect, because no batches are known of this sender; remove it";
        reader.warn(batches.clone(), sentence);
    }
    let acknowledgement = acknowledgement(&options, provider, reader);
    Some(Source {
        name: name.clone(),
        provider,
        verifier,
        evidence,
        responder,
        awaits_secret: handed_over.awaited,
        webhooks: handed_over.webhooks,
        keys_url,
        allow_ips: options.allow_ips.value.into_iter().map(|network| network.value).collect(),
        token,
        credential_headers,
        methods: options.methods.value.iter().map(|method| method.0.to_owned()).collect(),
        body_limit: bytes(options.body_limit.value),
        rate: options.rate.map(|rate| rate.value),
        dedupe: dedupe?,
        acknowledgement,
        batches: options.batches.value,
        public_url: own_url,
        enabled: options.enabled.value,
    })
}

/// How events are answered, where more than the status is read.
fn acknowledgement(
    options: &SourceOptions,
    provider: Option<&'static Provider>,
    reader: &mut Reader<'_>,
) -> Option<&'static Acknowledgement> {
    let known = provider.map_or(&[][..], Provider::acknowledgements);
    let Some(wanted) = &options.answer else { return known.first() };
    if wanted.value == RECEIPT {
        return None;
    }
    let found = known.iter().find(|known| known.name == wanted.value);
    if found.is_none() {
        let names: Vec<_> = known.iter().map(|known| format!("`{}`", known.name)).collect();
        let sentence = if names.is_empty() {
            format!("this provider reads no answer; write `{RECEIPT}`, or remove this")
        } else {
            format!("this provider has no such answer; write {} or `{RECEIPT}`", names.join(", "))
        };
        reader.error(wanted.span.clone(), sentence);
    }
    found
}

fn body_limit(options: &SourceOptions, server: &Server, reader: &mut Reader<'_>) {
    let limit = &options.body_limit;
    if limit.0 == 0 || limit.0 > LONGEST_BODY {
        reader.error(limit.span.clone(), "a body limit is from \"1B\" to \"64MiB\"");
    } else if bytes(limit.value) > server.limits.body_bytes_in_flight {
        reader.error(
            limit.span.clone(),
            "a body of this size would never be accepted; raise `body_bytes_in_flight` in `[server.limits]`",
        );
    }
}

fn dedupe(
    options: &DedupeOptions,
    proof: Option<&Proof>,
    reader: &mut Reader<'_>,
) -> Option<Dedupe> {
    if let Some(window) = options.window.as_ref().filter(|window| window.value.is_zero()) {
        reader.error(
            window.span.clone(),
            "a window of 0 tells no repeat; write `key = \"off\"` if that is meant",
        );
        return None;
    }
    let verifier = proof.and_then(|proof| proof.verifier.as_ref());
    let tolerance = verifier.and_then(Verifier::tolerance);
    let usual = tolerance.map_or(UNSIGNED_TIME_WINDOW, |_| SIGNED_TIME_WINDOW);
    let window = options.window.as_ref().map_or(usual, |window| window.value);
    let keys = &options.key.0;
    for (key, next) in keys.iter().zip(keys.iter().skip(1)) {
        if key.value == DedupeBy::Body {
            let sentence = "every request has a body, so this is never looked at; put `body` last";
            reader.clash(next.span.clone(), sentence, (key.span.clone(), "always there"));
        }
    }
    if let Some(off) = keys.iter().find(|key| key.value == DedupeBy::Off && keys.len() > 1) {
        let sentence = "`off` stands alone: with another key repeats are told; remove one of them";
        reader.error(off.span.clone(), sentence);
    }
    Some(Dedupe { window, keys: keys.iter().map(|key| key.value.clone()).collect() })
}
