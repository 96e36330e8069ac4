//! Models, and what is made with them.

use super::{Category, Confidence, Provider};
use crate::bespoke::fal::FAL;
use crate::fact::Fact;
use crate::scheme::{Scheme, Signed, Timestamp, Token, Unit};
use crate::writing::{TIMESTAMP_DOT_BODY, fact};

pub(super) const ALL: &[&Provider] =
    &[&ANTHROPIC, &CURSOR, &DEEPGRAM, &ELEVENLABS, &FAL_AI, &GEMINI, &OPENAI, &REPLICATE];

const ANTHROPIC: Provider = Provider {
    slug: "anthropic",
    name: "Anthropic",
    category: Category::Ai,
    docs: "https://github.com/anthropics/anthropic-sdk-python/blob/009b035/src/anthropic/resources/beta/webhooks.py",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/data/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "",
};

const CURSOR: Provider = Provider {
    slug: "cursor",
    name: "Cursor",
    category: Category::Ai,
    docs: "https://docs.cursor.com/background-agent/api/webhooks",
    confidence: Confidence::Documented,
    scheme: Scheme::Signed(Signed::hmac_sha256("x-webhook-signature").prefix("sha256=")),
    settings: &[],
    event_id: fact![Header("x-webhook-id")],
    event_type: fact![Header("x-webhook-event")],
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The id stands in a header and is not signed.",
};

const DEEPGRAM: Provider = Provider {
    slug: "deepgram",
    name: "Deepgram",
    category: Category::Ai,
    docs: "https://developers.deepgram.com/docs/callback",
    confidence: Confidence::Documented,
    scheme: Scheme::Token(Token::header("dg-token")),
    settings: &[],
    event_id: fact![Json("/metadata/request_id")],
    event_type: Fact::NONE,
    items: None,
    handshake: None,
    answer: "",
    retries: "",
    note: "The token is the id of the API key that asked, and protects nothing of the request. It is not secret to whoever can list the keys.",
};

const ELEVENLABS: Provider = Provider {
    slug: "elevenlabs",
    name: "ElevenLabs",
    category: Category::Ai,
    docs: "https://github.com/elevenlabs/elevenlabs-python/blob/54e5899/src/elevenlabs/webhooks_custom.py",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(
        Signed::hmac_sha256("elevenlabs-signature")
            .field("v0")
            .over(TIMESTAMP_DOT_BODY)
            .time(Timestamp::field("t", Unit::Seconds, Some(1800))),
    ),
    settings: &[],
    event_id: fact![BodyHash],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "200",
    retries: "an endpoint that fails 10 times in a row and for 7 days is disabled",
    note: "The window is half an hour. Its own library accepts any time in the future; here the window counts in both directions.",
};

const FAL_AI: Provider = Provider {
    slug: "fal-ai",
    name: "fal.ai",
    category: Category::Ai,
    docs: "https://docs.fal.ai/model-apis/model-endpoints/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Bespoke(&FAL),
    settings: &[],
    event_id: fact![Header("x-fal-webhook-request-id"), MaybeJson("/status")],
    event_type: fact![Json("/status")],
    items: None,
    handshake: None,
    answer: "2xx within 15 s",
    retries: "10 times over 2 h",
    note: "Without a `secret` the keys are fetched from `rest.fal.ai`.",
};

const GEMINI: Provider = Provider {
    slug: "gemini",
    name: "Google Gemini API",
    category: Category::Ai,
    docs: "https://ai.google.dev/gemini-api/docs/webhooks",
    confidence: Confidence::Unconfirmed,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "Only hooks with a static secret are verified; those signed by a key that Google publishes are not.",
};

const OPENAI: Provider = Provider {
    slug: "openai",
    name: "OpenAI",
    category: Category::Ai,
    docs: "https://platform.openai.com/docs/guides/webhooks",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/type")],
    items: None,
    handshake: None,
    answer: "2xx within a few seconds",
    retries: "with growing pauses for up to 72 h",
    note: "",
};

const REPLICATE: Provider = Provider {
    slug: "replicate",
    name: "Replicate",
    category: Category::Ai,
    docs: "https://replicate.com/docs/topics/webhooks/verify-webhook",
    confidence: Confidence::Proven,
    scheme: Scheme::Signed(super::generic::STANDARD_WEBHOOKS_SCHEME),
    settings: &[],
    event_id: fact![Header("webhook-id")],
    event_type: fact![Json("/status")],
    items: None,
    handshake: None,
    answer: "2xx",
    retries: "",
    note: "The signing secret is fetched from the API once. Progress of one prediction comes as several events, each with an id of its own.",
};
