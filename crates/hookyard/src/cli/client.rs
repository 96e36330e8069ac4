//! What this program sends by itself: one request, with the client that deliveries use too.

use std::time::Duration;

use bytes::Bytes;
use hookyard_delivery::{
    Answer, ClientSettings, HttpClient, Outbound, ResponseLimit, TransportError,
};
use hookyard_model::{Reach, Timeouts};
use http::{HeaderMap, Method};

/// As much of an answer as is read: a page of the API with the largest bodies fits.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Sends requests to where the person at the command line says.
pub(crate) struct Client {
    http: HttpClient,
    timeout: Duration,
}

/// A request to be sent.
pub(crate) struct Request {
    /// Its method.
    pub(crate) method: Method,
    /// Where it goes.
    pub(crate) url: String,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body.
    pub(crate) body: Bytes,
}

impl Client {
    /// A client whose requests take at most `timeout`.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { http: HttpClient::new(ClientSettings::default()), timeout }
    }

    /// Sends a request and waits for the answer, whatever its status.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let timeouts = Timeouts { connect: self.timeout, head: self.timeout, total: self.timeout };
        self.http
            .send(Outbound {
                method: request.method,
                url: request.url,
                headers: request.headers,
                body: request.body,
                timeouts,
                reach: Reach::Operator { metadata: false },
                limit: ResponseLimit::whole(LONGEST_ANSWER),
            })
            .await
    }
}
