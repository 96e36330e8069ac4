//! Every way in which a request can be refused, and the one place that turns it into HTTP.
//!
//! An answer is `application/problem+json` (RFC 9457), at most 512 bytes, and shows nothing of
//! what was sent. It says whether anything was stored; but whoever has proved nothing is told what
//! was wrong, and not whether the request is kept in quarantine.

use std::time::Duration;

use bytes::Bytes;
use hookyard_model::{QuarantineId, StoreError};
use hookyard_signature::Rejection;
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::json;

macro_rules! problems {
    ($($(#[$doc:meta])* $kind:ident = $status:literal $code:literal $title:literal $(, $closes:ident)?;)+) => {
        /// The kinds of refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)+ }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            const fn row(self) -> (u16, &'static str, &'static str, bool) {
                match self { $(Self::$kind => ($status, $code, $title, problems!(@closes $($closes)?)),)+ }
            }
        }
    };
    (@closes closes) => { true };
    (@closes) => { false };
}

problems! {
    /// The framing of the request is not to be trusted.
    BadFraming = 400 "bad_framing" "The request's framing is not valid", closes;
    /// A header is malformed.
    BadHeader = 400 "bad_header" "A header is not valid", closes;
    /// The request line is malformed.
    BadRequest = 400 "bad_request" "The request is not valid HTTP", closes;
    /// A parameter or the body of an API request is wrong.
    InvalidArgument = 400 "invalid_argument" "The request is not understood";
    /// The challenge of a provider's question cannot be one.
    ChallengeMalformed = 400 "challenge_malformed" "The challenge is not understood";
    /// The signature is missing, wrong or too old; the code comes from the rejection.
    Signature = 401 "signature_mismatch" "Signature not accepted";
    /// The token or password that a source is checked by is missing or wrong; the code comes from
    /// the rejection.
    Credential = 401 "token_mismatch" "Token or password not accepted";
    /// The token that a source asks for beside a signature is missing or wrong.
    TokenRefused = 401 "token_refused" "Token not accepted";
    /// The API's bearer token is missing or wrong.
    Unauthorized = 401 "unauthorized" "A valid bearer token is needed";
    /// The sender's address is not on the list.
    AddressNotAllowed = 403 "address_not_allowed" "Address not allowed";
    /// A provider's question is not answered; the code says why.
    HandshakeRefused = 403 "handshake_refused" "The handshake is refused";
    /// A browser says that another web site asks.
    CrossSite = 403 "cross_site" "Not from another site";
    /// There is no such source, or it is switched off.
    SourceNotFound = 404 "source_not_found" "No such source";
    /// There is no such thing in the API.
    NotFound = 404 "not_found" "Not found";
    /// The method is not accepted here.
    MethodNotAllowed = 405 "method_not_allowed" "Method not allowed";
    /// The head did not come in time.
    HeadTimeout = 408 "head_timeout" "The request did not arrive in time", closes;
    /// The body did not come in time.
    BodyTimeout = 408 "body_timeout" "The request did not arrive in time", closes;
    /// It cannot be done as things stand.
    Conflict = 409 "conflict" "Not possible now";
    /// The body is longer than the source allows.
    BodyTooLarge = 413 "body_too_large" "The body is too large", closes;
    /// The request line is too long.
    UriTooLong = 414 "uri_too_long" "The request's URL is too long", closes;
    /// The body of an API request is not JSON.
    UnsupportedMediaType = 415 "unsupported_media_type" "The body must be JSON";
    /// What `Expect` asks for is not known.
    ExpectationFailed = 417 "expectation_failed" "Expectation not known", closes;
    /// The request names another host.
    Misdirected = 421 "misdirected" "This host is not served here", closes;
    /// The source sends faster than it may.
    RateLimited = 429 "rate_limited" "Too many requests";
    /// The head is too long, or has too many headers.
    HeadersTooLarge = 431 "headers_too_large" "The request's headers are too large", closes;
    /// Something broke here.
    Internal = 500 "internal" "Internal error", closes;
    /// More at once than this machine is allowed to take.
    Overloaded = 503 "overloaded" "Too busy";
    /// The disk is full, or nearly.
    StoreFull = 503 "store_full" "The store is full";
    /// The provider has not yet handed over the secret by which it signs.
    SecretAwaited = 503 "secret_awaited" "There is no secret yet";
    /// The store cannot be reached now.
    StoreUnavailable = 503 "store_unavailable" "The store is not available";
    /// The disk failed.
    StoreFailed = 503 "store_failed" "The store failed", closes;
    /// The provider's key could not be fetched, so nothing is known of the request.
    KeyUnavailable = 503 "key_unavailable" "The provider's key is not available";
    /// The page by which a provider's subscription is confirmed could not be visited.
    SubscriptionUnconfirmed = 503 "subscription_unconfirmed" "The subscription is not confirmed";
    /// The commit took too long.
    AckTimeout = 503 "ack_timeout" "Not stored in time";
    /// The process is about to end.
    ShuttingDown = 503 "shutting_down" "Shutting down", closes;
}

impl Kind {
    /// Whether what a request should have proved was not: its signature, its token, its password.
    pub const fn is_unproved(self) -> bool {
        matches!(self, Self::Signature | Self::Credential)
    }

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Its name for programs.
    pub const fn code(self) -> &'static str {
        self.row().1
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: Kind,
    /// Its name for programs; the kind's own but for signatures.
    pub code: &'static str,
    /// What was wrong and what to do, in a sentence.
    pub detail: String,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// The methods that would be accepted.
    pub allow: Option<Box<str>>,
    /// Under which id the refused request is offered to the quarantine: for our own log, and not
    /// told to the sender.
    pub quarantined: Option<QuarantineId>,
}

impl Problem {
    /// A refusal that says what was wrong.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code: kind.code(),
            detail: detail.into(),
            retry_after: None,
            allow: None,
            quarantined: None,
        }
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Whether the connection is closed after the answer.
    pub const fn closes(&self) -> bool {
        self.kind.row().3
    }

    /// Whether the same request can succeed later.
    ///
    /// True for our own trouble and for refused signatures: once the secret is put right here,
    /// the provider's next try is accepted.
    fn is_retryable(&self) -> bool {
        let status = self.kind.status();
        status.is_server_error() || matches!(status.as_u16(), 401 | 408 | 429)
    }

    /// The answer's body.
    pub fn body(&self, request_id: &str) -> String {
        // RFC 9457 asks for a URI; it need not be one that answers.
        json!({
            "type": format!("urn:hookyard:problem:{}", self.code.replace('_', "-")),
            "title": self.kind.row().2,
            "status": self.kind.row().0,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            "retryable": self.is_retryable(),
        })
        .to_string()
    }

    /// The answer.
    pub fn response(&self, request_id: &str) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.body(request_id)));
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if let Some(allow) =
            self.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok())
        {
            headers.insert(ALLOW, allow);
        }
        if self.closes() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<&Rejection> for Problem {
    fn from(rejection: &Rejection) -> Self {
        let detail = format!("{rejection}.");
        // Whether it is a good one is not known, so it has to come again.
        if matches!(rejection, Rejection::KeyUnavailable { .. }) {
            return Self::new(Kind::KeyUnavailable, detail).retry_after(Duration::from_secs(30));
        }
        let kind = match rejection.credential() {
            None => Kind::Signature,
            Some(_) => Kind::Credential,
        };
        Self { code: rejection.code(), ..Self::new(kind, detail) }
    }
}

impl Problem {
    /// What a sender is told when the store did not do as asked. `jitter` spreads those that come back.
    pub fn from_store(error: &StoreError, jitter: f64) -> Self {
        let (kind, seconds, detail) = match error {
            StoreError::Full(_) => {
                (Kind::StoreFull, 15.0 + 30.0 * jitter, "There is no room to store it.")
            }
            StoreError::Unavailable(_) => {
                (Kind::StoreUnavailable, 5.0 + 10.0 * jitter, "The store does not answer.")
            }
            StoreError::Failed(_) | StoreError::Corrupt(_) | StoreError::Unreadable(_) => {
                (Kind::StoreFailed, 5.0 + 10.0 * jitter, "The store reported an error.")
            }
            StoreError::Closed => (Kind::ShuttingDown, 2.0, "The server is about to stop."),
        };
        Self::new(kind, format!("{detail} Nothing was stored; send it again later."))
            .retry_after(Duration::from_secs_f64(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_makes_a_small_answer_that_says_its_status() {
        for &kind in Kind::ALL {
            let problem =
                Problem::new(kind, "x".repeat(120)).retry_after(Duration::from_millis(1500));
            let body = problem.body("req_01JD3Z0000000000");
            assert!(body.len() <= 512, "{} is {} bytes long", kind.code(), body.len());
            let value: serde_json::Value = serde_json::from_str(&body).unwrap();
            let response = problem.response("req_1");
            assert_eq!(value["status"], response.status().as_u16());
            assert_eq!(response.headers()["retry-after"], "2");
            assert_eq!(response.headers().contains_key("connection"), problem.closes());
            assert_ne!(response.status().as_u16(), 410, "410 makes senders give an endpoint up");
        }
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Kind::ALL.len());
    }

    #[test]
    fn trouble_with_the_store_is_never_the_senders_fault() {
        let text = || "why".to_owned();
        let errors = [
            StoreError::Full(text()),
            StoreError::Unavailable(text()),
            StoreError::Failed(text()),
            StoreError::Corrupt(text()),
            StoreError::Unreadable(text()),
            StoreError::Closed,
        ];
        for error in errors {
            let problem = Problem::from_store(&error, 1.0);
            assert_eq!(problem.kind.status(), 503, "{error}");
            assert!(problem.retry_after.is_some() && problem.is_retryable());
            assert!(!problem.detail.contains("why"), "our own paths are nobody's business");
        }
    }
}
