//! Documents, calendars, forms and files.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::box_com::BOX as BOX_SCHEME;
use crate::bespoke::microsoft_graph::MICROSOFT_GRAPH as MICROSOFT_GRAPH_SCHEME;
use crate::fact::Fact;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Format, KeyForm, Place, Scheme, Signed, Timestamp, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] = &[
    &AIRTABLE,
    &BOX,
    &CAL_COM,
    &CALENDLY,
    &CRONOFY,
    &DOCUSIGN,
    &DROPBOX,
    &MICROSOFT_GRAPH,
    &NOTION,
    &NYLAS,
    &TYPEFORM,
];

const AIRTABLE: Provider = Provider {
    slug: "airtable",
    name: "Airtable",
    category: Category::Productivity,
    docs: "https://airtable.com/developers/web/api/webhooks-overview",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-airtable-content-mac").key(KeyForm::Base64).prefix("hmac-sha256="),
    ),
    settings: &[],
    event_id: fact![Json("/base/id"), Json("/webhook/id"), Json("/timestamp")],
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "200 or 204 with an empty body within 25 s",
    retries: "with growing pauses; disabled after a week",
    note: "The secret is base64. The request only says that something changed; what, the API tells.",
};

const BOX: Provider = Provider {
    slug: "box",
    name: "Box",
    category: Category::Productivity,
    docs: "https://developer.box.com/guides/webhooks/v2/signatures-v2/",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&BOX_SCHEME),
    settings: &[Setting {
        name: crate::bespoke::box_com::SECONDARY_KEY,
        required: false,
        about: "The secondary signature key, while the primary one is being changed.",
    }],
    event_id: fact![Header("box-delivery-id")],
    event_type: fact![Json("/trigger")],
    items: None,
    handshake: None,
    answer: "2xx within 30 s",
    retries: "up to 10 times",
    note: "The delivery id is not signed. A body with more than ASCII is signed in another spelling: what is not ASCII as `\\u…`, and backslashes doubled. So one body can pass for another that has the same spelling: `é` for `\\u00e9`, which means the same, and with it `\\n` for `\\\\n`, which does not. JSON in ASCII alone is taken only as it stands. A time ahead of ours is refused.",
};

const CAL_COM: Provider = Provider {
    slug: "cal-com",
    name: "Cal.com",
    category: Category::Productivity,
    docs: "https://cal.com/docs/developing/guides/automation/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-cal-signature-256")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/triggerEvent")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "A hook without a secret sends the text `no-secret-provided`, which is refused.",
};

const CALENDLY: Provider = Provider {
    slug: "calendly",
    name: "Calendly",
    category: Category::Productivity,
    docs: "https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("calendly-webhook-signature")
            .field("v1")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(180))),
    ),
    settings: &[],
    event_id: fact![Json("/event"), Json("/payload/uri"), Json("/created_at")],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "up to 25 times over 24 h, then it is disabled",
    note: "The window is 3 min, as in the sample of the documentation.",
};

const CRONOFY: Provider = Provider {
    slug: "cronofy",
    name: "Cronofy",
    category: Category::Productivity,
    docs: "https://docs.cronofy.com/developers/push-notifications/authentication/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("cronofy-hmac-sha256").base64().format(Format::List { between: ',' }),
    ),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/notification/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "There is no id, and two notifications may have the same bytes, so repeats are not told.",
};

const DOCUSIGN: Provider = Provider {
    slug: "docusign",
    name: "DocuSign Connect",
    category: Category::Productivity,
    docs: "https://developers.docusign.com/platform/webhooks/connect/validate/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("").place(Place::Numbered(Borrowed("x-docusign-signature-"))).base64(),
    ),
    settings: &[],
    event_id: fact![Json("/configurationId"), Json("/data/envelopeId"), MaybeJson("/data/recipientId"), Json("/event"), Json("/generatedDateTime"); BodyHash],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "200 within 100 s",
    retries: "for up to 15 days",
    note: "There is a header for each of the keys of the account, up to 100; any counts. Bodies in XML are told by their bytes and have no type.",
};

const DROPBOX: Provider = Provider {
    slug: "dropbox",
    name: "Dropbox",
    category: Category::Productivity,
    docs: "https://www.dropbox.com/developers/reference/webhooks",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-dropbox-signature")),
    settings: &[],
    event_id: Fact::NONE,
    event_type: Fact::NONE,
    items: None,
    handshake: Some(table::DROPBOX),
    answer: "2xx within 10 s",
    retries: "with growing pauses; disabled if it goes on failing",
    note: "The request only says whose files changed, always in the same bytes, so repeats are not told.",
};

const MICROSOFT_GRAPH: Provider = Provider {
    slug: "microsoft-graph",
    name: "Microsoft Graph change notifications",
    category: Category::Productivity,
    docs: "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Bespoke(&MICROSOFT_GRAPH_SCHEME),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/value/0/changeType")],
    items: Some(Items::new(
        "/value",
        fact![Json("/id")],
        fact![Json("/changeType"); Json("/lifecycleEvent")],
    )),
    handshake: Some(table::MICROSOFT_GRAPH),
    answer: "2xx within 3 s, 202 best",
    retries: "for up to 4 h with growing pauses; slow endpoints are dropped",
    note: "`clientState` of every item must be the secret. It proves who sends and protects nothing of the request. Two changes may have the same bytes, so repeats are not told. Tokens of notifications with data are not checked.",
};

const NOTION: Provider = Provider {
    slug: "notion",
    name: "Notion",
    category: Category::Productivity,
    docs: "https://developers.notion.com/reference/webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-notion-signature").prefix("sha256=")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: Some(table::NOTION),
    answer: "2xx",
    retries: "up to 8 times over about 24 h",
    note: "The secret is the verification token that the first request brings.",
};

const NYLAS: Provider = Provider {
    slug: "nylas",
    name: "Nylas",
    category: Category::Productivity,
    docs: "https://developer.nylas.com/docs/v3/notifications/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-nylas-signature")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: Some(table::NYLAS),
    answer: "",
    retries: "",
    note: "",
};

const TYPEFORM: Provider = Provider {
    slug: "typeform",
    name: "Typeform",
    category: Category::Productivity,
    docs: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("typeform-signature").base64().prefix("sha256=")),
    settings: &[],
    event_id: fact![Json("/event_id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx within 30 s",
    retries: "every 2 to 3 min for up to 10 h after 408, 425, 429 and 5xx; 404 and 410 disable the hook",
    note: "`sha256=` is followed by base64, not hexadecimal.",
};
