//! What every answer has: a request id, headers that keep browsers from guessing, and problems
//! as `application/problem+json`.

use std::pin::pin;
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::serve::Peer;
use crate::bug;
use crate::clock::random_u64;
use crate::problem::{Kind, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How much of a sentence is sent: an answer stays within 512 bytes.
const DETAIL: usize = 180;

impl IntoResponse for Problem {
    /// Goes along with an empty response; the outermost layer, which knows the request's id, writes it out.
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A refusal of what was asked, in a sentence that names the field.
pub(super) fn invalid(detail: impl AsRef<str>) -> Problem {
    // The names of unknown fields stand in it, and those are the caller's.
    let detail = detail.as_ref().chars().filter(|character| !character.is_control());
    Problem::new(Kind::InvalidArgument, detail.take(DETAIL).collect::<String>())
}

/// The outermost layer.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let request_id = format!("req_{:016x}", random_u64());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let mut response = unpanicked(next.run(request), &request_id).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = written(&problem, &response, &request_id);
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let millis = began.elapsed().as_millis();
    // Reading is everyday; what changes something is worth a line.
    if matches!(method, Method::GET | Method::HEAD) {
        tracing::debug!(request_id, %method, path, status, millis, peer = peer.map(tracing::field::display), "admin request");
    } else {
        tracing::info!(request_id, %method, path, status, millis, peer = peer.map(tracing::field::display), "admin request");
    }
    response
}

fn written(problem: &Problem, unwritten: &Response, request_id: &str) -> Response {
    let mut response = problem.response(request_id).map(Body::new);
    if let Some(allow) = unwritten.headers().get(ALLOW) {
        response.headers_mut().insert(ALLOW, allow.clone());
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A handler that panics has met a bug of ours; the caller is told so rather than cut off.
async fn unpanicked(handling: impl Future<Output = Response>, request_id: &str) -> Response {
    bug::caught(pin!(handling)).await.unwrap_or_else(|panic| {
        tracing::error!(request_id, panic, "an admin request hit a bug");
        Problem::new(
            Kind::Internal,
            "This is a bug in Hookyard; the log says more under the request's id.",
        )
        .into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered() {
        let response = unpanicked(async { panic!("a bug, made for this test") }, "req_1").await;
        assert_eq!(response.extensions().get::<Problem>().unwrap().kind, Kind::Internal);
    }

    #[test]
    fn what_the_caller_wrote_stays_short_and_harmless() {
        let problem = invalid(format!("unknown field `{}`", "\u{1b}\"é\n".repeat(300)));
        assert!(!problem.detail.contains('\u{1b}') && !problem.detail.contains('\n'));
        assert!(problem.body("req_0123456789abcdef").len() <= 640);
    }
}
