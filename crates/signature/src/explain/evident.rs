//! What can be seen in a refused request without computing anything.

use super::trial::Scene;
use super::{Certainty, Finding, Mistake};
use crate::Rejection;
use crate::suggestion::{present, suggest};

const GZIP: &[u8] = b"\x1f\x8b";

/// The first thing that is plainly wrong.
pub(super) fn find(scene: &Scene<'_>) -> Option<Finding> {
    let (mistake, sentence) = match scene.rejection()? {
        Rejection::TimestampOutsideWindow { seconds, tolerance } => age(*seconds, *tolerance),
        Rejection::SignatureMissing { .. } => unsigned(scene, "signature"),
        Rejection::CredentialMissing { what, .. } => unsigned(scene, &what.to_string()),
        Rejection::AlgorithmNotAllowed { at, wanted } => {
            let says = format!(
                "Only an older kind of signature is there, in the {at}; what counts is missing: {wanted}."
            );
            (Mistake::VersionOld, says)
        }
        Rejection::Ambiguous { at } => {
            let says =
                format!("The {at} is there more than once, and none of them is right alone.");
            (Mistake::HeaderDoubled, says)
        }
        _ => compressed(scene).or_else(|| emptied(scene))?,
    };
    // A signature that was right but for the time was proven to be.
    let is_proven = matches!(mistake, Mistake::TimestampOld | Mistake::TimestampAhead);
    let certainty = if is_proven { Certainty::Proven } else { Certainty::Seen };
    Some(Finding { mistake, certainty, sentence, advice: mistake.advice() })
}

/// How far the time is off, and whether that is whole hours, as with a wrong zone.
fn age(seconds: i64, tolerance: u64) -> (Mistake, String) {
    const HOUR: u64 = 3600;
    let off = seconds.unsigned_abs();
    let (mistake, direction) = if seconds < 0 {
        (Mistake::TimestampAhead, "lies in the future by")
    } else {
        (Mistake::TimestampOld, "is old by")
    };
    let mut says = format!(
        "The signature is right, but its timestamp {direction} {off} s; {tolerance} s are allowed."
    );
    let hours = (off + tolerance) / HOUR;
    if (1..=14).contains(&hours) && off.abs_diff(hours * HOUR) <= tolerance {
        says.push_str(" That is a number of whole hours, as with a wrong time zone.");
    }
    (mistake, says)
}

/// No signature is there, or what is shown instead of one: other headers may tell why.
fn unsigned(scene: &Scene<'_>, proof: &str) -> (Mistake, String) {
    let sender = scene.sender();
    let suggestions = suggest(scene.request.headers);
    let here = scene.case.provider;
    let mut others: Vec<String> = suggestions
        .iter()
        .filter(|found| here.is_none_or(|here| here.slug != found.provider.slug))
        .map(|found| format!("{} (`{}`)", found.provider.name, found.provider.slug))
        .collect();
    others.truncate(4);
    let wanted = scene.case.scheme.headers();
    let wanted = wanted.first().map_or_else(String::new, |name| format!(" (`{name}`)"));
    let known = here.map(|provider| present(provider, scene.request.headers)).unwrap_or_default();
    if let Some(name) = known.first() {
        let says = format!(
            "{sender}'s header `{name}` is there, but not the {proof}{wanted}: either no secret is set there, or a proxy drops the header."
        );
        return (Mistake::SignatureLost, says);
    }
    if !others.is_empty() {
        let says =
            format!("The request looks like one of {}, not of {sender}.", others.join(" or "));
        return (Mistake::ProviderOther, says);
    }
    let says = format!(
        "None of the headers of {sender} is there{wanted}: a proxy drops them, or somebody else sends here."
    );
    (Mistake::HeadersLost, says)
}

fn compressed(scene: &Scene<'_>) -> Option<(Mistake, String)> {
    let says_so = scene.request.headers.value("content-encoding", 0).is_some_and(|encoding| {
        encoding.eq_ignore_ascii_case(b"gzip") || encoding.eq_ignore_ascii_case(b"deflate")
    });
    let is_gzip = scene.request.body.starts_with(GZIP);
    let says = match (says_so, is_gzip) {
        (true, false) => {
            "The header `content-encoding` says that the body is compressed, and it is not: something decompressed it."
        }
        (_, true) => {
            "The body is compressed (gzip), and signatures are usually over what it is before that."
        }
        (false, false) => return None,
    };
    Some((Mistake::BodyCompressed, says.to_owned()))
}

fn emptied(scene: &Scene<'_>) -> Option<(Mistake, String)> {
    let is_lost = scene.request.body.is_empty() && scene.request.method != "GET";
    is_lost.then(|| {
        let says = "The body is empty: it got lost on the way, or this is not an event.";
        (Mistake::BodyLost, says.to_owned())
    })
}
