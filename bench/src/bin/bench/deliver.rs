//! How fast events arrive at their destinations, and how soon.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use hookyard_bench::hub::{Count, SECRET, Sink};
use hookyard_bench::latency::Latencies;
use hookyard_bench::load::{Plan, count, run};
use hookyard_bench::results::{CaseResults, Row, figure};
use hookyard_bench::{clock, ledger};

use crate::setup::{Bench, Load, OPEN, SIZE, both, destination, flat_out, per_event};

/// The longest that the hub may take to deliver what it has accepted.
const DRAIN: Duration = Duration::from_secs(600);

/// What came of a measurement from end to end.
pub(crate) struct Delivered {
    /// Events that were accepted a second, while others were delivered.
    pub(crate) accepted: f64,
    /// Deliveries a second, from the first request to the last arrival.
    pub(crate) rate: f64,
    /// Microseconds of processor time for each delivery, from the request to its settlement.
    pub(crate) cpu: f64,
    /// MiB at most.
    pub(crate) peak: f64,
}

/// One destination.
pub(crate) fn end_to_end(bench: &Bench, _: u32, found: &mut CaseResults) -> Result<()> {
    let delivered = deliver(bench, 1, 0)?;
    let row = found.row("1 destination, 64 connections");
    row.add(figure::DELIVERED, delivered.rate)
        .add(figure::ACCEPTED, delivered.accepted)
        .add(figure::CPU, delivered.cpu)
        .add(figure::PEAK, delivered.peak);
    Ok(())
}

/// As many deliveries in all, of all events or of a tenth as many.
pub(crate) fn fan_out(bench: &Bench, round: u32, found: &mut CaseResults) -> Result<()> {
    compare(bench, round, found, [("1 destination", 1, 0), ("10 destinations", 10, 0)])
}

/// The one that hangs is not counted.
pub(crate) fn dead_destination(bench: &Bench, round: u32, found: &mut CaseResults) -> Result<()> {
    compare(bench, round, found, [("9 that answer", 9, 0), ("9 that answer, 1 that hangs", 9, 1)])
}

/// Two rows, each a number of destinations that answer and of those that hang.
fn compare(
    bench: &Bench,
    round: u32,
    found: &mut CaseResults,
    [first, second]: [(&str, usize, usize); 2],
) -> Result<()> {
    let measured =
        both(round, || deliver(bench, first.1, first.2), || deliver(bench, second.1, second.2))?;
    let reference = measured[0].rate;
    for ((name, ..), Delivered { rate, cpu, .. }) in [first, second].into_iter().zip(measured) {
        found
            .row(name)
            .add(figure::DELIVERED, rate)
            .add(figure::TO_FIRST, rate / reference)
            .add(figure::CPU, cpu);
    }
    Ok(())
}

/// Sends events as fast as they are accepted until enough deliveries were asked for, and waits
/// until all have arrived that can.
fn deliver(bench: &Bench, live: usize, dead: usize) -> Result<Delivered> {
    let folder = bench.folder()?;
    let sink = Sink::counting(folder.path())?;
    let named = |kind: &'static str, number: usize| {
        (0..number).map(move |at| (format!("{kind}{at}"), format!("/{kind}/{at}")))
    };
    let destinations: Vec<_> = named("ok", live)
        .chain(named("hang", dead))
        .map(|(name, path)| destination(&sink, &name, &path, OPEN))
        .collect();
    let hub = bench.start(folder.path(), &destinations)?;
    let live = u64::try_from(live)?;
    let began = clock::micros();
    let cpu = hub.process.cpu()?;
    let load = Load::events(bench.scale.deliveries / live);
    let measured = flat_out(&hub.process, hub.ingest, load)?;
    let expected = measured.report.accepted * live;
    let arrived = arrivals(&sink, expected, DRAIN)?;
    ensure!(arrived.count >= expected, "{} of {expected} arrived", arrived.count);
    if dead == 0 {
        hub.drain(DRAIN)?;
    }
    Ok(Delivered {
        accepted: measured.report.per_second,
        rate: arrived.per_second_since(began),
        cpu: per_event(hub.process.cpu()?.saturating_sub(cpu), expected),
        peak: hub.process.memory()?.peak,
    })
}

/// Waits until so much has arrived or the time is over.
pub(crate) fn arrivals(sink: &Sink, expected: u64, limit: Duration) -> Result<Count> {
    let deadline = Instant::now() + limit;
    loop {
        let arrived = sink.count()?;
        if arrived.count >= expected || Instant::now() >= deadline {
            return Ok(arrived);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// At two fixed rates.
pub(crate) fn latency(bench: &Bench, _: u32, found: &mut CaseResults) -> Result<()> {
    for (name, rate) in [("200/s", 200), ("2,000/s", 2000)] {
        arrival(bench, rate, found.row(name))?;
    }
    Ok(())
}

/// From when a request was due to when its event had arrived at the destination.
fn arrival(bench: &Bench, rate: u64, row: &mut Row) -> Result<()> {
    let folder = bench.folder()?;
    let sink = Sink::start(folder.path())?;
    let hub = bench.start(folder.path(), &[destination(&sink, "sink", "/ok", OPEN)])?;
    let acknowledged = folder.path().join("ledger");
    let plan = Plan {
        connections: 64,
        rate: Some(count(rate)),
        size: SIZE,
        count: Some(rate * bench.scale.paced),
        limit: DRAIN,
        ledger: Some(acknowledged.clone()),
        ..Plan::to(hub.ingest, SECRET)
    };
    let report = run(&plan, &Arc::default())?;
    hub.drain(DRAIN)?;
    let due: HashMap<_, _> = ledger::read(&acknowledged)?
        .into_iter()
        .map(|entry| (entry.event_id, entry.sent))
        .collect();
    let mut latencies = Latencies::default();
    for record in sink.records()? {
        if let Some(due) = due.get(&record.webhook_id) {
            latencies.push(Duration::from_micros(record.time.saturating_sub(*due)));
        }
    }
    if latencies.count() < due.len() || report.unsent + report.errors > 0 {
        bail!("{} of {} arrived: {report:?}", latencies.count(), due.len());
    }
    let seen = latencies.percentiles();
    row.add(figure::P50, seen.p50).add(figure::P99, seen.p99).add(figure::MAX, seen.max);
    hub.stop()
}
