//! Webhooks as GitHub sends them: headers, ids, signature.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::random::Random;

/// Signs and words requests for one source.
#[derive(Clone, Debug)]
pub struct Github {
    host: String,
    path: String,
    mac: Hmac<Sha256>,
}

impl Github {
    /// For the source at this path, which knows this secret.
    pub fn new(host: &str, path: &str, secret: &str) -> Self {
        Self { host: host.to_owned(), path: path.to_owned(), mac: keyed(secret.as_bytes()) }
    }

    /// The value of `X-Hub-Signature-256`.
    pub fn signature(&self, body: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(body);
        format!("sha256={}", hex(&mac.finalize().into_bytes()))
    }

    /// Whether this is the value of `X-Hub-Signature-256` for this body, told in constant time.
    pub fn accepts(&self, body: &[u8], signature: &[u8]) -> bool {
        let given = signature.strip_prefix(b"sha256=").and_then(unhex);
        let mut mac = self.mac.clone();
        mac.update(body);
        given.is_some_and(|given| mac.verify_slice(&given).is_ok())
    }

    /// The whole request, signed.
    pub fn request(&self, event: &str, delivery: &str, body: &[u8]) -> Vec<u8> {
        self.request_signed(event, delivery, body, &self.signature(body))
    }

    /// The whole request with a signature made before.
    pub fn request_signed(
        &self,
        event: &str,
        delivery: &str,
        body: &[u8],
        signature: &str,
    ) -> Vec<u8> {
        let mut request = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: GitHub-Hookshot/0000000\r\nAccept: */*\r\n\
             Content-Type: application/json\r\nX-GitHub-Event: {event}\r\n\
             X-GitHub-Delivery: {delivery}\r\nX-GitHub-Hook-ID: 1\r\n\
             X-Hub-Signature-256: {signature}\r\nContent-Length: {}\r\n\r\n",
            self.path,
            self.host,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        request
    }
}

/// A delivery id as GitHub makes them, a UUID, from a seed and a number.
pub fn delivery_id(seed: u64, number: u64) -> String {
    let mut random = Random::new(seed.rotate_left(32) ^ number);
    let (high, low) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

/// A JSON body of this size, unlike that of any other id.
pub fn body(delivery: &str, size: usize) -> Vec<u8> {
    let start = format!(
        r#"{{"ref":"refs/heads/main","delivery":"{delivery}","repository":{{"full_name":"octo/hello"}},"padding":""#
    );
    padded(&start, delivery, size)
}

/// What begins so, filled up to this size with the letters of the id, in an object whose last
/// text is open.
pub(crate) fn padded(start: &str, id: &str, size: usize) -> Vec<u8> {
    let end = r#""}"#;
    let padding = size.saturating_sub(start.len() + end.len());
    let letters = id.bytes().filter(u8::is_ascii_hexdigit).cycle().take(padding);
    start.bytes().chain(letters).chain(end.bytes()).collect()
}

/// HMAC-SHA256 with this key.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "an HMAC key may have any length")]
    Hmac::new_from_slice(key).expect("an HMAC key may have any length")
}

/// The SHA-256 of a body, in hexadecimal.
pub fn sha256(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble| char::from_digit(u32::from(nibble), 16);
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect()
}

pub(crate) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's published example.
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn signs_as_github_does() {
        let github = Github::new("h", "/", "It's a Secret to Everybody");
        assert_eq!(github.signature(b"Hello, World!"), SIGNATURE);
        assert!(github.accepts(b"Hello, World!", SIGNATURE.as_bytes()));
        assert!(!github.accepts(b"Hello, World?", SIGNATURE.as_bytes()));
        assert!(!github.accepts(b"Hello, World!", b"sha256=zz"));
    }

    #[test]
    fn bodies_have_their_size_and_ids_differ() {
        let (one, other) = (delivery_id(1, 1), delivery_id(1, 2));
        assert_ne!(one, other);
        assert_eq!(one.len(), 36);
        assert_eq!(body(&one, 2048).len(), 2048);
        assert_ne!(body(&one, 2048), body(&other, 2048));
        assert!(serde_json::from_slice::<serde_json::Value>(&body(&one, 10)).is_ok());
    }
}
