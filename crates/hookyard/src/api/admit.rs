//! Who is let in to `/api/v1`: a caller that names this host, does not come from another web
//! site, and has the token. Who guesses it too often is told to wait; the right one always counts,
//! since behind a proxy all callers have one address.
//!
//! The host is checked because a web page may point a name of its own at 127.0.0.1 and would then
//! be of the same origin as we are (DNS rebinding); the token alone would stop it too, this stops
//! it from guessing.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Uri};

use super::Shared;
use super::serve::Peer;
use crate::config::Admin;
use crate::problem::{Kind, Problem};

/// How many wrong tokens one address may send in a [`PERIOD`].
const FAILURES: u32 = 10;
const PERIOD: Duration = Duration::from_secs(60);
/// How many addresses are remembered at once.
const ADDRESSES: usize = 1024;

/// The layer around `/api/v1`.
pub(super) async fn admit(State(api): State<Shared>, request: Request, next: Next) -> Response {
    match check(&api, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Whether a request may go on.
pub(super) fn check(api: &Shared, request: &Request) -> Result<(), Problem> {
    let config = api.app.config();
    let host = check_host(request.uri(), request.headers(), &config.admin)?;
    check_site(request.headers(), &host)?;
    match bearer(request.headers()) {
        Some(token) if api.token.is_of(token) => Ok(()),
        guess => {
            // Nothing was guessed where no token came along.
            if guess.is_some() {
                let address = request
                    .extensions()
                    .get::<Peer>()
                    .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.0.ip());
                api.failures.check(address, Instant::now())?;
                api.failures.count(address, Instant::now());
            }
            Err(Problem::new(
                Kind::Unauthorized,
                "Send `Authorization: Bearer <token>`; the token stands in the file `<store>.admin.json`.",
            ))
        }
    }
}

/// The token of a request that has exactly one.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    (values.next().is_none() && scheme.eq_ignore_ascii_case(b"Bearer ")).then(|| token.trim_ascii())
}

fn check_host(uri: &Uri, headers: &HeaderMap, admin: &Admin) -> Result<Authority, Problem> {
    let refused = || {
        Problem::new(
            Kind::Misdirected,
            "The request's `Host` is neither a loopback name, the address that the API listens on nor one of `hosts` in `[admin]`.",
        )
    };
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().ok_or_else(refused)?;
    let host = Authority::try_from(host.as_bytes()).map_err(|_| refused())?;
    let is_doubtful = hosts.next().is_some() || host.as_str().contains('@');
    if is_doubtful || uri.authority().is_some_and(|authority| *authority != host) {
        return Err(refused());
    }
    let name = host.host();
    let name = name.strip_suffix('.').unwrap_or(name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let listen = admin.listen.ip();
    let is_ours = match address {
        // An address cannot be rebound: a page under it came from it.
        Ok(address) => address.is_loopback() || address == listen || listen.is_unspecified(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    };
    let is_named = admin.hosts.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is_ours || is_named { Ok(host) } else { Err(refused()) }
}

/// Refuses what a browser says comes from another web site. Programs send neither header.
fn check_site(headers: &HeaderMap, host: &Authority) -> Result<(), Problem> {
    let foreign_fetch = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    let foreign_origin = headers.get_all(ORIGIN).iter().any(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        origin.is_none_or(|origin| origin.authority() != Some(host))
    });
    if foreign_fetch || foreign_origin {
        return Err(Problem::new(
            Kind::CrossSite,
            "A web page of another site may not use this API.",
        ));
    }
    Ok(())
}

/// Counts wrong tokens by address.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<HashMap<IpAddr, (Instant, u32)>>);

impl Failures {
    fn check(&self, address: IpAddr, now: Instant) -> Result<(), Problem> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counted.get(&key(&counted, address)) {
            Some((since, count)) if *count >= FAILURES && now.duration_since(*since) < PERIOD => {
                let problem = Problem::new(
                    Kind::RateLimited,
                    "Too many wrong tokens came from this address.",
                );
                Err(problem.retry_after(PERIOD.saturating_sub(now.duration_since(*since))))
            }
            _ => Ok(()),
        }
    }

    fn count(&self, address: IpAddr, now: Instant) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= ADDRESSES {
            counted.retain(|_, (since, _)| now.duration_since(*since) < PERIOD);
        }
        let key = key(&counted, address);
        let entry = counted.entry(key).or_insert((now, 0));
        if now.duration_since(entry.0) >= PERIOD {
            *entry = (now, 0);
        }
        entry.1 += 1;
    }
}

/// Under what an address is counted: with so many guessing at once, those that come later share
/// one count.
fn key(counted: &HashMap<IpAddr, (Instant, u32)>, address: IpAddr) -> IpAddr {
    let own = block(address);
    let is_full = counted.len() >= ADDRESSES && !counted.contains_key(&own);
    if is_full { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { own }
}

/// An IPv4 address, or the /64 that one customer gets of IPv6.
fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        map
    }

    fn admin(listen: &str) -> Admin {
        let hosts = vec!["hub.internal".to_owned(), "10.1.2.3".to_owned(), "[fd00::1]".to_owned()];
        Admin { listen: (listen.parse::<IpAddr>().unwrap(), 8081).into(), hosts }
    }

    #[test]
    fn hosts() {
        let (loopback, any, lan) = ("127.0.0.1", "0.0.0.0", "192.168.1.5");
        let cases = [
            ("127.0.0.1:8081", loopback, true),
            ("localhost:9", loopback, true),
            ("LOCALHOST", loopback, true),
            ("[::1]:8081", loopback, true),
            ("192.168.1.5", lan, true),
            ("192.168.1.6", lan, false),
            ("192.168.1.6", any, true),
            ("evil.example", any, false),
            ("localhost.evil.example:8081", loopback, false),
            ("127.0.0.1.evil.example", loopback, false),
            ("user@127.0.0.1", loopback, false),
            ("hub.internal", loopback, true),
            ("HUB.internal:8443", loopback, true),
            ("hub.internal.:8443", loopback, true),
            ("10.1.2.3:443", loopback, true),
            ("[fd00::1]", loopback, true),
            ("[fd00::2]", loopback, false),
            ("x.hub.internal", loopback, false),
            ("hub.internal.evil.example", loopback, false),
            ("user@hub.internal", loopback, false),
            ("", loopback, false),
        ];
        for (host, listen, fine) in cases {
            let given = headers(&[("host", host)]);
            let checked = check_host(&Uri::from_static("/"), &given, &admin(listen));
            assert_eq!(checked.is_ok(), fine, "{host} on {listen}");
        }
        let loopback = &admin(loopback);
        let local = headers(&[("host", "localhost")]);
        let twice = headers(&[("host", "localhost"), ("host", "localhost")]);
        assert!(check_host(&Uri::from_static("/"), &twice, loopback).is_err());
        assert!(check_host(&Uri::from_static("/"), &HeaderMap::new(), loopback).is_err());
        assert!(check_host(&Uri::from_static("http://evil.example/"), &local, loopback).is_err());
    }

    #[test]
    fn other_sites() {
        let host = Authority::from_static("localhost:8081");
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "http://localhost:8081")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "http://localhost:3000")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
        ];
        for (given, fine) in cases {
            let pairs: Vec<(&'static str, &str)> = given.to_vec();
            assert_eq!(check_site(&headers(&pairs), &host).is_ok(), *fine, "{given:?}");
        }
    }

    #[test]
    fn tokens_in_headers() {
        let token = |pairs: &[(&'static str, &str)]| bearer(&headers(pairs)).map(<[u8]>::to_vec);
        assert_eq!(token(&[("authorization", "Bearer abc")]), Some(b"abc".to_vec()));
        assert_eq!(token(&[("authorization", "bearer abc")]), Some(b"abc".to_vec()));
        assert_eq!(token(&[("authorization", "Basic abc")]), None);
        assert_eq!(token(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]), None);
        assert_eq!(token(&[]), None);
    }

    #[test]
    fn guessing_is_limited_and_forgiven() {
        let failures = Failures::default();
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::ffff".parse().unwrap();
        let now = Instant::now();
        for _ in 0..FAILURES {
            assert!(failures.check(address, now).is_ok());
            failures.count(neighbour, now);
        }
        let problem = failures.check(address, now + Duration::from_secs(20)).unwrap_err();
        assert_eq!(
            (problem.kind, problem.retry_after),
            (Kind::RateLimited, Some(Duration::from_secs(40)))
        );
        assert!(
            failures.check("192.0.2.1".parse().unwrap(), now).is_ok(),
            "others are not held back"
        );
        assert!(failures.check(address, now + PERIOD).is_ok());
        failures.count(address, now + PERIOD);
        assert!(failures.check(address, now + PERIOD).is_ok());
        for index in 0..3000_u32 {
            failures.count(IpAddr::V4(index.into()), now);
        }
        assert!(failures.0.lock().unwrap().len() <= ADDRESSES + 1);
        let late = IpAddr::V4(70_000.into());
        assert!(failures.check(late, now).is_err(), "many addresses do not make more guesses");
    }
}
