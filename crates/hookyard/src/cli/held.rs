//! Why what is pending is not sent at present: its destination is held, or is not there any more.

use hookyard_delivery::{Clock as _, LaneState};
use hookyard_model::{CircuitState, DestinationStatus, Timestamp};
use serde_json::Value;

use super::failure::Failure;
use super::hub::Hub;
use super::show;
use super::table::{text, time};
use crate::clock::SystemClock;

/// What keeps deliveries to a destination waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// It answered 410 Gone.
    Disabled,
    /// A person paused it.
    Paused,
    /// Its circuit is open until this time.
    Open(String),
    /// The configuration does not name it.
    Unconfigured,
}

/// The destinations of a hub, as it lists them.
pub(super) struct Holds(Vec<Value>);

impl Hold {
    /// What keeps deliveries to this destination waiting now, by the hub's list.
    pub(super) fn of(destination: &Value, now: Timestamp) -> Option<Self> {
        let circuit = destination.get("circuit")?;
        let until = text(circuit, "open_until");
        match (text(destination, "status").as_str(), text(circuit, "state").as_str()) {
            ("disabled", _) => Some(Self::Disabled),
            ("paused", _) => Some(Self::Paused),
            // The API's times sort as texts do.
            (_, "open") if until > now.to_string() => Some(Self::Open(time(circuit, "open_until"))),
            _ => None,
        }
    }

    /// What keeps deliveries waiting now in a hub that this process runs.
    pub(super) fn of_lane(lane: &LaneState, now: Timestamp) -> Option<Self> {
        match (lane.status, lane.circuit) {
            (DestinationStatus::Disabled, _) => Some(Self::Disabled),
            (DestinationStatus::Paused, _) => Some(Self::Paused),
            (_, CircuitState::Open(until)) if until > now => Some(Self::Open(show::clock(until))),
            _ => None,
        }
    }

    /// In a word, as the API has it.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Paused => "paused",
            Self::Open(_) => "circuit_open",
            Self::Unconfigured => "unconfigured",
        }
    }

    /// What is the matter with the destination and what to type.
    pub(super) fn sentence(&self, destination: &str) -> String {
        self.sentence_by(destination, &format!("hookyard destinations resume {destination}"))
    }

    /// The same, where this command resumes it.
    pub(super) fn sentence_by(&self, destination: &str, resume: &str) -> String {
        match self {
            Self::Disabled => {
                format!(
                    "`{destination}` answered 410 Gone and is disabled; resume it with `{resume}`"
                )
            }
            Self::Paused => format!("`{destination}` is paused; resume it with `{resume}`"),
            Self::Open(until) => {
                let until = until.split_once(' ').map_or(until.as_str(), |(_, time)| time);
                format!("the circuit to `{destination}` is open until {until}")
            }
            Self::Unconfigured => format!("`{destination}` is not configured any more"),
        }
    }

    /// The same of a delivery that waits.
    fn of_delivery(&self, delivery: &Value) -> String {
        let sentence = self.sentence(&text(delivery, "destination"));
        match self {
            Self::Unconfigured => format!(
                "waits: {sentence}; add it again, or cancel with `hookyard deliveries cancel {}`",
                text(delivery, "id")
            ),
            _ => format!("held: {sentence}"),
        }
    }
}

impl Holds {
    /// Asks a hub.
    pub(super) async fn ask(hub: &Hub) -> Result<Self, Failure> {
        Ok(Self(hub.get("/api/v1/destinations", &[]).await?.list("destinations").to_vec()))
    }

    /// The same, if one of these deliveries is pending: nobody holds the others.
    pub(super) async fn ask_for(hub: &Hub, deliveries: &[Value]) -> Result<Self, Failure> {
        let waits = deliveries.iter().any(|delivery| text(delivery, "state") == "pending");
        if waits { Self::ask(hub).await } else { Ok(Self(Vec::new())) }
    }

    /// What keeps a destination's deliveries waiting.
    pub(super) fn on(&self, destination: &str) -> Option<Hold> {
        self.find(destination, SystemClock.now())
    }

    /// What keeps a delivery waiting, in a sentence; nothing when it is due later anyway.
    pub(super) fn reason(&self, delivery: &Value) -> Option<String> {
        self.reason_at(delivery, SystemClock.now())
    }

    fn find(&self, destination: &str, now: Timestamp) -> Option<Hold> {
        let found = self.0.iter().find(|row| text(row, "name") == destination);
        found.map_or(Some(Hold::Unconfigured), |row| Hold::of(row, now))
    }

    fn reason_at(&self, delivery: &Value, now: Timestamp) -> Option<String> {
        if text(delivery, "state") != "pending" {
            return None;
        }
        let hold = self.find(&text(delivery, "destination"), now)?;
        match &hold {
            Hold::Open(until) if time(delivery, "due_at") > *until => None,
            _ => Some(hold.of_delivery(delivery)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hold_is_named_with_its_way_out() {
        let row = |name: &str, status: &str, circuit: &str, until: Option<&str>| {
            json!({
                "name": name, "status": status,
                "circuit": { "state": circuit, "open_until": until },
            })
        };
        let until = "2026-11-23T22:08:27.000Z";
        let holds = Holds(vec![
            row("gone", "disabled", "closed", None),
            row("still", "paused", "open", Some(until)),
            row("broken", "active", "open", Some(until)),
            row("late", "active", "open", Some("2026-11-23T20:00:00.000Z")),
            row("fine", "active", "half_open", None),
        ]);
        let now = Timestamp::from_millis(1_795_464_951_042);
        let cases = [
            (
                "gone",
                Some(
                    "held: `gone` answered 410 Gone and is disabled; resume it with `hookyard destinations resume gone`",
                ),
            ),
            (
                "still",
                Some(
                    "held: `still` is paused; resume it with `hookyard destinations resume still`",
                ),
            ),
            ("broken", Some("held: the circuit to `broken` is open until 22:08:27Z")),
            (
                "other",
                Some(
                    "waits: `other` is not configured any more; add it again, or cancel with `hookyard deliveries cancel dlv_1`",
                ),
            ),
            ("late", None),
            ("fine", None),
        ];
        for (destination, expected) in cases {
            let mut delivery = json!({
                "id": "dlv_1", "destination": destination, "state": "pending",
                "due_at": "2026-11-23T20:15:00.000Z",
            });
            assert_eq!(holds.reason_at(&delivery, now).as_deref(), expected);
            delivery["state"] = json!("dead_letter");
            assert_eq!(holds.reason_at(&delivery, now), None);
        }
        let later = json!({
            "destination": "broken", "state": "pending", "due_at": "2026-11-23T23:00:00.000Z",
        });
        assert_eq!(holds.reason_at(&later, now), None);
    }
}
