//! Adyen's scheme for standard payment webhooks: every item of the list has a signature of its own,
//! an HMAC-SHA256 over eight of its fields.
//!
//! Rules by <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures> and by
//! what Adyen's own libraries accept (adyen-node-api-library `src/utils/hmacValidator.ts`,
//! adyen-python-api-library `test/UtilTest.py`). Older documentation escapes `\` and `:`; their
//! test values show that it is not done.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::bespoke::assembled::{MacKeys, signature};
use crate::bespoke::{Bespoke, Prove};
use crate::encoding::Encoding;
use crate::scheme::{Algorithm, Covers, KeyForm, Text};
use crate::verifier::{Proof, Verified};
use crate::{Received, Rejection, SigningError, UnixSeconds};

const LENGTH: usize = 32;
const BODY: Text = Text::Borrowed("body as a notification of Adyen");

/// Adyen's own way. Of each item eight fields are protected, among them the reference, the amount
/// and whether it succeeded, but not the time, the reason or any other data.
pub(crate) static ADYEN: Bespoke = Bespoke {
    name: "Adyen",
    about: "HMAC-SHA256 over eight fields of each item, joined by colons, in base64, in the item's own `hmacSignature`; the secret is hexadecimal of the key",
    headers: &[],
    covers: Covers { body: false, timestamp: false, id: false, method: false, url: false },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, _| {
        let keys = MacKeys::new(&secrets, KeyForm::Hex, Algorithm::HmacSha256)?;
        Ok(Box::new(Adyen { keys }))
    },
};

struct Adyen {
    keys: MacKeys,
}

impl Prove for Adyen {
    /// Every item must be signed. While a key is being changed, items may be signed by different
    /// ones; then the one that comes last in the configuration is told.
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let mut secret = 0;
        for Item { path, fields } in items(request.body)? {
            let at: Text =
                format!("JSON value `{path}/additionalData/hmacSignature` of the body").into();
            let claim =
                fields.additional_data.as_ref().and_then(|data| data.hmac_signature.as_ref());
            let claim = claim.ok_or_else(|| Rejection::SignatureMissing { at: at.clone() })?;
            let claim = signature(claim.as_bytes(), Encoding::Base64, LENGTH, &at)?;
            let message = message(&fields).ok_or(Rejection::SignedPartMissing { at: BODY })?;
            let made = self.keys.made(&[&[message.as_bytes()]], &[claim]);
            secret = secret.max(made.ok_or(Rejection::SignatureMismatch { at })?);
        }
        Ok(Verified { secret, signed_at: None })
    }

    fn sign(&self, request: &Received<'_>, _: &str, _: UnixSeconds) -> Result<Proof, SigningError> {
        let no_place = || SigningError::NoPlace(BODY);
        let mut document: Value = serde_json::from_slice(request.body).map_err(|_| no_place())?;
        // What is signed is what will be sent, so the items are read from the body as it is written.
        let written = serde_json::to_vec(&document).map_err(|_| no_place())?;
        let items = items(&written).map_err(|_| no_place())?;
        for Item { path, fields } in items {
            let message = message(&fields).ok_or_else(no_place)?;
            let made = self.keys.sign(&[message.as_bytes()])?;
            let item = document.pointer_mut(&path).and_then(Value::as_object_mut);
            let data = item
                .ok_or_else(no_place)?
                .entry("additionalData")
                .or_insert_with(|| Value::Object(serde_json::Map::new()));
            data.as_object_mut().ok_or_else(no_place)?.insert(
                "hmacSignature".to_owned(),
                Encoding::Base64.encode(made.as_slice()).into(),
            );
        }
        let body = serde_json::to_vec(&document).map_err(|_| no_place())?;
        Ok(Proof { body: Some(body), ..Proof::default() })
    }
}

/// Items in their wrappings. A key that is there twice is refused, since it would
/// not be clear which of its values is signed.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(rename = "notificationItems", borrow)]
    items: Option<Vec<Wrapping<'a>>>,
}

#[derive(Deserialize)]
struct Wrapping<'a> {
    #[serde(rename = "NotificationRequestItem", borrow)]
    item: Fields<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    psp_reference: Option<&'a RawValue>,
    #[serde(borrow)]
    original_reference: Option<&'a RawValue>,
    #[serde(borrow)]
    merchant_account_code: Option<&'a RawValue>,
    #[serde(borrow)]
    merchant_reference: Option<&'a RawValue>,
    #[serde(borrow)]
    amount: Option<Amount<'a>>,
    #[serde(borrow)]
    event_code: Option<&'a RawValue>,
    #[serde(borrow)]
    success: Option<&'a RawValue>,
    #[serde(borrow)]
    additional_data: Option<AdditionalData<'a>>,
}

#[derive(Deserialize)]
struct Amount<'a> {
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdditionalData<'a> {
    #[serde(borrow)]
    hmac_signature: Option<Cow<'a, str>>,
}

/// An item and the JSON pointer to it.
struct Item<'a> {
    path: String,
    fields: Fields<'a>,
}

/// The items of the body, at least one. A body may also be one item without any wrapping, as in
/// the test data of Adyen's libraries.
fn items(body: &[u8]) -> Result<Vec<Item<'_>>, Rejection> {
    let malformed = |_| Rejection::SignedPartMissing { at: BODY };
    let batch: Batch<'_> = serde_json::from_slice(body).map_err(malformed)?;
    let Some(items) = batch.items else {
        let fields = serde_json::from_slice(body).map_err(malformed)?;
        return Ok(vec![Item { path: String::new(), fields }]);
    };
    if items.is_empty() {
        let at = "JSON value `/notificationItems/0` of the body with a signature".into();
        return Err(Rejection::SignatureMissing { at });
    }
    let wrapped = items.into_iter().enumerate().map(|(index, wrapping)| Item {
        path: format!("/notificationItems/{index}/NotificationRequestItem"),
        fields: wrapping.item,
    });
    Ok(wrapped.collect())
}

/// The eight fields with colons between them. One that is missing is empty.
fn message(fields: &Fields<'_>) -> Option<String> {
    let amount = fields.amount.as_ref();
    let signed = [
        fields.psp_reference,
        fields.original_reference,
        fields.merchant_account_code,
        fields.merchant_reference,
        amount.and_then(|amount| amount.value),
        amount.and_then(|amount| amount.currency),
        fields.event_code,
        fields.success,
    ];
    let texts: Option<Vec<_>> =
        signed.into_iter().map(|field| field.map_or(Some("".into()), text)).collect();
    Some(texts?.join(":"))
}

/// The text of a value; of a number its very digits, which no floating point has touched. Nothing
/// for lists and objects.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
        b'[' | b'{' => None,
        b'n' => Some(Cow::Borrowed("")),
        _ => Some(Cow::Borrowed(raw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Secret};

    fn judge(body: &str) -> Result<usize, &'static str> {
        let keys = ["00ff", "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"];
        let secrets = keys.iter().map(|&key| Secret::new(key).unwrap()).collect();
        let verifier = (ADYEN.build)(secrets, &Options::default()).unwrap();
        let headers: [(&str, &str); 0] = [];
        let request =
            Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
        let verdict = verifier.verify(&request, UnixSeconds(0), None);
        verdict.map(|verified| verified.secret).map_err(|rejection| rejection.code())
    }

    #[test]
    fn what_is_signed_is_the_text_of_each_field() {
        let message_of = |json: &str| message(&serde_json::from_str(json).unwrap());
        for (json, expected) in [
            (r#"{"amount":{"value":1130,"currency":"EUR"}}"#, Some("::::1130:EUR::")),
            (r#"{"amount":{"value":1e400}}"#, Some("::::1e400:::")),
            (
                r#"{"amount":{"value":12345678901234567890123}}"#,
                Some("::::12345678901234567890123:::"),
            ),
            (r#"{"amount":{"value":1.10},"success":true}"#, Some("::::1.10:::true")),
            (r#"{"merchantReference":"\\:/\u00e9"}"#, Some(":::\\:/é::::")),
            (r#"{"pspReference":null,"amount":null}"#, Some(":::::::")),
            (r#"{"pspReference":["x"]}"#, None),
            (r#"{"pspReference":"\ud800"}"#, None),
        ] {
            assert_eq!(message_of(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_not_a_notification_is_refused() {
        let item = r#"{"NotificationRequestItem":{"pspReference":"7914073381342284","merchantReference":"TestPayment-1407325143704","merchantAccountCode":"TestMerchant","amount":{"currency":"EUR","value":1130},"eventCode":"AUTHORISATION","success":"true","additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="}}}"#;
        let notification = |items: &str| format!("{{\"notificationItems\":[{items}]}}");
        assert_eq!(judge(&notification(item)), Ok(1));
        assert_eq!(judge(&notification(&format!("{item},{item}"))), Ok(1));
        let twice = item.replace("\"success\"", "\"pspReference\":\"1\",\"success\"");
        let number = item.replace("1130", "1130.0");
        for (body, expected) in [
            (String::new(), "signature_malformed"),
            ("{}".to_owned(), "signature_missing"),
            (notification(""), "signature_missing"),
            (notification("{}"), "signature_malformed"),
            (notification(&twice), "signature_malformed"),
            (notification(&number), "signature_mismatch"),
            (notification(&item.replace("coqC", "coq")), "signature_malformed"),
            (notification(&item.replace("hmacSignature", "hmacsignature")), "signature_missing"),
            (
                format!("{{\"notificationItems\":[],\"notificationItems\":[{item}]}}"),
                "signature_malformed",
            ),
        ] {
            assert_eq!(judge(&body), Err(expected), "{body}");
        }
    }
}
