//! Bytes as text and back, strictly, without the heap.
//!
//! Signatures are decoded before they are compared, and only their one canonical form is: a
//! decoder that skips, truncates or ignores bits lets several texts stand for one signature.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use subtle::ConstantTimeEq as _;

use crate::ConfigurationError;

/// URL-safe base64 is sent with and without padding; its spare bits must be zero either way.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Secrets are pasted by people: padding and spare bits do not matter.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// How the bytes of a signature are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal, all in lower or all in upper case.
    Hex,
    /// Base64 with padding (RFC 4648, section 4).
    Base64,
    /// URL-safe base64, with or without padding (RFC 4648, section 5).
    Base64Url,
}

impl std::str::FromStr for Encoding {
    type Err = ConfigurationError;

    fn from_str(word: &str) -> Result<Self, ConfigurationError> {
        match word {
            "hex" => Ok(Self::Hex),
            "base64" => Ok(Self::Base64),
            "base64url" => Ok(Self::Base64Url),
            _ => Err(ConfigurationError::UnknownWord {
                setting: "encoding",
                found: word.to_owned(),
                known: "hex, base64 or base64url",
            }),
        }
    }
}

/// Room for the signatures that are made for every request: HMAC, Ed25519 and ECDSA, and what
/// base64 wants as slack.
const ROOM: usize = 96;
/// RSA with 8192 bits.
const LONGEST: usize = 1024;

/// The bytes of a signature or a MAC: on the stack, except for RSA.
#[derive(Clone)]
pub(crate) struct Octets {
    bytes: [u8; ROOM],
    length: usize,
    long: Option<Box<[u8]>>,
}

impl Octets {
    pub(crate) const EMPTY: Self = Self { bytes: [0; ROOM], length: 0, long: None };

    pub(crate) fn new(source: &[u8]) -> Self {
        let mut octets = Self::EMPTY;
        if source.len() > ROOM {
            octets.long = Some(source.into());
            return octets;
        }
        for (to, from) in octets.bytes.iter_mut().zip(source) {
            *to = *from;
        }
        octets.length = source.len();
        octets
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match &self.long {
            Some(long) => long,
            None => self.bytes.get(..self.length).unwrap_or_default(),
        }
    }

    /// Compares all bytes, in a time that does not depend on where they differ. Lengths are public.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.as_slice().ct_eq(other.as_slice()).into()
    }
}

impl Encoding {
    /// Reads the one canonical form of at most 1024 bytes.
    pub(crate) fn decode(self, text: &[u8]) -> Option<Octets> {
        let mut octets = Octets::EMPTY;
        // What base64 needs as room while it works, rounded up.
        if text.len() / 4 * 3 + 3 > ROOM && self != Self::Hex || text.len() > 2 * ROOM {
            let mut long = vec![0; LONGEST];
            let length = self.decode_into(text, &mut long)?;
            return long.get(..length).map(Octets::new);
        }
        octets.length = self.decode_into(text, &mut octets.bytes)?;
        Some(octets)
    }

    fn decode_into(self, text: &[u8], into: &mut [u8]) -> Option<usize> {
        match self {
            Self::Hex => decode_hex(text, into),
            Self::Base64 => general_purpose::STANDARD.decode_slice(text, into).ok(),
            Self::Base64Url => URL_SAFE.decode_slice(text, into).ok(),
        }
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => encode_hex(bytes),
            Self::Base64 => general_purpose::STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE.encode(bytes),
        }
    }

    /// What to tell someone whose signature has another form.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Hex => "it is not hexadecimal of the right length",
            Self::Base64 => "it is not padded base64 of the right length",
            Self::Base64Url => "it is not URL-safe base64 of the right length",
        }
    }
}

/// Reads unpadded URL-safe base64 of any length, as JSON Web Tokens and Keys have it.
pub(crate) fn decode_base64url(text: &[u8]) -> Option<Vec<u8>> {
    general_purpose::URL_SAFE_NO_PAD.decode(text).ok()
}

/// Writes it.
pub(crate) fn encode_base64url(bytes: &[u8]) -> String {
    general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64 as people paste it.
pub(crate) fn decode_lenient(text: &[u8]) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

fn decode_hex(text: &[u8], into: &mut [u8]) -> Option<usize> {
    let (pairs, rest) = text.as_chunks::<2>();
    // No sender mixes cases; a mixture means that something rewrote the header on the way.
    let mixed = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
    if !rest.is_empty() || pairs.len() > into.len() || mixed {
        return None;
    }
    for (to, &[high, low]) in into.iter_mut().zip(pairs) {
        *to = (hex_digit(high)? << 4) | hex_digit(low)?;
    }
    Some(pairs.len())
}

/// The value of one hexadecimal digit in either case.
pub(crate) const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The bytes of a secret that is written in hexadecimal, in any case.
pub(crate) fn decode_hex_secret(text: &[u8]) -> Option<Vec<u8>> {
    let lower = text.to_ascii_lowercase();
    let mut bytes = vec![0; lower.len() / 2];
    let length = decode_hex(&lower, &mut bytes)?;
    (length == bytes.len()).then_some(bytes)
}

pub(crate) fn encode_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_read() {
        let cases: &[(Encoding, &str, Option<&[u8]>)] = &[
            (Encoding::Hex, "00ff", Some(&[0, 255])),
            (Encoding::Hex, "00FF", Some(&[0, 255])),
            (Encoding::Hex, "aAff", None),
            (Encoding::Hex, "00f", None),
            (Encoding::Hex, "0x00", None),
            (Encoding::Hex, " 00ff", None),
            (Encoding::Hex, "", Some(&[])),
            (Encoding::Base64, "AP8=", Some(&[0, 255])),
            (Encoding::Base64, "AP8", None),
            (Encoding::Base64, "AP9=", None),
            (Encoding::Base64, "AP8=\n", None),
            (Encoding::Base64, "+/+/", Some(&[251, 255, 191])),
            (Encoding::Base64, "-_-_", None),
            (Encoding::Base64Url, "-_-_", Some(&[251, 255, 191])),
            (Encoding::Base64Url, "AP8", Some(&[0, 255])),
            (Encoding::Base64Url, "AP8=", Some(&[0, 255])),
            (Encoding::Base64Url, "AP9", None),
        ];
        for (encoding, text, expected) in cases {
            let found = encoding.decode(text.as_bytes());
            assert_eq!(found.as_ref().map(Octets::as_slice), *expected, "{encoding:?} {text:?}");
        }
    }

    #[test]
    fn too_much_is_refused_rather_than_cut() {
        for encoding in [Encoding::Hex, Encoding::Base64, Encoding::Base64Url] {
            assert!(encoding.decode(&[b'a'; 4000]).is_none(), "{encoding:?}");
            // More than fits on the stack, and less than too much.
            let length = encoding.decode(&[b'a'; 400]).map(|octets| octets.as_slice().len());
            assert_eq!(length, Some(if encoding == Encoding::Hex { 200 } else { 300 }));
        }
    }
}
