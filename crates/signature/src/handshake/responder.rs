//! A provider's handshake with the secrets and settings that its answers need.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Body, Challenge, Handshake, Mark, Question, Said, Trust};
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
    fn is_on(&self, request: &Received<'_>) -> bool {
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

/// `https://sns.REGION.amazonaws.com/?Action=ConfirmSubscription&…`, without a user, a port or anything that a program could
/// read as another host.
fn is_sns_url(url: &str) -> bool {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
    let Some((host, query)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let region = host.strip_prefix("sns.").and_then(|rest| {
        rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn"))
    });
    let is_region = |region: &str| {
        region.len() >= 3 && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    is_plain && region.is_some_and(is_region) && query.starts_with("?Action=ConfirmSubscription&")
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").field("handshake", &self.handshake).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnixSeconds;
    use crate::handshake::table;
    use crate::scheme::Signed;

    static SCHEME: Scheme = Scheme::Signed(Signed::hmac_sha256("x-signature"));
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

    struct Case {
        handshake: Handshake,
        request:
            (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str),
        /// Status, content type, headers and body; or the code of a refusal; or nothing at all.
        expected: Result<Option<(u16, &'static str, &'static str)>, &'static str>,
    }

    const fn case(
        handshake: Handshake,
        method: &'static str,
        query: &'static str,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    ) -> Case {
        Case { handshake, request: (method, query, headers, body), expected: Ok(None) }
    }

    impl Case {
        const fn is(mut self, status: u16, kind: &'static str, said: &'static str) -> Self {
            self.expected = Ok(Some((status, kind, said)));
            self
        }

        const fn fails(mut self, code: &'static str) -> Self {
            self.expected = Err(code);
            self
        }
    }

    fn responder(handshake: Handshake) -> Responder {
        let settings = [
            ("public_key", "integration_public_key"),
            ("verification_token", "71745723-d031-455c-bfa5-f90d11b4f20a"),
            ("verify_token", "meatyhamhock"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let options = Options { settings: settings.into(), ..Options::default() };
        let secrets = vec![Secret::new("integration_private_key").unwrap()];
        Responder::new(handshake, &SCHEME, secrets, &options)
    }

    fn run(case: &Case) -> Result<Option<(u16, String, String)>, &'static str> {
        let (method, query, headers, body) = case.request;
        let url = format!("https://www.example.com/ebay{query}");
        let request = Received { method, url: &url, headers: &headers, body: body.as_bytes() };
        let responder = responder(case.handshake);
        let Some(asked) = responder.question(&request) else { return Ok(None) };
        let answer = asked.answer(&request).map_err(|error| error.code())?;
        let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
        let visit = answer.visit.map(|fetch| fetch.url);
        let said = headers.collect::<String>() + &answer.body + &visit.unwrap_or_default();
        Ok(Some((answer.status, answer.content_type.unwrap_or_default().to_owned(), said)))
    }

    const TEXT: &str = "text/plain";
    const JSON: &str = "application/json";

    #[rustfmt::skip]
    const CASES: &[Case] = &[
        case(table::ASANA, "POST", "", &[("X-Hook-Secret", "b537207f20cbfa02357cf448134da559")], "{}").is(200, "", "x-hook-secret: b537207f20cbfa02357cf448134da559\n"),
        case(table::ASANA, "POST", "", &[("X-Hook-Secret", "short")], "{}").fails("challenge_malformed"),
        case(table::ASANA, "POST", "", &[("X-Hook-Secret", "b537207f20cbfa02357cf448134da559"), ("x-hook-signature", "00")], "{}"),
        case(table::AWS_SNS, "POST", "", &[], r#"{"Type":"SubscriptionConfirmation","SubscribeURL":"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"}"#).is(200, "", "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"),
        case(table::AWS_SNS, "POST", "", &[], r#"{"Type":"SubscriptionConfirmation","SubscribeURL":"https://sns.us-east-1.amazonaws.com.example.com/?Action=ConfirmSubscription&Token=1"}"#).fails("url_foreign"),
        case(table::AWS_SNS, "POST", "", &[], r#"{"Type":"SubscriptionConfirmation"}"#).fails("challenge_malformed"),
        case(table::AWS_SNS, "POST", "", &[("x-amz-sns-message-type", "SubscriptionConfirmation")], r#"{"Type":"Notification"}"#),
        case(table::AZURE_EVENT_GRID, "POST", "", &[("aeg-event-type", "SubscriptionValidation")], r#"[{"data":{"validationCode":"512d38b6-c7b8"}}]"#).is(200, JSON, r#"{"validationResponse":"512d38b6-c7b8"}"#),
        case(table::AZURE_EVENT_GRID, "POST", "", &[("aeg-event-type", "Notification")], "[]"),
        case(table::BRAINTREE, "GET", "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", &[], "").is(200, TEXT, "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4"),
        case(table::BRAINTREE, "GET", "?bt_challenge=20f9f8ed05f77439FE955c977e4c8a53", &[], "").fails("challenge_malformed"),
        case(table::BRAINTREE, "GET", "?bt_challenge=20f9f8ed05f77439fe9", &[], "").fails("challenge_malformed"),
        case(table::BRAINTREE, "GET", "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a531", &[], "").fails("challenge_malformed"),
        case(table::CLOUDEVENTS, "OPTIONS", "", &[("WebHook-Request-Origin", "e.example.com"), ("WebHook-Request-Rate", "120")], "").is(200, "", "allow: POST\nwebhook-allowed-origin: e.example.com\nwebhook-allowed-rate: 120\n"),
        case(table::CLOUDEVENTS, "OPTIONS", "", &[("WebHook-Request-Origin", "e.example.com")], "").is(200, "", "allow: POST\nwebhook-allowed-origin: e.example.com\nwebhook-allowed-rate: *\n"),
        case(table::CLOUDEVENTS, "OPTIONS", "", &[("WebHook-Request-Origin", "e.example.com"), ("WebHook-Request-Rate", "many")], "").fails("challenge_malformed"),
        case(table::CLOUDEVENTS, "OPTIONS", "", &[("Origin", "https://e.example.com")], ""),
        case(table::DISCORD, "POST", "", &[], r#"{"type":1,"token":"x"}"#).is(200, JSON, r#"{"type":1}"#),
        case(table::DISCORD, "POST", "", &[], r#"{"type":0}"#).is(204, "", ""),
        case(table::DISCORD, "POST", "", &[], r#"{"type":1,"event":{"type":"APPLICATION_AUTHORIZED"}}"#),
        case(table::DISCORD, "POST", "", &[], r#"{"type":2,"token":"x"}"#),
        case(table::DROPBOX, "GET", "?challenge=abc123", &[], "").is(200, TEXT, "abc123"),
        case(table::DROPBOX, "GET", "?challenge=%3Cscript%3E", &[], "").fails("challenge_malformed"),
        case(table::DROPBOX, "GET", "?challenge=", &[], "").fails("challenge_malformed"),
        case(table::DROPBOX, "GET", "?challenge=a&challenge=b", &[], "").fails("challenge_malformed"),
        case(table::DROPBOX, "GET", "", &[], ""),
        case(table::DROPBOX, "POST", "?challenge=abc123", &[], ""),
        case(table::EBAY, "GET", "?challenge_code=71745723-d031-455c-bfa5-f90d11b4f20a", &[], "").is(200, JSON, r#"{"challengeResponse":"b96b76863550a8240de684608abd94712b7975f6822c177e9df8f8842dfba367"}"#),
        case(table::FIGMA, "POST", "", &[], r#"{"event_type":"PING"}"#).is(200, "", ""),
        case(table::FRONT, "POST", "", &[("x-front-challenge", "abc")], "{}").is(200, TEXT, "abc"),
        case(table::INTERCOM, "HEAD", "", &[], "").is(200, "", ""),
        case(table::LINE, "POST", "", &[], r#"{"destination":"x","events":[]}"#).is(200, "", ""),
        case(table::LINE, "POST", "", &[], r#"{"events":[{"type":"message"}]}"#),
        case(table::LINKEDIN, "GET", "?challengeCode=abc", &[], "").is(200, JSON, r#"{"challengeCode":"abc","challengeResponse":"2809746aac9a79aff650aeb7bcc63e9d1e44ca63b5f2485f7395f38a438390db"}"#),
        case(table::LINKEDIN, "GET", "?challengeCode=hmacsha256%3D%7B%7D", &[], "").fails("challenge_malformed"),
        case(table::MAILCHIMP, "GET", "?secret=x", &[], "").is(200, "", ""),
        case(table::MANDRILL, "HEAD", "", &[], "").is(200, "", ""),
        case(table::MANDRILL, "POST", "", &[FORM], "mandrill_events=%5B%5D").is(200, "", ""),
        case(table::MANDRILL, "POST", "", &[FORM], "mandrill_events=%5B%7B%7D%5D"),
        case(table::META, "GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock", &[], "").is(200, TEXT, "1158201444"),
        case(table::META, "GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=nope", &[], "").fails("verify_token_mismatch"),
        case(table::META, "GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=", &[], "").fails("verify_token_mismatch"),
        case(table::META, "GET", "?hub.mode=subscribe&hub.challenge=1158201444", &[], "").fails("challenge_malformed"),
        case(table::MICROSOFT_GRAPH, "POST", "?validationToken=Validation%3A+Testing+Request-Id%3A+1", &[], "").is(200, TEXT, "Validation: Testing Request-Id: 1"),
        case(table::MICROSOFT_GRAPH, "POST", "?validationToken=%3Cimg%20src%3Dx%3E", &[], "").fails("challenge_malformed"),
        case(table::MONDAY, "POST", "", &[], r#"{"challenge":"3eZbrw1aBm2r"}"#).is(200, JSON, r#"{"challenge":"3eZbrw1aBm2r"}"#),
        case(table::MONDAY, "POST", "", &[], r#"{"challenge":"3eZbrw1aBm2r","event":{"type":"create_item"}}"#),
        case(table::NOTION, "POST", "", &[], r#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#).is(200, "", ""),
        case(table::NYLAS, "GET", "?challenge=abc", &[], "").is(200, TEXT, "abc"),
        case(table::OKTA_EVENT_HOOK, "GET", "", &[("X-Okta-Verification-Challenge", "abc123")], "").is(200, JSON, r#"{"verification":"abc123"}"#),
        case(table::OKTA_EVENT_HOOK, "GET", "", &[("X-Okta-Verification-Challenge", "\"}")], "").fails("challenge_malformed"),
        case(table::ONFLEET, "GET", "?check=abc", &[], "").is(200, TEXT, "abc"),
        case(table::SLACK, "POST", "", &[], r#"{"challenge":"3eZbrw1aBm2r","type":"url_verification"}"#).is(200, TEXT, "3eZbrw1aBm2r"),
        case(table::SLACK, "POST", "", &[], r#"{"challenge":"<b>","type":"url_verification"}"#).fails("challenge_malformed"),
        case(table::TERRAFORM_CLOUD, "POST", "", &[], r#"{"notifications":[{"trigger":"verification"}]}"#).is(200, "", ""),
        case(table::TRELLO, "HEAD", "", &[], "").is(200, "", ""),
        case(table::TWITCH, "POST", "", &[("Twitch-Eventsub-Message-Type", "webhook_callback_verification")], r#"{"challenge":"pogchamp-kappa"}"#).is(200, TEXT, "pogchamp-kappa"),
        case(table::VIBER, "POST", "", &[], r#"{"event":"webhook"}"#).is(200, "", ""),
        case(table::WOOCOMMERCE, "POST", "", &[FORM], "webhook_id=12").is(200, "", ""),
        case(table::WOOCOMMERCE, "POST", "", &[FORM], "webhook_id=x").fails("challenge_malformed"),
        case(table::WOOCOMMERCE, "POST", "", &[FORM, ("x-wc-webhook-signature", "x")], "webhook_id=12"),
        case(table::WORLDLINE_CONNECT, "GET", "", &[("X-GCS-Webhooks-Endpoint-Verification", "abc123")], "").is(200, TEXT, "abc123"),
        case(table::WORLDLINE_CONNECT, "GET", "", &[("X-GCS-Webhooks-Endpoint-Verification", "a"), ("X-GCS-Webhooks-Endpoint-Verification", "b")], "").fails("challenge_malformed"),
        case(table::X_TWITTER, "GET", "?crc_token=challenge_string", &[], "").is(200, JSON, r#"{"response_token":"sha256=l37GIWnMs49jcjaXb/IeJj5i6iIzWEkcefXdQafy52E="}"#),
        case(table::X_TWITTER, "GET", "?crc_token=%7B%22a%22%3A1%7D", &[], "").fails("challenge_malformed"),
        case(table::XERO, "POST", "", &[], r#"{"events":[],"entropy":"x"}"#).is(200, "", ""),
        case(table::ZOOM, "POST", "", &[], r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation"}"#).is(200, JSON, r#"{"encryptedToken":"9214f22794c3a94db35151cd05efa5fc83cff012a195218837240956e8e19955","plainToken":"qgg8vlvZRS6UYooatFL8Aw"}"#),
        case(table::ZOOM, "POST", "", &[], r#"{"payload":{"plainToken":"v0:1:{}"},"event":"endpoint.url_validation"}"#).fails("challenge_malformed"),
    ];

    #[test]
    fn questions_are_told_and_answered() {
        for case in CASES {
            let expected = case.expected.map(|answer| {
                answer.map(|(status, kind, said)| (status, kind.to_owned(), said.to_owned()))
            });
            assert_eq!(run(case), expected, "{:?}", case.request);
        }
    }

    #[test]
    fn a_body_that_could_be_a_challenge_is_told() {
        let headers: [(&str, &str); 0] = [];
        let request = |body| Received { method: "POST", url: "", headers: &headers, body };
        let x = responder(table::X_TWITTER);
        assert!(x.is_challenge(&request(b"challenge_string")));
        assert!(x.is_challenge(&request(b"1700000000")));
        assert!(!x.is_challenge(&request(b"")));
        assert!(!x.is_challenge(&request(br#"{"for_user_id":"1"}"#)));
        let zoom = responder(table::ZOOM);
        assert!(!zoom.is_challenge(&request(b"challenge_string")), "it is verified before");
    }

    #[test]
    fn what_is_not_configured_is_said() {
        let bare = |handshake: Handshake| {
            Responder::new(handshake, &SCHEME, Vec::new(), &Options::default())
        };
        for (handshake, query, error) in [
            (
                table::META,
                "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
                "`verify_token`",
            ),
            (table::BRAINTREE, "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", "`public_key`"),
            (table::EBAY, "?challenge_code=1", "`verification_token`"),
            (table::X_TWITTER, "?crc_token=1", "needs a secret"),
        ] {
            let headers: [(&str, &str); 0] = [];
            let url = format!("https://example.com/{query}");
            let request = Received { method: "GET", url: &url, headers: &headers, body: b"" };
            let responder = bare(handshake);
            let unanswered = responder.question(&request).unwrap().answer(&request).unwrap_err();
            assert_eq!(unanswered.code(), "handshake_not_configured");
            assert!(unanswered.to_string().contains(error), "{unanswered}");
        }
    }

    #[test]
    fn a_secret_that_is_brought_verifies_and_is_never_shown() {
        let responder = responder(table::NOTION);
        let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
        let body = format!(r#"{{"verification_token":"{token}"}}"#);
        let headers: [(&str, &str); 0] = [];
        let request =
            Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
        let asked = responder.question(&request).unwrap();
        assert!(asked.brings_secret() && !asked.needs_proof());
        let (secret, verifier) = asked.secret(&request).unwrap();
        assert_eq!(secret.bytes(), token.as_bytes());
        assert_eq!(asked.brings_known_secret(&request), Ok(false));
        let now = UnixSeconds(0);
        let proof = verifier.sign(&request, "id", now).unwrap();
        let signed = Received { headers: &proof.headers, ..request };
        assert!(verifier.verify(&signed, now).is_ok());
        assert!(!format!("{asked:?}{secret:?}{verifier:?}").contains(token));
    }

    #[test]
    fn a_known_key_proves_its_question_alone() {
        let responder = responder(table::MANDRILL);
        let headers = [FORM];
        let body = b"mandrill_events=%5B%5D";
        let request = Received { method: "POST", url: "", headers: &headers, body };
        let asked = responder.question(&request).unwrap();
        assert!(asked.needs_proof());
        let proof = asked.stand_in().unwrap().sign(&request, "id", UnixSeconds(0)).unwrap();
        let own = Secret::new("test-webhook").unwrap();
        let own = Verifier::new(&SCHEME, vec![own], &Options::default()).unwrap();
        let signed = Received { headers: &proof.headers, ..request };
        assert!(own.verify(&signed, UnixSeconds(0)).is_ok());
    }

    #[test]
    fn only_the_hosts_of_sns_are_visited() {
        for (url, expected) in [
            ("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", true),
            ("https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription&Token=1", true),
            ("http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", false),
            ("https://sns.eu-west-1.amazonaws.com:8443/?Action=ConfirmSubscription&T=1", false),
            (
                "https://sns.eu-west-1.amazonaws.com@example.com/?Action=ConfirmSubscription&T=1",
                false,
            ),
            ("https://user@sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&T=1", false),
            (
                "https://example.com/sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&T=1",
                false,
            ),
            ("https://sns.x.y.amazonaws.com/?Action=ConfirmSubscription&T=1", false),
            ("https://sns..amazonaws.com/?Action=ConfirmSubscription&T=1", false),
            ("https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&T=1", false),
            ("https://sns.eu-west-1.amazonaws.com/x?Action=ConfirmSubscription&T=1", false),
            ("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription& T=1", false),
            ("https://evil\\.sns.eu.amazonaws.com/?Action=ConfirmSubscription&T=1", false),
        ] {
            assert_eq!(is_sns_url(url), expected, "{url}");
        }
    }
}
