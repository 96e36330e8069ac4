//! How fast events are accepted, in alternation with a server that keeps nothing.

use std::fmt;

use anyhow::Result;
use hookyard_bench::hub::{Baseline, Hub, Sink};
use hookyard_bench::load::count;
use hookyard_bench::results::{CaseResults, Row, figure};
use hookyard_bench::scheme::Scheme;

use crate::grow::disk_bytes;
use crate::setup::{Bench, HELD, Load, Measured, SIZE, both, destination, flat_out};

/// What is varied.
struct Variant {
    connections: usize,
    size: usize,
    scheme: Scheme,
}

const USUAL: Variant = Variant { connections: 64, size: SIZE, scheme: Scheme::Github };

const VARIANTS: [Variant; 8] = [
    Variant { connections: 1, ..USUAL },
    USUAL,
    Variant { connections: 256, ..USUAL },
    Variant { size: 307, ..USUAL },
    Variant { size: 16 << 10, ..USUAL },
    Variant { size: 200 << 10, ..USUAL },
    Variant { scheme: Scheme::Stripe, ..USUAL },
    Variant { scheme: Scheme::StandardWebhooks, ..USUAL },
];

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.connections == 1 { "" } else { "s" };
        write!(f, "{} connection{plural}, ", self.connections)?;
        match self.size >> 10 {
            0 => write!(f, "0.3 KiB")?,
            kib => write!(f, "{kib} KiB")?,
        }
        write!(f, ", {}", self.scheme.name())
    }
}

/// The hub keeps its store over all variants of a round: it grows.
pub(crate) fn accept(bench: &Bench, round: u32, found: &mut CaseResults) -> Result<()> {
    let servers = Servers::start(bench)?;
    for variant in &VARIANTS {
        let Variant { connections, size, scheme } = *variant;
        let load = Load { size, scheme, ..Load::of(connections, bench.scale.seconds) };
        servers.compare(round, load, found.row(&variant.to_string()))?;
    }
    servers.hub.stop()
}

/// Each number of connections has a store of its own.
pub(crate) fn sustained(bench: &Bench, round: u32, found: &mut CaseResults) -> Result<()> {
    let (seconds, at_least) = bench.scale.sustained;
    for connections in [64, 256] {
        let servers = Servers::start(bench)?;
        let row = found.row(&format!("{connections} connections"));
        let load = Load { at_least, watched: true, ..Load::of(connections, seconds) };
        let events = servers.compare(round, load, row)?;
        row.add(figure::PEAK, servers.hub.process.memory()?.peak);
        servers.hub.stop()?;
        let bytes = disk_bytes(servers.folder.path())?;
        row.add(figure::DISK, count(bytes) / count(events)).add(figure::EVENTS, count(events));
    }
    Ok(())
}

/// The hub and what it is compared with, both running.
struct Servers {
    baseline: Baseline,
    hub: Hub,
    _sink: Sink,
    folder: tempfile::TempDir,
}

impl Servers {
    fn start(bench: &Bench) -> Result<Self> {
        let folder = bench.folder()?;
        let sink = Sink::counting(folder.path())?;
        let baseline = Baseline::start(folder.path())?;
        let hub = bench.start(folder.path(), &[destination(&sink, "sink", "/ok", HELD)])?;
        Ok(Self { baseline, hub, _sink: sink, folder })
    }

    /// One measurement of each. Says how many events the hub has accepted.
    fn compare(&self, round: u32, load: Load, row: &mut Row) -> Result<u64> {
        let (baseline, hub) = (&self.baseline, &self.hub);
        let [bare, Measured { report, cpu, growth }] = both(
            round,
            || flat_out(&baseline.process, baseline.address, load),
            || flat_out(&hub.process, hub.ingest, load),
        )?;
        let bare = bare.report;
        row.add(figure::ACCEPTED, report.per_second)
            .add(figure::BASELINE, bare.per_second)
            .add(figure::RATIO, report.per_second / bare.per_second)
            .add(figure::P50, report.latency.p50)
            .add(figure::P99, report.latency.p99)
            .add(figure::BASELINE_P99, bare.latency.p99)
            .add(figure::CPU, cpu);
        if let Some(growth) = growth {
            row.add(figure::SLOPE, growth);
        }
        Ok(report.accepted)
    }
}

#[cfg(test)]
mod tests {
    use hookyard_bench::published::ACCEPT_ROWS;

    use super::*;

    #[test]
    fn the_readme_has_rows_that_are_measured() {
        let names = VARIANTS.map(|variant| variant.to_string());
        assert!(ACCEPT_ROWS.iter().all(|row| names.iter().any(|name| name == row)), "{names:?}");
    }
}
