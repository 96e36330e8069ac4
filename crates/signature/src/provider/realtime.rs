//! What has to be there at once.

use super::{Category, Confidence, Provider};
use crate::fact::Fact;
use crate::items::Items;
use crate::scheme::{Scheme, Signed, Timestamp, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] = &[&ABLY, &KNOCK, &LIVEBLOCKS, &PUSHER];

const ABLY: Provider = Provider {
    slug: "ably",
    name: "Ably",
    category: Category::Realtime,
    docs: "https://ably.com/docs/platform/integrations/webhooks#security",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-ably-signature").base64()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/items/0/name")],
    items: Some(
        // `webhookId` names the rule, not the event.
        Items::new(
            "/items",
            fact![Json("/webhookId"), Json("/serial"), Json("/timestamp")],
            fact![Json("/name")],
        ),
    ),
    handshake: None,
    answer: "2xx",
    retries: "with growing pauses",
    note: "The key is the part of the API key behind the colon. Only batched and enveloped webhooks are signed.",
};

const KNOCK: Provider = Provider {
    slug: "knock",
    name: "Knock",
    category: Category::Realtime,
    docs: "https://docs.knock.app/developer-tools/outbound-webhooks/overview",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-knock-signature")
            .base64()
            .field("s")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Milliseconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The time is in milliseconds and the signature in base64.",
};

const LIVEBLOCKS: Provider = Provider {
    slug: "liveblocks",
    name: "Liveblocks",
    category: Category::Realtime,
    docs: "https://liveblocks.io/docs/platform/webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "after 5 s, 5 min, 30 min, 2 h, 5 h and twice 10 h; an endpoint that fails for 5 days is disabled",
    note: "",
};

const PUSHER: Provider = Provider {
    slug: "pusher",
    name: "Pusher Channels",
    category: Category::Realtime,
    docs: "https://github.com/pusher/docs/blob/b34294a/docs/channels/server_api/webhooks.md",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-pusher-signature")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/events/0/name")],
    items: Some(Items::new("/events", Fact::NONE, fact![Json("/name")])),
    handshake: None,
    answer: "2xx",
    retries: "with growing pauses for 5 min",
    note: "`X-Pusher-Key` names the key; every secret configured here is tried. One request holds several events.",
};
