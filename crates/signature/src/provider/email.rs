//! Mail.

use std::borrow::Cow::Borrowed;

use super::{Category, Provider};
use crate::Encoding;
use crate::fact::{Fact, Piece};
use crate::scheme::{Algorithm, Carrier, Format, KeyForm, Part, Place, Scheme, Signed, Timestamp};

/// The time is signed, and no window is stated: retries go on for a day. A request is a batch of
/// events, each with an id (`sg_event_id`), so the batch is told by the hash of its bytes.
pub(super) const SENDGRID: Provider = Provider {
    slug: "sendgrid",
    name: "SendGrid Event Webhook",
    category: Category::Email,
    docs: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
    scheme: Scheme::Signed(Signed {
        algorithm: Algorithm::EcdsaP256Sha256,
        key: KeyForm::EcdsaP256,
        message: Borrowed(&[Part::Timestamp, Part::Body]),
        carriers: Borrowed(&[Carrier {
            header: Borrowed("x-twilio-email-event-webhook-signature"),
            format: Format::Bare { ignores: Borrowed("") },
        }]),
        encoding: Encoding::Base64,
        timestamp: Some(Timestamp {
            place: Place::Header(Borrowed("x-twilio-email-event-webhook-timestamp")),
            tolerance: None,
        }),
        id: None,
        weaker: Borrowed(&[]),
        refuses_empty_body: false,
    }),
    event_id: Fact { alternatives: Borrowed(&[Borrowed(&[Piece::BodyHash])]), glue: '.' },
    event_type: Fact {
        alternatives: Borrowed(&[Borrowed(&[Piece::Json(Borrowed("/0/event"))])]),
        glue: '.',
    },
    handshake: None,
};
