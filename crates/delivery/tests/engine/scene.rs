//! A store in a folder of its own, a scripted transport, a clock, and somebody who listens.

use std::collections::HashMap;
use std::future::Future;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hookyard_delivery::{
    Answer, BodyEnd, Clock, Engine, Observer, Outbound, Parts, Settings, Transport, TransportError,
    TransportFuture,
};
use hookyard_model::{
    Accepted, Attempt, CircuitPolicy, CircuitState, Delivery, DeliveryFilter, DeliveryId,
    DeliveryState, Destination, Event, EventId, FailureKind, ForwardHeaders, HeaderList, Held,
    Leased, Name, NewDelivery, NewEvent, Next, Page, Reach, RetryPolicy, Store, StoreError,
    Timeouts, Timestamp, Verification,
};
use hookyard_store::{Options, SqliteStore};
use http::{HeaderMap, StatusCode};
use tokio::sync::mpsc;

/// Nothing in these tests takes nearly as long.
const FOREVER: Duration = Duration::from_secs(20);

/// What the observer was told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Attempt(DeliveryId, Attempt, Next),
    Circuit(CircuitState),
    Disabled(Name),
    StoreFailed(StoreError),
}

struct Listener(mpsc::UnboundedSender<Told>);

impl Listener {
    fn tell(&self, told: Told) {
        // Nobody listens any more when the test is over.
        self.0.send(told).unwrap_or_default();
    }
}

impl Observer for Listener {
    fn attempt(&self, leased: &Leased, attempt: &Attempt, next: &Next) {
        self.tell(Told::Attempt(leased.held.id, attempt.clone(), next.clone()));
    }

    fn circuit(&self, _: &Name, state: CircuitState) {
        self.tell(Told::Circuit(state));
    }

    fn disabled(&self, destination: &Name) {
        self.tell(Told::Disabled(destination.clone()));
    }

    fn store_failed(&self, error: &StoreError) {
        self.tell(Told::StoreFailed(error.clone()));
    }
}

/// Begins at a fixed time and runs at the pace of the real one.
pub(crate) struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_464_951_000).plus(self.0.elapsed())
    }

    fn jitter(&self) -> f64 {
        0.0
    }
}

type Play = dyn Fn(Outbound, usize) -> TransportFuture<'static> + Send + Sync;

/// Does with each request what the test says, and remembers all of them.
pub(crate) struct Scripted {
    play: Box<Play>,
    pub(crate) sent: Mutex<Vec<Outbound>>,
}

impl Transport for Scripted {
    fn send(&self, outbound: Outbound) -> TransportFuture<'_> {
        let mut sent = self.sent.lock().unwrap();
        sent.push(outbound.clone());
        (self.play)(outbound, sent.len())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer is one of two ways in which sending ends")]
pub(crate) fn answer(status: u16) -> Result<Answer, TransportError> {
    Ok(Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"ok"),
        end: BodyEnd::Complete,
    })
}

pub(crate) fn failure(kind: FailureKind, maybe_sent: bool) -> Result<Answer, TransportError> {
    Err(TransportError { kind, detail: "as the test says".to_owned(), maybe_sent })
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn destination(text: &str) -> Destination {
    Destination {
        name: name(text),
        url: format!("http://{text}.example/hooks"),
        secrets: Vec::new(),
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            head: Duration::from_secs(5),
            total: Duration::from_secs(5),
        },
        concurrency: NonZeroU32::new(8).unwrap(),
        rate: None,
        retry: RetryPolicy::Schedule(vec![Duration::from_millis(20); 3]),
        circuit: CircuitPolicy { failures: 0, ..CircuitPolicy::default() },
        headers: Vec::new(),
        forward_headers: ForwardHeaders::Content,
        withheld_headers: Vec::new(),
        reach: Reach::Operator { metadata: false },
    }
}

/// Everything that a test needs.
pub(crate) struct Scene {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) settings: Settings,
    told: mpsc::UnboundedReceiver<Told>,
    listener: Arc<Listener>,
    ids: AtomicU64,
    folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tell, told) = mpsc::unbounded_channel();
        Self {
            store: open(folder.path().join("hookyard.db")),
            clock: Arc::new(TestClock(Instant::now())),
            settings: Settings { sweep: Duration::from_millis(200), ..Settings::default() },
            told,
            listener: Arc::new(Listener(tell)),
            ids: AtomicU64::new(0),
            folder,
        }
    }

    /// Starts an engine whose requests are answered by `play`, which also gets their number.
    pub(crate) async fn start<F, P>(
        &self,
        destinations: Vec<Destination>,
        play: P,
    ) -> (Engine, Arc<Scripted>)
    where
        F: Future<Output = Result<Answer, TransportError>> + Send + 'static,
        P: Fn(Outbound, usize) -> F + Send + Sync + 'static,
    {
        let play = move |outbound, number| -> TransportFuture<'static> {
            Box::pin(play(outbound, number))
        };
        let transport = Arc::new(Scripted { play: Box::new(play), sent: Mutex::default() });
        (
            self.start_over(destinations, Arc::clone(&transport) as Arc<dyn Transport>).await,
            transport,
        )
    }

    pub(crate) async fn start_over(
        &self,
        destinations: Vec<Destination>,
        transport: Arc<dyn Transport>,
    ) -> Engine {
        let parts = Parts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            transport,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            observer: Arc::clone(&self.listener) as Arc<dyn Observer>,
        };
        let destinations = destinations.into_iter().map(Arc::new).collect();
        Engine::start(parts, self.settings.clone(), destinations).await.unwrap()
    }

    /// Opens the store again, as another process would.
    pub(crate) async fn reopen(&mut self) {
        self.store.close().await.unwrap();
        self.store = open(self.folder.path().join("hookyard.db"));
    }

    /// Stores an event for destinations, without telling the engine.
    pub(crate) async fn store(&self, to: &[(&str, Option<Timestamp>)]) -> Arc<Event> {
        let number = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        let headers = [("content-type", "application/json"), ("x-github-event", "push")];
        let event = Arc::new(Event {
            id: EventId::new(self.clock.now().as_millis() << 16 | number, number),
            source: name("github"),
            received_at: self.clock.now(),
            peer: None,
            method: "POST".to_owned(),
            target: "/webhook/github".to_owned(),
            headers: headers.into_iter().collect::<HeaderList>(),
            body: Bytes::from(format!("{{\"number\": {number}}}")),
            item: None,
            verification: Verification::Verified,
            provider_event_id: None,
            event_type: Some("push".to_owned()),
        });
        let deliveries = to.iter().map(|&(destination, leased_until)| NewDelivery {
            destination: name(destination),
            leased_until,
        });
        let deliveries = deliveries.collect();
        let new = NewEvent { event: Arc::clone(&event), dedupe: None, deliveries };
        assert_eq!(self.store.accept(new).await, Ok(Accepted::New));
        event
    }

    /// Takes an event in as ingest does: reserve, store, hand over or wake.
    pub(crate) async fn accept(&self, engine: &Engine, to: &str) -> DeliveryId {
        let destination = name(to);
        let reservation = engine.reserve(&destination);
        let until = reservation.as_ref().map(hookyard_delivery::Reservation::leased_until);
        let event = self.store(&[(to, until)]).await;
        let id = DeliveryId { event: event.id, ordinal: 0 };
        match reservation {
            Some(reservation) => reservation.hand_over(Leased {
                held: Held { id, lease: 1 },
                event,
                destination,
                until: until.unwrap(),
                attempts: 0,
                step: 0,
                maybe_sent: false,
                replayed: false,
            }),
            None => engine.wake(&destination),
        }
        id
    }

    /// What the observer is told next.
    pub(crate) async fn told(&mut self) -> Told {
        tokio::time::timeout(FOREVER, self.told.recv()).await.expect("nothing was told").unwrap()
    }

    /// The next attempt that the observer is told of.
    pub(crate) async fn attempt(&mut self) -> (DeliveryId, Attempt, Next) {
        loop {
            if let Told::Attempt(id, attempt, next) = self.told().await {
                return (id, attempt, next);
            }
        }
    }

    /// Waits until so many deliveries have ended, and says how often each was attempted.
    pub(crate) async fn ended(&mut self, count: usize) -> HashMap<DeliveryId, u32> {
        let mut attempts = HashMap::new();
        let mut ended = 0;
        while ended < count {
            let (id, attempt, next) = self.attempt().await;
            let before = attempts.insert(id, attempt.number);
            assert!(before.is_none_or(|before| before < attempt.number), "{id} twice");
            ended += usize::from(!matches!(next, Next::RetryAt(_)));
        }
        attempts
    }

    pub(crate) async fn delivery(&self, id: DeliveryId) -> (Delivery, Vec<Attempt>) {
        self.store.delivery(id).await.unwrap().unwrap()
    }

    /// How many deliveries are in a state.
    pub(crate) async fn count(&self, state: DeliveryState) -> usize {
        let which = DeliveryFilter { state: Some(state), ..DeliveryFilter::default() };
        let page = Page { after: None, limit: 100_000 };
        self.store.deliveries(which, page).await.unwrap().len()
    }
}

fn open(path: PathBuf) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(Options::new(path)).unwrap())
}

/// Waits until something is so.
pub(crate) async fn until(what: impl Fn() -> bool) {
    let looks = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(FOREVER, looks).await.expect("it never came about");
}
