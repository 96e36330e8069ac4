//! An attempt: one try at a delivery, kept for the person who asks why.

use std::time::Duration;

use bytes::Bytes;

use crate::word::words;
use crate::{HeaderList, Timestamp};

/// One try at a delivery and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Counts the attempts of one delivery, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, to the end of the response.
    pub duration: Duration,
    /// Whether any of the request may have reached the destination.
    pub maybe_sent: bool,
    /// What the destination answered, if it did.
    pub response: Option<Response>,
    /// Why it failed; `None` when it succeeded.
    pub failure: Option<Failure>,
}

/// What a destination answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Its headers, as far as they are kept.
    pub headers: HeaderList,
    /// The beginning of its body, as far as it is kept.
    pub body: Bytes,
    /// Whether there was more body than is kept.
    pub truncated: bool,
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure; stands in metrics and in the API.
    pub kind: FailureKind,
    /// A sentence for a person.
    pub detail: String,
}

words! {
    /// The kinds of failure of an attempt.
    FailureKind {
        /// The destination's name could not be resolved.
        Dns = "dns",
        /// Our guard does not allow the destination's address.
        AddressRefused = "address_refused",
        /// The destination's machine refused the connection.
        ConnectRefused = "connect_refused",
        /// No connection came about in time.
        ConnectTimeout = "connect_timeout",
        /// No connection came about for another reason.
        ConnectFailed = "connect_failed",
        /// The destination's certificate, name or protocol was not acceptable.
        Tls = "tls",
        /// The response did not begin, or did not end, in time.
        ResponseTimeout = "response_timeout",
        /// The connection broke before the response had begun.
        ConnectionLost = "connection_lost",
        /// What came back was not HTTP.
        Protocol = "protocol",
        /// The destination answered, but not with a 2xx.
        Status = "status",
        /// The process ended while the attempt was under way; how it ended is not known.
        Interrupted = "interrupted",
        /// The request could not be made from the destination's settings.
        Request = "request",
    }
}

/// What an attempt means for its delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has it.
    Succeeded,
    /// The destination wants no more of it (410).
    Gone,
    /// Our guard forbids the destination's address; trying again would not change that.
    Refused,
    /// It failed; the destination may have said when to come back.
    Failed {
        /// What the destination asked for with `Retry-After`.
        retry_after: Option<Duration>,
    },
}
