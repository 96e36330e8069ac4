//! One event for each of those that a request carries.

use std::sync::Arc;

use hookyard_model::{
    Accepted, DedupeKey, Event, Item, NewBatch, NewItem, QuarantineId, StoreError, Timestamp,
};
use hookyard_signature::{self as signature, ItemBody, NotSplit, Received};

use super::dedupe;
use super::keep::{Kept, Outgoing, Parcel, Stored};
use super::road::Road;
use crate::config::{Batches, Source};

/// About how much memory an item takes beside its bytes until it is stored: without counting it, a
/// list of `{}` would take hundreds of times its own length.
const PER_ITEM: usize = 1024;

/// What a request brings.
pub(super) struct Arrival {
    /// The request as one event.
    pub(super) event: Event,
    /// The events in it; empty where it is itself the event.
    pub(super) items: Vec<signature::Item>,
    /// Why it is one event though it carries several.
    pub(super) not_split: Option<NotSplit>,
    /// What the provider wants to hear once it is kept, if it reads more than the status.
    pub(super) acknowledgement: Option<signature::Answer>,
}

impl Arrival {
    pub(super) fn new(source: &Source, event: Event, received: &Received<'_>) -> Self {
        let provider = source.provider.filter(|_| source.batches == Batches::Split);
        let items = provider.map_or(Ok(Vec::new()), |provider| provider.items(received));
        let not_split = items.as_ref().err().copied();
        let items = items.unwrap_or_default();
        let acknowledgement = source.acknowledgement.and_then(|known| known.answer(received));
        Self { event, items, not_split, acknowledgement }
    }

    /// The memory that is needed beside the body's.
    pub(super) fn memory(&self) -> usize {
        self.items.len() * PER_ITEM
    }

    /// Says in the log that what looks like one event is a batch.
    pub(super) fn warn_if_not_split(&self, source: &Source, request_id: &str) {
        if let Some(error) = self.not_split {
            let source = &source.name;
            tracing::warn!(%source, %error, request_id, "a batch is kept as one event");
        }
    }
}

/// One of the events of a request, which is to be stored.
pub(super) struct Part {
    pub(super) event: Arc<Event>,
    /// Where its body begins in the request's, if it is a part of that.
    start: Option<usize>,
    told_by: Option<Vec<u8>>,
    /// Whether a repeat may have another body.
    repeats_differ: bool,
}

impl Part {
    /// By which the store tells a repeat, and by which it keeps another body under the same id.
    fn keys(&self, source: &Source, now: Timestamp) -> (Option<DedupeKey>, Option<DedupeKey>) {
        let (value, body) = (self.told_by.as_deref(), &self.event.body);
        if self.repeats_differ {
            return (value.map(|value| dedupe::key(source, value, b"", now)), None);
        }
        let key = value.map(|value| dedupe::key(source, value, body, now));
        (key, value.map(|value| dedupe::conflict_key(source, value, body, now)))
    }
}

impl Road {
    /// Makes events of the items of a request, which share all but what is their own with `whole`.
    pub(super) fn parts(
        &self,
        source: &Source,
        whole: &Event,
        items: Vec<signature::Item>,
    ) -> Vec<Part> {
        let of = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let part = |(number, item): (u32, signature::Item)| {
            let (body, start) = match item.body {
                // Where the items were found, so this is within it.
                ItemBody::Part(range) => (whole.body.slice(range.clone()), Some(range.start)),
                ItemBody::Own(bytes) => (bytes.into(), None),
            };
            let repeats_differ = item.repeats_differ;
            let event = Event {
                id: self.app.ids.next(whole.received_at),
                body,
                item: Some(Item { number, of }),
                provider_event_id: item.event_id,
                event_type: item.event_type,
                ..whole.clone()
            };
            let told_by = dedupe::value(source, &event);
            Part { event: Arc::new(event), start, told_by, repeats_differ }
        };
        (1..).zip(items).map(part).collect()
    }

    /// One transaction for all events of a request, each with its own decision; then the
    /// deliveries are handed over.
    pub(super) async fn accept_parts(&self, parcel: &Parcel) -> Result<Stored, StoreError> {
        let now = parcel.event.received_at;
        let mut items = Vec::with_capacity(parcel.parts.len());
        let mut outgoing = Vec::with_capacity(parcel.parts.len());
        for part in &parcel.parts {
            let (key, conflict) = part.keys(&parcel.source, now);
            let out = Outgoing::new(self, &parcel.config, &part.event);
            items.push(NewItem { new: out.new_event(key), start: part.start, conflict });
            outgoing.push(out);
        }
        let batch = NewBatch { body: parcel.whole.bytes.clone(), items };
        let accepted = self.commit_batch(parcel.quarantined, batch).await?;
        let kept = outgoing.into_iter().zip(accepted).map(|(out, accepted)| {
            let kept = Kept::new(&out.event, accepted, false);
            if !kept.duplicate {
                self.hand_over(out);
            }
            kept
        });
        Ok(Stored::Items(kept.collect()))
    }

    #[cfg(not(feature = "fault-injection"))]
    async fn commit_batch(
        &self,
        quarantined: Option<QuarantineId>,
        batch: NewBatch,
    ) -> Result<Vec<Accepted>, StoreError> {
        match quarantined {
            None => self.app.store.accept_batch(batch).await,
            Some(id) => self.app.store.accept_quarantined_batch(id, batch).await,
        }
    }

    /// As above; or, so that the tests can be seen to find it, without waiting for the disk.
    #[cfg(feature = "fault-injection")]
    async fn commit_batch(
        &self,
        quarantined: Option<QuarantineId>,
        batch: NewBatch,
    ) -> Result<Vec<Accepted>, StoreError> {
        if let Some(id) = quarantined {
            return self.app.store.accept_quarantined_batch(id, batch).await;
        }
        if !crate::fault::is_on(crate::fault::ACK_BEFORE_COMMIT) {
            return self.app.store.accept_batch(batch).await;
        }
        let (store, count) = (Arc::clone(&self.app.store), batch.items.len());
        drop(tokio::spawn(async move { store.accept_batch(batch).await }));
        Ok(vec![Accepted::New; count])
    }
}
