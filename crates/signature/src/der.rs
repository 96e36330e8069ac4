//! As much of DER (X.690) as it takes to find a key in its wrapping, or the two numbers of an ECDSA
//! signature; and to write the same for tests.

use crate::UnixSeconds;
use crate::scheme::Unit;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The algorithm `rsaEncryption` with its parameter NULL (RFC 8017, appendix A.1).
pub(crate) const RSA: &[u8] =
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Takes one element off the front: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of the element at the front, if it has this tag, and what follows it.
fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == tag).then_some((content, rest))
}

/// The `RSAPublicKey` in an SPKI, or the one that `der` is itself.
pub(crate) fn rsa_public_key(der: &[u8]) -> Option<&[u8]> {
    let (outer, rest) = expect(der, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    if let Some((algorithm, key)) = expect(outer, SEQUENCE) {
        let (bits, rest) = expect(key, BIT_STRING)?;
        let (&unused, key) = bits.split_first()?;
        let fits = algorithm == RSA && unused == 0 && rest.is_empty();
        return rsa_public_key(key).filter(|_| fits);
    }
    // Modulus and exponent; a private key has more.
    let (_, rest) = expect(outer, INTEGER)?;
    let (_, rest) = expect(rest, INTEGER)?;
    rest.is_empty().then_some(der)
}

/// What is in the private key of PKCS#8 (RFC 5958, section 2). Its algorithm is for the caller to
/// have looked at.
fn private_key(pkcs8: &[u8]) -> Option<&[u8]> {
    let (outer, _) = expect(pkcs8, SEQUENCE)?;
    let (_version, rest) = expect(outer, INTEGER)?;
    let (_algorithm, rest) = expect(rest, SEQUENCE)?;
    let (key, _) = expect(rest, OCTET_STRING)?;
    Some(expect(key, SEQUENCE)?.0)
}

/// The modulus and the private exponent of an RSA key in PKCS#8 (RFC 8017, appendix A.1.2), most
/// significant byte first and without leading zeros.
pub(crate) fn rsa_private_key(pkcs8: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_version, rest) = expect(private_key(pkcs8)?, INTEGER)?;
    let (modulus, rest) = expect(rest, INTEGER)?;
    let (_public, rest) = expect(rest, INTEGER)?;
    let (private, _) = expect(rest, INTEGER)?;
    Some((unsigned(modulus)?, unsigned(private)?))
}

/// The private number of an EC key in PKCS#8 (RFC 5915, section 3).
pub(crate) fn ec_private_key(pkcs8: &[u8]) -> Option<&[u8]> {
    let (_version, rest) = expect(private_key(pkcs8)?, INTEGER)?;
    Some(expect(rest, OCTET_STRING)?.0)
}

/// The number of a context-specific, constructed element: `[0]`.
const CONTEXT_0: u8 = 0xa0;

/// The SPKI in a certificate (RFC 5280, section 4.1).
pub(crate) fn certificate_key(der: &[u8]) -> Option<&[u8]> {
    let (_validity, fields) = expect(certificate_validity(der)?, SEQUENCE)?;
    let (_subject, fields) = expect(fields, SEQUENCE)?;
    let (_, rest) = expect(fields, SEQUENCE)?;
    fields.get(..fields.len().checked_sub(rest.len())?)
}

/// Until when a certificate is good.
pub(crate) fn certificate_end(der: &[u8]) -> Option<UnixSeconds> {
    let (validity, _) = expect(certificate_validity(der)?, SEQUENCE)?;
    let (_, _start, rest) = element(validity)?;
    let (tag, text, rest) = element(rest)?;
    rest.is_empty().then(|| time(tag, text))?
}

/// The fields of a certificate from its time of validity on.
fn certificate_validity(der: &[u8]) -> Option<&[u8]> {
    let (outer, rest) = expect(der, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    let (fields, _) = expect(outer, SEQUENCE)?;
    let fields = expect(fields, CONTEXT_0).map_or(fields, |(_, rest)| rest);
    let (_serial, fields) = expect(fields, INTEGER)?;
    let (_algorithm, fields) = expect(fields, SEQUENCE)?;
    let (_issuer, fields) = expect(fields, SEQUENCE)?;
    Some(fields)
}

/// A time to the second in UTC, whose year may have two digits (RFC 5280, section 4.1.2.5).
fn time(tag: u8, text: &[u8]) -> Option<UnixSeconds> {
    let century = match tag {
        UTC_TIME if text < b"50" => "20",
        UTC_TIME => "19",
        GENERALIZED_TIME => "",
        _ => return None,
    };
    let text = format!("{century}{}", std::str::from_utf8(text).ok()?);
    let digits: [u8; 15] = text.into_bytes().try_into().ok()?;
    let [y0, y1, y2, y3, m0, m1, d0, d1, h0, h1, i0, i1, s0, s1, zone] = digits;
    let written = [
        y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', i0, i1, b':', s0, s1, zone,
    ];
    (zone == b'Z').then(|| Unit::Rfc3339.read(&written))?
}

/// The numbers r and s of an ECDSA signature (RFC 3279, section 2.2.3), most significant byte
/// first and without leading zeros. Only the one canonical form is read.
pub(crate) fn ecdsa_signature(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (both, rest) = expect(der, SEQUENCE)?;
    let (r, after_r) = expect(both, INTEGER)?;
    let (s, end) = expect(after_r, INTEGER)?;
    // Two numbers of 33 bytes fit into a length of one byte; a longer form of it is not canonical.
    let is_short = |element: &[u8]| element.get(1).is_some_and(|length| *length < 0x80);
    let is_canonical =
        [der, both, after_r].into_iter().all(is_short) && rest.is_empty() && end.is_empty();
    Some((unsigned(r)?, unsigned(s)?)).filter(|_| is_canonical)
}

/// The bytes of a number that is not negative and is written with as few bytes as can be.
fn unsigned(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => None,
        [0, rest @ ..] => Some(rest),
        whole => Some(whole),
    }
}

/// Writes a number that is not negative, from its bytes, the most significant first.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    let digits = bytes.get(start..).unwrap_or_default();
    // One zero stands before what would seem negative, and is zero itself.
    let pad = digits.first().is_none_or(|&byte| byte >= 0x80);
    tagged(INTEGER, &[if pad { &[0][..] } else { &[] }, digits].concat())
}

/// Writes elements that belong together.
pub(crate) fn sequence(elements: &[u8]) -> Vec<u8> {
    tagged(SEQUENCE, elements)
}

/// Writes bytes.
pub(crate) fn octet_string(bytes: &[u8]) -> Vec<u8> {
    tagged(OCTET_STRING, bytes)
}

/// Writes bytes as the bits that they are, all of them used.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tagged(BIT_STRING, &[&[0], bytes].concat())
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let start = length.iter().position(|&byte| byte != 0).unwrap_or(length.len() - 1);
    let length = length.get(start..).unwrap_or_default();
    let is_long = length.len() > 1 || length.first().is_some_and(|&byte| byte >= 0x80);
    let count = u8::try_from(length.len()).unwrap_or_default();
    let head = if is_long { vec![tag, 0x80 | count] } else { vec![tag] };
    [&head, length, content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lengths_are_written_as_der_wants_them() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x80, 0]), [2, 3, 0, 0x80, 0]);
        assert_eq!(integer(&[1, 0, 1]), [2, 3, 1, 0, 1]);
        assert_eq!(octet_string(&[7; 127])[..3], [4, 127, 7]);
        assert_eq!(octet_string(&[7; 128])[..4], [4, 0x81, 128, 7]);
        assert_eq!(octet_string(&[7; 256])[..5], [4, 0x82, 1, 0, 7]);
    }

    #[test]
    fn times_are_those_of_certificates() {
        let at = |tag, text: &str| time(tag, text.as_bytes()).map(|at| at.0);
        assert_eq!(at(UTC_TIME, "231114221320Z"), Some(1_700_000_000));
        assert_eq!(at(GENERALIZED_TIME, "20231114221320Z"), Some(1_700_000_000));
        assert_eq!(at(UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(at(UTC_TIME, "700101000000Z"), Some(0));
        for (tag, wrong) in [
            (INTEGER, "20231114221320Z"),
            (UTC_TIME, "20231114221320Z"),
            (GENERALIZED_TIME, "231114221320Z"),
            (UTC_TIME, "2311142213Z"),
            (UTC_TIME, "231114221320+"),
            (UTC_TIME, "231314221320Z"),
            (UTC_TIME, "é1114221320Z"),
            (UTC_TIME, ""),
        ] {
            assert_eq!(at(tag, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn private_keys_are_found_in_their_wrapping() {
        let number = |value: u8| integer(&[value]);
        let wrapped = |key: &[u8]| {
            sequence(&[number(0), sequence(RSA), octet_string(&sequence(key))].concat())
        };
        let rsa = wrapped(&[number(0), number(200), number(3), number(9), number(5)].concat());
        assert_eq!(rsa_private_key(&rsa), Some((&[200][..], &[9][..])));
        let ec = wrapped(&[number(1), octet_string(&[0, 7])].concat());
        assert_eq!(ec_private_key(&ec), Some(&[0, 7][..]));
        for length in 0..rsa.len() {
            assert_eq!(rsa_private_key(&rsa[..length]), None);
        }
        assert_eq!((rsa_private_key(&ec), ec_private_key(&rsa)), (None, None));
    }
}
