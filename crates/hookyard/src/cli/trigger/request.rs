//! A sample made a request: blanks filled, signed, and changed where the caller wants it.

use bytes::Bytes;
use hookyard_delivery::Clock as _;
use hookyard_model::Timestamp;
use hookyard_signature::{Options, Received, Secret, UnixSeconds, Verifier};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::key;
use crate::cli::client::Request;
use crate::cli::failure::Failure;
use crate::clock::{SystemClock, random_u64};
use crate::sample::{Blanks, Provider, Sample};

/// A header of the command line.
pub(super) type Header = (HeaderName, HeaderValue);

/// What the caller wants otherwise than the sample has it.
pub(super) struct Overrides {
    /// Headers to put in, or in the place of others.
    pub(super) headers: Vec<Header>,
    /// The whole body.
    pub(super) body: Option<Vec<u8>>,
}

/// Makes requests of one provider and signs them.
pub(super) struct Signer {
    verifier: Verifier,
    to: String,
    public_url: String,
    made_up: Option<String>,
}

impl Signer {
    /// Signs by `secret`, or by one that is made up, as the provider called `slug` does.
    pub(super) fn new(
        slug: &str,
        secret: Option<String>,
        to: &str,
        public_url: Option<String>,
    ) -> Result<Self, Failure> {
        let scheme = hookyard_signature::provider(slug)
            .ok_or_else(|| Failure::usage(format!("there is no provider `{slug}`")))?;
        let (signing, made_up) = if let Some(secret) = secret {
            (secret, None)
        } else {
            let key = key::make_up(scheme)?;
            (key.signing, Some(key.verifying))
        };
        let verifier = Secret::new(signing)
            .and_then(|secret| scheme.verifier(vec![secret], &Options::default()))
            .map_err(|error| Failure::usage(format!("the secret does not fit {slug}: {error}")))?;
        let public_url = public_url.unwrap_or_else(|| to.to_owned());
        Ok(Self { verifier, to: to.to_owned(), public_url, made_up })
    }

    /// What a source has to be told to accept what is signed, if the secret was made up.
    pub(super) fn made_up(&self) -> Option<&str> {
        self.made_up.as_deref()
    }

    /// A new event, signed now.
    pub(super) fn request(
        &self,
        provider: &Provider,
        sample: &Sample,
        overrides: &Overrides,
    ) -> Result<Request, Failure> {
        self.request_at(SystemClock.now(), provider, sample, overrides)
    }

    fn request_at(
        &self,
        now: Timestamp,
        provider: &Provider,
        sample: &Sample,
        overrides: &Overrides,
    ) -> Result<Request, Failure> {
        let mut random = random_u64;
        let rendered = provider.render(sample, &mut Blanks::new(now, &self.to, &mut random));
        let mut headers = HeaderMap::new();
        for (name, value) in &rendered.headers {
            let (name, value) = parse_header(&format!("{name}:{value}")).map_err(Failure::new)?;
            headers.insert(name, value);
        }
        // Before signing, because a header may be part of what is signed; and once more after it,
        // because whoever wants a wrong signature shall have it.
        put(&mut headers, &overrides.headers);
        let body = overrides.body.clone().unwrap_or(rendered.body);
        let url = self.sign(&mut headers, &body, now)?;
        put(&mut headers, &overrides.headers);
        Ok(Request { method: Method::POST, url, headers, body: Bytes::from(body) })
    }

    /// Adds the proof to the headers and gives back where the request goes.
    fn sign(
        &self,
        headers: &mut HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<String, Failure> {
        let pairs: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request = Received { method: "POST", url: &self.public_url, headers: &pairs, body };
        let made = format!("msg_{:016x}", random_u64());
        let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or(&made);
        let proof = self
            .verifier
            .sign(&request, id, UnixSeconds(now.as_seconds()))
            .map_err(|error| Failure::usage(format!("cannot sign: {error}")))?;
        for (name, value) in &proof.headers {
            let (name, value) = parse_header(&format!("{name}:{value}")).map_err(Failure::new)?;
            headers.insert(name, value);
        }
        Ok(match proof.url {
            Some(signed) if self.public_url == self.to => signed,
            Some(signed) => with_query_of(&self.to, &signed),
            None => self.to.clone(),
        })
    }
}

fn put(headers: &mut HeaderMap, wanted: &[Header]) {
    for (name, value) in wanted {
        headers.insert(name, value.clone());
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
    }
}
