//! Threads that read, so that no question waits for the writer, nor the writer for a question.

use std::sync::Arc;

use hookyard_model::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::fault::Fault;
use super::inbox::{Inbox, Lane, OrClose};
use super::names::KnownNames;

/// A connection that reads, and what it has learnt.
pub(super) struct Reader {
    pub(super) conn: Connection,
    pub(super) names: KnownNames,
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
        let result = question(reader).map_err(|fault| match fault.into_error() {
            // What cannot be read now endangers nothing that was written.
            StoreError::Failed(text) => StoreError::Unavailable(text),
            error => error,
        });
        // Whoever asked may have gone.
        drop(to.send(result));
    };
    inbox.put(lane, 0, Box::new(ask)).await?;
    answer.await.unwrap_or_else(|_| Err(inbox.reason()))
}

/// Answers until the queue is closed.
pub(super) fn run(conn: Connection, inbox: &Arc<ReaderInbox>) {
    let _guard = OrClose(inbox);
    let mut reader = Reader { conn, names: KnownNames::default() };
    while let Some(question) = inbox.take_one() {
        question(&mut reader);
    }
}
