//! What stands in the table, said in words: for people who ask what is checked, and for pages.

use crate::encoding::Encoding;
use crate::fact::{Fact, Piece};
use crate::handshake::{Handshake, Trust};
use crate::items::Items;
use crate::provider::{Category, Confidence, Provider};
use crate::scheme::{
    Algorithm, Carrier, Covers, Format, KeyForm, Part, Place, Scheme, Signed, Text, Timestamp,
    Token, Unit,
};

impl Scheme {
    /// How a request is signed, in a sentence without its full stop.
    pub fn in_words(&self) -> String {
        match self {
            Self::Signed(signed) => signed.in_words(),
            Self::Token(Token { place, prefix }) => {
                let behind = if prefix.is_empty() {
                    String::new()
                } else {
                    format!(" behind `{}`", prefix.trim_end())
                };
                format!("the secret itself, in the {}{behind}", place.described())
            }
            Self::Basic => "user and password, in the header `authorization` (`Basic`)".to_owned(),
            Self::Bespoke(bespoke) => match bespoke.headers {
                [] => bespoke.about.to_owned(),
                [header] => format!("{}, in the header `{header}`", bespoke.about),
                [header, others @ ..] => {
                    let others: Vec<_> = others.iter().map(|name| format!("`{name}`")).collect();
                    let others = others.join(", ");
                    format!("{}, in the header `{header}`, beside {others}", bespoke.about)
                }
            },
            Self::Unsigned => "nothing: the provider does not sign".to_owned(),
        }
    }
}

impl Signed {
    fn in_words(&self) -> String {
        let carriers: Vec<_> = std::iter::once(&self.carrier)
            .chain(self.other_carriers.iter())
            .map(|carrier| self.place_in_words(carrier))
            .collect();
        let key = match self.key {
            KeyForm::Text => "",
            KeyForm::TextWithoutPrefix => "; the key is the secret without its prefix",
            KeyForm::Hex => "; the secret is hexadecimal of the key",
            KeyForm::Base64 => "; the secret is base64 of the key",
            KeyForm::StandardWebhooks => "; the secret is base64 of the key behind `whsec_`",
            KeyForm::Public => "; the key is the provider's public one",
        };
        format!(
            "{} over `{}`, in {}, in the {}{key}",
            self.algorithm.in_words(),
            parts_in_words(&self.message),
            self.encoding.in_words(),
            carriers.join(" or the "),
        )
    }

    fn place_in_words(&self, carrier: &Carrier) -> String {
        let place = carrier.place.described();
        let time = match self.timestamp.as_ref().map(|timestamp| &timestamp.place) {
            Some(Place::Field(name)) => format!("{name}=…"),
            _ => String::new(),
        };
        match &carrier.format {
            Format::Bare { ignores } if ignores.is_empty() => place.into_owned(),
            Format::Bare { ignores } => format!("{place}, with or without `{ignores}` before it"),
            Format::Prefixed(prefix) => format!("{place} (`{prefix}…`)"),
            Format::Fields { signature, between, .. } => {
                let between = between.get(..1).unwrap_or(",");
                let fields = [time, format!("{signature}=…")];
                let fields: Vec<_> = fields.into_iter().filter(|field| !field.is_empty()).collect();
                format!("{place} (`{}`)", fields.join(between))
            }
            Format::Versions { version, glue, .. } => format!("{place} (`{version}{glue}…`)"),
            Format::List { between } => format!("{place} (`…{between}…`)"),
            Format::TimeFirst { between } => format!("{place} (time{between}…)"),
        }
    }
}

/// What is signed as a template has it: `{timestamp}.{body}`.
pub(crate) fn parts_in_words(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Literal(literal) => text.push_str(&literal.replace('\n', "\\n")),
            Part::Body => text.push_str("{body}"),
            Part::Timestamp => text.push_str("{timestamp}"),
            Part::Id => text.push_str("{id}"),
            Part::Method => text.push_str("{method}"),
            Part::Url | Part::UnescapedUrl(_) => text.push_str("{url}"),
            Part::Path => text.push_str("{path}"),
            Part::Header(name) => text.extend(["{header:", name, "}"]),
            Part::Json(pointer) => text.extend(["{json:", pointer, "}"]),
            Part::Payload => text.push_str("{payload}"),
            Part::SortedForm(_) => text.push_str("{sorted form}"),
        }
    }
    text
}

impl Algorithm {
    /// What it is called.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha512 => "HMAC-SHA512",
            Self::SecretThenSha256 => "SHA-256 of the secret and then the message",
            Self::EcdsaP256Sha256 => "ECDSA with P-256 and SHA-256",
            Self::Ed25519 => "Ed25519",
            Self::RsaSha256 => "RSA with SHA-256 (PKCS#1 v1.5)",
            Self::RsaSha1 => "RSA with SHA-1 (PKCS#1 v1.5)",
        }
    }
}

impl Encoding {
    /// What it is called.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Hex => "hexadecimal",
            Self::Base64 => "base64",
            Self::Base64Url => "URL-safe base64",
        }
    }
}

impl Timestamp {
    /// Where it stands and how it is written: "header `x-time`, in seconds".
    pub fn in_words(&self) -> String {
        let unit = match self.unit {
            Unit::Seconds => "in seconds",
            Unit::Milliseconds => "in milliseconds",
            Unit::Rfc3339 => "as a date (RFC 3339)",
        };
        format!("{}, {unit}", self.place.described())
    }
}

impl Covers {
    /// Each part of a request with whether the proof protects it.
    pub const fn parts(self) -> [(&'static str, bool); 5] {
        [
            ("body", self.body),
            ("time", self.timestamp),
            ("id", self.id),
            ("method", self.method),
            ("URL", self.url),
        ]
    }
}

impl Fact {
    /// The places where it is looked for: "header `a` and JSON `/b`, or form field `c`". Empty
    /// where there is none.
    pub fn in_words(&self) -> String {
        let pieces =
            |pieces: &[Piece]| pieces.iter().map(Piece::in_words).collect::<Vec<_>>().join(" and ");
        let all: Vec<_> = self.alternatives.iter().map(|alternative| pieces(alternative)).collect();
        all.join(", or ")
    }
}

impl Items {
    /// Where they are and how they are called: "each object in the JSON list `/events`; id JSON
    /// `/id`; type JSON `/type`".
    pub fn in_words(&self) -> String {
        let list = |pointer: &Text| {
            if pointer.is_empty() { "the body".to_owned() } else { format!("JSON `{pointer}`") }
        };
        let place = match &self.field {
            Some(name) => format!("form field `{name}`"),
            None => list(&self.list),
        };
        let other = self.other_list.as_ref().map(list);
        let other = other.map_or(String::new(), |other| format!(" or {other}"));
        let as_type = self.media_type.as_ref();
        let as_type = as_type.map_or(String::new(), |media| format!(" of type `{media}`"));
        let own = self.event_id.in_words();
        let id = if own.is_empty() { "the request's with a number" } else { &own };
        let kind = self.event_type.in_words();
        format!("each object in the list in {place}{other}{as_type}; id {id}; type {kind}")
    }
}

impl Piece {
    fn in_words(&self) -> String {
        match self {
            Self::Header(name) | Self::DottedHeader(name) | Self::SluggedHeader(name, _) => {
                format!("header `{name}`")
            }
            Self::HeaderUnless(name, usual) => format!("header `{name}` unless it is `{usual}`"),
            Self::Json(pointer) | Self::DottedJson(pointer) | Self::Outer(pointer) => {
                format!("JSON `{pointer}`")
            }
            Self::KeyBesides(others) => {
                format!("first key of the JSON besides `{}`", others.replace(' ', "`, `"))
            }
            Self::MaybeJson(pointer) => format!("JSON `{pointer}` if it is there"),
            Self::Field(name) => format!("form field `{name}`"),
            Self::Claim(place, name) if place.is_empty() => {
                format!("claim `{name}` of the token in the body")
            }
            Self::Claim(place, name) => {
                format!("claim `{name}` of the token in header `{place}`")
            }
            Self::Literal(text) => format!("`{text}`"),
            Self::BodyHash => "hash of the body".to_owned(),
        }
    }
}

impl Handshake {
    /// Which questions there are and why they are answered: "POST, verified as events are".
    pub fn in_words(&self) -> String {
        let questions = self.questions.iter().map(|question| {
            let why = match question.trust {
                Trust::Verified => "verified as events are",
                Trust::VerifiedOrBy(_) => "verified as events are, or by a secret that all know",
                Trust::Anyone => "answered to anyone",
                Trust::Token(_, _) => "answered to those who know a token",
                Trust::BringsSecret(_) => {
                    "brings the secret, and is answered while one is expected"
                }
            };
            format!("{}, {why}", question.method)
        });
        let mut questions: Vec<String> = questions.collect();
        questions.dedup();
        questions.join("; ")
    }
}

impl Provider {
    /// What is not certain of this entry, as sentences: what has to be said wherever it is relied
    /// on. `None` where it is documented or proven.
    pub fn doubt(&self) -> Option<String> {
        let Self { name, confidence, .. } = self;
        let what = match self.scheme {
            Scheme::Unsigned => format!("That {name} signs nothing"),
            _ => format!("How {name} signs"),
        };
        let says = match confidence {
            Confidence::Proven | Confidence::Documented => return None,
            Confidence::Unconfirmed => format!(
                "it is known from others than {name}, or from memory. A wrong entry refuses good requests: send a test event from there before you rely on it."
            ),
            Confidence::Unknown => format!(
                "what is checked is a guess at the usual HMAC. Read the documentation of {name}, and describe with the provider `generic` what it says."
            ),
        };
        Some(format!("{what} is {}: {says}", confidence.as_str()))
    }
}

impl Confidence {
    /// One word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unconfirmed => "unconfirmed",
            Self::Documented => "documented",
            Self::Proven => "proven",
        }
    }

    /// What the word means.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Unknown => "the scheme is not known; what stands here is the generic one",
            Self::Unconfirmed => "by the word of others than the provider",
            Self::Documented => "by the provider's documentation",
            Self::Proven => "a published test value was recomputed, or the provider's package run",
        }
    }
}

impl Category {
    /// One word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Auth => "auth",
            Self::Billing => "billing",
            Self::Chat => "chat",
            Self::Ci => "ci",
            Self::Commerce => "commerce",
            Self::Content => "content",
            Self::Email => "email",
            Self::Fintech => "fintech",
            Self::Generic => "generic",
            Self::Hr => "hr",
            Self::Marketing => "marketing",
            Self::Monitoring => "monitoring",
            Self::Payments => "payments",
            Self::Platform => "platform",
            Self::Productivity => "productivity",
            Self::Project => "project",
            Self::Realtime => "realtime",
            Self::Scm => "scm",
            Self::Social => "social",
            Self::Telephony => "telephony",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{PROVIDERS, provider};

    #[test]
    fn schemes_are_said_in_words() {
        for (slug, expected) in [
            (
                "github",
                "HMAC-SHA256 over `{body}`, in hexadecimal, in the header `x-hub-signature-256` (`sha256=…`)",
            ),
            (
                "stripe",
                "HMAC-SHA256 over `{timestamp}.{body}`, in hexadecimal, in the header `stripe-signature` (`t=…,v1=…`)",
            ),
            (
                "standard-webhooks",
                "HMAC-SHA256 over `{id}.{timestamp}.{body}`, in base64, in the header `webhook-signature` (`v1,…`); the secret is base64 of the key behind `whsec_`",
            ),
            ("token", "the secret itself, in the header `authorization` behind `Bearer`"),
            (
                "twilio",
                "HMAC-SHA1 over the URL and the sorted form, or over the URL with the body's SHA-256 in its query, in base64, in the header `x-twilio-signature`",
            ),
            (
                "contentful",
                "HMAC-SHA256 over method, path, the headers that a header names and the body, in hexadecimal, in the header `x-contentful-signature`, beside `x-contentful-signed-headers`, `x-contentful-timestamp`",
            ),
        ] {
            assert_eq!(provider(slug).unwrap().scheme.in_words(), expected);
        }
    }

    #[test]
    fn everything_in_the_table_can_be_said() {
        for provider in PROVIDERS {
            assert!(!provider.scheme.in_words().is_empty(), "{}", provider.slug);
            assert!(!provider.event_id.in_words().contains("  "), "{}", provider.slug);
        }
        let slack = provider("slack").unwrap();
        assert_eq!(
            slack.event_type.in_words(),
            "JSON `/event/type`, or JSON `/type`, or form field `command`"
        );
    }
}
