//! What a way of signing consists of, as data: a provider is an entry, not code.

use std::borrow::Cow;

use crate::encoding::Encoding;

/// Text that is static in the table of providers and owned where it comes from a configuration.
pub type Text = Cow<'static, str>;

/// One way of proving that a request comes from someone who holds the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A signature over parts of the request.
    Signed(Signed),
    /// The secret itself, sent along in a header. It protects nothing of the request.
    Token(Token),
    /// `user:password` in `Authorization: Basic …` (RFC 7617). It protects nothing of the request.
    Basic,
    /// Twilio's HMAC-SHA1 over the URL and the sorted form, or the URL with the body's hash
    /// (<https://www.twilio.com/docs/usage/security#validating-requests>).
    Twilio,
}

/// A signature over parts of the request, in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// How it is computed. It never comes from the request.
    pub algorithm: Algorithm,
    /// How a secret becomes a key.
    pub key: KeyForm,
    /// What is signed, part after part.
    pub message: Cow<'static, [Part]>,
    /// Where the signature may stand. Exactly one of these headers must be there; signing uses the first.
    pub carriers: Cow<'static, [Carrier]>,
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
    /// ECDSA on P-256 with SHA-256, the signature in ASN.1 DER.
    EcdsaP256Sha256,
}

/// How a secret becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// The text is the key, prefix and all.
    Text,
    /// Standard Webhooks: `whsec_` and base64 for HMAC, `whpk_` and base64 for an Ed25519 public
    /// key, `whsk_` and base64 for its private key; without a prefix base64 for HMAC.
    StandardWebhooks,
    /// A P-256 public key as SPKI in base64, with or without PEM armour; or, to sign, a private key as PKCS#8.
    EcdsaP256,
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
    /// The URL's path without the query.
    Path,
    /// The value of a header, which must be there exactly once.
    Header(Text),
}

/// A header that carries a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The header's name in lower case.
    pub header: Text,
    /// How its value is built.
    pub format: Format,
}

/// How the value of a signature header is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// A prefix that must be there, and the signature: `sha256=…`.
    Prefixed(Text),
    /// The signature alone. A prefix that is known to be used is left out when it is there.
    Bare {
        /// The prefix that may be there.
        ignores: Text,
    },
    /// `t=…,v1=…,v1=…`: fields separated by commas.
    Fields {
        /// The key of the signatures that count.
        signature: Text,
        /// Keys of signatures that never count.
        weaker: Cow<'static, [Text]>,
    },
    /// `v1,… v1a,…`: versions and signatures, separated by spaces (Standard Webhooks).
    Versions {
        /// The version of the signatures by the scheme's algorithm.
        version: Text,
        /// The version of Ed25519 signatures.
        ed25519: Text,
    },
}

/// The time of signing, in seconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Where it stands.
    pub place: Place,
    /// How far it may be from now, in seconds and in both directions; exactly as far is accepted.
    /// `None` where the provider states no window.
    pub tolerance: Option<u64>,
}

/// Where a timestamp stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a header of its own.
    Header(Text),
    /// In the signature's header, under this key ([`Format::Fields`]).
    Field(Text),
}

/// A secret sent along in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The header's name in lower case.
    pub header: Text,
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
            Self::Token(_) | Self::Basic => Covers::default(),
            Self::Twilio => Covers { body: true, url: true, ..Covers::default() },
        }
    }

    /// How far a signed timestamp may be from now unless the configuration says otherwise, in
    /// seconds. `None` where the scheme has no timestamp or states no window: its requests never
    /// grow too old, so duplicates must be remembered for longer.
    pub fn tolerance(&self) -> Option<u64> {
        let Self::Signed(signed) = self else { return None };
        signed.timestamp.as_ref()?.tolerance
    }
}

impl Signed {
    fn covers(&self) -> Covers {
        let has = |wanted: &Part| self.message.contains(wanted);
        Covers {
            body: has(&Part::Body),
            timestamp: has(&Part::Timestamp),
            id: has(&Part::Id),
            method: has(&Part::Method),
            url: has(&Part::Url) || has(&Part::Path),
        }
    }
}
