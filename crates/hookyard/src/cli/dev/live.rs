//! One line for each thing that happens, for a person or, with `--json`, for a program.

use std::time::Duration;

use hookyard_model::{Attempt, Event, Failure, FailureKind, Leased, Name, Next, Timestamp};
use serde_json::{Value, json};

use crate::cli::held::Hold;
use crate::cli::out::{Out, Paint, tame};
use crate::cli::show;
use crate::feed::Happening;

/// How much has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    received: u64,
    duplicates: u64,
    asked: u64,
    refused: u64,
    delivered: u64,
    failed: u64,
    missed: u64,
    waiting: u64,
}

impl Tally {
    /// Counts one more.
    pub(super) fn count(&mut self, happening: &Happening) {
        let counter = match happening {
            Happening::Received { duplicate: true, .. } => &mut self.duplicates,
            Happening::Received { .. } => &mut self.received,
            Happening::Asked { .. } => &mut self.asked,
            Happening::Rejected { .. } => &mut self.refused,
            Happening::Attempted { next: Next::Succeeded, .. } => &mut self.delivered,
            Happening::Attempted { .. } => &mut self.failed,
        };
        *counter += 1;
    }

    /// Counts what came faster than it could be shown.
    pub(super) const fn miss(&mut self, count: u64) {
        self.missed += count;
    }

    /// Takes down what is still to be delivered at the end.
    pub(super) const fn leave(&mut self, waiting: u64) {
        self.waiting = waiting;
    }

    /// All of it in one line; `what` is said of what waits.
    pub(super) fn line(&self, what: &str) -> String {
        let mut parts =
            vec![format!("{} received", self.received), format!("{} delivered", self.delivered)];
        let rest = [
            (self.duplicates, "repeated"),
            (self.asked, if self.asked == 1 { "handshake" } else { "handshakes" }),
            (self.refused, "refused"),
            (self.failed, if self.failed == 1 { "failed attempt" } else { "failed attempts" }),
            (self.missed, "not shown"),
        ];
        parts.extend(
            rest.iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}")),
        );
        let line = parts.join(", ");
        match self.waiting {
            0 => line,
            1 => format!("{line}; 1 waits {what}"),
            count => format!("{line}; {count} wait {what}"),
        }
    }

    /// All of it for a program.
    pub(super) fn json(&self) -> String {
        json!({
            "kind": "stopped",
            "received": self.received,
            "duplicates": self.duplicates,
            "handshakes": self.asked,
            "rejected": self.refused,
            "delivered": self.delivered,
            "failed_attempts": self.failed,
            "missed": self.missed,
            "pending": self.waiting,
        })
        .to_string()
    }
}

/// A happening for a person.
pub(super) fn line(out: Out, now: Timestamp, happening: &Happening) -> String {
    let rest = match happening {
        Happening::Received { event, duplicate, .. } => received(out, event, *duplicate),
        Happening::Asked { source, method } => asked(out, source, method),
        Happening::Rejected { source, code, detail } => {
            rejected(out, source.as_ref(), code, detail)
        }
        Happening::Attempted { leased, attempt, next } => {
            attempted(out, now, (leased, attempt), next)
        }
    };
    format!("{}  {rest}", out.paint(Paint::Dim, show::clock(now)))
}

/// That a destination is held from now on, or is not any more, for a person.
pub(super) fn hold_line(out: Out, now: Timestamp, name: &Name, held: Option<&str>) -> String {
    let time = out.paint(Paint::Dim, show::clock(now));
    match held {
        Some(held) => format!("{time}  {} {held}", out.paint(Paint::Bad, "!")),
        None => format!("{time}  {} `{name}` goes on", out.paint(Paint::Good, "!")),
    }
}

/// The same for a program.
pub(super) fn hold_json(now: Timestamp, name: &Name, hold: Option<&Hold>) -> String {
    json!({
        "kind": "destination",
        "destination": name.as_str(),
        "state": hold.map_or("active", Hold::word),
        "time": now.to_string(),
    })
    .to_string()
}

fn asked(out: Out, source: &Name, method: &str) -> String {
    let (arrow, source) = (out.paint(Paint::Name, "→"), out.paint(Paint::Bold, source));
    format!("{arrow} {source}  {method}  handshake answered, nothing stored")
}

fn received(out: Out, event: &Event, duplicate: bool) -> String {
    let kind = event.event_type.as_deref().map_or_else(|| event.method.clone(), tame);
    let mut line = format!(
        "{} {}  {}  {}  {}",
        out.paint(Paint::Name, "→"),
        out.paint(Paint::Bold, &event.source),
        kind,
        out.paint(Paint::Dim, show::bytes(event.body.len() as u64)),
        event.id,
    );
    if duplicate {
        line.push_str("  ");
        line.push_str(&out.paint(Paint::Waiting, "a repeat, kept once"));
    }
    line
}

fn rejected(out: Out, source: Option<&Name>, code: &str, detail: &str) -> String {
    let source = source.map_or("?", Name::as_str);
    format!(
        "{} {}  {}  {}",
        out.paint(Paint::Bad, "×"),
        out.paint(Paint::Bold, source),
        out.paint(Paint::Bad, code),
        tame(detail)
    )
}

fn attempted(
    out: Out,
    now: Timestamp,
    (leased, attempt): (&Leased, &Attempt),
    next: &Next,
) -> String {
    let status = attempt.response.as_ref().map(|response| response.status.to_string());
    let failure = attempt.failure.as_ref();
    let status = status.or_else(|| failure.map(|failure| failure.kind.as_str().to_owned()));
    let (paint, rest) = match next {
        Next::Succeeded => (Paint::Good, String::new()),
        Next::RetryAt(at) => {
            (Paint::Waiting, format!("again in {}", show::duration(at.since(now))))
        }
        Next::DeadLetter(reason) => (Paint::Bad, format!("given up: {}", reason.as_str())),
    };
    // That nothing listens is all there is to say, and it is said in one word already.
    let told = |failure: &&Failure| {
        attempt.response.is_none() && failure.kind != FailureKind::ConnectRefused
    };
    let detail = failure.filter(told).map(|failure| tame(&failure.detail));
    let mut line = format!(
        "{} {}  {}  {}  {}",
        out.paint(paint, "←"),
        leased.destination,
        out.paint(paint, status.unwrap_or_default()),
        out.paint(Paint::Dim, show::duration(attempt.duration)),
        leased.event.id,
    );
    for part in [out.paint(paint, rest), detail.unwrap_or_default()] {
        if !part.is_empty() {
            line.push_str("  ");
            line.push_str(&part);
        }
    }
    line
}

/// A happening for a program: an object on a line.
pub(super) fn json(now: Timestamp, happening: &Happening) -> String {
    let mut object = match happening {
        Happening::Received { event, duplicate, to } => json!({
            "kind": "received",
            "event_id": event.id.to_string(),
            "source": event.source.as_str(),
            "type": event.event_type,
            "item": event.item.map(|item| item.to_string()),
            "bytes": event.body.len(),
            "duplicate": duplicate,
            "to": to.iter().map(Name::as_str).collect::<Vec<_>>(),
        }),
        Happening::Asked { source, method } => json!({
            "kind": "handshake",
            "source": source.as_str(),
            "method": method,
        }),
        Happening::Rejected { source, code, detail } => json!({
            "kind": "rejected",
            "source": source.as_ref().map(Name::as_str),
            "code": code,
            "detail": detail,
        }),
        Happening::Attempted { leased, attempt, next } => json!({
            "kind": "attempted",
            "delivery_id": leased.held.id.to_string(),
            "event_id": leased.event.id.to_string(),
            "destination": leased.destination.as_str(),
            "attempt": attempt.number,
            "status": attempt.response.as_ref().map(|response| response.status),
            "duration_ms": milliseconds(attempt.duration),
            "failure": attempt.failure.as_ref().map(|failure| json!({
                "kind": failure.kind.as_str(),
                "detail": failure.detail,
            })),
            "next": next_json(next),
        }),
    };
    if let Value::Object(fields) = &mut object {
        fields.insert("time".to_owned(), json!(now.to_string()));
    }
    object.to_string()
}

fn next_json(next: &Next) -> Value {
    match next {
        Next::Succeeded => json!({ "state": "succeeded" }),
        Next::RetryAt(at) => json!({ "state": "pending", "due_at": at.to_string() }),
        Next::DeadLetter(reason) => json!({ "state": "dead_letter", "reason": reason.as_str() }),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use hookyard_model::{
        DeadLetterReason, DeliveryId, EventId, HeaderList, Held, Response, Verification,
    };

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_464_951_042);

    fn event(event_type: Option<&str>) -> Arc<Event> {
        Arc::new(Event {
            id: EventId::new(1, 2),
            source: Name::new("github").unwrap(),
            received_at: NOW,
            peer: None,
            method: "POST".to_owned(),
            target: "/webhook/github".to_owned(),
            headers: HeaderList::default(),
            body: Bytes::from(vec![b'x'; 8100]),
            item: None,
            verification: Verification::Unverified,
            provider_event_id: None,
            event_type: event_type.map(str::to_owned),
        })
    }

    fn attempt(status: Option<u16>, next: Next) -> Happening {
        let event = event(Some("push"));
        let held = Held { id: DeliveryId { event: event.id, ordinal: 0 }, lease: 1 };
        let leased = Leased {
            held,
            event,
            destination: Name::new("forward").unwrap(),
            until: NOW,
            attempts: 0,
            step: 0,
            maybe_sent: false,
            replayed: false,
        };
        let response = status.map(|status| Response {
            status,
            headers: HeaderList::default(),
            body: Bytes::new(),
            truncated: false,
        });
        let failure = (next != Next::Succeeded).then(|| Failure {
            kind: FailureKind::ConnectRefused,
            detail: "127.0.0.1:3000 refused the connection".to_owned(),
        });
        let duration = Duration::from_millis(12);
        let attempt =
            Attempt { number: 1, started_at: NOW, duration, maybe_sent: false, response, failure };
        Happening::Attempted { leased, attempt, next }
    }

    #[test]
    fn lines_say_what_happened() {
        let out = Out::plain();
        let received = |event_type, duplicate| Happening::Received {
            event: event(event_type),
            duplicate,
            to: Vec::new(),
        };
        let rejected = Happening::Rejected {
            source: None,
            code: "body_too_large",
            detail: "x\u{1b}y".to_owned(),
        };
        let id = event(None).id;
        let cases = [
            (received(Some("push"), false), format!("20:15:51Z  → github  push  8.1 kB  {id}")),
            (
                received(None, true),
                format!("20:15:51Z  → github  POST  8.1 kB  {id}  a repeat, kept once"),
            ),
            (rejected, "20:15:51Z  × ?  body_too_large  x?y".to_owned()),
            (
                attempt(Some(200), Next::Succeeded),
                format!("20:15:51Z  ← forward  200  12 ms  {id}"),
            ),
            (
                attempt(Some(500), Next::RetryAt(NOW.plus(Duration::from_secs(5)))),
                format!("20:15:51Z  ← forward  500  12 ms  {id}  again in 5 s"),
            ),
            (
                attempt(None, Next::DeadLetter(DeadLetterReason::Exhausted)),
                format!("20:15:51Z  ← forward  connect_refused  12 ms  {id}  given up: exhausted"),
            ),
        ];
        let mut tally = Tally::default();
        for (happening, expected) in cases {
            assert_eq!(line(out, NOW, &happening), expected);
            let read: Value = serde_json::from_str(&json(NOW, &happening)).unwrap();
            assert_eq!(read["time"], "2026-11-23T20:15:51.042Z");
            tally.count(&happening);
        }
        tally.miss(3);
        assert_eq!(
            tally.line("for a while"),
            "1 received, 1 delivered, 1 repeated, 1 refused, 2 failed attempts, 3 not shown"
        );
        tally.leave(2);
        assert!(tally.line("for a while").ends_with("3 not shown; 2 wait for a while"));
    }
}
