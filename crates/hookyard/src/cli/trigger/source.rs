//! The source that test events are for: by `--to`, or by the configuration of the hub here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hookyard_signature::{Provider, Scheme};
use http::{HeaderName, HeaderValue};

use super::request::Header;
use crate::api::{AdminFile, reachable};
use crate::cli::address::whole_url;
use crate::cli::failure::Failure;
use crate::cli::hub::{DEFAULT_CONFIG, DEFAULT_STORE};
use crate::cli::names::SOURCE;
use crate::cli::out::Out;
use crate::cli::serve::variable;
use crate::cli::verify;
use crate::config::nearest::nearest;
use crate::config::{Config, Source, public_url};

/// Where `hookyard dev` listens unless it is told otherwise.
const DEFAULT_BASE: &str = "http://127.0.0.1:8080";
const LIKE: &str = "http://127.0.0.1:8080/webhook/github";

/// Where events go, and what is expected there.
pub(super) struct Aim {
    pub(super) provider: &'static Provider,
    /// The URL that they are sent to.
    pub(super) to: String,
    /// The URL that the provider was given, where that is known to be another.
    pub(super) public_url: Option<String>,
    /// The scheme, where the source describes its own.
    pub(super) scheme: Option<Scheme>,
    /// The secret that the source has.
    pub(super) secret: Option<String>,
    /// What the source has beside it.
    pub(super) settings: BTreeMap<String, String>,
    /// What the source wants beside the provider's own headers.
    pub(super) headers: Vec<Header>,
    /// Which source of which configuration that is, in words.
    pub(super) source: Option<String>,
}

impl Aim {
    /// At a URL of which nothing more is known.
    fn at(provider: &'static Provider, to: String) -> Self {
        Self {
            provider,
            to,
            public_url: None,
            scheme: None,
            secret: None,
            settings: BTreeMap::new(),
            headers: Vec::new(),
            source: None,
        }
    }

    /// Finds out where the events of `name` go, which is a provider's or a source's. A
    /// configuration that was not named counts only where `to` does not say it.
    pub(super) fn take(
        out: Out,
        name: &str,
        config: Option<&Path>,
        to: Option<&str>,
    ) -> Result<Self, Failure> {
        let to = to.map(|to| whole_url("--to", to, LIKE)).transpose()?;
        let usual = Path::new(DEFAULT_CONFIG);
        let found = config.or_else(|| (to.is_none() && usual.exists()).then_some(usual));
        if let Some(path) = found {
            return Self::configured(out, name, path, to);
        }
        let provider = verify::find(name)?;
        Ok(Self::at(provider, to.unwrap_or_else(|| unconfigured(provider))))
    }

    fn configured(out: Out, name: &str, path: &Path, to: Option<String>) -> Result<Self, Failure> {
        let file = path.display();
        let (config, _) = Config::load(path, &variable).map_err(|errors| {
            out.note(errors.render(out.has_error_colour()));
            Failure::usage(format!("`{file}` does not say where events go"))
                .hint("correct it, or run this with the environment that the hub has")
                .hint("or say where they go with `--to`, and sign with `--secret`")
        })?;
        let names: Vec<String> = config.sources.keys().map(ToString::to_string).collect();
        match (choose(&config, name, &names)?, to) {
            ((provider, Some(source)), to) => {
                let to = to.map_or_else(|| url(&config, source), Ok)?;
                Ok(Self::of(&config, provider, source, to).called(source, path))
            }
            ((provider, None), Some(to)) => Ok(Self::at(provider, to)),
            ((provider, None), None) => {
                let says = format!("`{file}` has no source of the provider `{}`", provider.slug);
                Err(Failure::usage(says)
                    .hint(SOURCE.hint(name, &names))
                    .hint("`--to URL` sends somewhere else"))
            }
        }
    }

    fn called(mut self, source: &Source, path: &Path) -> Self {
        self.source = Some(format!("the source `{}` of `{}`", source.name, path.display()));
        self
    }

    /// What a source expects of `provider`.
    fn of(config: &Config, provider: &'static Provider, source: &Source, to: String) -> Self {
        let mut aim = Self::at(provider, to);
        aim.public_url = Some(public_url(config, source, &source.path(), || aim.to.clone()))
            .filter(|_| source.public_url.is_some() || config.server.public_url.is_some());
        if let Some(evidence) = &source.evidence {
            aim.scheme = Some(evidence.scheme.clone());
            let secret = evidence.secrets.first().map(|secret| secret.reveal().to_vec());
            aim.secret = secret.and_then(|secret| String::from_utf8(secret).ok());
            aim.settings.clone_from(&evidence.options.settings);
        }
        aim.headers.extend(token(source));
        aim
    }

    /// What was found out, for the person at the terminal; nothing where `--to` alone said it.
    pub(super) fn note(&self, own_secret: bool) -> Option<String> {
        let source = self.source.as_ref()?;
        let how =
            if self.secret.is_some() && !own_secret { ", signed with its secret" } else { "" };
        Some(format!("to {source}, at {}{how}", self.to))
    }
}

/// Where a hub that has no configuration receives: the one that has run here, if there is one.
fn unconfigured(provider: &Provider) -> String {
    let running = AdminFile::read(Path::new(DEFAULT_STORE)).ok();
    let base = running.and_then(|file| file.ingest_url);
    format!("{}/webhook/{}", base.as_deref().unwrap_or(DEFAULT_BASE), provider.slug)
}

/// The one source that is meant: of this name, or the only one of the provider of this name.
fn choose<'c>(
    config: &'c Config,
    name: &str,
    names: &[String],
) -> Result<(&'static Provider, Option<&'c Source>), Failure> {
    if let Some(source) = config.sources.values().find(|source| source.name.as_str() == name) {
        let provider = source.provider.or_else(|| hookyard_signature::provider(name));
        let unknown = || {
            Failure::usage(format!("the source `{name}` names no provider whose event to send"))
                .hint("name the provider, and the source's URL with `--to`")
        };
        return Ok((provider.ok_or_else(unknown)?, Some(source)));
    }
    let provider = verify::find(name).map_err(|failure| {
        if names.is_empty() {
            return failure;
        }
        failure.hint(match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("or did you mean the source `{near}`?"),
            None => format!("or name a source: {}", names.join(", ")),
        })
    })?;
    let is_its = |source: &&Arc<Source>| source.provider.is_some_and(|it| it.slug == provider.slug);
    let sources: Vec<&Arc<Source>> = config.sources.values().filter(is_its).collect();
    match sources.as_slice() {
        [] => Ok((provider, None)),
        [source] => Ok((provider, Some(source))),
        several => {
            let names: Vec<&str> = several.iter().map(|source| source.name.as_str()).collect();
            Err(Failure::usage(format!("several sources are of the provider `{}`", provider.slug))
                .hint(format!("name one of them: {}", names.join(", "))))
        }
    }
}

/// Where a source receives: as the hub said when it started, else as it is configured.
fn url(config: &Config, source: &Source) -> Result<String, Failure> {
    let server = &config.server;
    let says = if server.tls.is_some() {
        Some("the hub receives over TLS, under the name in its certificate")
    } else if !server.hosts.is_empty() {
        Some("the hub takes requests for the `hosts` in `[server]` alone")
    } else {
        None
    };
    if let Some(says) = says {
        let base = server.public_url.as_deref().unwrap_or("https://hooks.example.com");
        return Err(Failure::usage(says).hint(format!(
            "say with `--to` how it is reached, such as `{base}{}`, and with `--config` where the secret is",
            source.path()
        )));
    }
    let running = AdminFile::read(&config.store.path).ok().and_then(|file| file.ingest_url);
    let base = running.unwrap_or_else(|| format!("http://{}", reachable(config.server.listen)));
    Ok(format!("{base}{}", source.path()))
}

/// The token that has to come along beside the signature, as a header.
fn token(source: &Source) -> Option<Header> {
    let token = source.token.as_ref()?;
    let text = format!("{}{}", token.prefix, token.tokens.first()?.reveal());
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_bytes(token.header.as_bytes()).ok()?, value))
}
