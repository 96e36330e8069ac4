//! Facts and decisions of a webhook hub.
//!
//! What an [`Event`], a [`Destination`] and a [`Delivery`] are; which routes match ([`route`]);
//! when a delivery is tried again ([`retry`]), held back ([`circuit`], [`rate`]) or given up; and
//! what a database must promise to keep them ([`Store`]).
//!
//! Nothing here awaits, reads the clock, draws random numbers or logs: `now` and `jitter` are
//! arguments, so every decision can be tested as a table.

pub mod attempt;
pub mod circuit;
pub mod delivery;
pub mod destination;
pub mod event;
pub mod failpoint;
pub mod id;
pub mod name;
#[doc(hidden)]
pub mod planted;
pub mod quarantine;
pub mod rate;
pub mod retry;
pub mod route;
pub mod secret;
pub mod store;
pub mod time;
mod word;

pub use attempt::{Attempt, Failure, FailureKind, Outcome, Response};
pub use circuit::{Admission, Circuit, CircuitPolicy, CircuitState};
pub use delivery::{
    DeadLetterReason, Delivery, DeliveryState, Held, Leased, NewDelivery, Next, Settlement,
};
pub use destination::{Destination, DestinationStatus, ForwardHeaders, Reach, Timeouts};
pub use event::{DedupeKey, Event, HeaderList, Item, Verification};
pub use failpoint::Failpoint;
pub use id::{DeliveryId, EventId, IdSequence, ParseIdError, QuarantineId};
pub use name::{Name, NameError};
pub use quarantine::{
    QuarantineBudget, QuarantineChange, QuarantineFilter, QuarantineLimits, QuarantineSummary,
    QuarantineTotals, Quarantined, Reason, Standing,
};
pub use rate::{Rate, RateLimiter};
pub use retry::RetryPolicy;
pub use route::{Route, TypePattern};
pub use secret::Secret;
pub use store::{
    Accepted, Condition, Counts, DeliveryFilter, Due, EventFilter, EventSummary, Lease, NewBatch,
    NewEvent, NewItem, Page, Pruned, Retention, Store, StoreError, StoreFuture,
};
pub use time::Timestamp;
