//! From the provider to the destination, through the real program: what arrives there, what
//! happens when the destination fails, and what survives the end of the process.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::sink::{Delivered, Sink, answer};
use crate::support::{Hub, Reply};
use hookyard_signature::{Options, Received, Secret, UnixSeconds, provider};

const SIGNING_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// An open source, a quick destination and a route between them.
fn sections(url: &str, more: &str) -> String {
    format!(
        "[sources.shop]\nprovider = \"generic\"\nverify = \"none\"\n\
         [destinations.app]\nurl = \"{url}\"\nsecret = \"{SIGNING_SECRET}\"\n{more}\n\
         [[routes]]\nfrom = \"shop\"\nto = \"app\"\n"
    )
}

const QUICK: &str = "retry = { attempts = 30, base = \"50ms\", max = \"200ms\" }\ncircuit = false";

fn post(body: &str) -> Vec<u8> {
    format!(
        "POST /webhook/shop?from=test HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\n\
         authorization: secret\r\nx-shop: 7\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn send(hub: &Hub, body: &str) -> String {
    let reply: Reply = hub.exchange(&post(body)).unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["event_id"].as_str().unwrap().to_owned()
}

fn state(hub: &Hub, event: &str) -> String {
    let (_, event) = hub.api("GET", &format!("/api/v1/events/{event}"), None);
    event["deliveries"][0]["state"].as_str().unwrap_or_default().to_owned()
}

/// Checks a delivery's signature as the receiver would.
fn is_rightly_signed(delivered: &Delivered) -> bool {
    let verifier = provider("standard-webhooks")
        .unwrap()
        .verifier(vec![Secret::new(SIGNING_SECRET).unwrap()], &Options::default())
        .unwrap();
    let now: u64 = delivered.header("webhook-timestamp").unwrap().parse().unwrap();
    let headers = &delivered.headers;
    let request = Received { method: "POST", url: "", headers, body: &delivered.body };
    verifier.verify(&request, UnixSeconds(now)).is_ok()
}

#[test]
fn an_event_arrives_as_it_was_sent_and_signed() {
    let sink = Sink::answering(204);
    let hub = Hub::start(&sections(&sink.url("/in?a=b"), QUICK));
    let body = "{\"type\":\"order.paid\", \"n\":1.0}\n";
    let event = send(&hub, body);
    let delivered = sink.wait_for(1).remove(0);
    assert_eq!(delivered.body, body.as_bytes());
    assert_eq!(delivered.path, "/in?a=b");
    assert_eq!(delivered.header("webhook-id"), Some(event.as_str()));
    assert_eq!(delivered.header("content-type"), Some("application/json"));
    assert_eq!(delivered.header("hookyard-event-type"), Some("order.paid"));
    assert_eq!(delivered.header("hookyard-source"), Some("shop"));
    assert_eq!(delivered.header("hookyard-attempt"), Some("1"));
    assert_eq!(delivered.header("hookyard-redelivery"), None);
    assert_eq!((delivered.header("authorization"), delivered.header("x-shop")), (None, None));
    assert!(is_rightly_signed(&delivered));
    hub.wait_until("the delivery is done", || state(&hub, &event) == "succeeded");
}

#[test]
fn a_failure_is_tried_again_with_the_same_id_and_says_so() {
    let sink = Sink::scripted(|number, _| Some(answer(if number < 3 { 500 } else { 200 }, "")));
    let hub = Hub::start(&sections(&sink.url("/"), QUICK));
    let event = send(&hub, "{}");
    let delivered = sink.wait_for(4);
    for (number, delivered) in delivered.iter().enumerate() {
        assert_eq!(delivered.header("webhook-id"), Some(event.as_str()));
        assert_eq!(delivered.header("hookyard-attempt"), Some((number + 1).to_string().as_str()));
        let expected = (number > 0).then_some("possible");
        assert_eq!(delivered.header("hookyard-redelivery"), expected, "attempt {}", number + 1);
        assert!(is_rightly_signed(delivered));
    }
    hub.wait_until("the delivery is done", || state(&hub, &event) == "succeeded");
    let (_, delivery) = hub.api(
        "GET",
        &format!("/api/v1/deliveries/{}", event.replace("evt_", "dlv_") + "_0"),
        None,
    );
    assert_eq!(delivery["attempts"].as_array().unwrap().len(), 4, "{delivery}");
}

#[test]
fn an_event_waits_for_a_destination_that_is_down() {
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let hub = Hub::start(&sections(&format!("http://{address}/"), QUICK));
    let event = send(&hub, "{\"waits\":true}");
    hub.wait_until("an attempt has failed", || hub.log().contains("connect_refused"));
    let sink = Sink::at(TcpListener::bind(address).unwrap(), |_, _| Some(answer(200, "")));
    let delivered = sink.wait_for(1).remove(0);
    assert_eq!(delivered.header("webhook-id"), Some(event.as_str()));
    assert_eq!(
        delivered.header("hookyard-redelivery"),
        None,
        "no byte of it can have arrived before"
    );
}

#[test]
fn a_delivery_that_is_held_grows_old() {
    let sink = Sink::answering(500);
    let slow = "retry = { attempts = 9, base = \"1h\", max = \"1h\" }";
    let hub = Hub::start(&sections(&sink.url("/"), slow));
    let ages = || {
        let (_, health) = hub.api("GET", "/health", None);
        let age = |name: &str| health[name].as_u64().unwrap();
        (age("oldest_pending_seconds"), age("overdue_seconds"))
    };
    assert_eq!(ages(), (0, 0));
    let event = send(&hub, "{}");
    sink.wait_for(1);
    hub.wait_until("it is a second old", || ages().0 > 0);
    assert_eq!(ages().1, 0, "it is due in an hour");
    let id = event.replace("evt_", "dlv_") + "_0";
    let (status, _) = hub.api("POST", &format!("/api/v1/deliveries/{id}/cancel"), Some("{}"));
    assert_eq!(status, 200);
    hub.wait_until("nothing is pending", || ages() == (0, 0));

    let (status, _) = hub.api("POST", "/api/v1/destinations/app/pause", Some("{}"));
    assert_eq!(status, 200);
    send(&hub, "{}");
    hub.wait_until("one is due and not taken", || ages().0 > 0 && ages().1 > 0);
}

#[test]
fn what_was_accepted_survives_a_kill() {
    let sink = Sink::scripted(|number, _| (number > 0).then(|| answer(200, "")));
    let hub = Hub::start(&sections(&sink.url("/"), QUICK));
    let event = send(&hub, "{\"survives\":true}");
    sink.wait_for(1);
    let hub = hub.kill_and_restart();
    let delivered = sink.wait_for(2);
    assert_eq!(delivered[1].header("webhook-id"), Some(event.as_str()));
    assert_eq!(delivered[1].header("hookyard-redelivery"), Some("possible"));
    hub.wait_until("the delivery is done", || state(&hub, &event) == "succeeded");
    let repeat = hub.exchange(&post("{\"other\":1}")).unwrap();
    assert_eq!(repeat.json()["status"], "accepted");
}

#[test]
fn an_end_that_was_asked_for_lets_attempts_finish() {
    let sink = Sink::scripted(|_, _| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        Some(answer(200, ""))
    });
    let mut hub = Hub::start(&sections(&sink.url("/"), QUICK));
    let event = send(&hub, "{}");
    sink.wait_for(1);
    assert!(hub.terminate().success(), "{}", hub.log());
    let hub = hub.kill_and_restart();
    assert_eq!(state(&hub, &event), "succeeded");
    assert_eq!(sink.delivered().len(), 1, "nothing is sent twice when the end was asked for");
}

#[test]
fn an_end_that_was_asked_for_answers_what_has_begun() {
    let sink = Sink::answering(200);
    let mut hub = Hub::start(&sections(&sink.url("/"), QUICK));
    let mut socket = hub.connect();
    let head = "POST /webhook/shop HTTP/1.1\r\nhost: hub\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    // From here on the hub waits for the body.
    let mut go_on = [0; 25];
    socket.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100"));
    let status = std::thread::scope(|scope| {
        let ended = scope.spawn(|| hub.terminate());
        socket.write_all(b"{}").unwrap();
        assert_eq!(Reply::read(&mut socket).unwrap().status, 200);
        ended.join().unwrap()
    });
    assert!(status.success(), "{}", hub.log());
    let hub = hub.kill_and_restart();
    assert_eq!(hub.events().len(), 1);
}

#[test]
fn gone_disables_the_destination_and_holds_the_rest() {
    let sink = Sink::scripted(|number, _| Some(answer(if number == 0 { 410 } else { 200 }, "")));
    let hub = Hub::start(&sections(&sink.url("/"), QUICK));
    let first = send(&hub, "1");
    hub.wait_until("the first is a dead letter", || state(&hub, &first) == "dead_letter");
    let second = send(&hub, "2");
    let (_, page) = hub.api("GET", "/api/v1/destinations", None);
    assert_eq!(page["destinations"][0]["status"], "disabled", "{page}");
    assert_eq!(state(&hub, &second), "pending");
    let hub = hub.kill_and_restart();
    assert_eq!((state(&hub, &second).as_str(), sink.delivered().len()), ("pending", 1));
    assert_eq!(hub.api("POST", "/api/v1/destinations/app/resume", None).0, 200);
    hub.wait_until("the second is delivered", || state(&hub, &second) == "succeeded");
}

#[test]
fn retries_that_are_used_up_are_a_dead_letter_that_can_be_sent_again() {
    let sink = Sink::scripted(|number, _| Some(answer(if number < 2 { 503 } else { 200 }, "")));
    let few = "retry = { attempts = 2, base = \"20ms\", max = \"20ms\" }";
    let hub = Hub::start(&sections(&sink.url("/"), few));
    let event = send(&hub, "{}");
    hub.wait_until("it is a dead letter", || state(&hub, &event) == "dead_letter");
    let (_, page) = hub.api("GET", "/api/v1/dead-letters", None);
    assert_eq!(page["dead_letters"][0]["reason"], "exhausted", "{page}");
    let (status, done) =
        hub.api("POST", "/api/v1/dead-letters/redeliver", Some("{\"destination\":\"app\"}"));
    assert_eq!((status, &done["count"]), (200, &1.into()));
    hub.wait_until("it is delivered", || state(&hub, &event) == "succeeded");
    assert_eq!(sink.delivered()[2].header("hookyard-replay"), Some("true"));
}

#[test]
fn what_is_stored_too_late_for_the_answer_is_delivered_all_the_same() {
    let sink = Sink::answering(200);
    let impatient = "[server.limits]\nack_timeout = \"1ms\"\n";
    let hub = Hub::start(&(impatient.to_owned() + &sections(&sink.url("/"), QUICK)));
    let statuses: Vec<u16> =
        (0..20).map(|n| hub.exchange(&post(&format!("{n}"))).unwrap().status).collect();
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    let delivered = sink.wait_for(20);
    assert!(delivered.iter().all(|delivered| delivered.header("hookyard-redelivery").is_none()));
    hub.wait_until("nothing is pending", || {
        let (_, health) = hub.api("GET", "/health", None);
        health["pending"] == 0
    });
}
