//! What is signed, fed part by part into a hash: the request is never copied for it.

use crate::key::Sink;
use crate::scheme::{Part, Place};
use crate::{Received, Rejection, form, json};

/// The request with the two parts that stand in different places in different schemes.
pub(crate) struct Input<'a> {
    pub(crate) request: &'a Received<'a>,
    pub(crate) timestamp: &'a [u8],
    pub(crate) id: &'a [u8],
}

/// Refuses a request in which something that is signed is missing, or a header is there twice.
pub(crate) fn require(parts: &[Part], request: &Received<'_>) -> Result<(), Rejection> {
    for part in parts {
        let place = match part {
            Part::Header(name) => Place::Header(name.clone()),
            Part::Json(pointer) => Place::Json(pointer.clone()),
            _ => continue,
        };
        if request.at(&place)?.is_none() {
            return Err(Rejection::SignedPartMissing { at: place.described() });
        }
    }
    Ok(())
}

/// Says what is signed. Whether everything is there has been looked at by [`require`].
pub(crate) fn feed(parts: &[Part], input: &Input<'_>, sink: Sink<'_>) {
    for part in parts {
        sink(match part {
            Part::Literal(text) => text.as_bytes(),
            Part::Body => input.request.body,
            Part::Timestamp => input.timestamp,
            Part::Id => input.id,
            Part::Method => input.request.method.as_bytes(),
            Part::Url => input.request.url.as_bytes(),
            Part::Path => input.request.path().as_bytes(),
            Part::Header(name) => input.request.headers.value(name, 0).unwrap_or_default(),
            Part::Json(pointer) => {
                sink(json::find(input.request.body, pointer).unwrap_or_default().as_bytes());
                continue;
            }
            Part::SortedForm => {
                let mut pairs: Vec<_> = form::pairs(input.request.body).collect();
                pairs.sort();
                for (name, value) in &pairs {
                    sink(name);
                    sink(value);
                }
                continue;
            }
        });
    }
}
