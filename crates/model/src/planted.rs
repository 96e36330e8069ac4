//! Bugs that are planted on purpose, so that the simulation can be seen to find them.
//!
//! The code that has one asks for it here, in one line. Without the feature `planted-bugs`, which
//! only the simulation asks for, the answer is always no and the compiler leaves the line out.

use crate::word::words;

words! {
    /// A bug that can be planted.
    Bug {
        /// Whoever asked for a write is answered before the transaction is committed.
        AckBeforeCommit = "ack-before-commit",
        /// The dedupe key is committed first, and the event in a transaction of its own.
        DedupeFirst = "dedupe-first",
        /// A settlement counts whatever lease it was made under.
        MissingFence = "missing-fence",
        /// What a lane hears while the store is asked is forgotten when the store has answered.
        LostWakeUp = "lost-wake-up",
        /// A settlement moves on every delivery of its event, whoever has them.
        SettlesAnothers = "settles-anothers",
        /// At a start, what waits for its next attempt is put off for good.
        RetryForgotten = "retry-forgotten",
        /// What is leased stays due, so that whoever asks next gets it too.
        LeaseGivenTwice = "lease-given-twice",
        /// A probe that succeeds leaves the circuit as it is.
        CircuitNeverCloses = "circuit-never-closes",
        /// While events come in, nothing else is written.
        LaneStarvation = "lane-starvation",
        /// A commit that fails is a success to the first half of those who wait for it.
        HalfBatchAcknowledged = "half-batch-acknowledged",
        /// A lease that was never settled is forgotten when the delivery is taken again.
        UnflaggedRepeat = "unflagged-repeat",
        /// At a start, lanes are not told what the store has for them.
        DueLostAtRestart = "due-lost-at-restart",
    }
}

/// Whether this bug is planted on this thread.
#[cfg(not(feature = "planted-bugs"))]
#[inline]
pub const fn is_planted(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted-bugs")]
pub use with::{is_planted, plant};

#[cfg(feature = "planted-bugs")]
mod with {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether this bug is planted on this thread.
    pub fn is_planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Plants a bug on this thread, in place of the one before.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }
}
