//! Files of requests whose verdict is known, and what this crate says to them.
//!
//! The format is the one of this crate's folder `vectors/`: an object with `provider` and `cases`;
//! a case has `name`, `method`, `url`, `headers`, `body`, `secret` and `expect` (`valid`,
//! `invalid` or `handshake`, the last with `expect_response`), and may have `now`, `config` (what
//! the provider needs beside the secret), `scheme_override` (an older scheme of the provider) and
//! `optional` (its own libraries differ, so that the verdict is a choice).

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::scheme::Part;
use crate::{
    Algorithm, Options, Provider, Received, Rejection, Scheme, Secret, Signed, UnixSeconds,
    Verifier, provider,
};

/// The time at which cases are judged that do not say one.
const SOME_TIME: u64 = 1_700_000_000;

/// What a file holds.
#[derive(Debug)]
pub struct Vectors {
    /// Whose requests they are.
    pub provider: &'static Provider,
    /// The requests.
    pub cases: Vec<Case>,
}

/// A request whose verdict is known.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// The verdict.
    pub expected: Verdict,
    /// Whether the provider's own libraries differ, so that the verdict is a choice.
    pub is_optional: bool,
    /// On what the expectation rests.
    pub ground: Ground,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    secrets: Vec<String>,
    config: Map<String, Value>,
    scheme: Option<Scheme>,
    now: UnixSeconds,
    response: Value,
}

/// What is said to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is signed.
    Valid,
    /// It is not.
    Invalid,
    /// It is a question, and is answered as the case has it.
    Handshake,
}

/// On what the expectation of a case rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// A package of the provider said so.
    Package,
    /// The provider publishes it, or it is one of those with one change.
    Published,
    /// It was made by the scheme as it is documented.
    OurOwn,
}

/// What came out of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict of this crate.
    pub found: Verdict,
    /// Why, where it is not [`Verdict::Valid`]. Holds no secret.
    pub why: String,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VectorError {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    Json(String),
    /// Something is missing or of another type.
    #[error("{at}: `{key}` is missing, or is not {expected}")]
    Missing {
        /// Where.
        at: String,
        /// What.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A provider that is not in the table.
    #[error("there is no provider `{0}`")]
    Provider(String),
    /// A scheme that the provider does not have.
    #[error("case `{case}`: the provider has no scheme `{scheme}`")]
    Scheme {
        /// The case.
        case: String,
        /// The scheme.
        scheme: String,
    },
}

impl Vectors {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn read(json: &[u8]) -> Result<Self, VectorError> {
        let file: Value =
            serde_json::from_slice(json).map_err(|error| VectorError::Json(error.to_string()))?;
        let slug = text(&file, "the file", "provider")?;
        let provider = provider(slug).ok_or_else(|| VectorError::Provider(slug.to_owned()))?;
        let cases = file.get("cases").and_then(Value::as_array);
        let cases = cases.ok_or_else(|| missing("the file", "cases", "a list"))?;
        let read = |case| Case::read(provider, case);
        Ok(Self { provider, cases: cases.iter().map(read).collect::<Result<_, _>>()? })
    }
}

fn text<'v>(value: &'v Value, at: &str, key: &'static str) -> Result<&'v str, VectorError> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| missing(at, key, "a text"))
}

fn missing(at: &str, key: &'static str, expected: &'static str) -> VectorError {
    VectorError::Missing { at: at.to_owned(), key, expected }
}

impl Case {
    fn read(provider: &'static Provider, case: &Value) -> Result<Self, VectorError> {
        let name = text(case, "a case", "name")?.to_owned();
        let at = format!("case `{name}`");
        let owned = |key| text(case, &at, key).map(str::to_owned);
        let headers = case.get("headers").and_then(Value::as_object);
        let headers = headers.ok_or_else(|| missing(&at, "headers", "an object of texts"))?;
        let header =
            |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        let headers = headers.iter().map(header).collect::<Option<_>>();
        let expected = match text(case, &at, "expect")? {
            "valid" => Verdict::Valid,
            "invalid" => Verdict::Invalid,
            "handshake" => Verdict::Handshake,
            _ => return Err(missing(&at, "expect", "`valid`, `invalid` or `handshake`")),
        };
        let scheme = case.get("scheme_override").and_then(Value::as_str);
        let scheme = match scheme {
            Some(scheme) => Some(older(provider, scheme).ok_or_else(|| VectorError::Scheme {
                case: name.clone(),
                scheme: scheme.to_owned(),
            })?),
            None => None,
        };
        let now = case.get("now").and_then(Value::as_u64).unwrap_or(SOME_TIME);
        Ok(Self {
            expected,
            is_optional: case.get("optional").and_then(Value::as_bool).unwrap_or_default(),
            ground: Ground::of(case),
            method: owned("method")?,
            url: owned("url")?,
            headers: headers.ok_or_else(|| missing(&at, "headers", "an object of texts"))?,
            body: owned("body")?,
            secrets: vec![owned("secret")?],
            config: case.get("config").and_then(Value::as_object).cloned().unwrap_or_default(),
            scheme,
            now: UnixSeconds(now),
            response: case.get("expect_response").cloned().unwrap_or_default(),
            name,
        })
    }

    /// What this crate says to it.
    pub fn judge(&self, provider: &'static Provider) -> Outcome {
        let request = Received {
            method: &self.method,
            url: &self.url,
            headers: &self.headers,
            body: self.body.as_bytes(),
        };
        if self.expected == Verdict::Handshake {
            return self.ask(provider, &request);
        }
        match self.verify(provider, &request) {
            Ok(()) => Outcome { found: Verdict::Valid, why: String::new() },
            Err(why) => Outcome { found: Verdict::Invalid, why },
        }
    }

    fn verify(&self, provider: &Provider, request: &Received<'_>) -> Result<(), String> {
        let scheme = self.scheme.as_ref().unwrap_or(&provider.scheme);
        let verifier = Verifier::new(scheme, self.secrets(provider)?, &self.options());
        let verifier = verifier.map_err(|error| error.to_string())?;
        let verdict = verifier.verify_with(request, self.now, self.fetched());
        verdict.map(drop).map_err(|rejection| rejection.to_string())
    }

    /// The secrets. Schemes whose keys are fetched have none, and their cases an empty one.
    fn secrets(&self, provider: &Provider) -> Result<Vec<Secret>, String> {
        let publishes =
            matches!(&provider.scheme, Scheme::Bespoke(bespoke) if bespoke.publishes_keys);
        let secrets = self.secrets.iter().filter(|secret| !publishes || !secret.is_empty());
        let secrets = secrets.map(|secret| Secret::new(secret.as_str()));
        secrets.collect::<Result<_, _>>().map_err(|error| error.to_string())
    }

    /// What is configured beside the secret.
    fn options(&self) -> Options {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let settings = self.config.iter().map(|(name, value)| (name.clone(), text(value)));
        Options { tolerance: None, settings: settings.collect::<BTreeMap<_, _>>() }
    }

    /// What a fetch would have brought.
    fn fetched(&self) -> Option<&[u8]> {
        let found = ["fetched", "cert_pem"].iter().find_map(|key| self.config.get(*key)?.as_str());
        found.map(str::as_bytes)
    }

    /// Compares the answer to a question with the one that the case expects: of its status,
    /// content type, headers and body what the case names.
    fn ask(&self, provider: &'static Provider, request: &Received<'_>) -> Outcome {
        let no = |why: &str| Outcome { found: Verdict::Invalid, why: why.to_owned() };
        let secrets: Vec<_> =
            self.secrets.iter().filter_map(|secret| Secret::new(secret.as_str()).ok()).collect();
        let has_secret = !secrets.is_empty();
        let Some(responder) = provider.responder(secrets, &self.options()) else {
            return no("the provider has no handshake");
        };
        let Some(asked) = responder.question(request) else { return no("it is no question") };
        let expected = |key: &str| self.response.get(key);
        // Where a case shows the body alone, as some documentation does, nothing can be verified.
        if asked.needs_proof() && has_secret {
            let verifier = self.secrets(provider).and_then(|secrets| {
                provider.verifier(secrets, &self.options()).map_err(|error| error.to_string())
            });
            let verdict = match verifier {
                Ok(verifier) => verifier.verify_with(request, self.now, self.fetched()),
                Err(why) => return no(&why),
            };
            match verdict {
                Err(Rejection::SignatureMissing { .. }) | Ok(_) => {}
                Err(_) if expected("status") == Some(&401.into()) => {
                    return Outcome { found: Verdict::Handshake, why: "it is refused".to_owned() };
                }
                Err(rejection) => return no(&rejection.to_string()),
            }
        }
        let answer = asked.answer(request);
        let status = answer.as_ref().map_or(403, |answer| u64::from(answer.status));
        let answer = answer.unwrap_or_default();
        let is = |key: &str, found: &str| {
            expected(key).and_then(Value::as_str).is_none_or(|wanted| wanted == found)
        };
        let json = expected("json").filter(|json| !json.is_null());
        let is_json = json.is_none_or(|json| {
            serde_json::from_str::<Value>(&answer.body).is_ok_and(|body| body == *json)
        });
        let headers = expected("headers").and_then(Value::as_object).into_iter().flatten();
        let mut missing = headers.filter(|(name, value)| {
            // The server adds `nosniff` to everything.
            !name.eq_ignore_ascii_case("x-content-type-options")
                && !answer.headers.iter().any(|(found, said)| {
                    found.eq_ignore_ascii_case(name) && Some(said.as_str()) == value.as_str()
                })
        });
        let part = if expected("status").and_then(Value::as_u64) != Some(status) {
            "the status"
        } else if !is("content_type", answer.content_type.unwrap_or_default()) {
            "the content type"
        } else if !is("body", &answer.body) || !is_json {
            "the body"
        } else if missing.next().is_some() {
            "a header"
        } else {
            return Outcome { found: Verdict::Handshake, why: String::new() };
        };
        no(&format!("{part} of the answer is another one"))
    }
}

impl Ground {
    fn of(case: &Value) -> Self {
        let sdk = case.get("sdk").and_then(Value::as_object);
        let origin = case.get("origin").and_then(Value::as_str);
        if sdk.is_some_and(|verdicts| !verdicts.is_empty()) {
            Self::Package
        } else if matches!(origin, Some("published" | "derived")) {
            Self::Published
        } else {
            Self::OurOwn
        }
    }

    /// It in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Package => "judged by the provider's own package",
            Self::Published => "published, or published with one change",
            Self::OurOwn => "made by ourselves",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Handshake => "handshake",
        })
    }
}

/// An older scheme of a provider, which is not in the table because it is weaker. That the engine
/// can do it shows that a user who needs it could build it.
fn older(provider: &Provider, name: &str) -> Option<Scheme> {
    let hubspot = Signed::hmac_sha256("x-hubspot-signature").by(Algorithm::SecretThenSha256);
    match (provider.slug, name) {
        ("hubspot", "v1") => Some(hubspot.into()),
        ("hubspot", "v2") => Some(hubspot.over(&[Part::Method, Part::Url, Part::Body]).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (file, expected) in [
            ("{", "it is not JSON: EOF while parsing an object at line 1 column 1"),
            ("{}", "the file: `provider` is missing, or is not a text"),
            ("{\"provider\":\"nobody\"}", "there is no provider `nobody`"),
            ("{\"provider\":\"github\"}", "the file: `cases` is missing, or is not a list"),
            (
                "{\"provider\":\"github\",\"cases\":[{\"name\":\"a\"}]}",
                "case `a`: `headers` is missing, or is not an object of texts",
            ),
            (
                "{\"provider\":\"github\",\"cases\":[{\"name\":\"a\",\"headers\":{},\"expect\":\"ok\"}]}",
                "case `a`: `expect` is missing, or is not `valid`, `invalid` or `handshake`",
            ),
            (
                "{\"provider\":\"github\",\"cases\":[{\"name\":\"a\",\"headers\":{},\"expect\":\"valid\",\"scheme_override\":\"v0\"}]}",
                "case `a`: the provider has no scheme `v0`",
            ),
        ] {
            let error = Vectors::read(file.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, expected, "{file}");
        }
    }
}
