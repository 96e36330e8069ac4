//! What was measured, as Markdown and JSON.

use std::path::Path;

use anyhow::Result;
use hookyard_bench::latency::{Percentiles, median};
use hookyard_bench::process;
use hookyard_bench::report::Table;
use serde::Serialize;

use crate::measure::{Accepting, Sample};

/// All figures of a run.
#[derive(Default, Serialize)]
pub(crate) struct Results {
    /// What it ran on.
    machine: String,
    /// What was run.
    run: String,
    /// The commit.
    commit: String,
    accept: Vec<Accept>,
    /// Events that the rounds of accepting have stored.
    events: u64,
    /// MiB.
    memory_idle: f64,
    /// MiB, at most.
    memory_loaded: f64,
    /// Milliseconds, on an empty store.
    pub(crate) startup: f64,
    /// Milliseconds, on the store that the rounds have filled.
    startup_filled: f64,
    /// Events delivered a second, accepting as many as possible meanwhile.
    pub(crate) end_to_end: f64,
    /// From request to arrival at 200 a second, in milliseconds.
    pub(crate) arrival: Percentiles,
}

/// One row: a number of connections.
#[derive(Serialize)]
struct Accept {
    connections: usize,
    sustained: bool,
    baseline: Figures,
    hookyard: Figures,
    ratio: f64,
}

/// Medians of the rounds.
#[derive(Serialize)]
struct Figures {
    per_second: f64,
    p50: f64,
    p99: f64,
    max: f64,
}

impl Figures {
    fn of<'a>(samples: &(impl Iterator<Item = &'a Sample> + Clone)) -> Self {
        let each = |figure: fn(&Sample) -> f64| median(samples.clone().map(figure));
        Self {
            per_second: each(|sample| sample.report.per_second),
            p50: each(|sample| sample.report.latency.p50),
            p99: each(|sample| sample.report.latency.p99),
            max: samples.clone().map(|sample| sample.report.latency.max).fold(0.0, f64::max),
        }
    }
}

impl Results {
    /// None yet, for this machine and commit.
    pub(crate) fn of_this_machine(run: &str) -> Self {
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let model = model.map_or("unknown", |(_, model)| model);
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let tell = |program, arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
            process::run(program, &arguments).unwrap_or_else(|_| "unknown".to_owned())
        };
        Self {
            machine: format!("{cores} cores of {model}, Linux {}", tell("uname", &["-r"])),
            run: run.to_owned(),
            commit: tell("git", &["rev-parse", "--short", "HEAD"]),
            ..Self::default()
        }
    }

    /// Takes in the rounds of accepting.
    pub(crate) fn accepting(&mut self, accepting: &Accepting) {
        let samples = &accepting.samples;
        let mut kinds: Vec<_> = samples.iter().map(|it| (it.sustained, it.connections)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for (sustained, connections) in kinds {
            let of = |server: &'static str| {
                Figures::of(&samples.iter().filter(move |sample| {
                    (sample.server, sample.sustained, sample.connections)
                        == (server, sustained, connections)
                }))
            };
            let (baseline, hookyard) = (of("baseline"), of("hookyard"));
            let ratio = hookyard.per_second / baseline.per_second;
            self.accept.push(Accept { connections, sustained, baseline, hookyard, ratio });
        }
        self.events = accepting.events;
        self.memory_idle = accepting.idle.now;
        self.memory_loaded = accepting.loaded.peak;
        self.startup_filled = accepting.startup;
    }

    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut table = Table::new(&[
            "connections",
            "baseline req/s",
            "hookyard req/s",
            "ratio",
            "baseline p50 / p99 ms",
            "hookyard p50 / p99 / max ms",
        ]);
        for Accept { connections, sustained, baseline, hookyard, ratio } in &self.accept {
            let kind = if *sustained { ", sustained" } else { "" };
            table.row(&[
                &format_args!("{connections}{kind}"),
                &format_args!("{:.0}", baseline.per_second),
                &format_args!("{:.0}", hookyard.per_second),
                &format_args!("{ratio:.2}"),
                &format_args!("{:.2} / {:.2}", baseline.p50, baseline.p99),
                &format_args!("{:.2} / {:.2} / {:.0}", hookyard.p50, hookyard.p99, hookyard.max),
            ]);
        }
        let Percentiles { p50, p99, max, .. } = self.arrival;
        format!(
            "# Speed\n\n{}.\n{}; commit {}.\n\n{table}\n\
             - delivered end to end, accepting as fast as possible meanwhile: {:.0} events/s\n\
             - from request to arrival at the destination, at 200 a second: p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms\n\
             - resident memory: {:.0} MiB idle, at most {:.0} MiB under load, with {} events stored\n\
             - start to ready: {:.0} ms on an empty store, {:.0} ms on the store with those events\n",
            self.machine,
            self.run,
            self.commit,
            self.end_to_end,
            self.memory_idle,
            self.memory_loaded,
            self.events,
            self.startup,
            self.startup_filled,
        )
    }

    /// Writes both.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("speed.md"), self.markdown())?;
        std::fs::write(folder.join("speed.json"), serde_json::to_string_pretty(self)? + "\n")?;
        Ok(())
    }
}
