//! Money.

use std::borrow::Cow::Borrowed;

use super::{Category, Provider};
use crate::Encoding;
use crate::fact::{Fact, Piece};
use crate::scheme::{Algorithm, Carrier, Format, KeyForm, Part, Place, Scheme, Signed, Timestamp};

/// `whsec_` is part of the key. Several `v1` are there while a secret is rolled; `v0` is a fake
/// that test mode adds.
pub(super) const STRIPE: Provider = Provider {
    slug: "stripe",
    name: "Stripe",
    category: Category::Payments,
    docs: "https://docs.stripe.com/webhooks/signature",
    scheme: Scheme::Signed(Signed {
        algorithm: Algorithm::HmacSha256,
        key: KeyForm::Text,
        message: Borrowed(&[Part::Timestamp, Part::Literal(Borrowed(".")), Part::Body]),
        carriers: Borrowed(&[Carrier {
            header: Borrowed("stripe-signature"),
            format: Format::Fields {
                signature: Borrowed("v1"),
                weaker: Borrowed(&[Borrowed("v0")]),
            },
        }]),
        encoding: Encoding::Hex,
        timestamp: Some(Timestamp { place: Place::Field(Borrowed("t")), tolerance: Some(300) }),
        id: None,
        weaker: Borrowed(&[]),
        refuses_empty_body: false,
    }),
    event_id: Fact {
        alternatives: Borrowed(&[Borrowed(&[Piece::Json(Borrowed("/id"))])]),
        glue: '.',
    },
    event_type: Fact {
        alternatives: Borrowed(&[Borrowed(&[Piece::Json(Borrowed("/type"))])]),
        glue: '.',
    },
    handshake: None,
};
