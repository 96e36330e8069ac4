//! What the `dev` command runs with: no file, everything on this machine, everyone may send.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hookyard_delivery::check_url;
use hookyard_model::{
    CircuitPolicy, Destination, ForwardHeaders, Name, NameError, Reach, RetryPolicy, Route,
    Timeouts,
};
use toml::de::DeTable;

use super::Config;
use super::options::Root;
use super::reader::Reader;
use super::section::Section as _;
use super::server;

/// What a local program is sent through.
const FORWARD: &str = "local";

/// What the `dev` command can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dev {
    /// Where webhooks come in.
    pub listen: SocketAddr,
    /// Where the API, health and metrics are.
    pub admin: SocketAddr,
    /// The database's file.
    pub store: PathBuf,
    /// Deliver everything there, as the destination `local`.
    pub forward: Option<String>,
}

impl Default for Dev {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin: SocketAddr::from(([127, 0, 0, 1], 8081)),
            store: PathBuf::from("hookyard.db"),
            forward: None,
        }
    }
}

/// Why the `dev` command cannot run as it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DevError {
    /// An address that other machines can reach: anyone could send, and use the API.
    #[error(
        "`dev` takes events from anyone, so it listens on this machine only; use 127.0.0.1 and not {0}, or `serve` with a configuration file"
    )]
    NotLoopback(SocketAddr),
    /// The URL to forward to cannot be one.
    #[error("cannot forward to `{url}`: {why}")]
    Forward {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name that is not one.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Config {
    /// The configuration of the `dev` command.
    pub fn dev(dev: &Dev) -> Result<Self, DevError> {
        for address in [dev.listen, dev.admin] {
            if !address.ip().is_loopback() {
                return Err(DevError::NotLoopback(address));
            }
        }
        let mut config = defaults();
        config.server.listen = dev.listen;
        config.admin.listen = dev.admin;
        config.store.path.clone_from(&dev.store);
        config.open_sources = true;
        if let Some(url) = &dev.forward {
            let destination = forward(Name::new(FORWARD)?, url)?;
            let name = destination.name.clone();
            config.routes.push(Route { from: None, types: Vec::new(), to: vec![name.clone()] });
            config.destinations.insert(name, Arc::new(destination));
        }
        Ok(config)
    }
}

/// What an empty file would mean, were it accepted.
fn defaults() -> Config {
    let mut reader = Reader::new(std::path::Path::new(""), "", &|_| None);
    let root = Root::read_table(&DeTable::new(), 0..0, &mut reader);
    let listen = root.server.listen.clone();
    let server = server::server(root.server, &mut reader);
    Config {
        admin: server::admin(&root.admin, &listen, &mut reader),
        store: server::store(&root.store, &mut reader),
        server,
        sources: BTreeMap::new(),
        destinations: BTreeMap::new(),
        routes: Vec::new(),
        open_sources: false,
    }
}

fn forward(name: Name, url: &str) -> Result<Destination, DevError> {
    let reach = Reach::Operator { metadata: false };
    let refused = |why: String| DevError::Forward { url: url.to_owned(), why };
    check_url(url, &reach).map_err(|error| refused(error.to_string()))?;
    let seconds = Duration::from_secs;
    Ok(Destination {
        name,
        url: url.to_owned(),
        secrets: Vec::new(),
        timeouts: Timeouts { connect: seconds(5), head: seconds(30), total: seconds(30) },
        concurrency: NonZeroU32::MIN.saturating_add(7),
        rate: None,
        // The program is being worked on, or is started later: it is reached soon once it is
        // there, and given up after ten minutes.
        retry: RetryPolicy::Schedule(
            [1, 2, 5].into_iter().chain(std::iter::repeat_n(10, 60)).map(seconds).collect(),
        ),
        circuit: CircuitPolicy { failures: 0, ..CircuitPolicy::default() },
        headers: Vec::new(),
        // So that it can check the provider's signature itself, as it will have to in earnest.
        forward_headers: ForwardHeaders::All,
        withheld_headers: Vec::new(),
        reach,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_local_and_everyone_may_send() {
        let forward = Some("http://localhost:3000".to_owned());
        let config = Config::dev(&Dev { forward, ..Dev::default() }).unwrap();
        assert!(config.server.listen.ip().is_loopback() && config.admin.listen.ip().is_loopback());
        assert!(config.open_sources);
        let any = Name::new("any").unwrap();
        let to = hookyard_model::route::destinations(&config.routes, &any, None);
        assert_eq!(to, [&Name::new("local").unwrap()]);
    }

    #[test]
    fn refuses_what_others_could_reach_or_nobody_can() {
        let listen = "0.0.0.0:8080".parse().unwrap();
        let open = Dev { listen, ..Dev::default() };
        assert_eq!(Config::dev(&open).unwrap_err(), DevError::NotLoopback(listen));
        for url in ["localhost:3000", "ftp://localhost", "http://169.254.169.254/"] {
            let dev = Dev { forward: Some(url.to_owned()), ..Dev::default() };
            assert!(Config::dev(&dev).unwrap_err().to_string().contains(url), "{url}");
        }
    }
}
