//! Access tokens that a key server wants to see, by the client credentials grant of OAuth 2.0.

use std::time::Duration;

use bytes::Bytes;
use hookyard_delivery::Answer;
use hookyard_signature::{AccessToken, Authorization, Fetch};
use serde_json::Value;

use super::cache::Place;
use super::{Found, Keys, Unavailable, read};
use crate::config::Source;

/// A token is not used for the last of its time: it has to be good when it arrives.
const SPARE: Duration = Duration::from_secs(60);
/// What a token server may say is wrong (RFC 6749, section 5.2). Other words are its own, and stand
/// in no log.
const ERRORS: [&str; 6] = [
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
];

impl Keys {
    /// The value of `Authorization` by a token that is good for a while: one that is remembered, or
    /// a new one. It is fetched for a key alone, and so no more often than keys are.
    pub(super) async fn token(
        &self,
        source: &Source,
        fetch: &Fetch,
    ) -> Result<String, Unavailable> {
        let slot = self.cache.slot(&Place::new(source, fetch));
        let is_good = |found: &Found| is_good(found, fetch, SPARE);
        let fetched = slot.once(is_good, || Ok(()), self.fetch_token(source, fetch)).await;
        let found = fetched.or_else(|failure| {
            let last = slot.found().filter(|found| self::is_good(found, fetch, Duration::ZERO));
            last.ok_or(failure)
        })?;
        let token = AccessToken::read(&found.bytes).ok_or_else(none)?;
        Ok(token.authorization())
    }

    async fn fetch_token(&self, source: &Source, fetch: &Fetch) -> Result<Bytes, Unavailable> {
        let credentials = match &fetch.authorization {
            Some(Authorization::Value(value)) => Some(value.as_str()),
            Some(Authorization::Token(_)) | None => None,
        };
        let answer = self.exchange(source, fetch, credentials).await?;
        let refusal = refusal(&answer);
        let bytes = read(answer, "token server").map_err(|failure| refusal.unwrap_or(failure))?;
        AccessToken::read(&bytes).is_some().then_some(bytes).ok_or_else(none)
    }

    /// Forgets a token that the key server does not take any more, so that the next key is asked
    /// for with a new one.
    pub(super) fn forget_token(&self, source: &Source, fetch: &Fetch) {
        self.cache.slot(&Place::new(source, fetch)).forget();
    }
}

fn none() -> Unavailable {
    Unavailable::new("the token server's answer holds no access token")
}

/// Whether a token is good for more than `spare`.
fn is_good(found: &Found, fetch: &Fetch, spare: Duration) -> bool {
    let says = AccessToken::read(&found.bytes).and_then(|token| token.expires_in());
    let seconds = says.map_or(fetch.max_age, |seconds| seconds.min(fetch.max_age));
    found.fetched_at.elapsed() + spare < Duration::from_secs(seconds)
}

/// Why a token server refuses, where it says so in a word that is known.
fn refusal(answer: &Answer) -> Option<Unavailable> {
    let said: Value = serde_json::from_slice(&answer.body).ok()?;
    let said = said.get("error")?.as_str()?;
    let word = ERRORS.into_iter().find(|word| *word == said)?;
    let hint = match word {
        "invalid_client" | "unauthorized_client" => {
            "; look at `client_id` and `client_secret` in the source's settings"
        }
        _ => "",
    };
    let status = answer.status.as_u16();
    Some(Unavailable::new(format!("the token server answered {status} `{word}`{hint}")))
}
