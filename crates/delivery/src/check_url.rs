//! Which URLs a destination may have: asked when a configuration is read, and again by the
//! transport before each attempt.

use std::net::IpAddr;

use hookyard_model::Reach;
use url::{Host, Url};

use crate::guard::{Refusal, refusal};

/// Ports below 1024 that a public destination may have.
const WEB_PORTS: [u16; 2] = [80, 443];

/// Ports from 1024 where something else than a web server answers: databases, caches, brokers,
/// cluster and container APIs, remote desktops.
const OTHER_SERVICES: [u16; 34] = [
    1433, 1521, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4222, 4369, 5432, 5601, 5671,
    5672, 5900, 5984, 5985, 6379, 6443, 7001, 9042, 9092, 9200, 9300, 10250, 10255, 11211, 15672,
    25672, 27017, 50070,
];

/// Names at the end of which only a private network can know something.
const PRIVATE_SUFFIXES: [&str; 12] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "svc",
    "onion",
];

/// Names under which clouds run their metadata services.
const METADATA_NAMES: [&str; 6] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.internal",
    "instance-data",
    "instance-data.ec2.internal",
];

/// Why a URL cannot be a destination's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not a URL.
    #[error("not a URL: {0}")]
    Malformed(String),
    /// It has characters that some programs drop and others do not.
    #[error("a URL has no spaces, control characters or backslashes")]
    Character,
    /// It is not `http://` or `https://`.
    #[error("a URL begins with `http://` or `https://`")]
    Scheme,
    /// It carries a user name or a password.
    #[error("a URL with a user name or password is not accepted; use a header")]
    UserInfo,
    /// It has a fragment, which would never be sent.
    #[error("a URL with a fragment (`#`) is not accepted")]
    Fragment,
    /// The port is not one where a web server is expected.
    #[error("port {0} is not allowed")]
    Port(u16),
    /// The name is one of a private network, or of a metadata service.
    #[error("the name {0} is not allowed: it is not a public one")]
    Name(String),
    /// The address is not allowed.
    #[error("the address {0} is not allowed: {1}")]
    Address(IpAddr, Refusal),
}

impl UrlError {
    /// Whether the URL is well formed, but leads where it may not.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Port(_) | Self::Name(_) | Self::Address(..))
    }
}

/// Checks the form of a destination's URL and, as far as that is known without asking a name
/// server, whether it leads where it may.
pub fn check_url(text: &str, reach: &Reach) -> Result<Url, UrlError> {
    // The parser silently drops tabs and line ends and turns backslashes round, as browsers do.
    if text.chars().any(|char| char.is_whitespace() || char.is_control() || char == '\\') {
        return Err(UrlError::Character);
    }
    let has_scheme = |scheme: &str| {
        text.split_at_checked(scheme.len())
            .is_some_and(|(start, _)| start.eq_ignore_ascii_case(scheme))
    };
    if !has_scheme("http://") && !has_scheme("https://") {
        return Err(UrlError::Scheme);
    }
    let url = Url::parse(text).map_err(|error| UrlError::Malformed(error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::UserInfo);
    }
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    check_port(&url, reach)?;
    check_host(&url, reach)?;
    Ok(url)
}

fn check_port(url: &Url, reach: &Reach) -> Result<(), UrlError> {
    let port = url.port_or_known_default().unwrap_or_default();
    let is_web = WEB_PORTS.contains(&port) || port >= 1024 && !OTHER_SERVICES.contains(&port);
    if port == 0 || *reach == Reach::Public && !is_web {
        return Err(UrlError::Port(port));
    }
    Ok(())
}

fn check_host(url: &Url, reach: &Reach) -> Result<(), UrlError> {
    let address = match url.host() {
        None => return Err(UrlError::Malformed("no host".to_owned())),
        Some(Host::Domain(name)) => return check_name(name, reach),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
    };
    refusal(address, reach).map_or(Ok(()), |refusal| Err(UrlError::Address(address, refusal)))
}

/// `name` is in lower case: the URL parser saw to that.
fn check_name(name: &str, reach: &Reach) -> Result<(), UrlError> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let ends_in = |suffix: &str| {
        bare.strip_suffix(suffix).is_some_and(|start| start.is_empty() || start.ends_with('.'))
    };
    let allowed = match reach {
        Reach::Operator { metadata: true } => true,
        Reach::Operator { metadata: false } => !METADATA_NAMES.contains(&bare),
        Reach::Public => {
            bare.contains('.')
                && !METADATA_NAMES.contains(&bare)
                && !PRIVATE_SUFFIXES.iter().any(|suffix| ends_in(suffix))
        }
    };
    if allowed { Ok(()) } else { Err(UrlError::Name(name.to_owned())) }
}
