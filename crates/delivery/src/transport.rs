//! How a request leaves this process: the trait that the engine sends through, and its words.

mod connection;
mod connector;
mod http;
mod pool;
mod resolver;
mod tls;

use std::future::Future;
use std::pin::Pin;

use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use hookyard_model::{FailureKind, Reach, Timeouts};

pub use self::http::{ClientSettings, HttpClient};
pub use self::resolver::{Resolve, ResolveFuture, SystemResolver};

/// What [`Transport::send`] gives back: a future, boxed, so that a transport can be a trait object.
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Answer, TransportError>> + Send + 'a>>;

/// A way of sending a request to a destination, once.
///
/// An implementation never sends a request twice, ends within `timeouts.total`, and checks the
/// address against `reach` itself, at the moment it connects.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and waits for the answer.
    fn send(&self, outbound: Outbound) -> TransportFuture<'_>;
}

/// A request on its way out.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// Its method.
    pub method: Method,
    /// Where it goes. Checked again by the transport.
    pub url: String,
    /// Its headers; `host` and `content-length` are the transport's business.
    pub headers: HeaderMap,
    /// Its body, byte for byte.
    pub body: Bytes,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// Which addresses it may go to.
    pub reach: Reach,
    /// How much of the answer's body is read and kept.
    pub limit: ResponseLimit,
}

/// How much of an answer's body is worth reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseLimit {
    /// At most so many bytes are read; when there are more, the connection is closed.
    pub read: usize,
    /// So many bytes are kept.
    pub keep: usize,
}

impl ResponseLimit {
    /// For the answers of destinations: a little is read, so that the connection can be used
    /// again, and less is kept.
    pub const DESTINATION: Self = Self { read: 64 * 1024, keep: 4 * 1024 };

    /// Reads and keeps up to `bytes`.
    pub const fn whole(bytes: usize) -> Self {
        Self { read: bytes, keep: bytes }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, as far as it is kept; never decompressed.
    pub body: Bytes,
    /// Whether that is all of it.
    pub end: BodyEnd,
}

/// How the body of an answer ended. The head alone says whether a delivery succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// It came to its end and all of it was kept.
    Complete,
    /// There was more than is kept.
    TooLong,
    /// It broke off, or did not end in time.
    Broken,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct TransportError {
    /// Which step failed.
    pub kind: FailureKind,
    /// A sentence for a person.
    pub detail: String,
    /// Whether any of the request may have reached the other side.
    pub maybe_sent: bool,
}

impl TransportError {
    /// A failure before anything of the request left.
    pub fn unsent(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), maybe_sent: false }
    }
}
