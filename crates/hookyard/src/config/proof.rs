//! How a source proves where its requests come from: the part of `[sources.NAME]` that makes a
//! verifier.

use hookyard_model::{Name, Secret};
use hookyard_signature::{
    ConfigurationError, Generic, Options, Place, Provider, Responder, Scheme, Token, Verifier,
    provider,
};

use super::credentials::{credential_headers, credentials, token, warn_of_short};
use super::handed_over::{HandedOver, handed_over, hands_over};
use super::nearest::nearest_provider;
use super::options::{SignatureOptions, SourceOptions};
use super::reader::{At, Reader};
use super::report::{Finding, Span};
use super::settings::{keys_url, settings, warn_of_unanswered};
use super::value::{HeaderName, ProviderSlug, Verify};
use super::{Evidence, RequiredToken};

/// Who sends, and how it is checked.
pub(super) struct Proof {
    pub(super) provider: Option<&'static Provider>,
    pub(super) verifier: Option<Verifier>,
    pub(super) evidence: Option<Evidence>,
    /// Answers the provider's questions, if it asks any.
    pub(super) responder: Option<Responder>,
    /// What the provider has handed over, and is still to.
    pub(super) handed_over: HandedOver,
    pub(super) keys_url: Option<String>,
    pub(super) token: Option<RequiredToken>,
    /// Headers in which a token or a password comes along, each once.
    pub(super) credential_headers: Vec<String>,
}

/// Takes what belongs to the proof out of the section. `None` when something is wrong, which has
/// been noted.
pub(super) fn proof(
    name: &Name,
    options: &mut SourceOptions,
    reader: &mut Reader<'_>,
) -> Option<Proof> {
    let before = reader.findings.len();
    let provider = options.provider.as_ref().map(|slug| known(slug, reader));
    let handed_over = handed_over(provider.flatten(), options, reader);
    let credentials = credentials(options, reader);
    let token = token(options, reader);
    let is_broken = options.wrong || reader.findings.iter().skip(before).any(Finding::is_error);
    if is_broken {
        return None;
    }
    let provider = provider.flatten();
    if signs_nothing(provider, token.as_ref(), options, reader) {
        return None;
    }
    let keys_url = keys_url(provider, options, reader);
    let settings = settings(name, provider, options, reader)?;
    let credential_headers = credential_headers(provider, options, token.as_ref());
    let is_unchecked = options.verify.value == Verify::None;
    if is_unchecked && !is_unverified(options, &credentials, reader) {
        return None;
    }
    let proof = Proof {
        provider,
        verifier: None,
        evidence: None,
        responder: None,
        handed_over,
        keys_url,
        token: None,
        credential_headers,
    };
    let has_none = credentials.is_empty() && proof.handed_over.awaited.is_some();
    if is_unchecked || has_none {
        let settings = Options { tolerance: None, settings };
        let responder = responder(provider, &[], &settings, options, reader);
        return Some(Proof { responder, token, ..proof });
    }
    if provider.is_none() && token.is_none() && options.username.is_none() {
        no_provider(name, options, reader);
        return None;
    }
    let tolerance = tolerance(options, reader);
    let has_secret = !credentials.is_empty();
    let is_published = provider.is_some_and(|provider| !provider.scheme.needs_secret());
    let (scheme, credentials, token) = match (credentials.is_empty(), token) {
        // The provider publishes its keys: they are fetched, and a token stays what it is.
        (true, token) if is_published => (scheme(provider, options, reader)?, credentials, token),
        // A token and nothing else: it is the proof, and is not asked for a second time.
        (true, Some(token)) => {
            if let Some((span, sentence)) = signs_without_secret(name, provider, options) {
                reader.error(span, sentence);
                return None;
            }
            let place = Place::Header(token.header.into());
            let scheme = Token { place, prefix: token.prefix.into() };
            let tokens = token.tokens.into_iter().map(|value| At { value, span: None }).collect();
            (Scheme::Token(scheme), tokens, None)
        }
        (true, None) => {
            no_secret(name, provider, options, reader);
            return None;
        }
        (false, token) => (scheme(provider, options, reader)?, credentials, token),
    };
    let known = Options { tolerance, settings };
    let verifier = verifier(&scheme, &credentials, &known, options, reader)?;
    // Tokens have been looked at.
    warn_of_weak(&verifier, if has_secret { &credentials } else { &[] }, options, reader);
    let responder = responder(provider, &credentials, &known, options, reader);
    let evidence = Evidence { scheme, secrets: keys(&credentials), options: known };
    let (verifier, evidence) = (Some(verifier), Some(evidence));
    Some(Proof { verifier, evidence, responder, token, ..proof })
}

/// Notes that a check is wanted of a provider that gives nothing to check.
fn signs_nothing(
    provider: Option<&'static Provider>,
    token: Option<&RequiredToken>,
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) -> bool {
    let unsigned = provider.filter(|provider| provider.scheme == Scheme::Unsigned);
    let is_checked = options.verify.value != Verify::None && token.is_none();
    let Some(provider) = unsigned.filter(|_| is_checked) else { return false };
    let sentence = format!(
        "`{}` signs nothing, so there is nothing to check; write `verify = \"none\"` without a `secret`, and narrow who may send by `allow_ips`",
        provider.slug
    );
    reader.error(options.provider.as_ref().and_then(|slug| slug.span.clone()), sentence);
    true
}

fn no_secret(
    name: &Name,
    provider: Option<&'static Provider>,
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) {
    let advice = if provider.is_some_and(hands_over) {
        format!(
            "write `handshake_secret = \"{name}.secret\"` to take the one that the provider hands over itself"
        )
    } else {
        "add the one that the provider shows, or write `verify = \"none\"` to take events from anyone"
            .to_owned()
    };
    let sentence = format!("`[sources.{name}]` has no `secret` to check signatures with; {advice}");
    reader.error(options.span.clone(), sentence);
}

fn no_provider(name: &Name, options: &SourceOptions, reader: &mut Reader<'_>) {
    let advice = match nearest_provider(name.as_str()).and_then(provider) {
        Some(Provider { slug, .. }) => {
            format!("write `provider = \"{slug}\"` if that is who sends")
        }
        None => "write `provider = \"generic\"` for a sender that signs with an HMAC".to_owned(),
    };
    let sentence = format!("`provider` is missing in `[sources.{name}]`; {advice}");
    reader.error(options.span.clone(), sentence);
}

/// Warns of what is weak or without effect beside a verifier that can be used: what cannot be is
/// wrong, and not weak.
fn warn_of_weak(
    verifier: &Verifier,
    secrets: &[At<Secret>],
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) {
    for secret in secrets {
        warn_of_short(secret, reader);
    }
    if let Some(tolerance) = options.tolerance.as_ref().filter(|_| verifier.tolerance().is_none()) {
        let sentence = "this has no effect, because no timestamp is signed here; remove it";
        reader.warn(tolerance.span.clone(), sentence);
    }
}

/// What answers the provider's questions. Warns of those that it cannot answer.
fn responder(
    provider: Option<&'static Provider>,
    secrets: &[At<Secret>],
    known: &Options,
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) -> Option<Responder> {
    let provider = provider?;
    let responder = provider.responder(keys(secrets), known)?;
    warn_of_unanswered(provider, &responder, options, reader);
    Some(responder)
}

/// The secrets as the signature crate takes them.
fn keys(secrets: &[At<Secret>]) -> Vec<hookyard_signature::Secret> {
    let key = |secret: &At<Secret>| hookyard_signature::Secret::new(secret.reveal()).ok();
    secrets.iter().filter_map(key).collect()
}

fn known(slug: &At<ProviderSlug>, reader: &mut Reader<'_>) -> Option<&'static Provider> {
    let found = provider(&slug.0);
    if found.is_none() {
        let advice = match nearest_provider(&slug.0) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "`generic` understands any HMAC, with a `signature` table to describe it".to_owned()
            }
        };
        reader
            .error(slug.span.clone(), format!("there is no provider `{}`; {advice}", slug.value.0));
    }
    found
}

/// Where a signature comes along that nothing could check: a token beside it must not stand in for
/// it unsaid.
fn signs_without_secret(
    name: &Name,
    provider: Option<&'static Provider>,
    options: &SourceOptions,
) -> Option<(Option<Span>, String)> {
    if let Some(signature) = &options.signature {
        let sentence = format!(
            "`signature` says how `{name}` signs, but there is no `secret` to check that with; add the `secret`, or remove `signature`"
        );
        return Some((signature.span.clone(), sentence));
    }
    // Whether a sender of no name signs is for the operator to say.
    let provider = provider.filter(|provider| provider.slug != "generic")?;
    let signs = matches!(provider.scheme, Scheme::Signed(_) | Scheme::Bespoke(_));
    signs.then(|| {
        let sentence = format!(
            "{} signs its requests, but there is no `secret` to check that with; add the `secret`, or write `verify = \"none\"` if the token alone is to be checked",
            provider.name
        );
        (options.provider.as_ref().and_then(|slug| slug.span.clone()), sentence)
    })
}

/// Whether no signature is to be checked and nothing looks as if one were.
fn is_unverified(
    options: &SourceOptions,
    credentials: &[At<Secret>],
    reader: &mut Reader<'_>,
) -> bool {
    let unused = credentials.first().map(|secret| &secret.span);
    let unused = unused.or(options.signature.as_ref().map(|signature| &signature.span));
    let unused = unused.or(options.handshake_secret.as_ref().map(|file| &file.span));
    if let Some(span) = unused {
        reader.clash(
            options.verify.span.clone(),
            "with `verify = \"none\"` nothing is checked, and a secret or signature is set; remove one of them",
            (span.clone(), "would not be used"),
        );
    }
    unused.is_none()
}

/// In seconds, as it is signed.
fn tolerance(options: &SourceOptions, reader: &mut Reader<'_>) -> Option<u64> {
    let tolerance = options.tolerance.as_ref()?;
    let seconds = tolerance.value.as_secs();
    if !(1..=86_400).contains(&seconds) {
        reader
            .error(tolerance.span.clone(), "a tolerance is from \"1s\" to \"1d\"; \"5m\" is usual");
    }
    Some(seconds)
}

fn scheme(
    provider: Option<&'static Provider>,
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) -> Option<Scheme> {
    let Some(signature) = &options.signature else {
        return Some(provider.map_or(Scheme::Basic, |provider| provider.scheme.clone()));
    };
    if provider.is_none_or(|provider| provider.slug != "generic") {
        let sentence = "`signature` describes a `generic` sender; remove it, or write `provider = \"generic\"`";
        reader.error(signature.span.clone(), sentence);
        return None;
    }
    let scheme = generic(&signature.value).and_then(|settings| settings.scheme());
    scheme.map_err(|error| reader.error(signature.span.clone(), sentence(&error))).ok()
}

fn generic(options: &SignatureOptions) -> Result<Generic, ConfigurationError> {
    let name = |name: &Option<At<HeaderName>>| name.as_ref().map(|name| name.0.clone());
    let text = |text: &Option<At<String>>| text.as_ref().map(|text| text.value.clone());
    Ok(Generic {
        header: name(&options.header),
        algorithm: options.algorithm.as_ref().map(|word| word.parse()).transpose()?,
        encoding: options.encoding.as_ref().map(|word| word.parse()).transpose()?,
        prefix: text(&options.prefix),
        template: text(&options.template),
        timestamp_header: name(&options.timestamp_header),
        id_header: name(&options.id_header),
        tolerance: None,
    })
}

fn sentence(error: &ConfigurationError) -> String {
    format!("the signature cannot be described like this: {error}")
}

/// Makes the verifier, and says of which secret it is if one does not fit.
fn verifier(
    scheme: &Scheme,
    secrets: &[At<Secret>],
    known: &Options,
    options: &SourceOptions,
    reader: &mut Reader<'_>,
) -> Option<Verifier> {
    let settings = options.settings.as_ref().and_then(|settings| settings.span.clone());
    let of_settings = settings.unwrap_or_else(|| options.span.clone());
    let key = |secret: &At<Secret>| hookyard_signature::Secret::new(secret.reveal());
    let before = reader.findings.len();
    for secret in secrets {
        match key(secret).and_then(|key| Verifier::new(scheme, vec![key], known)) {
            Ok(_) => {}
            // Not this secret's fault, and the same for all of them.
            Err(error @ ConfigurationError::Settings(_)) => {
                reader.error(of_settings, error.to_string());
                return None;
            }
            Err(error) => {
                let sentence = format!("{error}; copy it again from where the provider shows it");
                reader.error(secret.span.clone(), sentence);
            }
        }
    }
    if reader.findings.len() > before {
        return None;
    }
    let keys: Result<Vec<_>, _> = secrets.iter().map(key).collect();
    // Where the provider publishes its keys, there may have been no secret to try.
    keys.and_then(|keys| Verifier::new(scheme, keys, known))
        .map_err(|error| reader.error(of_settings, error.to_string()))
        .ok()
}
