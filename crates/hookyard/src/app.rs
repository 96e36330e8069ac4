//! The parts of a running hub, put together.

use std::sync::{Arc, PoisonError, RwLock};

use hookyard_delivery::{Clock, Engine};
use hookyard_model::{Store, StoreError, Timestamp};
use tokio::sync::watch;

use crate::clock::{EventIds, SystemClock};
use crate::config::Config;
use crate::feed::Feed;
use crate::keys::Keys;
use crate::quarantine::Quarantine;
use crate::telemetry::Metrics;

/// What every part of a running hub shares.
pub struct App {
    /// Keeps events and deliveries.
    pub store: Arc<dyn Store>,
    /// Makes deliveries.
    pub engine: Engine,
    /// Fetches the keys that providers publish.
    pub(crate) keys: Keys,
    /// Counts what happens.
    pub metrics: Arc<Metrics>,
    /// Tells what happens.
    pub feed: Feed,
    /// Keeps requests for a while that failed verification.
    pub quarantine: Quarantine,
    /// Gives out event ids.
    pub ids: EventIds,
    /// The time.
    pub clock: SystemClock,
    /// When the hub was started.
    pub started_at: Timestamp,
    /// Turns true when the process is about to end.
    pub stopping: watch::Receiver<bool>,
    /// What the operator wrote.
    pub(crate) config: RwLock<Arc<Config>>,
    /// Takes an error after which the process must end.
    pub(crate) fatal: Fatal,
}

impl App {
    /// The configuration as it stands. Take it once per request: it may be replaced meanwhile.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another configuration in the place of the one that stands.
    pub fn set_config(&self, config: Arc<Config>) {
        self.engine.set_destinations(config.destinations.values().cloned().collect());
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// Ends the process if this error of the store asks for it.
    pub fn report(&self, error: &StoreError) {
        self.fatal.report(error);
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Waits until the process is about to end.
pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and so is the process, nearly.
    drop(stopping.wait_for(|stopping| *stopping).await);
}

/// Takes an error of the store after which the process must end.
///
/// A write that failed may have been dropped by the operating system, so that a later sync
/// succeeds though the data is gone: the only safe thing is to start again from the file.
#[derive(Clone, Debug)]
pub struct Fatal(watch::Sender<Option<StoreError>>);

impl Default for Fatal {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Fatal {
    /// Ends the process if the error asks for it.
    pub fn report(&self, error: &StoreError) {
        if matches!(error, StoreError::Failed(_) | StoreError::Corrupt(_)) {
            self.0.send_if_modified(|current| {
                let first = current.is_none();
                current.get_or_insert_with(|| error.clone());
                first
            });
        }
    }

    /// Waits for such an error.
    pub async fn wait(&self) -> StoreError {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await.map(|error| error.clone()) {
            Ok(Some(error)) => error,
            // The sender is in `self`, so there always is one, and it is never set back.
            _ => std::future::pending().await,
        }
    }
}
