//! What a request's head must look like, beyond what hyper has checked.

use hookyard_model::Name;
use http::header::{EXPECT, HOST};
use http::request::Parts;
use http::{Method, Version};

use super::host;
use crate::problem::{Kind, Problem};

/// The longest request target, in bytes.
const TARGET_MAX: usize = 8 << 10;
/// The longest header, name and value, in bytes.
const HEADER_MAX: usize = 8 << 10;
/// The most headers in one request.
pub(super) const HEADERS_MAX: usize = 100;
/// The most bytes that the head of one request may take.
pub(super) const HEAD_MAX: usize = 32 << 10;

/// The path under which sources are reached.
const PREFIX: &str = "/webhook/";

/// Refuses heads that are too large, that two programs could read differently, or that are for
/// none of `hosts`.
pub(super) fn check(parts: &Parts, hosts: &[String]) -> Result<(), Problem> {
    if parts.method == Method::CONNECT {
        let detail = "This is no proxy: only POST is understood. Nothing was stored.";
        return Err(Problem {
            allow: Some("POST".into()),
            ..Problem::new(Kind::MethodNotAllowed, detail)
        });
    }
    let is_whole = parts.uri.scheme().is_some() || parts.uri.authority().is_some();
    let is_web = matches!(parts.uri.scheme_str(), Some("http" | "https"));
    // A whole URL is what a proxy is asked for. It can be told from one of ours by `hosts` alone.
    if is_whole && (hosts.is_empty() || !is_web) || parts.uri.path() == "*" {
        return Err(Problem::new(
            Kind::BadRequest,
            "The request's target must be a path. Nothing was stored.",
        ));
    }
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > TARGET_MAX {
        let detail =
            format!("The request's URL is longer than {TARGET_MAX} bytes. Nothing was stored.");
        return Err(Problem::new(Kind::UriTooLong, detail));
    }
    check_headers(parts)?;
    host::check(parts, hosts)
}

fn check_headers(parts: &Parts) -> Result<(), Problem> {
    let mut total = 0;
    for (name, value) in &parts.headers {
        let len = name.as_str().len() + value.len();
        total += len + 4;
        if len > HEADER_MAX || total > HEAD_MAX {
            return Err(headers_too_large());
        }
    }
    let hosts = parts.headers.get_all(HOST).iter().count();
    if hosts > 1 || hosts == 0 && parts.version >= Version::HTTP_11 {
        return Err(Problem::new(
            Kind::BadHeader,
            "Exactly one Host header is needed. Nothing was stored.",
        ));
    }
    let expectation = parts.headers.get(EXPECT).map(http::HeaderValue::as_bytes);
    if expectation.is_some_and(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
        let detail = "Only `Expect: 100-continue` is understood. Nothing was stored.";
        return Err(Problem::new(Kind::ExpectationFailed, detail));
    }
    Ok(())
}

/// The answer to a head that is too large.
pub(super) fn headers_too_large() -> Problem {
    let detail = format!(
        "At most {HEADERS_MAX} headers of {HEADER_MAX} bytes each and {HEAD_MAX} bytes in all are read. \
         Nothing was stored."
    );
    Problem::new(Kind::HeadersTooLarge, detail)
}

/// The source that a path names, if it has the form `/webhook/{source}`.
///
/// Nothing is decoded or tidied: a path that needs that is not one we gave to a provider.
pub(super) fn source_name(path: &str) -> Option<Name> {
    Name::new(path.strip_prefix(PREFIX)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_path_names_a_source() {
        assert_eq!(source_name("/webhook/github").unwrap().as_str(), "github");
        let others = [
            "/webhook/",
            "/webhook",
            "/",
            "/webhook/a/b",
            "//webhook/a",
            "/webhook//a",
            "/webhook/../admin",
            "/webhook/%2e%2e",
            "/webhook/a%00",
            "/Webhook/a",
            "/webhook/a/",
        ];
        for path in others {
            assert_eq!(source_name(path), None, "{path}");
        }
    }
}
