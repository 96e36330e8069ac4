//! As much of DER (X.690) as it takes to find a public key in its wrapping, or the two numbers of
//! an ECDSA signature.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// The algorithm `rsaEncryption` with its parameter NULL (RFC 8017, appendix A.1).
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

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

/// The number of a context-specific, constructed element: `[0]`.
const CONTEXT_0: u8 = 0xa0;

/// The SPKI in a certificate (RFC 5280, section 4.1). Nothing else of it is looked at.
pub(crate) fn certificate_key(der: &[u8]) -> Option<&[u8]> {
    let (outer, rest) = expect(der, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    let (fields, _) = expect(outer, SEQUENCE)?;
    let fields = expect(fields, CONTEXT_0).map_or(fields, |(_, rest)| rest);
    let (_, fields) = expect(fields, INTEGER)?;
    // The algorithm, the issuer, the time of validity and the subject.
    let fields = (0..4).try_fold(fields, |fields, _| Some(expect(fields, SEQUENCE)?.1))?;
    let (_, rest) = expect(fields, SEQUENCE)?;
    fields.get(..fields.len().checked_sub(rest.len())?)
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
