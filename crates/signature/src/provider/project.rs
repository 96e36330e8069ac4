//! Tasks and issues.

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::jwt;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Part, Scheme, Signed, Timestamp, Unit};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] =
    &[&ASANA, &CLICKUP, &JIRA, &LINEAR, &TRELLO, &JIRA_CONNECT, &MONDAY];

const ASANA: Provider = Provider {
    slug: "asana",
    name: "Asana",
    category: Category::Project,
    docs: "https://developers.asana.com/docs/webhooks-guide",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-hook-signature")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/events/0/resource/resource_type"), Json("/events/0/action")],
    items: Some(Items::new(
        "/events",
        fact![Json("/created_at"), BodyHash],
        fact![Json("/resource/resource_type"), Json("/action")],
    )),
    handshake: Some(table::ASANA),
    answer: "2xx within 10 s",
    retries: "with growing pauses for 24 h, then the hook is deleted",
    note: "The secret is what the first request brings in `X-Hook-Secret`. One request holds several events, or none when it is a heartbeat.",
};

const CLICKUP: Provider = Provider {
    slug: "clickup",
    name: "ClickUp",
    category: Category::Project,
    docs: "https://developer.clickup.com/docs/webhooksignature",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-signature")),
    settings: &[],
    event_id: fact![Json("/webhook_id"), Json("/event"), Json("/history_items/0/id"); BodyHash],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "",
};

const JIRA: Provider = Provider {
    slug: "jira",
    name: "Jira Cloud (system webhooks)",
    category: Category::Project,
    docs: "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-hub-signature").prefix("sha256=")),
    settings: &[],
    event_id: fact![Header("x-atlassian-webhook-identifier")],
    event_type: fact![DottedJson("/webhookEvent")],
    items: None,
    handshake: None,
    answer: "2xx within 30 s",
    retries: "5 times, 5 to 15 min apart",
    note: "For hooks made with a secret. Connect apps sign in another way. The id stands in a header and is not signed.",
};

const LINEAR: Provider = Provider {
    slug: "linear",
    name: "Linear",
    category: Category::Project,
    docs: "https://linear.app/developers/webhooks#securing-webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("linear-signature").time(Timestamp::json(
        "/webhookTimestamp",
        Unit::Milliseconds,
        Some(60),
    ))),
    settings: &[],
    event_id: fact![Header("linear-delivery")],
    event_type: fact![Header("linear-event"), MaybeJson("/action")],
    items: None,
    handshake: None,
    answer: "200 within 5 s",
    retries: "3 times, after 1 min, 1 h and 6 h",
    note: "The time stands in the body, in milliseconds. The window of a minute is that of its own library. The id stands in a header and is not signed.",
};

const TRELLO: Provider = Provider {
    slug: "trello",
    name: "Trello",
    category: Category::Project,
    docs: "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/#webhook-signatures",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha1("x-trello-webhook").base64().over(&[Part::Body, Part::Url]),
    ),
    settings: &[],
    event_id: fact![Json("/action/id")],
    event_type: fact![Json("/action/type")],
    items: None,
    handshake: Some(table::TRELLO),
    answer: "200 within 30 s; 410 deletes the hook",
    retries: "3 times, after 30, 60 and 120 s",
    note: "The URL is signed behind the body, exactly as it was registered. The key is the secret of the app. HMAC with SHA-1 is all there is.",
};

/// Installation and removal are signed otherwise (RS256, with a key that is fetched by its id).
const JIRA_CONNECT: Provider = Provider {
    slug: "jira-connect",
    name: "Atlassian Connect apps",
    category: Category::Project,
    docs: "https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&jwt::JIRA_CONNECT),
    settings: &[
        Setting {
            name: "base_url",
            required: false,
            about: "The `baseUrl` of the app's descriptor, if it has a path: that path is not signed.",
        },
        Setting {
            name: "client_key",
            required: false,
            about: "The `clientKey` of the installation, to take requests of no other.",
        },
    ],
    event_id: fact![Header("x-atlassian-webhook-identifier")],
    event_type: fact![DottedJson("/webhookEvent")],
    items: None,
    handshake: None,
    answer: "2xx within 30 s",
    retries: "5 times, after 5 to 15 min each",
    note: "The secret is the `sharedSecret` of one installation. Method, path and query are signed; the body is not. The lifecycle callbacks `installed` and `uninstalled` are signed with another key and are refused.",
};

const MONDAY: Provider = Provider {
    slug: "monday",
    name: "monday.com",
    category: Category::Project,
    docs: "https://developer.monday.com/apps/docs/integration-authorization",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Bespoke(&jwt::MONDAY),
    settings: &[Setting {
        name: "audience",
        required: true,
        about: "The URL of this receiver as it is written in the app, which the token names as its audience.",
    }],
    event_id: fact![Json("/event/triggerUuid")],
    event_type: fact![Json("/event/type")],
    items: None,
    handshake: Some(table::MONDAY),
    answer: "200 within 30 s",
    retries: "every minute for 30 min",
    note: "The secret is the app's signing secret. The token does not protect the body. Webhooks that were made without an app are not signed at all.",
};
