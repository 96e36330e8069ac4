//! The table of metrics: what `/metrics` shows and `docs/reference/metrics.md` explains.
//!
//! A row is a name, its labels and a sentence. Registration, the reference page and the test
//! that compares both with what is really shown come from it.

use std::fmt::{self, Write as _};

use hookyard_model::Name;
use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::escape::put;

/// One set of buckets, in seconds, for all that is timed: from an accept in memory to the end of
/// a retry schedule. Empty buckets cost a line each, different sets cost everybody a look-up.
const BUCKETS: [f64; 17] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 300.0,
    3600.0, 86_400.0,
];

/// The value of a label. Only names from the configuration and words from the code, so that
/// nobody who sends can make a new one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Label {
    /// A source or a destination.
    Name(Name),
    /// A word that stands in the code.
    Word(&'static str),
}

impl EncodeLabelValue for Label {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => encoder.write_str(name.as_str()),
            Self::Word(word) => encoder.write_str(word),
        }
    }
}

/// The labels of one series.
pub(super) type Labels<const N: usize> = [(&'static str, Label); N];
/// Counters that differ by labels.
pub(super) type Counters<const N: usize> = Family<Labels<N>, Counter>;
/// Gauges that differ by labels.
pub(super) type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
/// Histograms that differ by labels.
pub(super) type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;

fn seconds() -> Histogram {
    Histogram::new(BUCKETS)
}

/// A row of the reference page.
struct Row {
    name: &'static str,
    kind: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
}

macro_rules! families {
    ($(#[doc = $help:literal] $field:ident = $kind:ident $name:literal [$($label:literal),*];)+) => {
        /// Every family of `hookyard_` metrics.
        pub(super) struct Families {
            $(#[doc = $help] pub(super) $field: families!(@type $kind [$($label),*]),)+
        }

        const TABLE: &[Row] = &[$(Row {
            name: $name, kind: stringify!($kind), labels: &[$($label),*], help: $help,
        },)+];

        impl Families {
            /// Makes them and has the registry show them.
            pub(super) fn register(registry: &mut Registry) -> Self {
                $(let $field: families!(@type $kind [$($label),*]) = families!(@new $kind);
                registry.register($name, $help.trim().trim_end_matches('.'), $field.clone());)+
                Self { $($field,)+ }
            }
        }
    };
    (@type gauge []) => { Gauge };
    (@type counter [$($label:literal),+]) => { Counters<{ [$($label),+].len() }> };
    (@type gauge [$($label:literal),+]) => { Gauges<{ [$($label),+].len() }> };
    (@type histogram [$($label:literal),+]) => { Histograms<{ [$($label),+].len() }> };
    (@new counter) => { Family::default() };
    (@new gauge) => { Default::default() };
    (@new histogram) => { Family::new_with_constructor(seconds as fn() -> Histogram) };
}

families! {
    /// Requests to a source that were answered, by what became of them: `accepted`, `duplicate`, `handshake` (a provider's question, answered and not stored) or `rejected`, and then the problem's code as `reason`. Requests to unknown sources have the source `(unknown)`.
    ingest_requests = counter "hookyard_ingest_requests" ["source", "outcome", "reason"];
    /// Events that were stored.
    events = counter "hookyard_events" ["source"];
    /// Repeats of stored events that were told as such.
    duplicates = counter "hookyard_duplicates" ["source"];
    /// From the first byte of a request to its answer, in seconds.
    ingest_duration = histogram "hookyard_ingest_duration_seconds" ["source"];
    /// Keys that a provider publishes and that were fetched to verify its requests, by outcome: `fetched`, `failed`, or `limited` where too many different ones were asked for.
    key_fetches = counter "hookyard_key_fetches" ["source", "outcome"];
    /// Requests that were verified, by which of the source's several secrets made the signature, `1` for the first in the configuration (`9` for the ninth and all after it). A secret that is not counted up any more can be removed. Not shown for sources with one secret.
    verified = counter "hookyard_verified" ["source", "secret"];
    /// Connections that are open to the ingest listener.
    connections = gauge "hookyard_ingest_connections" [];
    /// Deliveries that are pending. Counted as they come and go; the store is read at start alone.
    pending = gauge "hookyard_deliveries_pending" ["destination"];
    /// Attempts that a destination has under way.
    in_flight = gauge "hookyard_deliveries_in_flight" ["destination"];
    /// Attempts that ended, by outcome, `succeeded` or `failed`, and by the kind of failure.
    attempts = counter "hookyard_delivery_attempts" ["destination", "outcome", "kind"];
    /// How long an attempt took, to the end of the response, in seconds.
    attempt_duration = histogram "hookyard_delivery_attempt_duration_seconds" ["destination"];
    /// Deliveries that succeeded.
    delivered = counter "hookyard_delivered" ["destination"];
    /// From the last byte of an event to the first 2xx of its destination, in seconds. Deliveries that a person asked for again are left out.
    end_to_end = histogram "hookyard_end_to_end_seconds" ["destination"];
    /// Deliveries that were given up, by reason.
    dead_lettered = counter "hookyard_dead_lettered" ["destination", "reason"];
    /// Dead letters that are kept now.
    dead_letters = gauge "hookyard_dead_letters" ["destination"];
    /// The circuit breaker of a destination: 0 closed, 1 recovering, 2 half open, 3 open.
    circuit_state = gauge "hookyard_circuit_state" ["destination"];
    /// Changes of a circuit breaker, by the state that it went to.
    circuit_transitions = counter "hookyard_circuit_transitions" ["destination", "state"];
    /// Whether a destination is taken care of: 0 active, 1 paused by a person, 2 disabled because it answered 410.
    destination_status = gauge "hookyard_destination_status" ["destination"];
    /// How long ago the event came whose delivery has been pending longest, whatever holds it (a wait before the next attempt, an open circuit, a paused destination), in seconds; 0 when none is pending.
    oldest_pending = gauge "hookyard_oldest_pending_seconds" [];
    /// How long the delivery that was due first has been due, in seconds; 0 when none is. What waits for its next attempt or for an open circuit is not due, what waits for a paused destination is.
    overdue = gauge "hookyard_overdue_seconds" [];
    /// Refused requests that were put into quarantine, by the problem's code.
    quarantined = counter "hookyard_quarantined" ["source", "reason"];
    /// Refused requests that are not kept: `too_large`, `over_budget` when a source has more of them than is written to the disk, `busy` when the disk was behind, `store` when it failed, `evicted` when one made room for others later.
    quarantine_dropped = counter "hookyard_quarantine_dropped" ["source", "reason"];
    /// Requests that were released from quarantine.
    quarantine_released = counter "hookyard_quarantine_released" ["source"];
    /// Requests that are held in quarantine now.
    quarantine_held = gauge "hookyard_quarantine_held" [];
    /// What the quarantine takes, in bytes.
    quarantine_bytes = gauge "hookyard_quarantine_bytes" [];
    /// Calls of the store that failed: `full`, `unavailable`, `failed`, `closed`, `corrupt`.
    store_errors = counter "hookyard_store_errors" ["kind"];
    /// What the store takes on the disk, in bytes.
    store_bytes = gauge "hookyard_store_bytes" [];
    /// What is free on the store's disk, in bytes.
    store_free_bytes = gauge "hookyard_store_free_bytes" [];
}

/// What is shown beside the families: facts about the process, under the names that Prometheus'
/// own clients use.
const PROCESS: &[Row] = &[
    Row { name: "hookyard_build_info", kind: "info", labels: &["version"], help: " Always 1." },
    Row {
        name: "process_cpu_seconds",
        kind: "counter",
        labels: &[],
        help: " Processor time of the process, in seconds (Linux).",
    },
    Row {
        name: "process_resident_memory_bytes",
        kind: "gauge",
        labels: &[],
        help: " Memory of the process that is in RAM (Linux).",
    },
    Row {
        name: "process_open_fds",
        kind: "gauge",
        labels: &[],
        help: " Files and sockets that are open (Linux).",
    },
    Row {
        name: "process_max_fds",
        kind: "gauge",
        labels: &[],
        help: " How many may be open (Linux).",
    },
    Row {
        name: "process_start_time_seconds",
        kind: "gauge",
        labels: &[],
        help: " When the process began, in seconds since 1970.",
    },
];

fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().chain(PROCESS)
}

impl Row {
    /// The name under which Prometheus stores it: counters end in `_total`.
    fn shown(&self) -> String {
        let suffix = if self.kind == "counter" { "_total" } else { "" };
        format!("{}{suffix}", self.name)
    }
}

/// The text of `docs/reference/metrics.md`.
pub fn reference() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         `GET /metrics` on the admin address shows these in the OpenMetrics format, which Prometheus reads.\n\
         It needs no token, asks the store once a second at most, never for long, and names only sources and destinations of the configuration.\n\
         This page is made from `crates/hookyard/src/telemetry/table.rs`; a test compares the two.\n\n\
         | name | kind | labels | what it says |\n|---|---|---|---|\n",
    );
    for row in rows() {
        let labels: Vec<String> = row.labels.iter().map(|label| format!("`{label}`")).collect();
        put(
            &mut page,
            format_args!(
                "| `{}` | {} | {} |{} |\n",
                row.shown(),
                row.kind,
                labels.join(", "),
                row.help
            ),
        );
    }
    page.push_str(
        "\nHistograms have the series `_bucket`, `_sum` and `_count`.\n\
         An empty `reason` or `kind` means that there is none.\n\
         More than 1,000 sources or destinations share the name `(other)`.\n",
    );
    page
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/metrics.md");

    #[test]
    fn the_reference_page_is_current() {
        let page = std::fs::read_to_string(PAGE).unwrap_or_default();
        assert!(
            page == reference(),
            "docs/reference/metrics.md is not current; write it with `cargo test -p hookyard --lib write_metrics_page -- --ignored`"
        );
    }

    #[test]
    #[ignore = "writes docs/reference/metrics.md"]
    fn write_metrics_page() {
        std::fs::write(PAGE, reference()).unwrap();
    }

    /// Every line of a scrape belongs to a row and has exactly its labels; every row is shown.
    pub(in crate::telemetry) fn assert_is_the_table(scrape: &str) {
        let mut missing: Vec<&str> = rows().map(|row| row.name).collect();
        for line in scrape.lines().filter(|line| !line.starts_with('#')) {
            let (series, _) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let row = rows()
                .filter(|row| name.starts_with(row.name))
                .max_by_key(|row| row.name.len())
                .unwrap_or_else(|| panic!("no row for {line}"));
            let suffix = name.strip_prefix(row.name).unwrap();
            let allowed: &[&str] = match row.kind {
                "counter" => &["_total"],
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            assert!(allowed.contains(&suffix), "{line}");
            let keys: Vec<&str> = labels
                .trim_end_matches('}')
                .split(',')
                .filter_map(|label| Some(label.split_once('=')?.0))
                .filter(|key| *key != "le")
                .collect();
            assert_eq!(keys, row.labels, "{line}");
            missing.retain(|name| *name != row.name);
        }
        assert!(missing.is_empty(), "never shown: {missing:?}");
    }

    #[test]
    fn names_are_ours_unique_and_explained() {
        let mut names: Vec<&str> = rows().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rows().count());
        for row in rows() {
            assert!(row.name.starts_with("hookyard_") || row.name.starts_with("process_"));
            assert!(row.help.starts_with(' ') && row.help.ends_with('.'), "{}", row.name);
        }
    }
}
