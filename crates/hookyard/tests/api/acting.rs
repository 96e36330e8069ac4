//! What people do to deliveries, events and destinations.

use std::time::{Duration, Instant};

use hookyard_model::DestinationStatus;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Hub, name};

async fn state(hub: &Hub, delivery: impl std::fmt::Display) -> Value {
    hub.get(&format!("/api/v1/deliveries/{delivery}")).await.ok()["state"].clone()
}

fn counted(hub: &Hub, destination: &str) -> (u64, u64) {
    let counted = hub.running.app.metrics.counted(&name(destination));
    (counted.pending, counted.dead_letters)
}

/// What the gauges say is what the store holds.
async fn assert_gauges_agree(hub: &Hub) {
    let counts = hub.running.app.store.counts().await.unwrap();
    let find = |list: &[(hookyard_model::Name, u64)], wanted: &str| {
        list.iter().find(|(name, _)| name.as_str() == wanted).map_or(0, |(_, count)| *count)
    };
    for destination in ["ci", "chat"] {
        let stored = (find(&counts.pending, destination), find(&counts.dead_letters, destination));
        assert_eq!(counted(hub, destination), stored, "{destination}");
    }
}

#[tokio::test]
async fn a_dead_letter_is_redelivered_and_a_pending_one_cancelled() {
    let hub = Hub::start().await;
    hub.event(b"{}", &["ci"]).await;
    let id = hub.give_up("ci").await[0];
    let path = format!("/api/v1/deliveries/{id}/redeliver");
    let answer = hub.send("POST", &path, &hub.bearer(), "").await.ok();
    assert_eq!(answer, json!({ "delivery": id.to_string(), "state": "pending" }));
    assert_eq!(state(&hub, id).await, "pending");
    assert_gauges_agree(&hub).await;
    hub.post(&path, "{}").await.refused(409, "conflict");

    let path = format!("/api/v1/deliveries/{id}/cancel");
    assert_eq!(hub.post(&path, "").await.ok()["state"], "cancelled");
    assert_eq!(state(&hub, id).await, "cancelled");
    hub.post(&path, "").await.refused(409, "conflict");
    assert_gauges_agree(&hub).await;
    let path = format!("/api/v1/deliveries/{id}/redeliver");
    assert_eq!(hub.post(&path, "").await.ok()["state"], "pending");
    assert_gauges_agree(&hub).await;
}

#[tokio::test]
async fn many_at_once_need_a_selection_and_can_be_counted_first() {
    let hub = Hub::start().await;
    let first = hub.event(b"{}", &["ci", "chat"]).await;
    hub.event(b"{}", &["ci"]).await;
    hub.give_up("ci").await;
    hub.give_up("chat").await;
    for path in [
        "/api/v1/dead-letters/redeliver",
        "/api/v1/dead-letters/purge",
        "/api/v1/deliveries/cancel",
    ] {
        for body in ["{}", r#"{"dry_run":true}"#, r#"{"all":false}"#] {
            let detail = hub.post(path, body).await.refused(400, "invalid_argument");
            assert!(detail.contains("\"all\": true"), "{detail}");
        }
        let detail =
            hub.post(path, r#"{"destinations":"ci"}"#).await.refused(400, "invalid_argument");
        assert!(detail.contains("destinations"), "{detail}");
        hub.post(path, "[").await.refused(400, "invalid_argument");
        hub.post(path, "").await.refused(400, "invalid_argument");
    }
    let count = |reply: Value| reply["count"].as_u64().unwrap();
    for (body, expected) in [
        (r#"{"all":true,"dry_run":true}"#.to_owned(), 3),
        (r#"{"destination":"ci","dry_run":true}"#.to_owned(), 2),
        (format!(r#"{{"event":"{first}","dry_run":true}}"#), 2),
        (r#"{"until":"1h","dry_run":true}"#.to_owned(), 0),
    ] {
        for path in ["/api/v1/dead-letters/redeliver", "/api/v1/dead-letters/purge"] {
            assert_eq!(count(hub.post(path, &body).await.ok()), expected, "{path} {body}");
        }
    }
    assert_eq!(counted(&hub, "ci"), (0, 2), "a dry run does nothing");

    let body = format!(r#"{{"event":"{first}"}}"#);
    assert_eq!(count(hub.post("/api/v1/dead-letters/redeliver", &body).await.ok()), 2);
    assert_eq!((counted(&hub, "ci"), counted(&hub, "chat")), ((1, 1), (1, 0)));
    assert_gauges_agree(&hub).await;
    assert_eq!(count(hub.post("/api/v1/dead-letters/purge", r#"{"all":true}"#).await.ok()), 1);
    assert_gauges_agree(&hub).await;
    assert_eq!(
        count(hub.post("/api/v1/deliveries/cancel", r#"{"destination":"chat"}"#).await.ok()),
        1
    );
    assert_eq!((counted(&hub, "ci"), counted(&hub, "chat")), ((1, 0), (0, 0)));
    assert_gauges_agree(&hub).await;
}

#[tokio::test]
async fn what_a_removed_destination_left_can_be_purged_but_not_redelivered() {
    let hub = Hub::start().await;
    hub.event(b"{}", &["gone", "ci"]).await;
    hub.give_up("gone").await;
    let redeliver = "/api/v1/dead-letters/redeliver";
    assert_eq!(hub.post(redeliver, r#"{"all":true}"#).await.ok()["count"], 0);
    hub.post(redeliver, r#"{"destination":"gone"}"#).await.refused(400, "invalid_argument");
    let dead = hub.get("/api/v1/dead-letters").await.ok()["dead_letters"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    hub.post(&format!("/api/v1/deliveries/{dead}/redeliver"), "").await.refused(409, "conflict");
    let purged = hub.post("/api/v1/dead-letters/purge", r#"{"all":true}"#).await.ok();
    assert_eq!(purged["count"], 1);
    assert_eq!(hub.get("/api/v1/dead-letters").await.ok()["dead_letters"], json!([]));
}

#[tokio::test]
async fn an_event_is_replayed_by_todays_routes_or_where_one_says() {
    let hub = Hub::start().await;
    let id = hub.event(b"{}", &[]).await;
    let path = format!("/api/v1/events/{id}/replay");
    let by_routes = hub.post(&path, "{}").await.ok();
    assert_eq!(by_routes["deliveries"].as_array().unwrap().len(), 1);
    let named = hub.post(&path, r#"{"to":["chat","ci","chat"]}"#).await.ok();
    assert_eq!(named["deliveries"].as_array().unwrap().len(), 2);
    assert_gauges_agree(&hub).await;
    for (body, part) in [
        (r#"{"to":["nowhere"]}"#, "nowhere"),
        (r#"{"to":["a/b"]}"#, "to"),
        (r#"{"to":[]}"#, "to"),
        (r#"{"for":["ci"]}"#, "for"),
    ] {
        let detail = hub.post(&path, body).await.refused(400, "invalid_argument");
        assert!(detail.contains(part), "{body}: {detail}");
    }
    let unknown = "/api/v1/events/evt_00000000000000000000000000/replay";
    hub.post(unknown, "{}").await.refused(404, "not_found");
}

#[tokio::test]
async fn destinations_are_paused_resumed_and_enabled() {
    let hub = Hub::start().await;
    let engine = &hub.running.app.engine;
    engine.set_status(name("ci"), DestinationStatus::Disabled).await.unwrap();
    let resumed = hub.post("/api/v1/destinations/ci/resume", "").await.ok();
    assert_eq!(resumed, json!({ "destination": "ci", "status": "active" }));
    assert!(
        !hub.running
            .app
            .store
            .statuses()
            .await
            .unwrap()
            .iter()
            .any(|(found, _)| *found == name("ci"))
    );
    hub.post("/api/v1/destinations/ci/pause", "").await.ok();
    let began = Instant::now();
    loop {
        let rows = hub.get("/api/v1/destinations").await.ok();
        if rows["destinations"][1]["status"] == "paused" {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{rows}");
        sleep(Duration::from_millis(10)).await;
    }
    for unknown in ["nobody", "a%2Fb"] {
        hub.post(&format!("/api/v1/destinations/{unknown}/pause"), "")
            .await
            .refused(404, "not_found");
    }
}
