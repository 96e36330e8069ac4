//! Providers' questions over raw sockets against the real program: each gets its answer or a
//! refusal that says why, and none is stored.

use std::fmt::Write as _;

use crate::support::{Hub, Reply};
use hookyard_signature::{Options, Received, Secret, UnixSeconds, provider};

const SECRET: &str = "a made-up secret for handshakes";

/// A question, and what comes back.
struct Question {
    provider: &'static str,
    method: &'static str,
    /// What stands behind the path.
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signed: Signed,
    /// The status; then lines of the head and the body, each of which must be there as it is.
    answer: (u16, &'static [&'static str], &'static str),
}

/// Whether a question is signed.
#[derive(Clone, Copy, PartialEq)]
enum Signed {
    No,
    Yes,
    /// With another secret than the hub's.
    Wrongly,
}
use Signed::{No, Wrongly, Yes};

#[rustfmt::skip]
const QUESTIONS: &[Question] = &[
    Question { provider: "slack", method: "POST", query: "", headers: &[], body: r#"{"type":"url_verification","challenge":"3eZbrw1aBm2r"}"#, signed: Yes, answer: (200, &["content-type: text/plain", "x-content-type-options: nosniff"], "3eZbrw1aBm2r") },
    Question { provider: "slack", method: "POST", query: "", headers: &[], body: r#"{"type":"url_verification","challenge":"3eZbrw1aBm2r"}"#, signed: Wrongly, answer: (401, &[], "signature_mismatch") },
    Question { provider: "slack", method: "POST", query: "", headers: &[], body: r#"{"type":"url_verification","challenge":"<script>"}"#, signed: Yes, answer: (400, &[], "challenge_malformed") },
    Question { provider: "slack", method: "GET", query: "?challenge=abc", headers: &[], body: "", signed: No, answer: (405, &["allow: post"], "method_not_allowed") },
];

fn sections() -> String {
    let mut slugs: Vec<&str> = QUESTIONS.iter().map(|question| question.provider).collect();
    slugs.dedup();
    slugs.iter().fold(String::new(), |mut sections, slug| {
        write!(sections, "[sources.{slug}]\nprovider = \"{slug}\"\nsecret = \"{SECRET}\"\n")
            .unwrap();
        sections
    })
}

impl Question {
    fn ask(&self, hub: &Hub) -> Reply {
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        if self.signed != No {
            headers.extend(self.proof(&headers));
        }
        let mut bytes = format!(
            "{} /webhook/{}{} HTTP/1.1\r\nhost: hub\r\ncontent-length: {}\r\n",
            self.method,
            self.provider,
            self.query,
            self.body.len()
        );
        for (name, value) in headers {
            write!(bytes, "{name}: {value}\r\n").unwrap();
        }
        bytes.push_str("\r\n");
        bytes.push_str(self.body);
        hub.exchange(bytes.as_bytes()).unwrap()
    }

    fn proof(&self, headers: &Vec<(String, String)>) -> Vec<(String, String)> {
        let secret = if self.signed == Yes { SECRET } else { "the secret of somebody else" };
        let secrets = vec![Secret::new(secret).unwrap()];
        let verifier =
            provider(self.provider).unwrap().verifier(secrets, &Options::default()).unwrap();
        let url = format!("http://hub/webhook/{}{}", self.provider, self.query);
        let request =
            Received { method: self.method, url: &url, headers, body: self.body.as_bytes() };
        let proof = verifier.sign(&request, "id", UnixSeconds(super::bad_input::now())).unwrap();
        proof.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect()
    }
}

#[test]
fn questions_are_answered_and_never_stored() {
    let hub = Hub::start(&sections());
    let mut answered = 0;
    for question in QUESTIONS {
        let reply = question.ask(&hub);
        let (status, lines, body) = question.answer;
        let what = format!("{} {} {}", question.provider, question.method, question.query);
        assert_eq!(reply.status, status, "{what} {reply:?}");
        for line in lines {
            assert!(reply.head.lines().any(|found| found == *line), "{what}: {line} {reply:?}");
        }
        assert!(!reply.head.contains("html"), "{what}");
        if status < 300 {
            answered += 1;
            assert_eq!(String::from_utf8_lossy(&reply.body), body, "{what}");
        } else {
            assert_eq!(reply.code(), body, "{what} {reply:?}");
        }
    }
    assert!(hub.events().is_empty(), "a question was stored");
    let log = hub.log();
    assert_eq!(log.matches("handshake answered").count(), answered, "{log}");
    assert!(!log.contains(SECRET) && !log.contains("3eZbrw1aBm2r"), "{log}");
}
