//! Moving the log into the database without making commits wait.
//!
//! A checkpoint copies the write-ahead log's pages into the database. Done inside a commit it
//! makes the slowest answers; done only on another thread it never quite catches up with a busy
//! writer, the log is never begun anew, and grows without end. So both: another thread copies, in
//! rounds, each smaller than the one before; when little is left the writer copies that itself,
//! between two batches, and the log begins anew. Should all that not keep up, or a long read hold
//! the log, the writer waits for a whole checkpoint at a bound.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use hookyard_model::{Failpoint, StoreError};
use rusqlite::Connection;

use super::fault::{classify, is_fatal};

/// What is not copied now is copied later, unless the disk has failed.
fn later_or_never(error: &rusqlite::Error) -> Result<(), StoreError> {
    let error = classify(error);
    if is_fatal(&error) {
        return Err(error);
    }
    tracing::debug!(%error, "the log could not be copied into the database");
    Ok(())
}

/// Where the log begins to be copied. Measured with 256 submitters: 32 MiB takes as many events, but
/// the slowest hundredth of answers a quarter longer; 8 MiB takes a tenth fewer events.
const SOFT: u64 = 16 << 20;
/// Where the writer waits until all of it is copied.
const HARD: u64 = 512 << 20;
/// How much the writer copies between two batches.
const TAIL: u64 = 2 << 20;
/// How long the log gets when room is scarce.
const SCARCE: u64 = 4 << 20;
/// How many rounds the other thread makes at a time.
const ROUNDS: usize = 6;

/// The writer's side.
pub(super) struct Checkpoints {
    page_size: u64,
    wake: Option<SyncSender<()>>,
    busy: Arc<AtomicBool>,
    /// Why the thread has given up.
    failed: Arc<OnceLock<StoreError>>,
    thread: Option<JoinHandle<()>>,
    /// How long the log was when the writer last copied its end.
    finished_at: u64,
}

/// How long the log is, in bytes, and how much of that is copied.
#[derive(Clone, Copy)]
struct Log {
    len: u64,
    copied: u64,
}

fn log(conn: &Connection, pragma: &str, page_size: u64) -> rusqlite::Result<Log> {
    let (len, copied): (i64, i64) =
        conn.prepare_cached(pragma)?.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
    let bytes = |pages: i64| u64::try_from(pages).unwrap_or(0).saturating_mul(page_size);
    Ok(Log { len: bytes(len), copied: bytes(copied) })
}

const LOOK: &str = "PRAGMA wal_checkpoint(NOOP)";
const COPY: &str = "PRAGMA wal_checkpoint(PASSIVE)";
const COPY_ALL: &str = "PRAGMA wal_checkpoint(RESTART)";
const COPY_ALL_AND_SHRINK: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

impl Checkpoints {
    /// Starts the thread, on a connection of its own.
    pub(super) fn start(conn: Connection, page_size: u64) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let busy = Arc::new(AtomicBool::new(false));
        let failed = Arc::new(OnceLock::new());
        let thread = std::thread::Builder::new().name("store-checkpoint".to_owned()).spawn({
            let (busy, failed) = (Arc::clone(&busy), Arc::clone(&failed));
            move || {
                while failed.get().is_none() && woken.recv().is_ok() {
                    if let Err(error) =
                        copy_in_rounds(&conn, page_size).or_else(|error| later_or_never(&error))
                    {
                        failed.get_or_init(|| error);
                    }
                    busy.store(false, Ordering::Release);
                }
            }
        })?;
        let (wake, thread) = (Some(wake), Some(thread));
        Ok(Self { page_size, wake, busy, failed, thread, finished_at: 0 })
    }

    /// Without the thread: only the writer copies, at the bound.
    #[cfg(feature = "fault-injection")]
    pub(super) fn alone(page_size: u64) -> Self {
        let (busy, failed) = (Arc::default(), Arc::default());
        Self { page_size, wake: None, busy, failed, thread: None, finished_at: 0 }
    }

    /// Looks at the log after a commit and has it copied when it is long. When room is scarce it
    /// is kept short, so that it does not eat up what is kept free for settling.
    /// Fails when the disk has failed: then nothing may be written any more.
    pub(super) fn after_commit(
        &mut self,
        conn: &Connection,
        scarce: bool,
    ) -> Result<(), StoreError> {
        if let Some(error) = self.failed.get() {
            return Err(error.clone());
        }
        self.try_after_commit(conn, scarce).or_else(|error| later_or_never(&error))
    }

    /// Gives the log's room back to the disk, as far as that is possible now.
    pub(super) fn shrink(&self, conn: &Connection) {
        if let Err(error) = log(conn, COPY_ALL_AND_SHRINK, self.page_size) {
            tracing::debug!(%error, "the log could not be shortened");
        }
    }

    fn try_after_commit(&mut self, conn: &Connection, scarce: bool) -> rusqlite::Result<()> {
        let now = log(conn, LOOK, self.page_size)?;
        if scarce && now.len >= SCARCE {
            self.shrink(conn);
            return Ok(());
        }
        if now.len < self.finished_at {
            self.finished_at = 0;
        }
        if now.len >= HARD {
            log(conn, COPY_ALL, self.page_size)?;
            return Ok(());
        }
        // After the writer copied the end, only a long read keeps the log from beginning anew:
        // copying the end after every commit would not help.
        if now.len < SOFT.max(self.finished_at + SOFT / 4) || self.busy.load(Ordering::Acquire) {
            return Ok(());
        }
        if now.len - now.copied <= TAIL {
            log(conn, COPY, self.page_size)?;
            Failpoint::LogCopied.pass();
            self.finished_at = now.len;
        } else if let Some(wake) = &self.wake {
            self.busy.store(true, Ordering::Release);
            if wake.try_send(()).is_err() {
                self.busy.store(false, Ordering::Release);
            }
        }
        Ok(())
    }

    /// Ends the thread and leaves a database without a log.
    pub(super) fn finish(mut self, conn: &Connection) {
        self.wake = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the checkpoint thread has crashed");
        }
        Failpoint::BeforeClose.pass();
        self.shrink(conn);
        Failpoint::Closed.pass();
    }
}

fn copy_in_rounds(conn: &Connection, page_size: u64) -> rusqlite::Result<()> {
    for _ in 0..ROUNDS {
        Failpoint::BeforeCheckpoint.pass();
        log(conn, COPY, page_size)?;
        Failpoint::AfterCheckpoint.pass();
        let now = log(conn, LOOK, page_size)?;
        if now.len - now.copied <= TAIL {
            break;
        }
    }
    Ok(())
}
