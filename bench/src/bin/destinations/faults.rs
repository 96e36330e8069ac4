//! What destinations do wrong, one entry each, and what the hub has to make of it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::server::{Behaviour, Then};

/// One way in which a destination fails.
pub(crate) struct Fault {
    /// What it does.
    pub(crate) what: String,
    pub(crate) behaviour: Behaviour,
    pub(crate) expected: Expected,
    /// Where the hub delivers to; the address of the destination takes the place of `{}`.
    pub(crate) url: &'static str,
}

/// What the hub has to make of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expected {
    /// One attempt, which succeeded.
    Delivered,
    /// As many attempts as the schedule has, each of which failed for one of these reasons, and
    /// may have arrived or not, where that can be told.
    Failed(&'static [&'static str], Option<bool>),
    /// One attempt, and the next between these seconds after it.
    Waits(f64, f64),
    /// One attempt in all, and no more to this destination.
    Stopped,
}

const LOST: Expected = Expected::Failed(&["connection_lost"], Some(true));
const LATE: Expected = Expected::Failed(&["response_timeout"], Some(true));
const NOT_HTTP: Expected = Expected::Failed(&["protocol"], Some(true));
const STATUS: Expected = Expected::Failed(&["status"], Some(true));
/// A proper answer.
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// How often a byte drips.
const DRIP: Duration = Duration::from_millis(100);
/// What never ends.
const ZEROS: &[u8] = &[0; 16 << 10];

fn fault(what: impl Into<String>, behaviour: Behaviour, expected: Expected) -> Fault {
    Fault { what: what.into(), behaviour, expected, url: "http://{}/hook" }
}

fn says(
    what: impl Into<String>,
    bytes: impl Into<Vec<u8>>,
    then: Then,
    expected: Expected,
) -> Fault {
    fault(what, Behaviour::Says(bytes.into(), then), expected)
}

/// A whole answer without a body, with these lines of its head.
fn answers(what: impl Into<String>, head: &str, expected: Expected) -> Fault {
    says(what, format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n"), Then::Next, expected)
}

/// All of them. `trap` is where redirects lead; `soon` is the time in two minutes as HTTP writes
/// it; `late` is longer than an attempt may take.
pub(crate) fn all(trap: SocketAddr, soon: &str, late: Duration) -> Vec<Fault> {
    [
        unreachable(),
        broken_off(),
        slow(late),
        endless(),
        redirects(trap),
        statuses(soon),
        not_http(),
        not_tls(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn unreachable() -> Vec<Fault> {
    let refused = Expected::Failed(&["connect_refused"], Some(false));
    let timed_out = Expected::Failed(&["connect_timeout"], Some(false));
    let unresolved = Expected::Failed(&["dns"], Some(false));
    let name = fault("F11 has a name that is nobody's", Behaviour::Refuses, unresolved);
    vec![
        fault("F1 refuses connections", Behaviour::Refuses, refused),
        fault("F1 lets connections wait", Behaviour::Unreachable, timed_out),
        fault("F1 never answers", Behaviour::Greets(b""), LATE),
        Fault { url: "http://hookyard-has-no-such-name.invalid/hook", ..name },
    ]
}

fn broken_off() -> Vec<Fault> {
    // The reset may come before the hub has looked at whom it is connected to.
    let any = Expected::Failed(&["connection_lost", "connect_failed"], None);
    let half = Expected::Failed(&["connection_lost", "protocol"], Some(true));
    let body = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it".as_slice();
    vec![
        fault("F2 resets before it reads", Behaviour::Resets, any),
        says("F2 resets after the request", "", Then::Reset, LOST),
        says("F2 closes after the request", "", Then::Close, LOST),
        says("F2 resets within its head", "HTTP/1.1 200 OK\r\ncontent-len", Then::Reset, half),
        says("F12 resets within its body", body, Then::Reset, Expected::Delivered),
        says("F12 closes within its body", body, Then::Close, Expected::Delivered),
        says("F13 closes between requests without a word", OK, Then::Close, Expected::Delivered),
        says("F13 answers as it should", OK, Then::Next, Expected::Delivered),
    ]
}

fn slow(late: Duration) -> Vec<Fault> {
    let head = Then::Drip(b"HTTP/1.1 200 OK\r\nx-drip: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", DRIP);
    let body = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    vec![
        says("F3 drips its head", "", head, LATE),
        says("F3 drips its body", body, Then::Drip(b"x", DRIP), Expected::Delivered),
        says("F3 stops within its body", body, Then::Hold, Expected::Delivered),
        says("F14 answers after the timeout", "", Then::Late(OK, late), LATE),
    ]
}

fn endless() -> Vec<Fault> {
    let good = "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n";
    let gzip = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 10737418240\r\n\r\n";
    let bad = "HTTP/1.1 503 Busy\r\ncontent-length: 10737418240\r\n\r\n";
    let chunk = b"4\r\nwxyz\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    vec![
        says("F4 has a body of 10 GiB", good, Then::Repeat(ZEROS), Expected::Delivered),
        says("F4 has one that it calls gzip", gzip, Then::Repeat(ZEROS), Expected::Delivered),
        says("F4 has one beside a 503", bad, Then::Repeat(ZEROS), STATUS),
        says("F4 has chunks without end", chunked, Then::Repeat(chunk), Expected::Delivered),
    ]
}

fn redirects(trap: SocketAddr) -> Vec<Fault> {
    let redirect = |status: u16| {
        let head = format!("{status} Elsewhere\r\nlocation: http://{trap}/hook");
        answers(format!("F5 redirects with {status}"), &head, STATUS)
    };
    [301, 302, 303, 307, 308].into_iter().map(redirect).collect()
}

fn statuses(soon: &str) -> Vec<Fault> {
    let retry_after = |what: &str, status: u16, value: &str, expected| {
        answers(what, &format!("{status} Later\r\nretry-after: {value}"), expected)
    };
    let two_minutes = Expected::Waits(120.0, 145.0);
    let past = "Thu, 01 Jan 1970 00:02:00 GMT";
    vec![
        retry_after("F6 asks for 120 s", 429, "120", two_minutes),
        retry_after("F6 asks for two minutes as a date", 503, soon, Expected::Waits(90.0, 145.0)),
        retry_after("F6 asks for 30 years", 503, "1000000000", Expected::Waits(86400.0, 103_690.0)),
        retry_after("F6 asks for -1 s", 429, "-1", STATUS),
        retry_after("F6 asks for soon", 503, "soon", STATUS),
        retry_after("F6 asks for a date in the past", 503, past, STATUS),
        answers("F7 is gone", "410 Gone", Expected::Stopped),
        answers("F8 answers 400", "400 Bad", STATUS),
        answers("F8 answers 404", "404 Not Found", STATUS),
        answers("F8 answers 422", "422 No", STATUS),
        answers("F9 answers 304", "304 Not Modified", STATUS),
        answers("F9 answers 999", "999 Strange", STATUS),
    ]
}

fn not_http() -> Vec<Fault> {
    let flood = Expected::Failed(&["protocol", "response_timeout", "connection_lost"], Some(true));
    let with_body = "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello";
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(2 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: a\r\n".repeat(20_000));
    let continues = Then::Repeat(b"HTTP/1.1 100 Continue\r\n\r\n");
    let goaway = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0".as_slice();
    let early = Expected::Failed(&["protocol", "connection_lost"], None);
    vec![
        says("F9 says 100 Continue without end", "", continues, flood),
        says("F9 sends a body with 204", with_body, Then::Close, Expected::Delivered),
        says("F9 speaks HTTP/0.9", "hello\n", Then::Close, NOT_HTTP),
        says("F9 has no status line", "content-length: 0\r\n\r\n", Then::Close, NOT_HTTP),
        says("F9 has a header of 2 MiB", long, Then::Hold, NOT_HTTP),
        says("F9 has 20,000 headers", many, Then::Hold, NOT_HTTP),
        says("F9 has NUL in a header", "HTTP/1.1 200 OK\r\nx: \0\r\n\r\n", Then::Hold, NOT_HTTP),
        says("F15 speaks HTTP/2 alone", goaway, Then::Close, NOT_HTTP),
        fault("F9 speaks before it is asked", Behaviour::Greets(b"SSH-2.0-x\r\n"), early),
    ]
}

fn not_tls() -> Vec<Fault> {
    let stalls = Expected::Failed(&["connect_timeout", "tls"], Some(false));
    let refused = Expected::Failed(&["tls"], Some(false));
    let stalled = fault("F10 never shakes hands", Behaviour::Greets(b""), stalls);
    let plain = fault("F10 speaks no TLS", Behaviour::Greets(b"HTTP/1.1 200 OK\r\n\r\n"), refused);
    [stalled, plain].map(|fault| Fault { url: "https://{}/hook", ..fault }).into()
}
