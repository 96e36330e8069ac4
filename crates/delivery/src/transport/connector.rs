//! From a URL to a connection: resolve → guard → connect → look at the peer → TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hookyard_model::{FailureKind, Reach};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::connection::Io;
use super::resolver::Resolve;
use super::{TransportError, tls};
use crate::guard;

/// When one address has not answered for so long, the next one is tried beside it (RFC 8305).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);
/// More addresses of one name than this are looked at, but not dialled.
const ADDRESSES_DIALLED: usize = 8;

/// Opens connections, to allowed addresses only.
pub(super) struct Connector {
    resolver: Arc<dyn Resolve>,
    extra_roots: Vec<CertificateDer<'static>>,
    /// Made for the first `https` URL: reading the system's certificates takes a while.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Connector {
    pub(super) fn new(
        resolver: Arc<dyn Resolve>,
        extra_roots: Vec<CertificateDer<'static>>,
    ) -> Self {
        Self { resolver, extra_roots, tls: OnceLock::new() }
    }

    /// Connects to the host of `url`, which has passed [`crate::check_url`].
    pub(super) async fn connect(
        &self,
        url: &Url,
        reach: &Reach,
        deadline: Instant,
    ) -> Result<Box<dyn Io>, TransportError> {
        let addresses = self.addresses(url, deadline).await?;
        // One forbidden answer spoils them all: a name that resolves to a public and to a private
        // address is either broken or an attack.
        for &address in &addresses {
            check(address, url, reach)?;
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let dialled = dial_order(&addresses).map(|address| SocketAddr::new(address, port));
        let stream = timeout_at(deadline, dial(dialled))
            .await
            .map_err(|_| timed_out(url, "no connection came about in time"))?
            .map_err(|error| connect_error(url, &error))?;
        let peer = stream.peer_addr().map_err(|error| connect_error(url, &error))?;
        check(peer.ip(), url, reach)?;
        // Small writes leave at once; without it is slower, not wrong.
        stream.set_nodelay(true).unwrap_or_default();
        if url.scheme() == "https" {
            return self.handshake(stream, url, deadline).await;
        }
        Ok(Box::new(stream))
    }

    async fn addresses(&self, url: &Url, deadline: Instant) -> Result<Vec<IpAddr>, TransportError> {
        let name = match url.host() {
            Some(Host::Ipv4(address)) => return Ok(vec![address.into()]),
            Some(Host::Ipv6(address)) => return Ok(vec![address.into()]),
            Some(Host::Domain(name)) => name,
            None => {
                return Err(TransportError::unsent(FailureKind::Request, "the URL has no host"));
            }
        };
        let failed = |why: String| {
            TransportError::unsent(FailureKind::Dns, format!("{name} could not be resolved: {why}"))
        };
        let found = timeout_at(deadline, self.resolver.resolve(name))
            .await
            .map_err(|_| failed("no answer in time".to_owned()))?
            .map_err(|error| failed(error.to_string()))?;
        if found.is_empty() {
            return Err(failed("it has no address".to_owned()));
        }
        Ok(found)
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        url: &Url,
        deadline: Instant,
    ) -> Result<Box<dyn Io>, TransportError> {
        let failed = |why: String| {
            TransportError::unsent(FailureKind::Tls, format!("TLS with {}: {why}", place(url)))
        };
        let name = match url.host() {
            Some(Host::Ipv4(address)) => ServerName::IpAddress(address.into()),
            Some(Host::Ipv6(address)) => ServerName::IpAddress(address.into()),
            Some(Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(name).to_owned();
                ServerName::try_from(name).map_err(|error| failed(error.to_string()))?
            }
            None => return Err(failed("the URL has no host".to_owned())),
        };
        let config = self.tls().map_err(|error| failed(error.to_string()))?;
        let stream = timeout_at(deadline, TlsConnector::from(config).connect(name, stream))
            .await
            .map_err(|_| timed_out(url, "the TLS handshake did not end in time"))?
            .map_err(|error| failed(error.to_string()))?;
        Ok(Box::new(stream))
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let config = tls::config(&self.extra_roots)?;
        Ok(Arc::clone(self.tls.get_or_init(|| config)))
    }
}

fn check(address: IpAddr, url: &Url, reach: &Reach) -> Result<(), TransportError> {
    guard::refusal(address, reach).map_or(Ok(()), |refusal| {
        let detail = format!("{} leads to {address}, which is not allowed: {refusal}", place(url));
        Err(TransportError::unsent(FailureKind::AddressRefused, detail))
    })
}

/// Host and port, for people. Never the rest of the URL: it may hold a token.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or(host.to_owned(), |port| format!("{host}:{port}"))
}

fn timed_out(url: &Url, what: &str) -> TransportError {
    TransportError::unsent(FailureKind::ConnectTimeout, format!("{}: {what}", place(url)))
}

fn connect_error(url: &Url, error: &io::Error) -> TransportError {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => FailureKind::ConnectRefused,
        io::ErrorKind::TimedOut => FailureKind::ConnectTimeout,
        _ => FailureKind::ConnectFailed,
    };
    TransportError::unsent(kind, format!("connecting to {}: {error}", place(url)))
}

/// The families in turn, so that a network where only one of them works costs one step, not many.
fn dial_order(addresses: &[IpAddr]) -> impl Iterator<Item = IpAddr> {
    let first_is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (first, second): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == first_is_v6);
    let longest = first.len().max(second.len());
    (0..longest)
        .flat_map(move |index| [first.get(index).copied(), second.get(index).copied()])
        .flatten()
        .take(ADDRESSES_DIALLED)
}

/// Dials one address after the other, each a little after the one before, and takes the first
/// connection that comes about.
async fn dial(mut addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut dialling = JoinSet::new();
    let mut failure = io::Error::other("there is no address");
    let mut more = true;
    loop {
        match addresses.next() {
            Some(address) => drop(dialling.spawn(TcpStream::connect(address))),
            None => more = false,
        }
        tokio::select! {
            done = dialling.join_next() => match done {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => failure = error,
                Some(Err(error)) => failure = io::Error::other(error),
                None => return Err(failure),
            },
            () = tokio::time::sleep(NEXT_ADDRESS_AFTER), if more => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dials_the_families_in_turn() {
        let addresses: Vec<IpAddr> = ["2606::1", "2606::2", "2606::3", "9.9.9.1", "9.9.9.2"]
            .map(|a| a.parse().unwrap())
            .into();
        let order: Vec<String> = dial_order(&addresses).map(|a| a.to_string()).collect();
        assert_eq!(order, ["2606::1", "9.9.9.1", "2606::2", "9.9.9.2", "2606::3"]);
        let many = vec![addresses[3]; 1000];
        assert_eq!(dial_order(&many).count(), ADDRESSES_DIALLED);
    }
}
