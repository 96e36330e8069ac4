//! A process of the hub, from its start to its death: the real store, the real engine, and ingest
//! as far as it hands events from one to the other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use hookyard_delivery::{Clock as _, Engine, Observer, Parts, Reservation};
use hookyard_model::{
    Accepted, CircuitState, DedupeKey, DeliveryFilter, DeliveryId, DestinationStatus, Event,
    EventFilter, EventId, HeaderList, Held, IdSequence, Leased, Name, NewDelivery, NewEvent, Page,
    Store as _, StoreError, Timestamp, Verification,
};
use hookyard_store::{Disk, Options, SqliteStore};

use super::judge::Judge;
use super::network::Network;
use super::scenario::{Act, Death, DiskMood, Misfortune, RECOVERY};
use super::watched::Watched;
use super::world::World;

/// How long a provider waits for its answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often somebody looks whether all goes on.
const LOOK: Duration = Duration::from_secs(1);

/// Lives until it dies, or until nothing is left to be done. Gives back whether it is the latter.
pub(super) async fn live(
    world: &Arc<World>,
    file: &Path,
    misfortune: Option<Misfortune>,
) -> Result<bool> {
    let mut options = Options::new(file);
    options.keep_free_bytes = 0;
    // A list that is given up after some real time would not be the same each time.
    options.list_time = Duration::MAX;
    let (store, writer, reader) = SqliteStore::open_by_hand(options)?;
    let store = Arc::new(Watched { store, world: Arc::clone(world) });
    let work = async {
        let reads = reader.run(async || {
            let busy = world.scenario.disk(world.now()) == DiskMood::Slow;
            world.pause(0, if busy { 600 } else { 3 }).await;
        });
        let until_it_fails = async {
            writer.run(async |verbs| disk(world, verbs).await).await;
            // The store says why it has stopped, and the process ends by itself.
            world.pause(5, 500).await;
            world.die();
        };
        tokio::join!(reads, until_it_fails);
    };
    let life = async {
        let mut done = false;
        if let Ok(process) = Process::start(world, store).await {
            tokio::select! {
                biased;
                () = process.go_on() => done = true,
                () = meet(world, &process, misfortune) => {}
            }
        }
        world.die();
        done
    };
    tokio::select! {
        biased;
        () = world.died() => Ok(false),
        done = life => Ok(done),
        () = work => Ok(false),
    }
}

/// Waits as long as the disk takes for a batch, and says what it does with it.
async fn disk(world: &World, verbs: usize) -> Disk {
    let now = world.now();
    let mood = world.scenario.disk(now);
    let wait = {
        let mut state = world.lock();
        state.batches += 1;
        let (least, most) = match mood {
            DiskMood::Slow => (50, 400),
            DiskMood::Stalls if state.dice.chance(10) => (5_000, 150_000),
            _ => (1, 10),
        };
        Duration::from_millis(state.dice.between(least, most))
    };
    if wait > Duration::from_secs(1) {
        world.judge(|judge, _| judge.excuse(now.plus(wait)));
    }
    tokio::time::sleep(wait).await;
    let disk = verdict(world, mood, verbs);
    world.step(format_args!("a batch of {verbs}: {disk:?}"));
    if std::mem::take(&mut world.lock().dies_after_commit) {
        world.die();
    }
    disk
}

fn verdict(world: &World, mood: DiskMood, verbs: usize) -> Disk {
    let mut state = world.lock();
    let disk = match mood {
        DiskMood::Refuses if state.dice.chance(40) => {
            let all = u32::try_from(verbs).unwrap_or(u32::MAX).saturating_add(1);
            let commits = if state.dice.chance(50) { 1 } else { all };
            let why = "as the dice say".to_owned();
            let full = state.dice.chance(50);
            let error = if full { StoreError::Full(why) } else { StoreError::Unavailable(why) };
            Disk::Refuses(commits, error)
        }
        DiskMood::Fails if state.dice.chance(20) => {
            if state.dice.chance(50) {
                Disk::KeepsAndFails
            } else {
                Disk::Refuses(1, StoreError::Failed("as the dice say".to_owned()))
            }
        }
        _ => return Disk::Works,
    };
    let now = state.now();
    state.judge.excuse(now);
    disk
}

/// Waits for what is to befall the process.
async fn meet(world: &World, process: &Process, misfortune: Option<Misfortune>) {
    let Some(Misfortune { at, death, .. }) = misfortune else {
        return std::future::pending().await;
    };
    tokio::time::sleep(at.since(world.now())).await;
    world.step(format_args!("{death:?}"));
    match death {
        Death::Kill => {}
        Death::KillInSteps(steps) => {
            world.die_in(steps);
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        Death::KillAfterCommit => {
            world.lock().dies_after_commit = true;
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        Death::Stop(deadline) => process.stop(deadline).await,
    }
}

/// What a process consists of.
struct Process {
    world: Arc<World>,
    store: Arc<Watched>,
    engine: Engine,
    ids: IdSequence,
}

/// Tells the judge of circuits.
struct Told(Arc<World>);

impl Observer for Told {
    fn circuit(&self, destination: &Name, state: CircuitState) {
        self.0.step(format_args!("{destination} circuit {state:?}"));
        self.0.judge(|judge, now| judge.circuit(destination, state, now));
    }

    fn disabled(&self, destination: &Name) {
        self.0.step(format_args!("{destination} disabled"));
        self.0.judge(|judge, now| judge.set_stopped(destination, true, now));
    }
}

impl Process {
    /// Starts as `hookyard serve` does, and holds what is in the store against what has to be.
    async fn start(world: &Arc<World>, store: Arc<Watched>) -> Result<Arc<Self>, StoreError> {
        let now = world.now();
        let ids = IdSequence::after(store.last_sequence());
        world.judge(Judge::restarted);
        store.recover(now).await?;
        compare(world, &store).await?;
        let stopped = store.statuses().await?;
        for name in world.scenario.destinations.keys() {
            let is_stopped = stopped.iter().any(|(stopped, _)| stopped == name);
            world.judge(|judge, now| judge.set_stopped(name, is_stopped, now));
        }
        let parts = Parts {
            store: Arc::clone(&store) as _,
            transport: Arc::new(Network(Arc::clone(world))),
            clock: Arc::clone(world) as _,
            observer: Arc::new(Told(Arc::clone(world))),
        };
        let settings = world.scenario.settings.clone();
        let engine = Engine::start(parts, settings, world.configured()).await?;
        world.judge(Judge::excuse);
        Ok(Arc::new(Self { world: Arc::clone(world), store, engine, ids }))
    }

    /// Does what is on the agenda, and looks whether all goes on, until nothing is left to be done.
    async fn go_on(self: &Arc<Self>) {
        let world = &self.world;
        let mut look = world.now();
        loop {
            let now = world.now();
            if let Some(act) = world.next_act(now) {
                self.act(act);
            } else if look <= now {
                look = now.plus(LOOK);
                world.judge(Judge::look);
                if self.has_finished(now) {
                    return self.finish().await;
                }
            } else {
                let next = world.next_at().map_or(look, |at| at.min(look));
                tokio::time::sleep(next.since(now)).await;
            }
        }
    }

    fn act(self: &Arc<Self>, act: Act) {
        let world = &self.world;
        world.step(format_args!("{act:?}"));
        match act {
            Act::Send(number) => drop(tokio::spawn(provide(Arc::clone(self), number))),
            Act::Pause(ref name) => self.set_status(name.clone(), DestinationStatus::Paused, act),
            Act::Resume(ref name) => self.set_status(name.clone(), DestinationStatus::Active, act),
            Act::Remove(name) => self.configure(&name, true),
            Act::Restore(name) => self.configure(&name, false),
        }
    }

    fn configure(&self, name: &Name, removed: bool) {
        if self.world.set_removed(name, removed) {
            self.world.judge(|judge, now| judge.set_removed(name, removed, now));
            self.engine.set_destinations(self.world.configured());
        }
    }

    fn set_status(self: &Arc<Self>, name: Name, status: DestinationStatus, act: Act) {
        let process = Arc::clone(self);
        let attempt = Try::begin(&self.world, act);
        let set = async move {
            let stopped = status != DestinationStatus::Active;
            let told =
                |stopped| process.world.judge(|judge, now| judge.set_stopped(&name, stopped, now));
            if stopped {
                told(true);
            }
            if process.engine.set_status(name.clone(), status).await.is_ok() {
                told(stopped);
                attempt.succeeded();
            }
        };
        drop(tokio::spawn(set));
    }

    /// Whether all that providers sent was acknowledged and has come to its end, in time.
    fn has_finished(&self, now: Timestamp) -> bool {
        let calm = self.world.scenario.calm;
        if now > calm.plus(RECOVERY) {
            self.world.judge(|judge, _| judge.too_late());
        }
        let state = self.world.lock();
        let restarted = now > calm.plus(Duration::from_mins(3));
        restarted && state.agenda.is_empty() && state.under_way == 0 && state.judge.is_done()
    }

    /// Looks once more, and stops.
    async fn finish(&self) {
        if compare(&self.world, &self.store).await.is_ok() {
            self.stop(Duration::from_secs(10)).await;
        }
    }

    async fn stop(&self, deadline: Duration) {
        self.engine.shutdown(deadline).await;
        // Refused when the disk has failed; then the process ends without.
        drop(self.store.close().await);
    }

    /// Takes an event in as ingest does, in a task of its own: whatever became of whoever sent it.
    async fn take_in(self: Arc<Self>, number: u32) -> Option<EventId> {
        let world = &self.world;
        let event = self.event(number);
        let to = world.scenario.routes.get(&number).cloned().unwrap_or_default();
        let places: Vec<_> = to.iter().map(|name| self.engine.reserve(name)).collect();
        let leased_until = places.iter().map(|it| it.as_ref().map(Reservation::leased_until));
        let deliveries = to.iter().zip(leased_until);
        let deliveries = deliveries
            .map(|(name, leased_until)| NewDelivery { destination: name.clone(), leased_until });
        let (hash, body) = (u128::from(number).to_le_bytes(), u64::from(number).to_le_bytes());
        let expires_at = event.received_at.plus(Duration::from_hours(24));
        let dedupe = Some(DedupeKey { hash, body, expires_at });
        let new = NewEvent { event: Arc::clone(&event), dedupe, deliveries: deliveries.collect() };
        world.judge(|judge, now| judge.accepting(number, &new, now));
        match self.store.accept(new).await {
            Ok(Accepted::New | Accepted::Conflict) => {
                self.hand_over(&event, to, places);
                Some(event.id)
            }
            Ok(Accepted::Duplicate { id, .. }) => Some(id),
            Err(_) => None,
        }
    }

    fn hand_over(&self, event: &Arc<Event>, to: Vec<Name>, places: Vec<Option<Reservation>>) {
        for ((ordinal, destination), place) in (0..).zip(to).zip(places) {
            let Some(place) = place else {
                self.engine.wake(&destination);
                continue;
            };
            let until = place.leased_until();
            place.hand_over(Leased {
                held: Held { id: DeliveryId { event: event.id, ordinal }, lease: 1 },
                event: Arc::clone(event),
                destination,
                until,
                attempts: 0,
                step: 0,
                maybe_sent: false,
                replayed: false,
            });
        }
    }

    fn event(&self, number: u32) -> Arc<Event> {
        let now = self.world.now();
        let random = self.world.lock().dice.next();
        Arc::new(Event {
            id: EventId::new(self.ids.next(now), random),
            source: self.world.scenario.source.clone(),
            received_at: now,
            peer: None,
            method: "POST".to_owned(),
            target: "/webhook/provider".to_owned(),
            headers: HeaderList::default(),
            body: Bytes::from(format!("the body of event {number}")),
            item: None,
            verification: Verification::Verified,
            provider_event_id: Some(number.to_string()),
            event_type: None,
        })
    }
}

/// Somebody's try at something, which is followed by another one unless it succeeds.
struct Try {
    world: Arc<World>,
    act: Act,
    /// How long is waited before the next.
    wait: Duration,
    done: bool,
}

impl Try {
    fn begin(world: &Arc<World>, act: Act) -> Self {
        let mut state = world.lock();
        state.under_way += 1;
        let wait = Duration::from_millis(state.dice.between(100, 30_000));
        drop(state);
        Self { world: Arc::clone(world), act, wait, done: false }
    }

    fn succeeded(mut self) {
        self.done = true;
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        let mut state = self.world.lock();
        state.under_way = state.under_way.saturating_sub(1);
        if !self.done {
            let at = state.now().plus(self.wait);
            state.agenda.insert((at, self.act.clone()));
        }
    }
}

/// Sends an event as a provider does.
async fn provide(process: Arc<Process>, number: u32) {
    let world = Arc::clone(&process.world);
    let attempt = Try::begin(&world, Act::Send(number));
    let stored = tokio::spawn(process.take_in(number));
    if let Ok(Ok(Some(id))) = tokio::time::timeout(PATIENCE, stored).await {
        world.alive().await;
        world.step(format_args!("event {number} acknowledged as {id}"));
        world.judge(|judge, _| judge.acknowledged(number, id));
        attempt.succeeded();
    }
}

/// Holds all that is in the store against what has to be there.
async fn compare(world: &World, store: &Watched) -> Result<(), StoreError> {
    let page = Page { after: None, limit: 100_000 };
    let deliveries = store.store.deliveries(DeliveryFilter::default(), page).await?;
    let events = store.store.events(EventFilter::default(), page).await?;
    let events: Vec<_> = events.iter().map(|it| it.event.id).collect();
    world.judge(|judge, now| judge.compare(&deliveries, &events, now));
    Ok(())
}
