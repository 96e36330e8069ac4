//! What the sink writes down of each request it received.

use std::path::Path;

use anyhow::Result;

use crate::ledger::parse_lines;

/// One request that arrived at the sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When its body had been read, in microseconds since the Unix epoch.
    pub time: u64,
    /// What it was answered; 0 if it is never answered.
    pub status: u16,
    /// Its path.
    pub path: String,
    /// Its `webhook-id`.
    pub webhook_id: String,
    /// Its `hookyard-attempt`.
    pub attempt: String,
    /// Its `hookyard-redelivery`.
    pub redelivery: String,
    /// Its `hookyard-event-type`.
    pub event_type: String,
    /// The SHA-256 of its body.
    pub sha256: String,
}

impl Record {
    /// The line that stands for it.
    pub fn line(&self) -> String {
        let Self { time, status, path, webhook_id, attempt, redelivery, event_type, sha256 } = self;
        format!(
            "{time}\t{status}\t{path}\t{webhook_id}\t{attempt}\t{redelivery}\t{event_type}\t{sha256}\n"
        )
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next().map(str::to_owned);
        Some(Self {
            time: next()?.parse().ok()?,
            status: next()?.parse().ok()?,
            path: next()?,
            webhook_id: next()?,
            attempt: next()?,
            redelivery: next()?,
            event_type: next()?,
            sha256: next()?,
        })
    }

    /// Whether the destination may have acted on it: it said so, or did not say.
    pub const fn may_have_counted(&self) -> bool {
        matches!(self.status, 0 | 200..=299)
    }

    /// Whether it says that it may be a repeat.
    pub fn is_flagged(&self) -> bool {
        self.redelivery == "possible"
    }
}

/// Reads what a sink wrote down; nothing if it has not.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    parse_lines(path, Record::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_back() {
        let record = Record {
            time: 5,
            status: 503,
            path: "/status/503".to_owned(),
            webhook_id: "evt_1".to_owned(),
            attempt: "2".to_owned(),
            redelivery: "possible".to_owned(),
            event_type: "push".to_owned(),
            sha256: "00".to_owned(),
        };
        assert_eq!(Record::parse(record.line().trim_end()), Some(record.clone()));
        assert!(record.is_flagged() && !record.may_have_counted());
    }
}
