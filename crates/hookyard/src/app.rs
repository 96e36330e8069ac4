//! The parts of a running hub, put together.

use std::sync::{Arc, PoisonError, RwLock};

use hookyard_delivery::{Clock, Engine};
use hookyard_model::Store;
use tokio::sync::watch;

use crate::clock::{EventIds, SystemClock};
use crate::config::Config;
use crate::feed::Feed;
use crate::telemetry::Metrics;

/// What every part of a running hub shares.
pub struct App {
    /// Keeps events and deliveries.
    pub store: Arc<dyn Store>,
    /// Makes deliveries.
    pub engine: Engine,
    /// Counts what happens.
    pub metrics: Arc<Metrics>,
    /// Tells what happens.
    pub feed: Feed,
    /// Gives out event ids.
    pub ids: EventIds,
    /// The time.
    pub clock: SystemClock,
    /// What the operator wrote.
    config: RwLock<Arc<Config>>,
    /// Turns true when the process is about to end.
    pub stopping: watch::Receiver<bool>,
}

impl App {
    /// The configuration as it stands. Take it once per request: it may be replaced meanwhile.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another configuration in its place.
    pub fn set_config(&self, config: Arc<Config>) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// Now.
    pub fn now(&self) -> hookyard_model::Timestamp {
        self.clock.now()
    }
}
