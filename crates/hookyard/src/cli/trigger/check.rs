//! What a hub has to do with events that are not as they should be, and whether it does.

use hookyard_delivery::{Answer, Clock as _};
use hookyard_model::Timestamp;
use hookyard_signature::{Covers, Provider, Scheme};
use http::StatusCode;
use serde_json::Value;

use super::request::{Manner, Overrides, Signed, Signer};
use crate::cli::failure::Failure;
use crate::clock::SystemClock;
use crate::problem::Kind;
use crate::sample::TestEvent;

/// How long ago a stale event was signed, in seconds. No source accepts more than a day.
const STALE: u64 = 2 * 86_400;
const TOO_OLD: &str = "timestamp_outside_window";

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// Somebody else signed it.
    BadSignature,
    /// It was signed too long ago.
    Stale,
    /// Its body was changed after it had been signed.
    Tampered,
    /// It comes twice.
    Duplicate,
}

/// Requests, and what has to come back.
pub(super) struct Check {
    /// What it is called, in JSON.
    pub(super) name: &'static str,
    pub(super) steps: Vec<(Signed, Expected)>,
}

/// What has to come back.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// It is kept.
    Accepted,
    /// It is kept already.
    Repeat,
    /// It is refused, for this reason if there is one.
    Refused(Option<&'static str>),
    /// This answer of a handshake.
    Answer(hookyard_signature::Answer),
    /// The same once a page was visited, which is the provider's and knows nothing of a test: the
    /// visit has to have been tried.
    AnswerOnceVisited(hookyard_signature::Answer),
}

/// Makes the requests of a variant.
pub(super) struct Maker<'a> {
    pub(super) manner: &'a Manner,
    pub(super) event: &'a TestEvent,
    pub(super) overrides: &'a Overrides,
    pub(super) signer: &'a Signer<'a>,
}

impl Maker<'_> {
    /// The requests of `variant`. `other` signs with another secret.
    pub(super) fn check<'s>(
        &self,
        variant: Variant,
        other: impl FnOnce() -> Result<Signer<'s>, Failure>,
    ) -> Result<Check, Failure> {
        let Manner { provider, scheme, .. } = self.manner;
        let slug = provider.slug;
        if let Some(why) = impossible(variant, scheme, scheme.covers()) {
            return Err(Failure::usage(format!("{} is not for {slug}: {why}", variant.option())));
        }
        let steps = match variant {
            Variant::BadSignature => {
                let request = other()?.event(self.event, self.overrides)?;
                vec![(request, Expected::Refused(None))]
            }
            Variant::Stale => {
                let then = SystemClock.now().as_millis().saturating_sub(STALE * 1000);
                let then = Timestamp::from_millis(then);
                let request = self.signer.event_at(then, self.event, self.overrides)?;
                vec![(request, Expected::Refused(Some(TOO_OLD)))]
            }
            Variant::Tampered => {
                let request = self.signer.event(self.event, self.overrides)?;
                let verifier = self.signer.verifier();
                let changed = verifier.and_then(|verifier| request.tampered(verifier));
                let none = "its body has nothing that could be changed";
                let changed = changed.ok_or_else(|| Failure::usage(none))?;
                vec![(changed, Expected::Refused(None))]
            }
            Variant::Duplicate => {
                let request = self.signer.event(self.event, self.overrides)?;
                if !has_id(provider, &request) {
                    let sentence = format!(
                        "--duplicate is not for {slug}: its events have no id, so that every one is new"
                    );
                    return Err(Failure::usage(sentence));
                }
                vec![(request.clone(), Expected::Accepted), (request, Expected::Repeat)]
            }
        };
        Ok(Check { name: variant.name(), steps })
    }
}

/// Whether repeats can be told.
fn has_id(provider: &Provider, request: &Signed) -> bool {
    request.received(|received| {
        let items = provider.items(received).unwrap_or_default();
        provider.event_id(received).is_some() || items.iter().any(|item| item.event_id.is_some())
    })
}

/// Why nothing could be seen from a variant.
fn impossible(variant: Variant, scheme: &Scheme, covers: Covers) -> Option<&'static str> {
    let is_unsigned = matches!(scheme, Scheme::Unsigned);
    match variant {
        Variant::BadSignature if is_unsigned => Some("it signs nothing"),
        Variant::Stale if !covers.timestamp => Some("it signs no time, so that nothing is too old"),
        Variant::Tampered if !covers.body => Some("its proof does not cover the whole body"),
        _ => None,
    }
}

impl Variant {
    const fn name(self) -> &'static str {
        match self {
            Self::BadSignature => "bad_signature",
            Self::Stale => "stale",
            Self::Tampered => "tampered",
            Self::Duplicate => "duplicate",
        }
    }

    const fn option(self) -> &'static str {
        match self {
            Self::BadSignature => "--bad-signature",
            Self::Stale => "--stale",
            Self::Tampered => "--tampered",
            Self::Duplicate => "--duplicate",
        }
    }
}

impl Expected {
    /// In a sentence that begins with "it should be".
    pub(super) const fn wanted(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeat => "answered as a repeat",
            Self::Refused(None) => "refused with 401",
            Self::Refused(Some(_)) => "refused with 401 as too old",
            Self::Answer(_) => "answered as the provider expects",
            Self::AnswerOnceVisited(_) => {
                "verified, and answered once the page of the subscription is visited"
            }
        }
    }

    /// Whether the answer is that. `bodiless` is of a provider that wants no bodies.
    pub(super) fn is_met(&self, answer: &Answer, bodiless: bool) -> bool {
        let is_silent = bodiless && answer.body.is_empty();
        let says = |word: &str| is_silent || outcome(answer).as_deref() == Some(word);
        match self {
            Self::Accepted => answer.status.is_success(),
            Self::Repeat => answer.status.is_success() && says("duplicate"),
            Self::Refused(why) => answer.status == StatusCode::UNAUTHORIZED && why.is_none_or(says),
            Self::Answer(wanted) => is_same(answer, wanted),
            Self::AnswerOnceVisited(wanted) => {
                is_same(answer, wanted)
                    || (answer.status == StatusCode::SERVICE_UNAVAILABLE
                        && says(Kind::SubscriptionUnconfirmed.code()))
            }
        }
    }
}

/// What an answer says in a word: what became of an event, or why it was refused.
pub(super) fn outcome(answer: &Answer) -> Option<String> {
    said(answer, "hookyard-status", "status").or_else(|| said(answer, "", "code"))
}

/// The id of the event that an answer names.
pub(super) fn event_id(answer: &Answer) -> Option<String> {
    said(answer, "hookyard-event-id", "event_id")
}

/// What stands in a header, where the provider hears something of its own, or else in the JSON.
fn said(answer: &Answer, header: &str, member: &str) -> Option<String> {
    let header = answer.headers.get(header).and_then(|value| value.to_str().ok());
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    header.or_else(|| json.get(member)?.as_str()).map(str::to_owned)
}

fn is_same(answer: &Answer, wanted: &hookyard_signature::Answer) -> bool {
    let has = |name: &str, value: &str| {
        answer.headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes())
    };
    answer.status.as_u16() == wanted.status
        && answer.body == wanted.body
        && wanted.content_type.is_none_or(|value| has("content-type", value))
        && wanted.headers.iter().all(|(name, value)| has(name, value))
}
