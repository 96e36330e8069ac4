//! People at work.

use super::{Category, Confidence, Provider};
use crate::fact::Fact;
use crate::generic::USUAL;
use crate::scheme::{Scheme, Signed};
use crate::writing::fact;

pub(super) const ALL: &[&Provider] = &[&CHECKR, &FINCH, &GO1];

const CHECKR: Provider = Provider {
    slug: "checkr",
    name: "Checkr",
    category: Category::Hr,
    docs: "https://docs.checkr.com/#section/Webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-checkr-signature")),
    settings: &[],
    event_id: fact![Json("/id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "",
};

const FINCH: Provider = Provider {
    slug: "finch",
    name: "Finch",
    category: Category::Hr,
    docs: "https://github.com/Finch-API/finch-api-python/blob/446470e/tests/api_resources/test_webhooks.py",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(Signed::standard_webhooks(
        "finch-event-id",
        "finch-timestamp",
        "finch-signature",
    )),
    settings: &[],
    event_id: fact![Header("finch-event-id")],
    event_type: fact![Json("/event_type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "Standard Webhooks under headers of its own; the secret is base64 without `whsec_`.",
};

const GO1: Provider = Provider {
    slug: "go1",
    name: "Go1",
    category: Category::Hr,
    docs: "https://developers.go1.com/docs/developer-tools/webhooks/security/",
    confidence: Confidence::Unknown,
    scheme: Scheme::Signed(USUAL),
    settings: &[],
    event_id: Fact::NONE,
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "Not known: its verifier reads `t=…,s=…`, but what exactly is signed is not confirmed. What stands here is the generic scheme.",
};
