//! The one thread that writes, in groups.
//!
//! A commit costs a flush of the disk, a few milliseconds, however much is in it. So the thread
//! takes everything that waits, applies it in one transaction and only then answers everyone;
//! while the disk flushes, the next batch gathers. Results never leave before the commit returned.
//!
//! A verb that fails takes the whole batch down, and the batch is done again one by one, so that
//! each gets its own answer: that costs nothing as long as nothing fails, which a savepoint
//! around each would.
//!
//! With each batch goes some upkeep of the dedupe keys, which can wait. When it may be what took a
//! batch down, as on a full disk, it is set aside for a while and the batch done again without.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hookyard_model::planted::{Bug, is_planted};
use hookyard_model::{Failpoint, StoreError};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::accept::Inserts;
use super::checkpoint::Checkpoints;
use super::dedupe::Dedupe;
use super::fault::{Fault, classify, is_fatal};
use super::inbox::{Inbox, Lane};
use super::names::Names;
use super::oldest::{NOTHING, Oldest};
use super::space::Space;

/// Something that the writer does in a transaction.
pub(super) trait Verb: Send + 'static {
    /// What it gives back.
    type Answer: Send + 'static;
    /// How urgent it is.
    const LANE: Lane;
    /// Whether it is refused when less room is left on the disk than is to be kept free.
    const NEEDS_ROOM: bool = matches!(Self::LANE, Lane::Accept);

    /// Does it. May be called again after a rollback.
    fn apply(&self, core: &mut Core<'_>) -> Result<Self::Answer, Fault>;

    /// About how much it writes.
    fn bytes(&self) -> usize {
        512
    }

    /// Accepts are applied in the order of their ids, whatever order they came in, so that rows
    /// are appended rather than squeezed in.
    fn order(&self) -> u64 {
        0
    }

    /// How many events it may add, if it is an accept.
    fn events(&self) -> usize {
        1
    }
}

/// What verbs work with.
pub(super) struct Core<'c> {
    pub(super) conn: &'c Connection,
    pub(super) inserts: Inserts<'c>,
    pub(super) names: Names,
    pub(super) dedupe: Dedupe,
    /// The greatest sequence in this transaction.
    pub(super) sequence: u64,
    /// The oldest event to which this transaction gave a pending delivery, or [`NOTHING`].
    pub(super) pending: i64,
}

/// A verb on its way, with its type forgotten.
pub(super) trait Job: Send {
    fn lane(&self) -> Lane;
    fn needs_room(&self) -> bool;
    fn order(&self) -> u64;
    fn events(&self) -> usize;
    /// Does it and keeps the answer back.
    fn apply(&mut self, core: &mut Core<'_>) -> Result<(), Fault>;
    /// Gives the answer out.
    fn answer(self: Box<Self>);
    /// Says why not.
    fn refuse(self: Box<Self>, error: StoreError);
}

/// A verb and who asked for it.
struct Asked<V: Verb> {
    verb: V,
    answer: Option<V::Answer>,
    to: oneshot::Sender<Result<V::Answer, StoreError>>,
}

impl<V: Verb> Job for Asked<V> {
    fn lane(&self) -> Lane {
        V::LANE
    }

    fn needs_room(&self) -> bool {
        V::NEEDS_ROOM
    }

    fn order(&self) -> u64 {
        self.verb.order()
    }

    fn events(&self) -> usize {
        self.verb.events()
    }

    fn apply(&mut self, core: &mut Core<'_>) -> Result<(), Fault> {
        self.answer = Some(self.verb.apply(core)?);
        Ok(())
    }

    fn answer(self: Box<Self>) {
        if let Some(answer) = self.answer {
            // Whoever asked may have gone; what was done stays done.
            drop(self.to.send(Ok(answer)));
        }
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        drop(self.to.send(Err(error)));
    }
}

/// The writer's queue.
pub(super) type WriterInbox = Inbox<Box<dyn Job>>;

/// Has the writer do something and waits for the commit.
pub(super) async fn ask<V: Verb>(inbox: &WriterInbox, verb: V) -> Result<V::Answer, StoreError> {
    let (to, answer) = oneshot::channel();
    let bytes = verb.bytes();
    inbox.put(V::LANE, bytes, Box::new(Asked { verb, answer: None, to })).await?;
    answer.await.unwrap_or_else(|_| Err(inbox.reason()))
}

/// The thread's state.
pub(super) struct Writer<'c> {
    pub(super) core: Core<'c>,
    pub(super) inbox: Arc<WriterInbox>,
    pub(super) space: Space,
    pub(super) checkpoints: Checkpoints,
    pub(super) last_sequence: Arc<AtomicU64>,
    pub(super) oldest: Arc<Oldest>,
    /// When upkeep has failed: until when it is set aside.
    pub(super) upkeep_rests_until: Option<Instant>,
    /// What the disk does to the next commits.
    #[cfg(feature = "fault-injection")]
    pub(super) disk: super::by_hand::Disk,
}

/// For how long upkeep is set aside.
const UPKEEP_REST: Duration = Duration::from_secs(5);

/// What is done in one transaction.
pub(super) type Batch = Vec<Box<dyn Job>>;

impl Writer<'_> {
    /// Writes until the queue is closed, or the disk fails.
    pub(super) fn run(mut self) {
        loop {
            let upkeep = self.upkeep_is_due();
            let Some(batch) = self.inbox.take(!upkeep) else { break };
            if !self.work(batch) {
                return;
            }
        }
        self.checkpoints.finish(self.core.conn);
    }

    /// Does a batch and looks after the log. `false` when the disk has failed, which is the end.
    pub(super) fn work(&mut self, batch: Batch) -> bool {
        let room = self.space.check(self.core.conn);
        let scarce = room.is_err();
        let turned = self
            .turn(batch, room)
            .and_then(|()| self.checkpoints.after_commit(self.core.conn, scarce));
        if let Err(error) = &turned {
            tracing::error!(%error, "the store stops: the disk failed");
            self.inbox.close(error.clone());
            self.inbox.discard();
        }
        turned.is_ok()
    }

    /// Does a batch; of what needs room only if there is some. An error is the end of the writer.
    fn turn(&mut self, batch: Batch, room: Result<(), StoreError>) -> Result<(), StoreError> {
        let mut batch = refuse_without_room(batch, room);
        batch.sort_by_key(|job| (job.lane() as u8, job.order()));
        let upkeep = self.upkeep_is_due();
        let done = match self.commit(&mut batch, upkeep) {
            Err(error) if upkeep && !is_fatal(&error) => {
                self.set_upkeep_aside(&error);
                if batch.is_empty() { Ok(()) } else { self.commit(&mut batch, false) }
            }
            done => done,
        };
        match done {
            Ok(()) => {
                batch.into_iter().for_each(Job::answer);
                Failpoint::AfterAnswers.pass();
                Ok(())
            }
            Err(error) if is_fatal(&error) => {
                refuse_all(batch, &error);
                Err(error)
            }
            Err(error) => {
                tracing::debug!(%error, jobs = batch.len(), "a batch is done again one by one");
                self.make_room_after(&error);
                if is_planted(Bug::HalfBatchAcknowledged) {
                    batch.drain(..batch.len() / 2).for_each(Job::answer);
                }
                self.one_by_one(batch)
            }
        }
    }

    fn upkeep_is_due(&mut self) -> bool {
        self.core.dedupe.has_upkeep()
            && self.upkeep_rests_until.is_none_or(|until| Instant::now() >= until)
    }

    fn set_upkeep_aside(&mut self, error: &StoreError) {
        tracing::debug!(%error, "upkeep may have failed, and is set aside for a while");
        self.upkeep_rests_until = Some(Instant::now() + UPKEEP_REST);
        self.make_room_after(error);
    }

    fn make_room_after(&self, error: &StoreError) {
        if matches!(error, StoreError::Full(_)) {
            self.checkpoints.shrink(self.core.conn);
        }
    }

    fn one_by_one(&mut self, batch: Batch) -> Result<(), StoreError> {
        let mut fatal: Result<(), StoreError> = Ok(());
        for job in batch {
            if let Err(error) = &fatal {
                job.refuse(error.clone());
                continue;
            }
            let mut alone = vec![job];
            match self.commit(&mut alone, false) {
                Ok(()) => alone.into_iter().for_each(Job::answer),
                Err(error) => {
                    refuse_all(alone, &error);
                    if is_fatal(&error) {
                        fatal = Err(error);
                    }
                }
            }
        }
        fatal
    }

    /// One transaction. On an error nothing of it is kept, on disk or in memory.
    fn commit(&mut self, batch: &mut Batch, upkeep: bool) -> Result<(), StoreError> {
        let done = self.transact(batch, upkeep);
        match done {
            Ok(()) => {
                Failpoint::AfterCommit.pass();
                self.core.names.committed();
                self.core.dedupe.committed();
                self.last_sequence.fetch_max(self.core.sequence, Ordering::Release);
                self.oldest.added(std::mem::replace(&mut self.core.pending, NOTHING));
                Ok(())
            }
            Err(fault) => {
                self.core.names.rolled_back();
                self.core.dedupe.rolled_back();
                self.core.sequence = 0;
                self.core.pending = NOTHING;
                let error = fault.into_error();
                if !self.core.conn.is_autocommit()
                    && let Err(rollback) = self.core.conn.execute_batch("ROLLBACK")
                {
                    return Err(StoreError::Failed(format!(
                        "{error}; and undoing it: {}",
                        classify(&rollback)
                    )));
                }
                Err(error)
            }
        }
    }

    fn transact(&mut self, batch: &mut Batch, upkeep: bool) -> Result<(), Fault> {
        let accepts = batch.iter().filter(|job| job.lane() == Lane::Accept);
        let accepts = accepts.map(|job| job.events()).sum();
        Failpoint::GroupTaken.pass();
        self.core.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for job in batch.iter_mut() {
            job.apply(&mut self.core)?;
            Failpoint::InGroup.pass();
        }
        if is_planted(Bug::AckBeforeCommit) {
            batch.drain(..).for_each(Job::answer);
        }
        if upkeep {
            self.core.dedupe.upkeep(self.core.conn, accepts)?;
        }
        Failpoint::BeforeCommit.pass();
        #[cfg(feature = "fault-injection")]
        self.disk.before_commit()?;
        self.core.conn.prepare_cached("COMMIT")?.execute([])?;
        #[cfg(feature = "fault-injection")]
        self.disk.after_commit()?;
        Ok(())
    }
}

fn refuse_without_room(batch: Batch, room: Result<(), StoreError>) -> Batch {
    let Err(error) = room else { return batch };
    let (refused, kept): (Batch, Batch) = batch.into_iter().partition(|job| job.needs_room());
    refuse_all(refused, &error);
    kept
}

fn refuse_all(jobs: Batch, error: &StoreError) {
    for job in jobs {
        job.refuse(error.clone());
    }
}
