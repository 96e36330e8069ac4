//! The store without threads, for a simulation: what they do is done by tasks of one runtime, when
//! and as slowly as the simulation says, so that a run happens again exactly as it did.
//!
//! Everything but the threads is the store's own: the batches, the transactions, the answers.

use std::sync::Arc;

use hookyard_model::StoreError;

use super::checkpoint::Checkpoints;
use super::fault::Fault;
use super::inbox::Lane;
use super::lock::StoreLock;
use super::open::{self, OpenError, Options};
use super::reader::{Reader, ReaderInbox};
use super::store::{SqliteStore, WriterParts};

/// What the disk does to the next commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It keeps them.
    Works,
    /// It refuses this many of them with this error; nothing of those is kept.
    Refuses(u32, StoreError),
    /// It says that it failed, and has kept the next one nevertheless.
    KeepsAndFails,
}

impl Disk {
    pub(super) fn before_commit(&mut self) -> Result<(), Fault> {
        match self {
            Self::Refuses(commits @ 1.., error) => {
                *commits -= 1;
                Err(error.clone().into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn after_commit(&self) -> Result<(), Fault> {
        match self {
            Self::KeepsAndFails => Err(StoreError::Failed("the sync failed".to_owned()).into()),
            _ => Ok(()),
        }
    }
}

impl SqliteStore {
    /// Opens a store, or makes an empty one, of which nothing happens until the other two are run.
    /// A process that dies is one that drops all three.
    pub fn open_by_hand(options: Options) -> Result<(Self, WriterByHand, ReaderByHand), OpenError> {
        let path = options.path.clone();
        let alone = |_, page_size| Ok(Checkpoints::alone(page_size));
        let (store, parts, lock) = Self::without_threads(options, alone)?;
        let conn = open::connect_reader(&path)
            .map_err(|error| OpenError::from_fault(&path, error.into()))?;
        let reader = Reader::new(conn);
        let inbox = Arc::clone(&store.readers);
        let writer = WriterByHand { parts, _lock: Arc::clone(&lock) };
        Ok((store, writer, ReaderByHand { reader, inbox, _lock: lock }))
    }
}

/// Does what the writer's thread would.
pub struct WriterByHand {
    parts: WriterParts,
    _lock: Arc<StoreLock>,
}

impl WriterByHand {
    /// Writes until the store is closed, or the disk fails. Once a batch has been taken, of so
    /// many verbs, `commit` waits as long as the disk takes, and says what it does.
    pub async fn run(self, mut commit: impl AsyncFnMut(usize) -> Disk) {
        let inbox = Arc::clone(&self.parts.inbox);
        let mut conn = None;
        let mut writer = match self.parts.writer(&mut conn) {
            Ok(writer) => writer,
            Err(error) => {
                inbox.close(error);
                return;
            }
        };
        loop {
            inbox.something().await;
            let Some(batch) = inbox.take(false) else { return };
            writer.disk = commit(batch.len()).await;
            if !writer.work(batch) {
                return;
            }
        }
    }
}

/// Does what the readers' threads would, one question at a time.
pub struct ReaderByHand {
    reader: Reader,
    inbox: Arc<ReaderInbox>,
    _lock: Arc<StoreLock>,
}

impl ReaderByHand {
    /// Answers until the store is closed. `pause` waits as long as a question takes.
    pub async fn run(mut self, mut pause: impl AsyncFnMut()) {
        loop {
            self.inbox.something().await;
            pause().await;
            let Some(question) = self.inbox.take_one(Lane::Background) else { return };
            question(&mut self.reader);
        }
    }
}
