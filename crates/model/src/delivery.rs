//! A delivery: one event on its way to one destination.

use std::sync::Arc;

use crate::word::words;
use crate::{Attempt, DeliveryId, Event, Name, Timestamp};

words! {
    /// Where a delivery stands. All but `Pending` are final until a person asks for it again.
    DeliveryState {
        /// Will be tried.
        Pending = "pending",
        /// The destination has it.
        Succeeded = "succeeded",
        /// Given up, with a reason.
        DeadLetter = "dead_letter",
        /// A person did not want it any more.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why a delivery was given up.
    DeadLetterReason {
        /// The retry schedule is used up.
        Exhausted = "exhausted",
        /// The destination answered 410 Gone.
        Gone = "gone",
        /// Our guard does not allow the destination's address.
        AddressRefused = "address_refused",
        /// Its event is there, but cannot be read.
        Unreadable = "unreadable",
    }
}

/// A delivery, as it is shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, which names the event too.
    pub id: DeliveryId,
    /// Where the event came from.
    pub source: Name,
    /// The event's type.
    pub event_type: Option<String>,
    /// Where it goes.
    pub destination: Name,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it may next be taken up; `None` exactly when the state is final.
    pub due_at: Option<Timestamp>,
    /// Whether a worker has it in hand.
    pub leased: bool,
    /// How many attempts were made, over all.
    pub attempts: u32,
    /// Why it was given up, when it was.
    pub reason: Option<DeadLetterReason>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it reached its final state.
    pub finished_at: Option<Timestamp>,
}

/// A delivery to be made with its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Where to.
    pub destination: Name,
    /// Until when the worker of this process alone has it, which takes it over in memory as soon
    /// as it is stored; `None` leaves it to whoever leases it next.
    pub leased_until: Option<Timestamp>,
}

/// The proof that a worker holds a delivery: settling under an old lease changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// The delivery.
    pub id: DeliveryId,
    /// How many times it had been taken, this time included.
    pub lease: u32,
}

/// A delivery in the hands of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// What to settle it with.
    pub held: Held,
    /// What to deliver.
    pub event: Arc<Event>,
    /// Where to.
    pub destination: Name,
    /// When the lease ends.
    pub until: Timestamp,
    /// How many attempts were made before.
    pub attempts: u32,
    /// How many attempts of the retry schedule were made before; begins anew when a person asks again.
    pub step: u32,
    /// Whether the destination may have got it before, by an attempt whose end is not known.
    pub maybe_sent: bool,
    /// Whether a person asked for it again.
    pub replayed: bool,
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is done.
    Succeeded,
    /// It is tried again at this time.
    RetryAt(Timestamp),
    /// It is given up.
    DeadLetter(DeadLetterReason),
}

/// The end of a worker's turn with a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The lease under which the attempt was made.
    pub held: Held,
    /// The attempt; `None` when there was none to make, as for a destination that is gone.
    pub attempt: Option<Attempt>,
    /// Whether the attempt uses up a step of the retry schedule; one that we broke off does not.
    pub counts: bool,
    /// What becomes of the delivery.
    pub next: Next,
    /// When.
    pub at: Timestamp,
}
