//! A destination: where events go, and how it is to be treated.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::word::words;
use crate::{CircuitPolicy, Name, Rate, RetryPolicy, Secret};

/// An HTTP endpoint that events are delivered to.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Its name.
    pub name: Name,
    /// Its URL, `http` or `https`, already checked for form.
    pub url: String,
    /// Sign what we send, the newest first; empty sends unsigned.
    pub secrets: Vec<Secret>,
    /// How long it has to answer.
    pub timeouts: Timeouts,
    /// How many attempts may be under way at once.
    pub concurrency: NonZeroU32,
    /// How many attempts may start in a span of time.
    pub rate: Option<Rate>,
    /// When failures are tried again.
    pub retry: RetryPolicy,
    /// When it is left alone for a while.
    pub circuit: CircuitPolicy,
    /// Headers that each request carries.
    pub headers: Vec<(String, Secret)>,
    /// Which of the provider's headers go along.
    pub forward_headers: ForwardHeaders,
    /// Headers, in lower case, that carry a source's token or password: [`ForwardHeaders::All`]
    /// leaves them out.
    pub withheld_headers: Vec<String>,
    /// Which addresses it may have.
    pub reach: Reach,
}

/// How long the steps of an attempt may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To resolve the name, connect and agree on TLS.
    pub connect: Duration,
    /// From there to the end of the response's head.
    pub head: Duration,
    /// The whole attempt.
    pub total: Duration,
}

/// Which of the headers that came in with an event are sent on with it. Those that begin with
/// `webhook-` get `hookyard-original-` before their names; ours stand under theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ForwardHeaders {
    /// Only what describes the body: `content-type`, `content-encoding`, `content-language`.
    #[default]
    Content,
    /// Those, and the provider's signature, id and type headers.
    Signature,
    /// All but the ones that belong to the connection, and those that let somebody in:
    /// `authorization`, `cookie` and [`Destination::withheld_headers`].
    All,
    /// The ones that describe the body, and these, named in lower case.
    Named(Vec<String>),
}

/// Which addresses a destination may resolve to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Written by the operator: any address but those of cloud metadata services.
    Operator {
        /// Metadata addresses are allowed too, because the operator said so.
        metadata: bool,
    },
    /// Written by somebody else: public addresses alone.
    Public,
}

words! {
    /// Whether deliveries to a destination are made at all. What is not made is held, not dropped.
    DestinationStatus {
        /// They are.
        Active = "active",
        /// A person stopped them.
        Paused = "paused",
        /// We stopped them, because the destination answered 410 Gone.
        Disabled = "disabled",
    }
}
