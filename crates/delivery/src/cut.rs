//! The end of all attempts that are under way, when a shutdown has no more time.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Tells attempts to end. Those that wait are woken in the order in which they came, so that what
/// follows is the same each time; a `watch` would wake them by dice.
#[derive(Clone, Debug)]
pub(crate) struct Cut(Arc<Semaphore>);

impl Default for Cut {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Cut {
    /// Ends them.
    pub(crate) fn cut(&self) {
        self.0.close();
    }

    /// Waits until they have to end.
    pub(crate) async fn wait(&self) {
        // There is no permit, so this ends when it is closed.
        drop(self.0.acquire().await);
    }
}
