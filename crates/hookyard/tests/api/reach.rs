//! Where events for a URL that somebody else gave may go, and what becomes of the others.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hookyard_delivery::{ClientSettings, Resolve, ResolveFuture};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{Hub, Reply};

const PATIENCE: Duration = Duration::from_secs(20);

/// A name server in somebody else's hands: it says that every name is this machine.
struct Rebound;

impl Resolve for Rebound {
    fn resolve(&self, _: &str) -> ResolveFuture {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

async fn first_dead_letter(hub: &Hub) -> Value {
    let began = Instant::now();
    loop {
        let page = hub.get("/api/v1/dead-letters").await.ok();
        if let Some(found) = page["dead_letters"].get(0) {
            return found.clone();
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for a dead letter");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_public_destination_whose_name_leads_here_is_never_connected_to() {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let own = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (trap_port, own_port) =
        (trap.local_addr().unwrap().port(), own.local_addr().unwrap().port());
    let sections = format!(
        "[destinations.customer]\nurl = \"http://hooks.customer.example:{trap_port}/in\"\nreach = \"public\"\n\
         [destinations.own]\nurl = \"http://hooks.customer.example:{own_port}/in\"\n\
         [[routes]]\nfrom = \"shop\"\nto = [\"customer\", \"own\"]\n"
    );
    let client = ClientSettings { resolver: Arc::new(Rebound), ..ClientSettings::default() };
    let hub = Hub::start_dialling(client, "", &sections).await;
    let request = "POST /webhook/shop HTTP/1.1\r\nhost: hub\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(Reply::to(hub.running.ingest, request.as_bytes()).await.status, 200);

    let dead = first_dead_letter(&hub).await;
    assert_eq!(
        (&dead["destination"], &dead["reason"]),
        (&json!("customer"), &json!("address_refused"))
    );
    let path = format!("/api/v1/deliveries/{}", dead["id"].as_str().unwrap());
    let delivery = hub.get(&path).await.ok();
    assert_eq!(delivery["state"], "dead_letter");
    let attempts = delivery["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "trying again would change nothing: {delivery}");
    let detail = format!(
        "hooks.customer.example:{trap_port} leads to 127.0.0.1, which is not allowed: loopback"
    );
    assert_eq!(attempts[0]["failure"], json!({ "kind": "address_refused", "detail": detail }));

    // By the same name the operator's own destination is found, so it was the guard.
    timeout(PATIENCE, own.accept()).await.unwrap().unwrap();
    let nobody = trap.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "nothing was ever connected");
}
