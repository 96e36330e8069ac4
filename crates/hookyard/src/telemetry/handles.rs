//! What is counted of one source or one destination, found once and kept by name.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::metrics::Counted;
use super::reasons::Reasons;
use super::table::{Families, Label, Labels};

/// What is counted of one source.
pub(super) struct SourceHandles {
    pub(super) label: Label,
    pub(super) accepted: Counter,
    pub(super) duplicate: Counter,
    pub(super) handshake: Counter,
    pub(super) events: Counter,
    pub(super) duplicates: Counter,
    pub(super) rejected: Reasons,
    pub(super) verified: Reasons,
    pub(super) quarantined: Reasons,
    pub(super) quarantine_dropped: Reasons,
    pub(super) quarantine_released: Counter,
    pub(super) duration: Histogram,
}

/// What is counted of one destination.
pub(super) struct DestinationHandles {
    pub(super) label: Label,
    pub(super) pending: Gauge,
    pub(super) dead_letters: Gauge,
    pub(super) succeeded: Counter,
    pub(super) failed: Reasons,
    pub(super) delivered: Counter,
    pub(super) dead_lettered: Reasons,
    pub(super) duration: Histogram,
    pub(super) end_to_end: Histogram,
    pub(super) circuits: Reasons,
}

/// The labels of a source's requests.
pub(super) fn requests(source: &Label, outcome: &'static str, reason: &'static str) -> Labels<3> {
    [("source", source.clone()), ("outcome", Label::Word(outcome)), ("reason", Label::Word(reason))]
}

/// What can become of a key that a source asked for.
const KEY_FETCHES: [&str; 3] = ["fetched", "failed", "limited"];

/// The labels of a source's keys.
pub(super) fn key_fetches(source: &Label, outcome: &'static str) -> Labels<2> {
    [("source", source.clone()), ("outcome", Label::Word(outcome))]
}

/// What the live secrets of a source are called.
pub(super) const SECRETS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// The labels of a source's requests that one of its secrets verified.
pub(super) fn verified(source: &Label, secret: &'static str) -> Labels<2> {
    [("source", source.clone()), ("secret", Label::Word(secret))]
}

/// The labels of a source's refused requests in quarantine, or not in it.
pub(super) fn refused(source: &Label, reason: &'static str) -> Labels<2> {
    [("source", source.clone()), ("reason", Label::Word(reason))]
}

/// The labels of a destination's attempts.
pub(super) fn attempts(
    destination: &Label,
    outcome: &'static str,
    kind: &'static str,
) -> Labels<3> {
    [
        ("destination", destination.clone()),
        ("outcome", Label::Word(outcome)),
        ("kind", Label::Word(kind)),
    ]
}

/// The labels of a destination's dead letters.
pub(super) fn dead_letters(destination: &Label, reason: &'static str) -> Labels<2> {
    [("destination", destination.clone()), ("reason", Label::Word(reason))]
}

/// The labels of the changes of a destination's circuit.
pub(super) fn circuits(destination: &Label, state: &'static str) -> Labels<2> {
    [("destination", destination.clone()), ("state", Label::Word(state))]
}

impl SourceHandles {
    /// Makes them, so that they are shown from the start, at zero.
    pub(super) fn new(families: &Families, source: Label) -> Self {
        let labels = [("source", source.clone())];
        let requests =
            |outcome| families.ingest_requests.get_or_create_owned(&requests(&source, outcome, ""));
        Self {
            accepted: requests("accepted"),
            duplicate: requests("duplicate"),
            handshake: requests("handshake"),
            events: families.events.get_or_create_owned(&labels),
            duplicates: families.duplicates.get_or_create_owned(&labels),
            rejected: Reasons::default(),
            verified: Reasons::default(),
            quarantined: Reasons::default(),
            quarantine_dropped: Reasons::default(),
            quarantine_released: families.quarantine_released.get_or_create_owned(&labels),
            duration: families.ingest_duration.get_or_create_owned(&labels),
            label: source,
        }
    }

    /// Takes every series of theirs off the page.
    pub(super) fn forget(&self, families: &Families) {
        let labels = [("source", self.label.clone())];
        families.events.remove(&labels);
        families.duplicates.remove(&labels);
        families.ingest_duration.remove(&labels);
        families.quarantine_released.remove(&labels);
        for secret in self.verified.words() {
            families.verified.remove(&verified(&self.label, secret));
        }
        for reason in self.quarantined.words() {
            families.quarantined.remove(&refused(&self.label, reason));
        }
        for reason in self.quarantine_dropped.words() {
            families.quarantine_dropped.remove(&refused(&self.label, reason));
        }
        for outcome in ["accepted", "duplicate", "handshake"] {
            families.ingest_requests.remove(&requests(&self.label, outcome, ""));
        }
        for outcome in KEY_FETCHES {
            families.key_fetches.remove(&key_fetches(&self.label, outcome));
        }
        for reason in self.rejected.words() {
            families.ingest_requests.remove(&requests(&self.label, "rejected", reason));
        }
    }
}

impl DestinationHandles {
    /// Makes them, so that they are shown from the start, at zero.
    pub(super) fn new(families: &Families, destination: Label) -> Self {
        let labels = [("destination", destination.clone())];
        Self {
            pending: families.pending.get_or_create_owned(&labels),
            dead_letters: families.dead_letters.get_or_create_owned(&labels),
            succeeded: families.attempts.get_or_create_owned(&attempts(
                &destination,
                "succeeded",
                "",
            )),
            failed: Reasons::default(),
            delivered: families.delivered.get_or_create_owned(&labels),
            dead_lettered: Reasons::default(),
            duration: families.attempt_duration.get_or_create_owned(&labels),
            end_to_end: families.end_to_end.get_or_create_owned(&labels),
            circuits: Reasons::default(),
            label: destination,
        }
    }

    /// Takes every series of theirs off the page.
    pub(super) fn forget(&self, families: &Families) {
        let labels = [("destination", self.label.clone())];
        for gauges in [
            &families.pending,
            &families.dead_letters,
            &families.in_flight,
            &families.circuit_state,
            &families.destination_status,
        ] {
            gauges.remove(&labels);
        }
        families.delivered.remove(&labels);
        families.attempt_duration.remove(&labels);
        families.end_to_end.remove(&labels);
        families.attempts.remove(&attempts(&self.label, "succeeded", ""));
        for kind in self.failed.words() {
            families.attempts.remove(&attempts(&self.label, "failed", kind));
        }
        for reason in self.dead_lettered.words() {
            families.dead_lettered.remove(&dead_letters(&self.label, reason));
        }
        for state in self.circuits.words() {
            families.circuit_transitions.remove(&circuits(&self.label, state));
        }
    }

    /// What the gauges say.
    pub(super) fn counted(&self) -> Counted {
        let shown = |gauge: &Gauge| u64::try_from(gauge.get()).unwrap_or(0);
        Counted { pending: shown(&self.pending), dead_letters: shown(&self.dead_letters) }
    }
}
