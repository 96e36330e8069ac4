//! Says which provider an unknown request looks like.
//!
//! A suggestion for people, and nothing more: headers are shared by many providers
//! (`X-Signature`, `X-Hub-Signature`), and everyone can send any of them. Nothing is ever accepted
//! because of what stands here.

use crate::carrier::{self, Kinds};
use crate::fact::{Fact, Piece};
use crate::provider::Category;
use crate::scheme::{Scheme, Text};
use crate::{Headers, PROVIDERS, Provider, Received, Rejection};

/// More than these help no one.
const MOST: usize = 8;

/// A provider that a request may come from.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// Who.
    pub provider: &'static Provider,
    /// The headers of its that are there, in lower case.
    pub headers: Vec<Text>,
}

/// The providers that a request with these headers looks like, the likely first; none where it
/// looks like no one's. Several are as likely where they share their headers.
pub fn suggest(headers: &dyn Headers) -> Vec<Suggestion> {
    let looks = PROVIDERS.iter().filter(|provider| {
        provider.category != Category::Generic || provider.slug == "standard-webhooks"
    });
    let mut found: Vec<(u32, Suggestion)> = looks
        .filter_map(|provider| {
            let score = score(provider, headers)?;
            Some((score, Suggestion { provider, headers: present(provider, headers) }))
        })
        .collect();
    let best = found.iter().map(|(score, _)| *score).max().unwrap_or_default();
    found.retain(|(score, _)| *score == best);
    // The scheme that many share is the answer only where no provider of its own is.
    if found.len() > 1 {
        found.retain(|(_, suggestion)| suggestion.provider.category != Category::Generic);
    }
    found.truncate(MOST);
    found.into_iter().map(|(_, suggestion)| suggestion).collect()
}

/// The headers of a provider that are there: those of its proof, its ids and its types. Headers
/// that everyone uses do not count.
pub(crate) fn present(provider: &Provider, headers: &dyn Headers) -> Vec<Text> {
    let mut names = provider.scheme.headers();
    names.extend(of_fact(&provider.event_id));
    names.extend(of_fact(&provider.event_type));
    let mut found: Vec<Text> = Vec::new();
    for name in names {
        if !is_everyones(&name) && headers.value(&name, 0).is_some() && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// How much a request looks like this provider's; `None` where it does not.
fn score(provider: &Provider, headers: &dyn Headers) -> Option<u32> {
    let present = present(provider, headers);
    if present.is_empty() {
        return None;
    }
    let mut score = u32::try_from(present.len()).unwrap_or(u32::MAX);
    score += match &provider.scheme {
        Scheme::Signed(signed) => {
            // Whether what stands there can be read says more than its name.
            let request = Received { method: "POST", url: "", headers, body: b"" };
            match carrier::read(signed, Kinds { main: true, ed25519: true }, &request) {
                Ok(_) => 4,
                Err(Rejection::SignatureMissing { .. }) if present.len() > 1 => 0,
                Err(_) => return (names(provider, headers)).then_some(1),
            }
        }
        _ => 2,
    };
    Some(score + if names(provider, headers) { 3 } else { 0 })
}

/// Whether the request says so itself.
fn names(provider: &Provider, headers: &dyn Headers) -> bool {
    let agent = headers.value("user-agent", 0).unwrap_or_default().to_ascii_lowercase();
    let word = match provider.slug {
        // Whose headers are GitHub's.
        "meta" => "facebook",
        slug => slug.split('-').next().unwrap_or(slug),
    };
    let word = word.as_bytes();
    word.len() > 3 && agent.windows(word.len()).any(|part| part == word)
}

fn of_fact(fact: &Fact) -> impl Iterator<Item = Text> {
    fact.alternatives.iter().flat_map(|pieces| pieces.iter()).filter_map(|piece| match piece {
        Piece::Header(name)
        | Piece::DottedHeader(name)
        | Piece::HeaderUnless(name, _)
        | Piece::SluggedHeader(name, _) => Some(name.clone()),
        _ => None,
    })
}

fn is_everyones(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "idempotency-key"
            | "x-request-id"
            | "user-agent"
            | "date"
            | "content-type"
            | "host"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slugs(headers: &[(&str, &str)]) -> Vec<&'static str> {
        let found = suggest(&headers.to_vec());
        found.iter().map(|suggestion| suggestion.provider.slug).collect()
    }

    #[test]
    fn requests_look_like_their_providers() {
        let hex = "a".repeat(64);
        let signature = format!("sha256={hex}");
        let stripe = format!("t=1,v1={hex}");
        let slack = format!("v0={hex}");
        for (headers, expected) in [
            (
                vec![("X-Hub-Signature-256", signature.as_str()), ("X-GitHub-Event", "push")],
                "github",
            ),
            (vec![("Stripe-Signature", stripe.as_str())], "stripe"),
            (
                vec![("X-Slack-Signature", slack.as_str()), ("X-Slack-Request-Timestamp", "1")],
                "slack",
            ),
            (vec![("X-Twilio-Signature", "x")], "twilio"),
            (vec![("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "1")], "github"),
        ] {
            assert_eq!(slugs(&headers).first().copied(), Some(expected), "{headers:?}");
        }
        assert!(slugs(&[("X-Anything", "1"), ("Authorization", "Bearer x")]).is_empty());
        assert!(slugs(&[]).is_empty());
    }
}
