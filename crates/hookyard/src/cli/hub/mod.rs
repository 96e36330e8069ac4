//! The running hub that a command asks: where it is, and how to ask it.

mod locate;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use hookyard_delivery::{Answer, TransportError};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::client::{Client, Request};
use super::failure::{Exit, Failure};
use super::out::Out;
use crate::problem::Kind;

pub(crate) use self::locate::{DEFAULT_CONFIG, DEFAULT_STORE, HubOptions};

/// How long the API may take to answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// What the API answers with.
const KINDS: [&str; 4] =
    ["application/json", "application/problem+json", "application/octet-stream", "text/plain"];
const HOW_TO_START: &str =
    "start one with `hookyard serve --config hookyard.toml`, or `hookyard dev`";

/// A hub that can be asked.
pub(crate) struct Hub {
    url: String,
    authorization: Option<HeaderValue>,
    client: Client,
    found: Found,
}

/// How it is known where a hub is.
#[derive(Clone, Debug)]
enum Found {
    /// By this file beside its store, which says where it was when it started last.
    Beside(PathBuf),
    /// By `--url`. The file beside the store here may say otherwise.
    Named {
        /// Where that file says that the hub is.
        here: Option<String>,
    },
}

/// What a hub answered: the bytes for scripts, and what they say.
pub(crate) struct Reply {
    bytes: Bytes,
    /// What they say; null when they are no JSON.
    pub(crate) value: Value,
}

impl Reply {
    /// Writes the answer as it came.
    pub(crate) fn print(&self, out: Out) -> Result<(), Failure> {
        out.bytes(&self.bytes)?;
        if self.bytes.ends_with(b"\n") { Ok(()) } else { out.line("") }
    }

    /// The list called `name`.
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The bytes of the answer.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Hub {
    /// The hub at `url`, to be asked with `token`; without one it tells little but its health.
    fn new(url: &str, token: Option<&str>, found: Found) -> Result<Self, Failure> {
        let bearer = |token| -> Result<_, Failure> {
            let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
                Failure::usage("the admin token holds characters that cannot be sent")
            })?;
            value.set_sensitive(true);
            Ok(value)
        };
        let authorization = token.map(bearer).transpose()?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { url, authorization, client: Client::new(TIMEOUT), found })
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply, Failure> {
        let (status, reply) = self.ask(Method::GET, &with_query(path, query), Bytes::new()).await?;
        self.expect_success(status, reply)
    }

    /// Asks for something to be done.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Reply, Failure> {
        let (status, reply) = self.ask(Method::POST, path, Bytes::from(body.to_string())).await?;
        self.expect_success(status, reply)
    }

    /// Asks, and takes any status for an answer.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Reply), Failure> {
        let mut headers = HeaderMap::new();
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let url = format!("{}{path}", self.url);
        let answer = self.client.send(Request { method, url, headers, body }).await;
        let answer = answer.map_err(|error| self.unreachable(&error))?;
        let value = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.is_api(&answer, &value)?;
        Ok((answer.status, Reply { bytes: answer.body, value }))
    }

    fn expect_success(&self, status: StatusCode, reply: Reply) -> Result<Reply, Failure> {
        if status.is_success() {
            return Ok(reply);
        }
        let text = |name: &str| reply.value.get(name).and_then(Value::as_str);
        let detail = text("detail").or_else(|| text("title")).unwrap_or("it does not say why");
        let detail = detail.trim_end_matches('.');
        Err(match status {
            StatusCode::UNAUTHORIZED => Failure::new(format!("the hub at {} does not accept the token", self.url))
                .hint("on the hub's machine the token is found beside the store: say where with `--store`")
                .hint("elsewhere set HOOKYARD_ADMIN_TOKEN"),
            StatusCode::NOT_FOUND => Failure::with(Exit::NotFound, detail),
            StatusCode::BAD_REQUEST => Failure::usage(detail),
            StatusCode::CONFLICT => Failure::new(detail),
            _ => Failure::new(format!("the hub answered {status}: {detail}")),
        })
    }

    /// Fails where something else answers than a hub's API.
    fn is_api(&self, answer: &Answer, value: &Value) -> Result<(), Failure> {
        let url = &self.url;
        if value.get("code").and_then(Value::as_str) == Some(Kind::SourceNotFound.code()) {
            let says = format!("webhooks come in at {url}; the admin API is at another port");
            return Err(Failure::usage(says).hint(self.right_one()));
        }
        if answer.status == StatusCode::MISDIRECTED_REQUEST {
            let detail = value.get("detail").and_then(Value::as_str).unwrap_or_default();
            let says = format!("the hub at {url} is known by other names: {detail}");
            return Err(Failure::new(says.trim_end_matches('.')).hint(self.right_one()));
        }
        let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_ours = kind
            .is_some_and(|kind| KINDS.contains(&kind.split(';').next().unwrap_or_default().trim()));
        if is_ours {
            return Ok(());
        }
        let says = format!("what answers at {url} ({}) is not a hub's admin API", answer.status);
        Err(Failure::with(Exit::Unreachable, says).hint(self.right_one()))
    }

    /// Where the API probably is instead.
    fn right_one(&self) -> String {
        match &self.found {
            Found::Named { here: Some(here) } if *here != self.url => {
                format!(
                    "the hub of this folder has it at {here}: write `--url {here}`, or leave `--url` out"
                )
            }
            Found::Beside(file) => {
                format!("`{}` is of a hub that is not there any more", file.display())
            }
            Found::Named { .. } => {
                "`listen` in `[admin]` says where it is; without that it is http://127.0.0.1:8081"
                    .to_owned()
            }
        }
    }

    fn unreachable(&self, error: &TransportError) -> Failure {
        let says = format!("no hub answers at {}: {error}", self.url);
        let failure = Failure::with(Exit::Unreachable, says);
        let failure = match &self.found {
            Found::Beside(file) => failure.hint(format!(
                "the hub was there when it started last, says `{}`; it has ended since, or is another user's",
                file.display()
            )),
            Found::Named { here: Some(here) } if *here != self.url => {
                failure.hint(format!("the hub of this folder was at {here} when it started last"))
            }
            Found::Named { .. } => failure,
        };
        failure.hint(HOW_TO_START)
    }
}

/// A path with its query, for values that are any text.
fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    for (index, (name, value)) in query.iter().enumerate() {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        // Writing to a `String` cannot fail.
        if write!(text, "{}{name}={value}", if index == 0 { '?' } else { '&' }).is_err() {
            break;
        }
    }
    text
}

/// A text from the command line as one part of a path.
pub(crate) fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_any_text() {
        assert_eq!(with_query("/a", &[]), "/a");
        assert_eq!(
            with_query("/a", &[("b", "x y&z"), ("c", "2026-11-23T20:15:51Z")]),
            "/a?b=x+y%26z&c=2026-11-23T20%3A15%3A51Z"
        );
        assert_eq!(segment("../a b"), "..%2Fa%20b");
    }
}
