//! Hook0's scheme, also that of Coinbase's Developer Platform: HMAC-SHA256 over the time, headers
//! that the signature names, and the body.
//!
//! Rules by hook0/hook0 `clients/conformance/signature.json`, every verdict of which was checked,
//! and <https://docs.cdp.coinbase.com/webhooks/verify-signatures>.

use crate::bespoke::assembled::{Fields, MacKeys, required_header, signatures};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets};
use crate::scheme::{Algorithm, Covers, KeyForm, Unit};
use crate::signed::{check_age, is_id};
use crate::template::is_header_name;
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

const HEADER: &str = "x-hook0-signature";
const EVENT_ID: &str = "x-event-id";
const EVENT_TYPE: &str = "x-event-type";
const LENGTH: usize = 32;
const TOLERANCE: Option<u64> = Some(300);

/// Hook0's own way. The older `v0` signs no headers and stands beside `v1`, so whoever has seen
/// a request can take `v1` off: ids are not protected.
pub(crate) static HOOK0: Bespoke = Bespoke {
    name: "Hook0",
    about: "HMAC-SHA256 over the time, the headers that the signature names and the body, in hexadecimal (`t=…,h=…,v1=…`)",
    headers: &[HEADER],
    covers: Covers { body: true, timestamp: true, id: false, method: false, url: false },
    tolerance: TOLERANCE,
    publishes_keys: false,
    build: |secrets, options| {
        let keys = MacKeys::new(&secrets, KeyForm::Text, Algorithm::HmacSha256)?;
        Ok(Box::new(Hook0 { keys, tolerance: options.tolerance.or(TOLERANCE) }))
    },
};

struct Hook0 {
    keys: MacKeys,
    tolerance: Option<u64>,
}

impl Prove for Hook0 {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let fields = Fields::read(request, HEADER)?;
        let (time, signed_at) = fields.time("t", Unit::Seconds)?;
        // A right `v0` beside a wrong `v1` proves nothing that `v1` was meant to.
        let newer = fields.all("v1").next().is_some();
        let read = |name| signatures(fields.all(name), Encoding::Hex, LENGTH, fields.at());
        let found = if newer {
            let names = fields.one("h")?.ok_or_else(|| Rejection::SignedPartMissing {
                at: format!("field `h` of the {}", fields.at()).into(),
            })?;
            let values = values(request, names, fields.at())?;
            let message = [time, b".", names, b".", &values, b".", request.body];
            self.keys.made(&[&message], &read("v1")?)
        } else {
            self.keys.made(&[&[time, b".", request.body]], &read("v0")?)
        };
        let secret =
            found.ok_or_else(|| Rejection::SignatureMismatch { at: fields.at().clone() })?;
        check_age(Some(signed_at), now, self.tolerance)?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        if !is_id(id.as_bytes()) {
            return Err(SigningError::IdMalformed);
        }
        let time = Unit::Seconds.write(now);
        let kind = request.headers.value(EVENT_TYPE, 0);
        let names = if kind.is_some() { "x-event-id x-event-type" } else { EVENT_ID };
        let values = match kind {
            Some(kind) => [id.as_bytes(), kind].join(&b'.'),
            None => id.as_bytes().to_vec(),
        };
        let (names_read, time_read) = (names.as_bytes(), time.as_bytes());
        let made =
            self.keys.sign_all(&[time_read, b".", names_read, b".", &values, b".", request.body]);
        let write = |tag: &Octets| format!(",v1={}", Encoding::Hex.encode(tag.as_slice()));
        let value = format!("t={time},h={names}{}", made.iter().map(write).collect::<String>());
        let headers = vec![(EVENT_ID.into(), id.to_owned()), (HEADER.into(), value)];
        Ok(Proof { headers, ..Proof::default() })
    }
}

/// The values of the headers that are named, in that order, with dots between them. Nothing marks
/// where one of them ends, so an id with a dot, which could be a part of its neighbour, is refused.
fn values(
    request: &Received<'_>,
    names: &[u8],
    at: &crate::scheme::Text,
) -> Result<Vec<u8>, Rejection> {
    let mut values = Vec::new();
    for name in names.split(|&byte| byte == b' ').filter(|name| !name.is_empty()) {
        let name = std::str::from_utf8(name).ok().filter(|name| is_header_name(name));
        let name =
            name.map(str::to_ascii_lowercase).ok_or_else(|| Rejection::SignatureMalformed {
                at: at.clone(),
                why: "its field `h` is not a list of headers",
            })?;
        let value = required_header(request, &name)?;
        if name == EVENT_ID && !is_id(value) {
            return Err(Rejection::IdMalformed { at: super::assembled::in_header(&name) });
        }
        values.push(value);
    }
    Ok(values.join(&b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Secret};

    fn judge(headers: &[(&str, String)], body: &str) -> Result<usize, &'static str> {
        let secrets = vec![Secret::new("a-test-secret").unwrap()];
        let verifier = (HOOK0.build)(secrets, &Options::default()).unwrap();
        let request =
            Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
        let verdict = verifier.verify(&request, UnixSeconds(1_800_000_000), None);
        verdict.map(|verified| verified.secret).map_err(|rejection| rejection.code())
    }

    #[test]
    fn parts_of_a_header_do_not_become_its_neighbours() {
        let signature = "t=1800000000,h=x-event-id x-event-type,v1=d54c870c0bea9842ca7ab72ed72f4b27050e507d61ca75b7a469a7d1b335cd15";
        let with = |id: &str, kind: &str| {
            let headers = [
                ("X-Event-Id", id.to_owned()),
                ("X-Event-Type", kind.to_owned()),
                ("X-Hook0-Signature", signature.to_owned()),
            ];
            judge(&headers, r#"{"event":"user.created"}"#)
        };
        assert_eq!(with("e1", "user.created"), Ok(0));
        assert_eq!(with("e1.user", "created"), Err("id_malformed"));
        assert_eq!(with("e1", "user"), Err("signature_mismatch"));
    }

    #[test]
    fn a_list_of_headers_is_required_and_read_strictly() {
        let zeros = "0".repeat(64);
        for (fields, expected) in [
            (format!("t=1800000000,v1={zeros}"), "signature_malformed"),
            (format!("t=1800000000,h=a b,v1={zeros}"), "signature_malformed"),
            (format!("t=1800000000,h=a\u{7f},v1={zeros}"), "signature_malformed"),
            (format!("t=1800000000,h=,h=,v1={zeros}"), "proof_ambiguous"),
            (format!("h=,v1={zeros}"), "timestamp_malformed"),
            ("t=1800000000".to_owned(), "signature_missing"),
            (format!("t=1800000000,h=,v1={zeros}"), "signature_mismatch"),
        ] {
            assert_eq!(
                judge(&[("x-hook0-signature", fields.clone())], ""),
                Err(expected),
                "{fields}"
            );
        }
    }
}
