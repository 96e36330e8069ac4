//! What [`Store::accept_batch`](hookyard_model::Store::accept_batch) promises.

use std::sync::Arc;
use std::time::Duration;

use hookyard_model::{
    Accepted, DedupeKey, Event, EventFilter, Item, NewBatch, NewEvent, NewItem, Next, Page,
    Retention,
};

use super::{
    EXHAUSTED, Place, WEEK, at, event, event_id, keyed_event, lease, name, new_event, odd_headers,
    settle,
};

/// The n-th event as an item of these bytes, which it says nothing of itself.
fn item_of(batch: &str, new: NewEvent, part: &str) -> NewItem {
    let start = batch.find(part);
    let event = Event { body: part.to_owned().into(), ..(*new.event).clone() };
    NewItem { new: NewEvent { event: Arc::new(event), ..new }, start, conflict: None }
}

fn numbered(mut items: Vec<NewItem>) -> Vec<NewItem> {
    let of = u32::try_from(items.len()).unwrap();
    for (number, item) in (1..).zip(&mut items) {
        let event = (*item.new.event).clone();
        item.new.event = Arc::new(Event { item: Some(Item { number, of }), ..event });
    }
    items
}

/// A batch of events with these numbers, each with its number as its key.
pub(super) fn keyed_batch(numbers: &[(u64, u8)]) -> NewBatch {
    let body = "[{},{}]";
    let items = numbers.iter().map(|&(number, key)| item_of(body, keyed_event(number, key), "{}"));
    NewBatch { body: body.into(), items: numbered(items.collect()) }
}

fn repeat(number: u64, same_body: bool) -> Accepted {
    Accepted::Duplicate { id: event_id(number), same_body }
}

/// Each item comes back as it was, and so does the request, before and after a restart.
pub async fn keeps_every_item(place: &impl Place) {
    let body = "[{\"a\":1} , {\"b\":2},\n{}] ";
    let mut items: Vec<_> =
        [(0, "{\"a\":1}"), (1, "{\"b\":2}"), (2, "{}"), (3, "{\"own\":\"\u{e9}\"}")]
            .map(|(number, part)| item_of(body, new_event(number, &["ci"]), part))
            .into();
    for item in &mut items {
        let event = Event { headers: odd_headers(), ..(*item.new.event).clone() };
        item.new.event = Arc::new(event);
    }
    let items = numbered(items);
    let mut store = place.open().await;
    let accepted = store.accept_batch(NewBatch { body: body.into(), items: items.clone() }).await;
    assert_eq!(accepted, Ok(vec![Accepted::New; 4]));
    let alone = new_event(9, &[]);
    assert_eq!(store.accept(alone.clone()).await, Ok(Accepted::New));
    for _ in 0..2 {
        for item in &items {
            let id = item.new.event.id;
            assert_eq!(store.event(id).await, Ok(Some(Arc::clone(&item.new.event))));
            assert_eq!(store.request_body(id).await, Ok(Some(body.into())));
        }
        assert_eq!(store.request_body(event_id(9)).await, Ok(Some(alone.event.body.clone())));
        assert_eq!(store.request_body(event_id(8)).await, Ok(None));
        let page = Page { after: None, limit: 10 };
        let listed = store.events(EventFilter::default(), page).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|it| (it.event.item, it.body_len)).collect();
        let item = |number| Some(Item { number, of: 4 });
        assert_eq!(listed, [(None, 12), (item(4), 12), (item(3), 2), (item(2), 7), (item(1), 7)]);
        store.close().await.unwrap();
        store = place.open().await;
    }
}

/// Each item is told for itself, also against those before it in the same request.
pub async fn tells_repeats_item_by_item(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.accept(keyed_event(0, 1)).await, Ok(Accepted::New));
    let accepted = store.accept_batch(keyed_batch(&[(1, 2), (2, 1), (3, 3), (4, 2)])).await;
    let expected = vec![Accepted::New, repeat(0, true), Accepted::New, repeat(1, true)];
    assert_eq!(accepted, Ok(expected));
    let accepted = store.accept_batch(keyed_batch(&[(5, 3), (6, 4)])).await;
    assert_eq!(accepted, Ok(vec![repeat(3, true), Accepted::New]));
    let accepted = store.accept_batch(keyed_batch(&[(7, 1), (8, 2)])).await;
    assert_eq!(accepted, Ok(vec![repeat(0, true), repeat(1, true)]));
    assert_eq!(store.counts().await.unwrap().events, 4);
    assert_eq!(store.event(event_id(7)).await, Ok(None));
    assert_eq!(store.accept(keyed_event(9, 4)).await, Ok(repeat(6, true)));
}

/// The key of another item with another body: both are kept, once each.
pub async fn keeps_another_body_of_an_item(place: &impl Place) {
    let store = place.open().await;
    let with_body = |number, body| {
        let mut batch = keyed_batch(&[(number, 1)]);
        for item in &mut batch.items {
            item.new.dedupe = item.new.dedupe.map(|key| DedupeKey { body, ..key });
            item.conflict = item.new.dedupe.map(|key| DedupeKey { hash: [9; 16], ..key });
        }
        batch
    };
    assert_eq!(store.accept_batch(with_body(0, [1; 8])).await, Ok(vec![Accepted::New]));
    assert_eq!(store.accept_batch(with_body(1, [2; 8])).await, Ok(vec![Accepted::Conflict]));
    assert_eq!(store.accept_batch(with_body(2, [2; 8])).await, Ok(vec![repeat(1, true)]));
    assert_eq!(store.accept_batch(with_body(3, [1; 8])).await, Ok(vec![repeat(0, true)]));
    assert_eq!(store.counts().await.unwrap().events, 2);
}

/// When one item cannot be kept, none is, and nothing of the request.
pub async fn is_kept_whole_or_not_at_all(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.accept(new_event(1, &["ci"])).await, Ok(Accepted::New));
    let clash = store.accept_batch(keyed_batch(&[(0, 1), (1, 2), (2, 3)])).await;
    assert!(clash.is_err(), "{clash:?}");
    for number in [0, 2] {
        assert_eq!(store.event(event_id(number)).await, Ok(None));
        assert_eq!(store.request_body(event_id(number)).await, Ok(None));
    }
    assert_eq!(store.counts().await.unwrap().events, 1);
    let again = store.accept_batch(keyed_batch(&[(3, 1), (4, 2), (5, 3)])).await;
    assert_eq!(again, Ok(vec![Accepted::New; 3]), "no key was kept");
}

/// Items are leased, settled and replayed as other events are.
pub async fn is_delivered_item_by_item(place: &impl Place) {
    let store = place.open().await;
    let batch = keyed_batch(&[(0, 1), (1, 2), (2, 3)]);
    let events: Vec<_> = batch.items.iter().map(|item| Arc::clone(&item.new.event)).collect();
    assert_eq!(store.accept_batch(batch).await, Ok(vec![Accepted::New; 3]));
    let leased = lease(&store, "ci", 3, 10).await;
    let found: Vec<_> = leased.iter().map(|leased| Arc::clone(&leased.event)).collect();
    assert_eq!(found, events);
    for leased in &leased {
        settle(&store, leased.held, Next::Succeeded, 4).await;
    }
    let replayed = store.replay(event_id(1), vec![name("other")], at(5)).await.unwrap();
    assert_eq!(replayed.unwrap().len(), 1);
    let leased = lease(&store, "other", 5, 10).await;
    assert_eq!(leased[0].event, events[1]);
}

/// An item that is old goes alone, and the request with the last of them.
pub async fn goes_with_its_last_item(place: &impl Place) {
    let store = place.open().await;
    let batch = keyed_batch(&[(0, 1), (1, 2), (2, 3)]);
    assert_eq!(store.accept_batch(batch.clone()).await, Ok(vec![Accepted::New; 3]));
    let leased = lease(&store, "ci", 3, 3).await;
    for (leased, next) in leased.iter().zip([Next::Succeeded, EXHAUSTED, Next::Succeeded]) {
        settle(&store, leased.held, next, 4).await;
    }
    let day = Duration::from_hours(24);
    let retention = Retention { delivered: day, dead_letters: WEEK, max_bytes: None };
    assert_eq!(store.prune(retention, at(5).plus(day)).await.unwrap().events, 2);
    let kept = store.event(event_id(1)).await.unwrap().unwrap();
    assert_eq!(kept.body, batch.items[1].new.event.body);
    assert_eq!(store.request_body(event_id(1)).await, Ok(Some(batch.body)));
    assert_eq!(store.prune(retention, at(5).plus(WEEK)).await.unwrap().events, 1);
    assert_eq!(store.request_body(event_id(1)).await, Ok(None));
    assert_eq!(store.counts().await, Ok(hookyard_model::Counts::default()));
}

/// Very many items of one request are kept and delivered, each with its own bytes.
pub async fn may_be_large(place: &impl Place) {
    const MANY: u64 = 2000;
    let store = place.open().await;
    let parts: Vec<String> = (0..MANY).map(|n| format!("{{\"n\":{n:08}}}")).collect();
    let body = parts.join(",");
    let items = (0..).zip(&parts).map(|(number, part)| {
        let mut item = item_of("", new_event(number, &["ci"]), part);
        item.start = Some(usize::try_from(number).unwrap() * (part.len() + 1));
        item
    });
    let items = numbered(items.collect());
    let batch = NewBatch { body: body.clone().into(), items };
    let accepted = store.accept_batch(batch).await.unwrap();
    assert!(accepted.iter().all(|accepted| *accepted == Accepted::New));
    assert_eq!(accepted.len(), parts.len());
    let mut found = Vec::new();
    while found.len() < parts.len() {
        let leased = lease(&store, "ci", MANY, 64).await;
        assert!(!leased.is_empty());
        found.extend(leased.into_iter().map(|leased| leased.event.body.clone()));
    }
    assert_eq!(found, parts);
    assert_eq!(store.last_sequence(), event(MANY - 1).id.sequence());
}
