//! Conversations.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::fact::Fact;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Algorithm, KeyForm, Part, Scheme, Signed, Timestamp, Token, Unit};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] = &[
    &SLACK,
    &DISCORD,
    &DISCOURSE,
    &LINE,
    &MICROSOFT_TEAMS,
    &SENDBIRD,
    &TELEGRAM,
    &VIBER,
    &WEBEX,
    &ZOOM,
];

/// The timestamp is the header's. The times in the body are not signed apart from it, and say
/// when something happened, not when it was sent. A slash command is a form, and says its name:
/// `/deploy`.
const SLACK: Provider = Provider {
    slug: "slack",
    name: "Slack",
    category: Category::Chat,
    docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-slack-signature")
            .prefix("v0=")
            .over(&[
                Part::Literal(Borrowed("v0:")),
                Part::Timestamp,
                Part::Literal(Borrowed(":")),
                Part::Body,
            ])
            .time(Timestamp::header("x-slack-request-timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/event_id")],
    event_type: fact![Json("/event/type"); Json("/type"); Field("command")],
    items: None,
    handshake: Some(table::SLACK),
    answer: "2xx within 3 s",
    retries: "3 times, after seconds, a minute and 5 minutes; says which in `X-Slack-Retry-Num`",
    note: "",
};

const DISCORD: Provider = Provider {
    slug: "discord",
    name: "Discord interactions / webhook events",
    category: Category::Chat,
    docs: "https://discord.com/developers/docs/interactions/receiving-and-responding",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::public_key(Algorithm::Ed25519, "x-signature-ed25519")
            .hex()
            .over(&[Part::Timestamp, Part::Body])
            .time(Timestamp::header("x-signature-timestamp", Unit::Seconds, None)),
    ),
    settings: &[],
    event_id: fact![Json("/id"); BodyHash],
    event_type: fact![Json("/event/type"); Literal("interaction"), Json("/type"), MaybeJson("/data/name")],
    items: None,
    handshake: Some(table::DISCORD),
    answer: "204 within 3 s for events, and an interaction's answer within 3 s",
    retries: "interactions never; events with growing pauses for up to 10 min",
    note: "The secret is the public key of the application. Requests signed wrongly on purpose must get 401. An interaction is answered as deferred within 3 s; the answer itself is for your service to send, by the interaction's token and within 15 min. The time is signed, and no window is stated.",
};

/// By discourse/discourse `app/jobs/regular/emit_web_hook_event.rb`, which says what is signed and
/// sent, and makes a new event, with a new id, for each of its retries. A ping has no name of its
/// own in some versions, but always a type.
const DISCOURSE: Provider = Provider {
    slug: "discourse",
    name: "Discourse",
    category: Category::Chat,
    docs: "https://meta.discourse.org/t/configure-webhooks-that-trigger-on-discourse-events-to-integrate-with-external-services/49045",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-discourse-event-signature").prefix("sha256=")),
    settings: &[],
    event_id: fact![Header("x-discourse-event-id")],
    event_type: fact![Header("x-discourse-event"); Header("x-discourse-event-type")],
    items: None,
    handshake: None,
    answer: "2xx within 20 s",
    retries: "four times, after 1, 5, 25 and 125 minutes, if the site has retries switched on",
    note: "Ids count up within one site, so each site needs a source of its own; a retry comes with a new id and is no repeat here. The id and the type stand in headers and are not signed. Without a secret at the webhook nothing is signed.",
};

const LINE: Provider = Provider {
    slug: "line",
    name: "LINE Messaging API",
    category: Category::Chat,
    docs: "https://developers.line.biz/en/reference/messaging-api/#signature-validation",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-line-signature").base64()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/events/0/type")],
    items: Some(
        // A redelivery says so in `deliveryContext`, under the same id.
        Items::new("/events", fact![Json("/webhookEventId")], fact![Json("/type")]).by_id_alone(),
    ),
    handshake: Some(table::LINE),
    answer: "200 within 2 s",
    retries: "if redelivery is switched on",
    note: "One request holds several events, or none when it is a test.",
};

const MICROSOFT_TEAMS: Provider = Provider {
    slug: "microsoft-teams",
    name: "Microsoft Teams outgoing webhook",
    category: Category::Chat,
    docs: "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("authorization").base64().key(KeyForm::Base64).prefix("HMAC "),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "200 with a message in JSON within 5 s",
    retries: "never",
    note: "The sender waits for an answer to show, which a hub that stores and forwards cannot give.",
};

const SENDBIRD: Provider = Provider {
    slug: "sendbird",
    name: "Sendbird",
    category: Category::Chat,
    docs: "https://sendbird.com/docs/chat/platform-api/v3/webhook/webhook-overview",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-sendbird-signature")),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![DottedJson("/category")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "There is no id, and two events may have the same bytes, so repeats are not told.",
};

const TELEGRAM: Provider = Provider {
    slug: "telegram",
    name: "Telegram Bot API",
    category: Category::Chat,
    docs: "https://core.telegram.org/bots/api#setwebhook",
    confidence: Confidence::Documented,
    scheme: Scheme::Token(Token::header("x-telegram-bot-api-secret-token")),
    settings: &[],
    event_id: fact![Json("/update_id")],
    event_type: fact![KeyBesides("update_id")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "for a while, in the order of each chat",
    note: "The token proves who sends and protects nothing of the request.",
};

const VIBER: Provider = Provider {
    slug: "viber",
    name: "Viber",
    category: Category::Chat,
    docs: "https://developers.viber.com/docs/api/rest-bot-api/#callbacks",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-viber-content-signature")),
    settings: &[],
    event_id: fact![Json("/event"), Json("/message_token"), MaybeJson("/user_id")],
    event_type: fact![Json("/event")],
    items: None,
    handshake: Some(table::VIBER),
    answer: "200 within 5 s",
    retries: "for a few minutes",
    note: "Delivered and seen carry the token of the message itself, so the token counts together with the event.",
};

const WEBEX: Provider = Provider {
    slug: "webex",
    name: "Webex",
    category: Category::Chat,
    docs: "https://developer.webex.com/docs/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha1("x-spark-signature")),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/resource"), Json("/event")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "disabled after 100 failures within 5 min",
    note: "HMAC with SHA-1, whatever the newer headers say. `id` is the id of the hook, and an object may change twice with the same bytes, so repeats are not told.",
};

const ZOOM: Provider = Provider {
    slug: "zoom",
    name: "Zoom",
    category: Category::Chat,
    docs: "https://developers.zoom.us/docs/api/webhooks/",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-zm-signature")
            .prefix("v0=")
            .over(&[
                Part::Literal(Borrowed("v0:")),
                Part::Timestamp,
                Part::Literal(Borrowed(":")),
                Part::Body,
            ])
            .time(Timestamp::header("x-zm-request-timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/event")],
    items: None,
    handshake: Some(table::ZOOM),
    answer: "200 or 204 within 3 s",
    retries: "3 times, after 5, 30 and 90 min, if the answer was 5xx or none",
    note: "The signature covers the bytes as they are sent, not JSON written anew as in the sample of the documentation. No window is stated; 5 min are usual.",
};
