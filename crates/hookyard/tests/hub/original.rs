//! What a provider said in headers that are ours towards a destination: it arrives there too, so
//! that the receiver can check the provider's own signature, and nobody else can say it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::Hub;
use crate::support::sink::{Delivered, Sink};
use hookyard_signature::{Options, Received, Secret, UnixSeconds, Verifier, provider};

const PROVIDERS_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OUR_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const PREFIX: &str = "hookyard-original-";

/// What somebody sends who wants the receiver to take it for the provider's.
const FORGED: &str = "hookyard-original-webhook-id: msg_forged\r\n\
                      hookyard-original-webhook-timestamp: 1\r\n\
                      Hookyard-Original-Webhook-Signature: v1,AAAA\r\n";

fn sections(sink: &Sink) -> String {
    let destination = |name: &str, forward: &str| {
        let url = sink.url(&format!("/{name}"));
        format!("[destinations.{name}]\nurl = \"{url}\"\nsecret = \"{OUR_SECRET}\"\n{forward}\n")
    };
    format!(
        "[sources.standard]\nprovider = \"standard-webhooks\"\nsecret = \"{PROVIDERS_SECRET}\"\n\
         [sources.open]\nverify = \"none\"\n{}{}{}{}\
         [[routes]]\nfrom = \"*\"\nto = [\"signature\", \"all\", \"named\", \"plain\"]\n",
        destination("signature", "forward_headers = \"signature\""),
        destination("all", "forward_headers = \"all\""),
        destination(
            "named",
            "forward_headers = [\"webhook-id\", \"hookyard-original-webhook-signature\"]"
        ),
        destination("plain", ""),
    )
}

fn verifier(secret: &str) -> Verifier {
    let standard = provider("standard-webhooks").unwrap();
    standard.verifier(vec![Secret::new(secret).unwrap()], &Options::default()).unwrap()
}

fn verifies(secret: &str, headers: &[(String, String)], body: &[u8]) -> bool {
    let at = headers.iter().find(|(name, _)| name == "webhook-timestamp").unwrap().1.parse();
    let request = Received { method: "POST", url: "", headers: &headers, body };
    verifier(secret).verify(&request, UnixSeconds(at.unwrap())).is_ok()
}

fn now() -> u64 {
    #[allow(
        clippy::disallowed_methods,
        reason = "a test stands for a sender, who has a clock of their own"
    )]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What the provider said, by its own names.
fn original(delivered: &Delivered) -> Vec<(String, String)> {
    let said = delivered.headers.iter().filter_map(|(name, value)| {
        name.strip_prefix(PREFIX).map(|name| (name.to_owned(), value.clone()))
    });
    let mut said: Vec<_> = said.collect();
    said.sort();
    said
}

fn at<'d>(delivered: &'d [Delivered], path: &str) -> &'d Delivered {
    delivered.iter().find(|delivered| delivered.path == path).unwrap()
}

#[test]
fn a_receiver_can_check_the_providers_own_signature() {
    let sink = Sink::answering(200);
    let hub = Hub::start(&sections(&sink));
    let body = b"{\"type\":\"invoice.paid\", \"n\":1.0}\n";
    let none: [(&str, &str); 0] = [];
    let unsigned = Received { method: "POST", url: "", headers: &none, body };
    let proof = verifier(PROVIDERS_SECRET).sign(&unsigned, "msg_1", UnixSeconds(now())).unwrap();
    let mut sent: Vec<(String, String)> =
        proof.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
    let signature = sent.iter_mut().find(|(name, _)| name == "webhook-signature").unwrap();
    // As a provider sends it that is about to change its secret.
    signature.1 = format!("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= {}", signature.1);
    sent.sort();
    let lines = sent
        .iter()
        .fold(FORGED.to_owned(), |lines, (name, value)| lines + &format!("{name}: {value}\r\n"));
    let request = format!(
        "POST /webhook/standard HTTP/1.1\r\nhost: hub\r\ncontent-length: {}\r\n{lines}\r\n",
        body.len()
    );
    let reply = hub.exchange(&[request.as_bytes(), body].concat()).unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    let event = reply.json()["event_id"].as_str().unwrap().to_owned();

    let delivered = sink.wait_for(4);
    for path in ["/signature", "/all"] {
        let delivered = at(&delivered, path);
        let original = original(delivered);
        assert_eq!(original, sent, "as it came, and once");
        assert!(verifies(PROVIDERS_SECRET, &original, &delivered.body));
        assert!(!verifies(PROVIDERS_SECRET, &original, b"{}"));
        assert_eq!(delivered.header("webhook-id"), Some(event.as_str()), "ours stays ours");
        assert!(verifies(OUR_SECRET, &delivered.headers, &delivered.body));
    }
    let named = [("webhook-id".to_owned(), "msg_1".to_owned())];
    assert_eq!(original(at(&delivered, "/named")), named);
    assert_eq!(original(at(&delivered, "/plain")), []);
}

#[test]
fn nobody_else_can_say_what_a_provider_said() {
    let sink = Sink::answering(200);
    let hub = Hub::start(&sections(&sink));
    let request = format!(
        "POST /webhook/open HTTP/1.1\r\nhost: hub\r\ncontent-length: 2\r\n{FORGED}\r\n{{}}"
    );
    assert_eq!(hub.exchange(request.as_bytes()).unwrap().status, 200);
    for delivered in sink.wait_for(4) {
        assert_eq!(original(&delivered), [], "{}", delivered.path);
        assert!(verifies(OUR_SECRET, &delivered.headers, &delivered.body));
    }
}
