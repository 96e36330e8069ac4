//! What people do to many deliveries at once.
//!
//! The store says how many deliveries it changed, not whose they were; so each destination has its
//! turn, which keeps the gauges right without counting anything anew. Each turn is a transaction
//! of its own.

use std::collections::BTreeSet;

use hookyard_model::{DeliveryFilter, DeliveryState, Name, Page, Store, StoreFuture, Timestamp};
use serde_json::{Value, json};

use super::Api;
use super::answer::invalid;
use super::page::MOST;
use crate::problem::Problem;

/// How far a dry run counts.
const COUNTED: usize = 100_000;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Dead letters are tried again.
    Redeliver,
    /// Pending deliveries are given up.
    Cancel,
    /// Dead letters are forgotten.
    Purge,
}

impl Deed {
    const fn applies_to(self) -> DeliveryState {
        match self {
            Self::Redeliver | Self::Purge => DeliveryState::DeadLetter,
            Self::Cancel => DeliveryState::Pending,
        }
    }

    fn act(self, store: &dyn Store, which: DeliveryFilter, now: Timestamp) -> StoreFuture<'_, u64> {
        match self {
            Self::Redeliver => store.redeliver(which, now),
            Self::Cancel => store.cancel(which, now),
            Self::Purge => store.purge(which),
        }
    }
}

impl Api {
    /// Does it, or says how much there would be to do.
    pub(super) async fn to_many(
        &self,
        deed: Deed,
        which: DeliveryFilter,
        dry_run: bool,
    ) -> Result<Value, Problem> {
        let which = DeliveryFilter { state: Some(deed.applies_to()), ..which };
        let turns = self.turns(deed, &which)?;
        if dry_run {
            return self.count(&turns).await;
        }
        let mut count = 0;
        for turn in turns {
            count += self.turn(deed, turn).await?;
        }
        Ok(json!({ "count": count }))
    }

    /// One selection for each destination.
    ///
    /// Deliveries to a destination that is gone can be cancelled and purged, in a last turn for
    /// all that were not named; tried again they would only lie there as pending.
    fn turns(&self, deed: Deed, which: &DeliveryFilter) -> Result<Vec<DeliveryFilter>, Problem> {
        let config = self.app.config();
        let is_here = |name: &Name| config.destinations.contains_key(name);
        if let Some(name) = &which.destination {
            if deed == Deed::Redeliver && !is_here(name) {
                return Err(invalid("`destination`: the configuration names no such destination."));
            }
            return Ok(vec![which.clone()]);
        }
        let known: BTreeSet<Name> =
            config.destinations.keys().cloned().chain(self.app.metrics.destinations()).collect();
        let turn = |name| DeliveryFilter { destination: Some(name), ..which.clone() };
        let mut turns: Vec<DeliveryFilter> = known
            .into_iter()
            .filter(|name| deed != Deed::Redeliver || is_here(name))
            .map(turn)
            .collect();
        if deed != Deed::Redeliver {
            turns.push(which.clone());
        }
        Ok(turns)
    }

    async fn turn(&self, deed: Deed, which: DeliveryFilter) -> Result<u64, Problem> {
        let name = which.destination.clone();
        let done = deed.act(&*self.app.store, which, self.app.now()).await;
        let count = done.map_err(|error| self.failed(&error))?;
        if let Some(name) = name.filter(|_| count > 0) {
            let metrics = &self.app.metrics;
            match deed {
                Deed::Redeliver => {
                    metrics.revived(&name, count);
                    self.app.engine.wake(&name);
                }
                Deed::Cancel => metrics.cancelled(&name, count),
                Deed::Purge => metrics.purged(&name, count),
            }
        }
        Ok(count)
    }

    /// Counts by reading; the last turn, if it is for all, counts all by itself.
    async fn count(&self, turns: &[DeliveryFilter]) -> Result<Value, Problem> {
        let for_all = turns.iter().find(|turn| turn.destination.is_none());
        let turns = for_all.map_or(turns, std::slice::from_ref);
        let mut count = 0;
        for turn in turns {
            let mut after = None;
            loop {
                let page = Page { after, limit: MOST };
                let found = self.app.store.deliveries(turn.clone(), page).await;
                let found = found.map_err(|error| self.failed(&error))?;
                count += found.len();
                after = found.last().map(|delivery| delivery.id);
                if count >= COUNTED {
                    return Ok(json!({ "count": count, "dry_run": true, "at_least": true }));
                }
                if found.len() < MOST {
                    break;
                }
            }
        }
        Ok(json!({ "count": count, "dry_run": true }))
    }
}
