//! What is remembered of fetched keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_signature::Fetch;
use tokio::sync::Mutex as Waiting;
use tokio::time::Instant;

use super::{Found, Unavailable};
use crate::config::Source;

/// So many things are remembered at once, of 64 KiB at most each.
const MOST: usize = 256;

/// What is fetched from where. The same URL at another mirror is another thing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    mirror: Option<String>,
    fetch: Fetch,
}

impl Place {
    pub(super) fn new(source: &Source, fetch: &Fetch) -> Self {
        Self { mirror: source.keys_url.clone(), fetch: fetch.clone() }
    }
}

/// What is known of one thing.
#[derive(Default)]
pub(super) struct Known {
    pub(super) kept: Kept,
    /// Whether it was ever there: then it is not one of those that somebody makes up.
    pub(super) was_found: bool,
}

/// What came of the last try.
#[derive(Default)]
pub(super) enum Kept {
    /// There was none.
    #[default]
    Nothing,
    /// This was there.
    Found(Found),
    /// It failed, then.
    Failed(Unavailable, Instant),
}

/// One thing; locked while it is being fetched.
pub(super) struct Slot {
    pub(super) known: Waiting<Known>,
    since: Instant,
}

/// Everything that is remembered.
#[derive(Default)]
pub(super) struct Cache {
    slots: Mutex<HashMap<Place, Arc<Slot>>>,
}

impl Cache {
    /// The slot of a place.
    pub(super) fn slot(&self, place: &Place) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(place) {
            return Arc::clone(slot);
        }
        if slots.len() >= MOST {
            make_room(&mut slots);
        }
        let slot = Slot { known: Waiting::default(), since: Instant::now() };
        Arc::clone(slots.entry(place.clone()).or_insert(Arc::new(slot)))
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Forgets one thing: the oldest of those that were never found, or else the oldest. What is being
/// fetched at the moment stays.
fn make_room(slots: &mut HashMap<Place, Arc<Slot>>) {
    let value = |slot: &Slot| Some((slot.known.try_lock().ok()?.was_found, slot.since));
    let ranked = slots.iter().filter_map(|(place, slot)| Some((value(slot)?, place)));
    let least = ranked.min_by_key(|(value, _)| *value).map(|(_, place)| place.clone());
    if let Some(place) = least {
        slots.remove(&place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: usize) -> Place {
        let url = format!("https://example.com/{number}");
        let fetch = Fetch { url, body: None, authorization: None, max_age: 1 };
        Place { mirror: None, fetch }
    }

    #[tokio::test]
    async fn keys_stay_when_what_was_made_up_can_go() {
        let cache = Cache::default();
        let good = cache.slot(&place(0));
        good.known.lock().await.was_found = true;
        for number in 1..10 * MOST {
            cache.slot(&place(number));
        }
        assert_eq!(cache.len(), MOST);
        assert!(Arc::ptr_eq(&good, &cache.slot(&place(0))));
    }
}
