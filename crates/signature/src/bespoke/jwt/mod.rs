//! Schemes whose proof is a JSON Web Token: what it must claim, as data.
//!
//! A token signs its own claims and nothing else. The body and the URL are protected only where a
//! claim holds their hash, and a request whose body has no such claim is refused.

mod qsh;
mod schemes;
mod sign;

use sha2::{Digest as _, Sha256};

use crate::bespoke::Prove;
use crate::encoding::{Encoding, Octets};
use crate::jwt::{Claim, JwsAlgorithm, KeyRing, Token};
use crate::scheme::Text;
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{
    ConfigurationError, Fetch, FetchBody, Options, Received, Rejection, Secret, SigningError,
    UnixSeconds,
};

pub(crate) use schemes::{
    FUSIONAUTH, GCP_PUBSUB, JIRA_CONNECT, KINDE, MESSAGEBIRD, MONDAY, NETLIFY, PLAID, VONAGE,
};

/// Longer tokens in headers are not known to exist.
const LONGEST_IN_HEADER: usize = 16 << 10;
/// Longer tokens as bodies are not known to exist.
const LONGEST_AS_BODY: usize = 256 << 10;
/// How far clocks may be apart where the scheme states no window, in seconds.
const CLOCK_SKEW: u64 = 60;
/// For how long fetched keys hold, in seconds. Providers publish a key well before they use it.
const KEYS_MAX_AGE: u64 = 3600;

/// What a provider's tokens have to be.
struct Jwt {
    /// Where the token stands.
    place: At,
    /// What stands before it, such as `Bearer `; may be empty.
    prefix: &'static str,
    /// The algorithms that count.
    algorithms: &'static [JwsAlgorithm],
    /// Where keys are found if no secret is configured.
    published: Published,
    /// What has to be claimed.
    claims: &'static [Required],
    /// The claim with the body's hash.
    body: Option<BodyHash>,
    /// The claim with a hash of the URL.
    url: Option<UrlHash>,
    /// The claim with the time of signing, which must be there.
    issued: Option<&'static str>,
    /// How far the time of signing may be from now, in seconds. Where `exp` must be there, `exp`
    /// says how old a token may be, and this is how long the provider's tokens are known to live.
    tolerance: Option<u64>,
    /// Whether `exp` must be there.
    expires: bool,
}

/// Where a token stands.
#[derive(Clone, Copy)]
enum At {
    /// In this header.
    Header(&'static str),
    /// It is the whole body.
    Body,
}

/// Where keys are found if no secret is configured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Published {
    /// Nowhere.
    No,
    /// In a set at this URL.
    At(&'static str),
    /// In the set of a Kinde subdomain, which is a setting.
    Kinde,
    /// In the set of a FusionAuth instance, whose URL is a setting.
    FusionAuth,
    /// One by one, through Plaid's API and with the client's credentials.
    Plaid,
}

/// Something that has to be claimed.
enum Required {
    /// One of these texts.
    OneOf(&'static str, &'static [&'static str]),
    /// The value `true`.
    True(&'static str),
    /// The text of a setting. Without an optional setting the claim is not looked at.
    Setting { claim: &'static str, setting: &'static str, is_required: bool },
}

/// A claim with the SHA-256 of the body.
struct BodyHash {
    claim: &'static str,
    encoding: Encoding,
    when: When,
}

/// When the claim has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// Always; an empty body has a hash, too.
    Always,
    /// If there is a body, and not if there is none.
    WithBody,
    /// If there is a body. Without one it may be the hash of the query as a JSON object.
    WithBodyOrQuery,
}

/// A claim with a hash of the URL, in hexadecimal.
#[derive(Clone, Copy)]
enum UrlHash {
    /// The SHA-256 of the public URL.
    Whole(&'static str),
    /// Atlassian's hash of the method, the path and the query.
    Canonical(&'static str),
}

/// The scheme with its keys and settings.
struct Jwts {
    scheme: &'static Jwt,
    keys: KeyRing,
    fetches: Option<Source>,
    /// The texts that settings say, by claim.
    expected: Vec<(&'static str, String)>,
    /// The URL under which Atlassian knows this receiver.
    base: Option<String>,
    /// As far as this, from the options.
    tolerance: Option<u64>,
}

/// Where to fetch keys, with what the settings say.
enum Source {
    Set(String),
    Plaid { url: &'static str, id: String, secret: String },
}

impl Jwt {
    fn at(&self) -> Text {
        match self.place {
            At::Header(name) => format!("header `{name}`").into(),
            At::Body => "body".into(),
        }
    }

    fn claim(&self, name: &str) -> Text {
        format!("claim `{name}` of the token in the {}", self.at()).into()
    }

    fn build(
        &'static self,
        secrets: &[Secret],
        options: &Options,
    ) -> Result<Box<dyn Prove>, ConfigurationError> {
        let keys = KeyRing::from_secrets(secrets, self.algorithms)?;
        let mut expected = Vec::new();
        for required in self.claims {
            let &Required::Setting { claim, setting, is_required } = required else { continue };
            match options.setting(setting) {
                Some(text) => expected.push((claim, text.to_owned())),
                None if is_required => return Err(ConfigurationError::SettingMissing(setting)),
                None => {}
            }
        }
        let fetches = if secrets.is_empty() { self.published.source(options)? } else { None };
        let base = options.setting("base_url").map(str::to_owned);
        let tolerance = options.tolerance;
        Ok(Box::new(Jwts { scheme: self, keys, fetches, expected, base, tolerance }))
    }
}

impl Published {
    fn source(self, options: &Options) -> Result<Option<Source>, ConfigurationError> {
        let required = |name| options.setting(name).ok_or(ConfigurationError::SettingMissing(name));
        match self {
            Self::No => Err(ConfigurationError::NoSecret),
            Self::At(url) => Ok(Some(Source::Set(url.to_owned()))),
            Self::Kinde => {
                let subdomain = required("subdomain")?;
                if !is_label(subdomain) {
                    return Err(ConfigurationError::Settings(
                        "`subdomain` is the part before `.kinde.com` alone: letters, digits and hyphens",
                    ));
                }
                Ok(Some(Source::Set(format!("https://{subdomain}.kinde.com/.well-known/jwks"))))
            }
            Self::FusionAuth => {
                let issuer = required("issuer")?.trim_end_matches('/');
                if !is_https_origin(issuer) {
                    return Err(ConfigurationError::Settings(
                        "`issuer` is not the URL of a FusionAuth instance: write `https://` and its host, with a port if it has one",
                    ));
                }
                Ok(Some(Source::Set(format!("{issuer}/.well-known/jwks.json"))))
            }
            Self::Plaid => {
                let url = match options.setting("environment") {
                    None | Some("production") => {
                        "https://production.plaid.com/webhook_verification_key/get"
                    }
                    Some("sandbox") => "https://sandbox.plaid.com/webhook_verification_key/get",
                    Some(found) => {
                        return Err(ConfigurationError::UnknownWord {
                            setting: "environment",
                            found: found.to_owned(),
                            known: "production or sandbox",
                        });
                    }
                };
                let (id, secret) = (required("client_id")?, required("client_secret")?);
                Ok(Some(Source::Plaid { url, id: id.to_owned(), secret: secret.to_owned() }))
            }
        }
    }
}

/// One part of a host name.
fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// `https://`, a host and perhaps a port: nothing that could lead a path or a user name in.
fn is_https_origin(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("https://") else { return false };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    host.split('.').all(is_label) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

impl Prove for Jwts {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let text = self.text(request)?;
        let (token, algorithm) = self.token(text)?;
        let published = self
            .fetches
            .as_ref()
            .map(|_| KeyRing::from_document(fetched.unwrap_or_default(), self.scheme.algorithms));
        let keys = published.as_ref().unwrap_or(&self.keys);
        if keys.is_empty() {
            return Err(Rejection::KeyUnavailable { at: self.scheme.at() });
        }
        if !keys.fits(algorithm) {
            return Err(self.not_allowed(keys));
        }
        let mut candidates = keys.candidates(algorithm, token.key_id.as_deref()).peekable();
        if candidates.peek().is_none() {
            return Err(Rejection::KeyForeign { at: self.scheme.at() });
        }
        let Some((secret, _)) = candidates.find(|(_, key)| token.is_signed_by(key, algorithm))
        else {
            return Err(Rejection::SignatureMismatch { at: self.scheme.at() });
        };
        self.check_body(&token, request)?;
        self.check_url(&token, request)?;
        self.check_claims(&token)?;
        let signed_at = self.check_times(&token, now)?;
        Ok(Verified { secret, signed_at })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        self.make(request, id, now)
    }

    /// Only tokens that can be read and name an allowed algorithm make anyone fetch.
    fn fetch(&self, request: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        let Some(source) = &self.fetches else { return Ok(None) };
        let text = self.text(request)?;
        let (token, _) = self.token(text)?;
        let get = |url: &str, body| Fetch {
            url: url.to_owned(),
            body,
            authorization: None,
            max_age: KEYS_MAX_AGE,
        };
        match source {
            Source::Set(url) => Ok(Some(get(url, None))),
            Source::Plaid { url, id, secret } => {
                let Some(key_id) = token.key_id else {
                    return Err(Rejection::KeyForeign { at: self.scheme.at() });
                };
                let body = serde_json::json!({
                    "client_id": id,
                    "secret": secret,
                    "key_id": key_id,
                });
                Ok(Some(get(url, Some(FetchBody::Json(body.to_string())))))
            }
        }
    }
}

impl Jwts {
    /// The token's text.
    fn text<'a>(&self, request: &Received<'a>) -> Result<&'a [u8], Rejection> {
        let at = || self.scheme.at();
        let malformed = |why| Rejection::SignatureMalformed { at: at(), why };
        let (found, longest) = match self.scheme.place {
            At::Header(name) => (request.single(name)?, LONGEST_IN_HEADER),
            At::Body => (Some(request.body).filter(|body| !body.is_empty()), LONGEST_AS_BODY),
        };
        let found = found.ok_or_else(|| Rejection::SignatureMissing { at: at() })?;
        if found.is_empty() {
            return Err(malformed("it is empty"));
        }
        if found.len() > longest {
            return Err(malformed("it is longer than any token"));
        }
        found
            .strip_prefix(self.scheme.prefix.as_bytes())
            .ok_or_else(|| malformed("it does not begin as it should"))
    }

    /// The token, if it says that it was signed by an algorithm of the scheme.
    fn token<'t>(&self, text: &'t [u8]) -> Result<(Token<'t>, JwsAlgorithm), Rejection> {
        let at = || self.scheme.at();
        let token =
            Token::parse(text).map_err(|why| Rejection::SignatureMalformed { at: at(), why })?;
        match token.algorithm.filter(|algorithm| self.scheme.algorithms.contains(algorithm)) {
            Some(algorithm) => Ok((token, algorithm)),
            None => Err(self.not_allowed(&self.keys)),
        }
    }

    fn not_allowed(&self, keys: &KeyRing) -> Rejection {
        let usable = |&&algorithm: &&JwsAlgorithm| keys.is_empty() || keys.fits(algorithm);
        let names: Vec<_> = self
            .scheme
            .algorithms
            .iter()
            .filter(usable)
            .map(|algorithm| algorithm.name())
            .collect();
        let wanted = format!("a token signed by {}", names.join(" or ")).into();
        Rejection::AlgorithmNotAllowed { at: self.scheme.at(), wanted }
    }

    fn check_body(&self, token: &Token<'_>, request: &Received<'_>) -> Result<(), Rejection> {
        let Some(BodyHash { claim, encoding, when }) = &self.scheme.body else { return Ok(()) };
        let hash = || self.scheme.claim(claim);
        let has_body = !request.body.is_empty();
        let Some(said) = token.claims.get(claim) else {
            return if has_body || *when == When::Always {
                Err(Rejection::BodyHashMissing { hash: hash(), at: self.scheme.at() })
            } else {
                Ok(())
            };
        };
        let matches = match (has_body, when) {
            (false, When::WithBody) => false,
            (false, When::WithBodyOrQuery) => {
                is_hash(said, *encoding, b"") || is_hash(said, *encoding, &query_object(request))
            }
            _ => is_hash(said, *encoding, request.body),
        };
        if matches { Ok(()) } else { Err(Rejection::BodyHashMismatch { hash: hash() }) }
    }

    fn check_url(&self, token: &Token<'_>, request: &Received<'_>) -> Result<(), Rejection> {
        let (claim, urls) = match self.scheme.url {
            None => return Ok(()),
            Some(UrlHash::Whole(claim)) => (claim, vec![request.url.to_owned()]),
            Some(UrlHash::Canonical(claim)) => {
                (claim, qsh::canonical(request, self.base.as_deref()).to_vec())
            }
        };
        let hash = || self.scheme.claim(claim);
        let said = token.claims.get(claim);
        let said = said.ok_or_else(|| Rejection::SignedPartMissing { at: hash() })?;
        if urls.iter().any(|url| is_hash(said, Encoding::Hex, url.as_bytes())) {
            Ok(())
        } else {
            Err(Rejection::UrlHashMismatch { hash: hash() })
        }
    }

    fn check_claims(&self, token: &Token<'_>) -> Result<(), Rejection> {
        let not_for_us = |claim| Rejection::NotForUs { what: self.scheme.claim(claim) };
        for required in self.scheme.claims {
            let (claim, is_met) = match required {
                Required::OneOf(claim, texts) => {
                    (claim, texts.iter().any(|text| token.claims.says(claim, text)))
                }
                Required::True(claim) => (claim, token.claims.get(claim) == Some(&Claim::True)),
                Required::Setting { .. } => continue,
            };
            if !is_met {
                return Err(not_for_us(claim));
            }
        }
        let other = self.expected.iter().find(|(claim, text)| !token.claims.says(claim, text));
        other.map_or(Ok(()), |(claim, _)| Err(not_for_us(claim)))
    }

    /// When the token was made. A token that is judged too old or too new is signed and for us.
    fn check_times(
        &self,
        token: &Token<'_>,
        now: UnixSeconds,
    ) -> Result<Option<UnixSeconds>, Rejection> {
        let time = |claim: &str| {
            token.claims.time(claim).map_err(|()| Rejection::TimestampMalformed {
                at: self.scheme.claim(claim),
                expected: "a number of seconds since 1970",
            })
        };
        let required = |claim: &str| {
            let missing = || Rejection::TimestampMissing { at: self.scheme.claim(claim) };
            time(claim)?.ok_or_else(missing)
        };
        let window = self.tolerance.or(self.scheme.tolerance).unwrap_or(CLOCK_SKEW);
        let issued = self.scheme.issued.map(required).transpose()?;
        let expires = if self.scheme.expires { Some(required("exp")?) } else { time("exp")? };
        if let Some(expires) = expires.filter(|&expires| now > expires) {
            return Err(expired(issued, expires, now));
        }
        // A time ahead is never right, however old a token may become.
        let early = time("nbf")?.into_iter().chain(issued).max().filter(|&early| early > now);
        check_age(early, now, Some(window))?;
        let oldest = self.tolerance.or(self.scheme.tolerance.filter(|_| !self.scheme.expires));
        check_age(issued, now, oldest)?;
        Ok(issued)
    }
}

/// How long a token held says more than when it ended, where it is known.
fn expired(issued: Option<UnixSeconds>, expires: UnixSeconds, now: UnixSeconds) -> Rejection {
    match issued.filter(|&issued| issued <= expires) {
        Some(issued) => Rejection::TimestampOutsideWindow {
            seconds: i64::try_from(now.0.abs_diff(issued.0)).unwrap_or(i64::MAX),
            tolerance: expires.0.abs_diff(issued.0),
        },
        None => Rejection::TokenExpired { seconds: now.0.abs_diff(expires.0) },
    }
}

/// Whether the claim is the SHA-256 of `bytes`.
fn is_hash(claim: &Claim, encoding: Encoding, bytes: &[u8]) -> bool {
    let Claim::Text(text) = claim else { return false };
    let actual = Octets::new(&Sha256::digest(bytes));
    encoding.decode(text.as_bytes()).is_some_and(|said| said.equals(&actual))
}

/// The query as the JSON object that Vonage hashes where there is no body: names and values in
/// their order, without spaces
/// (<https://api.support.vonage.com/hc/en-us/articles/19033783342876>).
fn query_object(request: &Received<'_>) -> Vec<u8> {
    let quoted = |text: &[u8]| serde_json::Value::from(String::from_utf8_lossy(text)).to_string();
    let pairs = crate::form::pairs(request.query().as_bytes());
    let members: Vec<_> =
        pairs.map(|(name, value)| format!("{}:{}", quoted(&name), quoted(&value))).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}
