//! Banks and cards.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::jwt;
use crate::fact::Fact;
use crate::generic::USUAL;
use crate::scheme::{Algorithm, Part, Scheme, Signed, Timestamp, Unit};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] =
    &[&BREX, &DWOLLA, &INCREASE, &LITHIC, &MODERN_TREASURY, &PINWHEEL, &RAMP, &WISE, &PLAID];

const BREX: Provider = Provider {
    slug: "brex",
    name: "Brex",
    category: Category::Fintech,
    docs: "https://developer.brex.com/docs/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "The secrets are fetched from the API; several are live while they are rotated.",
};

const DWOLLA: Provider = Provider {
    slug: "dwolla",
    name: "Dwolla",
    category: Category::Fintech,
    docs: "https://developers.dwolla.com/docs/balance/webhooks/process-validate",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-request-signature-sha-256")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/topic"); Header("x-dwolla-topic")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "8 times over 72 h; paused after 400 failures in a row",
    note: "",
};

const INCREASE: Provider = Provider {
    slug: "increase",
    name: "Increase",
    category: Category::Fintech,
    docs: "https://increase.com/documentation/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/category")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "",
};

const LITHIC: Provider = Provider {
    slug: "lithic",
    name: "Lithic",
    category: Category::Fintech,
    docs: "https://github.com/lithic-com/lithic-python/blob/938657e/tests/api_resources/test_webhooks.py",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "after 5 s, 5 min, 30 min, 2 h, 5 h and twice 10 h; an endpoint that fails for 5 days is disabled",
    note: "",
};

const MODERN_TREASURY: Provider = Provider {
    slug: "modern-treasury",
    name: "Modern Treasury",
    category: Category::Fintech,
    docs: "https://github.com/Modern-Treasury/modern-treasury-python/blob/aaddd3d/tests/api_resources/test_webhooks.py",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-signature")),
    settings: &[],
    event_id: fact![Header("x-event-id"); BodyHash],
    event_type: fact![Header("x-topic"), Json("/event")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "up to 10 times with growing pauses over 24 h",
    note: "The id stands in a header and is not signed.",
};

const PINWHEEL: Provider = Provider {
    slug: "pinwheel",
    name: "Pinwheel",
    category: Category::Fintech,
    docs: "https://docs.pinwheelapi.com/public/docs/webhook-signature-verification",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-pinwheel-signature")
            .prefix("v2=")
            .over(&[
                Part::Literal(Borrowed("v2:")),
                Part::Timestamp,
                Part::Literal(Borrowed(":")),
                Part::Body,
            ])
            .time(Timestamp::header("x-timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/event_id")],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The key is the API secret.",
};

const RAMP: Provider = Provider {
    slug: "ramp",
    name: "Ramp",
    category: Category::Fintech,
    docs: "https://docs.ramp.com/developer-api/v1/webhooks",
    confidence: Confidence::Unknown,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Not known: whether the signature is hexadecimal or base64 is contested. What stands here is the generic scheme.",
};

const WISE: Provider = Provider {
    slug: "wise",
    name: "Wise",
    category: Category::Fintech,
    docs: "https://github.com/transferwise/digital-signatures-examples/blob/c29c362/verify-webhook-signature/README.md",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::public_key(Algorithm::RsaSha256, "x-signature-sha256")),
    settings: &[],
    event_id: fact![Header("x-delivery-id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "up to 25 times over 2 weeks",
    note: "The secret is the public key that Wise publishes, one for sandbox and one for production. The id stands in a header and is not signed.",
};

/// Without a secret each key is fetched by its id, with the client's credentials.
const PLAID: Provider = Provider {
    slug: "plaid",
    name: "Plaid",
    category: Category::Fintech,
    docs: "https://plaid.com/docs/api/webhooks/webhook-verification/",
    confidence: Confidence::Documented,
    scheme: Scheme::Bespoke(&jwt::PLAID),
    settings: &[
        Setting {
            name: "client_id",
            required: false,
            about: "Your Plaid client id, with which the public keys are fetched if there is no secret.",
        },
        Setting {
            name: "client_secret",
            required: false,
            about: "The secret that belongs to the client id in this environment.",
        },
        Setting {
            name: "environment",
            required: false,
            about: "Where the keys are fetched: `production`, which is the default, or `sandbox`.",
        },
    ],
    event_id: fact![BodyHash],
    event_type: fact![Json("/webhook_type"), Json("/webhook_code")],
    items: None,
    handshake: None,
    answer: "200 within 10 s",
    retries: "for up to 24 h, after 30 s and then four times as long each time, unless more than nine in ten are refused",
    note: "A secret is not a text but the public key: a JSON Web Key or PEM. Keys are rotated, so that fetching them is better.",
};
