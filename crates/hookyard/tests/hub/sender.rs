//! Requests as their providers sign them.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

use crate::support::{Hub, Reply};
use hookyard_signature::{Options, Received, Secret, UnixSeconds, provider};

/// A request of a provider's.
pub(crate) struct Sender<'a> {
    /// The provider's name in the table.
    pub(crate) provider: &'a str,
    /// By which it is signed; without one it is not.
    pub(crate) secret: Option<&'a str>,
    pub(crate) method: &'a str,
    /// What stands behind the path.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
}

impl Sender<'_> {
    /// Sends it to a source.
    pub(crate) fn send(&self, hub: &Hub, source: &str) -> Reply {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut headers: Vec<(String, String)> = self.headers.iter().map(owned).collect();
        let mut url = format!("http://hub/webhook/{source}{}", self.query);
        let mut body = self.body.to_vec();
        if let Some(secret) = self.secret {
            let secrets = vec![Secret::new(secret).unwrap()];
            let verifier = provider(self.provider).unwrap().verifier(secrets, &Options::default());
            let request =
                Received { method: self.method, url: &url, headers: &headers, body: &body };
            let now = UnixSeconds(super::bad_input::now());
            let proof = verifier.unwrap().sign(&request, "id", now).unwrap();
            url = proof.url.unwrap_or(url);
            body = proof.body.unwrap_or(body);
            headers.extend(proof.headers.into_iter().map(|(name, value)| (name.into(), value)));
        }
        exchange(hub, (self.method, url.strip_prefix("http://hub").unwrap()), &headers, &body)
    }
}

fn exchange(
    hub: &Hub,
    (method, target): (&str, &str),
    headers: &[(String, String)],
    body: &[u8],
) -> Reply {
    let length = body.len();
    let close = if method == "HEAD" { "connection: close\r\n" } else { "" };
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nhost: hub\r\ncontent-length: {length}\r\n{close}");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    let request = [head.as_bytes(), body].concat();
    if method == "HEAD" {
        ask_for_head(hub, &request)
    } else {
        hub.exchange(&request).unwrap_or_else(|| panic!("no answer to {head:?}\n{}", hub.log()))
    }
}

/// An answer to HEAD says how long its body would be, and has none: the connection's end is the end.
fn ask_for_head(hub: &Hub, request: &[u8]) -> Reply {
    let mut socket = hub.connect();
    socket.write_all(request).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let head = answer.to_lowercase();
    assert!(head.ends_with("\r\n\r\n"), "an answer to HEAD has a body: {answer}");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head, body: Vec::new() }
}
