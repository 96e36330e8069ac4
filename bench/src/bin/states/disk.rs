//! A disk that keeps for certain only what was flushed: what a cut of the power may leave of it.
//!
//! What was written since the last flush may be there, whole, in part or not at all, in any
//! combination; a part is a sector of 512 bytes. Names are kept in order, as a journal keeps them,
//! and for certain once their folder was flushed.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::Result;
use hookyard_bench::random::Random;

use crate::trace::{Record, Trace, What};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Which of the changes that were not flushed are there after the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loss {
    /// None.
    All,
    /// Those up to one, in order.
    Later,
    /// Those from one on.
    Earlier,
    /// Some.
    Some,
    /// Some of their sectors.
    Sectors,
    /// All of them: the process died, the machine did not.
    Nothing,
}

impl Loss {
    /// One of them, the more telling ones more often.
    pub(crate) fn draw(random: &mut Random) -> Self {
        match random.between(0, 9) {
            0 | 1 => Self::All,
            2 | 3 => Self::Later,
            4 => Self::Earlier,
            5 | 6 => Self::Some,
            7 | 8 => Self::Sectors,
            _ => Self::Nothing,
        }
    }
}

/// A change that was not flushed.
struct Change {
    /// Its place in the order of all records.
    number: usize,
    what: Changed,
}

enum Changed {
    Named { name: String, file: usize },
    Renamed { from: String, to: String },
    Removed { name: String },
    Written { file: usize, offset: usize, data: Range<usize> },
    CutTo { file: usize, length: usize },
}

type Names = BTreeMap<String, usize>;

/// The disk.
pub(crate) struct Disk<'t> {
    trace: &'t Trace,
    /// The folder's inode.
    folder: u64,
    /// What is on stable storage of each file that there ever was.
    files: Vec<Vec<u8>>,
    /// And of their names.
    names: Names,
    pending: Vec<Change>,
    /// Which file an inode is now; one that was given up may be used again.
    inodes: HashMap<u64, usize>,
    /// What each thread is flushing, and the first record that does not belong to that.
    flushing: HashMap<u32, usize>,
    passed: usize,
}

impl<'t> Disk<'t> {
    /// An empty folder, before the trace begins.
    pub(crate) fn new(trace: &'t Trace, folder: u64) -> Self {
        Self {
            trace,
            folder,
            files: Vec::new(),
            names: Names::new(),
            pending: Vec::new(),
            inodes: HashMap::new(),
            flushing: HashMap::new(),
            passed: 0,
        }
    }

    /// Lets everything happen that comes before the record of this number.
    pub(crate) fn advance(&mut self, number: usize) {
        let trace = self.trace;
        let records = trace.records.iter().enumerate().take(number).skip(self.passed);
        for (number, record) in records {
            self.pass(number, record);
        }
        self.passed = self.passed.max(number);
    }

    fn pass(&mut self, number: usize, record: &Record) {
        let file = |inode| self.inodes.get(inode).copied();
        let what = match &record.what {
            What::Named { file, name } => {
                self.files.push(Vec::new());
                let made = self.files.len() - 1;
                self.inodes.insert(*file, made);
                Changed::Named { name: name.clone(), file: made }
            }
            What::Written { file: inode, offset, data } => {
                let Some(file) = file(inode) else { return };
                Changed::Written { file, offset: *offset, data: data.clone() }
            }
            What::CutTo { file: inode, length } => {
                let Some(file) = file(inode) else { return };
                Changed::CutTo { file, length: *length }
            }
            What::Renamed { from, to } => Changed::Renamed { from: from.clone(), to: to.clone() },
            What::Removed { name } => Changed::Removed { name: name.clone() },
            What::Flushing { .. } => {
                self.flushing.insert(record.thread, number);
                return;
            }
            What::Flushed { file: inode } => {
                let before = self.flushing.remove(&record.thread).unwrap_or(0);
                let file = if *inode == self.folder { None } else { file(inode) };
                self.flushed(file, before);
                return;
            }
        };
        self.pending.push(Change { number, what });
    }

    /// What a file, or the folder if it is none, had before this record is on stable storage now.
    fn flushed(&mut self, flushed: Option<usize>, before: usize) {
        let (kept, left) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|change| change.number < before && change.what.file() == flushed);
        self.pending = left;
        for Change { what, .. } in kept {
            match what {
                Changed::Written { file, offset, data } => {
                    let Some(content) = self.files.get_mut(file) else { continue };
                    let data = self.trace.data(&data);
                    let end = offset + data.len();
                    content.resize(content.len().max(end), 0);
                    if let Some(place) = content.get_mut(offset..end) {
                        place.copy_from_slice(data);
                    }
                }
                Changed::CutTo { file, length } => {
                    if let Some(content) = self.files.get_mut(file) {
                        content.resize(length, 0);
                    }
                }
                name => name.apply(&mut self.names),
            }
        }
    }

    /// Puts what the cut leaves into an empty folder.
    pub(crate) fn leave(&self, loss: Loss, random: &mut Random, folder: &Path) -> Result<()> {
        let mut selection = Selection::draw(loss, self.pending.len(), random);
        let mut names = self.names.clone();
        // In order, whatever becomes of the rest.
        for change in self.pending.iter().take(selection.names()) {
            change.what.apply(&mut names);
        }
        for (name, file) in &names {
            let path = folder.join(name);
            std::fs::write(&path, self.files.get(*file).map_or(&[][..], Vec::as_slice))?;
            let out = OpenOptions::new().write(true).open(&path)?;
            for (place, change) in self.pending.iter().enumerate() {
                match &change.what {
                    Changed::Written { file: of, offset, data } if of == file => {
                        selection.write(place, self.trace.data(data), *offset, &out)?;
                    }
                    Changed::CutTo { file: of, length } if of == file && selection.keeps(place) => {
                        out.set_len(*length as u64)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

impl Changed {
    /// The file whose flush keeps it; none if that is the folder's.
    const fn file(&self) -> Option<usize> {
        match self {
            Self::Written { file, .. } | Self::CutTo { file, .. } => Some(*file),
            _ => None,
        }
    }

    fn apply(&self, names: &mut Names) {
        match self {
            Self::Named { name, file } => drop(names.insert(name.clone(), *file)),
            Self::Removed { name } => drop(names.remove(name)),
            Self::Renamed { from, to } => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Self::Written { .. } | Self::CutTo { .. } => {}
        }
    }
}

/// Which of the pending changes are kept.
struct Selection<'r> {
    loss: Loss,
    count: usize,
    /// Where those begin or end that are kept.
    turn: usize,
    /// How many of a hundred are kept, where each has a chance of its own.
    share: u64,
    random: &'r mut Random,
}

impl<'r> Selection<'r> {
    fn draw(loss: Loss, count: usize, random: &'r mut Random) -> Self {
        let turn = upto(count, random);
        let shares = [10, 50, 90, 97];
        let share = shares.get(upto(shares.len() - 1, random)).copied().unwrap_or(50);
        Self { loss, count, turn, share, random }
    }

    fn chance(&mut self) -> bool {
        self.random.between(0, 99) < self.share
    }

    fn keeps(&mut self, place: usize) -> bool {
        match self.loss {
            Loss::All => false,
            Loss::Nothing => true,
            Loss::Later => place < self.turn,
            Loss::Earlier => place >= self.turn,
            Loss::Some | Loss::Sectors => self.chance(),
        }
    }

    /// Up to where changes of names are kept.
    fn names(&mut self) -> usize {
        match self.loss {
            Loss::All => 0,
            Loss::Nothing => self.count,
            Loss::Later => self.turn,
            Loss::Earlier | Loss::Some | Loss::Sectors => upto(self.count, self.random),
        }
    }

    /// Writes what is kept of a piece.
    fn write(&mut self, place: usize, data: &[u8], offset: usize, out: &File) -> io::Result<()> {
        if self.loss != Loss::Sectors {
            return if self.keeps(place) { out.write_all_at(data, offset as u64) } else { Ok(()) };
        }
        let (mut rest, mut at) = (data, offset);
        while !rest.is_empty() {
            // Sectors are counted from the file's beginning, not from the piece's.
            let length = (SECTOR - at % SECTOR).min(rest.len());
            let (sector, after) = rest.split_at(length);
            if self.chance() {
                out.write_all_at(sector, at as u64)?;
            }
            (rest, at) = (after, at + length);
        }
        Ok(())
    }
}

/// A number from 0 to this one.
pub(crate) fn upto(most: usize, random: &mut Random) -> usize {
    usize::try_from(random.between(0, most as u64)).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: u64 = 1;

    /// A record as the recorder writes it.
    fn record(kind: u32, file: u64, offset: u64, data: &[u8]) -> Vec<u8> {
        let mut bytes = [kind.to_ne_bytes(), 7_u32.to_ne_bytes()].concat();
        for number in [file, offset, data.len() as u64, 5] {
            bytes.extend(number.to_ne_bytes());
        }
        bytes.extend(data);
        bytes
    }

    fn trace(records: &[Vec<u8>]) -> Trace {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        // The last one was being written when the process was killed.
        std::fs::write(&path, [&records.concat()[..], &[1; 39]].concat()).unwrap();
        Trace::read(&path).unwrap()
    }

    /// What is in the folder: `name=content` each.
    fn left(disk: &Disk<'_>, loss: Loss, seed: u64) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        disk.leave(loss, &mut Random::new(seed), folder.path()).unwrap();
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let mut all: Vec<_> = files
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                format!("{name}={}", std::fs::read_to_string(path).unwrap())
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn what_was_flushed_stays_and_the_rest_may_go() {
        let trace = trace(&[
            record(1, 9, 0, b"a"),
            record(2, 9, 0, b"one"),
            record(4, 9, 0, b""),
            record(2, 9, 3, b"two"),
            record(5, 9, 0, b""),
            record(4, FOLDER, 0, b""),
            record(5, FOLDER, 0, b""),
            record(6, 0, 1, b"ab"),
            record(3, 9, 1, b""),
        ]);
        let mut disk = Disk::new(&trace, FOLDER);
        disk.advance(4);
        assert!(left(&disk, Loss::All, 1).is_empty(), "the flush has not ended, nor the folder's");
        assert_eq!(left(&disk, Loss::Nothing, 1), ["a=onetwo"]);
        disk.advance(7);
        assert_eq!(left(&disk, Loss::All, 1), ["a=one"], "the second came after the flush began");
        disk.advance(9);
        assert_eq!(left(&disk, Loss::All, 1), ["a=one"]);
        assert_eq!(left(&disk, Loss::Nothing, 1), ["b=o"]);
        let mut seen: Vec<_> = (0..200).flat_map(|seed| left(&disk, Loss::Some, seed)).collect();
        seen.sort();
        seen.dedup();
        // Written or not, cut or not, renamed or not.
        assert_eq!(seen, ["a=o", "a=one", "a=onetwo", "b=o", "b=one", "b=onetwo"]);
    }

    #[test]
    fn a_write_is_torn_between_sectors() {
        let trace = trace(&[
            record(1, 9, 0, b"a"),
            record(4, FOLDER, 0, b""),
            record(5, FOLDER, 0, b""),
            record(2, 9, 500, &[b'x'; 600]),
        ]);
        let mut disk = Disk::new(&trace, FOLDER);
        disk.advance(4);
        let part = |from: usize, to: usize| ["\0".repeat(from), "x".repeat(to - from)].concat();
        let mut seen: Vec<_> = (0..200).flat_map(|seed| left(&disk, Loss::Sectors, seed)).collect();
        seen.sort();
        seen.dedup();
        for torn in [String::new(), part(500, 512), part(512, 1024), part(1024, 1100)] {
            assert!(seen.contains(&format!("a={torn}")), "{} {seen:?}", torn.len());
        }
        assert_eq!(seen.len(), 8, "three sectors, each there or not");
    }

    #[test]
    fn an_inode_that_is_used_again_is_another_file() {
        let trace = trace(&[
            record(1, 9, 0, b"a"),
            record(2, 9, 0, b"old"),
            record(7, 0, 0, b"a"),
            record(1, 9, 0, b"b"),
            record(2, 9, 0, b"n"),
        ]);
        let mut disk = Disk::new(&trace, FOLDER);
        disk.advance(5);
        assert_eq!(left(&disk, Loss::Nothing, 1), ["b=n"]);
    }
}
