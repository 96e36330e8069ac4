//! Mail.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::bespoke::mailchannels::MAILCHANNELS as MAILCHANNELS_SCHEME;
use crate::fact::Fact;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Algorithm, Part, Place, Scheme, Signed, Timestamp, Token, Unit};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] = &[
    &MAILCHANNELS,
    &SENDGRID,
    &BREVO,
    &MAILERSEND,
    &MAILGUN,
    &MANDRILL,
    &POSTAL,
    &POSTMARK,
    &RESEND,
    &SPARKPOST,
];

/// An HTTP message signature (RFC 9421) over the body's digest and the time.
const MAILCHANNELS: Provider = Provider {
    slug: "mailchannels",
    name: "MailChannels",
    category: Category::Email,
    docs: "https://docs.mailchannels.com/email-api/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Bespoke(&MAILCHANNELS_SCHEME),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/0/event")],
    items: Some(Items::new("", Fact::NONE, fact![Json("/event")])),
    handshake: None,
    answer: "",
    retries: "",
    note: "Without a `secret` the key is fetched from `api.mailchannels.net`. One request holds several events.",
};

/// The time is signed, and no window is stated: retries go on for a day. A request is a batch of
/// events, each with an id (`sg_event_id`); as a whole it is told by the hash of its bytes.
const SENDGRID: Provider = Provider {
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

const BREVO: Provider = Provider {
    slug: "brevo",
    name: "Brevo",
    category: Category::Email,
    docs: "https://developers.brevo.com/docs/username-and-password-authentication-and-bearer-token",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Token(Token::bearer()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/event")],
    items: Some(Items::new("", Fact::NONE, fact![Json("/event")])),
    handshake: None,
    answer: "",
    retries: "",
    note: "The token proves who sends and protects nothing of the request. One message has many events under one id, so events are told by their bytes.",
};

const MAILERSEND: Provider = Provider {
    slug: "mailersend",
    name: "MailerSend",
    category: Category::Email,
    docs: "https://developers.mailersend.com/api/v1/webhooks.html#security",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("signature")),
    settings: &[],
    event_id: fact![Json("/type"), Json("/data/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Slashes are escaped in the JSON: the bytes as they are sent are what is signed.",
};

const MAILGUN: Provider = Provider {
    slug: "mailgun",
    name: "Mailgun",
    category: Category::Email,
    docs: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("")
            .place(Place::Json(Borrowed("/signature/signature")))
            .over(&[
                Part::Json(Borrowed("/signature/timestamp")),
                Part::Json(Borrowed("/signature/token")),
            ])
            .time(Timestamp::json("/signature/timestamp", Unit::Seconds, None)),
    ),
    settings: &[],
    event_id: fact![Json("/event-data/id")],
    event_type: fact![Json("/event-data/event")],
    items: None,
    handshake: None,
    answer: "200; 406 ends the retries",
    retries: "after 10, 10, 15 and 30 min and 1, 2 and 4 h",
    note: "Only a time and a token are signed, not the event: whoever has seen one request can send other events with its signature. Inbound routes send the three values as a form and are not verified here.",
};

const MANDRILL: Provider = Provider {
    slug: "mandrill",
    name: "Mailchimp Transactional (Mandrill)",
    category: Category::Email,
    docs: "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha1("x-mandrill-signature")
            .base64()
            .over(&[Part::Url, Part::SortedForm(Some(Borrowed("mandrill_events")))]),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: Fact::NONE,
    items: Some(
        // `_id` is the message's, which has many events.
        Items::new(
            "",
            fact![Json("/event"), Json("/_id"), Json("/ts")],
            fact![Json("/event"); Json("/type"), Json("/action")],
        )
        .in_form("mandrill_events"),
    ),
    handshake: Some(table::MANDRILL),
    answer: "200",
    retries: "over days; a request holds up to 1000 events",
    note: "The URL is signed as it was registered, with the user and password if it has them. The form is signed by its names and values, sorted, with nothing between them; since `mandrill_events` has to be there once and hold a whole JSON list, the events cannot be cut otherwise than they were. A body that is not called a form is refused. The first request after the hook was made is signed with the key `test-webhook`.",
};

const POSTAL: Provider = Provider {
    slug: "postal",
    name: "Postal",
    category: Category::Email,
    docs: "https://github.com/postalserver/postal/blob/8ef8960/lib/postal/http.rb",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::public_key(Algorithm::RsaSha256, "x-postal-signature-256")
            .weaker(&[Borrowed("x-postal-signature")]),
    ),
    settings: &[],
    event_id: fact![Json("/uuid")],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The secret is the public key of the installation. The header with the older signature by SHA-1 is not accepted.",
};

const POSTMARK: Provider = Provider {
    slug: "postmark",
    name: "Postmark",
    category: Category::Email,
    docs: "https://postmarkapp.com/developer/webhooks/webhooks-overview",
    confidence: Confidence::Documented,
    scheme: Scheme::Basic,
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/RecordType")],
    items: None,
    handshake: None,
    answer: "200; 403 ends the retries",
    retries: "bounces and inbound 10 times, from 1 min to 6 h; others less often",
    note: "The password proves who sends and protects nothing of the request. One message has many events under one id, so events are told by their bytes.",
};

const RESEND: Provider = Provider {
    slug: "resend",
    name: "Resend",
    category: Category::Email,
    docs: "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::SVIX_SCHEME),
    settings: &[],
    event_id: fact![Header("svix-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "after 5 s, 5 min, 30 min, 2 h, 5 h and twice 10 h; an endpoint that fails for 5 days is disabled",
    note: "",
};

const SPARKPOST: Provider = Provider {
    slug: "sparkpost",
    name: "SparkPost",
    category: Category::Email,
    docs: "https://developers.sparkpost.com/api/webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Basic,
    settings: &[],
    event_id: fact![Header("x-messagesystems-batch-id"); BodyHash],
    event_type: fact![Json("/0/msys/message_event/type"); Json("/0/msys/track_event/type"); Json("/0/msys/unsubscribe_event/type"); Json("/0/msys/gen_event/type"); Json("/0/msys/relay_event/type")],
    items: Some(Items::new(
        "",
        fact![
            Json("/msys/message_event/event_id");
            Json("/msys/track_event/event_id");
            Json("/msys/unsubscribe_event/event_id");
            Json("/msys/gen_event/event_id");
            Json("/msys/relay_event/event_id")
        ],
        fact![
            Json("/msys/message_event/type");
            Json("/msys/track_event/type");
            Json("/msys/unsubscribe_event/type");
            Json("/msys/gen_event/type");
            Json("/msys/relay_event/type")
        ],
    )),
    handshake: None,
    answer: "200 within 10 s",
    retries: "for 8 h with growing pauses",
    note: "The password proves who sends and protects nothing of the request. One request holds several events.",
};
