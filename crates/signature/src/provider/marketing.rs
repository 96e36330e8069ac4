//! Customers: marketing, sales and support.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::bespoke::segment::SEGMENT as SEGMENT_SCHEME;
use crate::fact::Fact;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{KeyForm, Part, Place, Scheme, Signed, Timestamp, Token, Unit};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] = &[
    &AIRSHIP,
    &CLEARBIT,
    &CUSTOMER_IO,
    &FRONT,
    &HUBSPOT,
    &INTERCOM,
    &KLAVIYO,
    &MAILCHIMP,
    &SEGMENT,
    &ZENDESK,
];

const AIRSHIP: Provider = Provider {
    slug: "airship",
    name: "Airship",
    category: Category::Marketing,
    docs: "https://docs.airship.com/guides/messaging/features/webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-ua-signature")
            .over(&[Part::Timestamp, Part::Literal(Borrowed(":")), Part::Body])
            .time(Timestamp::header("x-ua-timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: Fact::NONE,
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "There is no id that is known to be unique, so repeats are not told.",
};

const CLEARBIT: Provider = Provider {
    slug: "clearbit",
    name: "Clearbit",
    category: Category::Marketing,
    docs: "https://github.com/clearbit/clearbit-ruby/blob/9d25adb/lib/clearbit/webhook.rb",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha1("x-request-signature").key(KeyForm::TextWithoutPrefix).prefix("sha1="),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The key is the API key without `sk_`, which is left out here. HMAC with SHA-1 is all there is.",
};

const CUSTOMER_IO: Provider = Provider {
    slug: "customer-io",
    name: "Customer.io reporting webhooks",
    category: Category::Marketing,
    docs: "https://customer.io/docs/api/webhooks/#section/Securely-Verifying-Requests",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-cio-signature")
            .over(&[
                Part::Literal(Borrowed("v0:")),
                Part::Timestamp,
                Part::Literal(Borrowed(":")),
                Part::Body,
            ])
            .time(Timestamp::header("x-cio-timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/event_id")],
    event_type: fact![Json("/object_type"), Json("/metric")],
    items: None,
    handshake: None,
    answer: "2xx within 4 s",
    retries: "for 7 days with growing pauses",
    note: "`v0` stands in what is signed and not in the header.",
};

const FRONT: Provider = Provider {
    slug: "front",
    name: "Front",
    category: Category::Marketing,
    docs: "https://dev.frontapp.com/docs/application-webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-front-signature")
            .base64()
            .over(&[Part::Timestamp, Part::Literal(Borrowed(":")), Part::Body])
            .time(Timestamp::header("x-front-request-timestamp", Unit::Milliseconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type")],
    items: None,
    handshake: Some(table::FRONT),
    answer: "",
    retries: "",
    note: "",
};

const HUBSPOT: Provider = Provider {
    slug: "hubspot",
    name: "HubSpot",
    category: Category::Marketing,
    docs: "https://developers.hubspot.com/docs/api/webhooks/validating-requests",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-hubspot-signature-v3")
            .base64()
            .over(&[
                Part::Method,
                Part::UnescapedUrl(Borrowed(":/?@!$'()*,;")),
                Part::Body,
                Part::Timestamp,
            ])
            .time(Timestamp::header("x-hubspot-request-timestamp", Unit::Milliseconds, Some(300)))
            .weaker(&[Borrowed("x-hubspot-signature")]),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/0/subscriptionType")],
    items: Some(
        // Ids of events are not unique by themselves, and a repeat counts its attempts. So all
        // that says what happened is part of the key.
        Items::new(
            "",
            fact![
                Json("/eventId"),
                Json("/subscriptionId"),
                Json("/occurredAt"),
                MaybeJson("/portalId"),
                MaybeJson("/subscriptionType"),
                MaybeJson("/objectId"),
                MaybeJson("/propertyName"),
                MaybeJson("/associationType"),
                MaybeJson("/fromObjectId"),
                MaybeJson("/toObjectId")
            ],
            fact![Json("/subscriptionType")],
        )
        .by_id_alone(),
    ),
    handshake: None,
    answer: "2xx within 5 s",
    retries: "up to 10 times over 24 h",
    note: "The URL is signed as it was registered, some of its escapes written plainly. Only version 3 is accepted: versions 1 and 2 are hashes behind the secret that sign no time. One request holds several events.",
};

const INTERCOM: Provider = Provider {
    slug: "intercom",
    name: "Intercom",
    category: Category::Marketing,
    docs: "https://developers.intercom.com/docs/webhooks/webhook-notifications",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha1("x-hub-signature").prefix("sha1=")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/topic")],
    items: None,
    handshake: Some(table::INTERCOM),
    answer: "200 within 5 s; 410 disables the hook",
    retries: "once, after a minute; long failures pause the topic",
    note: "The key is the client secret of the app. HMAC with SHA-1 is all there is.",
};

const KLAVIYO: Provider = Provider {
    slug: "klaviyo",
    name: "Klaviyo",
    category: Category::Marketing,
    docs: "https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("klaviyo-signature")
            .over(&[Part::Body, Part::Timestamp])
            .time(Timestamp::header("klaviyo-timestamp", Unit::Seconds, None)),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![DottedJson("/data/0/topic")],
    items: Some(Items::new("/data", fact![Json("/external_id")], fact![DottedJson("/topic")])),
    handshake: None,
    answer: "",
    retries: "",
    note: "The time stands behind the body in what is signed; no window is stated. One request holds several events.",
};

const MAILCHIMP: Provider = Provider {
    slug: "mailchimp",
    name: "Mailchimp Marketing",
    category: Category::Marketing,
    docs: "https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Token(Token::at(Place::Query(Borrowed("secret")))),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Field("type")],
    items: None,
    handshake: Some(table::MAILCHIMP),
    answer: "200 within 10 s",
    retries: "with growing pauses for about an hour",
    note: "Nothing is signed: put `?secret=…` at the end of the URL that is registered there. It proves who sends, protects nothing of the request, and stands in the log of every proxy on the way.",
};

/// One message id may be sent to several mappings of the same destination, whose bodies differ.
const SEGMENT: Provider = Provider {
    slug: "segment",
    name: "Segment",
    category: Category::Marketing,
    docs: "https://segment.com/docs/connections/destinations/catalog/actions-webhook/",
    confidence: Confidence::Documented,
    scheme: Scheme::Bespoke(&SEGMENT_SCHEME),
    settings: &[],
    event_id: fact![Json("/messageId"), BodyHash; Json("/0/messageId"), BodyHash],
    event_type: fact![Json("/type"); Json("/0/type")],
    items: Some(Items::new("", Fact::NONE, fact![Json("/type")])),
    handshake: None,
    answer: "2xx within 5 s",
    retries: "nine attempts over 4 hours; not after a 4xx other than 429",
    note: "Of a batch only the first event is signed, and one event can be sent again at the head of a batch: the body is not protected. HMAC with SHA-1 is all there is, and no time is signed.",
};

const ZENDESK: Provider = Provider {
    slug: "zendesk",
    name: "Zendesk",
    category: Category::Marketing,
    docs: "https://developer.zendesk.com/documentation/webhooks/verifying/",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-zendesk-webhook-signature")
            .base64()
            .over(&[Part::Timestamp, Part::Body])
            .time(Timestamp::header(
                "x-zendesk-webhook-signature-timestamp",
                Unit::Rfc3339,
                Some(300),
            )),
    ),
    settings: &[],
    event_id: fact![Json("/id"), Json("/zendesk_event_version")],
    event_type: fact![DottedJson("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 12 s",
    retries: "up to 3 times after 429 and 5xx",
    note: "Requests of a trigger have a body of the user's making, in which `id` may be a ticket, so an id counts only in event subscriptions. Tests before the hook is made use a secret that is public. Bodies of GET and DELETE are empty: the time alone is signed.",
};
