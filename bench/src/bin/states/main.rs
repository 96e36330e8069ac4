//! Cuts the power on paper, thousands of times: writes down what a hub does to its files while it
//! acknowledges events, makes of it the states that a disk may be left in, and has the store open
//! each of them.
//!
//! `power` does this to a real file system and cannot tear a sector; here the order of names is
//! trusted and everything else is not.
#![expect(clippy::print_stdout, reason = "the table is its output")]
#![expect(clippy::doc_markdown, reason = "SQLite is written so, and is no identifier")]

mod check;
mod disk;
mod record;
mod trace;
mod whole;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use clap::Parser;
use hookyard_bench::hub::HubProgram;
use hookyard_bench::outcome::{LOST, Outcome};
use hookyard_bench::random::{Random, seed};
use hookyard_bench::report::{Table, progress};
use tempfile::TempDir;

use check::{Checker, Findings};
use disk::{Disk, Loss, upto};
use record::{Recording, Work, record};
use trace::What;

/// The longest that a start may take on a state, in milliseconds, on a machine that does other
/// things as well.
const SLOWEST_START: f64 = 5000.0;

/// Records what hubs write and flush while they acknowledge events, and looks at states that a cut
/// of the power may leave: what was flushed is there; of what was not, all, nothing, or any part,
/// also of a write, in sectors of 512 bytes. Of each, the store has to open it, and to have every
/// event that was acknowledged before the cut, with its deliveries. Exit code 1 says that one was
/// lost, or anything wrong. Needs a C compiler, for the recorder.
#[derive(Parser)]
struct Arguments {
    /// How many states.
    #[arg(long, default_value_t = 20_000)]
    states: usize,
    /// From how many recordings.
    #[arg(long, default_value_t = 8)]
    recordings: usize,
    /// How many seconds each of a recording's two processes is loaded.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Requests a second.
    #[arg(long, default_value_t = 300.0)]
    rate: f64,
    /// Connections.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// One state in so many is also checked by SQLite.
    #[arg(long, default_value_t = 10)]
    check_every: usize,
    /// On one state in so many the hub is started, and has to tell repeats.
    #[arg(long, default_value_t = 1000)]
    start_every: usize,
    /// Brings the same choices back; the recording is another one each time.
    #[arg(long)]
    seed: Option<u64>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (synchronous-off): then the exit code is 0 only if a loss was
    /// seen.
    #[arg(long)]
    control: Option<String>,
    /// Write the record of the states to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let program = HubProgram::find(arguments.hub.as_deref(), arguments.control.as_deref())?;
    let seed = seed(arguments.seed);
    progress(format_args!("seed {seed}; --seed {seed} brings the choices back"));
    let (mut total, mut records) = (Findings::default(), 0);
    let began = Instant::now();
    for number in 0..arguments.recordings.max(1) {
        let folder = in_memory()?;
        let work = Work {
            rate: arguments.rate,
            connections: arguments.connections,
            seed: seed.wrapping_add(number as u64),
            time: Duration::try_from_secs_f64(arguments.seconds)?,
        };
        let recording = record(&program, folder.path(), work);
        let recording = recording.with_context(|| format!("recording {}", number + 1))?;
        records += recording.trace.records.len();
        let share = arguments.states / arguments.recordings.max(1);
        let found = look_at(&recording, &program, &arguments, share, work.seed)?;
        progress(format_args!(
            "recording {}: {} records, {} acknowledged; {} states, {} lossy, {} unopenable, {} corrupt",
            number + 1,
            recording.trace.records.len(),
            recording.ledger.len(),
            found.states,
            found.lossy,
            found.unopenable,
            found.corrupt,
        ));
        total.add(found);
    }
    for said in &total.said {
        progress(said);
    }
    println!("{}\nseed {seed}, {records} records, {:.0?}", table(&total), began.elapsed());
    let outcome = outcome(&total).seeded(seed);
    outcome.controlled(arguments.control.as_deref(), LOST).finish(arguments.json.as_deref())
}

fn outcome(total: &Findings) -> Outcome {
    let mut outcome = Outcome::new(total.states as u64, "states after a cut of the power");
    outcome.count("acknowledged", total.looked_for);
    outcome.exactly(LOST, total.lost, 0);
    outcome.exactly("states that are not opened", total.unopenable, 0);
    outcome.exactly("states with something wrong in them", total.corrupt, 0);
    outcome.at_most("slowest start, ms", total.slowest.as_secs_f64() * 1000.0, SLOWEST_START);
    outcome
}

/// A folder in memory, where that is possible: flushing costs nothing there, and what is flushed
/// makes no difference to what is recorded.
fn in_memory() -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("hookyard-states-");
    let shared = Path::new("/dev/shm");
    Ok(if shared.is_dir() { builder.tempdir_in(shared)? } else { builder.tempdir()? })
}

/// A cut of the power: before which record, and what brings its choices back.
struct Cut {
    before: usize,
    seed: u64,
}

/// Looks at so many states of a recording, on every core.
fn look_at(
    recording: &Recording,
    program: &HubProgram,
    arguments: &Arguments,
    count: usize,
    seed: u64,
) -> Result<Findings> {
    let mut random = Random::new(seed);
    let places = Places::of(recording);
    let mut cuts: Vec<_> =
        (0..count).map(|_| Cut { before: places.draw(&mut random), seed: random.next() }).collect();
    cuts.sort_by_key(|cut| cut.before);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut total = Findings::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| {
                let mine = cuts.iter().enumerate().skip(worker).step_by(workers);
                scope.spawn(move || sweep(recording, program, arguments, mine))
            })
            .collect();
        for worker in workers {
            total.add(worker.join().map_err(|_| anyhow!("a worker failed"))??);
        }
        Ok(total)
    })
}

/// Goes through a recording once and looks at the states at these cuts, which are in order.
fn sweep<'c>(
    recording: &Recording,
    program: &HubProgram,
    arguments: &Arguments,
    cuts: impl Iterator<Item = (usize, &'c Cut)>,
) -> Result<Findings> {
    let checker = Checker::new(recording)?;
    let mut disk = Disk::new(&recording.trace, recording.folder);
    let mut total = Findings::default();
    for (number, cut) in cuts {
        disk.advance(cut.before);
        let at = recording.trace.records.get(cut.before).map_or(u64::MAX, |record| record.micros);
        let mut random = Random::new(cut.seed);
        let loss = Loss::draw(&mut random);
        let folder = in_memory()?;
        disk.leave(loss, &mut random, folder.path())?;
        leave_index(&mut random, folder.path())?;
        let thoroughly = number % arguments.check_every.max(1) == 0;
        let mut found = if number % arguments.start_every.max(1) == 0 {
            whole::check(recording, program, folder.path(), at)?
        } else {
            checker.check(folder.path(), at, thoroughly, &mut random)
        };
        for said in &mut found.said {
            *said = format!("before record {}, {loss:?}, seed {}: {said}", cut.before, cut.seed);
        }
        total.add(found);
    }
    Ok(total)
}

/// The log's index is made anew after a cut, whatever is in its file.
fn leave_index(random: &mut Random, folder: &Path) -> Result<()> {
    if random.between(0, 3) == 0 {
        let noise: Vec<u8> = (0..8192).flat_map(|_| random.next().to_ne_bytes()).collect();
        std::fs::write(folder.join("hookyard.db-shm"), noise)?;
    }
    Ok(())
}

/// Where cuts are worth most.
struct Places {
    all: usize,
    /// Around what changes the database itself, which a log does not protect: checkpoints.
    database: Vec<usize>,
    /// Right after something was acknowledged.
    acknowledged: Vec<usize>,
    /// Before anything was.
    beginning: usize,
}

impl Places {
    fn of(recording: &Recording) -> Self {
        let records = &recording.trace.records;
        let mut databases = Vec::new();
        let mut database = Vec::new();
        for (number, record) in records.iter().enumerate() {
            match &record.what {
                What::Named { file, name } if name.starts_with("hookyard.db.new") => {
                    databases.push(*file);
                }
                What::Written { file, .. } | What::Flushing { file } | What::Flushed { file }
                    if databases.contains(file) =>
                {
                    database.push(number);
                }
                _ => {}
            }
        }
        let after = |micros| records.partition_point(|record| record.micros <= micros);
        let ledger = &recording.ledger;
        let acknowledged: Vec<_> = ledger.iter().map(|entry| after(entry.acknowledged)).collect();
        let beginning = acknowledged.first().copied().unwrap_or(0);
        Self { all: records.len(), database, acknowledged, beginning }
    }

    /// One of them.
    fn draw(&self, random: &mut Random) -> usize {
        let one_of = |places: &[usize], random: &mut Random| {
            places.get(upto(places.len().saturating_sub(1), random)).copied()
        };
        let place = match random.between(0, 19) {
            0 => Some(upto(self.beginning, random)),
            1..=5 => one_of(&self.database, random).map(|place| place + upto(1, random)),
            6..=11 => one_of(&self.acknowledged, random),
            _ => None,
        };
        place.unwrap_or_else(|| upto(self.all, random)).min(self.all)
    }
}

fn table(total: &Findings) -> Table {
    let mut table = Table::new(&[
        "states",
        "with a loss",
        "events lost",
        "in one",
        "not opened",
        "corrupt",
        "checked by SQLite",
        "with more than was read",
        "events looked for",
        "slowest open ms",
    ]);
    table.row(&[
        &total.states,
        &total.lossy,
        &total.lost,
        &total.worst,
        &total.unopenable,
        &total.corrupt,
        &total.checked,
        &total.unread,
        &total.looked_for,
        &total.slowest.as_millis(),
    ]);
    table
}
