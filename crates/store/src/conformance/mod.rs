//! The promises of [`Store`], as tests that every implementation passes.
//!
//! A test crate makes a [`Place`] and calls [`conformance_suite!`](crate::conformance_suite) with it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "these are tests, though they are not compiled as such"
)]

pub mod accept;
pub mod age;
pub mod batch;
pub mod lease;
pub mod life;
pub mod list;
pub mod person;
pub mod quarantine;
pub mod retention;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hookyard_model::{
    Accepted, Attempt, DeadLetterReason, DedupeKey, DeliveryId, Event, EventId, Failure,
    FailureKind, HeaderList, Held, Lease, Leased, Name, NewDelivery, NewEvent, Next, Response,
    Settlement, Store, Timestamp, Verification,
};

/// Where a store is.
pub trait Place: Send + Sync {
    /// Opens the store that is there; the first time it is empty. What was opened before has been
    /// closed or dropped.
    fn open(&self) -> impl Future<Output = Arc<dyn Store>> + Send;
}

/// Makes a test of every promise. The argument is an expression that makes a new [`Place`].
#[macro_export]
macro_rules! conformance_suite {
    ($place:expr) => {
        $crate::conformance_suite! { $place;
            accept: keeps_every_byte, keeps_all_or_nothing, tells_repeats,
                tells_repeats_that_come_at_once, tells_repeats_until_they_expire,
                tells_repeats_after_reopening, tells_repeats_of_forgotten_events, tells_another_body,
                keeps_every_arrival_without_a_key, takes_many_at_once;
            batch: keeps_every_item, tells_repeats_item_by_item, keeps_another_body_of_an_item,
                is_kept_whole_or_not_at_all, is_delivered_item_by_item, goes_with_its_last_item,
                may_be_large;
            lease: is_never_shared, comes_in_order_of_time_due, takes_no_more_than_fits, ends_and_is_fenced,
                is_settled_once, that_is_broken_off_keeps_its_step, that_ran_out_may_have_been_sent,
                keeps_that_it_may_have_been_sent, that_is_released_was_not_taken,
                is_given_at_birth, of_a_dead_process_is_recovered, tells_when_the_next_is_due,
                comes_with_when_the_next_is_due;
            person: redelivers_from_the_beginning, redelivers_only_what_is_final,
                replays_to_other_destinations, cancels_what_is_pending, purges_dead_letters,
                changes_more_than_a_page;
            list: pages_without_gaps, filters_events, filters_deliveries,
                shows_attempts_as_they_were, knows_no_strangers;
            retention: forgets_by_age, spares_what_ended_lately,
                never_touches_what_is_undelivered, tells_the_dead_letters_that_go, forgets_by_size,
                never_gives_a_sequence_twice;
            age: counts_whatever_holds_it, goes_back_to_what_is_asked_for_again,
                is_known_after_reopening, is_found_among_very_many, agrees_with_the_list;
            quarantine: keeps_every_byte_and_no_event, is_listed, makes_room_where_there_is_most,
                goes_by_age_and_by_new_limits, is_released_once, is_released_as_a_repeat, is_released_as_a_batch;
            life: remembers_over_reopening, remembers_statuses, counts, tells_its_condition,
                ends_when_closed;
        }
    };
    ($place:expr; $($module:ident: $($promise:ident),+;)+) => {
        $(mod $module {
            #[allow(unused_imports, reason = "a place may be made of anything")]
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::conformance::$module::$promise(&$place).await;
            })+
        })+
    };
}

/// When the tests begin.
const START: Timestamp = Timestamp::from_millis(1_795_464_951_042);
const WEEK: Duration = Duration::from_hours(168);

/// So many seconds after the start.
fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// The id of the n-th event, which comes n seconds after the start.
fn event_id(number: u64) -> EventId {
    EventId::new(at(number).as_millis() << 16, number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
}

fn first_delivery(number: u64) -> DeliveryId {
    DeliveryId { event: event_id(number), ordinal: 0 }
}

fn event(number: u64) -> Event {
    Event {
        id: event_id(number),
        source: name("github"),
        received_at: at(number),
        peer: None,
        method: "POST".to_owned(),
        target: "/webhook/github?x=1".to_owned(),
        headers: [("content-type", "application/json")].into_iter().collect(),
        body: format!("{{\"number\":{number}}}").into(),
        item: None,
        verification: Verification::Verified,
        provider_event_id: Some(format!("provider-{number}")),
        event_type: Some("push".to_owned()),
    }
}

/// The n-th event, without a dedupe key, to these destinations, for anyone to lease.
fn new_event(number: u64, destinations: &[&str]) -> NewEvent {
    let deliver = |text: &&str| NewDelivery { destination: name(text), leased_until: None };
    NewEvent {
        event: Arc::new(event(number)),
        dedupe: None,
        deliveries: destinations.iter().map(deliver).collect(),
    }
}

/// The n-th event with this key, which expires a week after it came.
fn keyed_event(number: u64, key: u8) -> NewEvent {
    let dedupe = DedupeKey { hash: [key; 16], body: [key; 8], expires_at: at(number).plus(WEEK) };
    NewEvent { dedupe: Some(dedupe), ..new_event(number, &["ci"]) }
}

/// The answer to a repeat of the n-th event, body and all.
fn repeat_of(number: u64) -> Accepted {
    Accepted::Duplicate { id: event_id(number), same_body: true }
}

/// Keeps the events from 0 to below `count`, each with one delivery.
async fn accept_some(store: &Arc<dyn Store>, count: u64, destination: &str) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..count {
        let (store, new) = (Arc::clone(store), new_event(number, &[destination]));
        tasks.spawn(async move { store.accept(new).await });
    }
    while let Some(accepted) = tasks.join_next().await {
        assert_eq!(accepted.unwrap(), Ok(Accepted::New));
    }
}

/// Leases what is due at a second, for a minute.
async fn lease(
    store: &Arc<dyn Store>,
    destination: &str,
    seconds: u64,
    limit: usize,
) -> Vec<Leased> {
    let lease = Lease {
        destination: name(destination),
        limit,
        bytes: usize::MAX,
        now: at(seconds),
        until: at(seconds + 60),
    };
    store.lease(lease).await.unwrap().leased
}

/// Leases the one that is due.
async fn lease_one(store: &Arc<dyn Store>, destination: &str, seconds: u64) -> Leased {
    let mut leased = lease(store, destination, seconds, 10).await;
    assert_eq!(leased.len(), 1, "{leased:?}");
    leased.remove(0)
}

fn success(number: u32) -> Attempt {
    Attempt {
        number,
        started_at: at(1),
        duration: Duration::from_micros(12_345),
        maybe_sent: true,
        response: Some(Response {
            status: 200,
            headers: [("server", "x")].into_iter().collect(),
            body: "ok".into(),
            truncated: false,
        }),
        failure: None,
    }
}

fn failure(number: u32) -> Attempt {
    Attempt {
        response: None,
        maybe_sent: false,
        failure: Some(Failure {
            kind: FailureKind::ConnectRefused,
            detail: "nobody listens at 127.0.0.1:9".to_owned(),
        }),
        ..success(number)
    }
}

fn settlement(held: Held, next: Next, seconds: u64) -> Settlement {
    let attempt = match next {
        Next::Succeeded => success(1),
        _ => failure(1),
    };
    Settlement { held, attempt: Some(attempt), counts: true, next, at: at(seconds) }
}

/// Ends one that is held; it must have been held.
async fn settle(store: &Arc<dyn Store>, held: Held, next: Next, seconds: u64) {
    assert_eq!(store.settle(settlement(held, next, seconds)).await, Ok(true));
}

const EXHAUSTED: Next = Next::DeadLetter(DeadLetterReason::Exhausted);

/// Headers as bytes that are no text.
fn odd_headers() -> HeaderList {
    [
        ("x-bytes", b"\xff\x80\x00".as_slice()),
        ("x-empty", b""),
        ("x-twice", b"1"),
        ("x-twice", b"2"),
    ]
    .into_iter()
    .collect()
}
