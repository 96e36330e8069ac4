//! A provider's handshake with the secrets and settings that its answers need.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Body, Challenge, Handshake, Mark, Question, Said, Trust};
use crate::bespoke::sns::host_and_rest;
use crate::encoding::encode_hex;
use crate::key::MacKey;
use crate::scheme::{Algorithm, Place, Scheme, Text};
use crate::token::Tokens;
use crate::{Fetch, Options, Received, Secret, Verifier, json};

/// Answers a provider's questions. Built once, beside the [`Verifier`].
pub struct Responder {
    handshake: Handshake,
    scheme: &'static Scheme,
    secrets: Vec<Secret>,
    settings: BTreeMap<String, String>,
    /// Verifies what is signed with a secret that everybody knows.
    stand_in: Option<Verifier>,
}

/// A question that has been asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    responder: &'r Responder,
    question: &'static Question,
}

/// What to answer, as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type, where there is a body: never one that a browser would run something of.
    pub content_type: Option<&'static str>,
    /// Headers to add, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// What has to be visited before this answer is given. What comes back does not matter; if it
    /// is no 2xx, the provider is to be told to try again.
    pub visit: Option<Fetch>,
}

/// Why a question is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The challenge could be something else than a challenge.
    #[error("the challenge in the {at} is not {} to {} {made_of}", .length.0, .length.1)]
    ChallengeMalformed {
        /// Where it stands.
        at: Text,
        /// The least and the most bytes it may have.
        length: (usize, usize),
        /// Of what it has to be made.
        made_of: &'static str,
    },
    /// The challenge is not there, or there twice.
    #[error("the {at} must be there exactly once")]
    NotOnce {
        /// Where it belongs.
        at: Text,
    },
    /// What only the provider knows is not what is configured here.
    #[error("the {at} is not what the setting `{setting}` says")]
    TokenMismatch {
        /// Where it stands.
        at: Text,
        /// The setting.
        setting: &'static str,
    },
    /// The answer needs something that is not configured.
    #[error("the answer needs the setting `{0}`, which is missing here")]
    SettingMissing(&'static str),
    /// The answer is signed, and there is no secret.
    #[error("the answer needs a secret, and none is configured here")]
    NoSecret,
    /// The URL to be visited is not the provider's.
    #[error("the URL in the {at} is not one of Amazon SNS, so it is not visited")]
    UrlForeign {
        /// Where it stands.
        at: Text,
    },
}

impl Unanswered {
    /// A fixed code for answers, metrics and documentation.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ChallengeMalformed { .. } | Self::NotOnce { .. } => "challenge_malformed",
            Self::TokenMismatch { .. } => "verify_token_mismatch",
            Self::SettingMissing(_) | Self::NoSecret => "handshake_not_configured",
            Self::UrlForeign { .. } => "url_foreign",
        }
    }
}

impl Responder {
    pub(crate) fn new(
        handshake: Handshake,
        scheme: &'static Scheme,
        secrets: Vec<Secret>,
        options: &Options,
    ) -> Self {
        let known = handshake.questions.iter().find_map(|question| match question.trust {
            Trust::VerifiedOrBy(key) => Some(key),
            _ => None,
        });
        let stand_in = known.and_then(|key| verifier(scheme, key.as_bytes()));
        Self { handshake, scheme, secrets, settings: options.settings.clone(), stand_in }
    }

    /// The methods with which questions come, `POST` among them where that is so.
    pub fn methods(&self) -> impl Iterator<Item = &'static str> {
        self.handshake.questions.iter().map(|question| question.method)
    }

    /// Whether no answer may have a body, neither to an event nor when refused.
    pub const fn is_bodiless(&self) -> bool {
        self.handshake.bodiless
    }

    /// What is not configured and has to be for an answer: why such a question, whoever asks it
    /// and however, is refused. Each once.
    pub fn lacks(&self) -> Vec<Unanswered> {
        let mut lacks = Vec::new();
        for Question { trust, reply, .. } in self.handshake.questions {
            let token = if let Trust::Token(_, setting) = trust { Some(*setting) } else { None };
            let settings = token.into_iter().chain(reply.pieces().filter_map(|said| match said {
                Said::Setting(name) => Some(*name),
                _ => None,
            }));
            lacks.extend(
                settings
                    .filter(|name| self.setting(name).is_none())
                    .map(Unanswered::SettingMissing),
            );
            lacks
                .extend((reply.signs() && self.secrets.is_empty()).then_some(Unanswered::NoSecret));
        }
        lacks.dedup();
        lacks
    }

    /// The question that a request asks; `None` for an event.
    pub fn question(&self, request: &Received<'_>) -> Option<Asked<'_>> {
        let question = self.handshake.questions.iter().find(|question| {
            question.method == request.method
                && question.marks.iter().all(|mark| mark.is_on(request))
        })?;
        Some(Asked { responder: self, question })
    }

    /// Whether the body is such that anybody could have had it signed here, as a challenge: then
    /// its signature proves nothing.
    pub fn is_challenge(&self, request: &Received<'_>) -> bool {
        self.handshake.questions.iter().any(|question| {
            question.reply.signs()
                && question.trust == Trust::Anyone
                && question.challenge.is_some_and(|challenge| challenge.fits(request.body))
        })
    }

    fn setting(&self, name: &'static str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

impl<'r> Asked<'r> {
    /// Whether the request has to be verified, as an event is, before this is answered.
    pub const fn needs_proof(&self) -> bool {
        matches!(self.question.trust, Trust::Verified | Trust::VerifiedOrBy(_))
    }

    /// Verifies what a source's own verifier refuses and which is all right for this question
    /// alone: it is signed with a secret that everybody knows.
    pub const fn stand_in(&self) -> Option<&'r Verifier> {
        match self.question.trust {
            Trust::VerifiedOrBy(_) => self.responder.stand_in.as_ref(),
            _ => None,
        }
    }

    /// Whether the request brings the secret of all that is to come, so that it may only be
    /// answered while one is expected.
    pub const fn brings_secret(&self) -> bool {
        matches!(self.question.trust, Trust::BringsSecret(_))
    }

    /// The secret that the request brings, and what verifies with it.
    ///
    /// # Errors
    ///
    /// It is not there once, or cannot be one.
    pub fn secret(&self, request: &Received<'_>) -> Result<(Secret, Verifier), Unanswered> {
        let (Trust::BringsSecret(at), Some(challenge)) =
            (self.question.trust, self.question.challenge)
        else {
            return Err(Unanswered::NoSecret);
        };
        let text = read(request, at, challenge)?;
        let secret = Secret::new(text.as_bytes()).map_err(|_| malformed(challenge))?;
        let verifier = verifier(self.responder.scheme, text.as_bytes());
        Ok((secret, verifier.ok_or_else(|| malformed(challenge))?))
    }

    /// Whether the request brings a secret that is configured already.
    ///
    /// # Errors
    ///
    /// As [`Asked::secret`].
    pub fn brings_known_secret(&self, request: &Received<'_>) -> Result<bool, Unanswered> {
        let (secret, _) = self.secret(request)?;
        Ok(Tokens::new(self.responder.secrets.clone()).has(secret.bytes()))
    }

    /// The answer. Only to be called for what is verified, if [`Asked::needs_proof`], and where a
    /// secret is expected, if [`Asked::brings_secret`].
    ///
    /// # Errors
    ///
    /// Something is wrong with the question, or missing in the configuration.
    pub fn answer(&self, request: &Received<'_>) -> Result<Answer, Unanswered> {
        if let Trust::Token(at, setting) = self.question.trust {
            self.check_token(request, at, setting)?;
        }
        let challenge = self.question.challenge;
        let challenge =
            challenge.map(|challenge| read(request, &challenge.at, challenge)).transpose()?;
        let writer = Writer {
            responder: self.responder,
            request,
            challenge: challenge.as_deref().unwrap_or_default(),
        };
        let reply = self.question.reply;
        let headers = reply.headers.iter().map(|(name, said)| Ok((*name, writer.text(said)?)));
        let headers = headers.collect::<Result<_, _>>()?;
        let (content_type, body) = match reply.body {
            Body::Empty => (None, String::new()),
            Body::Text(said) => (Some("text/plain"), writer.text(said)?),
            Body::Json(members) => (Some("application/json"), writer.object(members)?),
            Body::Fixed(json) => (Some("application/json"), json.to_owned()),
            Body::Xml(xml) => (Some("text/xml"), xml.to_owned()),
        };
        let visit = self.question.visit.map(|at| sns_url(request, at)).transpose()?;
        Ok(Answer { status: reply.status, content_type, headers, body, visit })
    }

    fn check_token(
        &self,
        request: &Received<'_>,
        at: &Place,
        setting: &'static str,
    ) -> Result<(), Unanswered> {
        let wanted = self.responder.setting(setting).ok_or(Unanswered::SettingMissing(setting))?;
        let wanted = Secret::new(wanted).map_err(|_| Unanswered::SettingMissing(setting))?;
        let shown = once(request, at)?;
        if Tokens::new(vec![wanted]).has(&shown) {
            return Ok(());
        }
        Err(Unanswered::TokenMismatch { at: at.described(), setting })
    }
}

/// Writes answers to one request.
struct Writer<'w> {
    responder: &'w Responder,
    request: &'w Received<'w>,
    challenge: &'w str,
}

impl Writer<'_> {
    fn object(&self, members: &[(&'static str, &'static [Said])]) -> Result<String, Unanswered> {
        let members = members.iter().map(|(name, said)| {
            self.text(said).map(|text| ((*name).to_owned(), Value::String(text)))
        });
        Ok(Value::Object(members.collect::<Result<Map<_, _>, _>>()?).to_string())
    }

    fn text(&self, said: &[Said]) -> Result<String, Unanswered> {
        said.iter().map(|piece| self.piece(piece)).collect()
    }

    fn piece(&self, piece: &Said) -> Result<String, Unanswered> {
        match *piece {
            Said::Literal(text) => Ok(text.to_owned()),
            Said::Challenge => Ok(self.challenge.to_owned()),
            Said::Also(challenge, otherwise) if !is_there(self.request, &challenge.at) => {
                Ok(otherwise.to_owned())
            }
            Said::Also(challenge, _) => read(self.request, &challenge.at, challenge),
            Said::Setting(name) => {
                let value = self.responder.setting(name);
                value.map(str::to_owned).ok_or(Unanswered::SettingMissing(name))
            }
            Said::SettingOrUrl(name) => {
                let url = self.request.url.split(['?', '#']).next().unwrap_or_default();
                Ok(self.responder.setting(name).unwrap_or(url).to_owned())
            }
            Said::Mac { algorithm, by_sha1, encoding } => {
                let tag =
                    self.key(algorithm, by_sha1)?.tag(&|sink| sink(self.challenge.as_bytes()));
                Ok(encoding.encode(tag.as_slice()))
            }
            Said::Sha256(said) => Ok(encode_hex(&Sha256::digest(self.text(said)?))),
        }
    }

    fn key(&self, algorithm: Algorithm, by_sha1: bool) -> Result<MacKey, Unanswered> {
        let secret = self.responder.secrets.first().ok_or(Unanswered::NoSecret)?.bytes();
        let key = if by_sha1 {
            Zeroizing::new(Sha1::digest(secret).to_vec())
        } else {
            Zeroizing::new(secret.to_vec())
        };
        MacKey::new(algorithm, &key).map_err(|_| Unanswered::NoSecret)
    }
}

impl Mark {
    /// What is there twice is there: the answer says then what is wrong with it.
    pub(crate) fn is_on(&self, request: &Received<'_>) -> bool {
        match self {
            Self::Has(place) => is_there(request, place),
            Self::Lacks(place) => !is_there(request, place),
            Self::Is(place, wanted) => {
                matches!(request.at(place), Ok(Some(found)) if *found == *wanted.as_bytes())
            }
            Self::EmptyList(pointer) => json::is_empty_list(request.body, pointer),
        }
    }
}

fn is_there(request: &Received<'_>, place: &Place) -> bool {
    !matches!(request.at(place), Ok(None))
}

/// What stands at a place, exactly once.
fn once<'a>(request: &Received<'a>, at: &Place) -> Result<std::borrow::Cow<'a, [u8]>, Unanswered> {
    request.at(at).ok().flatten().ok_or_else(|| Unanswered::NotOnce { at: at.described() })
}

/// What stands at a place, if it can be this challenge.
fn read(request: &Received<'_>, at: &Place, challenge: &Challenge) -> Result<String, Unanswered> {
    let found = once(request, at)?;
    let text = std::str::from_utf8(&found).ok().filter(|_| challenge.fits(&found));
    text.map(str::to_owned).ok_or_else(|| malformed(challenge))
}

fn malformed(challenge: &Challenge) -> Unanswered {
    Unanswered::ChallengeMalformed {
        at: challenge.at.described(),
        length: (*challenge.length.start(), *challenge.length.end()),
        made_of: challenge.alphabet.expected(),
    }
}

fn verifier(scheme: &Scheme, secret: &[u8]) -> Option<Verifier> {
    let secret = Secret::new(secret).ok()?;
    Verifier::new(scheme, vec![secret], &Options::default()).ok()
}

/// The URL by which a subscription to a topic of Amazon SNS is confirmed. Whoever signs with a
/// topic of their own may put any URL here, so only the service's own hosts will do
/// (<https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>).
fn sns_url(request: &Received<'_>, at: &Place) -> Result<Fetch, Unanswered> {
    let url = once(request, at)?;
    let url = std::str::from_utf8(&url).ok().filter(|url| is_sns_url(url));
    let url = url.ok_or_else(|| Unanswered::UrlForeign { at: at.described() })?.to_owned();
    Ok(Fetch { url, body: None, authorization: None, max_age: 0 })
}

/// `https://sns.REGION.amazonaws.com/?Action=ConfirmSubscription&…`, without a user, a port or
/// anything that a program could read as another host.
fn is_sns_url(url: &str) -> bool {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
    let rest = host_and_rest(url);
    is_plain && rest.is_some_and(|rest| rest.starts_with("/?Action=ConfirmSubscription&"))
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").field("handshake", &self.handshake).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
