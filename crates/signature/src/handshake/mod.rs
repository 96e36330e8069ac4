//! What providers ask before they send events, and between them: as data, like schemes.
//!
//! Two dangers are met here once for all. An echo of free text is a gift to whoever finds a way
//! to have it read as something else, so each challenge has an alphabet and a length, and no
//! answer is ever HTML. And whoever is answered with an HMAC of what he chose has a signature: no
//! body that could be such a challenge passes as an event ([`Responder::is_challenge`]).

mod responder;
pub(crate) mod table;

use std::ops::RangeInclusive;

use crate::encoding::Encoding;
use crate::scheme::{Algorithm, Place};

pub use responder::{Answer, Asked, Responder, Unanswered};

/// What a provider asks, and what it wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Its questions. The first that a request fits is the one.
    pub questions: &'static [Question],
    /// Whether no answer of ours may have a body, neither to an event nor when refused (Xero).
    pub bodiless: bool,
}

/// One question: how it is told from an event, and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The method with which it comes.
    pub method: &'static str,
    /// What tells it from an event; all of it must be so.
    pub marks: &'static [Mark],
    /// Why it is answered.
    pub trust: Trust,
    /// What has to be sent back, as it is or signed.
    pub challenge: Option<&'static Challenge>,
    /// Where a URL of Amazon SNS stands that has to be visited before the answer.
    pub visit: Option<&'static Place>,
    /// The answer.
    pub reply: Reply,
}

/// Something by which a question is told from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Something stands at this place.
    Has(Place),
    /// Nothing stands at this place.
    Lacks(Place),
    /// This stands at this place.
    Is(Place, &'static str),
    /// At this JSON pointer there is a list with nothing in it.
    EmptyList(&'static str),
}

/// Why a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is verified as an event is.
    Verified,
    /// The same, and beside the configured secrets this one counts, which everybody knows: the
    /// provider signs with it before there is a secret.
    VerifiedOrBy(&'static str),
    /// Nothing proves it, and the answer gives nothing away.
    Anyone,
    /// What stands at this place is the setting of this name.
    Token(&'static Place, &'static str),
    /// It brings the secret by which everything after it is signed, at this place. Only to be
    /// answered while a secret is expected: anybody could send one.
    BringsSecret(&'static Place),
}

/// What the answer has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Where it stands.
    pub at: Place,
    /// Of which characters it is made.
    pub alphabet: Alphabet,
    /// How many bytes it may have.
    pub length: RangeInclusive<usize>,
}

/// The characters of a challenge. None of them means anything to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// Digits.
    Digits,
    /// Digits and the letters `a` to `f`.
    LowerHex,
    /// Letters, digits, `-` and `_`.
    Plain,
    /// The same and `+`, `/` and `=`.
    Base64,
    /// Letters, digits, `-` and `.`.
    HostName,
    /// Letters, digits, spaces and `-_.:,/+=~`.
    Words,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers beside the content type, names in lower case.
    pub headers: &'static [(&'static str, &'static [Said])],
    /// What it holds.
    pub body: Body,
}

/// The body of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing, and no content type.
    Empty,
    /// `text/plain`.
    Text(&'static [Said]),
    /// A JSON object of texts.
    Json(&'static [(&'static str, &'static [Said])]),
    /// JSON as it stands here.
    Fixed(&'static str),
    /// `text/xml` as it stands here.
    Xml(&'static str),
}

/// A piece of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Fixed text.
    Literal(&'static str),
    /// The challenge.
    Challenge,
    /// What stands at another place, or this text where nothing does.
    Also(&'static Challenge, &'static str),
    /// The setting of this name.
    Setting(&'static str),
    /// The setting of this name or, without it, the URL without its query.
    SettingOrUrl(&'static str),
    /// The HMAC of the challenge by the first secret.
    Mac {
        /// The hash of the HMAC.
        algorithm: Algorithm,
        /// Whether the secret's SHA-1 is the key, rather than the secret (Braintree).
        by_sha1: bool,
        /// How it is written.
        encoding: Encoding,
    },
    /// The SHA-256 of these, in hexadecimal.
    Sha256(&'static [Said]),
}

impl Reply {
    /// 200 and nothing else.
    pub(crate) const EMPTY: Self = Self { status: 200, headers: &[], body: Body::Empty };

    /// 200 and this text.
    const fn text(pieces: &'static [Said]) -> Self {
        Self { body: Body::Text(pieces), ..Self::EMPTY }
    }

    /// 200 and this object.
    const fn json(members: &'static [(&'static str, &'static [Said])]) -> Self {
        Self { body: Body::Json(members), ..Self::EMPTY }
    }

    /// 200 and this JSON.
    pub(crate) const fn fixed(json: &'static str) -> Self {
        Self { body: Body::Fixed(json), ..Self::EMPTY }
    }

    /// Whether it holds an HMAC by the secret.
    fn signs(&self) -> bool {
        self.pieces().any(|said| matches!(said, Said::Mac { .. }))
    }

    /// What its body is put together from, and what is hashed for that.
    fn pieces(&self) -> impl Iterator<Item = &'static Said> {
        let (text, members) = match self.body {
            Body::Text(said) => (said, [].as_slice()),
            Body::Json(members) => ([].as_slice(), members),
            Body::Empty | Body::Fixed(_) | Body::Xml(_) => ([].as_slice(), [].as_slice()),
        };
        let said = text.iter().chain(members.iter().flat_map(|(_, said)| *said));
        said.flat_map(|said| match said {
            Said::Sha256(hashed) => *hashed,
            said => std::slice::from_ref(said),
        })
    }
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        let others: &[u8] = match self {
            Self::Digits => return byte.is_ascii_digit(),
            Self::LowerHex => return byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            Self::Plain => b"-_",
            Self::Base64 => b"-_+/=",
            Self::HostName => b"-.",
            Self::Words => b" -_.:,/+=~",
        };
        byte.is_ascii_alphanumeric() || others.contains(&byte)
    }

    /// What a text has to be made of, for an error.
    const fn expected(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::LowerHex => "hexadecimal digits in lower case",
            Self::Plain => "letters, digits, `-` and `_`",
            Self::Base64 => "letters, digits and `-_+/=`",
            Self::HostName => "letters, digits, `-` and `.`",
            Self::Words => "letters, digits, spaces and `-_.:,/+=~`",
        }
    }
}

impl Challenge {
    /// Whether a text could be one.
    fn fits(&self, text: &[u8]) -> bool {
        self.length.contains(&text.len()) && text.iter().all(|&byte| self.alphabet.has(byte))
    }
}
