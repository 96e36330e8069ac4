//! What is shown of events, deliveries, destinations and sources.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::Hub;

/// All ids of a list, page by page.
async fn walk(hub: &Hub, path: &str, list: &str, limit: usize) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = hub.get(&format!("{path}limit={limit}{after}")).await.ok();
        let shown = page[list].as_array().unwrap();
        assert!(shown.len() <= limit);
        ids.extend(shown.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats() {
    let hub = Hub::start().await;
    let mut events = Vec::new();
    for _ in 0..7 {
        events.push(hub.event(b"{}", &["ci", "chat"]).await.to_string());
    }
    events.reverse();
    for limit in [1, 2, 3, 7, 8, 500] {
        assert_eq!(walk(&hub, "/api/v1/events?", "events", limit).await, events, "{limit}");
        let deliveries = walk(&hub, "/api/v1/deliveries?", "deliveries", limit).await;
        let unique: BTreeSet<&String> = deliveries.iter().collect();
        assert_eq!((deliveries.len(), unique.len()), (14, 14), "{limit}");
        let ci = walk(&hub, "/api/v1/deliveries?destination=ci&", "deliveries", limit).await;
        assert_eq!(ci.len(), 7);
    }
}

#[tokio::test]
async fn events_are_found_by_what_is_known_of_them() {
    let hub = Hub::start().await;
    let id = hub.event(b"[1]", &["ci"]).await;
    let row = hub.get("/api/v1/events").await.ok()["events"][0].clone();
    assert_eq!(
        (row["id"].as_str(), row["size"].as_u64()),
        (Some(id.to_string().as_str()), Some(3))
    );
    assert_eq!(
        (&row["verification"], &row["type"], &row["source"]),
        (&json!("verified"), &json!("push"), &json!("github"))
    );
    assert_eq!(row["deliveries"][0]["destination"], "ci");
    assert_eq!(row["deliveries"][0]["state"], "pending");
    let at = row["received_at"].as_str().unwrap();
    let theirs = row["provider_event_id"].as_str().unwrap();
    for (query, count) in [
        ("source=github".to_owned(), 1),
        ("source=shop".to_owned(), 0),
        ("type=push".to_owned(), 1),
        ("type=pull_request".to_owned(), 0),
        (format!("provider_event_id={theirs}"), 1),
        ("provider_event_id=other".to_owned(), 0),
        (format!("since={at}"), 1),
        (format!("until={at}"), 0),
        ("since=1h".to_owned(), 1),
        ("until=1h".to_owned(), 0),
    ] {
        let page = hub.get(&format!("/api/v1/events?{query}")).await.ok();
        assert_eq!(page["events"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn an_event_is_shown_whole_and_without_secrets() {
    let hub = Hub::start().await;
    let id = hub.event(b"{\"a\": 1}", &["ci", "chat"]).await;
    let reply = hub.get(&format!("/api/v1/events/{id}")).await;
    assert!(!String::from_utf8_lossy(&reply.body).contains("canary"));
    let event = reply.ok();
    assert_eq!(event["target"], "/webhook/github?token=[masked]&x=1");
    let headers = json!([
        ["content-type", "application/json"],
        ["authorization", "[masked]"],
        ["x-odd", "\\xff"]
    ]);
    assert_eq!(event["headers"], headers);
    assert_eq!(
        (&event["masked_headers"], &event["escaped_headers"]),
        (&json!(["authorization"]), &json!(["x-odd"]))
    );
    assert_eq!(event["body"], json!({ "text": "{\"a\": 1}", "truncated": false }));
    assert_eq!(event["body_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&event["method"], &event["peer"], &event["size"]),
        (&json!("POST"), &json!("192.0.2.1"), &json!(8))
    );
    let to: Vec<&Value> =
        event["deliveries"].as_array().unwrap().iter().map(|going| &going["destination"]).collect();
    assert_eq!(to, ["ci", "chat"]);
}

#[tokio::test]
async fn raw_bytes_are_exact_and_never_shown_by_a_browser() {
    let hub = Hub::start().await;
    let bytes = b"\x00\xff\xfe<script>\r\n\r\n\x1b";
    let id = hub.event(bytes, &[]).await;
    let reply = hub.get(&format!("/api/v1/events/{id}/raw")).await;
    assert_eq!(reply.body, bytes);
    for header in [
        "content-type: application/octet-stream",
        "x-content-type-options: nosniff",
        "content-disposition: attachment; filename=\"evt_",
    ] {
        assert!(reply.head.contains(header), "{header}");
    }
    let shown = hub.get(&format!("/api/v1/events/{id}")).await.ok();
    assert_eq!(shown["body"]["base64"], "AP/+PHNjcmlwdD4NCg0KGw==");
    assert_eq!(hub.event(b"", &[]).await.to_string().len(), 30);
}

#[tokio::test]
async fn a_delivery_is_shown_with_its_attempts() {
    let hub = Hub::start().await;
    hub.event(b"{}", &["ci"]).await;
    let id = hub.give_up("ci").await[0];
    let reply = hub.get(&format!("/api/v1/deliveries/{id}")).await;
    assert!(!String::from_utf8_lossy(&reply.body).contains("canary"));
    let delivery = reply.ok();
    assert_eq!(
        (&delivery["state"], &delivery["reason"]),
        (&json!("dead_letter"), &json!("exhausted"))
    );
    assert_eq!((&delivery["due_at"], &delivery["attempt_count"]), (&Value::Null, &json!(1)));
    let attempt = &delivery["attempts"][0];
    assert_eq!(
        (&attempt["number"], &attempt["status"], &attempt["duration_ms"]),
        (&json!(1), &json!(503), &json!(12))
    );
    assert_eq!(attempt["failure"], json!({ "kind": "status", "detail": "it answered 503" }));
    assert_eq!(attempt["response"]["body"], json!({ "base64": "YnVzef8=", "truncated": true }));
    assert_eq!(
        attempt["response"]["headers"],
        json!([["set-cookie", "[masked]"], ["x-why", "busy"]])
    );
    assert_eq!(attempt["maybe_sent"], true);
    let dead = hub.get("/api/v1/dead-letters?destination=ci").await.ok();
    assert_eq!(dead["dead_letters"][0]["id"], id.to_string());
    assert_eq!(
        hub.get("/api/v1/dead-letters?destination=chat").await.ok()["dead_letters"],
        json!([])
    );
    assert_eq!(hub.get("/api/v1/deliveries?state=pending").await.ok()["deliveries"], json!([]));
}

#[tokio::test]
async fn destinations_and_sources_show_no_secret() {
    let hub = Hub::start().await;
    hub.event(b"{}", &["ci"]).await;
    hub.event(b"{}", &["chat"]).await;
    hub.give_up("chat").await;
    let destinations = hub.get("/api/v1/destinations").await;
    let sources = hub.get("/api/v1/sources").await;
    for reply in [&destinations, &sources] {
        assert!(!String::from_utf8_lossy(&reply.body).contains("canary"));
    }
    let rows = destinations.ok();
    let (chat, ci) = (&rows["destinations"][0], &rows["destinations"][1]);
    assert_eq!(
        (&ci["name"], &ci["url"]),
        (&json!("ci"), &json!("http://127.0.0.1:9/hooks?[masked]"))
    );
    assert_eq!(chat["url"], "http://127.0.0.1:9/services/[masked]");
    assert_eq!((&ci["status"], &ci["circuit"]["state"]), (&json!("paused"), &json!("closed")));
    assert_eq!(
        (&ci["pending"], &ci["dead_letters"], &chat["dead_letters"]),
        (&json!(1), &json!(0), &json!(1))
    );
    let rows = sources.ok();
    let (github, shop) = (&rows["sources"][0], &rows["sources"][1]);
    assert_eq!(
        (&github["path"], &github["provider"]),
        (&json!("/webhook/github"), &json!("github"))
    );
    assert_eq!(
        (&github["verification"], &github["covers"]["body"]),
        (&json!("verified"), &json!(true))
    );
    assert_eq!(
        (&shop["verification"], &shop["covers"]["body"]),
        (&json!("unverified"), &json!(false))
    );
}

#[tokio::test]
async fn what_is_not_understood_is_named() {
    let hub = Hub::start().await;
    let event = hub.event(b"{}", &["ci"]).await;
    for (path, named) in [
        ("/api/v1/events?sauce=x", "sauce"),
        ("/api/v1/events?limit=0", "limit"),
        ("/api/v1/events?limit=501", "limit"),
        ("/api/v1/events?limit=ten", "limit"),
        ("/api/v1/events?since=yesterday", "since"),
        ("/api/v1/events?after=dlv_x", "after"),
        ("/api/v1/events?source=a%2Fb", "source"),
        ("/api/v1/events?source=a&source=b", "source"),
        ("/api/v1/events/none", "evt_"),
        ("/api/v1/events/..%2F..%2Fetc%2Fpasswd", "evt_"),
        ("/api/v1/events/%ff", "path"),
        ("/api/v1/deliveries?state=lost", "pending, succeeded, dead_letter, cancelled"),
        ("/api/v1/deliveries?event=none", "event"),
        ("/api/v1/deliveries/evt_00000000000000000000000000", "dlv_"),
        ("/api/v1/dead-letters?state=pending", "state"),
    ] {
        let detail = hub.get(path).await.refused(400, "invalid_argument");
        assert!(detail.contains(named), "{path}: {detail}");
    }
    for path in [
        "/api/v1/events/evt_00000000000000000000000000",
        "/api/v1/deliveries/dlv_00000000000000000000000000_0",
    ] {
        hub.get(path).await.refused(404, "not_found");
    }
    let wrong_ordinal =
        format!("/api/v1/deliveries/{}_9", event.to_string().replace("evt_", "dlv_"));
    hub.get(&wrong_ordinal).await.refused(404, "not_found");
}
