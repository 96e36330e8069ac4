//! What is answered to each question of the table, and what is refused.

use super::*;
use crate::UnixSeconds;
use crate::handshake::table;
use crate::scheme::Signed;

static SCHEME: Scheme = Scheme::Signed(Signed::hmac_sha256("x-signature"));
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

struct Case {
    handshake: Handshake,
    request: (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str),
    /// Status, content type, headers and body; or the code of a refusal; or nothing at all.
    expected: Result<Option<(u16, &'static str, &'static str)>, &'static str>,
}

const fn case(
    handshake: Handshake,
    method: &'static str,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
) -> Case {
    Case { handshake, request: (method, query, headers, body), expected: Ok(None) }
}

impl Case {
    const fn is(mut self, status: u16, kind: &'static str, said: &'static str) -> Self {
        self.expected = Ok(Some((status, kind, said)));
        self
    }

    const fn fails(mut self, code: &'static str) -> Self {
        self.expected = Err(code);
        self
    }
}

fn responder(handshake: Handshake) -> Responder {
    let settings = [
        ("public_key", "integration_public_key"),
        ("verification_token", "71745723-d031-455c-bfa5-f90d11b4f20a"),
        ("verify_token", "meatyhamhock"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let options = Options { settings: settings.into(), ..Options::default() };
    let secrets = vec![Secret::new("integration_private_key").unwrap()];
    Responder::new(handshake, &SCHEME, secrets, &options)
}

fn run(case: &Case) -> Result<Option<(u16, String, String)>, &'static str> {
    let (method, query, headers, body) = case.request;
    let url = format!("https://www.example.com/ebay{query}");
    let request = Received { method, url: &url, headers: &headers, body: body.as_bytes() };
    let responder = responder(case.handshake);
    let Some(asked) = responder.question(&request) else { return Ok(None) };
    let answer = asked.answer(&request).map_err(|error| error.code())?;
    let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let visit = answer.visit.map(|fetch| fetch.url);
    let said = headers.collect::<String>() + &answer.body + &visit.unwrap_or_default();
    Ok(Some((answer.status, answer.content_type.unwrap_or_default().to_owned(), said)))
}

const TEXT: &str = "text/plain";
const JSON: &str = "application/json";

#[rustfmt::skip]
const CASES: &[Case] = &[
    case(table::ASANA, "POST", "", &[("X-Hook-Secret", "b537207f20cbfa02357cf448134da559")], "{}").is(200, "", "x-hook-secret: b537207f20cbfa02357cf448134da559\n"),
    case(table::ASANA, "POST", "", &[("X-Hook-Secret", "short")], "{}").fails("challenge_malformed"),
    case(table::ASANA, "POST", "", &[("X-Hook-Secret", "b537207f20cbfa02357cf448134da559"), ("x-hook-signature", "00")], "{}"),
    case(table::AWS_SNS, "POST", "", &[], r#"{"Type":"SubscriptionConfirmation","SubscribeURL":"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"}"#).is(200, "", "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"),
    case(table::AWS_SNS, "POST", "", &[], r#"{"Type":"SubscriptionConfirmation","SubscribeURL":"https://sns.us-east-1.amazonaws.com.example.com/?Action=ConfirmSubscription&Token=1"}"#).fails("url_foreign"),
    case(table::AWS_SNS, "POST", "", &[], r#"{"Type":"SubscriptionConfirmation"}"#).fails("challenge_malformed"),
    case(table::AWS_SNS, "POST", "", &[("x-amz-sns-message-type", "SubscriptionConfirmation")], r#"{"Type":"Notification"}"#),
    case(table::AZURE_EVENT_GRID, "POST", "", &[("aeg-event-type", "SubscriptionValidation")], r#"[{"data":{"validationCode":"512d38b6-c7b8"}}]"#).is(200, JSON, r#"{"validationResponse":"512d38b6-c7b8"}"#),
    case(table::AZURE_EVENT_GRID, "POST", "", &[("aeg-event-type", "Notification")], "[]"),
    case(table::BRAINTREE, "GET", "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", &[], "").is(200, TEXT, "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4"),
    case(table::BRAINTREE, "GET", "?bt_challenge=20f9f8ed05f77439FE955c977e4c8a53", &[], "").fails("challenge_malformed"),
    case(table::BRAINTREE, "GET", "?bt_challenge=20f9f8ed05f77439fe9", &[], "").fails("challenge_malformed"),
    case(table::BRAINTREE, "GET", "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a531", &[], "").fails("challenge_malformed"),
    case(table::CLOUDEVENTS, "OPTIONS", "", &[("WebHook-Request-Origin", "e.example.com"), ("WebHook-Request-Rate", "120")], "").is(200, "", "allow: POST\nwebhook-allowed-origin: e.example.com\nwebhook-allowed-rate: 120\n"),
    case(table::CLOUDEVENTS, "OPTIONS", "", &[("WebHook-Request-Origin", "e.example.com")], "").is(200, "", "allow: POST\nwebhook-allowed-origin: e.example.com\nwebhook-allowed-rate: *\n"),
    case(table::CLOUDEVENTS, "OPTIONS", "", &[("WebHook-Request-Origin", "e.example.com"), ("WebHook-Request-Rate", "many")], "").fails("challenge_malformed"),
    case(table::CLOUDEVENTS, "OPTIONS", "", &[("Origin", "https://e.example.com")], ""),
    case(table::DISCORD, "POST", "", &[], r#"{"type":1,"token":"x"}"#).is(200, JSON, r#"{"type":1}"#),
    case(table::DISCORD, "POST", "", &[], r#"{"type":0}"#).is(204, "", ""),
    case(table::DISCORD, "POST", "", &[], r#"{"type":1,"event":{"type":"APPLICATION_AUTHORIZED"}}"#),
    case(table::DISCORD, "POST", "", &[], r#"{"type":2,"token":"x"}"#),
    case(table::DROPBOX, "GET", "?challenge=abc123", &[], "").is(200, TEXT, "abc123"),
    case(table::DROPBOX, "GET", "?challenge=%3Cscript%3E", &[], "").fails("challenge_malformed"),
    case(table::DROPBOX, "GET", "?challenge=", &[], "").fails("challenge_malformed"),
    case(table::DROPBOX, "GET", "?challenge=a&challenge=b", &[], "").fails("challenge_malformed"),
    case(table::DROPBOX, "GET", "", &[], ""),
    case(table::DROPBOX, "POST", "?challenge=abc123", &[], ""),
    case(table::EBAY, "GET", "?challenge_code=71745723-d031-455c-bfa5-f90d11b4f20a", &[], "").is(200, JSON, r#"{"challengeResponse":"b96b76863550a8240de684608abd94712b7975f6822c177e9df8f8842dfba367"}"#),
    case(table::FIGMA, "POST", "", &[], r#"{"event_type":"PING"}"#).is(200, "", ""),
    case(table::FRONT, "POST", "", &[("x-front-challenge", "abc")], "{}").is(200, TEXT, "abc"),
    case(table::INTERCOM, "HEAD", "", &[], "").is(200, "", ""),
    case(table::LINE, "POST", "", &[], r#"{"destination":"x","events":[]}"#).is(200, "", ""),
    case(table::LINE, "POST", "", &[], r#"{"events":[{"type":"message"}]}"#),
    case(table::LINKEDIN, "GET", "?challengeCode=abc", &[], "").is(200, JSON, r#"{"challengeCode":"abc","challengeResponse":"2809746aac9a79aff650aeb7bcc63e9d1e44ca63b5f2485f7395f38a438390db"}"#),
    case(table::LINKEDIN, "GET", "?challengeCode=hmacsha256%3D%7B%7D", &[], "").fails("challenge_malformed"),
    case(table::MAILCHIMP, "GET", "?secret=x", &[], "").is(200, "", ""),
    case(table::MANDRILL, "HEAD", "", &[], "").is(200, "", ""),
    case(table::MANDRILL, "POST", "", &[FORM], "mandrill_events=%5B%5D").is(200, "", ""),
    case(table::MANDRILL, "POST", "", &[FORM], "mandrill_events=%5B%7B%7D%5D"),
    case(table::META, "GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock", &[], "").is(200, TEXT, "1158201444"),
    case(table::META, "GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=nope", &[], "").fails("verify_token_mismatch"),
    case(table::META, "GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=", &[], "").fails("verify_token_mismatch"),
    case(table::META, "GET", "?hub.mode=subscribe&hub.challenge=1158201444", &[], "").fails("challenge_malformed"),
    case(table::MICROSOFT_GRAPH, "POST", "?validationToken=Validation%3A+Testing+Request-Id%3A+1", &[], "").is(200, TEXT, "Validation: Testing Request-Id: 1"),
    case(table::MICROSOFT_GRAPH, "POST", "?validationToken=%3Cimg%20src%3Dx%3E", &[], "").fails("challenge_malformed"),
    case(table::MONDAY, "POST", "", &[], r#"{"challenge":"3eZbrw1aBm2r"}"#).is(200, JSON, r#"{"challenge":"3eZbrw1aBm2r"}"#),
    case(table::MONDAY, "POST", "", &[], r#"{"challenge":"3eZbrw1aBm2r","event":{"type":"create_item"}}"#),
    case(table::NOTION, "POST", "", &[], r#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#).is(200, "", ""),
    case(table::NYLAS, "GET", "?challenge=abc", &[], "").is(200, TEXT, "abc"),
    case(table::OKTA_EVENT_HOOK, "GET", "", &[("X-Okta-Verification-Challenge", "abc123")], "").is(200, JSON, r#"{"verification":"abc123"}"#),
    case(table::OKTA_EVENT_HOOK, "GET", "", &[("X-Okta-Verification-Challenge", "\"}")], "").fails("challenge_malformed"),
    case(table::ONFLEET, "GET", "?check=abc", &[], "").is(200, TEXT, "abc"),
    case(table::SLACK, "POST", "", &[], r#"{"challenge":"3eZbrw1aBm2r","type":"url_verification"}"#).is(200, TEXT, "3eZbrw1aBm2r"),
    case(table::SLACK, "POST", "", &[], r#"{"challenge":"<b>","type":"url_verification"}"#).fails("challenge_malformed"),
    case(table::TERRAFORM_CLOUD, "POST", "", &[], r#"{"notifications":[{"trigger":"verification"}]}"#).is(200, "", ""),
    case(table::TRELLO, "HEAD", "", &[], "").is(200, "", ""),
    case(table::TWITCH, "POST", "", &[("Twitch-Eventsub-Message-Type", "webhook_callback_verification")], r#"{"challenge":"pogchamp-kappa"}"#).is(200, TEXT, "pogchamp-kappa"),
    case(table::VIBER, "POST", "", &[], r#"{"event":"webhook"}"#).is(200, "", ""),
    case(table::WOOCOMMERCE, "POST", "", &[FORM], "webhook_id=12").is(200, "", ""),
    case(table::WOOCOMMERCE, "POST", "", &[FORM], "webhook_id=x").fails("challenge_malformed"),
    case(table::WOOCOMMERCE, "POST", "", &[FORM, ("x-wc-webhook-signature", "x")], "webhook_id=12"),
    case(table::WORLDLINE_CONNECT, "GET", "", &[("X-GCS-Webhooks-Endpoint-Verification", "abc123")], "").is(200, TEXT, "abc123"),
    case(table::WORLDLINE_CONNECT, "GET", "", &[("X-GCS-Webhooks-Endpoint-Verification", "a"), ("X-GCS-Webhooks-Endpoint-Verification", "b")], "").fails("challenge_malformed"),
    case(table::X_TWITTER, "GET", "?crc_token=challenge_string", &[], "").is(200, JSON, r#"{"response_token":"sha256=l37GIWnMs49jcjaXb/IeJj5i6iIzWEkcefXdQafy52E="}"#),
    case(table::X_TWITTER, "GET", "?crc_token=%7B%22a%22%3A1%7D", &[], "").fails("challenge_malformed"),
    case(table::XERO, "POST", "", &[], r#"{"events":[],"entropy":"x"}"#).is(200, "", ""),
    case(table::ZOOM, "POST", "", &[], r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation"}"#).is(200, JSON, r#"{"encryptedToken":"9214f22794c3a94db35151cd05efa5fc83cff012a195218837240956e8e19955","plainToken":"qgg8vlvZRS6UYooatFL8Aw"}"#),
    case(table::ZOOM, "POST", "", &[], r#"{"payload":{"plainToken":"v0:1:{}"},"event":"endpoint.url_validation"}"#).fails("challenge_malformed"),
];

#[test]
fn questions_are_told_and_answered() {
    for case in CASES {
        let expected = case.expected.map(|answer| {
            answer.map(|(status, kind, said)| (status, kind.to_owned(), said.to_owned()))
        });
        assert_eq!(run(case), expected, "{:?}", case.request);
    }
}

#[test]
fn a_body_that_could_be_a_challenge_is_told() {
    let headers: [(&str, &str); 0] = [];
    let request = |body| Received { method: "POST", url: "", headers: &headers, body };
    let x = responder(table::X_TWITTER);
    assert!(x.is_challenge(&request(b"challenge_string")));
    assert!(x.is_challenge(&request(b"1700000000")));
    assert!(!x.is_challenge(&request(b"")));
    assert!(!x.is_challenge(&request(br#"{"for_user_id":"1"}"#)));
    let zoom = responder(table::ZOOM);
    assert!(!zoom.is_challenge(&request(b"challenge_string")), "it is verified before");
}

#[test]
fn what_is_not_configured_is_said() {
    let bare =
        |handshake: Handshake| Responder::new(handshake, &SCHEME, Vec::new(), &Options::default());
    for (handshake, query, error) in [
        (table::META, "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=", "`verify_token`"),
        (table::BRAINTREE, "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", "`public_key`"),
        (table::EBAY, "?challenge_code=1", "`verification_token`"),
        (table::X_TWITTER, "?crc_token=1", "needs a secret"),
    ] {
        let headers: [(&str, &str); 0] = [];
        let url = format!("https://example.com/{query}");
        let request = Received { method: "GET", url: &url, headers: &headers, body: b"" };
        let responder = bare(handshake);
        let unanswered = responder.question(&request).unwrap().answer(&request).unwrap_err();
        assert_eq!(unanswered.code(), "handshake_not_configured");
        assert!(unanswered.to_string().contains(error), "{unanswered}");
    }
}

#[test]
fn a_secret_that_is_brought_verifies_and_is_never_shown() {
    let responder = responder(table::NOTION);
    let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    let body = format!(r#"{{"verification_token":"{token}"}}"#);
    let headers: [(&str, &str); 0] = [];
    let request = Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
    let asked = responder.question(&request).unwrap();
    assert!(asked.brings_secret() && !asked.needs_proof());
    let (secret, verifier) = asked.secret(&request).unwrap();
    assert_eq!(secret.bytes(), token.as_bytes());
    assert_eq!(asked.brings_known_secret(&request), Ok(false));
    let now = UnixSeconds(0);
    let proof = verifier.sign(&request, "id", now).unwrap();
    let signed = Received { headers: &proof.headers, ..request };
    assert!(verifier.verify(&signed, now).is_ok());
    assert!(!format!("{asked:?}{secret:?}{verifier:?}").contains(token));
}

#[test]
fn a_known_key_proves_its_question_alone() {
    let responder = responder(table::MANDRILL);
    let headers = [FORM];
    let body = b"mandrill_events=%5B%5D";
    let request = Received { method: "POST", url: "", headers: &headers, body };
    let asked = responder.question(&request).unwrap();
    assert!(asked.needs_proof());
    let proof = asked.stand_in().unwrap().sign(&request, "id", UnixSeconds(0)).unwrap();
    let own = Secret::new("test-webhook").unwrap();
    let own = Verifier::new(&SCHEME, vec![own], &Options::default()).unwrap();
    let signed = Received { headers: &proof.headers, ..request };
    assert!(own.verify(&signed, UnixSeconds(0)).is_ok());
}

#[test]
fn only_the_hosts_of_sns_are_visited() {
    for (url, expected) in [
        ("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", true),
        ("https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription&Token=1", true),
        ("http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", false),
        ("https://sns.eu-west-1.amazonaws.com:8443/?Action=ConfirmSubscription&T=1", false),
        ("https://sns.eu-west-1.amazonaws.com@example.com/?Action=ConfirmSubscription&T=1", false),
        ("https://user@sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&T=1", false),
        ("https://example.com/sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&T=1", false),
        ("https://sns.x.y.amazonaws.com/?Action=ConfirmSubscription&T=1", false),
        ("https://sns..amazonaws.com/?Action=ConfirmSubscription&T=1", false),
        ("https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&T=1", false),
        ("https://sns.eu-west-1.amazonaws.com/x?Action=ConfirmSubscription&T=1", false),
        ("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription& T=1", false),
        ("https://evil\\.sns.eu.amazonaws.com/?Action=ConfirmSubscription&T=1", false),
    ] {
        assert_eq!(is_sns_url(url), expected, "{url}");
    }
}
