//! Texts, pictures, film and design.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::bespoke::contentful::CONTENTFUL as CONTENTFUL_SCHEME;
use crate::bespoke::hygraph::HYGRAPH as HYGRAPH_SCHEME;
use crate::fact::Fact;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Part, Place, Scheme, Signed, Timestamp, Token, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] =
    &[&AUTODESK, &CONTENTFUL, &FIGMA, &FRAMEIO, &HYGRAPH, &KONTENT_AI, &MUX, &SANITY, &WEBFLOW];

const AUTODESK: Provider = Provider {
    slug: "autodesk",
    name: "Autodesk Platform Services",
    category: Category::Content,
    docs: "https://aps.autodesk.com/en/docs/webhooks/v1/developers_guide/callback-security/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha1("x-adsk-signature").prefix("sha1hash=")),
    settings: &[],
    event_id: fact![Header("x-adsk-delivery-id")],
    event_type: fact![Json("/hook/event")],
    items: None,
    handshake: None,
    answer: "2xx within 6 s",
    retries: "for 48 h, then the hook is disabled",
    note: "HMAC with SHA-1 behind `sha1hash=`. The id stands in a header and is not signed.",
};

const CONTENTFUL: Provider = Provider {
    slug: "contentful",
    name: "Contentful",
    category: Category::Content,
    docs: "https://www.contentful.com/developers/docs/webhooks/request-verification/",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&CONTENTFUL_SCHEME),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Header("x-contentful-topic")],
    items: None,
    handshake: None,
    answer: "2xx within 30 s",
    retries: "twice, about 30 s apart, after 429 and 5xx",
    note: "Method, path and query are signed as Contentful requested them, and the headers that the request names. A request of exactly 30 s is too old already.",
};

const FIGMA: Provider = Provider {
    slug: "figma",
    name: "Figma",
    category: Category::Content,
    docs: "https://github.com/figma/rest-api-spec/blob/af94beb/dist/api_types.ts",
    confidence: Confidence::Documented,
    scheme: Scheme::Token(Token::at(Place::Json(Borrowed("/passcode")))),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: Some(table::FIGMA),
    answer: "200",
    retries: "3 times, after 5 min, 30 min and 3 h",
    note: "The passcode stands in the body, proves who sends and protects nothing of the request.",
};

const FRAMEIO: Provider = Provider {
    slug: "frameio",
    name: "Frame.io",
    category: Category::Content,
    docs: "https://developer.frame.io/docs/automations-webhooks/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-frameio-signature")
            .prefix("v0=")
            .over(&[
                Part::Literal(Borrowed("v0:")),
                Part::Timestamp,
                Part::Literal(Borrowed(":")),
                Part::Body,
            ])
            .time(Timestamp::header("x-frameio-request-timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "up to 5 times, after 15, 30, 60 and 120 s",
    note: "There is no id, and two events may have the same bytes, so repeats are not told.",
};

const HYGRAPH: Provider = Provider {
    slug: "hygraph",
    name: "Hygraph",
    category: Category::Content,
    docs: "https://hygraph.com/docs/api-reference/basics/webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&HYGRAPH_SCHEME),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/operation")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The time is signed; no window is stated, so none is enforced unless a tolerance is configured.",
};

const KONTENT_AI: Provider = Provider {
    slug: "kontent-ai",
    name: "Kontent.ai",
    category: Category::Content,
    docs: "https://kontent.ai/learn/docs/webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-kontent-ai-signature").base64()),
    settings: &[],
    event_id: fact![Json("/message/id"); BodyHash],
    event_type: fact![Json("/message/operation"); Json("/notifications/0/message/object_type"), Json("/notifications/0/message/action")],
    items: Some(Items::new(
        "/notifications",
        Fact::NONE,
        fact![Json("/message/object_type"), Json("/message/action")],
    )),
    handshake: None,
    answer: "",
    retries: "",
    note: "",
};

const MUX: Provider = Provider {
    slug: "mux",
    name: "Mux",
    category: Category::Content,
    docs: "https://www.mux.com/docs/core/verify-webhook-signatures",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("mux-signature")
            .field("v1")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "with growing pauses for 24 h",
    note: "Its own library accepts any time in the future; here the window counts in both directions.",
};

const SANITY: Provider = Provider {
    slug: "sanity",
    name: "Sanity",
    category: Category::Content,
    docs: "https://github.com/sanity-io/webhook-toolkit/blob/649f5ad/test/signature.test.ts",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("sanity-webhook-signature")
            .base64url()
            .field("v1")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Milliseconds, None))
            .nonempty(),
    ),
    settings: &[],
    event_id: fact![Header("idempotency-key")],
    event_type: fact![Header("sanity-operation")],
    items: None,
    handshake: None,
    answer: "2xx within 30 s",
    retries: "for up to 30 min with growing pauses; not after 4xx other than 429",
    note: "The time is signed, and no window is stated. Empty bodies are refused, as its own library does. The id stands in a header and is not signed.",
};

const WEBFLOW: Provider = Provider {
    slug: "webflow",
    name: "Webflow",
    category: Category::Content,
    docs: "https://developers.webflow.com/data/docs/working-with-webhooks#validating-request-signatures",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-webflow-signature")
            .over(&[Part::Timestamp, Part::Literal(Borrowed(":")), Part::Body])
            .time(Timestamp::header("x-webflow-timestamp", Unit::Milliseconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/triggerType")],
    items: None,
    handshake: None,
    answer: "200",
    retries: "3 times, 10 min apart, then it is disabled",
    note: "The key is the secret of the hook if it was made with an API token, and else the client secret of the app.",
};
