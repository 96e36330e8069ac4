//! Which host a request is for, and whether that is one of ours.

use std::net::Ipv6Addr;

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;

use crate::problem::{Kind, Problem};

/// A host as it is compared.
#[derive(Debug, PartialEq, Eq)]
enum Host<'t> {
    /// A name or an IPv4 address, without the dot that may end a name.
    Name(&'t str),
    Address(Ipv6Addr),
}

/// Refuses a request whose host has no form, or is none of `hosts`; all are good when there are no
/// `hosts`.
pub(super) fn check(parts: &Parts, hosts: &[String]) -> Result<(), Problem> {
    let header = parts.headers.get(HOST);
    let named = header.map(|value| value.to_str().ok().and_then(parse));
    if named == Some(None) {
        let detail = "The Host header is not a host and a port. Nothing was stored.";
        return Err(Problem::new(Kind::BadHeader, detail));
    }
    // Where the target is a whole URL it alone says for whom the request is (RFC 9112, 3.2.2).
    let meant = match parts.uri.authority() {
        Some(authority) => Some(parse(authority.as_str()).ok_or_else(|| {
            let detail = "The request's target is not a valid URL. Nothing was stored.";
            Problem::new(Kind::BadRequest, detail)
        })?),
        None => named.flatten(),
    };
    let is_ours = |meant: &Host<'_>| hosts.iter().any(|known| meant.is(known));
    if hosts.is_empty() || meant.as_ref().is_some_and(is_ours) {
        return Ok(());
    }
    let detail = "The request's host is none of `hosts` in `[server]`. Nothing was stored.";
    Err(Problem::new(Kind::Misdirected, detail))
}

/// Host and port that a request is for, as the sender wrote them.
pub(super) fn authority(parts: &Parts) -> Option<&str> {
    let header = || parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    parts.uri.authority().map(Authority::as_str).or_else(header)
}

/// The host in `host` or `host:port`; `None` when it is neither.
fn parse(authority: &str) -> Option<Host<'_>> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        (Host::Address(address.parse().ok()?), port)
    } else {
        let (name, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let is_name =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
        name.bytes().all(is_name).then_some(())?;
        (Host::Name(name.strip_suffix('.').unwrap_or(name)), port)
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(host)
}

impl Host<'_> {
    fn is(&self, known: &str) -> bool {
        match (self, parse(known)) {
            (Self::Name(name), Some(Host::Name(known))) => name.eq_ignore_ascii_case(known),
            (Self::Address(address), Some(Host::Address(known))) => *address == known,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(target: &str, host: Option<&str>) -> Parts {
        let mut request = Request::builder().uri(target);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn refused(target: &str, host: Option<&str>, hosts: &[&str]) -> Option<&'static str> {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        check(&parts(target, host), &hosts).err().map(|problem| problem.code)
    }

    #[test]
    fn hosts() {
        let known = ["hooks.example.com", "192.0.2.7", "[2001:db8::1]"];
        let foreign = Some("misdirected");
        let malformed = Some("bad_header");
        let cases = [
            ("hooks.example.com", None),
            ("Hooks.EXAMPLE.com:8443", None),
            ("hooks.example.com.", None),
            ("hooks.example.com.:80", None),
            ("hooks.example.com:", None),
            ("192.0.2.7:8080", None),
            ("[2001:db8::1]", None),
            ("[2001:DB8:0:0::0:1]:8080", None),
            ("", foreign),
            (":80", foreign),
            (".", foreign),
            ("hooks.example.com..", foreign),
            ("x.hooks.example.com", foreign),
            ("hooks.example.com.evil.example", foreign),
            ("hooks%2eexample.com", foreign),
            ("hooks.example.com,evil.example", foreign),
            ("192.0.2.8", foreign),
            ("[2001:db8::2]", foreign),
            ("[::ffff:192.0.2.7]", foreign),
            ("2001:db8::1", malformed),
            ("[2001:db8::1", malformed),
            ("[2001:db8::1]8080", malformed),
            ("[192.0.2.7]", malformed),
            ("hooks.example.com:http", malformed),
            ("hooks.example.com:80:80", malformed),
            ("hooks.example.com@evil.example", malformed),
            ("evil.example@hooks.example.com", malformed),
            ("hooks.example.com/", malformed),
            ("hooks.example.com evil.example", malformed),
            ("http://hooks.example.com", malformed),
        ];
        for (host, expected) in cases {
            assert_eq!(refused("/webhook/a", Some(host), &known), expected, "{host}");
            let anywhere = expected.filter(|code| *code != "misdirected");
            assert_eq!(refused("/webhook/a", Some(host), &[]), anywhere, "{host}");
        }
        assert_eq!(refused("/webhook/a", None, &known), foreign);
        assert_eq!(refused("/webhook/a", None, &[]), None);
    }

    #[test]
    fn a_whole_url_goes_before_the_header() {
        let (ours, known) = ("hooks.example.com", ["hooks.example.com"]);
        let whole = "http://hooks.example.com:8080/webhook/a";
        assert_eq!(refused(whole, Some("evil.example"), &known), None);
        assert_eq!(refused("http://evil.example/", Some(ours), &known), Some("misdirected"));
        assert_eq!(
            refused("http://me@hooks.example.com/", Some(ours), &known),
            Some("bad_request")
        );
        assert_eq!(refused(whole, Some("a b"), &known), Some("bad_header"));
        assert_eq!(authority(&parts(whole, Some("evil.example"))), Some("hooks.example.com:8080"));
        assert_eq!(authority(&parts("/", Some("a:1"))), Some("a:1"));
    }
}
