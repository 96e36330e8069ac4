//! How requests, responses and URLs are shown: bytes that are no text are escaped, and what lets
//! somebody in elsewhere is masked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_model::{HeaderList, Name};
use serde::Serialize;
use url::Url;

use crate::config::Config;

/// How much of a body is shown in an answer; `/raw` gives all of it.
const SHOWN: usize = 256 * 1024;
/// What stands in the place of a secret.
const MASK: &str = "[masked]";
/// Parts of the names of headers and parameters whose values let somebody in. Signatures do not:
/// they prove where one request came from.
const SECRET: &[&str] = &[
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "api-key",
    "apikey",
    "api_key",
    "credential",
];

/// Headers as they are shown.
#[derive(Debug, Default, Serialize)]
pub(super) struct Headers {
    /// Name and value, in order.
    #[serde(rename = "headers")]
    all: Vec<(String, String)>,
    /// Names of those whose values are masked.
    #[serde(rename = "masked_headers", skip_serializing_if = "Vec::is_empty")]
    masked: Vec<String>,
    /// Names of those whose values are not UTF-8 and are shown with `\xff` escapes.
    #[serde(rename = "escaped_headers", skip_serializing_if = "Vec::is_empty")]
    escaped: Vec<String>,
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|part| name.contains(part))
}

impl Headers {
    /// Shows headers; `also` names those that are known to carry credentials.
    pub(super) fn new(list: &HeaderList, also: &[String]) -> Self {
        let mut shown = Self::default();
        for (name, value) in list.iter() {
            let value = if is_secret(name) || also.iter().any(|also| also == name) {
                shown.masked.push(name.to_owned());
                MASK.to_owned()
            } else if let Ok(text) = std::str::from_utf8(value) {
                text.to_owned()
            } else {
                shown.escaped.push(name.to_owned());
                value.escape_ascii().to_string()
            };
            shown.all.push((name.to_owned(), value));
        }
        shown
    }
}

/// The headers that carry a source's credentials; where it is not known any more, those of all.
pub(super) fn credential_headers(config: &Config, source: &Name) -> Vec<String> {
    match config.sources.get(source) {
        Some(source) => source.credential_headers.clone(),
        None => config.sources.values().flat_map(|it| it.credential_headers.clone()).collect(),
    }
}

/// A body as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    /// The body, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The body, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// Whether this is only its beginning.
    truncated: bool,
}

impl Body {
    /// Shows the beginning of a body; `truncated` when it is not all there any more.
    pub(super) fn new(bytes: &[u8], truncated: bool) -> Self {
        let cut = bytes.get(..SHOWN);
        let (bytes, truncated) =
            (cut.unwrap_or(bytes), truncated || cut.is_some_and(|cut| cut.len() < bytes.len()));
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { text: Some(text.to_owned()), base64: None, truncated },
            // Cut within a character: the text ends before it.
            Err(error) if truncated && error.error_len().is_none() => {
                let text = bytes.get(..error.valid_up_to()).unwrap_or_default();
                Self {
                    text: Some(String::from_utf8_lossy(text).into_owned()),
                    base64: None,
                    truncated,
                }
            }
            Err(_) => Self { text: None, base64: Some(STANDARD.encode(bytes)), truncated },
        }
    }
}

/// A request's path and query, without the values of parameters that let somebody in.
pub(super) fn target(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
            _ => parameter.to_owned(),
        })
        .collect();
    format!("{path}?{}", parameters.join("&"))
}

/// A destination's URL without what may be a secret: user and password, the query, and parts of
/// the path that look like keys, as in the URLs of chat services.
pub(super) fn url(text: &str) -> String {
    let Ok(url) = Url::parse(text) else { return MASK.to_owned() };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let user = if url.username().is_empty() && url.password().is_none() { "" } else { "[masked]@" };
    let path: Vec<&str> = url
        .path()
        .split('/')
        .map(|part| if looks_like_a_key(part) { MASK } else { part })
        .collect();
    let query = if url.query().is_some() { "?[masked]" } else { "" };
    format!("{}://{user}{host}{port}{}{query}", url.scheme(), path.join("/"))
}

fn looks_like_a_key(part: &str) -> bool {
    let has = |wanted: fn(&u8) -> bool| part.as_bytes().iter().any(wanted);
    part.len() >= 20 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn headers_are_masked_and_escaped() {
        let list: HeaderList = [
            ("Authorization", b"Bearer canary".as_slice()),
            ("X-Gitlab-Token", b"canary"),
            ("X-Ours", b"canary"),
            ("X-Hub-Signature-256", b"sha256=00"),
            ("X-Bytes", b"\xff\"\t"),
            ("X-Text", "é".as_bytes()),
        ]
        .into_iter()
        .collect();
        let expected = json!({
            "headers": [
                ["authorization", "[masked]"], ["x-gitlab-token", "[masked]"], ["x-ours", "[masked]"],
                ["x-hub-signature-256", "sha256=00"], ["x-bytes", "\\xff\\\"\\t"], ["x-text", "é"],
            ],
            "masked_headers": ["authorization", "x-gitlab-token", "x-ours"],
            "escaped_headers": ["x-bytes"],
        });
        assert_eq!(to_value(Headers::new(&list, &["x-ours".to_owned()])).unwrap(), expected);
    }

    #[test]
    fn bodies_are_text_or_base64_and_bounded() {
        let long = "é".repeat(SHOWN);
        let odd = format!("a{long}");
        let cases: &[(&[u8], bool, &str, usize, bool)] = &[
            (b"{}", false, "text", 2, false),
            (b"", false, "text", 0, false),
            (b"{", true, "text", 1, true),
            (b"\xff\x00", false, "base64", 4, false),
            (b"a\xc3", false, "base64", 4, false),
            (long.as_bytes(), false, "text", SHOWN, true),
            (odd.as_bytes(), false, "text", SHOWN - 1, true),
        ];
        for (bytes, cut, kind, length, truncated) in cases {
            let shown = to_value(Body::new(bytes, *cut)).unwrap();
            assert_eq!(shown[kind].as_str().map(str::len), Some(*length), "{kind}");
            assert_eq!(shown["truncated"], *truncated);
        }
    }

    #[test]
    fn urls_and_targets_show_no_secret() {
        let cases = [
            ("https://example.com/hooks", "https://example.com/hooks"),
            (
                "http://user:canary@127.0.0.1:3000/a?key=canary",
                "http://[masked]@127.0.0.1:3000/a?[masked]",
            ),
            (
                "https://chat.example/services/T00/0canary0canary0canary0",
                "https://chat.example/services/T00/[masked]",
            ),
            ("nonsense canary", "[masked]"),
        ];
        for (text, expected) in cases {
            assert_eq!(url(text), expected);
        }
        assert_eq!(
            target("/webhook/a?x=1&access_token=canary&y"),
            "/webhook/a?x=1&access_token=[masked]&y"
        );
    }
}
