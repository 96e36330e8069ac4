//! Who sent a request, when there may be proxies in between.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The address of the sender.
///
/// The connection's own address, unless that is a trusted proxy: then the last address in
/// `X-Forwarded-For` that is not a trusted proxy. From right to left, because everything to the
/// left of what a trusted proxy wrote may be invented by the sender.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut address = peer.to_canonical();
    if !is_in(address, trusted) {
        return address;
    }
    let chain = headers.get_all("x-forwarded-for").iter();
    let chain: Vec<&[u8]> =
        chain.flat_map(|value| value.as_bytes().split(|&byte| byte == b',')).collect();
    for entry in chain.into_iter().rev() {
        // What cannot be read as an address ends the walk: nothing before it can be trusted.
        let Some(entry) = std::str::from_utf8(entry).ok().and_then(|entry| parse(entry.trim()))
        else {
            break;
        };
        address = entry;
        if !is_in(address, trusted) {
            break;
        }
    }
    address
}

/// Whether TLS was spoken with the sender, according to a trusted proxy.
pub(super) fn is_forwarded_https(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<bool> {
    if !is_in(peer.to_canonical(), trusted) {
        return None;
    }
    let value = headers.get_all("x-forwarded-proto").iter().next_back()?.to_str().ok()?;
    let last = value.rsplit(',').next()?.trim();
    Some(last.eq_ignore_ascii_case("https"))
}

/// Whether an address is in one of the networks.
pub(super) fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// An address as proxies write it: alone, with a port, in brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let address =
        text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()));
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    address.or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_trusted_proxies_from_right_to_left() {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap()).into();
        let cases: [(&str, &[&str], &str); 11] = [
            ("203.0.113.9", &[], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("fd00::1", &["[2001:db8::1]:80"], "2001:db8::1"),
            ("10.0.0.1", &["198.51.100.1, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ];
        for (peer, forwarded, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let found = client_address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_https() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-proto", "http, HTTPS".parse().unwrap());
        assert_eq!(is_forwarded_https("10.1.1.1".parse().unwrap(), &headers, &trusted), Some(true));
        assert_eq!(is_forwarded_https("11.1.1.1".parse().unwrap(), &headers, &trusted), None);
    }
}
