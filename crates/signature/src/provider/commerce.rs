//! Shops.

use std::borrow::Cow::Borrowed;

use super::{Category, Provider};
use crate::Encoding;
use crate::fact::{Fact, Piece};
use crate::scheme::{Algorithm, Carrier, Format, KeyForm, Part, Scheme, Signed};

/// The headers without `X-` are those of the newer kind of webhooks called "events". Shopify's
/// library refuses empty bodies, and so do we: nothing else is signed.
pub(super) const SHOPIFY: Provider = Provider {
    slug: "shopify",
    name: "Shopify",
    category: Category::Commerce,
    docs: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
    scheme: Scheme::Signed(Signed {
        algorithm: Algorithm::HmacSha256,
        key: KeyForm::Text,
        message: Borrowed(&[Part::Body]),
        carriers: Borrowed(&[
            Carrier {
                header: Borrowed("x-shopify-hmac-sha256"),
                format: Format::Bare { ignores: Borrowed("") },
            },
            Carrier {
                header: Borrowed("shopify-hmac-sha256"),
                format: Format::Bare { ignores: Borrowed("") },
            },
        ]),
        encoding: Encoding::Base64,
        timestamp: None,
        id: None,
        weaker: Borrowed(&[]),
        refuses_empty_body: true,
    }),
    event_id: Fact {
        alternatives: Borrowed(&[
            Borrowed(&[Piece::Header(Borrowed("x-shopify-webhook-id"))]),
            Borrowed(&[Piece::Header(Borrowed("shopify-webhook-id"))]),
        ]),
        glue: '.',
    },
    event_type: Fact {
        alternatives: Borrowed(&[
            Borrowed(&[Piece::DottedHeader(Borrowed("x-shopify-topic"))]),
            Borrowed(&[Piece::DottedHeader(Borrowed("shopify-topic"))]),
        ]),
        glue: '.',
    },
    handshake: None,
};
