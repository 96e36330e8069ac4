//! The side of a lane that others see: whether there is room in its memory, and how it is doing.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_model::{CircuitState, DestinationStatus, Leased, Name, Timestamp};
use tokio::sync::mpsc::UnboundedSender;

use crate::worker::Message;

/// How a destination's lane is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneState {
    /// The destination.
    pub name: Name,
    /// Whether deliveries are made.
    pub status: DestinationStatus,
    /// Its circuit breaker.
    pub circuit: CircuitState,
    /// Attempts under way.
    pub in_flight: u32,
    /// Deliveries that wait in memory; the rest waits in the store.
    pub queued: usize,
}

/// What the lane's task writes and others read.
pub(crate) struct Gate {
    pub(crate) open: AtomicBool,
    /// Deliveries that are in memory, or have a place reserved there.
    pub(crate) places: AtomicUsize,
    pub(crate) capacity: AtomicUsize,
    pub(crate) bytes: AtomicUsize,
    pub(crate) lease_millis: AtomicU64,
    /// Whether a wake-up is on its way, so that another one would say nothing new.
    pub(crate) woken: AtomicBool,
    state: Mutex<LaneState>,
}

impl Gate {
    pub(crate) fn new(state: LaneState) -> Self {
        Self {
            open: AtomicBool::new(false),
            places: AtomicUsize::new(0),
            capacity: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            lease_millis: AtomicU64::new(0),
            woken: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    pub(crate) fn state(&self) -> LaneState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_state(&self, state: LaneState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Takes a place, if there is room for one more.
    pub(crate) fn take_place(&self, bytes_max: usize) -> bool {
        let capacity = self.capacity.load(Ordering::Relaxed);
        let more = |places: usize| (places < capacity).then_some(places + 1);
        self.open.load(Ordering::Relaxed)
            && self.bytes.load(Ordering::Relaxed) < bytes_max
            && self.places.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    pub(crate) fn add(&self, leased: &Leased) {
        self.bytes.fetch_add(leased.event.body.len(), Ordering::Relaxed);
    }

    pub(crate) fn remove(&self, leased: &Leased) {
        self.bytes.fetch_sub(leased.event.body.len(), Ordering::Relaxed);
        self.places.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place in a lane's memory for a delivery that is about to be stored. Dropping it gives the
/// place back.
#[must_use = "the place is given back when this is dropped"]
pub struct Reservation {
    gate: Arc<Gate>,
    inbox: UnboundedSender<Message>,
    until: Timestamp,
    kept: bool,
}

impl Reservation {
    pub(crate) fn new(gate: Arc<Gate>, inbox: UnboundedSender<Message>, until: Timestamp) -> Self {
        Self { gate, inbox, until, kept: true }
    }

    /// Until when the delivery is to be born leased.
    pub const fn leased_until(&self) -> Timestamp {
        self.until
    }

    /// Hands the delivery over once it is stored.
    pub fn hand_over(mut self, leased: Leased) {
        self.gate.add(&leased);
        // The lane answers for the place from here on.
        self.kept = false;
        if let Err(lost) = self.inbox.send(Message::HandOver(leased)) {
            if let Message::HandOver(leased) = lost.0 {
                self.gate.remove(&leased);
            }
            tracing::debug!("a lane stopped before a delivery reached it; its lease will end");
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.kept {
            self.gate.places.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
