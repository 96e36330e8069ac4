//! The side road of requests that failed verification, and the way back from it.
//!
//! A request that was refused is offered here when its answer is decided, and whoever offers it
//! never waits: what is more than a source's budget, or than the short queue before the disk, is
//! dropped and counted. One task writes what has gathered, a few times a second at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hookyard_model::{
    EventId, Name, QuarantineBudget, QuarantineChange, QuarantineId, QuarantineLimits,
    QuarantineTotals, Quarantined, StoreError,
};
use tokio::sync::mpsc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::app::{App, stopped};
use crate::problem::Problem;

/// How many requests may wait for the disk, and how many bytes of them.
const WAITING: usize = 256;
const WAITING_BYTES: u32 = 8 << 20;
/// How long requests are gathered for one write.
const GATHER: Duration = Duration::from_millis(250);
/// How many budgets are remembered; sources come from the configuration, so that this is plenty.
const BUDGETS: usize = 10_000;

/// Why a request is not kept, as the metrics have it.
const TOO_LARGE: &str = "too_large";
const OVER_BUDGET: &str = "over_budget";
const BUSY: &str = "busy";
const STORE: &str = "store";
const EVICTED: &str = "evicted";

/// Where requests are offered that failed verification.
#[derive(Debug)]
pub struct Quarantine {
    queue: mpsc::Sender<Waiting>,
    /// Taken by the one task that writes.
    waiting: Mutex<Option<mpsc::Receiver<Waiting>>>,
    room: Arc<Semaphore>,
    budgets: Mutex<HashMap<Name, QuarantineBudget>>,
}

/// A request on its way to the disk, and the memory that is counted for it.
#[derive(Debug)]
struct Waiting {
    request: Quarantined,
    code: &'static str,
    _memory: OwnedSemaphorePermit,
}

impl Default for Quarantine {
    fn default() -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        Self {
            queue,
            waiting: Mutex::new(Some(waiting)),
            room: Arc::new(Semaphore::new(WAITING_BYTES as usize)),
            budgets: Mutex::default(),
        }
    }
}

/// What a release has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Released {
    /// It is this event now, or a repeat of it.
    As {
        /// The event.
        event: EventId,
        /// Whether that event was there before.
        duplicate: bool,
    },
    /// It was released before, as this event, and nothing was done now.
    Before(EventId),
    /// It is not what its source lets in, for this reason, and stays.
    Refused {
        /// The problem's code.
        code: &'static str,
        /// Why, in a sentence.
        sentence: String,
    },
    /// There is no such request.
    Gone,
}

/// Lets quarantined requests in that verify after all: what ingest does, for the API to ask for.
pub trait Release: Send + Sync {
    /// Verifies a request as of the time when it came, and if it is good sends it down the road
    /// that it would have gone then. Asked again, it tells the same.
    ///
    /// # Errors
    ///
    /// The store did not do as asked.
    fn release(
        &self,
        id: QuarantineId,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Released, Problem>> + Send + '_>>;
}

/// A request that is offered: `make` copies it, once it is sure that there is room.
pub(crate) struct Offer<'a, F> {
    pub(crate) source: &'a Name,
    pub(crate) code: &'static str,
    /// Bytes of the body.
    pub(crate) body: usize,
    /// Bytes of everything, as [`Quarantined::weight`] has them or nearly.
    pub(crate) bytes: usize,
    pub(crate) make: F,
}

impl App {
    /// Offers a request that failed verification, and says under which id it waits to be kept.
    /// Never waits itself.
    pub(crate) fn offer<F: FnOnce() -> Quarantined>(
        &self,
        limits: QuarantineLimits,
        offer: Offer<'_, F>,
    ) -> Option<QuarantineId> {
        if limits.max_bytes == 0 {
            return None;
        }
        let (source, code) = (offer.source, offer.code);
        self.try_offer(limits, offer)
            .inspect_err(|&reason| {
                self.metrics.quarantine_dropped(source, reason, 1);
                tracing::debug!(%source, code, reason, "a refused request is not kept");
            })
            .ok()
    }

    fn try_offer<F: FnOnce() -> Quarantined>(
        &self,
        limits: QuarantineLimits,
        offer: Offer<'_, F>,
    ) -> Result<QuarantineId, &'static str> {
        if offer.body as u64 > limits.max_body || offer.bytes as u64 > limits.max_bytes {
            return Err(TOO_LARGE);
        }
        let place = self.quarantine.queue.try_reserve().map_err(|_| BUSY)?;
        let bytes = u32::try_from(offer.bytes).map_err(|_| TOO_LARGE)?;
        let memory = Arc::clone(&self.quarantine.room).try_acquire_many_owned(bytes);
        let memory = memory.map_err(|_| BUSY)?;
        if !self.quarantine.has_budget(offer.source, offer.bytes, limits, self.now()) {
            return Err(OVER_BUDGET);
        }
        let request = (offer.make)();
        let id = request.id;
        place.send(Waiting { request, code: offer.code, _memory: memory });
        Ok(id)
    }

    /// Notes what a change of the quarantine has come to.
    pub(crate) fn quarantine_changed(&self, change: &QuarantineChange) {
        for (source, count) in &change.evicted {
            self.metrics.quarantine_dropped(source, EVICTED, *count);
        }
        self.metrics.quarantine_holds(change.totals);
    }
}

impl Quarantine {
    fn has_budget(
        &self,
        source: &Name,
        bytes: usize,
        limits: QuarantineLimits,
        now: hookyard_model::Timestamp,
    ) -> bool {
        let most = limits.max_bytes;
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if budgets.len() >= BUDGETS && !budgets.contains_key(source) {
            return false;
        }
        let budget = budgets.entry(source.clone());
        budget.or_insert_with(|| QuarantineBudget::new(most, now)).take(bytes as u64, most, now)
    }

    fn take_queue(&self) -> Option<mpsc::Receiver<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Writes what is offered, until the app stops.
pub(crate) async fn run(app: Arc<App>) {
    let Some(mut queue) = app.quarantine.take_queue() else { return };
    let mut stopping = app.stopping.clone();
    let mut batch = Vec::with_capacity(WAITING);
    loop {
        tokio::select! {
            count = queue.recv_many(&mut batch, WAITING) => if count == 0 { return },
            () = stopped(&mut stopping) => break,
        }
        // More may come meanwhile, for the same write; and no more than so many are made.
        if timeout(GATHER, stopped(&mut stopping)).await.is_ok() {
            break;
        }
        gather(&mut queue, &mut batch);
        write(&app, &mut batch).await;
    }
    gather(&mut queue, &mut batch);
    write(&app, &mut batch).await;
}

fn gather(queue: &mut mpsc::Receiver<Waiting>, batch: &mut Vec<Waiting>) {
    while batch.len() < WAITING
        && let Ok(waiting) = queue.try_recv()
    {
        batch.push(waiting);
    }
}

async fn write(app: &App, batch: &mut Vec<Waiting>) {
    if batch.is_empty() {
        return;
    }
    // The bytes are shared, not copied, so the memory is counted until they are on the disk.
    let requests: Vec<Quarantined> = batch.iter().map(|waiting| waiting.request.clone()).collect();
    let limits = app.config().store.quarantine;
    match app.store.quarantine(requests, limits).await {
        Ok(change) => {
            for waiting in batch.iter() {
                app.metrics.quarantined(&waiting.request.source, waiting.code);
            }
            app.quarantine_changed(&change);
            let QuarantineTotals { held, bytes } = change.totals;
            let (count, first) = (batch.len(), batch.first().map(|waiting| &waiting.request));
            let id = first.map(|request| tracing::field::display(request.id));
            let source = first.map(|request| tracing::field::display(&request.source));
            tracing::info!(
                count,
                first = id,
                source,
                held,
                bytes,
                "kept refused requests in quarantine; `hookyard quarantine list` shows them"
            );
        }
        Err(error) => not_written(app, batch, &error),
    }
    batch.clear();
}

fn not_written(app: &App, batch: &[Waiting], error: &StoreError) {
    app.metrics.store_failed(error);
    app.report(error);
    for waiting in batch {
        app.metrics.quarantine_dropped(&waiting.request.source, STORE, 1);
    }
    let count = batch.len();
    tracing::warn!(%error, count, "refused requests could not be kept in quarantine");
}
