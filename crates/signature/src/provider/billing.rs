//! Subscriptions, invoices and books.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::bespoke::keygen::KEYGEN as KEYGEN_SCHEME;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Format, Part, Scheme, Signed, Timestamp, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] =
    &[&CHARGEBEE, &CHARGIFY, &KEYGEN, &ORB, &QUICKBOOKS, &RECURLY, &XERO];

const CHARGEBEE: Provider = Provider {
    slug: "chargebee",
    name: "Chargebee",
    category: Category::Billing,
    docs: "https://www.chargebee.com/docs/2.0/webhook_settings.html",
    confidence: Confidence::Documented,
    scheme: Scheme::Basic,
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx within 20 to 60 s",
    retries: "7 times with growing pauses over about 4 days",
    note: "The password proves who sends and protects nothing of the request.",
};

const CHARGIFY: Provider = Provider {
    slug: "chargify",
    name: "Maxio (Chargify)",
    category: Category::Billing,
    docs: "https://developers.maxio.com/http/getting-started/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-chargify-webhook-signature-hmac-sha-256")),
    settings: &[],
    event_id: fact![Header("x-chargify-webhook-id")],
    event_type: fact![Field("event"); Json("/event")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "up to 5 times",
    note: "The id stands in a header and is not signed.",
};

/// Each try is signed anew, and its date with it.
const KEYGEN: Provider = Provider {
    slug: "keygen",
    name: "Keygen",
    category: Category::Billing,
    docs: "https://keygen.sh/docs/api/signatures/",
    confidence: Confidence::Documented,
    scheme: Scheme::Bespoke(&KEYGEN_SCHEME),
    settings: &[],
    event_id: fact![Json("/data/id")],
    event_type: fact![Json("/data/attributes/event")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "up to 15 times",
    note: "The `secret` is the account's Ed25519 public key. The webhook's signature algorithm has to be Ed25519, as it is by itself; RSA is not accepted. Host and path of the URL are signed.",
};

const ORB: Provider = Provider {
    slug: "orb",
    name: "Orb",
    category: Category::Billing,
    docs: "https://github.com/orbcorp/orb-python/blob/604050c/tests/api_resources/test_webhooks.py",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-orb-signature")
            .format(Format::Versions { version: Borrowed("v1"), ed25519: Borrowed(""), glue: '=' })
            .over(&[
                Part::Literal(Borrowed("v1:")),
                Part::Timestamp,
                Part::Literal(Borrowed(":")),
                Part::Body,
            ])
            .time(Timestamp::header("x-orb-timestamp", Unit::Rfc3339, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "The time has no zone and is UTC; it is signed as it is written.",
};

const QUICKBOOKS: Provider = Provider {
    slug: "quickbooks",
    name: "Intuit QuickBooks",
    category: Category::Billing,
    docs: "https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("intuit-signature").base64()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/eventNotifications/0/dataChangeEvent/entities/0/name"), Json("/eventNotifications/0/dataChangeEvent/entities/0/operation"); Json("/0/type")],
    items: Some(
        // CloudEvents in a list, or the older form with a list of companies:
        // <https://blogs.intuit.com/2025/11/12/upcoming-change-to-webhooks-payload-structure>.
        Items::new(
            "",
            fact![Json("/id"), Json("/source")],
            fact![
                Json("/type");
                Json("/dataChangeEvent/entities/0/name"),
                Json("/dataChangeEvent/entities/0/operation")
            ],
        )
        .or("/eventNotifications"),
    ),
    handshake: None,
    answer: "200 within 3 s",
    retries: "after 20, 30 and 50 min",
    note: "One request holds several changes, possibly of several companies.",
};

const RECURLY: Provider = Provider {
    slug: "recurly",
    name: "Recurly",
    category: Category::Billing,
    docs: "https://github.com/recurly/recurly-client-ruby/blob/05fa008/spec/recurly/webhooks_spec.rb",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("recurly-signature")
            .format(Format::TimeFirst { between: ',' })
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("ts", Unit::Milliseconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/object_type"), Json("/event_type"); Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "up to 10 times over about 12 h",
    note: "The value is the time in milliseconds and then one signature for each secret.",
};

const XERO: Provider = Provider {
    slug: "xero",
    name: "Xero",
    category: Category::Billing,
    docs: "https://developer.xero.com/documentation/guides/webhooks/overview/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-xero-signature").base64()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/events/0/eventCategory"), Json("/events/0/eventType")],
    items: Some(Items::new(
        "/events",
        fact![
            MaybeJson("/tenantId"),
            Json("/resourceId"),
            Json("/eventType"),
            Json("/eventDateUtc")
        ],
        fact![Json("/eventCategory"), Json("/eventType")],
    )),
    handshake: Some(table::XERO),
    answer: "200 with an empty body and no cookies within 5 s",
    retries: "for up to 24 h with growing pauses, then it is disabled",
    note: "One request holds several events. When the hook is set up, some requests are signed wrongly on purpose and must be refused with 401.",
};
