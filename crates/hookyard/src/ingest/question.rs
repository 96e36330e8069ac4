//! Providers' questions: what they ask before they send events, and our answers.
//!
//! A question is never stored. One that has to be signed is verified like an event; one that
//! cannot be is answered to anybody, but not faster than its own rate.

use std::time::Duration;

use bytes::Bytes;
use hookyard_model::Timestamp;
use hookyard_signature::{Asked, Received, Rejection, Unanswered, UnixSeconds};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use tokio::task::spawn_blocking;

use super::handed_over::{HandedOver, Outcome};
use crate::config::Source;
use crate::problem::{Kind, Problem};

/// The code of an event whose signature proves nothing.
pub(super) const CHALLENGE_AS_EVENT: &str = "challenge_as_event";

/// A question whose answer is known.
pub(super) struct Answered {
    /// The answer.
    pub(super) answer: hookyard_signature::Answer,
    /// Whether it was proved who asks.
    pub(super) is_proved: bool,
    /// A secret that has to be kept before the answer is given.
    pub(super) handed_over: Option<HandedOver>,
}

/// The question that a request asks, and our answer; nothing for an event. `key` is the key that
/// the provider publishes, where one was fetched.
pub(super) fn answered(
    source: &Source,
    received: &Received<'_>,
    now: Timestamp,
    key: Option<&[u8]>,
) -> Result<Option<Answered>, Problem> {
    let Some(responder) = &source.responder else { return Ok(None) };
    let Some(asked) = responder.question(received) else { return Ok(None) };
    let is_proved = asked.needs_proof() && source.verifier.is_some();
    if asked.needs_proof() {
        verify(source, &asked, received, (now, key))?;
    }
    let handed_over =
        if asked.brings_secret() { handed_over(source, &asked, received, now)? } else { None };
    let answer = asked.answer(received).map_err(|why| refused(&why))?;
    Ok(Some(Answered { answer, is_proved, handed_over }))
}

/// Whether a request asks something, whoever sent it.
pub(super) fn is_asked(source: &Source, received: &Received<'_>) -> bool {
    source.responder.as_ref().is_some_and(|responder| responder.question(received).is_some())
}

/// The secret that a question brings, if it is to be kept; nothing if it is known already.
fn handed_over(
    source: &Source,
    asked: &Asked<'_>,
    received: &Received<'_>,
    now: Timestamp,
) -> Result<Option<HandedOver>, Problem> {
    let (secret, verifier) = asked.secret(received).map_err(|why| refused(&why))?;
    // Some sign this request too, with the very secret that it brings (Notion).
    match verifier.verify(received, UnixSeconds(now.as_seconds())) {
        Ok(_) | Err(Rejection::SignatureMissing { .. }) => {}
        Err(rejection) => return Err(Problem::from(&rejection)),
    }
    if asked.brings_known_secret(received).map_err(|why| refused(&why))? {
        return Ok(None);
    }
    let place = source.awaits_secret.clone().ok_or_else(not_expected)?;
    Ok(Some(HandedOver { place, secret }))
}

fn not_expected() -> Problem {
    let detail = "No secret is expected here from the provider, so this one was not taken. To take another one, remove the file that `handshake_secret` names, or put an empty one into the folder that it names, or set it where it is not set. Nothing was stored.";
    Problem::new(Kind::HandshakeRefused, detail)
}

/// Keeps a secret before the provider hears that it has been taken.
pub(super) async fn keep(source: &Source, handed_over: HandedOver) -> Result<(), Problem> {
    let source = &source.name;
    match spawn_blocking(move || handed_over.keep()).await.unwrap_or_else(|panic| Err(panic.into()))
    {
        Ok(Outcome::Kept(file)) => {
            let file = file.display().to_string();
            tracing::info!(%source, file, "the provider has handed its secret over, and it is kept in this file; requests are checked with it from the next look at the configuration on");
            Ok(())
        }
        Ok(Outcome::Known) => Ok(()),
        Ok(Outcome::Refused) => Err(not_expected()),
        Err(error) => {
            tracing::error!(%source, %error, "the provider's secret could not be kept where `handshake_secret` says, so it was told to try again; let this user write there");
            let detail = "The secret could not be kept. Nothing was stored; send it again later.";
            Err(Problem::new(Kind::SecretAwaited, detail).retry_after(Duration::from_secs(30)))
        }
    }
}

fn verify(
    source: &Source,
    asked: &Asked<'_>,
    received: &Received<'_>,
    (now, key): (Timestamp, Option<&[u8]>),
) -> Result<(), Problem> {
    let Some(verifier) = &source.verifier else { return Ok(()) };
    let now = UnixSeconds(now.as_seconds());
    let Err(rejection) = verifier.verify_with(received, now, key) else { return Ok(()) };
    match asked.stand_in().map(|stand_in| stand_in.verify(received, now)) {
        Some(Ok(_)) => Ok(()),
        _ => Err(Problem::from(&rejection)),
    }
}

/// Refuses an event whose signature anybody could have had from us.
pub(super) fn check_event(source: &Source, received: &Received<'_>) -> Result<(), Problem> {
    let responder = source.responder.as_ref().filter(|_| source.verifier.is_some());
    if responder.is_some_and(|responder| responder.is_challenge(received)) {
        let detail = "This body could be a challenge, which is signed here for anybody, so its signature proves nothing. Nothing was stored.";
        return Err(Problem { code: CHALLENGE_AS_EVENT, ..Problem::new(Kind::Signature, detail) });
    }
    Ok(())
}

fn refused(why: &Unanswered) -> Problem {
    let kind = match why {
        Unanswered::ChallengeMalformed { .. } | Unanswered::NotOnce { .. } => {
            Kind::ChallengeMalformed
        }
        _ => Kind::HandshakeRefused,
    };
    let detail = format!("The provider's question is not answered: {why}. Nothing was stored.");
    Problem { code: why.code(), ..Problem::new(kind, detail) }
}

/// The answer as it is sent.
pub(super) fn response(answer: hookyard_signature::Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if let Some(content_type) = answer.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        // A browser that thinks it knows better must not find HTML in an echo.
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Takes the body away from an answer, for providers that insist on none.
pub(super) fn without_body(answer: &mut Response<Full<Bytes>>) {
    *answer.body_mut() = Full::default();
    answer.headers_mut().remove(CONTENT_TYPE);
}
