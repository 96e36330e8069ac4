//! Stores what has arrived and hands its deliveries over.

use std::sync::Arc;

use hookyard_delivery::{Clock, Reservation};
use hookyard_model::{
    Accepted, DedupeKey, DeliveryId, Event, EventId, Failpoint, Held, Leased, Name, NewDelivery,
    NewEvent, QuarantineId, StoreError, route,
};

use super::batch::Part;
use super::body::Whole;
use super::dedupe;
use super::road::Road;
use crate::config::{Config, Source};
use crate::feed::Happening;
use crate::problem::Problem;

/// An event that is to be stored, with all that is needed for it.
pub(super) struct Parcel {
    pub(super) config: Arc<Config>,
    pub(super) source: Arc<Source>,
    pub(super) event: Arc<Event>,
    /// By what a repeat of it is told.
    pub(super) told_by: Option<Vec<u8>>,
    /// The events that it carries, which are stored in its stead; empty for most.
    pub(super) parts: Vec<Part>,
    /// By what a person finds the request in the log.
    pub(super) request_id: String,
    /// The request in quarantine that becomes this event or these, in the same transaction.
    pub(super) quarantined: Option<QuarantineId>,
    /// The body, whose memory is counted as long as it may be waiting for the disk.
    pub(super) whole: Whole,
}

impl Parcel {
    /// The events that are stored: the request itself, or those in it.
    fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        let alone = self.parts.is_empty().then_some(&self.event);
        alone.into_iter().chain(self.parts.iter().map(|part| &part.event))
    }

    /// Says in the log that events came under ids that were used before: once for a request,
    /// however many of its events did.
    fn warn_of_conflicts(&self, stored: &Stored) {
        let kept = self.events().zip(stored.events());
        let mut conflicts = kept.filter(|(_, kept)| kept.id_conflict);
        if let Some((event, kept)) = conflicts.next() {
            let (source, more) = (&self.source.name, conflicts.count());
            tracing::warn!(
                %source, event = %kept.id, more, request_id = self.request_id,
                provider_event_id = event.provider_event_id,
                "the provider sent another body under an id it had used before; both events are kept"
            );
        }
    }
}

/// What the store made of a request.
pub(super) enum Stored {
    /// It is one event.
    Alone(Kept),
    /// It carries these.
    Items(Vec<Kept>),
}

/// What the store made of an event.
#[derive(Clone)]
pub(super) struct Kept {
    /// The event's id; the first one's, if it is a repeat.
    pub(super) id: EventId,
    pub(super) duplicate: bool,
    /// Another event came under the same id of the provider's, with another body.
    pub(super) id_conflict: bool,
}

impl Road {
    /// Stores an event, or those that a request carries, unless they are repeats.
    ///
    /// The same id with another body is not a repeat: both are kept, because losing one is worse
    /// than telling two apart that are the same to the provider.
    pub(super) async fn keep(self: Arc<Self>, parcel: Parcel) -> Result<Stored, Problem> {
        #[cfg(any(test, feature = "fault-injection"))]
        crate::fault::panic_at("keep", &parcel.event.target);
        Failpoint::BeforeAccept.pass();
        let request_id = parcel.request_id.as_str();
        let stored = match parcel.parts.as_slice() {
            [] => self.decide(&parcel).await.map(Stored::Alone),
            // Boxed because it is large, and most requests carry one event.
            _ => Box::pin(self.accept_parts(&parcel)).await,
        };
        let stored = stored.map_err(|error| self.store_problem(&error, request_id))?;
        let source = &parcel.source.name;
        let (accepted, duplicates) = stored.counts();
        let event = stored.events().first().map(|kept| tracing::field::display(kept.id));
        let items = parcel.parts.len();
        tracing::debug!(%source, event, items, accepted, duplicates, request_id, "stored");
        self.app.metrics.stored(source, accepted, duplicates);
        parcel.warn_of_conflicts(&stored);
        for (event, kept) in parcel.events().zip(stored.events()) {
            self.app.feed.tell(|| Happening::Received {
                event: Arc::clone(event),
                duplicate: kept.duplicate,
                to: destinations(&parcel.config, event),
            });
        }
        drop(parcel.whole);
        Failpoint::BeforeAnswer.pass();
        Ok(stored)
    }

    async fn decide(&self, parcel: &Parcel) -> Result<Kept, StoreError> {
        let (source, event) = (&parcel.source, &parcel.event);
        let (now, body) = (event.received_at, &parcel.whole.bytes);
        let told_by = parcel.told_by.as_deref();
        let key = told_by.map(|value| dedupe::key(source, value, body, now));
        let first = self.accept_event(parcel, key).await?;
        let (Some(value), Accepted::Duplicate { same_body: false, .. }) = (told_by, first) else {
            return Ok(Kept::new(event, first, false));
        };
        let key = dedupe::conflict_key(source, value, body, now);
        let second = Box::pin(self.accept_event(parcel, Some(key))).await?;
        Ok(Kept::new(event, second, second == Accepted::New))
    }

    /// One transaction: event, dedupe decision and deliveries; then the deliveries are handed over.
    async fn accept_event(
        &self,
        parcel: &Parcel,
        dedupe: Option<DedupeKey>,
    ) -> Result<Accepted, StoreError> {
        let outgoing = Outgoing::new(self, &parcel.config, &parcel.event);
        let accepted = self.commit(parcel.quarantined, outgoing.new_event(dedupe)).await?;
        if accepted == Accepted::New {
            self.hand_over(outgoing);
        }
        Ok(accepted)
    }

    #[cfg(not(feature = "fault-injection"))]
    async fn commit(
        &self,
        quarantined: Option<QuarantineId>,
        new: NewEvent,
    ) -> Result<Accepted, StoreError> {
        match quarantined {
            None => self.app.store.accept(new).await,
            Some(id) => self.app.store.accept_quarantined(id, new).await,
        }
    }

    /// As above; or, so that the tests can be seen to find it, without waiting for the disk.
    #[cfg(feature = "fault-injection")]
    async fn commit(
        &self,
        quarantined: Option<QuarantineId>,
        new: NewEvent,
    ) -> Result<Accepted, StoreError> {
        if let Some(id) = quarantined {
            return self.app.store.accept_quarantined(id, new).await;
        }
        if !crate::fault::is_on(crate::fault::ACK_BEFORE_COMMIT) {
            return self.app.store.accept(new).await;
        }
        let store = Arc::clone(&self.app.store);
        drop(tokio::spawn(async move { store.accept(new).await }));
        Ok(Accepted::New)
    }

    /// Gives stored deliveries to the engine: in memory where it has kept a place, else it is told
    /// that the store has some.
    pub(super) fn hand_over(&self, outgoing: Outgoing) {
        let event = outgoing.event;
        for ((ordinal, destination), place) in (0..).zip(outgoing.to).zip(outgoing.places) {
            self.app.metrics.queued(&destination, 1);
            let Some(place) = place else {
                self.app.engine.wake(&destination);
                continue;
            };
            let id = DeliveryId { event: event.id, ordinal };
            let until = place.leased_until();
            place.hand_over(Leased {
                held: Held { id, lease: 1 },
                event: Arc::clone(&event),
                destination,
                until,
                attempts: 0,
                step: 0,
                maybe_sent: false,
                replayed: false,
            });
        }
    }

    fn store_problem(&self, error: &StoreError, request_id: &str) -> Problem {
        self.app.metrics.store_failed(error);
        self.app.report(error);
        tracing::error!(%error, request_id, "an event could not be stored; the sender was told to try again");
        Problem::from_store(error, self.app.clock.jitter())
    }
}

/// An event on its way to its destinations, with the places that are kept for it there.
pub(super) struct Outgoing {
    pub(super) event: Arc<Event>,
    to: Vec<Name>,
    places: Vec<Option<Reservation>>,
}

impl Outgoing {
    pub(super) fn new(road: &Road, config: &Config, event: &Arc<Event>) -> Self {
        let to = destinations(config, event);
        let places = to.iter().map(|name| road.app.engine.reserve(name)).collect();
        Self { event: Arc::clone(event), to, places }
    }

    /// What the store is to keep of it.
    pub(super) fn new_event(&self, dedupe: Option<DedupeKey>) -> NewEvent {
        let deliveries = self.to.iter().zip(&self.places).map(|(destination, place)| NewDelivery {
            destination: destination.clone(),
            leased_until: place.as_ref().map(Reservation::leased_until),
        });
        let deliveries = deliveries.collect();
        NewEvent { event: Arc::clone(&self.event), dedupe, deliveries }
    }
}

impl Stored {
    /// How many events are new, and how many are repeats.
    pub(super) fn counts(&self) -> (u64, u64) {
        self.events().iter().fold((0, 0), |(new, repeats), kept| {
            if kept.duplicate { (new, repeats + 1) } else { (new + 1, repeats) }
        })
    }

    /// What became of each event.
    pub(super) fn events(&self) -> &[Kept] {
        match self {
            Self::Alone(kept) => std::slice::from_ref(kept),
            Self::Items(items) => items,
        }
    }
}

impl Kept {
    pub(super) fn new(event: &Event, accepted: Accepted, id_conflict: bool) -> Self {
        match accepted {
            Accepted::New => Self { id: event.id, duplicate: false, id_conflict },
            Accepted::Conflict => Self { id: event.id, duplicate: false, id_conflict: true },
            Accepted::Duplicate { id, .. } => Self { id, duplicate: true, id_conflict: false },
        }
    }
}

fn destinations(config: &Config, event: &Event) -> Vec<Name> {
    let event_type = event.event_type.as_deref();
    route::destinations(&config.routes, &event.source, event_type).into_iter().cloned().collect()
}
