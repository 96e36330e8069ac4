//! A configuration that changes while the real program runs.

use hookyard_signature::{Options, Received, Secret, UnixSeconds, provider};

use crate::support::Hub;
use crate::support::sink::Sink;

fn write(hub: &Hub, sections: &str) {
    let path = hub.folder().join("hookyard.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite:hub.db\"\n{sections}"
    );
    std::fs::write(path, text).unwrap();
}

fn status(hub: &Hub, source: &str) -> u16 {
    let request =
        format!("POST /webhook/{source} HTTP/1.1\r\nhost: hub\r\ncontent-length: 2\r\n\r\n{{}}");
    hub.exchange(request.as_bytes()).unwrap().status
}

fn with_route(sink: &Sink) -> String {
    format!(
        "[sources.one]\nverify = \"none\"\n[sources.two]\nverify = \"none\"\n\
         [destinations.sink]\nurl = \"{}\"\n[[routes]]\nfrom = \"two\"\nto = \"sink\"\n",
        sink.url("/")
    )
}

#[test]
fn a_change_is_taken_over_and_a_wrong_one_is_not() {
    let sink = Sink::answering(200);
    let hub = Hub::start("[sources.one]\nverify = \"none\"\n");
    assert_eq!((status(&hub, "one"), status(&hub, "two")), (200, 404));
    write(&hub, &with_route(&sink));
    hub.wait_until("the new source is there", || status(&hub, "two") == 200);
    sink.wait_for(1);
    write(&hub, "[sources.one]\nverifi = \"none\"\n");
    hub.wait_until("the mistake is logged", || hub.log().contains("verifi"));
    assert_eq!((status(&hub, "one"), status(&hub, "two")), (200, 200), "the old one stays");
}

#[test]
fn a_signal_has_it_read_again_at_once() {
    let hub = Hub::start("[sources.one]\nverify = \"none\"\n");
    write(&hub, "[sources.two]\nverify = \"none\"\n");
    let pid = hub.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    hub.wait_until("the other source is there", || status(&hub, "two") == 200);
    assert_eq!(status(&hub, "one"), 404);
}

/// A ping, signed with this secret in the usual way.
fn signed(secret: &str) -> Vec<u8> {
    let secrets = vec![Secret::new(secret).unwrap()];
    let verifier = provider("generic").unwrap().verifier(secrets, &Options::default()).unwrap();
    let none: [(&str, &str); 0] = [];
    let unsigned = Received { method: "POST", url: "", headers: &none, body: b"{}" };
    let proof = verifier.sign(&unsigned, "", UnixSeconds(0)).unwrap();
    let (name, value) = &proof.headers[0];
    format!("POST /webhook/shop HTTP/1.1\r\nhost: hub\r\n{name}: {value}\r\ncontent-length: 2\r\n\r\n{{}}")
        .into_bytes()
}

#[test]
fn while_a_secret_is_replaced_it_is_seen_which_is_still_in_use() {
    let (old, new) = ("the-old-secret-of-the-shop", "the-new-secret-of-the-shop");
    let hub = Hub::start(&format!(
        "[sources.shop]\nprovider = \"generic\"\nsecrets = [\"{new}\", \"{old}\"]\n\
         [sources.other]\nprovider = \"generic\"\nsecret = \"{old}\"\n"
    ));
    for secret in [old, old, new] {
        assert_eq!(hub.exchange(&signed(secret)).unwrap().status, 200);
    }
    assert_eq!(hub.exchange(&signed("the-secret-of-nobody")).unwrap().status, 401);
    let metrics = hub.exchange_admin("/metrics");
    let counted = |secret: u8, count: u8| {
        let line =
            format!("hookyard_verified_total{{source=\"shop\",secret=\"{secret}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    };
    counted(1, 1);
    counted(2, 2);
    assert_eq!(metrics.matches("hookyard_verified_total{").count(), 2);
}
