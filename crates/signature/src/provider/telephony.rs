//! Calls and text messages.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::jwt;
use crate::bespoke::plivo::PLIVO as PLIVO_SCHEME;
use crate::bespoke::sinch_voice::SINCH_VOICE as SINCH_VOICE_SCHEME;
use crate::bespoke::twilio::TWILIO as SCHEME;
use crate::fact::Fact;
use crate::items::Items;
use crate::scheme::{Algorithm, Part, Scheme, Signed, Timestamp, Unit};
use crate::writing::{DOT, fact};

pub(super) const ALL: &[&Provider] = &[
    &PLIVO,
    &SINCH_VOICE,
    &TWILIO,
    &BANDWIDTH,
    &SINCH_CONVERSATION,
    &TELNYX,
    &MESSAGEBIRD,
    &VONAGE,
];

/// A nonce is made for each request, so it does not tell repeats.
const PLIVO: Provider = Provider {
    slug: "plivo",
    name: "Plivo",
    category: Category::Telephony,
    docs: "https://www.plivo.com/docs/voice/concepts/signature-validation",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&PLIVO_SCHEME),
    settings: &[],
    event_id: Fact::NONE,
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "three times, after 60, 120 and 240 s",
    note: "The URL is signed as Plivo requested it, with its query sorted. A V2 signature signs neither the query nor the form, so it counts only where there are none. The form's names and values are signed one after another, with nothing between them, so whoever saw a request can send it again with the borders between its fields elsewhere. No time is signed.",
};

const SINCH_VOICE: Provider = Provider {
    slug: "sinch-voice",
    name: "Sinch Voice and Verification",
    category: Category::Telephony,
    docs: "https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request",
    confidence: Confidence::Documented,
    scheme: Scheme::Bespoke(&SINCH_VOICE_SCHEME),
    settings: &[Setting {
        name: crate::bespoke::sinch_voice::APPLICATION_KEY,
        required: true,
        about: "The key of the Sinch application whose secret is configured.",
    }],
    event_id: Fact::NONE,
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The body is covered by its MD5. The time is signed; no window is stated, so none is enforced unless a tolerance is configured.",
};

/// The idempotency token is the same over all attempts. Without it a message has its id and
/// status; a call only where a sequence number tells its callbacks apart, since one call asks
/// many questions while its status stays the same.
const TWILIO: Provider = Provider {
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
    note: "The URL and the names and values of the form are signed one after another, with nothing between them, and a field that is there twice is signed once. So whoever saw a request can send it again with the borders elsewhere: the end of a value as a field of its own, a part of the query as a field. No character can be added, left out or changed by that; where it matters, ask Twilio's API for the message or call by its SID.",
};

const BANDWIDTH: Provider = Provider {
    slug: "bandwidth",
    name: "Bandwidth",
    category: Category::Telephony,
    docs: "https://dev.bandwidth.com/docs/messaging/webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Basic,
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/0/type"); Json("/eventType")],
    items: Some(Items::new(
        "",
        fact![Json("/type"), Json("/message/id"), MaybeJson("/to")],
        fact![Json("/type")],
    )),
    handshake: None,
    answer: "2xx within 10 s",
    retries: "for up to 24 h",
    note: "The password proves who sends and protects nothing of the request.",
};

const SINCH_CONVERSATION: Provider = Provider {
    slug: "sinch-conversation",
    name: "Sinch Conversation API",
    category: Category::Telephony,
    docs: "https://github.com/sinch/sinch-sdk-node/blob/affb35e/packages/sdk-client/tests/utils/authorization.helper.test.ts",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-sinch-webhook-signature")
            .base64()
            .over(&[Part::Body, DOT, Part::Id, DOT, Part::Timestamp])
            .time(Timestamp::header(
                "x-sinch-webhook-signature-timestamp",
                Unit::Seconds,
                Some(300),
            ))
            .id("x-sinch-webhook-signature-nonce"),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The body stands first in what is signed, then a nonce and the time.",
};

const TELNYX: Provider = Provider {
    slug: "telnyx",
    name: "Telnyx",
    category: Category::Telephony,
    docs: "https://developers.telnyx.com/docs/messaging/messages/receive-webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::public_key(Algorithm::Ed25519, "telnyx-signature-ed25519")
            .over(&[Part::Timestamp, Part::Literal(Borrowed("|")), Part::Body])
            .time(Timestamp::header("telnyx-timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/data/id")],
    event_type: fact![Json("/data/event_type")],
    items: None,
    handshake: None,
    answer: "2xx within 2 s",
    retries: "3 times for each URL",
    note: "The secret is the public key of the account.",
};

const MESSAGEBIRD: Provider = Provider {
    slug: "messagebird",
    name: "MessageBird (Bird)",
    category: Category::Telephony,
    docs: "https://developers.messagebird.com/api/#verifying-http-requests",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&jwt::MESSAGEBIRD),
    settings: &[],
    event_id: fact![Claim("messagebird-signature-jwt", "jti")],
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The URL is signed as MessageBird calls it. The older header `MessageBird-Signature` is not accepted.",
};

const VONAGE: Provider = Provider {
    slug: "vonage",
    name: "Vonage",
    category: Category::Telephony,
    docs: "https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&jwt::VONAGE),
    settings: &[],
    event_id: fact![Claim("authorization", "jti"); Json("/message_uuid")],
    event_type: fact![Json("/status")],
    items: None,
    handshake: None,
    answer: "2xx; how soon depends on the product",
    retries: "",
    note: "The secret is the signature secret of the account, not that of the API. For GET the query is covered only if the token has its hash.",
};
