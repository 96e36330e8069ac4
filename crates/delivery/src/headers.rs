//! The headers of a delivery: what came in with the event, what we say about it, what the
//! destination's settings add; the later replaces the earlier.
//!
//! Names that begin with `webhook-` and `hookyard-` are ours to say, because the receiver acts on
//! them. What the provider said in its own `webhook-…` goes along under [`ORIGINAL`].

use std::borrow::Cow;

use hookyard_model::{Destination, Event, ForwardHeaders, Leased, Secret};
use http::header::{CONNECTION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers that belong to one connection, or that are written where the connection is.
const CONNECTION_ONLY: [&str; 13] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers of proxies before us, about a connection that ended here.
const HOPS: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Headers that let whoever has them act as somebody else. Not forwarded; settings may set them.
const CREDENTIALS: [&str; 5] =
    ["authorization", "cookie", "x-api-key", "x-auth-token", "x-gitlab-token"];

/// Headers without which a body cannot be read.
const CONTENT: [&str; 3] = ["content-type", "content-encoding", "content-language"];

/// What providers that sign by Standard Webhooks begin their headers with, as we do ourselves.
const STANDARD: &str = "webhook-";
/// What begins the headers that are ours alone: nobody's request can say these.
const OURS: &str = "hookyard-";
/// What stands before the provider's [`STANDARD`] headers, so that they are not taken for ours.
const ORIGINAL: &str = "hookyard-original-";

/// Headers of providers that say what an event is, beside those that have `signature` or `hmac`
/// in their names.
const PROVIDER_FACTS: [&str; 23] = [
    "i-twilio-idempotency-token",
    "idempotency-key",
    "svix-id",
    "svix-timestamp",
    "webhook-id",
    "webhook-timestamp",
    "x-event-id",
    "x-event-type",
    "x-github-delivery",
    "x-github-event",
    "x-github-hook-id",
    "x-gitlab-event",
    "x-gitlab-event-uuid",
    "x-gitlab-webhook-uuid",
    "x-request-timestamp",
    "x-shopify-api-version",
    "x-shopify-event-id",
    "x-shopify-shop-domain",
    "x-shopify-topic",
    "x-shopify-triggered-at",
    "x-shopify-webhook-id",
    "x-slack-request-timestamp",
    "x-twilio-email-event-webhook-timestamp",
];

/// Why a header cannot be one of a destination's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The name is not one.
    #[error("`{0}` is not a header name")]
    Name(String),
    /// The value has characters that a header cannot have. It may be a secret, so it is not shown.
    #[error("the value of the header `{0}` has characters that a header cannot have")]
    Value(String),
    /// It would break the request's framing, or lead it elsewhere.
    #[error("the header `{0}` cannot be set: it belongs to the connection")]
    Connection(String),
}

/// Checks a header of a destination's settings, and makes it ready to be sent.
pub fn check_header(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), HeaderError> {
    let checked: HeaderName = name.parse().map_err(|_| HeaderError::Name(name.to_owned()))?;
    if CONNECTION_ONLY.contains(&checked.as_str()) {
        return Err(HeaderError::Connection(name.to_owned()));
    }
    let mut value =
        HeaderValue::from_str(value.reveal()).map_err(|_| HeaderError::Value(name.to_owned()))?;
    value.set_sensitive(true);
    Ok((checked, value))
}

/// All headers of an attempt but `host` and `content-length`. `proof` is what signing gave, and
/// the error a sentence for a person.
pub(crate) fn build(
    leased: &Leased,
    destination: &Destination,
    proof: &[(String, String)],
    user_agent: &str,
) -> Result<HeaderMap, String> {
    let mut headers = forwarded(&leased.event, destination);
    insert(&mut headers, USER_AGENT.as_str(), user_agent)?;
    for (name, value) in proof {
        insert(&mut headers, name, value)?;
    }
    let number = leased.attempts.saturating_add(1).to_string();
    insert(&mut headers, "hookyard-attempt", &number)?;
    insert(&mut headers, "hookyard-source", leased.event.source.as_str())?;
    insert(&mut headers, "hookyard-received-at", &leased.event.received_at.to_string())?;
    // A type is what a provider wrote: one that no header can hold stays in the body.
    if let Some(value) = leased.event.event_type.as_deref().and_then(|text| text.parse().ok()) {
        let value: HeaderValue = value;
        headers.insert("hookyard-event-type", value);
    }
    if let Some(item) = leased.event.item {
        insert(&mut headers, "hookyard-item", &item.to_string())?;
        insert(&mut headers, CONTENT_TYPE.as_str(), "application/json")?;
    }
    if leased.maybe_sent {
        insert(&mut headers, "hookyard-redelivery", "possible")?;
    }
    if leased.replayed {
        insert(&mut headers, "hookyard-replay", "true")?;
    }
    for (name, value) in &destination.headers {
        let (name, value) = check_header(name, value).map_err(|error| error.to_string())?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), String> {
    let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is not a header name"))?;
    let value = value.parse().map_err(|_| format!("`{name}` cannot have the value {value:?}"))?;
    headers.insert(name, value);
    Ok(())
}

/// Those of the event's headers that go along. One that HTTP could not carry is left out.
fn forwarded(event: &Event, destination: &Destination) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in event.headers.iter() {
        if !goes_along(name, event, destination) {
            continue;
        }
        let is_standard = name.starts_with(STANDARD);
        let name = if is_standard { format!("{ORIGINAL}{name}").into() } else { Cow::from(name) };
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    headers
}

fn goes_along(name: &str, event: &Event, destination: &Destination) -> bool {
    if CONTENT.contains(&name) {
        // Those of a request do not describe what was taken out of it.
        return event.item.is_none();
    }
    let is_disguised = begins(name, STANDARD) && !name.starts_with(STANDARD);
    let is_ours = begins(name, OURS) || is_disguised;
    let is_hop = CONNECTION_ONLY.contains(&name) || HOPS.contains(&name);
    if is_ours || is_hop || CREDENTIALS.contains(&name) {
        return false;
    }
    match &destination.forward_headers {
        ForwardHeaders::Content => false,
        ForwardHeaders::Signature => {
            name.contains("signature") || name.contains("hmac") || PROVIDER_FACTS.contains(&name)
        }
        ForwardHeaders::All => {
            let is_withheld = destination.withheld_headers.iter().any(|withheld| withheld == name);
            !is_withheld && !is_named_by_connection(name, event)
        }
        ForwardHeaders::Named(names) => names.iter().any(|wanted| wanted == name),
    }
}

/// Whether a name begins so for a receiver: many programs read a `_` there as a `-`.
fn begins(name: &str, start: &str) -> bool {
    let is_read_as = |(found, wanted)| found == wanted || found == b'_' && wanted == b'-';
    name.len() >= start.len() && name.bytes().zip(start.bytes()).all(is_read_as)
}

/// Whether the `connection` header says that this one is for the first hop only.
fn is_named_by_connection(name: &str, event: &Event) -> bool {
    event
        .headers
        .iter()
        .filter(|(found, _)| *found == CONNECTION.as_str())
        .flat_map(|(_, value)| value.split(|&byte| byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests;
