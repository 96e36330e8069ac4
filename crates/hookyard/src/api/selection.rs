//! Which deliveries are meant, in lists and in what is done to many at once.

use hookyard_model::{DeliveryFilter, DeliveryState, Timestamp};
use serde::Deserialize;

use super::answer::invalid;
use super::page::Wanted;
use super::read::field;
use super::when::When;
use crate::problem::Problem;

/// The parameters of a list of deliveries.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    /// Only in this state.
    state: Option<String>,
    /// Only to this destination.
    destination: Option<String>,
    /// Only of this event.
    event: Option<String>,
    /// Only of events received at this time or later.
    since: Option<String>,
    /// Only of events received before this time.
    until: Option<String>,
    /// How many, at most.
    limit: Option<String>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
}

impl List {
    /// What is asked of the store.
    pub(super) fn read(&self, now: Timestamp) -> Result<(DeliveryFilter, Wanted), Problem> {
        let body = Selection {
            destination: self.destination.clone(),
            event: self.event.clone(),
            since: self.since.clone(),
            until: self.until.clone(),
            ..Selection::default()
        };
        let filter = DeliveryFilter { state: state(self.state.as_deref())?, ..body.filter(now)? };
        let wanted = Wanted::new(self.limit.as_deref(), field("after", self.after.as_deref())?)?;
        Ok((filter, wanted))
    }

    /// For lists that are of one state anyway.
    pub(super) fn of(mut self, state: DeliveryState) -> Result<Self, Problem> {
        match self.state.replace(state.as_str().to_owned()) {
            None => Ok(self),
            Some(_) => {
                Err(invalid("Query parameters: unknown field `state`: this list is of one state."))
            }
        }
    }
}

fn state(text: Option<&str>) -> Result<Option<DeliveryState>, Problem> {
    let read = |text| {
        DeliveryState::parse(text).ok_or_else(|| {
            let words: Vec<&str> = DeliveryState::ALL.iter().map(|state| state.as_str()).collect();
            invalid(format!("`state`: expected one of {}.", words.join(", ")))
        })
    };
    text.map(read).transpose()
}

/// The body of what is done to many deliveries at once.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Selection {
    /// Only to this destination.
    destination: Option<String>,
    /// Only of this event.
    event: Option<String>,
    /// Only of events received at this time or later.
    since: Option<String>,
    /// Only of events received before this time.
    until: Option<String>,
    /// Has to be true where nothing narrows the selection, so that nobody means all by mistake.
    all: bool,
    /// Only says how many there are.
    pub(super) dry_run: bool,
}

impl Selection {
    /// What is asked of the store, once it is sure that it is meant.
    pub(super) fn confirmed(&self, now: Timestamp) -> Result<DeliveryFilter, Problem> {
        let narrows = [&self.destination, &self.event, &self.since, &self.until];
        if !self.all && narrows.into_iter().all(Option::is_none) {
            return Err(invalid(
                "Say which: `destination`, `event`, `since` or `until`; or `\"all\": true` for all of them.",
            ));
        }
        self.filter(now)
    }

    fn filter(&self, now: Timestamp) -> Result<DeliveryFilter, Problem> {
        Ok(DeliveryFilter {
            id: None,
            event: field("event", self.event.as_deref())?,
            destination: name("destination", self.destination.as_deref())?,
            state: None,
            since: time("since", self.since.as_deref(), now)?,
            until: time("until", self.until.as_deref(), now)?,
        })
    }
}

/// A field that holds a name.
pub(super) fn name(
    field: &str,
    text: Option<&str>,
) -> Result<Option<hookyard_model::Name>, Problem> {
    text.map(hookyard_model::Name::new)
        .transpose()
        .map_err(|error| invalid(format!("`{field}`: {error}.")))
}

/// A field that holds a time.
pub(super) fn time(
    name: &str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    Ok(field::<When>(name, text)?.map(|when| when.resolve(now)))
}
