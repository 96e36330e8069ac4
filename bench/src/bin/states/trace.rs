//! What `recorder.c` wrote down.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// The bytes of a record's fixed part: `struct record`.
const HEAD: usize = 40;

/// Everything that a process did to the files of a folder, in order.
pub(crate) struct Trace {
    bytes: Vec<u8>,
    pub(crate) records: Vec<Record>,
}

/// One thing that it did.
pub(crate) struct Record {
    /// When, in microseconds since the Unix epoch.
    pub(crate) micros: u64,
    pub(crate) thread: u32,
    pub(crate) what: What,
}

/// What it did. Files are told by their inode.
pub(crate) enum What {
    /// Made a file.
    Named { file: u64, name: String },
    /// Wrote these bytes of the trace at an offset.
    Written { file: u64, offset: usize, data: Range<usize> },
    /// Set the length.
    CutTo { file: u64, length: usize },
    /// Began to flush a file, or the folder.
    Flushing { file: u64 },
    /// What the thread began to flush is on stable storage.
    Flushed { file: u64 },
    /// Gave a file another name, which may have been another's.
    Renamed { from: String, to: String },
    /// Took a file's name away.
    Removed { name: String },
}

impl Trace {
    /// Reads a trace. A record that is not whole was being written when the process was killed.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut records = Vec::new();
        let mut at = 0;
        while let Some((record, next)) = record(&bytes, at)? {
            records.push(record);
            at = next;
        }
        Ok(Self { bytes, records })
    }

    /// What was written.
    pub(crate) fn data(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }
}

/// The record that begins here and where the next one begins, if it is whole.
fn record(bytes: &[u8], at: usize) -> Result<Option<(Record, usize)>> {
    let Some(head) = bytes.get(at..at + HEAD) else { return Ok(None) };
    let number = |at: usize| {
        let field = head.get(at..).and_then(<[u8]>::first_chunk).copied();
        field.map_or(0, u64::from_ne_bytes)
    };
    let small = |at: usize| {
        let field = head.get(at..).and_then(<[u8]>::first_chunk).copied();
        field.map_or(0, u32::from_ne_bytes)
    };
    let (file, micros) = (number(8), number(32));
    let (offset, length) = (usize::try_from(number(16))?, usize::try_from(number(24))?);
    let data = at + HEAD..at + HEAD + length;
    let next = data.end;
    let Some(content) = bytes.get(data.clone()) else { return Ok(None) };
    let name = |part: Option<&[u8]>| {
        String::from_utf8(part.unwrap_or_default().to_vec()).context("a name that is not UTF-8")
    };
    let what = match small(0) {
        1 => What::Named { file, name: name(Some(content))? },
        2 => What::Written { file, offset, data },
        3 => What::CutTo { file, length: offset },
        4 => What::Flushing { file },
        5 => What::Flushed { file },
        6 => What::Renamed { from: name(content.get(..offset))?, to: name(content.get(offset..))? },
        7 => What::Removed { name: name(Some(content))? },
        unknown => bail!("the trace has a record of kind {unknown} at {at}"),
    };
    Ok(Some((Record { micros, thread: small(4), what }, next)))
}
