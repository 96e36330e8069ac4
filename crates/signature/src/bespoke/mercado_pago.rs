//! Mercado Pago's scheme: HMAC-SHA256 over the id in the query, the request's id and the time. The
//! body is not signed.
//!
//! Rules by <https://www.mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks>
//! and the npm package `mercadopago` 3.6.1 (`utils/webhook`).

use crate::bespoke::assembled::{Fields, MacKeys, in_header, signatures};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets};
use crate::scheme::{Algorithm, Covers, KeyForm, Place, Text, Unit};
use crate::signed::check_age;
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

const HEADER: &str = "x-signature";
const REQUEST_ID: &str = "x-request-id";
const DATA_ID: Place = Place::Query(Text::Borrowed("data.id"));
const LENGTH: usize = 32;
/// Seconds have fewer digits than this until the year 5138.
const MILLISECOND_DIGITS: usize = 12;

/// Mercado Pago's own way. The query's `data.id` names the resource, which is to be asked for.
pub(crate) static MERCADO_PAGO: Bespoke = Bespoke {
    name: "Mercado Pago",
    about: "HMAC-SHA256 over `data.id` of the query, the request's id and the time, in hexadecimal (`ts=…,v1=…`)",
    headers: &[HEADER, REQUEST_ID],
    covers: Covers { body: false, timestamp: true, id: false, method: false, url: false },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, options| {
        let keys = MacKeys::new(&secrets, KeyForm::Text, Algorithm::HmacSha256)?;
        Ok(Box::new(MercadoPago { keys, tolerance: options.tolerance }))
    },
};

struct MercadoPago {
    keys: MacKeys,
    tolerance: Option<u64>,
}

impl Prove for MercadoPago {
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let fields = Fields::read(request, HEADER)?;
        let text = fields
            .one("ts")?
            .ok_or_else(|| Rejection::TimestampMissing { at: fields.at().clone() })?;
        // Some products send seconds, others milliseconds.
        let milliseconds = text.len() >= MILLISECOND_DIGITS;
        let unit = if milliseconds { Unit::Milliseconds } else { Unit::Seconds };
        let (time, signed_at) = fields.time("ts", unit)?;
        let claims = signatures(fields.all("v1"), Encoding::Hex, LENGTH, fields.at())?;
        let request_id = request.single(REQUEST_ID)?.map(<[u8]>::to_vec);
        let data_id = request.at(&DATA_ID)?.map(|id| id.to_ascii_lowercase());
        for (part, at) in [(&data_id, DATA_ID.described()), (&request_id, in_header(REQUEST_ID))] {
            // With one, a part could pass for its neighbour.
            if part.as_ref().is_some_and(|part| part.contains(&b';')) {
                return Err(Rejection::SignatureMalformed { at, why: "it holds a semicolon" });
            }
        }
        let message = message(data_id.as_deref(), request_id.as_deref(), time);
        let secret = self
            .keys
            .made(&[&[&message]], &claims)
            .ok_or_else(|| Rejection::SignatureMismatch { at: fields.at().clone() })?;
        check_age(Some(signed_at), now, self.tolerance)?;
        Ok(Verified { secret, signed_at: Some(signed_at) })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';') {
            return Err(SigningError::IdMalformed);
        }
        let missing = || SigningError::PartMissing(DATA_ID.described());
        let data_id = request.at(&DATA_ID).map_err(|_| missing())?;
        let data_id = data_id.map(|id| id.to_ascii_lowercase());
        if data_id.as_ref().is_some_and(|id| id.contains(&b';')) {
            return Err(missing());
        }
        let time = Unit::Milliseconds.write(now);
        let message = message(data_id.as_deref(), Some(id.as_bytes()), time.as_bytes());
        let made = self.keys.sign_all(&[&message]);
        let write = |tag: &Octets| format!(",v1={}", Encoding::Hex.encode(tag.as_slice()));
        let value = format!("ts={time}{}", made.iter().map(write).collect::<String>());
        let headers = vec![(REQUEST_ID.into(), id.to_owned()), (HEADER.into(), value)];
        Ok(Proof { headers, ..Proof::default() })
    }
}

/// The names and values with semicolons behind them. What is missing or empty is left out.
fn message(data_id: Option<&[u8]>, request_id: Option<&[u8]>, time: &[u8]) -> Vec<u8> {
    let parts = [(&b"id"[..], data_id), (b"request-id", request_id), (b"ts", Some(time))];
    let mut message = Vec::new();
    for (name, value) in parts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            for piece in [name, b":", value, b";"] {
                message.extend_from_slice(piece);
            }
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_left_out() {
        let text = |data: Option<&str>, request: Option<&str>| {
            let bytes = message(data.map(str::as_bytes), request.map(str::as_bytes), b"1");
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(text(Some("a"), Some("b")), "id:a;request-id:b;ts:1;");
        assert_eq!(text(None, Some("b")), "request-id:b;ts:1;");
        assert_eq!(text(Some("a"), Some("")), "id:a;ts:1;");
        assert_eq!(text(None, None), "ts:1;");
    }
}
