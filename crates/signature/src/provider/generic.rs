//! Schemes that belong to no one, or to many.

use super::{Category, Confidence, Provider};
use crate::bespoke::hook0::HOOK0 as HOOK0_SCHEME;
use crate::fact::Fact;
use crate::generic::USUAL;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Scheme, Signed, Token};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] =
    &[&BASIC, &GENERIC, &HOOK0, &STANDARD_WEBHOOKS, &TOKEN, &CLOUDEVENTS, &HOSTEDHOOKS, &SVIX];

/// Where senders that follow no convention but JSON have their types. No id is guessed: a wrong
/// guess would take different events for repeats of one, and lose them.
const JSON_TYPE: Fact = fact![Json("/type")];

const BASIC: Provider = Provider {
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

const GENERIC: Provider = Provider {
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

/// The same under the names that Svix gives to its headers.
pub(super) const SVIX_SCHEME: Signed =
    Signed::standard_webhooks("svix-id", "svix-timestamp", "svix-signature");

const HOOK0: Provider = Provider {
    slug: "hook0",
    name: "Hook0 (also Coinbase Developer Platform)",
    category: Category::Generic,
    docs: "https://docs.cdp.coinbase.com/webhooks/verify-signatures",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&HOOK0_SCHEME),
    settings: &[],
    event_id: fact![Header("x-event-id")],
    event_type: fact![Header("x-event-type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "A `v1` also signs the headers that it names; with one there, a `v0` is not looked at. Alone a `v0` counts, and it signs no headers, so the id and the type are not protected.",
};

const STANDARD_WEBHOOKS: Provider = Provider {
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

const TOKEN: Provider = Provider {
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

const CLOUDEVENTS: Provider = Provider {
    slug: "cloudevents",
    name: "CloudEvents HTTP webhook",
    category: Category::Generic,
    docs: "https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md",
    confidence: Confidence::Documented,
    scheme: Scheme::Token(Token::bearer()),
    settings: &[],
    event_id: fact![Header("ce-id"), Header("ce-source"); Json("/id"), Json("/source")],
    event_type: fact![Header("ce-type"); Json("/type")],
    items: Some(
        // The batched content mode:
        // <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>.
        Items::new("", fact![Json("/id"), Json("/source")], JSON_TYPE)
            .as_type("application/cloudevents-batch+json"),
    ),
    handshake: Some(table::CLOUDEVENTS),
    answer: "200, 201, 202 or 204; 410 ends the subscription",
    retries: "the sender's choice",
    note: "The token proves who sends and protects nothing of the request. An id is unique only together with its source.",
};

const HOSTEDHOOKS: Provider = Provider {
    slug: "hostedhooks",
    name: "HostedHooks",
    category: Category::Generic,
    docs: "https://www.hostedhooks.com/docs",
    confidence: Confidence::Unknown,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Not known: no public source says how it signs, and the service seems to be gone. What stands here is the generic scheme.",
};

const SVIX: Provider = Provider {
    slug: "svix",
    name: "Svix",
    category: Category::Generic,
    docs: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(SVIX_SCHEME),
    settings: &[],
    event_id: fact![Header("svix-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "after 5 s, 5 min, 30 min, 2 h, 5 h and twice 10 h; an endpoint that fails for 5 days is disabled",
    note: "Svix signs for many services; look for the one that sends before you take this entry.",
};
