//! Builds and packages.

use super::{Category, Confidence, Provider};
use crate::bespoke::travis_ci::TRAVIS_CI as TRAVIS_CI_SCHEME;
use crate::scheme::{Scheme, Signed, Timestamp, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] =
    &[&BUILDKITE, &CIRCLECI, &DOCKER_HUB, &NPM, &SONATYPE_NEXUS, &TRAVIS_CI];

const BUILDKITE: Provider = Provider {
    slug: "buildkite",
    name: "Buildkite",
    category: Category::Ci,
    docs: "https://github.com/buildkite/docs/blob/35cf029/pages/apis/webhooks/_webhook_signature.md",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-buildkite-signature")
            .field("signature")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Header("x-buildkite-request")],
    event_type: fact![Header("x-buildkite-event")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "",
    note: "Choose the signature, not the token in clear, where the hook is set up. The text of the documentation says that the body alone is signed; its code and this entry have the time before it. The id stands in a header and is not signed.",
};

const CIRCLECI: Provider = Provider {
    slug: "circleci",
    name: "CircleCI",
    category: Category::Ci,
    docs: "https://github.com/circleci/circleci-docs/blob/9734a14/docs/guides/modules/integration/pages/outbound-webhooks.adoc",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("circleci-signature").field("v1")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type"); Header("circleci-event-type")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "later, at times that are not published",
    note: "Only `v1` counts.",
};

const DOCKER_HUB: Provider = Provider {
    slug: "docker-hub",
    name: "Docker Hub",
    category: Category::Ci,
    docs: "https://docs.docker.com/docker-hub/repos/manage/webhooks/",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Unsigned,
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Literal("push")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "Nothing is signed, and there is no token: anyone can send. Use an address list, or a path that cannot be guessed. Never call the `callback_url` of the body without looking at its host.",
};

const NPM: Provider = Provider {
    slug: "npm",
    name: "npm registry hooks",
    category: Category::Ci,
    docs: "https://github.com/npm/npm-hook-receiver/blob/9482172/index.js",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-npm-signature").prefix("sha256=")),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![DottedJson("/event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "",
};

const SONATYPE_NEXUS: Provider = Provider {
    slug: "sonatype-nexus",
    name: "Sonatype Nexus Repository",
    category: Category::Ci,
    docs: "https://help.sonatype.com/en/working-with-hmac-payloads.html",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha1("x-nexus-webhook-signature")),
    settings: &[],
    event_id: fact![Header("x-nexus-webhook-delivery")],
    event_type: fact![DottedHeader("x-nexus-webhook-id"), MaybeJson("/action")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The sample of the documentation hashes JSON written anew; the bytes as they are sent are right. The id stands in a header and is not signed.",
};

/// The state is that of the build: `push.passed`.
const TRAVIS_CI: Provider = Provider {
    slug: "travis-ci",
    name: "Travis CI",
    category: Category::Ci,
    docs: "https://docs.travis-ci.com/user/notifications/#verifying-webhook-requests",
    confidence: Confidence::Documented,
    scheme: Scheme::Bespoke(&TRAVIS_CI_SCHEME),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type"), MaybeJson("/state")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "Signed with RSA and SHA-1 over the decoded field `payload`; no time is signed. The public key is fetched from api.travis-ci.com unless it is configured as the secret. A build that is restarted keeps its id.",
};
