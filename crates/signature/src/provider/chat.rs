//! Conversations.

use std::borrow::Cow::Borrowed;

use super::{Category, Confidence, Provider};
use crate::handshake::table;
use crate::scheme::{Part, Scheme, Signed, Timestamp, Unit};
use crate::writing::fact;

/// The timestamp is the header's. The times in the body are not signed apart from it, and say
/// when something happened, not when it was sent. A slash command is a form, and says its name:
/// `/deploy`.
pub(super) const SLACK: Provider = Provider {
    slug: "slack",
    name: "Slack",
    category: Category::Chat,
    docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("x-slack-signature")
            .prefix("v0=")
            .over(&[
                Part::Literal(Borrowed("v0:")),
                Part::Timestamp,
                Part::Literal(Borrowed(":")),
                Part::Body,
            ])
            .time(Timestamp::header("x-slack-request-timestamp", Unit::Seconds, Some(300))),
    ),
    settings: &[],
    event_id: fact![Json("/event_id")],
    event_type: fact![Json("/event/type"); Json("/type"); Field("command")],
    items: None,
    handshake: Some(table::SLACK),
    answer: "2xx within 3 s",
    retries: "3 times, after seconds, a minute and 5 minutes; says which in `X-Slack-Retry-Num`",
    note: "",
};
