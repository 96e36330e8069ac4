//! Microsoft Graph's change notifications: every item of a request carries the secret as its
//! `clientState`.
//!
//! Source: <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks>.

use serde::Deserialize;
use serde_json::Value;

use crate::bespoke::{Bespoke, Prove};
use crate::scheme::{Covers, Text};
use crate::token::Tokens;
use crate::verifier::{Proof, Verified};
use crate::{Credential, Received, Rejection, Secret, SigningError, UnixSeconds};

const AT: Text = Text::Borrowed("JSON value `clientState` of every item of the body");
const WHAT: Credential = Credential::Token;
const ITEMS: Text = Text::Borrowed("JSON value `/value` of the body");

/// The secret in each item.
pub(crate) static MICROSOFT_GRAPH: Bespoke = Bespoke {
    name: "Microsoft Graph",
    about: "the secret itself, as the `clientState` of every item",
    headers: &[],
    covers: Covers { body: false, timestamp: false, id: false, method: false, url: false },
    tolerance: None,
    publishes_keys: false,
    build: |secrets: Vec<Secret>, _| Ok(Box::new(Graph(Tokens::new(secrets)))),
};

struct Graph(Tokens);

#[derive(Deserialize)]
struct Batch {
    value: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "clientState")]
    client_state: Option<String>,
}

impl Prove for Graph {
    /// One secret must stand in all items, or an attacker who knows that of one subscription
    /// could add items of another.
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        let read = serde_json::from_slice::<Batch>(request.body);
        let items = read.map_err(|_| Rejection::CredentialMissing { what: WHAT, at: AT })?.value;
        let mut proven = None;
        for item in &items {
            let state = item.client_state.as_deref();
            let state = state.ok_or(Rejection::CredentialMissing { what: WHAT, at: AT })?;
            if state.is_empty() {
                return Err(Rejection::CredentialMalformed {
                    what: WHAT,
                    at: AT,
                    why: "it is empty",
                });
            }
            let found = self.0.position(state.as_bytes());
            let found = found.ok_or(Rejection::CredentialMismatch { what: WHAT, at: AT })?;
            if proven.is_some_and(|before| before != found) {
                return Err(Rejection::CredentialMismatch { what: WHAT, at: AT });
            }
            proven = Some(found);
        }
        let secret = proven.ok_or(Rejection::CredentialMissing { what: WHAT, at: AT })?;
        Ok(Verified { secret, signed_at: None })
    }

    fn sign(&self, request: &Received<'_>, _: &str, _: UnixSeconds) -> Result<Proof, SigningError> {
        let no_place = || SigningError::NoPlace(ITEMS);
        let state = std::str::from_utf8(self.0.first()).map_err(|_| SigningError::NotText)?;
        let mut body: Value = serde_json::from_slice(request.body).map_err(|_| no_place())?;
        let items = body.get_mut("value").and_then(Value::as_array_mut).ok_or_else(no_place)?;
        for item in items {
            let item = item.as_object_mut().ok_or_else(no_place)?;
            item.insert("clientState".to_owned(), state.into());
        }
        let body = serde_json::to_vec(&body).map_err(|_| no_place())?;
        Ok(Proof { body: Some(body), ..Proof::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_carries_the_secret() {
        let secrets = ["one", "two"].map(|secret| Secret::new(secret).unwrap());
        let graph = Graph(Tokens::new(secrets.into()));
        let verify = |body: &str| {
            let headers: [(&str, &str); 0] = [];
            let request =
                Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
            match graph.verify(&request, UnixSeconds(0), None) {
                Ok(verified) => verified.secret.to_string(),
                Err(rejection) => rejection.code().to_owned(),
            }
        };
        for (body, expected) in [
            (r#"{"value":[{"clientState":"one"},{"clientState":"one"}]}"#, "0"),
            (r#"{"value":[{"clientState":"two"}]}"#, "1"),
            (r#"{"value":[{"clientState":"one"},{"clientState":"two"}]}"#, "token_mismatch"),
            (r#"{"value":[{"clientState":"one"},{"clientState":"x"}]}"#, "token_mismatch"),
            (r#"{"value":[{"clientState":"one"},{}]}"#, "token_missing"),
            (r#"{"value":[{"clientState":"one"},{"clientState":1}]}"#, "token_missing"),
            (r#"{"value":[{"clientState":""}]}"#, "token_malformed"),
            (r#"{"value":[]}"#, "token_missing"),
            (r#"{"clientState":"one"}"#, "token_missing"),
            (r#"{"value":[],"value":[{"clientState":"one"}]}"#, "token_missing"),
            (r#"{"value":[{"clientState":"x","clientState":"one"}]}"#, "token_missing"),
        ] {
            assert_eq!(verify(body), expected, "{body}");
        }
    }
}
