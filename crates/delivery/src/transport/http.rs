//! HTTP/1.1 to destinations, and to whatever else Hookyard calls: the one place that builds
//! outbound clients, so that nothing goes around the guard.
//!
//! On hyper's connections rather than on a ready client, because an attempt has to know three
//! things that a ready client keeps to itself: which step took too long, whether anything of the
//! request had left when it failed, and that nothing is ever sent twice behind its back.
//! Redirects are not followed, bodies not decompressed, proxies of the environment not used.

use std::error::Error;
use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hookyard_model::FailureKind;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use super::connection::Connection;
use super::connector::Connector;
use super::pool::{Place, Pool, drive};
use super::resolver::{Resolve, SystemResolver};
use super::{Answer, BodyEnd, Outbound, ResponseLimit, Transport, TransportError, TransportFuture};
use crate::check_url::check_url;

/// What an [`HttpClient`] is made of.
pub struct ClientSettings {
    /// Certificate authorities that are trusted beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// What finds the addresses of names.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self { extra_roots: Vec::new(), resolver: Arc::new(SystemResolver::default()) }
    }
}

/// Sends HTTP requests, keeping connections for the next one. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    connector: Arc<Connector>,
    pool: Arc<Pool>,
}

impl HttpClient {
    /// A client with no connections yet.
    pub fn new(settings: ClientSettings) -> Self {
        let connector = Connector::new(settings.resolver, settings.extra_roots);
        Self { connector: Arc::new(connector), pool: Arc::default() }
    }

    /// Sends a request, once, and waits for the answer: any status is an answer.
    pub async fn send(&self, outbound: Outbound) -> Result<Answer, TransportError> {
        let started = Instant::now();
        let end = started + outbound.timeouts.total;
        let url = check_url(&outbound.url, &outbound.reach).map_err(|error| {
            let refused = error.is_refusal();
            let kind = if refused { FailureKind::AddressRefused } else { FailureKind::Request };
            TransportError::unsent(kind, error.to_string())
        })?;
        let mut request = request(&outbound, &url)?;
        let place = Place::new(&url, &outbound.reach);
        if let Some(pooled) = self.pool.take(&place) {
            match exchange(pooled, request, end.min(started + outbound.timeouts.head)).await {
                Ok(answered) => return Ok(self.finish(answered, place, outbound.limit, end).await),
                // The other side had closed it while it waited, and nothing was written: this is
                // not a second sending.
                Err(Failed { unsent: Some(unsent), .. }) => request = *unsent,
                Err(failed) => return Err(failed.error),
            }
        }
        let connect_end = end.min(Instant::now() + outbound.timeouts.connect);
        let io = self.connector.connect(&url, &outbound.reach, connect_end).await?;
        let (mut connection, driving) = Connection::open(io)
            .await
            .map_err(|error| TransportError::unsent(FailureKind::ConnectFailed, chain(&error)))?;
        let driver = tokio::spawn(drive(driving, Arc::downgrade(&self.pool), place.clone()));
        connection.driven_by(driver.abort_handle());
        let head_end = end.min(Instant::now() + outbound.timeouts.head);
        let answered =
            exchange(connection, request, head_end).await.map_err(|failed| failed.error)?;
        Ok(self.finish(answered, place, outbound.limit, end).await)
    }

    /// Reads the body, and keeps the connection when the body came to its end.
    async fn finish(
        &self,
        (response, connection): (Response<Incoming>, Connection),
        place: Place,
        limit: ResponseLimit,
        end: Instant,
    ) -> Answer {
        let (head, body) = response.into_parts();
        let (body, end, to_the_end) = read(body, limit, end).await;
        if to_the_end {
            self.pool.keep(place, connection);
        }
        Answer { status: head.status, headers: head.headers, body, end }
    }
}

impl Transport for HttpClient {
    fn send(&self, outbound: Outbound) -> TransportFuture<'_> {
        Box::pin(self.send(outbound))
    }
}

/// Why there was no response.
struct Failed {
    error: TransportError,
    /// The request, when nothing of it was written.
    unsent: Option<Box<Request<Full<Bytes>>>>,
}

fn request(outbound: &Outbound, url: &Url) -> Result<Request<Full<Bytes>>, TransportError> {
    let failed = |why: &dyn std::fmt::Display| {
        TransportError::unsent(FailureKind::Request, format!("the request cannot be made: {why}"))
    };
    let target: Uri = url[Position::BeforePath..].parse().map_err(|error| failed(&error))?;
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let host = HeaderValue::from_str(host).map_err(|error| failed(&error))?;
    let mut request = Request::new(Full::new(outbound.body.clone()));
    *request.method_mut() = outbound.method.clone();
    *request.uri_mut() = target;
    *request.headers_mut() = outbound.headers.clone();
    // How long the body is, is known here and nowhere else.
    request.headers_mut().remove(CONTENT_LENGTH);
    request.headers_mut().remove(TRANSFER_ENCODING);
    request.headers_mut().insert(HOST, host);
    Ok(request)
}

/// Sends a request on a connection and waits for the head of the response.
async fn exchange(
    mut connection: Connection,
    request: Request<Full<Bytes>>,
    end: Instant,
) -> Result<(Response<Incoming>, Connection), Failed> {
    connection.begin();
    match timeout_at(end, connection.sender.try_send_request(request)).await {
        Ok(Ok(response)) => Ok((response, connection)),
        Ok(Err(mut failed)) => {
            let request = failed.take_message();
            let maybe_sent = connection.has_written();
            let error = lost(failed.error(), maybe_sent);
            Err(Failed { error, unsent: request.filter(|_| !maybe_sent).map(Box::new) })
        }
        Err(_) => {
            let error = TransportError {
                kind: FailureKind::ResponseTimeout,
                detail: "the response did not begin in time".to_owned(),
                // Its driver may be writing at this very moment.
                maybe_sent: true,
            };
            Err(Failed { error, unsent: None })
        }
    }
}

/// Names what went wrong on an open connection.
fn lost(error: &hyper::Error, maybe_sent: bool) -> TransportError {
    let (kind, what) = if is_tls(error) {
        (FailureKind::Tls, "TLS")
    } else if error.is_parse() {
        (FailureKind::Protocol, "the response is not valid HTTP")
    } else if error.is_user() {
        (FailureKind::Request, "the request cannot be made")
    } else {
        (FailureKind::ConnectionLost, "the connection was lost")
    };
    TransportError { kind, detail: format!("{what}: {}", chain(error)), maybe_sent }
}

/// Whether the other side ended TLS, as it does when it wants a certificate of ours.
fn is_tls(error: &hyper::Error) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .filter_map(io::Error::get_ref)
        .any(<dyn Error + Send + Sync>::is::<rustls::Error>)
}

/// An error with what caused it, for people.
fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// Reads a body within its limit. The last part says whether it was read to its end, so that the
/// connection can be used again.
async fn read(mut body: Incoming, limit: ResponseLimit, end: Instant) -> (Bytes, BodyEnd, bool) {
    let mut kept = BytesMut::new();
    let mut seen = 0_usize;
    loop {
        let data = match timeout_at(end, body.frame()).await {
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Ok(None) if seen > kept.len() => return (kept.freeze(), BodyEnd::TooLong, true),
            Ok(None) => return (kept.freeze(), BodyEnd::Complete, true),
            Ok(Some(Err(_))) | Err(_) => return (kept.freeze(), BodyEnd::Broken, false),
        };
        seen = seen.saturating_add(data.len());
        let room = limit.keep.saturating_sub(kept.len()).min(data.len());
        kept.extend_from_slice(data.get(..room).unwrap_or_default());
        if seen > limit.read {
            return (kept.freeze(), BodyEnd::TooLong, false);
        }
    }
}
