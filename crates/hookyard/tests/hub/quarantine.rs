//! Requests that failed verification: kept aside, let in when they are good, never otherwise.

use std::io::Write as _;
use std::process::Command;

use serde_json::Value;

use crate::support::sink::Sink;
use crate::support::{Hub, Reply};
use hookyard_signature::{Options, Received, Secret, UnixSeconds, provider};

const RIGHT: &str = "the-secret-that-github-has";

/// A source whose secret is this one, another that is well, and a sink for both.
fn sections(secret: &str, sink: &Sink) -> String {
    format!(
        "[sources.github]\nprovider = \"github\"\nsecret = \"{secret}\"\n\
         [sources.other]\nprovider = \"github\"\nsecret = \"the-secret-of-another\"\n\
         [destinations.sink]\nurl = \"{}\"\n[[routes]]\nfrom = \"*\"\nto = \"sink\"\n",
        sink.url("/")
    )
}

fn write_config(hub: &Hub, sections: &str) {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite:hub.db\"\n{sections}"
    );
    std::fs::write(hub.folder().join("hookyard.toml"), text).unwrap();
}

/// A push of GitHub's, signed with this secret.
fn push(source: &str, secret: &str, id: u32, body: &[u8]) -> Vec<u8> {
    let options = Options::default();
    let secrets = vec![Secret::new(secret).unwrap()];
    let verifier = provider("github").unwrap().verifier(secrets, &options).unwrap();
    let none: [(&str, &str); 0] = [];
    let unsigned = Received { method: "POST", url: "", headers: &none, body };
    let proof = verifier.sign(&unsigned, "", UnixSeconds(0)).unwrap();
    let signature = &proof.headers[0];
    let head = format!(
        "POST /webhook/{source} HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\n\
         x-github-event: push\r\nx-github-delivery: delivery-{id}\r\n{}: {}\r\n\
         authorization: Bearer CANARY\r\ncontent-length: {}\r\n\r\n",
        signature.0,
        signature.1,
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn held(hub: &Hub) -> Vec<Value> {
    let (status, page) = hub.api("GET", "/api/v1/quarantine?state=held&limit=500", None);
    assert_eq!(status, 200, "{page}");
    page["quarantine"].as_array().unwrap().clone()
}

/// Waits for so many to be held; gives them back, newest first.
fn wait_for_held(hub: &Hub, count: usize) -> Vec<Value> {
    hub.wait_until("the quarantine has them", || held(hub).len() >= count);
    let held = held(hub);
    assert_eq!(held.len(), count, "{held:?}");
    held
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// Runs a command of the real program against the hub.
fn command(hub: &Hub, arguments: &[&str]) -> (i32, String, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_hookyard"))
        .args(arguments)
        .arg("--store")
        .arg(hub.folder().join("hub.db"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
}

#[test]
fn a_refusal_leads_to_what_is_kept_of_it() {
    let sink = Sink::answering(200);
    let hub = Hub::start(&sections("the-secret-of-yesterday", &sink));
    let refused = |number| hub.exchange(&push("github", RIGHT, number, b"{}")).unwrap().json();
    let (told, _) = (refused(1), refused(2));
    let request_id = told["request_id"].as_str().unwrap();
    for word in ["qrt_", "quarantine", "stored"] {
        assert!(!told.to_string().contains(word), "an outsider learns of it: {told}");
    }
    let requests = wait_for_held(&hub, 2);
    let kept = requests.iter().find(|kept| kept["request_id"] == request_id).unwrap();
    let kept = id(kept);

    let (_, found) = hub.api("GET", &format!("/api/v1/quarantine?request={request_id}"), None);
    let found = found["quarantine"].as_array().unwrap();
    assert_eq!(found.iter().map(id).collect::<Vec<_>>(), [kept.as_str()]);
    for arguments in [
        &["quarantine", "list", "--request", request_id][..],
        &["quarantine", "show", &kept],
        &["quarantine", "explain", &kept],
    ] {
        let (code, shown, error) = command(&hub, arguments);
        assert_eq!((code, error.as_str()), (0, ""), "{arguments:?}");
        assert!(shown.contains(&kept) && shown.contains(request_id), "{shown}");
    }
    let log = hub.log();
    let line = log.lines().find(|line| line.contains("refused") && line.contains(request_id));
    assert!(line.is_some_and(|line| line.contains(&kept)), "{log}");
    assert!(!log.contains("not stored"), "{log}");
}

#[test]
fn a_quarantined_request_is_explained_as_verify_explains() {
    let sink = Sink::answering(200);
    let hub = Hub::start(&sections("the-secret-of-another-", &sink));
    let other = push("github", "the-secret-of-another", 1, b"{}");
    assert_eq!(hub.exchange(&other).unwrap().status, 401);
    let kept = id(&wait_for_held(&hub, 1)[0]);
    let (_, explained, _) = command(&hub, &["quarantine", "explain", &kept]);
    let lines: Vec<&str> = explained.lines().skip(1).collect();
    assert!(
        matches!(
            lines.as_slice(),
            [refusal, found, advice] if refusal.starts_with("invalid  the signature in ")
                && found.starts_with("found  The request is signed with another secret")
                && advice.starts_with("do     ")
        ),
        "{explained}"
    );
}

#[test]
fn a_wrong_secret_is_put_right_and_nothing_is_lost() {
    let sink = Sink::answering(200);
    let hub = Hub::start(&sections("the-secret-of-yesterday", &sink));
    for number in 1..=2 {
        let body = format!("{{\"number\": {number}}}");
        let reply = hub.exchange(&push("github", RIGHT, number, body.as_bytes())).unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (401, "signature_mismatch"));
    }
    let forged = push("github", "somebody-elses-secret", 3, b"{\"forged\": true}");
    assert_eq!(hub.exchange(&forged).unwrap().status, 401);
    let requests = wait_for_held(&hub, 3);
    let forged = id(&requests[0]);
    assert_eq!(requests[0]["reason"], "signature_mismatch");
    assert_eq!((hub.events().len(), sink.delivered().len()), (0, 0), "never delivered");

    // With the wrong secret nothing gets out, whoever asks and how.
    let path = format!("/api/v1/quarantine/{}/release", id(&requests[1]));
    assert_eq!(hub.api("POST", &path, Some("{}")).0, 409);
    let (status, told) = hub.api("POST", "/api/v1/quarantine/release", Some("{\"all\": true}"));
    assert_eq!((status, &told["released"], &told["refused"]), (200, &0.into(), &3.into()));

    // It is found out why; what lets somebody in is not shown.
    let (code, shown, _) = command(&hub, &["quarantine", "show", &id(&requests[1])]);
    assert!(code == 0 && shown.contains("authorization: [masked]"), "{shown}");
    assert!(shown.contains("\"number\": 2") && !shown.contains("CANARY"), "{shown}");
    let (code, told, _) = command(&hub, &["quarantine", "explain", &id(&requests[1])]);
    assert!(code == 0 && told.to_lowercase().contains("secret"), "{told}");
    assert!(!told.contains(RIGHT) && !told.contains("of-yesterday"), "{told}");

    write_config(&hub, &sections(RIGHT, &sink));
    hub.wait_until("the secret is right", || {
        let path = format!("/api/v1/quarantine/{}/explain", id(&requests[1]));
        hub.api("GET", &path, None).1["verifies_now"] == true
    });
    let (code, out, error) = command(&hub, &["quarantine", "release", "--source", "github"]);
    assert_eq!((code, error.as_str()), (1, ""), "the forged one stays: {out}");
    assert_eq!(out.trim(), "2 released; 1 still refused (signature_mismatch: 1)");
    let delivered = sink.wait_for(2);
    let mut bodies: Vec<&[u8]> = delivered.iter().map(|it| it.body.as_slice()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, [b"{\"number\": 1}", b"{\"number\": 2}"]);
    assert_eq!(id(&wait_for_held(&hub, 1)[0]), forged);

    // Asked again, it is the same event; and the provider's own next try is a repeat of it.
    let event = hub.api("POST", &path, Some("{}")).1;
    assert_eq!((&event["duplicate"], hub.events().len()), (&true.into(), 2), "{event}");
    let again = hub.exchange(&push("github", RIGHT, 2, b"{\"number\": 2}")).unwrap().json();
    assert_eq!((&again["status"], &again["event_id"]), (&"duplicate".into(), &event["event"]));
    let (_, event) =
        hub.api("GET", &format!("/api/v1/events/{}", event["event"].as_str().unwrap()), None);
    assert_eq!(event["received_at"], requests[1]["received_at"], "it came when it came");
    assert_eq!(event["verification"], "verified");
    let (code, out, error) = command(&hub, &["quarantine", "release", &forged]);
    assert_eq!((code, out.as_str()), (1, ""), "{error}");
    assert!(error.contains("still refused"), "{error}");
    assert_eq!(sink.delivered().len(), 2);
}

#[test]
fn an_old_timestamp_is_good_and_a_wrong_signature_is_not() {
    let sink = Sink::answering(200);
    let with = |secret: &str, tolerance: &str| {
        format!(
            "[sources.pay]\nprovider = \"stripe\"\nsecret = \"{secret}\"\ntolerance = \"{tolerance}\"\n\
             [destinations.sink]\nurl = \"{}\"\n[[routes]]\nfrom = \"pay\"\nto = \"sink\"\n",
            sink.url("/")
        )
    };
    let hub = Hub::start(&with("whsec_wrong_wrong_wrong", "1s"));
    let url = format!("http://{}/webhook/pay", hub.ingest);
    let trigger = ["trigger", "stripe", "--to", &url, "--secret", "whsec_right_right_right"];
    let sent = Command::new(env!("CARGO_BIN_EXE_hookyard")).args(trigger).output().unwrap();
    assert_eq!(sent.status.code(), Some(1), "{sent:?}");
    let request = wait_for_held(&hub, 1).remove(0);
    write_config(&hub, &with("whsec_right_right_right", "1s"));
    // Longer than the tolerance: by now the timestamp is too old for a request that comes in.
    let path = format!("/api/v1/quarantine/{}", id(&request));
    let came = std::time::Instant::now();
    hub.wait_until("the timestamp is old", || came.elapsed().as_millis() > 2500);
    hub.wait_until("the secret is right", || {
        hub.api("GET", &format!("{path}/explain"), None).1["verifies_now"] == true
    });
    let (status, released) = hub.api("POST", &format!("{path}/release"), Some("{}"));
    assert_eq!((status, &released["duplicate"]), (200, &false.into()), "{released}");
    sink.wait_for(1);
}

#[test]
fn what_is_kept_survives_a_kill_and_what_is_not_ours_is_never_kept() {
    let sink = Sink::answering(200);
    let quarantine = "[store.quarantine]\nmax_body = \"64KiB\"";
    let hub = Hub::start(&format!("{quarantine}\n{}", sections(RIGHT, &sink)));
    let large = vec![b'x'; (64 << 10) + 1];
    assert_eq!(hub.exchange(&push("github", "wrong-wrong-wrong", 1, &large)).unwrap().status, 401);
    assert_eq!(hub.exchange(&push("nobody", RIGHT, 2, b"{}")).unwrap().status, 404);
    assert_eq!(hub.exchange(b"POST /webhook/github HTTP/1.1\r\n\r\n").unwrap().status, 400);
    assert_eq!(hub.exchange(&push("github", "wrong-wrong-wrong", 3, b"{}")).unwrap().status, 401);
    let before = wait_for_held(&hub, 1);
    let hub = hub.kill_and_restart();
    assert_eq!(wait_for_held(&hub, 1), before);
    let (_, health) = hub.api("GET", "/health", None);
    assert_eq!((&health["status"], &health["quarantine"]["held"]), (&"ok".into(), &1.into()));
    let (_, status, _) = command(&hub, &["status"]);
    assert!(status.contains("1 request that failed verification is in quarantine"), "{status}");
}

/// Sends the same request over one connection, again and again; gives back the last answer.
fn flood(hub: &Hub, request: &[u8], count: usize) -> u16 {
    let mut socket = hub.connect();
    let mut status = 0;
    for _ in 0..count {
        socket.write_all(request).unwrap();
        status = Reply::read(&mut socket).unwrap().status;
    }
    status
}

fn resident(hub: &Hub) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", hub.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn a_flood_fills_neither_disk_nor_memory_and_disturbs_nobody() {
    const SENDERS: usize = 8;
    const EACH: usize = 2500;
    let sink = Sink::answering(200);
    let quarantine = "[store.quarantine]\nmax_size = \"4MiB\"";
    let hub = Hub::start(&format!("{quarantine}\n{}", sections(RIGHT, &sink)));
    // Another source's request, which the flood must not push out.
    assert_eq!(hub.exchange(&push("other", RIGHT, 0, b"{\"mine\": 1}")).unwrap().status, 401);
    let quiet = id(&wait_for_held(&hub, 1)[0]);
    let before = resident(&hub);
    let bad = push("github", "a-guess-a-guess-a-guess", 1, &vec![b'x'; 4096]);
    std::thread::scope(|scope| {
        let floods: Vec<_> =
            (0..SENDERS).map(|_| scope.spawn(|| flood(&hub, &bad, EACH))).collect();
        for number in 0..100 {
            let body = format!("{{\"good\": {number}}}");
            let good = hub.exchange(&push("github", RIGHT, 1000 + number, body.as_bytes()));
            assert_eq!(good.unwrap().status, 200, "request {number}");
        }
        for flood in floods {
            assert_eq!(flood.join().unwrap(), 401);
        }
    });
    sink.wait_for(100);
    let grown = resident(&hub).saturating_sub(before);
    assert!(grown < 64 << 20, "the process has grown by {grown} bytes");
    let (_, health) = hub.api("GET", "/health", None);
    let bytes = health["quarantine"]["bytes"].as_u64().unwrap();
    assert!((1..=4 << 20).contains(&bytes), "{health}");
    let on_disk = health["store"]["bytes"].as_u64().unwrap();
    assert!(on_disk < 24 << 20, "{health}");
    let path = format!("/api/v1/quarantine/{quiet}");
    assert_eq!(hub.api("GET", &path, None).1["state"], "held", "pushed out by another's flood");
    let metrics = hub.exchange_admin("/metrics");
    let total = |name: &str| -> u64 {
        let of = metrics.lines().filter(|line| line.starts_with(name));
        of.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
    };
    let dropped: u64 = metrics
        .lines()
        .filter(|line| line.starts_with("hookyard_quarantine_dropped_total"))
        .filter(|line| !line.contains("evicted"))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum();
    let flooded = (SENDERS * EACH) as u64 + 1;
    assert_eq!(
        total("hookyard_quarantined_total") + dropped,
        flooded,
        "each is counted: {metrics}"
    );
    assert!(dropped > flooded / 2, "few are written: {dropped}");
}
