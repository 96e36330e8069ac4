//! What the store has, held against what it has to have.

use std::collections::BTreeMap;

use hookyard_model::{DeadLetterReason, Delivery, DeliveryId, DeliveryState, EventId, Timestamp};

use super::{Facts, Judge, Known, State};

impl Judge {
    /// The process has died: what it held belongs to nobody, and is due at once.
    pub(in crate::simulation) fn restarted(&mut self, now: Timestamp) {
        self.excuse(now);
        self.lanes.values_mut().for_each(|lane| lane.restarted(now));
        for facts in self.deliveries.values_mut() {
            facts.under_way = false;
            if let State::Held { until, .. } = facts.state {
                facts.state = State::Waiting { due: until.min(now) };
            }
        }
    }

    /// Compares all that is in the store with what has to be there. What the process before had
    /// asked for and never heard of may be there or not.
    pub(in crate::simulation) fn compare(
        &mut self,
        deliveries: &[Delivery],
        events: &[EventId],
        now: Timestamp,
    ) {
        let stored: BTreeMap<DeliveryId, &Delivery> =
            deliveries.iter().map(|delivery| (delivery.id, delivery)).collect();
        if let Some(finding) = self.events_differ(&stored, events) {
            return self.find(finding);
        }
        let mut finding = None;
        for (id, facts) in &mut self.deliveries {
            if let Some(delivery) = stored.get(id) {
                let differs = facts.differ(delivery, now);
                facts.take_over(delivery, now);
                if let Some(differs) = differs {
                    finding.get_or_insert(format!("{id} {differs}"));
                }
            }
        }
        if let Some(finding) = finding {
            self.find(finding);
        }
    }

    fn events_differ(
        &mut self,
        stored: &BTreeMap<DeliveryId, &Delivery>,
        events: &[EventId],
    ) -> Option<String> {
        if let Some(id) = events.iter().find(|id| !self.events.contains_key(id)) {
            return Some(format!("{id} is in the store, and was never asked for"));
        }
        for (id, event) in &mut self.events {
            let is_there = events.contains(id);
            match event.known {
                Known::Kept if !is_there => return Some(format!("{id} was kept, and is lost")),
                Known::Refused if is_there => {
                    return Some(format!("{id} was refused, and is kept"));
                }
                Known::Unsure => {
                    event.known = if is_there { Known::Kept } else { Known::Refused };
                }
                _ => {}
            }
            let ids = (0..event.deliveries).map(|ordinal| DeliveryId { event: *id, ordinal });
            let count = ids.filter(|id| stored.contains_key(id)).count();
            if is_there && count != usize::from(event.deliveries) {
                return Some(format!("{id} has {count} deliveries of {}", event.deliveries));
            }
        }
        None
    }
}

impl Facts {
    /// How a delivery in the store differs from what it has to be.
    fn differ(&self, stored: &Delivery, now: Timestamp) -> Option<String> {
        if stored.state == DeliveryState::Succeeded && !self.delivered {
            return Some("is kept as succeeded, and its destination never said so".to_owned());
        }
        if stored.state == DeliveryState::DeadLetter && stored.reason.is_none() {
            return Some("is a dead letter without a reason".to_owned());
        }
        if stored.reason == Some(DeadLetterReason::Unreadable) {
            return Some("cannot be read".to_owned());
        }
        if self.asked > 0 {
            return None;
        }
        let agrees = match self.state {
            // A lease may have been given that nobody heard of.
            State::Waiting { due } | State::Held { until: due, .. } => {
                stored.state == DeliveryState::Pending
                    && (stored.due_at == Some(due) || due <= now && stored.due_at.is_some())
            }
            State::Succeeded => stored.state == DeliveryState::Succeeded,
            State::Dead(reason) => stored.reason == Some(reason),
        };
        if !agrees {
            let (state, due) = (stored.state, stored.due_at);
            return Some(format!("should be {:?} and is {state:?}, due {due:?}", self.state));
        }
        (stored.attempts != self.attempts)
            .then(|| format!("had {} attempts and has {}", self.attempts, stored.attempts))
    }

    /// Goes on from what is in the store, where the process before left it open.
    fn take_over(&mut self, stored: &Delivery, now: Timestamp) {
        if self.asked == 0 {
            return;
        }
        self.asked = 0;
        self.attempts = stored.attempts;
        self.state = match (stored.state, stored.reason) {
            (DeliveryState::Succeeded | DeliveryState::Cancelled, _) => State::Succeeded,
            (_, Some(reason)) => State::Dead(reason),
            _ => State::Waiting { due: stored.due_at.unwrap_or(now) },
        };
    }
}
