//! Finds what an event is called and of what kind it is, by a table of places to look.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::encoding::encode_hex;
use crate::jwt::{Claim, Token};
use crate::scheme::Text;
use crate::template::is_header_name;
use crate::{ConfigurationError, Received, form, json};

/// Ids and types beyond this many bytes are not what they claim to be.
const LONGEST: usize = 255;

/// Where something is found in a request: alternatives, of which the first that is there counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Each alternative is pieces that must all be there; they are joined.
    pub alternatives: Cow<'static, [Cow<'static, [Piece]>]>,
    /// What stands between the pieces.
    pub glue: char,
}

/// One place to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The value of a header.
    Header(Text),
    /// The value of a header, with its slashes and colons as dots: `orders/create` is
    /// `orders.create`, and `repo:push` is `repo.push`.
    DottedHeader(Text),
    /// The value of the header of the first name, and nothing where it is the second text.
    HeaderUnless(Text, Text),
    /// The value of a header without the second text at its end, in lower case and with `_` for spaces:
    /// `Merge Request Hook` is `merge_request`.
    SluggedHeader(Text, Text),
    /// The text or whole number at a JSON pointer in the body. If the body is a form, in its field `payload`.
    Json(Text),
    /// As [`Piece::Json`], with slashes and colons as dots.
    DottedJson(Text),
    /// The first key of the JSON object in the body that is none of these, which are separated by
    /// spaces: Telegram's `{"update_id": 1, "message": {}}` is a `message`.
    KeyBesides(Text),
    /// As [`Piece::Json`], and nothing where it is not there.
    MaybeJson(Text),
    /// As [`Piece::Json`], but in the document of the whole request where the event is one of its
    /// [`crate::Items`].
    Outer(Text),
    /// A field of the form in the body or, for GET, in the query.
    Field(Text),
    /// The text or whole number that a JSON Web Token claims: the token in the header of the first
    /// name, or in the body where that name is empty, and the claim of the second name.
    Claim(Text, Text),
    /// Fixed text.
    Literal(Text),
    /// The SHA-256 of the body, shortened to 128 bits: for senders that give no id, whose repeats
    /// have the same bytes.
    BodyHash,
}

impl Fact {
    /// A fact that is never there.
    pub const NONE: Self = Self { alternatives: Cow::Borrowed(&[]), glue: '.' };

    /// Reads a place as it is written in a configuration: `header:NAME`, `json:/path/to/value`,
    /// `form:NAME` or `body` (its hash).
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::UnknownWord`] or [`ConfigurationError::HeaderName`].
    pub fn parse(text: &str) -> Result<Self, ConfigurationError> {
        let piece = match text.split_once(':') {
            Some(("header", name)) if is_header_name(name) => {
                Piece::Header(name.to_ascii_lowercase().into())
            }
            Some(("header", name)) => return Err(ConfigurationError::HeaderName(name.to_owned())),
            Some(("json", pointer)) if pointer.starts_with('/') => {
                Piece::Json(pointer.to_owned().into())
            }
            Some(("form", name)) if !name.is_empty() => Piece::Field(name.to_owned().into()),
            None if text == "body" => Piece::BodyHash,
            _ => {
                return Err(ConfigurationError::UnknownWord {
                    setting: "place",
                    found: text.to_owned(),
                    known: "`header:NAME`, `json:/path/to/value`, `form:NAME` or `body`",
                });
            }
        };
        Ok(Self { alternatives: vec![vec![piece].into()].into(), glue: '.' })
    }

    /// What is left to be looked for in an item of this request: what stands outside it is filled
    /// in, once for all of them, and what is not there leads nowhere.
    pub(crate) fn within(&self, outer: &Received<'_>) -> Self {
        let filled = |piece: &Piece| match piece {
            Piece::Outer(_) => piece.find(outer).map(|found| Piece::Literal(found.into())),
            piece => Some(piece.clone()),
        };
        let alternatives = self.alternatives.iter().filter_map(|pieces| {
            let pieces: Option<Vec<_>> = pieces.iter().map(filled).collect();
            pieces.map(Cow::Owned)
        });
        Self { alternatives: alternatives.collect(), glue: self.glue }
    }

    /// The value of the first alternative that is there. Never longer than 255 bytes, never empty,
    /// without control characters.
    pub fn find(&self, request: &Received<'_>) -> Option<String> {
        self.alternatives.iter().find_map(|pieces| join(pieces, self.glue, request))
    }
}

fn join(pieces: &[Piece], glue: char, request: &Received<'_>) -> Option<String> {
    let mut joined = String::new();
    for piece in pieces {
        let found = piece.find(request);
        if found.is_none() && matches!(piece, Piece::MaybeJson(_) | Piece::HeaderUnless(..)) {
            continue;
        }
        if !joined.is_empty() {
            joined.push(glue);
        }
        joined.push_str(&found?);
    }
    usable(joined)
}

/// Refuses what cannot be an id or a type.
fn usable(text: String) -> Option<String> {
    let fits = (1..=LONGEST).contains(&text.len());
    (fits && !text.chars().any(char::is_control)).then_some(text)
}

impl Piece {
    fn find(&self, request: &Received<'_>) -> Option<String> {
        let found = match self {
            Self::Header(name) => header(request, name)?.to_owned(),
            Self::DottedHeader(name) => dotted(header(request, name)?),
            Self::HeaderUnless(name, usual) => {
                header(request, name).filter(|value| value != usual)?.to_owned()
            }
            Self::SluggedHeader(name, drop) => {
                let value = header(request, name)?;
                value.strip_suffix(&**drop).unwrap_or(value).to_ascii_lowercase().replace(' ', "_")
            }
            Self::Json(pointer) | Self::MaybeJson(pointer) | Self::Outer(pointer) => {
                json::find(&document(request), pointer)?
            }
            Self::DottedJson(pointer) => dotted(&json::find(&document(request), pointer)?),
            Self::KeyBesides(others) => json::first_key(&document(request), others)?,
            Self::Field(name) => {
                let form =
                    if request.is_form() { request.body } else { request.query().as_bytes() };
                String::from_utf8(form::field(form, name)?.into_owned()).ok()?
            }
            Self::Claim(place, name) => claim(request, place, name)?,
            Self::Literal(text) => text.clone().into_owned(),
            Self::BodyHash => encode_hex(Sha256::digest(request.body).first_chunk::<16>()?),
        };
        usable(found)
    }
}

fn dotted(text: &str) -> String {
    text.replace(['/', ':'], ".")
}

/// A header that is there twice says nothing.
fn header<'a>(request: &Received<'a>, name: &Text) -> Option<&'a str> {
    std::str::from_utf8(request.single(name).ok()??).ok()
}

/// What a token claims. Whether it may do so has been verified before anyone asks.
fn claim(request: &Received<'_>, place: &str, name: &str) -> Option<String> {
    let text = if place.is_empty() { request.body } else { request.single(place).ok()?? };
    // `Bearer ` and `JWT ` before the token; the token itself has no space.
    let token = text.rsplit(|&byte| byte == b' ').next()?;
    match Token::parse(token).ok()?.claims.get(name)? {
        Claim::Text(text) => Some(text.clone()),
        Claim::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// GitHub and Slack can send their JSON as the field `payload` of a form.
fn document<'a>(request: &Received<'a>) -> Cow<'a, [u8]> {
    let payload = request.is_form().then(|| form::field(request.body, "payload")).flatten();
    payload.unwrap_or(Cow::Borrowed(request.body))
}
