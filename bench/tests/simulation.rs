//! The simulation: it finds nothing wrong with the hub, each bug that is planted, and does the same
//! again from the same seed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Mutex;

use hookyard_bench::simulation::{Run, run, run_all};
use hookyard_model::planted::Bug;

/// Within how many runs a bug has to be found; `cargo xtask simulate` plays more.
const SEEDS: u64 = 100;

/// Runs that once found something wrong: retries that an earlier process had left were made only
/// when the store was swept.
const REGRESSIONS: &[u64] = &[5, 16, 33, 46];

/// The runs that found something; the first of them, if that is enough.
fn findings(bug: Option<Bug>) -> Vec<Run> {
    let found = Mutex::new(Vec::new());
    run_all(0..SEEDS, bug, |run| {
        let run = run.unwrap();
        let is_wrong = run.finding.is_some();
        if is_wrong {
            found.lock().unwrap().push(run);
        }
        !is_wrong
    });
    found.into_inner().unwrap()
}

#[test]
fn nothing_is_wrong_whatever_happens() {
    assert_eq!(findings(None), []);
}

#[test]
fn what_was_wrong_once_is_right() {
    for &seed in REGRESSIONS {
        assert_eq!(run(seed, None, false).unwrap().finding, None, "seed {seed}");
    }
}

#[test]
fn every_planted_bug_is_found() {
    let missed: Vec<_> = Bug::ALL.iter().filter(|bug| findings(Some(**bug)).is_empty()).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn a_seed_brings_the_same_run_back() {
    for seed in 0..10 {
        let [one, other] = [true, true].map(|traced| run(seed, None, traced).unwrap());
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_eq!(one, other);
        assert_eq!(one.hash, run(seed, None, false).unwrap().hash, "seed {seed}");
    }
}
