//! What a hub costs that has nothing to do, and how little it matters how much it keeps.

use std::cell::OnceCell;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use hookyard_bench::hub::{Hub, Sink};
use hookyard_bench::latency::median;
use hookyard_bench::load::count;
use hookyard_bench::report::{progress, shown};
use hookyard_bench::results::{CaseResults, figure};
use rustix::fs::statvfs;
use tempfile::TempDir;

use crate::deliver::arrivals;
use crate::setup::{Bench, HELD, Load, Measured, OPEN, both, destination, flat_out, store};

/// What an event may take on the disk before there is too little room to begin.
const ROOM: u64 = 5 << 10;

/// The longest that it may take to deliver all events of a large store.
const FILLING: Duration = Duration::from_secs(3600);

/// How long a hub is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(1);

/// A store that was filled, and by how much.
pub(crate) struct Filled {
    folder: TempDir,
    events: u64,
    /// Bytes on the disk for each event.
    bytes: f64,
}

/// Starts on an empty store, several times.
pub(crate) fn idle(bench: &Bench, _: u32, found: &mut CaseResults) -> Result<()> {
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..bench.scale.starts {
        let folder = bench.folder()?;
        let sink = Sink::counting(folder.path())?;
        let hub = bench.start(folder.path(), &[destination(&sink, "sink", "/ok", OPEN)])?;
        starts.push(milliseconds(&hub));
        std::thread::sleep(IDLE);
        memory.push(hub.process.memory()?.now);
        hub.stop()?;
    }
    let row = found.row("empty store");
    row.add(figure::START, median(starts)).add(figure::MEMORY, median(memory));
    Ok(())
}

/// With a million deliveries that wait.
pub(crate) fn pending(bench: &Bench, round: u32, found: &mut CaseResults) -> Result<()> {
    let events = bench.scale.pending;
    let filled = filled(&bench.with_pending, || fill(bench, events, HELD))?;
    compare(
        bench,
        round,
        found,
        ("none pending", &format!("{} pending", shown(count(events))), filled),
    )
}

/// With five million events that were delivered.
pub(crate) fn stored(bench: &Bench, round: u32, found: &mut CaseResults) -> Result<()> {
    let events = bench.scale.stored;
    let filled = filled(&bench.with_stored, || fill(bench, events, OPEN))?;
    compare(bench, round, found, ("empty", &format!("{} delivered", shown(count(events))), filled))
}

/// The store, filled in the first round and kept over the others.
fn filled(kept: &OnceCell<Filled>, fill: impl FnOnce() -> Result<Filled>) -> Result<&Filled> {
    if kept.get().is_none() {
        // Nobody else can have put one there meanwhile.
        drop(kept.set(fill()?));
    }
    kept.get().ok_or_else(|| anyhow::anyhow!("the store that was filled is gone"))
}

/// Fills a store with so many events. With `OPEN` all are delivered, with `HELD` hardly any.
fn fill(bench: &Bench, events: u64, options: &str) -> Result<Filled> {
    progress(format_args!("fills a store with {events} events"));
    let folder = bench.folder()?;
    let room = statvfs(folder.path())?;
    ensure!(
        room.f_bavail * room.f_frsize > events * ROOM,
        "{} needs {} GB of free disk; `--folder` says where else",
        folder.path().display(),
        events * ROOM / 1_000_000_000 + 1
    );
    let sink = Sink::counting(folder.path())?;
    let hub = bench.start(folder.path(), &[destination(&sink, "sink", "/ok", options)])?;
    flat_out(&hub.process, hub.ingest, Load::events(events))?;
    if options == OPEN {
        arrivals(&sink, events, FILLING)?;
        hub.drain(FILLING)?;
    }
    hub.stop()?;
    let bytes = count(disk_bytes(folder.path())?) / count(events);
    Ok(Filled { folder, events, bytes })
}

/// Starts and accepts on an empty store and on a filled one.
fn compare(
    bench: &Bench,
    round: u32,
    found: &mut CaseResults,
    (empty, full, filled): (&str, &str, &Filled),
) -> Result<()> {
    let fresh = bench.folder()?;
    let measured = both(
        round,
        || start_and_accept(bench, fresh.path()),
        || start_and_accept(bench, filled.folder.path()),
    )?;
    let reference = measured[0].measured.report.per_second;
    let kept = (measured[1].memory - measured[0].memory) / count(filled.events) * 1e6;
    for (name, Started { start, memory, measured }) in [empty, full].into_iter().zip(measured) {
        let Measured { report, cpu, .. } = measured;
        found
            .row(name)
            .add(figure::ACCEPTED, report.per_second)
            .add(figure::TO_FIRST, report.per_second / reference)
            .add(figure::P50, report.latency.p50)
            .add(figure::P99, report.latency.p99)
            .add(figure::CPU, cpu)
            .add(figure::START, start)
            .add(figure::MEMORY, memory);
    }
    found.row(full).add(figure::KEPT, kept).add(figure::DISK, filled.bytes);
    Ok(())
}

/// What one store showed.
struct Started {
    start: f64,
    memory: f64,
    measured: Measured,
}

fn start_and_accept(bench: &Bench, folder: &Path) -> Result<Started> {
    let sink = Sink::counting(folder)?;
    let hub = bench.start(folder, &[destination(&sink, "sink", "/ok", HELD)])?;
    let start = milliseconds(&hub);
    std::thread::sleep(IDLE);
    let memory = hub.process.memory()?.now;
    let measured = flat_out(&hub.process, hub.ingest, Load::of(64, bench.scale.seconds))?;
    hub.stop()?;
    Ok(Started { start, memory, measured })
}

fn milliseconds(hub: &Hub) -> f64 {
    hub.ready_after.as_secs_f64() * 1000.0
}

/// What the files of the store in this folder take on the disk.
pub(crate) fn disk_bytes(folder: &Path) -> Result<u64> {
    fn taken(folder: &Path) -> std::io::Result<u64> {
        std::fs::read_dir(folder)?
            .map(|entry| {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    return taken(&entry.path());
                }
                Ok(std::os::unix::fs::MetadataExt::blocks(&entry.metadata()?) * 512)
            })
            .sum()
    }
    Ok(taken(&store(folder))?)
}
