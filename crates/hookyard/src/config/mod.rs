//! What an operator writes in `hookyard.toml`, checked and ready for use.
//!
//! The way of a file: `load` reads and parses it; `options` says what can be written, and
//! `section`, `value` and `reader` read that; `server`, `source`, `credentials`, `proof`,
//! `destination` and `route` check what only makes sense together; `report` shows what is wrong,
//! with the secrets hidden by `mask`. The reference page is made by `reference` from the same
//! options.

pub mod check;
mod credentials;
mod destination;
mod dev;
mod handed_over;
mod load;
mod mask;
pub(crate) mod nearest;
mod options;
mod proof;
mod quantity;
mod reader;
#[cfg(test)]
mod reference;
mod report;
mod route;
mod section;
mod server;
mod settings;
mod source;
pub mod tls;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hookyard_model::{Destination, Name, QuarantineLimits, Rate, Retention, Route, Secret};
use hookyard_signature::{Acknowledgement, Fact, Options, Provider, Responder, Scheme, Verifier};
use ipnet::IpNet;

pub use dev::{Dev, DevError};
pub(crate) use handed_over::files_in;
pub use handed_over::{AwaitedSecret, Webhook};
pub(crate) use load::load;
pub(crate) use quantity::parse_duration;
pub(crate) use reader::read_bytes;
pub(crate) use report::Placed;
pub use report::{ConfigErrors, Warnings};
pub(crate) use server::is_without_host;
pub use tls::TlsError;

/// A whole configuration. Replaced as one when the file changes.
#[derive(Debug)]
pub struct Config {
    /// Where webhooks come in.
    pub server: Server,
    /// Where the API, health and metrics are.
    pub admin: Admin,
    /// Where events are kept.
    pub store: StoreSettings,
    /// Who sends.
    pub sources: BTreeMap<Name, Arc<Source>>,
    /// Who receives.
    pub destinations: BTreeMap<Name, Arc<Destination>>,
    /// From the ones to the others.
    pub routes: Vec<Route>,
    /// Any name is taken as a source, and made up when it is first used: the `dev` command alone.
    pub open_sources: bool,
}

impl Config {
    /// Reads a file, and the files and environment variables that it refers to. Relative paths in
    /// it begin at its own folder.
    pub fn load(
        path: &Path,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, Warnings), ConfigErrors> {
        load(path, env).outcome
    }
}

/// The `[server]` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Certificate and key, where TLS ends here.
    pub tls: Option<TlsFiles>,
    /// Scheme and host under which providers reach us, `https://hooks.example.com`, where a proxy
    /// hides it; some schemes sign it.
    pub public_url: Option<String>,
    /// Names under which senders reach us, in lower case; empty when every name is good.
    pub hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What one connection and one request may take.
    pub limits: Limits,
}

/// Certificate files in PEM, read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those between it and the authority.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What one connection and one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address; trusted proxies are not counted.
    pub connections_per_address: usize,
    /// From the connection, or the answer before, to the first byte of a request.
    pub idle_timeout: Duration,
    /// From the first byte to the end of the head.
    pub head_timeout: Duration,
    /// Between two pieces of a body.
    pub body_timeout: Duration,
    /// From the first byte to the end of the body.
    pub request_timeout: Duration,
    /// From the end of the body to our answer; then it is 503.
    pub ack_timeout: Duration,
    /// The bytes of the bodies that are being read or stored, all together.
    pub body_bytes_in_flight: usize,
}

/// The `[admin]` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// What callers may know it as, beside that address and the names of this machine.
    pub hosts: Vec<String>,
}

/// The `[store]` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// The database's file.
    pub path: PathBuf,
    /// How long what is done with is kept.
    pub retention: Retention,
    /// How much is kept of requests that failed verification.
    pub quarantine: QuarantineLimits,
    /// Bytes of the disk to keep free: below that nothing more is accepted.
    pub keep_free: u64,
}

/// How the store is to be opened.
pub fn store_options(settings: &StoreSettings) -> hookyard_store::Options {
    let mut options = hookyard_store::Options::new(&settings.path);
    options.keep_free_bytes = settings.keep_free;
    options
}

/// A `[sources.NAME]` section: a place where one provider's events come in.
#[derive(Debug)]
pub struct Source {
    /// Its name, the last part of its URL.
    pub name: Name,
    /// Who sends there; `None` when nothing is known of them.
    pub provider: Option<&'static Provider>,
    /// Checks where requests come from; `None` only with `verify = "none"`, or as long as
    /// [`Source::awaits_secret`].
    pub verifier: Option<Verifier>,
    /// What the verifier was made of, by which it is found out why a request was refused.
    pub evidence: Option<Evidence>,
    /// Answers the provider's questions, if it asks any.
    pub responder: Option<Responder>,
    /// Where a secret belongs that the provider is still to hand over. As long as there is none,
    /// there is no verifier and nothing is accepted.
    pub awaits_secret: Option<AwaitedSecret>,
    /// Its webhooks, where each has a secret of its own that the provider hands over.
    pub webhooks: Vec<Webhook>,
    /// Where the provider's keys are fetched, instead of from the provider's own hosts; without a
    /// slash at its end.
    pub keys_url: Option<String>,
    /// Addresses that may send; empty means all.
    pub allow_ips: Vec<IpNet>,
    /// A token that has to come along, beside the signature.
    pub token: Option<RequiredToken>,
    /// Headers, in lower case, in which a token or a password comes along.
    pub credential_headers: Vec<String>,
    /// Methods that are accepted, in capitals.
    pub methods: Vec<String>,
    /// The longest body, in bytes.
    pub body_limit: usize,
    /// How many requests it may send.
    pub rate: Option<Rate>,
    /// How a repeat is told.
    pub dedupe: Dedupe,
    /// What the provider is answered when an event is kept; `None` where it hears what became of
    /// the request.
    pub acknowledgement: Option<&'static Acknowledgement>,
    /// What becomes of several events in one request.
    pub batches: Batches,
    /// The URL that the provider was given, where it is not what `server.public_url` says.
    pub public_url: Option<String>,
    /// A person switched it off: its URL answers 404.
    pub enabled: bool,
}

impl Source {
    /// The path of its URL.
    pub fn path(&self) -> String {
        format!("/webhook/{}", self.name)
    }

    /// Whether no answer to its provider may have a body.
    pub fn is_bodiless(&self) -> bool {
        self.responder.as_ref().is_some_and(Responder::is_bodiless)
    }
}

/// What a verifier was made of. Never shown.
#[derive(Debug)]
pub struct Evidence {
    /// How requests are signed.
    pub scheme: Scheme,
    /// The secrets.
    pub secrets: Vec<hookyard_signature::Secret>,
    /// What is configured beside them.
    pub options: Options,
}

/// The URL as the provider knows it, by the configuration; by `origin` where that does not say.
pub(crate) fn public_url(
    config: &Config,
    source: &Source,
    target: &str,
    origin: impl FnOnce() -> String,
) -> String {
    if let Some(url) = &source.public_url {
        let query = target.split_once('?').map(|(_, query)| query);
        let query = query.filter(|_| !url.contains('?'));
        return query.map_or_else(|| url.clone(), |query| format!("{url}?{query}"));
    }
    let base = config.server.public_url.as_ref();
    let base = base.map_or_else(origin, |base| base.trim_end_matches('/').to_owned());
    format!("{base}{target}")
}

/// A token in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredToken {
    /// The header, in lower case.
    pub header: String,
    /// What stands before the token there, such as `Bearer `.
    pub prefix: String,
    /// Any of these is right.
    pub tokens: Vec<Secret>,
}

/// What becomes of a request that carries several events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    /// Each is an event.
    Split,
    /// The request is one event.
    Together,
}

/// How a repeat of an event is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dedupe {
    /// For how long.
    pub window: Duration,
    /// By what: the first of these that a request has.
    pub keys: Vec<DedupeBy>,
}

/// By what a repeat is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DedupeBy {
    /// The provider's event id.
    Provider,
    /// What stands at a place in the request.
    Place(Place),
    /// The bytes of the body.
    Body,
    /// Nothing: each arrival is a new event.
    Off,
}

/// A place in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As it is written: `header:x-request-id`, `json:/id` or `form:id`.
    pub text: String,
    /// Finds what stands there.
    pub fact: Fact,
}
