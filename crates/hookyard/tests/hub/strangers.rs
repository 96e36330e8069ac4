//! Requests that came to the wrong source: the quarantine says whose they are.

use crate::sender::Sender;
use crate::support::Hub;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const SECRET: &str = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";
/// The example of RFC 8410, section 10.3.
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

/// A provider, what it is signed by, and what it sends beside its signature.
type Stranger = (&'static str, Option<&'static str>, &'static [(&'static str, &'static str)]);

/// The twelve most used. Two have keys of their own, so that they are not signed here; a signature
/// of theirs is told by the headers around it.
const STRANGERS: &[Stranger] = &[
    (
        "github",
        Some(SECRET),
        &[
            JSON,
            ("user-agent", "GitHub-Hookshot/044aadd"),
            ("x-github-event", "push"),
            ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            ("x-hub-signature", "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6"),
        ],
    ),
    (
        "stripe",
        Some(SECRET),
        &[JSON, ("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")],
    ),
    (
        "slack",
        Some(SECRET),
        &[JSON, ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")],
    ),
    (
        "shopify",
        Some(SECRET),
        &[
            JSON,
            ("x-shopify-topic", "orders/create"),
            ("x-shopify-shop-domain", "example.myshopify.com"),
            ("x-shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        ],
    ),
    ("twilio", Some(SECRET), &[FORM, ("user-agent", "TwilioProxy/1.1")]),
    (
        "sendgrid",
        None,
        &[
            JSON,
            (
                "x-twilio-email-event-webhook-signature",
                "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
            ),
            ("x-twilio-email-event-webhook-timestamp", "1600112502"),
        ],
    ),
    (
        "gitlab",
        Some(SECRET),
        &[
            JSON,
            ("x-gitlab-event", "Push Hook"),
            ("x-gitlab-event-uuid", "13792a34-cac6-4fda-95a8-c58e00a3954e"),
        ],
    ),
    ("discord", Some(ED25519), &[JSON, ("user-agent", "Discord-Webhook/1.0")]),
    (
        "paypal",
        None,
        &[
            JSON,
            ("paypal-transmission-id", "69cd13f0-d67a-11e5-baa3-778b53f4ae55"),
            ("paypal-transmission-time", "2016-02-18T20:01:35Z"),
            ("paypal-transmission-sig", "AAAA"),
            ("paypal-cert-url", "https://api.paypal.com/v1/notifications/certs/CERT-1"),
            ("paypal-auth-algo", "SHA256withRSA"),
        ],
    ),
    ("square", Some(SECRET), &[JSON, ("user-agent", "Square Connect v2")]),
    ("meta", Some(SECRET), &[JSON, ("user-agent", "facebookexternalua")]),
    (
        "hubspot",
        Some(SECRET),
        &[
            JSON,
            (
                "user-agent",
                "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)",
            ),
        ],
    ),
];

fn body(provider: &str) -> &'static [u8] {
    if provider == "twilio" { b"MessageSid=SM1&AccountSid=AC1" } else { b"[{\"id\":\"1\"}]" }
}

#[test]
fn the_most_used_providers_are_told_at_the_wrong_source() {
    let hub = Hub::start(
        "[sources.wrong]\nprovider = \"linear\"\nsecret = \"the-secret-of-the-wrong-source\"\n",
    );
    let held = |count: usize| {
        let (_, page) = hub.api("GET", "/api/v1/quarantine?state=held&limit=500", None);
        let held = page["quarantine"].as_array().unwrap().clone();
        (held.len() == count).then_some(held)
    };
    for (count, (provider, secret, headers)) in (1..).zip(STRANGERS) {
        let (secret, body) = (*secret, body(provider));
        let sender = Sender { provider, secret, method: "POST", query: "", headers, body };
        let reply = sender.send(&hub, "wrong");
        assert_eq!((reply.status, reply.code()), (401, "signature_missing".to_owned()));
        hub.wait_until("the quarantine has it", || held(count).is_some());
        let newest = &held(count).unwrap()[0];
        let path = format!("/api/v1/quarantine/{}/explain", newest["id"].as_str().unwrap());
        let (_, explained) = hub.api("GET", &path, None);
        let text = explained["finding"]["sentence"].as_str().unwrap_or_default();
        let named = text.strip_prefix("The request looks like one of ");
        let first = named.and_then(|named| named.split('`').nth(1)).unwrap_or_default();
        assert_eq!(first, *provider, "{explained}");
    }
    let log = hub.log();
    assert_eq!(log.matches("looks_like").count(), STRANGERS.len(), "{log}");
}
