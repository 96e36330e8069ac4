//! Other parts of the request, or the same ones in another order.

use super::Mistake;
use super::trial::{Candidate, Change, Scene};
use crate::scheme::{Part, Place, Signed, Text};
use crate::words::parts_in_words;
use crate::writing::DOT;

/// What senders sign who do not sign what the scheme says.
pub(super) fn parts<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let signed = scene.signed().filter(|_| scene.is_mismatch());
    Box::new(signed.into_iter().flat_map(|signed| {
        choices().into_iter().filter(|parts| can_be(parts, signed)).map(|parts| {
            let says = format!(
                "The sender signs `{}`; the scheme signs `{}`.",
                parts_in_words(&parts),
                parts_in_words(&signed.message)
            );
            let scheme = Signed { message: parts.into(), ..signed.clone() };
            Candidate::scheme(Mistake::PartsOther, says, scheme)
        })
    }))
}

fn choices() -> Vec<Vec<Part>> {
    use Part::{Body, Id, Method, SortedForm, Timestamp, Url};
    let colon = Part::Literal(Text::Borrowed(":"));
    let line = Part::Literal(Text::Borrowed("\n"));
    let mut found = vec![
        vec![Body],
        vec![Id, DOT, Timestamp, DOT, Body],
        vec![Timestamp, DOT, Id, DOT, Body],
        vec![Id, Timestamp, Body],
        vec![Timestamp, Id, Body],
        vec![Id, DOT, Body],
        vec![Url],
        vec![Url, Body],
        vec![Body, Url],
        vec![SortedForm(None)],
        vec![Url, SortedForm(None)],
        vec![Method, Url, Body],
        vec![Method, Url, Body, Timestamp],
    ];
    for glue in [Some(DOT), Some(colon), Some(line), None] {
        let between = |first, last| {
            std::iter::once(first).chain(glue.clone()).chain(std::iter::once(last)).collect()
        };
        found.push(between(Timestamp, Body));
        found.push(between(Body, Timestamp));
    }
    found
}

/// Whether the request has all these parts, and they are others than the scheme's.
fn can_be(parts: &[Part], signed: &Signed) -> bool {
    let has = |part: &Part| match part {
        Part::Timestamp => signed.timestamp.is_some(),
        Part::Id => signed.id.is_some(),
        _ => true,
    };
    parts != &*signed.message && parts.iter().all(has)
}

/// The id in the timestamp's header and the reverse.
pub(super) fn exchanged<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let exchange = || {
        let signed = scene.signed()?;
        let Place::Header(time) = &signed.timestamp.as_ref()?.place else { return None };
        let id = signed.id.as_ref()?;
        let value = |name| scene.request.single(name).ok()?.map(<[u8]>::to_vec);
        let headers = vec![(id.clone(), value(time)?), (time.clone(), value(id)?)];
        let says = format!("The headers `{id}` and `{time}` have each other's values.");
        let change = Change { headers, ..Change::default() };
        Some(Candidate::new(Mistake::PartsExchanged, says, change))
    };
    Box::new(exchange().into_iter())
}
