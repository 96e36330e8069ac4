//! Shops.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::scheme::{Carrier, Format, Place, Scheme, Signed};
use crate::writing::fact;

/// The headers without `X-` are those of the newer kind of webhooks called "events". Shopify's
/// library refuses empty bodies, and so do we: nothing else is signed.
pub(super) const SHOPIFY: Provider = Provider {
    slug: "shopify",
    name: "Shopify",
    category: Category::Commerce,
    docs: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-shopify-hmac-sha256")
            .base64()
            .or(&[Carrier {
                place: Place::Header(Borrowed("shopify-hmac-sha256")),
                format: Format::Bare { ignores: Borrowed("") },
            }])
            .nonempty(),
    ),
    settings: &[],
    event_id: fact![Header("x-shopify-webhook-id"); Header("shopify-webhook-id")],
    event_type: fact![DottedHeader("x-shopify-topic"); DottedHeader("shopify-topic")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "8 times over 4 hours, then the subscription is removed",
    note: "The webhook id is not signed.",
};
