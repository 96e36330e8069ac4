//! Starts a hub, sees it through, and ends it.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use hookyard_delivery::{ClientSettings, Clock, Engine, HttpClient, Observer, Parts, Settings};
use hookyard_model::{Attempt, CircuitState, Failpoint, Leased, Name, Next, Store, StoreError};
use hookyard_store::{OpenError, Options, SqliteStore};
use rustls::ServerConfig;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::field::display;

use crate::api;
use crate::api::{AdminFile, AdminFileError, Bound};
use crate::app::{App, Fatal};
use crate::clock::{EventIds, SystemClock};
use crate::config::tls::{self, TlsError};
use crate::config::{Config, StoreSettings, store_options};
use crate::feed::Feed;
use crate::ingest::{Ingest, Listening};
use crate::keys::Keys;
use crate::quarantine::{self, Quarantine};
use crate::reload::{self, Reloader};
use crate::retention;
use crate::stranded;
use crate::telemetry::{Metrics, Recorder};

/// How long what is under way may take to end.
#[derive(Clone, Copy, Default)]
struct Drain {
    /// Requests.
    requests: Duration,
    /// Attempts, after that; a little more is taken to settle them.
    attempts: Duration,
}

/// When the process was asked to end: with what follows, ten seconds at most.
const DRAIN: Drain = Drain { requests: Duration::from_secs(3), attempts: Duration::from_secs(4) };
/// When nothing more can be kept: time to tell those who wait for an answer that theirs was not.
const DRAIN_FAILED: Drain = Drain { requests: Duration::from_secs(1), attempts: Duration::ZERO };

/// Why a hub could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store was opened, but did not do as asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address could not be taken.
    #[error("cannot listen on {address} for {what}: {error}")]
    Listen {
        /// What was to listen there.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the operating system said.
        error: io::Error,
    },
    /// The certificate or its key could not be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The file with the admin API's token could not be read or written.
    #[error(transparent)]
    AdminFile(#[from] AdminFileError),
}

/// Why a hub ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// Nothing more can be kept safely.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A part of it ended that runs as long as the hub does.
    #[error("a part of the hub ended by itself, which is a bug; the log says more")]
    Broken,
}

/// A hub that is running.
pub struct Running {
    /// What its parts share.
    pub app: Arc<App>,
    /// Where webhooks come in.
    pub ingest: SocketAddr,
    /// Where the API, health and metrics are.
    pub admin: SocketAddr,
    signals: Signals,
    tls: watch::Sender<Option<Arc<ServerConfig>>>,
    stop: watch::Sender<bool>,
    ingest_tasks: JoinSet<()>,
    tasks: JoinSet<()>,
}

/// Starts a hub.
pub async fn start(config: Config) -> Result<Running, StartError> {
    start_with(config, ClientSettings::default()).await
}

/// Starts a hub that finds the addresses of its destinations, and whom to trust there, in its
/// own way.
pub async fn start_with(config: Config, client: ClientSettings) -> Result<Running, StartError> {
    let running = begin(config, client).await?;
    running.announce(None);
    Ok(running)
}

/// Starts a hub that takes changes of its configuration's files over.
pub async fn start_following(config: Config, reloader: Reloader) -> Result<Running, StartError> {
    let mut running = begin(config, ClientSettings::default()).await?;
    let path = reloader.path().to_owned();
    running.follow(reloader);
    running.announce(Some(&path));
    Ok(running)
}

async fn begin(config: Config, client: ClientSettings) -> Result<Running, StartError> {
    #[cfg(feature = "fault-injection")]
    crate::fault::arm();
    // From the first moment on: whoever asks a process to end that has just begun means it too.
    let signals = Signals::new();
    let config = Arc::new(config);
    let store = open(&config.store).await?;
    let tls = config.server.tls.as_ref().map(tls::server_config).transpose()?;
    let (tls, tls_setting) = watch::channel(tls);
    let ingest = bind("webhooks", config.server.listen).await?;
    let admin = bind("the admin API", config.admin.listen).await?;
    let (stop, stopping) = watch::channel(false);
    let app = assemble(store, HttpClient::new(client), Arc::clone(&config), stopping).await?;
    let bound =
        Bound { admin: admin.address, ingest: ingest.address, is_tls: config.server.tls.is_some() };
    let file = AdminFile::write(&config.store.path, bound)?;

    let (ingest_address, admin_address) = (ingest.address, admin.address);
    let (mut ingest_tasks, mut tasks) = (JoinSet::new(), JoinSet::new());
    let road = Ingest::new(Arc::clone(&app), tls_setting);
    let router = api::router(Arc::clone(&app), file.token, road.releases());
    ingest_tasks.spawn(road.run(ingest));
    ingest_tasks.spawn(quarantine::run(Arc::clone(&app)));
    tasks.spawn(api::serve(admin.socket, router, app.stopping.clone()));
    tasks.spawn(retention::run(Arc::clone(&app)));
    Ok(Running {
        app,
        ingest: ingest_address,
        admin: admin_address,
        signals,
        tls,
        stop,
        ingest_tasks,
        tasks,
    })
}

async fn bind(what: &'static str, address: SocketAddr) -> Result<Listening, StartError> {
    Listening::bind(address).await.map_err(|error| StartError::Listen { what, address, error })
}

/// Opens the store. What was leased belonged to a process that is dead: the lock on the file says so.
async fn open(settings: &StoreSettings) -> Result<Arc<dyn Store>, StartError> {
    let options = options(settings);
    let opened = tokio::task::spawn_blocking(|| SqliteStore::open(options)).await;
    let store = opened.map_err(|error| StoreError::Unavailable(error.to_string()))??;
    let recovered = store.recover(SystemClock.now()).await?;
    Failpoint::Recovered.pass();
    if recovered > 0 {
        tracing::info!(deliveries = recovered, "pending deliveries go on");
    }
    Ok(Arc::new(store))
}

fn options(settings: &StoreSettings) -> Options {
    #[cfg_attr(
        not(feature = "fault-injection"),
        expect(unused_mut, reason = "for the faults alone")
    )]
    let mut options = store_options(settings);
    #[cfg(feature = "fault-injection")]
    {
        options.unsafe_synchronous_off = crate::fault::is_on(crate::fault::SYNCHRONOUS_OFF);
    }
    options
}

async fn assemble(
    store: Arc<dyn Store>,
    client: HttpClient,
    config: Arc<Config>,
    stopping: watch::Receiver<bool>,
) -> Result<Arc<App>, StartError> {
    let metrics = Arc::new(Metrics::new());
    metrics.configured(&config);
    metrics.start_from(&store.counts().await?);
    metrics.quarantine_holds(store.quarantine_totals().await?);
    let (feed, fatal) = (Feed::default(), Fatal::default());
    let watcher = Watcher {
        recorder: Recorder(Arc::clone(&metrics)),
        feed: feed.clone(),
        fatal: fatal.clone(),
    };
    let parts = Parts {
        store: Arc::clone(&store),
        transport: Arc::new(client.clone()),
        clock: Arc::new(SystemClock),
        observer: Arc::new(watcher),
    };
    let destinations = config.destinations.values().cloned().collect();
    let engine = Engine::start(parts, Settings::default(), destinations).await?;
    Ok(Arc::new(App {
        ids: EventIds::after(store.last_sequence()),
        store,
        engine,
        keys: Keys::new(client, Arc::clone(&metrics)),
        metrics,
        feed,
        quarantine: Quarantine::default(),
        clock: SystemClock,
        started_at: SystemClock.now(),
        stopping,
        config: RwLock::new(config),
        fatal,
    }))
}

/// Passes on what the engine tells, and writes to the log what a person wants to know.
struct Watcher {
    recorder: Recorder,
    feed: Feed,
    fatal: Fatal,
}

impl Observer for Watcher {
    fn attempt(&self, leased: &Leased, attempt: &Attempt, next: &Next) {
        log_attempt(leased, attempt, next);
        self.recorder.attempt(leased, attempt, next);
        self.feed.attempt(leased, attempt, next);
    }

    fn circuit(&self, destination: &Name, state: CircuitState) {
        match state {
            CircuitState::Open(until) => tracing::warn!(
                %destination, %until, "the circuit is open: deliveries are held until {until}"
            ),
            CircuitState::Closed => tracing::info!(%destination, "the circuit is closed again"),
            CircuitState::HalfOpen | CircuitState::Recovering(_) => {
                tracing::debug!(%destination, ?state, "the circuit has changed");
            }
        }
        self.recorder.circuit(destination, state);
    }

    fn disabled(&self, destination: &Name) {
        tracing::warn!(
            %destination,
            "the destination answered 410 Gone and is disabled; its deliveries are held. \
             `hookyard destinations resume` enables it again"
        );
        self.recorder.disabled(destination);
    }

    fn store_failed(&self, error: &StoreError) {
        tracing::error!(%error, "the store failed during a delivery");
        self.recorder.store_failed(error);
        self.fatal.report(error);
    }
}

fn log_attempt(leased: &Leased, attempt: &Attempt, next: &Next) {
    let (delivery, destination) = (leased.held.id, &leased.destination);
    let status = attempt.response.as_ref().map(|response| response.status);
    let (number, duration_ms) = (attempt.number, attempt.duration.as_secs_f64() * 1000.0);
    let failure = attempt.failure.as_ref();
    let (kind, detail) = (failure.map(|it| it.kind.as_str()), failure.map(|it| it.detail.as_str()));
    match next {
        Next::Succeeded => {
            // What goes well is counted; a line for each would bury what does not.
            tracing::debug!(%delivery, %destination, number, status, duration_ms, "delivered");
        }
        Next::RetryAt(at) => tracing::info!(
            %delivery, %destination, number, status, duration_ms, kind, detail, retry_at = %at, "an attempt failed"
        ),
        Next::DeadLetter(reason) => tracing::warn!(
            %delivery, %destination, number, status, kind, detail, reason = reason.as_str(), "given up: now a dead letter"
        ),
    }
}

/// What ended a hub.
enum End {
    Asked,
    Failed(StoreError),
    /// A part ended that should not have.
    Broken,
}

impl Running {
    fn announce(&self, config: Option<&Path>) {
        let config = config.map(|path| display(path.display()));
        let settings = self.app.config();
        let store = settings.store.path.display();
        tracing::info!(ingest = %self.ingest, admin = %self.admin, config, %store, "listening");
        stranded::warn(&self.app);
    }

    fn follow(&mut self, reloader: Reloader) {
        let (triggers, triggered) = mpsc::channel(1);
        self.tasks.spawn(reload::trigger(triggers, self.app.stopping.clone()));
        let (app, certificate) = (Arc::clone(&self.app), self.tls.clone());
        let current = move || app.config();
        let app = Arc::clone(&self.app);
        let apply = move |config: Config| {
            let files = config.server.tls.as_ref();
            let setting =
                files.map(tls::server_config).transpose().map_err(|error| error.to_string())?;
            certificate.send_replace(setting);
            app.metrics.configured(&config);
            app.set_config(Arc::new(config));
            stranded::warn(&app);
            Ok(())
        };
        self.tasks.spawn(reload::watch(reloader, current, apply, triggered));
    }

    /// Runs until SIGTERM or SIGINT, or until the store has failed; then ends in good order.
    ///
    /// A second signal ends it at once: whoever sends it does not want to wait, and nothing that
    /// was accepted is lost by that.
    pub async fn until_stopped(mut self) -> Result<(), StopError> {
        let mut signals = std::mem::replace(&mut self.signals, Signals::none());
        let end = tokio::select! {
            name = signals.next() => {
                tracing::info!(signal = name, "stopping: what is under way is finished first");
                End::Asked
            }
            error = self.app.fatal.wait() => {
                tracing::error!(%error, "stopping, because nothing more can be kept safely; start again from the file");
                End::Failed(error)
            }
            _ = self.ingest_tasks.join_next() => End::Broken,
            _ = self.tasks.join_next() => End::Broken,
        };
        if matches!(end, End::Broken) {
            tracing::error!(
                "stopping, because a part of the hub has ended by itself; start it again"
            );
        }
        let drain = match end {
            End::Asked => DRAIN,
            End::Failed(_) => DRAIN_FAILED,
            End::Broken => Drain::default(),
        };
        tokio::select! {
            () = self.drain(drain) => {}
            _ = signals.next() => tracing::warn!("stopped at once; what was under way is done again after the start"),
        }
        match end {
            End::Asked => Ok(()),
            End::Failed(error) => Err(StopError::Store(error)),
            End::Broken => Err(StopError::Broken),
        }
    }

    /// Ends the hub: answers what has been received, finishes attempts, gives the rest back to
    /// the store.
    async fn drain(mut self, drain: Drain) {
        self.stop.send_replace(true);
        if timeout(drain.requests, all(&mut self.ingest_tasks)).await.is_err() {
            tracing::warn!("some requests were not answered in time; their senders will try again");
            self.ingest_tasks.abort_all();
        }
        self.app.engine.shutdown(drain.attempts).await;
        self.tasks.abort_all();
        all(&mut self.tasks).await;
        if let Err(error) = self.app.store.close().await {
            tracing::warn!(%error, "the store could not be closed in good order");
        }
        tracing::info!("stopped");
    }
}

async fn all(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// The signals that ask the process to end.
struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
}

impl Signals {
    fn new() -> Self {
        let listen = |kind| {
            signal(kind)
                .inspect_err(|error| tracing::warn!(%error, "a signal cannot be listened for"))
                .ok()
        };
        Self {
            terminate: listen(SignalKind::terminate()),
            interrupt: listen(SignalKind::interrupt()),
        }
    }

    const fn none() -> Self {
        Self { terminate: None, interrupt: None }
    }

    async fn next(&mut self) -> &'static str {
        async fn one(signal: Option<&mut Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = one(self.terminate.as_mut()) => "SIGTERM",
            () = one(self.interrupt.as_mut()) => "SIGINT",
        }
    }
}
