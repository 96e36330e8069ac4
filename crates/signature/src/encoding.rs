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

/// Room for the longest signature: 72 bytes of ECDSA, and what base64 wants as slack.
const ROOM: usize = 96;

/// A few bytes on the stack: a signature or a MAC.
#[derive(Clone, Copy)]
pub(crate) struct Octets {
    bytes: [u8; ROOM],
    length: usize,
}

impl Octets {
    pub(crate) const EMPTY: Self = Self { bytes: [0; ROOM], length: 0 };

    /// Takes at most as much as there is room for, which is more than any MAC has.
    pub(crate) fn new(source: &[u8]) -> Self {
        let mut octets = Self::EMPTY;
        for (to, from) in octets.bytes.iter_mut().zip(source) {
            *to = *from;
        }
        octets.length = source.len().min(ROOM);
        octets
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Compares all bytes, in a time that does not depend on where they differ. Lengths are public.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.as_slice().ct_eq(other.as_slice()).into()
    }
}

impl Encoding {
    /// Reads the one canonical form of at most 72 bytes.
    pub(crate) fn decode(self, text: &[u8]) -> Option<Octets> {
        let mut octets = Octets::EMPTY;
        octets.length = match self {
            Self::Hex => decode_hex(text, &mut octets.bytes)?,
            Self::Base64 => general_purpose::STANDARD.decode_slice(text, &mut octets.bytes).ok()?,
            Self::Base64Url => URL_SAFE.decode_slice(text, &mut octets.bytes).ok()?,
        };
        Some(octets)
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
            assert!(encoding.decode(&[b'a'; 400]).is_none(), "{encoding:?}");
        }
    }
}
