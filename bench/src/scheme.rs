//! The ways of signing that are measured: how a provider words and signs its requests, and how a
//! server checks them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use hyper::HeaderMap;
use sha2::Sha256;

use crate::clock;
use crate::github::{self, Github, hex, keyed, unhex};

/// How far a signed time may be from now, in seconds: what Stripe and Standard Webhooks advise.
const TOLERANCE: u64 = 300;

/// A way of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC of the body; the id stands in a header that is not signed.
    Github,
    /// HMAC of time and body; the id stands in the body.
    Stripe,
    /// HMAC of id, time and body.
    StandardWebhooks,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Github, Self::Stripe, Self::StandardWebhooks];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Stripe => "Stripe",
            Self::StandardWebhooks => "Standard Webhooks",
        }
    }

    /// The provider in the hub's configuration, which the source is called as well.
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Stripe => "stripe",
            Self::StandardWebhooks => "standard-webhooks",
        }
    }

    /// The secret of its source in every run.
    pub const fn secret(self) -> &'static str {
        match self {
            Self::Github => "It's a Secret to Everybody",
            Self::Stripe => "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
            Self::StandardWebhooks => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        }
    }

    /// The path of its source.
    pub fn path(self) -> String {
        format!("/webhook/{}", self.provider())
    }

    /// A JSON body of this size, unlike that of any other id.
    pub fn body(self, id: &str, size: usize) -> Vec<u8> {
        match self {
            Self::Stripe => github::padded(
                &format!(r#"{{"id":"evt_{id}","object":"event","type":"invoice.paid","data":""#),
                id,
                size,
            ),
            Self::Github | Self::StandardWebhooks => github::body(id, size),
        }
    }
}

/// Signs and words requests for one source, and checks them.
#[derive(Clone, Debug)]
pub enum Signer {
    /// As GitHub does.
    Github(Github),
    /// As Stripe does.
    Stripe(Timed),
    /// By Standard Webhooks.
    StandardWebhooks(Timed),
}

/// A source to whose requests the time of signing belongs.
#[derive(Clone, Debug)]
pub struct Timed {
    host: String,
    path: String,
    mac: Hmac<Sha256>,
}

impl Signer {
    /// For the source at this path, which knows this secret.
    pub fn new(scheme: Scheme, host: &str, path: &str, secret: &str) -> Self {
        let timed =
            |key: &[u8]| Timed { host: host.to_owned(), path: path.to_owned(), mac: keyed(key) };
        match scheme {
            Scheme::Github => Self::Github(Github::new(host, path, secret)),
            Scheme::Stripe => Self::Stripe(timed(secret.as_bytes())),
            Scheme::StandardWebhooks => {
                let key = STANDARD.decode(secret.trim_start_matches("whsec_"));
                Self::StandardWebhooks(timed(&key.unwrap_or_default()))
            }
        }
    }

    /// The whole request, signed now.
    pub fn request(&self, id: &str, body: &[u8]) -> Vec<u8> {
        let now = (clock::micros() / 1_000_000).to_string();
        match self {
            Self::Github(github) => github.request("push", id, body),
            Self::Stripe(timed) => {
                let tag = hex(&timed.tag(&[now.as_bytes(), b".", body]).finalize().into_bytes());
                timed.request(&format!("Stripe-Signature: t={now},v1={tag}\r\n"), body)
            }
            Self::StandardWebhooks(timed) => {
                let mac = timed.tag(&[id.as_bytes(), b".", now.as_bytes(), b".", body]);
                let tag = STANDARD.encode(mac.finalize().into_bytes());
                let headers = format!(
                    "webhook-id: {id}\r\nwebhook-timestamp: {now}\r\nwebhook-signature: v1,{tag}\r\n"
                );
                timed.request(&headers, body)
            }
        }
    }

    /// Whether such headers are right for this body now, told in constant time.
    pub fn accepts(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).map_or(&[][..], |value| value.as_bytes());
        match self {
            Self::Github(github) => github.accepts(body, header("x-hub-signature-256")),
            Self::Stripe(timed) => {
                let field = |name: &[u8]| {
                    let mut fields = header("stripe-signature").split(|&byte| byte == b',');
                    fields.find_map(|field| field.strip_prefix(name)).unwrap_or_default()
                };
                let (time, tag) = (field(b"t="), unhex(field(b"v1=")));
                is_recent(time) && timed.fits(&[time, b".", body], tag)
            }
            Self::StandardWebhooks(timed) => {
                let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
                let tag = header("webhook-signature").strip_prefix(b"v1,");
                let tag = tag.and_then(|tag| STANDARD.decode(tag).ok());
                is_recent(time) && timed.fits(&[id, b".", time, b".", body], tag)
            }
        }
    }
}

impl Timed {
    fn tag(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(part);
        }
        mac
    }

    fn fits(&self, parts: &[&[u8]], tag: Option<Vec<u8>>) -> bool {
        tag.is_some_and(|tag| self.tag(parts).verify_slice(&tag).is_ok())
    }

    fn request(&self, headers: &str, body: &[u8]) -> Vec<u8> {
        let Self { host, path, .. } = self;
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: hookyard-bench\r\nAccept: */*\r\n\
             Content-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        request
    }
}

/// Whether this time in seconds is near enough to now.
fn is_recent(time: &[u8]) -> bool {
    let time = std::str::from_utf8(time).ok().and_then(|time| time.parse::<u64>().ok());
    time.is_some_and(|time| time.abs_diff(clock::micros() / 1_000_000) <= TOLERANCE)
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(request: &[u8]) -> HeaderMap {
        let text = String::from_utf8_lossy(request);
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let lines = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
        lines
            .map(|(name, value)| {
                (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
            })
            .collect()
    }

    #[test]
    fn what_is_signed_is_accepted_and_nothing_else() {
        for scheme in Scheme::ALL {
            let signer = |secret| Signer::new(scheme, "h", &scheme.path(), secret);
            let ours = signer(scheme.secret());
            let body = scheme.body("0e-1", 300);
            assert_eq!(body.len(), 300, "{scheme:?}");
            let headers = headers(&ours.request("0e-1", &body));
            assert!(ours.accepts(&headers, &body), "{scheme:?}");
            assert!(!ours.accepts(&headers, b"another"), "{scheme:?}");
            assert!(!ours.accepts(&HeaderMap::new(), &body), "{scheme:?}");
            assert!(!signer("whsec_AAAA").accepts(&headers, &body), "{scheme:?}");
        }
    }

    /// The values of the specification's reference libraries.
    #[test]
    fn signs_as_standard_webhooks_does() {
        let Signer::StandardWebhooks(timed) =
            Signer::new(Scheme::StandardWebhooks, "", "", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        else {
            panic!("another scheme")
        };
        let parts: [&[u8]; 5] = [
            b"msg_p5jXN8AQM9LWM0D4loKWxJek",
            b".",
            b"1614265330",
            b".",
            br#"{"test": 2432232314}"#,
        ];
        let tag = STANDARD.decode("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=").unwrap();
        assert!(timed.fits(&parts, Some(tag)));
    }

    #[test]
    fn an_old_time_is_refused() {
        let now = clock::micros() / 1_000_000;
        assert!(is_recent(now.to_string().as_bytes()));
        assert!(!is_recent((now - TOLERANCE - 2).to_string().as_bytes()));
        assert!(!is_recent(b"soon"));
    }
}
