//! Short ways to write a scheme down, for the table and for whoever makes one by hand.

use std::borrow::Cow::Borrowed;
use std::mem;

use crate::Encoding;
use crate::fact::Fact;
use crate::items::Items;
use crate::scheme::{
    Algorithm, Carrier, Format, KeyForm, Part, Place, Scheme, Signed, Text, Timestamp, Token, Unit,
};

/// What stands between the parts of many messages.
pub(crate) const DOT: Part = Part::Literal(Borrowed("."));
/// `{timestamp}.{body}`.
pub(crate) const TIMESTAMP_DOT_BODY: &[Part] = &[Part::Timestamp, DOT, Part::Body];
/// `{id}.{timestamp}.{body}`.
pub(crate) const ID_DOT_TIMESTAMP_DOT_BODY: &[Part] =
    &[Part::Id, DOT, Part::Timestamp, DOT, Part::Body];

/// Replaces a part of a constant. Nothing of it has to be dropped, and nothing may be.
const fn set<T>(slot: &mut T, value: T) {
    mem::forget(mem::replace(slot, value));
}

impl Signed {
    /// An HMAC-SHA256 of the body in this header, in hexadecimal, with the secret's text as key.
    pub const fn hmac_sha256(header: &'static str) -> Self {
        Self {
            algorithm: Algorithm::HmacSha256,
            key: KeyForm::Text,
            message: Borrowed(&[Part::Body]),
            carrier: Carrier {
                place: Place::Header(Borrowed(header)),
                format: Format::Bare { ignores: Borrowed("") },
            },
            other_carriers: Borrowed(&[]),
            encoding: Encoding::Hex,
            timestamp: None,
            id: None,
            weaker: Borrowed(&[]),
            refuses_empty_body: false,
        }
    }

    /// As [`Signed::hmac_sha256`], with SHA-1.
    pub const fn hmac_sha1(header: &'static str) -> Self {
        Self::hmac_sha256(header).by(Algorithm::HmacSha1)
    }

    /// As [`Signed::hmac_sha256`], with SHA-512.
    pub const fn hmac_sha512(header: &'static str) -> Self {
        Self::hmac_sha256(header).by(Algorithm::HmacSha512)
    }

    /// A signature of the body by a private key, in this header, in base64.
    pub const fn public_key(algorithm: Algorithm, header: &'static str) -> Self {
        Self::hmac_sha256(header).by(algorithm).key(KeyForm::Public).base64()
    }

    /// The list of versions of Standard Webhooks, under headers of this prefix.
    pub const fn standard_webhooks(
        id: &'static str,
        timestamp: &'static str,
        signature: &'static str,
    ) -> Self {
        Self::hmac_sha256(signature)
            .base64()
            .key(KeyForm::StandardWebhooks)
            .over(ID_DOT_TIMESTAMP_DOT_BODY)
            .format(Format::Versions {
                version: Borrowed("v1"),
                ed25519: Borrowed("v1a"),
                glue: ',',
            })
            .time(Timestamp::header(timestamp, Unit::Seconds, Some(300)))
            .id(id)
    }

    /// Computed so.
    #[must_use]
    pub const fn by(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// With a key that the secret is in this form.
    #[must_use]
    pub const fn key(mut self, form: KeyForm) -> Self {
        self.key = form;
        self
    }

    /// Written in base64.
    #[must_use]
    pub const fn base64(mut self) -> Self {
        self.encoding = Encoding::Base64;
        self
    }

    /// Written in URL-safe base64.
    #[must_use]
    pub const fn base64url(mut self) -> Self {
        self.encoding = Encoding::Base64Url;
        self
    }

    /// Written in hexadecimal.
    #[must_use]
    pub const fn hex(mut self) -> Self {
        self.encoding = Encoding::Hex;
        self
    }

    /// Over these parts.
    #[must_use]
    pub const fn over(mut self, message: &'static [Part]) -> Self {
        set(&mut self.message, Borrowed(message));
        self
    }

    /// At this place, instead of a header.
    #[must_use]
    pub const fn place(mut self, place: Place) -> Self {
        set(&mut self.carrier.place, place);
        self
    }

    /// At one of these places, if not at the first.
    #[must_use]
    pub const fn or(mut self, carriers: &'static [Carrier]) -> Self {
        set(&mut self.other_carriers, Borrowed(carriers));
        self
    }

    /// Behind a prefix that must be there.
    #[must_use]
    pub const fn prefix(self, prefix: &'static str) -> Self {
        self.format(Format::Prefixed(Borrowed(prefix)))
    }

    /// Behind a prefix that may be there.
    #[must_use]
    pub const fn optional_prefix(self, prefix: &'static str) -> Self {
        self.format(Format::Bare { ignores: Borrowed(prefix) })
    }

    /// Under this key, in a list of keys and values separated by commas.
    #[must_use]
    pub const fn field(self, signature: &'static str) -> Self {
        self.format(Format::Fields {
            signature: Borrowed(signature),
            weaker: Borrowed(&[]),
            between: Borrowed(","),
        })
    }

    /// Built in this way.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Self {
        set(&mut self.carrier.format, format);
        self
    }

    /// With this time of signing.
    #[must_use]
    pub const fn time(mut self, timestamp: Timestamp) -> Self {
        set(&mut self.timestamp, Some(timestamp));
        self
    }

    /// With the id in this header.
    #[must_use]
    pub const fn id(mut self, header: &'static str) -> Self {
        set(&mut self.id, Some(Borrowed(header)));
        self
    }

    /// Beside older, weaker signatures in these headers.
    #[must_use]
    pub const fn weaker(mut self, headers: &'static [Text]) -> Self {
        set(&mut self.weaker, Borrowed(headers));
        self
    }

    /// Refusing empty bodies.
    #[must_use]
    pub const fn nonempty(mut self) -> Self {
        self.refuses_empty_body = true;
        self
    }
}

impl Timestamp {
    /// In a header of its own.
    pub const fn header(name: &'static str, unit: Unit, tolerance: Option<u64>) -> Self {
        Self { place: Place::Header(Borrowed(name)), unit, tolerance }
    }

    /// In the signature's own value.
    pub const fn field(key: &'static str, unit: Unit, tolerance: Option<u64>) -> Self {
        Self { place: Place::Field(Borrowed(key)), unit, tolerance }
    }

    /// In the JSON body.
    pub const fn json(pointer: &'static str, unit: Unit, tolerance: Option<u64>) -> Self {
        Self { place: Place::Json(Borrowed(pointer)), unit, tolerance }
    }
}

impl Token {
    /// A token in this header.
    pub const fn header(name: &'static str) -> Self {
        Self::at(Place::Header(Borrowed(name)))
    }

    /// A token in `Authorization: Bearer …` (RFC 6750).
    pub const fn bearer() -> Self {
        Self { place: Place::Header(Borrowed("authorization")), prefix: Borrowed("Bearer ") }
    }

    /// A token at this place.
    pub const fn at(place: Place) -> Self {
        Self { place, prefix: Borrowed("") }
    }
}

impl From<Signed> for Scheme {
    fn from(signed: Signed) -> Self {
        Self::Signed(signed)
    }
}

impl Items {
    /// Items in the list at this pointer, empty where the document is the list, and their facts.
    pub const fn new(list: &'static str, event_id: Fact, event_type: Fact) -> Self {
        Self {
            media_type: None,
            field: None,
            list: Borrowed(list),
            other_list: None,
            event_id,
            event_type,
            repeats_differ: false,
        }
    }

    /// Or in the list at this pointer.
    #[must_use]
    pub const fn or(mut self, list: &'static str) -> Self {
        set(&mut self.other_list, Some(Borrowed(list)));
        self
    }

    /// Where the body says it is of this media type.
    #[must_use]
    pub const fn as_type(mut self, media_type: &'static str) -> Self {
        set(&mut self.media_type, Some(Borrowed(media_type)));
        self
    }

    /// Told by their ids alone: a repeat says that it is one, and so has another body.
    #[must_use]
    pub const fn by_id_alone(mut self) -> Self {
        self.repeats_differ = true;
        self
    }

    /// In JSON that is in this field of a form.
    #[must_use]
    pub const fn in_form(mut self, field: &'static str) -> Self {
        set(&mut self.field, Some(Borrowed(field)));
        self
    }
}

/// A [`crate::Fact`]: alternatives separated by `;`, each of them pieces separated by `,`.
macro_rules! fact {
    ($($($kind:ident $(($($text:literal),+))?),+);+ $(;)?) => {
        $crate::fact::Fact {
            alternatives: std::borrow::Cow::Borrowed(&[$(std::borrow::Cow::Borrowed(&[$(
                $crate::fact::Piece::$kind $(($(std::borrow::Cow::Borrowed($text)),+))?
            ),+])),+]),
            glue: '.',
        }
    };
}
pub(crate) use fact;
