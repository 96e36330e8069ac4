//! Calls and text messages.

use super::{Category, Confidence, Provider};
use crate::bespoke::twilio::TWILIO as SCHEME;
use crate::scheme::Scheme;
use crate::writing::fact;

/// The idempotency token is the same over all attempts. Without it a message has its id and
/// status; a call only where a sequence number tells its callbacks apart, since one call asks
/// many questions while its status stays the same.
pub(super) const TWILIO: Provider = Provider {
    slug: "twilio",
    name: "Twilio",
    category: Category::Telephony,
    docs: "https://www.twilio.com/docs/usage/security#validating-requests",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&SCHEME),
    settings: &[],
    event_id: fact![
        Header("i-twilio-idempotency-token");
        Field("MessageSid"), Field("MessageStatus");
        Field("MessageSid"), Field("SmsStatus");
        Field("CallSid"), Field("CallStatus"), Field("SequenceNumber")
    ],
    event_type: fact![
        Literal("message"), Field("MessageStatus");
        Literal("message"), Field("SmsStatus");
        Literal("call"), Field("CallStatus")
    ],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "none for most callbacks, unless the URL asks for them",
    note: "",
};
