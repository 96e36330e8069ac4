//! The only loop: one task for each destination, which owns its lane, does what the lane wants
//! done and tells it what came of it. A destination that hangs holds its own task's attempts and
//! nothing else.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hookyard_model::{
    CircuitState, Destination, DestinationStatus, Due, Failpoint, Lease, Leased, Next, Timestamp,
};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{Id, JoinError, JoinSet};

use crate::attempt::{self, Ended, Target};
use crate::context::Context;
use crate::cut::Cut;
use crate::gate::{Gate, LaneState};
use crate::lane::{Lane, Step, held};

/// Messages that are taken in one go before the lane is asked again.
const MESSAGES_AT_ONCE: usize = 64;

/// What a lane is told from outside.
pub(crate) enum Message {
    /// A delivery was born leased to this process.
    HandOver(Leased),
    /// The store has, or may have, something due.
    Wake,
    /// The store will have something due then.
    Due(Timestamp),
    /// The destination's settings have changed.
    Destination(Arc<Destination>),
    /// The destination's status has changed.
    Status(DestinationStatus),
    /// Start nothing any more; finish what is under way.
    Stop,
}

/// What came of something that the lane wanted done.
enum Done {
    Attempt(Box<Ended>),
    Settled(Option<Next>),
    Leased { wanted: usize, got: Option<Due> },
    Released { due_at: Timestamp },
    Disabled,
}

/// A delivery in the hands of a job.
struct InHand {
    /// When its lease ends.
    until: Timestamp,
    stage: Stage,
}

/// What the job does with it.
enum Stage {
    Attempting,
    Settling,
}

/// The task of one lane.
pub(crate) struct Worker {
    context: Arc<Context>,
    lane: Lane,
    target: Arc<Target>,
    gate: Arc<Gate>,
    inbox: UnboundedReceiver<Message>,
    inbox_open: bool,
    jobs: JoinSet<Done>,
    /// Which of the jobs have a delivery in hand, for the case that one panics.
    in_hand: HashMap<Id, InHand>,
    cut: Cut,
    circuit_told: CircuitState,
}

impl Worker {
    pub(crate) fn new(
        context: Arc<Context>,
        destination: Arc<Destination>,
        gate: Arc<Gate>,
        inbox: UnboundedReceiver<Message>,
        cut: Cut,
    ) -> Self {
        let status = context.statuses.get(&destination.name);
        let lane = Lane::new(Arc::clone(&destination), context.settings.clone(), status);
        let worker = Self {
            context,
            lane,
            target: Arc::new(Target::new(destination)),
            gate,
            inbox,
            inbox_open: true,
            jobs: JoinSet::new(),
            in_hand: HashMap::new(),
            cut,
            circuit_told: CircuitState::Closed,
        };
        // Before the task runs for the first time, there is room already.
        worker.publish(worker.context.clock.now());
        worker
    }

    /// Works until it is told to stop and nothing is left to be done.
    pub(crate) async fn run(mut self) {
        loop {
            self.take_waiting();
            let wait = self.advance();
            let now = self.context.clock.now();
            self.publish(now);
            self.tell_circuit(now);
            if !self.inbox_open && self.lane.is_stopped() && self.jobs.is_empty() {
                return;
            }
            tokio::select! {
                // In this order, and not by dice: jobs come to an end, messages are taken at the
                // top of each round, and the time is looked at in each, so that none starves.
                biased;
                Some(done) = self.jobs.join_next_with_id() => self.done(done),
                message = self.inbox.recv(), if self.inbox_open => self.receive(message),
                () = until(wait, now), if wait.is_some() => {}
            }
        }
    }

    /// Does all that the lane wants done now; gives back when to ask it again.
    fn advance(&mut self) -> Option<Timestamp> {
        loop {
            let now = self.context.clock.now();
            match self.lane.step(now) {
                Step::Start(leased) => self.start(leased),
                Step::Lease(wanted) => self.lease(wanted, now),
                Step::Release(leased, due_at) => self.release(&leased, due_at),
                Step::Wait(until) => return until,
            }
        }
    }

    fn start(&mut self, leased: Leased) {
        self.gate.remove(&leased);
        let (context, target) = (Arc::clone(&self.context), Arc::clone(&self.target));
        let (cut, until) = (self.cut.clone(), leased.until);
        let attempt =
            async { Done::Attempt(Box::new(attempt::make(context, target, leased, cut).await)) };
        let id = self.jobs.spawn(attempt).id();
        self.in_hand.insert(id, InHand { until, stage: Stage::Attempting });
    }

    fn settle(&mut self, ended: Ended, until: Timestamp) {
        let context = Arc::clone(&self.context);
        let settle = async { Done::Settled(attempt::settle(context, ended).await) };
        let id = self.jobs.spawn(settle).id();
        self.in_hand.insert(id, InHand { until, stage: Stage::Settling });
    }

    fn lease(&mut self, wanted: usize, now: Timestamp) {
        let destination = self.lane.destination();
        let until = now.plus(self.context.settings.lease_for(&destination.timeouts));
        let (name, bytes) = (destination.name.clone(), self.context.settings.queue_bytes);
        let lease = Lease { destination: name, limit: wanted, bytes, now, until };
        let context = Arc::clone(&self.context);
        self.jobs.spawn(async move {
            let got = context.store.lease(lease).await;
            let got = got.inspect_err(|error| context.observer.store_failed(error)).ok();
            Done::Leased { wanted, got }
        });
    }

    fn release(&mut self, leased: &[Leased], due_at: Timestamp) {
        for leased in leased {
            self.gate.remove(leased);
        }
        let context = Arc::clone(&self.context);
        let ends = leased.iter().map(|leased| leased.until).max().unwrap_or(due_at);
        let held = held(leased);
        self.jobs.spawn(async move {
            match context.store.release(held, due_at).await {
                Ok(()) => Done::Released { due_at },
                Err(error) => {
                    context.observer.store_failed(&error);
                    // Then they are due when their leases end.
                    Done::Released { due_at: ends }
                }
            }
        });
    }

    fn receive(&mut self, message: Option<Message>) {
        if let Some(message) = message {
            self.take(message);
        } else {
            // Nobody is left who could say anything.
            self.inbox_open = false;
            self.lane.stop();
        }
    }

    /// Takes what was said up to now, so that nothing is started that was called off before.
    fn take_waiting(&mut self) {
        for _ in 0..MESSAGES_AT_ONCE {
            match self.inbox.try_recv() {
                Ok(message) => self.take(message),
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, message: Message) {
        let now = self.context.clock.now();
        match message {
            Message::HandOver(leased) => self.lane.take_over(leased),
            Message::Wake => {
                self.gate.woken.store(false, Ordering::Release);
                self.lane.heard(now, now);
            }
            Message::Due(at) => self.lane.heard(at, now),
            Message::Status(status) => self.lane.set_status(status, now),
            Message::Stop => self.lane.stop(),
            Message::Destination(destination) => {
                self.target = Arc::new(Target::new(Arc::clone(&destination)));
                self.lane.set_destination(destination);
            }
        }
    }

    fn done(&mut self, done: Result<(Id, Done), JoinError>) {
        let now = self.context.clock.now();
        match done {
            Ok((id, Done::Attempt(ended))) => {
                let until = self.in_hand.remove(&id).map_or(now, |in_hand| in_hand.until);
                if self.lane.ended(ended.outcome.as_ref(), now) {
                    self.disable();
                }
                self.settle(*ended, until);
            }
            Ok((id, Done::Settled(next))) => {
                let in_hand = self.in_hand.remove(&id);
                if let (None, Some(in_hand)) = (&next, in_hand) {
                    // What could not be kept comes back when its lease ends.
                    self.lane.heard(in_hand.until, now);
                }
                self.lane.settled(next.as_ref());
            }
            Ok((_, Done::Leased { wanted, got })) => {
                for leased in got.iter().flat_map(|due| &due.leased) {
                    Failpoint::Leased.pass();
                    self.gate.places.fetch_add(1, Ordering::Relaxed);
                    self.gate.add(leased);
                }
                self.lane.leased(wanted, got, now);
            }
            Ok((_, Done::Released { due_at })) => self.lane.heard(due_at, now),
            Ok((_, Done::Disabled)) => {}
            Err(error) => self.broken(&error, now),
        }
    }

    /// A job panicked. What it had in hand comes back when its lease ends.
    fn broken(&mut self, error: &JoinError, now: Timestamp) {
        let destination = &self.lane.destination().name;
        tracing::error!(%destination, %error, "a part of the delivery engine failed");
        let Some(in_hand) = self.in_hand.remove(&error.id()) else {
            self.lane.broken(now);
            return;
        };
        self.lane.heard(in_hand.until, now);
        if matches!(in_hand.stage, Stage::Attempting) {
            self.lane.ended(None, now);
        }
        self.lane.settled(None);
    }

    /// The destination said that it is gone: no more attempts, over restarts.
    fn disable(&mut self) {
        let name = self.lane.destination().name.clone();
        let status = DestinationStatus::Disabled;
        self.context.statuses.set(name.clone(), status);
        self.context.observer.disabled(&name);
        let context = Arc::clone(&self.context);
        self.jobs.spawn(async move {
            if let Err(error) = context.store.set_status(name, status).await {
                context.observer.store_failed(&error);
            }
            Done::Disabled
        });
    }

    fn publish(&self, now: Timestamp) {
        let destination = self.lane.destination();
        let lease = self.context.settings.lease_for(&destination.timeouts);
        let lease = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
        self.gate.lease_millis.store(lease, Ordering::Relaxed);
        self.gate.capacity.store(self.lane.capacity(), Ordering::Relaxed);
        self.gate.open.store(self.lane.is_open(now), Ordering::Relaxed);
        self.gate.set_state(LaneState {
            name: destination.name.clone(),
            status: self.lane.status(),
            circuit: self.lane.circuit(now),
            in_flight: self.lane.under_way(),
            queued: self.lane.queued(),
        });
    }

    fn tell_circuit(&mut self, now: Timestamp) {
        let state = self.lane.circuit(now);
        let told = std::mem::replace(&mut self.circuit_told, state);
        let reopened =
            matches!((told, state), (CircuitState::Open(a), CircuitState::Open(b)) if a != b);
        if reopened || std::mem::discriminant(&told) != std::mem::discriminant(&state) {
            self.context.observer.circuit(&self.lane.destination().name, state);
        }
    }
}

/// Sleeps until a time of the clock's.
async fn until(wait: Option<Timestamp>, now: Timestamp) {
    if let Some(at) = wait {
        tokio::time::sleep(at.since(now)).await;
    }
}
