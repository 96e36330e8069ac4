//! Reads what a caller asks: parameters, bodies, ids. Whatever is not understood is an error
//! that names the field; nothing is ignored.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::answer::invalid;
use crate::problem::{Kind, Problem};

/// The longest body.
pub(super) const BODY_LIMIT: usize = 1024 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The parameters of a request's URL.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::try_from_uri(&parts.uri).map(|Query(params)| Self(params));
        read.map_err(|rejection| {
            let text = rejection.body_text();
            let reason = text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason);
            invalid(format!("Query parameters: {reason}."))
        })
    }
}

/// The JSON body of a request.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        // What a browser sends to another site without asking first is never this type.
        if !is_json(request.headers()) {
            return Err(Problem::new(
                Kind::UnsupportedMediaType,
                "Send the body as `content-type: application/json`.",
            ));
        }
        let too_large =
            |_| Problem::new(Kind::BodyTooLarge, format!("A body has at most {BODY_LIMIT} bytes."));
        let body = timeout(BODY_TIMEOUT, to_bytes(request.into_body(), BODY_LIMIT))
            .await
            .map_err(|_| Problem::new(Kind::BodyTimeout, "The body did not arrive in 10 seconds."))?
            .map_err(too_large)?;
        serde_json::from_slice(&body).map(Self).map_err(|error| invalid(format!("Body: {error}.")))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let essence = types
        .next()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next());
    let is_json =
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"));
    is_json && types.next().is_none()
}

/// The one part of a route that differs: an id or a name.
pub(super) struct Named<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for Named<T>
where
    T: FromStr<Err: Display>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| invalid("The path is not valid UTF-8."))?;
        text.parse().map(Self).map_err(|error| invalid(sentence(&error)))
    }
}

/// A field that may be left out, read as what it stands for.
pub(super) fn field<T: FromStr<Err: Display>>(
    name: &str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    text.map(str::parse).transpose().map_err(|error| invalid(format!("`{name}`: {error}.")))
}

/// An error's text as a sentence of its own.
fn sentence(error: &impl Display) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}
