//! Who is let in.

use std::time::{Duration, Instant};

use hookyard::api::routes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Hub, Reply};

const DOCS: &str = include_str!("../../../../docs/reference/api.md");

/// A path with something in its variable parts.
fn filled(path: &str) -> String {
    path.replace("{id}", "evt_00000000000000000000000000").replace("{name}", "ci")
}

#[tokio::test]
async fn every_route_of_the_api_needs_the_token() {
    let hub = Hub::start().await;
    let open = ["/health", "/livez", "/readyz", "/metrics"];
    for (method, path) in routes() {
        let reply =
            hub.send(method, &filled(path), "content-type: application/json\r\n", "{}").await;
        if open.contains(&path) {
            assert_eq!(reply.status, 200, "{path}");
        } else {
            assert!(
                path.starts_with("/api/v1/"),
                "{path} is neither known to be open nor under /api/v1"
            );
            reply.refused(401, "unauthorized");
            assert!(reply.head.contains("www-authenticate: bearer"));
        }
    }
    // What is no route is not told from one that is.
    for path in ["/api/v1/nothing", "/api/v1/events/x/y", "/api/v2", "/api/v1/events/../events"] {
        hub.send("GET", path, "", "").await.refused(401, "unauthorized");
        hub.get(path).await.refused(404, "not_found");
    }
    hub.send("DELETE", "/api/v1/events", "", "").await.refused(401, "unauthorized");
    for path in ["/", "//api/v1/events", "/%61pi/v1/events", "/Api/v1/events", "/../etc/passwd"] {
        hub.send("GET", path, "", "").await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let hub = Hub::start().await;
    let reply = hub.send("DELETE", "/api/v1/events", &hub.bearer(), "").await;
    reply.refused(405, "method_not_allowed");
    assert!(reply.head.contains("allow: get"), "{}", reply.head);
    hub.send("POST", "/health", "", "").await.refused(405, "method_not_allowed");
    assert!(
        !hub.send("OPTIONS", "/api/v1/events", &hub.bearer(), "")
            .await
            .head
            .contains("access-control")
    );
}

#[tokio::test]
async fn guesses_are_counted_and_the_right_token_always_counts() {
    let hub = Hub::start().await;
    let guess = format!("authorization: Bearer {}x\r\n", hub.token);
    for _ in 0..10 {
        hub.send("GET", "/api/v1/sources", &guess, "").await.refused(401, "unauthorized");
    }
    let reply = hub.send("GET", "/api/v1/sources", &guess, "").await;
    reply.refused(429, "rate_limited");
    assert!(reply.head.contains("retry-after: "));
    // Behind a proxy all callers come from one address: one that guesses locks nobody else out.
    hub.get("/api/v1/sources").await.ok();
    hub.send("GET", "/api/v1/sources", "", "").await.refused(401, "unauthorized");
    hub.send("GET", "/api/v1/nothing", &guess, "").await.refused(429, "rate_limited");
    assert_eq!(hub.send("GET", "/health", "", "").await.status, 200);
}

#[tokio::test]
async fn web_pages_of_other_sites_are_refused() {
    let hub = Hub::start().await;
    let bearer = hub.bearer();
    let with = |more: &str| format!("{bearer}{more}\r\n");
    let path = "/api/v1/sources";
    for (headers, status, code) in [
        (with("host: evil.example"), 421, "misdirected"),
        (with("host: 127.0.0.1.evil.example:8081"), 421, "misdirected"),
        (with("origin: https://evil.example"), 403, "cross_site"),
        (with("origin: null"), 403, "cross_site"),
        (with("sec-fetch-site: cross-site"), 403, "cross_site"),
    ] {
        hub.send("GET", path, &headers, "").await.refused(status, code);
    }
    for headers in ["host: localhost:8081", "host: [::1]", "sec-fetch-site: none"] {
        hub.send("GET", path, &with(headers), "").await.ok();
    }
    // What a form or a script can send to another site without asking first.
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"]
    {
        let headers = with(&format!("content-type: {kind}"));
        let reply =
            hub.send("POST", "/api/v1/dead-letters/purge", &headers, r#"{"all":true}"#).await;
        reply.refused(415, "unsupported_media_type");
    }
    let none = hub.send("POST", "/api/v1/dead-letters/purge", &bearer, r#"{"all":true}"#).await;
    none.refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_proxy_in_front_is_known_by_its_name() {
    let hub =
        Hub::start_with("", "[admin]\nlisten = \"127.0.0.1:0\"\nhosts = [\"hub.internal\"]").await;
    let through =
        |host: &str| format!("{}host: {host}\r\norigin: https://{host}\r\n", hub.bearer());
    let path = "/api/v1/sources";
    for host in ["hub.internal", "HUB.internal:8443"] {
        hub.send("GET", path, &through(host), "").await.ok();
    }
    hub.send("GET", path, &through("hub.example"), "").await.refused(421, "misdirected");
}

#[tokio::test]
async fn answers_keep_browsers_from_guessing() {
    let hub = Hub::start().await;
    for path in ["/health", "/metrics", "/api/v1/events", "/nothing"] {
        let head = hub.get(path).await.head;
        for header in [
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "default-src 'none'",
            "x-request-id: req_",
        ] {
            assert!(head.contains(header), "{path}: {header} is not in {head}");
        }
    }
}

#[tokio::test]
async fn long_bodies_are_refused() {
    let hub = Hub::start().await;
    let body = format!(r#"{{"destination":"{}"}}"#, "x".repeat(1 << 20));
    hub.post("/api/v1/dead-letters/purge", &body).await.refused(413, "body_too_large");
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let hub = Hub::start().await;
    let began = Instant::now();
    let mut silent = TcpStream::connect(hub.running.admin).await.unwrap();
    let mut slow = TcpStream::connect(hub.running.admin).await.unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nhost: local").await.unwrap();
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let (first, second) = tokio::join!(silent.read_to_end(&mut one), slow.read_to_end(&mut other));
    assert!(first.is_ok() && second.is_ok());
    assert!(began.elapsed() < Duration::from_secs(30) && one.is_empty());
}

#[tokio::test]
async fn what_is_not_http_hurts_nobody() {
    let hub = Hub::start().await;
    for bytes in
        [b"\x16\x03\x01\x02\x00\x01\r\n\r\n".as_slice(), b"GET / HTTP/1.1\r\nbad header\r\n\r\n"]
    {
        let reply = Reply::to(hub.running.admin, bytes).await;
        assert_eq!(reply.status, 400);
    }
    hub.get("/api/v1/sources").await.ok();
}

#[test]
fn the_reference_names_every_route() {
    for (method, path) in routes() {
        assert!(
            DOCS.contains(&format!("`{method} {path}`")),
            "docs/reference/api.md does not tell of {method} {path}"
        );
    }
}
