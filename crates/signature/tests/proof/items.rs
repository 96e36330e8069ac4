//! Batches, provider by provider: which events are in a request, and what each is called.

use hookyard_signature::{PROVIDERS, Received, provider};
use sha2::{Digest as _, Sha256};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

struct Row {
    provider: &'static str,
    content_type: &'static str,
    body: &'static str,
    /// Bytes, id and type of each item. `#` stands for the beginning of the hash of the request's
    /// body, `@` for that of the item's.
    items: &'static [(&'static str, &'static str, &'static str)],
}

const fn row(
    provider: &'static str,
    body: &'static str,
    items: &'static [(&'static str, &'static str, &'static str)],
) -> Row {
    Row { provider, content_type: JSON, body, items }
}

const ROWS: &[Row] = &[
    row(
        "ably",
        r#"{"items":[{"webhookId":"w","serial":"s:1","timestamp":7,"name":"channel.message"}]}"#,
        &[(
            r#"{"webhookId":"w","serial":"s:1","timestamp":7,"name":"channel.message"}"#,
            "w.s:1.7",
            "channel.message",
        )],
    ),
    row(
        "adyen",
        r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"P","eventCode":"REFUND","success":"true"}}]}"#,
        &[(
            r#"{"NotificationRequestItem":{"pspReference":"P","eventCode":"REFUND","success":"true"}}"#,
            "P.REFUND.true",
            "REFUND",
        )],
    ),
    row(
        "asana",
        r#"{"events":[{"created_at":"2026-11-23T20:15:51.042Z","action":"added","resource":{"gid":"1","resource_type":"task"}}]}"#,
        &[(
            r#"{"created_at":"2026-11-23T20:15:51.042Z","action":"added","resource":{"gid":"1","resource_type":"task"}}"#,
            "2026-11-23T20:15:51.042Z.@",
            "task.added",
        )],
    ),
    row(
        "auth0-log-stream",
        r#"[{"log_id":"900","data":{"type":"s"}},{"log_id":"901","data":{"type":"f"}}]"#,
        &[
            (r#"{"log_id":"900","data":{"type":"s"}}"#, "900", "s"),
            (r#"{"log_id":"901","data":{"type":"f"}}"#, "901", "f"),
        ],
    ),
    row(
        "azure-event-grid",
        r#"[{"id":"a","eventType":"Microsoft.Storage.BlobCreated"},{"id":"b","source":"/s","type":"t"}]"#,
        &[
            (
                r#"{"id":"a","eventType":"Microsoft.Storage.BlobCreated"}"#,
                "a",
                "Microsoft.Storage.BlobCreated",
            ),
            (r#"{"id":"b","source":"/s","type":"t"}"#, "b./s", "t"),
        ],
    ),
    row(
        "bandwidth",
        r#"[{"type":"message-delivered","to":"+1","message":{"id":"m"}}]"#,
        &[(
            r#"{"type":"message-delivered","to":"+1","message":{"id":"m"}}"#,
            "message-delivered.m.+1",
            "message-delivered",
        )],
    ),
    row(
        "brevo",
        r#"[{"event":"opened","id":1},{"event":"click","id":1}]"#,
        &[
            (r#"{"event":"opened","id":1}"#, "#.1", "opened"),
            (r#"{"event":"click","id":1}"#, "#.2", "click"),
        ],
    ),
    Row {
        content_type: "application/cloudevents-batch+json; charset=utf-8",
        ..row(
            "cloudevents",
            r#"[{"id":"1","source":"/a","type":"x"}]"#,
            &[(r#"{"id":"1","source":"/a","type":"x"}"#, "1./a", "x")],
        )
    },
    row("cloudevents", r#"[{"id":"1","source":"/a","type":"x"}]"#, &[]),
    row(
        "gocardless",
        r#"{"events":[{"id":"EV1","resource_type":"payments","action":"paid_out"}],"meta":{"webhook_id":"WB1"}}"#,
        &[(
            r#"{"id":"EV1","resource_type":"payments","action":"paid_out"}"#,
            "EV1",
            "payments.paid_out",
        )],
    ),
    row(
        "hubspot",
        r#"[{"eventId":1,"subscriptionId":2,"occurredAt":3,"objectId":4,"subscriptionType":"contact.creation","attemptNumber":0}]"#,
        &[(
            r#"{"eventId":1,"subscriptionId":2,"occurredAt":3,"objectId":4,"subscriptionType":"contact.creation","attemptNumber":0}"#,
            "1.2.3.contact.creation.4",
            "contact.creation",
        )],
    ),
    row(
        "klaviyo",
        r#"{"data":[{"external_id":"e","topic":"event:klaviyo.sent_sms","payload":{}}],"meta":{}}"#,
        &[(
            r#"{"external_id":"e","topic":"event:klaviyo.sent_sms","payload":{}}"#,
            "e",
            "event.klaviyo.sent_sms",
        )],
    ),
    row(
        "kontent-ai",
        r#"{"notifications":[{"message":{"object_type":"asset","action":"created"}}]}"#,
        &[(r#"{"message":{"object_type":"asset","action":"created"}}"#, "#.1", "asset.created")],
    ),
    row(
        "line",
        r#"{"destination":"U","events":[{"type":"message","webhookEventId":"01","deliveryContext":{"isRedelivery":false}}]}"#,
        &[(
            r#"{"type":"message","webhookEventId":"01","deliveryContext":{"isRedelivery":false}}"#,
            "01",
            "message",
        )],
    ),
    row("line", r#"{"destination":"U","events":[]}"#, &[]),
    row(
        "mailchannels",
        r#"[{"event":"delivered"},{"event":"dropped"}]"#,
        &[
            (r#"{"event":"delivered"}"#, "#.1", "delivered"),
            (r#"{"event":"dropped"}"#, "#.2", "dropped"),
        ],
    ),
    Row {
        content_type: FORM,
        ..row(
            "mandrill",
            "mandrill_events=%5B%7B%22event%22%3A%22open%22%2C%22_id%22%3A%22m%22%2C%22ts%22%3A7%7D%2C%7B%22type%22%3A%22blacklist%22%2C%22action%22%3A%22add%22%7D%5D",
            &[
                (r#"{"event":"open","_id":"m","ts":7}"#, "open.m.7", "open"),
                (r#"{"type":"blacklist","action":"add"}"#, "#.2", "blacklist.add"),
            ],
        )
    },
    Row { content_type: FORM, ..row("mandrill", "mandrill_events=%5B%5D", &[]) },
    row(
        "meta",
        r#"{"object":"page","entry":[{"id":"1","time":2,"changes":[{"field":"feed"}]},{"id":"1","time":3,"messaging":[{"message":{"mid":"m"}}]}]}"#,
        &[
            (r#"{"id":"1","time":2,"changes":[{"field":"feed"}]}"#, "1.2.@", "page.feed"),
            (r#"{"id":"1","time":3,"messaging":[{"message":{"mid":"m"}}]}"#, "m", "page"),
        ],
    ),
    row(
        "meta",
        r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"statuses":[{"id":"w","status":"read"}]}}]}]}"#,
        &[(
            r#"{"id":"1","changes":[{"field":"messages","value":{"statuses":[{"id":"w","status":"read"}]}}]}"#,
            "w.read",
            "whatsapp_business_account.messages",
        )],
    ),
    row(
        "microsoft-graph",
        r#"{"value":[{"id":"n","changeType":"updated"},{"lifecycleEvent":"missed"}]}"#,
        &[
            (r#"{"id":"n","changeType":"updated"}"#, "n", "updated"),
            (r#"{"lifecycleEvent":"missed"}"#, "", "missed"),
        ],
    ),
    row(
        "okta-event-hook",
        r#"{"eventId":"e","data":{"events":[{"uuid":"u","eventType":"user.session.start"},{"eventType":"x"}]}}"#,
        &[
            (r#"{"uuid":"u","eventType":"user.session.start"}"#, "u", "user.session.start"),
            (r#"{"eventType":"x"}"#, "e.2", "x"),
        ],
    ),
    row(
        "pusher",
        r#"{"time_ms":1,"events":[{"name":"channel_occupied","channel":"c"}]}"#,
        &[(r#"{"name":"channel_occupied","channel":"c"}"#, "#.1", "channel_occupied")],
    ),
    row(
        "quickbooks",
        r#"[{"id":"i","source":"s","type":"qbo.account.created.v1"}]"#,
        &[(
            r#"{"id":"i","source":"s","type":"qbo.account.created.v1"}"#,
            "i.s",
            "qbo.account.created.v1",
        )],
    ),
    row(
        "quickbooks",
        r#"{"eventNotifications":[{"realmId":"1","dataChangeEvent":{"entities":[{"name":"Item","operation":"Create"}]}}]}"#,
        &[(
            r#"{"realmId":"1","dataChangeEvent":{"entities":[{"name":"Item","operation":"Create"}]}}"#,
            "#.1",
            "Item.Create",
        )],
    ),
    row(
        "sendgrid",
        "[{\"sg_event_id\":\"x\",\"event\":\"open\"}]\r\n",
        &[(r#"{"sg_event_id":"x","event":"open"}"#, "x", "open")],
    ),
    row(
        "sparkpost",
        r#"[{"msys":{"track_event":{"event_id":"1","type":"open"}}},{"msys":{}}]"#,
        &[
            (r#"{"msys":{"track_event":{"event_id":"1","type":"open"}}}"#, "1", "open"),
            (r#"{"msys":{}}"#, "#.2", ""),
        ],
    ),
    row(
        "tailscale",
        r#"[{"timestamp":"2026-11-23T20:15:51Z","type":"nodeCreated"}]"#,
        &[(
            r#"{"timestamp":"2026-11-23T20:15:51Z","type":"nodeCreated"}"#,
            "2026-11-23T20:15:51Z.@",
            "nodeCreated",
        )],
    ),
    row(
        "xero",
        r#"{"events":[{"resourceId":"r","eventType":"UPDATE","eventDateUtc":"d","eventCategory":"INVOICE"}],"firstEventSequence":1}"#,
        &[(
            r#"{"resourceId":"r","eventType":"UPDATE","eventDateUtc":"d","eventCategory":"INVOICE"}"#,
            "r.UPDATE.d",
            "INVOICE.UPDATE",
        )],
    ),
    row(
        "segment",
        r#"[{"messageId":"1","type":"track"}]"#,
        &[(r#"{"messageId":"1","type":"track"}"#, "1.#.1", "track")],
    ),
    row("segment", r#"{"messageId":"1","type":"track"}"#, &[]),
];

fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().take(16).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[test]
fn items_are_found_with_their_ids_and_types() {
    for Row { provider: slug, content_type, body, items } in ROWS {
        let headers = [("content-type", *content_type)];
        let body = body.as_bytes();
        let request = Received { method: "POST", url: "", headers: &headers, body };
        let found = provider(slug).unwrap().items(&request).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|item| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                (item.body.within(body).to_vec(), text(&item.event_id), text(&item.event_type))
            })
            .collect();
        let expected: Vec<_> = items
            .iter()
            .map(|(part, id, kind)| {
                let id = id.replace('#', &hash(body)).replace('@', &hash(part.as_bytes()));
                (part.as_bytes().to_vec(), id, (*kind).to_owned())
            })
            .collect();
        assert_eq!(found, expected, "{slug}");
    }
}

#[test]
fn every_provider_that_sends_batches_has_a_case() {
    for entry in PROVIDERS.iter().filter(|entry| entry.items.is_some()) {
        let cases = ROWS.iter().filter(|row| row.provider == entry.slug && !row.items.is_empty());
        assert!(cases.count() > 0, "{}", entry.slug);
    }
}

#[test]
fn a_repeat_that_says_it_is_one_is_told_by_its_id_alone() {
    let differ = |slug| provider(slug).unwrap().items.as_ref().unwrap().repeats_differ;
    assert_eq!(["hubspot", "line", "sendgrid"].map(differ), [true, true, false]);
}

#[test]
fn batches_are_said_in_words() {
    for (slug, expected) in [
        (
            "gocardless",
            "each object in the list in JSON `/events`; id JSON `/id`; type JSON `/resource_type` and JSON `/action`",
        ),
        (
            "pusher",
            "each object in the list in JSON `/events`; id the request's with a number; type JSON `/name`",
        ),
        (
            "cloudevents",
            "each object in the list in the body of type `application/cloudevents-batch+json`; id JSON `/id` and JSON `/source`; type JSON `/type`",
        ),
    ] {
        let items = provider(slug).unwrap().items.as_ref().unwrap();
        assert_eq!(items.in_words(), expected);
    }
    let of = |slug| provider(slug).unwrap().items.as_ref().unwrap().in_words();
    assert!(of("quickbooks").contains("the list in the body or JSON `/eventNotifications`; id"));
    assert!(of("mandrill").starts_with("each object in the list in form field `mandrill_events`;"));
}
