//! Rows that cannot be read.

use hookyard_model::{
    DeadLetterReason, DeliveryFilter, DeliveryState, Lease, Name, Page, Store as _, StoreError,
};

use crate::place::{Folder, at, event_id, new_event};

#[tokio::test]
async fn an_event_that_cannot_be_read_holds_up_none_of_the_others() {
    let folder = Folder::new();
    let store = folder.open_store();
    for number in 0..12 {
        store.accept(new_event(number, 10)).await.unwrap();
    }
    store.close().await.unwrap();
    let spoil = |sql: &str, number: u64| {
        let row = event_id(number).sequence().cast_signed();
        assert_eq!(folder.sqlite().execute(sql, [row]).unwrap(), 1);
    };
    for number in [0, 1, 2, 7] {
        spoil("UPDATE event SET verification = 'perhaps' WHERE id = ?1", number);
    }
    spoil("DELETE FROM payload WHERE event = ?1", 3);

    let store = folder.open_store();
    let lease = Lease {
        destination: Name::new("ci").unwrap(),
        limit: 2,
        bytes: usize::MAX,
        now: at(100),
        until: at(200),
    };
    let mut leased = Vec::new();
    loop {
        let some = store.lease(lease.clone()).await.unwrap().leased;
        if some.is_empty() {
            break;
        }
        leased.extend(some.iter().map(|leased| leased.event.id));
    }
    assert_eq!(leased, [4, 5, 6, 8, 9, 10, 11].map(event_id));
    assert!(matches!(store.event(event_id(0)).await, Err(StoreError::Unreadable(_))));
    let dead = DeliveryFilter { state: Some(DeliveryState::DeadLetter), ..Default::default() };
    let dead = store.deliveries(dead, Page { after: None, limit: 10 }).await.unwrap();
    let found: Vec<_> = dead.iter().map(|delivery| (delivery.id.event, delivery.reason)).collect();
    let unreadable = Some(DeadLetterReason::Unreadable);
    assert_eq!(found, [7, 3, 2, 1, 0].map(|number| (event_id(number), unreadable)));
    store.probe().await.unwrap();
}
