//! Who someone is: sign-in, identity, abuse.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider, Setting};
use crate::bespoke::jwt;
use crate::fact::Fact;
use crate::generic::USUAL;
use crate::handshake::table;
use crate::items::Items;
use crate::scheme::{Format, Scheme, Signed, Timestamp, Token, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] = &[
    &AUTH0_LOG_STREAM,
    &CASTLE,
    &CLERK,
    &OKTA_EVENT_HOOK,
    &ONFIDO,
    &PERSONA,
    &SIGNAL_SCIENCES,
    &STYTCH,
    &SUPABASE_AUTH_HOOKS,
    &TRENDMICRO_CONFORMITY,
    &VERIFF,
    &VMWARE_WORKSPACE_ONE,
    &WORKOS,
    &FUSIONAUTH,
    &KINDE,
];

const AUTH0_LOG_STREAM: Provider = Provider {
    slug: "auth0-log-stream",
    name: "Auth0 log streams",
    category: Category::Auth,
    docs: "https://auth0.com/docs/customize/log-streams/custom-log-streams",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Token(Token::header("authorization")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/0/data/type")],
    items: Some(Items::new("", fact![Json("/log_id")], fact![Json("/data/type")])),
    handshake: None,
    answer: "2xx",
    retries: "3 times, then the stream is paused",
    note: "The value of `Authorization` is whatever was chosen there. It protects nothing of the request. One request holds several events.",
};

const CASTLE: Provider = Provider {
    slug: "castle",
    name: "Castle",
    category: Category::Auth,
    docs: "https://github.com/castle/castle-ruby/blob/23b7b84/spec/lib/castle/webhooks/verify_spec.rb",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-castle-signature").base64().nonempty()),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "Empty bodies are refused, as its own library does.",
};

const CLERK: Provider = Provider {
    slug: "clerk",
    name: "Clerk",
    category: Category::Auth,
    docs: "https://clerk.com/docs/reference/backend/verify-webhook",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(super::generic::SVIX_SCHEME),
    settings: &[],
    event_id: fact![Header("svix-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "after 5 s, 5 min, 30 min, 2 h, 5 h and twice 10 h; an endpoint that fails for 5 days is disabled",
    note: "",
};

const OKTA_EVENT_HOOK: Provider = Provider {
    slug: "okta-event-hook",
    name: "Okta event hooks",
    category: Category::Auth,
    docs: "https://github.com/okta/okta-developer-docs/blob/okta/packages/",
    confidence: Confidence::Documented,
    scheme: Scheme::Token(Token::header("authorization")),
    settings: &[],
    event_id: fact![Json("/eventId")],
    event_type: fact![Json("/data/events/0/eventType")],
    items: Some(Items::new("/data/events", fact![Json("/uuid")], fact![Json("/eventType")])),
    handshake: Some(table::OKTA_EVENT_HOOK),
    answer: "200 or 204 with an empty body within 3 s",
    retries: "once, after a timeout or 5xx",
    note: "The value of `Authorization` is whatever was chosen there, with no prefix added. It protects nothing of the request. One request may hold several events.",
};

const ONFIDO: Provider = Provider {
    slug: "onfido",
    name: "Onfido (Entrust)",
    category: Category::Auth,
    docs: "https://github.com/onfido/onfido-python/blob/04baf27/tests/test_classic_webhook_event_verification.py",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-sha2-signature")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/payload/action")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "several times over 24 to 36 h",
    note: "A check that is opened again reports the same id and action once more, so events are told by their bytes.",
};

const PERSONA: Provider = Provider {
    slug: "persona",
    name: "Persona",
    category: Category::Auth,
    docs: "https://docs.withpersona.com/webhooks-best-practices",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("persona-signature")
            .format(Format::Fields {
                signature: Borrowed("v1"),
                weaker: Borrowed(&[]),
                between: Borrowed(", "),
            })
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/data/id")],
    event_type: fact![Json("/data/attributes/name")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "up to 7 times over hours",
    note: "While a secret is rotated, each secret has a group of fields, separated by a space.",
};

const SIGNAL_SCIENCES: Provider = Provider {
    slug: "signal-sciences",
    name: "Fastly Next-Gen WAF (Signal Sciences)",
    category: Category::Auth,
    docs: "https://docs.fastly.com/en/ngwaf/generic-webhooks",
    confidence: Confidence::Unknown,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Not known: no public source says whether or how it signs. What stands here is the generic scheme.",
};

const STYTCH: Provider = Provider {
    slug: "stytch",
    name: "Stytch",
    category: Category::Auth,
    docs: "https://stytch.com/docs/guides/dashboard/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::SVIX_SCHEME),
    settings: &[],
    event_id: fact![Header("svix-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "after 5 s, 5 min, 30 min, 2 h, 5 h and twice 10 h; an endpoint that fails for 5 days is disabled",
    note: "",
};

const SUPABASE_AUTH_HOOKS: Provider = Provider {
    slug: "supabase-auth-hooks",
    name: "Supabase Auth Hooks",
    category: Category::Auth,
    docs: "https://supabase.com/docs/guides/auth/auth-hooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "The secret is shown as `v1,whsec_…` and can be used whole. Most hooks wait for an answer with a body, which a hub that stores and forwards cannot give. Database webhooks are not signed.",
};

const TRENDMICRO_CONFORMITY: Provider = Provider {
    slug: "trendmicro-conformity",
    name: "Trend Micro Cloud One Conformity",
    category: Category::Auth,
    docs: "https://github.com/cloudconformity/documentation-api/blob/5bf609d/Settings.md",
    confidence: Confidence::Unknown,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Not known: a security token exists, but where it is sent is not documented. What stands here is the generic scheme; the provider `token` may fit.",
};

const VERIFF: Provider = Provider {
    slug: "veriff",
    name: "Veriff",
    category: Category::Auth,
    docs: "https://devdocs.veriff.com/docs/hmac-authentication-and-endpoint-security",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-hmac-signature")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/action"); Json("/verification/status"); Json("/status")],
    items: None,
    handshake: None,
    answer: "200 within 5 s",
    retries: "hourly for up to 7 days",
    note: "`X-Auth-Client` should be the API key, which is not checked here. A session reports several times under one id, so events are told by their bytes.",
};

const VMWARE_WORKSPACE_ONE: Provider = Provider {
    slug: "vmware-workspace-one",
    name: "VMware Workspace ONE",
    category: Category::Auth,
    docs: "https://docs.omnissa.com",
    confidence: Confidence::Unknown,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Not known: it is said to use HTTP basic authentication, so the provider `basic` may fit. What stands here is the generic scheme.",
};

const WORKOS: Provider = Provider {
    slug: "workos",
    name: "WorkOS",
    category: Category::Auth,
    docs: "https://workos.com/docs/events/data-syncing/webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("workos-signature")
            .field("v1")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Milliseconds, Some(180))),
    ),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/event")],
    items: None,
    handshake: None,
    answer: "200",
    retries: "with growing pauses for 3 days",
    note: "The time is in milliseconds, and there is a space before the next field.",
};

/// The secret says of what kind the key is: a shared one, or a public one as PEM or JSON Web Key.
/// Without a secret the keys of the instance are fetched.
const FUSIONAUTH: Provider = Provider {
    slug: "fusionauth",
    name: "FusionAuth",
    category: Category::Auth,
    docs: "https://fusionauth.io/docs/extend/events-and-webhooks/signing",
    confidence: Confidence::Documented,
    scheme: Scheme::Bespoke(&jwt::FUSIONAUTH),
    settings: &[Setting {
        name: "issuer",
        required: false,
        about: "The URL of your FusionAuth instance, such as `https://auth.example.com`, from which its public keys are fetched if there is no secret.",
    }],
    event_id: fact![Json("/event/id")],
    event_type: fact![Json("/event/type")],
    items: None,
    handshake: None,
    answer: "2xx within the timeouts that are set there",
    retries: "",
    note: "Signing is switched on for each webhook there. Keys may be HMAC (HS256, HS384, HS512), RSA (RS256), EC on P-256 (ES256) or Ed25519 (EdDSA); tokens have no time of signing, so an old request is not refused.",
};

/// The body is the token, so the id and the type are in its claims.
const KINDE: Provider = Provider {
    slug: "kinde",
    name: "Kinde",
    category: Category::Auth,
    docs: "https://docs.kinde.com/integrate/webhooks/about-webhooks/",
    confidence: Confidence::Documented,
    scheme: Scheme::Bespoke(&jwt::KINDE),
    settings: &[Setting {
        name: "subdomain",
        required: false,
        about: "Your Kinde subdomain, such as `acme` for `acme.kinde.com`, from which the public keys are fetched if there is no secret.",
    }],
    event_id: fact![Claim("", "event_id")],
    event_type: fact![Claim("", "type")],
    items: None,
    handshake: None,
    answer: "200",
    retries: "with growing pauses",
    note: "The whole body is a token (`application/jwt`), and so is what is delivered. With a domain of your own, write its key set as the secret. Tokens have no time of signing, so an old request is not refused.",
};
