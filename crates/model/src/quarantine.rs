//! Requests that failed verification and are kept for a while, so that those which a wrong secret
//! turned away can be let in once it is put right.
//!
//! Everything here comes from anybody who can reach a source, so all of it is bounded: how many
//! bytes are kept in all, for how long, and how many may be written in a time.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::{EventId, HeaderList, Name, QuarantineId, Timestamp};

/// What a kept request costs beside its own bytes: its row, and its share of an index.
const OVERHEAD: u64 = 1024;
/// In this time a source may fill the whole quarantine once.
const REFILL: Duration = Duration::from_hours(1);

/// A request that failed verification, whole, so that it can be verified again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id.
    pub id: QuarantineId,
    /// The source that it was for.
    pub source: Name,
    /// When its last byte had arrived. It is verified as of this time ever after.
    pub received_at: Timestamp,
    /// By what its refusal is found in the log, as its sender was told; `None` where it was kept by
    /// a version that did not note that.
    pub request_id: Option<String>,
    /// Who the connection came from, behind trusted proxies.
    pub peer: Option<IpAddr>,
    /// The request's method.
    pub method: String,
    /// Scheme and authority under which it reached us, `https://hooks.example.com`: some providers
    /// sign them.
    pub origin: String,
    /// The request's path and query, as they were sent.
    pub target: String,
    /// The request's headers, in order; emptied when it was released, since the event has them.
    pub headers: HeaderList,
    /// The request's body; emptied when it was released.
    pub body: Bytes,
    /// Why it is here, or where it went.
    pub standing: Standing,
}

impl Quarantined {
    /// What it counts for in bytes, where the room is limited.
    pub fn weight(&self) -> u64 {
        let parts = [
            self.method.len(),
            self.origin.len(),
            self.target.len(),
            self.headers.as_bytes().len(),
            self.body.len(),
        ];
        parts.iter().fold(OVERHEAD, |sum, &part| sum.saturating_add(part as u64))
    }
}

/// How a kept request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is held.
    Held(Reason),
    /// It was verified after all, and became this event, or repeats it.
    Released(EventId),
}

/// Why a request is held: what its latest verification said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The rejection's code.
    pub code: String,
    /// The rejection's sentence, which holds nothing that was received.
    pub sentence: String,
}

/// Which kept requests. Every field that is set narrows it.
#[derive(Clone, Debug, Default)]
pub struct QuarantineFilter {
    /// For this source.
    pub source: Option<Name>,
    /// Held for the reason with this code.
    pub code: Option<String>,
    /// The one that was refused under this request id.
    pub request_id: Option<String>,
    /// Those that are held (`false`), or that were released (`true`).
    pub released: Option<bool>,
    /// Received at this time or later.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
}

/// A kept request as it stands in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineSummary {
    /// The request, with empty headers and body.
    pub request: Quarantined,
    /// How long its body was when it came, in bytes.
    pub body_len: u64,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarantineLimits {
    /// For how long.
    pub keep: Duration,
    /// How much in all, by [`Quarantined::weight`]; with 0 nothing is kept.
    ///
    /// When there is more, the source that has most loses its oldest, so that a flood on one
    /// source pushes out nothing of those that have less.
    pub max_bytes: u64,
    /// The longest body. A part of one could not be verified, so a longer one is not kept at all.
    pub max_body: u64,
}

/// How much there is in the quarantine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuarantineTotals {
    /// Requests that are held.
    pub held: u64,
    /// What all of them, and the traces of released ones, weigh in bytes.
    pub bytes: u64,
}

/// What writing to the quarantine, or cleaning it up, has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineChange {
    /// Held requests that made room for others, by source.
    pub evicted: Vec<(Name, u64)>,
    /// What there is now.
    pub totals: QuarantineTotals,
    /// Whether there is more to clean up.
    pub more: bool,
}

/// How much one source may have written to the quarantine, so that a flood costs little disk: a
/// quarter of the room at once, and all of the room in each hour.
#[derive(Clone, Copy, Debug)]
pub struct QuarantineBudget {
    left: u64,
    since: Timestamp,
}

impl QuarantineBudget {
    /// A whole budget.
    pub const fn new(max_bytes: u64, now: Timestamp) -> Self {
        Self { left: max_bytes / 4, since: now }
    }

    /// Takes so many bytes, if there are as many.
    pub fn take(&mut self, bytes: u64, max_bytes: u64, now: Timestamp) -> bool {
        let passed = u128::from(now.as_millis().saturating_sub(self.since.as_millis()));
        let gained = u128::from(max_bytes) * passed / REFILL.as_millis();
        let gained = u64::try_from(gained).unwrap_or(u64::MAX);
        // Less than a byte is not yet gained, and must not be lost either. A clock that was set
        // back gains nothing until it is where it was; it goes on from here instead.
        if gained > 0 || now < self.since {
            self.left = self.left.saturating_add(gained);
            self.since = now;
        }
        self.left = self.left.min(max_bytes / 4);
        let rest = self.left.checked_sub(bytes);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_a_quarter_at_once_and_all_in_an_hour() {
        let at = |seconds: u64| Timestamp::from_millis(1_000_000 + seconds * 1000);
        let most = 36_000_000;
        let mut budget = QuarantineBudget::new(most, at(0));
        let taken = |budget: &mut QuarantineBudget, now| {
            (0..100_000).take_while(|_| budget.take(1000, most, now)).count()
        };
        assert_eq!(taken(&mut budget, at(0)), 9000);
        assert_eq!(taken(&mut budget, at(1)), 10);
        // In many small steps as much as in one.
        let steps = (0..1000)
            .filter(|step| budget.take(1000, most, Timestamp::from_millis(1_001_000 + step)));
        assert_eq!(steps.count(), 9);
        assert_eq!(taken(&mut budget, at(36_000)), 9000, "what was not used is not saved up");
        assert_eq!(taken(&mut budget, at(5)), 0, "the clock was set back");
        assert_eq!(taken(&mut budget, at(6)), 10);
        assert!(!budget.take(1, 0, at(100_000)), "nothing is kept where nothing may be");
    }
}
