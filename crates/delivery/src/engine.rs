//! The engine's handle: starts lanes, tells them what happens, stops them.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use hookyard_model::planted::{Bug, is_planted};
use hookyard_model::{CircuitState, Destination, DestinationStatus, Name, StoreError, Timestamp};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::context::{Context, Parts, Statuses};
use crate::cut::Cut;
use crate::gate::{Gate, LaneState, Reservation};
use crate::settings::Settings;
use crate::worker::{Message, Worker};

/// What the last settlements may take after the deadline of a shutdown.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The delivery engine. Clones are handles to the same one.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    context: Arc<Context>,
    lanes: RwLock<BTreeMap<Name, Handle>>,
    tasks: Mutex<JoinSet<()>>,
    /// Ends the attempts that are still under way when the time for a shutdown is up.
    cut: Cut,
    /// Has the store looked at before the next sweep is due.
    look: Arc<Notify>,
    stopped: AtomicBool,
}

#[derive(Clone)]
struct Handle {
    destination: Arc<Destination>,
    inbox: mpsc::UnboundedSender<Message>,
    gate: Arc<Gate>,
}

impl Engine {
    /// Starts a lane for each destination, with what the store knows of them.
    pub async fn start(
        parts: Parts,
        settings: Settings,
        destinations: Vec<Arc<Destination>>,
    ) -> Result<Self, StoreError> {
        let statuses = Statuses::new(parts.store.statuses().await?);
        let due = parts.store.next_due().await?;
        let inner = Arc::new(Inner {
            context: Arc::new(Context::new(parts, settings, statuses)),
            lanes: RwLock::default(),
            tasks: Mutex::default(),
            cut: Cut::default(),
            look: Arc::default(),
            stopped: AtomicBool::new(false),
        });
        let engine = Self { inner };
        engine.replace(destinations);
        if !is_planted(Bug::DueLostAtRestart) {
            engine.inner.tell_due(due);
        }
        let (inner, look) = (Arc::downgrade(&engine.inner), Arc::clone(&engine.inner.look));
        engine.spawn(sweep(inner, look));
        Ok(engine)
    }

    /// Takes a place in the memory of a destination's lane, for a delivery that is about to be
    /// stored. `None` when there is none, when older deliveries wait in the store, or when the
    /// destination is held: the delivery is then to be born due and unleased, and
    /// [`Engine::wake`] called once it is stored.
    pub fn reserve(&self, destination: &Name) -> Option<Reservation> {
        let context = &self.inner.context;
        let lanes = self.inner.lanes.read().unwrap_or_else(PoisonError::into_inner);
        let handle = lanes.get(destination)?;
        if !handle.gate.take_place(context.settings.queue_bytes) {
            return None;
        }
        let lease = Duration::from_millis(handle.gate.lease_millis.load(Ordering::Relaxed));
        let until = context.clock.now().plus(lease);
        Some(Reservation::new(Arc::clone(&handle.gate), handle.inbox.clone(), until))
    }

    /// Says that the store has, or may have, due deliveries to a destination.
    pub fn wake(&self, destination: &Name) {
        let lanes = self.inner.lanes.read().unwrap_or_else(PoisonError::into_inner);
        let Some(handle) = lanes.get(destination) else { return };
        if !handle.gate.woken.swap(true, Ordering::AcqRel) {
            handle.tell(Message::Wake);
        }
    }

    /// Replaces the destinations. Lanes of removed ones finish what is under way and leave the
    /// rest in the store; changed ones go on with the new settings.
    pub fn set_destinations(&self, destinations: Vec<Arc<Destination>>) {
        self.replace(destinations);
        // Something may have waited for a destination that is new.
        self.inner.look.notify_one();
    }

    fn replace(&self, destinations: Vec<Arc<Destination>>) {
        let mut lanes = self.inner.lanes.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *lanes);
        for destination in destinations {
            let name = destination.name.clone();
            let handle = match before.remove(&name) {
                Some(handle) if handle.destination == destination => handle,
                Some(handle) => {
                    handle.tell(Message::Destination(Arc::clone(&destination)));
                    Handle { destination, ..handle }
                }
                None => self.start_lane(destination),
            };
            lanes.insert(name, handle);
        }
        for removed in before.into_values() {
            removed.tell(Message::Stop);
        }
    }

    /// Pauses, resumes or enables a destination, over restarts.
    pub async fn set_status(
        &self,
        destination: Name,
        status: DestinationStatus,
    ) -> Result<(), StoreError> {
        let context = &self.inner.context;
        context.store.set_status(destination.clone(), status).await?;
        context.statuses.set(destination.clone(), status);
        let lanes = self.inner.lanes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = lanes.get(&destination) {
            handle.tell(Message::Status(status));
        }
        Ok(())
    }

    /// How the lanes are doing, sorted by name.
    pub fn lanes(&self) -> Vec<LaneState> {
        let lanes = self.inner.lanes.read().unwrap_or_else(PoisonError::into_inner);
        lanes.values().map(|handle| handle.gate.state()).collect()
    }

    /// Starts no more attempts, gives back to the store what waits in memory, and waits for the
    /// attempts under way to end. Those that have not ended at the deadline are broken off and
    /// kept as interrupted, which takes a moment more.
    ///
    /// Whoever takes in new events has to stop before.
    pub async fn shutdown(&self, deadline: Duration) {
        let until = Instant::now() + deadline;
        self.inner.stopped.store(true, Ordering::Release);
        self.set_destinations(Vec::new());
        let mut tasks = {
            let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        if tokio::time::timeout_at(until, all(&mut tasks)).await.is_err() {
            self.inner.cut.cut();
            if tokio::time::timeout(LAST_WORDS, all(&mut tasks)).await.is_err() {
                tracing::warn!("some deliveries could not be settled in time; they are made again");
            }
        }
        tasks.shutdown().await;
    }

    fn start_lane(&self, destination: Arc<Destination>) -> Handle {
        let context = &self.inner.context;
        let gate = Arc::new(Gate::new(LaneState {
            name: destination.name.clone(),
            status: context.statuses.get(&destination.name),
            circuit: CircuitState::Closed,
            in_flight: 0,
            queued: 0,
        }));
        let (inbox, messages) = mpsc::unbounded_channel();
        let worker = Worker::new(
            Arc::clone(context),
            Arc::clone(&destination),
            Arc::clone(&gate),
            messages,
            self.inner.cut.clone(),
        );
        self.spawn(worker.run());
        Handle { destination, inbox, gate }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

impl Inner {
    /// Tells lanes when the store will have something for them.
    fn tell_due(&self, due: Vec<(Name, Timestamp)>) {
        // What is later than that, the sweep after the next will tell; most of it is leased now
        // and will be settled by then.
        let horizon = self.context.clock.now().plus(self.context.settings.sweep * 2);
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        for (name, at) in due.into_iter().filter(|(_, at)| *at <= horizon) {
            if let Some(handle) = lanes.get(&name) {
                handle.tell(Message::Due(at));
            }
        }
    }
}

impl Handle {
    fn tell(&self, message: Message) {
        if self.inbox.send(message).is_err() {
            tracing::error!(destination = %self.destination.name, "its lane has ended unasked");
        }
    }
}

async fn all(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a lane failed");
        }
    }
}

/// Asks the store from time to time when something is due, for all lanes at once: it knows what
/// nobody here was told, such as what a dead process had leased.
async fn sweep(inner: Weak<Inner>, look: Arc<Notify>) {
    loop {
        let Some(every) = inner.upgrade().map(|inner| inner.context.settings.sweep) else { return };
        tokio::select! {
            biased;
            () = tokio::time::sleep(every) => {}
            () = look.notified() => {}
        }
        let Some(inner) = inner.upgrade() else { return };
        if inner.stopped.load(Ordering::Acquire) {
            return;
        }
        match inner.context.store.next_due().await {
            Ok(due) => inner.tell_due(due),
            Err(error) => inner.context.observer.store_failed(&error),
        }
    }
}
