//! Accepts connections and sees them through to their end.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::body::Memory;
use super::connection::{Guarded, Phase, Progress};
use super::gate::Gate;
use super::head::{self, HEAD_MAX, HEADERS_MAX};
use super::peer;
use super::refusals::Refusals;
use super::road::{Connection, Road, request_id};
use crate::app::{App, stopped};
use crate::config::Limits;
use crate::problem::{Kind, Problem};
use crate::quarantine::Release;

/// How long a sender whose request was refused half way may go on sending before it is cut off.
const LINGER: Duration = Duration::from_secs(2);
/// How much of it is read meanwhile.
const LINGER_BYTES: usize = 4 << 20;

/// The certificate to serve with; changes when the files do. `None` speaks plain HTTP.
pub type TlsSetting = watch::Receiver<Option<Arc<ServerConfig>>>;

/// How many connections each address has.
type ByAddress = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// The ingest listener, not yet running.
pub struct Ingest {
    road: Arc<Road>,
    tls: TlsSetting,
    limits: Limits,
    connections: Arc<Semaphore>,
    by_address: ByAddress,
}

/// Where it listens.
#[derive(Debug)]
pub struct Listening {
    /// The socket.
    pub socket: TcpListener,
    /// The address, with the port that was given where 0 was asked for.
    pub address: SocketAddr,
}

impl Listening {
    /// Takes the address, so that a port in use is told before anything else is started.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }
}

impl Ingest {
    /// Gets ready to take requests for `app`.
    pub fn new(app: Arc<App>, tls: TlsSetting) -> Self {
        let limits = app.config().server.limits;
        let memory = Memory::new(limits.body_bytes_in_flight);
        Self {
            road: Arc::new(Road {
                app,
                gate: Gate::default(),
                memory,
                refusals: Refusals::default(),
            }),
            tls,
            limits,
            connections: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            by_address: Arc::default(),
        }
    }

    /// What lets requests in from quarantine.
    pub fn releases(&self) -> Arc<dyn Release> {
        Arc::new(Arc::clone(&self.road))
    }

    /// Accepts connections until the app stops, then sees those through that are there.
    pub async fn run(self, listening: Listening) {
        let mut stopping = self.road.app.stopping.clone();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listening.socket.accept() => match accepted {
                    Ok((socket, peer)) => self.admit(socket, peer.ip().to_canonical(), &mut connections),
                    Err(error) => {
                        // Out of file descriptors, mostly: accepting again at once would only spin.
                        tracing::warn!(%error, "a connection could not be accepted");
                        sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                () = stopped(&mut stopping) => break,
            }
        }
        drop(listening);
        while connections.join_next().await.is_some() {}
    }

    fn admit(&self, socket: TcpStream, peer: IpAddr, connections: &mut JoinSet<()>) {
        let tls = self.tls.borrow().clone();
        let Some(place) = self.place_for(peer) else {
            self.refuse(&socket, tls.is_some());
            return;
        };
        // Answers are small and sent at once; waiting for more to send would only delay them.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "a socket option could not be set");
        }
        let road = Arc::clone(&self.road);
        let limits = self.limits;
        let counted = road.app.metrics.connection();
        connections.spawn(async move {
            let (_place, _counted) = (place, counted);
            match tls {
                None => serve(socket, peer, false, road, limits).await,
                Some(tls) => {
                    match timeout(limits.head_timeout, TlsAcceptor::from(tls).accept(socket)).await
                    {
                        Ok(Ok(socket)) => serve(socket, peer, true, road, limits).await,
                        Ok(Err(error)) => {
                            tracing::debug!(%error, %peer, "TLS could not be agreed on");
                        }
                        Err(_) => tracing::debug!(%peer, "TLS was not agreed on in time"),
                    }
                }
            }
        });
    }

    /// Tells a sender that there is no room for its connection, without waiting for it.
    fn refuse(&self, socket: &TcpStream, tls: bool) {
        let problem = Problem::new(
            Kind::Overloaded,
            "Too many connections. Nothing was stored; send it again later.",
        );
        let problem = problem.retry_after(Duration::from_secs(2));
        self.road.note(None, &problem, &request_id(), None);
        if !tls {
            // Best effort: the sender tries again whether it reads this or not.
            drop(socket.try_write(&on_the_wire(&problem, &request_id())));
        }
    }

    /// A place for one more connection, in all and from this address.
    ///
    /// Trusted proxies and this machine itself carry the connections of many, and are not counted.
    fn place_for(&self, peer: IpAddr) -> Option<Place> {
        let permit = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        let config = self.road.app.config();
        if peer.is_loopback() || peer::is_in(peer, &config.server.trusted_proxies) {
            return Some(Place { _permit: permit, counted: None });
        }
        let network = network(peer);
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(network).or_default();
        if *count >= self.limits.connections_per_address {
            return None;
        }
        *count += 1;
        Some(Place { _permit: permit, counted: Some((network, Arc::clone(&self.by_address))) })
    }
}

/// Whoever has one IPv6 address has 2^64 of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

/// A connection's place, given back when it ends.
struct Place {
    _permit: OwnedSemaphorePermit,
    counted: Option<(IpAddr, ByAddress)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((network, by_address)) = &self.counted else { return };
        let mut by_address = by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(network);
            }
        }
    }
}

/// A problem as bytes, for a connection that hyper is not, or no longer, in charge of.
fn on_the_wire(problem: &Problem, request_id: &str) -> Vec<u8> {
    let body = problem.body(request_id);
    let retry_after = problem
        .retry_after
        .map_or_else(String::new, |wait| format!("retry-after: {}\r\n", wait.as_secs()));
    let status = problem.kind.status();
    let reason = status.canonical_reason().unwrap_or_default();
    format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n{retry_after}\
         x-request-id: {request_id}\r\nconnection: close\r\n\r\n{body}",
        status.as_u16(),
        body.len(),
    )
    .into_bytes()
}

/// Serves one connection to its end.
async fn serve<T>(socket: T, peer: IpAddr, tls: bool, road: Arc<Road>, limits: Limits)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let progress = Progress::new();
    let io = TokioIo::new(Guarded::new(socket, Arc::clone(&progress), limits));
    let mut stopping = road.app.stopping.clone();
    let noting = Arc::clone(&road);
    let connection = Connection { peer, tls, progress: Arc::clone(&progress) };
    let service = service_fn(move |request: Request<Incoming>| {
        Box::pin(Arc::clone(&road).take(connection.clone(), request))
    });
    let mut conn = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_MAX)
        .half_close(true)
        .serve_connection(io, service);
    let mut asked_to_end = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|cx| conn.poll_without_shutdown(cx)) => break ended,
            () = stopped(&mut stopping), if !asked_to_end => asked_to_end = true,
        }
        Pin::new(&mut conn).graceful_shutdown();
    };
    let problem = ended.err().and_then(|error| explain(&error, &progress));
    let farewell = problem.map(|problem| {
        let request_id = request_id();
        noting.note(None, &problem, &request_id, None);
        on_the_wire(&problem, &request_id)
    });
    close(conn.into_parts().io.into_inner().into_socket(), farewell, progress.is_unread()).await;
}

/// What to tell a sender whose request hyper could not read, or that was too slow with it.
fn explain(error: &hyper::Error, progress: &Progress) -> Option<Problem> {
    let bad =
        |kind, detail: &str| Some(Problem::new(kind, format!("{detail} Nothing was stored.")));
    match progress.held_back() {
        Some(414) => return bad(Kind::UriTooLong, "The request's URL is too long."),
        Some(431) => return Some(head::headers_too_large()),
        _ => {}
    }
    if error.is_parse() {
        // hyper tells the kinds of malformed requests apart in its text alone.
        let text = error.to_string();
        return if text.contains("content-length") || text.contains("transfer-encoding") {
            bad(Kind::BadFraming, "Content-Length or Transfer-Encoding is not valid.")
        } else if text.contains("header") {
            bad(Kind::BadHeader, "A header is malformed.")
        } else {
            bad(Kind::BadRequest, "The request line is malformed, or not HTTP/1.1.")
        };
    }
    let timed_out = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
    if timed_out && progress.phase() == Phase::Head {
        return bad(Kind::HeadTimeout, "The request's head did not arrive in time.");
    }
    None
}

/// Closes a connection so that the sender can read what it was told.
///
/// A socket that is closed while data waits to be read resets the connection, and the reset
/// overtakes the answer; so what the sender is still sending is read and thrown away for a while.
async fn close<T: AsyncRead + AsyncWrite + Unpin>(
    mut socket: T,
    said: Option<Vec<u8>>,
    unread: bool,
) {
    let lingers = said.is_some() || unread;
    let farewell = async {
        if let Some(said) = said {
            socket.write_all(&said).await?;
        }
        socket.shutdown().await?;
        let mut thrown_away = 0;
        let mut buffer = vec![0; if lingers { 16 << 10 } else { 0 }];
        while lingers && thrown_away < LINGER_BYTES {
            match socket.read(&mut buffer).await? {
                0 => break,
                len => thrown_away += len,
            }
        }
        io::Result::Ok(())
    };
    // The sender may be gone already; there is nobody left to tell.
    drop(timeout(LINGER, farewell).await);
}
