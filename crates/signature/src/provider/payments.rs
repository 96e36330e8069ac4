//! Money.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::scheme::{Format, Scheme, Signed, Timestamp, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

/// `whsec_` is part of the key. Several `v1` are there while a secret is rolled; `v0` is a fake
/// that test mode adds.
pub(super) const STRIPE: Provider = Provider {
    slug: "stripe",
    name: "Stripe",
    category: Category::Payments,
    docs: "https://docs.stripe.com/webhooks/signature",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("stripe-signature")
            .format(Format::Fields {
                signature: Borrowed("v1"),
                weaker: Borrowed(&[Borrowed("v0")]),
                between: Borrowed(","),
            })
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx, as soon as possible",
    retries: "with growing pauses for 3 days; in test mode 3 times over a few hours",
    note: "",
};
