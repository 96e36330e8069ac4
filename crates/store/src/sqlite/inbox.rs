//! A bounded queue from futures to a thread, in three lanes.
//!
//! Each lane has its own room, so that background work that waits never keeps an event from being
//! accepted. A batch takes from every lane, so that accepts, which come first, cannot starve the rest.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use hookyard_model::StoreError;
use hookyard_model::planted::{Bug, is_planted};
use tokio::sync::Semaphore;

/// How urgent a job is: the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Someone holds a connection open for it.
    Accept,
    /// A worker waits for it.
    Work,
    /// Maintenance, and what people ask for.
    Background,
}

/// How many bytes of one lane go into a batch.
const BATCH_BYTES: usize = 8 << 20;

impl Lane {
    const ALL: [Self; 3] = [Self::Accept, Self::Work, Self::Background];

    /// How many jobs may wait.
    const fn room(self) -> usize {
        match self {
            Self::Accept | Self::Work => 4096,
            Self::Background => 256,
        }
    }

    /// How many jobs go into a batch: few in the background, where each may be long.
    const fn share(self) -> usize {
        match self {
            Self::Accept | Self::Work => 512,
            Self::Background => 4,
        }
    }
}

/// The queue.
pub(super) struct Inbox<J> {
    state: Mutex<State<J>>,
    filled: Condvar,
    room: [Semaphore; 3],
    /// For whoever waits without a thread.
    #[cfg(feature = "fault-injection")]
    noticed: tokio::sync::Notify,
}

struct State<J> {
    lanes: [VecDeque<Waiting<J>>; 3],
    /// Why nothing is taken any more.
    closed: Option<StoreError>,
}

struct Waiting<J> {
    job: J,
    bytes: usize,
}

impl<J> Inbox<J> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                lanes: [VecDeque::new(), VecDeque::new(), VecDeque::new()],
                closed: None,
            }),
            filled: Condvar::new(),
            room: Lane::ALL.map(|lane| Semaphore::new(lane.room())),
            #[cfg(feature = "fault-injection")]
            noticed: tokio::sync::Notify::new(),
        }
    }

    /// Waits for room in the lane and leaves a job there.
    pub(super) async fn put(&self, lane: Lane, bytes: usize, job: J) -> Result<(), StoreError> {
        let [accept, work, background] = &self.room;
        let room = match lane {
            Lane::Accept => accept,
            Lane::Work => work,
            Lane::Background => background,
        };
        if let Ok(permit) = room.acquire().await {
            permit.forget();
        }
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return Err(reason.clone());
        }
        let [accept, work, background] = &mut state.lanes;
        let waiting = match lane {
            Lane::Accept => accept,
            Lane::Work => work,
            Lane::Background => background,
        };
        waiting.push_back(Waiting { job, bytes });
        drop(state);
        #[cfg(feature = "fault-injection")]
        self.noticed.notify_one();
        match lane {
            // Not everyone who waits may take it.
            Lane::Background => self.filled.notify_all(),
            Lane::Accept | Lane::Work => self.filled.notify_one(),
        }
        Ok(())
    }

    /// The next batch, each lane's share in turn. Waits for the first job if `wait` is set. `None`
    /// when the queue is closed and empty.
    pub(super) fn take(&self, wait: bool) -> Option<Vec<J>> {
        let mut state = self.lock();
        while wait && state.closed.is_none() && state.lanes.iter().all(VecDeque::is_empty) {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut batch = Vec::new();
        for ((lane, waiting), room) in Lane::ALL.into_iter().zip(&mut state.lanes).zip(&self.room) {
            if is_planted(Bug::LaneStarvation) && !batch.is_empty() {
                break;
            }
            let mut bytes = 0_usize;
            let mut taken = 0;
            while taken < lane.share() && bytes < BATCH_BYTES {
                let Some(next) = waiting.pop_front() else { break };
                bytes = bytes.saturating_add(next.bytes);
                taken += 1;
                batch.push(next.job);
            }
            room.add_permits(taken);
        }
        if batch.is_empty() && state.closed.is_some() { None } else { Some(batch) }
    }

    /// Waits, as [`Inbox::take`] does, but without holding up the thread.
    #[cfg(feature = "fault-injection")]
    pub(super) async fn something(&self) {
        let is_there = || {
            let state = self.lock();
            state.closed.is_some() || state.lanes.iter().any(|waiting| !waiting.is_empty())
        };
        while !is_there() {
            self.noticed.notified().await;
        }
    }

    /// The next job alone, of this lane or a more urgent one; for threads that share a queue.
    pub(super) fn take_one(&self, least: Lane) -> Option<J> {
        let lanes = least as usize + 1;
        let mut state = self.lock();
        loop {
            for (waiting, room) in state.lanes.iter_mut().zip(&self.room).take(lanes) {
                if let Some(next) = waiting.pop_front() {
                    room.add_permits(1);
                    return Some(next.job);
                }
            }
            if state.closed.is_some() {
                return None;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes nothing more; what waits is still done. `false` when it was closed before.
    pub(super) fn close(&self, reason: StoreError) -> bool {
        let mut state = self.lock();
        let first = state.closed.is_none();
        if first {
            state.closed = Some(reason);
        }
        drop(state);
        self.room.iter().for_each(Semaphore::close);
        self.filled.notify_all();
        #[cfg(feature = "fault-injection")]
        self.noticed.notify_one();
        first
    }

    /// Throws away what waits; those who asked learn the reason of the closing.
    pub(super) fn discard(&self) {
        let lanes = std::mem::take(&mut self.lock().lanes);
        drop(lanes);
    }

    /// Why nothing is taken any more, if so.
    pub(super) fn closed(&self) -> Option<StoreError> {
        self.lock().closed.clone()
    }

    /// Why it is closed; a thread that ended without closing it has crashed.
    pub(super) fn reason(&self) -> StoreError {
        self.closed().unwrap_or_else(crashed)
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes a queue when the thread that empties it crashes: nobody shall wait for ever.
pub(super) struct OrClose<'i, J>(pub(super) &'i Inbox<J>);

impl<J> Drop for OrClose<'_, J> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close(crashed());
            self.0.discard();
        }
    }
}

fn crashed() -> StoreError {
    StoreError::Failed("a thread of the store has crashed".to_owned())
}

impl<J> std::fmt::Debug for Inbox<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").field("closed", &self.lock().closed).finish_non_exhaustive()
    }
}
