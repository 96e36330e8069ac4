//! What a database must promise to keep events and deliveries.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{
    Attempt, DedupeKey, Delivery, DeliveryId, DeliveryState, DestinationStatus, Event, EventId,
    Held, Leased, Name, NewDelivery, QuarantineChange, QuarantineFilter, QuarantineId,
    QuarantineLimits, QuarantineSummary, QuarantineTotals, Quarantined, Reason, Settlement,
    Timestamp,
};

/// What a verb of [`Store`] gives back: a future, boxed, so that a store can be a trait object.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The verbs of a delivery's life. Each is one transaction, on stable storage when its future is
/// ready with `Ok`; a store groups those that wait at the same time. `redeliver`, `cancel` and
/// `purge` may be several transactions when they meet many deliveries, each of them whole.
///
/// `hookyard-store` holds a suite of tests that every implementation passes.
pub trait Store: Send + Sync + 'static {
    /// Keeps an event with its dedupe decision and its deliveries, all or nothing.
    ///
    /// An event whose dedupe key is known and has not expired is not kept; the answer names the
    /// first one and says whether the body is the same. A key has expired when `received_at` is its `expires_at` or later.
    fn accept(&self, new: NewEvent) -> StoreFuture<'_, Accepted>;

    /// Keeps the events of one request as [`Store::accept`] keeps one, all of them or none: what
    /// they share is kept once. Each has its own dedupe decision, also against those before it.
    /// Gives back what became of each, in their order.
    fn accept_batch(&self, batch: NewBatch) -> StoreFuture<'_, Vec<Accepted>>;

    /// Takes up to `limit` due deliveries to one destination, oldest first, for this caller alone
    /// until `lease.until`.
    ///
    /// Fewer than `limit` means that no more are due, unless the bodies have `lease.bytes` together.
    /// One whose earlier lease ran out unsettled comes with `maybe_sent`. One whose event cannot be
    /// read holds up none of the others: it becomes a dead letter, with
    /// [`crate::DeadLetterReason::Unreadable`].
    fn lease(&self, lease: Lease) -> StoreFuture<'_, Due>;

    /// Ends a worker's turn: keeps the attempt and moves the delivery on, both or neither.
    ///
    /// `false` when the lease was lost meanwhile: then nothing changed.
    fn settle(&self, settlement: Settlement) -> StoreFuture<'_, bool>;

    /// Gives held deliveries back, due at a time, as if they had not been taken. Those whose lease
    /// was lost meanwhile are left alone.
    fn release(&self, held: Vec<Held>, due_at: Timestamp) -> StoreFuture<'_, ()>;

    /// For each destination that has pending deliveries, when the first of them is due.
    fn next_due(&self) -> StoreFuture<'_, Vec<(Name, Timestamp)>>;

    /// Makes every leased delivery due, at `now` unless its lease ended before. Only for a store
    /// that no other process uses, at start: what was leased then belonged to a process that is
    /// dead, and comes with `maybe_sent`. What waits for its next attempt goes on waiting: a
    /// restart must not use up a step of the retry schedule. Gives back how many are pending.
    fn recover(&self, now: Timestamp) -> StoreFuture<'_, u64>;

    /// A person asks again: final deliveries that are selected become pending and due, their
    /// retry schedule begins anew. Gives back how many.
    fn redeliver(&self, which: DeliveryFilter, now: Timestamp) -> StoreFuture<'_, u64>;

    /// Stored events go through today's routes again: adds deliveries to an event, due at `now`
    /// and marked as replayed. `None` when there is no such event.
    fn replay(
        &self,
        event: EventId,
        to: Vec<Name>,
        now: Timestamp,
    ) -> StoreFuture<'_, Option<Vec<DeliveryId>>>;

    /// Pending deliveries that are selected become cancelled. Gives back how many.
    fn cancel(&self, which: DeliveryFilter, now: Timestamp) -> StoreFuture<'_, u64>;

    /// Forgets dead letters that are selected (and their attempts). Gives back how many.
    fn purge(&self, which: DeliveryFilter) -> StoreFuture<'_, u64>;

    /// Forgets events that are done with and too old, or the oldest of them when there is too
    /// much; never one with a pending delivery. A bounded amount of work: call it again while
    /// `more` is set.
    fn prune(&self, retention: Retention, now: Timestamp) -> StoreFuture<'_, Pruned>;

    /// An event, whole.
    fn event(&self, id: EventId) -> StoreFuture<'_, Option<Arc<Event>>>;

    /// The body of the request that an event came in by: its own, or that of its batch.
    fn request_body(&self, id: EventId) -> StoreFuture<'_, Option<Bytes>>;

    /// Events without their bodies, newest first.
    fn events(&self, which: EventFilter, page: Page) -> StoreFuture<'_, Vec<EventSummary>>;

    /// A delivery and its attempts, oldest first.
    fn delivery(&self, id: DeliveryId) -> StoreFuture<'_, Option<(Delivery, Vec<Attempt>)>>;

    /// Deliveries, those of the newest events first.
    fn deliveries(&self, which: DeliveryFilter, page: Page) -> StoreFuture<'_, Vec<Delivery>>;

    /// Keeps requests that failed verification, and forgets what is then too much. Refused like an
    /// accept when there is no room on the disk; never in the way of one otherwise.
    fn quarantine(
        &self,
        requests: Vec<Quarantined>,
        limits: QuarantineLimits,
    ) -> StoreFuture<'_, QuarantineChange>;

    /// Forgets kept requests that are too old, and those that are too many. A bounded amount of
    /// work: call it again while `more` is set.
    fn prune_quarantine(
        &self,
        limits: QuarantineLimits,
        now: Timestamp,
    ) -> StoreFuture<'_, QuarantineChange>;

    /// A kept request, whole.
    fn quarantined(&self, id: QuarantineId) -> StoreFuture<'_, Option<Quarantined>>;

    /// Kept requests without their headers and bodies, newest first: up to `limit` of those that
    /// came before `after`.
    fn quarantine_list(
        &self,
        which: QuarantineFilter,
        after: Option<QuarantineId>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<QuarantineSummary>>;

    /// How much is kept. Cheap.
    fn quarantine_totals(&self) -> StoreFuture<'_, QuarantineTotals>;

    /// Another verification of a held request has failed, for this reason. `false` when it is not
    /// held any more.
    fn still_quarantined(&self, id: QuarantineId, reason: Reason) -> StoreFuture<'_, bool>;

    /// As [`Store::accept`], for a kept request that has been verified: in the same transaction it
    /// becomes released as the event that is kept, or that it repeats.
    ///
    /// One that was released before is a duplicate of its event, and nothing is kept; so a release
    /// that is asked for twice, or broken off, makes one event. A repeat with another body
    /// (`same_body: false`) is not released by this: the caller decides what it is. One that was
    /// forgotten meanwhile is accepted like any other.
    fn accept_quarantined(&self, id: QuarantineId, new: NewEvent) -> StoreFuture<'_, Accepted>;

    /// As [`Store::accept_batch`] and [`Store::accept_quarantined`] in one: the request becomes
    /// released as the first of its events.
    fn accept_quarantined_batch(
        &self,
        id: QuarantineId,
        batch: NewBatch,
    ) -> StoreFuture<'_, Vec<Accepted>>;

    /// Remembers what was done to a destination, over restarts.
    fn set_status(&self, destination: Name, status: DestinationStatus) -> StoreFuture<'_, ()>;

    /// The destinations whose status is not [`DestinationStatus::Active`].
    fn statuses(&self) -> StoreFuture<'_, Vec<(Name, DestinationStatus)>>;

    /// What the gauges start from. May read much: called at start.
    fn counts(&self) -> StoreFuture<'_, Counts>;

    /// How it is doing. Cheap.
    fn condition(&self) -> StoreFuture<'_, Condition>;

    /// Whether a write can be made and read now.
    fn probe(&self) -> StoreFuture<'_, ()>;

    /// The greatest sequence of an event id that the store has seen; see [`crate::IdSequence`].
    fn last_sequence(&self) -> u64;

    /// Finishes what was begun and lets go of the files. Later calls fail with [`StoreError::Closed`].
    fn close(&self) -> StoreFuture<'_, ()>;
}

/// An event to be kept.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The event.
    pub event: Arc<Event>,
    /// By what a repeat of it is told; `None` keeps every arrival.
    pub dedupe: Option<DedupeKey>,
    /// Where it goes. The n-th gets the ordinal n and, if leased, the lease number 1.
    pub deliveries: Vec<NewDelivery>,
}

/// The events of one request, which has at least one.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// The request's body.
    pub body: Bytes,
    /// Its events, in the order of their ids. They have the same headers.
    pub items: Vec<NewItem>,
}

/// One of the events of a request.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// The event.
    pub new: NewEvent,
    /// Where its body begins in the request's; `None` where it is no part of that as it stands.
    pub start: Option<usize>,
    /// The key under which it is kept, or told as a repeat, if an event with its dedupe key is
    /// known that had another body.
    pub conflict: Option<DedupeKey>,
}

/// What became of an event that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is kept, and so are its deliveries.
    New,
    /// It is kept, and so are its deliveries, under the key for that: the provider used the id of
    /// another event. Only of an item of a batch.
    Conflict,
    /// An event with this dedupe key had been kept before.
    Duplicate {
        /// The id of that event, which may be forgotten by now: a key outlives its event.
        id: EventId,
        /// Whether the body is the same as then, as far as [`DedupeKey::body`] tells.
        same_body: bool,
    },
}

/// A wish for due deliveries.
#[derive(Clone, Debug)]
pub struct Lease {
    /// To which destination.
    pub destination: Name,
    /// At most how many.
    pub limit: usize,
    /// None is taken any more when the bodies of those that were taken have so many bytes together,
    /// or more; so at least one is taken.
    pub bytes: usize,
    /// Due at this time or before.
    pub now: Timestamp,
    /// When the lease ends.
    pub until: Timestamp,
}

/// What was due to one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The deliveries that were taken.
    pub leased: Vec<Leased>,
    /// When the first delivery is due of those that were not yet: whoever takes what is due would
    /// not know of it otherwise, after a start.
    pub next: Option<Timestamp>,
}

/// Which events. Every field that is set narrows it.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of this source.
    pub source: Option<Name>,
    /// Of exactly this type.
    pub event_type: Option<String>,
    /// Received at this time or later.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
    /// With this provider event id.
    pub provider_event_id: Option<String>,
}

/// Which deliveries. Every field that is set narrows it.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Exactly this one.
    pub id: Option<DeliveryId>,
    /// Of this event.
    pub event: Option<EventId>,
    /// To this destination.
    pub destination: Option<Name>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of events received at this time or later.
    pub since: Option<Timestamp>,
    /// Of events received before this time.
    pub until: Option<Timestamp>,
}

/// A part of a list, newest first.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only what stands after this one: the last of the page before.
    pub after: Option<DeliveryId>,
    /// At most so many.
    pub limit: usize,
}

/// An event as it stands in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSummary {
    /// The event, with empty headers and body.
    pub event: Event,
    /// How long its body is, in bytes.
    pub body_len: u64,
    /// Where its deliveries go and how they stand.
    pub deliveries: Vec<(DeliveryId, Name, DeliveryState)>,
}

/// How long what is done with is kept: an event's age counts from when it came, or from when the
/// last of its deliveries ended, whichever is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Events whose deliveries have all succeeded or were cancelled, or that had none.
    pub delivered: Duration,
    /// Events with a dead letter.
    pub dead_letters: Duration,
    /// Above this many bytes the oldest that are done with go first, whatever their age.
    pub max_bytes: Option<u64>,
}

/// What retention has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Events forgotten.
    pub events: u64,
    /// Dead letters forgotten with them, by destination.
    pub dead_letters: Vec<(Name, u64)>,
    /// Whether there is more to do now.
    pub more: bool,
}

/// How much there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Pending deliveries by destination.
    pub pending: Vec<(Name, u64)>,
    /// Dead letters by destination.
    pub dead_letters: Vec<(Name, u64)>,
}

/// How a store is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// What kind it is and which version: `SQLite 3.54.1`.
    pub engine: String,
    /// Bytes on disk, where that is known.
    pub bytes: Option<u64>,
    /// Bytes still free on the disk, where that is known.
    pub free_bytes: Option<u64>,
    /// When the first pending delivery is due; one that waits has a time in the past.
    pub oldest_due: Option<Timestamp>,
    /// When the event came whose delivery has been pending longest, whatever holds it: a lease, a
    /// wait before the next attempt, a destination that takes nothing. What a person asked for
    /// again counts from when its event came, too.
    pub oldest_pending: Option<Timestamp>,
}

/// Why the store did not do as asked. Whatever it was, nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no room left on the disk, or less than is kept free.
    #[error("the store is full: {0}")]
    Full(String),
    /// It did not work this time; it may next time.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The disk failed while writing: the process must end and start again from the file, because
    /// the operating system may have dropped what it could not write.
    #[error("the disk failed: {0}")]
    Failed(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The file is damaged, or not one of ours.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// Something that was asked for cannot be read; the rest of the store may be well.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}
