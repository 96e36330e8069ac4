//! What has to hold, judged from outside: by what was asked of the store and answered, by what
//! arrived at destinations, by what providers were told. Knows nothing of how the hub works.

mod lane;
mod resync;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hookyard_model::{
    Accepted, CircuitState, DeadLetterReason, DeliveryId, Due, EventId, Held, Name, NewEvent, Next,
    Settlement, StoreError, Timestamp,
};

use self::lane::Lane;

/// How many batches of the writer a verb may wait for that is one of few.
const BATCHES: u64 = 3;

/// What is known of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It is in the store.
    Kept,
    /// It is not, as the store said.
    Refused,
    /// The store has not said.
    Unsure,
}

struct EventFacts {
    number: u32,
    known: Known,
    body: Bytes,
    deliveries: u16,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In the store, due then.
    Waiting {
        due: Timestamp,
    },
    /// Leased to the process until then. `queued` while nothing has been begun with it.
    Held {
        until: Timestamp,
        since: Timestamp,
        queued: bool,
    },
    Succeeded,
    Dead(DeadLetterReason),
}

struct Facts {
    to: Name,
    state: State,
    lease: u32,
    attempts: u32,
    /// Verbs about it that were asked and not answered.
    asked: u32,
    under_way: bool,
    /// A request with it has arrived.
    arrived: bool,
    /// The destination has said 2xx, whether that was heard or not.
    delivered: bool,
}

/// The judge.
pub(super) struct Judge {
    events: BTreeMap<EventId, EventFacts>,
    deliveries: BTreeMap<DeliveryId, Facts>,
    lanes: BTreeMap<Name, Lane>,
    /// Under which id each event of a provider's was acknowledged.
    acknowledged: BTreeMap<u32, EventId>,
    /// Nobody is to blame for what does not happen until then.
    excused: Timestamp,
    finding: Option<String>,
}

impl Judge {
    pub(super) fn new(destinations: &BTreeMap<Name, hookyard_model::Destination>) -> Self {
        let lanes = destinations.iter();
        Self {
            events: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            lanes: lanes.map(|(name, it)| (name.clone(), Lane::new(it))).collect(),
            acknowledged: BTreeMap::new(),
            excused: Timestamp::EPOCH,
            finding: None,
        }
    }

    /// The first thing that was not as it has to be.
    pub(super) fn finding(&self) -> Option<&str> {
        self.finding.as_deref()
    }

    fn find(&mut self, finding: String) {
        self.finding.get_or_insert(finding);
    }

    /// The disk or the process gives cause for delays until then.
    pub(super) fn excuse(&mut self, until: Timestamp) {
        self.excused = self.excused.max(until);
    }

    /// How many events and deliveries there have been.
    pub(super) fn counts(&self) -> (usize, usize) {
        let kept = |id: &&EventId| self.events.get(id).is_some_and(|it| it.known == Known::Kept);
        let events = self.events.keys().filter(kept).count();
        (events, self.deliveries.keys().filter(|id| kept(&&id.event)).count())
    }

    /// Whether nothing is left to be done: all that was acknowledged has come to its end.
    pub(super) fn is_done(&self) -> bool {
        self.first_pending().is_none()
    }

    /// A delivery that has not come to its end.
    pub(super) fn first_pending(&self) -> Option<DeliveryId> {
        let is_pending = |id: &&DeliveryId| {
            self.is_kept(id.event)
                && self.deliveries.get(id).is_some_and(|facts| facts.state.is_pending())
        };
        self.deliveries.keys().find(is_pending).copied()
    }

    /// All should have come to its end by now.
    pub(super) fn too_late(&mut self) {
        if let Some(id) = self.first_pending() {
            self.find(format!("{id} has not come to its end, long after all is well again"));
        } else {
            self.find("a provider's event is still not acknowledged".to_owned());
        }
    }

    fn is_kept(&self, id: EventId) -> bool {
        self.events.get(&id).is_some_and(|event| event.known == Known::Kept)
    }

    /// The delivery of an event to a destination.
    pub(super) fn delivery(&self, event: EventId, to: &Name) -> Option<DeliveryId> {
        let ids = DeliveryId { event, ordinal: 0 }..=DeliveryId { event, ordinal: u16::MAX };
        let mut deliveries = self.deliveries.range(ids);
        deliveries.find(|(_, facts)| facts.to == *to).map(|(&id, _)| id)
    }

    /// A verb was answered for which the writer took so many batches.
    pub(super) fn answered(&mut self, verb: &str, batches: u64) {
        if batches > BATCHES {
            self.find(format!("starved: {verb} waited for {batches} batches of the writer"));
        }
    }

    pub(super) fn accepting(&mut self, number: u32, new: &NewEvent, now: Timestamp) {
        let id = new.event.id;
        let deliveries = u16::try_from(new.deliveries.len()).unwrap_or(u16::MAX);
        let body = new.event.body.clone();
        self.events.insert(id, EventFacts { number, known: Known::Unsure, body, deliveries });
        for (ordinal, delivery) in (0..).zip(&new.deliveries) {
            let state = match delivery.leased_until {
                Some(until) => State::Held { until, since: now, queued: true },
                None => State::Waiting { due: now },
            };
            let to = delivery.destination.clone();
            self.deliveries.insert(DeliveryId { event: id, ordinal }, Facts::new(to, state));
        }
    }

    pub(super) fn accepted(
        &mut self,
        id: EventId,
        result: &Result<Accepted, StoreError>,
        now: Timestamp,
    ) {
        let known = match result {
            Ok(Accepted::Duplicate { .. }) => {
                self.events.remove(&id);
                self.deliveries.retain(|delivery, _| delivery.event != id);
                return;
            }
            Ok(Accepted::New | Accepted::Conflict) => Known::Kept,
            Err(StoreError::Failed(_)) => Known::Unsure,
            Err(_) => Known::Refused,
        };
        if let Some(event) = self.events.get_mut(&id) {
            event.known = known;
        }
        for facts in self.of_mut(id) {
            // It can be begun with from now on.
            if let State::Held { since, .. } = &mut facts.state {
                *since = now;
            }
        }
    }

    /// A provider was told that its event is kept under this id.
    pub(super) fn acknowledged(&mut self, number: u32, id: EventId) {
        let first = *self.acknowledged.entry(number).or_insert(id);
        if first != id {
            self.find(format!("event {number} was acknowledged as {first} and as {id}"));
        }
        match self.events.get_mut(&id) {
            Some(event) if event.number == number && event.known != Known::Refused => {
                event.known = Known::Kept;
            }
            _ => self.find(format!("event {number} was acknowledged as {id}, which is not kept")),
        }
    }

    /// What a verb about some deliveries may change is not known until it is answered.
    pub(super) fn asking(&mut self, held: &[Held]) {
        for held in held {
            if let Some(facts) = self.deliveries.get_mut(&held.id) {
                facts.asked += 1;
            }
        }
    }

    pub(super) fn leased(
        &mut self,
        result: &Result<Due, StoreError>,
        asked_at: Timestamp,
        now: Timestamp,
    ) {
        for leased in result.iter().flat_map(|due| &due.leased) {
            let Held { id, lease } = leased.held;
            let Some(facts) = self.deliveries.get_mut(&id) else {
                return self.find(format!("{id} was leased, and there is no such delivery"));
            };
            let was = facts.state;
            let wrong = match was {
                _ if lease <= facts.lease => Some("under a lease that was given before"),
                State::Waiting { due } if due > asked_at => Some("before it was due"),
                State::Held { until, .. } if until > asked_at => Some("while its lease holds"),
                State::Waiting { .. } | State::Held { .. } => None,
                State::Succeeded | State::Dead(_) => Some("though it has ended"),
            };
            facts.lease = lease;
            facts.state = State::Held { until: leased.until, since: now, queued: true };
            if let Some(wrong) = wrong {
                self.find(format!("{id} was leased {wrong}: was {was:?} at {asked_at:?}"));
            }
        }
    }

    pub(super) fn settled(&mut self, settlement: &Settlement, result: &Result<bool, StoreError>) {
        let Held { id, lease } = settlement.held;
        let Some(facts) = self.deliveries.get_mut(&id) else { return };
        if !matches!(result, Err(StoreError::Failed(_))) {
            facts.asked = facts.asked.saturating_sub(1);
        }
        let Ok(true) = result else {
            return;
        };
        let held = facts.lease == lease && matches!(facts.state, State::Held { .. });
        facts.attempts += u32::from(settlement.attempt.is_some());
        facts.state = match settlement.next {
            Next::Succeeded => State::Succeeded,
            Next::RetryAt(due) => State::Waiting { due },
            Next::DeadLetter(reason) => State::Dead(reason),
        };
        let lied = settlement.next == Next::Succeeded && !facts.delivered;
        let probe = settlement.attempt.as_ref().map(|attempt| attempt.started_at);
        if settlement.next == Next::Succeeded
            && let (Some(lane), Some(began)) = (self.lanes.get_mut(&facts.to), probe)
            && let Some(finding) = lane.succeeded(began)
        {
            self.find(finding);
        }
        if !held {
            self.find(format!("{id} was settled under lease {lease}, which was lost"));
        }
        if lied {
            self.find(format!("{id} counts as delivered, and its destination never said so"));
        }
    }

    pub(super) fn released(
        &mut self,
        held: &[Held],
        due: Timestamp,
        result: &Result<(), StoreError>,
    ) {
        for held in held {
            let Some(facts) = self.deliveries.get_mut(&held.id) else { continue };
            if !matches!(result, Err(StoreError::Failed(_))) {
                facts.asked = facts.asked.saturating_sub(1);
            }
            match (result, &mut facts.state) {
                // A lease that had ended may have been given again before, unheard of as yet.
                (Ok(()), State::Held { until, .. }) if facts.lease == held.lease => {
                    facts.state = State::Waiting { due: due.min(*until) };
                }
                // It comes back when its lease ends.
                (Err(_), State::Held { queued, .. }) => *queued = false,
                _ => {}
            }
        }
    }

    /// An attempt begins. Gives back a number that tells apart the lanes of a destination, which
    /// begins anew when it was removed.
    pub(super) fn attempt_begins(
        &mut self,
        id: Option<DeliveryId>,
        body: &Bytes,
        now: Timestamp,
    ) -> u32 {
        let known = id.and_then(|id| self.deliveries.get_mut(&id).map(|facts| (id, facts)));
        let Some((id, facts)) = known else {
            self.find(format!("a request for {id:?} begins, and there is no such delivery"));
            return 0;
        };
        let wrong = match facts.state {
            _ if facts.under_way => Some("while another attempt at it is under way"),
            State::Held { until, .. } if until <= now => Some("when its lease had ended"),
            State::Held { .. } => None,
            State::Waiting { .. } => Some("without a lease"),
            State::Succeeded | State::Dead(_) => Some("though it has ended"),
        };
        facts.under_way = true;
        if let State::Held { queued, .. } = &mut facts.state {
            *queued = false;
        }
        let to = facts.to.clone();
        let (lane, crowded) = match self.lanes.get_mut(&to) {
            Some(lane) => lane.begins(&to, now),
            None => (0, None),
        };
        if let Some(wrong) = wrong {
            self.find(format!("an attempt at {id} begins {wrong}"));
        }
        if self.events.get(&id.event).is_some_and(|event| event.body != body) {
            self.find(format!("the body of {id} is another one"));
        }
        if let Some(crowded) = crowded {
            self.find(crowded);
        }
        lane
    }

    /// A request has arrived, whatever is answered.
    pub(super) fn arrives(&mut self, id: DeliveryId, flagged: bool) {
        let Some(facts) = self.deliveries.get_mut(&id) else { return };
        let repeat = std::mem::replace(&mut facts.arrived, true);
        if repeat && !flagged {
            self.find(format!("{id} arrives again and does not say so"));
        }
    }

    /// A destination has taken it in.
    pub(super) fn delivered(&mut self, id: DeliveryId) {
        if let Some(facts) = self.deliveries.get_mut(&id) {
            facts.delivered = true;
        }
    }

    /// An attempt has ended, however it did.
    pub(super) fn attempt_ends(&mut self, id: DeliveryId, lane: u32, now: Timestamp) {
        let Some(facts) = self.deliveries.get_mut(&id) else { return };
        facts.under_way = false;
        if let Some(it) = self.lanes.get_mut(&facts.to) {
            it.ends(lane, now);
        }
    }

    pub(super) fn circuit(&mut self, destination: &Name, state: CircuitState, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(destination) {
            lane.circuit(state, now);
        }
    }

    /// A destination is stopped, or goes on.
    pub(super) fn set_stopped(&mut self, destination: &Name, stopped: bool, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(destination) {
            lane.set_stopped(stopped, now);
        }
    }

    /// A destination leaves the configuration, or comes back. Its lane ends and gives back what
    /// it has; what does not reach it any more comes back when its lease ends.
    pub(super) fn set_removed(&mut self, destination: &Name, removed: bool, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(destination) {
            lane.set_removed(removed, now);
        }
        for facts in self.deliveries.values_mut().filter(|facts| facts.to == *destination) {
            if let State::Held { queued, .. } = &mut facts.state {
                *queued = false;
            }
        }
    }

    /// Looks whether something is due and nobody does it.
    pub(super) fn look(&mut self, now: Timestamp) {
        if now < self.excused.plus(lane::GRACE) {
            return;
        }
        let mut found = None;
        for (id, facts) in &self.deliveries {
            let Some(since) = facts.could_begin_since() else { continue };
            let Some(lane) = self.lanes.get(&facts.to) else { continue };
            if self.is_kept(id.event) && lane.is_idle(since, now) {
                let waits: Duration = now.since(since);
                found = Some(format!("{id} has been due for {waits:?}, and nothing is attempted"));
                break;
            }
        }
        if let Some(found) = found {
            self.find(found);
        }
    }

    fn of_mut(&mut self, event: EventId) -> impl Iterator<Item = &mut Facts> {
        let ids = DeliveryId { event, ordinal: 0 }..=DeliveryId { event, ordinal: u16::MAX };
        self.deliveries.range_mut(ids).map(|(_, facts)| facts)
    }
}

impl State {
    const fn is_pending(self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Held { .. })
    }
}

impl Facts {
    fn new(to: Name, state: State) -> Self {
        let lease = u32::from(matches!(state, State::Held { .. }));
        let (asked, attempts) = (0, 0);
        let (under_way, arrived, delivered) = (false, false, false);
        Self { to, state, lease, attempts, asked, under_way, arrived, delivered }
    }

    /// Since when its lane could have begun with it, if it can.
    fn could_begin_since(&self) -> Option<Timestamp> {
        match self.state {
            _ if self.under_way || self.asked > 0 => None,
            State::Waiting { due } => Some(due),
            State::Held { since, queued: true, .. } => Some(since),
            State::Held { until, .. } => Some(until),
            State::Succeeded | State::Dead(_) => None,
        }
    }
}
