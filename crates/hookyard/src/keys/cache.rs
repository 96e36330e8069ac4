//! What is remembered of fetched keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(test)]
use std::time::Duration;

use bytes::Bytes;
use hookyard_signature::Fetch;
use tokio::sync::Mutex as Waiting;
use tokio::time::Instant;

use super::{FAILURE_HOLDS, Found, Unavailable};
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
struct Known {
    /// What was there when it was last found; then it is not one of those that somebody makes up.
    found: Option<Found>,
    /// Why the last try failed, if it did, and when.
    failed: Option<(Unavailable, Instant)>,
}

/// One thing.
pub(super) struct Slot {
    /// Held by who fetches it. What is known can be read meanwhile.
    fetching: Waiting<()>,
    /// Locked for a moment, never while something is waited for.
    known: Mutex<Known>,
    since: Instant,
}

impl Slot {
    fn new() -> Self {
        Self { fetching: Waiting::default(), known: Mutex::default(), since: Instant::now() }
    }

    /// What is known, if it is good enough, or what comes of fetching it. Whoever comes while it
    /// is being fetched waits, and finds what came of it. `may_fetch` is asked before.
    pub(super) async fn once(
        &self,
        is_good: impl Fn(&Found) -> bool,
        may_fetch: impl FnOnce() -> Result<(), Unavailable>,
        fetch: impl Future<Output = Result<Bytes, Unavailable>>,
    ) -> Result<Found, Unavailable> {
        if let Some(answer) = self.answer(&is_good) {
            return answer;
        }
        let _fetching = self.fetching.lock().await;
        if let Some(answer) = self.answer(&is_good) {
            return answer;
        }
        may_fetch()?;
        let fetched = fetch.await;
        let now = Instant::now();
        let fetched = fetched.map(|bytes| Found { bytes, fetched_at: now });
        self.keep(&fetched, now);
        fetched
    }

    /// What can be said without fetching it: what was found, if that is good enough, or that it
    /// has just failed.
    fn answer(&self, is_good: impl Fn(&Found) -> bool) -> Option<Result<Found, Unavailable>> {
        let known = self.known();
        if let Some(found) = known.found.as_ref().filter(|found| is_good(found)) {
            return Some(Ok(found.clone()));
        }
        let (failure, at) = known.failed.as_ref()?;
        let retry_after = FAILURE_HOLDS.checked_sub(at.elapsed())?;
        Some(Err(Unavailable { retry_after, ..failure.clone() }))
    }

    /// What was last found, however long ago.
    pub(super) fn found(&self) -> Option<Found> {
        self.known().found.clone()
    }

    /// Remembers what came of a try. A failure takes nothing away: what was found is good until
    /// its time is over, whether or not there is a newer one.
    fn keep(&self, fetched: &Result<Found, Unavailable>, now: Instant) {
        let mut known = self.known();
        match fetched {
            Ok(found) => *known = Known { found: Some(found.clone()), failed: None },
            Err(failure) => known.failed = Some((failure.clone(), now)),
        }
    }

    /// As if nothing had ever been found.
    pub(super) fn forget(&self) {
        self.known().found = None;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As if all that is known had been found out longer ago.
    #[cfg(test)]
    pub(super) fn age(&self, by: Duration) {
        let mut known = self.known();
        let earlier = |at: &mut Instant| *at = at.checked_sub(by).unwrap();
        known.found.iter_mut().for_each(|found| earlier(&mut found.fetched_at));
        known.failed.iter_mut().for_each(|(_, at)| earlier(at));
    }
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
        Arc::clone(slots.entry(place.clone()).or_insert(Arc::new(Slot::new())))
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Forgets one thing: the oldest of those that were never found, or else the oldest. What is being
/// fetched at the moment stays.
fn make_room(slots: &mut HashMap<Place, Arc<Slot>>) {
    let value = |slot: &Slot| {
        let _free = slot.fetching.try_lock().ok()?;
        Some((slot.known().found.is_some(), slot.since))
    };
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

    #[test]
    fn keys_stay_when_what_was_made_up_can_go() {
        let cache = Cache::default();
        let good = cache.slot(&place(0));
        let now = Instant::now();
        good.keep(&Ok(Found { bytes: Bytes::new(), fetched_at: now }), now);
        for number in 1..10 * MOST {
            cache.slot(&place(number));
        }
        assert_eq!(cache.len(), MOST);
        assert!(Arc::ptr_eq(&good, &cache.slot(&place(0))));
    }
}
