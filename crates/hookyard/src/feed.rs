//! What happens, as it happens, for whoever watches: the `dev` command's live view.

use std::sync::Arc;

use hookyard_delivery::Observer;
use hookyard_model::{Attempt, Event, Leased, Name, Next};
use tokio::sync::broadcast;

/// How many happenings a slow watcher may lag behind before it misses some.
const BACKLOG: usize = 1024;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Happening {
    /// An event was stored, or a repeat of one was told.
    Received {
        /// The event, under the id that was answered.
        event: Arc<Event>,
        /// Whether it was a repeat.
        duplicate: bool,
        /// Where it goes.
        to: Vec<Name>,
    },
    /// A provider's question was answered.
    Asked {
        /// The source.
        source: Name,
        /// The method with which it came.
        method: String,
    },
    /// A request was refused.
    Rejected {
        /// The source's name in its URL, as far as it is one.
        source: Option<Name>,
        /// The problem's code.
        code: &'static str,
        /// The sentence that the sender got.
        detail: String,
    },
    /// An attempt ended.
    Attempted {
        /// The delivery.
        leased: Leased,
        /// The attempt.
        attempt: Attempt,
        /// What becomes of the delivery.
        next: Next,
    },
}

/// Tells happenings to all that watch; costs next to nothing while nobody does.
#[derive(Clone, Debug)]
pub struct Feed(broadcast::Sender<Happening>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Feed {
    /// Tells what `happening` makes, if anybody watches.
    pub fn tell(&self, happening: impl FnOnce() -> Happening) {
        if self.0.receiver_count() > 0 {
            // Fails only when the last watcher has just left.
            drop(self.0.send(happening()));
        }
    }

    /// Watches from now on.
    pub fn watch(&self) -> broadcast::Receiver<Happening> {
        self.0.subscribe()
    }
}

impl Observer for Feed {
    fn attempt(&self, leased: &Leased, attempt: &Attempt, next: &Next) {
        self.tell(|| Happening::Attempted {
            leased: leased.clone(),
            attempt: attempt.clone(),
            next: next.clone(),
        });
    }
}
