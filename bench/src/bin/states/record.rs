//! A hub at work, with everything written down: what it did to its files, what it acknowledged
//! and what arrived.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hookyard_bench::hub::{Destination, Hub, HubProgram, SECRET, Sink, configuration};
use hookyard_bench::ledger::{self, Entry};
use hookyard_bench::load::{Plan, run};
use hookyard_bench::process;
use hookyard_bench::random::Random;

use crate::disk::{Disk, Loss};
use crate::trace::Trace;

const RECORDER: &str = include_str!("recorder.c");
/// How long a body is. Short, so that a store has many events and is yet quickly copied.
pub(crate) const BODY: usize = 400;
/// After how long the hub forgets an event that both destinations have.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_secs(1);
/// The destinations and how the sink behaves there.
pub(crate) const DESTINATIONS: [(&str, &str); 2] = [("first", "/ok"), ("second", "/slow?ms=150")];

/// A hub's life.
pub(crate) struct Recording {
    pub(crate) trace: Trace,
    /// The inode of the folder that was recorded.
    pub(crate) folder: u64,
    /// What was acknowledged, in the order of the acknowledgements.
    pub(crate) ledger: Vec<Entry>,
    /// When an event arrived first at a path of the sink, and was answered with a 2xx: in
    /// microseconds since the Unix epoch, by event and path.
    pub(crate) arrivals: HashMap<(String, String), u64>,
    /// What the hub was started with, for a store in the folder that was recorded.
    configuration: String,
    store: PathBuf,
}

impl Recording {
    /// The same for a store in another folder.
    pub(crate) fn configuration_in(&self, folder: &Path) -> String {
        let [from, to] = [&self.store, folder].map(|folder| folder.display().to_string());
        self.configuration.replace(&from, &to)
    }
}

/// How a hub is loaded.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) connections: usize,
    pub(crate) seed: u64,
    /// For how long each of the two processes is loaded.
    pub(crate) time: Duration,
}

/// Records two processes, one after the other on one store: the first makes it and ends in good
/// order, the second finds it, forgets what is old and is killed.
pub(crate) fn record(program: &HubProgram, folder: &Path, work: Work) -> Result<Recording> {
    let store = folder.join("store");
    std::fs::create_dir(&store)?;
    let sink = Sink::start(folder)?;
    let configuration = configure(&store.join("hookyard.db"), &sink);
    let (recorder, trace) = (compile(folder)?, folder.join("trace"));
    let environment = [
        ("LD_PRELOAD", recorder.into_os_string()),
        ("HOOKYARD_RECORD_FOLDER", store.clone().into_os_string()),
        ("HOOKYARD_RECORD_TRACE", OsString::from(&trace)),
    ];
    let program = HubProgram { environment: environment.into(), ..program.clone() };
    let ledger_file = folder.join("ledger");
    let load = |hub: &Hub, part: u64| -> Result<()> {
        let plan = Plan {
            connections: work.connections,
            rate: Some(work.rate),
            size: BODY,
            seed: work.seed.wrapping_mul(2).wrapping_add(part),
            limit: work.time,
            ledger: Some(ledger_file.clone()),
            ..Plan::to(hub.ingest, SECRET)
        };
        let report = run(&plan, &Arc::default())?;
        ensure!(report.accepted > 0, "nothing was accepted: {report:?}");
        Ok(())
    };
    let first = program.start(folder, &configuration)?;
    load(&first, 0)?;
    first.stop()?;
    let mut second = program.start(folder, &configuration)?;
    load(&second, 1)?;
    second.drain(Duration::from_secs(30))?;
    second.process.kill()?;

    let (trace, folder) = (Trace::read(&trace)?, std::fs::metadata(&store)?.ino());
    compare(&trace, folder, &store)?;
    let mut ledger = ledger::read(&ledger_file)?;
    ledger.sort_by_key(|entry| entry.acknowledged);
    let mut arrivals = HashMap::new();
    for record in sink.records()? {
        if matches!(record.status, 200..=299) {
            arrivals.entry((record.webhook_id, record.path)).or_insert(record.time);
        }
    }
    Ok(Recording { trace, folder, ledger, arrivals, configuration, store })
}

/// The configuration of the recorded hub, and of one that is started on a state.
fn configure(store: &Path, sink: &Sink) -> String {
    let options = "concurrency = 32\nretry = { attempts = 20, base = \"200ms\", max = \"2s\" }";
    let destinations = DESTINATIONS.map(|(name, path)| Destination {
        name: name.to_owned(),
        url: sink.url(path),
        options: options.to_owned(),
    });
    let millis = FORGOTTEN_AFTER.as_millis();
    let retention = format!("[store.retention]\ndelivered = \"{millis}ms\"\n");
    configuration(store, &destinations) + &retention
}

fn compile(folder: &Path) -> Result<PathBuf> {
    let (source, library) = (folder.join("recorder.c"), folder.join("recorder.so"));
    std::fs::write(&source, RECORDER)?;
    let options = ["-shared", "-fPIC", "-O2", "-o"].map(AsRef::as_ref);
    let places = [library.as_ref(), source.as_ref()];
    process::run("cc", &[&options[..], &places[..]].concat())
        .context("cannot make the recorder")?;
    Ok(library)
}

/// What the trace makes of the database and its log has to be what they are: else the recorder
/// has missed something, and what is built from its trace means nothing.
fn compare(trace: &Trace, folder: u64, store: &Path) -> Result<()> {
    let mut disk = Disk::new(trace, folder);
    disk.advance(trace.records.len());
    let replayed = tempfile::tempdir()?;
    disk.leave(Loss::Nothing, &mut Random::new(0), replayed.path())?;
    for name in ["hookyard.db", "hookyard.db-wal"] {
        let [is, made] = [store, replayed.path()].map(|folder| std::fs::read(folder.join(name)));
        ensure!(is? == made?, "the recorder has missed a change of {name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Seek as _, Write as _};
    use std::os::unix::fs::FileExt as _;
    use std::process::Command;

    use super::*;
    use crate::trace::What;

    const FOLDER: &str = "HOOKYARD_RECORD_FOLDER";

    /// The recorded process is this program, started again for one test alone.
    #[test]
    fn the_recorder_sees_what_a_process_does_to_its_files() {
        let place = tempfile::tempdir().unwrap();
        let (folder, trace) = (place.path().join("recorded"), place.path().join("trace"));
        std::fs::create_dir(&folder).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "record::tests::works", "--ignored"]).env(FOLDER, &folder);
        child.env("LD_PRELOAD", compile(place.path()).unwrap());
        let output = child.env("HOOKYARD_RECORD_TRACE", &trace).output().unwrap();
        assert!(output.status.success(), "{output:?}");

        let (trace, inode) =
            (Trace::read(&trace).unwrap(), std::fs::metadata(&folder).unwrap().ino());
        let mut disk = Disk::new(&trace, inode);
        disk.advance(trace.records.len());
        for loss in [Loss::Nothing, Loss::All] {
            let left = tempfile::tempdir().unwrap();
            disk.leave(loss, &mut Random::new(1), left.path()).unwrap();
            assert_eq!(files(left.path()), files(&folder), "all of it was flushed");
        }
        let removed =
            trace.records.iter().filter(|record| matches!(record.what, What::Removed { .. }));
        assert_eq!(removed.count(), 1);
    }

    fn files(folder: &Path) -> Vec<(OsString, Vec<u8>)> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut all: Vec<_> = entries
            .map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap()))
            .collect();
        all.sort();
        all
    }

    #[test]
    #[ignore = "not a test: what is recorded"]
    fn works() {
        let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
        let mut file = File::create(folder.join("one")).unwrap();
        file.write_all(b"hello, world").unwrap();
        file.write_all_at(b"HELLO", 0).unwrap();
        file.set_len(9).unwrap();
        file.rewind().unwrap();
        file.write_all(b"J").unwrap();
        file.sync_data().unwrap();
        std::fs::write(folder.join("two"), "gone").unwrap();
        std::fs::remove_file(folder.join("two")).unwrap();
        std::fs::rename(folder.join("one"), folder.join("three")).unwrap();
        std::fs::write(folder.join("four"), "long enough").unwrap();
        let four = File::create(folder.join("four")).unwrap();
        (&four).write_all(b"4").unwrap();
        four.sync_all().unwrap();
        File::open(&folder).unwrap().sync_all().unwrap();
    }
}
