//! Counters, gauges and histograms, as Prometheus reads them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hookyard_delivery::{Clock, LaneState};
use hookyard_model::{
    Attempt, CircuitState, Condition, Counts, DestinationStatus, Leased, Name, Next,
    QuarantineTotals, StoreError, Timestamp,
};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::handles::{
    DestinationHandles, SECRETS, SourceHandles, attempts, circuits, dead_letters, key_fetches,
    refused, requests, verified,
};
use super::process::Process;
use super::reasons::Reasons;
use super::roster::Roster;
use super::table::{Families, Label};
use crate::clock::SystemClock;
use crate::config::Config;

/// Stands for every source that the configuration does not name.
const UNKNOWN: Label = Label::Word("(unknown)");

/// What is counted. Each call costs a look-up by name and a few atomic additions.
pub struct Metrics {
    registry: Registry,
    families: Arc<Families>,
    sources: Roster<SourceHandles>,
    /// What was refused to sources that do not exist.
    unknown: Reasons,
    destinations: Roster<DestinationHandles>,
    started_at: Timestamp,
}

/// What is known about one destination, or about all of them, without asking the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Deliveries that are pending.
    pub pending: u64,
    /// Dead letters that are kept.
    pub dead_letters: u64,
}

/// What is looked at only when somebody asks.
#[derive(Clone, Copy)]
pub struct Scrape<'a> {
    /// The destinations as the engine sees them.
    pub lanes: &'a [LaneState],
    /// The store, if it answered.
    pub condition: Option<&'a Condition>,
    /// The time.
    pub now: Timestamp,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Nothing is counted yet.
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
    pub fn new() -> Self {
        let started_at = SystemClock.now();
        let mut registry = Registry::default();
        let families = Arc::new(Families::register(&mut registry));
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("hookyard_build", "Always 1", version);
        registry.register_collector(Box::new(Process {
            started_at: started_at.as_millis() as f64 / 1000.0,
        }));
        let of_source = Arc::clone(&families);
        let of_destination = Arc::clone(&families);
        Self {
            registry,
            sources: Roster::new(move |label| SourceHandles::new(&of_source, label)),
            unknown: Reasons::default(),
            destinations: Roster::new(move |label| DestinationHandles::new(&of_destination, label)),
            families,
            started_at,
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// What ingest tells.
impl Metrics {
    /// A request was stored: so many events of it are new, so many were told as repeats.
    pub fn stored(&self, source: &Name, events: u64, duplicates: u64) {
        let handles = self.sources.of(source);
        if events > 0 {
            handles.accepted.inc()
        } else {
            handles.duplicate.inc()
        };
        handles.events.inc_by(events);
        handles.duplicates.inc_by(duplicates);
    }

    /// A provider's question was answered.
    pub fn asked(&self, source: &Name) {
        self.sources.of(source).handshake.inc();
    }

    /// A request was refused with this problem code. A name that is not a source's is not kept.
    pub fn rejected(&self, source: Option<&Name>, code: &'static str) {
        let make = |source: &Label| {
            self.families.ingest_requests.get_or_create_owned(&requests(source, "rejected", code))
        };
        match source.and_then(|name| self.sources.get(name)) {
            Some(handles) => handles.rejected.count(code, || make(&handles.label)),
            None => self.unknown.count(code, || make(&UNKNOWN)),
        }
    }

    /// A request was verified by this one of a source's several secrets, counted from 0.
    pub fn verified_by(&self, source: &Name, secret: usize) {
        let handles = self.sources.of(source);
        let Some(secret) = SECRETS.get(secret).or(SECRETS.last()) else { return };
        let make = || self.families.verified.get_or_create_owned(&verified(&handles.label, secret));
        handles.verified.count(secret, make);
    }

    /// A key was fetched for a source, or was not.
    pub fn key_fetched(&self, source: &Name, outcome: &'static str) {
        let labels = key_fetches(&self.sources.of(source).label, outcome);
        self.families.key_fetches.get_or_create(&labels).inc();
    }

    /// A refused request was put into quarantine.
    pub fn quarantined(&self, source: &Name, code: &'static str) {
        let handles = self.sources.of(source);
        let family = &self.families.quarantined;
        let labels = || refused(&handles.label, code);
        handles.quarantined.count(code, || family.get_or_create_owned(&labels()));
    }

    /// Refused requests were not kept, or not any longer.
    pub fn quarantine_dropped(&self, source: &Name, reason: &'static str, count: u64) {
        // A source that the configuration does not name any more has no series of its own.
        let Some(handles) = self.sources.get(source) else { return };
        let family = &self.families.quarantine_dropped;
        let make = || family.get_or_create_owned(&refused(&handles.label, reason));
        handles.quarantine_dropped.count_all(reason, count, make);
    }

    /// A request was released from quarantine.
    pub fn quarantine_released(&self, source: &Name) {
        self.sources.of(source).quarantine_released.inc();
    }

    /// How much is in quarantine now.
    pub fn quarantine_holds(&self, totals: QuarantineTotals) {
        self.families.quarantine_held.set(signed(totals.held));
        self.families.quarantine_bytes.set(signed(totals.bytes));
    }

    /// How much was in quarantine when that was last looked at.
    pub fn in_quarantine(&self) -> QuarantineTotals {
        let shown = |gauge: &Gauge| u64::try_from(gauge.get()).unwrap_or(0);
        QuarantineTotals {
            held: shown(&self.families.quarantine_held),
            bytes: shown(&self.families.quarantine_bytes),
        }
    }

    /// From the first byte of a request to its answer.
    pub fn answered(&self, source: &Name, took: Duration) {
        self.sources.of(source).duration.observe(took.as_secs_f64());
    }

    /// A connection was opened; it counts as open until what comes back is dropped.
    pub fn connection(&self) -> OpenConnection {
        self.families.connections.inc();
        OpenConnection(self.families.connections.clone())
    }
}

/// A connection that is counted as open.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What moves deliveries.
impl Metrics {
    /// Deliveries to a destination were made, by an event that was accepted or replayed.
    pub fn queued(&self, destination: &Name, count: u64) {
        self.destinations.of(destination).pending.inc_by(signed(count));
    }

    /// Dead letters became pending again.
    pub fn revived(&self, destination: &Name, count: u64) {
        let handles = self.destinations.of(destination);
        handles.pending.inc_by(signed(count));
        handles.dead_letters.dec_by(signed(count));
    }

    /// Pending deliveries were cancelled.
    pub fn cancelled(&self, destination: &Name, count: u64) {
        self.destinations.of(destination).pending.dec_by(signed(count));
    }

    /// Dead letters were forgotten.
    pub fn purged(&self, destination: &Name, count: u64) {
        self.destinations.of(destination).dead_letters.dec_by(signed(count));
    }

    /// An attempt ended.
    pub(super) fn attempted(&self, leased: &Leased, attempt: &Attempt, next: &Next) {
        let handles = self.destinations.of(&leased.destination);
        handles.duration.observe(attempt.duration.as_secs_f64());
        match &attempt.failure {
            None => {
                handles.succeeded.inc();
            }
            Some(failure) => {
                let kind = failure.kind.as_str();
                let labels = || attempts(&handles.label, "failed", kind);
                handles
                    .failed
                    .count(kind, || self.families.attempts.get_or_create_owned(&labels()));
            }
        }
        match next {
            Next::RetryAt(_) => {}
            Next::Succeeded => {
                handles.pending.dec();
                handles.delivered.inc();
                if !leased.replayed {
                    let arrived = attempt.started_at.plus(attempt.duration);
                    handles
                        .end_to_end
                        .observe(arrived.since(leased.event.received_at).as_secs_f64());
                }
            }
            Next::DeadLetter(reason) => {
                handles.pending.dec();
                handles.dead_letters.inc();
                let reason = reason.as_str();
                let labels = || dead_letters(&handles.label, reason);
                let family = &self.families.dead_lettered;
                handles.dead_lettered.count(reason, || family.get_or_create_owned(&labels()));
            }
        }
    }

    /// A circuit breaker changed.
    pub(super) fn circuit_changed(&self, destination: &Name, state: CircuitState) {
        let handles = self.destinations.of(destination);
        let word = circuit_word(state);
        let labels = || circuits(&handles.label, word);
        let family = &self.families.circuit_transitions;
        handles.circuits.count(word, || family.get_or_create_owned(&labels()));
    }

    /// The store did not do as asked.
    pub fn store_failed(&self, error: &StoreError) {
        let kind = match error {
            StoreError::Full(_) => "full",
            StoreError::Unavailable(_) => "unavailable",
            StoreError::Failed(_) => "failed",
            StoreError::Closed => "closed",
            StoreError::Corrupt(_) => "corrupt",
            StoreError::Unreadable(_) => "unreadable",
        };
        self.families.store_errors.get_or_create(&[("kind", Label::Word(kind))]).inc();
    }
}

/// What the program's wiring calls, and what is read.
impl Metrics {
    /// Begins with what the store holds. Called again, it puts right what retention has taken away.
    pub fn start_from(&self, counts: &Counts) {
        for (_, handles) in self.destinations.all() {
            handles.pending.set(0);
            handles.dead_letters.set(0);
        }
        for (name, count) in &counts.pending {
            self.destinations.of(name).pending.set(signed(*count));
        }
        for (name, count) in &counts.dead_letters {
            self.destinations.of(name).dead_letters.set(signed(*count));
        }
    }

    /// Shows what the configuration names from its start, at zero, and forgets what it does not
    /// name any more; destinations stay for as long as the store has something for them.
    pub fn configured(&self, config: &Config) {
        for name in config.sources.keys() {
            self.sources.of(name);
        }
        for name in config.destinations.keys() {
            self.destinations.of(name);
        }
        let made_up = config.open_sources;
        for gone in self.sources.retain(|name, _| made_up || config.sources.contains_key(name)) {
            gone.forget(&self.families);
        }
        let is_needed = |name: &Name, handles: &DestinationHandles| {
            config.destinations.contains_key(name) || handles.counted() != Counted::default()
        };
        for gone in self.destinations.retain(is_needed) {
            gone.forget(&self.families);
        }
    }

    /// Destinations for which something is or was counted.
    pub fn destinations(&self) -> Vec<Name> {
        self.destinations.all().into_iter().map(|(name, _)| name).collect()
    }

    /// What is pending or dead for one destination.
    pub fn counted(&self, destination: &Name) -> Counted {
        self.destinations
            .get(destination)
            .map_or_else(Counted::default, |handles| handles.counted())
    }

    /// What is pending or dead for all destinations.
    pub fn counted_overall(&self) -> Counted {
        self.destinations.all().iter().fold(Counted::default(), |sum, (_, handles)| {
            let counted = handles.counted();
            Counted {
                pending: sum.pending + counted.pending,
                dead_letters: sum.dead_letters + counted.dead_letters,
            }
        })
    }

    /// How many events and how many repeats came in by a source since the start.
    pub fn received(&self, source: &Name) -> (u64, u64) {
        self.sources
            .get(source)
            .map_or((0, 0), |handles| (handles.events.get(), handles.duplicates.get()))
    }

    /// How long this process has been running.
    pub fn uptime(&self, now: Timestamp) -> Duration {
        now.since(self.started_at)
    }

    /// The text that Prometheus reads.
    pub fn render(&self, scrape: Scrape<'_>) -> String {
        for lane in scrape.lanes {
            let labels = [("destination", Label::Name(lane.name.clone()))];
            let set = |gauges: &super::table::Gauges<1>, value: i64| {
                gauges.get_or_create(&labels).set(value);
            };
            set(&self.families.in_flight, i64::from(lane.in_flight));
            set(&self.families.circuit_state, circuit_number(lane.circuit));
            set(&self.families.destination_status, status_number(lane.status));
        }
        if let Some(condition) = scrape.condition {
            for (gauge, since) in [
                (&self.families.oldest_pending, condition.oldest_pending),
                (&self.families.overdue, condition.oldest_due),
            ] {
                let waited = since.map_or(Duration::ZERO, |since| scrape.now.since(since));
                gauge.set(signed(waited.as_secs()));
            }
            for (gauge, bytes) in [
                (&self.families.store_bytes, condition.bytes),
                (&self.families.store_free_bytes, condition.free_bytes),
            ] {
                if let Some(bytes) = bytes {
                    gauge.set(signed(bytes));
                }
            }
        }
        let mut text = String::with_capacity(16 * 1024);
        // Writing into a string does not fail.
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The word for a circuit's state, in metrics and in the API.
pub(crate) const fn circuit_word(state: CircuitState) -> &'static str {
    match state {
        CircuitState::Closed => "closed",
        CircuitState::Recovering(_) => "recovering",
        CircuitState::HalfOpen => "half_open",
        CircuitState::Open(_) => "open",
    }
}

const fn circuit_number(state: CircuitState) -> i64 {
    match state {
        CircuitState::Closed => 0,
        CircuitState::Recovering(_) => 1,
        CircuitState::HalfOpen => 2,
        CircuitState::Open(_) => 3,
    }
}

const fn status_number(status: DestinationStatus) -> i64 {
    match status {
        DestinationStatus::Active => 0,
        DestinationStatus::Paused => 1,
        DestinationStatus::Disabled => 2,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hookyard_model::{
        DeadLetterReason, DeliveryId, Event, EventId, Failure, FailureKind, HeaderList, Held,
        Verification,
    };

    use super::*;
    use crate::telemetry::table::tests::assert_is_the_table;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn leased(destination: &str) -> Leased {
        let event = Event {
            id: EventId::new(1, 1),
            source: name("github"),
            received_at: Timestamp::from_millis(1_000),
            peer: None,
            method: "POST".to_owned(),
            target: "/webhook/github".to_owned(),
            headers: HeaderList::default(),
            body: Bytes::new(),
            item: None,
            verification: Verification::Verified,
            provider_event_id: None,
            event_type: None,
        };
        let held = Held { id: DeliveryId { event: event.id, ordinal: 0 }, lease: 1 };
        let (event, until) = (Arc::new(event), Timestamp::from_millis(60_000));
        let destination = name(destination);
        Leased {
            held,
            event,
            destination,
            until,
            attempts: 0,
            step: 0,
            maybe_sent: false,
            replayed: false,
        }
    }

    fn attempt(failure: Option<FailureKind>) -> Attempt {
        Attempt {
            number: 1,
            started_at: Timestamp::from_millis(1_200),
            duration: Duration::from_millis(20),
            maybe_sent: true,
            response: None,
            failure: failure.map(|kind| Failure { kind, detail: String::new() }),
        }
    }

    fn busy() -> Metrics {
        let metrics = Metrics::default();
        metrics.stored(&name("github"), 1, 0);
        metrics.stored(&name("github"), 1, 0);
        metrics.key_fetched(&name("github"), "fetched");
        metrics.stored(&name("github"), 0, 1);
        metrics.rejected(Some(&name("github")), "signature_mismatch");
        metrics.verified_by(&name("github"), 1);
        metrics.quarantined(&name("github"), "signature_mismatch");
        metrics.quarantine_dropped(&name("github"), "no_room", 1);
        metrics.rejected(Some(&name("never-heard-of")), "source_not_found");
        metrics.rejected(None, "source_not_found");
        metrics.answered(&name("github"), Duration::from_millis(3));
        metrics.queued(&name("ci"), 3);
        metrics.attempted(&leased("ci"), &attempt(None), &Next::Succeeded);
        let later = Next::RetryAt(Timestamp::from_millis(9_000));
        metrics.attempted(&leased("ci"), &attempt(Some(FailureKind::Dns)), &later);
        let dead = Next::DeadLetter(DeadLetterReason::Exhausted);
        metrics.attempted(&leased("ci"), &attempt(Some(FailureKind::Status)), &dead);
        metrics.circuit_changed(&name("ci"), CircuitState::HalfOpen);
        metrics.store_failed(&StoreError::Full(String::new()));
        metrics
    }

    fn scrape(metrics: &Metrics) -> String {
        let lane = LaneState {
            name: name("ci"),
            status: DestinationStatus::Paused,
            circuit: CircuitState::Open(Timestamp::EPOCH),
            in_flight: 2,
            queued: 1,
        };
        let condition = Condition {
            engine: String::new(),
            bytes: Some(4096),
            free_bytes: Some(1 << 40),
            oldest_due: Some(Timestamp::from_millis(3_000)),
            oldest_pending: Some(Timestamp::from_millis(1_500)),
        };
        let now = Timestamp::from_millis(10_000);
        metrics.render(Scrape { lanes: &[lane], condition: Some(&condition), now })
    }

    #[test]
    fn what_is_shown_is_what_the_table_says() {
        assert_is_the_table(&scrape(&busy()));
    }

    #[test]
    fn counts_what_happened() {
        let metrics = busy();
        let open = metrics.connection();
        let text = scrape(&metrics);
        for line in [
            r#"hookyard_ingest_requests_total{source="github",outcome="accepted",reason=""} 2"#,
            r#"hookyard_ingest_requests_total{source="github",outcome="rejected",reason="signature_mismatch"} 1"#,
            r#"hookyard_ingest_requests_total{source="(unknown)",outcome="rejected",reason="source_not_found"} 2"#,
            r#"hookyard_events_total{source="github"} 2"#,
            r#"hookyard_key_fetches_total{source="github",outcome="fetched"} 1"#,
            r#"hookyard_duplicates_total{source="github"} 1"#,
            r#"hookyard_deliveries_pending{destination="ci"} 1"#,
            r#"hookyard_dead_letters{destination="ci"} 1"#,
            r#"hookyard_dead_lettered_total{destination="ci",reason="exhausted"} 1"#,
            r#"hookyard_delivery_attempts_total{destination="ci",outcome="failed",kind="dns"} 1"#,
            r#"hookyard_delivered_total{destination="ci"} 1"#,
            r#"hookyard_end_to_end_seconds_sum{destination="ci"} 0.22"#,
            r#"hookyard_circuit_state{destination="ci"} 3"#,
            r#"hookyard_destination_status{destination="ci"} 1"#,
            r#"hookyard_deliveries_in_flight{destination="ci"} 2"#,
            "hookyard_oldest_pending_seconds 8",
            "hookyard_overdue_seconds 7",
            "hookyard_ingest_connections 1",
            r#"hookyard_store_errors_total{kind="full"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("never-heard-of"), "senders cannot make labels");
        drop(open);
        assert!(scrape(&metrics).contains("hookyard_ingest_connections 0"));
    }

    #[test]
    fn gauges_begin_with_the_store_and_follow_what_people_do() {
        let metrics = busy();
        metrics.start_from(&Counts {
            events: 9,
            pending: vec![(name("ci"), 5)],
            dead_letters: vec![(name("ci"), 4), (name("old"), 2)],
        });
        metrics.revived(&name("ci"), 3);
        metrics.cancelled(&name("ci"), 2);
        metrics.purged(&name("old"), 2);
        assert_eq!(metrics.counted(&name("ci")), Counted { pending: 6, dead_letters: 1 });
        assert_eq!(metrics.counted(&name("old")), Counted::default());
        assert_eq!(metrics.counted_overall(), Counted { pending: 6, dead_letters: 1 });
        metrics.cancelled(&name("ci"), 100);
        assert_eq!(metrics.counted(&name("ci")).pending, 0, "never shown below nothing");
    }

    #[test]
    fn names_that_the_configuration_drops_leave_the_page() {
        let folder = tempfile::tempdir().unwrap();
        let load = |sections: &str| {
            let path = folder.path().join("hookyard.toml");
            std::fs::write(&path, sections).unwrap();
            Config::load(&path, &|_| None).map_err(|errors| errors.render(false)).unwrap().0
        };
        let before = load(
            "[sources.github]\nprovider = \"github\"\nsecret = \"It's a Secret to Everybody\"\n\
             [destinations.ci]\nurl = \"http://127.0.0.1:9/\"\n\
             [[routes]]\nfrom = \"github\"\nto = \"ci\"\n",
        );
        let metrics = Metrics::new();
        metrics.configured(&before);
        let shown = |metrics: &Metrics| {
            metrics.render(Scrape { lanes: &[], condition: None, now: Timestamp::EPOCH })
        };
        assert!(shown(&metrics).contains(r#"hookyard_events_total{source="github"} 0"#));

        let metrics = busy();
        let after = load("[sources.shop]\nprovider = \"generic\"\nverify = \"none\"\n");
        metrics.configured(&after);
        let text = shown(&metrics);
        assert!(!text.contains("\"github\"") && text.contains("\"shop\""), "{text}");
        assert!(text.contains("\"ci\""), "the store still has something for it");
        metrics.start_from(&Counts::default());
        metrics.configured(&after);
        let text = shown(&metrics);
        assert!(!text.contains("\"ci\""), "{text}");
    }
}
