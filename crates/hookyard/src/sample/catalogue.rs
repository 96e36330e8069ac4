//! The table of providers and their test events.
//!
//! Headers are the ones that the providers send, as far as their documentation tells; signatures
//! are added by whoever signs.

use super::Body::{Compact, Form, Lines, Pretty};
use super::{Provider, Sample};

macro_rules! events {
    ($($event:literal $body:ident $file:literal $([$($header:literal: $value:literal),+])?;)+) => {
        &[$(Sample {
            event: $event,
            headers: &[$($(($header, $value)),+)?],
            body: $body(include_str!(concat!("bodies/", $file))),
        }),+]
    };
}

const GITLAB_EVENTS: &[Sample] = events! {
    "push" Compact "gitlab/push.json" ["x-gitlab-event": "Push Hook"];
    "tag_push" Compact "gitlab/tag_push.json" ["x-gitlab-event": "Tag Push Hook"];
    "merge_request.open" Compact "gitlab/merge_request.json" ["x-gitlab-event": "Merge Request Hook"];
    "pipeline" Compact "gitlab/pipeline.json" ["x-gitlab-event": "Pipeline Hook"];
};

/// All providers whose test events are written by hand.
pub static PROVIDERS: &[Provider] = &[
    Provider {
        slug: "github",
        headers: &[
            ("accept", "*/*"),
            ("user-agent", "GitHub-Hookshot/{{hex7:build}}"),
            ("x-github-delivery", "{{uuid:delivery}}"),
            ("x-github-hook-id", "{{digits9:hook}}"),
            ("x-github-hook-installation-target-id", "618452913"),
            ("x-github-hook-installation-target-type", "repository"),
        ],
        events: events! {
            "push" Compact "github/push.json" ["x-github-event": "push"];
            "pull_request.opened" Compact "github/pull_request.opened.json" ["x-github-event": "pull_request"];
            "issues.opened" Compact "github/issues.opened.json" ["x-github-event": "issues"];
            "release.published" Compact "github/release.published.json" ["x-github-event": "release"];
            "ping" Compact "github/ping.json" ["x-github-event": "ping"];
        },
    },
    Provider {
        slug: "stripe",
        headers: &[
            ("accept", "*/*; q=0.5, application/xml"),
            ("cache-control", "no-cache"),
            ("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"),
        ],
        events: events! {
            "invoice.paid" Pretty "stripe/invoice.paid.json";
            "checkout.session.completed" Pretty "stripe/checkout.session.completed.json";
            "customer.subscription.updated" Pretty "stripe/customer.subscription.updated.json";
            "payment_intent.succeeded" Pretty "stripe/payment_intent.succeeded.json";
        },
    },
    Provider {
        slug: "slack",
        headers: &[
            ("accept", "*/*"),
            ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)"),
        ],
        events: events! {
            "message" Compact "slack/message.json";
            "app_mention" Compact "slack/app_mention.json";
            "url_verification" Compact "slack/url_verification.json";
            "slash_command" Form "slack/slash_command.form";
            "block_actions" Form "slack/block_actions.form";
        },
    },
    Provider {
        slug: "shopify",
        headers: &[
            ("accept", "*/*"),
            ("user-agent", "Shopify-Captain-Hook"),
            ("x-shopify-api-version", "2026-10"),
            ("x-shopify-event-id", "{{uuid:event}}"),
            ("x-shopify-shop-domain", "harbour-works.myshopify.com"),
            ("x-shopify-test", "true"),
            ("x-shopify-triggered-at", "{{isoms}}"),
            ("x-shopify-webhook-id", "{{uuid:webhook}}"),
        ],
        events: events! {
            "orders/create" Compact "shopify/orders.create.json" ["x-shopify-topic": "orders/create"];
            "products/update" Compact "shopify/products.update.json" ["x-shopify-topic": "products/update"];
            "customers/create" Compact "shopify/customers.create.json" ["x-shopify-topic": "customers/create"];
            "app/uninstalled" Compact "shopify/app.uninstalled.json" ["x-shopify-topic": "app/uninstalled"];
        },
    },
    Provider {
        slug: "twilio",
        headers: &[
            ("accept", "*/*"),
            ("i-twilio-idempotency-token", "{{uuid:idempotency}}"),
            ("user-agent", "TwilioProxy/1.1"),
        ],
        events: events! {
            "message.received" Form "twilio/message.received.form";
            "message.delivered" Form "twilio/message.delivered.form";
            "call.completed" Form "twilio/call.completed.form";
            "conversation.message_added" Compact "twilio/conversation.json";
        },
    },
    Provider {
        slug: "sendgrid",
        headers: &[("user-agent", "SendGrid Event API")],
        events: events! {
            "delivered" Lines "sendgrid/delivered.json";
            "bounce" Lines "sendgrid/bounce.json";
            "open" Lines "sendgrid/open.json";
            "click" Lines "sendgrid/click.json";
        },
    },
    Provider {
        slug: "gitlab",
        headers: &[
            ("idempotency-key", "{{uuid:delivery}}"),
            ("user-agent", "GitLab/18.5.1"),
            ("x-gitlab-event-uuid", "{{uuid:event}}"),
            ("x-gitlab-instance", "https://gitlab.example"),
            ("x-gitlab-webhook-uuid", "{{uuid:webhook}}"),
        ],
        events: GITLAB_EVENTS,
    },
    Provider {
        slug: "gitlab-signing-token",
        headers: &[
            ("idempotency-key", "{{uuid:delivery}}"),
            ("user-agent", "GitLab/18.5.1"),
            ("webhook-id", "{{uuid:delivery}}"),
            ("x-gitlab-event-uuid", "{{uuid:event}}"),
            ("x-gitlab-instance", "https://gitlab.example"),
            ("x-gitlab-webhook-uuid", "{{uuid:webhook}}"),
        ],
        events: GITLAB_EVENTS,
    },
    Provider {
        slug: "standard-webhooks",
        headers: &[("webhook-id", "msg_{{alnum27:message}}")],
        events: events! {
            "invoice.paid" Compact "standard-webhooks/invoice.paid.json";
            "user.created" Compact "standard-webhooks/user.created.json";
        },
    },
    Provider {
        slug: "generic",
        headers: &[],
        events: events! {
            "order.created" Compact "generic/order.created.json";
            "ping" Compact "generic/ping.json";
        },
    },
    Provider {
        slug: "token",
        headers: &[],
        events: events! {
            "alert.firing" Compact "token/alert.firing.json";
            "alert.resolved" Compact "token/alert.resolved.json";
        },
    },
    Provider {
        slug: "basic",
        headers: &[],
        events: events! {
            "reading.taken" Compact "basic/reading.taken.json";
        },
    },
    Provider {
        slug: "discord",
        headers: &[("user-agent", "Discord-Webhook/1.0 (+https://discord.com)")],
        events: events! {
            "APPLICATION_AUTHORIZED" Compact "discord/application_authorized.json";
            "interaction.2.berth" Compact "discord/berth.json";
        },
    },
    Provider {
        slug: "paypal",
        headers: &[
            ("accept", "*/*"),
            ("correlation-id", "{{hex13:correlation}}"),
            ("user-agent", "PayPal/AUHR-214.0-58607177"),
        ],
        events: events! {
            "PAYMENT.CAPTURE.COMPLETED" Compact "paypal/capture.json";
            "BILLING.SUBSCRIPTION.CANCELLED" Compact "paypal/subscription.json";
        },
    },
    Provider {
        slug: "square",
        headers: &[
            ("square-environment", "Sandbox"),
            ("square-version", "2026-07-15"),
            ("user-agent", "Square Connect v2"),
        ],
        events: events! {
            "payment.updated" Compact "square/payment.json";
            "order.created" Compact "square/order.json";
        },
    },
    Provider {
        slug: "mailgun",
        headers: &[("user-agent", "mailgun/treq-18.6.0")],
        events: events! {
            "delivered" Compact "mailgun/delivered.json";
            "failed" Compact "mailgun/failed.json";
        },
    },
    Provider {
        slug: "hubspot",
        headers: &[("user-agent", "HubSpot Connect 2.0 (http://dev.hubspot.com/)")],
        events: events! {
            "contact.propertyChange" Compact "hubspot/contact.json";
            "deal.creation" Compact "hubspot/deal.json";
        },
    },
    Provider {
        slug: "zoom",
        headers: &[("clientid", "{{alnum22:client}}"), ("user-agent", "Zoom Marketplace/1.0a")],
        events: events! {
            "meeting.started" Compact "zoom/meeting.started.json";
            "recording.completed" Compact "zoom/recording.completed.json";
        },
    },
    Provider {
        slug: "linear",
        headers: &[
            ("linear-delivery", "{{uuid:delivery}}"),
            ("linear-event", "Issue"),
            ("user-agent", "Linear-Webhook"),
        ],
        events: events! {
            "Issue.create" Compact "linear/issue.create.json";
            "Issue.update" Compact "linear/issue.update.json";
        },
    },
    Provider {
        slug: "adyen",
        headers: &[("user-agent", "Adyen HttpClient 1.0")],
        events: events! {
            "AUTHORISATION" Compact "adyen/AUTHORISATION.json";
            "REFUND" Compact "adyen/REFUND.json";
        },
    },
    Provider {
        slug: "meta",
        headers: &[("accept", "*/*"), ("user-agent", "facebookexternalua")],
        events: events! {
            "page.feed" Compact "meta/page.json";
            "whatsapp_business_account.messages" Compact "meta/whatsapp.json";
        },
    },
    Provider {
        slug: "paddle",
        headers: &[("paddle-version", "1"), ("user-agent", "Paddle")],
        events: events! {
            "transaction.completed" Compact "paddle/transaction.json";
            "subscription.canceled" Compact "paddle/subscription.json";
        },
    },
    Provider {
        slug: "aws-sns",
        headers: &[
            ("content-type", "text/plain; charset=UTF-8"),
            ("user-agent", "Amazon Simple Notification Service Agent"),
            ("x-amz-sns-message-type", "Notification"),
        ],
        events: events! {
            "Notification" Pretty "aws-sns/notification.json";
        },
    },
    Provider {
        slug: "mandrill",
        headers: &[("user-agent", "Mandrill-Webhook/1.0")],
        events: events! {
            "send" Form "mandrill/send.form";
        },
    },
    Provider {
        slug: "braintree",
        headers: &[("user-agent", "Braintree-Webhooks")],
        events: events! {
            "subscription_charged_successfully" Form "braintree/subscription.form";
        },
    },
    Provider {
        slug: "travis-ci",
        headers: &[("travis-repo-slug", "harbour/buoys")],
        events: events! {
            "push.passed" Form "travis-ci/passed.form";
        },
    },
    Provider {
        slug: "plivo",
        headers: &[],
        events: events! {
            "message.received" Form "plivo/message.received.form";
        },
    },
];
