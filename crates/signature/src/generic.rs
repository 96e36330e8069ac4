//! A scheme for senders that are not in the table, built from settings.

use std::borrow::Cow;
use std::str::FromStr;

use crate::scheme::{
    Algorithm, Carrier, Format, KeyForm, Part, Place, Scheme, Signed, Text, Timestamp, Unit,
};
use crate::template::{is_header_name, parse_template};
use crate::{ConfigurationError, Encoding};

/// The window of a configured scheme that says nothing else, in seconds.
const TOLERANCE: u64 = 300;

/// The usual HMAC-SHA256 of the body, in whichever of the usual headers it comes.
pub(crate) const USUAL: Signed = Signed::hmac_sha256("x-webhook-signature")
    .prefix("sha256=")
    .or(&[
        Carrier {
            place: Place::Header(Cow::Borrowed("x-signature")),
            format: Format::Bare { ignores: Cow::Borrowed("sha256=") },
        },
        Carrier {
            place: Place::Header(Cow::Borrowed("x-hub-signature-256")),
            format: Format::Prefixed(Cow::Borrowed("sha256=")),
        },
    ])
    .weaker(&[Cow::Borrowed("x-hub-signature")]);

/// The settings of a generic HMAC. Whatever is not set takes its usual value; if nothing is set,
/// one of `X-Webhook-Signature: sha256=<hex>`, `X-Signature: <hex>` and
/// `X-Hub-Signature-256: sha256=<hex>` must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generic {
    /// The header with the signature; `X-Webhook-Signature` if other settings are set.
    pub header: Option<String>,
    /// The hash; SHA-256. SHA-1 is used only when it is written out.
    pub algorithm: Option<Algorithm>,
    /// How the signature is written; hexadecimal.
    pub encoding: Option<Encoding>,
    /// What must stand before the signature. If not set, nothing has to, and the algorithm's
    /// usual prefix (`sha256=`) is left out when it is there.
    pub prefix: Option<String>,
    /// What is signed ([`parse_template`]); `{body}`, with `{timestamp}.` and `{id}.` before it if
    /// their headers are set.
    pub template: Option<String>,
    /// The header with the time of signing in seconds since the Unix epoch.
    pub timestamp_header: Option<String>,
    /// The header with the id.
    pub id_header: Option<String>,
    /// How far the time of signing may be from now, in seconds and in both directions; 300.
    pub tolerance: Option<u64>,
}

impl Generic {
    /// The scheme that the settings describe.
    ///
    /// # Errors
    ///
    /// Says which setting is wrong, or contradicts another.
    pub fn scheme(&self) -> Result<Scheme, ConfigurationError> {
        if *self == Self::default() {
            return Ok(Scheme::Signed(USUAL));
        }
        let algorithm = self.algorithm.unwrap_or(Algorithm::HmacSha256);
        let name = match algorithm {
            Algorithm::HmacSha1 => "sha1=",
            Algorithm::HmacSha256 => "sha256=",
            Algorithm::HmacSha512 => "sha512=",
            _ => {
                return Err(ConfigurationError::Settings(
                    "a generic signature is an HMAC: sha256, sha512 or sha1",
                ));
            }
        };
        let format = match &self.prefix {
            Some(prefix) if !prefix.is_empty() => Format::Prefixed(prefix.clone().into()),
            Some(_) => Format::Bare { ignores: "".into() },
            None => Format::Bare { ignores: name.into() },
        };
        let header = self.header.as_deref().map_or(Ok("x-webhook-signature".into()), header)?;
        let message = self.message()?;
        Ok(Scheme::Signed(Signed {
            algorithm,
            key: KeyForm::Text,
            carrier: Carrier { place: Place::Header(header), format },
            other_carriers: Cow::Borrowed(&[]),
            encoding: self.encoding.unwrap_or(Encoding::Hex),
            timestamp: self.timestamp(&message)?,
            id: self.id(&message)?,
            message: message.into(),
            weaker: Cow::Borrowed(&[]),
            refuses_empty_body: false,
        }))
    }

    fn message(&self) -> Result<Vec<Part>, ConfigurationError> {
        if let Some(template) = &self.template {
            return Ok(parse_template(template)?);
        }
        let mut template = String::new();
        if self.id_header.is_some() {
            template.push_str("{id}.");
        }
        if self.timestamp_header.is_some() {
            template.push_str("{timestamp}.");
        }
        template.push_str("{body}");
        Ok(parse_template(&template)?)
    }

    /// An unsigned timestamp proves nothing, so a header and the template must go together.
    fn timestamp(&self, message: &[Part]) -> Result<Option<Timestamp>, ConfigurationError> {
        let problem = match (&self.timestamp_header, message.contains(&Part::Timestamp)) {
            (Some(name), true) => {
                let tolerance = Some(self.tolerance.unwrap_or(TOLERANCE));
                let place = Place::Header(header(name)?);
                return Ok(Some(Timestamp { place, unit: Unit::Seconds, tolerance }));
            }
            (Some(_), false) => {
                "a timestamp header is set, but the template does not sign {timestamp}"
            }
            (None, true) => "the template signs {timestamp}, but no timestamp header is set",
            (None, false) if self.tolerance.is_some() => {
                "a tolerance is set, but no timestamp header is"
            }
            (None, false) => return Ok(None),
        };
        Err(ConfigurationError::Settings(problem))
    }

    fn id(&self, message: &[Part]) -> Result<Option<Text>, ConfigurationError> {
        let problem = match (&self.id_header, message.contains(&Part::Id)) {
            (Some(name), true) => return header(name).map(Some),
            (Some(_), false) => "an id header is set, but the template does not sign {id}",
            (None, true) => "the template signs {id}, but no id header is set",
            (None, false) => return Ok(None),
        };
        Err(ConfigurationError::Settings(problem))
    }
}

fn header(name: &str) -> Result<Text, ConfigurationError> {
    if is_header_name(name) {
        Ok(name.to_ascii_lowercase().into())
    } else {
        Err(ConfigurationError::HeaderName(name.to_owned()))
    }
}

impl FromStr for Algorithm {
    type Err = ConfigurationError;

    /// Reads the hash of an HMAC: `sha256`, `sha512` or `sha1`.
    fn from_str(word: &str) -> Result<Self, ConfigurationError> {
        match word {
            "sha1" => Ok(Self::HmacSha1),
            "sha256" => Ok(Self::HmacSha256),
            "sha512" => Ok(Self::HmacSha512),
            _ => Err(ConfigurationError::UnknownWord {
                setting: "algorithm",
                found: word.to_owned(),
                known: "sha256, sha512 or sha1",
            }),
        }
    }
}

impl crate::Token {
    /// A token in a header of one's choice, after a prefix such as `Bearer `.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::HeaderName`].
    pub fn new(name: &str, prefix: impl Into<Text>) -> Result<Self, ConfigurationError> {
        Ok(Self { place: Place::Header(header(name)?), prefix: prefix.into() })
    }
}
