//! From the store to the wire: the engine with the real HTTP client and a real socket.

use std::sync::Arc;

use hookyard_delivery::{ClientSettings, HttpClient};
use hookyard_model::{ForwardHeaders, Secret};
use hookyard_signature::{Options, Received, UnixSeconds, provider};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::scene::{Scene, destination};

const NEW: &str = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3";
const OLD: &str = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk";

/// One request: its headers, and its body.
type Seen = (Vec<(String, String)>, Vec<u8>);

async fn read(stream: &mut tokio::net::TcpStream) -> Seen {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        read.extend_from_slice(&buffer[..count]);
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(read[..end].to_vec()).unwrap();
        let headers: Vec<_> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length").unwrap();
        let length: usize = length.1.parse().unwrap();
        if read.len() == end + 4 + length {
            return (headers, read[end + 4..].to_vec());
        }
    }
}

#[tokio::test]
async fn each_attempt_is_signed_anew_with_every_secret() {
    let mut scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut signed = destination("ci");
    signed.url = format!("http://{}/hooks", listener.local_addr().unwrap());
    signed.secrets = [NEW, OLD].map(|secret| Secret::new(secret.to_owned())).into();
    signed.headers = vec![("authorization".to_owned(), Secret::new("Bearer x".to_owned()))];
    signed.forward_headers = ForwardHeaders::Signature;
    signed.retry =
        hookyard_model::RetryPolicy::Schedule(vec![std::time::Duration::from_millis(1100)]);
    let client = HttpClient::new(ClientSettings::default());
    let engine = scene.start_over(vec![signed], Arc::new(client)).await;
    let id = scene.accept(&engine, "ci").await;
    let mut seen: Vec<Seen> = Vec::new();
    for answer in ["500 Oops", "200 OK"] {
        let (mut stream, _) = listener.accept().await.unwrap();
        seen.push(read(&mut stream).await);
        let answer = format!("HTTP/1.1 {answer}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    scene.ended(1).await;

    let header = |seen: &Seen, name: &str| -> String {
        let found = seen.0.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    for (number, seen) in (1..).zip(&seen) {
        let (headers, body) = seen;
        assert_eq!(body, b"{\"number\": 1}");
        let timestamp: u64 = header(seen, "webhook-timestamp").parse().unwrap();
        for secret in [NEW, OLD] {
            let secret = hookyard_signature::Secret::new(secret).unwrap();
            let verifier = provider("standard-webhooks").unwrap();
            let verifier = verifier.verifier(vec![secret], &Options::default()).unwrap();
            let request = Received { method: "POST", url: "", headers, body };
            verifier.verify(&request, UnixSeconds(timestamp)).unwrap();
        }
        let expected = [
            ("webhook-id", id.event.to_string()),
            ("hookyard-attempt", number.to_string()),
            ("hookyard-source", "github".to_owned()),
            ("hookyard-event-type", "push".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("x-github-event", "push".to_owned()),
            ("authorization", "Bearer x".to_owned()),
            ("user-agent", concat!("Hookyard/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("hookyard-redelivery", if number == 1 { "" } else { "possible" }.to_owned()),
        ];
        for (name, value) in expected {
            assert_eq!(header(seen, name), value, "{name}");
        }
        assert!(header(seen, "hookyard-received-at").ends_with('Z'));
    }
    for name in ["webhook-timestamp", "webhook-signature"] {
        assert_ne!(header(&seen[0], name), header(&seen[1], name), "{name}");
    }
}
