//! Threads that read, so that no question waits for the writer, nor the writer for a question.
//!
//! One of them is kept for what workers wait for and what is found by its key, and a list has a
//! deadline: people who look for a needle in years of events hold up neither deliveries nor,
//! for long, one another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookyard_model::StoreError;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::fault::{Fault, only_reading};
use super::inbox::{Inbox, Lane, OrClose};
use super::names::KnownNames;

/// A connection that reads, and what it has learnt.
pub(super) struct Reader {
    pub(super) conn: Connection,
    pub(super) names: KnownNames,
}

/// After how many of its own steps SQLite looks at the clock, when there is a deadline: much less
/// than a millisecond.
const STEPS: i32 = 4096;

impl Reader {
    pub(super) fn new(conn: Connection) -> Self {
        Self { conn, names: KnownNames::default() }
    }

    /// Reads what may take long, and gives up when it has taken too long.
    pub(super) fn within<T>(
        &mut self,
        limit: Duration,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let began = Instant::now();
        self.conn.progress_handler(STEPS, Some(move || began.elapsed() >= limit))?;
        let result = read(self);
        self.conn.progress_handler(0, None::<fn() -> bool>)?;
        result.map_err(|fault| match fault {
            Fault::Sql(error)
                if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) =>
            {
                Fault::Store(StoreError::Unavailable(format!(
                    "too little of what is stored matches, and looking through it took longer \
                     than {limit:?}; narrow the time"
                )))
            }
            fault => fault,
        })
    }
}

type Question = Box<dyn FnOnce(&mut Reader) + Send>;

/// The readers' queue.
pub(super) type ReaderInbox = Inbox<Question>;

/// Has a reader answer something.
pub(super) async fn look<T: Send + 'static>(
    inbox: &ReaderInbox,
    lane: Lane,
    question: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
) -> Result<T, StoreError> {
    let (to, answer) = oneshot::channel();
    let ask = move |reader: &mut Reader| {
        let result = question(reader).map_err(|fault| only_reading(fault.into_error()));
        // Whoever asked may have gone.
        drop(to.send(result));
    };
    inbox.put(lane, 0, Box::new(ask)).await?;
    answer.await.unwrap_or_else(|_| Err(inbox.reason()))
}

/// Answers questions of this lane or a more urgent one, until the queue is closed.
pub(super) fn run(conn: Connection, inbox: &Arc<ReaderInbox>, least: Lane) {
    let _guard = OrClose(inbox);
    let mut reader = Reader::new(conn);
    while let Some(question) = inbox.take_one(least) {
        question(&mut reader);
    }
}
