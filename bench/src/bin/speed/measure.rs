//! The measurements.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use hookyard_bench::hub::{Baseline, Destination, HubProgram, SECRET, Sink, configuration};
use hookyard_bench::latency::{Latencies, Percentiles, median};
use hookyard_bench::ledger;
use hookyard_bench::load::{self, Plan, Report, run};
use hookyard_bench::process::Memory;
use hookyard_bench::random;
use hookyard_bench::report::progress;

/// The options of a destination that takes part in a measurement of accepting: there is a
/// delivery to store for every event, but next to none to make.
const HELD: &str = "concurrency = 1\nrate = \"1/s\"\ntimeout = \"5s\"";
/// The options of a destination that takes what it gets.
const OPEN: &str = "concurrency = 32\ntimeout = \"5s\"";

/// What is measured, and with what.
pub(crate) struct Bench {
    program: HubProgram,
    size: usize,
}

/// One server at so many connections, in one round.
pub(crate) struct Sample {
    pub(crate) server: &'static str,
    pub(crate) connections: usize,
    pub(crate) sustained: bool,
    pub(crate) report: Report,
}

/// All rounds of accepting, and the memory they took.
pub(crate) struct Accepting {
    pub(crate) samples: Vec<Sample>,
    pub(crate) idle: Memory,
    pub(crate) loaded: Memory,
    pub(crate) events: u64,
    /// Milliseconds to start on the store that the rounds have filled.
    pub(crate) startup: f64,
}

impl Bench {
    pub(crate) const fn new(program: HubProgram, size: usize) -> Self {
        Self { program, size }
    }

    /// The median of so many starts on an empty store, in milliseconds.
    pub(crate) fn startup(&self, times: u32) -> Result<f64> {
        progress(format_args!("start-up, {times} times"));
        let mut starts = Vec::new();
        for _ in 0..times {
            let folder = tempfile::tempdir()?;
            let text = one_destination(folder.path(), "http://127.0.0.1:9/ok", OPEN);
            let hub = self.program.start(folder.path(), &text)?;
            starts.push(hub.ready_after.as_secs_f64() * 1000.0);
            hub.stop()?;
        }
        Ok(median(starts))
    }

    /// Baseline and hub in alternation. The hub keeps its store over all rounds: it grows.
    pub(crate) fn accepting(
        &self,
        connections: &[usize],
        rounds: u32,
        seconds: f64,
        sustained: f64,
    ) -> Result<Accepting> {
        let folder = tempfile::tempdir()?;
        let (sink, baseline) = (Sink::start(folder.path())?, Baseline::start(folder.path())?);
        let text = one_destination(folder.path(), &sink.url("/ok"), HELD);
        let hub = self.program.start(folder.path(), &text)?;
        std::thread::sleep(Duration::from_secs(1));
        let idle = hub.process.memory()?;
        let servers = [("baseline", baseline.address), ("hookyard", hub.ingest)];
        let mut samples = Vec::new();
        let mut measure = |connections, seconds, is_sustained| -> Result<()> {
            for (server, address) in servers {
                progress(format_args!("{server}, {connections} connections, {seconds} s"));
                let report = self.flat_out(address, connections, seconds)?;
                samples.push(Sample { server, connections, sustained: is_sustained, report });
            }
            Ok(())
        };
        for _ in 0..rounds {
            connections.iter().try_for_each(|&connections| measure(connections, seconds, false))?;
        }
        if let Some(&most) = connections.iter().max().filter(|_| sustained > 0.0) {
            measure(most, sustained, true)?;
        }
        let loaded = hub.process.memory()?;
        hub.stop()?;
        let again = self.program.start(folder.path(), &text)?;
        let startup = again.ready_after.as_secs_f64() * 1000.0;
        again.stop()?;
        let ours = samples.iter().filter(|sample| sample.server == "hookyard");
        let events = ours.map(|sample| sample.report.accepted).sum();
        Ok(Accepting { samples, idle, loaded, events, startup })
    }

    fn flat_out(&self, address: SocketAddr, connections: usize, seconds: f64) -> Result<Report> {
        let plan = Plan {
            connections,
            size: self.size,
            unique: false,
            // Every run sends other ids, so that none is a duplicate.
            seed: random::seed(None),
            limit: Duration::try_from_secs_f64(seconds)?,
            threads: if connections == 1 { 1 } else { 2 },
            ..Plan::to(address, SECRET)
        };
        let report = run(&plan, &Arc::default())?;
        anyhow::ensure!(
            report.duplicates == 0 && report.refused.is_empty() && report.errors == 0,
            "a run that does not count: {report:?}"
        );
        Ok(report)
    }

    /// Events delivered a second while others come in as fast as they are accepted, from the
    /// first request to the last arrival; the median of some rounds.
    pub(crate) fn end_to_end(&self, rounds: u32, seconds: f64) -> Result<f64> {
        let mut rates = Vec::new();
        for round in 1..=rounds {
            progress(format_args!("end to end, round {round}"));
            let folder = tempfile::tempdir()?;
            let sink = Sink::start(folder.path())?;
            let text = one_destination(folder.path(), &sink.url("/ok"), OPEN);
            let hub = self.program.start(folder.path(), &text)?;
            let began = hookyard_bench::clock::micros();
            let accepted = usize::try_from(self.flat_out(hub.ingest, 64, seconds)?.accepted)?;
            hub.drain(Duration::from_secs(600))?;
            let records = sink.records()?;
            anyhow::ensure!(records.len() >= accepted, "{} of {accepted} arrived", records.len());
            let last = records.iter().map(|record| record.time).max().unwrap_or(began);
            let took = Duration::from_micros(last.saturating_sub(began)).as_secs_f64();
            rates.push(load::count(u64::try_from(records.len())?) / took);
            hub.stop()?;
        }
        Ok(median(rates))
    }

    /// From a request to its arrival at the destination, at a fixed rate.
    pub(crate) fn arrival(&self, rate: f64, seconds: f64) -> Result<Percentiles> {
        progress(format_args!("from request to arrival at {rate} a second"));
        let folder = tempfile::tempdir()?;
        let sink = Sink::start(folder.path())?;
        let hub = self
            .program
            .start(folder.path(), &one_destination(folder.path(), &sink.url("/ok"), OPEN))?;
        let acknowledged = folder.path().join("ledger");
        let plan = Plan {
            connections: 16,
            rate: Some(rate),
            size: self.size,
            limit: Duration::try_from_secs_f64(seconds)?,
            ledger: Some(acknowledged.clone()),
            ..Plan::to(hub.ingest, SECRET)
        };
        run(&plan, &Arc::default())?;
        hub.drain(Duration::from_secs(60))?;
        let sent: HashMap<_, _> = ledger::read(&acknowledged)?
            .into_iter()
            .map(|entry| (entry.event_id, entry.sent))
            .collect();
        let mut latencies = Latencies::default();
        for record in sink.records()? {
            if let Some(sent) = sent.get(&record.webhook_id) {
                latencies.push(Duration::from_micros(record.time.saturating_sub(*sent)));
            }
        }
        hub.stop()?;
        Ok(latencies.percentiles())
    }
}

fn one_destination(folder: &Path, url: &str, options: &str) -> String {
    let (name, url, options) = ("sink".to_owned(), url.to_owned(), options.to_owned());
    let destination = Destination { name, url, options };
    configuration(&folder.join("hookyard.db"), &[destination])
}
