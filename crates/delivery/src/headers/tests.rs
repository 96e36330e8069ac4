//! Which headers leave, from what came in and from the settings.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookyard_model::{
    CircuitPolicy, DeliveryId, EventId, HeaderList, Held, Item, Name, Reach, RetryPolicy, Timeouts,
    Timestamp, Verification,
};

use super::*;

const RECEIVED: [(&str, &str); 32] = [
    ("host", "gw.example"),
    ("connection", "keep-alive, X-Hop"),
    ("content-length", "2"),
    ("transfer-encoding", "chunked"),
    ("expect", "100-continue"),
    ("authorization", "Basic eA=="),
    ("cookie", "session=1"),
    ("x-gitlab-token", "secret"),
    ("x-forwarded-for", "10.0.0.1"),
    ("x-shop-key", "secret"),
    ("x-sent-signature", "secret"),
    ("content-type", "application/json; charset=utf-8"),
    ("content-encoding", "gzip"),
    ("x-hub-signature-256", "sha256=00"),
    ("x-shopify-hmac-sha256", "AA=="),
    ("x-github-event", "push"),
    ("x-hop", "1"),
    ("x-other", "1"),
    ("x-other", "2"),
    ("user-agent", "GitHub-Hookshot/1"),
    ("webhook-id", "theirs"),
    ("webhook-timestamp", "1"),
    ("webhook-signature", "v1,AA=="),
    ("webhook-signature", "v1,BB== v1a,CC=="),
    ("webhook-other", "1"),
    ("webhook-token", "secret"),
    ("webhook_id", "forged"),
    ("hookyard-redelivery", "possible"),
    ("hookyard_replay", "true"),
    ("hookyard-original-webhook-id", "forged"),
    ("hookyard-original-webhook-signature", "forged"),
    ("hookyard_original_webhook_signature", "forged"),
];

fn leased() -> Leased {
    let id = EventId::new(1, 1);
    Leased {
        held: Held { id: DeliveryId { event: id, ordinal: 0 }, lease: 1 },
        event: Arc::new(Event {
            id,
            source: Name::new("github").unwrap(),
            received_at: Timestamp::from_millis(1_795_464_951_042),
            peer: None,
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: RECEIVED.into_iter().collect::<HeaderList>(),
            body: Bytes::from_static(b"{}"),
            item: None,
            verification: Verification::Verified,
            provider_event_id: None,
            event_type: Some("push".to_owned()),
        }),
        destination: Name::new("ci").unwrap(),
        until: Timestamp::EPOCH,
        attempts: 2,
        step: 2,
        maybe_sent: false,
        replayed: false,
    }
}

fn destination(forward_headers: ForwardHeaders, headers: &[(&str, &str)]) -> Destination {
    let second = Duration::from_secs(1);
    Destination {
        name: Name::new("ci").unwrap(),
        url: "http://ci.example/".to_owned(),
        secrets: Vec::new(),
        timeouts: Timeouts { connect: second, head: second, total: second },
        concurrency: NonZeroU32::MIN,
        rate: None,
        retry: RetryPolicy::default(),
        circuit: CircuitPolicy::default(),
        headers: headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
            .collect(),
        forward_headers,
        withheld_headers: ["x-shop-key", "x-sent-signature", "webhook-token"]
            .map(str::to_owned)
            .to_vec(),
        reach: Reach::Public,
    }
}

fn built(leased: &Leased, destination: &Destination) -> Vec<String> {
    let proof = [("webhook-id", "evt_1"), ("webhook-timestamp", "7")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let headers = build(leased, destination, &proof, "Hookyard/9").unwrap();
    let mut lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    lines
}

const OURS: [&str; 8] = [
    "hookyard-attempt: 3",
    "hookyard-event-type: push",
    "hookyard-received-at: 2026-11-23T20:15:51.042Z",
    "hookyard-source: github",
    "user-agent: Hookyard/9",
    "webhook-id: evt_1",
    "webhook-timestamp: 7",
    "content-type: application/json; charset=utf-8",
];

#[test]
fn forwards_what_the_policy_says() {
    let all =
        ["x-hub-signature-256: sha256=00", "x-shopify-hmac-sha256: AA==", "x-github-event: push"];
    // What is asked for by its name goes along, though a source has its token there.
    let original = [
        "hookyard-original-webhook-id: theirs",
        "hookyard-original-webhook-timestamp: 1",
        "hookyard-original-webhook-signature: v1,AA==",
        "hookyard-original-webhook-signature: v1,BB== v1a,CC==",
    ];
    let signature = [all.as_slice(), &original, &["x-sent-signature: secret"]].concat();
    let other = ["x-other: 1", "x-other: 2"];
    let all = [all.as_slice(), &original, &["hookyard-original-webhook-other: 1"]].concat();
    let named = ForwardHeaders::Named(vec![
        "x-other".to_owned(),
        "x-shop-key".to_owned(),
        "authorization".to_owned(),
        "host".to_owned(),
        "webhook-id".to_owned(),
        "webhook_id".to_owned(),
        "hookyard_replay".to_owned(),
        "hookyard-original-webhook-signature".to_owned(),
    ]);
    let cases = [
        (ForwardHeaders::Content, Vec::new()),
        (ForwardHeaders::Signature, signature),
        (ForwardHeaders::All, [all.as_slice(), &other].concat()),
        (named, [other.as_slice(), &["x-shop-key: secret", original[0]]].concat()),
    ];
    for (policy, more) in cases {
        let mut expected = [OURS.as_slice(), &["content-encoding: gzip"], &more].concat();
        expected.sort_unstable();
        assert_eq!(built(&leased(), &destination(policy.clone(), &[])), expected, "{policy:?}");
    }
}

#[test]
fn says_when_it_may_be_a_repeat_and_when_it_was_asked_for() {
    for (maybe_sent, replayed) in [(false, false), (true, false), (false, true), (true, true)] {
        let leased = Leased { maybe_sent, replayed, ..leased() };
        let lines = built(&leased, &destination(ForwardHeaders::Content, &[]));
        let has = |line: &str| lines.iter().any(|found| found == line);
        assert_eq!(has("hookyard-redelivery: possible"), maybe_sent);
        assert_eq!(has("hookyard-replay: true"), replayed);
    }
}

#[test]
fn the_settings_have_the_last_word() {
    let own = [("Content-Type", "text/plain"), ("Authorization", "Bearer x"), ("X-Other", "3")];
    let destination = destination(ForwardHeaders::All, &own);
    let lines = built(&leased(), &destination);
    for line in ["content-type: text/plain", "authorization: Bearer x", "x-other: 3"] {
        let (name, _) = line.split_once(' ').unwrap();
        let found: Vec<_> = lines.iter().filter(|found| found.starts_with(name)).collect();
        assert_eq!(found, [line]);
    }
}

#[test]
fn a_type_that_no_header_can_hold_is_left_out() {
    let mut odd = leased();
    let event = Event { event_type: Some("a\nb: c".to_owned()), ..(*odd.event).clone() };
    odd.event = Arc::new(event);
    let lines = built(&odd, &destination(ForwardHeaders::Content, &[]));
    assert!(!lines.iter().any(|line| line.contains("event-type") || line.starts_with("b:")));
}

#[test]
fn refuses_headers_that_cannot_be_sent_and_never_shows_their_values() {
    let cases = [
        ("x-token", "abc", true),
        ("X-Ok", "caf\u{e9}", true),
        ("x y", "hidden", false),
        ("", "hidden", false),
        ("x-token", "hidden\r\nx-b: 1", false),
        ("x-token", "hidden\0", false),
        ("Host", "hidden", false),
        ("content-length", "5", false),
        ("Transfer-Encoding", "chunked", false),
    ];
    for (name, value, fine) in cases {
        let checked = check_header(name, &Secret::new(value.to_owned()));
        assert_eq!(checked.is_ok(), fine, "{name}: {value}");
        assert!(!format!("{checked:?}").contains("hidden"));
        let destination = destination(ForwardHeaders::Content, &[(name, value)]);
        assert_eq!(build(&leased(), &destination, &[], "x").is_ok(), fine);
    }
    let (_, value) = check_header("x-token", &Secret::new("hidden".to_owned())).unwrap();
    assert!(value.is_sensitive() && !format!("{value:?}").contains("hidden"));
}

#[test]
fn an_item_is_json_and_says_which_it_is() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let headers = [form, ("content-encoding", "identity"), ("hookyard-item", "forged")];
    let mut leased = leased();
    let event = Event {
        item: Some(Item { number: 2, of: 5 }),
        headers: headers.into_iter().collect(),
        ..(*leased.event).clone()
    };
    leased.event = Arc::new(event);
    for forward in [ForwardHeaders::Content, ForwardHeaders::All] {
        let lines = built(&leased, &destination(forward, &[]));
        let said: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with("content-") || line.starts_with("hookyard-item"))
            .collect();
        assert_eq!(said, ["content-type: application/json", "hookyard-item: 2/5"]);
    }
    let ours = destination(ForwardHeaders::Content, &[("content-type", "application/x-ours")]);
    assert!(built(&leased, &ours).contains(&"content-type: application/x-ours".to_owned()));
}
