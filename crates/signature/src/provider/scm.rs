//! Source code.

use std::borrow::Cow::Borrowed;

use super::generic::STANDARD_WEBHOOKS_SCHEME;
use super::{Category, Provider};
use crate::Encoding;
use crate::fact::{Fact, Piece};
use crate::scheme::{Algorithm, Carrier, Format, KeyForm, Part, Scheme, Signed, Token};

/// GitHub sends its older SHA-1 header beside the one that counts. In form mode the form is
/// signed as it is sent. The type has the action behind it: `pull_request.opened`.
pub(super) const GITHUB: Provider = Provider {
    slug: "github",
    name: "GitHub",
    category: Category::Scm,
    docs: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    scheme: Scheme::Signed(Signed {
        algorithm: Algorithm::HmacSha256,
        key: KeyForm::Text,
        message: Borrowed(&[Part::Body]),
        carriers: Borrowed(&[Carrier {
            header: Borrowed("x-hub-signature-256"),
            format: Format::Prefixed(Borrowed("sha256=")),
        }]),
        encoding: Encoding::Hex,
        timestamp: None,
        id: None,
        weaker: Borrowed(&[Borrowed("x-hub-signature")]),
        refuses_empty_body: false,
    }),
    event_id: Fact {
        alternatives: Borrowed(&[Borrowed(&[Piece::Header(Borrowed("x-github-delivery"))])]),
        glue: '.',
    },
    event_type: Fact {
        alternatives: Borrowed(&[Borrowed(&[
            Piece::Header(Borrowed("x-github-event")),
            Piece::MaybeJson(Borrowed("/action")),
        ])]),
        glue: '.',
    },
    handshake: None,
};

/// `Merge Request Hook` with the action `open` is `merge_request.open`.
const GITLAB_TYPE: Fact = Fact {
    alternatives: Borrowed(&[
        Borrowed(&[
            Piece::SluggedHeader { name: Borrowed("x-gitlab-event"), drop: Borrowed(" Hook") },
            Piece::MaybeJson(Borrowed("/object_attributes/action")),
        ]),
        Borrowed(&[
            Piece::Json(Borrowed("/object_kind")),
            Piece::MaybeJson(Borrowed("/object_attributes/action")),
        ]),
    ]),
    glue: '.',
};

/// A token in a header; nothing is signed. `Idempotency-Key` is the same over all attempts.
/// `X-Gitlab-Event-UUID`, which older versions have alone, is shared by events that cause each
/// other, so it counts only together with the body.
pub(super) const GITLAB: Provider = Provider {
    slug: "gitlab",
    name: "GitLab",
    category: Category::Scm,
    docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
    scheme: Scheme::Token(Token { header: Borrowed("x-gitlab-token"), prefix: Borrowed("") }),
    event_id: Fact {
        alternatives: Borrowed(&[
            Borrowed(&[Piece::Header(Borrowed("idempotency-key"))]),
            Borrowed(&[Piece::Header(Borrowed("x-gitlab-event-uuid")), Piece::BodyHash]),
        ]),
        glue: '.',
    },
    event_type: GITLAB_TYPE,
    handshake: None,
};

/// GitLab's newer way: Standard Webhooks (<https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944>).
pub(super) const GITLAB_SIGNING_TOKEN: Provider = Provider {
    slug: "gitlab-signing-token",
    name: "GitLab (signing token)",
    category: Category::Scm,
    docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
    scheme: Scheme::Signed(STANDARD_WEBHOOKS_SCHEME),
    event_id: Fact {
        alternatives: Borrowed(&[Borrowed(&[Piece::Header(Borrowed("webhook-id"))])]),
        glue: '.',
    },
    event_type: GITLAB_TYPE,
    handshake: None,
};
