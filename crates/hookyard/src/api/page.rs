//! Lists come in pages, newest first; each says where the next one begins.

use hookyard_model::{DeliveryId, Page};
use serde_json::{Value, json};

use super::answer::invalid;
use crate::problem::Problem;

const DEFAULT: usize = 50;
/// The longest page.
pub(super) const MOST: usize = 500;

/// How many are to be on a page.
pub(super) fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| invalid(format!("`limit`: expected a whole number from 1 to {MOST}.")))
}

/// A page that was asked for. The store is asked for one more, to know whether there is one.
pub(super) struct Wanted {
    limit: usize,
    after: Option<DeliveryId>,
}

impl Wanted {
    pub(super) fn new(limit: Option<&str>, after: Option<DeliveryId>) -> Result<Self, Problem> {
        Ok(Self { limit: self::limit(limit)?, after })
    }

    pub(super) fn of_the_store(&self) -> Page {
        Page { after: self.after, limit: self.limit + 1 }
    }

    /// The answer: `{"<name>": […], "next": <cursor or null>}`.
    pub(super) fn answer<T>(
        &self,
        name: &str,
        mut found: Vec<T>,
        show: impl Fn(&T) -> Value,
        cursor: impl Fn(&T) -> String,
    ) -> Value {
        let is_more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| is_more).map(cursor);
        let shown: Vec<Value> = found.iter().map(show).collect();
        json!({ name: shown, "next": next })
    }
}
