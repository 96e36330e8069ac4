//! Connections that wait for the next request to the same place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hookyard_model::Reach;
use tokio::time::Instant;
use url::Url;

use super::connection::{Connection, Driving};

/// How long a connection waits before it is closed. Longer than most pauses within a burst of
/// events, shorter than what servers and middleboxes forget connections after.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// How long a connection may take to be ready again after its answer has been read.
const READY_MAX: Duration = Duration::from_secs(5);
/// How many connections wait for one place.
const IDLE_PER_PLACE: usize = 64;

/// Where a connection leads, and under which rule its address was checked: a connection that the
/// operator's destination may use is not one for a stranger's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    origin: String,
    reach: u8,
}

impl Place {
    pub(super) fn new(url: &Url, reach: &Reach) -> Self {
        let reach = match reach {
            Reach::Public => 0,
            Reach::Operator { metadata: false } => 1,
            Reach::Operator { metadata: true } => 2,
        };
        Self { origin: url.origin().ascii_serialization(), reach }
    }
}

/// The connections that wait.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<HashMap<Place, Vec<Idle>>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// Takes the connection to a place that was used last, if one waits.
    pub(super) fn take(&self, place: &Place) -> Option<Connection> {
        let mut idle = self.lock();
        let waiting = idle.get_mut(place)?;
        std::iter::from_fn(|| waiting.pop())
            .find(|idle| idle.connection.sender.is_ready() && idle.since.elapsed() < IDLE_MAX)
            .map(|idle| idle.connection)
    }

    /// Keeps a connection for the next request, as soon as it is ready for one.
    pub(super) fn keep(self: &Arc<Self>, place: Place, mut connection: Connection) {
        if connection.sender.is_ready() {
            return self.put(place, connection);
        }
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            // An answer may come before the request has been read, and then it never may be.
            let ready = tokio::time::timeout(READY_MAX, connection.sender.ready()).await;
            if matches!(ready, Ok(Ok(()))) {
                pool.put(place, connection);
            }
        });
    }

    fn put(&self, place: Place, connection: Connection) {
        let mut idle = self.lock();
        let waiting = idle.entry(place).or_default();
        if waiting.len() < IDLE_PER_PLACE {
            waiting.push(Idle { connection, since: Instant::now() });
        }
    }

    /// Closes the connections to a place that are not used any more.
    fn tidy(&self, place: &Place) {
        let mut idle = self.lock();
        let Some(waiting) = idle.get_mut(place) else { return };
        waiting
            .retain(|idle| !idle.connection.sender.is_closed() && idle.since.elapsed() < IDLE_MAX);
        if waiting.is_empty() {
            idle.remove(place);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drives a connection to its end and sees to it that it does not wait for ever.
pub(super) async fn drive(driving: Driving, pool: Weak<Pool>, place: Place) {
    let mut driving = std::pin::pin!(driving);
    loop {
        let ended = tokio::select! {
            result = &mut driving => {
                // Whoever waits for an answer is told by the sender; this is for the rest.
                if let Err(error) = result {
                    tracing::trace!(%error, "a connection to a destination ended");
                }
                true
            }
            () = tokio::time::sleep(IDLE_MAX) => false,
        };
        if let Some(pool) = pool.upgrade() {
            pool.tidy(&place);
        }
        if ended {
            return;
        }
    }
}
