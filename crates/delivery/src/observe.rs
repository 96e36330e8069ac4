//! What the engine asks of the process around it: the time, and somebody to tell.

use hookyard_model::{Attempt, CircuitState, Leased, Name, Next, StoreError, Timestamp};

/// Where the engine gets the time and its dice from.
pub trait Clock: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// A random number from 0 to 1.
    fn jitter(&self) -> f64;
}

/// Told what happens: metrics, logs, a live view. Called from the engine's tasks, so a method
/// must not block; all do nothing unless implemented.
#[expect(unused_variables, reason = "the names say what is told")]
pub trait Observer: Send + Sync + 'static {
    /// An attempt has ended and is kept in the store, and so is what follows from it.
    fn attempt(&self, leased: &Leased, attempt: &Attempt, next: &Next) {}

    /// A circuit has changed.
    fn circuit(&self, destination: &Name, state: CircuitState) {}

    /// A destination answered 410 Gone and is disabled; what is pending for it is held.
    fn disabled(&self, destination: &Name) {}

    /// The store did not do as asked. On [`StoreError::Failed`] the process has to end.
    fn store_failed(&self, error: &StoreError) {}
}
