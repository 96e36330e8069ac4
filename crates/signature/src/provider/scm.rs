//! Source code.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::fact::Fact;
use crate::scheme::{Part, Scheme, Signed, Token};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] =
    &[&GITHUB, &GITLAB, &GITLAB_SIGNING_TOKEN, &BITBUCKET, &GITEA, &GOGS];

/// GitHub sends its older SHA-1 header beside the one that counts. In form mode the form is
/// signed as it is sent. The type has the action behind it: `pull_request.opened`. The `ping` after a
/// webhook is made wants a 2xx alone, and is an event like any other: people test the whole way
/// with it.
const GITHUB: Provider = Provider {
    slug: "github",
    name: "GitHub",
    category: Category::Scm,
    docs: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-hub-signature-256")
            .prefix("sha256=")
            .weaker(&[Borrowed("x-hub-signature")]),
    ),
    settings: &[],
    event_id: fact![Header("x-github-delivery")],
    event_type: fact![Header("x-github-event"), MaybeJson("/action")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "never by itself; by hand or through the API for 3 days",
    note: "The delivery id is not signed.",
};

/// `Merge Request Hook` with the action `open` is `merge_request.open`.
const GITLAB_TYPE: Fact = fact![
    SluggedHeader("x-gitlab-event", " Hook"), MaybeJson("/object_attributes/action");
    Json("/object_kind"), MaybeJson("/object_attributes/action")
];

/// A token in a header; nothing is signed. `Idempotency-Key` is the same over all attempts.
/// `X-Gitlab-Event-UUID`, which older versions have alone, is shared by events that cause each
/// other, so it counts only together with the body.
const GITLAB: Provider = Provider {
    slug: "gitlab",
    name: "GitLab",
    category: Category::Scm,
    docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
    confidence: Confidence::Documented,
    scheme: Scheme::Token(Token::header("x-gitlab-token")),
    settings: &[],
    event_id: fact![Header("idempotency-key"); Header("x-gitlab-event-uuid"), BodyHash],
    event_type: GITLAB_TYPE,
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "none; a hook that fails four times in a row is switched off for a while",
    note: "The token proves who sends and protects nothing of the request; use a signing token.",
};

/// GitLab's newer way: Standard Webhooks (<https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944>).
const GITLAB_SIGNING_TOKEN: Provider = Provider {
    slug: "gitlab-signing-token",
    name: "GitLab (signing token)",
    category: Category::Scm,
    docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: GITLAB_TYPE,
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "none; a hook that fails four times in a row is switched off for a while",
    note: "",
};

const BITBUCKET: Provider = Provider {
    slug: "bitbucket",
    name: "Bitbucket Cloud",
    category: Category::Scm,
    docs: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/#Secure-webhooks",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-hub-signature").prefix("sha256=")),
    settings: &[],
    event_id: fact![Header("x-request-uuid")],
    event_type: fact![DottedHeader("x-event-key")],
    items: None,
    handshake: None,
    answer: "2xx within 10 s",
    retries: "twice",
    note: "The header has the name of GitHub's older one and holds SHA-256. The id stands in a header and is not signed.",
};

const GITEA: Provider = Provider {
    slug: "gitea",
    name: "Gitea / Forgejo",
    category: Category::Scm,
    docs: "https://docs.gitea.com/usage/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-gitea-signature").over(&[Part::Payload])),
    settings: &[],
    event_id: fact![Header("x-gitea-delivery")],
    event_type: fact![Header("x-gitea-event"), MaybeJson("/action")],
    items: None,
    handshake: None,
    answer: "2xx within 5 s",
    retries: "never by itself; by hand",
    note: "In form mode the value of the field `payload` is signed, so that no other field may stand beside it. Forgejo sends the same headers. The id stands in a header and is not signed.",
};

const GOGS: Provider = Provider {
    slug: "gogs",
    name: "Gogs",
    category: Category::Scm,
    docs: "https://github.com/gogs/gogs/blob/eb1054e/internal/database/webhook.go",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-gogs-signature").over(&[Part::Payload])),
    settings: &[],
    event_id: fact![Header("x-gogs-delivery")],
    event_type: fact![Header("x-gogs-event"), MaybeJson("/action")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "In form mode the value of the field `payload` is signed, so that no other field may stand beside it. The id stands in a header and is not signed.",
};
