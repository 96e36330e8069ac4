//! Keys that are not configured but fetched, because the provider publishes them.
//!
//! This crate never opens a connection. It says what to fetch, from an address that it has checked
//! against the provider's own hosts; the caller fetches, keeps it for a while, and brings it back.

use std::fmt;

use serde::Deserialize;

/// A key to be fetched over HTTPS before a request can be verified. The host is one that the
/// table names, whatever the request says.
///
/// The caller follows no redirect, sets a time limit of a few seconds and a size limit of 64 KiB,
/// fetches the same thing once at a time, and remembers failures for a while too: an unsigned
/// request must not make it fetch without end. If the fetch fails, the request is refused in a way
/// that makes the provider try again.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fetch {
    /// The URL, always `https`.
    pub url: String,
    /// What to send with POST; without it it is a GET.
    pub body: Option<FetchBody>,
    /// What to send as `Authorization`, if anything.
    pub authorization: Option<Authorization>,
    /// For how long what is fetched holds at most, in seconds.
    pub max_age: u64,
}

/// What is sent to fetch something.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum FetchBody {
    /// As `application/json`.
    Json(String),
    /// As `application/x-www-form-urlencoded`.
    Form(&'static str),
}

/// What allows something to be fetched.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Authorization {
    /// The value of the header `Authorization`.
    Value(String),
    /// An access token that has to be fetched first and is good for many keys: the client
    /// credentials grant of OAuth 2.0 (RFC 6749, section 4.4). [`AccessToken::read`] reads the
    /// answer.
    Token(Box<Fetch>),
}

impl FetchBody {
    /// The value of `Content-Type`.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json",
            Self::Form(_) => "application/x-www-form-urlencoded",
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Json(text) => text.as_bytes(),
            Self::Form(text) => text.as_bytes(),
        }
    }
}

/// A token as a token server hands it out (RFC 6749, section 5.1). Nothing shows it but
/// [`AccessToken::authorization`].
#[derive(Deserialize)]
pub struct AccessToken {
    access_token: String,
    expires_in: Option<u64>,
}

impl AccessToken {
    /// Reads the answer of a token server. What kind of token it is, is not looked at: eBay writes
    /// `Application Access Token`, and wants it as a bearer token all the same.
    pub fn read(answer: &[u8]) -> Option<Self> {
        let token: Self = serde_json::from_slice(answer).ok()?;
        let text = token.access_token.as_bytes();
        let is_plain = !text.is_empty() && text.iter().all(u8::is_ascii_graphic);
        is_plain.then_some(token)
    }

    /// The value of `Authorization` that shows it (RFC 6750, section 2.1).
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.access_token)
    }

    /// For how many seconds it is good from when it was fetched, if the server says so.
    pub const fn expires_in(&self) -> Option<u64> {
        self.expires_in
    }
}

/// The body and the header may hold credentials, so that only the URL is shown.
impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Debug for FetchBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.content_type())
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("Value(…)"),
            Self::Token(fetch) => f.debug_tuple("Token").field(fetch).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_strictly_and_shown_nowhere() {
        let answer = br#"{"access_token":"v^1.1#i^1#t^H4s","expires_in":7200,"token_type":"Application Access Token"}"#;
        let token = AccessToken::read(answer).unwrap();
        assert_eq!(
            (&*token.authorization(), token.expires_in()),
            ("Bearer v^1.1#i^1#t^H4s", Some(7200))
        );
        let endless = AccessToken::read(br#"{"access_token":"x"}"#).unwrap();
        assert_eq!(endless.expires_in(), None);
        for wrong in [
            &b""[..],
            b"<html>",
            b"{}",
            br#"{"error":"invalid_client"}"#,
            br#"{"access_token":""}"#,
            br#"{"access_token":7}"#,
            br#"{"access_token":"a b"}"#,
            br#"{"access_token":"a\r\nhost: b"}"#,
            br#"{"access_token":"a","access_token":"b"}"#,
            br#"{"access_token":"a","expires_in":-1}"#,
        ] {
            assert!(AccessToken::read(wrong).is_none(), "{}", String::from_utf8_lossy(wrong));
        }
        let secret = || "hunter2".to_owned();
        let fetch = Fetch {
            url: "https://example.com/".to_owned(),
            body: Some(FetchBody::Json(secret())),
            authorization: Some(Authorization::Value(secret())),
            max_age: 1,
        };
        let shown = format!("{:?}", (&fetch.body, Authorization::Token(Box::new(fetch.clone()))));
        assert!(shown.contains("example.com") && !shown.contains("hunter2"), "{shown}");
    }
}
