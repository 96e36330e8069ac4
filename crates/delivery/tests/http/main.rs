//! The HTTP client against real sockets, and against servers that do what servers should not.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the servers of these tests may panic like the tests do"
)]

mod broken;
mod server;
mod tls;
mod well;

use std::time::Duration;

use bytes::Bytes;
use hookyard_delivery::{ClientSettings, HttpClient, Outbound, ResponseLimit};
use hookyard_model::{Reach, Timeouts};
use http::{HeaderMap, Method};

/// How long the steps of a request may take in these tests.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_millis(400),
    head: Duration::from_millis(500),
    total: Duration::from_millis(700),
};

/// When the test gives up: not a measure of speed, which would depend on the machine.
const GRACE: Duration = Duration::from_secs(20);

fn client() -> HttpClient {
    HttpClient::new(ClientSettings::default())
}

fn outbound(url: impl Into<String>) -> Outbound {
    Outbound {
        method: Method::POST,
        url: url.into(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{\"a\": 1}"),
        timeouts: TIMEOUTS,
        reach: Reach::Operator { metadata: false },
        limit: ResponseLimit::DESTINATION,
    }
}
