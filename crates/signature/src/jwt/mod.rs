//! JSON Web Tokens in their compact form (RFC 7519 on RFC 7515), read strictly.
//!
//! A token says of itself by which algorithm and key it was made. Neither is believed: the
//! algorithm has to be one that the scheme allows and that fits the kind of the key, and `kid`
//! only picks among keys that are known. `jku`, `jwk`, `x5u` and `x5c` are never looked at.

mod claims;
mod key;

use crate::encoding::{decode_base64url, encode_base64url};

pub(crate) use claims::{Claim, Claims};
pub(crate) use key::{JwtKey, KeyRing};

/// Longer values of `kid` are not known to exist.
const LONGEST_KEY_ID: usize = 255;

/// How a token is signed (RFC 7518, section 3.1; RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JwsAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSA with SHA-256 and the padding of PKCS#1 v1.5.
    Rs256,
    /// ECDSA on P-256 with SHA-256; the signature is the two numbers, 32 bytes each.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl JwsAlgorithm {
    const ALL: [Self; 6] =
        [Self::Hs256, Self::Hs384, Self::Hs512, Self::Rs256, Self::Es256, Self::EdDsa];

    /// As it is written in `alg`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Names are compared exactly: `none` and `hs256` are nothing.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Whether who verifies could sign as well.
    pub(crate) const fn is_shared(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

/// A token that has been read. Nothing of it is to be believed before its signature matched.
pub(crate) struct Token<'a> {
    /// By what it says it was signed; `None` for an algorithm that nothing here uses.
    pub(crate) algorithm: Option<JwsAlgorithm>,
    /// By which key it says it was signed.
    pub(crate) key_id: Option<String>,
    /// What it claims.
    pub(crate) claims: Claims,
    /// Header and claims as they were signed.
    signed: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Reads three parts in unpadded URL-safe base64, of which the first two are JSON objects
    /// that have no name twice.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the second half of a sentence.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, &'static str> {
        let mut parts = text.split(|&byte| byte == b'.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("it is not a JSON Web Token of three parts separated by dots");
        };
        let decode =
            |part| decode_base64url(part).ok_or("a part of it is not unpadded URL-safe base64");
        let signed = text.get(..header.len() + 1 + claims.len()).unwrap_or_default();
        let header = Claims::parse(&decode(header)?)
            .ok_or("its header is not a JSON object that has every name once")?;
        let claims = Claims::parse(&decode(claims)?)
            .ok_or("its claims are not a JSON object that has every name once")?;
        // What is critical has to be understood (RFC 7515, section 4.1.11), and nothing is here.
        if header.get("crit").is_some() {
            return Err("its header has `crit`, and no extension is understood here");
        }
        let algorithm = header.text("alg").ok_or("its header does not say `alg`")?;
        let key_id = match header.get("kid") {
            None => None,
            Some(Claim::Text(id)) if is_key_id(id) => Some(id.clone()),
            Some(_) => return Err("the `kid` in its header is not 1 to 255 visible characters"),
        };
        Ok(Self {
            algorithm: JwsAlgorithm::named(algorithm),
            key_id,
            claims,
            signed,
            signature: decode(signature)?,
        })
    }

    /// Whether this key signed the token by this algorithm.
    pub(crate) fn is_signed_by(&self, key: &JwtKey, algorithm: JwsAlgorithm) -> bool {
        key.verify(algorithm, self.signed, &self.signature)
    }
}

fn is_key_id(id: &str) -> bool {
    (1..=LONGEST_KEY_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The first two parts of a token, ready to be signed.
pub(crate) fn unsigned(algorithm: JwsAlgorithm, key_id: Option<&str>, claims: &[u8]) -> String {
    let mut header = serde_json::Map::new();
    header.insert("alg".into(), algorithm.name().into());
    if let Some(id) = key_id {
        header.insert("kid".into(), id.into());
    }
    header.insert("typ".into(), "JWT".into());
    let header = serde_json::Value::Object(header).to_string();
    format!("{}.{}", encode_base64url(header.as_bytes()), encode_base64url(claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!(
            "{}.{}.AAAA",
            encode_base64url(header.as_bytes()),
            encode_base64url(claims.as_bytes())
        )
    }

    fn error(text: &str) -> Option<&'static str> {
        Token::parse(text.as_bytes()).err()
    }

    const HEADER: &str = r#"{"alg":"HS256"}"#;

    #[test]
    fn a_token_is_read() {
        let text = token(r#"{"typ":"JWT","alg":"ES256","kid":"k-1"}"#, r#"{"iss":"a"}"#);
        let token = Token::parse(text.as_bytes()).unwrap();
        assert_eq!(token.algorithm, Some(JwsAlgorithm::Es256));
        assert_eq!(token.key_id.as_deref(), Some("k-1"));
        assert_eq!(token.claims.text("iss"), Some("a"));
        assert_eq!(token.signed, text.rsplit_once('.').unwrap().0.as_bytes());
    }

    #[test]
    fn algorithms_have_one_spelling() {
        for name in ["none", "None", "hs256", "HS256 ", "", "RS1", "ES384", "PS256"] {
            let text = token(&format!(r#"{{"alg":"{name}"}}"#), "{}");
            assert_eq!(Token::parse(text.as_bytes()).unwrap().algorithm, None, "{name}");
        }
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        let good = token(HEADER, "{}");
        let (start, _) = good.rsplit_once('.').unwrap();
        for text in [
            "",
            "..",
            "a.b",
            start,
            &format!("{good}."),
            &format!("{good}.AAAA"),
            &format!("{good}="),
            &format!("{good}\n"),
            &format!(" {good}"),
            // The last character holds two bits that stand for nothing, and they are not zero.
            &format!("{start}.AB"),
            &format!("{start}.A+/A"),
            &good.replace('.', "=."),
        ] {
            assert!(error(text).is_some(), "{text:?}");
        }
        assert!(Token::parse(b"\xff.\xff.\xff").is_err());
        // An empty signature can be read; it is no key's.
        assert_eq!(error(&format!("{start}.")), None);
    }

    #[test]
    fn headers_that_could_be_read_in_two_ways_are_refused() {
        for header in [
            r#"{"alg":"HS256","alg":"none"}"#,
            r#"{"alg":"HS256","\u0061lg":"none"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":null}"#,
            "{}",
            "[]",
            "null",
            r#"{"alg":"HS256"} x"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","kid":1}"#,
            r#"{"alg":"HS256","kid":""}"#,
            r#"{"alg":"HS256","kid":"a b"}"#,
            r#"{"alg":"HS256","kid":"a\u0000"}"#,
        ] {
            assert!(error(&token(header, "{}")).is_some(), "{header}");
        }
        assert!(error(&token(HEADER, r#"{"iss":"a","iss":"b"}"#)).is_some());
        assert!(error(&token(HEADER, r#""iss""#)).is_some());
        let long = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(256));
        assert!(error(&token(&long, "{}")).is_some());
    }
}
