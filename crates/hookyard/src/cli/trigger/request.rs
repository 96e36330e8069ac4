//! A test event made a request: signed, and changed where the caller wants it.

use bytes::Bytes;
use hookyard_delivery::Clock as _;
use hookyard_model::Timestamp;
use hookyard_signature::{
    ConfigurationError, Options, Provider, Received, Rejection, Responder, Scheme, Secret,
    SigningError, UnixSeconds, Verifier,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::cli::client::Request;
use crate::cli::failure::Failure;
use crate::clock::{SystemClock, random_u64};
use crate::sample::{Blanks, Rendered, TestEvent};

/// A header of the command line.
pub(super) type Header = (HeaderName, HeaderValue);

/// What the caller wants otherwise than the sample has it.
pub(super) struct Overrides {
    /// Headers to put in, or in the place of others.
    pub(super) headers: Vec<Header>,
    /// The whole body.
    pub(super) body: Option<Vec<u8>>,
}

/// Where requests go.
pub(super) struct Target {
    /// Where they are sent.
    pub(super) to: String,
    /// The URL that is signed, where the provider signs it.
    pub(super) public_url: String,
}

/// How a provider's requests are signed, and where they go.
pub(super) struct Manner {
    pub(super) provider: &'static Provider,
    /// The provider's own scheme, or the one that its source describes.
    pub(super) scheme: Scheme,
    pub(super) options: Options,
    pub(super) target: Target,
}

impl Manner {
    /// Signs by `secret` as the provider does; without one nothing is signed.
    pub(super) fn signer(&self, secret: Option<&str>) -> Result<Signer<'_>, Failure> {
        let slug = self.provider.slug;
        let wrong = |error: ConfigurationError| {
            Failure::usage(format!("the secret does not fit {slug}: {error}"))
        };
        let secret = secret.map(Secret::new).transpose().map_err(wrong)?;
        let verifier = |secret| Verifier::new(&self.scheme, vec![secret], &self.options);
        let verifier = secret.clone().map(verifier).transpose().map_err(wrong)?;
        Ok(Signer { manner: self, secret, verifier })
    }
}

/// Makes requests of one provider and signs them.
pub(super) struct Signer<'a> {
    manner: &'a Manner,
    secret: Option<Secret>,
    /// `None` where nothing is signed.
    verifier: Option<Verifier>,
}

/// A request that has been signed.
#[derive(Clone)]
pub(super) struct Signed {
    method: &'static str,
    /// Where it is sent.
    url: String,
    /// The URL that was signed.
    public_url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Signer<'_> {
    /// What the source's own answers to the provider's questions are.
    pub(super) fn responder(&self) -> Option<Responder> {
        let Manner { provider, options, .. } = self.manner;
        provider.responder(self.secret.clone().into_iter().collect(), options)
    }

    /// What verifies what is signed here.
    pub(super) const fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_ref()
    }

    /// A new event, signed now.
    pub(super) fn event(
        &self,
        event: &TestEvent,
        overrides: &Overrides,
    ) -> Result<Signed, Failure> {
        self.event_at(SystemClock.now(), event, overrides)
    }

    /// A new event of `now`.
    pub(super) fn event_at(
        &self,
        now: Timestamp,
        event: &TestEvent,
        overrides: &Overrides,
    ) -> Result<Signed, Failure> {
        let mut request = self.prepared(now, event, overrides)?;
        self.sign(&mut request, now)
            .map_err(|error| Failure::usage(format!("cannot sign: {error}")))?;
        put(&mut request.headers, &overrides.headers);
        Ok(request)
    }

    /// Whether events can be signed.
    pub(super) fn try_event(
        &self,
        event: &TestEvent,
        overrides: &Overrides,
    ) -> Result<Result<(), SigningError>, Failure> {
        let now = SystemClock.now();
        let mut request = self.prepared(now, event, overrides)?;
        Ok(self.sign(&mut request, now))
    }

    /// A new event without its proof.
    fn prepared(
        &self,
        now: Timestamp,
        event: &TestEvent,
        overrides: &Overrides,
    ) -> Result<Signed, Failure> {
        let mut random = random_u64;
        let rendered = event.render(&mut Blanks::new(now, &self.manner.target.to, &mut random));
        let mut request = self.unsigned(rendered)?;
        // Before signing, because a header may be part of what is signed; and once more after it,
        // because whoever wants a wrong signature shall have it.
        put(&mut request.headers, &overrides.headers);
        if let Some(body) = &overrides.body {
            request.body.clone_from(body);
        }
        Ok(request)
    }

    /// A request that nobody has signed.
    pub(super) fn unsigned(&self, rendered: Rendered) -> Result<Signed, Failure> {
        let mut headers = HeaderMap::new();
        for (name, value) in &rendered.headers {
            let (name, value) = parse_header(&format!("{name}:{value}")).map_err(Failure::new)?;
            headers.insert(name, value);
        }
        Ok(Signed {
            method: rendered.method,
            url: with_query(&self.manner.target.to, &rendered.query),
            public_url: with_query(&self.manner.target.public_url, &rendered.query),
            headers,
            body: rendered.body,
        })
    }

    /// Adds the proof.
    pub(super) fn sign(&self, request: &mut Signed, now: Timestamp) -> Result<(), SigningError> {
        let Some(verifier) = &self.verifier else { return Ok(()) };
        let made = format!("msg_{:016x}", random_u64());
        let id = request.headers.get("webhook-id").and_then(|id| id.to_str().ok());
        let id = id.unwrap_or(&made).to_owned();
        let now = UnixSeconds(now.as_seconds());
        let proof = request.received(|received| verifier.sign(received, &id, now))?;
        for (name, value) in &proof.headers {
            let header = parse_header(&format!("{name}:{value}"));
            let (name, value) = header.map_err(|_| SigningError::NotText)?;
            request.headers.insert(name, value);
        }
        if let Some(signed) = proof.url {
            request.url = if request.public_url == request.url {
                signed.clone()
            } else {
                with_query_of(&request.url, &signed)
            };
            request.public_url = signed;
        }
        if let Some(body) = proof.body {
            request.body = body;
        }
        Ok(())
    }
}

impl Signed {
    /// Looks at it as the provider's library would have received it.
    pub(super) fn received<T>(&self, look: impl FnOnce(&Received<'_>) -> T) -> T {
        let pairs: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        look(&Received {
            method: self.method,
            url: &self.public_url,
            headers: &pairs,
            body: &self.body,
        })
    }

    /// The same with one letter or digit of its body changed: the first by which the signature
    /// comes to be wrong, and nothing else. `None` where there is none.
    pub(super) fn tampered(&self, verifier: &Verifier) -> Option<Self> {
        let now = UnixSeconds(SystemClock.now().as_seconds());
        (0..self.body.len()).find_map(|place| {
            let mut changed = self.clone();
            let byte = changed.body.get_mut(place)?;
            *byte = match *byte {
                b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => *byte + 1,
                b'9' => b'0',
                b'z' => b'a',
                b'Z' => b'A',
                _ => return None,
            };
            let verdict = changed.received(|received| verifier.verify(received, now));
            let is_wrong = matches!(
                verdict,
                Err(Rejection::SignatureMismatch { .. }
                    | Rejection::CredentialMismatch { .. }
                    | Rejection::BodyHashMismatch { .. })
            );
            is_wrong.then_some(changed)
        })
    }

    /// To be sent.
    pub(super) fn request(&self) -> Request {
        Request {
            method: Method::from_bytes(self.method.as_bytes()).unwrap_or(Method::POST),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: Bytes::from(self.body.clone()),
        }
    }
}

fn put(headers: &mut HeaderMap, wanted: &[Header]) {
    for (name, value) in wanted {
        headers.insert(name, value.clone());
    }
}

/// `url` with this query behind its own.
fn with_query(url: &str, query: &str) -> String {
    match (query.is_empty(), url.contains('?')) {
        (true, _) => url.to_owned(),
        (false, true) => format!("{url}&{query}"),
        (false, false) => format!("{url}?{query}"),
    }
}

/// `url` with the query that `signed` has.
fn with_query_of(url: &str, signed: &str) -> String {
    let path = url.split_once('?').map_or(url, |(path, _)| path);
    match signed.split_once('?') {
        Some((_, query)) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// A header as it is written on the command line, `Name: value`.
pub(super) fn parse_header(text: &str) -> Result<Header, String> {
    let (name, value) = text.split_once(':').ok_or("write it as `Name: value`")?;
    let header = HeaderName::try_from(name.trim())
        .map_err(|_| format!("`{name}` is not the name of a header"))?;
    let value = HeaderValue::from_str(value.trim())
        .map_err(|_| format!("the value of `{name}` cannot be sent"))?;
    Ok((header, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_people_write_them() {
        let (name, value) = parse_header("X-A:  b: c ").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-a", "b: c"));
        for wrong in ["x-a", "x a: b", ": b", "a: b\nc"] {
            assert!(parse_header(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_signed_query_goes_where_the_request_goes() {
        let signed = "https://public.example/webhook/t?a=1&bodySHA256=00";
        let cases = [
            ("http://127.0.0.1/webhook/t", "http://127.0.0.1/webhook/t?a=1&bodySHA256=00"),
            ("http://127.0.0.1/webhook/t?a=1", "http://127.0.0.1/webhook/t?a=1&bodySHA256=00"),
        ];
        for (to, expected) in cases {
            assert_eq!(with_query_of(to, signed), expected);
        }
        assert_eq!(with_query_of("http://a/b?c", "https://d/e"), "http://a/b");
        assert_eq!(with_query("http://a/b?c", "d=e"), "http://a/b?c&d=e");
    }
}
