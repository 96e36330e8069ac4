//! The judge: joins what was acknowledged with what arrived.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;

use crate::ledger::Entry;
use crate::record::Record;

/// What the join found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Events that the hub acknowledged.
    pub acknowledged: usize,
    /// Of these, events that arrived with the body that was sent, and were answered with a 2xx.
    pub delivered: usize,
    /// Of these, events that never arrived so.
    pub lost: usize,
    /// Events that arrived though no acknowledgement was read: the hub had stored them when it
    /// was killed. That is right; the provider would send them again.
    pub unacknowledged: usize,
    /// Requests that came after one of the same event that may have counted.
    pub repeats: usize,
    /// Of these, those that do not say that they may be repeats.
    pub unflagged: usize,
    /// Bodies that arrived under more than one id.
    pub other_id: usize,
    /// Requests whose body is none that was sent.
    pub altered: usize,
    /// The ids of the first few lost events, for the person who looks for them.
    pub lost_ids: Vec<String>,
}

impl Verdict {
    /// Whether every promise was kept.
    pub const fn is_good(&self) -> bool {
        self.lost == 0 && self.unflagged == 0 && self.other_id == 0 && self.altered == 0
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.unacknowledged += other.unacknowledged;
        self.repeats += other.repeats;
        self.unflagged += other.unflagged;
        self.other_id += other.other_id;
        self.altered += other.altered;
        self.lost_ids.extend(other.lost_ids.iter().cloned());
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "acknowledged      {:>8}", self.acknowledged)?;
        writeln!(f, "delivered         {:>8}", self.delivered)?;
        writeln!(f, "lost              {:>8}", self.lost)?;
        writeln!(
            f,
            "unacknowledged    {:>8}  (stored, no 2xx read, delivered)",
            self.unacknowledged
        )?;
        writeln!(f, "repeats           {:>8}", self.repeats)?;
        writeln!(f, "repeats unflagged {:>8}", self.unflagged)?;
        writeln!(f, "repeats other id  {:>8}", self.other_id)?;
        write!(f, "altered bodies    {:>8}", self.altered)?;
        self.lost_ids.iter().take(5).try_for_each(|id| write!(f, "\nlost: {id}"))
    }
}

/// Judges. `sent` is everything that was sent, acknowledged or not; without it an altered body
/// is seen only on an event that was acknowledged.
pub fn judge(ledger: &[Entry], sent: Option<&[Entry]>, records: &[Record]) -> Verdict {
    let mut verdict = Verdict { acknowledged: ledger.len(), ..Verdict::default() };
    let by_id: HashMap<_, _> =
        ledger.iter().map(|entry| (entry.event_id.as_str(), entry.sha256.as_str())).collect();
    let known: HashSet<_> =
        sent.unwrap_or_default().iter().map(|entry| entry.sha256.as_str()).collect();
    let acknowledged: HashSet<_> = by_id.values().copied().collect();
    let is_altered = |record: &Record| {
        let expected = by_id.get(record.webhook_id.as_str());
        expected.is_some_and(|sha256| *sha256 != record.sha256)
            || (sent.is_some() && !known.contains(record.sha256.as_str()))
    };
    let mut bodies: HashMap<&str, Vec<&Record>> = HashMap::new();
    for record in records {
        verdict.altered += usize::from(is_altered(record));
        bodies.entry(record.sha256.as_str()).or_default().push(record);
    }
    for entry in ledger {
        let arrivals = bodies.get(entry.sha256.as_str()).map_or(&[][..], Vec::as_slice);
        let arrived = arrivals.iter().any(|record| matches!(record.status, 200..=299));
        verdict.delivered += usize::from(arrived);
        if !arrived {
            verdict.lost += 1;
            verdict.lost_ids.push(entry.event_id.clone());
        }
    }
    for (sha256, arrivals) in &bodies {
        verdict.unacknowledged += usize::from(!acknowledged.contains(sha256));
        count_repeats(arrivals, &mut verdict);
    }
    verdict
}

/// Counts among the arrivals of one body at one or more paths, in their order.
fn count_repeats(arrivals: &[&Record], verdict: &mut Verdict) {
    let ids: HashSet<_> = arrivals.iter().map(|record| &record.webhook_id).collect();
    verdict.other_id += usize::from(ids.len() > 1);
    let mut counted = HashSet::new();
    for record in arrivals {
        if counted.contains(&record.path) {
            verdict.repeats += 1;
            verdict.unflagged += usize::from(!record.is_flagged());
        }
        if record.may_have_counted() {
            counted.insert(&record.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u32) -> Entry {
        Entry {
            event_id: format!("evt_{n}"),
            delivery: format!("d{n}"),
            sha256: format!("h{n}"),
            sent: 0,
            acknowledged: 0,
        }
    }

    fn record(n: u32, status: u16, redelivery: &str) -> Record {
        Record {
            status,
            path: "/ok".to_owned(),
            webhook_id: format!("evt_{n}"),
            redelivery: redelivery.to_owned(),
            sha256: format!("h{n}"),
            ..Record::default()
        }
    }

    #[test]
    fn a_good_run_is_good() {
        let ledger = [entry(1), entry(2)];
        let sent = [entry(1), entry(2), entry(3)];
        let records = [
            record(1, 503, "-"),
            record(1, 200, "-"),
            record(2, 200, "-"),
            record(2, 200, "possible"),
            record(3, 200, "-"),
        ];
        let verdict = judge(&ledger, Some(&sent), &records);
        let expected = Verdict {
            acknowledged: 2,
            delivered: 2,
            unacknowledged: 1,
            repeats: 1,
            ..Verdict::default()
        };
        assert_eq!(verdict, expected);
        assert!(verdict.is_good());
    }

    #[test]
    fn every_fault_is_seen() {
        let judge = |records: &[Record]| judge(&[entry(1)], Some(&[entry(1)]), records);
        let lost = judge(&[]);
        assert_eq!((lost.lost, lost.lost_ids.as_slice()), (1, ["evt_1".to_owned()].as_slice()));
        let unflagged = judge(&[record(1, 0, "-"), record(1, 200, "-")]);
        assert_eq!((unflagged.repeats, unflagged.unflagged), (1, 1));
        let other = Record { webhook_id: "evt_9".to_owned(), ..record(1, 200, "possible") };
        assert_eq!(judge(&[record(1, 200, "-"), other]).other_id, 1);
        let altered = Record { sha256: "hx".to_owned(), ..record(1, 200, "-") };
        let altered = judge(&[altered]);
        assert_eq!((altered.altered, altered.lost), (1, 1));
        let strange = judge(&[record(1, 200, "-"), record(7, 200, "-")]);
        assert_eq!(strange.altered, 1);
        for bad in [lost, unflagged, strange] {
            assert!(!bad.is_good());
        }
    }
}
