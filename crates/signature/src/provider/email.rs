//! Mail.

use super::{Category, Confidence, Provider};
use crate::items::Items;
use crate::scheme::{Algorithm, Part, Scheme, Signed, Timestamp, Unit};
use crate::writing::fact;

/// The time is signed, and no window is stated: retries go on for a day. A request is a batch of
/// events, each with an id (`sg_event_id`); as a whole it is told by the hash of its bytes.
pub(super) const SENDGRID: Provider = Provider {
    slug: "sendgrid",
    name: "SendGrid Event Webhook",
    category: Category::Email,
    docs: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::public_key(Algorithm::EcdsaP256Sha256, "x-twilio-email-event-webhook-signature")
            .over(&[Part::Timestamp, Part::Body])
            .time(Timestamp::header("x-twilio-email-event-webhook-timestamp", Unit::Seconds, None)),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/0/event")],
    items: Some(Items::new("", fact![Json("/sg_event_id")], fact![Json("/event")])),
    handshake: None,
    answer: "2xx",
    retries: "for 24 hours",
    note: "",
};
