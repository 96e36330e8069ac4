//! What a way of signing consists of, as data: a provider is an entry, not code.

use std::borrow::Cow;

use crate::bespoke::Bespoke;
use crate::encoding::Encoding;

/// Text that is static in the table of providers and owned where it comes from a configuration.
pub type Text = Cow<'static, str>;

/// One way of proving that a request comes from someone who holds the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "the table is made of constants, which cannot box")]
pub enum Scheme {
    /// A signature over parts of the request.
    Signed(Signed),
    /// The secret itself, sent along. It protects nothing of the request.
    Token(Token),
    /// `user:password` in `Authorization: Basic …` (RFC 7617). It protects nothing of the request.
    Basic,
    /// A way that no other provider shares, in code of its own.
    Bespoke(&'static Bespoke),
    /// Nothing at all. There is no verifier for it.
    Unsigned,
}

/// A signature over parts of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// How it is computed. It never comes from the request.
    pub algorithm: Algorithm,
    /// How a secret becomes a key.
    pub key: KeyForm,
    /// What is signed, part after part.
    pub message: Cow<'static, [Part]>,
    /// Where the signature stands.
    pub carrier: Carrier,
    /// Where it may stand instead. Exactly one of all these places must be filled; signing uses
    /// [`Signed::carrier`].
    pub other_carriers: Cow<'static, [Carrier]>,
    /// How its bytes are written.
    pub encoding: Encoding,
    /// Where the time of signing stands, for schemes that sign one.
    pub timestamp: Option<Timestamp>,
    /// The header with the id, for schemes that sign one.
    pub id: Option<Text>,
    /// Headers that carry an older, weaker signature. Alone they are refused by name.
    pub weaker: Cow<'static, [Text]>,
    /// Whether a request without a body is refused, as the provider's own library does.
    pub refuses_empty_body: bool,
}

/// How a signature is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-1: only where a provider has nothing better.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
    /// SHA-256 over the secret and what is signed after it, without HMAC: HubSpot's older ways.
    SecretThenSha256,
    /// ECDSA on P-256 with SHA-256, the signature in ASN.1 DER.
    EcdsaP256Sha256,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA with SHA-256 and the padding of PKCS#1 v1.5.
    RsaSha256,
    /// RSA with SHA-1 and the padding of PKCS#1 v1.5: only where a provider has nothing better.
    RsaSha1,
}

/// How a secret becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// The text is the key, prefix and all.
    Text,
    /// The text is the key without a prefix `sk_` or `pk_`.
    TextWithoutPrefix,
    /// Hexadecimal of the key.
    Hex,
    /// Base64 of the key.
    Base64,
    /// Standard Webhooks: `whsec_` and base64 for HMAC, `whpk_` and base64 for an Ed25519 public
    /// key, `whsk_` and base64 for its private key; without a prefix base64 for HMAC. A `v1,`
    /// before all this, as Supabase shows it, is left out.
    StandardWebhooks,
    /// A public key for the scheme's [`Algorithm`]: SPKI as PEM or base64, or for Ed25519 its 32
    /// bytes in hexadecimal or base64. To sign, a private key as PKCS#8 in PEM or base64.
    Public,
}

/// One part of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Fixed text.
    Literal(Text),
    /// The body, byte for byte.
    Body,
    /// The timestamp as it was received, not as it was read.
    Timestamp,
    /// The id.
    Id,
    /// The method.
    Method,
    /// The public URL.
    Url,
    /// The public URL, with these characters written plainly where they are percent-encoded
    /// (HubSpot).
    UnescapedUrl(Text),
    /// The URL's path without the query.
    Path,
    /// The value of a header, which must be there exactly once.
    Header(Text),
    /// The text or whole number at a JSON pointer in the body, which must be there.
    Json(Text),
    /// The body or, where it is a form, the value of its field `payload`, which must be its only
    /// one: nothing would cover another (Gogs, Gitea).
    Payload,
    /// The fields of a form, sorted by name, each name and value without anything between them, so
    /// that others could be read out of the same bytes. Where this names a field, it must be there
    /// once and hold a JSON list: such a list shows itself where it begins and ends (Mandrill).
    SortedForm(Option<Text>),
}

/// A place that carries a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Where it is.
    pub place: Place,
    /// How its value is built.
    pub format: Format,
}

/// How the value of a signature is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// A prefix that must be there, and the signature: `sha256=…`.
    Prefixed(Text),
    /// The signature alone. A prefix that is known to be used is left out when it is there.
    Bare {
        /// The prefix that may be there.
        ignores: Text,
    },
    /// `t=…,v1=…,v1=…`: keys and values.
    Fields {
        /// The key of the signatures that count.
        signature: Text,
        /// Keys of signatures that never count.
        weaker: Cow<'static, [Text]>,
        /// What stands between two of them, each of these characters alone.
        between: Text,
    },
    /// `v1,… v1a,…`: versions and signatures, separated by spaces (Standard Webhooks).
    Versions {
        /// The version of the signatures by the scheme's algorithm.
        version: Text,
        /// The version of Ed25519 signatures; empty where there are none.
        ed25519: Text,
        /// What stands between a version and its signature.
        glue: char,
    },
    /// Signatures alone, one after the other, such as `…,…`.
    List {
        /// What stands between two of them.
        between: char,
    },
    /// The timestamp first, then signatures: `1700000000,…,…`.
    TimeFirst {
        /// What stands between.
        between: char,
    },
}

/// The time of signing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Where it stands.
    pub place: Place,
    /// How it is written.
    pub unit: Unit,
    /// How far it may be from now, in seconds and in both directions; exactly as far is accepted.
    /// `None` where the provider states no window.
    pub tolerance: Option<u64>,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds since the Unix epoch, in digits.
    Seconds,
    /// Milliseconds since the Unix epoch, in digits.
    Milliseconds,
    /// As RFC 3339 has it; without a zone it is UTC.
    Rfc3339,
}

/// Where something stands in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a header of its own, whose name is in lower case here.
    Header(Text),
    /// In the signature's own value: under this key in [`Format::Fields`], first in
    /// [`Format::TimeFirst`].
    Field(Text),
    /// In the JSON body, at this pointer.
    Json(Text),
    /// In the query, under this name.
    Query(Text),
    /// In the form in the body, under this name.
    Form(Text),
    /// In headers whose names are this prefix and a number from 1 to 100 (DocuSign).
    Numbered(Text),
    /// In either of two headers, or in both while a secret is rotated (Primer).
    Pair(Text, Text),
}

/// A secret sent along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub place: Place,
    /// What stands before the token, such as `Bearer `; may be empty.
    pub prefix: Text,
}

/// What a proof protects. Whatever is not covered may have been changed on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "five independent facts, shown side by side")]
pub struct Covers {
    /// The body.
    pub body: bool,
    /// The time of signing.
    pub timestamp: bool,
    /// The event's id.
    pub id: bool,
    /// The method.
    pub method: bool,
    /// The URL, or at least its path.
    pub url: bool,
}

impl Scheme {
    /// What a proof by this scheme protects.
    pub fn covers(&self) -> Covers {
        match self {
            Self::Signed(signed) => signed.covers(),
            Self::Token(_) | Self::Basic | Self::Unsigned => Covers::default(),
            Self::Bespoke(bespoke) => bespoke.covers,
        }
    }

    /// The headers that belong to the proof, in lower case, the signature's first: those that a
    /// request of this scheme may have and others have no reason to.
    pub fn headers(&self) -> Vec<Text> {
        let mut found = Vec::new();
        let mut add = |place: &Place| match place {
            Place::Header(name) => found.push(name.clone()),
            Place::Numbered(prefix) => found.push(format!("{prefix}1").into()),
            Place::Pair(first, second) => found.extend([first.clone(), second.clone()]),
            Place::Field(_) | Place::Json(_) | Place::Query(_) | Place::Form(_) => {}
        };
        match self {
            Self::Signed(signed) => {
                add(&signed.carrier.place);
                signed.other_carriers.iter().for_each(|carrier| add(&carrier.place));
                if let Some(timestamp) = &signed.timestamp {
                    add(&timestamp.place);
                }
                found.extend(signed.id.clone());
            }
            Self::Token(token) => add(&token.place),
            Self::Basic => found.push(Text::Borrowed("authorization")),
            Self::Bespoke(bespoke) => {
                found.extend(bespoke.headers.iter().map(|name| Text::Borrowed(*name)));
            }
            Self::Unsigned => {}
        }
        found
    }

    /// How far a signed timestamp may be from now unless the configuration says otherwise, in
    /// seconds. `None` where the scheme has no timestamp or states no window: its requests never
    /// grow too old, so duplicates must be remembered for longer.
    pub fn tolerance(&self) -> Option<u64> {
        match self {
            Self::Signed(signed) => signed.timestamp.as_ref()?.tolerance,
            Self::Bespoke(bespoke) => bespoke.tolerance,
            Self::Token(_) | Self::Basic | Self::Unsigned => None,
        }
    }

    /// Whether nothing can be verified without a configured secret. Where the provider publishes
    /// its keys, a secret may be the key itself, and without one it is fetched.
    pub const fn needs_secret(&self) -> bool {
        match self {
            Self::Bespoke(bespoke) => !bespoke.publishes_keys,
            _ => true,
        }
    }
}

impl Signed {
    fn covers(&self) -> Covers {
        let has = |wanted: &Part| self.message.contains(wanted);
        let has_form = self.message.iter().any(|part| matches!(part, Part::SortedForm(_)));
        let body = has(&Part::Body) || has(&Part::Payload) || has_form;
        let signed_in_body = |pointer: &Text| body || has(&Part::Json(pointer.clone()));
        let timestamp = self.timestamp.as_ref().is_some_and(|timestamp| match &timestamp.place {
            Place::Json(pointer) => signed_in_body(pointer),
            _ => has(&Part::Timestamp),
        });
        Covers {
            body,
            timestamp,
            id: has(&Part::Id),
            method: has(&Part::Method),
            url: self
                .message
                .iter()
                .any(|part| matches!(part, Part::Url | Part::UnescapedUrl(_) | Part::Path)),
        }
    }
}

impl Place {
    /// What it is called in a sentence: "header `x-signature`".
    pub(crate) fn described(&self) -> Text {
        match self {
            Self::Header(name) => format!("header `{name}`"),
            Self::Field(name) => format!("field `{name}` of the signature"),
            Self::Json(pointer) => format!("JSON value `{pointer}` of the body"),
            Self::Query(name) => format!("query parameter `{name}`"),
            Self::Form(name) => format!("form field `{name}`"),
            Self::Numbered(prefix) => format!("header `{prefix}1`"),
            Self::Pair(first, second) => format!("header `{first}` or `{second}`"),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use crate::provider;

    #[test]
    fn the_headers_of_a_proof_begin_with_the_signature() {
        for (slug, expected) in [
            ("github", &["x-hub-signature-256"][..]),
            ("slack", &["x-slack-signature", "x-slack-request-timestamp"]),
            ("standard-webhooks", &["webhook-signature", "webhook-timestamp", "webhook-id"]),
            ("shopify", &["x-shopify-hmac-sha256", "shopify-hmac-sha256"]),
            ("twilio", &["x-twilio-signature"]),
            ("basic", &["authorization"]),
            ("stripe", &["stripe-signature"]),
        ] {
            assert_eq!(provider(slug).unwrap().scheme.headers(), expected, "{slug}");
        }
    }
}
