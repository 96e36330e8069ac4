//! Contentful's scheme: HMAC-SHA256 over the method, the encoded path, headers that the request
//! names, and the body.
//!
//! Rules by contentful/node-apps-toolkit `src/requests/{sign,verify}-request.ts` and `utils.ts`.

use crate::bespoke::assembled::{MacKeys, in_header, required_header, signature, signed_header};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::scheme::{Algorithm, Covers, KeyForm, Unit};
use crate::template::is_header_name;
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

const SIGNATURE: &str = "x-contentful-signature";
const NAMES: &str = "x-contentful-signed-headers";
const TIMESTAMP: &str = "x-contentful-timestamp";
const TOPIC: &str = "x-contentful-topic";
const LENGTH: usize = 32;
const TOLERANCE: Option<u64> = Some(30);

/// Contentful's own way.
pub(crate) static CONTENTFUL: Bespoke = Bespoke {
    name: "Contentful",
    about: "HMAC-SHA256 over method, path, the headers that a header names and the body, in hexadecimal",
    headers: &[SIGNATURE, NAMES, TIMESTAMP],
    covers: Covers { body: true, timestamp: true, id: false, method: true, url: true },
    tolerance: TOLERANCE,
    publishes_keys: false,
    build: |secrets, options| {
        let keys = MacKeys::new(&secrets, KeyForm::Text, Algorithm::HmacSha256)?;
        Ok(Box::new(Contentful { keys, tolerance: options.tolerance.or(TOLERANCE) }))
    },
};

struct Contentful {
    keys: MacKeys,
    tolerance: Option<u64>,
}

impl Prove for Contentful {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let at = in_header(SIGNATURE);
        let claim = signature(signed_header(request, SIGNATURE)?, Encoding::Hex, LENGTH, &at)?;
        let text = request
            .single(TIMESTAMP)?
            .ok_or_else(|| Rejection::TimestampMissing { at: in_header(TIMESTAMP) })?;
        let signed_at = super::assembled::time(text, Unit::Milliseconds, &in_header(TIMESTAMP))?;
        let headers = signed_headers(request)?;
        let message = canonical(request, &headers);
        let secret = self
            .keys
            .made(&[&[message.as_slice(), request.body]], &[claim])
            .ok_or(Rejection::SignatureMismatch { at })?;
        check_age(text, signed_at, now, self.tolerance)?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        _: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        let time = Unit::Milliseconds.write(now);
        let topic = request.headers.value(TOPIC, 0);
        let names = [Some(NAMES), Some(TIMESTAMP), topic.map(|_| TOPIC)];
        let names = names.into_iter().flatten().collect::<Vec<_>>().join(",");
        let mut headers = vec![(NAMES, names.as_bytes()), (TIMESTAMP, time.as_bytes())];
        headers.extend(topic.map(|topic| (TOPIC, topic)));
        let message = canonical(request, &headers);
        let made = self.keys.sign(&[&message, request.body])?;
        let value = Encoding::Hex.encode(made.as_slice());
        let headers =
            vec![(NAMES.into(), names), (TIMESTAMP.into(), time), (SIGNATURE.into(), value)];
        Ok(Proof { headers, ..Proof::default() })
    }
}

/// The headers that are signed, in the order of their names. The list itself and the time must be
/// among them, or else neither would be proven.
fn signed_headers<'a>(request: &Received<'a>) -> Result<Vec<(&'a str, &'a [u8])>, Rejection> {
    let at = || in_header(NAMES);
    let malformed = |why| Rejection::SignatureMalformed { at: at(), why };
    let names = required_header(request, NAMES)?;
    let names = std::str::from_utf8(names).map_err(|_| malformed("it is not text"))?;
    let mut names: Vec<&str> = names.split(',').collect();
    names.sort_unstable();
    for required in [NAMES, TIMESTAMP] {
        if !names.contains(&required) {
            let at = format!("name `{required}` in the {}", at());
            return Err(Rejection::SignedPartMissing { at: at.into() });
        }
    }
    if !names.iter().all(|name| is_header_name(name)) {
        return Err(malformed("it is not a list of headers"));
    }
    names.into_iter().map(|name| Ok((name, required_header(request, name)?))).collect()
}

/// What is signed before the body.
fn canonical(request: &Received<'_>, headers: &[(&str, &[u8])]) -> Vec<u8> {
    let mut message = format!("{}\n{}\n", request.method, encoded_path(request)).into_bytes();
    for (index, (name, value)) in headers.iter().enumerate() {
        if index > 0 {
            message.push(b';');
        }
        message.extend_from_slice(name.as_bytes());
        message.push(b':');
        message.extend_from_slice(value.trim_ascii());
    }
    message.push(b'\n');
    message
}

/// The path as JavaScript's `encodeURI` has it, with the query escaped as one piece before. A
/// second question mark ends the query, as it does for Contentful.
fn encoded_path(request: &Received<'_>) -> String {
    let query = request.query().split('?').next().unwrap_or_default();
    let mut path = request.path().to_owned();
    if !query.is_empty() {
        path.push('?');
        escape(query, QUERY_AS_IT_IS, &mut path);
    }
    let mut encoded = String::with_capacity(path.len());
    escape(&path, PATH_AS_IT_IS, &mut encoded);
    encoded
}

/// What `encodeURIComponent` leaves as it is, beside letters and digits.
const QUERY_AS_IT_IS: &[u8] = b"-_.!~*'()";
/// What `encodeURI` leaves as it is, beside letters and digits.
const PATH_AS_IT_IS: &[u8] = b"-_.!~*'();,/?:@&=+$#";

fn escape(text: &str, as_it_is: &[u8], into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().map_or('0', char::from);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || as_it_is.contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// Contentful measures in milliseconds, and exactly as old as the tolerance is too old. A time
/// ahead of ours, which its library accepts however far it is, is as wrong as one behind.
fn check_age(
    text: &[u8],
    signed_at: UnixSeconds,
    now: UnixSeconds,
    tolerance: Option<u64>,
) -> Result<(), Rejection> {
    let Some(tolerance) = tolerance else { return Ok(()) };
    let signed = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok());
    let signed = signed.unwrap_or_else(|| signed_at.0.saturating_mul(1000));
    let (now_ms, width) = (now.0.saturating_mul(1000), tolerance.saturating_mul(1000));
    let difference = now_ms.abs_diff(signed);
    if difference == 0 || difference < width || (now_ms < signed && difference == width) {
        return Ok(());
    }
    let seconds = i64::try_from(difference.div_ceil(1000)).unwrap_or(i64::MAX);
    let seconds = if now_ms < signed { -seconds } else { seconds };
    Err(Rejection::TimestampOutsideWindow { seconds, tolerance })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_escaped_twice_and_paths_once() {
        let headers: [(&str, &str); 0] = [];
        for (url, expected) in [
            ("https://a.example/", "/"),
            ("https://a.example", "/"),
            ("https://a.example/api/r?q=1&w=2", "/api/r?q%253D1%2526w%253D2"),
            ("https://a.example/a%20b;c?x=y?z", "/a%2520b;c?x%253Dy"),
            ("https://a.example/a?!~*'()", "/a?!~*'()"),
            ("https://a.example/é?", "/%C3%A9"),
        ] {
            let request = Received { method: "GET", url, headers: &headers, body: b"" };
            assert_eq!(encoded_path(&request), expected, "{url}");
        }
    }

    #[test]
    fn exactly_as_old_as_the_tolerance_is_too_old() {
        let at = |now: u64, text: &str| {
            let signed_at = Unit::Milliseconds.read(text.as_bytes()).unwrap();
            check_age(text.as_bytes(), signed_at, UnixSeconds(now), Some(30)).is_ok()
        };
        for (now, expected) in
            [(1029, true), (1030, true), (1031, false), (971, true), (970, false)]
        {
            assert_eq!(at(now, "1000001"), expected, "{now}");
        }
        assert!(!at(1030, "1000000") && at(1029, "1000000") && at(970, "1000000"));
    }

    #[test]
    fn the_list_and_the_time_must_be_signed() {
        let read = |names: &str| {
            let headers = [(NAMES, names), (TIMESTAMP, "1"), ("x-a", "b")];
            let request = Received { method: "GET", url: "", headers: &headers, body: b"" };
            signed_headers(&request).map(|found| found.len()).map_err(|rejection| rejection.code())
        };
        assert_eq!(read("x-contentful-timestamp,x-a,x-contentful-signed-headers"), Ok(3));
        for names in [
            "",
            "x-a,x-contentful-timestamp",
            "x-a,x-contentful-signed-headers",
            "x-b,x-contentful-signed-headers,x-contentful-timestamp",
            "x-contentful-signed-headers,x-contentful-timestamp,",
            "x-contentful-signed-headers, x-contentful-timestamp",
        ] {
            assert_eq!(read(names), Err("signature_malformed"), "{names}");
        }
    }
}
