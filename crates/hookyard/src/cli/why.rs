//! The answer to "why was this not delivered?", from a delivery as the API has it.

use std::time::Duration;

use serde_json::Value;

use super::held::Hold;
use super::out::Paint;
use super::show;
use super::table::{Cell, number, text, time};

/// How it stands, in a sentence; `held` says what keeps it from being sent now.
pub(super) fn verdict(delivery: &Value, held: Option<&str>) -> (Paint, String) {
    let destination = text(delivery, "destination");
    let last = list(delivery).last().map(answer).unwrap_or_default();
    let last = if last.is_empty() { last } else { format!("; the last attempt: {last}") };
    let tried = match number(delivery, "attempt_count") {
        0 => "no attempts".to_owned(),
        1 => "1 attempt".to_owned(),
        count => format!("{count} attempts"),
    };
    match text(delivery, "state").as_str() {
        "succeeded" => (Paint::Good, format!("delivered to {destination} after {tried}")),
        "cancelled" => (Paint::Dim, format!("cancelled by a person after {tried}{last}")),
        "dead_letter" => (Paint::Bad, format!("not delivered: {}{last}", reason(delivery, &tried))),
        _ if let Some(held) = held => {
            (Paint::Waiting, format!("not delivered yet after {tried}; {held}{last}"))
        }
        _ if number(delivery, "attempt_count") == 0 => {
            (Paint::Waiting, "waiting for its first attempt".to_owned())
        }
        _ => (
            Paint::Waiting,
            format!("not delivered yet after {tried}; it will be tried again{last}"),
        ),
    }
}

fn reason(delivery: &Value, tried: &str) -> String {
    match text(delivery, "reason").as_str() {
        "exhausted" => format!("all of the retry schedule is used up ({tried})"),
        "gone" => "the destination answered 410 Gone, so it wants no more events".to_owned(),
        "address_refused" => {
            "the destination's address is one that hookyard does not connect to".to_owned()
        }
        "" => format!("given up after {tried}"),
        other => format!("{other} after {tried}"),
    }
}

/// What to do about it, if there is something.
pub(super) fn hint(delivery: &Value, hold: Option<&Hold>) -> Option<String> {
    if text(delivery, "state") != "dead_letter" {
        return None;
    }
    let again = format!("`hookyard deliveries redeliver {}`", text(delivery, "id"));
    let destination = text(delivery, "destination");
    // What is delivered again would only wait.
    Some(match hold {
        Some(Hold::Disabled | Hold::Paused) => format!(
            "deliver it again with `hookyard destinations resume {destination}` and {again}"
        ),
        Some(Hold::Unconfigured) => format!(
            "`{destination}` is not configured any more; add it again, then deliver with {again}"
        ),
        Some(Hold::Open(_)) | None => format!("deliver it again with {again}"),
    })
}

/// The attempts as rows of a table.
pub(super) fn attempts(delivery: &Value) -> Vec<[Cell; 5]> {
    let row = |attempt: &Value| {
        let failed = attempt.get("failure").is_some_and(|failure| !failure.is_null());
        let paint = if failed { Paint::Bad } else { Paint::Good };
        [
            Cell::plain(number(attempt, "number").to_string()),
            Cell::dim(time(attempt, "started_at")),
            Cell::dim(show::duration(Duration::from_millis(number(attempt, "duration_ms")))),
            Cell::new(status(attempt), paint),
            Cell::plain(detail(attempt)),
        ]
    };
    list(delivery).iter().map(row).collect()
}

fn list(delivery: &Value) -> &[Value] {
    delivery.get("attempts").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The status, or the kind of failure where there was none.
fn status(attempt: &Value) -> String {
    let status = attempt.get("status").and_then(Value::as_u64);
    status.map_or_else(|| failure(attempt, "kind"), |status| status.to_string())
}

/// Why it failed, or what the destination said.
fn detail(attempt: &Value) -> String {
    let detail = failure(attempt, "detail");
    let body =
        attempt.pointer("/response/body/text").and_then(Value::as_str).unwrap_or_default().trim();
    let body: String = body.chars().take(160).collect();
    match (detail.is_empty(), body.is_empty()) {
        (false, false) => format!("{detail}: {body}"),
        (false, true) => detail,
        (true, _) => body,
    }
}

fn answer(attempt: &Value) -> String {
    let (status, detail) = (status(attempt), detail(attempt));
    if detail.is_empty() { status } else { format!("{status}, {detail}") }
}

fn failure(attempt: &Value, name: &str) -> String {
    attempt.get("failure").map(|failure| text(failure, name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_verdict_names_the_reason_and_the_last_answer() {
        let refused = json!({
            "number": 2, "duration_ms": 12, "status": null, "response": null,
            "failure": { "kind": "connect_refused", "detail": "127.0.0.1:1 refused the connection" },
        });
        let answered = json!({
            "number": 1, "duration_ms": 12, "status": 500,
            "failure": { "kind": "status", "detail": "it answered 500" },
            "response": { "body": { "text": " broken\n", "truncated": false } },
        });
        let cases = [
            ("succeeded", json!(null), 1, json!([]), "delivered to ci after 1 attempt"),
            ("pending", json!(null), 0, json!([]), "waiting for its first attempt"),
            (
                "pending",
                json!(null),
                1,
                json!([answered]),
                "not delivered yet after 1 attempt; it will be tried again; the last attempt: 500, it answered 500: broken",
            ),
            (
                "dead_letter",
                json!("exhausted"),
                2,
                json!([answered, refused]),
                "not delivered: all of the retry schedule is used up (2 attempts); the last attempt: connect_refused, 127.0.0.1:1 refused the connection",
            ),
            (
                "dead_letter",
                json!("gone"),
                1,
                json!([]),
                "not delivered: the destination answered 410 Gone, so it wants no more events",
            ),
            ("cancelled", json!(null), 0, json!([]), "cancelled by a person after no attempts"),
        ];
        for (state, reason, count, attempts, expected) in cases {
            let delivery = json!({
                "id": "dlv_1", "destination": "ci", "state": state, "reason": reason,
                "attempt_count": count, "attempts": attempts,
            });
            assert_eq!(verdict(&delivery, None).1, expected);
            assert_eq!(hint(&delivery, None).is_some(), state == "dead_letter");
        }
        let waits = json!({ "state": "pending", "attempt_count": 1, "attempts": [answered] });
        assert_eq!(
            verdict(&waits, Some("held: `ci` is paused")).1,
            "not delivered yet after 1 attempt; held: `ci` is paused; the last attempt: 500, it answered 500: broken"
        );
        let gone = json!({ "id": "dlv_1", "destination": "ci", "state": "dead_letter" });
        for (hold, expected) in [
            (
                Hold::Disabled,
                "deliver it again with `hookyard destinations resume ci` and `hookyard deliveries redeliver dlv_1`",
            ),
            (
                Hold::Unconfigured,
                "`ci` is not configured any more; add it again, then deliver with `hookyard deliveries redeliver dlv_1`",
            ),
        ] {
            assert_eq!(hint(&gone, Some(&hold)).unwrap(), expected);
        }
    }
}
