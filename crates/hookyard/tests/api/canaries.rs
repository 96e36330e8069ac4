//! Secrets are looked for wherever somebody could find them: in the log at its most talkative, in
//! the metrics and in everything that the API shows.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hookyard::api::{AdminFile, routes};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::support::Reply;

/// A file with a secret in every place that takes one.
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[store]
url = "sqlite:hub.db"
[sources.github]
provider = "github"
secrets = ["CANARY-new-source-secret", "CANARY-old-source-secret"]
[sources.shop]
provider = "generic"
verify = "none"
token = { header = "x-shop-key", tokens = ["CANARY-token"] }
[sources.door]
provider = "token"
token = { header = "x-door", tokens = ["CANARY-alone"] }
[destinations.down]
url = "http://127.0.0.1:9/hooks?key=CANARY-query"
secret = "whsec_Q0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZ"
headers = { authorization = "Bearer CANARY-header", x-ours = "CANARY-x" }
retry = { attempts = 1 }
[[routes]]
from = "shop"
to = "down"
"#;

struct Hub {
    child: Child,
    folder: TempDir,
    ingest: SocketAddr,
    admin: SocketAddr,
    log: std::thread::JoinHandle<String>,
}

fn start() -> Hub {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hookyard.toml");
    std::fs::write(&path, CONFIG).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hookyard"))
        .args(["serve", "--log", "trace", "--config"])
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (tell, listening) = std::sync::mpsc::channel();
    let lines = BufReader::new(child.stderr.take().unwrap());
    let log = std::thread::spawn(move || {
        let mut all = String::new();
        for line in lines.lines().map_while(Result::ok) {
            let value: Value = serde_json::from_str(&line).unwrap_or_default();
            if value["message"] == "listening" {
                let address =
                    |name: &str| value[name].as_str().unwrap().parse::<SocketAddr>().unwrap();
                tell.send((address("ingest"), address("admin"))).unwrap();
            }
            all.push_str(&line);
            all.push('\n');
        }
        all
    });
    let started = listening.recv_timeout(Duration::from_secs(30));
    let Ok((ingest, admin)) = started else {
        child.kill().unwrap();
        panic!("it did not start:\n{}", log.join().unwrap());
    };
    Hub { child, folder, ingest, admin, log }
}

async fn send(hub: &Hub, path: &str, headers: &str) -> Reply {
    let body = "{\"card\":\"CANARY-body\"}";
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\ncookie: CANARY-cookie\r\n\
         authorization: Basic CANARY-basic\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    Reply::to(hub.ingest, request.as_bytes()).await
}

async fn get(hub: &Hub, token: &str, path: &str) -> String {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n",
        hub.admin
    );
    let reply = Reply::to(hub.admin, request.as_bytes()).await;
    assert_eq!(reply.status, 200, "{path}");
    String::from_utf8(reply.body).unwrap()
}

#[tokio::test]
async fn no_secret_is_found_in_the_log_the_metrics_or_the_api() {
    let mut hub = start();
    let token =
        AdminFile::read(&hub.folder.path().join("hub.db")).unwrap().token.reveal().to_owned();
    let accepted =
        send(&hub, "/webhook/shop?api_key=CANARY-in-query", "x-shop-key: CANARY-token\r\n").await;
    let event = accepted.ok()["event_id"].as_str().unwrap().to_owned();
    let alone = send(&hub, "/webhook/door", "x-door: CANARY-alone\r\n").await;
    let alone = alone.ok()["event_id"].as_str().unwrap().to_owned();
    for (path, headers) in [
        ("/webhook/shop?token=CANARY-refused", "x-shop-key: CANARY-wrong\r\n"),
        ("/webhook/github?secret=CANARY-refused", "x-hub-signature-256: sha256=CANARY\r\n"),
        ("/webhook/CANARY-no-source", ""),
        ("/webhook/shop/../CANARY-path", ""),
    ] {
        assert!(send(&hub, path, headers).await.status >= 400);
    }
    let delivery = format!("/api/v1/deliveries/{}_0", event.replace("evt_", "dlv_"));
    let began = Instant::now();
    while !get(&hub, &token, &delivery).await.contains("dead_letter") {
        assert!(began.elapsed() < Duration::from_secs(20), "the attempt was not given up");
        sleep(Duration::from_millis(20)).await;
    }

    let mut shown = Vec::new();
    for (method, path) in routes() {
        if method == "GET" && !path.contains('{') {
            shown.push((path.to_owned(), get(&hub, &token, path).await));
        }
    }
    shown.push((delivery.clone(), get(&hub, &token, &delivery).await));
    // The body is what the caller asks for; all else of the event is not.
    for event in [event, alone] {
        let path = format!("/api/v1/events/{event}");
        shown.push((path.clone(), get(&hub, &token, &path).await.replace("CANARY-body", "")));
    }
    hub.child.kill().unwrap();
    hub.child.wait().unwrap();
    let log = hub.log.join().unwrap();
    assert!(
        log.contains("\"level\":\"TRACE\"") || log.contains("\"level\":\"DEBUG\""),
        "the log is talkative"
    );
    assert!(
        log.contains("source_not_found") && log.contains("signature_"),
        "refusals are logged: {log}"
    );
    shown.push(("the log".to_owned(), log));
    for (place, text) in shown {
        for secret in ["CANARY", "Q0FOQVJZ", token.as_str()] {
            let found = text.lines().find(|line| line.contains(secret));
            assert!(found.is_none(), "{secret} stands in {place}: {}", found.unwrap_or_default());
        }
    }
}
