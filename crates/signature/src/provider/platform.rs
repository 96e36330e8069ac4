//! Where programs run: hosting, clouds, databases.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::jwt;
use crate::bespoke::sns::SNS;
use crate::fact::Fact;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Format, Part, Place, Scheme, Signed, Timestamp, Token, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] = &[
    &ALCHEMY,
    &AWS_SNS,
    &AZURE_EVENT_GRID,
    &CONFIGCAT,
    &DOPPLER,
    &HEROKU,
    &LAUNCHDARKLY,
    &MONGODB_APP_SERVICES,
    &MONGODB_ATLAS,
    &RENDER,
    &TAILSCALE,
    &TERRAFORM_CLOUD,
    &VERCEL,
    &GCP_PUBSUB,
    &NETLIFY,
];

const ALCHEMY: Provider = Provider {
    slug: "alchemy",
    name: "Alchemy",
    category: Category::Platform,
    docs: "https://docs.alchemy.com/reference/notify-api-quickstart",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-alchemy-signature")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "200",
    retries: "after 15 s, 1 min, 10 min and 1 h, depending on the plan",
    note: "",
};

/// A retry carries the time of the first try, so that no window can be asked for.
const AWS_SNS: Provider = Provider {
    slug: "aws-sns",
    name: "Amazon SNS",
    category: Category::Platform,
    docs: "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
    confidence: Confidence::Proven,
    scheme: Scheme::Bespoke(&SNS),
    settings: &[Setting {
        name: "topic_arn",
        required: true,
        about: "The topic's ARN: messages of another topic are as well signed, whoever owns it.",
    }],
    event_id: fact![Json("/MessageId")],
    event_type: fact![Json("/Type")],
    items: None,
    handshake: Some(table::AWS_SNS),
    answer: "2xx within 15 s",
    retries: "by the topic's delivery policy: 50 attempts over an hour, unless it says otherwise",
    note: "Without a `secret` the certificate is fetched from `sns.REGION.amazonaws.com`, which TLS vouches for, and must not have expired. Message, id, subject, time and topic are signed; attributes are not. Raw delivery signs nothing and is refused. Set `SignatureVersion` 2 on the topic: version 1 is SHA-1.",
};

const AZURE_EVENT_GRID: Provider = Provider {
    slug: "azure-event-grid",
    name: "Azure Event Grid",
    category: Category::Platform,
    docs: "https://learn.microsoft.com/azure/event-grid/webhook-event-delivery",
    confidence: Confidence::Documented,
    scheme: Scheme::Token(Token::at(Place::Query(Borrowed("code")))),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/0/eventType"); Header("ce-type"); Json("/type")],
    items: Some(Items::new(
        "",
        fact![Json("/id"), Json("/source"); Json("/id")],
        fact![Json("/eventType"); Json("/type")],
    )),
    handshake: Some(table::AZURE_EVENT_GRID),
    answer: "200 to 204 within 30 s",
    retries: "after 10 s, 30 s, 1, 5, 10 and 30 min, 1 h and then hourly for 24 h; not after 400 and 413",
    note: "Nothing is signed: put `?code=…` at the end of the URL that is registered there. It proves who sends, protects nothing of the request, and stands in the log of every proxy on the way. One request may hold several events.",
};

const CONFIGCAT: Provider = Provider {
    slug: "configcat",
    name: "ConfigCat",
    category: Category::Platform,
    docs: "https://configcat.com/docs/advanced/notifications-webhooks/#verifying-webhook-requests",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-configcat-webhook-signature-v1")
            .base64()
            .format(Format::List { between: ',' })
            .over(&[Part::Id, Part::Header(Borrowed("x-configcat-webhook-timestamp")), Part::Body])
            .id("x-configcat-webhook-id"),
    ),
    settings: &[],
    event_id: fact![Header("x-configcat-webhook-id")],
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "",
};

const DOPPLER: Provider = Provider {
    slug: "doppler",
    name: "Doppler",
    category: Category::Platform,
    docs: "https://docs.doppler.com/docs/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-doppler-signature").prefix("sha256=")),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "There is no id, and two events may have the same bytes, so repeats are not told.",
};

const HEROKU: Provider = Provider {
    slug: "heroku",
    name: "Heroku",
    category: Category::Platform,
    docs: "https://devcenter.heroku.com/articles/app-webhooks#securing-webhook-requests",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("heroku-webhook-hmac-sha256").base64()),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![DottedJson("/resource"), Json("/action")],
    items: None,
    handshake: None,
    answer: "2xx within 30 s",
    retries: "about 20 times over 72 h, if the hook is of the level `sync`",
    note: "",
};

const LAUNCHDARKLY: Provider = Provider {
    slug: "launchdarkly",
    name: "LaunchDarkly",
    category: Category::Platform,
    docs: "https://launchdarkly.com/docs/integrations/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-ld-signature")),
    settings: &[],
    event_id: fact![Json("/_id")],
    event_type: fact![Json("/kind")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "once, after 5xx",
    note: "",
};

const MONGODB_APP_SERVICES: Provider = Provider {
    slug: "mongodb-app-services",
    name: "MongoDB App Services (Realm) HTTPS endpoints",
    category: Category::Platform,
    docs: "https://github.com/mongodb/docs-app-services/blob/560e8dd/source/services/webhook-requests-and-responses.txt",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-hook-signature").prefix("sha256=")),
    settings: &[],
    event_id: Fact::NONE,
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The product was retired in 2025. The caller signs, so whoever calls has the secret.",
};

const MONGODB_ATLAS: Provider = Provider {
    slug: "mongodb-atlas",
    name: "MongoDB Atlas alerts",
    category: Category::Platform,
    docs: "https://www.mongodb.com/docs/atlas/tutorial/third-party-service-integrations/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha1("x-mms-signature").base64()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Header("x-mms-event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "HMAC with SHA-1, in base64 by three implementations although one page says hexadecimal. An alert keeps its id from opening to closing, so events are told by their bytes.",
};

const RENDER: Provider = Provider {
    slug: "render",
    name: "Render",
    category: Category::Platform,
    docs: "https://render.com/docs/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "",
};

const TAILSCALE: Provider = Provider {
    slug: "tailscale",
    name: "Tailscale",
    category: Category::Platform,
    docs: "https://tailscale.com/kb/1213/webhooks#verify-an-event-signature",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("tailscale-webhook-signature")
            .field("v1")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/0/type")],
    items: Some(Items::new("", fact![Json("/timestamp"), BodyHash], fact![Json("/type")])),
    handshake: None,
    answer: "",
    retries: "",
    note: "One request holds several events.",
};

const TERRAFORM_CLOUD: Provider = Provider {
    slug: "terraform-cloud",
    name: "HCP Terraform notifications",
    category: Category::Platform,
    docs: "https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha512("x-tfe-notification-signature")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![DottedJson("/notifications/0/trigger")],
    items: None,
    handshake: Some(table::TERRAFORM_CLOUD),
    answer: "2xx within 30 s",
    retries: "a few times, then it is disabled",
    note: "Run tasks use another header, `X-TFC-Task-Signature`.",
};

const VERCEL: Provider = Provider {
    slug: "vercel",
    name: "Vercel",
    category: Category::Platform,
    docs: "https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha1("x-vercel-signature")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 30 s",
    retries: "with growing pauses for 24 h",
    note: "HMAC with SHA-1. Hooks of an integration have its client secret as key, hooks of an account their own.",
};

const GCP_PUBSUB: Provider = Provider {
    slug: "gcp-pubsub",
    name: "Google Cloud Pub/Sub push",
    category: Category::Platform,
    docs: "https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions",
    confidence: Confidence::Documented,
    scheme: Scheme::Bespoke(&jwt::GCP_PUBSUB),
    settings: &[
        Setting {
            name: "audience",
            required: true,
            about: "The audience that is set at the push subscription; if none is, the push endpoint's URL.",
        },
        Setting {
            name: "service_account",
            required: true,
            about: "The e-mail address of the service account that is set at the push subscription.",
        },
    ],
    event_id: fact![Json("/message/messageId")],
    event_type: fact![Json("/message/attributes/eventType")],
    items: None,
    handshake: None,
    answer: "102, 200, 201, 202 or 204 within the subscription's deadline (10 to 600 s)",
    retries: "until the message's retention ends (7 days), with growing pauses; then the dead letter topic, if there is one",
    note: "The token proves who sends and does not protect the body. Google's keys are fetched, unless a key set is configured as the secret.",
};

const NETLIFY: Provider = Provider {
    slug: "netlify",
    name: "Netlify",
    category: Category::Platform,
    docs: "https://docs.netlify.com/deploy/deploy-notifications/#payload-signature",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Bespoke(&jwt::NETLIFY),
    settings: &[],
    event_id: fact![Json("/id"), MaybeJson("/state"), Header("x-netlify-event")],
    event_type: fact![Header("x-netlify-event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The id is that of the deploy, which has several events, so its state and the kind of event belong to it. Tokens have no time of signing, so an old request is not refused.",
};
