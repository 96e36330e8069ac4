//! What a store promises about requests that failed verification.

use std::sync::Arc;
use std::time::Duration;

use hookyard_model::{
    Accepted, QuarantineFilter, QuarantineId, QuarantineLimits, QuarantineTotals, Quarantined,
    Reason, Standing, Store,
};

use super::batch::keyed_batch;
use super::{Place, at, event, event_id, keyed_event, lease_one, name, new_event, odd_headers};

const DAY: Duration = Duration::from_hours(24);
const ROOMY: QuarantineLimits =
    QuarantineLimits { keep: DAY, max_bytes: 1 << 20, max_body: 1 << 20 };

fn id(number: u64) -> QuarantineId {
    QuarantineId::new(event_id(number))
}

fn reason(code: &str) -> Reason {
    Reason { code: code.to_owned(), sentence: format!("it is {code}") }
}

/// The n-th request, which comes n seconds after the start.
fn request(number: u64, source: &str, body: usize) -> Quarantined {
    Quarantined {
        id: id(number),
        source: name(source),
        received_at: at(number),
        request_id: Some(format!("req_{number}")),
        peer: Some([192, 0, 2, 1].into()),
        method: "POST".to_owned(),
        origin: "https://hooks.example.com".to_owned(),
        target: "/webhook/x?a=%00".to_owned(),
        headers: odd_headers(),
        body: vec![0xff; body].into(),
        standing: Standing::Held(reason("signature_mismatch")),
    }
}

async fn keep(store: &Arc<dyn Store>, requests: Vec<Quarantined>) {
    let change = store.quarantine(requests, ROOMY).await.unwrap();
    assert_eq!((change.evicted, change.more), (vec![], false));
}

/// The numbers of what is there, oldest first.
async fn left(store: &Arc<dyn Store>, which: QuarantineFilter) -> Vec<u64> {
    let found = store.quarantine_list(which, None, 1000).await.unwrap();
    found.iter().rev().map(|found| found.request.received_at.since(at(0)).as_secs()).collect()
}

/// Requests come back as they were, over restarts, and are no events.
pub async fn keeps_every_byte_and_no_event(place: &impl Place) {
    let store = place.open().await;
    let kept = request(1, "github", 100_000);
    let bare = Quarantined { peer: None, request_id: None, ..request(2, "stripe", 0) };
    keep(&store, vec![kept.clone(), bare.clone()]).await;
    store.close().await.unwrap();
    let store = place.open().await;
    assert_eq!(store.quarantined(kept.id).await, Ok(Some(kept.clone())));
    assert_eq!(store.quarantined(bare.id).await, Ok(Some(bare.clone())));
    assert_eq!(store.counts().await.unwrap().events, 0);
    assert_eq!(store.event(event_id(1)).await, Ok(None));
    let totals = QuarantineTotals { held: 2, bytes: kept.weight() + bare.weight() };
    assert_eq!(store.quarantine_totals().await, Ok(totals));
    assert!(store.last_sequence() >= bare.id.sequence(), "no event is given the same id");
    let stranger = QuarantineId::new(hookyard_model::EventId::new(id(1).sequence(), 7));
    assert_eq!(store.quarantined(stranger).await, Ok(None));
}

/// Lists are narrowed and come in pages.
pub async fn is_listed(place: &impl Place) {
    let store = place.open().await;
    let source = |number| if number % 2 == 0 { "even" } else { "odd" };
    keep(&store, (0..6).map(|number| request(number, source(number), 7)).collect()).await;
    assert_eq!(store.still_quarantined(id(4), reason("other")).await, Ok(true));
    let all = QuarantineFilter::default();
    let narrow = [
        (QuarantineFilter { source: Some(name("even")), ..all.clone() }, vec![0, 2, 4]),
        (QuarantineFilter { source: Some(name("nobody")), ..all.clone() }, vec![]),
        (QuarantineFilter { code: Some("other".to_owned()), ..all.clone() }, vec![4]),
        (QuarantineFilter { request_id: Some("req_3".to_owned()), ..all.clone() }, vec![3]),
        (QuarantineFilter { released: Some(true), ..all.clone() }, vec![]),
        (QuarantineFilter { since: Some(at(2)), until: Some(at(4)), ..all.clone() }, vec![2, 3]),
    ];
    for (which, expected) in narrow {
        assert_eq!(left(&store, which.clone()).await, expected, "{which:?}");
    }
    let page = store.quarantine_list(all, Some(id(3)), 2).await.unwrap();
    assert_eq!(page.iter().map(|found| found.request.id).collect::<Vec<_>>(), [id(2), id(1)]);
    assert_eq!((page[0].body_len, page[0].request.body.len()), (7, 0));
}

/// What is too much goes from the source that has most; a flood pushes out nothing of others.
pub async fn makes_room_where_there_is_most(place: &impl Place) {
    let store = place.open().await;
    keep(&store, vec![request(0, "quiet", 1000), request(1, "quiet", 1000)]).await;
    let limits = QuarantineLimits { max_bytes: 20 * request(9, "loud", 1000).weight(), ..ROOMY };
    let mut evicted = 0;
    for batch in 0..10 {
        let flood = (0..10).map(|index| request(10 + batch * 10 + index, "loud", 1000)).collect();
        let change = store.quarantine(flood, limits).await.unwrap();
        assert!(change.totals.bytes <= limits.max_bytes, "{change:?}");
        assert!(change.evicted.iter().all(|(source, _)| *source == name("loud")), "{change:?}");
        evicted += change.evicted.iter().map(|(_, count)| count).sum::<u64>();
    }
    let totals = store.quarantine_totals().await.unwrap();
    assert_eq!(totals.held + evicted, 102);
    let left = left(&store, QuarantineFilter::default()).await;
    let loud = totals.held - 2;
    assert_eq!(left, [0, 1].into_iter().chain(110 - loud..110).collect::<Vec<_>>());
}

/// What is too old goes, and what is too much by new limits, step by step.
pub async fn goes_by_age_and_by_new_limits(place: &impl Place) {
    let store = place.open().await;
    keep(&store, (0..5).map(|number| request(number, "github", 10)).collect()).await;
    let change = store.prune_quarantine(ROOMY, at(1).plus(DAY)).await.unwrap();
    assert_eq!((change.evicted, change.more, change.totals.held), (vec![], false, 3));
    assert_eq!(left(&store, QuarantineFilter::default()).await, [2, 3, 4]);
    assert_eq!(store.quarantined(id(1)).await, Ok(None));
    let nothing = QuarantineLimits { max_bytes: 0, ..ROOMY };
    let change = store.prune_quarantine(nothing, at(6)).await.unwrap();
    assert_eq!(change.evicted, [(name("github"), 3)]);
    assert_eq!(change.totals, QuarantineTotals::default());
}

/// A release keeps the event and marks the request, once, however often it is asked for.
pub async fn is_released_once(place: &impl Place) {
    let store = place.open().await;
    keep(&store, vec![request(0, "github", 5000)]).await;
    let mut releases = tokio::task::JoinSet::new();
    for number in 10..20 {
        let store = Arc::clone(&store);
        releases.spawn(async move {
            store.accept_quarantined(id(0), new_event(number, &["ci"])).await.unwrap()
        });
    }
    let answers = releases.join_all().await;
    let new = answers.iter().filter(|answer| **answer == Accepted::New).count();
    assert_eq!((new, store.counts().await.unwrap().events), (1, 1));
    store.close().await.unwrap();
    let store = place.open().await;
    let kept = store.quarantined(id(0)).await.unwrap().unwrap();
    let Standing::Released(event) = kept.standing else { panic!("{kept:?}") };
    assert_eq!(lease_one(&store, "ci", 20).await.held.id.event, event);
    assert_eq!((kept.headers.as_bytes().len(), kept.body.len()), (0, 0), "the event has them");
    let again = store.accept_quarantined(id(0), new_event(30, &["ci"])).await;
    assert_eq!(again, Ok(Accepted::Duplicate { id: event, same_body: true }));
    assert_eq!(store.still_quarantined(id(0), reason("other")).await, Ok(false));
    let totals = store.quarantine_totals().await.unwrap();
    assert_eq!((totals.held, totals.bytes), (0, kept.weight()));
    assert_eq!(
        left(&store, QuarantineFilter { released: Some(true), ..Default::default() }).await,
        [0]
    );
}

/// A release of a repeat makes no event; one with another body is for the caller to decide.
pub async fn is_released_as_a_repeat(place: &impl Place) {
    let store = place.open().await;
    keep(&store, vec![request(0, "github", 10), request(1, "github", 10)]).await;
    assert_eq!(store.accept(keyed_event(5, 1)).await, Ok(Accepted::New));
    let repeat = store.accept_quarantined(id(0), keyed_event(6, 1)).await;
    assert_eq!(repeat, Ok(super::repeat_of(5)));
    let kept = store.quarantined(id(0)).await.unwrap().unwrap();
    assert_eq!(kept.standing, Standing::Released(event_id(5)));
    let mut other = keyed_event(7, 1);
    other.dedupe = other.dedupe.map(|key| hookyard_model::DedupeKey { body: [9; 8], ..key });
    let other = store.accept_quarantined(id(1), other).await;
    assert_eq!(other, Ok(Accepted::Duplicate { id: event_id(5), same_body: false }));
    let kept = store.quarantined(id(1)).await.unwrap().unwrap();
    assert_eq!(kept.standing, Standing::Held(reason("signature_mismatch")));
    assert_eq!(store.accept_quarantined(id(9), new_event(8, &[])).await, Ok(Accepted::New));
    assert_eq!(*store.event(event_id(8)).await.unwrap().unwrap(), event(8));
}

/// A batch is let in whole, once: each item by its own decision, the request as the first of them.
pub async fn is_released_as_a_batch(place: &impl Place) {
    let store = place.open().await;
    keep(&store, vec![request(0, "github", 10)]).await;
    assert_eq!(store.accept(keyed_event(5, 2)).await, Ok(Accepted::New));
    let batch = || keyed_batch(&[(10, 1), (11, 2)]);
    let released = store.accept_quarantined_batch(id(0), batch()).await;
    assert_eq!(released, Ok(vec![Accepted::New, super::repeat_of(5)]));
    let kept = store.quarantined(id(0)).await.unwrap().unwrap();
    assert_eq!(kept.standing, Standing::Released(event_id(10)));
    let again = store.accept_quarantined_batch(id(0), batch()).await;
    assert_eq!(again, Ok(vec![super::repeat_of(10); 2]));
    assert_eq!(store.counts().await.unwrap().events, 2);
}
