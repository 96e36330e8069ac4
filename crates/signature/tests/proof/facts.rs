//! Event ids, event types and handshakes, provider by provider.

use hookyard_signature::{Fact, Options, Secret, provider};

use crate::support::{ID, Message, NOW, code};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[derive(Clone, Copy)]
struct Row {
    provider: &'static str,
    content_type: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    id: Option<&'static str>,
    kind: Option<&'static str>,
}

const fn row(
    provider: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    id: Option<&'static str>,
    kind: Option<&'static str>,
) -> Row {
    Row { provider, content_type: JSON, headers, body, id, kind }
}

const fn form(row: Row) -> Row {
    Row { content_type: FORM, ..row }
}

const DELIVERY: (&str, &str) = ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958");
const UUID: Option<&str> = Some("72d3162e-cc78-11e3-81ab-4c9367dc0958");

const TWITCH_TYPE: (&str, &str) = ("Twitch-Eventsub-Subscription-Type", "channel.follow");

const ROWS: &[Row] = &[
    row("github", &[DELIVERY, ("X-GitHub-Event", "push")], r#"{"ref":"x"}"#, UUID, Some("push")),
    row(
        "github",
        &[DELIVERY, ("X-GitHub-Event", "pull_request")],
        r#"{"action":"opened"}"#,
        UUID,
        Some("pull_request.opened"),
    ),
    row(
        "github",
        &[DELIVERY, ("X-GitHub-Event", "x")],
        r#"{"a":{"action":"opened"},"action":null}"#,
        UUID,
        Some("x"),
    ),
    row("github", &[DELIVERY, ("X-GitHub-Event", "x")], "not JSON", UUID, Some("x")),
    form(row(
        "github",
        &[DELIVERY, ("X-GitHub-Event", "issues")],
        "payload=%7B%22action%22%3A%22closed%22%7D",
        UUID,
        Some("issues.closed"),
    )),
    row("github", &[DELIVERY, DELIVERY], "", None, None),
    row(
        "stripe",
        &[],
        r#"{"id":"evt_1","object":"event","type":"invoice.paid","data":{"object":{"id":"in_1"}}}"#,
        Some("evt_1"),
        Some("invoice.paid"),
    ),
    row("stripe", &[], r#"{"id":"","type":"a\u0000b"}"#, None, None),
    row(
        "slack",
        &[],
        r#"{"event_id":"Ev1","type":"event_callback","event":{"type":"app_mention","ts":"1"}}"#,
        Some("Ev1"),
        Some("app_mention"),
    ),
    row(
        "slack",
        &[],
        r#"{"type":"url_verification","challenge":"x"}"#,
        None,
        Some("url_verification"),
    ),
    form(row(
        "slack",
        &[],
        "payload=%7B%22type%22%3A%22block_actions%22%7D",
        None,
        Some("block_actions"),
    )),
    form(row("slack", &[], "command=%2Fdeploy&text=x", None, Some("/deploy"))),
    row(
        "shopify",
        &[("X-Shopify-Webhook-Id", "w1"), ("X-Shopify-Topic", "orders/create")],
        "{}",
        Some("w1"),
        Some("orders.create"),
    ),
    row(
        "shopify",
        &[("Shopify-Webhook-Id", "w1"), ("Shopify-Topic", "orders/create")],
        "{}",
        Some("w1"),
        Some("orders.create"),
    ),
    row(
        "bitbucket",
        &[("X-Request-UUID", "u1"), ("X-Event-Key", "pullrequest:comment_created")],
        "{}",
        Some("u1"),
        Some("pullrequest.comment_created"),
    ),
    row(
        "bigcommerce",
        &[("webhook-id", "w1")],
        r#"{"scope":"store/order/created"}"#,
        Some("w1"),
        Some("store.order.created"),
    ),
    row(
        "coinbase-commerce",
        &[],
        r#"{"event":{"id":"c1","type":"charge:created"}}"#,
        Some("c1"),
        Some("charge.created"),
    ),
    row("jira", &[], r#"{"webhookEvent":"jira:issue_created"}"#, None, Some("jira.issue_created")),
    row(
        "heroku",
        &[],
        r#"{"id":"h1","resource":"api:release","action":"update"}"#,
        Some("h1"),
        Some("api.release.update"),
    ),
    row(
        "twitch",
        &[TWITCH_TYPE, ("Twitch-Eventsub-Message-Type", "notification")],
        "{}",
        None,
        Some("channel.follow"),
    ),
    row(
        "twitch",
        &[TWITCH_TYPE, ("Twitch-Eventsub-Message-Type", "revocation")],
        "{}",
        None,
        Some("revocation.channel.follow"),
    ),
    row(
        "telegram",
        &[],
        r#"{"update_id":7,"edited_message":{"text":"x"}}"#,
        Some("7"),
        Some("edited_message"),
    ),
    row("telegram", &[], r#"{"update_id":7}"#, Some("7"), None),
    row(
        "netlify",
        &[("X-Netlify-Event", "deploy_locked")],
        r#"{"id":"d1","state":"ready"}"#,
        Some("d1.ready.deploy_locked"),
        Some("deploy_locked"),
    ),
    row(
        "gitlab",
        &[
            ("Idempotency-Key", "k1"),
            ("X-Gitlab-Event-UUID", "u1"),
            ("X-Gitlab-Event", "Push Hook"),
        ],
        r#"{"object_kind":"push"}"#,
        Some("k1"),
        Some("push"),
    ),
    row(
        "gitlab",
        &[("X-Gitlab-Event-UUID", "u1"), ("X-Gitlab-Event", "Merge Request Hook")],
        r#"{"object_attributes":{"action":"open"}}"#,
        Some("u1.061b5beeb30649e459dedea1e1a3184a"),
        Some("merge_request.open"),
    ),
    row("gitlab", &[], r#"{"object_kind":"issue"}"#, None, Some("issue")),
    row(
        "gitlab-signing-token",
        &[("webhook-id", "m1"), ("X-Gitlab-Event", "System Hook")],
        "{}",
        Some("m1"),
        Some("system"),
    ),
    row(
        "standard-webhooks",
        &[("webhook-id", "m1")],
        r#"{"type":"user.created"}"#,
        Some("m1"),
        Some("user.created"),
    ),
    row("sendgrid", &[], "[]", Some("4f53cda18c2baa0c0354bb5f9a3ecbe5"), None),
    row(
        "sendgrid",
        &[],
        r#"[{"event":"dropped"},{"event":"open"}]"#,
        Some("a3bea0f2887bb0b39464ae7441448008"),
        Some("dropped"),
    ),
    form(row(
        "twilio",
        &[("I-Twilio-Idempotency-Token", "t1")],
        "MessageSid=SM1&MessageStatus=sent",
        Some("t1"),
        Some("message.sent"),
    )),
    form(row(
        "twilio",
        &[],
        "MessageSid=SM1&MessageStatus=sent&SmsStatus=x",
        Some("SM1.sent"),
        Some("message.sent"),
    )),
    form(row(
        "twilio",
        &[],
        "MessageSid=SM1&SmsStatus=received",
        Some("SM1.received"),
        Some("message.received"),
    )),
    form(row("twilio", &[], "CallSid=CA1&CallStatus=in-progress", None, Some("call.in-progress"))),
    form(row(
        "twilio",
        &[],
        "CallSid=CA1&CallStatus=ringing&SequenceNumber=0",
        Some("CA1.ringing.0"),
        Some("call.ringing"),
    )),
    row(
        "generic",
        &[("webhook-id", "m1")],
        r#"{"id":"user_1","type":"user.created"}"#,
        None,
        Some("user.created"),
    ),
    row("token", &[], "{}", None, None),
    row("basic", &[], "", None, None),
];

#[test]
fn ids_and_types_are_found() {
    for row in ROWS {
        let provider = provider(row.provider).unwrap();
        let mut message = Message::new(row.content_type, row.body.as_bytes());
        message.headers.extend(
            row.headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())),
        );
        let received = message.received();
        let found = (provider.event_id(&received), provider.event_type(&received));
        assert_eq!(
            (found.0.as_deref(), found.1.as_deref()),
            (row.id, row.kind),
            "{} {}",
            row.provider,
            row.body
        );
    }
}

#[test]
fn a_get_has_its_fields_in_the_query() {
    let mut message = Message::new("text/plain", b"");
    message.url = "https://example.com/x?MessageSid=SM1&SmsStatus=received".to_owned();
    assert_eq!(
        provider("twilio").unwrap().event_id(&message.received()).as_deref(),
        Some("SM1.received")
    );
}

#[test]
fn slack_is_answered_after_its_question_is_verified() {
    let slack = provider("slack").unwrap();
    let verifier = slack
        .verifier(vec![Secret::new("a signing secret").unwrap()], &Options::default())
        .unwrap();
    let question = Message::new(JSON, br#"{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}"#);
    assert_eq!(code(&verifier, &question, NOW), "signature_missing");
    let signed = question.signed(&verifier, ID, NOW);
    assert_eq!(code(&verifier, &signed, NOW), "ok");
    let responder = slack.responder(Vec::new(), &Options::default()).unwrap();
    let asked = responder.question(&signed.received()).unwrap();
    assert!(asked.needs_proof());
    let answer = asked.answer(&signed.received()).unwrap();
    assert_eq!((answer.status, answer.content_type), (200, Some("text/plain")));
    assert_eq!(answer.body, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P");
    let event = Message::new(JSON, br#"{"type":"event_callback","challenge":"x"}"#);
    assert!(responder.question(&event.received()).is_none());
}

#[test]
fn places_can_be_configured() {
    let mut message = Message::new(JSON, br#"{"order":{"number":7}}"#);
    message.headers.push(("X-Id".to_owned(), b"abc".to_vec()));
    for (place, expected) in [
        ("header:x-ID", "abc"),
        ("json:/order/number", "7"),
        ("body", "9495013443a985187b677e4cd6b4d312"),
    ] {
        let found = Fact::parse(place).unwrap().find(&message.received()).unwrap();
        assert_eq!(found, expected);
    }
    for place in ["", "id", "header:", "header:a b", "json:order", "form:", "cookie:x"] {
        assert!(Fact::parse(place).is_err(), "{place}");
    }
}
