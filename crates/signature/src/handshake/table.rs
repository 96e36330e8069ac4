//! The handshakes of the providers that have one.

use std::borrow::Cow::Borrowed;
use std::ops::RangeInclusive;

use super::Alphabet::{Base64, Digits, HostName, LowerHex, Plain, Words};
use super::Mark::{EmptyList, Has, Is, Lacks};
use super::{Challenge, Handshake, Question, Reply, Said, Trust};
use crate::encoding::Encoding;
use crate::scheme::Algorithm;
use crate::scheme::Place::{Form, Header, Json, Query};

/// Most challenges are random texts of 20 to 80 characters. None is known to be longer than this.
const SHORT: RangeInclusive<usize> = 1..=255;
/// Where the challenge is said to be opaque.
const LONG: RangeInclusive<usize> = 1..=1024;

/// Anybody may ask.
const GET: Question = Question {
    method: "GET",
    marks: &[],
    trust: Trust::Anyone,
    challenge: None,
    visit: None,
    reply: Reply::EMPTY,
};
/// It only has to be answered.
const HEAD: Question = Question { method: "HEAD", ..GET };
/// Signed like an event.
const POST: Question = Question { method: "POST", trust: Trust::Verified, ..GET };
/// The challenge as text.
const ECHO: Reply = Reply::text(&[Said::Challenge]);
/// The challenge's HMAC-SHA256 by the secret.
const HMAC_HEX: Said =
    Said::Mac { algorithm: Algorithm::HmacSha256, by_sha1: false, encoding: Encoding::Hex };

const fn asks(questions: &'static [Question]) -> Handshake {
    Handshake { questions, bodiless: false }
}

/// Asana hands the secret over while the call that makes the webhook waits for our answer
/// (<https://developers.asana.com/docs/webhooks-guide#the-webhook-handshake>).
pub(crate) const ASANA: Handshake = asks(&[Question {
    marks: &[Has(Header(Borrowed("x-hook-secret"))), Lacks(Header(Borrowed("x-hook-signature")))],
    trust: Trust::BringsSecret(&Header(Borrowed("x-hook-secret"))),
    challenge: Some(&Challenge {
        at: Header(Borrowed("x-hook-secret")),
        alphabet: Base64,
        length: 16..=255,
    }),
    reply: Reply { headers: &[("x-hook-secret", &[Said::Challenge])], ..Reply::EMPTY },
    ..POST
}]);

/// The subscription has to be confirmed by a visit
/// (<https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>). The header that
/// says what this is, is not signed; the body is.
pub(crate) const AWS_SNS: Handshake = asks(&[Question {
    marks: &[Is(Json(Borrowed("/Type")), "SubscriptionConfirmation")],
    visit: Some(&Json(Borrowed("/SubscribeURL"))),
    ..POST
}]);

/// <https://learn.microsoft.com/azure/event-grid/webhook-event-delivery>
pub(crate) const AZURE_EVENT_GRID: Handshake = asks(&[Question {
    marks: &[Is(Header(Borrowed("aeg-event-type")), "SubscriptionValidation")],
    challenge: Some(&Challenge {
        at: Json(Borrowed("/0/data/validationCode")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: Reply::json(&[("validationResponse", &[Said::Challenge])]),
    ..POST
}]);

/// The key is the one that signs events, so the form of the challenge is the one that Braintree's
/// own library insists on (`braintree_python` `braintree/webhook_notification_gateway.py`).
pub(crate) const BRAINTREE: Handshake = asks(&[Question {
    marks: &[Has(Query(Borrowed("bt_challenge")))],
    challenge: Some(&Challenge {
        at: Query(Borrowed("bt_challenge")),
        alphabet: LowerHex,
        length: 20..=32,
    }),
    reply: Reply::text(&[
        Said::Setting("public_key"),
        Said::Literal("|"),
        Said::Mac { algorithm: Algorithm::HmacSha1, by_sha1: true, encoding: Encoding::Hex },
    ]),
    ..GET
}]);

/// The protection against abuse that CloudEvents describes
/// (<https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection>).
/// It asks for consent and authenticates nobody, says the specification, so that the question may
/// come without the token of the events. Whoever sends without the proof is refused all the same,
/// so every origin is allowed, at the rate that it asks for. The answer is given at once; no callback is used.
pub(crate) const CLOUDEVENTS: Handshake = asks(&[Question {
    method: "OPTIONS",
    marks: &[Has(Header(Borrowed("webhook-request-origin")))],
    challenge: Some(&Challenge {
        at: Header(Borrowed("webhook-request-origin")),
        alphabet: HostName,
        length: 1..=253,
    }),
    reply: Reply {
        headers: &[
            ("allow", &[Said::Literal("POST")]),
            ("webhook-allowed-origin", &[Said::Challenge]),
            (
                "webhook-allowed-rate",
                &[Said::Also(
                    &Challenge {
                        at: Header(Borrowed("webhook-request-rate")),
                        alphabet: Digits,
                        length: 1..=10,
                    },
                    "*",
                )],
            ),
        ],
        ..Reply::EMPTY
    },
    ..GET
}]);

/// An interaction's PING is of type 1, the PING of webhook events of type 0; their events are of
/// type 1 too, but say which
/// (<https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-acknowledging-ping-requests>,
/// <https://discord.com/developers/docs/events/webhook-events#webhook-event-payloads>).
pub(crate) const DISCORD: Handshake = asks(&[
    Question {
        marks: &[Is(Json(Borrowed("/type")), "1"), Lacks(Json(Borrowed("/event/type")))],
        reply: Reply::fixed(r#"{"type":1}"#),
        ..POST
    },
    Question {
        marks: &[Is(Json(Borrowed("/type")), "0")],
        reply: Reply { status: 204, ..Reply::EMPTY },
        ..POST
    },
]);

/// <https://www.dropbox.com/developers/reference/webhooks#documentation>
pub(crate) const DROPBOX: Handshake = asks(&[Question {
    marks: &[Has(Query(Borrowed("challenge")))],
    challenge: Some(&Challenge {
        at: Query(Borrowed("challenge")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: ECHO,
    ..GET
}]);

/// <https://developer.ebay.com/marketplace-account-deletion>; the token is made up by the operator
/// and has nothing to do with the keys that sign.
pub(crate) const EBAY: Handshake = asks(&[Question {
    marks: &[Has(Query(Borrowed("challenge_code")))],
    challenge: Some(&Challenge {
        at: Query(Borrowed("challenge_code")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: Reply::json(&[(
        "challengeResponse",
        &[Said::Sha256(&[
            Said::Challenge,
            Said::Setting("verification_token"),
            Said::SettingOrUrl("endpoint"),
        ])],
    )]),
    ..GET
}]);

/// <https://www.figma.com/developers/api#webhooks-v2-events>
pub(crate) const FIGMA: Handshake =
    asks(&[Question { marks: &[Is(Json(Borrowed("/event_type")), "PING")], ..POST }]);

/// <https://dev.frontapp.com/docs/application-webhooks>
pub(crate) const FRONT: Handshake = asks(&[Question {
    marks: &[Has(Header(Borrowed("x-front-challenge")))],
    trust: Trust::Anyone,
    challenge: Some(&Challenge {
        at: Header(Borrowed("x-front-challenge")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: ECHO,
    ..POST
}]);

/// <https://developers.intercom.com/docs/webhooks/setting-up-webhooks>
pub(crate) const INTERCOM: Handshake = asks(&[HEAD]);

/// The button Verify of the console
/// (<https://developers.line.biz/en/docs/messaging-api/verify-webhook-url/>).
pub(crate) const LINE: Handshake = asks(&[Question { marks: &[EmptyList("/events")], ..POST }]);

/// What is signed of an event begins with `hmacsha256=`, and a challenge has no `=`, so that no
/// challenge can be an event
/// (<https://learn.microsoft.com/linkedin/shared/api-guide/webhook-validation>).
pub(crate) const LINKEDIN: Handshake = asks(&[Question {
    marks: &[Has(Query(Borrowed("challengeCode")))],
    challenge: Some(&Challenge {
        at: Query(Borrowed("challengeCode")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: Reply::json(&[
        ("challengeCode", &[Said::Challenge]),
        ("challengeResponse", &[HMAC_HEX]),
    ]),
    ..GET
}]);

/// The URL with the secret in it is looked at when it is saved
/// (<https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/>).
pub(crate) const MAILCHIMP: Handshake = asks(&[Question { method: "GET", ..POST }]);

/// A HEAD, and then an empty batch signed with a key that is the same for all
/// (`django-anymail` `tests/test_mandrill_webhooks.py`).
pub(crate) const MANDRILL: Handshake = asks(&[
    HEAD,
    Question {
        marks: &[Is(Form(Borrowed("mandrill_events")), "[]")],
        trust: Trust::VerifiedOrBy("test-webhook"),
        ..POST
    },
]);

/// <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests>
pub(crate) const META: Handshake = asks(&[Question {
    marks: &[Is(Query(Borrowed("hub.mode")), "subscribe")],
    trust: Trust::Token(&Query(Borrowed("hub.verify_token")), "verify_token"),
    challenge: Some(&Challenge {
        at: Query(Borrowed("hub.challenge")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: ECHO,
    ..GET
}]);

/// <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation>
pub(crate) const MICROSOFT_GRAPH: Handshake = asks(&[Question {
    marks: &[Has(Query(Borrowed("validationToken")))],
    trust: Trust::Anyone,
    challenge: Some(&Challenge {
        at: Query(Borrowed("validationToken")),
        alphabet: Words,
        length: LONG,
    }),
    reply: ECHO,
    ..POST
}]);

/// The webhook of a board is not signed when it is made
/// (<https://developer.monday.com/api-reference/docs/webhooks>).
pub(crate) const MONDAY: Handshake = asks(&[Question {
    marks: &[Has(Json(Borrowed("/challenge"))), Lacks(Json(Borrowed("/event/type")))],
    trust: Trust::Anyone,
    challenge: Some(&Challenge {
        at: Json(Borrowed("/challenge")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: Reply::json(&[("challenge", &[Said::Challenge])]),
    ..POST
}]);

/// The operator then copies the token into Notion's page
/// (<https://developers.notion.com/reference/webhooks>).
pub(crate) const NOTION: Handshake = asks(&[Question {
    marks: &[Has(Json(Borrowed("/verification_token"))), Lacks(Json(Borrowed("/type")))],
    trust: Trust::BringsSecret(&Json(Borrowed("/verification_token"))),
    challenge: Some(&Challenge {
        at: Json(Borrowed("/verification_token")),
        alphabet: Base64,
        length: 16..=255,
    }),
    ..POST
}]);

/// <https://developer.nylas.com/docs/v3/notifications/>
pub(crate) const NYLAS: Handshake = DROPBOX;

/// The header `authorization` comes along with the secret, as with events
/// (<https://support.okta.com/help/s/article/Unable-to-verify-event-hook-Hook-hook-name-execution-failed>;
/// <https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request>).
pub(crate) const OKTA_EVENT_HOOK: Handshake = asks(&[Question {
    marks: &[Has(Header(Borrowed("x-okta-verification-challenge")))],
    trust: Trust::Verified,
    challenge: Some(&Challenge {
        at: Header(Borrowed("x-okta-verification-challenge")),
        alphabet: Base64,
        length: SHORT,
    }),
    reply: Reply::json(&[("verification", &[Said::Challenge])]),
    ..GET
}]);

/// <https://docs.onfleet.com/reference/setup-webhooks>
pub(crate) const ONFLEET: Handshake = asks(&[Question {
    marks: &[Has(Query(Borrowed("check")))],
    challenge: Some(&Challenge { at: Query(Borrowed("check")), alphabet: Plain, length: SHORT }),
    reply: ECHO,
    ..GET
}]);

/// <https://docs.slack.dev/reference/events/url_verification>
pub(crate) const SLACK: Handshake = asks(&[Question {
    marks: &[Is(Json(Borrowed("/type")), "url_verification")],
    challenge: Some(&Challenge {
        at: Json(Borrowed("/challenge")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: ECHO,
    ..POST
}]);

/// <https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations#notification-verification-and-delivery-responses>
pub(crate) const TERRAFORM_CLOUD: Handshake = asks(&[Question {
    marks: &[Is(Json(Borrowed("/notifications/0/trigger")), "verification")],
    ..POST
}]);

/// <https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/#creating-a-webhook>
pub(crate) const TRELLO: Handshake = asks(&[HEAD]);

/// <https://dev.twitch.tv/docs/eventsub/handling-webhook-events/#responding-to-a-challenge-request>
pub(crate) const TWITCH: Handshake = asks(&[Question {
    marks: &[Is(Header(Borrowed("twitch-eventsub-message-type")), "webhook_callback_verification")],
    challenge: Some(&Challenge {
        at: Json(Borrowed("/challenge")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: ECHO,
    ..POST
}]);

/// <https://developers.viber.com/docs/api/rest-bot-api/#setting-a-webhook>
pub(crate) const VIBER: Handshake =
    asks(&[Question { marks: &[Is(Json(Borrowed("/event")), "webhook")], ..POST }]);

/// A form with the webhook's number and no signature, when it is saved
/// (`woocommerce` `includes/class-wc-webhook.php`, `deliver_ping`).
pub(crate) const WOOCOMMERCE: Handshake = asks(&[Question {
    marks: &[
        Has(Form(Borrowed("webhook_id"))),
        Lacks(Header(Borrowed("x-wc-webhook-signature"))),
        Lacks(Header(Borrowed("x-wc-webhook-topic"))),
    ],
    trust: Trust::Anyone,
    challenge: Some(&Challenge {
        at: Form(Borrowed("webhook_id")),
        alphabet: Digits,
        length: 1..=20,
    }),
    ..POST
}]);

/// `connect-sdk-python3` `ingenico/connect/sdk/webhooks`; the header is sent back as the body.
pub(crate) const WORLDLINE_CONNECT: Handshake = asks(&[Question {
    marks: &[Has(Header(Borrowed("x-gcs-webhooks-endpoint-verification")))],
    challenge: Some(&Challenge {
        at: Header(Borrowed("x-gcs-webhooks-endpoint-verification")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: ECHO,
    ..GET
}]);

/// The key is the one that signs events, so a body that could be such a token is no event
/// (<https://docs.x.com/x-api/webhooks/quickstart#webhook-crc-checks>).
pub(crate) const X_TWITTER: Handshake = asks(&[Question {
    marks: &[Has(Query(Borrowed("crc_token")))],
    challenge: Some(&Challenge {
        at: Query(Borrowed("crc_token")),
        alphabet: Base64,
        length: SHORT,
    }),
    reply: Reply::json(&[(
        "response_token",
        &[
            Said::Literal("sha256="),
            Said::Mac {
                algorithm: Algorithm::HmacSha256,
                by_sha1: false,
                encoding: Encoding::Base64,
            },
        ],
    )]),
    ..GET
}]);

/// "Intent to receive": some requests are signed and some are signed wrongly, and the answers, 200
/// and 401, have no body (<https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/>).
pub(crate) const XERO: Handshake =
    Handshake { questions: &[Question { marks: &[EmptyList("/events")], ..POST }], bodiless: true };

/// What is signed of an event has colons and a challenge has none, so that no challenge can be an
/// event (<https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint>).
pub(crate) const ZOOM: Handshake = asks(&[Question {
    marks: &[Is(Json(Borrowed("/event")), "endpoint.url_validation")],
    challenge: Some(&Challenge {
        at: Json(Borrowed("/payload/plainToken")),
        alphabet: Plain,
        length: SHORT,
    }),
    reply: Reply::json(&[("plainToken", &[Said::Challenge]), ("encryptedToken", &[HMAC_HEX])]),
    ..POST
}]);
