//! What a seed stands for: destinations with moods, a disk with moods, events, and misfortunes.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use hookyard_delivery::Settings;
use hookyard_model::{
    CircuitPolicy, Destination, ForwardHeaders, Name, Rate, Reach, RetryPolicy, Timeouts, Timestamp,
};

use crate::random::Random;

/// When every run begins.
pub(super) const BEGIN: Timestamp = Timestamp::from_millis(1_795_464_951_000);
/// How long things go wrong.
const CHAOS: Duration = Duration::from_mins(40);
/// How long it may take afterwards until nothing is left to be done: the longest wait of a
/// schedule, of a `Retry-After`, of a lease and of a circuit, and some room for the rate.
pub(super) const RECOVERY: Duration = Duration::from_mins(40);

/// How a destination does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It answers 200 soon.
    Works,
    /// It answers 200, nearly too late.
    Slow,
    /// It answers 500.
    Fails,
    /// It answers 429 and says when to come back.
    Busy,
    /// It answers 410 now and then.
    Leaves,
    /// It never answers.
    Hangs,
    /// It takes no connection.
    Refuses,
    /// The connection breaks, before or after the request has arrived.
    Breaks,
    /// It acts, and its answer is lost.
    LosesAnswers,
}

/// How the disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiskMood {
    /// Milliseconds.
    Quick,
    /// Tenths of a second.
    Slow,
    /// Quick, and then it stands still for longer than a lease.
    Stalls,
    /// Commits are refused now and then.
    Refuses,
    /// A write fails for good.
    Fails,
}

/// What somebody does to the hub.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// A provider sends the event of this number.
    Send(u32),
    /// A person pauses a destination.
    Pause(Name),
    /// A person resumes it, or enables it again.
    Resume(Name),
    /// A destination leaves the configuration.
    Remove(Name),
    /// It comes back.
    Restore(Name),
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// Killed at that time.
    Kill,
    /// Killed so many steps later, wherever that is.
    KillInSteps(u64),
    /// Killed when the next batch is on disk, before anybody is answered.
    KillAfterCommit,
    /// Asked to stop, with so much time for what is under way.
    Stop(Duration),
}

/// A death: when, how, and how long until the next process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Misfortune {
    pub(super) at: Timestamp,
    pub(super) death: Death,
    pub(super) down: Duration,
}

/// What holds from when on.
#[derive(Clone, Debug)]
pub(super) struct Timeline<M>(BTreeMap<Timestamp, M>);

impl<M: Copy> Timeline<M> {
    pub(super) fn at(&self, now: Timestamp, otherwise: M) -> M {
        self.0.range(..=now).next_back().map_or(otherwise, |(_, &mood)| mood)
    }
}

/// Everything that a seed decides beforehand.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) source: Name,
    pub(super) destinations: BTreeMap<Name, Destination>,
    pub(super) moods: BTreeMap<Name, Timeline<Mood>>,
    pub(super) disk: Timeline<DiskMood>,
    pub(super) settings: Settings,
    /// Where each event goes.
    pub(super) routes: BTreeMap<u32, Vec<Name>>,
    pub(super) acts: Vec<(Timestamp, Act)>,
    pub(super) misfortunes: Vec<Misfortune>,
    /// From then on, everything works.
    pub(super) calm: Timestamp,
}

impl Scenario {
    pub(super) fn new(source: Name, dice: &mut Random) -> Self {
        let calm = BEGIN.plus(CHAOS);
        let count = dice.between(1, 4);
        let names = (0..count).filter_map(|number| Name::new(&format!("d{number}")).ok());
        let destinations: BTreeMap<_, _> =
            names.map(|name| (name.clone(), destination(name, dice))).collect();
        let mut moods = BTreeMap::new();
        for name in destinations.keys() {
            moods.insert(name.clone(), timeline(dice, (5_000, 400_000), mood));
        }
        let mut scenario = Self {
            source,
            moods,
            disk: timeline(dice, (5_000, 200_000), disk_mood),
            settings: settings(dice),
            routes: BTreeMap::new(),
            acts: Vec::new(),
            misfortunes: misfortunes(dice, calm),
            destinations,
            calm,
        };
        scenario.add_sendings(dice);
        scenario.add_people(dice);
        scenario
    }

    /// Events come alone and in bursts; some are sent twice.
    fn add_sendings(&mut self, dice: &mut Random) {
        let mut number = 0;
        for _ in 0..dice.between(4, 12) {
            let at = BEGIN.plus(millis(dice, 0, CHAOS.as_millis()));
            let (events, spread) =
                if dice.chance(40) { (dice.between(10, 40), 6_000) } else { (3, 60_000) };
            let spread = dice.between(spread / 20, spread);
            for _ in 0..events {
                number += 1;
                let to = self.destinations.keys().filter(|_| dice.chance(70)).cloned().collect();
                self.routes.insert(number, to);
                let at = at.plus(millis(dice, 0, spread));
                self.acts.push((at, Act::Send(number)));
                if dice.chance(15) {
                    self.acts.push((at.plus(millis(dice, 0, 20_000)), Act::Send(number)));
                }
            }
        }
    }

    /// Somebody pauses destinations and changes the configuration.
    fn add_people(&mut self, dice: &mut Random) {
        for name in self.destinations.keys() {
            for _ in 0..dice.between(0, 3) {
                let at = BEGIN.plus(millis(dice, 0, CHAOS.as_millis()));
                let until = at.plus(millis(dice, 100, 200_000));
                let (one, other) = if dice.chance(50) {
                    (Act::Pause(name.clone()), Act::Resume(name.clone()))
                } else {
                    (Act::Remove(name.clone()), Act::Restore(name.clone()))
                };
                self.acts.extend([(at, one), (until, other)]);
            }
            // In the end all are there, and enabled.
            let end = self.calm.plus(Duration::from_secs(1));
            self.acts.push((end, Act::Restore(name.clone())));
            self.acts.push((end.plus(Duration::from_secs(1)), Act::Resume(name.clone())));
        }
    }

    pub(super) fn mood(&self, destination: &Name, now: Timestamp) -> Mood {
        match self.moods.get(destination) {
            Some(moods) if now < self.calm => moods.at(now, Mood::Works),
            _ => Mood::Works,
        }
    }

    pub(super) fn disk(&self, now: Timestamp) -> DiskMood {
        if now < self.calm { self.disk.at(now, DiskMood::Quick) } else { DiskMood::Quick }
    }
}

fn millis(dice: &mut Random, low: u64, high: impl TryInto<u64>) -> Duration {
    Duration::from_millis(dice.between(low, high.try_into().unwrap_or(u64::MAX / 2)))
}

fn seconds(dice: &mut Random, low: u64, high: u64) -> Duration {
    Duration::from_secs(dice.between(low, high))
}

fn timeline<M>(
    dice: &mut Random,
    (least, most): (u64, u64),
    mood: impl Fn(u64) -> M,
) -> Timeline<M> {
    let mut moods = BTreeMap::new();
    let mut at = BEGIN;
    while at < BEGIN.plus(CHAOS) {
        moods.insert(at, mood(dice.between(0, 99)));
        at = at.plus(millis(dice, least, most));
    }
    Timeline(moods)
}

fn mood(dice: u64) -> Mood {
    match dice {
        0..40 => Mood::Works,
        40..48 => Mood::Slow,
        48..62 => Mood::Fails,
        62..70 => Mood::Busy,
        70..73 => Mood::Leaves,
        73..80 => Mood::Hangs,
        80..86 => Mood::Refuses,
        86..93 => Mood::Breaks,
        _ => Mood::LosesAnswers,
    }
}

fn disk_mood(dice: u64) -> DiskMood {
    match dice {
        0..50 => DiskMood::Quick,
        50..75 => DiskMood::Slow,
        75..82 => DiskMood::Stalls,
        82..97 => DiskMood::Refuses,
        _ => DiskMood::Fails,
    }
}

fn settings(dice: &mut Random) -> Settings {
    let few = dice.chance(50);
    Settings {
        lease: seconds(dice, 20, 120),
        slack: seconds(dice, 2, 10),
        queue: usize::try_from(if few { dice.between(1, 6) } else { 40 }).unwrap_or(1),
        queue_bytes: if dice.chance(20) { 100 } else { 1 << 20 },
        sweep: seconds(dice, 20, 60),
        ..Settings::default()
    }
}

fn destination(name: Name, dice: &mut Random) -> Destination {
    let total = seconds(dice, 5, 30);
    let waits = (0..dice.between(4, 9)).map(|_| millis(dice, 500, 400_000)).collect();
    let rate = Rate { count: NonZeroU32::MIN, period: millis(dice, 100, 1_500) };
    Destination {
        url: format!("http://{name}.example/"),
        name,
        secrets: Vec::new(),
        timeouts: Timeouts { connect: total, head: total, total },
        concurrency: u32::try_from(dice.between(1, 6))
            .ok()
            .and_then(NonZeroU32::new)
            .unwrap_or(NonZeroU32::MIN),
        rate: dice.chance(25).then_some(rate),
        retry: RetryPolicy::Schedule(waits),
        circuit: CircuitPolicy {
            failures: if dice.chance(20) { 0 } else { 4 },
            hold: seconds(dice, 2, 20),
            hold_max: seconds(dice, 30, 300),
            ramp: seconds(dice, 1, 5),
            ..CircuitPolicy::default()
        },
        headers: Vec::new(),
        forward_headers: ForwardHeaders::Content,
        withheld_headers: Vec::new(),
        reach: Reach::Operator { metadata: false },
    }
}

/// Some processes die while things go wrong, and one when they are well again.
fn misfortunes(dice: &mut Random, calm: Timestamp) -> Vec<Misfortune> {
    let mut times: Vec<_> = (0..dice.between(0, 4))
        .map(|_| BEGIN.plus(millis(dice, 1_000, CHAOS.as_millis())))
        .collect();
    times.sort_unstable();
    times.push(calm.plus(millis(dice, 3_000, 60_000)));
    let one = |at| {
        let death = match dice.between(0, 3) {
            0 => Death::Kill,
            1 => Death::KillInSteps(dice.between(1, 50)),
            2 => Death::KillAfterCommit,
            _ => Death::Stop(millis(dice, 0, 10_000)),
        };
        Misfortune { at, death, down: millis(dice, 10, 60_000) }
    };
    times.into_iter().map(one).collect()
}
