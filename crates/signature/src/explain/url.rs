//! The URL as the provider may have known it, and the method.

use super::Mistake;
use super::trial::{Candidate, Change, Scene};

/// What proxies say of the request that they got. It is believed here, since nothing follows from
/// it but a sentence.
const HOSTS: &[&str] = &["x-forwarded-host", "x-original-host", "x-forwarded-server", "host"];
const TARGETS: &[&str] = &[
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
    "x-envoy-original-path",
    "x-forwarded-uri",
];

/// The parts of a URL that are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    scheme: String,
    user: String,
    host: String,
    port: String,
    path: String,
    query: String,
}

/// The URLs that may have been signed instead.
pub(super) fn spellings<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let covers = scene.case.scheme.covers().url && scene.is_mismatch();
    let seen = covers.then(|| split(scene.request.url)).flatten();
    Box::new(seen.into_iter().flat_map(|seen| {
        let urls = variants(scene, &seen);
        urls.into_iter().map(move |parts| {
            let says = format!(
                "The URL that was signed is not the one that is seen here: {}.",
                difference(&seen, &parts)
            );
            let change = Change { url: Some(parts.join()), ..Change::default() };
            Candidate::new(Mistake::UrlOther, says, change)
        })
    }))
}

/// Those that differ in one thing first, then those that differ in several.
fn variants(scene: &Scene<'_>, seen: &Parts) -> Vec<Parts> {
    let other_scheme = if seen.scheme == "https" { "http" } else { "https" };
    let mut schemes = vec![seen.scheme.clone(), other_scheme.to_owned()];
    schemes.truncate(2);
    let mut authorities = vec![(seen.host.clone(), seen.port.clone())];
    let mut add = |host: &str, port: &str| {
        let authority = (host.to_owned(), port.to_owned());
        if !authorities.contains(&authority) {
            authorities.push(authority);
        }
    };
    add(&seen.host, "");
    for authority in forwarded_hosts(scene) {
        let (host, port) = split_authority(&authority);
        add(host, port);
        add(host, "");
    }
    add(&seen.host, ":443");
    add(&seen.host, ":80");
    let targets = targets(scene, seen);
    let mut found = Vec::new();
    for (path, query) in &targets {
        for (host, port) in &authorities {
            for scheme in &schemes {
                let parts = Parts {
                    scheme: scheme.clone(),
                    host: host.clone(),
                    port: port.clone(),
                    path: path.clone(),
                    query: query.clone(),
                    ..seen.clone()
                };
                if parts != *seen {
                    found.push(parts);
                }
            }
        }
    }
    found.sort_by_key(|parts| changes(seen, parts).len());
    found
}

/// Hosts that a proxy says it was asked for.
fn forwarded_hosts(scene: &Scene<'_>) -> Vec<String> {
    let headers = scene.request.headers;
    let text = |value: Option<&[u8]>| Some(std::str::from_utf8(value?).ok()?.to_owned());
    let mut found = Vec::new();
    for name in HOSTS {
        let value = text(headers.value(name, 0)).unwrap_or_default();
        found.extend(value.split(',').next().map(|host| host.trim().to_owned()));
    }
    let forwarded = text(headers.value("forwarded", 0)).unwrap_or_default();
    found.extend(forwarded.split([';', ',']).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim_matches('"').to_owned())
    }));
    // What is no host is not shown either.
    let is_host = |host: &String| {
        !host.is_empty()
            && host.len() <= 255
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
    };
    found.retain(is_host);
    found
}

/// Paths and queries: as seen, with and without the slash at the end, without the query, with the
/// query in another spelling, and what a proxy says it was asked for.
fn targets(scene: &Scene<'_>, seen: &Parts) -> Vec<(String, String)> {
    let mut found = vec![(seen.path.clone(), seen.query.clone())];
    let mut add = |path: &str, query: &str| {
        let target = (path.to_owned(), query.to_owned());
        if !found.contains(&target) {
            found.push(target);
        }
    };
    let slash = match seen.path.strip_suffix('/') {
        Some(without) => without.to_owned(),
        None => format!("{}/", seen.path),
    };
    add(&slash, &seen.query);
    add(&seen.path, "");
    add(&slash, "");
    let mut pairs: Vec<&str> = seen.query.trim_start_matches('?').split('&').collect();
    pairs.sort_unstable();
    let sorted = pairs.join("&");
    if !sorted.is_empty() {
        add(&seen.path, &format!("?{sorted}"));
    }
    for (from, to) in [("%20", "+"), ("+", "%20"), ("%2C", ","), ("%3A", ":"), ("%2F", "/")] {
        add(&seen.path, &seen.query.replace(from, to));
    }
    for name in TARGETS {
        let value = scene.request.headers.value(name, 0).and_then(|v| std::str::from_utf8(v).ok());
        let Some(target) = value.filter(|target| target.starts_with('/')) else { continue };
        let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
        add(path, query);
        add(path, &seen.query);
    }
    let prefix = scene.request.headers.value("x-forwarded-prefix", 0);
    if let Some(prefix) = prefix.and_then(|prefix| std::str::from_utf8(prefix).ok()) {
        add(&format!("{}{}", prefix.trim_end_matches('/'), seen.path), &seen.query);
    }
    found
}

fn split(url: &str) -> Option<Parts> {
    let (scheme, rest) = url.split_once("://")?;
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let at = authority.rfind('@').map_or(0, |at| at + 1);
    let (user, authority) = authority.split_at_checked(at)?;
    let (host, port) = split_authority(authority);
    Some(Parts {
        scheme: scheme.to_owned(),
        user: user.to_owned(),
        host: host.to_owned(),
        port: port.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
    })
}

/// The host, and the port with its colon.
fn split_authority(authority: &str) -> (&str, &str) {
    // The last `]` ends an IPv6 address, whose colons are not the port's.
    let colon = authority.rfind(':').filter(|&at| authority.rfind(']').is_none_or(|end| at > end));
    authority.split_at(colon.unwrap_or(authority.len()))
}

impl Parts {
    fn join(&self) -> String {
        let Self { scheme, user, host, port, path, query } = self;
        format!("{scheme}://{user}{host}{port}{path}{query}")
    }
}

/// What differs, in words. Queries and paths are not shown: they may hold tokens.
fn changes(seen: &Parts, signed: &Parts) -> Vec<String> {
    let mut found = Vec::new();
    if seen.scheme != signed.scheme {
        found.push(format!("it begins with `{}://` and not `{}://`", signed.scheme, seen.scheme));
    }
    if seen.host != signed.host {
        found.push(format!("its host is `{}` and not `{}`", signed.host, seen.host));
    }
    if seen.port != signed.port {
        found.push(match (signed.port.as_str(), seen.port.as_str()) {
            ("", port) => format!("it has no port, and not `{port}`"),
            (port, "") => format!("it has the port `{port}`, and here there is none"),
            (port, other) => format!("its port is `{port}` and not `{other}`"),
        });
    }
    if seen.path != signed.path {
        let without = |path: &str| path.trim_end_matches('/').to_owned();
        found.push(if without(&seen.path) != without(&signed.path) {
            "its path is another one, as a proxy says in a header".to_owned()
        } else if signed.path.ends_with('/') {
            "it ends with a slash, and here there is none".to_owned()
        } else {
            "it does not end with a slash, and here there is one".to_owned()
        });
    }
    if seen.query != signed.query {
        found.push(if signed.query.is_empty() {
            "it has no query, and here there is one".to_owned()
        } else if seen.query.is_empty() {
            "it has a query, and here there is none".to_owned()
        } else {
            "its query is written in another way or order".to_owned()
        });
    }
    found
}

fn difference(seen: &Parts, signed: &Parts) -> String {
    changes(seen, signed).join("; ")
}

/// The methods that a proxy may have changed.
pub(super) fn methods<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let covers = scene.case.scheme.covers().method && scene.is_mismatch();
    let seen = scene.request.method;
    let others = ["POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "post", "get"];
    Box::new(others.into_iter().filter(move |method| covers && *method != seen).map(|method| {
        let says =
            format!("The method that was signed is `{method}`, not the one that is seen here.");
        let change = Change { method: Some(method), ..Change::default() };
        Candidate::new(Mistake::MethodOther, says, change)
    }))
}
