//! Requests that carry several events, from the provider's signature to the destinations.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::sink::Sink;
use crate::support::{Hub, Reply};
use hookyard_signature::{Options, Received, Secret, UnixSeconds, Verifier, provider};
use serde_json::{Value, json};

/// A key pair as SendGrid makes one: its private half signs, its public half is the secret here.
struct Sender {
    provider: &'static str,
    verifier: Verifier,
    secret: String,
}

impl Sender {
    fn new(slug: &'static str, secret: String) -> Self {
        let key = Secret::new(secret.clone()).unwrap();
        let verifier = provider(slug).unwrap().verifier(vec![key], &Options::default()).unwrap();
        Self { provider: slug, verifier, secret }
    }

    fn sendgrid() -> Self {
        Self::new("sendgrid", rcgen::KeyPair::generate().unwrap().serialize_pem())
    }

    fn source(&self, more: &str) -> String {
        let Self { provider, secret, .. } = self;
        format!(
            "[sources.{provider}]\nprovider = \"{provider}\"\nsecret = '''{secret}'''\n{more}\n"
        )
    }

    /// The bytes of a signed request.
    fn request(&self, body: &str) -> Vec<u8> {
        let none: [(&str, &str); 0] = [];
        let unsigned = Received { method: "POST", url: "", headers: &none, body: body.as_bytes() };
        let proof = self.verifier.sign(&unsigned, "id", UnixSeconds(now())).unwrap();
        let line = |lines: String, (name, value)| lines + &format!("{name}: {value}\r\n");
        let headers = proof.headers.iter().map(|(name, value)| (name, value));
        let headers = headers.fold(String::new(), line);
        let body = proof.body.as_deref().unwrap_or(body.as_bytes());
        let head = format!(
            "POST /webhook/{} HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json; charset=utf-8\r\n\
             content-length: {}\r\n{headers}\r\n",
            self.provider,
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    fn send(&self, hub: &Hub, body: &str) -> Value {
        let reply = hub.exchange(&self.request(body)).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.json());
        reply.json()
    }
}

fn now() -> u64 {
    #[allow(
        clippy::disallowed_methods,
        reason = "a test stands for a sender, who has a clock of their own"
    )]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// So many of SendGrid's events, whose ids begin so.
fn events(start: &str, count: usize) -> String {
    let event = |n| format!("{{\"sg_event_id\":\"{start}{n}\",\"event\":\"open\"}}");
    format!("[{}]\r\n", (0..count).map(event).collect::<Vec<_>>().join(","))
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// What an event's page shows as a file.
fn file(hub: &Hub, id: &str, which: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(hub.folder().join("hub.db.admin.json")).unwrap();
    let token: Value = serde_json::from_str(&text).unwrap();
    let request = format!(
        "GET /api/v1/events/{id}/{which} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        hub.admin,
        token["token"].as_str().unwrap()
    );
    let mut socket = std::net::TcpStream::connect(hub.admin).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let reply = Reply::read(&mut socket).unwrap();
    assert_eq!(reply.status, 200);
    reply.body
}

const DROPPED: &str = r#"{"email":"a@b.example", "sg_event_id":"one","event":"dropped"}"#;
const OPENED: &str = r#"{ "sg_event_id":"two","event":"open","n":1.0 }"#;
const CLICKED: &str = r#"{"sg_event_id":"three","event":"click","url":"\u00e9\/"}"#;

fn routes(sink: &Sink) -> String {
    format!(
        "[destinations.all]\nurl = \"{}\"\n[destinations.clicks]\nurl = \"{}\"\n\
         [[routes]]\nfrom = \"*\"\nto = \"all\"\n\
         [[routes]]\nfrom = \"sendgrid\"\ntypes = [\"click\"]\nto = \"clicks\"\n",
        sink.url("/all"),
        sink.url("/clicks")
    )
}

#[test]
fn each_item_is_an_event_with_its_own_id_type_and_way() {
    let (sink, sender) = (Sink::answering(200), Sender::sendgrid());
    let hub = Hub::start(&(sender.source("") + &routes(&sink)));
    let answer = sender.send(&hub, &format!("[{DROPPED}]"));
    assert_eq!((&answer["status"], &answer["items"]), (&json!("accepted"), &json!(1)), "{answer}");
    let first = texts(&answer["event_ids"])[0].to_owned();
    sink.wait_for(1);

    let body = format!("[ {DROPPED},\n{OPENED} , {CLICKED}]\r\n");
    let answer = sender.send(&hub, &body);
    assert_eq!(answer["status"], "accepted", "{answer}");
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(2), &json!(1)));
    assert_eq!(texts(&answer["duplicate_ids"]), [first.as_str()]);
    let new = texts(&answer["event_ids"]);

    let delivered = sink.wait_for(4);
    let mut got: Vec<_> = delivered
        .iter()
        .map(|it| {
            let header = |name| it.header(name).unwrap_or_default();
            let body = std::str::from_utf8(&it.body).unwrap();
            (header("hookyard-item"), &*it.path, body, header("webhook-id"), header("content-type"))
        })
        .collect();
    got.sort_unstable();
    let json = "application/json";
    let expected = [
        ("1/1", "/all", DROPPED, first.as_str(), json),
        ("2/3", "/all", OPENED, new[0], json),
        ("3/3", "/all", CLICKED, new[1], json),
        ("3/3", "/clicks", CLICKED, new[1], json),
    ];
    assert_eq!(got, expected);
    let opened = delivered.iter().find(|it| it.body == OPENED.as_bytes()).unwrap();
    assert_eq!(opened.header("hookyard-event-type"), Some("open"));

    let listed: Vec<_> = hub
        .events()
        .iter()
        .map(|it| (it["provider_event_id"].clone(), it["type"].clone(), it["item"].clone()))
        .collect();
    let row = |id, kind, item| (json!(id), json!(kind), json!(item));
    let rows =
        [row("three", "click", "3/3"), row("two", "open", "2/3"), row("one", "dropped", "1/1")];
    assert_eq!(listed, rows);
    assert_eq!(file(&hub, new[1], "raw"), CLICKED.as_bytes());
    assert_eq!(file(&hub, new[1], "request"), body.as_bytes());
    assert_eq!(file(&hub, &first, "request"), format!("[{DROPPED}]").as_bytes());

    let answer = sender.send(&hub, &body);
    assert_eq!((&answer["status"], &answer["duplicates"]), (&json!("duplicate"), &json!(3)));
    assert_eq!(texts(&answer["duplicate_ids"]), [first.as_str(), new[0], new[1]]);
    assert_eq!(hub.events().len(), 3);
}

#[test]
fn the_same_id_with_another_body_is_kept_beside_the_first_once() {
    let sender = Sender::sendgrid();
    let hub = Hub::start(&sender.source(""));
    let other = DROPPED.replace("a@b", "c@d");
    sender.send(&hub, &format!("[{DROPPED}]"));
    for (accepted, duplicates) in [(1, 1), (0, 2)] {
        let answer = sender.send(&hub, &format!("[{DROPPED},{other}]"));
        assert_eq!(
            (&answer["accepted"], &answer["duplicates"]),
            (&json!(accepted), &json!(duplicates))
        );
    }
    assert_eq!(hub.events().len(), 2);
    hub.wait_until("a warning", || hub.log().contains("under an id it had used before"));
}

#[test]
fn what_is_no_batch_is_one_event_as_it_came() {
    let sender = Sender::sendgrid();
    let hub = Hub::start(&sender.source(""));
    for body in ["[]", "{\"event\":\"open\"}", "not JSON", "[1,2]", "[{},\"x\"]"] {
        let answer = sender.send(&hub, body);
        assert_eq!(answer["status"], "accepted", "{body}: {answer}");
        let id = answer["event_id"].as_str().unwrap();
        assert_eq!(file(&hub, id, "raw"), body.as_bytes());
        assert_eq!(sender.send(&hub, body)["event_id"], id, "{body}: told by its bytes");
    }
    let says = "an element of the list of events is not an object";
    hub.wait_until("two lists of something else are told, each twice", || {
        hub.log().matches(says).count() == 4
    });
}

#[test]
fn a_source_can_keep_batches_together() {
    let (sink, sender) = (Sink::answering(200), Sender::sendgrid());
    let hub = Hub::start(&(sender.source("batches = \"together\"") + &routes(&sink)));
    let body = format!("[{DROPPED},{OPENED}]");
    let answer = sender.send(&hub, &body);
    let delivered = sink.wait_for(1);
    assert_eq!(delivered[0].body, body.as_bytes());
    assert_eq!(delivered[0].header("webhook-id"), answer["event_id"].as_str());
    assert_eq!(delivered[0].header("hookyard-item"), None);
    assert_eq!(sender.send(&hub, &body)["status"], "duplicate");
}

#[test]
fn ten_thousand_items_are_taken_apart_and_one_more_is_not() {
    let sender = Sender::sendgrid();
    // However slow the disk is: what is shown here is not how long it takes.
    let patient = "[server.limits]\nack_timeout = \"60s\"\n";
    let hub = Hub::start(&(sender.source("") + patient));
    let body = events("n", 10_000);
    let answer = sender.send(&hub, &body);
    assert_eq!((&answer["accepted"], &answer["items"]), (&json!(10_000), &json!(10_000)));
    assert_eq!(texts(&answer["event_ids"]).len(), 100);
    assert_eq!(sender.send(&hub, &body)["duplicates"], 10_000);

    let body = events("m", 10_001);
    let answer = sender.send(&hub, &body);
    let id = answer["event_id"].as_str().unwrap();
    assert_eq!(file(&hub, id, "raw"), body.as_bytes());
    hub.wait_until("a warning", || hub.log().contains("a batch is kept as one event"));
}

#[test]
fn a_repeat_that_says_it_is_one_is_still_told() {
    let sender = Sender::new("line", "channel secret".to_owned());
    let hub = Hub::start(&sender.source(""));
    let event = |id: &str, again: bool| {
        format!(
            "{{\"type\":\"follow\",\"webhookEventId\":\"{id}\",\"deliveryContext\":{{\"isRedelivery\":{again}}}}}"
        )
    };
    let body =
        |events: &[String]| format!("{{\"destination\":\"U\",\"events\":[{}]}}", events.join(","));
    assert_eq!(sender.send(&hub, &body(&[event("1", false)]))["accepted"], 1);
    let answer = sender.send(&hub, &body(&[event("1", true), event("2", true)]));
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(1), &json!(1)), "{answer}");
    assert_eq!(hub.events().len(), 2);
}

#[test]
fn one_wrong_item_has_the_whole_batch_refused() {
    let secret = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
    let sender = Sender::new("adyen", secret.to_owned());
    let hub = Hub::start(&sender.source(""));
    let item = |psp: &str| {
        json!({"NotificationRequestItem": {
            "pspReference": psp, "merchantReference": "order-7", "merchantAccountCode": "Shop",
            "amount": {"currency": "EUR", "value": 1130}, "eventCode": "CAPTURE", "success": "true",
        }})
    };
    let body = json!({"live": "false", "notificationItems": [item("A1"), item("A2")]}).to_string();
    let signed = sender.request(&body);
    for psp in [&b"\"A1\""[..], b"\"A2\""] {
        let at = signed.windows(psp.len()).position(|window| window == psp).unwrap();
        let mut forged = signed.clone();
        forged[at + 2] = b'9';
        assert_eq!(hub.exchange(&forged).unwrap().status, 401);
    }
    assert_eq!(hub.events().len(), 0);
    let reply = hub.exchange(&signed).unwrap().json();
    assert_eq!((&reply["accepted"], &reply["duplicates"]), (&json!(2), &json!(0)), "{reply}");
    let ids: Vec<_> = hub.events().iter().map(|event| event["provider_event_id"].clone()).collect();
    assert_eq!(ids, ["A2.CAPTURE.true", "A1.CAPTURE.true"]);
}

#[test]
fn items_of_a_form_are_delivered_as_the_json_that_they_are() {
    let sink = Sink::answering(200);
    let source = "[sources.mandrill]\nprovider = \"mandrill\"\nverify = \"none\"\n\
                  dedupe.key = [\"json:/msg/to\", \"provider\"]\n";
    let hub = Hub::start(&(source.to_owned() + &routes(&sink).replace("sendgrid", "mandrill")));
    let form = "mandrill_events=%5B%7B%22event%22%3A%22open%22%2C%22_id%22%3A%22m%22%2C%22ts%22%3A7%7D%2C\
                %7B%22event%22%3A%22click%22%2C%22msg%22%3A%7B%22to%22%3A%22a%2Bb%22%7D%7D%5D";
    let send = || {
        let head = format!(
            "POST /webhook/mandrill HTTP/1.1\r\nhost: hub\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n",
            form.len()
        );
        hub.exchange(&[head.as_bytes(), form.as_bytes()].concat()).unwrap().json()
    };
    let answer = send();
    let mut got: Vec<_> = sink
        .wait_for(3)
        .iter()
        .map(|it| {
            assert_eq!(it.header("content-type"), Some("application/json"));
            (it.path.clone(), String::from_utf8(it.body.clone()).unwrap())
        })
        .collect();
    got.sort();
    let (open, click) =
        (r#"{"event":"open","_id":"m","ts":7}"#, r#"{"event":"click","msg":{"to":"a+b"}}"#);
    let row = |path: &str, body: &str| (path.to_owned(), body.to_owned());
    assert_eq!(got, [row("/all", click), row("/all", open), row("/clicks", click)]);
    let id = texts(&answer["event_ids"])[1];
    assert_eq!(file(&hub, id, "raw"), click.as_bytes());
    assert_eq!(file(&hub, id, "request"), form.as_bytes());
    assert_eq!(send()["duplicates"], 2, "each by the first of its keys");
}

/// How many events there are of each batch, whose letter their ids begin with.
fn by_batch(hub: &Hub) -> BTreeMap<char, usize> {
    let (mut counts, mut after) = (BTreeMap::new(), String::new());
    loop {
        let (status, page) = hub.api("GET", &format!("/api/v1/events?limit=500{after}"), None);
        assert_eq!(status, 200, "{page}");
        for event in page["events"].as_array().unwrap() {
            let id = event["provider_event_id"].as_str().unwrap();
            *counts.entry(id.chars().next().unwrap()).or_default() += 1;
        }
        let Some(next) = page["next"].as_str() else { return counts };
        after = format!("&after={next}");
    }
}

#[test]
fn a_batch_is_there_whole_or_not_at_all_when_the_hub_is_killed() {
    const MANY: usize = 1000;
    let sender = Sender::sendgrid();
    let mut hub = Hub::start(&sender.source(""));
    for (round, letter) in (0..6_u64).zip('a'..='f') {
        let mut socket = hub.connect();
        socket.write_all(&sender.request(&events(&letter.to_string(), MANY))).unwrap();
        // The moment is the point of it: the hub reads, stores or has answered.
        std::thread::sleep(Duration::from_millis(round * 25));
        hub = hub.kill_and_restart();
        let answered = Reply::read(&mut socket).is_some_and(|reply| reply.status == 200);
        let kept = by_batch(&hub).get(&letter).copied().unwrap_or_default();
        assert!(kept == MANY || kept == 0 && !answered, "{letter}: {kept}, answered: {answered}");
        // The sender tries again, and nothing is there twice.
        let answer = sender.send(&hub, &events(&letter.to_string(), MANY));
        assert_eq!(answer["duplicates"], kept, "{answer}");
    }
    assert!(by_batch(&hub).values().all(|&count| count == MANY));
}
