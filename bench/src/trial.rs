//! One trial of the hub: load, a blow at some moment, another start, and the judgement.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use crate::client::{self, Answer};
use crate::clock;
use crate::github::{self, Github};
use crate::hub::{Destination, Hub, HubProgram, SECRET, Sink, configuration};
use crate::ledger::{self, Entry, Ledger};
use crate::load::{Plan, Report, run};
use crate::outcome::Outcome;
use crate::report::Table;
use crate::verify::{Verdict, judge};

/// The longest that a blow may take to fall, while the load goes on.
const BLOW: Duration = Duration::from_secs(60);

/// The ids of probes are unlike those of every load.
const PROBES: u64 = u64::MAX;

/// The longest that the hub may take to deliver what it had when it went down.
const DRAIN: Duration = Duration::from_secs(60);

/// The longest that the hub may take to listen again, in milliseconds, on a machine that does
/// other things as well.
const READY_AGAIN: f64 = 5000.0;

/// The path of the sink that the trial of this number delivers to. One keeps everything until
/// after the blow, so that every event that was acknowledged has to survive it; the other takes
/// what comes, so that the blow meets deliveries half done.
pub const fn turn(number: u32) -> &'static str {
    if number % 2 == 1 { "/gate" } else { "/ok" }
}

/// A trial that is set up.
#[derive(Debug)]
pub struct Trial {
    folder: PathBuf,
    sink: Sink,
    /// What the hub is started with.
    pub configuration: String,
    /// The ledger.
    pub acknowledged: PathBuf,
    sent: PathBuf,
}

/// The load of a trial.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Requests a second.
    pub rate: f64,
    /// Connections.
    pub connections: usize,
    /// What ids are made from.
    pub seed: u64,
}

/// What a trial found.
#[derive(Clone, Debug)]
pub struct Found {
    /// When the blow came.
    pub struck_after: Duration,
    /// How long the hub took to listen again; nothing if it did not.
    pub ready_again: Option<Duration>,
    /// How long it then took until nothing was pending.
    pub drained: Duration,
    /// What was lost, repeated and altered.
    pub verdict: Verdict,
}

impl Trial {
    /// Sets one up in this folder: a store there or elsewhere, and a sink whose path says how it
    /// behaves.
    pub fn new(folder: &Path, store: &Path, path: &str) -> Result<Self> {
        let sink = Sink::start(folder)?;
        let destination = Destination {
            name: "sink".to_owned(),
            url: sink.url(path),
            options: "concurrency = 32\ntimeout = \"5s\"\n\
                      retry = { attempts = 20, base = \"200ms\", max = \"2s\" }"
                .to_owned(),
        };
        Ok(Self {
            folder: folder.to_path_buf(),
            sink,
            configuration: configuration(store, &[destination]),
            acknowledged: folder.join("ledger"),
            sent: folder.join("sent"),
        })
    }

    /// With one more option of the store, as a line of TOML.
    #[must_use]
    pub fn with_store(mut self, option: &str) -> Self {
        self.configuration =
            self.configuration.replace("[store]\n", &format!("[store]\n{option}\n"));
        self
    }

    /// With one more option of the destination, as a line of TOML.
    #[must_use]
    pub fn with_destination(mut self, option: &str) -> Self {
        let table = "[destinations.sink]\n";
        self.configuration = self.configuration.replace(table, &format!("{table}{option}\n"));
        self
    }

    /// Starts the hub.
    pub fn start(&self, program: &HubProgram) -> Result<Hub> {
        program.start(&self.folder, &self.configuration)
    }

    /// Starts the hub, or gives back how it ended before it listened.
    pub fn start_or_end(&self, program: &HubProgram) -> Result<Result<Hub, ExitStatus>> {
        let started = Instant::now();
        let process = program.spawn(&self.folder, &self.configuration)?;
        match Hub::of(process, started) {
            Ok(hub) => Ok(Ok(hub)),
            Err((mut process, error)) => {
                process.exited(Duration::from_secs(1))?.map(Err).ok_or(error)
            }
        }
    }

    /// The configuration's file.
    pub fn configuration_file(&self) -> PathBuf {
        self.folder.join("hookyard.toml")
    }

    /// Loads the hub and strikes at this moment; the load goes on until the blow has fallen.
    pub fn strike(
        &self,
        hub: &mut Hub,
        load: Load,
        moment: Duration,
        blow: impl FnOnce(&mut Hub) -> Result<()>,
    ) -> Result<Report> {
        let plan = Plan { limit: moment + BLOW, ..self.plan(hub, load) };
        let stop = Arc::new(AtomicBool::new(false));
        let load = {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || run(&plan, &stop))
        };
        std::thread::sleep(moment);
        let struck = blow(hub);
        stop.store(true, Ordering::Relaxed);
        let report = load.join().map_err(|_| anyhow!("the load failed"))??;
        struck.map(|()| report)
    }

    /// Sends one more event by itself and says how it was answered, and after what time. What is
    /// acknowledged stands in the ledger like everything else.
    pub fn probe(&self, hub: &Hub, number: u64) -> Result<(Option<Answer>, Duration)> {
        let delivery = github::delivery_id(PROBES, number);
        let body = github::body(&delivery, 2048);
        let request = Github::new(&hub.ingest.to_string(), "/webhook/github", SECRET)
            .request("push", &delivery, &body);
        let (event_id, sha256) = ("-".to_owned(), github::sha256(&body));
        let sent = clock::micros();
        let mut entry = Entry { event_id, delivery, sha256, sent, acknowledged: 0 };
        Ledger::open(&self.sent)?.append(&entry)?;
        let started = Instant::now();
        let answer = client::send(hub.ingest, &request, Duration::from_secs(30)).ok();
        let took = started.elapsed();
        if let Some(answer) = answer.as_ref().filter(|answer| answer.is_success()) {
            entry.acknowledged = clock::micros();
            answer.text("event_id").unwrap_or("-").clone_into(&mut entry.event_id);
            Ledger::open(&self.acknowledged)?.append(&entry)?;
        }
        Ok((answer, took))
    }

    /// What has been acknowledged so far, in its order.
    pub fn acknowledged(&self) -> Result<Vec<Entry>> {
        ledger::read(&self.acknowledged)
    }

    /// The ids of the events that the destination has taken so far.
    pub fn delivered(&self) -> Result<HashSet<String>> {
        let records = self.sink.records()?.into_iter();
        let taken = records.filter(|record| matches!(record.status, 200..=299));
        Ok(taken.map(|record| record.webhook_id).collect())
    }

    /// Lets the path `/gate` of the sink answer.
    pub fn open_gate(&self) -> Result<()> {
        self.sink.open_gate()
    }

    /// What this load sends, with what is acknowledged and sent written down.
    pub fn plan(&self, hub: &Hub, load: Load) -> Plan {
        Plan {
            connections: load.connections,
            rate: Some(load.rate),
            seed: load.seed,
            ledger: Some(self.acknowledged.clone()),
            sent: Some(self.sent.clone()),
            ..Plan::to(hub.ingest, SECRET)
        }
    }

    /// Opens the destination's gate, starts the hub again, waits until it has delivered what it has, and judges.
    pub fn recover(&self, program: &HubProgram, struck_after: Duration) -> Result<Found> {
        self.open_gate()?;
        let hub = self.start(program).context("the hub does not start again")?;
        self.finish(hub, struck_after)
    }

    /// Waits until the hub that was started again has delivered what it has, and judges.
    pub fn finish(&self, hub: Hub, struck_after: Duration) -> Result<Found> {
        let ready_again = Some(hub.ready_after);
        let drained = hub.drain(DRAIN)?;
        self.quiet()?;
        hub.stop()?;
        Ok(Found { struck_after, ready_again, drained, verdict: self.judge()? })
    }

    /// Judges what has arrived so far.
    pub fn judge(&self) -> Result<Verdict> {
        let (acknowledged, sent) = (self.acknowledged()?, ledger::read(&self.sent)?);
        Ok(judge(&acknowledged, Some(&sent), &self.sink.records()?))
    }

    /// Waits until nothing more arrives.
    fn quiet(&self) -> Result<()> {
        let mut before = self.sink.records()?.len();
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(100));
            let now = self.sink.records()?.len();
            if now == before {
                break;
            }
            before = now;
        }
        Ok(())
    }
}

/// The table of a series of trials.
#[derive(Debug)]
pub struct Series {
    table: Table,
    /// All of them together.
    pub total: Verdict,
    trials: u32,
    /// The slowest start after a blow, in milliseconds; nothing if one did not come about.
    slowest: Option<f64>,
}

impl Default for Series {
    fn default() -> Self {
        let table = Table::new(&[
            "trial",
            "struck after s",
            "acknowledged",
            "lost",
            "repeats",
            "unflagged",
            "other id",
            "altered",
            "stored, no 2xx read",
            "ready again ms",
            "drained ms",
        ]);
        Self { table, total: Verdict::default(), trials: 0, slowest: Some(0.0) }
    }
}

impl Series {
    /// Adds a trial, which has this name.
    pub fn add(&mut self, name: impl fmt::Display, found: &Found) {
        self.trials += 1;
        let verdict = &found.verdict;
        let ready = found.ready_again.map(|after| after.as_millis().to_string());
        let millis = found.ready_again.map(|after| after.as_secs_f64() * 1000.0);
        self.slowest = self.slowest.zip(millis).map(|(slowest, this)| slowest.max(this));
        self.table.row(&[
            &name,
            &format_args!("{:.2}", found.struck_after.as_secs_f64()),
            &verdict.acknowledged,
            &verdict.lost,
            &verdict.repeats,
            &verdict.unflagged,
            &verdict.other_id,
            &verdict.altered,
            &verdict.unacknowledged,
            &ready.as_deref().unwrap_or("never"),
            &found.drained.as_millis(),
        ]);
        self.total.add(verdict);
    }

    /// The record of these trials.
    pub fn outcome(&self, of: &str) -> Outcome {
        let mut outcome = Outcome::new(self.trials, of);
        outcome.judged(&self.total);
        outcome.at_most("slowest start after it, ms", self.slowest, READY_AGAIN);
        outcome
    }

    /// The table, the total, and what it is worth.
    pub fn summary(&self) -> String {
        let worth = if self.total.lost == 0 {
            format!(
                "no loss in {0} trials: with 95% confidence fewer than 3 in {0} lose",
                self.trials
            )
        } else {
            format!("loss in {} trials", self.trials)
        };
        format!("{}\n{}\n{worth}", self.table, self.total)
    }
}
