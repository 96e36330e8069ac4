//! Shops, and what brings the goods.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::ebay::EBAY as EBAY_SCHEME;
use crate::handshake::table;
use crate::scheme::{Carrier, Format, KeyForm, Place, Scheme, Signed};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] =
    &[&EBAY, &SHOPIFY, &AFTERSHIP, &BIGCOMMERCE, &ETSY, &ONFLEET, &SQUARESPACE, &WOOCOMMERCE];

const EBAY: Provider = Provider {
    slug: "ebay",
    name: "eBay",
    category: Category::Commerce,
    docs: "https://developer.ebay.com/marketplace-account-deletion",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&EBAY_SCHEME),
    settings: &[
        Setting {
            name: "client_id",
            required: false,
            about: "The App ID of your application at eBay, with which the hub fetches the access token that eBay's key is handed out for, and a new one before it ends.",
        },
        Setting {
            name: "client_secret",
            required: false,
            about: "The Cert ID that belongs to the App ID.",
        },
        Setting {
            name: "access_token",
            required: false,
            about: "An OAuth application token instead of App ID and Cert ID; it is good for two hours.",
        },
        Setting {
            name: "verification_token",
            required: false,
            about: "The token that eBay was given with the endpoint, to answer its challenges.",
        },
        Setting {
            name: "endpoint",
            required: false,
            about: "The endpoint's URL as eBay was given it, to answer its challenges.",
        },
    ],
    event_id: fact![Json("/notification/notificationId")],
    event_type: fact![Json("/metadata/topic")],
    items: None,
    handshake: Some(table::EBAY),
    answer: "200, 201, 202 or 204 at once",
    retries: "some; an endpoint that does not answer for 24 h is marked as down",
    note: "eBay hands its key out to applications only: set `client_id` and `client_secret`, configure the key itself (`secret`), or name a mirror (`keys_url`). The hash is SHA-1.",
};

/// The headers without `X-` are those of the newer kind of webhooks called "events". Shopify's
/// library refuses empty bodies, and so do we: nothing else is signed.
const SHOPIFY: Provider = Provider {
    slug: "shopify",
    name: "Shopify",
    category: Category::Commerce,
    docs: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-shopify-hmac-sha256")
            .base64()
            .or(&[Carrier {
                place: Place::Header(Borrowed("shopify-hmac-sha256")),
                format: Format::Bare { ignores: Borrowed("") },
            }])
            .nonempty(),
    ),
    settings: &[],
    event_id: fact![Header("x-shopify-webhook-id"); Header("shopify-webhook-id")],
    event_type: fact![DottedHeader("x-shopify-topic"); DottedHeader("shopify-topic")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "8 times over 4 hours, then the subscription is removed",
    note: "The webhook id is not signed.",
};

const AFTERSHIP: Provider = Provider {
    slug: "aftership",
    name: "AfterShip Tracking",
    category: Category::Commerce,
    docs: "https://www.aftership.com/docs/tracking/webhook/webhook-signature",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("aftership-hmac-sha256").base64()),
    settings: &[],
    event_id: fact![Json("/event_id")],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "up to 14 times with doubling pauses from 30 s",
    note: "Returns and warranty use another header, `as-signature-hmac-sha256`.",
};

const BIGCOMMERCE: Provider = Provider {
    slug: "bigcommerce",
    name: "BigCommerce",
    category: Category::Commerce,
    docs: "https://github.com/bigcommerce/docs/blob/24f580c/docs/integrations/webhooks/https-webhook-overview.mdx",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME.key(KeyForm::Text)),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![DottedJson("/scope")],
    items: None,
    handshake: None,
    answer: "200",
    retries: "with growing pauses for about 48 h, then the hook is deactivated",
    note: "The key is the text of the client secret, not what it is in base64. Older stores do not sign.",
};

const ETSY: Provider = Provider {
    slug: "etsy",
    name: "Etsy",
    category: Category::Commerce,
    docs: "https://developers.etsy.com/documentation/essentials/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "",
};

const ONFLEET: Provider = Provider {
    slug: "onfleet",
    name: "Onfleet",
    category: Category::Commerce,
    docs: "https://docs.onfleet.com/reference/secrets",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha512("x-onfleet-signature").key(KeyForm::Hex)),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/triggerId")],
    items: None,
    handshake: Some(table::ONFLEET),
    answer: "",
    retries: "",
    note: "The secret is hexadecimal.",
};

const SQUARESPACE: Provider = Provider {
    slug: "squarespace",
    name: "Squarespace",
    category: Category::Commerce,
    docs: "https://developers.squarespace.com/webhooks/overview",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("squarespace-signature").key(KeyForm::Hex)),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/topic")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The secret is hexadecimal.",
};

const WOOCOMMERCE: Provider = Provider {
    slug: "woocommerce",
    name: "WooCommerce",
    category: Category::Commerce,
    docs: "https://woocommerce.com/document/webhooks/",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-wc-webhook-signature").base64()),
    settings: &[],
    event_id: fact![Header("x-wc-webhook-delivery-id"), BodyHash],
    event_type: fact![Header("x-wc-webhook-topic")],
    items: None,
    handshake: Some(table::WOOCOMMERCE),
    answer: "2xx, 301 or 302 within 60 s",
    retries: "never; five failures disable the hook",
    note: "The delivery id is made of the hook and the second, so two events can share it; it counts only together with the body. The first request, a form with `webhook_id`, is not signed.",
};
