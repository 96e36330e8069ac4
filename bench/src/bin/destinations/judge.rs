//! What the hub made of a destination, by its admin API, held against what it should have.

use std::path::Path;

use anyhow::{Context as _, Result};
use hookyard_bench::hub::Hub;
use serde::Deserialize;
use serde_json::Value;

use crate::faults::Expected;
use crate::server::{Seen, header};

/// A delivery as the API shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Delivery {
    id: String,
    state: String,
    due_at: Option<String>,
    #[serde(default)]
    pub(crate) attempts: Vec<Attempt>,
}

/// An attempt as the API shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Attempt {
    started_at: String,
    pub(crate) duration_ms: f64,
    maybe_sent: bool,
    failure: Option<Failure>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    kind: String,
}

/// The deliveries to a destination, with their attempts.
pub(crate) fn deliveries(hub: &Hub, store: &Path, destination: &str) -> Result<Vec<Delivery>> {
    let list = hub.api(store, &format!("/deliveries?destination={destination}&limit=500"))?;
    let list = list.get("deliveries").and_then(Value::as_array).context("no list")?;
    let ids = list.iter().filter_map(|delivery| delivery.get("id").and_then(Value::as_str));
    ids.map(|id| {
        let delivery = hub.api(store, &format!("/deliveries/{id}"))?;
        serde_json::from_value(delivery).context("a delivery of another form")
    })
    .collect()
}

/// Whether there is nothing more to wait for.
pub(crate) fn is_settled(delivery: &Delivery, expected: Expected) -> bool {
    match expected {
        Expected::Waits(..) => !delivery.attempts.is_empty(),
        Expected::Stopped => true,
        Expected::Delivered | Expected::Failed(..) => delivery.state != "pending",
    }
}

/// What is not as it should be, if anything is.
pub(crate) fn wrong(
    deliveries: &[Delivery],
    seen: &Seen,
    expected: Expected,
    attempts: usize,
) -> Option<String> {
    let each = deliveries.iter().find_map(|delivery| {
        let wrong = wrong_with(delivery, expected, attempts)?;
        Some(format!("{}: {wrong}: {delivery:?}", delivery.id))
    });
    let made: usize = deliveries.iter().map(|delivery| delivery.attempts.len()).sum();
    let unrecorded = seen.heads.len() > made;
    let unrecorded =
        unrecorded.then(|| format!("{} requests of {made} attempts", seen.heads.len()));
    let stopped = (expected == Expected::Stopped && made != 1).then(|| format!("{made} attempts"));
    each.or(unrecorded).or(stopped).or_else(|| unflagged(deliveries, seen))
}

fn wrong_with(delivery: &Delivery, expected: Expected, attempts: usize) -> Option<String> {
    let first = delivery.attempts.first();
    let is_right = match expected {
        Expected::Stopped => true,
        Expected::Delivered => delivery.state == "succeeded" && delivery.attempts.len() == 1,
        Expected::Failed(kinds, maybe_sent) => {
            let is_so = |attempt: &Attempt| {
                let kind = attempt.failure.as_ref().map_or("none", |failure| &failure.kind);
                kinds.contains(&kind) && maybe_sent.is_none_or(|it| it == attempt.maybe_sent)
            };
            delivery.state == "dead_letter"
                && delivery.attempts.len() == attempts
                && delivery.attempts.iter().all(is_so)
        }
        Expected::Waits(least, most) => {
            let ended = first.and_then(|it| Some(seconds(&it.started_at)? + it.duration_ms / 1e3));
            let due = delivery.due_at.as_deref().and_then(seconds);
            let wait = due.zip(ended).map(|(due, ended)| due - ended);
            delivery.attempts.len() == 1 && wait.is_some_and(|it| (least..=most).contains(&it))
        }
    };
    (!is_right).then(|| format!("not {expected:?}"))
}

/// A request that may be a repeat has to say so, and no other may.
fn unflagged(deliveries: &[Delivery], seen: &Seen) -> Option<String> {
    seen.heads.iter().find_map(|head| {
        let number: usize = header(head, "hookyard-attempt")?.parse().ok()?;
        let id = header(head, "webhook-id")?.strip_prefix("evt_")?;
        let delivery = deliveries.iter().find(|delivery| delivery.id.contains(id))?;
        let before = delivery.attempts.get(..number - 1)?;
        let may_repeat = before.iter().any(|attempt| attempt.maybe_sent);
        let says = header(head, "hookyard-redelivery") == Some("possible");
        (may_repeat != says).then(|| format!("{}: attempt {number} says {says}", delivery.id))
    })
}

/// A time of the API, `2026-11-24T02:15:51.042Z`, in seconds since the Unix epoch.
fn seconds(time: &str) -> Option<f64> {
    let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.split('-').map(str::parse::<i32>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut clock = clock.split(':').map(str::parse::<f64>);
    let (hours, minutes, rest) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    // Days since the epoch; the year begins in March, so that its leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let days = 365 * year + year / 4 - year / 100 + year / 400;
    let days = days + (153 * ((month + 9) % 12) + 2) / 5 + day - 719_469;
    Some(f64::from(days) * 86400.0 + hours * 3600.0 + minutes * 60.0 + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let cases = [
            ("1970-01-01T00:00:00.000Z", 0.0),
            ("2000-02-29T12:00:00.500Z", 951_825_600.5),
            ("2026-11-24T02:15:51.000Z", 1_795_486_551.0),
        ];
        for (time, expected) in cases {
            assert_eq!(seconds(time), Some(expected), "{time}");
        }
        assert_eq!(seconds("yesterday"), None);
    }
}
