//! Lists that would take too long.

use std::time::Duration;

use hookyard_model::{DeliveryFilter, DeliveryState, EventFilter, Page, Store as _, StoreError};
use hookyard_store::SqliteStore;

use crate::place::{Folder, at, new_event};

const PAGE: Page = Page { after: None, limit: 10 };

fn rare_event() -> EventFilter {
    EventFilter { event_type: Some("never".to_owned()), ..EventFilter::default() }
}

fn rare_delivery() -> DeliveryFilter {
    DeliveryFilter { state: Some(DeliveryState::Succeeded), ..DeliveryFilter::default() }
}

#[tokio::test]
async fn what_matches_too_rarely_is_given_up() {
    let folder = Folder::new();
    let mut options = folder.options();
    options.list_time = Duration::ZERO;
    let store = SqliteStore::open(options).unwrap();
    for number in 0..3000 {
        store.accept(new_event(number, 10)).await.unwrap();
    }
    let too_long = |error: &StoreError| matches!(error, StoreError::Unavailable(text) if text.contains("narrow the time"));
    let events = store.events(rare_event(), PAGE).await.unwrap_err();
    assert!(too_long(&events), "{events}");
    let deliveries = store.deliveries(rare_delivery(), PAGE).await.unwrap_err();
    assert!(too_long(&deliveries), "{deliveries}");

    // A page that is found soon is given, and so is what has no deadline.
    assert_eq!(store.events(EventFilter::default(), PAGE).await.unwrap().len(), 10);
    assert_eq!(store.counts().await.unwrap().events, 3000);
    assert_eq!(store.cancel(DeliveryFilter::default(), at(9000)).await, Ok(3000));
    store.close().await.unwrap();

    let store = folder.open_store();
    assert_eq!(store.events(rare_event(), PAGE).await, Ok(vec![]));
    assert_eq!(store.deliveries(rare_delivery(), PAGE).await, Ok(vec![]));
}
