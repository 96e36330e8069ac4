//! The store: its threads, and its promises.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use hookyard_model::{
    Accepted, Attempt, Condition, Counts, DeadLetterReason, Delivery, DeliveryFilter, DeliveryId,
    DestinationStatus, Due, Event, EventFilter, EventId, EventSummary, Held, Lease, Name, NewBatch,
    NewEvent, Next, Page, Pruned, QuarantineChange, QuarantineFilter, QuarantineId,
    QuarantineLimits, QuarantineSummary, QuarantineTotals, Quarantined, Reason, Retention,
    Settlement, Store, StoreError, StoreFuture, Timestamp,
};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::accept::Inserts;
use super::checkpoint::Checkpoints;
use super::dedupe::Dedupe;
use super::event::Loaded;
use super::fault::{Fault, classify};
use super::inbox::{Inbox, Lane, OrClose};
use super::lock::StoreLock;
use super::names::Names;
use super::oldest::{NOTHING, Oldest};
use super::open::{self, OpenError, Opened, Options};
use super::quarantine::{AcceptQuarantined, Keep, Prune, Still};
use super::queue::{Change, ChangeSome, Recover, Release, Replay, Taken, TakenDue};
use super::reader::{self, Reader, ReaderInbox, look};
use super::retention::{Forget, Forgotten, Walk};
use super::space::{Space, free_bytes};
use super::status::{Probe, SetStatus};
use super::writer::{Core, Verb, Writer, WriterInbox, ask};

/// How many deliveries a person's change meets in one transaction.
const CHANGE_AT_ONCE: usize = 1000;

const LAST_SEQUENCE: &str = "
    SELECT max((SELECT last_sequence FROM ledger), coalesce((SELECT max(id) FROM event), 0),
        coalesce((SELECT max(id) FROM quarantine), 0))";

/// Keeps events and deliveries in a SQLite file.
///
/// Dropping it stops its threads, as [`Store::close`] does, but makes the dropping thread wait.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    folder: PathBuf,
    writer: Arc<WriterInbox>,
    pub(super) readers: Arc<ReaderInbox>,
    list_time: Duration,
    last_sequence: Arc<AtomicU64>,
    oldest: Arc<Oldest>,
    walk: Mutex<Walk>,
    threads: Mutex<Vec<Thread>>,
}

/// A thread and a channel that closes when it has ended.
#[derive(Debug)]
struct Thread {
    handle: JoinHandle<()>,
    ended: oneshot::Receiver<()>,
}

impl SqliteStore {
    /// Opens a store, or makes an empty one. Blocks while it reads what has to be in memory.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let (path, readers) = (options.path.clone(), options.readers.max(1));
        let (store, parts, lock) = Self::without_threads(options, Checkpoints::start)?;
        let io = |error: io::Error| OpenError::from_io(&path, &error);
        let any = std::iter::repeat_n(Lane::Background, readers);
        for least in any.chain([Lane::Work]) {
            let conn = open::connect_reader(&path)
                .map_err(|error| OpenError::from_fault(&path, error.into()))?;
            let inbox = Arc::clone(&store.readers);
            store
                .start("store-read", &lock, move || reader::run(conn, &inbox, least))
                .map_err(io)?;
        }
        store.start("store-write", &lock, move || parts.run()).map_err(io)?;
        Ok(store)
    }

    /// A store without its threads: what the writer works with, and the lock that each has to hold.
    pub(super) fn without_threads(
        options: Options,
        checkpoints: impl FnOnce(Connection, u64) -> io::Result<Checkpoints>,
    ) -> Result<(Self, WriterParts, Arc<StoreLock>), OpenError> {
        let Opened { writer: conn, folder, lock, page_size } = open::open(&options)?;
        let Options { path, keep_free_bytes, list_time, .. } = options;
        let (keys, clock_doubt) = (options.dedupe_keys_in_memory, options.clock_doubt);
        let sql = |error| OpenError::from_fault(&path, Fault::Sql(error));
        let fault = |fault| OpenError::from_fault(&path, fault);

        let last: i64 = conn.query_row(LAST_SEQUENCE, [], |row| row.get(0)).map_err(sql)?;
        let connect = {
            let path = path.clone();
            Box::new(move || open::connect_reader(&path))
        };
        let dedupe = Dedupe::load(&conn, keys, clock_doubt, connect).map_err(fault)?;
        let names = Names::load(&conn).map_err(fault)?;
        let checkpointer = open::connect_checkpointer(&path).map_err(sql)?;
        let parts = WriterParts {
            conn,
            names,
            dedupe,
            space: Space::new(folder.clone(), keep_free_bytes),
            checkpoints: checkpoints(checkpointer, page_size)
                .map_err(|error| OpenError::from_io(&path, &error))?,
            inbox: Arc::new(Inbox::new()),
            last_sequence: Arc::new(AtomicU64::new(last.unsigned_abs())),
            oldest: Arc::default(),
        };
        let store = Self {
            path,
            folder,
            writer: Arc::clone(&parts.inbox),
            readers: Arc::new(Inbox::new()),
            list_time,
            last_sequence: Arc::clone(&parts.last_sequence),
            oldest: Arc::clone(&parts.oldest),
            walk: Mutex::default(),
            threads: Mutex::default(),
        };
        Ok((store, parts, Arc::new(lock)))
    }

    /// Starts a thread that holds the lock as long as it lives.
    fn start(
        &self,
        name: &str,
        lock: &Arc<StoreLock>,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let (end, ended) = oneshot::channel::<()>();
        let lock = Arc::clone(lock);
        let handle = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            run();
            // In this order: who waits for the end may open the store again.
            drop(lock);
            drop(end);
        })?;
        self.lock_threads().push(Thread { handle, ended });
        Ok(())
    }

    fn lock_threads(&self) -> std::sync::MutexGuard<'_, Vec<Thread>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask<V: Verb>(&self, verb: V) -> Result<V::Answer, StoreError> {
        ask(&self.writer, verb).await
    }

    /// Asks what may take long.
    async fn look<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.look_in(Lane::Background, question).await
    }

    /// Asks what is answered at once, however much there is.
    async fn glance<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.look_in(Lane::Work, question).await
    }

    /// Asks for a page of a list.
    async fn list<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let limit = self.list_time;
        self.look(move |reader| reader.within(limit, question)).await
    }

    async fn look_in<T: Send + 'static>(
        &self,
        lane: Lane,
        question: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        match self.writer.closed() {
            // After a failed disk nothing that is read can be relied on either.
            Some(reason) => Err(reason),
            None => look(&self.readers, lane, question).await,
        }
    }

    /// Makes a person's change in pieces, so that those who write need not wait for all of it.
    /// However long it takes to find them: it has to meet all that are selected.
    async fn change(&self, which: DeliveryFilter, change: Change) -> Result<u64, StoreError> {
        let mut changed = 0;
        let mut after = (i64::MAX, i64::MAX);
        loop {
            let filter = which.clone();
            let rows = self
                .look(move |reader| reader.changeable(&filter, change, after, CHANGE_AT_ONCE))
                .await?;
            let (Some(&last), len) = (rows.last(), rows.len()) else { return Ok(changed) };
            changed += self.ask(ChangeSome { change, rows }).await?;
            if len < CHANGE_AT_ONCE {
                return Ok(changed);
            }
            after = last;
        }
    }

    async fn take(&self, mut lease: Lease) -> Result<Due, StoreError> {
        let (mut all, mut next_of_all) = (Vec::new(), None);
        loop {
            let (Loaded { leased, bad }, next) = self.take_some(&lease).await?;
            // Later ones may be the ends of the leases that were just given.
            let next = *next_of_all.get_or_insert(next);
            // In place of the bad ones others are due.
            lease.limit = bad.len();
            let bytes = leased.iter().map(|leased| leased.event.body.len()).sum();
            lease.bytes = lease.bytes.saturating_sub(bytes);
            all.extend(leased);
            for (taken, error) in bad {
                if self.bury(&taken, &error, lease.now).await.is_err() {
                    // Then it comes again when its lease ends.
                    return Ok(Due { leased: all, next });
                }
            }
            if lease.limit == 0 || lease.bytes == 0 {
                return Ok(Due { leased: all, next });
            }
        }
    }

    async fn take_some(&self, lease: &Lease) -> Result<(Loaded, Option<Timestamp>), StoreError> {
        let TakenDue { taken, next } = self.ask(lease.clone()).await?;
        if taken.is_empty() {
            return Ok((Loaded::default(), next));
        }
        let taken: Arc<[_]> = taken.into();
        let (rows, wish) = (Arc::clone(&taken), lease.clone());
        let question = move |reader: &mut Reader| reader.leased(&rows, &wish);
        let read = look(&self.readers, Lane::Work, question).await;
        if read.is_err() {
            // Not in anyone's hands: let the next one try.
            let held = taken.iter().map(Taken::held).collect();
            self.ask(Release { held, due_at: lease.now }).await?;
        }
        Ok((read?, next))
    }

    /// Gives up a delivery whose event cannot be read. A person may ask for it again.
    async fn bury(&self, taken: &Taken, why: &StoreError, at: Timestamp) -> Result<(), StoreError> {
        let next = Next::DeadLetter(DeadLetterReason::Unreadable);
        let held = taken.held();
        tracing::error!(
            event = held.id.event.sequence(), ordinal = held.id.ordinal, %why,
            "a delivery is given up, because its event cannot be read; is the disk sound?"
        );
        self.ask(Settlement { held, attempt: None, counts: false, next, at }).await.map(drop)
    }

    async fn forget(&self, retention: Retention, now: Timestamp) -> Result<Pruned, StoreError> {
        let walk = *self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = self.look(move |reader| reader.forgettable(walk, retention, now)).await?;
        let events = std::mem::take(&mut found.events);
        let until_bytes = retention.max_bytes.filter(|_| found.for_room);
        let forgotten = if events.is_empty() {
            Forgotten::default()
        } else {
            self.ask(Forget { events, until_bytes, now }).await?
        };
        let (walk, more) = Walk::next(&found, &forgotten);
        *self.walk.lock().unwrap_or_else(PoisonError::into_inner) = walk;
        Ok(Pruned { events: forgotten.events, dead_letters: forgotten.dead_letters, more })
    }

    async fn look_at_condition(&self) -> Result<Condition, StoreError> {
        let oldest = Arc::clone(&self.oldest);
        let look =
            move |reader: &mut Reader| Ok((reader.next_due()?, reader.oldest_pending(&oldest)?));
        let (due, oldest_pending) = self.glance(look).await?;
        let len = |suffix: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |metadata| metadata.len())
        };
        Ok(Condition {
            engine: format!("SQLite {}", rusqlite::version()),
            bytes: Some(len("") + len("-wal")),
            free_bytes: free_bytes(&self.folder),
            oldest_due: due.into_iter().map(|(_, due_at)| due_at).min(),
            oldest_pending,
        })
    }

    async fn end(&self) -> Result<(), StoreError> {
        if !self.writer.close(StoreError::Closed) {
            return Err(self.writer.reason());
        }
        self.readers.close(StoreError::Closed);
        let threads = std::mem::take(&mut *self.lock_threads());
        for thread in threads {
            // Ready, with an error, when the thread has dropped its end.
            drop(thread.ended.await);
        }
        Ok(())
    }
}

/// What the writer owns.
pub(super) struct WriterParts {
    conn: Connection,
    names: Names,
    dedupe: Dedupe,
    space: Space,
    checkpoints: Checkpoints,
    pub(super) inbox: Arc<WriterInbox>,
    last_sequence: Arc<AtomicU64>,
    oldest: Arc<Oldest>,
}

impl WriterParts {
    /// The writer, and the place to put its connection, which it borrows.
    pub(super) fn writer(self, place: &mut Option<Connection>) -> Result<Writer<'_>, StoreError> {
        let Self { conn, names, dedupe, space, checkpoints, inbox, last_sequence, oldest } = self;
        let conn: &Connection = place.insert(conn);
        let inserts = Inserts::prepare(conn).map_err(|error| classify(&error))?;
        Ok(Writer {
            core: Core { conn, inserts, names, dedupe, sequence: 0, pending: NOTHING },
            inbox,
            space,
            checkpoints,
            last_sequence,
            oldest,
            upkeep_rests_until: None,
            #[cfg(feature = "fault-injection")]
            disk: super::by_hand::Disk::Works,
        })
    }

    fn run(self) {
        let queue = Arc::clone(&self.inbox);
        let _guard = OrClose(&queue);
        match self.writer(&mut None) {
            Ok(writer) => writer.run(),
            Err(error) => {
                queue.close(error);
            }
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.writer.close(StoreError::Closed);
        self.readers.close(StoreError::Closed);
        for thread in std::mem::take(&mut *self.lock_threads()) {
            if thread.handle.join().is_err() {
                tracing::error!("a thread of the store has crashed");
            }
        }
    }
}

impl Store for SqliteStore {
    fn accept(&self, new: NewEvent) -> StoreFuture<'_, Accepted> {
        Box::pin(self.ask(new))
    }

    fn accept_batch(&self, batch: NewBatch) -> StoreFuture<'_, Vec<Accepted>> {
        Box::pin(self.ask(batch))
    }

    fn lease(&self, lease: Lease) -> StoreFuture<'_, Due> {
        Box::pin(self.take(lease))
    }

    fn settle(&self, settlement: Settlement) -> StoreFuture<'_, bool> {
        Box::pin(self.ask(settlement))
    }

    fn release(&self, held: Vec<Held>, due_at: Timestamp) -> StoreFuture<'_, ()> {
        Box::pin(self.ask(Release { held, due_at }))
    }

    fn next_due(&self) -> StoreFuture<'_, Vec<(Name, Timestamp)>> {
        Box::pin(self.glance(Reader::next_due))
    }

    fn recover(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(self.ask(Recover(now)))
    }

    fn redeliver(&self, which: DeliveryFilter, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(self.change(which, Change::Redeliver(now)))
    }

    fn replay(
        &self,
        event: EventId,
        to: Vec<Name>,
        now: Timestamp,
    ) -> StoreFuture<'_, Option<Vec<DeliveryId>>> {
        Box::pin(self.ask(Replay { event, to, now }))
    }

    fn cancel(&self, which: DeliveryFilter, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(self.change(which, Change::Cancel(now)))
    }

    fn purge(&self, which: DeliveryFilter) -> StoreFuture<'_, u64> {
        Box::pin(self.change(which, Change::Purge))
    }

    fn prune(&self, retention: Retention, now: Timestamp) -> StoreFuture<'_, Pruned> {
        Box::pin(self.forget(retention, now))
    }

    fn event(&self, id: EventId) -> StoreFuture<'_, Option<Arc<Event>>> {
        Box::pin(self.glance(move |reader| Ok(reader.event(id)?.map(Arc::new))))
    }

    fn request_body(&self, id: EventId) -> StoreFuture<'_, Option<Bytes>> {
        Box::pin(self.glance(move |reader| reader.request_body(id)))
    }

    fn events(&self, which: EventFilter, page: Page) -> StoreFuture<'_, Vec<EventSummary>> {
        Box::pin(self.list(move |reader| reader.events(&which, page)))
    }

    fn delivery(&self, id: DeliveryId) -> StoreFuture<'_, Option<(Delivery, Vec<Attempt>)>> {
        Box::pin(self.glance(move |reader| reader.delivery(id)))
    }

    fn deliveries(&self, which: DeliveryFilter, page: Page) -> StoreFuture<'_, Vec<Delivery>> {
        Box::pin(self.list(move |reader| reader.deliveries(&which, page)))
    }

    fn quarantine(
        &self,
        requests: Vec<Quarantined>,
        limits: QuarantineLimits,
    ) -> StoreFuture<'_, QuarantineChange> {
        Box::pin(self.ask(Keep { requests, limits }))
    }

    fn prune_quarantine(
        &self,
        limits: QuarantineLimits,
        now: Timestamp,
    ) -> StoreFuture<'_, QuarantineChange> {
        Box::pin(self.ask(Prune { limits, now }))
    }

    fn quarantined(&self, id: QuarantineId) -> StoreFuture<'_, Option<Quarantined>> {
        Box::pin(self.glance(move |reader| reader.quarantined(id)))
    }

    fn quarantine_list(
        &self,
        which: QuarantineFilter,
        after: Option<QuarantineId>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<QuarantineSummary>> {
        Box::pin(self.list(move |reader| reader.quarantine_list(&which, after, limit)))
    }

    fn quarantine_totals(&self) -> StoreFuture<'_, QuarantineTotals> {
        Box::pin(self.glance(Reader::quarantine_totals))
    }

    fn still_quarantined(&self, id: QuarantineId, reason: Reason) -> StoreFuture<'_, bool> {
        Box::pin(self.ask(Still { id, reason }))
    }

    fn accept_quarantined(&self, id: QuarantineId, new: NewEvent) -> StoreFuture<'_, Accepted> {
        Box::pin(self.ask(AcceptQuarantined { id, accept: new }))
    }

    fn accept_quarantined_batch(
        &self,
        id: QuarantineId,
        batch: NewBatch,
    ) -> StoreFuture<'_, Vec<Accepted>> {
        Box::pin(self.ask(AcceptQuarantined { id, accept: batch }))
    }

    fn set_status(&self, destination: Name, status: DestinationStatus) -> StoreFuture<'_, ()> {
        Box::pin(self.ask(SetStatus { destination, status }))
    }

    fn statuses(&self) -> StoreFuture<'_, Vec<(Name, DestinationStatus)>> {
        Box::pin(self.glance(Reader::statuses))
    }

    fn counts(&self) -> StoreFuture<'_, Counts> {
        Box::pin(self.look(Reader::counts))
    }

    fn condition(&self) -> StoreFuture<'_, Condition> {
        Box::pin(self.look_at_condition())
    }

    fn probe(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.ask(Probe))
    }

    fn last_sequence(&self) -> u64 {
        self.last_sequence.load(Ordering::Acquire)
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.end())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// Gives a reader something to do until the sender is dropped.
    async fn busy(store: &Arc<SqliteStore>) -> Sender<()> {
        let (store, (end, ended)) = (Arc::clone(store), channel());
        let (started, start) = oneshot::channel();
        let wait = move |_: &mut Reader| {
            started.send(()).unwrap();
            assert!(ended.recv().is_err());
            Ok(())
        };
        tokio::spawn(async move { store.look(wait).await });
        start.await.unwrap();
        end
    }

    #[tokio::test]
    async fn slow_lists_hold_up_no_worker() {
        let folder = tempfile::TempDir::new().unwrap();
        let options = Options::new(folder.path().join("hookyard.db"));
        let readers = options.readers;
        let store = Arc::new(SqliteStore::open(options).unwrap());
        let mut ends = Vec::new();
        for _ in 0..readers {
            ends.push(busy(&store).await);
        }
        let minute = Duration::from_secs(60);
        for _ in 0..20 {
            let condition = tokio::time::timeout(minute, store.condition()).await;
            assert_eq!(condition.unwrap().unwrap().oldest_due, None);
        }
        let counts = tokio::time::timeout(Duration::from_millis(50), store.counts()).await;
        assert!(counts.is_err(), "what may take long has to wait");
        drop(ends);
    }
}
