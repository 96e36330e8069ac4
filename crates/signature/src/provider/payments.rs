//! Money.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::adyen::ADYEN as ADYEN_SCHEME;
use crate::bespoke::braintree::BRAINTREE as BRAINTREE_SCHEME;
use crate::bespoke::mercado_pago::MERCADO_PAGO as MERCADO_PAGO_SCHEME;
use crate::bespoke::paypal::PAYPAL as PAYPAL_SCHEME;
use crate::fact::Fact;
use crate::generic::USUAL;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Format, KeyForm, Part, Place, Scheme, Signed, Timestamp, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] = &[
    &ADYEN,
    &BRAINTREE,
    &MERCADO_PAGO,
    &PAYPAL,
    &STRIPE,
    &ADYEN_PLATFORM,
    &AFFIRM,
    &AIRWALLEX,
    &AUTHORIZE_NET,
    &BOLT,
    &BTCPAY,
    &CHECKOUT_COM,
    &COINBASE_COMMERCE,
    &FLUTTERWAVE,
    &GOCARDLESS,
    &KLARNA,
    &LEMONSQUEEZY,
    &MOLLIE,
    &PADDLE,
    &PAYSTACK,
    &POLAR,
    &PRIMER,
    &RAZORPAY,
    &SQUARE,
    &WORLDLINE_CONNECT,
];

const ADYEN: Provider = Provider {
    slug: "adyen",
    name: "Adyen (standard payment webhooks)",
    category: Category::Payments,
    docs: "https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&ADYEN_SCHEME),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![
        Json("/notificationItems/0/NotificationRequestItem/eventCode");
        Json("/eventCode")
    ],
    items: Some(Items::new(
        "/notificationItems",
        fact![
            Json("/NotificationRequestItem/pspReference"),
            Json("/NotificationRequestItem/eventCode"),
            Json("/NotificationRequestItem/success")
        ],
        fact![Json("/NotificationRequestItem/eventCode")],
    )),
    handshake: None,
    answer: "2xx within 10 s",
    retries: "three times at once, then with growing pauses for 30 days",
    note: "Of each item eight fields are signed, joined by colons without escaping: references, merchant account, amount, event code, success. Its time, its reason and all other data are not. Every item must be signed.",
};

/// The event's type stands in XML inside the base64 of the payload.
const BRAINTREE: Provider = Provider {
    slug: "braintree",
    name: "Braintree",
    category: Category::Payments,
    docs: "https://developer.paypal.com/braintree/docs/guides/webhooks/parse",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&BRAINTREE_SCHEME),
    settings: &[Setting {
        name: crate::bespoke::braintree::PUBLIC_KEY,
        required: true,
        about: "The public API key that belongs to the private key; several are separated by commas.",
    }],
    event_id: fact![BodyHash],
    event_type: Fact::NONE,
    items: None,
    handshake: Some(table::BRAINTREE),
    answer: "2xx within 30 s",
    retries: "every hour, for 24 hours in production and 3 hours in the sandbox",
    note: "The secret is the private API key, whose SHA-1 is the key of an HMAC with SHA-1. No time is signed, and a payload that looks like a challenge is refused.",
};

/// Neither the package nor the documentation signs anything of the body.
const MERCADO_PAGO: Provider = Provider {
    slug: "mercado-pago",
    name: "Mercado Pago",
    category: Category::Payments,
    docs: "https://www.mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&MERCADO_PAGO_SCHEME),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/action"); Json("/type")],
    items: None,
    handshake: None,
    answer: "200 or 201 within 22 s",
    retries: "every 15 minutes, then with growing pauses",
    note: "The body is not signed: only `data.id` of the query, the request's id and the time are. Ask the API for the resource by that id. Notifications of QR codes are not signed at all.",
};

/// The CRC-32 in what is signed tells an accident, and not an alteration on purpose.
const PAYPAL: Provider = Provider {
    slug: "paypal",
    name: "PayPal",
    category: Category::Payments,
    docs: "https://developer.paypal.com/api/rest/webhooks/rest/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Bespoke(&PAYPAL_SCHEME),
    settings: &[Setting {
        name: "webhook_id",
        required: true,
        about: "The id of the webhook, as PayPal's dashboard shows it.",
    }],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "up to 25 times over 3 days",
    note: "Without a `secret` the certificate is fetched from `api.paypal.com` or `api.sandbox.paypal.com`, which TLS vouches for, and must not have expired; its chain is not built again. A certificate can also be configured. Of the body only a CRC-32 is signed, so whoever has seen one signed request can make another body for it.",
};

/// `whsec_` is part of the key. Several `v1` are there while a secret is rolled; `v0` is a fake
/// that test mode adds.
const STRIPE: Provider = Provider {
    slug: "stripe",
    name: "Stripe",
    category: Category::Payments,
    docs: "https://docs.stripe.com/webhooks/signature",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("stripe-signature")
            .format(Format::Fields {
                signature: Borrowed("v1"),
                weaker: Borrowed(&[Borrowed("v0")]),
                between: Borrowed(","),
            })
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx, as soon as possible",
    retries: "with growing pauses for 3 days; in test mode 3 times over a few hours",
    note: "",
};

const ADYEN_PLATFORM: Provider = Provider {
    slug: "adyen-platform",
    name: "Adyen (Management / Balance Platform webhooks)",
    category: Category::Payments,
    docs: "https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("hmacsignature").base64().key(KeyForm::Hex)),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "The secret is hexadecimal. Standard notifications of payments are signed in another way; see `adyen`.",
};

const AFFIRM: Provider = Provider {
    slug: "affirm",
    name: "Affirm",
    category: Category::Payments,
    docs: "https://docs.affirm.com/developers/docs/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha512("x-affirm-signature")
            .field("v0")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/event"); Field("event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "",
};

const AIRWALLEX: Provider = Provider {
    slug: "airwallex",
    name: "Airwallex",
    category: Category::Payments,
    docs: "https://www.airwallex.com/docs/developer-tools__listen-for-webhook-events",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-signature")
            .over(&[Part::Timestamp, Part::Body])
            .time(Timestamp::header("x-timestamp", Unit::Milliseconds, None)),
    ),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/name")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The time is signed, and no window is stated.",
};

const AUTHORIZE_NET: Provider = Provider {
    slug: "authorize-net",
    name: "Authorize.Net",
    category: Category::Payments,
    docs: "https://developer.authorize.net/api/reference/features/webhooks.html",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha512("x-anet-signature").key(KeyForm::Hex).prefix("sha512="),
    ),
    settings: &[],
    event_id: fact![Json("/notificationId")],
    event_type: fact![Json("/eventType")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "10 times",
    note: "The signature key is hexadecimal.",
};

const BOLT: Provider = Provider {
    slug: "bolt",
    name: "Bolt",
    category: Category::Payments,
    docs: "https://help.bolt.com/developers/webhooks/hook-verification/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-bolt-hmac-sha256").base64()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "While a secret is rotated, a second header carries the signature by the one to come, which is not looked at.",
};

const BTCPAY: Provider = Provider {
    slug: "btcpay",
    name: "BTCPay Server",
    category: Category::Payments,
    docs: "https://github.com/btcpayserver/btcpayserver/blob/03345c2/BTCPayServer/Plugins/Webhooks/WebhookSender.cs",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("btcpay-sig").prefix("sha256=")),
    settings: &[],
    event_id: fact![Json("/originalDeliveryId"); Json("/deliveryId")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "after 10 s, 1 min and 4 times 10 min, if switched on",
    note: "",
};

const CHECKOUT_COM: Provider = Provider {
    slug: "checkout-com",
    name: "Checkout.com",
    category: Category::Payments,
    docs: "https://www.checkout.com/docs/workflows/set-up-your-webhook-receiver",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("cko-signature")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "up to 8 times over about 24 h",
    note: "",
};

const COINBASE_COMMERCE: Provider = Provider {
    slug: "coinbase-commerce",
    name: "Coinbase Commerce",
    category: Category::Payments,
    docs: "https://docs.cdp.coinbase.com/commerce/docs/webhooks-security",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-cc-webhook-signature")),
    settings: &[],
    event_id: fact![Json("/event/id")],
    event_type: fact![DottedJson("/event/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "with growing pauses for up to 3 days",
    note: "",
};

const FLUTTERWAVE: Provider = Provider {
    slug: "flutterwave",
    name: "Flutterwave v4",
    category: Category::Payments,
    docs: "https://developer.flutterwave.com/docs/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("flutterwave-signature").base64()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type"); Json("/event")],
    items: None,
    handshake: None,
    answer: "200 within 60 s",
    retries: "3 times, 30 min apart, if switched on",
    note: "Version 3 sends the secret itself as `verif-hash`; use the provider `token` with that header.",
};

const GOCARDLESS: Provider = Provider {
    slug: "gocardless",
    name: "GoCardless",
    category: Category::Payments,
    docs: "https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks/",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("webhook-signature")),
    settings: &[],
    event_id: fact![Json("/meta/webhook_id"); BodyHash],
    event_type: fact![Json("/events/0/resource_type"), Json("/events/0/action")],
    items: Some(Items::new(
        "/events",
        fact![Json("/id")],
        fact![Json("/resource_type"), Json("/action")],
    )),
    handshake: None,
    answer: "2xx within 10 s",
    retries: "8 times with growing pauses",
    note: "The header has the name that Standard Webhooks uses and holds plain hexadecimal. One request holds several events.",
};

const KLARNA: Provider = Provider {
    slug: "klarna",
    name: "Klarna",
    category: Category::Payments,
    docs: "https://docs.klarna.com",
    confidence: Confidence::Unknown,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/metadata/event_type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Not known: whether the signature is hexadecimal or base64 is not settled, and older push notifications are not signed. What stands here is the generic scheme.",
};

const LEMONSQUEEZY: Provider = Provider {
    slug: "lemonsqueezy",
    name: "Lemon Squeezy",
    category: Category::Payments,
    docs: "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-signature")),
    settings: &[],
    event_id: fact![Json("/meta/webhook_id"), BodyHash],
    event_type: fact![Json("/meta/event_name"); Header("x-event-name")],
    items: None,
    handshake: None,
    answer: "200",
    retries: "3 times, after 5, 25 and 125 s",
    note: "",
};

const MOLLIE: Provider = Provider {
    slug: "mollie",
    name: "Mollie (next-gen webhooks)",
    category: Category::Payments,
    docs: "https://github.com/mollie/mollie-api-php/blob/53e49e7/docs/recipes/webhooks/signature-verification.md",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-mollie-signature").optional_prefix("sha256=")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "up to 10 times over about 26 h",
    note: "Only the newer webhooks are signed. The older ones, a form with `id`, are refused here: they must be confirmed by asking the API.",
};

const PADDLE: Provider = Provider {
    slug: "paddle",
    name: "Paddle Billing",
    category: Category::Payments,
    docs: "https://developer.paddle.com/webhooks/signature-verification",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("paddle-signature")
            .format(Format::Fields {
                signature: Borrowed("h1"),
                weaker: Borrowed(&[]),
                between: Borrowed(";"),
            })
            .over(&[Part::Timestamp, Part::Literal(Borrowed(":")), Part::Body])
            .time(Timestamp::field("ts", Unit::Seconds, Some(5))),
    ),
    settings: &[],
    event_id: fact![Json("/event_id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "200 within 5 s",
    retries: "60 times over 3 days; in the sandbox 3 times within 15 min",
    note: "The window of 5 s is that of its own library; a slow road needs a wider one. While a secret is rotated there are several `h1`, of which any counts.",
};

const PAYSTACK: Provider = Provider {
    slug: "paystack",
    name: "Paystack",
    category: Category::Payments,
    docs: "https://paystack.com/docs/payments/webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha512("x-paystack-signature")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "200",
    retries: "4 times every 3 min, then hourly for 72 h",
    note: "There is no id, so events are told by their bytes.",
};

const POLAR: Provider = Provider {
    slug: "polar",
    name: "Polar",
    category: Category::Payments,
    docs: "https://docs.polar.sh/integrate/webhooks/delivery",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME.key(KeyForm::Text)),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "The key is the text of the secret, `polar_whs_` and all, not what it is in base64.",
};

const PRIMER: Provider = Provider {
    slug: "primer",
    name: "Primer",
    category: Category::Payments,
    docs: "https://primer.io/docs/api-reference/get-started/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("")
            .place(Place::Pair(Borrowed("x-signature-primary"), Borrowed("x-signature-secondary")))
            .base64(),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/eventType")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "While a secret is rotated, a second header carries the signature by the older one; either counts.",
};

const RAZORPAY: Provider = Provider {
    slug: "razorpay",
    name: "Razorpay",
    category: Category::Payments,
    docs: "https://razorpay.com/docs/webhooks/validate-test/",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-razorpay-signature")),
    settings: &[],
    event_id: fact![Header("x-razorpay-event-id")],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "with growing pauses for 24 h, then the hook is disabled",
    note: "The id stands in a header and is not signed.",
};

const SQUARE: Provider = Provider {
    slug: "square",
    name: "Square",
    category: Category::Payments,
    docs: "https://developer.squareup.com/docs/webhooks/step3validate",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-square-hmacsha256-signature")
            .base64()
            .over(&[Part::Url, Part::Body])
            .nonempty()
            .weaker(&[Borrowed("x-square-signature")]),
    ),
    settings: &[],
    event_id: fact![Json("/event_id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "up to 11 times over 24 h",
    note: "The URL is signed exactly as it was registered. The older header, by SHA-1, is not accepted. Empty bodies are refused.",
};

const WORLDLINE_CONNECT: Provider = Provider {
    slug: "worldline-connect",
    name: "Worldline (Connect / Direct, ex Ingenico)",
    category: Category::Payments,
    docs: "https://github.com/Ingenico-ePayments/connect-sdk-python3/blob/23ae7bb/tests/unit/test_web_hooks_helper.py",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-gcs-signature").base64()),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: Some(table::WORLDLINE_CONNECT),
    answer: "2xx within 10 s",
    retries: "up to 5 times, after 10 min, 1, 2, 8 and 24 h",
    note: "`X-GCS-KeyId` names the key; every secret configured here is tried.",
};
