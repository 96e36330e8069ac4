//! What is signed, fed part by part into a hash: the request is never copied for it.

use crate::key::Sink;
use crate::scheme::Part;
use crate::{Received, Rejection};

/// The request with the two parts that stand in different places in different schemes.
pub(crate) struct Input<'a> {
    pub(crate) request: &'a Received<'a>,
    pub(crate) timestamp: &'a [u8],
    pub(crate) id: &'a [u8],
}

/// Refuses a request in which a signed header is missing or there twice.
pub(crate) fn require_headers(parts: &[Part], request: &Received<'_>) -> Result<(), Rejection> {
    for part in parts {
        if let Part::Header(name) = part
            && request.single(name)?.is_none()
        {
            return Err(Rejection::SignedHeaderMissing { header: name.clone() });
        }
    }
    Ok(())
}

/// Says what is signed. Headers have been looked at by [`require_headers`].
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
        });
    }
}
