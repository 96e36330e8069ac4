//! Schemes that belong to no one, or to many.

use std::borrow::Cow::Borrowed;

use super::{Category, Provider};
use crate::Encoding;
use crate::fact::{Fact, Piece};
use crate::generic::USUAL;
use crate::scheme::{
    Algorithm, Carrier, Format, KeyForm, Part, Place, Scheme, Signed, Timestamp, Token,
};

/// Where senders that follow no convention but JSON have their types. No id is guessed: a wrong
/// guess would take different events for repeats of one, and lose them.
const JSON_TYPE: Fact =
    Fact { alternatives: Borrowed(&[Borrowed(&[Piece::Json(Borrowed("/type"))])]), glue: '.' };

pub(super) const BASIC: Provider = Provider {
    slug: "basic",
    name: "HTTP basic authentication",
    category: Category::Generic,
    docs: "https://www.rfc-editor.org/rfc/rfc7617",
    scheme: Scheme::Basic,
    event_id: Fact::NONE,
    event_type: JSON_TYPE,
    handshake: None,
};

pub(super) const GENERIC: Provider = Provider {
    slug: "generic",
    name: "HMAC of the body",
    category: Category::Generic,
    docs: "https://www.rfc-editor.org/rfc/rfc2104",
    scheme: Scheme::Signed(USUAL),
    event_id: Fact::NONE,
    event_type: JSON_TYPE,
    handshake: None,
};

/// Parts, list, versions, window and prefixes of secrets are the specification's.
pub(crate) const STANDARD_WEBHOOKS_SCHEME: Signed = Signed {
    algorithm: Algorithm::HmacSha256,
    key: KeyForm::StandardWebhooks,
    message: Borrowed(&[
        Part::Id,
        Part::Literal(Borrowed(".")),
        Part::Timestamp,
        Part::Literal(Borrowed(".")),
        Part::Body,
    ]),
    carriers: Borrowed(&[Carrier {
        header: Borrowed("webhook-signature"),
        format: Format::Versions { version: Borrowed("v1"), ed25519: Borrowed("v1a") },
    }]),
    encoding: Encoding::Base64,
    timestamp: Some(Timestamp {
        place: Place::Header(Borrowed("webhook-timestamp")),
        tolerance: Some(300),
    }),
    id: Some(Borrowed("webhook-id")),
    weaker: Borrowed(&[]),
    refuses_empty_body: false,
};

pub(super) const STANDARD_WEBHOOKS: Provider = Provider {
    slug: "standard-webhooks",
    name: "Standard Webhooks",
    category: Category::Generic,
    docs: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    scheme: Scheme::Signed(STANDARD_WEBHOOKS_SCHEME),
    event_id: Fact {
        alternatives: Borrowed(&[Borrowed(&[Piece::Header(Borrowed("webhook-id"))])]),
        glue: '.',
    },
    event_type: JSON_TYPE,
    handshake: None,
};

pub(super) const TOKEN: Provider = Provider {
    slug: "token",
    name: "Static token",
    category: Category::Generic,
    docs: "https://www.rfc-editor.org/rfc/rfc6750",
    scheme: Scheme::Token(Token { header: Borrowed("authorization"), prefix: Borrowed("Bearer ") }),
    event_id: Fact::NONE,
    event_type: JSON_TYPE,
    handshake: None,
};
