//! What stands between a socket and hyper: timers, and answers to what hyper cannot parse.
//!
//! hyper closes slow connections silently and answers malformed requests with an empty 400. A
//! sender that is told nothing looks for the fault in the wrong place; so timeouts are kept here,
//! where it is known whether a request had begun, and hyper's empty answers are held back so that
//! the listener can write one that says what was wrong.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::config::Limits;

/// What a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first byte of a request.
    Idle = 0,
    /// The rest of its head.
    Head = 1,
    /// Our handling of it, which has timers of its own.
    Handling = 2,
    /// The answer to be sent; the next request may begin.
    Answering = 3,
}

/// What the socket's side and the handler's side of a connection tell each other.
///
/// Both run in the connection's one task; the atomics are there because the compiler cannot know.
#[derive(Debug)]
pub(super) struct Progress {
    opened: Instant,
    phase: AtomicU8,
    /// When the phase began, in microseconds after `opened`.
    since: AtomicU64,
    /// The status of the answer of hyper's that was held back; 0 when there was none.
    held_back: AtomicU16,
    /// Set when the connection is closed before the sender has sent all it announced.
    unread: AtomicBool,
}

impl Progress {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            phase: AtomicU8::new(Phase::Idle as u8),
            since: AtomicU64::new(0),
            held_back: AtomicU16::new(0),
            unread: AtomicBool::new(false),
        })
    }

    pub(super) fn enter(&self, phase: Phase) {
        let since = u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.since.store(since, Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Handling,
            _ => Phase::Answering,
        }
    }

    /// When the phase began.
    pub(super) fn since(&self) -> Instant {
        self.opened + Duration::from_micros(self.since.load(Ordering::Relaxed))
    }

    /// The status that hyper wanted to answer with by itself.
    pub(super) fn held_back(&self) -> Option<u16> {
        match self.held_back.load(Ordering::Relaxed) {
            0 => None,
            status => Some(status),
        }
    }

    /// Says that the sender may still be sending when the connection is closed.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether the sender may still be sending.
    pub(super) fn is_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }
}

/// A socket with timers.
pub(super) struct Guarded<T> {
    socket: T,
    progress: Arc<Progress>,
    limits: Limits,
    /// Rings at least as often as the shortest of the limits, so that it need not be set anew
    /// with each request; a busy connection never touches it.
    alarm: Pin<Box<Sleep>>,
    write_blocked_since: Option<Instant>,
}

impl<T> Guarded<T> {
    pub(super) fn new(socket: T, progress: Arc<Progress>, limits: Limits) -> Self {
        let alarm = Box::pin(sleep(limits.head_timeout.min(limits.idle_timeout)));
        Self { socket, progress, limits, alarm, write_blocked_since: None }
    }

    pub(super) fn into_socket(self) -> T {
        self.socket
    }

    /// Since when the socket waits for the sender, and how long that may take.
    fn wait(&self) -> Option<(Instant, Duration)> {
        if let Some(since) = self.write_blocked_since {
            return Some((since, self.limits.body_timeout));
        }
        match self.progress.phase() {
            Phase::Idle | Phase::Answering => {
                Some((self.progress.since(), self.limits.idle_timeout))
            }
            Phase::Head => Some((self.progress.since(), self.limits.head_timeout)),
            Phase::Handling => None,
        }
    }

    /// Fails when the sender has kept us waiting for too long.
    fn check_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let shortest = self
                .limits
                .head_timeout
                .min(self.limits.idle_timeout)
                .min(self.limits.body_timeout);
            let next = match self.wait() {
                None => shortest,
                Some((since, limit)) => {
                    let left = limit.saturating_sub(now.duration_since(since));
                    if left.is_zero() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    left.min(shortest)
                }
            };
            self.alarm.as_mut().reset(now + next);
        }
        Ok(())
    }

    /// Recognises the answer that hyper makes by itself to what it cannot parse: an error status,
    /// no body and no id of a request, which all answers of ours have.
    fn is_hypers_own(&self, head: &[u8]) -> Option<u16> {
        if !matches!(self.progress.phase(), Phase::Idle | Phase::Head | Phase::Answering) {
            return None;
        }
        let head = std::str::from_utf8(head).ok()?;
        let status =
            head.strip_prefix("HTTP/1.1 ").or_else(|| head.strip_prefix("HTTP/1.0 "))?.get(..3)?;
        let empty = head.ends_with("\r\n\r\n") && head.contains("content-length: 0\r\n");
        (empty && !head.contains("x-request-id:"))
            .then(|| status.parse().ok())
            .flatten()
            .filter(|&code| code >= 400)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut this.socket).poll_read(cx, buf) {
            if buf.filled().len() > before
                && matches!(this.progress.phase(), Phase::Idle | Phase::Answering)
            {
                this.progress.enter(Phase::Head);
            }
            return Poll::Ready(result);
        }
        this.check_time(cx)?;
        Poll::Pending
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let Some(status) = this.is_hypers_own(buf) {
            this.progress.held_back.store(status, Ordering::Relaxed);
            return Poll::Ready(Ok(buf.len()));
        }
        if let Poll::Ready(result) = Pin::new(&mut this.socket).poll_write(cx, buf) {
            this.write_blocked_since = None;
            return Poll::Ready(result);
        }
        this.write_blocked_since.get_or_insert_with(Instant::now);
        this.check_time(cx)?;
        Poll::Pending
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
