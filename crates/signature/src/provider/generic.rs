//! Schemes that belong to no one, or to many.

use super::{Category, Confidence, Provider};
use crate::fact::Fact;
use crate::generic::USUAL;
use crate::scheme::{Scheme, Signed, Token};
use crate::writing::fact;

/// Where senders that follow no convention but JSON have their types. No id is guessed: a wrong
/// guess would take different events for repeats of one, and lose them.
const JSON_TYPE: Fact = fact![Json("/type")];

pub(super) const BASIC: Provider = Provider {
    slug: "basic",
    name: "HTTP basic authentication",
    category: Category::Generic,
    docs: "https://www.rfc-editor.org/rfc/rfc7617",
    confidence: Confidence::Documented,
    scheme: Scheme::Basic,
    settings: &[],
    event_id: Fact::NONE,
    event_type: JSON_TYPE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The password proves who sends and protects nothing of the request.",
};

pub(super) const GENERIC: Provider = Provider {
    slug: "generic",
    name: "HMAC of the body",
    category: Category::Generic,
    docs: "https://www.rfc-editor.org/rfc/rfc2104",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: JSON_TYPE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "",
};

/// Parts, list, versions, window and prefixes of secrets are the specification's.
pub(crate) const STANDARD_WEBHOOKS_SCHEME: Signed =
    Signed::standard_webhooks("webhook-id", "webhook-timestamp", "webhook-signature");

pub(super) const STANDARD_WEBHOOKS: Provider = Provider {
    slug: "standard-webhooks",
    name: "Standard Webhooks",
    category: Category::Generic,
    docs: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: JSON_TYPE,
    items: None,
    handshake: None,
    answer: "2xx within 15 to 30 s",
    retries: "the sender's choice; the specification recommends growing pauses over days",
    note: "",
};

pub(super) const TOKEN: Provider = Provider {
    slug: "token",
    name: "Static token",
    category: Category::Generic,
    docs: "https://www.rfc-editor.org/rfc/rfc6750",
    confidence: Confidence::Documented,
    scheme: Scheme::Token(Token::bearer()),
    settings: &[],
    event_id: Fact::NONE,
    event_type: JSON_TYPE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The token proves who sends and protects nothing of the request.",
};
