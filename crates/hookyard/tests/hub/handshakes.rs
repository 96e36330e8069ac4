//! Providers' questions over raw sockets against the real program: each gets its answer or a
//! refusal that says why, and none is stored.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sender::Sender;
use crate::support::sink::{Sink, answer};
use crate::support::{Hub, Reply};
use hookyard_signature::{PROVIDERS, Trust};
use serde_json::Value;

const SECRET: &str = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";
/// The example of RFC 8410, section 10.3.
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
/// A secret that a provider hands over.
const HANDED_OVER: &str = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";

/// The same of another provider, and the question that brings it.
const TOKEN: &str = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
const BRINGS_TOKEN: &str =
    r#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#;

/// A question, and what comes back.
struct Question {
    provider: &'static str,
    /// The method and what stands behind the path.
    asks: (&'static str, &'static str),
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signed: Signed,
    status: u16,
    /// Lines of the head.
    head: &'static [&'static str],
    /// The body, or the code of a refusal.
    says: &'static str,
}

/// Whether a question is signed.
#[derive(Clone, Copy, PartialEq)]
enum Signed {
    No,
    Yes,
    With(&'static str),
}
use Signed::{No, With, Yes};

type Asks = (&'static str, &'static str);
type Headers = &'static [(&'static str, &'static str)];

const fn question(
    provider: &'static str,
    asks: Asks,
    headers: Headers,
    body: &'static str,
) -> Question {
    Question { provider, asks, headers, body, signed: No, status: 200, head: &[], says: "" }
}

impl Question {
    const fn signed(mut self, signed: Signed) -> Self {
        self.signed = signed;
        self
    }

    const fn says(mut self, status: u16, says: &'static str) -> Self {
        self.status = status;
        self.says = says;
        self
    }

    const fn text(mut self, says: &'static str) -> Self {
        self.head = &["content-type: text/plain", "x-content-type-options: nosniff"];
        self.says = says;
        self
    }

    const fn json(mut self, says: &'static str) -> Self {
        self.head = &["content-type: application/json", "x-content-type-options: nosniff"];
        self.says = says;
        self
    }

    const fn head(mut self, head: &'static [&'static str]) -> Self {
        self.head = head;
        self
    }
}

const POST: Asks = ("POST", "");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const SLACK: &str = r#"{"type":"url_verification","challenge":"3eZbrw1aBm2r"}"#;
const XERO: &str = r#"{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3"}"#;
const OTHER: Signed = With("another secret than the hub's");

#[rustfmt::skip]
const QUESTIONS: &[Question] = &[
    question("azure-event-grid", POST, &[("aeg-event-type", "SubscriptionValidation")], r#"[{"data":{"validationCode":"512d38b6-c7b8"}}]"#).signed(Yes).json(r#"{"validationResponse":"512d38b6-c7b8"}"#),
    question("azure-event-grid", POST, &[("aeg-event-type", "SubscriptionValidation")], r#"[{"data":{"validationCode":"512d38b6-c7b8"}}]"#).says(401, "token_missing"),
    question("braintree", ("GET", "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"), &[], "").text("integration_public_key|759b6ea4e06c71bedc38e3159801816e770907ea"),
    question("braintree", ("GET", "?bt_challenge=hello"), &[], "").says(400, "challenge_malformed"),
    question("cloudevents", ("OPTIONS", ""), &[("WebHook-Request-Origin", "e.example.com"), ("WebHook-Request-Rate", "120")], "").head(&["allow: post", "webhook-allowed-origin: e.example.com", "webhook-allowed-rate: 120"]),
    question("cloudevents", ("OPTIONS", ""), &[("Origin", "https://e.example.com")], "").says(405, "method_not_allowed").head(&["allow: post"]),
    question("discord", POST, &[], r#"{"id":"1","token":"x","type":1,"version":1}"#).signed(Yes).json(r#"{"type":1}"#),
    question("discord", POST, &[], r#"{"type":0}"#).signed(Yes).says(204, ""),
    question("discord", POST, &[("x-signature-ed25519", "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"), ("x-signature-timestamp", "1700000000")], r#"{"type":1}"#).says(401, "signature_mismatch"),
    question("dropbox", ("GET", "?challenge=abc123"), &[], "").text("abc123"),
    question("dropbox", ("GET", "?challenge=%3Cscript%3Ealert(1)%3C/script%3E"), &[], "").says(400, "challenge_malformed"),
    question("dropbox", ("GET", "?challenge=a&challenge=b"), &[], "").says(400, "challenge_malformed"),
    question("dropbox", ("GET", ""), &[], "").says(405, "method_not_allowed").head(&["allow: post"]),
    question("dropbox", ("HEAD", ""), &[], "").says(405, "").head(&["allow: post"]),
    question("ebay", ("GET", "?challenge_code=71745723-d031-455c-bfa5-f90d11b4f20a"), &[], "").json(r#"{"challengeResponse":"220f534a577fe212120ef64dad9e239944fbc4026c86152e571d88fd2790ecd1"}"#),
    question("figma", POST, &[], r#"{"event_type":"PING"}"#).signed(Yes),
    question("figma", POST, &[], r#"{"event_type":"PING","passcode":"no"}"#).says(401, "token_mismatch"),
    question("front", POST, &[("x-front-challenge", "abc")], r#"{"type":"sync"}"#).text("abc"),
    question("intercom", ("HEAD", ""), &[], ""),
    question("line", POST, &[], r#"{"destination":"x","events":[]}"#).signed(Yes),
    question("line", POST, &[], r#"{"destination":"x","events":[]}"#).says(401, "signature_missing"),
    question("linkedin", ("GET", "?challengeCode=abc"), &[], "").json(r#"{"challengeCode":"abc","challengeResponse":"6e80f0f7653de998d7e7649d2055ba76a2738f63d5771f0f9c4818163bad1f3d"}"#),
    question("linkedin", ("GET", "?challengeCode=hmacsha256%3D%7B%7D"), &[], "").says(400, "challenge_malformed"),
    question("mailchimp", ("GET", ""), &[], "").signed(Yes),
    question("mailchimp", ("GET", ""), &[], "").says(401, "token_missing"),
    question("mandrill", ("HEAD", ""), &[], ""),
    question("mandrill", POST, &[FORM], "mandrill_events=%5B%5D").signed(With("test-webhook")),
    question("mandrill", POST, &[FORM], "mandrill_events=%5B%5D").signed(Yes),
    question("mandrill", POST, &[FORM], "mandrill_events=%5B%5D").signed(OTHER).says(401, "signature_mismatch"),
    question("mandrill", POST, &[FORM], "mandrill_events=%5B%7B%7D%5D").signed(With("test-webhook")).says(401, "signature_mismatch"),
    question("meta", ("GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock"), &[], "").text("1158201444"),
    question("meta", ("GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=nope"), &[], "").says(403, "verify_token_mismatch"),
    question("meta", ("GET", "?hub.mode=subscribe&hub.challenge=%3Cb%3E&hub.verify_token=meatyhamhock"), &[], "").says(400, "challenge_malformed"),
    question("microsoft-graph", ("POST", "?validationToken=Validation%3A+Testing+client+application+reachability+for+subscription+Request-Id%3A+1"), &[("content-type", "text/plain")], "").text("Validation: Testing client application reachability for subscription Request-Id: 1"),
    question("microsoft-graph", ("POST", "?validationToken=%3Cimg+src%3Dx%3E"), &[], "").says(400, "challenge_malformed"),
    question("monday", POST, &[], r#"{"challenge":"3eZbrw1aBm2r"}"#).json(r#"{"challenge":"3eZbrw1aBm2r"}"#),
    question("nylas", ("GET", "?challenge=abc"), &[], "").text("abc"),
    question("okta-event-hook", ("GET", ""), &[("X-Okta-Verification-Challenge", "abc123")], "").signed(Yes).json(r#"{"verification":"abc123"}"#),
    question("okta-event-hook", ("GET", ""), &[("X-Okta-Verification-Challenge", "abc123")], "").signed(OTHER).says(401, "token_mismatch"),
    question("okta-event-hook", ("GET", ""), &[("X-Okta-Verification-Challenge", "abc123")], "").says(401, "token_missing"),
    question("onfleet", ("GET", "?check=abc"), &[], "").text("abc"),
    question("slack", POST, &[], SLACK).signed(Yes).text("3eZbrw1aBm2r"),
    question("slack", POST, &[], SLACK).signed(OTHER).says(401, "signature_mismatch"),
    question("slack", POST, &[], SLACK).says(401, "signature_missing"),
    question("slack", POST, &[], r#"{"type":"url_verification","challenge":"<script>"}"#).signed(Yes).says(400, "challenge_malformed"),
    question("slack", ("GET", "?challenge=abc"), &[], "").says(405, "method_not_allowed").head(&["allow: post"]),
    question("terraform-cloud", POST, &[], r#"{"notifications":[{"trigger":"verification"}]}"#).signed(Yes),
    question("trello", ("HEAD", ""), &[], ""),
    question("trello", ("GET", ""), &[], "").says(405, "method_not_allowed"),
    question("twitch", POST, &[("Twitch-Eventsub-Message-Type", "webhook_callback_verification")], r#"{"challenge":"pogchamp-kappa"}"#).signed(Yes).text("pogchamp-kappa"),
    question("twitch", POST, &[("Twitch-Eventsub-Message-Type", "webhook_callback_verification")], r#"{"challenge":"pogchamp-kappa"}"#).signed(OTHER).says(401, "signature_mismatch"),
    question("viber", POST, &[], r#"{"event":"webhook"}"#).signed(Yes),
    question("woocommerce", POST, &[FORM], "webhook_id=12"),
    question("woocommerce", POST, &[FORM], "webhook_id=x").says(400, "challenge_malformed"),
    question("worldline-connect", ("GET", ""), &[("X-GCS-Webhooks-Endpoint-Verification", "abc123")], "").text("abc123"),
    question("x-twitter", ("GET", "?crc_token=challenge_string"), &[], "").json(r#"{"response_token":"sha256=zcNPU9a8nfP0NRTHmztKqKeObQICJ3AxjLtcO0371Pw="}"#),
    question("x-twitter", ("GET", "?crc_token=%7B%22a%22%3A1%7D"), &[], "").says(400, "challenge_malformed"),
    question("x-twitter", POST, &[], "challenge_string").signed(Yes).says(401, "challenge_as_event"),
    question("xero", POST, &[], XERO).signed(Yes).head(&["content-length: 0"]),
    question("xero", POST, &[], XERO).signed(OTHER).says(401, "").head(&["content-length: 0"]),
    question("zoom", POST, &[], r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation"}"#).signed(Yes).json(r#"{"encryptedToken":"0c15907eb11ca58e07dff81a47f0494f6b9ee9ca241be1fc66e5fc6ba3118e96","plainToken":"qgg8vlvZRS6UYooatFL8Aw"}"#),
    question("zoom", POST, &[], r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation"}"#).says(401, "signature_missing"),
    question("asana", POST, &[("X-Hook-Secret", SECRET)], "{}").head(&["x-hook-secret: 5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"]),
    question("asana", POST, &[("X-Hook-Secret", HANDED_OVER)], "{}").says(403, "handshake_refused"),
    question("notion", POST, &[], BRINGS_TOKEN).says(403, "handshake_refused"),
];

fn secret(slug: &str) -> &'static str {
    if slug == "discord" { ED25519 } else { SECRET }
}

fn sections() -> String {
    let slugs: BTreeSet<&str> = QUESTIONS.iter().map(|question| question.provider).collect();
    slugs.iter().fold(String::new(), |mut sections, slug| {
        let settings = match *slug {
            "braintree" => "settings = { public_key = \"integration_public_key\" }",
            "ebay" => {
                "settings = { verification_token = \"71745723-d031-455c-bfa5-f90d11b4f20a\" }"
            }
            "monday" => "settings = { audience = \"https://hooks.example.com/webhook/monday\" }",
            "meta" => "settings = { verify_token = \"meatyhamhock\" }",
            _ => "",
        };
        // This one publishes its key.
        let secret = match *slug {
            "ebay" => String::new(),
            _ => format!("secret = \"{}\"", secret(slug)),
        };
        writeln!(sections, "[sources.{slug}]\nprovider = \"{slug}\"\n{secret}\n{settings}")
            .unwrap();
        sections
    })
}

impl Question {
    fn ask(&self, hub: &Hub) -> Reply {
        let (method, query) = self.asks;
        let secret = match self.signed {
            No => None,
            Yes => Some(secret(self.provider)),
            With(secret) => Some(secret),
        };
        let (provider, headers, body) = (self.provider, self.headers, self.body.as_bytes());
        Sender { provider, secret, method, query, headers, body }.send(hub, provider)
    }
}

#[test]
fn questions_are_answered_and_never_stored() {
    let hub = Hub::start(&sections());
    let mut answered = BTreeSet::new();
    let mut answers = 0;
    for question in QUESTIONS {
        let reply = question.ask(&hub);
        let what = format!("{} {:?} {reply:?}", question.provider, question.asks);
        assert_eq!(reply.status, question.status, "{what}");
        for line in question.head {
            assert!(reply.head.lines().any(|found| found == *line), "{line}: {what}");
        }
        assert!(!reply.head.contains("html"), "{what}");
        if question.status < 300 {
            answered.insert(question.provider);
            answers += 1;
            assert_eq!(String::from_utf8_lossy(&reply.body), question.says, "{what}");
        } else {
            assert_eq!(reply.code(), question.says, "{what}");
        }
    }
    assert!(hub.events().is_empty(), "a question was stored");
    let log = hub.log();
    assert_eq!(log.matches("handshake answered").count(), answers, "{log}");
    for secret in [SECRET, HANDED_OVER, "3eZbrw1aBm2r", "secret_tMrl", "meatyhamhock"] {
        assert!(!log.contains(secret), "{secret} {log}");
    }
    let asking: BTreeSet<_> = PROVIDERS
        .iter()
        .filter(|provider| provider.handshake.is_some())
        .map(|provider| provider.slug)
        .collect();
    // Those two have tests of their own.
    let elsewhere = BTreeSet::from(["aws-sns", "notion"]);
    let missing: Vec<_> = asking.difference(&(&answered | &elsewhere)).copied().collect();
    assert!(missing.is_empty(), "{missing:?} are not asked here");
    println!("{} of {} handshakes, {} requests", answered.len(), asking.len(), QUESTIONS.len());
}

#[test]
fn a_subscription_is_confirmed_by_a_visit_once_it_is_verified() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../signature/vectors/aws-sns.json");
    let cases: Value = serde_json::from_slice(&std::fs::read(cases).unwrap()).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["name"] == "subscription-confirmation").unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let certificate = text(&case["config"]["cert_pem"]);
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let amazon = Sink::scripted(move |_, request| {
        let length = certificate.len();
        let status = if well.load(Ordering::Relaxed) { 200 } else { 500 };
        Some(if request.path.contains("SimpleNotificationService") {
            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{certificate}")
        } else {
            answer(status, "")
        })
    });
    let visits = || {
        let requests = amazon.delivered();
        requests.iter().filter(|request| request.path.starts_with("/?Action=Confirm")).count()
    };
    let hub = Hub::start(&format!(
        "[sources.sns]\nprovider = \"aws-sns\"\nkeys_url = \"{}\"\nsettings = {{ topic_arn = \"{}\" }}\n",
        amazon.url(""),
        text(&case["config"]["topic_arn"]),
    ));
    let ask = |body: &str| {
        let (provider, method, body) = ("aws-sns", "POST", body.as_bytes());
        Sender { provider, secret: None, method, query: "", headers: &[], body }.send(&hub, "sns")
    };
    let body = text(&case["body"]);
    assert_eq!(ask(&body.replace("2336412f37f", "2336412f37e")).status, 401);
    assert_eq!(visits(), 0, "what is not verified is not visited");
    let failed = ask(&body);
    assert_eq!((failed.status, failed.code()), (503, "subscription_unconfirmed".to_owned()));
    assert_eq!(visits(), 1);
    is_well.store(true, Ordering::Relaxed);
    assert_eq!(ask(&body).status, 200);
    assert_eq!(visits(), 2);
    assert!(hub.events().is_empty() && !hub.log().contains("2336412f37f"));
}

#[test]
fn a_ping_of_github_is_an_event() {
    let hub =
        Hub::start(&format!("[sources.github]\nprovider = \"github\"\nsecret = \"{SECRET}\"\n"));
    let ping = question("github", POST, &[("x-github-event", "ping")], r#"{"zen":"x"}"#);
    assert_eq!(ping.signed(Yes).ask(&hub).status, 200);
    assert_eq!(hub.events()[0]["type"], "ping");
}

#[test]
fn a_secret_is_taken_once_and_used() {
    let hub = Hub::start(
        "[sources.asana]\nprovider = \"asana\"\nhandshake_secret = \"asana.secret\"\n\
         [sources.notion]\nprovider = \"notion\"\nhandshake_secret = \"notion.secret\"\n",
    );
    let asana = |headers: Headers, body| question("asana", POST, headers, body);
    let event = asana(&[], r#"{"events":[{"action":"added"}]}"#);
    assert_eq!(event.ask(&hub).code(), "secret_awaited");
    let short = asana(&[("x-hook-secret", "short")], "{}").ask(&hub);
    assert_eq!((short.status, short.code()), (400, "challenge_malformed".to_owned()));
    let handed_over = asana(&[("x-hook-secret", HANDED_OVER)], "{}");
    let reply = handed_over.ask(&hub);
    assert_eq!((reply.status, reply.header("x-hook-secret")), (200, Some(HANDED_OVER)));
    assert_eq!(handed_over.ask(&hub).status, 200, "the provider may ask twice");
    let other = asana(&[("x-hook-secret", "0000000000000000000000000000000000000000")], "{}");
    assert_eq!(other.ask(&hub).code(), "handshake_refused");

    let file = hub.folder().join("asana.secret");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), HANDED_OVER);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let event = event.signed(With(HANDED_OVER));
    hub.wait_until("the secret is used", || event.ask(&hub).status == 200);
    assert_eq!(other.ask(&hub).code(), "handshake_refused");
    assert_eq!(hub.events().len(), 1);

    // This one signs with the very secret that it brings.
    let wrong = question("notion", POST, &[], BRINGS_TOKEN).signed(OTHER).ask(&hub);
    assert_eq!((wrong.status, wrong.code()), (401, "signature_mismatch".to_owned()));
    assert_eq!(
        question("notion", POST, &[], BRINGS_TOKEN).signed(With(TOKEN)).ask(&hub).status,
        200
    );
    assert_eq!(std::fs::read_to_string(hub.folder().join("notion.secret")).unwrap(), TOKEN);
    let log = hub.log();
    assert!(log.contains("asana.secret") && !log.contains(HANDED_OVER) && !log.contains(TOKEN));
}

#[test]
fn several_webhooks_hand_over_a_secret_each_and_nobody_else_does() {
    const FIRST: &str = "1111111111111111111111111111111111111111";
    const SECOND: &str = "2222222222222222222222222222222222222222";
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let source = format!(
        "[sources.asana]\nprovider = \"asana\"\nhandshake_secret = \"{}\"\n",
        folder.path().display()
    );
    let hub = Hub::start(&source);
    let asana = |headers: Headers, body| question("asana", POST, headers, body);
    let first = asana(&[("x-hook-secret", FIRST)], "{}");
    let second = asana(&[("x-hook-secret", SECOND)], "{}");
    let event = |body, secret| asana(&[], body).signed(With(secret));
    let inbox = event(r#"{"events":[{"action":"added","created_at":"1"}]}"#, FIRST);
    let projects = event(r#"{"events":[{"action":"added","created_at":"2"}]}"#, SECOND);

    assert_eq!(first.ask(&hub).code(), "handshake_refused", "there is no room for it");
    assert_eq!(inbox.ask(&hub).code(), "secret_awaited");
    std::fs::write(file("inbox"), "").unwrap();
    hub.wait_until("the first secret is taken", || first.ask(&hub).status == 200);
    assert_eq!(std::fs::read_to_string(file("inbox")).unwrap(), FIRST);
    hub.wait_until("the first secret is used", || inbox.ask(&hub).status == 200);
    assert_eq!(second.ask(&hub).code(), "handshake_refused");

    std::fs::write(file("projects"), "").unwrap();
    hub.wait_until("the second secret is taken", || second.ask(&hub).status == 200);
    hub.wait_until("the second secret is used", || projects.ask(&hub).status == 200);
    assert_eq!(inbox.ask(&hub).status, 200, "the first goes on");
    let (_, sources) = hub.api("GET", "/api/v1/sources", None);
    let webhooks = serde_json::json!([
        {"name": "inbox", "awaits_secret": false}, {"name": "projects", "awaits_secret": false},
    ]);
    assert_eq!(sources["sources"][0]["webhooks"], webhooks);

    std::fs::remove_file(file("inbox")).unwrap();
    hub.wait_until("the first secret is gone", || inbox.ask(&hub).code() == "signature_mismatch");
    assert_eq!(projects.ask(&hub).status, 200);
    std::fs::remove_file(file("projects")).unwrap();
    hub.wait_until("no secret is left", || projects.ask(&hub).code() == "secret_awaited");
    assert_eq!(second.ask(&hub).code(), "handshake_refused");
    assert_eq!(hub.events().len(), 2);
    let log = hub.log();
    assert!(log.contains("inbox") && !log.contains(FIRST) && !log.contains(SECOND), "{log}");
}

#[test]
fn questions_that_nothing_proves_have_a_rate_of_their_own() {
    let hub = Hub::start(&format!(
        "[sources.dropbox]\nprovider = \"dropbox\"\nsecret = \"{SECRET}\"\nrate = \"1/h\"\n"
    ));
    let ask = question("dropbox", ("GET", "?challenge=abc"), &[], "");
    assert_eq!(ask.ask(&hub).status, 200);
    assert_eq!(ask.ask(&hub).code(), "rate_limited");
    let event = question("dropbox", POST, &[], r#"{"list_folder":{"accounts":["x"]}}"#).signed(Yes);
    assert_eq!(event.ask(&hub).status, 200, "the events have their own");
}

#[test]
fn limits_hold_for_questions_and_unverified_sources_answer_what_needs_no_secret() {
    let hub = Hub::start(
        "[sources.dropbox]\nprovider = \"dropbox\"\nverify = \"none\"\nallow_ips = [\"203.0.113.0/24\"]\n\
         [sources.zoom]\nprovider = \"zoom\"\nverify = \"none\"\n\
         [sources.slack]\nprovider = \"slack\"\nverify = \"none\"\n\
         [sources.nylas]\nprovider = \"nylas\"\nverify = \"none\"\nenabled = false\n",
    );
    for (question, status, code) in [
        (question("dropbox", ("GET", "?challenge=abc"), &[], ""), 403, "address_not_allowed"),
        (question("nylas", ("GET", "?challenge=abc"), &[], ""), 404, "source_not_found"),
        (question("slack", POST, &[], SLACK), 200, ""),
        (
            question(
                "zoom",
                POST,
                &[],
                r#"{"payload":{"plainToken":"q"},"event":"endpoint.url_validation"}"#,
            ),
            403,
            "handshake_not_configured",
        ),
        (question("unknown", ("GET", "?challenge=abc"), &[], ""), 404, "source_not_found"),
    ] {
        let reply = question.ask(&hub);
        assert_eq!((reply.status, reply.code()), (status, code.to_owned()), "{reply:?}");
    }
    assert!(hub.events().is_empty());
}

#[test]
fn every_handshake_is_in_the_docs() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/handshakes.md");
    let page = std::fs::read_to_string(page).unwrap();
    for provider in PROVIDERS.iter().filter(|provider| provider.handshake.is_some()) {
        assert!(page.contains(&format!("\n| `{}` | ", provider.slug)), "{}", provider.slug);
        let questions = provider.handshake.unwrap().questions;
        let settings = questions.iter().filter_map(|question| match question.trust {
            Trust::Token(_, setting) => Some(setting),
            _ => None,
        });
        for setting in settings {
            assert!(provider.settings.iter().any(|known| known.name == setting), "{setting}");
        }
    }
}
