//! Reading a body, within limits of size, time and memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::problem::{Kind, Problem};

/// Memory is counted in pieces of this many bytes.
const PIECE: usize = 1024;
/// Counted for each request from its start.
const FIRST: usize = 4 * PIECE;

/// A body that came in one piece is a part of the connection's read buffer, which stays as long as
/// the event does, and another one has to be made for the next request. Up to so many bytes a copy
/// is cheaper.
const COPIED: usize = 16 << 10;

/// Memory for the bodies that are being read or stored, all together.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    pieces: Arc<Semaphore>,
    /// All of it, in bytes.
    all: usize,
}

impl Memory {
    pub(super) fn new(bytes: usize) -> Self {
        let pieces = (bytes / PIECE).clamp(1, Semaphore::MAX_PERMITS);
        Self { pieces: Arc::new(Semaphore::new(pieces)), all: pieces * PIECE }
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX);
        Arc::clone(&self.pieces).try_acquire_many_owned(pieces).map_err(|_| {
            Problem::new(
                Kind::Overloaded,
                "Too many large requests at once. Nothing was stored; send it again later.",
            )
            .retry_after(Duration::from_secs(2))
        })
    }
}

/// How much may be read, and until when.
pub(super) struct Allowance {
    /// Bytes of the body.
    pub(super) limit: usize,
    /// Between two pieces.
    pub(super) pause: Duration,
    /// The end of the body.
    pub(super) deadline: Instant,
}

/// A body, and the memory that is counted for it until it is dropped.
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    /// Nothing where the body was read from the store.
    held: Option<OwnedSemaphorePermit>,
}

impl Whole {
    /// A body that was read from the store.
    pub(super) const fn of_the_store(bytes: Bytes) -> Self {
        Self { bytes, held: None }
    }

    /// Counts so many bytes more, for what is made of the body. Never more than half of all, or
    /// there would be requests that are refused however often they come.
    pub(super) fn count(&mut self, bytes: usize, memory: &Memory) -> Result<(), Problem> {
        if let Some(held) = self.held.as_mut().filter(|_| bytes > 0) {
            held.merge(memory.take(bytes.min(memory.all / 2))?);
        }
        Ok(())
    }
}

/// Reads a body to its end.
pub(super) async fn read(
    mut incoming: Incoming,
    allowed: &Allowance,
    memory: &Memory,
) -> Result<Whole, Problem> {
    if incoming.size_hint().lower() > allowed.limit as u64 {
        return Err(too_large(allowed.limit));
    }
    // What is announced is not counted before it comes: heads alone cost a sender nothing.
    let mut held = memory.take(FIRST)?;
    let mut whole = Gathered::default();
    while let Some(piece) = next_piece(&mut incoming, allowed).await? {
        let len = whole.len() + piece.len();
        if len > allowed.limit {
            return Err(too_large(allowed.limit));
        }
        let counted = held.num_permits() * PIECE;
        if len > counted {
            held.merge(memory.take(more(len, counted, allowed.limit))?);
        }
        whole.add(piece);
    }
    Ok(Whole { bytes: whole.finish(), held: Some(held) })
}

/// How much more to count for a body that has outgrown what is counted: as much again as there is,
/// but never more in all than it may become, or a large body would need room for two.
fn more(len: usize, counted: usize, limit: usize) -> usize {
    len.min(limit.saturating_sub(counted))
}

/// The pieces so far. One alone is passed on as it came, without a copy, if it is large.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    rest: BytesMut,
}

impl Gathered {
    fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    fn add(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        if self.rest.is_empty() {
            self.rest.reserve(self.len() + piece.len());
            self.rest.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.rest.extend_from_slice(&piece);
    }

    fn finish(self) -> Bytes {
        if !self.rest.is_empty() {
            self.rest.freeze()
        } else if self.first.len() <= COPIED {
            Bytes::copy_from_slice(&self.first)
        } else {
            self.first
        }
    }
}

async fn next_piece(
    incoming: &mut Incoming,
    allowed: &Allowance,
) -> Result<Option<Bytes>, Problem> {
    loop {
        let until = allowed.deadline.min(Instant::now() + allowed.pause);
        let frame = match timeout_at(until, incoming.frame()).await {
            Err(_) => return Err(too_slow()),
            Ok(None) => return Ok(None),
            Ok(Some(Err(error))) => return Err(broken(&error)),
            Ok(Some(Ok(frame))) => frame,
        };
        // Trailers carry nothing that any provider signs; they are read and left.
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("This source takes bodies of at most {limit} bytes. Nothing was stored.");
    Problem::new(Kind::BodyTooLarge, detail)
}

fn too_slow() -> Problem {
    Problem::new(
        Kind::BodyTimeout,
        "The body did not arrive in time. Nothing was stored; send it again.",
    )
}

fn broken(error: &hyper::Error) -> Problem {
    let detail = if error.is_incomplete_message() {
        "The connection ended before the body did. Nothing was stored; send it again."
    } else {
        "The body's chunks are malformed. Nothing was stored."
    };
    Problem::new(Kind::BadFraming, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_one() {
        let texts: [&[&str]; 4] = [&[], &["ab"], &["ab", "cd"], &["a", "", "b", "c"]];
        for pieces in texts {
            let mut whole = Gathered::default();
            for piece in pieces {
                whole.add(Bytes::copy_from_slice(piece.as_bytes()));
            }
            assert_eq!(whole.finish(), pieces.concat());
        }
    }

    #[test]
    fn no_more_is_counted_than_a_body_may_become() {
        for limit in [5_000, 1 << 20, (64 << 20) - 1] {
            let (mut counted, mut len) = (FIRST, 0);
            while len < limit {
                len = (len + 1_460).min(limit);
                if len > counted {
                    counted += more(len, counted, limit).div_ceil(PIECE) * PIECE;
                }
                assert!(
                    counted >= len && counted < limit + FIRST,
                    "{counted} for {len} of {limit}"
                );
            }
        }
    }

    #[test]
    fn memory_comes_back() {
        let memory = Memory::new(10 * PIECE);
        let held = memory.take(10 * PIECE).unwrap();
        assert_eq!(memory.take(1).unwrap_err().kind, Kind::Overloaded);
        drop(held);
        assert!(memory.take(10 * PIECE).is_ok());
    }

    #[test]
    fn what_is_made_of_a_body_counts_and_leaves_room() {
        let memory = Memory::new(100 * PIECE);
        let mut whole = Whole { bytes: Bytes::new(), held: Some(memory.take(PIECE).unwrap()) };
        whole.count(0, &memory).unwrap();
        whole.count(1_000 * PIECE, &memory).unwrap();
        assert_eq!(memory.pieces.available_permits(), 49);
        assert_eq!(whole.count(1_000 * PIECE, &memory).unwrap_err().kind, Kind::Overloaded);
        drop(whole);
        assert_eq!(memory.pieces.available_permits(), 100);
    }
}
