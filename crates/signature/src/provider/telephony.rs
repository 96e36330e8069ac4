//! Calls and text messages.

use std::borrow::Cow::Borrowed;

use super::{Category, Provider};
use crate::fact::{Fact, Piece};
use crate::scheme::Scheme;

/// The idempotency token is the same over all attempts. Without it a message has its id and
/// status; a call only where a sequence number tells its callbacks apart, since one call asks
/// many questions while its status stays the same.
pub(super) const TWILIO: Provider = Provider {
    slug: "twilio",
    name: "Twilio",
    category: Category::Telephony,
    docs: "https://www.twilio.com/docs/usage/security#validating-requests",
    scheme: Scheme::Twilio,
    event_id: Fact {
        alternatives: Borrowed(&[
            Borrowed(&[Piece::Header(Borrowed("i-twilio-idempotency-token"))]),
            Borrowed(&[
                Piece::Field(Borrowed("MessageSid")),
                Piece::Field(Borrowed("MessageStatus")),
            ]),
            Borrowed(&[Piece::Field(Borrowed("MessageSid")), Piece::Field(Borrowed("SmsStatus"))]),
            Borrowed(&[
                Piece::Field(Borrowed("CallSid")),
                Piece::Field(Borrowed("CallStatus")),
                Piece::Field(Borrowed("SequenceNumber")),
            ]),
        ]),
        glue: '.',
    },
    event_type: Fact {
        alternatives: Borrowed(&[
            Borrowed(&[
                Piece::Literal(Borrowed("message")),
                Piece::Field(Borrowed("MessageStatus")),
            ]),
            Borrowed(&[Piece::Literal(Borrowed("message")), Piece::Field(Borrowed("SmsStatus"))]),
            Borrowed(&[Piece::Literal(Borrowed("call")), Piece::Field(Borrowed("CallStatus"))]),
        ]),
        glue: '.',
    },
    handshake: None,
};
