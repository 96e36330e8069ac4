//! Social networks.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider, Setting};
use crate::fact::Fact;
use crate::generic::USUAL;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Algorithm, Part, Scheme, Signed, Timestamp, Unit};
use crate::writing::{ID_DOT_TIMESTAMP_DOT_BODY, TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] =
    &[&KICK, &LINKEDIN, &META, &ORBIT, &TIKTOK, &TWITCH, &X_TWITTER];

const KICK: Provider = Provider {
    slug: "kick",
    name: "Kick",
    category: Category::Social,
    docs: "https://github.com/KickEngineering/KickDevDocs/blob/c8a086c/events/webhook-security.md",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::public_key(Algorithm::RsaSha256, "kick-event-signature")
            .over(ID_DOT_TIMESTAMP_DOT_BODY)
            .time(Timestamp::header("kick-event-message-timestamp", Unit::Rfc3339, None))
            .id("kick-event-message-id"),
    ),
    settings: &[],
    event_id: fact![Header("kick-event-message-id")],
    event_type: fact![Header("kick-event-type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "failing for over a day ends the subscription",
    note: "The secret is the public key that Kick publishes. No window is stated.",
};

const LINKEDIN: Provider = Provider {
    slug: "linkedin",
    name: "LinkedIn",
    category: Category::Social,
    docs: "https://learn.microsoft.com/linkedin/shared/api-guide/webhook-validation",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-li-signature")
            .over(&[Part::Literal(Borrowed("hmacsha256=")), Part::Body]),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type")],
    items: None,
    handshake: Some(table::LINKEDIN),
    answer: "",
    retries: "",
    note: "`hmacsha256=` stands before the body in what is signed, and not in the header.",
};

const META: Provider = Provider {
    slug: "meta",
    name: "Meta (Graph API, WhatsApp, Messenger, Instagram)",
    category: Category::Social,
    docs: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-hub-signature-256")
            .prefix("sha256=")
            .weaker(&[Borrowed("x-hub-signature")]),
    ),
    settings: &[Setting {
        name: "verify_token",
        required: false,
        about: "The verify token that is entered where the hook is set up, without which its check is not answered.",
    }],
    event_id: fact![BodyHash],
    event_type: fact![Json("/object"), MaybeJson("/entry/0/changes/0/field")],
    items: Some(
        // An entry stays whole: its changes say nothing of the page or account that they are of.
        Items::new(
            "/entry",
            fact![
                Json("/changes/0/value/messages/0/id");
                Json("/changes/0/value/statuses/0/id"), Json("/changes/0/value/statuses/0/status");
                Json("/messaging/0/message/mid");
                Json("/id"), MaybeJson("/time"), BodyHash
            ],
            fact![Outer("/object"), MaybeJson("/changes/0/field")],
        ),
    ),
    handshake: Some(table::META),
    answer: "200 within 5 s",
    retries: "at once, then ever less often for 36 h; WhatsApp for 7 days",
    note: "The key is the app secret. Text beyond ASCII is escaped in the JSON: the bytes as they are sent are what is signed. One request holds several changes.",
};

const ORBIT: Provider = Provider {
    slug: "orbit",
    name: "Orbit",
    category: Category::Social,
    docs: "https://github.com/orbit-love",
    confidence: Confidence::Unknown,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Header("x-orbit-event-type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Not known: the service is gone, and how it wrote its signatures is not confirmed. What stands here is the generic scheme.",
};

const TIKTOK: Provider = Provider {
    slug: "tiktok",
    name: "TikTok",
    category: Category::Social,
    docs: "https://developers.tiktok.com/doc/webhooks-verification",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("tiktok-signature")
            .field("s")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "200 at once",
    retries: "with growing pauses for up to 72 h",
    note: "The key is the client secret.",
};

const TWITCH: Provider = Provider {
    slug: "twitch",
    name: "Twitch EventSub",
    category: Category::Social,
    docs: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("twitch-eventsub-message-signature")
            .prefix("sha256=")
            .over(&[Part::Id, Part::Timestamp, Part::Body])
            .time(Timestamp::header("twitch-eventsub-message-timestamp", Unit::Rfc3339, Some(600)))
            .id("twitch-eventsub-message-id"),
    ),
    settings: &[],
    event_id: fact![Header("twitch-eventsub-message-id")],
    event_type: fact![
        HeaderUnless("twitch-eventsub-message-type", "notification"),
        Header("twitch-eventsub-subscription-type")
    ],
    items: None,
    handshake: Some(table::TWITCH),
    answer: "2xx within a few seconds",
    retries: "with the same message id; revoked after too many failures",
    note: "The time is signed as it is written, to the nanosecond. A revocation is a message too, of the type `revocation.…`.",
};

const X_TWITTER: Provider = Provider {
    slug: "x-twitter",
    name: "X (Twitter) Account Activity / v2 webhooks",
    category: Category::Social,
    docs: "https://github.com/xdevplatform/docs/blob/2871328/x-api/webhooks/quickstart.mdx",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-twitter-webhooks-signature").base64().prefix("sha256="),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![KeyBesides("for_user_id user_has_blocked is_blocked_by apps users")],
    items: None,
    handshake: Some(table::X_TWITTER),
    answer: "200 within 10 s",
    retries: "never; the hook becomes invalid when its checks fail",
    note: "The key is the consumer secret of the app, with which the checks of the endpoint are answered as well.",
};
