//! The store as the hub sees it, with the judge looking on: every verb is a step when it is asked
//! and one when it is answered, and a process that is dead hears no answer.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use hookyard_model::{
    Accepted, Attempt, Condition, Counts, Delivery, DeliveryFilter, DeliveryId, DestinationStatus,
    Due, Event, EventFilter, EventId, EventSummary, Held, Lease, Name, NewBatch, NewEvent, Page,
    Pruned, QuarantineChange, QuarantineFilter, QuarantineId, QuarantineLimits, QuarantineSummary,
    QuarantineTotals, Quarantined, Reason, Retention, Settlement, Store, StoreError, StoreFuture,
    Timestamp,
};
use hookyard_store::SqliteStore;

use super::world::World;

/// A store that is watched.
pub(super) struct Watched {
    pub(super) store: SqliteStore,
    pub(super) world: Arc<World>,
}

impl Watched {
    /// Has a verb done. Of those that are one job of the writer's alone, `one` says so: how long
    /// they wait for it is judged.
    async fn verb<T>(
        &self,
        name: &str,
        one: bool,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let before = self.world.lock().batches;
        self.world.step(format_args!("{name}"));
        let answer = answer.await;
        self.world.alive().await;
        let batches = self.world.lock().batches - before;
        if one {
            self.world.judge(|judge, _| judge.answered(name, batches));
        }
        match &answer {
            Ok(_) => self.world.step(format_args!("{name} done")),
            Err(error) => self.world.step(format_args!("{name} {error}")),
        }
        answer
    }

    async fn watch_accept(&self, new: NewEvent) -> Result<Accepted, StoreError> {
        let id = new.event.id;
        let answer = self.verb("accept", true, self.store.accept(new)).await;
        self.world.judge(|judge, now| judge.accepted(id, &answer, now));
        answer
    }

    async fn watch_lease(&self, lease: Lease) -> Result<Due, StoreError> {
        let (asked_at, limit) = (lease.now, lease.limit);
        self.world.step(format_args!("{} wants {limit} due {asked_at}", lease.destination));
        let answer = self.verb("lease", false, self.store.lease(lease)).await;
        self.world.judge(|judge, now| judge.leased(&answer, asked_at, now));
        for leased in answer.iter().flat_map(|due| &due.leased) {
            self.world.step(format_args!("{} lease {}", leased.held.id, leased.held.lease));
        }
        answer
    }

    async fn watch_settle(&self, settlement: Settlement) -> Result<bool, StoreError> {
        self.world.judge(|judge, _| judge.asking(&[settlement.held]));
        let (id, next) = (settlement.held.id, &settlement.next);
        self.world.step(format_args!("{id} is to be {next:?}"));
        let answer = self.verb("settle", true, self.store.settle(settlement.clone())).await;
        self.world.judge(|judge, _| judge.settled(&settlement, &answer));
        answer
    }

    async fn watch_release(&self, held: Vec<Held>, due_at: Timestamp) -> Result<(), StoreError> {
        self.world.judge(|judge, _| judge.asking(&held));
        for held in &held {
            self.world.step(format_args!("{} is to be due {due_at}", held.id));
        }
        let answer = self.verb("release", true, self.store.release(held.clone(), due_at)).await;
        self.world.judge(|judge, _| judge.released(&held, due_at, &answer));
        answer
    }
}

/// Verbs that are only passed on.
macro_rules! passed_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        $(fn $name(&self, $($argument: $type),*) -> StoreFuture<'_, $answer> {
            Box::pin(self.verb(stringify!($name), false, self.store.$name($($argument),*)))
        })+
    };
}

impl Store for Watched {
    fn accept(&self, new: NewEvent) -> StoreFuture<'_, Accepted> {
        Box::pin(self.watch_accept(new))
    }

    fn lease(&self, lease: Lease) -> StoreFuture<'_, Due> {
        Box::pin(self.watch_lease(lease))
    }

    fn settle(&self, settlement: Settlement) -> StoreFuture<'_, bool> {
        Box::pin(self.watch_settle(settlement))
    }

    fn release(&self, held: Vec<Held>, due_at: Timestamp) -> StoreFuture<'_, ()> {
        Box::pin(self.watch_release(held, due_at))
    }

    fn last_sequence(&self) -> u64 {
        self.store.last_sequence()
    }

    passed_on! {
        accept_batch(batch: NewBatch) -> Vec<Accepted>;
        next_due() -> Vec<(Name, Timestamp)>;
        recover(now: Timestamp) -> u64;
        redeliver(which: DeliveryFilter, now: Timestamp) -> u64;
        replay(event: EventId, to: Vec<Name>, now: Timestamp) -> Option<Vec<DeliveryId>>;
        cancel(which: DeliveryFilter, now: Timestamp) -> u64;
        purge(which: DeliveryFilter) -> u64;
        prune(retention: Retention, now: Timestamp) -> Pruned;
        event(id: EventId) -> Option<Arc<Event>>;
        request_body(id: EventId) -> Option<Bytes>;
        events(which: EventFilter, page: Page) -> Vec<EventSummary>;
        delivery(id: DeliveryId) -> Option<(Delivery, Vec<Attempt>)>;
        deliveries(which: DeliveryFilter, page: Page) -> Vec<Delivery>;
        quarantine(requests: Vec<Quarantined>, limits: QuarantineLimits) -> QuarantineChange;
        prune_quarantine(limits: QuarantineLimits, now: Timestamp) -> QuarantineChange;
        quarantined(id: QuarantineId) -> Option<Quarantined>;
        quarantine_list(which: QuarantineFilter, after: Option<QuarantineId>, limit: usize)
            -> Vec<QuarantineSummary>;
        quarantine_totals() -> QuarantineTotals;
        still_quarantined(id: QuarantineId, reason: Reason) -> bool;
        accept_quarantined(id: QuarantineId, new: NewEvent) -> Accepted;
        accept_quarantined_batch(id: QuarantineId, batch: NewBatch) -> Vec<Accepted>;
        set_status(destination: Name, status: DestinationStatus) -> ();
        statuses() -> Vec<(Name, DestinationStatus)>;
        counts() -> Counts;
        condition() -> Condition;
        probe() -> ();
        close() -> ();
    }
}
