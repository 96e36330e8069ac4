//! Alerts and errors.

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::named_header::NAMED_HEADER;
use crate::fact::Fact;
use crate::scheme::{Scheme, Signed};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] = &[&DATADOG, &GRAFANA, &INCIDENT_IO, &PAGERDUTY, &SENTRY];

const DATADOG: Provider = Provider {
    slug: "datadog",
    name: "Datadog",
    category: Category::Monitoring,
    docs: "https://docs.datadoghq.com/integrations/webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Bespoke(&NAMED_HEADER),
    settings: &[Setting {
        name: "header",
        required: true,
        about: "The header in which the token comes, as it is named in the hook.",
    }],
    event_id: fact![BodyHash],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Nothing is signed: add a header of your choice with a token to the hook and name it here. The token proves who sends and protects nothing of the request. The body is a template, so keep `$ID` or `$DATE` in it: events are told by their bytes.",
};

const GRAFANA: Provider = Provider {
    slug: "grafana",
    name: "Grafana Alerting (12+)",
    category: Category::Monitoring,
    docs: "https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-grafana-alerting-signature")),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/status")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Set no timestamp header there: with one, another text is signed. A reminder has the bytes of the first notification, so repeats are not told.",
};

const INCIDENT_IO: Provider = Provider {
    slug: "incident-io",
    name: "incident.io",
    category: Category::Monitoring,
    docs: "https://docs.incident.io/integrations/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "after 5 s, 5 min, 30 min, 2 h, 5 h and twice 10 h; an endpoint that fails for 5 days is disabled",
    note: "",
};

const PAGERDUTY: Provider = Provider {
    slug: "pagerduty",
    name: "PagerDuty v3",
    category: Category::Monitoring,
    docs: "https://github.com/PagerDuty/go-pagerduty/blob/d34fb98/webhookv3/webhookv3_test.go",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-pagerduty-signature").field("v1").nonempty()),
    settings: &[],
    event_id: fact![Json("/event/id")],
    event_type: fact![Json("/event/event_type")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "up to 10 times over 3 days",
    note: "Empty bodies are refused, as its own library does.",
};

const SENTRY: Provider = Provider {
    slug: "sentry",
    name: "Sentry",
    category: Category::Monitoring,
    docs: "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("sentry-hook-signature")),
    settings: &[],
    event_id: fact![Header("request-id")],
    event_type: fact![Header("sentry-hook-resource"), MaybeJson("/action")],
    items: None,
    handshake: None,
    answer: "2xx within 1 s",
    retries: "never; hooks that keep failing are disabled",
    note: "The key is the client secret of the integration. `Sentry-Hook-Timestamp` is not signed, so it is not looked at. The id stands in a header and is not signed.",
};
