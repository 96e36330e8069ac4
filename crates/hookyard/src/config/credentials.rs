//! What a sender shows of itself, as it is written down: secrets, a user name with its password,
//! tokens, and the headers that they come in.

use hookyard_model::Secret;
use hookyard_signature::{Place, Provider, Scheme, Token};

use super::RequiredToken;
use super::options::SourceOptions;
use super::reader::{At, Reader};
use super::value::HeaderName;

/// One secret or several, written in one of two ways.
pub(super) fn secrets(
    one: Option<At<Secret>>,
    several: Option<At<Vec<At<Secret>>>>,
    reader: &mut Reader<'_>,
) -> Vec<At<Secret>> {
    match (one, several) {
        (Some(one), Some(several)) => {
            let sentence =
                "`secret` and `secrets` cannot both be set; put all of them into `secrets`";
            reader.clash(several.span, sentence, (one.span, "the other one"));
            Vec::new()
        }
        (Some(one), None) => vec![one],
        (None, Some(several)) if several.value.is_empty() => {
            reader
                .error(several.span, "the list of secrets is empty; put one into it, or remove it");
            Vec::new()
        }
        (None, Some(several)) => several.value,
        (None, None) => Vec::new(),
    }
}

/// People's secrets are what they are, so a short one is no error.
pub(super) fn warn_of_short(secret: &At<Secret>, reader: &mut Reader<'_>) {
    let key = hookyard_signature::Secret::new(secret.reveal());
    if key.is_ok_and(|key| key.is_short()) {
        let sentence = "this secret is shorter than 16 characters and could be guessed; take a longer one if you can";
        reader.warn(secret.span.clone(), sentence);
    }
}

/// The secrets, in the form that the scheme takes.
pub(super) fn credentials(options: &mut SourceOptions, reader: &mut Reader<'_>) -> Vec<At<Secret>> {
    let secrets = secrets(options.secret.take(), options.secrets.take(), reader);
    let is_basic = options.provider.as_ref().is_none_or(|provider| provider.value.0 == "basic");
    let (user, password) = match (&options.username, &options.password) {
        (Some(user), Some(password)) => (user, password),
        (None, None) => return secrets,
        (Some(At { span, .. }), None) | (None, Some(At { span, .. })) => {
            reader.error(
                span.clone(),
                "`username` and `password` belong together; add the other one",
            );
            return secrets;
        }
    };
    if !is_basic || !secrets.is_empty() {
        let sentence =
            "a user name is for `provider = \"basic\"` without a `secret`; remove one of them";
        reader.error(user.span.clone(), sentence);
    } else if user.contains(':') || user.is_empty() {
        reader.error(
            user.span.clone(),
            "a user name is not empty and has no `:` in it; choose another",
        );
    }
    let pair = Secret::new(format!("{}:{}", user.value, password.reveal()));
    vec![At { value: pair, span: password.span.clone() }]
}

/// The token that has to come along, beside a signature or instead of one.
pub(super) fn token(options: &mut SourceOptions, reader: &mut Reader<'_>) -> Option<RequiredToken> {
    let (header, prefix, tokens) = match (options.token.take(), options.bearer.take()) {
        (Some(token), Some(bearer)) => {
            let sentence = "`bearer` and `token` both say which token comes along; remove one";
            reader.clash(bearer.span, sentence, (token.span, "the other one"));
            return None;
        }
        (None, None) => return None,
        (None, Some(bearer)) => ("authorization".to_owned(), "Bearer ".to_owned(), bearer.value),
        (Some(token), None) => {
            let HeaderName(header) = token.value.header.value;
            let usual = if header == "authorization" { "Bearer " } else { "" };
            let prefix = token.value.prefix.map_or(usual.to_owned(), |prefix| prefix.value);
            (header, prefix, token.value.tokens?.value)
        }
    };
    for token in &tokens.0 {
        warn_of_short(token, reader);
    }
    let tokens = tokens.0.into_iter().map(|token| token.value).collect();
    Some(RequiredToken { header, prefix, tokens })
}

/// The headers in which the sender shows a token or a password, each once.
pub(super) fn credential_headers(
    provider: Option<&'static Provider>,
    options: &SourceOptions,
    token: Option<&RequiredToken>,
) -> Vec<String> {
    let scheme = match provider.map(|provider| &provider.scheme) {
        Some(Scheme::Token(Token { place: Place::Header(name), .. })) => Some(name.to_string()),
        Some(Scheme::Basic) => Some("authorization".to_owned()),
        Some(_) => None,
        None => options.username.as_ref().map(|_| "authorization".to_owned()),
    };
    let mut headers: Vec<String> =
        scheme.into_iter().chain(token.map(|token| token.header.clone())).collect();
    headers.dedup();
    headers
}
