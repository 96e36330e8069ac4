//! The parsers, each held against another way to read the same thing, or to write it again.

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{samples, split};
use crate::carrier::{self, Kinds};
use crate::encoding::{
    Octets, decode_base64url, decode_hex_secret, decode_lenient, encode_base64url,
};
use crate::jwt::{JwsAlgorithm, KeyRing, Token};
use crate::key::{Key, Kind};
use crate::place::escaped;
use crate::public_key::{EcdsaKey, EcdsaSha1Key, Ed25519Key, RsaKey, without_armour};
use crate::scheme::{Algorithm, Format, KeyForm, Part, Place, Scheme, Unit};
use crate::vectors::Vectors;
use crate::{
    Encoding, Fact, Generic, Received, Secret, UnixSeconds, der, form, json as pointer,
    parse_template,
};

/// The headers that carry signatures. The first line says whose, each other one is a value.
pub fn carriers(data: &[u8]) {
    let (slug, mut rest) = split(data, b'\n');
    let Scheme::Signed(signed) = &samples::provider_at(slug).scheme else { return };
    let mut values = Vec::new();
    while !rest.is_empty() && values.len() < 128 {
        let (value, tail) = split(rest, b'\n');
        values.push(value);
        rest = tail;
    }
    let name = |number: usize| match &signed.carrier.place {
        Place::Header(name) => name.to_string(),
        Place::Numbered(prefix) => format!("{prefix}{}", number + 1),
        Place::Pair(first, second) => [first, second].map(ToString::to_string)[number % 2].clone(),
        place => place.described().into_owned(),
    };
    let headers: Vec<_> =
        values.iter().enumerate().map(|(number, value)| (name(number), *value)).collect();
    let body = values.first().copied().unwrap_or_default();
    let url = format!("https://example.com/?{}", String::from_utf8_lossy(body));
    let request = Received { method: "POST", url: &url, headers: &headers, body };
    let Ok(claims) = carrier::read(signed, Kinds { main: true, ed25519: true }, &request) else {
        return;
    };
    let found: Vec<_> = claims.of(Kind::Main).chain(claims.of(Kind::Ed25519)).collect();
    assert!((1..=100).contains(&found.len()), "{} signatures", found.len());
    for signature in found {
        assert!((8..=1024).contains(&signature.as_slice().len()), "a signature of a wrong length");
    }
    // Where there is room for one, that one is what stands there.
    if let (Format::Prefixed(prefix), Place::Header(_)) =
        (&signed.carrier.format, &signed.carrier.place)
    {
        let signature = claims.of(Kind::Main).next().map(|octets| octets.as_slice().to_vec());
        let again = signed.encoding.encode(&signature.unwrap_or_default());
        let value = String::from_utf8_lossy(body).to_ascii_lowercase();
        let again = format!("{prefix}{again}").to_ascii_lowercase();
        assert_eq!(value.trim_end_matches('='), again.trim_end_matches('='), "read otherwise");
    }
}

/// The year 10000, which RFC 3339 cannot write.
const END: u64 = 253_402_300_800;

/// Times of signing in every unit.
pub fn times(data: &[u8]) {
    for unit in [Unit::Seconds, Unit::Milliseconds] {
        let Some(time) = unit.read(data) else { continue };
        let number = std::str::from_utf8(data).ok().and_then(|text| text.parse::<u64>().ok());
        let number =
            number.map(|number| if unit == Unit::Seconds { number } else { number / 1000 });
        assert_eq!(number, Some(time.0), "digits are read otherwise");
    }
    // A zone or a leap second leads beyond the last time that has a year of four digits.
    if let Some(time) = Unit::Rfc3339.read(data).filter(|time| time.0 < END) {
        let written = Unit::Rfc3339.write(time);
        assert_eq!(Unit::Rfc3339.read(written.as_bytes()), Some(time), "{written}");
        // Written as it is written here, it is the same text; but for a leap second, which no
        // count of seconds has, and the time of day is then that of the next minute.
        let is_plain =
            data.len() == written.len() && data.ends_with(b"Z") && data.get(10) == Some(&b'T');
        if is_plain && data.get(17..19) != Some(b"60") {
            assert_eq!(written.as_bytes(), data, "a date is read otherwise");
        }
    }
    if let Some(bytes) = data.first_chunk::<8>() {
        let time = UnixSeconds(u64::from_le_bytes(*bytes) % END);
        for unit in [Unit::Seconds, Unit::Milliseconds, Unit::Rfc3339] {
            assert_eq!(unit.read(unit.write(time).as_bytes()), Some(time), "{unit:?}");
        }
    }
}

/// A pointer, a line break, and a document: found as `serde_json` finds it in a whole tree.
pub fn json(data: &[u8]) {
    let (at, document) = split(data, b'\n');
    let Ok(at) = std::str::from_utf8(at) else { return };
    let found = pointer::find(document, at);
    let _ = pointer::is_empty_list(document, at);
    let _ = pointer::members(document);
    // `serde_json` takes an object with a name of its own for something else than an object.
    if document.windows(10).any(|window| window == b"serde_json")
        || document.windows(2).any(|window| window == b"\\u")
    {
        return;
    }
    // Text that is skipped need not be UTF-8: an id is found in spite of a name in Latin-1.
    if std::str::from_utf8(document).is_err() {
        return;
    }
    let Ok(tree) = serde_json::from_slice::<Value>(document) else {
        assert_eq!(found, None, "found in what is no JSON");
        return;
    };
    let expected = match tree.pointer(at) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    };
    assert_eq!(found, expected, "found otherwise at `{at}`");
}

/// Forms: what is written again is read as the same.
pub fn forms(data: &[u8]) {
    let pairs: Vec<_> = form::pairs(data).collect();
    let written: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    let written = written.join("&");
    let again: Vec<_> = form::pairs(written.as_bytes()).collect();
    assert_eq!(pairs, again, "{written}");
    for (name, _) in pairs.iter().take(16) {
        let Ok(text) = std::str::from_utf8(name) else { continue };
        let last = pairs.iter().rev().find(|(other, _)| other == name);
        assert_eq!(form::field(data, text).as_ref(), last.map(|(_, value)| value), "{text}");
    }
}

/// Hexadecimal and base64: strict, so that there is one text for the bytes.
pub fn encodings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(octets) = Encoding::Hex.decode(data) {
        assert_eq!(Encoding::Hex.encode(octets.as_slice()), text.to_ascii_lowercase());
    }
    if let Some(octets) = Encoding::Base64.decode(data) {
        assert_eq!(Encoding::Base64.encode(octets.as_slice()), text);
    }
    if let Some(octets) = Encoding::Base64Url.decode(data) {
        assert_eq!(Encoding::Base64Url.encode(octets.as_slice()), text.trim_end_matches('='));
    }
    if let Some(bytes) = decode_base64url(data) {
        assert_eq!(encode_base64url(&bytes), text);
    }
    if let Some(bytes) = decode_hex_secret(data) {
        assert_eq!(Encoding::Hex.encode(&bytes), text.to_ascii_lowercase());
    }
    let _ = decode_lenient(data);
    let short = data.get(..96.min(data.len())).unwrap_or_default();
    for encoding in [Encoding::Hex, Encoding::Base64, Encoding::Base64Url] {
        let octets = encoding.decode(encoding.encode(short).as_bytes());
        assert_eq!(octets.as_ref().map(Octets::as_slice), Some(short), "{encoding:?}");
    }
}

/// Templates, which are read again from what was read, and the schemes made of them.
pub fn templates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let generic = Generic {
        header: text.split('}').next().map(str::to_owned),
        template: Some(text.to_owned()),
        timestamp_header: text.contains("{timestamp}").then(|| "X-Time".to_owned()),
        id_header: text.contains("{id}").then(|| "X-Id".to_owned()),
        ..Generic::default()
    };
    let _ = generic.scheme();
    let _ = Fact::parse(text);
    match parse_template(text) {
        Err(error) => {
            let last = text.chars().count().max(1);
            assert!((1..=last).contains(&error.position), "{error}");
        }
        Ok(parts) => {
            let written: String = parts.iter().map(template_of).collect();
            assert_eq!(parse_template(&written).as_deref(), Ok(parts.as_slice()), "{written}");
        }
    }
}

fn template_of(part: &Part) -> String {
    match part {
        Part::Literal(text) => text.replace('{', "{{").replace('}', "}}"),
        Part::Body => "{body}".to_owned(),
        Part::Timestamp => "{timestamp}".to_owned(),
        Part::Id => "{id}".to_owned(),
        Part::Method => "{method}".to_owned(),
        Part::Url => "{url}".to_owned(),
        Part::Path => "{path}".to_owned(),
        Part::Header(name) => format!("{{header:{name}}}"),
        other => format!("{{{other:?}}}"),
    }
}

/// Secrets in every form, keys in PEM, DER and base64, and DER itself.
pub fn keys(data: &[u8]) {
    let _ = without_armour(data);
    let _ = der::certificate_end(data);
    for found in [der::rsa_public_key(data), der::certificate_key(data)].into_iter().flatten() {
        assert!(found.len() <= data.len(), "more than there was");
    }
    if let Some((r, s)) = der::ecdsa_signature(data) {
        assert!(r.len() + s.len() + 6 <= data.len(), "more than there was");
        assert!(r.first() != Some(&0) && s.first() != Some(&0), "not the shortest form");
    }
    let Ok(secret) = Secret::new(data) else { return };
    for form in [
        KeyForm::Text,
        KeyForm::TextWithoutPrefix,
        KeyForm::Hex,
        KeyForm::Base64,
        KeyForm::StandardWebhooks,
    ] {
        let _ = Key::new(&secret, form, Algorithm::HmacSha256);
    }
    for algorithm in [
        Algorithm::HmacSha256,
        Algorithm::EcdsaP256Sha256,
        Algorithm::Ed25519,
        Algorithm::RsaSha256,
        Algorithm::RsaSha1,
    ] {
        let _ = Key::new(&secret, KeyForm::Public, algorithm);
    }
    // The parsers below armour and base64, which the fuzzer does not write by chance.
    let armoured = Encoding::Base64.encode(data);
    let message = b"a message";
    if let Ok(key) = EcdsaKey::parse(armoured.as_bytes()) {
        assert!(!key.verify(message, data));
    }
    if let Ok(key) = EcdsaSha1Key::parse(armoured.as_bytes()) {
        assert!(!key.verify(message, data));
    }
    if let Ok(key) = Ed25519Key::parse(armoured.as_bytes()) {
        assert!(!key.verify(message, b""), "an empty signature");
    }
    if let Ok(key) = RsaKey::parse(armoured.as_bytes(), Algorithm::RsaSha256) {
        assert!(!key.verify(message, b""), "an empty signature");
    }
}

/// Signatures on P-256: what this crate's own arithmetic says is what `ring` says. The first 16
/// bytes are the message; the others change the point and the signature.
pub fn p256(data: &[u8]) {
    let (message, changes) = data.split_at(16.min(data.len()));
    let (point, signature) = samples::p256_signature(message);
    let (mut point, mut signature) = (point.clone(), signature);
    for change in changes.chunks_exact(2).take(8) {
        let &[at, value] = change else { continue };
        let length = point.len() + signature.len();
        let at = usize::from(at) % length;
        let byte = if at < point.len() {
            point.get_mut(at)
        } else {
            signature.get_mut(at.saturating_sub(65))
        };
        if let Some(byte) = byte {
            *byte ^= value;
        }
    }
    let ours = crate::p256::verify_hash(&point, &Sha256::digest(message), &signature).is_some();
    let theirs =
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point).verify(message, &signature);
    assert_eq!(ours, theirs.is_ok(), "point {point:02x?}, signature {signature:02x?}");
    // And with nothing of ours in it.
    let (point, signature) = data.split_at(65.min(data.len()));
    assert!(!crate::p256::verify_sha1(point, b"", signature), "a forgery");
}

/// JSON Web Tokens and sets of keys.
pub fn jwt(data: &[u8]) {
    const ALGORITHMS: &[JwsAlgorithm] =
        &[JwsAlgorithm::Hs256, JwsAlgorithm::Rs256, JwsAlgorithm::Es256, JwsAlgorithm::EdDsa];
    let (first, second) = split(data, b'\n');
    let ring = KeyRing::from_document(second, ALGORITHMS);
    assert!(!ring.fits(JwsAlgorithm::Hs256), "a shared secret out of a public document");
    let secrets = Secret::new(second).ok().into_iter().collect::<Vec<_>>();
    let _ = KeyRing::from_secrets(&secrets, ALGORITHMS);
    // As it is, and with the parts encoded, which the fuzzer does not write by chance.
    let parts: Vec<_> = first.split(|&byte| byte == b'.').map(encode_base64url).collect();
    for text in [first.to_vec(), parts.join(".").into_bytes()] {
        let Ok(token) = Token::parse(&text) else { continue };
        let _ = token.claims.time("exp");
        let _ = token.claims.says("aud", "x");
        for &algorithm in ALGORITHMS {
            for (_, key) in ring.candidates(algorithm, token.key_id.as_deref()) {
                let _ = token.is_signed_by(key, algorithm);
            }
            assert!(!token.is_signed_by(samples::jwt_key(), algorithm), "a forgery");
        }
    }
}

/// Files of test vectors, which anyone may hand to `hookyard verify --vectors`.
pub fn vectors(data: &[u8]) {
    let Ok(vectors) = Vectors::read(data) else { return };
    for case in vectors.cases.iter().take(4) {
        let _ = case.judge(vectors.provider);
    }
}
