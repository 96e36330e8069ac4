//! Conversations.

use std::borrow::Cow::Borrowed;

use super::{Category, Provider};
use crate::Encoding;
use crate::fact::{Fact, Piece};
use crate::handshake::Handshake;
use crate::scheme::{Algorithm, Carrier, Format, KeyForm, Part, Place, Scheme, Signed, Timestamp};

/// The timestamp is the header's. The times in the body are not signed apart from it, and say
/// when something happened, not when it was sent.
pub(super) const SLACK: Provider = Provider {
    slug: "slack",
    name: "Slack",
    category: Category::Chat,
    docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    scheme: Scheme::Signed(Signed {
        algorithm: Algorithm::HmacSha256,
        key: KeyForm::Text,
        message: Borrowed(&[
            Part::Literal(Borrowed("v0:")),
            Part::Timestamp,
            Part::Literal(Borrowed(":")),
            Part::Body,
        ]),
        carriers: Borrowed(&[Carrier {
            header: Borrowed("x-slack-signature"),
            format: Format::Prefixed(Borrowed("v0=")),
        }]),
        encoding: Encoding::Hex,
        timestamp: Some(Timestamp {
            place: Place::Header(Borrowed("x-slack-request-timestamp")),
            tolerance: Some(300),
        }),
        id: None,
        weaker: Borrowed(&[]),
        refuses_empty_body: false,
    }),
    event_id: Fact {
        alternatives: Borrowed(&[Borrowed(&[Piece::Json(Borrowed("/event_id"))])]),
        glue: '.',
    },
    event_type: Fact {
        alternatives: Borrowed(&[
            Borrowed(&[Piece::Json(Borrowed("/event/type"))]),
            Borrowed(&[Piece::Json(Borrowed("/type"))]),
            // A slash command is a form, and says its name: `/deploy`.
            Borrowed(&[Piece::Field(Borrowed("command"))]),
        ]),
        glue: '.',
    },
    handshake: Some(Handshake {
        at: Borrowed("/type"),
        is: Borrowed("url_verification"),
        challenge: Borrowed("/challenge"),
    }),
};
