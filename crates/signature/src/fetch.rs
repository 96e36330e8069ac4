//! Keys that are not configured but fetched, because the provider publishes them.
//!
//! This crate never opens a connection. It says what to fetch, from an address that it has checked
//! against the provider's own hosts; the caller fetches, keeps it for a while, and brings it back.

use std::fmt;

/// A key to be fetched over HTTPS before a request can be verified. The host is one that the
/// table names, whatever the request says.
///
/// The caller follows no redirect, sets a time limit of a few seconds and a size limit of 64 KiB,
/// fetches the same thing once at a time, and remembers failures for a while too: an unsigned
/// request must not make it fetch without end. If the fetch fails, the request is refused in a way
/// that makes the provider try again.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fetch {
    /// The URL, always `https`.
    pub url: String,
    /// The JSON to send with POST, as `application/json`; without one it is a GET.
    pub body: Option<String>,
    /// The value of `Authorization` to send, if any.
    pub authorization: Option<String>,
    /// For how long what is fetched holds, in seconds.
    pub max_age: u64,
}

/// The body and the header may hold credentials, so that only the URL is shown.
impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("url", &self.url).finish_non_exhaustive()
    }
}
