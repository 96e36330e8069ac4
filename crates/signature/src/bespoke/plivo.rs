//! Plivo's scheme: HMAC-SHA256 over the URL, the sorted parameters and a nonce (V3), or over the
//! URL without its query and a nonce (V2).
//!
//! Rules by <https://www.plivo.com/docs/voice/concepts/signature-validation> and by what Plivo's own
//! libraries accept (plivo-node `lib/utils/{security,v3Security}.js`, plivo-python
//! `plivo/utils/signature_v3.py`).

use crate::bespoke::assembled::{MacKeys, in_header, required_header, signatures};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::{Encoding, Octets};
use crate::form;
use crate::message::IN_FORM;
use crate::scheme::{Algorithm, Covers, KeyForm};
use crate::signed::is_id;
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

const V3: &str = "x-plivo-signature-v3";
/// The same by the token of the main account, beside that of a subaccount.
const V3_MAIN: &str = "x-plivo-signature-ma-v3";
const V3_NONCE: &str = "x-plivo-signature-v3-nonce";
const V2: &str = "x-plivo-signature-v2";
const V2_NONCE: &str = "x-plivo-signature-v2-nonce";
const LENGTH: usize = 32;

/// Plivo's own way. V2, which signs no parameters, is accepted only where there are none.
pub(crate) static PLIVO: Bespoke = Bespoke {
    name: "Plivo",
    about: "HMAC-SHA256 over the URL, the sorted parameters and a nonce (V3), or over the URL without its query and a nonce (V2), in base64",
    headers: &[V3, V3_MAIN, V3_NONCE, V2, V2_NONCE],
    covers: Covers { body: true, timestamp: false, id: false, method: false, url: true },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, _| {
        let keys = MacKeys::new(&secrets, KeyForm::Text, Algorithm::HmacSha256)?;
        Ok(Box::new(Plivo { keys }))
    },
};

struct Plivo {
    keys: MacKeys,
}

impl Prove for Plivo {
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let (newer, main) = (request.single(V3)?, request.single(V3_MAIN)?);
        let (at, nonce, message) = match (newer.or(main), request.single(V2)?) {
            (Some(_), _) => {
                let at = in_header(if newer.is_some() { V3 } else { V3_MAIN });
                (at, nonce(request, V3_NONCE)?, with_parameters(request)?)
            }
            (None, Some(_)) => {
                let bare = request.body.is_empty() && request.query().is_empty();
                if !bare {
                    let wanted = format!("`{V3}`, which signs the parameters too").into();
                    return Err(Rejection::AlgorithmNotAllowed { at: in_header(V2), wanted });
                }
                (in_header(V2), nonce(request, V2_NONCE)?, place(request).as_bytes().to_vec())
            }
            (None, None) => return Err(Rejection::SignatureMissing { at: in_header(V3) }),
        };
        let older = if newer.or(main).is_none() { request.single(V2)? } else { None };
        let texts = [newer, main, older].into_iter().flatten();
        let texts = texts.flat_map(|list| list.split(|&byte| byte == b','));
        let claims = signatures(texts, Encoding::Base64, LENGTH, &at)?;
        let glue: &[u8] = if older.is_some() { b"" } else { b"." };
        let secret = self.keys.made(&[&[&message, glue, nonce]], &claims);
        let secret = secret.ok_or(Rejection::SignatureMismatch { at })?;
        Ok(Verified { secret, signed_at: None })
    }

    fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        _: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        if !is_id(id.as_bytes()) {
            return Err(SigningError::IdMalformed);
        }
        let message = with_parameters(request)
            .map_err(|_| SigningError::PartMissing("form in the body".into()))?;
        let made = self.keys.sign_all(&[&message, b".", id.as_bytes()]);
        let write = |tag: &Octets| Encoding::Base64.encode(tag.as_slice());
        let value = made.iter().map(write).collect::<Vec<_>>().join(",");
        let headers = vec![(V3.into(), value), (V3_NONCE.into(), id.to_owned())];
        Ok(Proof { headers, ..Proof::default() })
    }
}

/// The nonce. A dot stands before it, so one with a dot could be a part of the parameters.
fn nonce<'a>(request: &Received<'a>, name: &str) -> Result<&'a [u8], Rejection> {
    let nonce = required_header(request, name)?;
    is_id(nonce).then_some(nonce).ok_or_else(|| Rejection::IdMalformed { at: in_header(name) })
}

/// The URL without its query.
fn place<'a>(request: &Received<'a>) -> &'a str {
    let end = request.url.find(['?', '#']).unwrap_or(request.url.len());
    request.url.get(..end).unwrap_or(request.url)
}

/// The URL, its query sorted, and the form sorted: `place[?query][.form]`, and `place?form` where
/// there is a form and no query.
fn with_parameters(request: &Received<'_>) -> Result<Vec<u8>, Rejection> {
    let form = if request.is_form() { request.body } else { b"" };
    if form.is_empty() && !request.body.is_empty() {
        // Nothing would be said about the body.
        return Err(Rejection::SignedPartMissing { at: IN_FORM });
    }
    let query = sorted(request.query().as_bytes(), b"=", b"&");
    let form = sorted(form, b"", b"");
    let mut message = place(request).as_bytes().to_vec();
    let has_form = request.is_form() && form::pairs(request.body).next().is_some();
    if !query.is_empty() || has_form {
        message.push(b'?');
    }
    message.extend_from_slice(&query);
    if !query.is_empty() && has_form {
        message.push(b'.');
    }
    message.extend_from_slice(&form);
    Ok(message)
}

/// The decoded names and values in order, with `glue` between name and value.
fn sorted(form: &[u8], glue: &[u8], between: &[u8]) -> Vec<u8> {
    let mut pairs: Vec<_> = form::pairs(form).collect();
    pairs.sort_unstable();
    let pairs = pairs.iter().map(|(name, value)| [&**name, glue, &**value].concat());
    pairs.collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Secret};

    const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

    #[test]
    fn parameters_are_glued_as_plivo_does() {
        for (url, body, expected) in [
            ("https://a.example/x", "", "https://a.example/x"),
            ("https://a.example", "", "https://a.example"),
            ("https://a.example/x?b=2&a=1+1&b=1", "", "https://a.example/x?a=1 1&b=1&b=2"),
            ("https://a.example/x", "To=1&From=2", "https://a.example/x?From2To1"),
            ("https://a.example/x?q=%26#f", "To=1&To=0", "https://a.example/x?q=&.To0To1"),
        ] {
            let headers = [FORM];
            let request =
                Received { method: "POST", url, headers: &headers, body: body.as_bytes() };
            let found = String::from_utf8(with_parameters(&request).unwrap()).unwrap();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_older_signature_stands_for_nothing_but_the_url() {
        let verifier =
            (PLIVO.build)(vec![Secret::new("my_auth_token").unwrap()], &Options::default());
        let verifier = verifier.unwrap();
        let older = [
            FORM,
            ("X-Plivo-Signature-V2", "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="),
            ("X-Plivo-Signature-V2-Nonce", "12345"),
        ];
        let judge = |headers: &[(&str, &str)], url, body: &str| {
            let request =
                Received { method: "POST", url, headers: &headers, body: body.as_bytes() };
            let verdict = verifier.verify(&request, UnixSeconds(0), None);
            verdict.map_or_else(|rejection| rejection.code(), |_| "ok")
        };
        assert_eq!(judge(&older, "https://answer.url", ""), "ok");
        assert_eq!(judge(&older, "https://answer.url?a=1", ""), "algorithm_not_allowed");
        assert_eq!(judge(&older, "https://answer.url", "a=1"), "algorithm_not_allowed");
        let newer = ("X-Plivo-Signature-V3", "AAAA");
        let nonce = ("X-Plivo-Signature-V3-Nonce", "1");
        let both = [&older[..], &[newer, nonce]].concat();
        assert_eq!(judge(&both, "https://answer.url", ""), "signature_malformed");
        assert_eq!(judge(&[newer], "https://answer.url", ""), "signature_malformed");
        assert_eq!(
            judge(&[newer, ("X-Plivo-Signature-V3-Nonce", "a.b")], "https://answer.url", ""),
            "id_malformed"
        );
        assert_eq!(judge(&[newer, nonce], "https://answer.url", "{}"), "signature_malformed");
        assert_eq!(judge(&[], "https://answer.url", ""), "signature_missing");
    }
}
