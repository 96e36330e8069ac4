//! What all lanes share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_model::{DestinationStatus, Name, Store};

use crate::observe::{Clock, Observer};
use crate::settings::Settings;
use crate::transport::Transport;

/// What an engine works with.
#[derive(Clone)]
pub struct Parts {
    /// Where deliveries come from and are settled.
    pub store: Arc<dyn Store>,
    /// How requests leave.
    pub transport: Arc<dyn Transport>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
}

/// The parts and what is known to all lanes.
pub(crate) struct Context {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) settings: Settings,
    pub(crate) statuses: Statuses,
}

impl Context {
    pub(crate) fn new(parts: Parts, settings: Settings, statuses: Statuses) -> Self {
        let Parts { store, transport, clock, observer } = parts;
        Self { store, transport, clock, observer, settings, statuses }
    }
}

/// What was done to which destinations, those that are not configured at present included.
#[derive(Default)]
pub(crate) struct Statuses(Mutex<HashMap<Name, DestinationStatus>>);

impl Statuses {
    pub(crate) fn new(known: Vec<(Name, DestinationStatus)>) -> Self {
        Self(Mutex::new(known.into_iter().collect()))
    }

    pub(crate) fn get(&self, name: &Name) -> DestinationStatus {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).copied().unwrap_or(DestinationStatus::Active)
    }

    pub(crate) fn set(&self, name: Name, status: DestinationStatus) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, status);
    }
}
