//! What a lane wants done, step by step, at times that the test says.

use std::num::NonZeroU32;

use bytes::Bytes;
use hookyard_model::{
    CircuitPolicy, DeliveryId, Event, EventId, ForwardHeaders, HeaderList, Name, Reach,
    RetryPolicy, Timeouts, Verification,
};

use super::*;

const FAILED: Outcome = Outcome::Failed { retry_after: None };

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_024_000_000 + seconds * 1024)
}

pub(super) fn destination(concurrency: u32, rate: Option<&str>) -> Arc<Destination> {
    Arc::new(Destination {
        name: Name::new("ci").unwrap(),
        url: "http://ci.example/".to_owned(),
        secrets: Vec::new(),
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            head: Duration::from_secs(15),
            total: Duration::from_secs(15),
        },
        concurrency: NonZeroU32::new(concurrency).unwrap(),
        rate: rate.map(|text| text.parse().unwrap()),
        retry: RetryPolicy::default(),
        circuit: CircuitPolicy::default(),
        headers: Vec::new(),
        forward_headers: ForwardHeaders::Content,
        withheld_headers: Vec::new(),
        reach: Reach::Public,
    })
}

fn lane(concurrency: u32, rate: Option<&str>) -> Lane {
    Lane::new(destination(concurrency, rate), Settings::default(), DestinationStatus::Active)
}

pub(super) fn leased(number: u64, now: Timestamp) -> Leased {
    let id = EventId::new(number, 0);
    Leased {
        held: Held { id: DeliveryId { event: id, ordinal: 0 }, lease: 1 },
        event: Arc::new(Event {
            id,
            source: Name::new("github").unwrap(),
            received_at: Timestamp::EPOCH,
            peer: None,
            method: "POST".to_owned(),
            target: "/webhook/github".to_owned(),
            headers: HeaderList::default(),
            body: Bytes::new(),
            item: None,
            verification: Verification::Verified,
            provider_event_id: None,
            event_type: None,
        }),
        destination: Name::new("ci").unwrap(),
        until: now.plus(Duration::from_secs(120)),
        attempts: 0,
        step: 0,
        maybe_sent: false,
        replayed: false,
    }
}

fn some(numbers: std::ops::Range<u64>, now: Timestamp) -> Due {
    Due { leased: numbers.map(|number| leased(number, now)).collect(), next: None }
}

fn fill(lane: &mut Lane, numbers: std::ops::Range<u64>, now: Timestamp) {
    for leased in some(numbers, now).leased {
        lane.take_over(leased);
    }
}

/// What a lane wants, in short.
fn next(lane: &mut Lane, now: Timestamp) -> String {
    let number = |leased: &Leased| leased.held.id.event.sequence();
    match lane.step(now) {
        Step::Start(leased) => format!("start {}", number(&leased)),
        Step::Lease(wanted) => format!("lease {wanted}"),
        Step::Release(leased, due_at) => {
            let numbers: Vec<u64> = leased.iter().map(number).collect();
            format!("release {numbers:?} in {}", due_at.since(now).as_secs())
        }
        Step::Wait(Some(until)) => format!("wait {} ms", until.since(now).as_millis()),
        Step::Wait(None) => "wait".to_owned(),
    }
}

#[track_caller]
fn wants(lane: &mut Lane, now: Timestamp, expected: &[&str]) {
    for expected in expected {
        assert_eq!(next(lane, now), *expected);
    }
}

fn succeeded(lane: &mut Lane, now: Timestamp) {
    assert!(!lane.ended(Some(&Outcome::Succeeded), now));
    lane.settled(Some(&Next::Succeeded));
}

fn failed(lane: &mut Lane, now: Timestamp) {
    assert!(!lane.ended(Some(&FAILED), now));
    lane.settled(None);
}

#[test]
fn starts_in_order_as_many_as_may_be_under_way() {
    let mut lane = lane(2, None);
    wants(&mut lane, at(0), &["wait"]);
    fill(&mut lane, 1..4, at(0));
    wants(&mut lane, at(0), &["start 1", "start 2", "wait 95000 ms"]);
    succeeded(&mut lane, at(1));
    wants(&mut lane, at(1), &["start 3", "wait"]);
    assert_eq!((lane.under_way(), lane.queued()), (2, 0));
}

#[test]
fn starts_nothing_more_while_too_many_attempts_are_not_kept_yet() {
    let mut lane = lane(1, None);
    let many = u64::from(SETTLING_MAX) + 2;
    fill(&mut lane, 0..many, at(0));
    for _ in 0..SETTLING_MAX {
        assert!(matches!(lane.step(at(0)), Step::Start(_)), "the place is free while it is kept");
        lane.ended(Some(&Outcome::Succeeded), at(0));
    }
    assert!(matches!(lane.step(at(0)), Step::Wait(_)));
    lane.settled(Some(&Next::Succeeded));
    assert!(matches!(lane.step(at(0)), Step::Start(_)));
}

#[test]
fn asks_the_store_only_when_it_has_something() {
    let mut lane = lane(2, None);
    lane.heard(at(9), at(0));
    wants(&mut lane, at(0), &["wait 9216 ms"]);
    wants(&mut lane, at(9), &["lease 8", "wait"]);
    lane.leased(8, Some(some(1..3, at(9))), at(9));
    wants(&mut lane, at(9), &["start 1", "start 2", "wait"]);
    // A wake-up while the store is asked is not lost.
    lane.heard(at(9), at(9));
    wants(&mut lane, at(9), &["lease 8"]);
    lane.heard(at(9), at(9));
    lane.leased(8, Some(Due::default()), at(9));
    wants(&mut lane, at(9), &["lease 8"]);
    lane.leased(8, Some(Due::default()), at(9));
    wants(&mut lane, at(9), &["wait"]);
}

#[test]
fn hears_when_the_next_is_due_from_the_store_itself() {
    let mut lane = lane(1, None);
    lane.heard(at(0), at(0));
    wants(&mut lane, at(0), &["lease 4"]);
    lane.leased(4, Some(Due { next: Some(at(7)), ..some(1..2, at(0)) }), at(0));
    assert!(lane.is_open(at(0)));
    wants(&mut lane, at(0), &["start 1", "wait 7168 ms"]);
    succeeded(&mut lane, at(1));
    wants(&mut lane, at(7), &["lease 4"]);
}

#[test]
fn keeps_asking_while_the_store_has_more() {
    let mut lane = lane(1, None);
    lane.heard(at(0), at(0));
    wants(&mut lane, at(0), &["lease 4"]);
    lane.leased(4, Some(some(1..5, at(0))), at(0));
    assert!(!lane.is_open(at(0)), "newer deliveries must not overtake what waits in the store");
    wants(&mut lane, at(0), &["start 1", "wait 95000 ms"]);
    for expected in ["start 2", "start 3"] {
        succeeded(&mut lane, at(0));
        wants(&mut lane, at(0), &[expected, "wait 95000 ms"]);
    }
    succeeded(&mut lane, at(0));
    // The last one is under way: more is asked for meanwhile.
    wants(&mut lane, at(0), &["start 4", "lease 4"]);
    lane.leased(4, Some(Due::default()), at(0));
    wants(&mut lane, at(0), &["wait"]);
    assert!(lane.is_open(at(0)));
}

#[test]
fn asks_again_later_when_the_store_did_not_answer() {
    let mut lane = lane(1, None);
    lane.heard(at(0), at(0));
    wants(&mut lane, at(0), &["lease 4"]);
    lane.leased(4, None, at(0));
    wants(&mut lane, at(0), &["wait 1024 ms"]);
    wants(&mut lane, at(1), &["lease 4"]);
    lane.broken(at(1));
    wants(&mut lane, at(2), &["lease 4"]);
}

#[test]
fn remembers_when_retries_are_due() {
    let mut lane = lane(1, None);
    lane.take_over(leased(1, at(0)));
    wants(&mut lane, at(0), &["start 1"]);
    lane.ended(Some(&FAILED), at(0));
    lane.settled(Some(&Next::RetryAt(at(5))));
    wants(&mut lane, at(0), &["wait 5120 ms"]);
    wants(&mut lane, at(5), &["lease 4"]);
}

#[test]
fn holds_everything_while_the_circuit_is_open_and_probes_with_one() {
    for concurrency in [1, 8] {
        let mut lane = lane(concurrency, None);
        for number in 1..6 {
            lane.take_over(leased(number, at(0)));
            assert_eq!(next(&mut lane, at(0)), format!("start {number}"));
            failed(&mut lane, at(0));
        }
        fill(&mut lane, 6..9, at(0));
        wants(&mut lane, at(0), &["release [6, 7, 8] in 10", "wait"]);
        assert!(!lane.is_open(at(0)));
        lane.heard(at(0).plus(Duration::from_secs(10)), at(0));
        wants(&mut lane, at(0), &["wait 10000 ms"]);
        wants(&mut lane, at(10), &["lease 1"]);
        lane.leased(1, Some(some(6..7, at(10))), at(10));
        wants(&mut lane, at(10), &["start 6"]);
        assert_eq!(lane.circuit(at(10)), CircuitState::HalfOpen);
        assert!(!next(&mut lane, at(10)).starts_with("lease"), "one probe, not two");
        failed(&mut lane, at(10));
        wants(&mut lane, at(10), &["wait 20000 ms"]);
    }
}

#[test]
fn comes_back_step_by_step() {
    let mut lane = lane(8, None);
    lane.set_status(DestinationStatus::Disabled, at(0));
    lane.set_status(DestinationStatus::Active, at(0));
    let mut number = 0;
    let mut started = |lane: &mut Lane, now: Timestamp| {
        let mut count = 0;
        loop {
            match lane.step(now) {
                Step::Lease(wanted) => {
                    number += wanted as u64;
                    let got = some(number - wanted as u64..number, now);
                    lane.leased(wanted, Some(got), now);
                }
                Step::Start(_) => count += 1,
                Step::Wait(_) => return count,
                Step::Release(..) => panic!("there is nothing to give back"),
            }
        }
    };
    assert_eq!(started(&mut lane, at(0)), 1);
    succeeded(&mut lane, at(0));
    // The attempts hang: the places under way stay taken, the ramp adds its own.
    let steps: Vec<u32> = [0, 5, 10, 15, 20].map(|second| started(&mut lane, at(second))).into();
    assert_eq!(steps, [1, 1, 2, 4, 0]);
}

#[test]
fn holds_what_is_paused_and_goes_on_when_resumed() {
    let mut lane = lane(2, None);
    fill(&mut lane, 1..4, at(0));
    wants(&mut lane, at(0), &["start 1"]);
    lane.set_status(DestinationStatus::Paused, at(0));
    wants(&mut lane, at(0), &["release [2, 3] in 0", "wait"]);
    lane.heard(at(0), at(0));
    wants(&mut lane, at(60), &["wait"]);
    assert!(!lane.is_open(at(60)));
    lane.set_status(DestinationStatus::Active, at(60));
    wants(&mut lane, at(60), &["lease 8"]);
}

#[test]
fn a_destination_that_is_gone_is_disabled_once() {
    let mut lane = lane(2, None);
    fill(&mut lane, 1..4, at(0));
    wants(&mut lane, at(0), &["start 1", "start 2"]);
    assert!(lane.ended(Some(&Outcome::Gone), at(0)));
    assert!(!lane.ended(Some(&Outcome::Gone), at(0)));
    assert_eq!(lane.status(), DestinationStatus::Disabled);
    wants(&mut lane, at(0), &["release [3] in 0", "wait"]);
    lane.set_status(DestinationStatus::Active, at(9));
    wants(&mut lane, at(9), &["lease 1"]);
}

#[test]
fn keeps_to_its_rate_and_leases_no_more_than_that() {
    let mut lane = lane(8, Some("6/m"));
    // Half a lease of 120 s at one in ten seconds.
    assert_eq!(lane.capacity(), 6);
    lane.heard(at(0), at(0));
    wants(&mut lane, at(0), &["lease 6"]);
    lane.leased(6, Some(some(1..7, at(0))), at(0));
    wants(&mut lane, at(0), &["start 1", "lease 1"]);
    lane.leased(1, Some(Due::default()), at(0));
    wants(&mut lane, at(0), &["wait 10000 ms"]);
    wants(&mut lane, at(0).plus(Duration::from_secs(10)), &["start 2", "wait 10000 ms"]);
}

#[test]
fn gives_back_what_would_outlive_its_lease() {
    let mut lane = lane(1, None);
    fill(&mut lane, 1..4, at(0));
    lane.take_over(leased(4, at(60)));
    wants(&mut lane, at(0), &["start 1", "wait 95000 ms"]);
    let end = at(0).plus(Duration::from_secs(95));
    wants(&mut lane, end, &["release [2, 3] in 0"]);
    succeeded(&mut lane, end);
    wants(&mut lane, end, &["start 4"]);
}

#[test]
fn an_attempt_that_says_nothing_lets_the_next_probe_through() {
    for outcome in [None, Some(Outcome::Refused)] {
        let mut lane = lane(4, None);
        lane.set_status(DestinationStatus::Disabled, at(0));
        lane.set_status(DestinationStatus::Active, at(0));
        wants(&mut lane, at(0), &["lease 1"]);
        lane.leased(1, Some(some(1..2, at(0))), at(0));
        wants(&mut lane, at(0), &["start 1"]);
        lane.ended(outcome.as_ref(), at(1));
        lane.settled(None);
        wants(&mut lane, at(1), &["lease 1"]);
    }
}

#[test]
fn new_settings_keep_the_circuit_unless_they_change_it() {
    let mut lane = lane(1, None);
    for number in 0..5 {
        lane.take_over(leased(number, at(0)));
        assert!(next(&mut lane, at(0)).starts_with("start"));
        failed(&mut lane, at(0));
    }
    let open = lane.circuit(at(0));
    assert!(matches!(open, CircuitState::Open(_)));
    lane.set_destination(destination(2, Some("1/s")));
    assert_eq!(lane.circuit(at(0)), open);
    let mut other = (*destination(2, None)).clone();
    other.circuit.hold_max = Duration::from_secs(60);
    lane.set_destination(Arc::new(other));
    assert_eq!(lane.circuit(at(0)), CircuitState::Closed);
}

#[test]
fn starts_nothing_when_it_is_stopped() {
    let mut lane = lane(1, None);
    fill(&mut lane, 1..3, at(0));
    wants(&mut lane, at(0), &["start 1"]);
    lane.stop();
    assert!(!lane.is_stopped() && !lane.is_open(at(0)));
    wants(&mut lane, at(0), &["release [2] in 0", "wait"]);
    assert!(lane.is_stopped());
    lane.take_over(leased(9, at(0)));
    wants(&mut lane, at(0), &["release [9] in 0", "wait"]);
}
