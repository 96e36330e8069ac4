//! The ledger: what was acknowledged, written down outside the hub. It alone says what must not
//! be lost.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};

/// One event that the hub acknowledged with a full 2xx, or, in the list of what was sent, one
/// that it may have received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The hub's id for it; `-` where it is not known.
    pub event_id: String,
    /// Our id for it.
    pub delivery: String,
    /// The SHA-256 of its body.
    pub sha256: String,
    /// When the request was due, which without a fixed rate is when it was sent, in microseconds
    /// since the Unix epoch.
    pub sent: u64,
    /// When its 2xx had been read; 0 if that is not known.
    pub acknowledged: u64,
}

impl Entry {
    fn line(&self) -> String {
        let Self { event_id, delivery, sha256, sent, acknowledged } = self;
        format!("{event_id}\t{delivery}\t{sha256}\t{sent}\t{acknowledged}\n")
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next().map(str::to_owned);
        let (event_id, delivery, sha256) = (next()?, next()?, next()?);
        let (sent, acknowledged) = (next()?.parse().ok()?, next()?.parse().ok()?);
        Some(Self { event_id, delivery, sha256, sent, acknowledged })
    }
}

/// A file of entries, each appended whole.
#[derive(Debug)]
pub struct Ledger(File);

impl Ledger {
    /// Opens it for appending, making it if it is not there.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Self(file.with_context(|| format!("cannot open the ledger {}", path.display()))?))
    }

    /// Appends one entry, in one write.
    pub fn append(&self, entry: &Entry) -> io::Result<()> {
        (&self.0).write_all(entry.line().as_bytes())
    }
}

/// Reads a ledger; one that is not there has no entries.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    parse_lines(path, Entry::parse)
}

/// Reads the lines of a file that another process appends to; what is not a whole line is left.
pub(crate) fn parse_lines<T>(path: &Path, parse: fn(&str) -> Option<T>) -> Result<Vec<T>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole
        .map(|line| parse(line).with_context(|| format!("{} has `{line}`", path.display())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        assert_eq!(read(&path).unwrap(), []);
        let entry = |n: u64| Entry {
            event_id: format!("evt_{n}"),
            delivery: format!("d{n}"),
            sha256: "00".to_owned(),
            sent: n,
            acknowledged: n + 1,
        };
        for n in 0..3 {
            Ledger::open(&path).unwrap().append(&entry(n)).unwrap();
        }
        assert_eq!(read(&path).unwrap(), [entry(0), entry(1), entry(2)]);
    }
}
