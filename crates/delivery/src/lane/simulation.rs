//! A lane, a model of a store and a destination with moods, driven by dice with a seed: nothing
//! is lost, nothing is started twice at once, and no limit is ever passed.

use std::collections::{HashMap, HashSet};

use super::tests::{destination, leased};
use super::*;

const CONCURRENCY: u32 = 4;

/// Dice that fall the same way each time (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// The world around one lane.
struct World {
    lane: Lane,
    now: Timestamp,
    dice: Dice,
    /// Pending and not leased: when each is due.
    store: HashMap<u64, Timestamp>,
    /// In the lane's queue.
    queued: HashSet<u64>,
    under_way: Vec<u64>,
    done: usize,
    born: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let lane = Lane::new(
            destination(CONCURRENCY, None),
            Settings::default(),
            DestinationStatus::Active,
        );
        let now = Timestamp::from_millis(1_000_000_000);
        Self {
            lane,
            now,
            dice: Dice(seed),
            store: HashMap::new(),
            queued: HashSet::new(),
            under_way: Vec::new(),
            done: 0,
            born: 0,
        }
    }

    fn birth(&mut self) {
        self.born += 1;
        if self.lane.is_open(self.now) && self.lane.queued() < self.lane.capacity() {
            assert!(self.queued.insert(self.born));
            self.lane.take_over(leased(self.born, self.now));
        } else {
            self.store.insert(self.born, self.now);
            self.lane.heard(self.now, self.now);
        }
    }

    /// Does what the lane wants; gives back when it wants to be asked again.
    fn advance(&mut self) -> Option<Timestamp> {
        for _ in 0..1000 {
            match self.lane.step(self.now) {
                Step::Start(leased) => {
                    let id = leased.held.id.event.sequence();
                    assert!(self.queued.remove(&id), "{id} was not there to be started");
                    self.under_way.push(id);
                    let circuit = self.lane.circuit(self.now);
                    assert!(self.under_way.len() <= CONCURRENCY as usize);
                    assert!(circuit != CircuitState::HalfOpen || self.under_way.len() == 1);
                }
                Step::Lease(wanted) => {
                    let mut due: Vec<u64> = self
                        .store
                        .iter()
                        .filter(|(_, due)| **due <= self.now)
                        .map(|(id, _)| *id)
                        .collect();
                    due.sort_unstable();
                    due.truncate(wanted);
                    for id in &due {
                        self.store.remove(id);
                        assert!(self.queued.insert(*id));
                    }
                    let leased = due.into_iter().map(|id| leased(id, self.now)).collect();
                    let got = Due { leased, next: None };
                    self.lane.leased(wanted, Some(got), self.now);
                }
                Step::Release(released, due_at) => {
                    for leased in &released {
                        let id = leased.held.id.event.sequence();
                        assert!(self.queued.remove(&id), "{id} was not there to be released");
                        self.store.insert(id, due_at);
                    }
                    self.lane.heard(due_at, self.now);
                }
                Step::Wait(until) => {
                    assert!(until.is_none_or(|until| until > self.now), "waits for the past");
                    return until;
                }
            }
        }
        panic!("the lane never rests");
    }

    fn end_one(&mut self, succeeds: bool) {
        let which = self.dice.below(self.under_way.len() as u64);
        let id = self.under_way.swap_remove(usize::try_from(which).unwrap());
        if succeeds {
            self.done += 1;
            self.lane.ended(Some(&Outcome::Succeeded), self.now);
            self.lane.settled(Some(&Next::Succeeded));
        } else {
            let due = self.now.plus(Duration::from_millis(1 + self.dice.below(20_000)));
            self.store.insert(id, due);
            let failed = Outcome::Failed { retry_after: None };
            self.lane.ended(Some(&failed), self.now);
            self.lane.settled(Some(&Next::RetryAt(due)));
        }
    }

    fn turn(&mut self, mood: u64) {
        match self.dice.below(12) {
            0..4 => self.birth(),
            4..9 if !self.under_way.is_empty() => {
                let succeeds = self.dice.below(100) >= mood;
                self.end_one(succeeds);
            }
            9 => self.now = self.now.plus(Duration::from_millis(self.dice.below(30_000))),
            10 => self.lane.set_status(DestinationStatus::Paused, self.now),
            _ => self.lane.set_status(DestinationStatus::Active, self.now),
        }
        self.advance();
        assert_eq!(self.lane.queued(), self.queued.len());
        assert_eq!(self.lane.under_way() as usize, self.under_way.len());
        let all = self.store.len() + self.queued.len() + self.under_way.len() + self.done;
        assert_eq!(all as u64, self.born);
    }

    /// Everything works again: the lane has to find all that is left by itself, by what it has
    /// heard, with no sweep to help it.
    fn recover(&mut self) {
        self.lane.set_status(DestinationStatus::Active, self.now);
        for _ in 0..100_000 {
            let until = self.advance();
            if !self.under_way.is_empty() {
                self.end_one(true);
            } else if let Some(until) = until {
                self.now = until;
            } else {
                return;
            }
        }
        panic!("the lane never comes to an end");
    }
}

#[test]
fn whatever_happens_nothing_is_lost_and_no_limit_is_passed() {
    for seed in 0..300 {
        let mut world = World::new(seed);
        for turn in 0..600 {
            // The destination works, then fails more and more, then works again.
            world.turn([0, 30, 100, 60, 0, 0][turn / 100]);
        }
        world.recover();
        assert_eq!((world.done as u64, world.store.len()), (world.born, 0), "seed {seed}");
    }
}
