//! What an answer means: the verdict on an attempt.

use hookyard_model::{Failure, FailureKind, HeaderList, Outcome, Response, Timestamp};
use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, StatusCode};

use crate::retry_after;
use crate::transport::{Answer, BodyEnd, TransportError};

/// How many of an answer's headers are kept …
const HEADERS_KEPT: usize = 64;
/// … as long as they have no more bytes than this together.
const HEADER_BYTES_KEPT: usize = 8 * 1024;
/// How much of the other side's text goes into a sentence of ours.
const QUOTED: usize = 200;

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) maybe_sent: bool,
    pub(crate) response: Option<Response>,
    pub(crate) failure: Option<Failure>,
}

/// Judges by the head alone: 2xx is success even if the body broke off, everything else is not,
/// a redirect included.
pub(crate) fn judge(sent: Result<Answer, TransportError>, now: Timestamp) -> Verdict {
    match sent {
        Ok(answer) => judge_answer(answer, now),
        Err(error) => judge_error(error),
    }
}

fn judge_error(error: TransportError) -> Verdict {
    let outcome = match error.kind {
        FailureKind::AddressRefused => Outcome::Refused,
        _ => Outcome::Failed { retry_after: None },
    };
    let failure = Failure { kind: error.kind, detail: error.detail };
    Verdict { outcome, maybe_sent: error.maybe_sent, response: None, failure: Some(failure) }
}

fn judge_answer(answer: Answer, now: Timestamp) -> Verdict {
    let status = answer.status;
    let outcome = if status.is_success() {
        Outcome::Succeeded
    } else if status == StatusCode::GONE {
        Outcome::Gone
    } else {
        let asked = answer.headers.get(RETRY_AFTER);
        let retry_after = asked.and_then(|value| retry_after::parse(value.as_bytes(), now));
        Outcome::Failed { retry_after }
    };
    let failure = (outcome != Outcome::Succeeded)
        .then(|| Failure { kind: FailureKind::Status, detail: detail(status, &answer.headers) });
    Verdict { outcome, maybe_sent: true, response: Some(kept(answer)), failure }
}

fn detail(status: StatusCode, headers: &HeaderMap) -> String {
    let number = status.as_u16();
    let phrase = status.canonical_reason().map(|text| format!(" {text}")).unwrap_or_default();
    let location = headers.get(LOCATION).filter(|_| status.is_redirection());
    match location.map(|value| quote(value.as_bytes())) {
        Some(to) => {
            format!("answered {number}{phrase}, to {to}; redirects are never followed")
        }
        None => format!("answered {number}{phrase}"),
    }
}

/// The other side's bytes as text that can stand in a sentence, a log and a terminal.
fn quote(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(QUOTED).flat_map(char::escape_debug).collect()
}

fn kept(answer: Answer) -> Response {
    let mut room = HEADER_BYTES_KEPT;
    let headers: HeaderList = answer
        .headers
        .iter()
        // A session of the destination's is nobody's business.
        .filter(|(name, _)| **name != SET_COOKIE)
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .take(HEADERS_KEPT)
        .take_while(|(name, value)| {
            let rest = room.checked_sub(name.len() + value.len());
            room = rest.unwrap_or(0);
            rest.is_some()
        })
        .collect();
    Response {
        status: answer.status.as_u16(),
        headers,
        body: answer.body,
        truncated: answer.end != BodyEnd::Complete,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::HeaderValue;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
        let headers = headers
            .iter()
            .map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: Bytes::from_static(b"x"),
            end: BodyEnd::Complete,
        }
    }

    fn failed(seconds: Option<u64>) -> Outcome {
        Outcome::Failed { retry_after: seconds.map(Duration::from_secs) }
    }

    #[test]
    fn only_a_2xx_is_success() {
        type Case = (u16, &'static [(&'static str, &'static str)], Outcome);
        let cases: &[Case] = &[
            (200, &[], Outcome::Succeeded),
            (204, &[("retry-after", "5")], Outcome::Succeeded),
            (299, &[], Outcome::Succeeded),
            (301, &[("location", "/elsewhere")], failed(None)),
            (304, &[], failed(None)),
            (400, &[], failed(None)),
            (401, &[], failed(None)),
            (404, &[("retry-after", "7")], failed(Some(7))),
            (410, &[], Outcome::Gone),
            (429, &[("retry-after", "120")], failed(Some(120))),
            (429, &[("retry-after", "-1")], failed(None)),
            (500, &[], failed(None)),
            (503, &[("retry-after", "Thu, 01 Jan 1970 00:02:00 GMT")], failed(Some(110))),
            (999, &[], failed(None)),
        ];
        for (status, headers, expected) in cases {
            let verdict = judge(Ok(answer(*status, headers)), Timestamp::from_millis(10_000));
            assert_eq!(verdict.outcome, *expected, "{status} {headers:?}");
            assert!(verdict.maybe_sent);
            assert_eq!(verdict.failure.is_none(), *expected == Outcome::Succeeded);
            assert_eq!(verdict.response.unwrap().status, *status);
        }
    }

    #[test]
    fn a_body_that_broke_off_does_not_undo_a_success() {
        let cut = Answer { end: BodyEnd::Broken, ..answer(200, &[]) };
        let verdict = judge(Ok(cut), Timestamp::EPOCH);
        assert_eq!(verdict.outcome, Outcome::Succeeded);
        assert!(verdict.response.unwrap().truncated);
    }

    #[test]
    fn says_where_a_redirect_pointed_without_going_there() {
        let mut redirect = answer(302, &[]);
        let location = HeaderValue::from_bytes(b"http://10.0.0.1/\xff\t\"x\"").unwrap();
        redirect.headers.insert(LOCATION, location);
        let detail = judge(Ok(redirect), Timestamp::EPOCH).failure.unwrap().detail;
        let expected = "answered 302 Found, to http://10.0.0.1/\u{fffd}\\t\\\"x\\\"; \
                        redirects are never followed";
        assert_eq!(detail, expected);
    }

    #[test]
    fn keeps_a_bounded_part_of_the_headers() {
        let mut many = answer(200, &[("set-cookie", "session=1")]);
        for number in 0..99 {
            many.headers.append("x-many", HeaderValue::from(number));
        }
        let response = judge(Ok(many), Timestamp::EPOCH).response.unwrap();
        assert_eq!(response.headers.iter().count(), HEADERS_KEPT);
        assert_eq!(response.headers.get("set-cookie"), None);
        let mut long = answer(200, &[("x-short", "1")]);
        long.headers.append("x-long", HeaderValue::from_bytes(&[b'a'; 9000]).unwrap());
        let response = judge(Ok(long), Timestamp::EPOCH).response.unwrap();
        assert_eq!(response.headers.iter().count(), 1);
    }

    #[test]
    fn tells_a_refused_address_from_a_failure() {
        let cases = [
            (FailureKind::AddressRefused, Outcome::Refused),
            (FailureKind::Dns, failed(None)),
            (FailureKind::ResponseTimeout, failed(None)),
        ];
        for (kind, expected) in cases {
            let verdict = judge(Err(TransportError::unsent(kind, "why")), Timestamp::EPOCH);
            assert_eq!(verdict.outcome, expected);
            assert_eq!(verdict.failure, Some(Failure { kind, detail: "why".to_owned() }));
        }
    }
}
