//! Whether it works, for those who have no token.

use std::time::{Duration, Instant};

use hookyard::api::AdminFile;
use hookyard_model::DestinationStatus;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::support::{Hub, Reply, name};

#[tokio::test]
async fn health_says_what_is_going_on() {
    let hub = Hub::start().await;
    hub.event(b"{}", &["ci", "chat"]).await;
    hub.give_up("chat").await;
    let health = hub.send("GET", "/health", "", "").await.ok();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&health["pending"], &health["dead_letters"]), (&1.into(), &1.into()));
    assert_eq!(health["destinations"]["paused"], serde_json::json!(["chat", "ci"]));
    assert!(health["store"]["engine"].as_str().unwrap().starts_with("SQLite 3."), "{health}");
    assert!(health["store"]["bytes"].as_u64().unwrap() > 0);
    assert!(health["uptime_seconds"].is_u64() && health["oldest_pending_seconds"].is_u64());
    assert!(health["overdue_seconds"].is_u64());
    hub.running.app.engine.set_status(name("ci"), DestinationStatus::Disabled).await.unwrap();
    let began = Instant::now();
    loop {
        let health = hub.send("GET", "/health", "", "").await.ok();
        if health["status"] == "degraded" {
            assert_eq!(health["destinations"]["disabled"], serde_json::json!(["ci"]));
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{health}");
    }
}

#[tokio::test]
async fn health_names_destinations_that_have_deliveries_and_are_gone() {
    let hub = Hub::start().await;
    hub.event(b"{}", &["ci", "gone", "old"]).await;
    hub.give_up("old").await;
    let health = hub.send("GET", "/health", "", "").await.ok();
    assert_eq!(health["unconfigured_destinations"], serde_json::json!(["gone"]), "{health}");
    assert_eq!(health["status"], "degraded");
    hub.post("/api/v1/deliveries/cancel", r#"{"destination":"gone"}"#).await.ok();
    let health = hub.send("GET", "/health", "", "").await.ok();
    assert_eq!(health["unconfigured_destinations"], serde_json::json!([]), "{health}");
    assert_eq!(health["status"], "ok");
}

#[tokio::test]
async fn probes_answer_and_say_when_it_is_over() {
    let hub = Hub::start().await;
    assert_eq!(hub.send("GET", "/livez", "", "").await.body, b"alive\n");
    assert_eq!(hub.send("GET", "/readyz", "", "").await.body, b"ready\n");
    hub.running.app.store.close().await.unwrap();
    // What the store said is told for a second.
    sleep(Duration::from_millis(1100)).await;
    hub.send("GET", "/readyz", "", "").await.refused(503, "shutting_down");
    let health = hub.send("GET", "/health", "", "").await;
    assert_eq!((health.status, health.json()["status"].as_str()), (503, Some("failing")));
    assert_eq!(hub.send("GET", "/livez", "", "").await.status, 200);
    let metrics = hub.send("GET", "/metrics", "", "").await;
    assert_eq!(metrics.status, 200, "metrics are shown when the store is in trouble most of all");
}

#[tokio::test]
async fn a_full_disk_is_not_ready() {
    let hub = Hub::start_with("keep_free = \"1000000 GiB\"", "").await;
    hub.send("GET", "/readyz", "", "").await.refused(503, "store_full");
    let health = hub.send("GET", "/health", "", "").await;
    assert_eq!((health.status, health.json()["status"].as_str()), (503, Some("failing")));
    // Looking at what is there still works.
    hub.get("/api/v1/events").await.ok();
}

/// A destination that takes everything.
async fn sink() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                while socket.read(&mut bytes).await.is_ok_and(|read| read > 0) {
                    socket
                        .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
                        .await
                        .ok();
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn metrics_follow_an_event_from_end_to_end() {
    let more = format!(
        "[destinations.sink]\nurl = \"http://{}/\"\n[[routes]]\nfrom = \"shop\"\nto = \"sink\"\n",
        sink().await
    );
    let hub = Hub::start_with("", &more).await;
    let send = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
        )
    };
    let reply = Reply::to(hub.running.ingest, send("/webhook/shop").as_bytes()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(Reply::to(hub.running.ingest, send("/webhook/nobody").as_bytes()).await.status, 404);
    assert_eq!(Reply::to(hub.running.ingest, send("/webhook/github").as_bytes()).await.status, 401);
    let expected = [
        r#"hookyard_ingest_requests_total{source="shop",outcome="accepted",reason=""} 1"#,
        r#"hookyard_ingest_requests_total{source="github",outcome="rejected",reason="signature_missing"} 1"#,
        r#"hookyard_ingest_requests_total{source="(unknown)",outcome="rejected",reason="source_not_found"} 1"#,
        r#"hookyard_ingest_duration_seconds_count{source="shop"} 1"#,
        r#"hookyard_delivered_total{destination="sink"} 1"#,
        r#"hookyard_end_to_end_seconds_count{destination="sink"} 1"#,
        r#"hookyard_deliveries_pending{destination="sink"} 0"#,
        r#"hookyard_destination_status{destination="ci"} 1"#,
        "# EOF",
    ];
    let began = Instant::now();
    loop {
        let reply = hub.send("GET", "/metrics", "", "").await;
        let text = String::from_utf8(reply.body.clone()).unwrap();
        let missing = expected.iter().find(|line| !text.lines().any(|found| found == **line));
        let Some(missing) = missing else {
            assert!(
                reply.head.contains("content-type: application/openmetrics-text; version=1.0.0")
            );
            assert!(!text.contains("nobody") && !text.contains("canary"));
            break;
        };
        assert!(began.elapsed() < Duration::from_secs(10), "{missing} is not in\n{text}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_file_beside_the_store_says_where_it_is() {
    let hub = Hub::start().await;
    let file = AdminFile::read(&hub.store_path()).unwrap();
    assert_eq!(file.url, format!("http://{}", hub.running.admin));
    assert!(hub.folder().join("hub.db.admin.json").is_file());
}
