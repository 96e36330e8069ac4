//! Providers that read an answer, against the real program: each hears what it wants to hear, once
//! the event is kept, and nothing else if it is not.

use crate::sender::Sender;
use crate::support::{Hub, Reply};
use serde_json::Value;

/// The example of RFC 8410, section 10.3.
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
const SECRET: &str = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn secret(provider: &str) -> &'static str {
    if provider == "discord" { ED25519 } else { SECRET }
}

/// Sends a body that the provider has signed.
fn send(hub: &Hub, provider: &str, source: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let secret = Some(secret(provider));
    let (method, query, body) = ("POST", "", body.as_bytes());
    Sender { provider, secret, method, query, headers, body }.send(hub, source)
}

/// Sections of these sources: a name, a provider and what else stands there.
fn sections(sources: &[(&str, &str, &str)]) -> String {
    let section = |(name, provider, more): &(&str, &str, &str)| {
        let secret = secret(provider);
        format!("[sources.{name}]\nprovider = \"{provider}\"\nsecret = \"{secret}\"\n{more}\n")
    };
    sources.iter().map(section).collect()
}

#[test]
fn an_interaction_of_discord_is_deferred_once_it_is_kept() {
    let hub = Hub::start(&sections(&[
        ("discord", "discord", ""),
        ("private", "discord", "answer = \"deferred-private\""),
        ("update", "discord", "answer = \"deferred-update\""),
        ("receipt", "discord", "answer = \"receipt\""),
    ]));
    let ping = send(&hub, "discord", "discord", &[], r#"{"id":"1","type":1}"#);
    assert_eq!((ping.status, &*ping.body), (200, &br#"{"type":1}"#[..]));
    assert!(hub.events().is_empty());
    let command = r#"{"id":"2","type":2,"data":{"name":"deploy"}}"#;
    for (source, body, expected) in [
        ("discord", command, r#"{"type":5}"#),
        ("discord", r#"{"id":"3","type":3}"#, r#"{"type":5}"#),
        ("discord", r#"{"id":"4","type":4}"#, r#"{"type":8,"data":{"choices":[]}}"#),
        ("private", command, r#"{"type":5,"data":{"flags":64}}"#),
        ("update", r#"{"id":"3","type":3}"#, r#"{"type":6}"#),
        ("update", command, r#"{"type":5}"#),
    ] {
        let reply = send(&hub, "discord", source, &[], body);
        assert_eq!((reply.status, String::from_utf8_lossy(&reply.body).as_ref()), (200, expected));
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("hookyard-status"), Some("accepted"));
        let id = reply.header("hookyard-event-id").unwrap().to_owned();
        let is_it = |kept: &Value| kept["id"].as_str().unwrap().eq_ignore_ascii_case(&id);
        assert!(hub.events().iter().any(is_it), "{id}");
        let again = send(&hub, "discord", source, &[], body);
        assert_eq!((again.status, &again.body), (200, &reply.body), "a repeat is answered too");
        assert_eq!(again.header("hookyard-status"), Some("duplicate"));
        assert_eq!(again.header("hookyard-event-id"), Some(&*id));
    }
    let event = r#"{"version":1,"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}"#;
    let event = send(&hub, "discord", "discord", &[], event);
    assert_eq!((event.status, &*event.body), (204, &b""[..]));
    let receipt = send(&hub, "discord", "receipt", &[], command);
    assert_eq!(receipt.json()["status"], "accepted");

    let kept = hub.events().len();
    let (provider, secret) = ("discord", None);
    let headers = [("x-signature-ed25519", &*"00".repeat(64)), ("x-signature-timestamp", "1")];
    let forged =
        Sender { provider, secret, method: "POST", query: "", headers: &headers, body: b"{}" };
    let refused = forged.send(&hub, "discord");
    assert_eq!((refused.status, refused.code()), (401, "signature_mismatch".to_owned()));
    assert_eq!(hub.events().len(), kept);
}

#[test]
fn others_that_read_answers_get_theirs() {
    let hub = Hub::start(&sections(&[
        ("slack", "slack", ""),
        ("twilio", "twilio", ""),
        ("okta", "okta-event-hook", ""),
        ("github", "github", ""),
    ]));
    let twiml = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;
    for (provider, source, headers, body, content_type, expected) in [
        ("slack", "slack", &[FORM][..], "command=%2Fdeploy&text=now", None, ""),
        ("slack", "slack", &[], r#"{"type":"event_callback","event_id":"Ev1"}"#, None, ""),
        ("twilio", "twilio", &[FORM], "AccountSid=AC1&MessageSid=SM1", Some("text/xml"), twiml),
        ("okta-event-hook", "okta", &[], r#"{"eventId":"1"}"#, None, ""),
    ] {
        let reply = send(&hub, provider, source, headers, body);
        let said = String::from_utf8_lossy(&reply.body);
        assert_eq!((reply.status, said.as_ref()), (200, expected), "{provider}");
        assert_eq!(reply.header("content-type"), content_type, "{provider}");
        assert_eq!(reply.header("hookyard-status"), Some("accepted"), "{provider}");
    }
    let github = send(&hub, "github", "github", &[("x-github-event", "push")], "{}");
    assert_eq!(github.json()["status"], "accepted");
    assert_eq!(github.header("hookyard-status"), None);
}
