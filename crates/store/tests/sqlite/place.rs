//! A folder with a store in it, and events to put there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hookyard_model::{
    Accepted, DedupeKey, Event, EventId, HeaderList, Name, NewBatch, NewDelivery, NewEvent,
    NewItem, Store, Timestamp, Verification,
};
use hookyard_store::conformance::Place;
use hookyard_store::{Options, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

/// How long a key tells repeats.
pub(crate) const KEY_LIFE: Duration = Duration::from_hours(168);

/// A folder that goes away in the end.
pub(crate) struct Folder {
    folder: TempDir,
    mounted: bool,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), mounted: false }
    }

    /// A folder on a disk of its own, in memory, if this user may mount one.
    pub(crate) fn on_small_disk(mebibytes: u32) -> Option<Self> {
        let mut folder = Self::new();
        let size = format!("size={mebibytes}m");
        folder.mounted = mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], folder.folder.path());
        folder.mounted.then_some(folder)
    }

    /// Makes a small disk one that can only be read.
    pub(crate) fn make_read_only(&self) {
        assert!(mount(&["-o", "remount,ro"], self.folder.path()));
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// The file of the store.
    pub(crate) fn database(&self) -> PathBuf {
        self.path("hookyard.db")
    }

    /// How the store in this folder is opened.
    pub(crate) fn options(&self) -> Options {
        Options::new(self.database())
    }

    pub(crate) fn open_store(&self) -> SqliteStore {
        SqliteStore::open(self.options()).unwrap()
    }

    /// The names of the files in the folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// SQLite's own look at the file, which no store has open.
    pub(crate) fn sqlite(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }

    /// Has SQLite check the whole file.
    pub(crate) fn assert_integrity(&self) {
        let check = |row: &rusqlite::Row<'_>| row.get(0);
        let answer: String = self.sqlite().query_row("PRAGMA integrity_check", [], check).unwrap();
        assert_eq!(answer, "ok");
    }
}

fn mount(arguments: &[&str], folder: &Path) -> bool {
    let mounted = Command::new("mount").args(arguments).arg(folder).output();
    mounted.is_ok_and(|output| output.status.success())
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.mounted {
            let unmounted = Command::new("umount").arg("-l").arg(self.folder.path()).status();
            assert!(unmounted.unwrap().success());
        }
    }
}

impl Place for Folder {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.open_store())
    }
}

/// So many milliseconds after the tests begin.
pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_795_464_951_042 + millis)
}

pub(crate) fn event_id(number: u64) -> EventId {
    EventId::new(at(number).as_millis() << 16, number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The n-th event, which comes after n milliseconds: its key follows from the number, its body is so long.
pub(crate) fn new_event(number: u64, body: usize) -> NewEvent {
    let name = |text| Name::new(text).unwrap();
    let event = Event {
        id: event_id(number),
        source: name("github"),
        received_at: at(number),
        peer: None,
        method: "POST".to_owned(),
        target: "/webhook/github".to_owned(),
        headers: HeaderList::default(),
        body: vec![b'x'; body].into(),
        item: None,
        verification: Verification::Verified,
        provider_event_id: None,
        event_type: None,
    };
    let mut hash = [0; 16];
    let scattered = u128::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    hash.copy_from_slice(&scattered.to_be_bytes());
    let mut same = [0; 8];
    same.copy_from_slice(&number.to_be_bytes());
    NewEvent {
        event: Arc::new(event),
        dedupe: Some(DedupeKey { hash, body: same, expires_at: at(number).plus(KEY_LIFE) }),
        deliveries: vec![NewDelivery { destination: name("ci"), leased_until: None }],
    }
}

/// A request of so many events from the n-th on, each with a body of its own that is so long.
pub(crate) fn new_batch(first: u64, count: u64, body: usize) -> NewBatch {
    let numbers = first..first + count;
    let whole = numbers.clone().flat_map(|_| vec![b'x'; body]).collect::<Vec<_>>();
    let items = (0..).zip(numbers).map(|(index, number)| NewItem {
        new: new_event(number, body),
        start: Some(index * body),
        conflict: None,
    });
    NewBatch { body: whole.into(), items: items.collect() }
}

/// A repeat of the n-th event, that comes as another.
pub(crate) fn repeat(number: u64, as_number: u64) -> NewEvent {
    let mut new = new_event(as_number, 10);
    if let (Some(key), Some(same)) = (&mut new.dedupe, new_event(number, 0).dedupe) {
        (key.hash, key.body) = (same.hash, same.body);
    }
    new
}

/// The answer to it.
pub(crate) fn repeat_of(number: u64) -> Accepted {
    Accepted::Duplicate { id: event_id(number), same_body: true }
}
