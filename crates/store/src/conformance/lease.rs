//! What the turns of a delivery promise: lease, settle, release, recover.

use std::collections::HashSet;
use std::sync::Arc;

use hookyard_model::{
    Accepted, Attempt, DeliveryState, Due, Event, Held, Lease, Leased, Name, NewDelivery, NewEvent,
    Next, Settlement, Store, Timestamp,
};

use super::{
    EXHAUSTED, Place, accept_some, at, event, event_id, failure, first_delivery, lease, lease_one,
    name, new_event, settle, settlement,
};

/// Two workers never hold the same delivery.
pub async fn is_never_shared(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 500, "ci").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut held = Vec::new();
            loop {
                let leased = lease(&store, "ci", 1000, 7).await;
                if leased.is_empty() {
                    return held;
                }
                held.extend(leased.into_iter().map(|leased| leased.held));
            }
        });
    }
    let all: Vec<Held> = tasks.join_all().await.concat();
    let distinct: HashSet<_> = all.iter().map(|held| held.id).collect();
    assert_eq!((all.len(), distinct.len()), (500, 500));
}

/// The oldest first, those of one destination alone, not more than asked for, none too early; and
/// each comes with its event, whole.
pub async fn comes_in_order_of_time_due(place: &impl Place) {
    let store = place.open().await;
    for number in [3, 1, 2, 4] {
        let new = new_event(number, &["ci", "other"]);
        assert_eq!(store.accept(new).await, Ok(Accepted::New));
    }
    let taken = lease(&store, "ci", 3, 2).await;
    let expected = |number| Leased {
        held: Held { id: first_delivery(number), lease: 1 },
        event: Arc::new(event(number)),
        destination: name("ci"),
        until: at(63),
        attempts: 0,
        step: 0,
        maybe_sent: false,
        replayed: false,
    };
    assert_eq!(taken, [expected(1), expected(2)]);
    assert_eq!(lease(&store, "ci", 3, 2).await, [expected(3)]);
    assert!(lease(&store, "nobody", 100, 2).await.is_empty());
    assert_eq!(lease(&store, "other", 100, 10).await.len(), 4);
}

/// Large bodies are not all taken at once, and the largest is taken all the same.
pub async fn takes_no_more_than_fits(place: &impl Place) {
    let store = place.open().await;
    for (number, len) in [(0, 100), (1, 100), (2, 100), (3, 5000), (4, 0), (5, 0), (6, 100)] {
        let event = Event { body: vec![b'x'; len].into(), ..event(number) };
        let new = NewEvent { event: Arc::new(event), ..new_event(number, &["ci"]) };
        assert_eq!(store.accept(new).await, Ok(Accepted::New));
    }
    let replayed = store.replay(event_id(3), vec![name("ci")], at(7)).await.unwrap();
    assert_eq!(replayed.map(|made| made.len()), Some(1));
    assert_eq!(store.accept(new_event(8, &["ci"])).await, Ok(Accepted::New));
    let mut taken = Vec::new();
    loop {
        let (now, until) = (at(10), at(100));
        let lease = Lease { destination: name("ci"), limit: 3, bytes: 150, now, until };
        match store.lease(lease).await.unwrap().leased.len() {
            0 => break,
            len => taken.push(len),
        }
    }
    assert_eq!(taken, [2, 2, 3, 1, 1]);
}

/// A lease that ran out is someone else's; a late settlement changes nothing.
pub async fn ends_and_is_fenced(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    let first = lease_one(&store, "ci", 0).await;
    assert!(lease(&store, "ci", 59, 1).await.is_empty());
    let second = lease_one(&store, "ci", 60).await;
    assert_eq!(second.held, Held { lease: 2, ..first.held });
    for next in [Next::Succeeded, Next::RetryAt(at(1)), EXHAUSTED] {
        assert_eq!(store.settle(settlement(first.held, next, 61)).await, Ok(false));
    }
    let (delivery, attempts) = store.delivery(first.held.id).await.unwrap().unwrap();
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, 0));
    assert_eq!((delivery.due_at, attempts.len()), (Some(at(120)), 0));
    store.release(vec![first.held], at(0)).await.unwrap();
    assert!(lease(&store, "ci", 61, 1).await.is_empty(), "a late release changes nothing either");
    settle(&store, second.held, Next::Succeeded, 62).await;
}

/// A lease that ran out, but that no one took over, still settles; a settled one does not settle again.
pub async fn is_settled_once(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    let first = lease_one(&store, "ci", 0).await;
    settle(&store, first.held, Next::RetryAt(at(100)), 99).await;
    assert_eq!(store.settle(settlement(first.held, Next::Succeeded, 99)).await, Ok(false));
    assert!(lease(&store, "ci", 99, 1).await.is_empty());
    let second = lease_one(&store, "ci", 100).await;
    assert_eq!((second.attempts, second.step, second.maybe_sent), (1, 1, false));
    let nothing = Settlement { attempt: None, ..settlement(second.held, EXHAUSTED, 101) };
    assert_eq!(store.settle(nothing).await, Ok(true));
    assert_eq!(store.settle(settlement(second.held, Next::Succeeded, 102)).await, Ok(false));
    let (delivery, attempts) = store.delivery(first.held.id).await.unwrap().unwrap();
    assert_eq!((delivery.state, delivery.due_at), (DeliveryState::DeadLetter, None));
    assert_eq!((delivery.finished_at, delivery.attempts), (Some(at(101)), 1));
    assert_eq!(attempts.len(), 1);
}

/// An attempt that does not count is kept, and leaves the retry schedule where it was.
pub async fn that_is_broken_off_keeps_its_step(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    for (seconds, counts) in [(0, true), (1, false), (2, false), (3, true)] {
        let leased = lease_one(&store, "ci", seconds).await;
        let next = Next::RetryAt(at(seconds + 1));
        let settlement = Settlement { counts, ..settlement(leased.held, next, seconds) };
        assert_eq!(store.settle(settlement).await, Ok(true));
    }
    let leased = lease_one(&store, "ci", 4).await;
    assert_eq!((leased.attempts, leased.step), (4, 2));
    let (_, attempts) = store.delivery(leased.held.id).await.unwrap().unwrap();
    assert_eq!(attempts.len(), 4);
}

/// What was taken and never settled may have been sent.
pub async fn that_ran_out_may_have_been_sent(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    assert!(!lease_one(&store, "ci", 0).await.maybe_sent);
    let second = lease_one(&store, "ci", 60).await;
    assert!(second.maybe_sent);
    assert_eq!((second.attempts, second.step), (0, 0));
}

/// Once it may have been sent it stays so, whatever later attempts say.
pub async fn keeps_that_it_may_have_been_sent(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    let mut expected = false;
    for (round, sent) in [(0, false), (1, true), (2, false)] {
        let seconds = u64::from(round) * 10;
        let leased = lease_one(&store, "ci", seconds).await;
        assert_eq!(leased.maybe_sent, expected, "{round}");
        let attempt = Attempt { maybe_sent: sent, ..failure(round + 1) };
        let next = Next::RetryAt(at(seconds + 10));
        let settlement =
            Settlement { attempt: Some(attempt), ..settlement(leased.held, next, seconds) };
        assert_eq!(store.settle(settlement).await, Ok(true));
        expected |= sent;
    }
}

/// What is given back untried is as if it had not been taken.
pub async fn that_is_released_was_not_taken(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 2, "ci").await;
    let held: Vec<Held> =
        lease(&store, "ci", 1, 2).await.iter().map(|leased| leased.held).collect();
    store.release(held.clone(), at(5)).await.unwrap();
    assert!(lease(&store, "ci", 4, 2).await.is_empty());
    assert_eq!(store.settle(settlement(held[0], Next::Succeeded, 5)).await, Ok(false));
    let again = lease(&store, "ci", 5, 2).await;
    assert_eq!(again.len(), 2);
    for leased in again {
        assert!(!leased.maybe_sent && leased.attempts == 0 && leased.step == 0, "{leased:?}");
    }
}

/// Whoever accepts an event may hold its deliveries from the beginning.
pub async fn is_given_at_birth(place: &impl Place) {
    let store = place.open().await;
    let born = |number| NewEvent {
        deliveries: vec![NewDelivery { destination: name("ci"), leased_until: Some(at(60)) }],
        ..new_event(number, &[])
    };
    for number in [0, 1] {
        assert_eq!(store.accept(born(number)).await, Ok(Accepted::New));
    }
    assert!(lease(&store, "ci", 59, 1).await.is_empty());
    let held = Held { id: first_delivery(0), lease: 1 };
    settle(&store, held, Next::Succeeded, 30).await;
    let left = lease_one(&store, "ci", 60).await;
    assert_eq!(left.held, Held { id: first_delivery(1), lease: 2 });
    assert!(left.maybe_sent);
}

/// After a restart what had been taken is due and may have been sent, and what waits for its next
/// attempt goes on waiting.
pub async fn of_a_dead_process_is_recovered(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 4, "ci").await;
    let taken = lease(&store, "ci", 1, 2).await;
    settle(&store, taken[1].held, Next::RetryAt(at(9000)), 2).await;
    let done = lease(&store, "ci", 2, 1).await;
    settle(&store, done[0].held, Next::Succeeded, 2).await;
    store.close().await.unwrap();

    let store = place.open().await;
    assert_eq!(store.recover(at(10)).await, Ok(3));
    let due = lease(&store, "ci", 10, 10).await;
    let flags: HashSet<_> =
        due.iter().map(|leased| (leased.held.id, leased.attempts, leased.maybe_sent)).collect();
    let expected = [(first_delivery(0), 0, true), (first_delivery(3), 0, false)];
    assert_eq!(flags, HashSet::from(expected));
    let waited = lease(&store, "ci", 9000, 10).await;
    let waited = waited.iter().find(|leased| leased.held.id == first_delivery(1));
    let steps = waited.map(|leased| (leased.attempts, leased.step, leased.maybe_sent));
    assert_eq!(steps, Some((1, 1, false)));
    assert_eq!(store.settle(settlement(taken[0].held, Next::Succeeded, 11)).await, Ok(false));
}

/// The first time due of each destination that has something pending.
pub async fn tells_when_the_next_is_due(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.next_due().await, Ok(vec![]));
    for (number, to) in [(5, "a"), (3, "a"), (4, "b")] {
        assert_eq!(store.accept(new_event(number, &[to])).await, Ok(Accepted::New));
    }
    assert_eq!(next_due(&store).await, [(name("a"), at(3)), (name("b"), at(4))]);
    let leased = lease(&store, "a", 3, 1).await;
    assert_eq!(next_due(&store).await, [(name("a"), at(5)), (name("b"), at(4))]);
    settle(&store, leased[0].held, Next::RetryAt(at(4)), 4).await;
    let leased = lease_one(&store, "b", 4).await;
    settle(&store, leased.held, Next::Succeeded, 4).await;
    assert_eq!(next_due(&store).await, [(name("a"), at(4))]);
}

/// What is taken comes with when the next is due: not with the end of its own lease, and not with
/// what is due already.
pub async fn comes_with_when_the_next_is_due(place: &impl Place) {
    let store = place.open().await;
    for number in 3..8 {
        assert_eq!(store.accept(new_event(number, &["a"])).await, Ok(Accepted::New));
    }
    let next = async |now: u64, limit| {
        let lease = Lease {
            destination: name("a"),
            limit,
            bytes: usize::MAX,
            now: at(now),
            until: at(now + 60),
        };
        store.lease(lease).await.unwrap().next
    };
    assert_eq!(next(2, 9).await, Some(at(3)));
    assert_eq!(next(4, 9).await, Some(at(5)));
    assert_eq!(next(6, 1).await, Some(at(7)));
    // Others' leases end then.
    assert_eq!(next(7, 9).await, Some(at(64)));
    assert_eq!(
        store
            .lease(Lease { destination: name("b"), limit: 1, bytes: 1, now: at(9), until: at(9) })
            .await,
        Ok(Due::default())
    );
}

async fn next_due(store: &Arc<dyn Store>) -> Vec<(Name, Timestamp)> {
    let mut due = store.next_due().await.unwrap();
    due.sort();
    due
}
